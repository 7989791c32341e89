"""The Brier score and what it is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.calibration_tests import brier_terms
from riskkit.exceptions import InvalidInputError
from riskkit.metrics._groups import read_groups

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["BrierResult", "brier_decomposition"]


@dataclass(frozen=True, slots=True)
class BrierResult:
    """What :func:`brier_decomposition` returns.

    ``score = reliability - resolution + uncertainty + spread - covariance``.

    Parameters
    ----------
    score : float
        The Brier score: mean squared distance of PD and outcome; small is good.

    reliability : float
        Squared distance of mean PD and event rate of a band; 0 if calibrated.

    resolution : float
        Squared distance of the event rates of the bands and of the sample; large is
        good.

    uncertainty : float
        Variance of the outcomes; none of the model's doing.

    spread : float
        Variance of the PDs within the bands.

    covariance : float
        Twice the covariance of PDs and outcomes within the bands.

    skill : float
        Share of the uncertainty that the PDs take away, ``1 - score / uncertainty``; 0
        if there is none.

    n : float
        Accounts, or the sum of their weights.

    Examples
    --------
    >>> from riskkit.metrics import brier_decomposition
    >>> brier_decomposition([1, 5], [10, 10], [0.1, 0.5]).reliability
    0.0
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    spread: float
    covariance: float
    skill: float
    n: float

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a part of the score."""
        import pandas as pd

        items = self.to_dict()
        return pd.DataFrame({"part": list(items), "value": list(items.values())})

    def to_dict(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def brier_decomposition(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike,
    *,
    bands: ArrayLike | None = None,
) -> BrierResult:
    """Take the Brier score apart into calibration, ranking and what nobody can know.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_groups,)
        Events, accounts and PD of each group of accounts that share a PD; outcomes, 1
        and PDs for single rows.

    bands : array-like of int of shape (n_groups,), default=None
        Band of each group, from 0, to be judged together. By default every distinct
        PD is a band of its own, and nothing varies within it.

    Returns
    -------
    result : BrierResult
        The parts, exact whatever the bands.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, a PD is outside [0, 1], there
        are no accounts, or the bands are not of the same groups.

    See Also
    --------
    spiegelhalter_test : Whether the score is larger than true PDs would make it.

    Notes
    -----
    Murphy's three terms [1]_ add up to the score only if all PDs of a band are the
    same; the two terms within bands complete them [2]_.

    References
    ----------
    .. [1] A. H. Murphy, "A new vector partition of the probability score", Journal of
       Applied Meteorology 12, 1973.

    .. [2] D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe, "Two extra components in
       the Brier score decomposition", Weather and Forecasting 23, 2008.

    Examples
    --------
    >>> from riskkit.metrics import brier_decomposition
    >>> n_event, n = [1, 4, 9, 20, 33], [1000, 1000, 900, 700, 400]
    >>> parts = brier_decomposition(n_event, n, [0.002, 0.005, 0.01, 0.02, 0.07])
    >>> round(parts.score, 8), round(parts.resolution, 8), round(parts.uncertainty, 8)
    (0.01592875, 0.00056967, 0.01646944)
    """
    groups = read_groups(n_event, n, pd)
    codes = np.unique(groups.pd, return_inverse=True)[1].reshape(groups.pd.shape)
    if bands is not None:
        codes = np.asarray(bands)
        if (
            codes.shape != groups.n.shape
            or codes.dtype.kind not in "biu"
            or codes.min() < 0
        ):
            msg = (
                f"bands must hold a whole number >= 0 for each of the {groups.n.size} "
                f"groups; got {codes.dtype} of shape {codes.shape}."
            )
            raise InvalidInputError(msg)
    if not groups.n.any():
        msg = "n must hold accounts in at least one group; got none at all."
        raise InvalidInputError(msg)
    held = (groups.n > 0).reshape(-1)
    flat = groups.flat()
    band = codes.reshape(-1)[held].astype(np.intp)
    terms = brier_terms(flat.n_event, flat.n, flat.pd, band)
    score, uncertainty = terms[0], terms[3]
    skill = 1.0 - score / uncertainty if uncertainty else 0.0
    return BrierResult(*terms, skill=skill, n=float(flat.n.sum()))
