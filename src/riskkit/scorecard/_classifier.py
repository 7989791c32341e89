"""The scorecard: logistic regression on weights of evidence, in points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_training
from riskkit._core.progress import progress_bar
from riskkit.binning import ManualBinner
from riskkit.scorecard._build import build_spec
from riskkit.scorecard._card_rows import HeldRows, known_offset
from riskkit.scorecard._coefficients import (
    coefficient_frame,
    likelihood_ratio_pvalues,
)
from riskkit.scorecard._concerns import warn_of
from riskkit.scorecard._offset import OffsetPredictions
from riskkit.scorecard._parts import check_card, choose_binner
from riskkit.scorecard._points_layout import lay_out_points
from riskkit.scorecard._points_table import points_frame
from riskkit.scorecard._policy import read_policy
from riskkit.scorecard._streamed_rows import StreamedRows
from riskkit.scorecard._weights import fit_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit._kernels.row_sources import RowSource
    from riskkit.binning import OptimalBinner
    from riskkit.scaling import PointsScaler
    from riskkit.scorecard._card_rows import CardRows

__all__ = ["ScorecardClassifier"]

_LONG = 20_000  # rows from which a selection takes more than a few seconds


class ScorecardClassifier(OffsetPredictions):
    """Logistic regression on weights of evidence, expressed in points.

    Every feature is binned, every bin has a weight of evidence (WoE), and the
    log-odds of the event are an intercept plus a weighted sum of the WoE. No weight
    may turn a characteristic's direction round: a bin that is safer by itself never
    lowers the points, except where all bins are nearly alike (see `weak_iv`). Missing
    values, special codes and unseen levels have bins of their own, so any row can be
    scored.

    Parameters
    ----------
    binner : OptimalBinner, ManualBinner or None, default=None
        How features are binned; None stands for ``OptimalBinner(min_bin_size=0.03)``.

    scaler : PointsScaler or None, default=None
        How log-odds become points; None stands for ``PointsScaler()``.

    special_codes : sequence, dict or None, default=None
        Values that stand for a reason, as in :class:`~riskkit.binning.OptimalBinner`,
        for the default binner; a `binner` given has its own.

    min_iv : float, default=0.0
        Features with a lower information value are left out.

    weak_iv : float, default=0.02
        Information value below which a characteristic is weak, by the field's usual
        bound of no evidence [1]_: the event rates of its bins are too close to show a
        direction. Where it adds to the others beyond chance (at `p_turn`) the other way
        round, it is turned. With 0 no coefficient is ever above 0.

    p_chance : float, default=0.15
        A characteristic of which evidence as strong as its own is more probable than
        this by chance alone enters only if what it adds to the others is beyond chance
        (at `p_turn`). With 1 it need not.

    selection : {"forward", "backward", "both"} or None, default=None
        Choose characteristics step by step; ``steps_`` records each step. None weighs
        all of them, and the optimism charge alone keeps the superfluous out.

    criterion : {"bic", "aic", "pvalue", "auc"}, default="bic"
        What a step must improve: an information criterion, the p-value of the score
        test (to enter) and of Wald's test (to leave), or the AUC in training. AIC and
        BIC count ``1 + optimism * (d - 1)`` parameters for a characteristic with ``d``
        free ones (see Notes), so 0 is the textbook's one for each coefficient.

    p_enter, p_remove : float, default=0.05 and 0.1
        Bounds of the criterion ``pvalue``.

    p_turn : float, default=0.001
        Bound of the score test by which a characteristic that is weak, or within
        chance by itself, enters beside the others or is turned.

    min_auc_gain : float, default=0.001
        Least gain of the criterion ``auc`` for a characteristic to be worth its place.

    must_have, never : sequence of str, default=()
        Features that enter whatever their evidence (unless their direction would turn
        round), and features that never do.

    groups : dict of str to sequence of str, or None, default=None
        At most one characteristic of each group enters: the one the steps choose, or
        the one with the highest IV.

    signs : {"constrained", "free"}, default="constrained"
        Whether a coefficient may turn the direction of its characteristic round.
        Free signs make reasons unreliable, and switch the optimism charge off.

    pooling : float, default=20.0
        Strength of the penalty ``pooling / 2 * sum((coefficient - mean) ** 2)``, which
        draws coefficients to the mean of all (turned ones stand apart); see Notes.

    optimism : float, default=0.75
        Share of the expected optimism of the WoE that is charged to each
        characteristic; see Notes. 0 takes the WoE of the training rows at face value.

    l1 : float, default=0.0
        Further charge on every coefficient, ``l1 * abs(coefficient)``; with `l2` an
        elastic net.

    l2 : float, default=0.1
        Strength of the ridge penalty ``l2 / 2 * sum(coefficient ** 2)`` on the WoE
        coefficients; the intercept is free. Plain maximum likelihood takes free signs,
        and 0 for `l2`, `pooling` and `weak_iv`.

    likelihood_ratio : bool, default=False
        Whether ``coefficient_table_`` gets likelihood-ratio p-values, which take an
        unpenalised fit for each characteristic.

    max_iter : int, default=100
        Most Newton steps of each fit.

    verbose : bool or "auto", default="auto"
        Whether a bar on stderr follows the steps of a selection; "auto" shows it for
        many rows on a terminal. A binner has a parameter of its own.

    Attributes
    ----------
    binner_ : OptimalBinner or ManualBinner
        The fitted binner.

    spec_ : ScorecardSpec
        The scorecard as plain data: what is saved, served and exported.

    scaler_ : PointsScaler
        The fitted scaler, with the scale that holds.

    rounding_report_ : RoundingResult
        How far the points of the training rows are off their unrounded points.

    baseline_ : BaselineSpec
        Counts of the training rows in every bin and in ten bands of points.

    coefficients_ : dict of str to float
        Weight of the WoE in the log-odds of the event; above 0 only where a weak
        characteristic was turned.

    intercept_ : float
        Log-odds of the event at WoE 0.

    coefficient_table_ : DataFrame
        One row for the intercept and for each characteristic: coefficient, std_error,
        z and p_value (Wald), lr_p_value if asked for, vif, and turned.

    steps_ : list of Step
        What a stepwise search did; empty without one.

    left_out_ : dict of str to str
        Features without a place in the scorecard, and why.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_iter_ : int
        Newton steps of the last fit.

    n_passes_ : int
        Passes over rows that were not held, see :meth:`fit_source`; 0 for others.

    mean_offset_ : float
        Mean offset of the training rows; 0 without offsets.

    n_rows_, n_events_ : float
        Rows and events trained on, as sums of weights.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    riskkit.binning.OptimalBinner : The bins.
    riskkit.explain.reason_codes : Why a score is low.
    riskkit.export.save_artifact : Save the scorecard for a service.

    Notes
    -----
    If characteristics said different things, every coefficient would be -1. They
    overlap, so coefficients are smaller, but a common one remains the best guess where
    there are few rows: hence `pooling`, which fades as rows grow in number.

    The WoE of a bin contains the outcomes of the very rows it then explains. With ``d``
    numbers free to follow the outcomes, event rates and edges of bins or levels of a
    category, the covariance between outcomes and WoE is overstated by about ``d`` (the
    covariance penalty of [2]_). The fit therefore adds
    ``optimism * d * |coefficient|`` to the negative log-likelihood: thick
    characteristics are weighed less. It depends on no random folds, and keeps a weight
    of 2 equal to the row twice. Three quarters of it, with `pooling`, did best over
    five public loan sets, bare and with noise added; see the page on the method of the
    scorecard.

    An offset is what a row brings with it: an earlier score to be improved on, or the
    log of an exposure. The scorecard is what is added to it. Predictions, points and
    the saved artifact are those of a row with offset 0 unless an offset is given.

    The points of an account are the offset points, if there are any, and the points of
    its bins. Whole points are chosen together: each bin gets one of the two whole
    numbers next to its exact points, a safer bin never fewer than a riskier one of the
    same characteristic, so that the sums over the training rows come as close to the
    exact sums as a search finds. ``rounding_report_`` states how close. The PD is
    computed from the log-odds and is not rounded.

    References
    ----------
    .. [1] N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.

    .. [2] B. Efron, "The estimation of prediction error: covariance penalties and
       cross-validation", J. American Statistical Association 99(467), 2004, sec. 2.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> loans = load_sba_loans()
    >>> early = loans.dates < np.datetime64("2004-01-01")
    >>> card = ScorecardClassifier().fit(loans.data[early], loans.target[early])
    >>> card.predict_proba(loans.data[:3])[:, 1].shape
    (3,)
    >>> bool((card.predict_points(loans.data[:3]) > 0).all())
    True
    """

    def __init__(
        self,
        binner: OptimalBinner | ManualBinner | None = None,
        *,
        scaler: PointsScaler | None = None,
        special_codes: Any = None,
        min_iv: float = 0.0,
        weak_iv: float = 0.02,
        p_chance: float = 0.15,
        selection: str | None = None,
        criterion: str = "bic",
        p_enter: float = 0.05,
        p_remove: float = 0.1,
        p_turn: float = 0.001,
        min_auc_gain: float = 0.001,
        must_have: Sequence[str] = (),
        never: Sequence[str] = (),
        groups: Mapping[str, Sequence[str]] | None = None,
        signs: str = "constrained",
        pooling: float = 20.0,
        optimism: float = 0.75,
        l1: float = 0.0,
        l2: float = 0.1,
        likelihood_ratio: bool = False,
        max_iter: int = 100,
        verbose: bool | str = "auto",
    ) -> None:
        self.binner = binner
        self.scaler = scaler
        self.special_codes = special_codes
        self.min_iv = min_iv
        self.weak_iv = weak_iv
        self.p_chance = p_chance
        self.selection = selection
        self.criterion = criterion
        self.p_enter = p_enter
        self.p_remove = p_remove
        self.p_turn = p_turn
        self.min_auc_gain = min_auc_gain
        self.must_have = must_have
        self.never = never
        self.groups = groups
        self.signs = signs
        self.pooling = pooling
        self.optimism = optimism
        self.l1 = l1
        self.l2 = l2
        self.likelihood_ratio = likelihood_ratio
        self.max_iter = max_iter
        self.verbose = verbose

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Self:
        """Bin the features, weigh them and lay out the points.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        offset : array-like of shape (n_samples,), optional
            Log-odds of the event that each row brings with it. Coefficients and
            intercept are fitted on top of it; bins and WoE do not see it.

        Returns
        -------
        self : ScorecardClassifier
            The fitted scorecard.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects.
        """
        scaler, binner = check_card(self), choose_binner(self)
        training = read_training(self, X, y, sample_weight)
        rows = HeldRows(training, known_offset(offset, y, sample_weight))
        binner = binner.fit(X, y, sample_weight)
        return self._weigh(binner, scaler, rows)

    def unfitted_binner(self) -> OptimalBinner | ManualBinner:
        """Return the binner that :meth:`fit` would fit.

        Returns
        -------
        binner : OptimalBinner or ManualBinner
            A clone of `binner`, or the one that None stands for.
        """
        return choose_binner(self)

    def fit_binned(
        self,
        binner: OptimalBinner | ManualBinner,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Self:
        """Weigh the features of a binner that is fitted already.

        Parameters
        ----------
        binner : OptimalBinner or ManualBinner
            The fitted binner, which becomes ``binner_``; `binner` and `special_codes`
            of the scorecard are not used.

        X, y, sample_weight, offset
            As in :meth:`fit`: the rows that the binner was fitted to, with its event.
            Of a row only its bins matter, so rows with equal bins and outcomes may be
            one row with their number as weight.

        Returns
        -------
        self : ScorecardClassifier
            The fitted scorecard.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` lacks a feature of the binner, or holds dates or objects.

        Examples
        --------
        >>> from riskkit.binning import OptimalBinner
        >>> from riskkit.datasets import load_sba_loans
        >>> from riskkit.scorecard import ScorecardClassifier
        >>> loans = load_sba_loans()
        >>> binner = OptimalBinner().fit(loans.data, loans.target)
        >>> card = ScorecardClassifier(optimism=0.5)
        >>> card = card.fit_binned(binner, loans.data, loans.target)
        >>> card.binner_ is binner
        True
        """
        scaler = check_card(self)
        check_is_fitted(binner)
        training = read_training(self, X, y, sample_weight)
        training = training.with_event_of(binner.classes_)
        training.table.select(list(binner.binning_tables_))  # names what is missing
        rows = HeldRows(training, known_offset(offset, y, sample_weight))
        return self._weigh(binner, scaler, rows)

    def fit_source(
        self, binner: OptimalBinner | ManualBinner, source: RowSource
    ) -> Self:
        """Weigh the features of a fitted binner by rows that are not held.

        Parameters
        ----------
        binner : OptimalBinner or ManualBinner
            The fitted binner, which becomes ``binner_``.

        source : RowSource
            Brings the bins of the rows, block by block and as often as is asked, as
            :func:`riskkit.engines.fit_scorecard` does for a table of any size.

        Returns
        -------
        self : ScorecardClassifier
            The scorecard of :meth:`fit_binned` on the same rows; every Newton step is a
            pass, and ``n_passes_`` tells how many there were.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, or `selection` is not None.
        """
        scaler = check_card(self)
        check_is_fitted(binner)
        self.feature_names_in_ = np.array(source.names, dtype=object)
        self.n_features_in_ = len(source.names)
        return self._weigh(binner, scaler, StreamedRows(source))

    def _weigh(
        self,
        binner: OptimalBinner | ManualBinner,
        scaler: PointsScaler,
        rows: CardRows,
    ) -> Self:
        """Set what is learned once the bins are there."""
        self.mean_offset_ = rows.mean_offset
        self.classes_ = rows.classes
        self.binner_ = binner

        policy = read_policy(
            self, rows.names, searched=not isinstance(binner, ManualBinner)
        )
        tables = self.binner_.binning_tables_
        is_long = self.selection is not None and rows.n_held > _LONG
        with progress_bar(self.verbose, is_long=is_long) as progress:
            weights = fit_weights(rows, tables, policy, progress)
        kept, result = weights.tables, weights.fit
        self.left_out_ = weights.left_out
        self.intercept_ = result.intercept
        self.coefficients_ = {
            table.name: float(coefficient)
            for table, coefficient in zip(kept, result.coefficients, strict=True)
        }
        self.steps_ = weights.steps
        self.coefficient_table_ = coefficient_frame(
            weights,
            likelihood_ratio_pvalues(weights, policy)
            if self.likelihood_ratio
            else None,
        )
        warn_of(weights, policy, self.coefficient_table_)
        self.n_iter_ = result.n_iter
        layout = lay_out_points(kept, self.coefficients_, self.intercept_, scaler, rows)
        self.scaler_ = layout.scaler
        self.spec_ = build_spec(kept, self.coefficients_, self.intercept_, layout)
        self.rounding_report_, self.baseline_ = rows.summarise(kept, layout)
        self.n_rows_, self.n_events_ = rows.n_rows, rows.n_events
        self.n_passes_ = rows.n_passes
        return self

    def points_table(self) -> pd.DataFrame:
        """Return the scorecard, one row for each bin of each characteristic.

        Returns
        -------
        table : DataFrame
            Columns characteristic, bin, n, n_event, event_rate, woe, log_odds,
            points; points_lost to the best bin of the characteristic; and, the same in
            all its bins, neutral_points at WoE 0 and mean_points of the training rows.
            Offset points that everyone gets are the first row.
        """
        check_is_fitted(self)
        return points_frame(self.spec_, self.binner_.binning_tables_)

    def _names_to_score(self) -> list[str] | None:
        # A column that only told the binner the periods is not needed to score.
        return list(self.binner_.binning_tables_)
