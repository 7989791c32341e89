"""Offsets: log-odds that rows bring with them."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from riskkit.binning import ManualBinner
from riskkit.exceptions import InvalidParameterError
from riskkit.scorecard import ScorecardClassifier

N = 5_000


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N, 2)), columns=["a", "b"])
    earlier = 0.8 * X["a"].to_numpy() + rng.normal(0, 0.5, N) - 1.5
    y = rng.random(N) < 1 / (1 + np.exp(-earlier - 0.7 * X["b"]))
    return X, y.astype(int), earlier


def plain():
    binner = ManualBinner({"a": [-1, 0, 1], "b": [-1, 0, 1]})
    none = dict.fromkeys(("l2", "pooling", "optimism", "weak_iv"), 0.0)
    return ScorecardClassifier(binner, signs="free", **none)


def test_the_fit_on_top_agrees_with_plain_minimisation(rows):
    X, y, earlier = rows
    card = plain().fit(X, y, offset=earlier)
    woe = np.asarray(card.binner_.transform(X))

    def loss(beta):
        z = earlier + beta[0] + woe @ beta[1:]
        return np.sum(np.logaddexp(0, z) - y * z)

    other = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-6})
    found = [card.intercept_, card.coefficients_["a"], card.coefficients_["b"]]
    assert_allclose(found, other.x, atol=1e-4)
    # What the offset tells already has no weight left; what it lacks has its own.
    assert abs(card.coefficients_["a"]) < 0.2
    assert card.coefficients_["b"] < -0.8


def test_a_constant_offset_moves_the_intercept_alone(rows):
    X, y, _ = rows
    bare, moved = plain().fit(X, y), plain().fit(X, y, offset=np.full(N, 0.7))
    assert_allclose(moved.intercept_, bare.intercept_ - 0.7, atol=1e-8)
    assert_allclose(
        list(moved.coefficients_.values()), list(bare.coefficients_.values()), atol=1e-8
    )
    assert moved.mean_offset_ == pytest.approx(0.7)
    assert bare.mean_offset_ == 0


def test_predictions_add_it(rows):
    X, y, earlier = rows
    card = ScorecardClassifier().fit(X, y, offset=earlier)
    z = card.decision_function(X)
    assert_allclose(card.decision_function(X, earlier), z + earlier)
    chance = card.predict_proba(X, earlier)[:, 1]
    assert_allclose(chance, 1 / (1 + np.exp(-z - earlier)))
    assert chance.mean() == pytest.approx(y.mean(), abs=1e-3)
    assert (card.predict(X, earlier) == (z + earlier > 0)).all()
    assert_allclose(card.predict_points(X), card.predict_points(X))


def test_rows_of_weight_zero_bring_nothing(rows):
    X, y, earlier = rows
    w = (np.arange(N) % 2).astype(float)
    some = ScorecardClassifier().fit(X, y, sample_weight=w, offset=earlier)
    known = w > 0
    alone = ScorecardClassifier().fit(X[known], y[known], offset=earlier[known])
    assert some.intercept_ == alone.intercept_
    assert some.coefficients_ == alone.coefficients_


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (np.zeros(3), "each of the 5000 rows; got shape"),
        (np.zeros((N, 1)), "each of the 5000 rows; got shape"),
        (np.r_[np.inf, np.zeros(N - 1)], "1 of 5000 are not"),
        (np.r_[np.nan, np.zeros(N - 1)], "1 of 5000 are not"),
    ],
)
def test_bad_offsets(rows, offset, message):
    X, y, _ = rows
    with pytest.raises(InvalidParameterError, match=message):
        ScorecardClassifier().fit(X, y, offset=offset)
