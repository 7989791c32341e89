"""Fraud probabilities from few labels: blend, level, delay, reasons."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from riskkit.exceptions import (
    FewEventsWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.fraud import FraudClassifier, HistogramDetector, IsolationForestDetector
from riskkit.fraud._blend import SHARES, ScoreBlend, choose_share, share_by_rule
from riskkit.fraud._label_delay import mature_rows, read_times
from riskkit.fraud._label_folds import label_folds, sample_nonevents


def cards(n=3000, rate=0.02, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < rate).astype(int)
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(3 + 1.2 * y, 1),
            "hour": rng.integers(0, 24, n).astype(float),
            "country": np.where(rng.random(n) < 0.05 + 0.4 * y, "abroad", "home"),
            "speed": rng.normal(size=n) + 1.5 * y,
        }
    )
    X.loc[rng.random(n) < 0.05, "hour"] = np.nan
    return X, y


def small(**parameters):
    given = {"detector": HistogramDetector(), "n_rounds": 40, "n_jobs": 1}
    return FraudClassifier(**{**given, **parameters})


@pytest.fixture(scope="module")
def fitted():
    X, y = cards()
    return small().fit(X, y), X, y


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_it_learns_at_a_tiny_base_rate(booster):
    X, y = cards(6000, rate=0.005)
    new, outcome = cards(6000, rate=0.02, seed=1)
    p = small(booster=booster).fit(X, y).predict_proba(new)[:, 1]
    alone = HistogramDetector().fit(X).anomaly_score(new)
    found = average_precision_score(outcome, p)
    assert found > 0.3
    assert found > 1.2 * average_precision_score(outcome, alone)


def test_a_row_scores_alone_as_in_a_batch(fitted):
    model, X, _ = fitted
    together = model.decision_function(X[:40])
    alone = [model.decision_function(X.iloc[[i]])[0] for i in range(40)]
    np.testing.assert_array_equal(alone, together)
    turned = X[:40].iloc[::-1, ::-1].assign(unknown=1)
    np.testing.assert_array_equal(model.decision_function(turned), together[::-1])


def test_the_level_is_that_of_the_rows(fitted):
    model, X, y = fitted
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.4)
    moved = small(population_rate=0.2).fit(X, y)
    odds = np.log(0.2 / 0.8) - np.log(y.mean() / (1 - y.mean()))
    np.testing.assert_allclose(
        moved.decision_function(X) - model.decision_function(X), odds, rtol=1e-9
    )


def test_event_weights_leave_no_trace_in_the_level():
    X, y = cards()
    for event_weight in (1.0, "balanced"):
        p = small(event_weight=event_weight).fit(X, y).predict_proba(X)[:, 1]
        assert p.mean() == pytest.approx(y.mean(), rel=0.4)


def test_reasons_add_up_and_name_the_field(fitted):
    model, X, _ = fitted
    new = X[:30].copy()
    new.loc[0, ["amount", "country"]] = [5000.0, "fax"]
    reasons = model.explain(new)
    assert list(reasons) == ["offset", *X.columns]
    np.testing.assert_allclose(
        reasons.sum(axis=1), model.decision_function(new), atol=1e-9
    )
    assert reasons.loc[0].drop("offset").idxmax() == "amount"


def test_parts_are_what_is_blended(fitted):
    model, X, _ = fitted
    parts = model.predict_parts(X[:50])
    line = model.calibration_
    np.testing.assert_allclose(
        line.c + line.a * parts.sum(axis=1), model.decision_function(X[:50])
    )
    for share, column in ((0.0, "learned"), (1.0, "anomaly")):
        one = small(blend=share).fit(X, cards()[1]).predict_parts(X[:50])
        assert (one[column] == 0).all()
        assert one.drop(columns=column).to_numpy().max() > 0


def test_young_rows_carry_no_label():
    X, y = cards(2000)
    day = np.sort(np.random.default_rng(2).integers(0, 100, len(X)))
    old = day <= 99 - 30
    fooled = y.copy()
    fooled[~old] = 1 - fooled[~old]
    delayed = small(label_delay=30)
    one = delayed.fit(X, y, dates=day).decision_function(X)
    assert delayed.n_immature_ == (~old).sum()
    assert delayed.n_rows_ == old.sum()
    assert delayed.n_events_ == y[old].sum()
    other = small(label_delay=30).fit(X, fooled, dates=day).decision_function(X)
    np.testing.assert_array_equal(one, other)
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")
    dated = small(label_delay=30).fit(X, y, dates=stamps, as_of="2024-04-09")
    np.testing.assert_array_equal(dated.decision_function(X), one)


def test_the_dates_of_rows_without_weight_do_not_count():
    X, y = cards(2000)
    day = np.random.default_rng(2).integers(0, 100, len(X)).astype(float)
    weight = np.ones(len(X))
    weight[::3] = 0
    day[::3] += 500  # would make all others old
    kept = weight > 0
    delayed = small(label_delay=30).fit(X, y, weight, dates=day)
    alone = small(label_delay=30).fit(X[kept], y[kept], dates=day[kept])
    assert 0 < delayed.n_immature_ == alone.n_immature_
    np.testing.assert_array_equal(
        delayed.decision_function(X), alone.decision_function(X)
    )


def test_weights_against_repetition():
    X, y = cards(600, rate=0.1)
    weight = np.random.default_rng(4).integers(0, 3, len(X))
    times = np.repeat(np.arange(len(X)), weight)
    repeated = X.iloc[times].reset_index(drop=True)
    by_weight = small().fit(X, y, sample_weight=weight)
    by_row = small().fit(repeated, y[times])
    assert by_weight.blend_share_ == by_row.blend_share_
    np.testing.assert_allclose(
        by_weight.decision_function(X), by_row.decision_function(X), atol=1e-4
    )


@pytest.mark.parametrize("n_labels", [1, 2, 5])
def test_a_handful_of_labels(n_labels):
    X, truth = cards(1500, rate=0.03)
    y = np.zeros_like(truth)
    y[np.flatnonzero(truth)[:n_labels]] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewEventsWarning)
        model = small().fit(X, y)
    p = model.predict_proba(X)[:, 1]
    assert np.isfinite(p).all()
    rest = y == 0
    assert average_precision_score(truth[rest], p[rest]) > 3 * truth[rest].mean()
    if n_labels == 1:
        with pytest.warns(FewEventsWarning, match="cannot be held out"):
            small().fit(X, y)
        assert model.blend_curve_.empty
        assert model.blend_share_ == pytest.approx(1 / 21)
        assert p.mean() == pytest.approx(y.mean(), rel=1e-3)


def test_the_share_by_hand():
    assert share_by_rule(20) == 0.5
    anomaly = np.arange(100.0)
    is_event = np.arange(100) >= 95
    one_fold = np.zeros(100, dtype=int)
    noise = np.random.default_rng(0).permutation(100).astype(float)
    share, found = choose_share(noise, anomaly, is_event, None, one_fold)
    assert found[0] == pytest.approx(1.0)
    assert share < 0.5
    share, found = choose_share(anomaly, noise, is_event, None, one_fold)
    assert found[-1] == pytest.approx(1.0)
    for place in (0, 7, 20):
        blend = ScoreBlend.of(anomaly, noise, None, float(SHARES[place]))
        expected = average_precision_score(is_event, blend.score(anomaly, noise))
        assert found[place] == pytest.approx(expected)


def test_folds_keep_copies_together_and_events_apart():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**63, 400).astype(np.uint64)
    keys[200:] = keys[:200]
    is_event = np.zeros(400, dtype=bool)
    is_event[[1, 3, 5, 7, 9, 201, 203, 205, 207, 209]] = True
    fold = label_folds(keys, is_event, None, None, 5)
    np.testing.assert_array_equal(fold[200:], fold[:200])
    assert np.bincount(fold[is_event]).tolist() == [2, 2, 2, 2, 2]
    assert np.bincount(fold[~is_event]).min() > 40
    times = np.arange(400.0)
    blocks = label_folds(keys, is_event, None, times, 2)
    assert (np.diff(blocks) >= 0).all()
    assert np.bincount(blocks[is_event]).tolist() == [5, 5]
    assert label_folds(keys, np.arange(400) == 3, None, None, 5) is None


def test_sampled_rows_keep_their_weight():
    keys = np.random.default_rng(0).integers(0, 2**63, 1000).astype(np.uint64)
    is_event = np.arange(1000) < 10
    weight = np.linspace(1, 2, 1000)
    rows, kept = sample_nonevents(keys, is_event, weight, 100)
    assert rows.size == 110
    np.testing.assert_array_equal(kept[is_event[rows]], weight[is_event])
    assert kept.sum() == pytest.approx(weight.sum())
    everyone, same = sample_nonevents(keys, is_event, weight, 990)
    assert everyone.size == 1000
    assert same is weight


def test_times_and_ages():
    days = read_times(["2024-01-01", "2024-01-03T12:00:00"], 2)
    assert days[1] - days[0] == 2.5
    months = read_times(pd.period_range("2024-01", periods=2, freq="M"), 2)
    assert months[1] - months[0] == 31
    assert mature_rows(np.array([0.0, 5.0, 9.0]), 4.0, None).tolist() == [1, 1, 0]
    with pytest.raises(InvalidInputError, match="after as_of; 1 of 2"):
        mature_rows(np.array([0.0, 5.0]), 1.0, 4)
    with pytest.raises(InvalidInputError, match="1 of 2 are missing"):
        read_times(["2024-01-01", None], 2)
    with pytest.raises(InvalidInputError, match="text like"):
        read_times(["yesterday", "today"], 2)
    with pytest.raises(InvalidInputError, match="each of the 3 rows; got 2"):
        read_times([1.0, 2.0], 3)
    with pytest.raises(InvalidInputError, match="must be finite; 1 are not"):
        read_times([1.0, np.inf], 2)
    with pytest.raises(InvalidParameterError, match="leaves no row"):
        mature_rows(np.array([0.0, 5.0]), 9.0, None)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"detector": "forest"}, "detector of riskkit.fraud"),
        ({"booster": "catboost"}, "booster must be one of"),
        ({"blend": "auto"}, "blend must be one of"),
        ({"blend": 1.5}, "blend must be a number between 0 and 1"),
        ({"event_weight": 0.5}, "event_weight must be a number >= 1"),
        ({"label_delay": 5}, "got no dates"),
        ({"population_rate": 0.0}, "population_rate must be"),
        ({"n_folds": 1}, "n_folds must be an integer >= 2"),
    ],
)
def test_bad_parameters(parameters, message):
    X, y = cards(200, rate=0.2)
    with pytest.raises(InvalidParameterError, match=message):
        small(**parameters).fit(X, y)


def test_bad_labels():
    X, y = cards(200, rate=0.2)
    third = y.copy()
    third[0] = 2
    with pytest.raises(InvalidTargetError, match="3 classes"):
        small().fit(X, third)
    day = np.arange(200)
    late = (day >= 150).astype(int)
    with pytest.raises(InvalidParameterError, match="got 0 frauds"):
        small(label_delay=60).fit(X, late, dates=day)


def test_names_that_collide_and_other_frames():
    X, y = cards(800, rate=0.05)
    renamed = X.rename(columns={"speed": "anomaly", "hour": "offset"})
    model = small(detector=IsolationForestDetector(20)).fit(renamed, y)
    reasons = model.explain(renamed[:5])
    assert list(reasons) == ["(offset)", "amount", "offset", "country", "anomaly"]
    plain = small().fit(X, y).decision_function(X)
    polars = pytest.importorskip("polars")
    other = polars.from_pandas(X)
    np.testing.assert_array_equal(small().fit(other, y).decision_function(other), plain)


@pytest.mark.slow
def test_nineteen_labels_of_card_frauds(shared_data):
    table = pd.read_parquet(shared_data("ulb_creditcard"))
    table = table.sort_values("Time", kind="stable")
    y = table["Class"].to_numpy()
    X = table.drop(columns=["Time", "Class"])
    n = int(0.7 * len(X))
    frauds = np.flatnonzero(y[:n])
    labels = np.zeros(n, dtype=int)
    labels[np.random.default_rng(0).choice(frauds, 19, replace=False)] = 1
    p = FraudClassifier(n_jobs=1).fit(X[:n], labels).predict_proba(X[n:])[:, 1]
    assert average_precision_score(y[n:], p) >= 0.58
