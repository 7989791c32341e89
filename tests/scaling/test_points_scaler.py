"""The scale from log-odds to points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from riskkit.artifact import ScalingSpec
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.scaling import PointsScaler


def test_defaults():
    scaler = PointsScaler()
    assert scaler.to_points(-np.log(50.0)) == 600
    assert scaler.to_points(-np.log(100.0)) == 620
    assert scaler.to_points(-np.log(25.0)) == 580


def test_published_arithmetic():
    # N. Siddiqi, "Credit Risk Scorecards", Wiley, 2006, ch. 6: odds of 50:1 at 600
    # points, 20 to double them, and the odds at 600, 601, 604 and 620 points.
    scaler = PointsScaler(pdo=20, base_points=600, base_odds=50)
    assert round(scaler.factor, 4) == 28.8539
    assert round(scaler.offset, 3) == 487.123
    odds = np.exp(-scaler.to_log_odds([600, 601, 604, 620]))
    assert_allclose(odds.round(1), [50.0, 51.8, 57.4, 100.0])
    # The same with 30:1, as many cards have it.
    assert round(PointsScaler(base_odds=30).offset, 4) == 501.8622


def test_a_published_card_by_odds_and_into_a_range():
    # MathWorks, Financial Toolbox documentation of creditscorecard.formatpoints: a
    # card of seven characteristics whose unscaled points, the log of the odds, go from
    # -1.3100 to 3.0726; the first bins of age, residence and employment.
    unscaled = np.array([-0.15894, -0.14036, -0.060323, -0.031252, -0.076317])
    ends = np.array([-1.3100, 3.0726])
    by_odds = PointsScaler(50, 500, 2, rounding="none")
    # Each characteristic has a seventh of the shift, and unscaled points times slope.
    seventh = by_odds.offset / 7
    assert_allclose(
        seventh + by_odds.factor * unscaled,
        [52.821, 54.161, 59.934, 62.031, 58.781],
        atol=6e-4,
    )
    assert_allclose(by_odds.to_points(-ends), [355.5051, 671.6403], atol=4e-3)
    into_range = PointsScaler(points_range=(300, 850), rounding="none")
    into_range.fit(-ends[:, None])
    assert_allclose(
        into_range.offset / 7 + into_range.factor * unscaled,
        [46.396, 48.727, 58.772, 62.421, 56.765],
        atol=2e-3,
    )


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


def test_a_range_is_filled_and_left_by_what_was_not_seen():
    scaler = PointsScaler(points_range=(300, 850), base_odds=20).fit([[-4.0], [1.5]])
    assert_array_equal(
        scaler.transform([[1.5], [-4.0], [-1.25], [2.5]]).ravel(), [300, 850, 575, 200]
    )
    # 550 points over 5.5 nats: 100 a nat, and 450 at odds of 1.
    assert scaler.pdo_ == pytest.approx(100 * np.log(2))
    assert scaler.base_points_ == pytest.approx(450 + 100 * np.log(20))
    assert scaler.to_spec() == ScalingSpec(
        scaler.pdo_, scaler.base_points_, 20.0, "integer"
    )
    assert scaler.to_log_odds([300.0]) == pytest.approx(1.5)
    assert_array_equal(
        PointsScaler(points_range=(0, 100)).fit_transform([[0.0, 1.0], [2.0, 4.0]]),
        [[100, 75], [50, 0]],
    )


def test_the_scale_that_holds_is_an_attribute_in_either_case():
    scaler = PointsScaler(40, 500, 10).fit([[0.0]])
    assert (scaler.pdo_, scaler.base_points_) == (40.0, 500.0)


def test_a_range_needs_fit_and_log_odds_that_differ():
    scaler = PointsScaler(points_range=(300, 850))
    for use in (
        lambda: scaler.to_spec(),
        lambda: scaler.factor,
        lambda: scaler.to_points([0.0]),
        lambda: scaler.transform([[0.0]]),
    ):
        with pytest.raises(NotFittedError, match="no scale before it has seen"):
            use()
    with pytest.raises(InvalidInputError, match="needs log-odds that differ"):
        scaler.fit([[1.0], [1.0]])


def test_it_clones_with_all_its_parameters():
    scaler = PointsScaler(
        points_range=(0, 100), intercept="apart", nonnegative=True, rounding="none"
    )
    assert clone(scaler).get_params() == scaler.get_params()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"pdo": 0}, "pdo must be above 0"),
        ({"base_odds": -1}, "base_odds must be above 0"),
        ({"base_points": "600"}, "base_points must be a finite number"),
        ({"rounding": "up"}, "rounding must be one of"),
        ({"intercept": "shared"}, "intercept must be one of"),
        ({"nonnegative": 1}, "nonnegative must be True or False; got 1"),
        ({"points_range": 850}, "must be the least and the most points"),
        ({"points_range": "300"}, "must be the least and the most points"),
        ({"points_range": (1, 2, 3)}, "must be the least and the most points"),
        ({"points_range": (850, 300)}, "points_range must rise; got 850 to 300"),
        ({"points_range": (0, float("inf"))}, r"points_range\[1\] must be a finite"),
        ({"points_range": (0.5, 10)}, "must hold whole numbers where rounding"),
        ({"points_range": (0, 10), "pdo": 40}, "pdo and base_points cannot be given"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        PointsScaler(**parameters).fit([[0.0], [1.0]])
