"""The lift table: events captured in equal steps of the ranking."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int
from riskkit.metrics._outcomes import read_ranking

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["LiftResult", "lift_table"]


@dataclass(frozen=True, slots=True)
class LiftResult:
    """What :func:`lift_table` returns; one entry for each band, riskiest first.

    Parameters
    ----------
    band : tuple of int
        1 for the riskiest band.

    min_score : tuple of float
        Lowest score in the band.

    n, n_event : tuple of float
        Accounts and events; fractions where a tied score lies across two bands.

    event_rate : tuple of float
        Events per account of the band.

    lift : tuple of float
        Event rate over that of the sample.

    cum_event_share : tuple of float
        Events captured down to the end of the band.

    cum_lift : tuple of float
        Event rate of all bands so far over that of the sample.

    Examples
    --------
    >>> from riskkit.metrics import lift_table
    >>> result = lift_table([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], n_bands=2)
    >>> result.frame()[["band", "n", "n_event", "lift"]]
       band    n  n_event  lift
    0     1  2.0      1.0   1.0
    1     2  2.0      1.0   1.0
    """

    band: tuple[int, ...]
    min_score: tuple[float, ...]
    n: tuple[float, ...]
    n_event: tuple[float, ...]
    event_rate: tuple[float, ...]
    lift: tuple[float, ...]
    cum_event_share: tuple[float, ...]
    cum_lift: tuple[float, ...]

    def frame(self) -> pd.DataFrame:
        """Return the table, one row a band."""
        import pandas as pd

        return pd.DataFrame(self.to_dict())

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns as plain lists."""
        return {name: list(column) for name, column in asdict(self).items()}

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def lift_table(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    n_bands: int = 10,
    sample_weight: ArrayLike | None = None,
) -> LiftResult:
    """Cut the ranking into bands of equal size and count the events in each.

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`gini_score`; up is riskier.

    n_bands : int, default=10
        Number of bands, riskiest first.

    Returns
    -------
    result : LiftResult
        With ``.frame()`` and ``.to_dict()``.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`gini_score` does; or if `n_bands` is below 1.

    See Also
    --------
    cap_curve : The curve that the table is read from.

    Notes
    -----
    Bands hold the same weight to the last bit of arithmetic: accounts that share a
    score are divided between two bands in proportion, so the order of the rows does
    not matter and weights are exact. With many ties counts are fractions.

    Examples
    --------
    >>> from riskkit.metrics import lift_table
    >>> y = [0, 0, 0, 1, 0, 1, 1, 1]
    >>> result = lift_table(y, [1, 2, 3, 4, 5, 6, 7, 8], n_bands=4)
    >>> result.lift
    (2.0, 1.0, 1.0, 0.0)
    >>> result.cum_event_share
    (0.5, 0.75, 1.0, 1.0)
    """
    check_int("n_bands", n_bands, low=1)
    score, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    taken = np.concatenate([[0.0], np.cumsum(event + nonevent)])
    captured = np.concatenate([[0.0], np.cumsum(event)])
    ends = taken[-1] * np.arange(n_bands + 1) / n_bands
    cum_event = np.interp(ends, taken, captured)
    n, n_event = np.diff(ends), np.diff(cum_event)
    rate = captured[-1] / taken[-1]
    last = np.searchsorted(taken[1:], ends[1:], side="left")
    return LiftResult(
        band=tuple(range(1, n_bands + 1)),
        min_score=tuple(score[np.minimum(last, score.size - 1)].tolist()),
        n=tuple(n.tolist()),
        n_event=tuple(n_event.tolist()),
        event_rate=tuple((n_event / n).tolist()),
        lift=tuple((n_event / n / rate).tolist()),
        cum_event_share=tuple((cum_event[1:] / captured[-1]).tolist()),
        cum_lift=tuple((cum_event[1:] / ends[1:] / rate).tolist()),
    )
