"""Alert metrics: by hand, beside scikit-learn, and under ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    RiskkitWarning,
)
from riskkit.metrics import (
    alert_curve,
    average_precision,
    card_precision_at_k,
    precision_at_k,
    recall_at_k,
    saved_amount,
)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 4)), min_size=2)
)
def test_average_precision_is_that_of_scikit_learn(rows):
    y, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    if y.all() or not y.any():
        return
    got = average_precision(y, score, sample_weight=weight)
    expected = average_precision_score(y, score, sample_weight=weight)
    assert got == pytest.approx(expected)
    repeated = average_precision(np.repeat(y, weight), np.repeat(score, weight))
    assert got == pytest.approx(repeated)


def test_ties_count_as_the_mean_over_their_orders():
    y, score = np.array([1, 0, 0, 1, 0]), np.array([3.0, 2, 2, 2, 1])
    for k in range(1, 6):
        found = [
            y[list(order[:k])].sum()
            for order in itertools.permutations(range(5))
            if all(score[a] >= score[b] for a, b in itertools.pairwise(order))
        ]
        assert precision_at_k(y, score, k) == pytest.approx(np.mean(found) / k)
        assert recall_at_k(y, score, k) == pytest.approx(np.mean(found) / 2)
    assert precision_at_k(y, score, 99) == pytest.approx(0.4)
    np.testing.assert_allclose(precision_at_k(y, score, [1, 5]), [1.0, 0.4])


def test_saved_amount_by_hand():
    y, score, amount = [1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], [100.0, 5, 40, 9]
    assert saved_amount(y, score, amount, 2, review_cost=3) == 94.0
    assert saved_amount(y, score, amount, 3, recovered=0.5) == 70.0
    assert saved_amount(y, score, amount, 0) == 0.0
    with pytest.raises(InvalidInputError, match="1 of them negative"):
        saved_amount(y, score, [1.0, -2, 3, 4], 2)


def test_card_precision_by_hand():
    # Day 1: card a (found, blocked) and b looked at. Day 2: a is blocked; c and b.
    y = [1, 0, 0, 1, 1, 0]
    score = [0.9, 0.8, 0.1, 0.99, 0.5, 0.4]
    card = ["a", "b", "c", "a", "c", "b"]
    day = [1, 1, 1, 2, 2, 2]
    assert card_precision_at_k(y, score, card, day, 2) == 0.5
    assert card_precision_at_k(y, score, card, day, 1) == 1.0
    with pytest.raises(InvalidInputError, match="1 of 6 are missing"):
        card_precision_at_k(y, score, ["a", "b", None, "a", "c", "b"], day, 2)


def slow_card_precision(y, score, card, day, k):
    """Follow the handbook's words, card by card."""
    found_cards, precision = set(), []
    for one in sorted(set(day)):
        worst, bad = {}, {}
        for outcome, value, name, when in zip(y, score, card, day, strict=True):
            if when == one and name not in found_cards:
                worst[name] = max(worst.get(name, -np.inf), value)
                bad[name] = max(bad.get(name, 0), outcome)
        if not worst:
            continue
        top = sorted(worst, key=lambda name: -worst[name])[:k]
        hits = [name for name in top if bad[name]]
        precision.append(len(hits) / len(top))
        found_cards |= set(hits)
    return np.mean(precision)


def test_card_precision_beside_a_slow_loop():
    rng = np.random.default_rng(0)
    n = 500
    y = (rng.random(n) < 0.1).astype(int)
    score, card, day = rng.random(n) + y, rng.integers(0, 40, n), rng.integers(0, 6, n)
    for k in (1, 5, 100):
        expected = slow_card_precision(y, score, card, day, k)
        assert card_precision_at_k(y, score, card, day, k) == pytest.approx(expected)


def test_curve_agrees_with_its_parts():
    rng = np.random.default_rng(1)
    y = rng.random(400) < 0.05
    score, amount = rng.random(400).round(1) + y, rng.random(400)
    weight = rng.integers(0, 3, 400)
    result = alert_curve(y, score, amount=amount, sample_weight=weight)
    for k, p, r in zip(result.n_alerts, result.precision, result.recall, strict=True):
        assert p == pytest.approx(precision_at_k(y, score, k, sample_weight=weight))
        assert r == pytest.approx(recall_at_k(y, score, k, sample_weight=weight))
    assert result.amount_share[-1] == pytest.approx(1.0)
    assert (np.diff(result.amount_share) >= -1e-12).all()
    assert result.auc == pytest.approx(roc_auc_score(y, score, sample_weight=weight))
    assert list(result.frame()) == ["n_alerts", "precision", "recall", "amount_share"]
    assert result.to_dict()["n_rows"] == weight.sum()


def test_auc_is_warned_about_at_tiny_base_rates():
    y = np.arange(1000) < 3
    result = alert_curve(y, np.arange(1000.0), k=[10])
    with pytest.warns(RiskkitWarning, match="base rate of 0.30%"):
        assert result.auc == 0.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: precision_at_k([0, 1], [1, 2], 0), InvalidParameterError, "above 0"),
        (lambda: alert_curve([0, 0], [1, 2]), InvalidParameterError, "0 events"),
        (lambda: alert_curve([0, 1], [1, 2], k=[2, 1]), InvalidParameterError, "incr"),
        (lambda: alert_curve([0, 1], [1, 2], k=[3]), InvalidParameterError, "at most"),
        (
            lambda: alert_curve([0, 1], [1, 2], amount=[1]),
            InvalidInputError,
            "each of the 2",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
