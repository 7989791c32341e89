import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.metrics import jeffreys_interval
from riskkit.plotting import ReliabilityDisplay

rng = np.random.default_rng(3)
PD = rng.beta(1, 8, 2_000)
Y = (rng.random(2_000) < PD).astype(int)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_bands_are_those_of_scikit_learn():
    frame = ReliabilityDisplay.from_predictions(Y, PD, n_bands=5).frame()
    rate, mean = calibration_curve(Y, PD, n_bins=5, strategy="quantile")
    assert_allclose(frame["event_rate"], rate)
    assert_allclose(frame["mean_pd"], mean)
    assert frame["n"].tolist() == [400.0] * 5


def test_equal_pds_stay_together_and_intervals_are_jeffreys():
    pd = np.repeat([0.1, 0.2, 0.9], [7, 2, 1])
    y = np.array([1, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    frame = ReliabilityDisplay.from_predictions(y, pd, n_bands=4, level=0.8).frame()
    assert_allclose(frame["mean_pd"], [0.1, 0.2, 0.9])
    assert frame["n"].tolist() == [7.0, 2.0, 1.0]
    assert frame["n_event"].tolist() == [1.0, 1.0, 1.0]
    low, high = jeffreys_interval([1, 1, 1], [7, 2, 1], level=0.8)
    assert_array_equal(frame["low"], low)
    assert_array_equal(frame["high"], high)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_a_weight_is_a_row_more_and_order_is_nothing(n_bands, seed):
    rng = np.random.default_rng(seed)
    pd = rng.integers(0, 11, 40) / 10
    y = np.append([0, 1], rng.integers(0, 2, 38))
    weight = rng.integers(0, 4, 40)
    weight[:2] = 1
    order = rng.permutation(40)
    one = ReliabilityDisplay.from_predictions(
        y[order], pd[order], n_bands=n_bands, sample_weight=weight[order]
    )
    other = ReliabilityDisplay.from_predictions(
        np.repeat(y, weight), np.repeat(pd, weight), n_bands=n_bands
    )
    assert_allclose(
        one.frame().drop(columns="model"), other.frame().drop(columns="model")
    )


def test_models_are_drawn_with_what_the_frame_holds():
    both = {"raw": np.sqrt(PD), "calibrated": PD}
    display = ReliabilityDisplay.from_predictions(Y, both, n_bands=4)
    frame = display.frame()
    assert frame["model"].tolist() == ["raw"] * 4 + ["calibrated"] * 4
    ax = plt.figure().subplots()
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["calibrated", "raw", "calibrated"]
    rates = [bars.lines[0].get_ydata() for bars in ax.containers]
    assert_allclose(np.concatenate(rates), frame["event_rate"])
    assert ax.get_ylim()[1] >= frame["high"].max()


def test_an_estimator_is_asked_for_its_pds():
    X = np.log(PD)[:, None]
    model = LogisticRegression().fit(X, Y)
    shown = ReliabilityDisplay.from_estimator(model, X, Y, n_bands=3).frame()
    given = ReliabilityDisplay.from_predictions(
        Y, model.predict_proba(X)[:, 1], n_bands=3
    )
    assert shown.equals(given.frame())


@pytest.mark.parametrize(
    ("y", "pd", "options", "error", "words"),
    [
        (Y, PD * 600, {}, InvalidInputError, r"\d+ of 2000 do not"),
        (Y, np.where(Y, np.nan, PD), {}, InvalidInputError, r"\[0, 1\]"),
        (Y, PD[:5], {}, InvalidInputError, "2000 PDs, one for each row"),
        (Y, {}, {}, InvalidInputError, "at least one model"),
        (Y * 0, PD, {}, InvalidTargetError, "class"),
        (Y, PD, {"n_bands": 0}, InvalidParameterError, "n_bands"),
        (Y, PD, {"level": 1.2}, InvalidParameterError, "level"),
        (Y, PD, {"sample_weight": -PD}, InvalidParameterError, "sample_weight"),
    ],
)
def test_bad_input_is_named(y, pd, options, error, words):
    with pytest.raises(error, match=words):
        ReliabilityDisplay.from_predictions(y, pd, **options)
