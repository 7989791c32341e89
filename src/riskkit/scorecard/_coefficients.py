"""The table of coefficients that a reviewer asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.collinearity import variance_inflation
from riskkit._kernels.logistic_fit import Start, fit_rows
from riskkit._kernels.logistic_inference import log_likelihood, wald_tests
from riskkit._kernels.logistic_rows import LogisticRows

if TYPE_CHECKING:
    import pandas as pd

    from riskkit._core.inputs import Training
    from riskkit._kernels.logistic_fit import LogisticFit
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
    rows = LogisticRows(weights.woe, training.is_event, training.weight)
    beta = np.append(fit.intercept, fit.coefficients)
    everything = range(rows.n_columns)
    tests = wald_tests(beta, rows.information(weights.log_odds(), everything))
    frame = pd.DataFrame(
        {
            "characteristic": ["(intercept)", *(t.name for t in weights.tables)],
            "coefficient": beta,
            "std_error": tests.std_error,
            "z": tests.z,
            "p_value": tests.p_value,
            "vif": np.append(np.nan, _inflation(weights.woe, training.weight)),
            "turned": np.append(False, weights.turned),
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
    Lemeshow and Sturdivant 2013, 2.3). Both fits are without penalties, which have no
    part in a likelihood, and keep the signs that the scorecard keeps.
    """
    from scipy.special import chdtrc

    sign = np.where(weights.turned, -1.0, 1.0)
    rows = LogisticRows(
        weights.woe * sign, training.is_event, training.weight, weights.offset
    )

    def fit(columns: list[int], start: Start | None = None) -> LogisticFit:
        return fit_rows(
            rows,
            columns,
            l2=0.0,
            nonpositive=policy.signed,
            max_iter=policy.max_iter,
            start=start,
        )

    def likelihood(found: LogisticFit, columns: list[int]) -> float:
        beta = np.append(found.intercept, found.coefficients)
        log_odds = rows.log_odds(beta, columns)
        return log_likelihood(log_odds, training.is_event, training.weight)

    everything = list(range(rows.n_columns))
    full = fit(everything)
    beta = np.append(full.intercept, full.coefficients)
    information = rows.information(rows.log_odds(beta, everything), everything)
    best = likelihood(full, everything)
    gains = []
    for j in everything:
        others = [k for k in everything if k != j]
        at = [0, *(1 + k for k in others)]
        start = Start(beta[at], information[np.ix_(at, at)])
        gains.append(2.0 * (best - likelihood(fit(others, start), others)))
    return np.asarray(chdtrc(1.0, np.maximum(gains, 0.0)))


def _inflation(woe: FloatArray, weight: FloatArray | None) -> FloatArray:
    if woe.shape[1] < 2:
        return np.ones(woe.shape[1])
    if weight is None:
        return variance_inflation(np.asarray(np.corrcoef(woe, rowvar=False)))
    covariance = np.cov(woe, rowvar=False, aweights=weight)
    spread = np.sqrt(np.diag(covariance))
    return variance_inflation(np.asarray(covariance / np.outer(spread, spread)))
