import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import psi
from riskkit.monitoring import Baseline, StabilityMonitor
from riskkit.plotting import StabilityTrendDisplay

rng = np.random.default_rng(5)


def rows(n, shift=0.0):
    table = {
        "still": rng.normal(size=n),
        "moving": rng.normal(shift, size=n),
        "colour": rng.choice(["red", "blue"], n),
    }
    return table, 500 + 40 * rng.normal(shift / 4, size=n)


TABLE, SCORE = rows(4_000)
BASELINE = Baseline.fit(TABLE, score=SCORE, score_direction="safer")


@pytest.fixture(scope="module")
def result():
    monitor = StabilityMonitor(BASELINE)
    for month, n, shift in (("01", 900, 0.0), ("02", 20, 0.0), ("03", 900, 1.0)):
        table, score = rows(n, shift)
        monitor = monitor.update(table, score=score, period=f"2024-{month}")
    return monitor.result()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_score_comes_first_then_what_moved_most(result):
    display = StabilityTrendDisplay.from_result(result, n_features=2)
    assert display.names[:2] == ("score", "moving")
    assert display.psi.shape == (3, 3)
    assert np.isnan(display.psi[:, 1]).all()  # twenty accounts tell nothing


def test_an_index_is_that_of_the_counts(result):
    bins = result.bins().query("feature == 'moving' and period == '2024-03'")
    expected = psi(bins["n_expected"], bins["n"])
    display = StabilityTrendDisplay.from_result(result, features=["moving"])
    frame = display.frame()
    assert_allclose(frame["psi"].iloc[-1], expected)
    assert frame["period"].tolist() == list(result.periods)


def test_it_draws_lines_gaps_and_limits(result):
    display = StabilityTrendDisplay.from_result(
        result, features=["moving", "score"], limits=(0.2, 0.4)
    )
    ax = plt.figure().subplots()
    assert display.plot(ax=ax) is display
    assert display.figure_ is ax.figure
    by_label = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(by_label) == ["amber from 0.2", "red from 0.4", "moving", "score"]
    assert list(by_label["red from 0.4"]) == [0.4, 0.4]
    assert_allclose(by_label["moving"], display.psi[0])
    assert ax.get_ylim()[1] > np.nanmax(display.psi)
    assert [t.get_text() for t in ax.get_xticklabels()] == list(result.periods)


def test_a_monitor_without_a_score_shows_its_features():
    monitor = StabilityMonitor(Baseline.fit(TABLE)).update(TABLE, period="2024-01")
    display = StabilityTrendDisplay.from_result(monitor.result(), n_features=2)
    assert len(display.names) == 2
    assert "score" not in display.names


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"features": ["movin"]}, "got 'movin'"),
        ({"features": []}, "empty"),
        ({"n_features": -1}, "n_features"),
    ],
)
def test_a_name_that_is_not_there_is_an_error(result, options, words):
    with pytest.raises(InvalidParameterError, match=words):
        StabilityTrendDisplay.from_result(result, **options)


def test_only_a_monitors_result_is_taken():
    with pytest.raises(InvalidInputError, match="got dict"):
        StabilityTrendDisplay.from_result({"psi": 1})
