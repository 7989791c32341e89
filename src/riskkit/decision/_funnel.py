"""From application to outcome: how many are left at each stage."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table
from riskkit._core.params import check_option
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.decision._funnel_change import FunnelChangeResult, explain_change
from riskkit.decision._rows import (
    check_level,
    read_amounts,
    read_flags,
    read_groups,
    read_masses,
)
from riskkit.decision._stages import read_stages
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["FunnelResult", "funnel"]

_EVERYONE = "all"


@dataclass(frozen=True, slots=True)
class FunnelResult:
    """What :func:`funnel` returns.

    Parameters
    ----------
    stages : tuple of str
        From the first to the last.

    groups : tuple of str
        ``"all"``, and the groups if there are any.

    columns : dict of str to tuple
        One entry for each stage of each group; see :meth:`frame`.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import funnel
    >>> result = funnel({"approved": [1, 1, 0], "funded": [1, 0, 0]},
    ...                 ["approved", "funded"])
    >>> result.stages
    ('applied', 'approved', 'funded')
    """

    stages: tuple[str, ...]
    groups: tuple[str, ...]
    columns: dict[str, tuple[Any, ...]]
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each stage of each group.

        Returns
        -------
        frame : DataFrame
            Columns group, stage, n, amount if one was given; rate_previous and
            rate_start, the share of the stage before and of the first one that came
            here, each with Jeffreys' interval.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def change_from(
        self, before: FunnelResult, stage: str, of: str | None = None
    ) -> FunnelChangeResult:
        """Split the change of a rate since another funnel into mix and rates.

        Parameters
        ----------
        before : FunnelResult
            The funnel of an earlier period, by the same kind of group.

        stage : str
            Stage whose rate moved, such as ``"approved"`` or the bad outcome.

        of : str, optional
            Stage that the rate is taken of; by default the one before.

        Returns
        -------
        result : FunnelChangeResult
            With ``.effects`` and ``.frame()``, one row a group.

        Raises
        ------
        InvalidParameterError
            If a funnel lacks a stage or has no groups, or `of` does not come before
            `stage`.
        InvalidInputError
            If nobody of one of the funnels came to `of`.
        """
        if len(self.groups) == 1 or len(before.groups) == 1:
            msg = "A change of mix needs groups; got a funnel without. Give by."
            raise InvalidParameterError(msg)
        for result in (self, before):
            check_option("stage", stage, result.stages[1:])
        of = self.stages[self.stages.index(stage) - 1] if of is None else of
        for result in (self, before):
            check_option("of", of, result.stages[: result.stages.index(stage)])
        names = list(dict.fromkeys([*before.groups[1:], *self.groups[1:]]))
        return explain_change(
            stage,
            of,
            names,
            (before.at_stage(of, names), before.at_stage(stage, names)),
            (self.at_stage(of, names), self.at_stage(stage, names)),
        )

    def at_stage(self, stage: str, groups: Sequence[str]) -> list[float]:
        """Return the accounts of each group that came to a stage.

        Parameters
        ----------
        stage : str
            One of the stages.

        groups : sequence of str
            Groups; one that is not in the funnel has 0 accounts.

        Returns
        -------
        n : list of float
            One number for each group.
        """
        first = self.stages.index(stage)
        place = {g: k * len(self.stages) for k, g in enumerate(self.groups)}
        n = self.columns["n"]
        return [n[place[g] + first] if g in place else 0.0 for g in groups]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def funnel(
    table: Any,
    stages: Sequence[str] | Mapping[str, str],
    *,
    start: str | None = "applied",
    by: str | ArrayLike | None = None,
    amount: str | ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> FunnelResult:
    """Count accounts from stage to stage, by channel, segment or period.

    Parameters
    ----------
    table : frame or mapping of columns
        One row for each application.

    stages : sequence of str, or mapping of str to str
        Columns that say whether a row came to the stage (True or 1), in order; or
        names of stages with their columns. Who comes to a stage has come to all
        before it.

    start : str or None, default="applied"
        Name of the first stage, to which every row came; None if it is a column.

    by : str or array-like of shape (n_rows,), optional
        Groups to count apart: a column, or values such as a month.

    amount : str or array-like of shape (n_rows,), optional
        Amounts to add up: a column, or values.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : FunnelResult
        With ``.frame()``, and ``.change_from(before, stage)``.

    Raises
    ------
    InvalidParameterError
        If stages are named twice or not at all.
    InvalidInputError, InvalidTypeError
        If a column is absent, a flag is neither yes nor no, an amount is unknown or
        negative, or somebody came to a stage without the one before.

    See Also
    --------
    channel_quadrant : Volume and quality of the groups.
    riskkit.metrics.mix_rate_effects : Why a rate moved, from counts.

    Notes
    -----
    Outcomes ripen: count events among mature accounts by a stage ``mature`` before
    the stage of the event, or the last cohorts look too good.

    Examples
    --------
    >>> from riskkit.decision import funnel
    >>> applications = {
    ...     "channel": ["web", "web", "web", "branch", "branch"],
    ...     "approved": [1, 1, 0, 1, 1],
    ...     "funded": [1, 0, 0, 1, 1],
    ... }
    >>> result = funnel(applications, ["approved", "funded"], by="channel")
    >>> result.frame()[["group", "stage", "n", "rate_previous", "rate_start"]].round(2)
        group     stage    n  rate_previous  rate_start
    0     all   applied  5.0            NaN        1.00
    1     all  approved  4.0           0.80        0.80
    2     all    funded  3.0           0.75        0.60
    3  branch   applied  2.0            NaN        1.00
    4  branch  approved  2.0           1.00        1.00
    5  branch    funded  2.0           1.00        1.00
    6     web   applied  3.0            NaN        1.00
    7     web  approved  2.0           0.67        0.67
    8     web    funded  1.0           0.50        0.33
    """
    check_level(level)
    rows = Table.read(table)
    if rows.n_rows == 0:
        msg = "table must hold at least one application; got none."
        raise InvalidInputError(msg)
    columns = _read_stages(stages, start)
    wanted = list(columns.values())
    wanted += [name for name in (by, amount) if isinstance(name, str)]
    rows.select(list(dict.fromkeys(wanted)))  # names what is absent
    reached = [np.ones(rows.n_rows, dtype=np.bool_)] if start is not None else []
    reached += [read_flags(c, rows.column(c), rows.n_rows) for c in columns.values()]
    names = [*([start] if start is not None else []), *columns]
    _check_nested(reached, names)
    weight = read_masses(rows.n_rows, sample_weight)
    groups, codes = _read_by(by, rows)
    n = _by_stage(reached, weight, codes, len(groups))
    result = {"n": n}
    if amount is not None:
        name = amount if isinstance(amount, str) else "amount"
        values = rows.column(amount) if isinstance(amount, str) else amount
        mass = weight * read_amounts(name, values, rows.n_rows)
        result["amount"] = _by_stage(reached, mass, codes, len(groups))
    result |= _rates(n, level)
    # Brackets tell everyone from a group of that name.
    shown = (f"({_EVERYONE})" if _EVERYONE in groups else _EVERYONE, *groups)
    labels = {
        "group": tuple(group for group in shown for _ in names),
        "stage": tuple(names) * len(shown),
    }
    return FunnelResult(
        stages=tuple(names),
        groups=shown,
        columns=labels | {k: tuple(v.ravel().tolist()) for k, v in result.items()},
        level=level,
    )


def _read_stages(stages: Any, start: str | None) -> dict[str, str]:
    """Return the column of each stage."""
    columns = read_stages(stages)
    if not columns:
        msg = "stages must name at least one column; got none."
        raise InvalidParameterError(msg)
    if start in columns:
        msg = (
            f"start is the stage that every row came to; {start!r} is also a column of "
            "stages. Set start=None if the first stage is a column."
        )
        raise InvalidParameterError(msg)
    return columns


def _check_nested(reached: list[BoolArray], names: list[str]) -> None:
    for before, after, name, following in zip(
        reached[:-1], reached[1:], names[:-1], names[1:], strict=True
    ):
        n_skipped = int(np.count_nonzero(after & ~before))
        if n_skipped:
            msg = (
                f"Who comes to {following!r} must have come to {name!r}; "
                f"{n_skipped} of {after.size} rows have not. Put the stages in order, "
                "or correct the rows."
            )
            raise InvalidInputError(msg)


def _read_by(by: Any, rows: Table) -> tuple[list[str], IntArray]:
    if by is None:
        return [], np.zeros(rows.n_rows, dtype=np.intp)
    if isinstance(by, str):
        return read_groups(by, rows.column(by), rows.n_rows)
    return read_groups("by", by, rows.n_rows)


def _by_stage(
    reached: list[BoolArray], mass: FloatArray, codes: IntArray, n_groups: int
) -> FloatArray:
    """Return the sums of everyone and of each group, a row each, by stage."""
    sums = np.empty((n_groups + 1, len(reached)))
    for k, flags in enumerate(reached):
        parts = np.bincount(codes[flags], mass[flags], minlength=max(n_groups, 1))
        sums[0, k] = parts.sum()
        sums[1:, k] = parts[:n_groups]
    return sums


def _rates(n: FloatArray, level: float) -> dict[str, FloatArray]:
    nobody = np.full((n.shape[0], 1), np.nan)
    whole = {
        "rate_previous": np.hstack([nobody, n[:, :-1]]),
        "rate_start": np.repeat(n[:, :1], n.shape[1], axis=1),
    }
    columns = {}
    for name, base in whole.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            columns[name] = n / base
        known = np.where(np.isnan(base), 0.0, base)
        # Sums of weights may exceed those they are part of in their last bits.
        low, high = jeffreys_interval(np.minimum(n, known), known, level)
        columns[f"{name}_low"], columns[f"{name}_high"] = low, high
    return columns
