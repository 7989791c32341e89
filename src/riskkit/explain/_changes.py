"""Changes that would have reached a target, as people and programs read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.text import text_array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AccountChanges", "Change", "ChangeSet", "CounterfactualResult"]

_COLUMNS = [
    "account",
    "status",
    "points",
    "alternative",
    "characteristic",
    "now",
    "change",
    "points_gained",
    "points_after",
    "pd_after",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One characteristic in another bin: labels now and then, and in words."""

    characteristic: str
    now: str
    target: str
    text: str
    points_gained: float


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes made together, and where they lead."""

    changes: tuple[Change, ...]
    points: float
    pd: float


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """What one account is told: its status, points now, and alternatives."""

    account: Any
    status: str
    points: float
    alternatives: tuple[ChangeSet, ...]


@dataclass(frozen=True, slots=True)
class CounterfactualResult:
    """What :func:`counterfactuals` returns.

    Parameters
    ----------
    accounts : tuple of AccountChanges
        One for each row, in order. Its ``status`` is ``"reached"`` where the target
        is reached already, ``"possible"``, or ``"out of reach"``; ``alternatives``
        are sets of changes, cheapest first.

    target_points, target_pd : float or None
        What was to be reached.

    actionable : tuple of (str, str)
        Characteristics that could change, and their directions.

    max_changes : int
        Most characteristics that could change together.

    Examples
    --------
    >>> from riskkit.explain import CounterfactualResult
    >>> result = CounterfactualResult((), 600.0, None, (("income", "up"),), 2)
    >>> result.to_dict()["target_points"]
    600.0
    """

    accounts: tuple[AccountChanges, ...]
    target_points: float | None
    target_pd: float | None
    actionable: tuple[tuple[str, str], ...]
    max_changes: int

    def frame(self) -> pd.DataFrame:
        """Return one row for each change.

        Returns
        -------
        frame : DataFrame
            Columns account (the label of the row, or its position), status, points,
            alternative (1 is the cheapest), characteristic, now (label of the bin),
            change (in words), points_gained, and points_after and pd_after of the
            whole alternative. An account without alternatives has one row, and no
            change in it.
        """
        import pandas as pd

        records: list[tuple[Any, ...]] = []
        for row in self.accounts:
            head = (row.account, row.status, row.points)
            if not row.alternatives:
                records.append((*head, None, None, None, None, None, None, None))
            for number, chosen in enumerate(row.alternatives, start=1):
                records += [
                    (
                        *head,
                        number,
                        change.characteristic,
                        change.now,
                        change.text,
                        change.points_gained,
                        chosen.points,
                        chosen.pd,
                    )
                    for change in chosen.changes
                ]
        frame = pd.DataFrame(records, columns=_COLUMNS)
        for name in ("status", "characteristic", "now", "change"):
            frame[name] = text_array(frame[name])
        numbers = ["points", "points_gained", "points_after", "pd_after"]
        kinds = dict.fromkeys(numbers, "float64")
        return frame.astype({**kinds, "alternative": "Int64"})

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON if the labels are."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))
