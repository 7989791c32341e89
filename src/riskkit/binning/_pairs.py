"""Bins of two features together, for effects that neither shows alone."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_int, check_option, check_real, did_you_mean
from riskkit.binning._delegated import warn_of_single_bins
from riskkit.binning._optbinning import PairOptions, solve_pair
from riskkit.binning._ordered import read_ordered
from riskkit.binning._pair_table import PairTable, grid_of, pair_cells, splits_of
from riskkit.binning._special import special_groups
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    RiskkitWarning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import FloatArray

__all__ = ["PairBinner"]

_ENCODINGS = ("woe", "ordinal")
_TRENDS = ("ascending", "descending", "none")


class PairBinner(TransformerMixin, BaseEstimator):
    """Bin two features together into rectangles, by optbinning.

    The rectangles have the largest information value together. Rows that are special,
    missing or unseen in either feature have bins of their own, in the table as in
    :meth:`transform`.

    Parameters
    ----------
    features : pair of str or None, default=None
        The two columns; None takes the only two, or, with a warning, the first two.

    encode : {"woe", "ordinal"}, default="woe"
        What :meth:`transform` emits: the bin's weight of evidence, or its number.

    trend : str or pair of str, default="none"
        Shape of the event rate along both features, or along each: ``ascending``,
        ``descending`` (neighbouring rectangles must differ), ``none``.

    max_n_bins : int, default=8
        Most rectangles.

    max_n_prebins : int, default=5
        Most prebins of each feature; the time grows with the fourth power.

    min_bin_size : float, default=0.05
        Least share of all rows in a rectangle.

    special_codes : sequence, dict or None, default=None
        As in :class:`OptimalBinner`; all share one bin.

    smoothing : float, default=0.5
        Accounts of the rarer class added to every bin; see
        :func:`riskkit.metrics.woe`.

    time_limit : float, default=100
        Seconds for the search.

    Attributes
    ----------
    binning_table_ : PairTable
        Bins, counts and evidence.

    features_ : tuple of two str
        The two columns.

    classes_ : ndarray of shape (2,)
        The non-event and the event label, in that order.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    OptimalBinner : Bins every feature alone; exact, and takes weights.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.binning import PairBinner
    >>> X = np.array([[a, b] for a in (1, 2) for b in (10, 20)] * 50, dtype=float)
    >>> y = (X[:, 0] == 1) ^ (X[:, 1] == 10) ^ (np.arange(200) // 4 % 10 == 0)
    >>> binner = PairBinner().fit(X, y)
    >>> binner.binning_table_.frame()[["x0", "x1", "n", "event_rate"]]
                x0          x1     n  event_rate
    0  (-inf, 1.5]  (-inf, 15]  50.0         0.1
    1  (-inf, 1.5]   (15, inf)  50.0         0.9
    2   (1.5, inf)  (-inf, 15]  50.0         0.9
    3   (1.5, inf)   (15, inf)  50.0         0.1
    """

    def __init__(
        self,
        features: Sequence[str] | None = None,
        *,
        encode: str = "woe",
        trend: str | Sequence[str] = "none",
        max_n_bins: int = 8,
        max_n_prebins: int = 5,
        min_bin_size: float = 0.05,
        special_codes: Any = None,
        smoothing: float = 0.5,
        time_limit: float = 100,
    ) -> None:
        self.features = features
        self.encode = encode
        self.trend = trend
        self.max_n_bins = max_n_bins
        self.max_n_prebins = max_n_prebins
        self.min_bin_size = min_bin_size
        self.special_codes = special_codes
        self.smoothing = smoothing
        self.time_limit = time_limit

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the rectangles, and count.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Holds the two columns; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        Returns
        -------
        self : PairBinner
            The fitted binner.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain or names no feature.
        InvalidInputError
            If `X` has one column only.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        """
        self._check_params()
        training = read_training(self, X, y, None)
        table = training.table
        names = self._chosen(table.names)
        kinds = {name: table.kind(name) for name in names}
        special = special_groups(self.special_codes, kinds)
        is_event = training.is_event.astype(np.intp)
        first, second = (
            read_ordered(
                table.column(name),
                name,
                kinds[name],
                special[name],
                is_event.astype(np.float64),
            )
            for name in names
        )
        found = solve_pair(first.x, second.x, is_event, self._options())
        low, high = found.bounds[:, [0, 2]], found.bounds[:, [1, 3]]
        features = (
            first.feature(splits_of(low[:, 0]), readable=True),
            second.feature(splits_of(low[:, 1]), readable=True),
        )
        rectangles = grid_of(features[0].n_regular, features[1].n_regular, low, high)
        bins = pair_cells(features, rectangles, table)
        self.classes_ = training.classes
        self.features_ = names
        self.binning_table_ = PairTable.count(
            features,
            rectangles,
            bins,
            is_event,
            float(self.smoothing),
            (found.status, found.reason),
        )
        if len(found.bounds) == 1:
            warn_of_single_bins({" and ".join(names): (found.status, found.reason)})
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the encoding of each row's bin.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name; extra ones are ignored.

        Returns
        -------
        Xt : ndarray of shape (n_samples, 1)
            WoE in nats, or bin numbers from 0.
        """
        check_is_fitted(self)
        table = read_features(self, X, reset=False)
        bins = self.binning_table_.assign(table)
        values = bins if self.encode == "ordinal" else self.binning_table_.woe[bins]
        return values.astype(np.float64).reshape(-1, 1)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Return the name of the only column: both features joined by a star.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used; present for scikit-learn's sake.

        Returns
        -------
        names : ndarray of shape (1,)
            The name.
        """
        check_is_fitted(self)
        return np.array(["*".join(self.features_)], dtype=object)

    def _chosen(self, names: tuple[str, ...]) -> tuple[str, str]:
        if len(names) < 2:
            msg = f"PairBinner needs two features; got {len(names)} feature(s)."
            raise InvalidInputError(msg)
        if self.features is None:
            if len(names) > 2:
                msg = (
                    f"PairBinner bins two features; of {len(names)} it takes the first "
                    f"two, {names[0]!r} and {names[1]!r}. Name them by features=."
                )
                warnings.warn(msg, RiskkitWarning, stacklevel=3)
            return names[0], names[1]
        for name in self.features:
            if name not in names:
                hint = did_you_mean(name, names)
                msg = f"features names {name!r}, which is no column.{hint}"
                raise InvalidParameterError(msg)
        return self.features[0], self.features[1]

    def _options(self) -> PairOptions:
        given = [self.trend] * 2 if isinstance(self.trend, str) else self.trend
        first, second = (None if word == "none" else word for word in given)
        return PairOptions(
            trends=(first, second),
            max_n_bins=int(self.max_n_bins),
            max_n_prebins=int(self.max_n_prebins),
            min_bin_size=float(self.min_bin_size),
            time_limit=float(self.time_limit),
        )

    def _check_params(self) -> None:
        given = self.features
        if given is not None and (
            isinstance(given, str) or len(given) != 2 or given[0] == given[1]
        ):
            msg = f"features must be two different column names or None; got {given!r}."
            raise InvalidParameterError(msg)
        check_option("encode", self.encode, _ENCODINGS)
        trends = [self.trend] * 2 if isinstance(self.trend, str) else self.trend
        for trend in trends:
            check_option("trend", trend, _TRENDS)
        if len(trends) != 2:
            msg = f"trend must be one word or two; got {self.trend!r}."
            raise InvalidParameterError(msg)
        check_int("max_n_bins", self.max_n_bins, low=2)
        check_int("max_n_prebins", self.max_n_prebins, low=2)
        check_real("min_bin_size", self.min_bin_size, low=0, high=0.5)
        check_real("smoothing", self.smoothing, low=0)
        check_real("time_limit", self.time_limit, low=0.001)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
