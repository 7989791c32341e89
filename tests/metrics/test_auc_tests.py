"""Comparing discrimination."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.metrics import roc_auc_score

from riskkit._kernels.ranking_tests import paired_auc, placements
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.metrics import auc_delong_test, auc_vs_initial_test, gini_score

# The five grades of the monitoring reference, safest first.
N_EVENT = np.array([1, 4, 9, 20, 33])
N = np.array([1000, 1000, 900, 700, 400])


@st.composite
def samples(draw):
    """Two scores with many ties; at least two of each class."""
    n = draw(st.integers(4, 30))
    y = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    y[:4] = 0, 1, 0, 1
    first, second = (
        np.array(draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)), float)
        for _ in range(2)
    )
    weight = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weight[:4] = 1, 2, 1, 1
    return y, first, second, weight


def rows_of_grades():
    y = np.concatenate(
        [np.repeat([1, 0], [d, m - d]) for d, m in zip(N_EVENT, N, strict=True)]
    )
    return y, np.repeat(np.arange(5.0), N)


def slow_placements(y, score):
    """Pair by pair, as the definition has it."""
    event, rest = score[y == 1], score[y == 0]
    u = (event[:, None] > rest) + 0.5 * (event[:, None] == rest)
    return u.mean(axis=1), u.mean(axis=0)


def slow_delong(y, first, second):
    u1, v1 = slow_placements(y, first)
    u2, v2 = slow_placements(y, second)
    covariance = np.cov(u1, u2) / u1.size + np.cov(v1, v2) / v1.size
    return np.array([u1.mean(), u2.mean()]), covariance


def test_golden_values_of_the_reference():
    result = auc_vs_initial_test(N_EVENT, N, 0.85)
    assert f"{result.details['auc']:.7f}" == "0.8223774"
    assert f"{result.details['se'] ** 2:.4e}" == "5.0922e-04"
    assert f"{result.statistic:.5f}" == "1.22409"
    assert f"{result.p_value:.6f}" == "0.110459"


def test_grades_are_the_rows_behind_them():
    y, score = rows_of_grades()
    by_grade = auc_vs_initial_test(N_EVENT, N, 0.85)
    by_row = auc_vs_initial_test(y, 1, 0.85, score=score)
    assert by_row.details["auc"] == pytest.approx(roc_auc_score(y, score), abs=1e-14)
    for name, value in by_grade.details.items():
        assert by_row.details[name] == pytest.approx(value, abs=1e-14)
    assert by_row.p_value == pytest.approx(by_grade.p_value)
    # grades in any order, and cut in two with one score
    mixed = auc_vs_initial_test(
        [33, 1, 4, 3, 6, 20], [400, 1000, 1000, 500, 400, 700], 0.85,
        score=[9, 1, 2, 3, 3, 4],
    )  # fmt: skip
    assert mixed.p_value == pytest.approx(by_grade.p_value)
    assert 2 * by_grade.details["auc"] - 1 == pytest.approx(gini_score(y, score))


@given(samples())
def test_delong_agrees_with_pairs(sample):
    y, first, second, _ = sample
    areas, covariance = paired_auc(first, second, y == 1, np.ones(y.size))
    slow_areas, slow_covariance = slow_delong(y, first, second)
    assert_allclose(areas, slow_areas, atol=1e-12)
    assert_allclose(covariance, slow_covariance, atol=1e-12)
    assert areas[0] == pytest.approx(roc_auc_score(y, first))
    u, v = slow_placements(y, first)
    place = placements(first, y == 1, np.ones(y.size))
    assert_allclose(place[y == 1], u)
    assert_allclose(place[y == 0], v)


@given(samples())
def test_a_weight_is_a_repetition(sample):
    y, first, second, weight = sample
    repeated = [np.repeat(a, weight) for a in (y, first, second)]
    one = auc_delong_test(*repeated)
    other = auc_delong_test(y, first, second, sample_weight=weight)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)
    assert one.details == pytest.approx(other.details, abs=1e-12)
    assert one.n == other.n
    by_rows = auc_vs_initial_test(repeated[0], 1, 0.7, score=repeated[1])
    by_weight = auc_vs_initial_test(y * weight, weight, 0.7, score=first)
    assert by_rows.details == pytest.approx(by_weight.details, abs=1e-12)


@given(samples(), st.randoms())
def test_order_of_rows_and_scale_of_the_scores_do_not_matter(sample, random):
    y, first, second, weight = sample
    rows = list(range(y.size))
    random.shuffle(rows)
    one = auc_delong_test(y, first, second, sample_weight=weight)
    other = auc_delong_test(
        y[rows], np.exp(first[rows]), 3 * second[rows] - 1, sample_weight=weight[rows]
    )
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)
    swapped = auc_delong_test(y, second, first, sample_weight=weight)
    assert swapped.statistic == pytest.approx(-one.statistic)
    assert swapped.p_value == pytest.approx(one.p_value)


@given(samples())
def test_two_samples_are_compared_by_both_errors(sample):
    y, first, second, weight = sample
    other = weight > 0
    result = auc_delong_test(
        y, first, second[other], other_true=y[other], other_weight=weight[other]
    )
    areas, _ = slow_delong(y, first, first)
    repeated = np.repeat(y, weight), np.repeat(second, weight)
    _, one = slow_delong(y, first, first)
    there, two = slow_delong(*repeated, repeated[1])
    assert result.details["other_auc"] == pytest.approx(there[0])
    assert result.details["difference"] == pytest.approx(areas[0] - there[0])
    variance = one[0, 0] + two[0, 0]
    if variance > 1e-9:
        z = (areas[0] - there[0]) / math.sqrt(variance)
        assert result.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), abs=1e-9)


def test_an_uncertain_initial_auc_is_the_test_of_two_samples():
    y, score = rows_of_grades()
    first = slice(None, None, 2)
    before = auc_vs_initial_test(y[first], 1, 0.9, score=score[first]).details
    now = auc_vs_initial_test(N_EVENT, N, before["auc"], initial_se=before["se"])
    both = auc_delong_test(
        y[first], score[first], score, other_true=y, alternative="greater"
    )
    assert now.p_value == pytest.approx(both.p_value)


def test_the_word_for_the_alternative_tells_the_tail():
    rng = np.random.default_rng(0)
    y = rng.random(500) < 0.3
    good, poor = y + rng.normal(0, 1, 500), y + rng.normal(0, 3, 500)
    greater = auc_delong_test(y, good, poor, alternative="greater")
    less = auc_delong_test(y, good, poor, alternative="less")
    two = auc_delong_test(y, good, poor)
    assert greater.p_value < 0.01
    assert greater.p_value + less.p_value == pytest.approx(1)
    assert two.p_value == pytest.approx(2 * greater.p_value)


def test_periods_are_pooled_by_their_own_ranks():
    # the second year uses the upper grades only; its ranking is just as good
    n_event = [[0, 0, 1, 2], [0, 1, 2, 0]]
    n = [[10, 10, 10, 10], [10, 20, 10, 0]]
    result = auc_vs_initial_test(n_event, n, 0.8)
    # by hand: 1/4, 2/4, 3/4, 1 and 1/4, 3/4, 1
    rank = np.repeat([0.25, 0.5, 0.75, 1, 0.25, 0.75, 1], [10, 10, 10, 10, 10, 20, 10])
    event = [0, 0, 1, 2, 0, 1, 2]
    size = [10, 10, 10, 10, 10, 20, 10]
    y = np.concatenate(
        [np.repeat([1, 0], [d, m - d]) for d, m in zip(event, size, strict=True)]
    )
    assert result.details["auc"] == pytest.approx(roc_auc_score(y, rank))
    alone = auc_vs_initial_test([n_event[0]], [n[0]], 0.8)
    assert alone == auc_vs_initial_test(n_event[0], n[0], 0.8)


def test_type_one_error_of_delong_is_what_it_says():
    rng = np.random.default_rng(7)
    runs, n = 1_000, 200
    rejected_paired = rejected_unpaired = 0
    y = np.arange(n) < 60
    for _ in range(runs):
        common = y + rng.normal(0, 1, n)
        first, second = (common + rng.normal(0, 1, n) for _ in range(2))
        rejected_paired += auc_delong_test(y, first, second).p_value < 0.05
        fresh = y + rng.normal(0, 1, n) + rng.normal(0, 1, n)
        result = auc_delong_test(y, first, fresh, other_true=y)
        rejected_unpaired += result.p_value < 0.05
    tolerance = 3.5 * math.sqrt(0.05 * 0.95 / runs)
    assert rejected_paired / runs == pytest.approx(0.05, abs=tolerance)
    assert rejected_unpaired / runs == pytest.approx(0.05, abs=tolerance)


def test_type_one_error_of_the_initial_auc_test_is_what_it_says():
    """Grades drawn from known chances, so that the initial AUC is the true one."""
    rng = np.random.default_rng(8)
    runs = 2_000
    share_event = np.array([0.05, 0.10, 0.20, 0.30, 0.35])
    share_rest = np.array([0.25, 0.30, 0.25, 0.15, 0.05])
    below = np.cumsum(share_rest) - share_rest / 2
    true_auc = float(share_event @ below)
    event = rng.multinomial(150, share_event, runs)
    rest = rng.multinomial(1_500, share_rest, runs)
    p_values = [
        auc_vs_initial_test(d, d + m, true_auc).p_value
        for d, m in zip(event, rest, strict=True)
    ]
    for level in (0.05, 0.01):
        share = np.mean(np.array(p_values) < level)
        assert share == pytest.approx(
            level, abs=3.5 * math.sqrt(level * (1 - level) / runs)
        )


@pytest.mark.parametrize(
    ("n_event", "n", "reason"),
    [
        ([0, 0], [5, 5], "there is no more than one event"),
        ([0, 1], [5, 5], "there is no more than one event"),
        ([5, 5], [5, 5], "there is no more than one non-event"),
        ([0, 0], [0, 0], "there is no more than one event"),
    ],
)
def test_too_few_of_a_class_is_said(n_event, n, reason):
    result = auc_vs_initial_test(n_event, n, 0.8)
    assert (result.status, result.reason) == ("not_evaluable", reason)
    assert math.isnan(result.p_value)
    y = np.concatenate(
        [np.repeat([1, 0], [d, m - d]) for d, m in zip(n_event, n, strict=True)]
    )
    score = np.repeat([1.0, 2.0], n)
    by_row = auc_delong_test(y, score, -score)
    assert (by_row.status, by_row.reason) == ("not_evaluable", reason)
    two = auc_delong_test([0, 0, 1, 1], [1, 2, 2, 3], score, other_true=y)
    assert (two.status, two.reason) == ("not_evaluable", reason)


def test_rankings_without_sampling_error_have_exact_answers():
    y = [0, 0, 1, 1]
    same = auc_delong_test(y, [1, 2, 2, 3], np.exp([1, 2, 2, 3]))
    assert (same.statistic, same.p_value) == (0, 1)
    perfect = auc_vs_initial_test([0, 3], [3, 3], 0.9)
    assert (perfect.statistic, perfect.p_value) == (-math.inf, 1)
    assert auc_vs_initial_test([0, 3], [3, 3], 1.0).p_value == 0.5
    reversed_ = auc_vs_initial_test([3, 0], [3, 3], 0.9)
    assert (reversed_.statistic, reversed_.p_value) == (math.inf, 0)
    tied = auc_vs_initial_test([3, 2], [6, 4], 0.5, score=[1, 1])
    assert (tied.details["auc"], tied.p_value) == (0.5, 0.5)
    # rounding of weights must not become significant
    weight = np.full(6, 0.1)
    rounded = auc_vs_initial_test(weight * [0, 0, 0, 1, 1, 1], weight, 1.0)
    assert rounded.status == "not_evaluable"  # 0.3 events
    rounded = auc_vs_initial_test(weight * [0, 0, 0, 70, 70, 70], weight * 70, 1.0)
    assert rounded.p_value == 0.5


def test_unusable_input_is_named():
    with pytest.raises(InvalidInputError, match="y_true and other_score must be"):
        auc_delong_test([0, 1], [1, 2], [1, 2, 3])
    with pytest.raises(InvalidInputError, match="other_weight belongs to a second"):
        auc_delong_test([0, 1], [1, 2], [1, 2], other_weight=[1, 1])
    with pytest.raises(InvalidInputError, match="1 of 2 entries are NaN"):
        auc_delong_test([0, 1], [1, np.nan], [1, 2])
    with pytest.raises(InvalidTargetError, match="got 1 class in 2 rows"):
        auc_delong_test(["bad", "bad"], [1, 2], [1, 2])
    with pytest.raises(InvalidTargetError, match="1 of 3 rows have none"):
        auc_delong_test([0, 1, np.nan], [1, 2, 3], [1, 2, 3])
    with pytest.raises(InvalidTargetError, match="got 3 classes"):
        auc_delong_test([0, 1, 2], [1, 2, 3], [1, 2, 3])
    with pytest.raises(InvalidParameterError, match="for each of the 2 rows"):
        auc_delong_test([0, 1], [1, 2], [1, 2], sample_weight=[1, -1])
    with pytest.raises(InvalidParameterError, match="initial_auc"):
        auc_vs_initial_test(N_EVENT, N, 82)
    with pytest.raises(InvalidInputError, match="score must be a finite number"):
        auc_vs_initial_test(N_EVENT, N, 0.8, score=[1, 2, 3, 4, np.inf])


def test_labels_may_be_words():
    y, score = ["good", "bad", "good", "bad"], [1.0, 2, 3, 4]
    # the larger label is the event
    result = auc_delong_test(y, score, [0, 0, 0, 0])
    assert result.details["auc"] == 0.25
