"""Events by month on book without a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._core.params import check_option, check_real
from riskkit._core.target import encode_event
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.boosting._hazard import cumulative
from riskkit.boosting._hazard_rows import n_at_risk
from riskkit.boosting._hazard_spells import GAPS, read_spells
from riskkit.exceptions import InvalidParameterError, InvalidTargetError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.boosting._hazard_spells import Spells
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["LifeTableResult", "life_table", "life_table_of"]


@dataclass(frozen=True, slots=True)
class LifeTableResult:
    """What :func:`life_table` returns.

    Parameters
    ----------
    columns : dict of str to tuple
        One entry for each month on book; see :meth:`frame`.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.boosting import life_table
    >>> table = life_table([1, 0, 1, 0], [1, 2, 2, 3])
    >>> table.frame()[["month", "n_at_risk", "n_event", "hazard", "cumulative"]]
       month  n_at_risk  n_event    hazard  cumulative
    0      1        4.0      1.0  0.250000         0.25
    1      2        3.0      1.0  0.333333         0.50
    2      3        1.0      0.0  0.000000         0.50
    """

    columns: dict[str, tuple[Any, ...]]
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each month on book.

        Returns
        -------
        frame : DataFrame
            Columns month, n_at_risk, n_event, n_entered (after the month before),
            n_censored (at the end of the month); hazard with Jeffreys' interval;
            cumulative PD with Greenwood's interval on the scale of ``log(-log S)``;
            and, where a model was asked, its expected events and the ratio of actual
            to expected events. NaN where nobody is at risk, and in the cumulative PD
            from there on.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def life_table(
    y: ArrayLike,
    end: ArrayLike | None = None,
    *,
    start: ArrayLike | None = None,
    month: ArrayLike | None = None,
    account: ArrayLike | None = None,
    gaps: str = "raise",
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> LifeTableResult:
    """Estimate the PD by month on book from counts alone.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Whether the row ended with the event: 1 or 0.

    end : array-like of int of shape (n_rows,), optional
        Month on book in which the row ended, by the event or because nothing is known
        after it. The first month is 1.

    start : array-like of int of shape (n_rows,), optional
        Months on book that had passed when watching began; 0 by default.

    month : array-like of int of shape (n_rows,), optional
        In place of `end` and `start`: the month of each row of a panel.

    account : array-like of shape (n_rows,), optional
        Key of the account where one has several rows; they are checked for overlaps,
        for months after the event, and for gaps.

    gaps : {"raise", "allow"}, default="raise"
        What to do where months of an account are missing between its rows.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : LifeTableResult
        With ``.frame()`` and ``.to_dict()``.

    Raises
    ------
    InvalidParameterError
        If neither `end` nor `month` is given, or both are, or a parameter is outside
        its domain.
    InvalidInputError
        If a duration is negative, an event comes before the account was opened, or the
        rows of an account overlap, have a gap, or go on after the event.
    InvalidTargetError
        If an outcome is neither 1 nor 0.

    See Also
    --------
    PDTermStructure : The same for every account, by its features.

    Notes
    -----
    ``h(t)`` is the events of month ``t`` over those at risk in it; the cumulative PD
    ``1 - (1 - h(1)) ... (1 - h(t))`` is that of Kaplan and Meier for whole months, and
    with `start` its form for late entry. It takes the lost from sight, those that
    were repaid early among them, as risky as those that stay. Weights are counts.

    Examples
    --------
    Seven accounts, three of them lost from sight:

    >>> from riskkit.boosting import life_table
    >>> table = life_table([1, 0, 1, 0, 1, 0, 1], [1, 1, 2, 3, 3, 4, 4])
    >>> table.frame()[["month", "n_at_risk", "n_event", "n_censored", "cumulative"]]
       month  n_at_risk  n_event  n_censored  cumulative
    0      1        7.0      1.0         1.0    0.142857
    1      2        5.0      1.0         0.0    0.314286
    2      3        4.0      1.0         1.0    0.485714
    3      4        2.0      1.0         1.0    0.742857
    """
    check_option("gaps", gaps, GAPS)
    check_real("level", level, low=0, high=1)
    if not 0.0 < level < 1.0:
        msg = f"level must lie between 0 and 1; got {level!r}."
        raise InvalidParameterError(msg)
    if end is None and month is None:
        msg = "Times are needed: give end (and start), or month; got neither."
        raise InvalidParameterError(msg)
    is_event = _flags(y)
    weight = read_weight(sample_weight, is_event.size)
    weight = np.ones(is_event.size) if weight is None else weight
    kept = weight > 0
    spells = read_spells(
        is_event[kept],
        start=start,
        end=end,
        month=month,
        account=account,
        gaps=gaps,
        kept=kept,
    )
    return life_table_of(spells, weight[kept], level)


def life_table_of(
    spells: Spells,
    weight: FloatArray,
    level: float = 0.95,
    expected: FloatArray | None = None,
) -> LifeTableResult:
    """Return the table of checked rows, with the events that a model expects."""
    from scipy.special import ndtri

    last = max(1, int(spells.end.max()))
    watched = spells.end > spells.start
    at_risk = n_at_risk(spells, weight, last)

    def count(month: Any, rows: BoolArray) -> FloatArray:
        return np.bincount(month[rows], weight[rows], minlength=last + 2).astype(float)

    n_event = count(spells.end, watched & spells.is_event)[1 : last + 1]
    censored = count(spells.end, watched & ~spells.is_event)[1 : last + 1]
    entered = count(spells.start + 1, watched)[1 : last + 1]
    # What cumulated sums of weights leave of nothing is nothing.
    at_risk = np.where(at_risk > 1e-9 * weight.sum(), np.maximum(at_risk, n_event), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = n_event / at_risk
        terms = n_event / (at_risk * (at_risk - n_event))
        total = cumulative(hazard)
        spread = np.sqrt(np.cumsum(terms)) / np.abs(np.log1p(-total))
        reach = float(ndtri((1.0 + level) / 2.0)) * spread
        low, high = (-np.expm1(np.log1p(-total) * np.exp(s)) for s in (-reach, reach))
    flat = total == 0
    h_low, h_high = jeffreys_interval(n_event, at_risk, level)
    columns: dict[str, Any] = {
        "month": np.arange(1, last + 1),
        "n_at_risk": at_risk,
        "n_entered": entered,
        "n_event": n_event,
        "n_censored": censored,
        "hazard": hazard,
        "hazard_low": h_low,
        "hazard_high": h_high,
        "cumulative": total,
        "cumulative_low": np.where(flat, 0.0, low),
        "cumulative_high": np.where(flat, np.nan, high),
    }
    if expected is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = n_event / expected
        columns |= {"expected": expected, "actual_to_expected": ratio}
    return LifeTableResult(
        {name: tuple(column.tolist()) for name, column in columns.items()}, level
    )


def _flags(y: ArrayLike) -> BoolArray:
    """Return who had the event; unlike a model, a table may hold one class alone."""
    values = np.asarray(y)
    if values.ndim != 1 or values.size == 0:
        msg = f"y must hold one outcome for each row; got shape {values.shape}."
        raise InvalidTargetError(msg)
    if values.dtype.kind in "biuf" and np.isin(values, (0, 1)).all():
        return np.asarray(values == 1)
    is_event, classes = encode_event(values)
    if tuple(classes.tolist()) != (0, 1):
        msg = "y must hold 1 for the event and 0 otherwise; got other labels."
        raise InvalidTargetError(msg)
    return is_event
