import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from riskkit._kernels.ranking import auc, auc_variance, ks, score_counts
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.metrics import cap_curve, gini_score, ks_curve, ks_score, lift_table

relaxed = settings(deadline=None)  # machines of many users stall at times

# Grades of the monitoring reference, safest first, turned riskiest first here.
GRADES = np.array([1000.0, 1000, 900, 700, 400])[::-1]
DEFAULTS = np.array([1.0, 4, 9, 20, 33])[::-1]


@st.composite
def samples(draw):
    """Few distinct scores, so that ties are the rule."""
    n = draw(st.integers(2, 40))
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    y[0], y[1] = 0, 1
    score = draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n))
    weight = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    weight[0], weight[1] = 1, 2
    return np.array(y), np.array(score, float), np.array(weight)


def slow_gini(y, score):
    """Pair by pair."""
    pairs = [np.sign(a - b) for a in score[y == 1] for b in score[y == 0]]
    return np.mean(pairs)


def test_auc_of_grades_matches_the_reference():
    area = auc(DEFAULTS, GRADES - DEFAULTS)
    assert area == pytest.approx(0.8223774, abs=5e-8)
    assert auc_variance(DEFAULTS, GRADES - DEFAULTS) == pytest.approx(
        5.0922e-4, abs=5e-9
    )


def test_auc_variance_of_grades_is_delong_over_rows():
    y, score = [], []
    for grade, (n, d) in enumerate(zip(GRADES, DEFAULTS, strict=True)):
        y += [1] * int(d) + [0] * int(n - d)
        score += [-grade] * int(n)
    y, score = np.array(y), np.array(score)
    bad, good = score[y == 1], score[y == 0]
    u = np.array([np.mean((b > good) + 0.5 * (b == good)) for b in bad])
    v = np.array([np.mean((bad > g) + 0.5 * (bad == g)) for g in good])
    expected = u.var(ddof=1) / u.size + v.var(ddof=1) / v.size
    assert auc_variance(DEFAULTS, GRADES - DEFAULTS) == pytest.approx(expected)


def test_one_class_alone_has_no_auc():
    none, some = np.zeros(2), np.ones(2)
    assert np.isnan(auc(none, some))
    assert np.isnan(ks(some, none))
    assert np.isnan(auc_variance(np.array([1.0, 0]), some))


@relaxed
@given(samples())
def test_gini_counts_pairs_and_agrees_with_scikit_learn(sample):
    y, score, weight = sample
    assert gini_score(y, score) == pytest.approx(slow_gini(y, score))
    area = roc_auc_score(y, score, sample_weight=weight)
    assert gini_score(y, score, sample_weight=weight) == pytest.approx(2 * area - 1)


@relaxed
@given(samples())
def test_a_weight_is_a_repetition(sample):
    y, score, weight = sample
    ones = np.repeat(y, weight), np.repeat(score, weight)
    for metric in (gini_score, ks_score):
        assert metric(*ones) == metric(y, score, sample_weight=weight)
    for curve in (ks_curve, cap_curve):
        for one, other in zip(
            curve(*ones), curve(y, score, sample_weight=weight), strict=True
        ):
            assert_array_equal(one, other)
    assert lift_table(*ones, n_bands=3) == lift_table(
        y, score, n_bands=3, sample_weight=weight
    )


@relaxed
@given(samples(), st.randoms())
def test_order_of_rows_and_scale_of_the_score_do_not_matter(sample, random):
    y, score, weight = sample
    rows = list(range(y.size))
    random.shuffle(rows)
    for metric in (gini_score, ks_score):
        value = metric(y, score, sample_weight=weight)
        moved = metric(y[rows], np.exp(score[rows]), sample_weight=weight[rows])
        assert moved == value
    assert gini_score(y, -score) == pytest.approx(-gini_score(y, score))


@relaxed
@given(samples())
def test_ks_agrees_with_scipy(sample):
    y, score, _ = sample
    # Its exact p-value, which nobody asks for here, warns on some small samples.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        statistic = ks_2samp(score[y == 1], score[y == 0]).statistic
    assert ks_score(y, score) == pytest.approx(statistic)


@relaxed
@given(samples())
def test_area_of_the_cap_curve_is_the_gini(sample):
    y, score, _ = sample
    share, event_share = cap_curve(y, score)
    area = np.trapezoid(event_share, share)
    assert (2 * area - 1) / (1 - y.mean()) == pytest.approx(gini_score(y, score))
    assert share[0] == event_share[0] == 0
    assert share[-1] == event_share[-1] == 1


@relaxed
@given(samples(), st.integers(1, 12))
def test_lift_bands_are_equal_and_lose_nothing(sample, n_bands):
    y, score, weight = sample
    result = lift_table(y, score, n_bands=n_bands, sample_weight=weight)
    assert_allclose(result.n, weight.sum() / n_bands)
    assert sum(result.n_event) == pytest.approx(weight[y == 1].sum())
    assert result.cum_event_share[-1] == pytest.approx(1)
    assert result.cum_lift[-1] == pytest.approx(1)


def test_lift_by_hand_with_a_tie_across_two_bands():
    # 3, then four accounts at 2 of which two are events, then 1: bands of three take
    # the first and half of the tie, so one of its two events each.
    y = [1, 1, 1, 0, 0, 0]
    result = lift_table(y, [3, 2, 2, 2, 2, 1], n_bands=2)
    assert result.n == (3.0, 3.0)
    assert result.n_event == (2.0, 1.0)
    assert result.min_score == (2.0, 1.0)
    assert_allclose(result.lift, [4 / 3, 2 / 3])
    assert_array_equal(result.frame()["band"], [1, 2])
    assert result.to_dict()["n_event"] == [2.0, 1.0]
    assert "<table" in result._repr_html_()


def test_infinite_scores_rank_like_any_other():
    y, score = [0, 0, 1, 1], [-np.inf, -np.inf, 0.5, np.inf]
    assert gini_score(y, score) == 1
    assert_array_equal(ks_curve(y, score)[0], [np.inf, 0.5, -np.inf])


def test_any_two_labels_will_do():
    assert gini_score(["good", "late"], [0.1, 0.2]) == 1
    assert gini_score([False, True], [0.1, 0.2]) == 1


def test_scores_are_counted_riskiest_first():
    score, event, nonevent = score_counts(
        np.array([True, False, False]), np.array([0.2, 0.7, 0.2])
    )
    assert_array_equal(score, [0.7, 0.2])
    assert_array_equal(event, [0, 1])
    assert_array_equal(nonevent, [1, 1])


@pytest.mark.parametrize(
    ("y", "score", "weight", "error", "words"),
    [
        ([1, 1], [1, 2], None, InvalidTargetError, "non-events"),
        ([0, 1], [1], None, InvalidInputError, "same rows"),
        ([0, 1], [1, np.nan], None, InvalidInputError, "1 of 2 entries are NaN"),
        ([0, 1], [[0.1, 0.9]] * 2, None, InvalidInputError, r"\[:, 1\]"),
        ([0, 1], ["a", "b"], None, InvalidTypeError, "must hold numbers"),
        ([0, 1], [1, 2], [1], InvalidParameterError, "each of the 2 rows"),
        ([0, 1], [1, 2], [1, -1], InvalidParameterError, "finite number >= 0"),
        ([0, 1], [1, 2], [1, 0], InvalidParameterError, "one of the two classes"),
    ],
)
@pytest.mark.parametrize("metric", [gini_score, ks_score, ks_curve, cap_curve])
def test_unusable_input_is_named(metric, y, score, weight, error, words):
    with pytest.raises(error, match=words):
        metric(y, score, sample_weight=weight)


def test_no_bands_is_an_error():
    with pytest.raises(InvalidParameterError, match="n_bands must be an integer >= 1"):
        lift_table([0, 1], [1, 2], n_bands=0)
