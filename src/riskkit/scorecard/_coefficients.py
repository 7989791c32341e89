"""The table of coefficients that a reviewer asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.collinearity import variance_inflation
from riskkit._kernels.logistic_fit import Start, fit_rows
from riskkit._kernels.logistic_inference import wald_tests

if TYPE_CHECKING:
    import pandas as pd

    from riskkit._kernels.logistic_fit import LogisticFit
    from riskkit.scorecard._policy import SelectionPolicy
    from riskkit.scorecard._weights import Weights
    from riskkit.typing import FloatArray

__all__ = ["coefficient_frame", "likelihood_ratio_pvalues"]


def coefficient_frame(
    weights: Weights, lr_p_value: FloatArray | None = None
) -> pd.DataFrame:
    """Return one row for the intercept and one for each characteristic."""
    import pandas as pd

    fit, rows = weights.fit, weights.rows
    beta = np.append(fit.intercept, fit.coefficients)
    # The sign of a turned column is of no consequence to standard errors.
    tests = wald_tests(beta, rows.information(weights.log_odds(), weights.chosen))
    frame = pd.DataFrame(
        {
            "characteristic": ["(intercept)", *(t.name for t in weights.tables)],
            "coefficient": beta,
            "std_error": tests.std_error,
            "z": tests.z,
            "p_value": tests.p_value,
            "vif": np.append(np.nan, _inflation(weights)),
            "turned": np.append(False, weights.turned),
        }
    )
    if lr_p_value is not None:
        frame.insert(5, "lr_p_value", np.append(np.nan, lr_p_value))
    return frame


def likelihood_ratio_pvalues(weights: Weights, policy: SelectionPolicy) -> FloatArray:
    """Return the p-value of leaving each characteristic out, the others fitted again.

    ``-2 log(L_without / L_with)`` is chi-square with one degree of freedom (Hosmer,
    Lemeshow and Sturdivant 2013, 2.3). Both fits are without penalties, which have no
    part in a likelihood, and keep the signs that the scorecard keeps.
    """
    from scipy.special import chdtrc

    rows, everything = weights.rows, weights.chosen

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
        return -rows.sums(beta, columns, information=False).loss

    full = fit(everything)
    beta = np.append(full.intercept, full.coefficients)
    information = rows.information(rows.log_odds(beta, everything), everything)
    best = likelihood(full, everything)
    gains = []
    for place in range(len(everything)):
        others = [j for k, j in enumerate(everything) if k != place]
        at = np.delete(np.arange(beta.size), 1 + place)
        start = Start(beta[at], information[np.ix_(at, at)])
        gains.append(2.0 * (best - likelihood(fit(others, start), others)))
    return np.asarray(chdtrc(1.0, np.maximum(gains, 0.0)))


def _inflation(weights: Weights) -> FloatArray:
    if len(weights.chosen) < 2:
        return np.ones(len(weights.chosen))
    return variance_inflation(weights.rows.correlation(weights.chosen))
