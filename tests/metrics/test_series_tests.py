"""Years and months: level, colours, trend, change."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from riskkit._kernels.series_tests import cusum_path, cusum_tail, light_tail
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import (
    cusum_test,
    mann_kendall_test,
    normal_test,
    traffic_light_test,
)

GINI = [0.45, 0.44, 0.44, 0.43, 0.41, 0.42, 0.40, 0.39]
series = st.lists(st.integers(-5, 5), min_size=3, max_size=12)


def test_golden_values_of_the_reference():
    result = normal_test([0.012, 0.009, 0.015, 0.020, 0.011], [0.01] * 5)
    assert (f"{result.statistic:.6f}", f"{result.p_value:.6f}") == (
        "1.777208",
        "0.037767",
    )
    result = traffic_light_test([12, 9, 15, 20, 11], [1000] * 5, [0.01] * 5)
    assert result.statistic == 1211
    assert f"{result.p_value:.6f}" == "0.082875"
    result = mann_kendall_test(GINI)
    assert result.details["score"] == -25
    assert (f"{result.statistic:.4f}", f"{result.p_value:.5f}") == (
        "-2.9922",
        "0.00277",
    )


def test_normal_test_is_the_t_statistic_read_as_normal():
    rate, pd = np.array([0.02, 0.035, 0.01, 0.028]), np.array([0.02, 0.02, 0.02, 0.03])
    t = stats.ttest_1samp(rate - pd, 0).statistic
    result = normal_test(rate, pd, alternative="two-sided")
    assert result.statistic == pytest.approx(t)
    assert result.p_value == pytest.approx(2 * stats.norm.sf(abs(t)))
    assert result.details["mean_error"] == pytest.approx(np.mean(rate - pd))


def test_normal_test_at_its_edges():
    assert normal_test([0.02], 0.01).reason == "a single year has no spread"
    assert normal_test([0.02, 0.02], 0.02).p_value == 0.5
    assert normal_test([0.3, 0.3], 0.1 + 0.2).p_value == 0.5  # rounding is no error
    assert normal_test([0.02, 0.02], 0.01).p_value == 0
    assert normal_test([0.02, 0.02], 0.01, alternative="less").p_value == 1
    with pytest.raises(InvalidInputError, match="event_rate must lie between 0 and 1"):
        normal_test([2.0, 0.1], 0.01)
    with pytest.raises(InvalidInputError, match="same years; got 2 and 3"):
        normal_test([0.2, 0.1], [0.01] * 3)
    with pytest.raises(InvalidInputError, match="same years; got 0 and 0"):
        normal_test([], 0.01)


def slow_light_tail(counts, shares):
    """Colour every year in every way."""
    years = sum(counts)
    base = max(10, years + 1)

    def value(c):
        return sum(n * base ** (3 - i) for i, n in enumerate(c))

    total = 0.0
    for colours in itertools.product(range(4), repeat=years):
        c = [colours.count(i) for i in range(4)]
        if value(c) <= value(counts):
            total += math.prod(shares[i] for i in colours)
    return total


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_traffic_lights_agree_with_all_ways_to_colour_the_years(colours):
    counts, shares = np.bincount(colours, minlength=4), (0.5, 0.3, 0.15, 0.05)
    assert light_tail(counts, np.array(shares)) == pytest.approx(
        slow_light_tail(counts.tolist(), shares)
    )


def test_colours_come_as_often_as_they_say():
    rng = np.random.default_rng(0)
    d = rng.binomial(200_000, 0.05, 40)
    runs = [
        traffic_light_test(rng.binomial(200_000, 0.05, 5), 200_000, 0.05)
        for _ in range(800)
    ]
    shares = np.mean(
        [[r.details[c] for c in ("green", "yellow", "orange", "red")] for r in runs],
        axis=0,
    )
    assert_allclose(shares / 5, [0.5, 0.3, 0.15, 0.05], atol=0.03)
    share = np.mean([r.p_value < 0.1 for r in runs])
    assert share <= 0.1 + 3.5 * math.sqrt(0.1 * 0.9 / 800)  # discrete, so at most
    assert share > 0.05
    # more than nine years
    many = traffic_light_test(d, 200_000, 0.05)
    assert 0 < many.p_value <= 1


def test_traffic_lights_at_their_edges():
    assert traffic_light_test([500] * 3, 1000, 0.01).p_value == pytest.approx(0.05**3)
    assert traffic_light_test([0] * 3, 1000, 0.01).p_value == pytest.approx(1)
    assert traffic_light_test(12, 1000, 0.01).details["yellow"] == 1
    for groups in (([1, 0], [10, 0], 0.1), ([1, 0], 10, [0.1, 0.0])):
        assert traffic_light_test(*groups).status == "not_evaluable"
    with pytest.raises(InvalidParameterError, match="four chances above 0"):
        traffic_light_test(1, 10, 0.1, shares=(0.5, 0.3, 0.2, 0.0))
    with pytest.raises(InvalidInputError, match="at most 60 years; got 61"):
        traffic_light_test([1] * 61, 10, 0.1)


@given(series)
def test_mann_kendall_agrees_with_pairs_and_with_kendalls_tau(values):
    result = mann_kendall_test(values)
    n = len(values)
    pairs = [(values[j] > values[i]) - (values[j] < values[i])
             for i, j in itertools.combinations(range(n), 2)]  # fmt: skip
    assert result.details["score"] == sum(pairs)
    slopes = [
        (values[j] - values[i]) / (j - i)
        for i, j in itertools.combinations(range(n), 2)
    ]
    assert result.details["slope"] == pytest.approx(np.median(slopes))
    if len(set(values)) > 1:
        assert result.details["slope"] == pytest.approx(stats.theilslopes(values).slope)
        exact = stats.kendalltau(range(n), values, method="asymptotic")
        # scipy's has no continuity correction: undo ours
        s, z = result.details["score"], result.statistic
        if abs(s) > 1:
            unadjusted = z * s / (s - math.copysign(1, s))
            assert 2 * stats.norm.sf(abs(unadjusted)) == pytest.approx(exact.pvalue)
    turned = mann_kendall_test([-v for v in values])
    assert turned.statistic == pytest.approx(-result.statistic)


def test_the_variance_is_that_of_all_orders():
    values = [1.0, 2, 2, 3, 5, 5]
    scores = [
        mann_kendall_test(order).details["score"]
        for order in set(itertools.permutations(values))
    ]
    # z = (S - sign S) / sd
    result = mann_kendall_test(sorted(values))
    s = result.details["score"]
    assert (s - 1) / result.statistic == pytest.approx(np.std(scores))


def test_the_interval_of_the_slope_agrees_with_scipy():
    result = mann_kendall_test(GINI, level=0.9)
    known = stats.theilslopes(GINI, alpha=0.9)
    slopes = np.sort(
        [(GINI[j] - GINI[i]) / (j - i) for i, j in itertools.combinations(range(8), 2)]
    )
    # scipy takes the next slope outwards, this one the point between
    place = np.searchsorted(slopes, [known.low_slope, known.high_slope])
    assert slopes[place[0]] <= result.details["low"] <= slopes[place[0] + 2]
    assert slopes[place[1] - 2] <= result.details["high"] <= slopes[place[1]] + 1e-12


def test_gaps_in_time_stretch_the_slope():
    result = mann_kendall_test([1.0, 2, 4], times=[2020, 2021, 2023])
    assert result.details["slope"] == 1
    assert mann_kendall_test([1.0, 2, 4]).details["slope"] == 1.5


def test_mann_kendall_at_its_edges():
    flat = mann_kendall_test([0.4, 0.4, 0.4, 0.4])
    assert (flat.status, flat.statistic, flat.p_value) == ("ok", 0, 1)
    assert mann_kendall_test([0.4, 0.5]).reason == "there are fewer than three periods"
    assert mann_kendall_test([]).status == "not_evaluable"
    with pytest.raises(InvalidInputError, match="1 of 3 entries are NaN"):
        mann_kendall_test([1, np.nan, 2])
    with pytest.raises(InvalidInputError, match="values must be finite; 1 of 3"):
        mann_kendall_test([1, np.inf, 2])
    with pytest.raises(InvalidInputError, match="rise strictly"):
        mann_kendall_test([1, 2, 3], times=[1, 1, 2])


def test_type_one_error_of_mann_kendall():
    rng = np.random.default_rng(1)
    runs = 2_000
    share = np.mean(
        [mann_kendall_test(x).p_value < 0.05 for x in rng.normal(size=(runs, 16))]
    )
    # continuity-corrected on 16 periods: the score is even or odd, never between
    assert share == pytest.approx(0.05, abs=3.5 * math.sqrt(0.05 * 0.95 / runs) + 0.005)


def test_cusum_by_hand():
    result = cusum_test([30, 10, 40], 1000, 0.02)
    sd = math.sqrt(1000 * 0.02 * 0.98)
    first = 10 / sd - 0.5
    second = max(0.0, first - 10 / sd - 0.5)
    assert_allclose(result.statistic, [first, second, second + 20 / sd - 0.5])
    fewer = cusum_test([30, 10, 40], 1000, 0.02, alternative="less")
    assert_allclose(fewer.statistic, [0, 10 / sd - 0.5, 0])


@pytest.mark.parametrize(
    ("height", "steps", "allowance"), [(2.0, 6, 0.5), (3.5, 24, 0.5), (5.0, 40, 0.0)]
)
def test_the_chance_of_a_height_agrees_with_a_simulation(height, steps, allowance):
    rng = np.random.default_rng(2)
    runs = 40_000
    level, top = np.zeros(runs), np.zeros(runs)
    for _ in range(steps):
        level = np.maximum(0, level + rng.standard_normal(runs) - allowance)
        top = np.maximum(top, level)
    share = np.mean(top >= height)
    assert cusum_tail(height, steps, allowance) == pytest.approx(
        share, abs=3.5 * math.sqrt(share * (1 - share) / runs)
    )


def test_one_step_is_the_normal_tail_and_heights_beyond_reach_have_no_chance():
    assert cusum_tail(1.3, 1, 0.5) == pytest.approx(stats.norm.sf(1.8), rel=1e-10)
    assert cusum_tail(200.0, 12, 0.5) == 0
    assert cusum_path(np.array([1.0, -5, 2]), 0.5).tolist() == [0.5, 0, 1.5]
    heights = [0.5, 1, 2, 4, 8]
    tails = [cusum_tail(h, 24, 0.5) for h in heights]
    assert tails == sorted(tails, reverse=True)


def test_cusum_holds_its_level_over_the_whole_series():
    rng = np.random.default_rng(3)
    runs = 800
    events = rng.binomial(5_000, 0.04, (runs, 24))
    alarms = np.mean(
        [(cusum_test(d, 5_000, 0.04).p_value < 0.05).any() for d in events]
    )
    assert alarms == pytest.approx(0.05, abs=3.5 * math.sqrt(0.05 * 0.95 / runs))


def test_months_without_accounts_leave_the_sum_alone():
    full = cusum_test([30, 35, 40], 1000, 0.02)
    gap = cusum_test([30, 0, 35, 40], [1000, 0, 1000, 1000], [0.02, np.nan, 0.02, 0.02])
    assert_allclose(gap.statistic[[0, 2, 3]], full.statistic)
    assert_allclose(gap.p_value[[0, 2, 3]], full.p_value)
    assert gap.statistic[1] == pytest.approx(full.statistic[0])
    assert gap.reason[1] == "there are no accounts"
    assert cusum_test([0], [10], [0.0]).reason.tolist() == ["the PD is 0 or 1"]
    quiet = cusum_test([0, 0], 10, 0.1)
    assert quiet.p_value.tolist() == [1, 1]
    with pytest.raises(InvalidParameterError, match="alternative must be one of"):
        cusum_test([1], 10, 0.1, alternative="two-sided")
    with pytest.raises(InvalidParameterError, match="allowance"):
        cusum_test([1], 10, 0.1, allowance=-1)
