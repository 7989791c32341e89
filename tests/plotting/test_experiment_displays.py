import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from numpy.testing import assert_array_equal

from riskkit.decision import ab_test, cohort_followup, response_gains
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.plotting import ABTestDisplay, CohortDisplay, ResponseGainsDisplay

rng = np.random.default_rng(2)
N = 4_000
DAY = np.sort(np.datetime64("2024-01-01") + rng.integers(0, 90, N))
ARM = rng.choice(["a", "b", "old"], N)
WON = rng.random(N) < np.where(ARM == "b", 0.3, 0.15)
PLAN = {"control": "old", "best": "high", "n_planned": N}
TRIAL = ab_test(WON, ARM, dates=DAY, **PLAN)
AMOUNTS = ab_test(rng.gamma(2, 50, N), ARM, dates=DAY, measure="mean", **PLAN)
SCORE = rng.random(N)
LETTER = rng.random(N) < 0.5
GAINS = response_gains(WON, SCORE, value=9, contact_cost=1)
QINI = response_gains(WON, SCORE, treated=LETTER)
FUNDED = np.where(
    rng.random(N) < 0.4, DAY + rng.integers(0, 60, N), np.datetime64("NaT")
)
CONTACTS = {"contacted": DAY, "funded": FUNDED, "channel": ARM}
COHORTS = cohort_followup(
    CONTACTS, ["contacted", "funded"], as_of="2024-04-20", freq="week", by="channel",
    n_periods=10,
)  # fmt: skip
DISPLAYS = [
    ABTestDisplay.from_result(TRIAL),
    ABTestDisplay.from_result(AMOUNTS),
    ResponseGainsDisplay.from_result(GAINS),
    ResponseGainsDisplay.from_result(GAINS, value="gain"),
    ResponseGainsDisplay.from_result(QINI),
    CohortDisplay.from_result(COHORTS, "funded"),
    CohortDisplay.from_result(COHORTS, "funded", group="b"),
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("display", DISPLAYS, ids=lambda d: type(d).__name__)
def test_it_draws_within_its_figure(display):
    assert not plt.get_fignums()
    assert display.plot() is display
    display.figure_.canvas.draw()
    width, height = display.figure_.canvas.get_width_height()
    box = display.ax_.get_tightbbox()
    assert min(box.x0, box.y0) >= -1
    assert box.x1 <= width + 1
    assert box.y1 <= height + 1
    ax = mpl.figure.Figure().subplots()
    assert display.plot(ax=ax).ax_ is ax


def test_the_path_is_that_of_the_experiment():
    display = ABTestDisplay.from_result(TRIAL).plot()
    path = TRIAL.frame("path")
    for k, arm in enumerate(("a", "b")):
        part = path[path["arm"] == arm]
        line = display.ax_.lines[k]
        known = np.isfinite(part["always_low"])
        assert_array_equal(line.get_ydata()[known], part["difference"][known])
        # Nothing is drawn before there are enough events to speak of.
        assert np.isnan(line.get_ydata()[~known]).all()
        assert line.get_label() == arm
        kept = display.frame()[display.frame()["arm"] == arm]
        assert_array_equal(kept["low"], part["always_low"])
    low, high = display.ax_.get_ylim()
    assert low < 0 < high


def test_the_curve_is_that_of_the_score():
    display = ResponseGainsDisplay.from_result(GAINS).plot()
    curve = GAINS.frame("curve")
    assert_array_equal(display.ax_.lines[0].get_xdata(), curve["depth"])
    assert_array_equal(display.ax_.lines[0].get_ydata(), curve["profit"])
    assert_array_equal(display.frame()["profit_low"], curve["profit_low"])
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[-1] == f"best depth {GAINS.best_depth:.0%}"


def test_the_triangle_hatches_immature_cells_only():
    display = CohortDisplay.from_result(COHORTS, "funded").plot()
    cells = COHORTS.frame()
    cells = cells[cells["group"] == "all"]
    n_open = (cells["status"] == "immature").sum()
    assert n_open > 0
    patches = [p for p in display.ax_.patches if isinstance(p, Rectangle)]
    assert len(patches) == n_open
    assert_array_equal(display.frame()["share"], cells["share"])
    assert display.frame()["mature"].sum() == (cells["status"] == "mature").sum()
    assert len(display.ax_.texts) == display.frame()["mature"].sum()


def test_something_else_is_refused():
    with pytest.raises(InvalidInputError, match="Give ab_test dates"):
        ABTestDisplay.from_result(ab_test(WON, ARM, **PLAN))
    for display, args in (
        (ABTestDisplay, ()),
        (ResponseGainsDisplay, ()),
        (CohortDisplay, ("funded",)),
    ):
        with pytest.raises(InvalidInputError, match="got int"):
            display.from_result(1, *args)
    with pytest.raises(InvalidInputError, match="Give treated"):
        ResponseGainsDisplay.from_result(GAINS, value="qini")
    with pytest.raises(InvalidInputError, match="draw the Qini curve"):
        ResponseGainsDisplay.from_result(QINI, value="gain")
    with pytest.raises(InvalidParameterError, match="value must be one of"):
        ResponseGainsDisplay.from_result(GAINS, value="lift")
    with pytest.raises(InvalidParameterError, match="stage must be one of"):
        CohortDisplay.from_result(COHORTS, "contacted")
