"""What PDs alone say about performance."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit._kernels.calibration import implied_auc
from riskkit.calibration import LogitPlattCalibrator
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.metrics import gini_score, ks_score
from riskkit.monitoring import Baseline, estimate_performance, importance_weights


def total(*args, **how):
    return estimate_performance(*args, **how).frame().iloc[0]


def slow_auc(p, score):
    """Each pair of accounts, one as the event and one as the non-event."""
    won = pairs = 0.0
    for i in range(len(p)):
        for j in range(len(p)):
            chance = p[i] * (1 - p[j])
            won += chance * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
            pairs += chance
    return won / pairs


def test_every_number_by_hand():
    row = total([0.1, 0.1, 0.4], margin=10, loss=[100, 200, 300])
    assert row["event_rate"] == pytest.approx(0.2)
    # events 0.4 and 0.2, non-events 0.6 and 1.8 at the two scores
    assert row["auc"] == pytest.approx((0.4 * (1.8 + 0.3) + 0.2 * 0.9) / (0.6 * 2.4))
    assert row["ks"] == pytest.approx(0.4 / 0.6 - 0.6 / 2.4)
    profit = 0.9 * 10 - 0.1 * 100 + 0.9 * 10 - 0.1 * 200 + 0.6 * 10 - 0.4 * 300
    assert row["profit"] == pytest.approx(profit)
    assert row["profit_per_account"] == pytest.approx(profit / 3)
    reach = 1.959964 * np.sqrt(0.09 * 110**2 + 0.09 * 210**2 + 0.24 * 310**2)
    assert row["profit_high"] == pytest.approx(profit + reach, rel=1e-6)
    reach = 1.959964 * np.sqrt(0.09 + 0.09 + 0.24) / 3
    assert row["event_rate_low"] == max(0.2 - reach, 0)
    assert row["event_rate_high"] == pytest.approx(0.2 + reach, rel=1e-6)


@settings(max_examples=40)
@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=12))
def test_the_auc_is_that_of_all_pairs(chances):
    p = np.array(chances)
    assert total(p)["auc"] == pytest.approx(slow_auc(p, p))
    assert total(p)["auc"] == pytest.approx(implied_auc(p, None))
    points = np.round(600 - 40 * np.log(p / (1 - p)))
    by_points = total(p, score=points, score_direction="safer")
    assert by_points["auc"] == pytest.approx(slow_auc(p, -points))
    assert by_points["event_rate"] == pytest.approx(p.mean())


def test_realised_figures_lie_where_the_estimate_says():
    """Outcomes drawn from the PDs: the mean is met, and 95 in 100 lie inside."""
    rng = np.random.default_rng(7)
    p = rng.beta(1, 8, 3000)
    row = total(p, margin=50, loss=400)
    seen = {name: [] for name in ("event_rate", "gini", "ks", "profit")}
    for _ in range(300):
        y = rng.random(3000) < p
        seen["event_rate"].append(y.mean())
        seen["gini"].append(gini_score(y, p))
        seen["ks"].append(ks_score(y, p))
        seen["profit"].append(np.where(y, -400, 50).sum())
    for name, values in seen.items():
        inside = (row[f"{name}_low"] <= values) & (values <= row[f"{name}_high"])
        assert inside.mean() > 0.9, name
    for name in ("event_rate", "gini"):
        error = np.std(seen[name]) / np.sqrt(300)
        assert np.mean(seen[name]) == pytest.approx(row[name], abs=4 * error)
        width = (row[f"{name}_high"] - row[name]) / 1.959964
        assert np.std(seen[name]) == pytest.approx(width, rel=0.15)


def test_weights_repeat_rows_and_order_does_not_matter():
    rng = np.random.default_rng(1)
    p, weight = rng.beta(1, 5, 300), rng.integers(0, 4, 300)
    one = total(p, sample_weight=weight, margin=p * 10, loss=5)
    again = rng.permutation(np.repeat(np.arange(300), weight))
    other = total(p[again], margin=p[again] * 10, loss=5)
    assert_allclose(one.to_numpy(float), other.to_numpy(float), rtol=1e-10)


def test_periods_and_segments_are_those_rows():
    book = make_loan_book(3000, n_months=6, random_state=0)
    result = estimate_performance(
        pl.Series(book.pd),
        dates=book.dates,
        freq="quarter",
        segments={"channel": book.data["channel"]},
    )
    periods, segments = result.frame("periods"), result.frame("segments")
    assert periods["period"].tolist() == ["2020 Q1", "2020 Q2"]
    first = book.dates < np.datetime64("2020-04-01")
    assert_allclose(periods["gini"][0], total(book.pd[first])["gini"])
    broker = (book.data["channel"] == "broker").to_numpy()
    row = segments.set_index("segment").loc["broker"]
    assert row["n"] == broker.sum()
    assert row["auc"] == pytest.approx(total(book.pd[broker])["auc"])
    assert np.isnan(row["profit"])


def test_it_sees_the_population_and_not_the_concept():
    """Another mix moves it; more events at the same PDs do not, by construction."""
    then = make_loan_book(20_000, n_months=12, random_state=1)
    drifted = make_loan_book(20_000, n_months=12, drift=2.0, random_state=2)
    worse = make_loan_book(20_000, n_months=12, odds_shift=1.0, random_state=2)
    baseline = Baseline.fit(pd=then.pd, n_score_bands=100)
    seen = {
        m.name: m
        for m in estimate_performance(drifted.pd, baseline=baseline).measurements()
    }
    assert seen["estimated_event_rate"].value > 1.25
    # The model gives the same PDs as ever to accounts that default more often.
    same = make_loan_book(20_000, n_months=12, random_state=2)
    assert worse.target.mean() > 1.3 * same.target.mean()
    blind = {
        m.name: m
        for m in estimate_performance(same.pd, baseline=baseline).measurements()
    }
    assert blind["estimated_event_rate"].value == pytest.approx(1, abs=0.03)
    assert blind["estimated_gini_drop"].value == pytest.approx(0, abs=0.03)


def test_the_baseline_is_compared_by_its_own_bands():
    book = make_loan_book(5000, random_state=3)
    for n in (5, 100):
        baseline = Baseline.fit(pd=book.pd, n_score_bands=n)
        result = estimate_performance(book.pd, baseline=baseline)
        values = {m.name: m.value for m in result.measurements()}
        assert values["estimated_gini_drop"] == pytest.approx(0, abs=1e-9)
        assert values["estimated_event_rate"] == pytest.approx(1, abs=1e-8)
    points = 600 - 50 * book.log_odds
    baseline = Baseline.fit(score=points, score_direction="safer", pd=book.pd)
    result = estimate_performance(
        book.pd, score=points, score_direction="safer", baseline=baseline
    )
    assert result.reference["gini"] == pytest.approx(
        result.frame()["gini"][0], abs=5e-3
    )
    none = estimate_performance(book.pd).measurements()
    assert [m.reason for m in none] == ["there is no baseline"] * 2
    assert all(np.isnan(m.value) for m in none)


def shifted(n, share, rng):
    """A model that does not know the channel, and a channel that matters."""
    online = rng.random(n) < share
    x = rng.normal(size=n)
    true = 1 / (1 + np.exp(2.5 - x - 1.2 * online))
    return x, np.where(online, "online", "branch"), rng.random(n) < true


def test_importance_weights_follow_a_shift_the_model_does_not_know():
    rng = np.random.default_rng(5)
    x, channel, y = shifted(12_000, 0.2, rng)
    model = LogitPlattCalibrator(scale="log_odds", smoothing=False).fit(x, y)
    now_x, now_channel, now_y = shifted(12_000, 0.8, rng)
    then, now = model.predict(x), model.predict(now_x)
    plain = total(now)
    weights = importance_weights(
        {"x": x, "channel": channel}, {"x": now_x, "channel": now_channel}
    )
    result = estimate_performance(
        now, reference_pd=then, reference_y=y, importance=weights.weights
    )
    weighted = result.frame().iloc[0]
    truth = now_y.mean()
    assert plain["event_rate"] < 0.75 * truth
    assert weighted["event_rate"] == pytest.approx(truth, rel=0.07)
    assert result.recalibrated
    assert result.effective_n == pytest.approx(weights.effective_n)
    assert weights.effective_n < 12_000
    # share 0.8 against 0.2 online: odds of 4 for online, 1/4 for branch
    by_channel = pd.Series(weights.weights).groupby(channel).mean()
    assert by_channel["online"] == pytest.approx(4, rel=0.1)
    assert by_channel["branch"] == pytest.approx(0.25, rel=0.1)
    pairs = 0.8 * 0.8 + 0.5 * (2 * 0.8 * 0.2)
    assert weights.domain_auc == pytest.approx(pairs, abs=0.02)


def test_without_a_shift_all_weights_are_one():
    rng = np.random.default_rng(6)
    x = {"a": rng.normal(size=3000), "b": rng.choice(["u", "v", None], 3000)}
    y = {"b": rng.choice(["u", "v", None], 3000), "a": rng.normal(size=3000)}
    result = importance_weights(x, pl.DataFrame(y))
    assert result.weights.mean() == pytest.approx(1)
    assert result.weights.std() < 0.2
    assert result.domain_auc == pytest.approx(0.5, abs=0.03)
    assert result.effective_n > 2850
    again = importance_weights(x, y)
    assert_allclose(again.weights, result.weights)
    with pytest.raises(ValueError, match="read-only"):
        result.weights[0] = 2
    assert result.frame()["n"][0] == 3000
    assert json.dumps(result.to_dict(), allow_nan=False)
    assert "3000 accounts worth" in repr(result)
    assert "<table" in result._repr_html_()


def test_weights_are_cut_and_say_so():
    then = {"a": np.arange(2000) % 100 == 0}
    now = {"a": np.arange(2000) % 2 == 0}
    result = importance_weights(then, now, max_weight=5)
    assert result.n_clipped == 20
    assert result.weights.max() / result.weights.min() < 12


def test_missing_values_unseen_levels_and_constants_are_bins():
    then = pd.DataFrame(
        {"a": [1.0, np.nan] * 500, "b": ["x", "y"] * 500, "c": [0] * 1000}
    )
    now = pd.DataFrame(
        {"a": [np.inf, 2.0] * 500, "b": ["z", None] * 500, "c": [0] * 1000}
    )
    result = importance_weights(then, now)
    assert np.isfinite(result.weights).all()
    assert result.domain_auc == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("then", "now", "how", "error", "message"),
    [
        ({"a": [1.0] * 9}, {"b": [1.0] * 9}, {}, InvalidInputError, "missing: 'a'"),
        (
            {"a": [1.0] * 9},
            {"a": [1.0]},
            {},
            InvalidInputError,
            "current must hold at least 5",
        ),
        (
            {"a": [1.0]},
            {"a": [1.0] * 9},
            {},
            InvalidInputError,
            "reference must hold at least 5",
        ),
        ({}, {"a": [1.0] * 9}, {}, InvalidInputError, "at least one column"),
        (
            {"a": [1.0] * 9},
            {"a": [1.0] * 9},
            {"max_weight": 0.5},
            InvalidParameterError,
            "max_weight",
        ),
    ],
)
def test_tables_that_cannot_be_weighed(then, now, how, error, message):
    with pytest.raises(error, match=message):
        importance_weights(then, now, **how)


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"pd": [0.1, 1.5]}, InvalidInputError, "must lie"),
        ({"pd": [0.1, np.nan]}, InvalidInputError, "1 of 2 are missing"),
        ({"pd": []}, InvalidInputError, "there must be one"),
        ({"score": [1, 2]}, InvalidParameterError, "score_direction must be said"),
        (
            {"score": [1, np.nan], "score_direction": "safer"},
            InvalidInputError,
            "score must be known",
        ),
        ({"margin": 3}, InvalidInputError, "given together"),
        (
            {"margin": 3, "loss": [1]},
            InvalidInputError,
            "loss must be one finite amount",
        ),
        ({"margin": np.inf, "loss": 1}, InvalidInputError, "margin must be one finite"),
        ({"reference_pd": [0.1, 0.2]}, InvalidInputError, "given together"),
        ({"importance": [1, 1]}, InvalidInputError, "without them"),
        (
            {"reference_pd": [0.1, 0.2], "reference_y": [0, 0]},
            InvalidTargetError,
            "1 class",
        ),
        (
            {"reference_pd": [0.1, 0.2], "reference_y": [0, 2]},
            InvalidTargetError,
            "1 of 2 labels",
        ),
        ({"baseline": {}}, InvalidTypeError, "must be a Baseline or None"),
        ({"dates": ["2020-01-01"] * 2}, InvalidInputError, "hold text"),
        ({"ids": [1, 1]}, InvalidInputError, "repeat one"),
        ({"level": 2}, InvalidParameterError, "level"),
        ({"freq": "day"}, InvalidParameterError, "freq"),
    ],
)
def test_bad_input_says_what_is_wrong(how, error, message):
    how = {"pd": [0.1, 0.2], **how}
    with pytest.raises(error, match=message):
        estimate_performance(how.pop("pd"), **how)


def test_a_baseline_without_pds_is_refused():
    baseline = Baseline.fit(score=[1.0, 2.0, 3.0], score_direction="safer")
    with pytest.raises(InvalidInputError, match="must hold PDs"):
        estimate_performance(
            [0.1], score=[1.0], score_direction="safer", baseline=baseline
        )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("chances", [[0.3], [0.0, 0.0], [1.0, 1.0], [1e-6] * 5])
def test_few_accounts_and_sure_things(chances):
    result = estimate_performance(chances, margin=1, loss=1)
    assert result.frame()["event_rate"][0] == pytest.approx(np.mean(chances))
    assert json.dumps(result.to_dict(), allow_nan=False)


def test_results_say_what_they_cannot_see():
    result = estimate_performance([0.1, 0.3])
    assert "concept drift" in result.cannot_see
    assert "concept drift" in result._repr_html_()
    assert result.to_dict()["cannot_see"] == result.cannot_see
    assert "event rate 20.00%" in repr(result)
    with pytest.raises(InvalidParameterError, match="table must be"):
        result.frame("bands")
    with pytest.raises(AttributeError):
        result.level = 0.5
