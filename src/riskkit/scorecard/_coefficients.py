"""The table of coefficients that a reviewer asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.collinearity import variance_inflation
from riskkit._kernels.logistic_fit import fit_logistic
from riskkit._kernels.logistic_inference import coefficient_tests, log_likelihood

if TYPE_CHECKING:
    import pandas as pd

    from riskkit._core.inputs import Training
    from riskkit.scorecard._policy import SelectionPolicy
    from riskkit.scorecard._weights import Weights
    from riskkit.typing import FloatArray

__all__ = ["coefficient_frame", "likelihood_ratio_pvalues"]


def coefficient_frame(
    weights: Weights, training: Training, lr_p_value: FloatArray | None = None
) -> pd.DataFrame:
    """Return one row for the intercept and one for each characteristic."""
    import pandas as pd

    fit = weights.fit
    tests = coefficient_tests(
        weights.woe, fit.intercept, fit.coefficients, training.weight
    )
    frame = pd.DataFrame(
        {
            "characteristic": ["(intercept)", *(t.name for t in weights.tables)],
            "coefficient": np.append(fit.intercept, fit.coefficients),
            "std_error": tests.std_error,
            "z": tests.z,
            "p_value": tests.p_value,
            "vif": np.append(np.nan, _inflation(weights.woe, training.weight)),
        }
    )
    if lr_p_value is not None:
        frame.insert(5, "lr_p_value", np.append(np.nan, lr_p_value))
    return frame


def likelihood_ratio_pvalues(
    weights: Weights, training: Training, policy: SelectionPolicy
) -> FloatArray:
    """Return the p-value of leaving each characteristic out, the others fitted again.

    ``-2 log(L_without / L_with)`` is chi-square with one degree of freedom (Hosmer,
    Lemeshow and Sturdivant 2013, 2.3).
    """
    from scipy.special import chdtrc

    def best(woe: FloatArray) -> float:
        fit = fit_logistic(
            woe,
            training.is_event,
            training.weight,
            l2=policy.l2,
            nonpositive=policy.signed,
            max_iter=policy.max_iter,
        )
        log_odds = fit.intercept + woe @ fit.coefficients
        return log_likelihood(log_odds, training.is_event, training.weight)

    full = best(weights.woe)
    gains = [
        2.0 * (full - best(np.delete(weights.woe, j, axis=1)))
        for j in range(len(weights.tables))
    ]
    return np.asarray(chdtrc(1.0, np.maximum(gains, 0.0)))


def _inflation(woe: FloatArray, weight: FloatArray | None) -> FloatArray:
    if woe.shape[1] < 2:
        return np.ones(woe.shape[1])
    if weight is None:
        return variance_inflation(np.asarray(np.corrcoef(woe, rowvar=False)))
    covariance = np.cov(woe, rowvar=False, aweights=weight)
    spread = np.sqrt(np.diag(covariance))
    return variance_inflation(np.asarray(covariance / np.outer(spread, spread)))
