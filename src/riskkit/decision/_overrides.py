"""Decisions taken against the recommendation, and what became of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._rows import (
    check_level,
    read_flags,
    read_groups,
    read_masses,
    read_numbers,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["OverrideResult", "override_table"]

_EVERYONE = "all"
_OF_OUTCOMES = ("n_known", "n_event", "event_rate", "event_rate_low", "event_rate_high")


@dataclass(frozen=True, slots=True)
class OverrideResult:
    """What :func:`override_table` returns.

    Parameters
    ----------
    columns : dict of str to tuple
        One entry for all decisions together and one for each group; see
        :meth:`frame`.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import OverrideResult
    >>> OverrideResult({"group": ("all",), "n": (2.0,)}, 0.95).frame()
      group    n
    0   all  2.0
    """

    columns: dict[str, tuple[Any, ...]]
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for all decisions and one for each group.

        Returns
        -------
        frame : DataFrame
            Columns group, n; n_low_side and low_side_rate: approved though declined
            by the score, as a share of those the score declines; n_high_side and
            high_side_rate: declined though approved by it, as a share of those it
            approves; of low-side overrides n_known, n_event and event_rate with
            Jeffreys' interval, mean_pd of the same accounts, and actual_to_expected,
            the one over the other.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def override_table(
    recommended: ArrayLike,
    decided: ArrayLike,
    y: ArrayLike | None = None,
    *,
    by: ArrayLike | None = None,
    pd: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> OverrideResult:
    """Count decisions against the recommendation, by reason, analyst or channel.

    Parameters
    ----------
    recommended, decided : array-like of bool of shape (n_samples,)
        Whom the score or strategy would approve, and who was approved.

    y : array-like of shape (n_samples,), optional
        Outcomes: 1 for the event, 0, missing where there is none.

    by : array-like of shape (n_samples,), optional
        Group of each decision, such as the reason given or who decided.

    pd : array-like of shape (n_samples,), optional
        PDs by which low-side overrides should have performed.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : OverrideResult
        With ``.frame()``.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a decision is neither yes nor no, a PD is none, or rows do not match.
    InvalidTargetError
        If outcomes cannot be read.

    See Also
    --------
    swap_set : Two policies instead of a policy and people.

    Notes
    -----
    Low-side overrides that perform as their PD says show that people saw nothing the
    score did not; far better ones, that they did. Of high-side overrides there is no
    outcome, so what they saved or cost cannot be read from these rows.

    Examples
    --------
    >>> from riskkit.decision import override_table
    >>> result = override_table(
    ...     [1, 1, 0, 0, 0], [1, 0, 1, 1, 0], [0, None, 1, 0, None],
    ...     by=["score", "fraud", "income", "income", "score"], pd=[0.1] * 5)
    >>> result.frame()[["group", "n", "n_low_side", "n_high_side", "event_rate"]]
        group    n  n_low_side  n_high_side  event_rate
    0     all  5.0         2.0          1.0         0.5
    1   fraud  1.0         0.0          1.0         NaN
    2  income  2.0         2.0          0.0         0.5
    3   score  2.0         0.0          0.0         NaN
    """
    check_level(level)
    wanted = read_flags("recommended", recommended)
    taken = read_flags("decided", decided, wanted.size)
    weight = read_masses(wanted.size, sample_weight)
    outcomes = read_outcomes(y, None, weight)
    p = np.full(wanted.size, np.nan)
    if pd is not None:
        p = read_numbers("pd", pd, wanted.size)
    low, high = ~wanted & taken, wanted & ~taken
    names: list[str] = []
    codes = np.zeros(wanted.size, dtype=np.intp)
    if by is not None:
        names, codes = read_groups("by", by, wanted.size)
    n_groups = max(len(names), 1)

    def total(rows: BoolArray, values: FloatArray = weight) -> FloatArray:
        parts = np.bincount(codes[rows], values[rows], minlength=n_groups)
        return np.append(parts.sum(), parts)

    counts = outcomes.count(np.where(low, codes, -1), n_groups).with_total()
    told = low & outcomes.known & ~np.isnan(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_pd = total(told, weight * p) / total(told)
        result = {
            "n": total(np.ones_like(low)),
            "n_low_side": total(low),
            "low_side_rate": total(low) / total(~wanted),
            "n_high_side": total(high),
            "high_side_rate": total(high) / total(wanted),
            **{k: v for k, v in counts.columns(level).items() if k in _OF_OUTCOMES},
            "mean_pd": mean_pd,
            "actual_to_expected": counts.event_rate / mean_pd,
        }
    return OverrideResult(
        {"group": (f"({_EVERYONE})" if _EVERYONE in names else _EVERYONE, *names)}
        # Without groups the last entry repeats the first.
        | {k: tuple(column[: len(names) + 1].tolist()) for k, column in result.items()},
        level,
    )
