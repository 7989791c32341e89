"""Whether a new model is better than the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from riskkit._core.params import check_int, check_option, check_real
from riskkit._core.target import encode_event
from riskkit._kernels.multiplicity import holm
from riskkit._kernels.ranking_tests import paired_auc, z_ratio
from riskkit.decision._champion_draws import draw_means, grouped_means
from riskkit.decision._champion_result import ChampionChallengerResult
from riskkit.decision._champion_rows import MEAN_MEASURES, Pair, read_pair
from riskkit.decision._champion_verdict import judge
from riskkit.decision._outcomes import Outcomes
from riskkit.decision._rows import check_level, read_groups, read_masses
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray, IntArray

__all__ = ["champion_challenger"]

_ALL = "all"
_MEASURES = ("auc", *MEAN_MEASURES)
Cut = tuple[str, list[str], "IntArray"]


def champion_challenger(
    y: ArrayLike,
    champion: ArrayLike,
    challenger: ArrayLike,
    *,
    segments: Any = None,
    periods: Any = None,
    gain: float | ArrayLike | None = None,
    loss: float | ArrayLike | None = None,
    approval_rate: float | None = None,
    measure: str = "log_loss",
    min_improvement: float = 0.0,
    min_events: int = 20,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    n_draws: int = 1000,
    random_state: Any = 0,
) -> ChampionChallengerResult:
    """Compare the PDs of two models on the same rows, overall and by group.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Outcomes; the larger label is the event. The rows must be new to both models:
        on rows that one of them has learned from, it wins.

    champion, challenger : array-like of shape (n_rows,)
        PDs of the model in use, and of the one that might take its place.

    segments : array-like of shape (n_rows,) or mapping of such, optional
        Segment of each row; a mapping names several cuts of the rows.

    periods : array-like of shape (n_rows,), optional
        Period of each row, such as ``2024-01``.

    gain, loss : float or array-like of shape (n_rows,), optional
        What an approved non-event earns and an approved event costs, both not
        negative. With them profit per applicant is compared too.

    approval_rate : float or None, default=None
        Policy behind the profit: both models approve this share of the rows, the
        safest. None lets each approve whom it expects to earn something.

    measure : {"log_loss", "auc", "brier", "profit"}, default="log_loss"
        What decides.

    min_improvement : float, default=0.0
        Improvement of `measure` that is worth the change; the interval must lie above
        it.

    min_events : int, default=20
        Groups with fewer events, or non-events, have no interval and no say.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row; a weight of 2 is the row twice.

    level : float, default=0.95
        Level of the intervals and of what counts as no chance.

    n_draws : int, default=1000
        Random weightings behind the intervals of means.

    random_state : int, RandomState instance or None, default=0
        Seed of the weightings.

    Returns
    -------
    result : ChampionChallengerResult
        With ``.verdict``, ``.reason``, ``.concerns``, ``.frame()`` and ``.to_dict()``.

    Raises
    ------
    InvalidInputError
        If a PD is missing or outside [0, 1], or rows do not match.
    InvalidTargetError
        If outcomes are missing or not of two classes.
    InvalidParameterError
        If a parameter is outside its domain, or profit decides without gain and loss.

    See Also
    --------
    riskkit.metrics.auc_delong_test : Rankings alone.
    swap_set : Who would be approved in place of whom.

    Notes
    -----
    The difference of two AUCs is DeLong's, paired. Log-loss, Brier score and profit are
    means over rows; their intervals are quantiles of paired differences under the
    Bayesian bootstrap, their p-values those of a normal with its spread. The policy
    behind the profit is held fixed in the draws.

    The verdict asks one question, the overall improvement of `measure`, so chance alone
    names a challenger better in ``(1 - level) / 2`` of the cases. Groups are many
    questions: their p-values are adjusted by Holm's method for each measure, and they
    can speak against a challenger, not for it. That a difference is unclear does not
    mean that there is none.

    Examples
    --------
    Two models that err alike: what looks like a gain is none.

    >>> import numpy as np
    >>> from riskkit.decision import champion_challenger
    >>> rng = np.random.default_rng(1)
    >>> pd = rng.beta(1, 9, 3_000)
    >>> y = rng.random(3_000) < pd
    >>> def model():
    ...     return 1 / (1 + np.exp(-np.log(pd / (1 - pd)) - rng.normal(0, 0.3, 3_000)))
    >>> result = champion_challenger(y, model(), model(), gain=100, loss=900)
    >>> result.verdict
    'unclear'
    >>> result.frame()[["measure", "better"]].to_dict("list")
    {'measure': ['auc', 'log_loss', 'brier', 'profit'],
     'better': ['unclear', 'unclear', 'unclear', 'unclear']}
    """
    check_option("measure", measure, _MEASURES)
    check_real("min_improvement", min_improvement, low=0)
    check_real("approval_rate", approval_rate, low=0, high=1, none_allowed=True)
    check_int("min_events", min_events, low=2)
    check_int("n_draws", n_draws, low=100)
    check_level(level)
    is_event, _ = encode_event(y)
    weight = read_masses(is_event.size, sample_weight)
    everyone = np.ones(is_event.size, dtype=np.bool_)
    outcomes = Outcomes(weight, everyone, ~everyone, is_event.astype(np.float64))
    pair = read_pair(outcomes, champion, challenger, gain, loss, approval_rate)
    if measure == "profit" and "profit" not in pair.values:
        msg = (
            "measure='profit' needs gain and loss; got neither. Give what an approved "
            "non-event earns and what an approved event costs."
        )
        raise InvalidParameterError(msg)
    cuts = _read_cuts(segments, periods, is_event.size)
    columns = _compare(pair, cuts, min_events, level, n_draws, random_state)
    verdict = judge(columns, measure, min_improvement, level)
    return ChampionChallengerResult(
        verdict.word,
        verdict.reason,
        verdict.concerns,
        measure,
        {name: tuple(np.asarray(c).tolist()) for name, c in columns.items()},
        level,
    )


def _read_cuts(segments: Any, periods: Any, n_rows: int) -> list[Cut]:
    """Return the groups of rows, all of them first."""
    cuts: list[Cut] = [(_ALL, [_ALL], np.zeros(n_rows, dtype=np.intp))]
    given = segments if isinstance(segments, Mapping) else {"segment": segments}
    named = {str(name): column for name, column in given.items()}
    for name, column in {**named, "period": periods}.items():
        if column is not None:
            cuts.append((name, *read_groups(name, column, n_rows)))
    return cuts


def _compare(
    pair: Pair,
    cuts: list[Cut],
    min_events: int,
    level: float,
    n_draws: int,
    random_state: Any,
) -> dict[str, Any]:
    """Return the table of all groups and measures."""
    unions, cells, scopes, groups = _unions(cuts)
    n, n_event = (
        unions @ np.bincount(cells, pair.weight * part, minlength=unions.shape[1])
        for part in (1.0, pair.is_event)
    )
    measures = [m for m in _MEASURES if m == "auc" or m in pair.values]
    tables = [
        _compare_auc(pair, cuts, level)
        if name == "auc"
        else _compare_means(pair, name, cells, unions, level, n_draws, random_state)
        for name in measures
    ]
    # Groups outside, measures inside.
    stacked = {
        name: np.stack([table[name] for table in tables], axis=1) for name in tables[0]
    }
    few = np.minimum(n_event, n - n_event) < min_events
    unsure = few[:, None] | ~np.isfinite(stacked["improvement"])
    for name in ("low", "high", "p_value"):
        stacked[name] = np.where(unsure, np.nan, stacked[name])
    adjusted = stacked["p_value"].copy()
    for column in range(len(measures)):
        adjusted[1:, column] = holm(adjusted[1:, column])
    chance = ~(adjusted < 1.0 - level)
    low, high = stacked["low"], stacked["high"]
    better = np.select(
        [unsure, ~chance & (low > 0), ~chance & (high < 0)],
        ["not_evaluable", "challenger", "champion"],
        "unclear",
    )
    why = np.where(
        few[:, None],
        f"fewer than {min_events} events or non-events",
        np.where(unsure, "a PD of 0 or 1 against the outcome", ""),
    )

    def each(values: Any) -> Any:
        return np.repeat(np.asarray(values), len(measures))

    return {
        "scope": each(scopes),
        "group": each(groups),
        "measure": np.tile(measures, len(groups)),
        "n": each(n),
        "n_event": each(n_event),
        "champion": stacked["champion"].ravel(),
        "challenger": stacked["challenger"].ravel(),
        "improvement": stacked["improvement"].ravel(),
        "improvement_low": low.ravel(),
        "improvement_high": high.ravel(),
        "p_value": stacked["p_value"].ravel(),
        "p_adjusted": adjusted.ravel(),
        "better": better.ravel(),
        "reason": why.ravel(),
    }


def _unions(
    cuts: list[Cut],
) -> tuple[FloatArray, IntArray, list[str], list[str]]:
    """Return which cells of rows make up each group, and the cell of each row."""
    codes = np.stack([cut[2] for cut in cuts], axis=1)
    found, cells = np.unique(codes, axis=0, return_inverse=True)
    parts, scopes, groups = [], [], []
    for place, (scope, names, _) in enumerate(cuts):
        parts.append(found[:, place] == np.arange(len(names))[:, None])
        scopes += [scope] * len(names)
        groups += names
    return np.concatenate(parts).astype(float), cells.reshape(-1), scopes, groups


def _compare_means(
    pair: Pair,
    measure: str,
    cells: IntArray,
    unions: FloatArray,
    level: float,
    n_draws: int,
    random_state: Any,
) -> dict[str, FloatArray]:
    from scipy.special import ndtr

    champion, challenger, gained = (
        _means(column, pair.weight, cells, unions)
        for column in (*pair.values[measure], pair.improvement(measure))
    )
    # Each measure sees the same weightings.
    seed = check_random_state(random_state).randint(2**31 - 1)
    draws = draw_means(
        np.nan_to_num(pair.improvement(measure), posinf=0.0, neginf=0.0)[:, None],
        pair.weight,
        cells,
        unions,
        n_draws,
        np.random.default_rng(seed),
    )[..., 0]
    tail = (1.0 - level) / 2.0
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        spread = draws.std(axis=0, ddof=1)
    z = np.array([z_ratio(d, s) for d, s in zip(gained, spread, strict=True)])
    return {
        "champion": champion,
        "challenger": challenger,
        "improvement": gained,
        "low": low,
        "high": high,
        "p_value": np.asarray(2.0 * ndtr(-np.abs(z))),
    }


def _means(
    column: FloatArray, weight: FloatArray, cells: IntArray, unions: FloatArray
) -> FloatArray:
    """Return the mean in each group; infinite or NaN if a row of it is."""
    finite = np.isfinite(column)
    parts = np.column_stack([np.where(finite, column, 0.0), ~finite])
    means = grouped_means(parts, weight, cells, unions)
    worst = np.inf if not np.isnan(column).any() else np.nan
    return np.where(means[:, 1] > 0, worst, means[:, 0])


def _compare_auc(pair: Pair, cuts: list[Cut], level: float) -> dict[str, FloatArray]:
    from scipy.special import ndtr, ndtri

    rows = []
    for _, names, codes in cuts:
        for group in range(len(names)):
            inside = (codes == group) & (pair.weight > 0)
            rows.append(_paired_auc(pair, inside))
    champion, challenger, error = np.array(rows).T
    improvement = challenger - champion
    reach = float(ndtri((1.0 + level) / 2.0)) * error
    z = np.array([z_ratio(d, s) for d, s in zip(improvement, error, strict=True)])
    return {
        "champion": champion,
        "challenger": challenger,
        "improvement": improvement,
        "low": improvement - reach,
        "high": improvement + reach,
        "p_value": np.asarray(2.0 * ndtr(-np.abs(z))),
    }


def _paired_auc(pair: Pair, inside: Any) -> tuple[float, float, float]:
    """Return both AUCs and the error of their difference; NaN of a single class."""
    is_event = pair.is_event[inside]
    if is_event.all() or not is_event.any():
        return float("nan"), float("nan"), float("nan")
    first, second = (pd[inside] for pd in pair.pds)
    areas, covariance = paired_auc(first, second, is_event, pair.weight[inside])
    variance = covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]
    return float(areas[0]), float(areas[1]), float(np.sqrt(max(variance, 0.0)))
