"""Whom to contact: gains, profit and uplift of a response score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from riskkit._core.params import check_int, check_real
from riskkit._core.target import encode_event
from riskkit.decision._curve import candidate_cutoffs
from riskkit.decision._response_curve import count_cells, draw_cells
from riskkit.decision._response_result import ResponseGainsResult
from riskkit.decision._response_tables import band_columns, curve_columns, cut_bands
from riskkit.decision._rows import check_level, read_flags, read_masses, read_score
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.decision._response_curve import ResponseCells
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["response_gains"]

_NAN = float("nan")
_STEPS = 200  # cuts of the score at which the curve and the profit are taken
_SIGNIFICANCE = 0.001  # of the check that a contact was drawn by lot


def response_gains(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    value: float | None = None,
    contact_cost: float | None = None,
    treated: ArrayLike | None = None,
    n_bands: int = 10,
    n_draws: int = 500,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    random_state: Any = 0,
) -> ResponseGainsResult:
    """Compute what contacting the best customers gains, and how many to contact.

    Any classifier gives the score: fit it with the response as the event.

    Parameters
    ----------
    y_true : array-like of shape (n_rows,)
        Whether the customer responded; the larger label is the response. The rows must
        be new to the model.

    y_score : array-like of shape (n_rows,)
        Score; up is likelier to respond, such as ``predict_proba(X)[:, 1]``. With a
        control group, up is more to be gained by a contact.

    value : float, optional
        What a response earns.

    contact_cost : float, optional
        What a contact costs. Both amounts are given, or none.

    treated : array-like of bool of shape (n_rows,), optional
        Whether the customer was contacted, drawn by lot. Then only what the contact
        brought about counts: responses beyond those of customers held out.

    n_bands : int, default=10
        Bands of the table, of equal size.

    n_draws : int, default=500
        Random weightings behind the intervals of curves, profit and depth.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row; a weight of 2 is the row twice.

    level : float, default=0.95
        Level of the intervals.

    random_state : int, RandomState instance or None, default=0
        Seed of the weightings.

    Returns
    -------
    result : ResponseGainsResult
        With ``.frame()``, ``.best_depth``, ``.profit``, ``.qini``.

    Raises
    ------
    InvalidInputError
        If a score is missing, rows do not match, or one of treated and held out is
        empty.
    InvalidTargetError
        If responses are missing or not of two classes.
    InvalidParameterError
        If one amount is given without the other, one is negative, or a parameter is
        outside its domain.

    See Also
    --------
    riskkit.metrics.lift_table : The table alone.
    choose_cutoff : The same choice for approvals.
    ab_test : Whether the contact does anything at all.
    riskkit.plotting.ResponseGainsDisplay : The curves.

    Notes
    -----
    Customers of one score are contacted together. Bands are of equal size all the same:
    a score that lies across two is divided between them in proportion. The depth is
    chosen among at most 200 cuts of the score and contacting nobody. Intervals are
    quantiles over the Bayesian bootstrap, in which every draw chooses its own depth;
    the same draws tell by how much the best of many depths looks better than it is.

    A score of who will respond is not one of whom a contact moves: the best customers
    often come anyway. Without a control group nobody can tell, and the profit counts
    all responses as if they had been earned. With one, the Qini coefficient says how
    well the score finds whom a contact moves; it can be negative where the gains look
    fine. If the share of treated customers changes with the score, they were not drawn
    by lot, which is a concern.

    References
    ----------
    N. Radcliffe, "Using control groups to target on predicted lift", Direct Marketing
    Analytics Journal, 2007.

    Examples
    --------
    Those who respond are not those whom a letter moves.

    >>> import numpy as np
    >>> from riskkit.decision import response_gains
    >>> rng = np.random.default_rng(0)
    >>> loyal, x = rng.random(20_000), rng.random(20_000)
    >>> letter = rng.random(20_000) < 0.5
    >>> came = rng.random(20_000) < 0.3 * loyal + 0.1 * letter * (x > 0.7)
    >>> by_response = response_gains(came, loyal, treated=letter)
    >>> by_uplift = response_gains(came, x, treated=letter)
    >>> by_response.qini_low > 0, by_uplift.qini_low > 0
    (False, True)
    >>> result = response_gains(came, x, treated=letter, value=50, contact_cost=2)
    >>> 0.2 < result.best_depth < 0.4
    True
    """
    check_level(level)
    check_int("n_bands", n_bands, low=1)
    check_int("n_draws", n_draws, low=100)
    responded, _ = encode_event(y_true)
    score = read_score("y_score", y_score)
    if score.size != responded.size:
        msg = (
            f"y_score must hold one score for each of the {responded.size} rows; got "
            f"{score.size}."
        )
        raise InvalidInputError(msg)
    weight = read_masses(score.size, sample_weight)
    drawn = None if treated is None else _read_treated(treated, weight)
    economics = _read_economics(value, contact_cost)

    scores, place = np.unique(score, return_inverse=True)
    each = count_cells(scores.size - 1 - place, scores.size, responded, drawn, weight)
    cutoffs = candidate_cutoffs(score, weight, "high", _STEPS)
    step = np.searchsorted(-cutoffs, -score, side="left")
    # Rows without weight may lie below the last cut; they count for nothing.
    step = np.minimum(step, cutoffs.size - 1)
    cells = count_cells(step, cutoffs.size, responded, drawn, weight)
    seed = check_random_state(random_state).randint(2**31 - 1)
    draws = draw_cells(cells, n_draws, np.random.default_rng(seed)).cumulated()
    so_far = cells.cumulated()
    profits = None
    if economics is not None:
        profits = _profit(so_far, economics), _profit(draws, economics)
    contacted = so_far.treated[-1]
    return ResponseGainsResult(
        response_rate=float(so_far.responses[-1] / contacted),
        **_best(so_far, cutoffs, profits, level),
        **_qini(so_far, draws, level),
        concerns=() if drawn is None else _check_lot(cut_bands(each, n_bands)),
        level=level,
        tables={
            "bands": band_columns(each, scores[::-1], n_bands, economics, level),
            "curve": curve_columns(so_far, draws, cutoffs, profits, level),
        },
    )


def _read_treated(treated: Any, weight: FloatArray) -> BoolArray:
    drawn = read_flags("treated", treated, weight.size)
    if not weight[drawn].any() or not weight[~drawn].any():
        msg = (
            "treated must hold customers of both kinds; got "
            f"{int(drawn.sum())} contacted and {int((~drawn).sum())} held out. Leave "
            "it out if everyone was contacted."
        )
        raise InvalidInputError(msg)
    return drawn


def _read_economics(value: Any, contact_cost: Any) -> tuple[float, float] | None:
    if value is None and contact_cost is None:
        return None
    if value is None or contact_cost is None:
        absent = "value" if value is None else "contact_cost"
        msg = (
            f"value and contact_cost belong together; got no {absent}. Give what a "
            "response earns and what a contact costs, both not negative."
        )
        raise InvalidParameterError(msg)
    check_real("value", value, low=0)
    check_real("contact_cost", contact_cost, low=0)
    return float(value), float(contact_cost)


def _profit(so_far: ResponseCells, economics: tuple[float, float]) -> FloatArray:
    value, cost = economics
    return np.asarray(value * so_far.brought - cost * so_far.size)


def _best(
    so_far: ResponseCells,
    cutoffs: FloatArray,
    profits: tuple[FloatArray, FloatArray] | None,
    level: float,
) -> dict[str, float]:
    names = ("best_depth", "best_depth_low", "best_depth_high", "best_score")
    names += ("profit", "profit_low", "profit_high", "profit_corrected")
    if profits is None:
        return dict.fromkeys(names, _NAN)
    profit, drawn = profits
    depth = so_far.size / so_far.size[-1]
    best = int(np.argmax(profit))
    each = np.argmax(drawn, axis=1)
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    # Nobody's depth lies between two cuts, so an interval ends at depths that are.
    ends = np.quantile(depth[each], tails, method="inverted_cdf")
    optimism = (drawn.max(axis=1) - profit[each]).mean()
    found = (
        depth[best],
        min(ends[0], depth[best]),
        max(ends[1], depth[best]),
        np.append(np.inf, cutoffs)[best],
        profit[best],
        *np.quantile(drawn[:, best], tails),
        profit[best] - optimism,
    )
    return dict(zip(names, map(float, found), strict=True))


def _qini(
    so_far: ResponseCells, draws: ResponseCells, level: float
) -> dict[str, float]:
    names = ("qini", "qini_low", "qini_high")
    if not so_far.has_control:
        return dict.fromkeys(names, _NAN)
    ends = np.quantile(draws.qini(), [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return dict(zip(names, map(float, (so_far.qini(), *ends)), strict=True))


def _check_lot(bands: ResponseCells) -> tuple[str, ...]:
    """Return a concern if the share of treated customers changes with the score."""
    from scipy.special import chdtrc

    share = bands.treated.sum() / bands.size.sum()
    expected = bands.size * share
    spread = expected * (1.0 - share)
    statistic = float(np.sum((bands.treated - expected) ** 2 / spread))
    p_value = float(chdtrc(bands.size.size - 1, statistic)) if len(spread) > 1 else 1.0
    if p_value >= _SIGNIFICANCE:
        return ()
    return (
        f"The share of treated customers changes with the score (p = {p_value:.1e}): "
        "they were not drawn by lot, and what looks like an effect of the contact may "
        "be the choice of whom to contact.",
    )
