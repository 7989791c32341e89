"""A scorecard whose points are given by people."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit._core.params import check_real
from riskkit.exceptions import InvalidParameterError, NoEvidenceWarning
from riskkit.scaling import PointsScaler
from riskkit.scorecard._counted import CountedScorecard
from riskkit.scorecard._expert_spec import build_expert_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

__all__ = ["ExpertScorecard"]


class ExpertScorecard(CountedScorecard):
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
          points of weight times value.
        - ``"count_to"`` and ``"weight"`` instead of edges and points, for a count of
          behaviour events: each event is worth the weight, up to so many of them.
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
    ScorecardBlend : Moves from given to learned points as outcomes arrive.
    compare_scorecards : Holds a card against another one and against outcomes.

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
    ...     "visits": {"count_to": 3, "weight": 15, "missing": 0},
    ... }, offset_points=500).fit()
    >>> X = pd.DataFrame({"age": [22, 50], "home": ["owns", "rents"],
    ...                   "visits": [4, None]})
    >>> card.predict_points(X).tolist()
    [575.0, 545.0]
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
            if y is not None or sample_weight is not None:
                msg = (
                    "y and sample_weight belong to rows; got them without X. Give X "
                    "too."
                )
                raise InvalidParameterError(msg)
            self._count_nothing()
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
        self.left_out_ = {
            name: "no points were given to it"
            for name in table.names
            if name not in set(self.spec_.features)
        }
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True  # people's points, not learned ones
        return tags
