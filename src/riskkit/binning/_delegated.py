"""What the binners that optbinning solves share: reading, bins, encoding, summary."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from riskkit._core.inputs import read_features
from riskkit._core.params import check_int, check_real
from riskkit._kernels.bins import take_values
from riskkit.artifact import FeatureSpec, assign_column
from riskkit.binning._optbinning import Solution, solve_column
from riskkit.binning._ordered import read_ordered
from riskkit.binning._special import special_groups
from riskkit.exceptions import (
    InfeasibleWarning,
    InvalidTargetError,
    SingleBinWarning,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import CodeArray, FloatArray

__all__ = ["DelegatedBinner", "read_outcome", "warn_of_single_bins"]

_NAMED = 10  # features named in a warning before it says how many more


class DelegatedTable(Protocol):
    """Bins of one feature, and how the search for them ended."""

    feature: FeatureSpec
    status: str
    reason: str

    @property
    def n(self) -> FloatArray:
        """Rows of each bin."""


class DelegatedBinner(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC):
    """Bins features by optbinning's splits; a subclass says for which target.

    A subclass has the parameters ``max_n_bins``, ``min_bin_size``, ``max_pvalue``,
    ``special_codes`` and ``time_limit``, and writes the abstract methods.
    """

    max_n_bins: int
    min_bin_size: float
    max_pvalue: float | None
    special_codes: Any
    time_limit: float
    binning_tables_: dict[str, Any]

    _target_kind: str

    @abstractmethod
    def _read_target(self, y: ArrayLike | None, n_rows: int) -> NDArray[Any]:
        """Check the target, and learn its classes if it has some."""

    @abstractmethod
    def _target_to_solve(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the target as optbinning is to see it."""

    @abstractmethod
    def _options(self, y: NDArray[Any]) -> dict[str, Any]:
        """Return the keywords of optbinning's class beside the shared ones."""

    @abstractmethod
    def _check_kind(self, name: str, kind: str) -> None:
        """Raise unless a feature of this kind can be binned."""

    @abstractmethod
    def _table_of(
        self, feature: FeatureSpec, bins: CodeArray, y: NDArray[Any], found: Solution
    ) -> Any:
        """Count the rows in the bins."""

    @abstractmethod
    def _values_of(self, table: Any) -> FloatArray:
        """Return what a row of each bin is encoded by."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the bins of every feature, and count.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Features; missing values are welcome.

        y : array-like of shape (n_samples,)
            Target of each row.

        Returns
        -------
        self : estimator
            The fitted binner.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` is of another kind, constant, or missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, or holds what cannot be binned.
        """
        self._check_params()
        table = read_features(self, X, reset=True)
        target = self._read_target(y, table.n_rows)
        kinds = {name: table.kind(name) for name in table.names}
        for name, kind in kinds.items():
            self._check_kind(name, kind)
        special = special_groups(self.special_codes, kinds)
        options = {**self._shared_options(), **self._options(target)}
        solved = self._target_to_solve(target)
        order = solved if solved.dtype.kind == "f" else np.zeros(table.n_rows)
        tables = {}
        for name, kind in kinds.items():
            raw = table.column(name)
            column = read_ordered(raw, name, kind, special[name], order)
            found = solve_column(self._target_kind, column.x, solved, options)
            feature = column.feature(found.splits, readable=True)
            bins = assign_column(feature, raw)
            tables[name] = self._table_of(feature, bins, target, found)
        self.binning_tables_ = tables
        warn_of_single_bins(
            {
                name: (t.status, t.reason)
                for name, t in tables.items()
                if t.feature.n_regular == 1
            }
        )
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
            Encoded bins; missing values and special codes have theirs.
        """
        check_is_fitted(self)
        table = read_features(self, X, reset=False)
        Xt = np.empty((table.n_rows, len(self.binning_tables_)), order="F")
        for j, binned in enumerate(self.binning_tables_.values()):
            bins = assign_column(binned.feature, table.columns[j])
            take_values(self._values_of(binned), bins, out=Xt[:, j])
        return Xt

    def summary(self) -> pd.DataFrame:
        """Return one row for each feature.

        Returns
        -------
        summary : DataFrame
            Columns feature, kind, n_bins (regular ones), missing_rate, status, reason.
        """
        import pandas as pd

        check_is_fitted(self)
        return pd.DataFrame(
            {
                "feature": name,
                "kind": table.feature.kind,
                "n_bins": table.feature.n_regular,
                "missing_rate": table.n[table.feature.missing_bin] / table.n.sum(),
                "status": table.status,
                "reason": table.reason,
            }
            for name, table in self.binning_tables_.items()
        )

    def _shared_options(self) -> dict[str, Any]:
        return {
            "max_n_bins": int(self.max_n_bins),
            "max_pvalue": self.max_pvalue,
            "time_limit": self.time_limit,
        }

    def _check_params(self) -> None:
        check_int("max_n_bins", self.max_n_bins, low=2)
        check_real("min_bin_size", self.min_bin_size, low=0, high=0.5)
        check_real("max_pvalue", self.max_pvalue, low=1e-12, high=1, none_allowed=True)
        check_real("time_limit", self.time_limit, low=0.001)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        return tags


def read_outcome(y: ArrayLike | None, n_rows: int) -> NDArray[Any]:
    """Check that there is one known outcome for each row."""
    if y is None:
        msg = "This estimator requires y to be passed, but the target y is None."
        raise InvalidTargetError(msg)
    if not hasattr(y, "dtype") or getattr(y, "ndim", 1) != 1:
        y = column_or_1d(np.asarray(y), warn=True)
    values = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    check_consistent_length(values, np.empty(n_rows))
    if values.dtype.kind == "f":
        n_unknown = int(np.count_nonzero(~np.isfinite(values)))
    elif values.dtype.kind == "O":
        n_unknown = sum(v is None or v != v for v in values)  # NaN differs from itself
    else:
        n_unknown = 0
    if n_unknown:
        msg = (
            f"y must be known and finite in every row; {n_unknown} of {n_rows} rows "
            "hold NaN, None or infinity. Leave those rows out."
        )
        raise InvalidTargetError(msg)
    return values


def warn_of_single_bins(ended: Mapping[str, tuple[str, str]]) -> None:
    """Warn of features in one bin, given the status and the reason of each."""
    single = {n: why for n, (status, why) in ended.items() if status != "infeasible"}
    infeasible = {n: why for n, (_, why) in ended.items() if n not in single}
    if single:
        msg = f"{len(single)} feature(s) ended in one bin: {_shown(single)}."
        warnings.warn(msg, SingleBinWarning, stacklevel=3)
    if infeasible:
        msg = (
            f"{len(infeasible)} feature(s) have one bin because no partition was found "
            f"that keeps every constraint: {_shown(infeasible)}."
        )
        warnings.warn(msg, InfeasibleWarning, stacklevel=3)


def _shown(reasons: dict[str, str]) -> str:
    shown = "; ".join(f"{n} ({why})" for n, why in list(reasons.items())[:_NAMED])
    more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return shown + more
