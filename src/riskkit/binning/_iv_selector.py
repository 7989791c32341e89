"""Selection of features by evidence, stability and redundancy."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted, validate_data

from riskkit._core.frames import Table, is_frame
from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit.binning._columns import drop_column, pick_columns, to_pandas
from riskkit.binning._drift import read_periods
from riskkit.binning._judge import judge_features
from riskkit.binning._judge_counts import judge_counts
from riskkit.binning._optimal import OptimalBinner
from riskkit.binning._selection import SelectionRules, check_known, report_frame
from riskkit.binning._selector_checks import check_selector, check_selector_names
from riskkit.exceptions import (
    InvalidParameterError,
    NoEvidenceWarning,
    SingleBinWarning,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.binning._base import BaseBinner
    from riskkit.binning._counted import FeatureCounts
    from riskkit.binning._drift import Periods
    from riskkit.binning._judge_counts import PairSums
    from riskkit.binning._selection import FeatureVerdict
    from riskkit.typing import BoolArray

__all__ = ["IVSelector"]


class IVSelector(SelectorMixin, BaseEstimator):
    """Keep the raw features that bring evidence, last, and do not repeat each other.

    Features are binned, judged one by one by information value and stability, then
    beside each other by the correlation and the variance inflation of their weights
    of evidence. The columns that stay are passed on raw, so that a binner or another
    model can follow in a pipeline; :meth:`report` says of every feature what was found
    and why it is kept or not.

    Parameters
    ----------
    binner : OptimalBinner, another binner, or None, default=None
        How features are binned; None stands for ``OptimalBinner()``.

    min_iv : float, default=0.02
        Least information value; 0.02 is the field's usual bound between no and weak
        evidence [1]_.

    max_iv : float or None, default=None
        Most information value. Above 0.5 the field suspects that a feature knows the
        outcome; :meth:`report` says so with or without a limit.

    max_csi : float or None, default=None
        Most characteristic stability index of a later period against the first. Needs
        `stable_over`, or `periods` in :meth:`fit`.

    stable_over : str or None, default=None
        Column of a frame that holds the period of each row. It is not binned, and not
        passed on unless `must_have` names it.

    max_correlation : float or None, default=None
        Most ``|correlation|`` of two kept features. Of each cluster of correlated
        features the one with the most evidence stays.

    correlation : {"pearson", "spearman"}, default="pearson"
        Correlation of the WoE, or of their ranks.

    linkage : {"complete", "average", "single"}, default="complete"
        When clusters are joined: all pairs, the mean, or any pair of their members
        must correlate above `max_correlation`. With ``"complete"`` a feature only
        leaves for one that it correlates with above the limit.

    max_vif : float or None, default=None
        Most variance inflation of a kept feature beside the other kept ones. Of those
        above it the one with the least evidence leaves, until none is above.

    n_features : int or None, default=None
        Most features, the strongest of those that are left.

    must_have : sequence of str, default=()
        Features that stay whatever the limits say; others must go beside them.

    never : sequence of str, default=()
        Features that never stay.

    Attributes
    ----------
    selected_ : list of str
        Names of the kept features, in the order of the columns.

    support_ : ndarray of bool of shape (`n_features_in_`,)
        Which columns are kept.

    binner_ : OptimalBinner
        The binner fitted on all features.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    OptimalBinner : The bins.
    WoECrossEncoder : Encodes what is kept, without leakage.
    riskkit.metrics.csi : The stability index.

    Notes
    -----
    The steps, in this order: `never`; `min_iv`; `max_iv`; `max_csi`; then, strongest
    first, `max_correlation`; `max_vif`; `n_features`. A feature named in `must_have`
    passes all of them and comes before the strongest. Equal evidence is decided by the
    order of the columns.

    Whatever the linkage, no two kept features correlate above `max_correlation`
    (unless both are in `must_have`): a feature stays if its cluster has no kept one
    and it is close to none that is kept.

    The limits on correlation and inflation are off by default, because they make a
    model shorter, not better: on four public loan sets a `max_correlation` of 0.7
    changed the hold-out AUC of a scorecard by 0 to -0.002, one of 0.5 by 0 to -0.007.

    The IV is that of the training rows, which includes chance: a feature of ``B`` bins
    without any evidence has one of about ``(B - 1) * (1/E + 1/N)`` for ``E`` events and
    ``N`` non-events, and more where bins were searched. In the same way, periods of
    ``n`` and ``m`` rows from one population have a CSI of about
    ``(B - 1) * (1/n + 1/m)``: choose periods of some thousand rows.

    References
    ----------
    .. [1] N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.

    Examples
    --------
    >>> from riskkit.binning import IVSelector
    >>> from riskkit.datasets import load_sba_loans
    >>> loans = load_sba_loans()
    >>> years = loans.dates.astype("datetime64[Y]")
    >>> selector = IVSelector(max_correlation=0.4, max_csi=1.0, must_have=["NewExist"])
    >>> kept = selector.fit(loans.data, loans.target, periods=years)
    >>> kept.transform(loans.data).columns.tolist() == selector.selected_
    True
    >>> "NewExist" in selector.selected_
    True
    >>> selector.report().columns.tolist()
    ['feature', 'kept', 'iv', 'iv_band', 'csi', 'cluster', 'max_correlation',
     'correlated_with', 'vif', 'reason']
    """

    def __init__(
        self,
        binner: BaseBinner | None = None,
        *,
        min_iv: float = 0.02,
        max_iv: float | None = None,
        max_csi: float | None = None,
        stable_over: str | None = None,
        max_correlation: float | None = None,
        correlation: str = "pearson",
        linkage: str = "complete",
        max_vif: float | None = None,
        n_features: int | None = None,
        must_have: Sequence[str] = (),
        never: Sequence[str] = (),
    ) -> None:
        self.binner = binner
        self.min_iv = min_iv
        self.max_iv = max_iv
        self.max_csi = max_csi
        self.stable_over = stable_over
        self.max_correlation = max_correlation
        self.correlation = correlation
        self.linkage = linkage
        self.max_vif = max_vif
        self.n_features = n_features
        self.must_have = must_have
        self.never = never

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        periods: ArrayLike | None = None,
    ) -> Self:
        """Bin, judge and select the features.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        periods : array-like of shape (n_samples,), optional
            Period of each row, such as a year, where no column of `X` holds it. Up to
            120 distinct values of one type; the first in their order is the reference.

        Returns
        -------
        self : IVSelector
            The fitted selector.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain or names no feature.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects; or if
            periods are missing, too many, or not comparable.
        """
        check_selector(self, self._rules())
        training = read_training(self, X, y, sample_weight)
        self.classes_ = training.classes
        check_selector_names(self, training.table.names, X, periods)
        read = self._read_periods(X, y, sample_weight, periods)
        self.binner_ = self._fit_binner(X, y, sample_weight)
        verdicts = judge_features(
            training,
            self.binner_.binning_tables_,
            read,
            self._rules(),
            must_have=set(self.must_have),
            never=set(self.never),
        )
        return self._keep(verdicts)

    def fit_counts(
        self,
        counts: Mapping[str, FeatureCounts],
        *,
        classes: Any = (0, 1),
        pair_sums: PairSums | None = None,
    ) -> Self:
        """Bin, judge and select features from counts of their values, without rows.

        Parameters
        ----------
        counts : dict of str to FeatureCounts
            As for :meth:`OptimalBinner.fit_counts`; with periods, stability is judged.

        classes : sequence of two labels, default=(0, 1)
            The non-event and the event label.

        pair_sums : callable, default=None
            ``pair_sums(features, values)`` is called once, with the bins of the
            features that pass by themselves and a value of each bin, and returns the
            matrix of ``sum(weight * value_j * value_k)`` over all rows. None leaves out
            what compares features: correlation, clusters and inflation.

        Returns
        -------
        self : IVSelector
            As :meth:`fit` leaves it with the rows that were counted. The column of
            `stable_over` is not among the features.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain or names no feature, the binner cannot
            be fitted to counts, a limit on correlation or inflation has no
            `pair_sums`, or one on stability no periods.
        InvalidTargetError, InvalidInputError, InvalidTypeError
            As for :meth:`OptimalBinner.fit_counts`.

        See Also
        --------
        riskkit.engines.fit_selector : Counts a table of any size.

        Examples
        --------
        >>> from riskkit.binning import FeatureCounts, IVSelector
        >>> age = FeatureCounts([25, 35, 45], n_event=[9, 5, 1], n_nonevent=[40] * 3)
        >>> coin = FeatureCounts(["h", "t"], n_event=[7, 8], n_nonevent=[60, 60])
        >>> IVSelector().fit_counts({"age": age, "coin": coin}).selected_
        ['age']
        """
        check_selector(self, self._rules())
        binner: Any = OptimalBinner() if self.binner is None else clone(self.binner)
        self._check_counts(binner, counts, pair_sums)
        binner.set_params(encode="woe")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SingleBinWarning)
            self.binner_ = binner.fit_counts(counts, classes=classes)
        self.classes_ = self.binner_.classes_
        self.feature_names_in_ = np.array(list(counts), dtype=object)
        self.n_features_in_ = len(counts)
        verdicts = judge_counts(
            counts,
            self.binner_.binning_tables_,
            self._rules(),
            pair_sums,
            must_have=set(self.must_have),
            never=set(self.never),
        )
        return self._keep(verdicts)

    def transform(self, X: ArrayLike) -> Any:
        """Return the raw columns that are kept.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            An array must have the columns seen in :term:`fit`; a frame needs those
            that are kept, which are matched by name.

        Returns
        -------
        Xt : frame or ndarray of shape (n_samples, n_selected)
            A frame for a frame, of its own library unless ``set_output`` asks for
            another, so that categories and column types survive; else an array.
        """
        check_is_fitted(self)
        if not is_frame(X):
            values = validate_data(
                self, X, reset=False, dtype=None, ensure_all_finite=False
            )
            return values[:, self.support_]
        if hasattr(self, "feature_names_in_"):
            # Picking names whatever is missing, and leaves the other columns alone.
            names = list(Table.read(X).names)
            Table.read(X).select(self.selected_)
            places = [names.index(name) for name in self.selected_]
        else:
            read_features(self, X, reset=False)  # counts the columns
            places = np.flatnonzero(self.support_).tolist()
        kept = pick_columns(X, places, self.selected_)
        return to_pandas(kept) if self._wants_pandas(kept) else kept

    def report(self) -> pd.DataFrame:
        """Return what was found of each feature, the strongest first.

        Returns
        -------
        report : DataFrame
            Columns feature, kept, iv (nats), iv_band (unpredictive below 0.02, weak
            below 0.1, medium below 0.3, strong below 0.5, else suspicious), csi (the
            largest of any period against the first), cluster (from 1), max_correlation
            (the largest ``|correlation|`` with another kept feature),
            correlated_with, vif (beside the kept features), reason. Features that left
            before they were compared with others have no cluster, correlation and vif.
        """
        check_is_fitted(self)
        return report_frame(self._verdicts)

    def _keep(self, verdicts: tuple[FeatureVerdict, ...]) -> Self:
        """Set what follows from the verdicts."""
        self._verdicts = verdicts
        self.support_ = np.array([v.kept for v in verdicts], dtype=np.bool_)
        self.selected_ = [v.feature for v in verdicts if v.kept]
        if not self.selected_:
            msg = (
                "No feature was selected; transform gives no columns. report() names "
                "the limit that each of them missed."
            )
            warnings.warn(msg, NoEvidenceWarning, stacklevel=3)
        return self

    def _check_counts(
        self, binner: Any, counts: Mapping[str, FeatureCounts], pair_sums: object
    ) -> None:
        """Raise unless the counts tell what the limits ask for."""
        if not isinstance(binner, OptimalBinner):
            msg = (
                "binner must be an OptimalBinner, or None, to be fitted to counts; got "
                f"{type(binner).__name__}."
            )
            raise InvalidParameterError(msg)
        check_known("must_have", self.must_have, list(counts))
        check_known("never", self.never, list(counts))
        compares = [
            word
            for word in ("max_correlation", "max_vif")
            if getattr(self, word) is not None
        ]
        if compares and pair_sums is None:
            msg = (
                f"{' and '.join(compares)} compare features row by row, which counts "
                "of each by itself do not tell. Give pair_sums, or the rows to "
                "riskkit.engines.fit_selector, which reads them a second time."
            )
            raise InvalidParameterError(msg)
        has_periods = all(
            getattr(own, "period", None) is not None for own in counts.values()
        )
        if not has_periods and (self.max_csi, self.stable_over) != (None, None):
            msg = (
                "max_csi and stable_over need the counts of every period; got counts "
                "without periods. Count with a period."
            )
            raise InvalidParameterError(msg)

    def _get_support_mask(self) -> BoolArray:
        check_is_fitted(self)
        return self.support_

    def _fit_binner(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> BaseBinner:
        binner: Any = OptimalBinner() if self.binner is None else clone(self.binner)
        binner.set_params(encode="woe").set_output(transform="default")
        # A binner that is to be stable over the same column needs to see it.
        needed = getattr(binner, "stable_over", None) == self.stable_over
        if self.stable_over is not None and not needed:
            X = drop_column(X, self.stable_over)
        with warnings.catch_warnings():
            # A feature of one bin is what a selector is there for; report() has it.
            warnings.simplefilter("ignore", SingleBinWarning)
            return binner.fit(X, y, sample_weight)  # type: ignore[no-any-return]

    def _read_periods(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        periods: ArrayLike | None,
    ) -> Periods | None:
        if self.stable_over is not None:
            periods = Table.read(X).column(self.stable_over)
        if periods is None:
            return None
        n_rows = len(np.asarray(y))
        weight = read_weight(sample_weight, n_rows)
        known = np.ones(n_rows, dtype=np.bool_) if weight is None else weight > 0
        return read_periods(periods, n_rows, known)

    def _wants_pandas(self, kept: Any) -> bool:
        """Return whether scikit-learn's wrapper would have to make a pandas frame.

        It refuses Arrow and makes objects of Polars columns.
        """
        # What set_output leaves on an estimator; the configuration holds for others.
        own = getattr(self, "_sklearn_output_config", {}).get("transform")
        wanted = own or get_config()["transform_output"]
        return wanted == "pandas" and not hasattr(kept, "iloc")

    def _rules(self) -> SelectionRules:
        return SelectionRules(
            min_iv=self.min_iv,
            max_iv=self.max_iv,
            max_csi=self.max_csi,
            max_correlation=self.max_correlation,
            correlation=self.correlation,
            linkage=self.linkage,
            max_vif=self.max_vif,
            n_features=self.n_features,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
