"""Sums over the rows of a logistic model against the formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from riskkit._kernels import logistic_rows
from riskkit._kernels.logistic_fit import Start, fit_rows
from riskkit._kernels.logistic_rows import LogisticRows


@pytest.fixture(params=[False, True], ids=["plain", "weighted"])
def sample(request):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(700, 6))
    y = rng.random(700) < expit(X @ [0.5, -0.4, 0.0, 0.3, 0.0, -0.2] - 1.0)
    return X, y, rng.uniform(0.5, 3.0, 700) if request.param else None


@pytest.fixture(autouse=True)
def several_blocks(monkeypatch):
    monkeypatch.setattr(logistic_rows, "_BLOCK_NUMBERS", 4)


def test_hand_computed():
    rows = LogisticRows(np.array([[0.0], [2.0]]), np.array([False, True]), None)
    sums = rows.sums(np.array([0.0, 0.0]), [0], information=True)
    assert sums.loss == pytest.approx(2 * np.log(2))
    assert sums.slopes.tolist() == [0.0, -1.0]
    assert sums.information.tolist() == [[0.5, 0.5], [0.5, 1.0]]


def test_the_sums_are_those_of_the_formulas(sample):
    X, y, weight = sample
    w = np.ones(len(y)) if weight is None else weight
    rows, chosen = LogisticRows(X, y, weight), [4, 0, 3]
    beta = np.array([-0.7, 0.2, 0.9, -0.5])
    design = np.column_stack([np.ones(len(y)), X[:, chosen]])
    z = design @ beta
    p = expit(z)
    sums = rows.sums(beta, chosen, information=True)
    information = design.T @ ((w * p * (1 - p))[:, None] * design)
    assert_allclose(rows.log_odds(beta, chosen), z, rtol=1e-12)
    assert_allclose(sums.loss, w @ (np.logaddexp(0, z) - y * z), rtol=1e-12)
    assert_allclose(sums.slopes, design.T @ (w * (p - y)), rtol=1e-9, atol=1e-9)
    assert_allclose(sums.information, information, rtol=1e-11)
    assert_allclose(rows.information(z, chosen), information, rtol=1e-11)
    others = [1, 5]
    found = rows.outside(z, chosen, others)
    curved = (w * p * (1 - p))[:, None] * X[:, others]
    assert_allclose(found.slopes, X[:, others].T @ (w * (p - y)), atol=1e-9)
    assert_allclose(found.own, np.sum(curved * X[:, others], axis=0), rtol=1e-11)
    assert_allclose(found.cross, design.T @ curved, rtol=1e-9, atol=1e-9)


def test_log_odds_beyond_the_range_of_exp_stay_finite():
    rows = LogisticRows(np.array([[-1e4], [1e4]]), np.array([True, True]), None)
    sums = rows.sums(np.array([0.0, 1.0]), [0], information=True)
    assert sums.loss == pytest.approx(1e4)
    assert np.isfinite(sums.slopes).all()
    assert np.isfinite(sums.information).all()


@pytest.mark.parametrize("nonpositive", [False, True])
def test_a_start_anywhere_ends_at_the_same_fit(sample, nonpositive):
    X, y, weight = sample
    rows = LogisticRows(X, y, weight)
    options = {"l2": 0.5, "nonpositive": nonpositive, "max_iter": 200}
    cold = fit_rows(rows, range(6), **options)
    beta = np.append(cold.intercept, cold.coefficients)
    near = rows.sums(beta, range(6), information=True).information
    far = np.append(2.0, np.full(6, -3.0))
    for start in (
        Start(beta, near),
        Start(far, near),
        Start(np.zeros(7), np.eye(7)),  # no information at all
    ):
        warm = fit_rows(rows, range(6), start=start, **options)
        assert warm.converged
        assert_allclose(warm.coefficients, cold.coefficients, atol=1e-7)
        assert warm.intercept == pytest.approx(cold.intercept, abs=1e-7)
