"""Weights of a blend against a grid, by hand, and by their properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from riskkit._kernels.blend_weights import PULL, blend_line, blend_loss, blend_weights


def drawn(seed, n_rows=300, n_members=3):
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1, 1.5, n_rows)
    is_event = rng.random(n_rows) < 1 / (1 + np.exp(-truth))
    noise = rng.normal(0, rng.uniform(0.2, 3, n_members), (n_rows, n_members))
    return truth[:, None] + noise, is_event


def objective(w, log_odds, is_event, weight):
    eta = log_odds @ w
    loss = np.average(np.log1p(np.exp(eta)) - is_event * eta, weights=weight)
    return loss + PULL / weight.sum() * np.sum((w - 1 / w.size) ** 2)


def test_loss_by_hand():
    # Log-odds of 0.5 * 2 + 0.5 * 0 = 1 for an event, -1 for a non-event.
    log_odds = np.array([[2.0, 0.0], [-2.0, 0.0]])
    share = np.array([0.5, 0.5])
    loss = blend_loss(np.array([0.5, 0.5]), log_odds, np.array([True, False]), share)
    assert loss == pytest.approx(np.log(1 + np.exp(-1)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weighted", [False, True])
def test_two_weights_equal_those_of_a_grid(seed, weighted):
    log_odds, is_event = drawn(seed, n_members=2)
    weight = np.random.default_rng(seed).uniform(0, 3, 300) if weighted else None
    found = blend_weights(log_odds, is_event, weight)
    grid = np.linspace(0, 1, 1001)
    ones = np.ones(300) if weight is None else weight
    values = [objective(np.array([a, 1 - a]), log_odds, is_event, ones) for a in grid]
    assert found[0] == pytest.approx(grid[np.argmin(values)], abs=6e-4)


@given(st.integers(0, 2**31 - 1), st.integers(1, 5))
def test_weights_are_shares_that_no_move_improves(seed, n_members):
    log_odds, is_event = drawn(seed, n_members=n_members)
    w = blend_weights(log_odds, is_event)
    assert np.all(w >= 0)
    assert w.sum() == pytest.approx(1, abs=1e-12)
    ones = np.ones(is_event.size)
    here = objective(w, log_odds, is_event, ones)
    for j in range(n_members):
        corner = np.eye(n_members)[j]
        moved = 0.99 * w + 0.01 * corner
        assert objective(moved, log_odds, is_event, ones) > here - 1e-7


def test_a_weight_of_two_equals_the_row_twice():
    log_odds, is_event = drawn(1)
    weight = np.where(np.arange(300) < 100, 2.0, 1.0)
    twice = np.concatenate([np.arange(300), np.arange(100)])
    assert blend_weights(log_odds, is_event, weight) == pytest.approx(
        blend_weights(log_odds[twice], is_event[twice]), abs=1e-4
    )


def test_equal_members_weigh_the_same():
    log_odds, is_event = drawn(2, n_members=1)
    w = blend_weights(np.repeat(log_odds, 4, axis=1), is_event)
    assert w.tolist() == [0.25] * 4


def test_a_useless_member_goes_to_zero_with_enough_rows():
    rng = np.random.default_rng(3)
    truth = rng.normal(-1, 1.5, 20_000)
    is_event = rng.random(20_000) < 1 / (1 + np.exp(-truth))
    for useless in (rng.normal(0, 3, 20_000), -truth):
        # Too timid a member leaves no room for one that only tones it down.
        log_odds = np.column_stack([0.5 * truth, useless])
        assert blend_weights(log_odds, is_event)[1] == 0


def test_the_ridge_rules_a_handful_of_rows():
    log_odds, is_event = drawn(4, n_rows=8, n_members=2)
    assert blend_weights(log_odds, is_event)[0] == pytest.approx(0.5, abs=0.1)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_the_line_of_a_hand_worked_blend():
    # Members at +-2 and 0, weights of one half: eta = +-1, and 80 % of each side right.
    # With pull 0 the slope is ln 4; the members' mean PD is one half, so is the level.
    log_odds = np.repeat([[2.0, 0.0], [-2.0, 0.0]], 5, axis=0)
    is_event = np.array([1, 1, 1, 1, 0, 1, 0, 0, 0, 0], dtype=bool)
    w = np.array([0.5, 0.5])
    slope, shift = blend_line(log_odds, w, is_event, pull=0.0)
    assert slope == pytest.approx(np.log(4), abs=1e-6)
    assert shift == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weighted", [False, True])
def test_the_line_keeps_the_level_of_the_members_and_solves_its_equation(
    seed, weighted
):
    log_odds, is_event = drawn(seed)
    weight = (
        np.random.default_rng(seed).uniform(0, 3, 300) if weighted else np.ones(300)
    )
    w = np.array([0.5, 0.2, 0.3])
    slope, shift = blend_line(log_odds, w, is_event, weight if weighted else None)
    eta = log_odds @ w
    level = np.average(sigmoid(log_odds) @ w, weights=weight)
    blended = np.average(sigmoid(slope * eta + shift), weights=weight)
    assert blended == pytest.approx(level, abs=1e-5)

    def loss(b):
        a = brentq(
            lambda a: np.sum(weight * (sigmoid(b * eta + a) - is_event)), -50, 50
        )
        z = b * eta + a
        return (
            np.sum(weight * (np.logaddexp(0, z) - is_event * z)) + PULL * (b - 1) ** 2
        )

    found = minimize_scalar(
        loss, bounds=(0, 5), method="bounded", options={"xatol": 1e-9}
    )
    assert slope == pytest.approx(found.x, abs=2e-5)


def test_the_line_ignores_the_level_of_the_outcomes():
    log_odds, is_event = drawn(3, n_rows=4000)
    w = np.full(3, 1 / 3)
    _, shift = blend_line(log_odds, w, is_event)
    # Twice the events at the same log-odds is another level with about the same slope.
    rows = np.concatenate([np.arange(4000), np.flatnonzero(is_event)])
    weight = np.ones(rows.size)
    _, heavier = blend_line(log_odds[rows], w, is_event[rows], weight)
    assert abs(heavier - shift) < 0.1 < np.log(2)


def test_worthless_members_are_turned_down_and_never_round():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 2, (20_000, 2))
    is_event = rng.random(20_000) < sigmoid(-log_odds.sum(axis=1))
    slope, _ = blend_line(log_odds, np.array([0.5, 0.5]), is_event)
    assert slope == 0.0


def test_a_separated_sample_has_a_finite_line():
    log_odds = np.linspace(-1, 1, 10)[:, None]
    slope, shift = blend_line(log_odds, np.ones(1), log_odds[:, 0] > 0)
    assert 1 < slope < 3
    assert abs(shift) < 1e-5
