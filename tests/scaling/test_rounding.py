"""How far whole points are off the scale."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import kendalltau, spearmanr

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.scaling import RoundingResult, rounding_report

EXACT = np.array([500.4, 510.2, 520.9, 530.0])
POINTS = np.array([501.0, 510.0, 521.0, 528.0])


def test_by_hand():
    found = rounding_report(EXACT, POINTS)
    assert found.n == 4.0
    assert found.max_error == pytest.approx(2.0)
    # Errors 0.6, -0.2, 0.1 and -2.0.
    assert found.mean_error == pytest.approx(-1.5 / 4)
    assert found.rms_error == pytest.approx(np.sqrt((0.36 + 0.04 + 0.01 + 4.0) / 4))
    assert found.slope == pytest.approx(np.polyfit(EXACT, POINTS, 1)[0])
    assert (found.spearman, found.kendall) == (1.0, 1.0)
    assert (found.turned_share, found.tied_share) == (0.0, 0.0)
    assert found.nearest is None


def test_ranks_are_those_of_scipy():
    rng = np.random.default_rng(0)
    exact = rng.normal(600, 20, 2_000)
    points = np.rint(exact + rng.normal(size=2_000))
    found = rounding_report(exact, points)
    assert found.spearman == pytest.approx(spearmanr(exact, points).statistic)
    assert found.kendall == pytest.approx(kendalltau(exact, points).statistic)


def test_a_weight_is_so_many_accounts():
    weight = np.array([2, 1, 0, 3])
    by_weight = rounding_report(EXACT, POINTS, sample_weight=weight)
    by_rows = rounding_report(np.repeat(EXACT, weight), np.repeat(POINTS, weight))
    for ours, theirs in zip(
        by_weight.to_dict().values(), by_rows.to_dict().values(), strict=True
    ):
        assert ours == pytest.approx(theirs)
    # An account of weight 0 is none, however far it is off.
    assert rounding_report(EXACT, POINTS, sample_weight=[1, 1, 1, 0]).max_error < 1


def test_sums_in_another_order_are_ties():
    exact = np.array([600.1, 600.1 + 1e-12, 610.0])
    found = rounding_report(exact, [601, 600, 610])
    assert found.turned_share == 0.0


def test_a_comparison_has_a_row_of_its_own():
    found = rounding_report(EXACT, POINTS, nearest=np.rint(EXACT))
    assert isinstance(found.nearest, RoundingResult)
    frame = found.frame()
    assert frame.index.tolist() == ["chosen together", "each bin by itself"]
    assert_allclose(frame["max_error"], [2.0, 0.4])
    assert "each bin by itself" in found._repr_html_()
    plain = found.to_dict()
    assert plain["nearest"]["max_error"] == pytest.approx(0.4)
    assert len(rounding_report(EXACT, POINTS).frame()) == 1


def test_points_that_are_all_equal_rank_nothing():
    found = rounding_report([600.2, 600.2], [600, 600])
    assert np.isnan([found.spearman, found.kendall, found.slope]).all()
    assert found.max_error == pytest.approx(0.2)


def test_series_and_lists_are_taken():
    assert rounding_report(pd.Series(EXACT), POINTS.tolist()) == rounding_report(
        EXACT, POINTS
    )


def test_bad_input_is_refused():
    with pytest.raises(InvalidInputError, match="same accounts; got 4 and 3"):
        rounding_report(EXACT, POINTS[:3])
    with pytest.raises(InvalidInputError, match="same accounts; got 4 and 1"):
        rounding_report(EXACT, POINTS, nearest=[1])
    with pytest.raises(InvalidInputError, match="points must be finite; 1 of 4"):
        rounding_report(EXACT, [1, 2, np.nan, 4])
    with pytest.raises(InvalidInputError, match="exact must hold one number for each"):
        rounding_report([], [])
    with pytest.raises(InvalidTypeError, match="points must hold numbers"):
        rounding_report([1.0], ["many"])
    with pytest.raises(InvalidParameterError, match="not negative"):
        rounding_report([1.0, 2.0], [1, 2], sample_weight=[1, -1])
