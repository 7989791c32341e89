"""Two scorecards held against each other and against outcomes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from riskkit._core.frames import Table
from riskkit._core.inputs import read_weight
from riskkit._core.params import check_real
from riskkit._core.target import encode_event
from riskkit._kernels.bins import count_bins
from riskkit._kernels.calibration import fit_log_odds_map
from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.ranking import ks, score_counts
from riskkit._kernels.ranking_tests import paired_auc
from riskkit.artifact import ScorecardSpec, assign_column
from riskkit.exceptions import (
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.scorecard._common_bins import pair_characteristics
from riskkit.scorecard._comparison_result import (
    CardMeasures,
    ScorecardComparisonResult,
)
from riskkit.scorecard._scoring import score_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["compare_scorecards"]

_MAX_ITER = 100


def compare_scorecards(
    first: Any,
    second: Any,
    X: Any,
    y: ArrayLike,
    *,
    names: tuple[str, str] = ("first", "second"),
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> ScorecardComparisonResult:
    """Compare two fitted scorecards on the same rows: ranking, level, and bin by bin.

    The rows should be later than, or at least others than, those that either card
    learned from; a card is flattered by the rows it has seen.

    Parameters
    ----------
    first, second : fitted scorecard
        Such as an :class:`ExpertScorecard` and a :class:`ScorecardClassifier`.

    X : frame
        Rows with the columns of both cards.

    y : array-like of shape (n_samples,)
        Outcomes; the larger of two labels is the event.

    names : tuple of two str, default=("first", "second")
        What the cards are called in the result.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row; a weight of 2 equals the row twice.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : ScorecardComparisonResult
        With ``.frame()`` for the cards and ``.bins()`` for their differences.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If a card is not fitted.
    InvalidTypeError
        If something else than a scorecard is given, or a column holds the wrong kind.
    InvalidParameterError
        If the names are not two different texts, or the cards read a column as
        different kinds.
    InvalidInputError
        If `X` lacks a column of a card.
    InvalidTargetError
        If `y` lacks one of the two outcomes, or is of other rows.

    See Also
    --------
    ScorecardBlend : Averages the two.
    riskkit.decision.swap_set : Who would be decided differently.

    Notes
    -----
    AUCs and their difference have DeLong's standard errors; rows are taken as
    independent. The calibration line is fitted without a penalty.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.scorecard import (
    ...     ExpertScorecard, ScorecardClassifier, compare_scorecards)
    >>> expert = ExpertScorecard({
    ...     "inquiries": {"edges": [0, 2], "points": [20, 10, 0], "missing": 0},
    ... }, offset_points=500).fit()
    >>> book = make_loan_book(3_000, default_rate=0.1, random_state=0)
    >>> early = book.dates < book.dates[1_500]
    >>> card = ScorecardClassifier().fit(book.data[early], book.target[early])
    >>> result = compare_scorecards(
    ...     expert, card, book.data[~early], book.target[~early],
    ...     names=("expert", "fitted"))
    >>> result.frame()[["card", "auc"]].round(2).to_dict("list")
    {'card': ['expert', 'fitted'], 'auc': [0.56, 0.69]}
    >>> result.bins().query("characteristic == 'inquiries'")[
    ...     ["bin", "event_rate", "points_expert", "points_fitted"]].round(2).head(2)
            bin  event_rate  points_expert  points_fitted
    ...
    """
    specs = [_spec_of(card) for card in (first, second)]
    _check_names(names)
    check_real("level", level, low=0.0, high=1.0)
    table = Table.read(X)
    weight = read_weight(sample_weight, table.n_rows)
    mass = np.ones(table.n_rows) if weight is None else weight
    is_event = _read_events(y, table.n_rows, mass)
    scored = [score_table(s, table.select(list(s.features))) for s in specs]
    log_odds = [z for z, _ in scored]
    areas, covariance = paired_auc(log_odds[0], log_odds[1], is_event, mass)
    half = _normal_quantile(level)
    errors = np.sqrt(np.diag(covariance))
    gap = float(areas[1] - areas[0])
    spread = float(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])
    error = math.sqrt(max(spread, 0.0))
    cards = tuple(
        _measure(names[k], specs[k], scored[k], is_event, mass, float(areas[k]),
                 half * float(errors[k]))
        for k in range(2)
    )  # fmt: skip
    return ScorecardComparisonResult(
        cards=cards,
        bin_rows=tuple(_bin_rows(specs, names, table, is_event, mass)),
        auc_difference=gap,
        auc_difference_low=gap - half * error,
        auc_difference_high=gap + half * error,
        p_value=_p_value(gap, error),
        rank_correlation=_spearman(log_odds[0], log_odds[1], mass),
        level=level,
    )


def _measure(
    name: str,
    spec: ScorecardSpec,
    scored: tuple[FloatArray, FloatArray],
    is_event: BoolArray,
    weight: FloatArray,
    area: float,
    half: float,
) -> CardMeasures:
    z, points = scored
    total = float(weight.sum())
    loss = weight @ (np.logaddexp(0.0, z) - z * is_event) / total
    _, n_event, n_nonevent = score_counts(is_event, z, weight)
    line = fit_log_odds_map(
        z, is_event, weight, is_pd=False, one_slope=True, smoothing=False,
        max_iter=_MAX_ITER,
    )  # fmt: skip
    return CardMeasures(
        card=name,
        n_characteristics=len(spec.characteristics),
        auc=area,
        auc_low=max(area - half, 0.0),
        auc_high=min(area + half, 1.0),
        ks=ks(n_event, n_nonevent),
        log_loss=float(loss),
        mean_pd=float(weight @ sigmoid(z) / total),
        event_rate=float(weight[is_event].sum() / total),
        calibration_intercept=line.c,
        calibration_slope=line.a,
        mean_points=float(weight @ points / total),
    )


def _bin_rows(
    specs: list[ScorecardSpec],
    names: tuple[str, str],
    table: Table,
    is_event: BoolArray,
    weight: FloatArray,
) -> list[dict[str, Any]]:
    """Return counts and both cards' points for each bin of their common partition."""
    ratio = specs[1].scaling.pdo / specs[0].scaling.pdo
    rows: list[dict[str, Any]] = []
    for one in pair_characteristics(specs[0], specs[1]):
        bins = assign_column(one.feature, table.column(one.feature.name))
        n_event, n_nonevent = count_bins(bins, is_event, one.feature.n_bins, weight)
        n = n_event + n_nonevent
        ours = _centred(ratio * one.of_first("points"), n)
        theirs = _centred(one.of_second("points"), n)
        rows.extend(
            {
                "characteristic": one.feature.name,
                "bin": one.feature.labels[k],
                "n": float(n[k]),
                "n_event": float(n_event[k]),
                "event_rate": float(n_event[k] / n[k]),
                f"points_{names[0]}": float(ours[k]),
                f"points_{names[1]}": float(theirs[k]),
                "difference": float(theirs[k] - ours[k]),
            }
            for k in np.flatnonzero(n).tolist()
        )
    return rows


def _centred(points: FloatArray, n: FloatArray) -> FloatArray:
    """Return the distance from the mean: where a card puts its zero is arbitrary."""
    return points - float(points @ n / n.sum())


def _spearman(x: FloatArray, z: FloatArray, weight: FloatArray) -> float:
    """Return the correlation of weighted mid-ranks; NaN if a card ranks nobody."""
    first, second = _mid_ranks(x, weight), _mid_ranks(z, weight)
    cross = float(weight @ (first * second))
    size = float(weight @ first**2) * float(weight @ second**2)
    return cross / math.sqrt(size) if size > 0 else math.nan


def _mid_ranks(x: FloatArray, weight: FloatArray) -> FloatArray:
    _, codes = np.unique(x, return_inverse=True)
    n = np.bincount(codes, weight)
    ranks = (np.cumsum(n) - n / 2.0)[codes]
    return np.asarray(ranks - weight @ ranks / weight.sum())


def _p_value(gap: float, error: float) -> float:
    if gap == 0.0:
        return 1.0
    if error == 0.0:
        return 0.0
    return math.erfc(abs(gap) / error / math.sqrt(2.0))


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1.0 + level) / 2.0))


def _read_events(y: ArrayLike, n_rows: int, weight: FloatArray) -> BoolArray:
    is_event, _ = encode_event(y)
    if is_event.size != n_rows:
        msg = f"y must hold {n_rows} outcomes, one for each row; got {is_event.size}."
        raise InvalidTargetError(msg)
    if not (weight[is_event].any() and weight[~is_event].any()):
        msg = (
            "Both outcomes must have weight; one of them has none. Give rows with "
            "events and non-events."
        )
        raise InvalidTargetError(msg)
    return is_event


def _spec_of(card: Any) -> ScorecardSpec:
    if not hasattr(card, "predict_points") or isinstance(card, type):
        msg = (
            "compare_scorecards needs two fitted scorecards; got an object of type "
            f"{type(card).__name__}."
        )
        raise InvalidTypeError(msg)
    check_is_fitted(card)
    spec = card.spec_
    if not isinstance(spec, ScorecardSpec):
        msg = f"{type(card).__name__} holds no scorecard as plain data."
        raise InvalidTypeError(msg)
    return spec


def _check_names(names: Any) -> None:
    valid = (
        isinstance(names, tuple | list)
        and len(names) == 2
        and all(isinstance(name, str) and name for name in names)
        and names[0] != names[1]
    )
    if not valid:
        msg = f"names must be two different texts; got {names!r}."
        raise InvalidParameterError(msg)
