"""Whether a shift is more than chance, and what it does to the event rate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_real
from riskkit._kernels.calibration_tests import chi2_tail
from riskkit._kernels.divergence import psi_terms
from riskkit._kernels.population import mix_rate_terms
from riskkit.exceptions import InvalidInputError
from riskkit.metrics._bounds import check_level
from riskkit.metrics._counts import read_counts
from riskkit.metrics._groups import read_groups
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import TestResult

__all__ = ["MixRateResult", "mix_rate_effects", "psi_test"]


def psi_test(
    expected_counts: ArrayLike,
    actual_counts: ArrayLike,
    *,
    smoothing: float = 0.5,
    level: float = 0.95,
) -> TestResult:
    """Test whether two samples can come from one population, by their PSI.

    Parameters
    ----------
    expected_counts, actual_counts : array-like of shape (n_bins,)
        Accounts of the reference and of the current sample in each bin.

    smoothing : float, default=0.5
        As in :func:`psi`, whose value the statistic is.

    level : float, default=0.95
        Confidence of the critical value in the details.

    Returns
    -------
    result : TestResult
        The statistic is the PSI. Details hold its ``bias``, the PSI that chance alone
        gives on average, the ``debiased`` PSI (can be below 0), the ``critical`` value,
        and ``chi2`` with ``df`` of the test. Not evaluable if only one bin is filled.

    Raises
    ------
    InvalidInputError
        If the counts differ in length, are negative, or a sample is empty.
    InvalidParameterError
        If `smoothing` or `level` is outside its domain.

    See Also
    --------
    psi : The index alone, and how empty bins are treated.

    Notes
    -----
    With ``B`` filled bins and ``n`` and ``m`` accounts, ``psi / (1/n + 1/m)`` is
    chi-square with ``B - 1`` degrees of freedom if nothing has shifted [1]_; the bias
    is ``(B - 1)(1/n + 1/m)``. Read the index and the p-value together: in ten bins of
    200,000 accounts each an index of 0.0002 is significant and means nothing, and of
    100 accounts each one of 0.15 is no more than chance.

    References
    ----------
    .. [1] B. Yurdakul and J. Naranjo, "Statistical properties of the population
       stability index", Journal of Risk Model Validation 14(4), 2020, theorem 3.3.

    Examples
    --------
    >>> from riskkit.metrics import psi_test
    >>> expected = [253, 302, 204, 134, 72, 26, 8]
    >>> actual = [177, 262, 285, 158, 88, 25, 6]
    >>> result = psi_test(expected, actual, smoothing=0)
    >>> round(result.statistic, 6), f"{result.p_value:.2e}"
    (0.067693, '7.20e-06')
    >>> {k: round(result.details[k], 6) for k in ("bias", "debiased", "critical")}
    {'bias': 0.012, 'debiased': 0.055693, 'critical': 0.025183}
    """
    from scipy.special import chdtri

    check_real("smoothing", smoothing, low=0)
    check_level("level", level)
    expected, actual = read_counts(
        expected_counts=expected_counts, actual_counts=actual_counts
    )
    index = float(psi_terms(expected, actual, smoothing).sum())
    df = float(np.count_nonzero((expected > 0) | (actual > 0)) - 1)
    scale = 1.0 / float(expected.sum()) + 1.0 / float(actual.sum())
    chi2 = index / scale
    return make_result(
        "PSI test",
        statistic_name="PSI",
        statistic=index,
        p_value=chi2_tail(np.asarray(chi2), df) if df else np.nan,
        null="both samples come from one population",
        direction="two-sided",
        n=expected.sum() + actual.sum(),
        unusable={"only one bin is filled": df == 0},
        details={
            "bias": df * scale,
            "debiased": index - df * scale,
            "critical": chdtri(df, 1.0 - level) * scale if df else np.nan,
            "chi2": chi2,
            "df": df,
            "smoothing": smoothing,
        },
    )


@dataclass(frozen=True, slots=True)
class MixRateResult:
    """What :func:`mix_rate_effects` returns.

    ``change = mix.sum() + rate.sum()``, in event rate.

    Parameters
    ----------
    expected_rate, actual_rate : float
        Event rates of the two samples.

    mix : tuple of float
        Of each segment, what its changed share does to the event rate.

    rate : tuple of float
        Of each segment, what its changed event rate does.

    Examples
    --------
    >>> from riskkit.metrics import mix_rate_effects
    >>> mix_rate_effects([10, 30], [500, 500], [10, 30], [500, 500]).change
    0.0
    """

    expected_rate: float
    actual_rate: float
    mix: tuple[float, ...]
    rate: tuple[float, ...]

    @property
    def change(self) -> float:
        """Event rate now less event rate before."""
        return self.actual_rate - self.expected_rate

    @property
    def mix_effect(self) -> float:
        """What the changed mix of segments does to the event rate."""
        return float(sum(self.mix))

    @property
    def rate_effect(self) -> float:
        """What changed event rates within segments do."""
        return float(sum(self.rate))

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a segment."""
        import pandas as pd

        segment = range(1, len(self.mix) + 1)
        return pd.DataFrame({"segment": segment, "mix": self.mix, "rate": self.rate})

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        parts = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in parts.items()}

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def mix_rate_effects(
    expected_event: ArrayLike,
    expected_n: ArrayLike,
    actual_event: ArrayLike,
    actual_n: ArrayLike,
) -> MixRateResult:
    """Split a change of the event rate into changed mix and changed risk.

    Parameters
    ----------
    expected_event, expected_n : array-like of shape (n_segments,)
        Events and accounts of each segment (channel, band, bin) in the reference.

    actual_event, actual_n : array-like of shape (n_segments,)
        The same now.

    Returns
    -------
    result : MixRateResult
        Effects of each segment, and their sums ``mix_effect`` and ``rate_effect``.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, the segments differ, or a
        sample is empty.

    See Also
    --------
    points_effect : What the mix does to the points.

    Notes
    -----
    With shares ``p`` and ``q`` and event rates ``b`` and ``c`` of the segments, the mix
    effect is ``sum((q - p) b)`` and the rate effect ``sum(q (c - b))``; they add up to
    the change exactly. A segment that was empty in the reference has no earlier rate:
    that of all accounts stands for it, and what it differs by counts as rate. A segment
    that is empty now has no rate effect.

    Examples
    --------
    >>> from riskkit.metrics import mix_rate_effects
    >>> result = mix_rate_effects([10, 60], [500, 500], [6, 84], [300, 700])
    >>> round(result.mix_effect, 3), round(result.rate_effect, 3)
    (0.02, 0.0)
    """
    before = read_groups(expected_event, expected_n)
    after = read_groups(actual_event, actual_n)
    if before.n.shape != after.n.shape or before.n.ndim != 1:
        msg = (
            "Both samples must be counted in the same segments; got shapes "
            f"{before.n.shape} and {after.n.shape}."
        )
        raise InvalidInputError(msg)
    for name, n in (("expected_n", before.n), ("actual_n", after.n)):
        if not n.any():
            msg = f"{name} must hold accounts in at least one segment; got none."
            raise InvalidInputError(msg)
    mix, rate = mix_rate_terms(
        before.n_event, before.n, after.n_event, after.n, np.zeros(1, dtype=np.intp)
    )
    return MixRateResult(
        expected_rate=float(before.n_event.sum() / before.n.sum()),
        actual_rate=float(after.n_event.sum() / after.n.sum()),
        mix=tuple(mix.tolist()),
        rate=tuple(rate.tolist()),
    )
