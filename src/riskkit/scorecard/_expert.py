"""A scorecard whose points are given by people."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit._core.params import check_real
from riskkit._kernels.bins import count_bins
from riskkit.artifact import BaselineSpec, CountsSpec, assign_column
from riskkit.binning import BinningTable
from riskkit.exceptions import InvalidParameterError, NoEvidenceWarning
from riskkit.scaling import PointsScaler
from riskkit.scorecard._build import build_baseline
from riskkit.scorecard._expert_spec import build_expert_spec
from riskkit.scorecard._points_table import points_frame
from riskkit.scorecard._scoring import ScorecardPredictions, score_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit._core.frames import Table
    from riskkit.artifact import CharacteristicSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["ExpertScorecard"]


class ExpertScorecard(ScorecardPredictions):
    """A scorecard of given points: a new product, or intent from behaviour.

    Where there are no outcomes yet, people say what each bin is worth. The card is
    scored, explained, saved and served like a fitted one.

    Parameters
    ----------
    characteristics : dict of str to dict, or None, default=None
        For each column its bins and their points, in the order of the scorecard:

        - ``"edges"``: increasing interior edges of a numeric column, for bins
          ``(a, b]``; or ``"groups"``: lists of levels of a categorical one.
        - ``"points"``: one number for each bin; or ``"values"`` and ``"weight"``, for
          points of weight times value, as for counts of events.
        - ``"missing"``: points where nothing is known. To be said, never guessed.
        - ``"unseen"``: points of a level in no group, or ``"error"``; categorical
          only, and then to be said too.
        - ``"special"``: ``{label: {"codes": [...], "points": p}}``; optional.
        - ``"reason"``: text of the reason code; by default the name of the column.

    scaler : PointsScaler or None, default=None
        The line on which points stand for a PD. None stands for ``PointsScaler()``
        with the rounding that the points show; ``rounding="integer"`` refuses points
        that are not whole. Points are never rounded here.

    offset_points : float, default=0.0
        Points given to everyone.

    Attributes
    ----------
    spec_ : ScorecardSpec
        The scorecard as plain data: what is saved, served and exported.

    baseline_ : BaselineSpec
        Counts of the rows given to :meth:`fit`; zeros without rows, and no events
        without outcomes.

    binning_tables_ : dict of str to BinningTable
        Counts in the bins of each characteristic; its WoE is the points, rescaled.

    has_outcomes_ : bool
        Whether `y` was given.

    left_out_ : dict of str to str
        Columns of `X` without a place.

    classes_ : ndarray of shape (2,)
        The non-event and the event label; 0 and 1 without outcomes.

    n_rows_, n_events_ : float
        Rows and events counted, as sums of weights.

    n_features_in_ : int
        Number of features seen during :term:`fit`, or of characteristics.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings, or of characteristics.

    See Also
    --------
    ScorecardClassifier : Learns the points from outcomes.

    Notes
    -----
    The PD is ``1 / (1 + exp((points - offset) / factor))`` on the scaler's line. It is
    what the scale says about the points, not an estimate: no outcome has been seen.
    Do not price or provision by it before it was held against outcomes; then
    :class:`riskkit.calibration.LogitPlattCalibrator` turns the points' log-odds into
    estimated PDs. :meth:`fit` with outcomes counts them and moves no point.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ...     "home": {"groups": [["rents"], ["owns", "mortgage"]], "points": [5, 20],
    ...              "missing": 5, "unseen": 5},
    ...     "visits": {"edges": [0, 3], "values": [0, 1, 2], "weight": 15,
    ...                "missing": 0},
    ... }, offset_points=500).fit()
    >>> X = pd.DataFrame({"age": [22, 50], "home": ["owns", "rents"],
    ...                   "visits": [4, None]})
    >>> card.predict_points(X).tolist()
    [560.0, 545.0]
    """

    def __init__(
        self,
        characteristics: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        scaler: PointsScaler | None = None,
        offset_points: float = 0.0,
    ) -> None:
        self.characteristics = characteristics
        self.scaler = scaler
        self.offset_points = offset_points

    def fit(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Check the card, and count the rows in its bins; no point moves.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features), optional
            The population that monitoring is to compare with.

        y : array-like of shape (n_samples,), optional
            Outcomes to count, if there are any; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        Returns
        -------
        self : ExpertScorecard
            The scorecard, ready to score.

        Raises
        ------
        InvalidParameterError
            If bins overlap, points are missing or not finite, or there is no `X` for
            `y`.
        InvalidInputError, InvalidTypeError
            If `X` lacks a column of the card, or holds text where numbers belong.
        InvalidTargetError
            If `y` does not hold exactly two classes.
        """
        check_real("offset_points", self.offset_points)
        if self.scaler is not None and not isinstance(self.scaler, PointsScaler):
            msg = (
                "scaler must be a PointsScaler or None; got "
                f"{type(self.scaler).__name__}."
            )
            raise InvalidParameterError(msg)
        self.spec_ = build_expert_spec(
            self.characteristics,
            float(self.offset_points),
            PointsScaler() if self.scaler is None else self.scaler,
            rounding_given=self.scaler is not None,
        )
        if not self.spec_.characteristics:
            msg = (
                "The card has no characteristics: every account gets the same points. "
                "Give characteristics."
            )
            warnings.warn(msg, NoEvidenceWarning, stacklevel=2)
        self.has_outcomes_ = y is not None
        if X is None:
            self._fit_without_rows(y, sample_weight)
            return self
        if y is None:
            table = read_features(self, X, reset=True)
            weight = read_weight(sample_weight, table.n_rows)
            is_event = np.zeros(table.n_rows, dtype=np.bool_)
            self.classes_ = np.array([0, 1])
        else:
            training = read_training(self, X, y, sample_weight)
            table, weight = training.table, training.weight
            is_event, self.classes_ = training.is_event, training.classes
        self._count(table, is_event, weight)
        return self

    @property
    def binner_(self) -> Self:
        """The object that holds the binning tables: the card itself."""
        # Reason codes and artifacts ask a fitted scorecard's binner for its tables.
        return self

    def points_table(self) -> pd.DataFrame:
        """Return the scorecard, one row for each bin of each characteristic.

        Returns
        -------
        table : DataFrame
            Columns characteristic, bin, n, n_event, event_rate, woe, log_odds,
            points; n_event and event_rate are missing without outcomes.
        """
        check_is_fitted(self)
        frame = points_frame(self.spec_, self.binning_tables_)
        if not self.has_outcomes_:
            frame[["n_event", "event_rate"]] = np.nan
        return frame

    def _fit_without_rows(
        self, y: ArrayLike | None, sample_weight: ArrayLike | None
    ) -> None:
        if y is not None or sample_weight is not None:
            msg = "y and sample_weight belong to rows; got them without X. Give X too."
            raise InvalidParameterError(msg)
        names = self.spec_.features
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.classes_ = np.array([0, 1])
        self.left_out_: dict[str, str] = {}
        self.n_rows_ = self.n_events_ = 0.0
        self.binning_tables_ = {
            item.feature.name: self._table(item, *np.zeros((2, item.feature.n_bins)))
            for item in self.spec_.characteristics
        }
        self.baseline_ = BaselineSpec(
            features={
                name: CountsSpec(
                    n=tuple(t.n.tolist()), n_event=tuple(t.n_event.tolist())
                )
                for name, t in self.binning_tables_.items()
            },
            points_edges=(),
            points=CountsSpec((0.0,), (0.0,)),
        )

    def _count(
        self, table: Table, is_event: BoolArray, weight: FloatArray | None
    ) -> None:
        names = list(self.spec_.features)
        rows = table.select(names)
        self.binning_tables_ = {}
        for item in self.spec_.characteristics:
            bins = assign_column(item.feature, rows.column(item.feature.name))
            counts = count_bins(bins, is_event, item.feature.n_bins, weight)
            self.binning_tables_[item.feature.name] = self._table(item, *counts)
        self.left_out_ = {
            name: "no points were given to it"
            for name in table.names
            if name not in set(names)
        }
        mass = np.ones(table.n_rows) if weight is None else weight
        self.n_rows_ = float(mass.sum())
        self.n_events_ = float(mass[is_event].sum())
        _, points = score_table(self.spec_, table)
        self.baseline_ = build_baseline(
            list(self.binning_tables_.values()), points, is_event, weight
        )

    def _table(
        self, item: CharacteristicSpec, n_event: FloatArray, n_nonevent: FloatArray
    ) -> BinningTable:
        return BinningTable(
            feature=item.feature,
            n_event=n_event,
            n_nonevent=n_nonevent,
            woe=np.asarray(item.woe),
            smoothing=0.5,
            classes=(self.classes_[0], self.classes_[1]),
            status="manual",
        )

    def _score(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        check_is_fitted(self)
        names = self._names_to_score()
        table = read_features(self, X, reset=False, names=names)
        # An array has no names to match the card's characteristics by.
        return score_table(self.spec_, table.select(names) if names else table)

    def _names_to_score(self) -> list[str]:
        return list(self.spec_.features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True  # people's points, not learned ones
        return tags
