"""What all binners share: reading, counting, encoding and reporting."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_option, check_real
from riskkit._kernels.bins import take_values
from riskkit.artifact import assign_column
from riskkit.binning._special import special_groups
from riskkit.binning._table import BinningTable, make_table
from riskkit.exceptions import SingleBinWarning, UnusedCodeWarning

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit._core.inputs import Training
    from riskkit.artifact import SpecialGroup
    from riskkit.binning._partition import FeaturePartition
    from riskkit.typing import FloatArray

__all__ = ["BaseBinner"]

_ENCODINGS = ("woe", "ordinal", "event_rate")
_UNSEEN = ("neutral", "missing", "riskiest", "error")
_NAMED = 10  # features named in a warning before it says how many more


class BaseBinner(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC):
    """Bins features and encodes the bins; a subclass says where the bins are.

    A subclass has the parameters ``encode``, ``special_codes``, ``unseen`` and
    ``smoothing`` and writes :meth:`_find_bins`.
    """

    encode: str
    special_codes: Any
    unseen: str
    smoothing: float

    @abstractmethod
    def _find_bins(
        self,
        training: Training,
        kinds: Mapping[str, str],
        special: Mapping[str, tuple[SpecialGroup, ...]],
    ) -> dict[str, FeaturePartition]:
        """Return the bins of every feature with the accounts in them."""

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the bins of every feature, and count.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        Returns
        -------
        self : estimator
            The fitted binner.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain or names no feature.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects.
        """
        self._check_params()
        training = read_training(self, X, y, sample_weight)
        self.classes_ = training.classes
        kinds = {name: training.table.kind(name) for name in training.table.names}
        special = special_groups(self.special_codes, kinds)
        found = self._find_bins(training, kinds, special)
        self.binning_tables_ = {
            name: self._table_of(partition) for name, partition in found.items()
        }
        self._warn(found)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Replace every value by the encoding of its bin.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name; extra ones are ignored.

        Returns
        -------
        Xt : ndarray of shape (n_samples, n_features)
            WoE in nats, bin numbers from 0, or event rates.
        """
        check_is_fitted(self)
        table = read_features(self, X, reset=False)
        # Columns are filled one by one, so they are laid out one after the other.
        Xt = np.empty((table.n_rows, len(self.binning_tables_)), order="F")
        for j, binned in enumerate(self.binning_tables_.values()):
            bins = assign_column(binned.feature, table.columns[j])
            take_values(self._values_of(binned), bins, out=Xt[:, j])
        return Xt

    def summary(self) -> pd.DataFrame:
        """Return one row for each feature, the strongest first.

        Returns
        -------
        summary : DataFrame
            Columns feature, kind, trend, n_bins (regular ones), iv (nats),
            missing_rate, status and reason.
        """
        import pandas as pd

        check_is_fitted(self)
        rows = [
            {
                "feature": name,
                "kind": table.feature.kind,
                "trend": table.trend,
                "n_bins": table.feature.n_regular,
                "iv": table.iv,
                "missing_rate": table.n[table.feature.missing_bin] / table.n.sum(),
                "status": table.status,
                "reason": table.reason,
            }
            for name, table in self.binning_tables_.items()
        ]
        return pd.DataFrame(rows).sort_values(
            "iv", ascending=False, kind="stable", ignore_index=True
        )

    def _table_of(self, partition: FeaturePartition) -> BinningTable:
        return make_table(
            partition.feature,
            partition.n_event,
            partition.n_nonevent,
            float(self.smoothing),
            (self.classes_[0], self.classes_[1]),
            unseen=self.unseen,
            trend=partition.found.trend,
            status=partition.found.status,
            reason=partition.found.reason,
        )

    def _values_of(self, table: BinningTable) -> FloatArray:
        if self.encode == "woe":
            return table.woe
        if self.encode == "ordinal":
            return np.arange(table.feature.n_bins, dtype=np.float64)
        # The rate of a bin without accounts is that of all, as its WoE of 0 says.
        overall = table.n_event.sum() / table.n.sum()
        return np.where(table.n > 0, np.nan_to_num(table.event_rate), overall)

    def _check_params(self) -> None:
        check_option("encode", self.encode, _ENCODINGS)
        check_option("unseen", self.unseen, _UNSEEN)
        check_real("smoothing", self.smoothing, low=0)

    def _warn(self, found: dict[str, FeaturePartition]) -> None:
        single = {
            name: partition.found.reason
            for name, partition in found.items()
            if partition.feature.n_regular == 1
        }
        if single:
            shown = "; ".join(f"{n} ({r})" for n, r in list(single.items())[:_NAMED])
            more = f"; and {len(single) - _NAMED} more" if len(single) > _NAMED else ""
            msg = f"{len(single)} feature(s) ended in one bin: {shown}{more}."
            warnings.warn(msg, SingleBinWarning, stacklevel=3)
        unused = self._unused_codes(found)
        if unused:
            msg = f"Special codes that do not occur: {'; '.join(unused)}."
            warnings.warn(msg, UnusedCodeWarning, stacklevel=3)

    def _unused_codes(self, found: dict[str, FeaturePartition]) -> list[str]:
        """Name declared codes that no row holds: per feature, or in no feature."""
        if isinstance(self.special_codes, Mapping):
            return [
                f"{name}: {', '.join(map(str, partition.unused_codes))}"
                for name, partition in found.items()
                if partition.unused_codes
            ]
        declared: dict[Any, bool] = {}
        for partition in found.values():
            for group in partition.feature.special:
                for code in group.codes:
                    used = code not in partition.unused_codes
                    declared[code] = declared.get(code, False) or used
        return [str(code) for code, used in declared.items() if not used]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
