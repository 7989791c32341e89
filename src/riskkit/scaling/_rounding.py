"""How far whole points are off the scale."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._kernels.agreement import rank_agreement
from riskkit.exceptions import InvalidInputError
from riskkit.scaling._scores import read_points

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["RoundingResult", "rounding_report"]

# Exact points that differ by less are equal: the difference is that of floating-point
# sums in another order.
_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class RoundingResult:
    """What :func:`rounding_report` returns.

    Parameters
    ----------
    n : float
        Accounts, as sum of weights.

    max_error : float
        Most points that any account is off the exact score.

    rms_error : float
        Root of the mean squared error, in points.

    mean_error : float
        Mean of points minus exact points; 0 keeps the level of the scale.

    slope : float
        Slope of the points on the exact points by least squares; 1 keeps the line.

    spearman, kendall : float
        Rank correlations (Kendall's tau-b) of points and exact points.

    turned_share, tied_share : float
        Of the pairs of accounts that the exact points tell apart, the share that the
        points rank the other way, and the share that they do not tell apart.

    nearest : RoundingResult or None
        The same for the nearest whole number of each bin by itself, for comparison.

    Examples
    --------
    >>> from riskkit.scaling import rounding_report
    >>> result = rounding_report([600.4, 620.2, 580.7], [600, 620, 581])
    >>> round(result.max_error, 6), round(result.mean_error, 6), result.spearman
    (0.4, -0.1, 1.0)
    """

    n: float
    max_error: float
    rms_error: float
    mean_error: float
    slope: float
    spearman: float
    kendall: float
    turned_share: float
    tied_share: float
    nearest: RoundingResult | None = None

    def frame(self) -> pd.DataFrame:
        """Return one row for the points, and one for nearest numbers if known."""
        import pandas as pd

        rows = {"chosen together": self.to_dict()}
        nearest = rows["chosen together"].pop("nearest")
        if nearest is not None:
            del nearest["nearest"]
            rows["each bin by itself"] = nearest
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("whole points")

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(float_format="{:.5f}".format))


def rounding_report(
    exact: ArrayLike,
    points: ArrayLike,
    *,
    nearest: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> RoundingResult:
    """State how far points are off the exact points of the same accounts.

    Parameters
    ----------
    exact : array-like of shape (n_samples,)
        Points without rounding, as from ``PointsScaler(rounding="none").to_points``.

    points : array-like of shape (n_samples,)
        Points with rounding.

    nearest : array-like of shape (n_samples,), default=None
        Points by another rounding, to compare with.

    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each account.

    Returns
    -------
    result : RoundingResult
        With ``.frame()`` and ``.to_dict()``.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the points are not finite numbers, or not of the same accounts.
    InvalidParameterError
        If a weight is negative or not finite.

    See Also
    --------
    riskkit.scorecard.ScorecardClassifier : States it for its training rows, in
        ``rounding_report_``.

    Notes
    -----
    An account that is ``e`` points off has odds off by the factor ``2 ** (e / pdo)``:
    one point of a PDO of 20 is 3.5 % of the odds. PDs are not rounded at all.

    Examples
    --------
    How a scorecard's whole points do on accounts of a later date:

    >>> import numpy as np
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.scaling import PointsScaler, rounding_report
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> book = make_loan_book(4_000, random_state=0)
    >>> card = ScorecardClassifier().fit(book.data[:3_000], book.target[:3_000])
    >>> later = book.data[3_000:]
    >>> exact = PointsScaler(rounding="none").to_points(card.decision_function(later))
    >>> result = rounding_report(exact, card.predict_points(later))
    >>> result.rms_error < 1, result.spearman > 0.999
    (True, True)
    """
    x, y = read_points("exact", exact), read_points("points", points)
    others = () if nearest is None else (read_points("nearest", nearest),)
    for other in (y, *others):
        if other.size != x.size:
            msg = (
                "exact, points and nearest must be of the same accounts; got "
                f"{x.size} and {other.size}."
            )
            raise InvalidInputError(msg)
    weight = read_weight(sample_weight, x.size)
    compared = _measure(x, others[0], weight) if others else None
    return _measure(x, y, weight, compared)


def _measure(
    exact: FloatArray,
    points: FloatArray,
    weight: FloatArray | None,
    nearest: RoundingResult | None = None,
) -> RoundingResult:
    w = np.ones(exact.size) if weight is None else weight
    counted = w > 0
    exact, points, w = exact[counted], points[counted], w[counted]
    error = points - exact
    agreement = rank_agreement(exact.round(_DECIMALS), points, w)
    centred = exact - np.average(exact, weights=w)
    spread = float(w @ (centred * centred))
    return RoundingResult(
        n=float(w.sum()),
        max_error=float(np.abs(error).max()),
        rms_error=float(np.sqrt(np.average(error * error, weights=w))),
        mean_error=float(np.average(error, weights=w)),
        slope=float(w @ (centred * points)) / spread if spread > 0 else np.nan,
        spearman=agreement.spearman,
        kendall=agreement.kendall,
        turned_share=agreement.turned,
        tied_share=agreement.tied,
        nearest=nearest,
    )
