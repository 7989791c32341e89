"""Profit-based quality of a risk score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from riskkit._core.params import check_real
from riskkit._kernels.profit import expected_maximum_profit as profit_of
from riskkit.exceptions import InvalidParameterError
from riskkit.metrics._outcomes import read_ranking

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["ProfitResult", "expected_maximum_profit"]


@dataclass(frozen=True, slots=True)
class ProfitResult:
    """What :func:`expected_maximum_profit` returns.

    Parameters
    ----------
    profit : float
        Expected maximum profit per account, as a share of the amount lent, over
        accepting everyone.

    rejection_share : float
        Share of the accounts that is refused for it, on average.

    Examples
    --------
    >>> from riskkit.metrics import expected_maximum_profit
    >>> expected_maximum_profit([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4], p0=0, p1=1)
    ProfitResult(profit=0.25, rejection_share=0.25)
    """

    profit: float
    rejection_share: float

    def frame(self) -> pd.DataFrame:
        """Return a table of one row."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def expected_maximum_profit(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    p0: float = 0.55,
    p1: float = 0.10,
    roi: float = 0.2644,
    sample_weight: ArrayLike | None = None,
) -> ProfitResult:
    """Compute the profit of a risk score at its best cutoff (EMP).

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`gini_score`; up is riskier.

    p0 : float, default=0.55
        Chance that a defaulter repays everything in the end.

    p1 : float, default=0.10
        Chance that everything lent is lost. Any loss between is equally likely.

    roi : float, default=0.2644
        Return on a loan that is repaid, as a share of the amount.

    Returns
    -------
    result : ProfitResult
        The profit, and the share of accounts refused for it.

    Raises
    ------
    InvalidTargetError, InvalidInputError
        As :func:`gini_score` does.
    InvalidParameterError
        If `p0` and `p1` are not chances of at most 1 together, or `roi` is negative.

    See Also
    --------
    gini_score : Ranking at all cutoffs alike, whatever they earn.

    Notes
    -----
    The mean, over the uncertain loss, of the profit at the cutoff that is best for
    that loss [1]_. Only the order of the scores matters, on the convex hull of the ROC
    curve. The defaults are those of [1]_.

    References
    ----------
    .. [1] T. Verbraken, C. Bravo, R. Weber, B. Baesens, "Development and application of
       consumer credit scoring models using profit-based classification measures",
       European Journal of Operational Research 238(2), 2014.

    Examples
    --------
    >>> from riskkit.metrics import expected_maximum_profit
    >>> y = [0, 0, 1, 0, 0, 1, 1, 0, 1, 1]
    >>> result = expected_maximum_profit(y, range(10))
    >>> round(result.profit, 5), round(result.rejection_share, 5)
    (0.10731, 0.29059)
    """
    check_real("p0", p0, low=0, high=1)
    check_real("p1", p1, low=0, high=1)
    check_real("roi", roi, low=0)
    if p0 + p1 > 1:
        msg = f"p0 and p1 must be at most 1 together; got {p0:g} and {p1:g}."
        raise InvalidParameterError(msg)
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    return ProfitResult(*profit_of(event, nonevent, float(p0), float(p1), float(roi)))
