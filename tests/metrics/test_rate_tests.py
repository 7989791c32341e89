"""Event rates against PDs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.metrics import (
    binomial_test,
    jeffreys_interval,
    jeffreys_test,
    pluto_tasche_pd,
    vasicek_binomial_test,
    vasicek_critical_rate,
)

TESTS = [
    jeffreys_test,
    binomial_test,
    lambda *groups, **how: vasicek_binomial_test(*groups, rho=0.1, **how),
]
groups = st.tuples(st.integers(0, 60), st.integers(0, 60), st.floats(0.001, 0.9))


def slow_one_factor(d, n, pd, rho):
    """Adaptive quadrature of the binomial tail given the factor."""

    def tail(y):
        given_y = stats.norm.cdf(
            (stats.norm.ppf(pd) - math.sqrt(rho) * y) / math.sqrt(1 - rho)
        )
        return stats.norm.pdf(y) * stats.binom.sf(d - 1, n, given_y)

    return quad(tail, -9, 9, limit=400, points=[-6, -4, -2, 0, 2])[0]


def test_golden_values_of_the_reference():
    assert f"{jeffreys_test(8, 500, 0.01).p_value:.7f}" == "0.0953352"
    assert f"{binomial_test(8, 500, 0.01).p_value:.7f}" == "0.1323199"
    for rho, golden in ((0.01, "0.162147"), (0.05, "0.206873"), (0.12, "0.214130")):
        assert f"{vasicek_binomial_test(8, 500, 0.01, rho=rho).p_value:.6f}" == golden
    assert f"{vasicek_critical_rate(0.01, rho=0.04):.6f}" == "0.020747"
    assert f"{vasicek_critical_rate(0.01, rho=0.12):.6f}" == "0.030569"


def test_no_event_by_hand():
    # (1 - p)^n, and its complement above
    result = binomial_test(0, 10, 0.1, alternative="less")
    assert result.p_value == pytest.approx(0.9**10)
    assert binomial_test(1, 10, 0.1).p_value == pytest.approx(1 - 0.9**10)
    assert binomial_test(10, 10, 0.1).p_value == pytest.approx(1e-10)


@given(groups)
def test_jeffreys_is_the_beta_posterior(group):
    d, rest, pd = group
    n = d + rest + 1
    posterior = stats.beta(d + 0.5, n - d + 0.5)
    assert jeffreys_test(d, n, pd).p_value == pytest.approx(posterior.cdf(pd))
    less = jeffreys_test(d, n, pd, alternative="less").p_value
    assert less == pytest.approx(posterior.sf(pd))
    two = jeffreys_test(d, n, pd, alternative="two-sided").p_value
    assert two == pytest.approx(2 * min(posterior.cdf(pd), posterior.sf(pd)))


@given(groups)
def test_binomial_agrees_with_scipy_and_with_a_sum(group):
    d, rest, pd = group
    n = d + rest + 1
    for alternative in ("greater", "less"):
        expected = stats.binomtest(d, n, pd, alternative=alternative).pvalue
        p_value = binomial_test(d, n, pd, alternative=alternative).p_value
        assert p_value == pytest.approx(expected, rel=1e-9, abs=1e-300)
    summed = math.fsum(
        math.comb(n, k) * pd**k * (1 - pd) ** (n - k) for k in range(d, n + 1)
    )
    assert binomial_test(d, n, pd).p_value == pytest.approx(summed, rel=1e-6)


@pytest.mark.parametrize(
    ("d", "n", "pd", "rho"),
    [
        (8, 500, 0.01, 0.12),
        (1, 20, 0.001, 0.3),
        (12_000, 1_000_000, 0.01, 0.04),  # nearly a step in the factor
        (300, 300_000, 1e-3, 0.002),
        (900, 20_000, 0.03, 0.2),
        (30, 30, 0.4, 0.15),
        (2, 300, 0.01, 1e-6),
        (50, 100, 0.5, 0.9),
    ],
)
def test_one_factor_agrees_with_adaptive_quadrature(d, n, pd, rho):
    expected = slow_one_factor(d, n, pd, rho)
    above = vasicek_binomial_test(d, n, pd, rho=rho).p_value
    assert above == pytest.approx(expected, rel=1e-8)
    below = vasicek_binomial_test(d - 1, n, pd, rho=rho, alternative="less").p_value
    assert above + below == pytest.approx(1, abs=1e-12)


def test_one_factor_agrees_with_a_simulation():
    rng = np.random.default_rng(1)
    y = rng.standard_normal(200_000)
    pd = stats.norm.cdf((stats.norm.ppf(0.02) - math.sqrt(0.1) * y) / math.sqrt(0.9))
    share = np.mean(rng.binomial(400, pd) >= 15)
    p_value = vasicek_binomial_test(15, 400, 0.02, rho=0.1).p_value
    assert p_value == pytest.approx(share, abs=4 * math.sqrt(share / 200_000))


def test_without_correlation_it_is_the_binomial():
    counts = [0, 3, 9, 20], [100, 100, 100, 20], [0.02, 0.02, 0.05, 0.5]
    for alternative in ("greater", "less", "two-sided"):
        assert_allclose(
            vasicek_binomial_test(*counts, rho=0, alternative=alternative).p_value,
            binomial_test(*counts, alternative=alternative).p_value,
        )
    # and nearly so for a tiny one
    assert_allclose(
        vasicek_binomial_test(*counts, rho=1e-8).p_value,
        binomial_test(*counts).p_value,
        rtol=1e-4,
    )


def test_the_critical_rate_is_that_of_a_very_large_portfolio():
    rate = vasicek_critical_rate(0.01, rho=0.12, level=0.95)
    p_value = vasicek_binomial_test(rate * 1e7, 1e7, 0.01, rho=0.12).p_value
    assert p_value == pytest.approx(0.05, abs=1e-4)
    assert vasicek_critical_rate([0.0, 0.03, 1.0], rho=0).tolist() == [0, 0.03, 1]


@pytest.mark.parametrize("test", TESTS)
def test_edges_are_exact_or_open(test):
    result = test([0, 0, 5, 0, 3], [0, 7, 5, 7, 7], [0.1, 0.0, 1.0, 0.1, 1.0])
    assert result.status.tolist() == ["not_evaluable"] + ["ok"] * 4
    assert math.isnan(result.p_value[0])
    assert np.isfinite(result.p_value[1:]).all()
    assert result.statistic[1:].tolist() == [0, 1, 0, 3 / 7]
    # an empty grade may have no mean PD
    assert test([0, 3], [0, 9], [np.nan, 0.2]).status[1] == "ok"
    # a sure thing that did not come is certain to be wrong
    assert test(3, 7, 1.0, alternative="less").p_value == 0
    assert test(3, 7, 0.0).p_value == 0


@pytest.mark.parametrize("test", TESTS)
@given(
    st.integers(0, 30), st.integers(1, 30), st.floats(0.01, 0.9), st.floats(0.01, 0.9)
)
def test_more_events_or_a_lower_pd_speak_louder(test, d, rest, pd, other):
    n = d + rest
    low, high = sorted((pd, other))
    p = test([d, d, d + 1], n, [low, high, low]).p_value
    assert p[0] <= p[1] + 1e-12
    assert p[2] <= p[0] + 1e-12


@pytest.mark.parametrize("test", TESTS)
def test_many_grades_at_once_are_each_alone(test):
    rng = np.random.default_rng(0)
    n = rng.integers(1, 1000, 50)
    d, pd = rng.binomial(n, 0.05), rng.uniform(0.001, 0.2, 50)
    together = test(d, n, pd)
    alone = [test(int(a), int(b), c).p_value for a, b, c in zip(d, n, pd, strict=True)]
    assert_allclose(together.p_value, alone, rtol=1e-12)
    assert_allclose(together.details["actual_expected"], d / (n * pd))


def test_jeffreys_is_uniform_under_its_own_prior():
    """The p-value of the true PD is exactly uniform if PDs follow Jeffreys' prior."""
    rng = np.random.default_rng(2)
    pd = rng.beta(0.5, 0.5, 20_000)
    p_value = jeffreys_test(rng.binomial(60, pd), 60, pd).p_value
    assert stats.kstest(p_value, "uniform").pvalue > 0.01


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_type_one_error_of_jeffreys_is_what_it_says(alternative):
    """Simulated as often as the enumerated binomial says, and that is about 5 %."""
    rng = np.random.default_rng(3)
    n, runs = 2_000, 20_000
    for pd in (0.01, 0.03, 0.10):
        d = rng.binomial(n, pd, runs)
        rejected = jeffreys_test(d, n, pd, alternative=alternative).p_value < 0.05
        possible = np.arange(n + 1)
        would = jeffreys_test(possible, n, pd, alternative=alternative).p_value < 0.05
        exact = stats.binom.pmf(possible, n, pd)[would].sum()
        assert rejected.mean() == pytest.approx(
            exact, abs=3.5 * math.sqrt(exact / runs)
        )
        assert exact == pytest.approx(0.05, abs=0.015)  # counts are whole numbers


def test_independence_rejects_true_pds_when_defaults_come_in_waves():
    rng = np.random.default_rng(4)
    y = rng.standard_normal(2_000)
    pd = stats.norm.cdf((stats.norm.ppf(0.02) - math.sqrt(0.04) * y) / math.sqrt(0.96))
    d = rng.binomial(5_000, pd)
    assert (binomial_test(d, 5_000, 0.02).p_value < 0.05).mean() > 0.25
    share = (vasicek_binomial_test(d, 5_000, 0.02, rho=0.04).p_value < 0.05).mean()
    assert share == pytest.approx(0.05, abs=3.5 * math.sqrt(0.05 * 0.95 / 2_000))


def test_interval_and_test_agree():
    low, high = jeffreys_interval([8, 40], [500, 500], level=0.9)
    for bound, alternative in ((low, "greater"), (high, "less")):
        p = jeffreys_test([8, 40], 500, bound, alternative=alternative).p_value
        assert_allclose(p, 0.05, rtol=1e-6)
    low, high = jeffreys_interval([0, 0, 5], [0, 5, 5])
    assert (low[0], high[0], low[1], high[2]) == (0, 1, 0, 1)


def test_most_prudent_pds_match_published_ones():
    # closed form without defaults: 1 - (1 - level)^(1 / n), Pluto and Tasche's example
    n = [100, 400, 300]
    for level in (0.5, 0.75, 0.99):
        expected = [1 - (1 - level) ** (1 / m) for m in (800, 700, 300)]
        assert_allclose(pluto_tasche_pd([0, 0, 0], n, level=level), expected)
    # P. Windridge's calculator: 9810 obligors, 35 defaults, rho 0.15, 95 %
    assert pluto_tasche_pd([35], [9810], level=0.95, rho=0.15)[0] == pytest.approx(
        0.0334, abs=5e-5
    )


def test_most_prudent_pds_leave_the_chance_they_name():
    n_event, n = np.array([0, 2, 1]), np.array([100, 400, 300])
    for rho in (0.0, 0.12):
        pd = pluto_tasche_pd(n_event, n, level=0.9, rho=rho)
        pooled_event = np.cumsum(n_event[::-1])[::-1]
        pooled_n = np.cumsum(n[::-1])[::-1]
        chance = vasicek_binomial_test(
            pooled_event, pooled_n, pd, rho=rho, alternative="less"
        ).p_value
        assert_allclose(chance, 0.1, rtol=1e-7)
    assert (pluto_tasche_pd(n_event, n, rho=0.12) > pluto_tasche_pd(n_event, n)).all()
    assert pluto_tasche_pd([0, 3, 0], [5, 3, 0], level=0.9)[1:].tolist() == [1, 1]
    assert pluto_tasche_pd(0, 800, level=0.75) == pytest.approx(0.0017314, abs=5e-8)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1, 2], [5, 5, 5], 0.1), InvalidInputError, r"n_event: \(2,\), n: \(3,\)"),
        (
            (6, 5, 0.1),
            InvalidInputError,
            "must not exceed n; it does in 1 of 1",
        ),
        ((-1, 5, 0.1), InvalidInputError, "n_event must be finite and not negative"),
        ((1, np.inf, 0.1), InvalidInputError, "n must be finite"),
        ((1, 5, 1.1), InvalidInputError, "pd must be between 0 and 1 in every group"),
        ((1, 5, np.nan), InvalidInputError, "pd must be between 0 and 1 in every"),
        (([], [], []), InvalidInputError, "at least one group; got none"),
        (([[1]], [[5]], 0.1), InvalidInputError, "at most 1 dimension; got shape"),
        (("a", 5, 0.1), InvalidTypeError, "n_event must hold numbers"),
    ],
)
def test_unusable_groups_are_named(test, arguments, error, words):
    with pytest.raises(error, match=words):
        test(*arguments)


def test_unusable_parameters_are_named():
    with pytest.raises(InvalidParameterError, match="Did you mean 'greater'"):
        jeffreys_test(1, 5, 0.1, alternative="grater")
    for rho in (-0.1, 1.0, 2):
        with pytest.raises(InvalidParameterError, match="rho must be"):
            vasicek_binomial_test(1, 5, 0.1, rho=rho)
    for level in (0, 1, 1.5):
        with pytest.raises(InvalidParameterError, match="level must"):
            jeffreys_interval(1, 5, level=level)
