"""Bins for a target of several classes, such as stages or reasons of leaving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option, check_real, did_you_mean
from riskkit._kernels.evidence import evidence_terms
from riskkit.binning._delegated import DelegatedBinner, read_outcome
from riskkit.exceptions import (
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit.artifact import FeatureSpec
    from riskkit.binning._optbinning import Solution
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["MulticlassBinner", "MulticlassTable"]

_ENCODINGS = ("mean_woe", "weighted_mean_woe", "ordinal")
_TRENDS = ("auto", "monotonic", "ascending", "descending", "peak", "valley", "none")
_TREND_WORDS = {"none": None, "monotonic": "auto_asc_desc"}
_MOST_CLASSES = 100  # optbinning's limit


@dataclass(frozen=True, eq=False)
class MulticlassTable:
    """Bins of one feature with the rows and the evidence of each class.

    `counts` and `woe` have one row for each bin of `feature` and one column for each
    class. The WoE of a class takes it as the event and all others as non-events.
    """

    feature: FeatureSpec
    counts: FloatArray
    woe: FloatArray
    iv: float
    classes: tuple[Any, ...]
    status: str
    reason: str

    @property
    def n(self) -> FloatArray:
        """Rows of each bin."""
        total: FloatArray = self.counts.sum(axis=1)
        return total

    def frame(self, *, empty: bool = False) -> pd.DataFrame:
        """Return one row for each bin: bin, n, and n, rate and woe of each class."""
        import pandas as pd

        rows = pd.DataFrame({"bin": self.feature.labels, "n": self.n})
        with np.errstate(invalid="ignore"):
            rate = self.counts / self.n[:, None]
        for k, label in enumerate(self.classes):
            rows[f"n_{label}"] = self.counts[:, k]
            rows[f"rate_{label}"] = rate[:, k]
            rows[f"woe_{label}"] = self.woe[:, k]
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
            "iv": self.iv,
            "bins": self.frame().to_dict("records"),
        }

    def _repr_html_(self) -> str:
        html: str = self.frame().to_html(index=False)
        return html


class MulticlassBinner(DelegatedBinner):
    """Bin numeric features for a target of several classes, by optbinning.

    One partition serves all classes: it has the largest sum of information values,
    each class against all others. Missing values and special codes have bins of their
    own, in the table as in :meth:`transform`.

    Parameters
    ----------
    encode : {"mean_woe", "weighted_mean_woe", "ordinal"}, default="mean_woe"
        What :meth:`transform` emits: the bin's WoE averaged over the classes, the same
        weighted by the size of the classes, or its number.

    trend : str or dict, default="auto"
        Shape of each class's rate over the bins: ``ascending``, ``descending``,
        ``peak``, ``valley``, ``none``, or optbinning's guess of one (``auto``, or
        ``monotonic``: of ascending and descending alone). A dict gives it by class.

    max_n_bins : int, default=8
        Most regular bins.

    min_bin_size : float, default=0.05
        Least share of all rows in a regular bin.

    min_event_rate_diff : float, default=0.0
        Least difference between a class's rates in neighbouring bins.

    max_pvalue : float or None, default=None
        Most p-value of the z-test between a class's rates in neighbouring bins.

    special_codes : sequence, dict or None, default=None
        As in :class:`OptimalBinner`.

    smoothing : float, default=0.5
        Rows of the rarer side added to every bin; see :func:`riskkit.metrics.woe`.
        Without any, a bin that lacks a class has infinite WoE and may have no mean.

    time_limit : float, default=100
        Seconds for the search of one feature.

    Attributes
    ----------
    binning_tables_ : dict of str to MulticlassTable
        Bins, counts and evidence of each feature.

    classes_ : ndarray
        The classes, sorted.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    OptimalBinner : For events and non-events; exact, and takes weights.
    ContinuousBinner : For an amount.

    References
    ----------
    G. Navas-Palencia, "Optimal binning: mathematical programming formulation",
    arXiv:2001.08025, 2020, sec. 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.binning import MulticlassBinner
    >>> days = np.arange(300.0)
    >>> stage = np.select([days % 7 < 4 - days // 100, days % 3 < 2], [1, 2], 3)
    >>> binner = MulticlassBinner(max_n_bins=3, trend="none").fit(days[:, None], stage)
    >>> binner.binning_tables_["x0"].frame().columns.tolist()[:5]
    ['bin', 'n', 'n_1', 'rate_1', 'woe_1']
    >>> binner.transform(days[:2, None]).shape
    (2, 1)
    """

    _target_kind = "multiclass"

    def __init__(
        self,
        encode: str = "mean_woe",
        *,
        trend: str | Mapping[Any, str] = "auto",
        max_n_bins: int = 8,
        min_bin_size: float = 0.05,
        min_event_rate_diff: float = 0.0,
        max_pvalue: float | None = None,
        special_codes: Any = None,
        smoothing: float = 0.5,
        time_limit: float = 100,
    ) -> None:
        self.encode = encode
        self.trend = trend
        self.max_n_bins = max_n_bins
        self.min_bin_size = min_bin_size
        self.min_event_rate_diff = min_event_rate_diff
        self.max_pvalue = max_pvalue
        self.special_codes = special_codes
        self.smoothing = smoothing
        self.time_limit = time_limit

    def _read_target(self, y: ArrayLike | None, n_rows: int) -> NDArray[Any]:
        values = read_outcome(y, n_rows)
        try:
            classes, codes = np.unique(values, return_inverse=True)
        except TypeError as error:
            msg = "The target must hold labels of one type; got a mixture of types."
            raise InvalidTargetError(msg) from error
        fractions = values.dtype.kind == "f" and bool((classes % 1 != 0).any())
        if fractions and classes.size > 2:
            msg = (
                "Unknown label type: the target must hold classes; got continuous "
                "numbers. Use ContinuousBinner for an amount."
            )
            raise InvalidTargetError(msg)
        if not 2 <= classes.size <= _MOST_CLASSES:
            found = f"{classes.size} class{'es' * (classes.size != 1)}"
            msg = f"The target must hold 2 to {_MOST_CLASSES} classes; got {found}."
            raise InvalidTargetError(msg)
        self.classes_ = classes
        return codes

    def _target_to_solve(self, y: NDArray[Any]) -> NDArray[Any]:
        return y

    def _options(self, y: NDArray[Any]) -> dict[str, Any]:
        classes = self.classes_.tolist()
        given = self.trend
        if isinstance(given, Mapping):
            for label in given:
                if label not in classes:
                    hint = did_you_mean(label, map(str, classes))
                    msg = f"trend names {label!r}, which is no class.{hint}"
                    raise InvalidParameterError(msg)
            words = [given.get(label, "auto") for label in classes]
        else:
            words = [given] * len(classes)
        return {
            # Bins are unions of prebins, so these alone keep the least size; given
            # min_bin_size itself, optbinning's model of several classes fails.
            "min_prebin_size": max(float(self.min_bin_size), 1e-9),
            "monotonic_trend": [_TREND_WORDS.get(word, word) for word in words],
            "min_event_rate_diff": float(self.min_event_rate_diff),
        }

    def _check_kind(self, name: str, kind: str) -> None:
        if kind != "numeric":
            msg = (
                f"MulticlassBinner needs numeric features; {name!r} is {kind}. "
                "Categories have no order that serves several classes."
            )
            raise InvalidTypeError(msg)

    def _table_of(
        self, feature: FeatureSpec, bins: CodeArray, y: NDArray[Any], found: Solution
    ) -> MulticlassTable:
        k = self.classes_.size
        counts = np.bincount(bins.astype(np.intp) * k + y, minlength=feature.n_bins * k)
        table = counts.reshape(feature.n_bins, k).astype(np.float64)
        rest = table.sum(axis=1, keepdims=True) - table
        woe, terms = evidence_terms(
            table, rest, table.sum(axis=0), rest.sum(axis=0), float(self.smoothing)
        )
        iv = float(terms.sum())
        classes = tuple(self.classes_.tolist())
        return MulticlassTable(
            feature, table, woe, iv, classes, found.status, found.reason
        )

    def _values_of(self, table: MulticlassTable) -> FloatArray:
        if self.encode == "ordinal":
            return np.arange(table.feature.n_bins, dtype=np.float64)
        share = np.full(len(table.classes), 1 / len(table.classes))
        if self.encode == "weighted_mean_woe":
            share = table.counts.sum(axis=0) / table.counts.sum()
        with np.errstate(invalid="ignore"):
            mean: FloatArray = (table.woe * share).sum(axis=1)
        return mean

    def _check_params(self) -> None:
        super()._check_params()
        check_option("encode", self.encode, _ENCODINGS)
        if isinstance(self.trend, Mapping):
            for label, trend in self.trend.items():
                check_option(f"trend[{label!r}]", trend, _TRENDS)
        else:
            check_option("trend", self.trend, _TRENDS)
        check_real("min_event_rate_diff", self.min_event_rate_diff, low=0, high=1)
        check_real("smoothing", self.smoothing, low=0)
