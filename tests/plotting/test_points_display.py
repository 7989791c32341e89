"""The scorecard in one picture."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.artifact import ScalingSpec, ScorecardSpec
from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.plotting import COLORS, PointsDisplay
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ScorecardClassifier


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def card():
    book = make_loan_book(3_000, default_rate=0.1, random_state=3)
    return ScorecardClassifier(
        OptimalBinner(special_codes=book.special_codes, max_n_bins=4),
        scaler=PointsScaler(intercept="apart"),
    ).fit(book.data, book.target)


def test_it_holds_the_points_table(card):
    frame = PointsDisplay.from_estimator(card).frame()
    table = card.points_table().dropna(subset="n")  # without the offset points
    filled = table[table["n"] > 0]
    assert_array_equal(frame["characteristic"], filled["characteristic"])
    for column in ("points", "points_lost", "neutral_points"):
        assert_array_equal(frame[column], filled[column])
    share = filled["n"] / filled.groupby("characteristic")["n"].transform("sum")
    assert_allclose(frame["share"], share)


def test_without_counts_every_bin_that_can_occur_is_there(card):
    display = PointsDisplay.from_spec(card.spec_)
    frame = display.frame()
    table = card.points_table().dropna(subset="n")
    assert_array_equal(frame["points"], table["points"])
    assert frame["share"].isna().all()
    worth = [
        np.array(c.points)[: -1 if c.feature.kind == "numeric" else None]
        for c in card.spec_.characteristics
    ]
    base = card.spec_.offset_points
    assert display.ends == (
        base + sum(p.min() for p in worth),
        base + sum(p.max() for p in worth),
    )
    texts = [t.get_text() for t in display.plot().ax_.texts]
    assert "share" not in texts


def test_it_draws_what_it_holds(card):
    display = PointsDisplay.from_estimator(card)
    assert not plt.get_fignums()
    assert display.plot() is display
    frame = display.frame()
    ax = display.ax_
    assert display.figure_ is ax.figure
    offsets = ax.collections[-1].get_offsets()
    assert_array_equal(offsets[:, 0], frame["points"])
    safer = frame["points"] >= frame["neutral_points"]
    colors = [mpl.colors.to_hex(c) for c in ax.collections[-1].get_facecolors()]
    assert colors == [COLORS["nonevent" if s else "event"].lower() for s in safer]
    texts = [t.get_text() for t in ax.texts]
    assert texts.count("share") == 1
    assert f"{frame['points'].iloc[0]:.0f}" in texts
    assert f"{frame['share'].iloc[0]:.1%}" in texts
    bold = [t.get_text() for t in ax.get_yticklabels() if t.get_fontweight() == "bold"]
    assert bold == list(card.spec_.features)
    least, most = display.ends
    base = card.spec_.offset_points
    title = f"{least:.0f} to {most:.0f} points, {base:.0f} of them for everyone"
    assert ax.get_title() == title


def test_everything_lies_within_the_figure(card):
    for characteristics in (None, ["age"]):
        display = PointsDisplay.from_estimator(card, characteristics=characteristics)
        figure = display.plot().figure_
        figure.canvas.draw()
        width, height = figure.canvas.get_width_height()
        box = display.ax_.get_tightbbox()
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
        assert display.ax_.get_window_extent().width > 0.45 * width
    assert_allclose(figure.get_size_inches(), [5, 3])


def test_it_draws_on_the_axes_given(card):
    ax = mpl.figure.Figure().subplots()
    assert PointsDisplay.from_estimator(card).plot(ax=ax).ax_ is ax
    assert not plt.get_fignums()


def test_some_characteristics_in_the_order_asked_for(card):
    names = list(card.spec_.features)
    display = PointsDisplay.from_estimator(card, characteristics=names[2::-2])
    assert list(dict.fromkeys(display.frame()["characteristic"])) == names[2::-2]
    # The ends are those of the whole card.
    assert display.ends == PointsDisplay.from_estimator(card).ends
    with pytest.raises(InvalidParameterError, match="Did you mean 'age'"):
        PointsDisplay.from_estimator(card, characteristics=["agee"])


def test_a_card_without_characteristics_cannot_be_drawn():
    spec = ScorecardSpec((), -2.0, 519.0, ScalingSpec(20.0, 600.0, 50.0))
    with pytest.raises(InvalidInputError, match="everyone gets 519 points"):
        PointsDisplay.from_spec(spec)
