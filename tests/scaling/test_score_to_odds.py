"""Whether outcomes lie on the scale."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta, chi2, norm
from sklearn.linear_model import LogisticRegression

from riskkit.exceptions import (
    ConvergenceWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.scaling import PointsScaler, score_to_odds_check

SCALER = PointsScaler(pdo=20, base_points=600, base_odds=50)


def book(n=40_000, slope=1.0, shift=0.0, seed=0):
    """Return outcomes of accounts whose log-odds are a line of those promised."""
    rng = np.random.default_rng(seed)
    promised = rng.normal(-2.5, 1.0, n)
    truth = shift + slope * promised
    y = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(int)
    exact = PointsScaler(rounding="none").to_points(promised)
    return y, exact


def test_bands_by_hand():
    # 600 points promise odds of 50:1, so 51 accounts hold one event; 580 promise 25:1.
    points = np.repeat([580.0, 600.0], [52, 102])
    y = np.zeros(154, dtype=int)
    y[:4] = 1
    y[52] = 1
    found = score_to_odds_check(y, points, SCALER, edges=[590])
    assert found.low == (-np.inf, 590.0)
    assert found.high == (590.0, np.inf)
    assert found.n == (52.0, 102.0)
    assert found.n_event == (4.0, 1.0)
    assert found.mean_points == (580.0, 600.0)
    assert_allclose(found.expected_odds, [25.0, 50.0])
    assert_allclose(found.odds, [12.0, 101.0])
    # 20 log2(12 / 25) and 20 log2(101 / 50) points.
    assert_allclose(found.points_off, [-21.178, 20.287], atol=5e-4)
    low = beta.ppf([0.025, 0.975], 4.5, 48.5)
    assert found.odds_high[0] == pytest.approx(1 / low[0] - 1)
    assert found.odds_low[0] == pytest.approx(1 / low[1] - 1)
    below = beta.cdf(2 / 52, 4.5, 48.5)
    assert found.p_value[0] == pytest.approx(2 * min(below, 1 - below))


def test_the_line_of_two_points_by_hand():
    # Odds 12:1 at 580 and 101:1 at 600: the regression goes through both.
    points = np.repeat([580.0, 600.0], [52, 102])
    y = np.r_[np.ones(4), np.zeros(48), np.ones(1), np.zeros(101)].astype(int)
    found = score_to_odds_check(y, points, SCALER)
    slope = np.log(101 / 12) / 20
    assert found.slope == pytest.approx(slope)
    assert found.pdo == pytest.approx(np.log(2) / slope)
    assert found.base_points == pytest.approx(600 - np.log(101 / 50) / slope)
    # The variance of a difference of two log odds is the sum of 1 / count.
    error = np.sqrt(1 / 4 + 1 / 48 + 1 / 1 + 1 / 101) / 20
    assert found.slope_error == pytest.approx(error)
    reach = norm.ppf(0.975) * error
    assert_allclose([found.slope_low, found.slope_high], [slope - reach, slope + reach])
    z = (slope - np.log(2) / 20) / error
    assert found.slope_p_value == pytest.approx(2 * norm.sf(abs(z)))
    rate, seen = np.array([1 / 26, 1 / 51]), np.array([4 / 52, 1 / 102])
    events, n = np.array([4, 1]), np.array([52, 102])
    ratio = events * np.log(seen / rate) + (n - events) * np.log(
        (1 - seen) / (1 - rate)
    )
    assert found.lr_p_value == pytest.approx(chi2.sf(2 * ratio.sum(), 2))


def test_the_slope_is_that_of_scikit_learn():
    y, points = book(5_000, slope=0.8)
    found = score_to_odds_check(y, points, SCALER)
    z = (points - points.mean())[:, None] / 50
    other = LogisticRegression(C=np.inf, tol=1e-10).fit(z, y)
    assert found.slope == pytest.approx(-other.coef_[0, 0] / 50, rel=1e-6)


def test_a_scale_that_holds_is_left_alone():
    held = [score_to_odds_check(*book(4_000, seed=seed), SCALER) for seed in range(40)]
    covered = [r.slope_low <= r.expected_slope <= r.slope_high for r in held]
    # 40 intervals of 95 % miss no more than 6 times in 99.8 % of all cases.
    assert sum(covered) >= 34
    assert np.mean([r.lr_p_value < 0.05 for r in held]) < 0.2
    bands = np.array([(r.odds_low, r.odds_high, r.expected_odds) for r in held])
    inside = (bands[:, 0] <= bands[:, 2]) & (bands[:, 2] <= bands[:, 1])
    assert 0.9 < inside.mean() < 0.99


def test_bold_points_and_a_wrong_level_show():
    bold = score_to_odds_check(*book(slope=0.7), SCALER)
    assert bold.slope_high < bold.expected_slope
    assert bold.pdo == pytest.approx(20 / 0.7, rel=0.05)
    assert bold.lr_p_value < 1e-6
    # Half the odds at every number of points: 20 points too many.
    low = score_to_odds_check(*book(shift=np.log(2)), SCALER)
    assert_allclose(low.points_off, -20, atol=6)
    assert low.base_points == pytest.approx(620, abs=2)
    assert low.slope_p_value > 0.001
    assert low.lr_p_value < 1e-6


def test_a_weight_of_two_is_the_account_twice():
    y, points = book(3_000)
    by_weight = score_to_odds_check(y, points, SCALER, sample_weight=np.full(3_000, 2))
    by_rows = score_to_odds_check(np.tile(y, 2), np.tile(points, 2), SCALER)
    ours, theirs = by_weight.to_dict(), by_rows.to_dict()
    for name, value in ours.items():
        assert_allclose(value, theirs[name], rtol=1e-8, err_msg=name)
    none = np.r_[np.ones(3_000), 0.0]
    more = score_to_odds_check(
        np.r_[y, 1], np.r_[points, 9999.0], SCALER, sample_weight=none
    )
    assert more.n == score_to_odds_check(y, points, SCALER).n


def test_the_result_is_a_frame_a_dict_and_a_table_for_notebooks():
    found = score_to_odds_check(*book(3_000), SCALER.to_spec(), n_bands=5)
    frame = found.frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 5
    assert frame["n"].sum() == 3_000
    plain = found.to_dict()
    assert plain["expected_slope"] == pytest.approx(np.log(2) / 20)
    assert isinstance(plain["odds"], list)
    assert "points doubled the odds (scale: 20)" in found._repr_html_()
    with pytest.raises(AttributeError):
        found.slope = 1.0


def test_no_slope_where_points_say_all_or_nothing():
    with pytest.warns(ConvergenceWarning, match="separate events from non-events"):
        found = score_to_odds_check([1, 1, 0, 0], [500, 510, 520, 530], SCALER)
    assert np.isnan([found.slope, found.pdo, found.lr_p_value]).all()
    assert found.expected_pdo == 20
    level = score_to_odds_check([1, 0, 0], [500, 500, 500], SCALER)
    assert np.isnan(level.slope)
    assert level.odds == (2.0,)


def test_a_band_without_events_or_accounts():
    found = score_to_odds_check(
        [1, 0, 0, 1, 0], [500, 510, 520, 515, 600], SCALER, edges=[550, 580]
    )
    assert found.odds[2] == np.inf
    assert found.points_off[2] == np.inf
    assert np.isnan(found.odds[1])
    assert found.n[1] == 0.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scaling": 20}, InvalidTypeError, "PointsScaler or a ScalingSpec.*got int"),
        ({"n_bands": 0}, InvalidParameterError, "n_bands must be an integer >= 1"),
        ({"level": 1.0}, InvalidParameterError, "level must be between 0 and 1"),
        ({"edges": [2, 1]}, InvalidParameterError, "edges must be increasing"),
        ({"edges": [np.inf]}, InvalidParameterError, "edges must be increasing"),
        ({"points": [1, 2]}, InvalidInputError, "same accounts; got 3 and 2"),
        ({"points": [1, 2, None]}, InvalidInputError, "must be finite; 1 of 3"),
        ({"y_true": [1, 1, 1]}, InvalidTargetError, "events"),
        ({"sample_weight": [1, 1, -1]}, InvalidParameterError, "not negative"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    given = {"y_true": [1, 0, 0], "points": [1, 2, 3], "scaling": SCALER}
    with pytest.raises(error, match=message):
        score_to_odds_check(**{**given, **arguments})
