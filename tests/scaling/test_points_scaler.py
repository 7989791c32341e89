"""The points-to-double-the-odds scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.exceptions import InvalidParameterError
from riskkit.scaling import PointsScaler


def test_defaults():
    scaler = PointsScaler()
    assert scaler.to_points(-np.log(50.0)) == 600
    assert scaler.to_points(-np.log(100.0)) == 620
    assert scaler.to_points(-np.log(25.0)) == 580


@given(
    st.floats(1, 100),
    st.floats(0, 1000),
    st.floats(0.1, 1000),
    st.floats(-10, 10),
)
def test_pdo_doubles_the_odds_and_the_line_inverts(pdo, base, odds, log_odds):
    scaler = PointsScaler(pdo, base, odds, rounding="none")
    points = scaler.to_points(log_odds)
    assert_allclose(scaler.to_points(log_odds - np.log(2)) - points, pdo, rtol=1e-6)
    assert_allclose(scaler.to_log_odds(points), log_odds, atol=1e-6)


def test_whole_points_are_the_nearest():
    z = np.linspace(-5, 2, 50)
    exact = PointsScaler(rounding="none").to_points(z)
    assert_array_equal(PointsScaler().to_points(z), np.rint(exact))


def test_transform_needs_no_fit_and_keeps_the_shape():
    z = np.array([[0.0, -1.0]])
    assert_array_equal(PointsScaler().transform(z), PointsScaler().fit(z).transform(z))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"pdo": 0}, "pdo must be above 0"),
        ({"base_odds": -1}, "base_odds must be above 0"),
        ({"base_points": "600"}, "base_points must be a finite number"),
        ({"rounding": "up"}, "rounding must be one of"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        PointsScaler(**parameters).to_points([0.0])
