import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from numpy.testing import assert_array_equal

from riskkit.backtest import roll_rates, transition_matrix, vintage_table
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.plotting import (
    BacktestDisplay,
    HazardDisplay,
    RollRateDisplay,
    TransitionDisplay,
    VintageDisplay,
)

rng = np.random.default_rng(8)
START = np.datetime64("2020-01-01") + rng.integers(0, 600, 800)
EVENT = np.where(
    rng.random(800) < 0.3, START + rng.integers(1, 500, 800), np.datetime64("NaT")
)
VINTAGES = vintage_table(
    START, EVENT, as_of="2021-12-31", freq="quarter", amount=np.ones(800)
)
ORDER = ["0", "30", "60"]
ACCOUNTS = np.repeat(np.arange(60), 12)
MONTHS = np.tile(np.arange("2023-01", "2024-01", dtype="datetime64[M]"), 60)
STATES = np.array(ORDER)[rng.integers(0, 3, 720)]
MOVES = transition_matrix(ACCOUNTS, MONTHS, STATES, order=ORDER, horizon=6)
ROLLS = roll_rates(ACCOUNTS, MONTHS, STATES, order=ORDER)
DISPLAYS = [
    VintageDisplay.from_result(VINTAGES),
    VintageDisplay.from_result(VINTAGES, value="amount_rate"),
    HazardDisplay.from_result(VINTAGES),
    TransitionDisplay.from_result(MOVES),
    TransitionDisplay.from_result(MOVES, over="product"),
    RollRateDisplay.from_result(ROLLS),
    RollRateDisplay.from_result(ROLLS, value="net_flow"),
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


def test_curves_are_the_rates_and_dashed_where_immature():
    display = VintageDisplay.from_result(VINTAGES).plot()
    triangle = VINTAGES.triangle().to_numpy()
    mature = VINTAGES.triangle(mature_only=True)
    mature = mature.reindex(columns=range(1, VINTAGES.n_months + 1)).to_numpy()
    for i in range(len(display.vintages)):
        line, dashed = display.ax_.lines[2 * i : 2 * i + 2]
        assert_array_equal(line.get_ydata(), mature[i])
        drawn = dashed.get_ydata()
        immature = np.isnan(mature[i]) & ~np.isnan(triangle[i])
        assert_array_equal(drawn[immature], triangle[i][immature])
        assert np.count_nonzero(~np.isnan(drawn)) == immature.sum() + 1


def test_the_heat_map_hatches_immature_cells():
    display = VintageDisplay.from_result(VINTAGES).plot(kind="heatmap")
    assert_array_equal(display.ax_.images[0].get_array().filled(np.nan), display.rates)
    hatched = [
        p for p in display.ax_.patches if isinstance(p, Rectangle) and p.get_hatch()
    ]
    frame = display.frame()
    assert len(hatched) == (~frame["mature"]).sum() > 0
    places = {(round(p.get_x() + 0.5), round(p.get_y() + 0.5)) for p in hatched}
    names = {v: i for i, v in enumerate(display.vintages)}
    rows = frame[~frame["mature"]]
    expected = {
        (m, names[v]) for v, m in zip(rows["vintage"], rows["month"], strict=True)
    }
    assert places == expected


def test_matrix_and_roll_rates_are_those_of_the_results():
    display = TransitionDisplay.from_result(MOVES, over="horizon").plot()
    assert_array_equal(display.share, MOVES.matrix("horizon"))
    texts = [t.get_text() for t in display.ax_.texts]
    assert texts[0] == f"{MOVES.matrix('horizon').iloc[0, 0]:.1%}"
    assert display.ax_.get_title() == "6 months"
    product = TransitionDisplay.from_result(MOVES, over="product")
    assert product.title == "6 months as 6 steps"
    assert_array_equal(product.frame()["share"], MOVES.product().to_numpy().ravel())
    rolls = RollRateDisplay.from_result(ROLLS).plot()
    assert_array_equal(rolls.ax_.lines[1].get_ydata(), ROLLS.series()["30"])
    assert_array_equal(rolls.frame()["worse"], ROLLS.frame()["worse"])
    hazard = HazardDisplay.from_result(VINTAGES).plot()
    assert_array_equal(hazard.ax_.lines[0].get_ydata(), VINTAGES.hazard()["hazard"])


def test_bad_input():
    with pytest.raises(InvalidParameterError, match="Did you mean 'event_rate'"):
        VintageDisplay.from_result(VINTAGES, value="event_rates")
    with pytest.raises(InvalidParameterError, match="kind must be one of"):
        VintageDisplay.from_result(VINTAGES).plot(kind="lines")
    with pytest.raises(InvalidParameterError, match="over must be one of"):
        TransitionDisplay.from_result(MOVES, over="year")
    with pytest.raises(InvalidParameterError, match="value must be one of"):
        RollRateDisplay.from_result(ROLLS, value="n")
    for display, words in (
        (VintageDisplay, "vintage_table"),
        (HazardDisplay, "vintage_table"),
        (TransitionDisplay, "transition_matrix"),
        (RollRateDisplay, "roll_rates"),
    ):
        with pytest.raises(InvalidInputError, match=f"what {words} returned"):
            display.from_result(np.zeros(3))


def make_backtest():
    from riskkit.backtest import GivenScore, OutOfTimeSplit, rolling_backtest

    chance = rng.beta(1, 6, 3_000)
    y = (rng.random(3_000) < chance).astype(int)
    dates = np.datetime64("2001-01-01") + rng.integers(0, 5 * 365, 3_000)
    models = {"other": GivenScore(-chance, kind="riskier"), "best": GivenScore(chance)}
    return rolling_backtest(
        models, chance[:, None], y, split=OutOfTimeSplit(dates), champion="best"
    )


@pytest.mark.parametrize(
    "measure", ["gini", "event_rate", "calibration_level", "psi", "actual_expected"]
)
def test_a_backtest_over_its_windows(measure):
    result = make_backtest()
    display = BacktestDisplay.from_result(result, measure=measure).plot()
    assert display.models == ("best", "other")
    table = result.frame().set_index(["model", "window"])
    for i, model in enumerate(display.models):
        assert_array_equal(display.values[i], table.loc[model, measure])
    frame = display.frame()
    assert_array_equal(frame[measure], display.values.ravel())
    drawn = display.ax_.get_legend_handles_labels()[1]
    if measure == "event_rate":
        assert_array_equal(frame["mean_pd"][:3], table.loc["best", "mean_pd"])
        assert set(drawn) == {"bad rate", "mean PD, best", "mean PD, other"}
    else:
        assert drawn == ["best", "other"]
    display.figure_.canvas.draw()
    with pytest.raises(InvalidParameterError, match="measure must be one of"):
        BacktestDisplay.from_result(result, measure="ginis")
    with pytest.raises(InvalidInputError, match="what rolling_backtest returned"):
        BacktestDisplay.from_result(frame)


@pytest.mark.parametrize(("value", "idle"), [("worse", "60"), ("better", "0")])
def test_a_state_that_cannot_make_the_move_has_no_line(value, idle):
    display = RollRateDisplay.from_result(ROLLS, value=value).plot()
    drawn = [line.get_label() for line in display.ax_.lines]
    assert drawn == [state for state in ORDER if state != idle]
    assert set(display.frame()["state"]) == set(ORDER)
