"""What every feature adds to the log-odds of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.notebook import rows_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from riskkit.artifact import ScalingSpec, TreeColumnSpec
    from riskkit.boosting._calibration import Calibration
    from riskkit.boosting._plan import Forest
    from riskkit.typing import FloatArray

__all__ = ["ContributionResult", "explain_codes"]


@dataclass(frozen=True, eq=False)
class ContributionResult:
    """Contributions of features that add up to the log-odds of the event.

    Parameters
    ----------
    names : tuple of str
        The features.

    base : float
        Where the sum starts: the mean log-odds of the training accounts as the trees
        see them.

    values : ndarray of shape (n_samples, n_features)
        What each feature adds, in nats; up is riskier.

    reference : ndarray of shape (n_features,)
        Mean of `values` over the accounts that reasons compare with.

    scaling : ScalingSpec
        The line from log-odds to points.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import ScalingSpec
    >>> from riskkit.boosting import ContributionResult
    >>> result = ContributionResult(
    ...     ("delays", "age"), -3.0, np.array([[0.5, -0.25]]), np.zeros(2),
    ...     ScalingSpec(20.0, 600.0, 50.0))
    >>> result.log_odds.tolist()
    [-2.75]
    """

    names: tuple[str, ...]
    base: float
    values: FloatArray
    reference: FloatArray
    scaling: ScalingSpec

    @property
    def log_odds(self) -> FloatArray:
        """The sum of each row, added from left to right."""
        total = np.full(self.values.shape[0], self.base)
        for column in self.values.T:
            total += column
        return total

    def frame(self) -> pd.DataFrame:
        """Return the base and one column for each feature, in log-odds."""
        import pandas as pd

        base = "(base)" if "base" in self.names else "base"
        columns = dict(zip(self.names, self.values.T, strict=True))
        return pd.DataFrame({base: np.full(len(self.values), self.base), **columns})

    def to_dict(self) -> dict[str, Any]:
        """Return the contributions as plain data."""
        return {
            "names": list(self.names),
            "base": self.base,
            "values": self.values.tolist(),
            "reference": self.reference.tolist(),
        }

    def _repr_html_(self) -> str:
        frame = self.frame()
        head = frame.head(10)
        rows = head.itertuples(index=False)
        title = f"What each feature adds to the log-odds of {len(frame):,} accounts"
        return rows_html(title, list(map(str, head)), rows, n_rows=len(frame))


def explain_codes(
    forest: Forest,
    columns: Sequence[TreeColumnSpec],
    n_features: int,
    intercept: float,
    calibration: Calibration,
    codes: NDArray[np.float32],
) -> tuple[float, FloatArray]:
    """Return the base, and what each feature adds to each of some coded rows.

    The library gives one contribution a column; those of a feature's value, ranks and
    states are added up in their order.
    """
    parts = forest.contributions(codes)
    values = np.zeros((codes.shape[0], n_features))
    for k, column in enumerate(columns):
        values[:, column.feature] += parts[:, k]
    base = intercept + float(parts[0, -1])
    log_odds = intercept + forest.log_odds(codes)
    return calibration.spread(base, values, log_odds)
