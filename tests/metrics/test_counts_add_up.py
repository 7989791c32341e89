"""What every test of counts promises: merging, weights, and no silent NaN."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.metrics import (
    auc_vs_initial_test,
    binomial_test,
    calibration_level_test,
    calibration_slope_test,
    cusum_test,
    hosmer_lemeshow_test,
    jeffreys_test,
    psi_test,
    spiegelhalter_test,
    traffic_light_test,
    vasicek_binomial_test,
)

PD = np.array([0.01, 0.03, 0.08, 0.2])
OF_GRADES = {
    "jeffreys": jeffreys_test,
    "binomial": binomial_test,
    "one factor": lambda d, n, pd: vasicek_binomial_test(d, n, pd, rho=0.05),
    "hosmer-lemeshow": hosmer_lemeshow_test,
    "spiegelhalter": spiegelhalter_test,
    "level": calibration_level_test,
    "slope": calibration_slope_test,
    "cusum": cusum_test,
    "traffic lights": traffic_light_test,
    "auc": lambda d, n, pd: auc_vs_initial_test(d, n, 0.7, score=pd),
}
cells = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=4, max_size=4
)
by_name = pytest.mark.parametrize("test", OF_GRADES.values(), ids=OF_GRADES)


@by_name
@settings(max_examples=25)
@given(cells)
def test_a_p_value_is_a_chance_or_the_status_says_why_not(test, grades):
    d, g = np.array(grades).T
    result = test(d, d + g, PD)
    p, ok = np.asarray(result.p_value), np.asarray(result.status) == "ok"
    assert ((p >= 0) & (p <= 1) == ok).all()
    assert (np.isnan(p) == ~ok).all()
    assert ((np.asarray(result.reason) == "") == ok).all()
    assert set(np.ravel(result.status)) <= {"ok", "not_evaluable"}
    assert not np.isnan(np.asarray(result.statistic)[ok]).any()
    assert len(result.frame()) == max(p.size, 1)


@by_name
@settings(max_examples=25)
@given(cells)
def test_numbers_of_any_type_and_memory_layout_serve(test, grades):
    d, g = np.array(grades).T
    plain = test(d, d + g, PD)
    assert test(d.tolist(), (d + g).astype(np.float32), list(PD)) == plain
    spread = np.repeat(d, 2)[::2], np.repeat(d + g, 2)[::2], np.repeat(PD, 2)[::2]
    assert test(*spread) == plain


@pytest.mark.parametrize("name", ["hosmer-lemeshow", "spiegelhalter", "level", "auc"])
def test_months_merged_are_the_pooled_sample(name):
    rng = np.random.default_rng(0)
    grade = rng.integers(0, 4, 6_000)
    month = rng.integers(0, 12, 6_000)
    y = rng.random(6_000) < PD[grade]
    n, d = np.zeros((12, 4)), np.zeros((12, 4))
    np.add.at(n, (month, grade), 1)
    np.add.at(d, (month, grade), y)
    pooled = np.bincount(grade[y], minlength=4), np.bincount(grade, minlength=4)
    test = OF_GRADES[name]
    merged = test(d.sum(axis=0), n.sum(axis=0), PD)
    assert merged == test(*pooled, PD)
    by_row = test(y, 1, PD[grade])
    if name != "hosmer-lemeshow":  # which asks by group
        assert by_row.p_value == pytest.approx(merged.p_value, abs=1e-9)
    bins = np.bincount(grade[month < 6], minlength=4), n[:6].sum(axis=0)
    assert psi_test(bins[0], pooled[1]) == psi_test(bins[1], pooled[1])


@by_name
def test_weights_of_one_half_twice_are_whole(test):
    half = test(np.array([1, 2, 4, 9]) * 0.5 * 2, np.array([90, 80, 70, 60.0]), PD)
    assert half == test([1, 2, 4, 9], [90, 80, 70, 60], PD)
