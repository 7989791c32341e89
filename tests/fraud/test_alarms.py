"""Alarms, budgets, costs and lift: who is looked at, and how often in vain."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from riskkit._kernels.conformal import (
    conformal_p_values,
    false_discovery_adjusted,
    least_alarms,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    NoEvidenceWarning,
)
from riskkit.fraud import (
    AlertBudget,
    ConformalAlarm,
    TrimmedMahalanobisDetector,
    anomaly_lift,
    cost_threshold,
)


def test_p_values_by_hand():
    good = np.array([1.0, 2.0, 2.0, 3.0])
    got = conformal_p_values(good, np.array([4.0, 3.0, 2.0, 0.0]))
    np.testing.assert_allclose(got, [0.2, 0.4, 0.8, 1.0])


def test_adjusted_values_are_those_of_scipy():
    rng = np.random.default_rng(0)
    for n in (1, 2, 50):
        p = np.round(rng.random(n) ** 2, 2) + 0.001
        np.testing.assert_allclose(
            false_discovery_adjusted(p), false_discovery_control(p)
        )


def test_the_least_number_of_alarms_is_exact():
    for n_rows, n_good in ((100, 99), (100, 500), (37, 12)):
        least = least_alarms(n_rows, n_good, 0.1)
        for n_strange in (least - 1, least):
            if not 0 < n_strange <= n_rows:
                continue
            p = np.full(n_rows, 1.0)
            p[:n_strange] = 1 / (n_good + 1)
            alarms = false_discovery_adjusted(p) <= 0.1
            assert alarms.sum() == (n_strange if n_strange == least else 0)


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_false_alarms_stay_within_the_level(level):
    rng = np.random.default_rng(1)
    detector = TrimmedMahalanobisDetector().fit(rng.normal(size=(500, 3)))
    false_share, found = [], []
    for _ in range(400):
        alarm = ConformalAlarm(detector, level=level)
        alarm.calibrate(rng.normal(size=(1000, 3)))
        new = rng.normal(size=(200, 3))
        new[:20] += 4
        is_alarm = alarm.alarms(new).is_alarm
        false_share.append(is_alarm[20:].sum() / max(1, is_alarm.sum()))
        found.append(is_alarm[:20].mean())
    error = np.std(false_share) / np.sqrt(len(false_share))
    # The bound is level times the share of honest rows, 0.9.
    assert np.mean(false_share) <= 0.9 * level + 3 * error
    assert np.mean(false_share) > 0.3 * level
    assert np.mean(found) > 0.5


def test_no_power_is_said():
    alarm = ConformalAlarm(level=0.1).calibrate_scores(np.arange(20.0))
    with pytest.warns(NoEvidenceWarning, match="No power: with 20 good rows, 48 of"):
        result = alarm.alarms_of(np.full(100, 5.0))
    assert not result.has_power
    assert not result.is_alarm.any()
    assert result.to_dict()["least_alarms"] == 48
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        good = ConformalAlarm().calibrate_scores(np.arange(5000.0))
        assert good.alarms_of(np.append(np.full(99, 5.0), 9e9)).is_alarm[-1]


def test_calibration_rows_with_frauds_are_refused():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(100, 2))
    detector = TrimmedMahalanobisDetector().fit(X)
    y = np.zeros(100)
    y[:3] = 1
    with pytest.raises(InvalidInputError, match="3 of 100 are not"):
        ConformalAlarm(detector).calibrate(X, y)
    p = ConformalAlarm(detector).calibrate(X, np.zeros(100)).p_values(X[:5])
    assert ((p > 0) & (p <= 1)).all()


def test_alarms_asked_for_too_early_or_of_nonsense():
    with pytest.raises(NotFittedError, match="calibrate"):
        ConformalAlarm().alarms_of([1.0])
    with pytest.raises(InvalidParameterError, match="got None"):
        ConformalAlarm().calibrate([[1.0]])
    with pytest.raises(InvalidParameterError, match="level"):
        ConformalAlarm(level=1.0)
    with pytest.raises(InvalidInputError, match="1 not finite"):
        ConformalAlarm().calibrate_scores([1.0, np.nan])


def test_the_budget_is_kept_every_day_in_every_queue():
    rng = np.random.default_rng(3)
    day = rng.integers(0, 5, 300)
    queue = rng.choice(["a", "b"], 300, p=[0.95, 0.05])
    score = rng.random(300)
    found = AlertBudget({"a": 7, "b": 4}).select(score, day=day, queue=queue)
    alerts = found.frame()
    for (one, name), part in alerts.groupby(["day", "queue"]):
        inside = np.flatnonzero((day == one) & (queue == name))
        expected = inside[np.argsort(-score[inside])][: {"a": 7, "b": 4}[name]]
        np.testing.assert_array_equal(part["row"], expected)
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
    n_pairs = len(set(zip(day.tolist(), queue.tolist(), strict=True)))
    capacity = 7 * 5 + 4 * (n_pairs - 5)
    assert found.unused == capacity - len(alerts)


def test_members_share_a_budget_in_turn():
    said = pd.DataFrame({"a": [9.0, 8, 7, 0, 0], "b": [0.0, 0, 1, 3, 2]})
    found = AlertBudget(4).select(said)
    assert found.rows.tolist() == [0, 3, 1, 4]
    assert found.frame()["by"].tolist() == ["a", "b", "a", "b"]
    everyone = AlertBudget(99).select(said)
    assert sorted(everyone.rows.tolist()) == [0, 1, 2, 3, 4]
    assert everyone.unused == 94


def test_one_alert_an_entity_a_day():
    found = AlertBudget(2).select(
        [0.9, 0.8, 0.7, 0.1], day=[1, 1, 1, 2], entity=["x", "x", "y", "x"]
    )
    assert found.rows.tolist() == [0, 2, 3]


def test_threshold_keeps_the_budget_on_average():
    rng = np.random.default_rng(4)
    score, day = rng.random(1000), np.repeat(np.arange(10), 100)
    threshold = AlertBudget(3).threshold(score, day)
    assert (score > threshold).sum() == 30
    assert AlertBudget(3).threshold([0.5, 0.1]) == -np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AlertBudget(0), "capacity must be an integer >= 1"),
        (lambda: AlertBudget({}), "at least one queue"),
        (lambda: AlertBudget({"a": -1}), r"capacity\['a'\]"),
        (lambda: AlertBudget({"a": 1, "b": 1}).select([1.0]), "needs queue="),
        (lambda: AlertBudget({"a": 1}).select([1.0], queue=["c"]), "1 of the queues"),
        (lambda: AlertBudget(1).select([1.0, np.inf]), "1 not finite"),
        (lambda: AlertBudget(1).select([1.0], day=[1, 2]), "1 entries"),
        (lambda: AlertBudget(1).select([1.0], entity=[None]), "1 of 1 are missing"),
        (lambda: AlertBudget({"a": 1}).threshold([1.0]), "needs one capacity"),
        (lambda: cost_threshold(-1.0, 5.0), "amount must be finite"),
        (lambda: cost_threshold(1.0, 0.0), "must be above 0"),
    ],
)
def test_bad_budgets_and_costs(call, message):
    with pytest.raises((InvalidParameterError, InvalidInputError), match=message):
        call()


def test_the_cost_threshold_is_where_an_alert_breaks_even():
    amount = np.array([20.0, 300.0])
    p = cost_threshold(amount, 4.0, recovered=0.8, false_alarm_cost=2.0)
    worth = p * 0.8 * amount - (1 - p) * 2.0 - 4.0
    np.testing.assert_allclose(worth, 0.0, atol=1e-12)
    assert cost_threshold(0.0, 4.0) == np.inf


def test_lift_says_what_labels_show():
    rng = np.random.default_rng(5)
    y = rng.random(4000) < 0.02
    score = rng.normal(size=4000)
    none = anomaly_lift(y, score)
    assert none.verdict == "no separation shown"
    assert "do not alert" in none.statement
    assert none.auc == pytest.approx(roc_auc_score(y, score))
    assert anomaly_lift(y, score + y).verdict == "separates"
    assert anomaly_lift(y, score - y).verdict == "wrong way round"
    # Three of three: the least share that leaves a chance of 2.5 % is 0.025 ** (1/3).
    few = anomaly_lift([0] * 20 + [1] * 3, range(23))
    assert few.auc_low == pytest.approx(0.025 ** (1 / 3))
    assert few.verdict == "no separation shown"
    assert anomaly_lift([0, 0, 1], [1, 2, 3]).to_dict()["auc_low"] is None
    with pytest.raises(InvalidInputError, match="1 of them not finite"):
        anomaly_lift([0, 1], [np.nan, 1.0])


def test_lift_interval_covers():
    rng = np.random.default_rng(6)
    truth = 0.7602499389065233  # Phi(1 / sqrt(2))
    y = np.arange(400) < 40
    inside = 0
    for _ in range(400):
        found = anomaly_lift(y, rng.normal(size=400) + y, level=0.9)
        inside += found.auc_low <= truth <= found.auc_high
    assert 0.85 <= inside / 400 <= 0.95
