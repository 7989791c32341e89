"""One column of PDs or log-odds, in whatever form it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import is_frame, numeric_column
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from riskkit._core.frames import Table
    from riskkit.typing import FloatArray

__all__ = ["SCALES", "one_column", "read_scores"]

SCALES = ("pd", "log_odds")


def one_column(X: Any) -> Any:
    """Return a frame as it is, and an array of shape (n,) or (n, 1) as (n, 1)."""
    if is_frame(X) or hasattr(X, "toarray"):
        return X
    values = np.asarray(X)
    return values[:, None] if values.ndim == 1 else values


def read_scores(table: Table, scale: str) -> FloatArray:
    """Check the one column of PDs or log-odds."""
    if len(table.names) != 1:
        msg = (
            f"X must be one column of PDs or log-odds; got {len(table.names)} columns. "
            "Give the probability of the event alone, predict_proba(...)[:, 1]."
        )
        raise InvalidInputError(msg)
    x = numeric_column(table.columns[0], table.names[0])
    n_unknown = int(np.count_nonzero(~np.isfinite(x)))
    if n_unknown:
        msg = (
            f"PDs and log-odds must be known and finite; {n_unknown} of {x.size} are "
            "NaN or infinite. Leave those rows out, or give the model behind them a "
            "way to score them."
        )
        raise InvalidInputError(msg)
    if scale == "pd":
        n_outside = int(np.count_nonzero((x < 0) | (x > 1)))
        if n_outside:
            msg = (
                f"PDs must lie in [0, 1]; {n_outside} of {x.size} do not. Log-odds "
                "and other scores that rise with risk need scale='log_odds'."
            )
            raise InvalidInputError(msg)
    return x
