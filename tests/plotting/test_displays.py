from itertools import pairwise

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.binning import OptimalBinner
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import cap_curve, gini_score, ks_curve, ks_score, psi
from riskkit.plotting import (
    COLORS,
    CAPDisplay,
    KSDisplay,
    PointsDistributionDisplay,
    StabilityDisplay,
    WoEDisplay,
    bin_labels,
    edge_labels,
    style_axes,
)
from riskkit.plotting._axes import number_axis

rng = np.random.default_rng(7)
Y = (rng.random(400) < 0.3).astype(int)
SCORE = np.round(Y * 0.3 + rng.random(400), 2)


class Model:
    """Answers as a fitted scorecard does."""

    def predict_proba(self, X):
        pd = np.asarray(X)[:, 0] / 2
        return np.column_stack([1 - pd, pd])

    def predict_points(self, X):
        return np.rint(600 - 100 * np.asarray(X)[:, 0])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def table():
    x = np.where(rng.random(400) < 0.1, np.nan, SCORE)
    return OptimalBinner(max_n_bins=4).fit(x[:, None], Y).binning_tables_["x0"]


def displays(table):
    return [
        KSDisplay.from_predictions(Y, SCORE),
        CAPDisplay.from_predictions(Y, SCORE),
        PointsDistributionDisplay.from_predictions(Y, 600 - 100 * SCORE),
        StabilityDisplay.from_counts([5, 3, 0], [4, 4, 2], ["a", "b", "c"]),
        WoEDisplay.from_table(table),
    ]


def test_computing_draws_nothing_and_drawing_returns_the_display(table):
    for display in displays(table):
        assert not plt.get_fignums()
        assert not hasattr(display, "ax_")
        assert display.plot() is display
        assert display.figure_ is display.ax_.figure
        assert_allclose(display.figure_.get_size_inches(), [5, 3])
        assert display.ax_.get_xlabel() or display.ax_.get_ylabel()
        plt.close("all")


def test_displays_draw_on_the_axes_given(table):
    for display in displays(table):
        ax = mpl.figure.Figure().subplots()
        assert display.plot(ax=ax).ax_ is ax
        assert not plt.get_fignums()


def test_displays_are_read_at_three_inches(table):
    for display in displays(table):
        figure = display.plot().figure_
        figure.canvas.draw()
        width, height = figure.canvas.get_width_height()
        box = display.ax_.get_tightbbox()
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
        assert display.ax_.get_window_extent().width > 0.5 * width


def test_ks_display_keeps_the_numbers_it_draws():
    display = KSDisplay.from_predictions(Y, SCORE).plot()
    thresholds, event, nonevent = ks_curve(Y, SCORE)
    assert_array_equal(display.frame()["threshold"], thresholds)
    assert_array_equal(display.ax_.lines[0].get_ydata(), event)
    assert_array_equal(display.ax_.lines[1].get_ydata(), nonevent)
    assert display.ks == pytest.approx(ks_score(Y, SCORE))
    assert np.ptp(display.ax_.lines[2].get_ydata()) == pytest.approx(display.ks)


def test_cap_display_knows_its_gini():
    weight = rng.integers(1, 4, 400)
    display = CAPDisplay.from_predictions(Y, SCORE, sample_weight=weight).plot()
    assert display.gini == pytest.approx(gini_score(Y, SCORE, sample_weight=weight))
    assert_array_equal(
        display.frame()["event_share"], cap_curve(Y, SCORE, sample_weight=weight)[1]
    )
    assert f"Gini = {display.gini:.3f}" in display.ax_.get_legend_handles_labels()[1][2]


def test_displays_score_an_estimator():
    X = SCORE[:, None]
    assert KSDisplay.from_estimator(Model(), X, Y).ks == ks_score(Y, SCORE)
    assert CAPDisplay.from_estimator(Model(), X, Y).gini == pytest.approx(
        gini_score(Y, SCORE)
    )
    shown = PointsDistributionDisplay.from_estimator(Model(), X, Y, n_bands=10).frame()
    assert len(shown) <= 10


def test_bands_of_whole_points_hold_equally_many_whole_numbers():
    points = np.arange(500, 561)  # 61 values in at most 30 bands
    y = np.resize([0, 1], points.size)
    display = PointsDistributionDisplay.from_predictions(y, points)
    assert_array_equal(np.diff(display.edges), 3)
    assert display.edges[0] == 499.5
    assert display.event_share.sum() == pytest.approx(1)
    assert display.nonevent_share.sum() == pytest.approx(1)
    assert_allclose(display.nonevent_share[:20:2], 2 / 31)


def test_points_that_are_not_whole_fill_equal_bands():
    display = PointsDistributionDisplay.from_predictions(
        [0, 1, 1], [1.5, 2.5, 3.5], n_bands=2
    )
    assert_array_equal(display.edges, [1.5, 2.5, 3.5])
    assert_array_equal(display.event_share, [0, 1])
    with pytest.raises(InvalidInputError, match="must be finite"):
        PointsDistributionDisplay.from_predictions([0, 1], [1, np.inf])
    with pytest.raises(InvalidParameterError, match="n_bands"):
        PointsDistributionDisplay.from_predictions([0, 1], [1, 2], n_bands=0)


def test_stability_display_keeps_shares_and_index():
    display = StabilityDisplay.from_counts([5, 3, 0], [4, 4, 2], "abc").plot()
    assert_allclose(display.frame()["actual_share"], [0.4, 0.4, 0.2])
    assert display.psi == psi([5, 3, 0], [4, 4, 2])
    assert display.ax_.get_title() == f"PSI = {display.psi:.3f}"
    assert [bar.get_height() for bar in display.ax_.patches[:3]] == [0.625, 0.375, 0]
    with pytest.raises(InvalidInputError, match="labels must name the 2 bins; got 1"):
        StabilityDisplay.from_counts([1, 2], [2, 1], ["a"])


def test_woe_display_leaves_out_what_is_empty(table):
    display = WoEDisplay.from_table(table).plot()
    rates = [text for text in display.ax_.texts if text.get_text().endswith("%")]
    assert [text.get_text() for text in rates] == [
        f"{rate:.1%}" for rate in display.event_rate
    ]
    assert all(text.get_position()[0] > 1 for text in rates)  # beside all marks
    frame = display.frame()
    n = table.n_event + table.n_nonevent
    assert len(frame) == table.feature.n_regular + 1  # and Missing
    assert frame["bin"].iloc[-1] == "Missing"
    assert frame["share"].sum() == pytest.approx(1)
    assert_array_equal(frame["woe"], table.woe[n > 0])
    colors = {mpl.colors.to_hex(bar.get_facecolor()) for bar in display.ax_.patches}
    assert colors == {COLORS["event"].lower(), COLORS["nonevent"].lower()}


def test_woe_display_of_two_samples(table):
    other = table.apply_to(SCORE[:200], Y[:200])
    display = WoEDisplay.from_table(table, other=other).plot()
    assert_array_equal(
        display.ax_.lines[0].get_xdata(), display.others["other sample"][0]
    )
    assert {"woe, other sample", "event_rate, other sample"} <= set(display.frame())
    both = WoEDisplay.from_table(table, other={"2023": table, "2024": other}).plot()
    legend = [text.get_text() for text in both.ax_.get_legend().get_texts()]
    assert legend == ["2023", "2024"]
    assert_array_equal(both.frame()["woe, 2023"], both.frame()["woe"])
    strange = OptimalBinner().fit(1 + SCORE[:, None], Y).binning_tables_["x0"]
    with pytest.raises(InvalidInputError, match="apply_to"):
        WoEDisplay.from_table(table, other=strange)


def test_labels_tell_bins_apart():
    assert edge_labels([]) == ("all values",)
    assert edge_labels([0.5, 1234.5678]) == ("≤ 0.5", "0.5 – 1235", "> 1235")
    assert edge_labels([1.00001, 1.00002])[1] == "1.00001 – 1.00002"
    assert edge_labels([2e6, 3.5e6])[0] == "≤ 2000000"
    feature = FeatureSpec(
        "x", "numeric", (1.0,), special=(SpecialGroup("refused", (-9.0,)),)
    )
    assert bin_labels(feature) == ("≤ 1", "> 1", "refused", "Missing", "Unseen")
    feature = FeatureSpec("x", "categorical", levels=(("a", "b"), ("c",)))
    assert bin_labels(feature) == feature.labels


def test_two_models_share_one_frame_and_differ_in_colour():
    ax = CAPDisplay.from_predictions(Y, SCORE).plot(label="champion").ax_
    CAPDisplay.from_predictions(Y, -SCORE).plot(ax=ax, label="challenger")
    labels = ax.get_legend_handles_labels()[1]
    assert labels[:2] == ["perfect", "chance"]
    assert [label.split(",")[0] for label in labels[2:]] == ["champion", "challenger"]
    first, second = ax.lines[2:]
    assert first.get_color() != second.get_color()


def test_large_numbers_find_room_side_by_side():
    ax = style_axes()
    ax.plot([0, 2_000_000], [0, 1])
    number_axis(ax, "x")
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    boxes = [
        label.get_window_extent()
        for place, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        if low <= place <= high
    ]
    assert len(boxes) >= 2
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert "1,000,000" in [label.get_text() for label in ax.get_xticklabels()]
