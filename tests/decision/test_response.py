"""Gains, profit and uplift of a response score."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from riskkit.decision import response_gains
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.metrics import lift_table

RNG = np.random.default_rng(4)
N = 4_000
SCORE = np.round(RNG.random(N), 2)
Y = RNG.random(N) < 0.3 * SCORE**2
LETTER = RNG.random(N) < 0.6
MOVED = RNG.random(N) < 0.05 + 0.25 * LETTER * SCORE


def test_bands_are_those_of_the_lift_table():
    frame = response_gains(Y, SCORE, n_bands=7).frame()
    expected = lift_table(Y, SCORE, n_bands=7).frame()
    for ours, theirs in {
        "n": "n", "n_response": "n_event", "response_rate": "event_rate",
        "lift": "lift", "min_score": "min_score", "cum_gain": "cum_event_share",
        "cum_lift": "cum_lift",
    }.items():  # fmt: skip
        assert_allclose(frame[ours], expected[theirs], err_msg=ours)
    a, b = frame["n_response"] + 0.5, frame["n"] - frame["n_response"] + 0.5
    assert_allclose(frame["response_rate_low"], stats.beta.ppf(0.025, a, b))
    assert_allclose(frame["lift_high"], stats.beta.ppf(0.975, a, b) / Y.mean())


def test_by_hand():
    y = [1, 1, 0, 1, 0, 0, 0, 0]
    result = response_gains(y, [8, 7, 6, 5, 4, 3, 2, 1], value=10, contact_cost=3,
                            n_bands=4)  # fmt: skip
    # 7, 14, 11, 18, 15, ... : four contacts earn most.
    assert result.frame()["profit"].tolist() == [14, 18, 12, 6]
    assert result.frame()["cost_per_response"].tolist() == [3, 4, 6, 8]
    assert (result.best_depth, result.best_score, result.profit) == (0.5, 5.0, 18.0)
    curve = result.frame("curve")
    assert curve["profit"].tolist() == [0, 7, 14, 11, 18, 15, 12, 9, 6]
    assert curve["gain"].tolist() == [0, 1 / 3, 2 / 3, 2 / 3, 1, 1, 1, 1, 1]
    assert result.profit_corrected < result.profit
    nobody = response_gains(y, range(8), value=1, contact_cost=3)
    assert (nobody.best_depth, nobody.best_score, nobody.profit) == (0, np.inf, 0)
    assert np.isnan(response_gains(y, range(8)).best_depth)


def slow_qini(y, score, treated, weight):
    """Return depth and Radcliffe's curve, one score after the other."""
    points = [(0.0, 0.0)]
    total = weight[treated].sum()
    for cut in sorted(set(score), reverse=True):
        inside = score >= cut
        r, n = (weight[inside & treated] @ np.c_[y[inside & treated],
                np.ones((inside & treated).sum())])  # fmt: skip
        held = inside & ~treated
        r_0, n_0 = weight[held] @ y[held], weight[held].sum()
        points.append(
            (
                weight[inside].sum() / weight.sum(),
                (r - (r_0 * n / n_0 if n_0 else 0)) / total,
            )
        )
    return np.array(points)


@given(st.integers(0, 10_000))
def test_the_qini_curve_is_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    n = 40
    score, treated = rng.integers(0, 12, n), rng.random(n) < 0.5
    y, weight = rng.random(n) < 0.4, rng.integers(1, 4, n).astype(float)
    y[:2], treated[:2] = [True, False], [True, False]
    result = response_gains(y, score, treated=treated, sample_weight=weight,
                            n_draws=100)  # fmt: skip
    points = slow_qini(y, score, treated, weight)
    curve = result.frame("curve")
    assert_allclose(curve["depth"], points[:, 0])
    assert_allclose(curve["qini"], points[:, 1], atol=1e-12)
    line = points[:, 0] * points[-1, 1]
    assert_allclose(
        result.qini, np.trapezoid(points[:, 1] - line, points[:, 0]), atol=1e-12
    )


def test_uplift_by_band_and_in_all():
    result = response_gains(MOVED, SCORE, treated=LETTER, value=40, contact_cost=5)
    frame, curve = result.frame(), result.frame("curve")
    assert frame["n_treated"].sum() == pytest.approx(LETTER.sum())
    assert frame["n_control"].sum() == pytest.approx((~LETTER).sum())
    effect = MOVED[LETTER].mean() - MOVED[~LETTER].mean()
    assert_allclose(frame["cum_brought"].iloc[-1], effect * N)
    assert_allclose(curve["profit"].iloc[-1], 40 * effect * N - 5 * N)
    assert_allclose(curve["qini"].iloc[-1], effect)
    assert (frame["uplift_low"] < frame["uplift"]).all()
    assert frame["uplift"].iloc[0] > frame["uplift"].iloc[-1]
    # A contact pays where 0.25 * score * 40 > 5.
    assert result.best_depth_low < 0.5 < result.best_depth_high
    assert result.qini_low > 0
    assert result.concerns == ()


def test_a_score_that_says_nothing_has_no_qini():
    found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        result = response_gains(rng.random(800) < 0.3, rng.random(800),
                                treated=rng.random(800) < 0.5,
                                n_draws=200)  # fmt: skip
        found += not result.qini_low < 0 < result.qini_high
    # Of 60 intervals at 95 %, more than 8 that miss would be no chance.
    assert found <= stats.binom.ppf(0.995, 60, 0.05)


def test_the_depth_and_its_profit_in_books_with_a_known_truth():
    value, cost, held, promised, corrected, earned = 10.0, 2.0, 0, [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = np.sort(rng.random(500))[::-1]
        chance = 0.4 * x
        result = response_gains(rng.random(500) < chance, x, value=value,
                                contact_cost=cost, n_draws=200)  # fmt: skip
        truth = np.mean(chance * value > cost)
        held += result.best_depth_low <= truth <= result.best_depth_high
        contacted = x >= result.best_score
        earned.append((value * chance[contacted] - cost).sum())
        promised.append(result.profit)
        corrected.append(result.profit_corrected)
    assert held >= 53
    earned, promised, corrected = map(np.mean, (earned, promised, corrected))
    assert promised > earned
    assert abs(corrected - earned) < promised - earned


def test_contacts_that_were_chosen_are_a_concern():
    chosen = RNG.random(N) < 0.2 + 0.6 * SCORE
    result = response_gains(MOVED, SCORE, treated=chosen)
    assert "were not drawn by lot" in result.concerns[0]
    assert "drawn by lot" in result._repr_html_()


def test_weights_are_rows_and_order_does_not_matter():
    weight = np.random.default_rng(0).integers(0, 3, N)
    row = np.random.default_rng(1).permutation(np.repeat(np.arange(N), weight))
    args = {"value": 20, "contact_cost": 3, "n_draws": 100}
    weighted = response_gains(
        MOVED, SCORE, treated=LETTER, sample_weight=weight, **args
    )
    repeated = response_gains(MOVED[row], SCORE[row], treated=LETTER[row], **args)
    for table in ("bands", "curve"):
        pd.testing.assert_frame_equal(weighted.frame(table), repeated.frame(table))
    assert weighted.best_depth_low == repeated.best_depth_low


def test_result_in_a_notebook_and_as_data():
    result = response_gains(Y, SCORE, value=10, contact_cost=1)
    assert repr(result).startswith("<ResponseGainsResult response rate ")
    assert "best depth" in result._repr_html_()
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["qini"] is None
    assert plain["tables"]["curve"][0]["score"] is None
    assert len(plain["tables"]["bands"]) == 10
    with pytest.raises(InvalidParameterError, match="table must be one of"):
        result.frame("deciles")


def test_many_scores_are_cut_at_two_hundred():
    score = np.random.default_rng(0).random(N)
    curve = response_gains(Y, score, n_draws=100).frame("curve")
    assert len(curve) == 201
    assert_allclose(np.diff(curve["depth"]), 1 / 200, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y_true": Y[:-1]}, InvalidInputError, "each of the 3999 rows; got 4000"),
        ({"y_true": np.zeros(N)}, InvalidTargetError, "1 class"),
        (
            {"y_score": np.where(Y, np.nan, 1.0)},
            InvalidInputError,
            "known in every row",
        ),
        ({"value": 5}, InvalidParameterError, "got no contact_cost"),
        ({"contact_cost": 5}, InvalidParameterError, "got no value"),
        ({"value": -5, "contact_cost": 1}, InvalidParameterError, "value must be"),
        ({"treated": np.ones(N)}, InvalidInputError, "4000 contacted and 0 held out"),
        ({"treated": Y * 2}, InvalidInputError, "treated must be True or False"),
        ({"n_bands": 0}, InvalidParameterError, "n_bands"),
        ({"n_draws": 5}, InvalidParameterError, "n_draws"),
        ({"sample_weight": -np.ones(N)}, InvalidParameterError, "not negative"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        response_gains(**{"y_true": Y, "y_score": SCORE} | change)
