"""Whether the scores that were logged are those that the model gives."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.columns import (
    Columns,
    columns_of,
    plain_rows,
    table_frame,
)
from riskkit._core.frames import numeric_column
from riskkit._core.params import check_real
from riskkit.exceptions import InvalidInputError
from riskkit.monitoring._periods import read_periods
from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["ScoreCheckResult", "check_scores"]

_COLUMNS = (
    "period", "n", "n_compared", "n_differ", "share_differ", "largest_difference",
    "mean_difference", "only_logged", "only_recomputed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScoreCheckResult:
    """Logged scores beside recomputed ones.

    Made by :func:`check_scores`.

    Parameters
    ----------
    tolerance : float
        Differences up to which two scores are the same.

    columns : dict of str to tuple
        The columns of :meth:`frame`.

    Notes
    -----
    ``n_differ`` counts scores that differ, and those that only one side has;
    ``mean_difference`` is recomputed less logged.
    """

    tolerance: float
    columns: Columns

    @property
    def share_differ(self) -> float:
        """Share of all rows that differ."""
        return float(self.columns["share_differ"][-1])

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a period and one for all of them, the last."""
        return table_frame(self.columns)

    def measurements(self) -> tuple[Measurement, ...]:
        """Return what a warning can be raised on: the share of rows that differ."""
        n = self.columns["n"][-1]
        reason = "" if n else "there are no rows"
        return (Measurement("score_mismatch", self.share_differ, n=n, reason=reason),)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {"tolerance": self.tolerance, "periods": plain_rows(self.columns)}

    def __repr__(self) -> str:
        total = {name: values[-1] for name, values in self.columns.items()}
        return (
            f"<ScoreCheckResult: {total['n_differ']:,} of {total['n']:,} logged scores "
            "are not those of the model>"
        )

    def _repr_html_(self) -> str:
        text = html.escape(f"{self!r}"[1:-1])
        return f"<p>{text}.</p>{self.frame().to_html(index=False)}"


def check_scores(
    logged: ArrayLike,
    recomputed: ArrayLike,
    *,
    tolerance: float = 1e-9,
    period: Any = None,
    freq: Literal["month", "quarter", "year"] = "month",
) -> ScoreCheckResult:
    """Compare scores of a log with those that the model gives to the same rows.

    Parameters
    ----------
    logged, recomputed : array-like of shape (n_rows,)
        Scores, points or PDs of the same rows in the same order; missing where an
        account has none.

    tolerance : float, default=1e-9
        Largest difference of scores that are the same; give half a point for points
        that were rounded before they were logged.

    period : str, date, or array-like of shape (n_rows,), default=None
        Period of the rows, for a table that says since when scores differ.

    freq : {"month", "quarter", "year"}, default="month"
        What dates are cut into.

    Returns
    -------
    result : ScoreCheckResult
        Rows that differ, and by how much.

    Raises
    ------
    InvalidInputError
        If the two are not of one length, or cannot be read as numbers.
    InvalidParameterError
        If `tolerance` or `freq` is outside its domain.

    See Also
    --------
    check_feeds : Whether the columns that were scored are whole.

    Examples
    --------
    >>> from riskkit.monitoring import check_scores
    >>> result = check_scores(
    ...     [610, 540, None, 580], [610, 540, 500, 575],
    ...     period=["2024-01", "2024-01", "2024-02", "2024-02"])
    >>> result
    <ScoreCheckResult: 2 of 4 logged scores are not those of the model>
    >>> result.frame()[["period", "n_differ", "largest_difference"]]
        period  n_differ  largest_difference
    0  2024-01         0                 0.0
    1  2024-02         2                 5.0
    2      all         2                 5.0
    """
    check_real("tolerance", tolerance, low=0)
    one, two = (
        _read(name, values)
        for name, values in (("logged", logged), ("recomputed", recomputed))
    )
    if one.shape != two.shape:
        msg = (
            "logged and recomputed must be of the same rows in the same order; got "
            f"{one.size} and {two.size}."
        )
        raise InvalidInputError(msg)
    rows = []
    if period is not None:
        labels, of_row = read_periods(period, one.size, freq)
        for code, label in enumerate(labels):
            mine = of_row == code
            rows.append(_compare(label, one[mine], two[mine], tolerance))
    rows.append(_compare("all", one, two, tolerance))
    return ScoreCheckResult(tolerance, columns_of(rows, _COLUMNS))


def _read(name: str, values: Any) -> FloatArray:
    column = values if hasattr(values, "dtype") else np.asarray(values, dtype=object)
    numbers = numeric_column(column, name)
    if numbers.ndim != 1:
        msg = f"{name} must hold one score a row; got {numbers.ndim} dimensions."
        raise InvalidInputError(msg)
    return numbers


def _compare(
    label: str, logged: FloatArray, recomputed: FloatArray, tolerance: float
) -> dict[str, Any]:
    no_log, no_model = np.isnan(logged), np.isnan(recomputed)
    both: BoolArray = ~no_log & ~no_model
    with np.errstate(invalid="ignore"):  # the same infinity is no difference
        gap = np.where(logged[both] == recomputed[both], 0.0, recomputed[both])
        gap -= np.where(logged[both] == recomputed[both], 0.0, logged[both])
    n = logged.size
    only = np.count_nonzero(no_model & ~no_log), np.count_nonzero(no_log & ~no_model)
    n_differ = int(np.count_nonzero(np.abs(gap) > tolerance)) + int(sum(only))
    return {
        "period": label,
        "n": n,
        "n_compared": gap.size,
        "n_differ": n_differ,
        "share_differ": n_differ / n if n else float("nan"),
        "largest_difference": float(np.abs(gap).max()) if gap.size else float("nan"),
        "mean_difference": float(gap.mean()) if gap.size else float("nan"),
        "only_logged": int(only[0]),
        "only_recomputed": int(only[1]),
    }
