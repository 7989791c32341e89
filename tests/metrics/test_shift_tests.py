"""Shifts of the population, and what they do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import mix_rate_effects, psi, psi_test

EXPECTED = [253, 302, 204, 134, 72, 26, 8]
ACTUAL = [177, 262, 285, 158, 88, 25, 6]

segments = st.integers(1, 6).flatmap(
    lambda k: st.tuples(
        *[
            st.lists(
                st.tuples(st.integers(0, 40), st.integers(0, 400)),
                min_size=k,
                max_size=k,
            ).filter(lambda rows: any(d + g for d, g in rows))
            for _ in range(2)
        ]
    )
)


def test_golden_values_of_the_reference():
    result = psi_test(EXPECTED, ACTUAL, smoothing=0)
    assert f"{result.statistic:.6f}" == "0.067693"
    assert f"{result.p_value:.2e}" == "7.20e-06"
    golden = {"critical": "0.025183", "bias": "0.012000", "debiased": "0.055693"}
    assert {k: f"{result.details[k]:.6f}" for k in golden} == golden


def test_the_statistic_is_the_psi_and_the_level_moves_the_critical_value_alone():
    result = psi_test(EXPECTED, ACTUAL)
    assert result.statistic == psi(EXPECTED, ACTUAL)
    scale = 1 / sum(EXPECTED) + 1 / sum(ACTUAL)
    assert result.p_value == pytest.approx(stats.chi2.sf(result.statistic / scale, 6))
    strict = psi_test(EXPECTED, ACTUAL, level=0.99)
    assert strict.details["critical"] == pytest.approx(stats.chi2.ppf(0.99, 6) * scale)
    assert strict.p_value == result.p_value


def test_it_is_close_to_pearsons_test_of_the_same_counts():
    pearson = stats.chi2_contingency([EXPECTED, ACTUAL], correction=False)
    result = psi_test(EXPECTED, ACTUAL, smoothing=0)
    assert result.details["chi2"] == pytest.approx(pearson.statistic, rel=0.02)
    assert result.details["df"] == pearson.dof


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize(("n", "m"), [(20_000, 20_000), (50_000, 1_500)])
def test_type_one_error_and_bias_are_what_they_say(smoothing, n, m):
    rng = np.random.default_rng(9)
    runs = 2_000
    share = np.array([0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05, 0.03, 0.02])
    results = [
        psi_test(x, a, smoothing=smoothing)
        for x, a in zip(
            rng.multinomial(n, share, runs),
            rng.multinomial(m, share, runs),
            strict=True,
        )
    ]
    for level in (0.05, 0.01):
        rejected = np.mean([r.p_value < level for r in results])
        assert rejected == pytest.approx(
            level, abs=3.5 * math.sqrt(level * (1 - level) / runs)
        )
    debiased = np.array([r.details["debiased"] for r in results])
    error = debiased.std() / math.sqrt(runs)
    # a thin bin (30 of 1,500) adds a little to the first-order bias
    slack = 0.02 * results[0].details["bias"]
    assert abs(debiased.mean()) < 3.5 * error + slack


def test_size_and_significance_are_two_things():
    share = np.full(10, 0.1)
    slight = share + 0.001 * np.tile([1, -1], 5)
    large = psi_test(share * 2e6, slight * 2e6)
    assert large.statistic < 0.001
    assert large.lights() == "red"
    rng = np.random.default_rng(0)
    small = psi_test(rng.multinomial(100, share), rng.multinomial(100, share))
    assert small.statistic > 0.05
    assert small.lights() == "green"
    assert small.details["debiased"] < 0.6 * small.statistic


def test_psi_test_at_its_edges():
    assert psi_test([5, 0], [7, 0]).reason == "only one bin is filled"
    same = psi_test([5, 5], [5, 5])
    assert (same.statistic, same.p_value) == (0, 1)
    # a bin that is empty in both counts for nothing
    assert psi_test([5, 5, 0], [2, 8, 0]) == psi_test([5, 5], [2, 8])
    empty = psi_test([50, 50], [100, 0], smoothing=0)
    assert (empty.statistic, empty.p_value) == (math.inf, 0)
    assert math.isfinite(psi_test([50, 50], [100, 0]).statistic)
    with pytest.raises(InvalidInputError, match="actual_counts must hold something"):
        psi_test([5, 5], [0, 0])
    with pytest.raises(InvalidParameterError, match="smoothing must be a number >= 0"):
        psi_test([5, 5], [2, 8], smoothing=-1)
    with pytest.raises(InvalidParameterError, match="level must lie strictly"):
        psi_test([5, 5], [2, 8], level=1)


@given(segments)
def test_mix_and_rate_add_up_to_the_change(pair):
    (d0, n0), (d1, n1) = (
        ([d for d, _ in rows], [d + g for d, g in rows]) for rows in pair
    )
    result = mix_rate_effects(d0, n0, d1, n1)
    change = sum(d1) / sum(n1) - sum(d0) / sum(n0)
    assert result.change == pytest.approx(change, abs=1e-12)
    assert result.mix_effect + result.rate_effect == pytest.approx(change, abs=1e-12)
    assert sum(result.frame()["mix"]) == pytest.approx(result.mix_effect, abs=1e-12)


def test_mix_and_rate_by_hand():
    # 50 % at 2 % and 50 % at 12 % become 30 % and 70 % at 3 % and 12 %
    result = mix_rate_effects([10, 60], [500, 500], [9, 84], [300, 700])
    assert result.mix == pytest.approx((-0.2 * 0.02, 0.2 * 0.12))
    assert result.rate == pytest.approx((0.3 * 0.01, 0))
    assert result.expected_rate == 0.07
    assert result.to_dict()["mix"] == list(result.mix)
    assert "segment" in result._repr_html_()


def test_a_new_segment_is_held_against_the_average():
    result = mix_rate_effects([10, 0], [100, 0], [10, 30], [100, 100])
    assert result.mix == pytest.approx((-0.05, 0.05))
    assert result.rate == pytest.approx((0, 0.5 * 0.2))


def test_unusable_segments_are_named():
    with pytest.raises(InvalidInputError, match="same segments"):
        mix_rate_effects([1], [5], [1, 1], [5, 5])
    with pytest.raises(InvalidInputError, match="actual_n must hold accounts"):
        mix_rate_effects([1], [5], [0], [0])
    with pytest.raises(InvalidInputError, match="same segments"):
        mix_rate_effects(1, 5, 1, 5)
