"""The logistic link, the logistic fit, and the points line."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from riskkit._kernels.logistic import logit, sigmoid
from riskkit._kernels.logistic_fit import fit_logistic, fit_rows
from riskkit._kernels.logistic_rows import LogisticRows
from riskkit._kernels.points import largest_losses, points_line


@given(arrays(np.float64, 5, elements=st.floats(-1e3, 1e3)))
def test_sigmoid_agrees_with_scipy_and_with_one_row_at_a_time(z):
    assert_allclose(sigmoid(z), expit(z), rtol=1e-14, atol=1e-300)
    one_by_one = [1 / (1 + math.exp(min(max(-v, -700.0), 700.0))) for v in z.tolist()]
    assert_array_equal(sigmoid(z), one_by_one)


@given(arrays(np.float64, 5, elements=st.floats(1e-9, 1 - 1e-9)))
def test_logit_undoes_sigmoid(p):
    assert_allclose(sigmoid(logit(p)), p, rtol=1e-9)


def book(seed=0, n=400, k=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k))
    z = X @ np.linspace(-1.0, 0.6, k) - 0.7
    return X, rng.random(n) < expit(z), rng.uniform(0.2, 3.0, n)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l2", [0.5, 20.0])
def test_free_fit_agrees_with_scikit_learn(l2, weighted):
    X, y, w = book()
    w = w if weighted else None
    fit = fit_logistic(X, y, w, l2=l2, nonpositive=False, max_iter=50)
    other = LogisticRegression(C=1 / l2, tol=1e-12, solver="newton-cholesky")
    other.fit(X, y, sample_weight=w)
    assert fit.converged
    assert_allclose(fit.coefficients, other.coef_[0], atol=1e-8)
    assert_allclose(fit.intercept, other.intercept_[0], atol=1e-8)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("l1", [0.0, 3.0])
def test_constrained_fit_agrees_with_bounded_minimisation(seed, l1):
    X, y, w = book(seed)
    fit = fit_logistic(X, y, w, l2=1.0, l1=l1, nonpositive=True, max_iter=50)

    def loss(beta):
        z = beta[0] + X @ beta[1:]
        value = w @ (np.logaddexp(0, z) - y * z) + 0.5 * (beta[1:] ** 2).sum()
        return value + l1 * np.abs(beta[1:]).sum()

    bounds = [(None, None)] + [(None, 0.0)] * X.shape[1]
    other = minimize(
        loss, np.zeros(5), bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-15}
    )
    found = np.r_[fit.intercept, fit.coefficients]
    assert fit.converged
    assert (fit.coefficients <= 0).all()
    assert (fit.coefficients == 0).any()
    assert loss(found) <= loss(other.x) + 1e-9
    assert_allclose(found, other.x, atol=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_pooling_and_offsets_agree_with_bounded_minimisation(seed):
    X, y, w = book(seed)
    offset = np.random.default_rng(seed).normal(size=len(y))
    pooled = np.array([True, True, False, True])
    rows = LogisticRows(X, y.astype(bool), w, offset)
    options = {"l2": 0.5, "l1": 1.0, "pooling": 30.0, "pooled": pooled}
    fit = fit_rows(rows, range(4), nonpositive=True, max_iter=50, **options)

    def loss(beta):
        z = offset + beta[0] + X @ beta[1:]
        together = beta[1:][pooled]
        return (
            w @ (np.logaddexp(0, z) - y * z)
            + 0.25 * (beta[1:] ** 2).sum()
            + np.abs(beta[1:]).sum()
            + 15.0 * ((together - together.mean()) ** 2).sum()
        )

    bounds = [(None, None)] + [(None, 0.0)] * 4
    other = minimize(
        loss, np.zeros(5), bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-15}
    )
    found = np.r_[fit.intercept, fit.coefficients]
    assert fit.converged
    assert loss(found) <= loss(other.x) + 1e-9
    assert_allclose(found, other.x, atol=2e-3)


def test_strong_pooling_leaves_one_common_coefficient():
    X, y, w = book(0)
    options = {"l2": 0.0, "nonpositive": False, "max_iter": 100}
    fit = fit_logistic(X, y.astype(bool), w, pooling=1e9, **options)
    total = fit_logistic(X.sum(axis=1)[:, None], y.astype(bool), w, **options)
    assert_allclose(fit.coefficients, np.full(4, total.coefficients[0]), atol=1e-5)


def test_a_weight_of_two_is_the_row_twice():
    X, y, _ = book()
    twice = fit_logistic(
        np.tile(X, (2, 1)), np.tile(y, 2), None, l2=1, nonpositive=True, max_iter=50
    )
    weighted = fit_logistic(
        X, y, np.full(len(y), 2.0), l2=1, nonpositive=True, max_iter=50
    )
    assert_allclose(twice.coefficients, weighted.coefficients, atol=1e-9)


def test_perfect_separation_settles_with_a_penalty_and_is_reported_without():
    X, y = np.array([[-1.0], [-0.5], [0.5], [1.0]]), np.array([1, 1, 0, 0], dtype=bool)
    with_penalty = fit_logistic(X, y, None, l2=1.0, nonpositive=True, max_iter=50)
    assert with_penalty.converged
    assert with_penalty.coefficients[0] < 0
    without = fit_logistic(X, y, None, l2=0.0, nonpositive=True, max_iter=5)
    assert not without.converged


def test_no_column_leaves_the_event_rate():
    y = np.array([True, False, False, False])
    fit = fit_logistic(np.empty((4, 0)), y, None, l2=1, nonpositive=True, max_iter=9)
    assert fit.intercept == pytest.approx(math.log(1 / 3))


def test_points_line_of_siddiqi():
    factor, offset = points_line(20, 600, 30)
    assert factor == pytest.approx(28.8539, abs=1e-4)
    assert offset == pytest.approx(501.8622, abs=1e-4)


def test_largest_losses_are_ordered_and_ties_keep_the_order_of_columns():
    losses = np.array([[5.0, 9.0, 5.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4]])
    assert_array_equal(largest_losses(losses, 3), [[1, 0, 2], [-1, -1, -1], [3, 2, 1]])
    assert largest_losses(losses, 6).shape == (3, 6)
