"""p-values of many questions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.multiplicity import holm
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["holm_adjust"]


def holm_adjust(p_value: ArrayLike) -> FloatArray:
    """Adjust p-values of many questions so that their common chance of error holds.

    Parameters
    ----------
    p_value : array-like
        p-values of any shape; NaN where a question could not be asked.

    Returns
    -------
    adjusted : ndarray of the same shape
        Never smaller. Below a level ``a`` they reject, with chance at most ``a`` that
        any of the rejections is false, however the questions hang together.

    Raises
    ------
    InvalidInputError
        If a p-value is outside [0, 1].

    See Also
    --------
    TestResult.lights : Does it on demand.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure",
       Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> from riskkit.metrics import holm_adjust
    >>> holm_adjust([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_value, dtype=np.float64)
    n_wrong = int(np.count_nonzero((p < 0) | (p > 1)))
    if n_wrong:
        msg = f"p-values must lie between 0 and 1; {n_wrong} of {p.size} do not."
        raise InvalidInputError(msg)
    return holm(p)
