"""Whether constraints hold: every value of a feature, for accounts of all kinds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.trees import rises
from riskkit.boosting._price import Price
from riskkit.boosting._tree_tables import to_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from riskkit._core.progress import Progress
    from riskkit.artifact import FeatureSpec, TreeColumnSpec, TreeSpec
    from riskkit.boosting._directions import Directions
    from riskkit.boosting._plan import Forest
    from riskkit.typing import FloatArray

__all__ = ["AuditRow", "MonotoneAudit", "StateRow", "audit_constraints"]

_NOT_PRICED = Price(float("nan"), float("nan"))


@dataclass(frozen=True)
class AuditRow:
    """What the audit found of one constrained feature.

    Parameters
    ----------
    feature : str
        The feature.

    direction : {"ascending", "descending"}
        What its value does to the PD as it rises.

    source : {"given", "auto"}
        Who chose the direction.

    n_accounts, n_values : int
        Accounts swept, and values that each of them was given: one on each side of
        every threshold that any tree has for the feature.

    n_violations : int
        Neighbouring values of which the safer one has the higher log-odds.

    largest_violation : float
        The largest such step, in log-odds.

    proven : bool
        Whether the trees themselves rule out a violation for any account whatever.

    log_loss_cost, std_error : float
        Held-out log-loss with the constraint less that without it, in nats an
        account, and its standard error; NaN if it was not priced.
    """

    feature: str
    direction: str
    source: str
    n_accounts: int
    n_values: int
    n_violations: int
    largest_violation: float
    proven: bool
    log_loss_cost: float
    std_error: float


@dataclass(frozen=True)
class StateRow:
    """Where a state without a value stands beside the values of a constrained feature.

    A constraint orders values; of what is missing or special it says nothing, and a
    model may well reward an applicant for leaving a field empty.

    Parameters
    ----------
    feature, state : str
        The feature, and ``Missing`` or the label of the special codes.

    share_safest, share_riskiest : float
        Share of the accounts swept for which the state gives a lower PD than any
        value, and a higher one.
    """

    feature: str
    state: str
    share_safest: float
    share_riskiest: float


@dataclass(frozen=True)
class MonotoneAudit:
    """The constraints of a fitted model: do they hold, and what do they cost.

    Parameters
    ----------
    rows : tuple of AuditRow
        One for each constrained feature.

    states : tuple of StateRow
        One for each state of a constrained feature that has no value.

    left_free : dict of str to str
        Features that ``monotone="auto"`` left free, and why.

    log_loss_cost, std_error : float
        Price of all constraints together; NaN if it was not taken.

    See Also
    --------
    XGBPDClassifier : Has one as ``monotone_audit_``.

    Examples
    --------
    >>> from riskkit.boosting import MonotoneAudit
    >>> MonotoneAudit((), (), {"age": "its trend is valley"}).holds
    True
    """

    rows: tuple[AuditRow, ...]
    states: tuple[StateRow, ...]
    left_free: Mapping[str, str]
    log_loss_cost: float = float("nan")
    std_error: float = float("nan")

    @property
    def holds(self) -> bool:
        """Whether no violation was found."""
        return not any(row.n_violations for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """Return one row for each constrained feature."""
        return _frame(self.rows, AuditRow)

    def states_frame(self) -> pd.DataFrame:
        """Return one row for each missing or special state of such a feature."""
        return _frame(self.states, StateRow)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain data, NaN as None."""
        return {
            "rows": [_plain(row) for row in self.rows],
            "states": [_plain(row) for row in self.states],
            "left_free": dict(self.left_free),
            "log_loss_cost": _number(self.log_loss_cost),
            "std_error": _number(self.std_error),
        }

    def _repr_html_(self) -> str:
        return str(self.frame()._repr_html_())  # type: ignore[operator]


def audit_constraints(
    features: Sequence[FeatureSpec],
    columns: Sequence[TreeColumnSpec],
    directions: Directions,
    forest: Forest,
    trees: Sequence[TreeSpec],
    codes: NDArray[np.float32],
    prices: Mapping[int, Price],
    total: Price | None,
    progress: Progress,
) -> MonotoneAudit:
    """Sweep the accounts `codes` over every value and state of constrained features."""
    constrained = [j for j, sign in enumerate(directions.signs) if sign]
    progress.stage("Auditing the constraints", len(constrained))
    found: list[AuditRow] = []
    states: list[StateRow] = []
    arrays = to_arrays(trees) if constrained else []
    for j in constrained:
        feature, sign = features[j], directions.signs[j]
        own = [k for k, column in enumerate(columns) if column.feature == j]
        swept = np.column_stack(
            [
                _score_as(bin_, own, columns, forest, codes)
                for bin_ in _values_to_try(own, columns, trees, feature.n_regular)
            ]
        )
        broken = -sign * np.diff(swept, axis=1)  # above 0 where the order is broken
        price = prices.get(j, _NOT_PRICED)
        found.append(
            AuditRow(
                feature=feature.name,
                direction="ascending" if sign > 0 else "descending",
                source="given" if directions.given else "auto",
                n_accounts=swept.shape[0],
                n_values=swept.shape[1],
                n_violations=int(np.count_nonzero(broken > 0)),
                largest_violation=float(broken.max(initial=0.0)) + 0.0,  # no -0.0
                proven=all(
                    rises(arrays, k, sign) for k in own if columns[k].role == "value"
                ),
                log_loss_cost=price.cost,
                std_error=price.std_error,
            )
        )
        lowest, highest = swept.min(axis=1), swept.max(axis=1)
        for bin_ in range(feature.n_regular, feature.unseen_bin):
            score = _score_as(bin_, own, columns, forest, codes)
            states.append(
                StateRow(
                    feature.name,
                    feature.labels[bin_],
                    float(np.mean(score < lowest)),
                    float(np.mean(score > highest)),
                )
            )
        progress.step()
    total = total or _NOT_PRICED
    return MonotoneAudit(
        tuple(found), tuple(states), directions.left_free, total.cost, total.std_error
    )


def _values_to_try(
    own: Sequence[int],
    columns: Sequence[TreeColumnSpec],
    trees: Sequence[TreeSpec],
    n_regular: int,
) -> list[int]:
    """Return one fine bin from between any two thresholds, where the PD is flat."""
    cuts = {-1}
    for tree in trees:
        for column, threshold in zip(tree.column, tree.threshold, strict=True):
            if column in own and columns[column].role == "value":
                cuts.add(threshold)
    return [cut + 1 for cut in sorted(cuts) if cut + 1 < n_regular]


def _score_as(
    bin_: int,
    own: Sequence[int],
    columns: Sequence[TreeColumnSpec],
    forest: Forest,
    codes: NDArray[np.float32],
) -> FloatArray:
    """Return the log-odds of accounts that are put into one bin of a feature."""
    changed = codes.copy()
    for k in own:
        code = columns[k].codes[bin_]
        changed[:, k] = np.nan if code is None else code
    return forest.log_odds(changed)


def _frame(rows: Sequence[Any], kind: type) -> pd.DataFrame:
    import pandas as pd

    names = [field.name for field in fields(kind)]
    return pd.DataFrame([asdict(row) for row in rows], columns=names)


def _plain(row: Any) -> dict[str, Any]:
    return {k: _number(v) for k, v in asdict(row).items()}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
