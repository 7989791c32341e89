import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from riskkit.decision import choose_cutoff, cutoff_table
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.plotting import CutoffDisplay

rng = np.random.default_rng(3)
SCORE = np.round(rng.random(500), 2)
Y = (rng.random(500) < 0.4 * SCORE).astype(float)
RESULT = cutoff_table(Y, SCORE, best="low", gain=1, loss=4)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_it_keeps_the_numbers_it_draws():
    display = CutoffDisplay.from_results(RESULT)
    assert not plt.get_fignums()
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    frame, line = display.frame(), display.ax_.lines[0]
    assert_array_equal(frame["event_rate"], RESULT.frame()["event_rate"])
    assert_array_equal(frame["event_rate_low"], RESULT.frame()["event_rate_low"])
    assert_array_equal(line.get_xdata(), frame["approval_rate"])
    assert_array_equal(line.get_ydata(), frame["event_rate"])
    assert display.figure_ is display.ax_.figure
    assert display.figure_.get_size_inches().tolist() == [5, 3]


@pytest.mark.parametrize(
    "value", ["event_rate", "expected_event_rate", "marginal_event_rate", "profit"]
)
def test_every_value_is_read_at_three_inches(value):
    results = {"old": RESULT, "new": cutoff_table(Y, SCORE**2, best="low", gain=1,
                                                  loss=4)}  # fmt: skip
    choice = choose_cutoff(Y, SCORE, best="low", gain=1, loss=4, n_draws=0)
    display = CutoffDisplay.from_results(results, value=value).plot(choice=choice)
    figure = display.figure_
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    box = display.ax_.get_tightbbox()
    assert min(box.x0, box.y0) >= -1
    assert box.x1 <= width + 1
    assert box.y1 <= height + 1
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["old", "new", f"cut-off {choice.cutoff:.4g}"]
    assert display.frame().groupby("model", sort=False).size().tolist() == [
        len(RESULT.columns["cutoff"]),
        len(results["new"].columns["cutoff"]),
    ]


def test_from_predictions_and_from_an_estimator():
    class Model:
        def predict_proba(self, X):
            return np.column_stack([1 - X[:, 0], X[:, 0]])

    expected = CutoffDisplay.from_results(RESULT).frame()
    shown = CutoffDisplay.from_predictions(Y, SCORE, best="low").frame()
    assert_array_equal(shown.drop(columns="model"), expected.drop(columns="model"))
    shown = CutoffDisplay.from_estimator(Model(), SCORE[:, None], Y).frame()
    assert_array_equal(shown.drop(columns="model"), expected.drop(columns="model"))


def test_it_draws_on_the_axes_given():
    ax = mpl.figure.Figure().subplots()
    assert CutoffDisplay.from_results(RESULT).plot(ax=ax).ax_ is ax
    assert not plt.get_fignums()
    # A sample without an event has a picture too.
    flat = CutoffDisplay.from_predictions(np.zeros(5), np.arange(5), best="low").plot()
    assert flat.ax_.get_ylim()[1] > 0


def test_bad_input():
    with pytest.raises(InvalidParameterError, match="Did you mean 'profit'"):
        CutoffDisplay.from_results(RESULT, value="profits")
    with pytest.raises(InvalidInputError, match="Give gain and loss"):
        CutoffDisplay.from_results(cutoff_table(Y, SCORE, best="low"), value="profit")
    with pytest.raises(InvalidInputError, match="what cutoff_table returned"):
        CutoffDisplay.from_results({"a": RESULT.frame()})
    with pytest.raises(InvalidInputError, match="what cutoff_table returned"):
        CutoffDisplay.from_results({})


def test_amounts_of_money_are_written_out():
    y, score = np.array([0, 0, 1, 0, 1, 0]), np.arange(6.0)
    money = {"gain": 30_000.0, "loss": 50_000.0, "value": "profit"}
    display = CutoffDisplay.from_predictions(y, score, best="low", **money).plot()
    display.figure_.canvas.draw()
    texts = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    assert any("," in text for text in texts)
    assert display.ax_.yaxis.get_offset_text().get_text() == ""
