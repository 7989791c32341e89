"""Every number of the report against a value computed otherwise."""

import math

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from riskkit.metrics import csi, ks_score, points_effect, psi
from riskkit.reporting import ReportResult
from riskkit.reporting._sample import jeffreys
from riskkit.reporting._validation import compute_validation

# x = -1: 60 accounts, 30 events, PD 0.4. x = 1: 40 accounts, 2 events, PD 0.1.
X = pd.DataFrame({"x": np.r_[np.full(60, -1.0), np.full(40, 1.0)]})
Y = np.r_[np.ones(30), np.zeros(30), np.ones(2), np.zeros(38)].astype(int)
PD = np.r_[np.full(60, 0.4), np.full(40, 0.1)]


def report_on(*args, **kwargs):
    """The result without its page, which takes longer than all the numbers."""
    return ReportResult(compute_validation(*args, **kwargs), "")


@pytest.fixture
def by_hand(hand_card):
    return report_on(hand_card, X, Y)


def figures(result, column="actual"):
    frame = result.frame("performance").set_index("measure")
    return frame[column].astype(float)


def test_performance(by_hand):
    got = figures(by_hand)
    assert got["Accounts"] == 100
    assert got["Events"] == 32
    assert got["Bad rate"] == pytest.approx(0.32)
    assert got["Mean PD"] == pytest.approx(0.28)
    assert got["Observed / expected events"] == pytest.approx(32 / 28)
    assert got["AUC"] == pytest.approx(roc_auc_score(Y, PD))
    assert got["Gini"] == pytest.approx(2 * roc_auc_score(Y, PD) - 1)
    assert got["KS"] == pytest.approx(30 / 32 - 30 / 68)
    assert got["Log-loss"] == pytest.approx(log_loss(Y, PD))
    assert got["Brier score"] == pytest.approx(brier_score_loss(Y, PD))
    assert got["Mean points"] == pytest.approx(0.6 * 10 + 0.4 * 30)
    # Two PDs in two bands: the bands lose nothing.
    assert got["Gini over the bands of points"] == pytest.approx(got["Gini"])
    assert got["KS over the bands of points"] == pytest.approx(ks_score(Y, PD))


def test_training_figures_come_from_the_stored_counts(by_hand):
    got = figures(by_hand, "expected")
    assert got["Accounts"] == 200
    assert got["Bad rate"] == pytest.approx(0.25)
    assert math.isnan(got["AUC"])
    assert math.isnan(got["Mean PD"])
    y = np.r_[np.ones(40), np.zeros(60), np.ones(10), np.zeros(90)]
    score = np.repeat([2, 1], 100)
    assert got["Gini over the bands of points"] == pytest.approx(
        2 * roc_auc_score(y, score) - 1
    )


def test_bands_of_points(by_hand):
    bands = by_hand.frame("score_bands")
    assert list(bands["band"]) == ["≤ 20", "> 20"]
    assert list(bands["n"]) == [60, 40]
    assert list(bands["n_event"]) == [30, 2]
    assert_allclose(bands["mean_pd"], [0.4, 0.1])
    assert_allclose(bands["event_rate_expected"], [0.4, 0.1])
    assert bands["psi"].sum() == pytest.approx(psi([100, 100], [60, 40]))


def test_characteristics_and_bins(by_hand):
    one = by_hand.frame("characteristics").iloc[0]
    assert one["csi"] == pytest.approx(csi([100, 100, 0, 0], [60, 40, 0, 0]))
    assert one["points_effect"] == pytest.approx(0.1 * 10 - 0.1 * 30)
    assert one["points_effect"] == pytest.approx(
        points_effect([100, 100], [60, 40], [10, 30])
    )
    bins = by_hand.frame("bins")
    assert list(bins["bin"]) == ["≤ 0", "> 0"]  # nothing missing or unseen
    assert list(bins["points"]) == [10, 30]
    assert list(bins["woe_expected"]) == [-1, 1]
    assert_allclose(bins["event_rate"], [0.5, 0.05])
    shift = 0.5 / 32
    assert_allclose(
        bins["woe"],
        np.log(
            [
                (30 / 68 + shift) / (30 / 32 + shift),
                (38 / 68 + shift) / (2 / 32 + shift),
            ]
        ),
    )
    assert bins["csi"].sum() == pytest.approx(one["csi"])


def test_calibration_groups_and_jeffreys(by_hand):
    groups = by_hand.frame("calibration")
    assert list(groups["n"]) == [40, 60]  # equal PDs stay together
    assert_allclose(groups["mean_pd"], [0.1, 0.4])
    low, high = beta(30.5, 30.5).ppf([0.025, 0.975])
    assert groups["event_rate_low"].iloc[1] == pytest.approx(low)
    assert groups["event_rate_high"].iloc[1] == pytest.approx(high)
    below = beta(30.5, 30.5).cdf(0.4)
    assert groups["p_value"].iloc[1] == pytest.approx(2 * below)


def test_jeffreys_golden_value_and_ends():
    n_event, n = np.array([8.0, 0, 10, 0]), np.array([500.0, 10, 10, 0])
    low, high, p_value = jeffreys(n_event, n, np.full(4, 0.01))
    # The one-sided value of the ECB's test is 0.0953352.
    assert p_value[0] == pytest.approx(2 * 0.0953352, abs=2e-7)
    assert low[1] == 0
    assert high[2] == 1
    assert np.isnan([low[3], high[3], p_value[3]]).all()


def test_points_effects_add_up_to_the_change_of_the_mean_points(report):
    frame = report.frame("performance").set_index("measure")
    change = frame.loc["Mean points", "change"]
    total = report.frame("characteristics")["points_effect"].sum()
    assert total == pytest.approx(change)


def test_training_rows_give_the_same_psi_as_the_stored_counts(card, training):
    result = report_on(card, *training, expected=training)
    assert result.frame("score_bands")["psi"].sum() == pytest.approx(0, abs=1e-12)
    assert_allclose(result.frame("characteristics")["csi"], 0, atol=1e-12)
    change = result.frame("performance")["change"].dropna().astype(float)
    assert_allclose(change, 0, atol=1e-12)
    assert result.verdict.word == "No action"


def test_bins_are_those_of_the_binning_tables(report, card):
    bins = report.frame("bins")
    for name, part in bins.groupby("characteristic"):
        table = card.binner_.binning_tables_[name]
        n = table.n_event + table.n_nonevent
        assert part["n_expected"].sum() == n.sum()
        assert part["n"].sum() == 4000
        assert part["share"].sum() == pytest.approx(1)
    table = card.points_table()
    joined = bins.groupby("characteristic", sort=False)["points"].apply(list)
    for name, points in joined.items():
        of_card = table.loc[table["characteristic"] == name]
        assert set(points) <= set(of_card["points"])


def test_periods(report):
    periods = report.frame("periods")
    assert list(periods["period"]) == [
        "2021 Q1",
        "2021 Q2",
        "2021 Q3",
        "2021 Q4",
        "2022 Q1",
        "2022 Q2",
    ]
    assert periods["n"].sum() == 4000
    assert periods["n"].iloc[0] == 90 * 8
    events = report.frame("performance").set_index("measure").loc["Events", "actual"]
    assert periods["n_event"].sum() == events


def test_many_quarters_become_years_and_thin_periods_stay_blank(hand_card):
    dates = pd.Series(pd.date_range("2000-01-31", periods=100, freq="ME"))
    result = report_on(hand_card, X, Y, dates=dates)
    periods = result.frame("periods")
    assert list(periods["period"]) == [str(year) for year in range(2000, 2009)]
    assert periods["gini"].isna().all()
    assert dict(result.data.facts)["Dates"] == "2000-01-31 to 2008-04-30"


def test_curves_are_points_of_the_whole_curve(report, card):
    curve = report.frame("ks_curve")
    gap = (curve["event_share"] - curve["nonevent_share"]).abs().max()
    ks = report.frame("performance").set_index("measure").loc["KS", "actual"]
    assert gap == pytest.approx(ks)
    assert len(curve) <= 103
    assert curve["pd"].is_monotonic_decreasing
    shape = report.frame("points_distribution")
    assert shape["event_share"].sum() == pytest.approx(1)
