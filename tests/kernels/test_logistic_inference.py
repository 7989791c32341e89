"""Standard errors, Wald and score tests of a logistic fit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import approx_fprime

from riskkit._kernels.logistic_fit import fit_logistic
from riskkit._kernels.logistic_inference import (
    coefficient_tests,
    log_likelihood,
    score_tests,
)


def book(seed=0, n=500, k=3, weighted=True):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k))
    y = rng.random(n) < 1 / (1 + np.exp(1 - X @ np.linspace(-1, 0.5, k)))
    return X, y, rng.uniform(0.5, 2.0, n) if weighted else None


def fitted(X, y, w):
    return fit_logistic(X, y, w, l2=0.0, nonpositive=False, max_iter=50)


def negative_log_likelihood(beta, X, y, w):
    z = beta[0] + X @ beta[1:]
    return -log_likelihood(z, y, w)


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_are_the_inverse_hessian_by_differences(weighted):
    X, y, w = book(weighted=weighted)
    fit = fitted(X, y, w)
    beta = np.append(fit.intercept, fit.coefficients)

    def gradient(b):
        return approx_fprime(b, negative_log_likelihood, 1e-5, X, y, w)

    hessian = np.array(
        [
            approx_fprime(beta, lambda b, i=i: gradient(b)[i], 1e-4)
            for i in range(beta.size)
        ]
    )
    tests = coefficient_tests(X, fit.intercept, fit.coefficients, w)
    expected = np.sqrt(np.diag(np.linalg.inv((hessian + hessian.T) / 2)))
    assert_allclose(tests.std_error, expected, rtol=1e-3)
    assert_allclose(tests.z, beta / tests.std_error)
    assert_allclose(tests.p_value, 2 * stats.norm.sf(np.abs(tests.z)))


def test_error_of_a_rate_by_hand():
    # Without columns the intercept is a log-odds: variance 1/e + 1/n.
    y = np.repeat([True, False], [20, 80])
    fit = fitted(np.empty((100, 0)), y, None)
    tests = coefficient_tests(np.empty((100, 0)), fit.intercept, fit.coefficients, None)
    assert tests.std_error[0] == pytest.approx(np.sqrt(1 / 20 + 1 / 80))


def test_score_test_is_close_to_the_likelihood_ratio():
    X, y, w = book(n=5_000)
    inside = fitted(X[:, :2], y, w)
    z = inside.intercept + X[:, :2] @ inside.coefficients
    chi2, slope = score_tests(X[:, :2], X[:, 2:], z, y, w)
    full = fitted(X, y, w)
    ratio = 2 * (
        log_likelihood(full.intercept + X @ full.coefficients, y, w)
        - log_likelihood(z, y, w)
    )
    assert chi2[0] == pytest.approx(ratio, rel=0.03)
    assert np.sign(slope[0]) == np.sign(full.coefficients[2])


def test_score_test_of_one_binary_column_is_pearsons_chi_square():
    rng = np.random.default_rng(3)
    x, y = rng.random(300) < 0.4, rng.random(300) < 0.3
    table = [[np.sum(x & y), np.sum(x & ~y)], [np.sum(~x & y), np.sum(~x & ~y)]]
    expected = stats.chi2_contingency(table, correction=False).statistic
    z = np.full(300, np.log(y.mean() / (1 - y.mean())))
    chi2, _ = score_tests(np.empty((300, 0)), x[:, None].astype(float), z, y, None)
    assert chi2[0] == pytest.approx(expected)


def test_dependent_columns_add_nothing():
    X, y, w = book()
    fit = fitted(X, y, w)
    z = fit.intercept + X @ fit.coefficients
    chi2, _ = score_tests(X, X @ np.array([[1.0], [2.0], [-1.0]]), z, y, w)
    assert chi2[0] == 0.0
    twice = np.column_stack([X[:, 0], X[:, 0]])
    tests = coefficient_tests(twice, 0.0, np.zeros(2), w)
    assert np.isinf(tests.std_error[1:]).all() or (tests.std_error[1:] > 1e3).all()


def test_score_test_keeps_its_level():
    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(400):
        X, y = rng.normal(size=(300, 1)), rng.random(300) < 0.2
        z = np.full(300, np.log(y.mean() / (1 - y.mean())))
        chi2, _ = score_tests(np.empty((300, 0)), X, z, y, None)
        rejected += stats.chi2.sf(chi2[0], 1) < 0.05
    assert rejected / 400 == pytest.approx(0.05, abs=0.03)
