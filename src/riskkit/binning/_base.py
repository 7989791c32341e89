"""What all binners share: reading, counting, encoding and reporting."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.base import (
    BaseEstimator,
    OneToOneFeatureMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.frames import numeric_column
from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_option, check_real
from riskkit._kernels.encoded_numbers import NumberEncoder, encode_short_columns
from riskkit._kernels.side_by_side import side_by_side
from riskkit.artifact import encode_column
from riskkit.binning._columns import same_numbers
from riskkit.binning._joins import pool
from riskkit.binning._replay import pin_evidence, read_edits, replay_edits
from riskkit.binning._special import special_groups
from riskkit.binning._table import BinningTable, make_table
from riskkit.exceptions import (
    InfeasibleWarning,
    SingleBinWarning,
    UnusedCodeWarning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit._core.inputs import Training
    from riskkit.artifact import SpecialGroup
    from riskkit.binning._edits import BinEdit
    from riskkit.binning._partition import FeaturePartition
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["BaseBinner"]

_ENCODINGS = ("woe", "ordinal", "event_rate")
_UNSEEN = ("neutral", "missing", "riskiest", "error")
# Rows and cells from which a second thread pays: below, its start and its turns cost
# more than its work.
_LONG, _LARGE = 50_000, 2_000_000
_NAMED = 10  # features named in a warning before it says how many more


class BaseBinner(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC):
    """Bins features and encodes the bins; a subclass says where the bins are.

    A subclass has the parameters ``encode``, ``special_codes``, ``unseen``,
    ``smoothing`` and ``edits`` and writes :meth:`_find_bins`.
    """

    encode: str
    special_codes: Any
    unseen: str
    smoothing: float
    edits: Any

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
        names = self._feature_names(training.table.names)
        kinds = {name: training.table.kind(name) for name in names}
        special = special_groups(self.special_codes, kinds)
        edits = read_edits(self.edits, list(kinds))
        found = self._find_bins(training, kinds, special)
        return self._keep(replay_edits(found, edits, training), edits)

    def _keep(
        self,
        found: dict[str, FeaturePartition],
        edits: Mapping[str, tuple[BinEdit, ...]],
    ) -> Self:
        """Set what ``fit`` learned."""
        self.binning_tables_ = {
            name: self._table_of(partition) for name, partition in found.items()
        }
        for name, changes in edits.items():
            table = self.binning_tables_[name]
            self.binning_tables_[name] = pin_evidence(table, changes)
        self.search_report_ = {name: dict(part.report) for name, part in found.items()}
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
        columns = self._feature_columns(X)
        # Columns are filled one by one, so they are laid out one after the other.
        Xt = np.empty((len(columns[0]), len(columns)), order="F")
        tables = list(self.binning_tables_.values())
        if isinstance(columns, np.ndarray) and all(
            table.feature.kind == "numeric" and not table.feature.special
            for table in tables
        ):
            edges = [table.feature.edges for table in tables]
            values = [self._values_of(table) for table in tables]
            if encode_short_columns(columns, edges, values, Xt.T):
                return Xt

        def encode(j: int, encoder: NumberEncoder) -> None:
            feature, values = tables[j].feature, self._values_of(tables[j])
            if feature.kind == "numeric":
                x = numeric_column(columns[j], feature.name)
                special = cast(
                    "list[tuple[float, ...]]", [g.codes for g in feature.special]
                )
                encoder.encode(x, feature.edges, special, values, out=Xt[:, j])
            else:
                encode_column(feature, columns[j], values, out=Xt[:, j])

        side_by_side(
            len(tables),
            lambda: NumberEncoder(len(Xt)),
            encode,
            has_helper=len(Xt) >= _LONG and Xt.size >= _LARGE,
        )
        return Xt

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the features that :meth:`transform` emits.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns of `X`, if ``fit`` saw none.

        Returns
        -------
        names : ndarray of str
            All but columns that are no features.
        """
        names = super().get_feature_names_out(input_features)
        return np.asarray(names[self._is_feature()])

    def with_edits(self, *edits: BinEdit) -> Self:
        """Return an unfitted copy that replays further edits after its next fit.

        Parameters
        ----------
        *edits : BinEdit
            Such as :class:`MergeBins` or :class:`PinWoE`; they come after those the
            binner has already.

        Returns
        -------
        binner : estimator
            A clone with the edits.
        """
        binner: Self = clone(self)
        binner.set_params(edits=(*(self.edits or ()), *edits))
        return binner

    def summary(self) -> pd.DataFrame:
        """Return one row for each feature, the strongest first.

        Returns
        -------
        summary : DataFrame
            Columns feature, kind, trend, n_bins (regular ones), iv (nats), what the
            search reports, missing_rate, status and reason.
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
                **self._report_of(name),
                "missing_rate": table.n[table.feature.missing_bin] / table.n.sum(),
                "status": table.status,
                "reason": table.reason,
            }
            for name, table in self.binning_tables_.items()
        ]
        return pd.DataFrame(rows).sort_values(
            "iv", ascending=False, kind="stable", ignore_index=True
        )

    def _feature_names(self, names: Sequence[str]) -> list[str]:
        """Return the columns that are features; a subclass may set others aside."""
        return list(names)

    def _is_feature(self) -> BoolArray:
        """Return which of the columns seen in ``fit`` are features."""
        unnamed = [f"x{j}" for j in range(self.n_features_in_)]
        names = getattr(self, "feature_names_in_", unnamed)
        return np.array([name in self.binning_tables_ for name in names], dtype=bool)

    def _feature_columns(self, X: ArrayLike) -> Sequence[Any] | FloatArray:
        """Return the raw columns of the features; others may be absent in a frame."""
        names = list(self.binning_tables_)
        if hasattr(self, "feature_names_in_"):
            numbers = same_numbers(X, names)
            if numbers is not None:
                return numbers
        columns = read_features(self, X, reset=False, names=names).columns
        if len(columns) == len(names):
            return list(columns)
        is_feature = self._is_feature()
        return [c for c, kept in zip(columns, is_feature, strict=True) if kept]

    def _report_of(self, name: str) -> dict[str, float]:
        """Return what the search reported of a feature, NaN where it did not."""
        reports: Mapping[str, Any] = getattr(self, "search_report_", {})
        keys = dict.fromkeys(key for report in reports.values() for key in report)
        return {key: reports.get(name, {}).get(key, np.nan) for key in keys}

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
            joins=partition.joins,
        )

    def _values_of(self, table: BinningTable) -> FloatArray:
        if self.encode == "woe":
            return table.woe
        if self.encode == "ordinal":
            return np.array(table.joins, dtype=np.float64)
        # The rate of a bin without accounts is that of all, as its WoE of 0 says.
        overall = table.n_event.sum() / table.n.sum()
        n_event, n = pool(table.n_event, table.joins), pool(table.n, table.joins)
        rate = np.divide(n_event, n, out=np.full(n.size, overall), where=n > 0)
        return np.asarray(rate[list(table.joins)])

    def _check_params(self) -> None:
        check_option("encode", self.encode, _ENCODINGS)
        check_option("unseen", self.unseen, _UNSEEN)
        check_real("smoothing", self.smoothing, low=0)

    def _warn(self, found: dict[str, FeaturePartition]) -> None:
        infeasible = {
            name: partition.found.reason
            for name, partition in found.items()
            if partition.found.status == "infeasible"
            # Without a single value there is nothing that a constraint could refuse.
            and partition.found.n_event.sum() + partition.found.n_nonevent.sum()
        }
        single = {
            name: partition.found.reason
            for name, partition in found.items()
            if partition.feature.n_regular == 1 and name not in infeasible
        }
        if single:
            msg = f"{len(single)} feature(s) ended in one bin: {_shown(single)}."
            warnings.warn(msg, SingleBinWarning, stacklevel=4)
        if infeasible:
            msg = (
                f"{len(infeasible)} feature(s) have one bin because no partition keeps "
                f"every constraint: {_shown(infeasible)}."
            )
            warnings.warn(msg, InfeasibleWarning, stacklevel=4)
        unused = self._unused_codes(found)
        if unused:
            msg = f"Special codes that do not occur: {'; '.join(unused)}."
            warnings.warn(msg, UnusedCodeWarning, stacklevel=4)

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


def _shown(reasons: Mapping[str, str]) -> str:
    """Return the first features with their reasons, and how many more there are."""
    shown = "; ".join(f"{n} ({r})" for n, r in list(reasons.items())[:_NAMED])
    more = len(reasons) - _NAMED
    return f"{shown}; and {more} more" if more > 0 else shown
