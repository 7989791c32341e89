"""PD by month on book from a boosted discrete-time hazard."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit._core.params import check_int, check_option
from riskkit._core.target import known_outcomes
from riskkit.boosting._blend_rows import to_frame
from riskkit.boosting._hazard import cumulative
from riskkit.boosting._hazard_baseline import relative_odds, with_odds_times
from riskkit.boosting._hazard_life_table import LifeTableResult, life_table_of
from riskkit.boosting._hazard_model import (
    check_bands,
    check_classifier,
    check_outcomes,
    fit_hazard,
    kept_rows,
    last_month,
    take_dates,
    with_month,
)
from riskkit.boosting._hazard_rows import all_months, band_ends, hazard_rows
from riskkit.boosting._hazard_spells import GAPS, Spells, read_spells
from riskkit.boosting._lgbm_classifier import LGBMPDClassifier
from riskkit.boosting._term_structure_result import TermStructureResult
from riskkit.exceptions import (
    FewEventsWarning,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit._core.frames import Table
    from riskkit.typing import FloatArray, IntArray

__all__ = ["PDTermStructure"]

# Rows scored at once: some hundred megabytes with a few dozen columns.
_CHUNK = 500_000


class PDTermStructure(ClassifierMixin, BaseEstimator):
    """PD by month on book: a hazard for each month, learned by any PD model.

    Every account counts once for each month in which it was at risk, as an event if the
    event came in that month. A PD model learns from these rows with the month as one
    more feature; its PDs are the conditional PDs by month, and the marginal and
    cumulative ones follow. Accounts may enter late and be lost from sight.

    Parameters
    ----------
    estimator : classifier or None, default=None
        Model of the hazard, with ``predict_proba``, that reads a pandas frame. None
        stands for :class:`LGBMPDClassifier`; :class:`XGBPDClassifier`,
        :class:`PDBlendClassifier` and others fit in.

    horizon : int or None, default=None
        Months on book that :meth:`predict_proba` looks ahead from the opening; None
        stands for all months learned.

    max_month : int or None, default=None
        Last month on book to learn; what happens later is left out. None takes the last
        month with an account at risk.

    bands : sequence of int or None, default=None
        Last months of bands within which the hazard is held equal, such as
        ``(1, 2, 3, 6, 12, 24)``; months after the last one are one more band. A band
        is one row an account in place of one for each month. None takes every month
        for itself.

    gaps : {"raise", "allow"}, default="raise"
        What to do where an account is not watched in months between its rows.

    random_state : int, RandomState instance or None, default=0
        Seed of the folds.

    Attributes
    ----------
    estimator_ : classifier
        The fitted model of the hazard; its last feature is ``month_on_book``.

    max_month_ : int
        Last month on book learned.

    life_table_ : LifeTableResult
        The training accounts by month on book, with the events that the model expects.

    month_odds_ : ndarray of shape (`max_month_`,)
        What the odds of `estimator_` are multiplied by in each month; see Notes.

    n_account_months_ : float
        Months at risk, as a sum of weights.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_rows_, n_events_ : float
        Rows, and events up to `max_month_`, as sums of weights.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    life_table : The PD by month on book without a model.
    riskkit.plotting.TermStructureDisplay : Its picture.

    Notes
    -----
    The likelihood of a hazard ``h(t | x)`` in discrete time is that of independent
    outcomes of account-months [1]_, so the log-loss of a classifier on these rows is
    the right loss, with late entry and censoring in place: months before `start` and
    after `end` are no rows. Censoring must not depend on the risk beyond what the
    features say. Early repayment counts as censoring: the cumulative PD is that of an
    account that is not repaid early.

    Differences between months that all accounts share are not left to the trees, whose
    penalty would shrink them. The odds of each month (or band) relative to those of all
    months, by counts, are an offset: months survived are weighted by them, and the
    fitted odds multiplied by them, as for sampling at a known rate [2]_. The model
    learns what the features add, and how that changes with the month.

    Months of one account never stand on both sides of a split: where the model finds
    its rounds on inner folds (`inner_cv` of the boosters), and no dates are given,
    these are folds of whole accounts. Features are taken as they are at scoring, for
    all months ahead.

    References
    ----------
    .. [1] J. D. Singer and J. B. Willett, "It's about time: using discrete-time
       survival analysis to study duration and the timing of events", Journal of
       Educational Statistics 18(2), 1993.

    .. [2] R. L. Prentice and R. Pyke, "Logistic disease incidence models and
       case-control studies", Biometrika 66(3), 1979.

    Examples
    --------
    A loan book in which most accounts are younger than a year:

    >>> import numpy as np
    >>> from riskkit.boosting import LGBMPDClassifier, PDTermStructure
    >>> from riskkit.datasets import make_loan_book
    >>> book = make_loan_book(1_500, default_rate=0.2, n_months=12, random_state=0)
    >>> seen = np.minimum(book.months_on_book, 12)
    >>> event = book.default_month <= seen
    >>> model = PDTermStructure(LGBMPDClassifier(n_rounds=60))
    >>> end = np.where(event, book.default_month, seen)
    >>> model = model.fit(book.data, event, end=end)
    >>> result = model.predict_term_structure(book.data)
    >>> result
    <TermStructureResult: 1500 rows, 11 months>
    >>> bool(np.allclose(result.survival + result.cumulative, 1))
    True

    The PD of the next six months of accounts that are three months old:

    >>> result.pd_between(3, 9).shape
    (1500,)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        horizon: int | None = None,
        max_month: int | None = None,
        bands: Any = None,
        gaps: str = "raise",
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.horizon = horizon
        self.max_month = max_month
        self.bands = bands
        self.gaps = gaps
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        end: ArrayLike | None = None,
        start: ArrayLike | None = None,
        month: ArrayLike | None = None,
        account: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        dates: Any = None,
    ) -> Self:
        """Learn the hazard from accounts, or from their months.

        Parameters
        ----------
        X : frame or array-like of shape (n_rows, n_features)
            Features, as the model of the hazard reads them.

        y : array-like of shape (n_rows,)
            Whether the row ended with the event; the larger label is the event.

        end : array-like of int of shape (n_rows,), optional
            Month on book in which the row ended, by the event or because nothing is
            known after it. The first month on book is 1; a row that ended in month 0
            says nothing.

        start : array-like of int of shape (n_rows,), optional
            Months on book that had passed when watching began; 0 by default. Accounts
            that had the event before are not among the rows, and the model knows that.

        month : array-like of int of shape (n_rows,), optional
            In place of `end` and `start`, for a panel: the month on book of each row.
            Without any of the three each row is one period, and the model is an
            ordinary PD model of that period.

        account : array-like of shape (n_rows,), optional
            Key of the account. Needed where an account has several rows: they are
            checked for overlaps, months after the event and gaps, and stay together
            in the folds.

        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row, in all of its months.

        dates : array-like of shape (n_rows,), optional
            Date of each row, such as the opening; handed to the model of the hazard,
            which then is judged on later dates.

        Returns
        -------
        self : PDTermStructure
            The fitted model.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidInputError
            If a duration is negative, an event comes before the account was opened, or
            the rows of an account overlap, have a gap, or go on after the event.
        InvalidTargetError
            If `y` does not hold two classes in the months learned.
        InvalidTypeError
            If the model has no ``predict_proba``, or cannot take weights or dates that
            are needed.
        """
        self._check_params()
        training = read_training(self, X, y, sample_weight)
        kept = kept_rows(sample_weight, y)
        spells = read_spells(
            training.is_event,
            start=start,
            end=end,
            month=month,
            account=account,
            gaps=self.gaps,
            kept=kept,
        )
        last = last_month(spells, self.max_month, self.horizon)
        spells = spells.until(last)
        ends = band_ends(self.bands, last)
        rows = hazard_rows(spells, ends)
        check_outcomes(rows.is_event, last)
        weight = training.weight
        mass = rows.n_months if weight is None else rows.n_months * weight[rows.row]
        self.classes_ = training.classes
        self.n_rows_ = training.n_rows
        self.n_events_ = float(mass[rows.is_event].sum())
        self.n_account_months_ = float(mass.sum())
        self.max_month_ = last
        self._ends = ends

        place = np.searchsorted(ends, rows.month)
        n_event, n_survived = (
            np.bincount(place[part], mass[part], minlength=ends.size).astype(float)
            for part in (rows.is_event, ~rows.is_event)
        )
        odds = relative_odds(n_event, n_survived)
        self.month_odds_ = np.repeat(odds, np.diff(ends, prepend=0))
        if dates is not None:
            dates = take_dates(dates, kept, y).iloc[rows.row].reset_index(drop=True)
        self.estimator_ = fit_hazard(
            clone(LGBMPDClassifier() if self.estimator is None else self.estimator),
            with_month(to_frame(training.table), rows.row, rows.month),
            rows.is_event,
            np.where(rows.is_event, mass, mass * odds[place]),
            account=spells.account[rows.row],
            dates=dates,
            random_state=self.random_state,
        )
        total = np.ones(spells.end.size) if weight is None else weight
        expected = self._expected(training.table, spells, total)
        self.life_table_ = life_table_of(spells, total, expected=expected)
        self._warn_of_empty_months()
        return self

    def predict_term_structure(self, X: Any) -> TermStructureResult:
        """Return the PDs by month on book of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_rows, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        result : TermStructureResult
            Conditional, marginal and cumulative PDs of the months 1 to `max_month_`.
        """
        check_is_fitted(self)
        table = read_features(self, X, reset=False)
        return TermStructureResult(self._hazards(table))

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of survival to `horizon`, and of the event (the PD).

        Parameters
        ----------
        X : frame or array-like of shape (n_rows, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        probability : ndarray of shape (n_rows, 2)
            Columns in the order of `classes_`; the second is the cumulative PD.
        """
        hazard = self.predict_term_structure(X).hazard[:, : self.horizon]
        pd = cumulative(hazard)[:, -1]
        return np.column_stack([1.0 - pd, pd])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the more probable class of each row within `horizon`.

        Parameters
        ----------
        X : frame or array-like of shape (n_rows, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        y : ndarray of shape (n_rows,)
            Labels. To decide on loans use a cut-off on the PD instead.
        """
        is_event = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_[is_event.astype(np.intp)])

    def actual_expected(
        self,
        X: Any,
        y: ArrayLike,
        *,
        end: ArrayLike | None = None,
        start: ArrayLike | None = None,
        month: ArrayLike | None = None,
        account: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> LifeTableResult:
        """Hold the PDs against accounts by month on book.

        Parameters
        ----------
        X : frame or array-like of shape (n_rows, n_features)
            Features.

        y, end, start, month, account, sample_weight : array-like
            As in :meth:`fit`. Months after `max_month_` are left out.

        Returns
        -------
        result : LifeTableResult
            With the events that the model expects among those at risk in each month.

        Raises
        ------
        InvalidInputError, InvalidParameterError, InvalidTargetError
            As :meth:`fit` does.
        """
        check_is_fitted(self)
        table = read_features(self, X, reset=False)
        classes = (self.classes_[0], self.classes_[1])
        is_event = known_outcomes(y, classes, table.n_rows)
        spells = read_spells(
            is_event, start=start, end=end, month=month, account=account, gaps=self.gaps
        ).until(self.max_month_)
        weight = read_weight(sample_weight, table.n_rows)
        weight = np.ones(table.n_rows) if weight is None else weight
        return life_table_of(
            spells, weight, expected=self._expected(table, spells, weight)
        )

    def _expected(self, table: Table, spells: Spells, weight: FloatArray) -> FloatArray:
        """Return the sum of the hazards of those at risk in each month."""
        rows = all_months(spells)
        hazard = self._score(table, rows.row, rows.month)
        return np.bincount(
            rows.month - 1,
            weight[rows.row] * hazard,
            minlength=max(1, int(spells.end.max())),
        ).astype(np.float64)

    def _hazards(self, table: Table) -> FloatArray:
        """Return the hazards of all months; those of a band are equal."""
        n_rows, n_bands = table.n_rows, self._ends.size
        hazard = self._score(
            table, np.repeat(np.arange(n_rows), n_bands), np.tile(self._ends, n_rows)
        ).reshape(n_rows, n_bands)
        return np.repeat(hazard, np.diff(self._ends, prepend=0), axis=1)

    def _score(self, table: Table, row: IntArray, month: IntArray) -> FloatArray:
        band = self._ends[np.searchsorted(self._ends, month)]
        frame = to_frame(table)
        parts = [
            self.estimator_.predict_proba(
                with_month(frame, row[k : k + _CHUNK], band[k : k + _CHUNK])
            )[:, 1]
            for k in range(0, row.size, _CHUNK)
        ]
        hazard = np.concatenate([np.asarray(part, np.float64) for part in parts])
        return with_odds_times(hazard, self.month_odds_[month - 1])

    def _check_params(self) -> None:
        check_int("horizon", self.horizon, low=1, none_allowed=True)
        check_int("max_month", self.max_month, low=1, none_allowed=True)
        check_option("gaps", self.gaps, GAPS)
        check_bands(self.bands)
        check_classifier(self.estimator)

    def _warn_of_empty_months(self) -> None:
        at_risk = np.array(self.life_table_.columns["n_at_risk"])
        empty = np.flatnonzero(at_risk == 0) + 1
        if empty.size:
            msg = (
                f"Nobody was at risk in {empty.size} of the months on book 1 to "
                f"{self.max_month_} (the first is {empty[0]}): PDs of these months are "
                "those of the months beside them. See life_table_.frame()."
            )
            warnings.warn(msg, FewEventsWarning, stacklevel=3)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
