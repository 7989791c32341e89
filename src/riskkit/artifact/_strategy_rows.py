"""What a strategy decides on the rows of a table; NumPy is imported when there is one.

The comparisons and the arithmetic are those of one record, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskkit.artifact._strategy_fields import Columns
from riskkit.artifact._strategy_limits import LIMITED_BY, ROUNDING

if TYPE_CHECKING:
    from riskkit._core.frames import Table
    from riskkit.artifact._strategy import StrategySpec
    from riskkit.artifact._strategy_limits import LimitSpec
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["RowDecisions", "RowGrants", "decide_rows", "grant_rows"]


@dataclass(frozen=True, eq=False)
class RowGrants:
    """What each row would be granted.

    Parameters
    ----------
    band : ndarray of int
        Position of the row's band, -1 where it has none.

    limit : ndarray of float
        The amount.

    limited_by : ndarray of int
        What holds it down, as a position in :data:`LIMITED_BY`.
    """

    band: IntArray
    limit: FloatArray
    limited_by: IntArray


@dataclass(frozen=True, eq=False)
class RowDecisions:
    """What is decided on each row.

    Parameters
    ----------
    step : ndarray of int
        Position of the step that decides.

    fired : list of ndarray of bool
        For each rule, the rows for which it fires.

    grants : RowGrants or None
        What each row would be granted, where there are limits.
    """

    step: IntArray
    fired: list[BoolArray]
    grants: RowGrants | None


def decide_rows(spec: StrategySpec, table: Table) -> RowDecisions:
    """Return what a strategy decides on the rows of a table.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.

    table : Table
        Raw columns by name, those of the strategy among them.

    Returns
    -------
    decisions : RowDecisions
        The step that decides each row, the rows for which rules fire, the grants.

    Raises
    ------
    InvalidTypeError, InvalidInputError
        If a column cannot be read as its field is.

    Examples
    --------
    >>> from riskkit._core.frames import Table
    >>> from riskkit.artifact import decide_rows
    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(bands=[
    ...     {"from": 600, "decision": "approve"}, {"to": 600, "decision": "decline"}])
    >>> table = Table.read({"points": [580.0, 600.0, None]})
    >>> decide_rows(strategy.spec, table).step.tolist()
    [1, 0, 2]
    """
    import numpy as np

    columns = Columns(table)
    fired = [_fires(spec, k, columns) for k in range(len(spec.rules))]
    step = np.full(columns.n_rows, spec.otherwise, dtype=np.intp)
    if spec.score_bands is not None:
        found = spec.score_bands.places(columns.number(spec.score))
        step = np.where(found < 0, spec.otherwise, len(spec.rules) + found)
    # The first rule that fires decides, so it is written last.
    for k in reversed(range(len(fired))):
        step[fired[k]] = k
    if spec.limits is None:
        return RowDecisions(step, fired, None)
    grants = _grant(spec.limits, columns)
    approves = np.array([one.decision == "approve" for one in spec.steps])
    step[approves[step] & (grants.limit == 0)] = len(spec.steps) - 1
    return RowDecisions(step, fired, grants)


def grant_rows(spec: LimitSpec, table: Table) -> RowGrants:
    """Return what a limit policy grants to the rows of a table.

    Parameters
    ----------
    spec : LimitSpec
        The policy.

    table : Table
        Raw columns by name, those of the policy among them.

    Returns
    -------
    grants : RowGrants
        The band of each row, its limit, and what holds it down.

    Raises
    ------
    InvalidTypeError, InvalidInputError
        If a column cannot be read as its field is.

    Examples
    --------
    >>> from riskkit._core.frames import Table
    >>> from riskkit.artifact import grant_rows
    >>> from riskkit.decision import LimitPolicy
    >>> table = Table.read({"points": [600.0, None]})
    >>> grant_rows(LimitPolicy([{"limit": 500}]).spec, table).limit.tolist()
    [500.0, 0.0]
    """
    return _grant(spec, Columns(table))


def _fires(spec: StrategySpec, place: int, columns: Columns) -> BoolArray:
    import numpy as np

    rows = np.zeros(columns.n_rows, dtype=np.bool_)
    for box in spec.regions[place]:
        held = np.ones(columns.n_rows, dtype=np.bool_)
        for name, values in box.items():
            held &= columns.held_by(name, values, spec.kinds[name])
        rows |= held
    return rows


def _grant(spec: LimitSpec, columns: Columns) -> RowGrants:
    import numpy as np

    if spec.score_bands is None:
        coded = columns.level(spec.by)
        found = [spec.band_of_level(level) for level in coded.levels]
        # The last entry serves the code -1 of a missing level.
        place = np.array([*found, -1], dtype=np.intp)[coded.codes]
    else:
        place = spec.score_bands.places(columns.number(spec.by))
    owed = np.zeros(columns.n_rows)
    if spec.exposure is not None:
        owed = columns.number(spec.exposure)
    caps = np.full((4, columns.n_rows), np.inf)
    # An infinite income may be owed: the difference is no number, and so unknown.
    with np.errstate(invalid="ignore"):
        for k, band in enumerate(spec.bands):
            rows = place == k
            caps[0, rows] = band.limit
            if band.income_multiple is not None and spec.income is not None:
                income = columns.number(spec.income)[rows]
                caps[1, rows] = band.income_multiple * income - owed[rows]
            if band.exposure_cap is not None:
                caps[2, rows] = band.exposure_cap - owed[rows]
    if spec.requested is not None:
        caps[3] = columns.number(spec.requested)
    unknown = (place < 0) | np.isnan(caps).any(axis=0)
    caps[:, unknown] = spec.unknown
    by = np.argmin(caps, axis=0)
    amount = caps[by, np.arange(columns.n_rows)].clip(0.0)
    limit = np.floor(amount / spec.round_to + ROUNDING) * spec.round_to
    small = (limit < spec.minimum) & ~unknown
    limit[small] = 0.0
    by[small] = LIMITED_BY.index("minimum")
    by[unknown] = LIMITED_BY.index("unknown")
    return RowGrants(place, limit, by)
