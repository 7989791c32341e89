"""Cross-fitted weights of evidence: no row is encoded by its own outcome."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.frames import is_frame
from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit._core.params import check_bool
from riskkit.binning._base import BaseBinner
from riskkit.binning._folds import check_cv, read_folds, settle_kinds, take_rows
from riskkit.binning._manual import ManualBinner
from riskkit.binning._optimal import OptimalBinner
from riskkit.exceptions import InvalidParameterError, RiskkitWarning

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit._core.inputs import Training
    from riskkit.typing import FloatArray, IntArray

__all__ = ["WoECrossEncoder"]


class WoECrossEncoder(TransformerMixin, BaseEstimator):
    """Weight of evidence in which no row's own outcome takes part.

    The WoE of a bin contains the outcomes of the very rows that are then trained on,
    so a feature of many levels looks stronger in training than it is, and a model
    stacked on top believes it. Here :meth:`fit_transform` encodes each row by bins and
    WoE found on the *other* folds, as :class:`sklearn.preprocessing.TargetEncoder`
    does, while :meth:`transform` encodes new rows by a binner fitted on all rows.
    Hence ``fit_transform(X, y)`` differs from ``fit(X, y).transform(X)``: use the first
    on training rows and the second on all others, as a pipeline does by itself.

    Parameters
    ----------
    binner : OptimalBinner, another binner, or None, default=None
        How features are binned; None stands for ``OptimalBinner()``. Its `encode` is
        taken as ``"woe"``.

    cv : int, splitter or iterable, default=5
        Number of folds, with the classes in the same proportion in each; or an object
        with a ``split`` method; or pairs of rows to learn from and rows to encode.
        Each row must be encoded exactly once.

    shuffle : bool, default=True
        Whether rows are shuffled before they are dealt into a number of folds.

    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling; with an int the folds are always the same.

    Attributes
    ----------
    binner_ : OptimalBinner
        The binner fitted on all rows.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    OptimalBinner : The bins; its ``fit_transform`` encodes a row by bins that hold it.
    riskkit.scorecard.ScorecardClassifier : Needs no folds; it charges the optimism of
        the WoE to each characteristic instead.

    Notes
    -----
    Smoothing adds accounts relative to the size of the sample, so on fewer rows it
    would shrink more, and the WoE of training rows would be on another scale than that
    of new rows. The smoothing of each fold is therefore multiplied by the share of the
    rows that it learns from.

    A level that occurs in one fold alone is unseen by the binner that encodes it; it
    gets the binner's policy for unseen levels, and WoE 0 where that is an error. Only
    the fit on all rows warns of features with one bin. A ``ManualBinner`` has the same
    bins in every fold, and its WoE alone is cross-fitted.

    Each row of one fold is encoded by the same binner, but two folds by two, with
    their own edges: the encoding is not a function of the value alone.

    References
    ----------
    D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
    attributes in classification and prediction problems", SIGKDD Explorations 3(1),
    2001.

    Examples
    --------
    Levels that mean nothing look strong unless the encoding is cross-fitted:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from riskkit.binning import OptimalBinner, WoECrossEncoder
    >>> from riskkit.metrics import gini_score
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"street": rng.integers(0, 300, 2_000).astype(str)})
    >>> y = rng.random(2_000) < 0.3
    >>> in_sample = OptimalBinner().fit_transform(X, y)[:, 0]
    >>> cross_fitted = WoECrossEncoder(random_state=0).fit_transform(X, y)[:, 0]
    >>> gini_score(y, -in_sample) > 0.3
    True
    >>> abs(gini_score(y, -cross_fitted)) < 0.1
    True
    """

    def __init__(
        self,
        binner: BaseBinner | None = None,
        *,
        cv: Any = 5,
        shuffle: bool = True,
        random_state: Any = None,
    ) -> None:
        self.binner = binner
        self.cv = cv
        self.shuffle = shuffle
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the binner that encodes new rows, on all rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        groups : array-like of shape (n_samples,), optional
            Not used here: there are no folds. It stands beside that of
            :meth:`fit_transform` so that a pipeline can hand it on.

        Returns
        -------
        self : WoECrossEncoder
            The fitted encoder.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects.
        """
        self._fit_on_all(X, y, sample_weight)
        return self

    def fit_transform(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> FloatArray:
        """Fit on all rows, and encode each of them by the other folds.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row. A row of weight 0 is encoded and teaches nothing.

        groups : array-like of shape (n_samples,), optional
            Rows of one group, such as the loans of one borrower, stay in one fold.

        Returns
        -------
        Xt : ndarray of shape (n_samples, n_features)
            WoE in nats; up is safer.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, or `cv` does not encode every row
            exactly once by rows other than itself.
        InvalidTargetError
            If `y` does not hold exactly two classes, or a fold would have to learn
            from one class alone.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects.
        """
        training = self._fit_on_all(X, y, sample_weight)
        n_rows = len(np.asarray(y))
        weight = read_weight(sample_weight, n_rows)
        known = np.ones(n_rows, dtype=np.bool_) if weight is None else weight > 0
        is_event = np.zeros(n_rows, dtype=np.bool_)
        is_event[known] = training.is_event
        settled = settle_kinds(X, self.binner_.binning_tables_)
        folds = read_folds(
            self.cv,
            settled,
            is_event,
            known,
            groups,
            shuffle=self.shuffle,
            random_state=self.random_state,
        )
        Xt = np.empty((n_rows, len(self.binner_.binning_tables_)), order="F")
        for train, test in folds:
            learned = None if weight is None else weight[train]
            # Counted in rows, not events: an outcome must not reach its own encoding.
            n_learned = train.size if learned is None else float(learned.sum())
            binner = self._fold_binner(n_learned / training.n_rows)
            with warnings.catch_warnings():
                # What the fit on all rows had to say, it has said.
                warnings.simplefilter("ignore", RiskkitWarning)
                binner.fit(take_rows(settled, train), is_event[train], learned)
            Xt[test] = _encode(binner, settled, test)
        return Xt

    def transform(self, X: ArrayLike) -> FloatArray:
        """Replace every value by the WoE of its bin, by the binner of all rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            New rows. Columns of a frame are matched by name; extra ones are ignored.

        Returns
        -------
        Xt : ndarray of shape (n_samples, n_features)
            WoE in nats; up is safer.
        """
        check_is_fitted(self)
        if not is_frame(X):
            read_features(self, X, reset=False)
        return np.asarray(self.binner_.transform(X), dtype=np.float64)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[np.object_]:
        """Return the names of the encoded features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features where :term:`fit` saw none.

        Returns
        -------
        names : ndarray of str objects
            One for each column of the output.
        """
        check_is_fitted(self)
        names: NDArray[np.object_] = self.binner_.get_feature_names_out(input_features)
        return names

    def _fit_on_all(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> Training:
        self._check_params()
        training = read_training(self, X, y, sample_weight)
        self.classes_ = training.classes
        self.binner_ = self._new_binner().fit(X, y, sample_weight)
        return training

    def _new_binner(self) -> BaseBinner:
        binner: Any = OptimalBinner() if self.binner is None else clone(self.binner)
        # A container would only be taken apart again.
        binner.set_params(encode="woe").set_output(transform="default")
        return binner  # type: ignore[no-any-return]

    def _fold_binner(self, share: float) -> BaseBinner:
        binner: Any = self._new_binner()
        binner.set_params(smoothing=binner.smoothing * share)
        if binner.unseen == "error":
            binner.set_params(unseen="neutral")
        return binner  # type: ignore[no-any-return]

    def _check_params(self) -> None:
        if self.binner is not None and not isinstance(self.binner, BaseBinner):
            msg = (
                "binner must be a binner such as OptimalBinner, or None; got "
                f"{type(self.binner).__name__}."
            )
            raise InvalidParameterError(msg)
        if getattr(self.binner, "edits", None) and not isinstance(
            self.binner, ManualBinner
        ):
            msg = (
                "binner must not have edits: they name bins by their number in one "
                "fit, and every fold has bins of its own. Give the edited bins to a "
                "ManualBinner instead."
            )
            raise InvalidParameterError(msg)
        check_cv(self.cv)
        check_bool("shuffle", self.shuffle)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _encode(binner: BaseBinner, X: Any, rows: IntArray) -> FloatArray:
    return np.asarray(binner.transform(take_rows(X, rows)), dtype=np.float64)
