"""Bins for an amount, such as the loss given default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option, check_real
from riskkit.binning._delegated import DelegatedBinner, read_outcome
from riskkit.exceptions import InvalidTargetError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit.artifact import FeatureSpec
    from riskkit.binning._optbinning import Solution
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["ContinuousBinner", "ContinuousTable"]

_ENCODINGS = ("mean", "ordinal")
_LARGEST = 1e150  # squares of larger numbers overflow
_TRENDS = (
    "auto",
    "monotonic",
    "ascending",
    "descending",
    "peak",
    "valley",
    "concave",
    "convex",
    "none",
)
_TREND_WORDS = {"none": None, "monotonic": "auto_asc_desc"}


@dataclass(frozen=True, eq=False)
class ContinuousTable:
    """Bins of one feature with the rows and the target's mean and spread in each.

    Every array has one entry for each bin of `feature`; the mean of a bin without rows
    is that of all, its deviation NaN.
    """

    feature: FeatureSpec
    n: FloatArray
    mean: FloatArray
    std: FloatArray
    status: str
    reason: str

    def frame(self, *, empty: bool = False) -> pd.DataFrame:
        """Return one row for each bin: bin, n, mean and standard deviation."""
        import pandas as pd

        rows = pd.DataFrame(
            {
                "bin": self.feature.labels,
                "n": self.n,
                "mean": self.mean,
                "std": self.std,
            }
        )
        if empty:
            return rows
        regular = np.arange(len(rows)) < self.feature.n_regular
        return rows[regular | (rows["n"] > 0)].reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return {
            "feature": self.feature.name,
            "status": self.status,
            "reason": self.reason,
            "bins": self.frame().to_dict("records"),
        }

    def _repr_html_(self) -> str:
        html: str = self.frame().to_html(index=False)
        return html


class ContinuousBinner(DelegatedBinner):
    """Bin features for a target that is an amount, by optbinning.

    The partition has the largest sum, over the bins, of the distance between the mean
    of the target in the bin and that in all rows. Missing values, special codes and
    levels that were not there in training have bins of their own, in the table as in
    :meth:`transform`.

    Parameters
    ----------
    encode : {"mean", "ordinal"}, default="mean"
        What :meth:`transform` emits: the mean of the target in the bin (in units of
        the target; that of all rows where training had none), or the bin's number.

    trend : str, default="auto"
        Shape of the mean over the bins of a numeric feature: ``ascending``,
        ``descending``, ``peak``, ``valley``, ``concave``, ``convex``, ``none``, or
        optbinning's guess of one (``auto``, or ``monotonic``: of ascending and
        descending alone). Levels are ordered by their mean.

    max_n_bins : int, default=8
        Most regular bins.

    min_bin_size : float, default=0.05
        Least share of all rows in a regular bin.

    min_mean_diff : float, default=0.0
        Least difference between the means of neighbouring bins, in units of the
        target.

    max_pvalue : float or None, default=None
        Most p-value of Welch's t-test between the means of neighbouring bins.

    special_codes : sequence, dict or None, default=None
        As in :class:`OptimalBinner`.

    time_limit : float, default=100
        Seconds for the search of one feature.

    Attributes
    ----------
    binning_tables_ : dict of str to ContinuousTable
        Bins, counts, means and deviations of each feature.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    OptimalBinner : For events and non-events; exact, and takes weights.
    MulticlassBinner : For several classes.

    Notes
    -----
    optbinning works in millionths of the target's unit and, under a peak or valley,
    assumes means of one sign. It is therefore given the target shifted to start at 0
    and divided by a power of two; neither changes which bins are best.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.binning import ContinuousBinner
    >>> ltv = np.repeat([50.0, 70.0, 90.0, 110.0], 25)
    >>> lgd = np.repeat([0.1, 0.2, 0.3, 0.6], 25) + np.tile([-0.05, 0, 0.05, 0, 0], 20)
    >>> binner = ContinuousBinner(min_mean_diff=0.15).fit(ltv[:, None], lgd)
    >>> binner.binning_tables_["x0"].frame().round(3)
              bin     n  mean    std
    0  (-inf, 60]  25.0  0.10  0.032
    1   (60, 100]  50.0  0.25  0.059
    2  (100, inf)  25.0  0.60  0.032
    """

    _target_kind = "continuous"

    def __init__(
        self,
        encode: str = "mean",
        *,
        trend: str = "auto",
        max_n_bins: int = 8,
        min_bin_size: float = 0.05,
        min_mean_diff: float = 0.0,
        max_pvalue: float | None = None,
        special_codes: Any = None,
        time_limit: float = 100,
    ) -> None:
        self.encode = encode
        self.trend = trend
        self.max_n_bins = max_n_bins
        self.min_bin_size = min_bin_size
        self.min_mean_diff = min_mean_diff
        self.max_pvalue = max_pvalue
        self.special_codes = special_codes
        self.time_limit = time_limit

    def _read_target(self, y: ArrayLike | None, n_rows: int) -> NDArray[Any]:
        values = read_outcome(y, n_rows)
        try:
            target = values.astype(np.float64)
        except (TypeError, ValueError) as error:
            msg = f"The target must hold numbers; got type {values.dtype}."
            raise InvalidTargetError(msg) from error
        if target.min() == target.max():
            msg = f"The target must vary; found one value in {n_rows} sample(s)."
            raise InvalidTargetError(msg)
        if np.abs(target).max() > _LARGEST:
            msg = f"The target must stay within {_LARGEST:g}; change its unit."
            raise InvalidTargetError(msg)
        return target

    def _target_to_solve(self, y: NDArray[Any]) -> NDArray[Any]:
        shifted: NDArray[Any] = (y - y.min()) / _unit(y)
        return shifted

    def _options(self, y: NDArray[Any]) -> dict[str, Any]:
        size = float(self.min_bin_size)
        return {
            "min_bin_size": size or None,
            "min_prebin_size": min(size, 0.05) or 0.05,
            "monotonic_trend": _TREND_WORDS.get(self.trend, self.trend),
            "min_mean_diff": float(self.min_mean_diff) / _unit(y),
        }

    def _check_kind(self, name: str, kind: str) -> None:
        """Numbers and levels are both welcome."""

    def _table_of(
        self, feature: FeatureSpec, bins: CodeArray, y: NDArray[Any], found: Solution
    ) -> ContinuousTable:
        n = np.bincount(bins, minlength=feature.n_bins).astype(np.float64)
        total = np.bincount(bins, y, minlength=feature.n_bins)
        mean = np.divide(total, n, out=np.full(n.size, y.mean()), where=n > 0)
        squares = np.bincount(bins, (y - mean[bins]) ** 2, minlength=feature.n_bins)
        std = np.sqrt(np.divide(squares, n, out=np.full(n.size, np.nan), where=n > 0))
        return ContinuousTable(feature, n, mean, std, found.status, found.reason)

    def _values_of(self, table: ContinuousTable) -> FloatArray:
        if self.encode == "ordinal":
            return np.arange(table.feature.n_bins, dtype=np.float64)
        return table.mean

    def _check_params(self) -> None:
        super()._check_params()
        check_option("encode", self.encode, _ENCODINGS)
        check_option("trend", self.trend, _TRENDS)
        check_real("min_mean_diff", self.min_mean_diff, low=0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _unit(y: NDArray[Any]) -> float:
    """Return the power of two at or above the range of the target."""
    return float(2.0 ** np.ceil(np.log2(np.ptp(y))))
