"""The alert display holds the numbers it draws."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import alert_curve, precision_at_k
from riskkit.plotting import AlertDisplay


def rows(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.1).astype(int)
    return y, rng.normal(size=n) + y, rng.integers(0, 5, n), rng.random(n)


@pytest.mark.parametrize("value", ["precision", "recall", "amount_share"])
def test_curves_are_those_of_the_metric(value):
    y, score, _, amount = rows()
    display = AlertDisplay.from_predictions(
        y, {"good": score, "bad": -score}, value=value, amount=amount
    )
    expected = alert_curve(y, score, amount=amount)
    np.testing.assert_allclose(display.frame()["good"], getattr(expected, value))
    ax = Figure().subplots()
    assert display.plot(ax=ax) is display
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(drawn["bad"], display.frame()["bad"])
    assert ("chance" in drawn) == (value == "precision")
    assert ax.get_xscale() == "log"


def test_days_are_those_of_the_metric():
    y, score, day, _ = rows()
    display = AlertDisplay.from_days(y, score, day, k=7).plot(ax=Figure().subplots())
    for one, found in display.frame().itertuples(index=False):
        inside = day == one
        assert found == pytest.approx(precision_at_k(y[inside], score[inside], 7))
    quiet = AlertDisplay.from_days(
        [0, 0, 1, 0], [1, 2, 3, 4], ["a", "a", "b", "b"], k=1
    )
    assert quiet.frame()["score"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: AlertDisplay.from_predictions([0, 1], [1, 2], value="auc"),
            InvalidParameterError,
            "value must be one of",
        ),
        (
            lambda: AlertDisplay.from_predictions([0, 1], [1, 2], value="amount_share"),
            InvalidInputError,
            "needs amount=",
        ),
        (
            lambda: AlertDisplay.from_predictions([0, 1], {}),
            InvalidInputError,
            "at least one score",
        ),
        (
            lambda: AlertDisplay.from_days([0, 2], [1, 2], [1, 1], k=1),
            InvalidInputError,
            "0 and 1",
        ),
        (
            lambda: AlertDisplay.from_days([0, 1], [1, 2], [1], k=1),
            InvalidInputError,
            "same 2 rows",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
