"""What a fitted scorecard makes its builder look at twice."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from riskkit.exceptions import (
    CollinearityWarning,
    ConvergenceWarning,
    LeakageWarning,
    NoEvidenceWarning,
)

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.scorecard._policy import SelectionPolicy
    from riskkit.scorecard._weights import Weights

__all__ = ["warn_of"]

_LEVEL = 4  # of the caller of fit


def warn_of(
    weights: Weights,
    policy: SelectionPolicy,
    coefficients: pd.DataFrame,
) -> None:
    """Warn of what the fit shows; the coefficients are those of its table."""
    placed = {table.name for table in weights.tables}
    for name in policy.must_have:
        if name not in placed:
            msg = f"The must-have {name!r} has no place: {weights.left_out[name]}."
            warnings.warn(msg, NoEvidenceWarning, stacklevel=_LEVEL)
    if not placed:
        msg = (
            "No feature has a place in the scorecard: every account gets the "
            "event rate of the training rows. See left_out_ for the reasons."
        )
        warnings.warn(msg, NoEvidenceWarning, stacklevel=_LEVEL)
        return
    if weights.rows.separates(weights.log_odds()):
        _warn_of_separation(weights, policy)
    elif not weights.fit.converged:
        msg = (
            f"The fit had not settled after max_iter={policy.max_iter} steps. Raise "
            "max_iter, or l2."
        )
        warnings.warn(msg, ConvergenceWarning, stacklevel=_LEVEL)
    determined = coefficients["characteristic"][np.isinf(coefficients["vif"])].tolist()
    if determined:
        msg = (
            f"{len(determined)} characteristics determine one another: "
            f"{_shown(determined)}. How their common weight is shared among them is "
            "arbitrary: keep one, or put them in one of the groups."
        )
        warnings.warn(msg, CollinearityWarning, stacklevel=_LEVEL)


def _warn_of_separation(weights: Weights, policy: SelectionPolicy) -> None:
    alone = [
        table.name
        for table in weights.tables
        if not np.minimum(table.n_event, table.n_nonevent).any()
    ]
    if alone:
        what = f"Each of these tells every event from every non-event: {_shown(alone)}."
    else:
        what = "Together the characteristics tell every event from every non-event."
    msg = f"{what} Known only afterwards, such columns must be left out. " + (
        "The coefficients are finite thanks to the penalties alone."
        if policy.l2 > 0
        else "Without l2 no finite coefficients are the best: these are where the "
        "fit stopped."
    )
    warnings.warn(msg, LeakageWarning, stacklevel=_LEVEL + 1)


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(repr, names[:10])) + more
