"""The picture of a ring."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.fraud import RingDetector
from riskkit.plotting import RingDisplay


@pytest.fixture(scope="module")
def detector():
    X = pd.DataFrame(
        {
            "phone": ["1", "1", "2", "2", "9"],
            "device": ["a", "a", "a", "b", "z"],
            "account": ["x", "y", "y", "y", "w"],
        }
    )
    return RingDetector(min_size=4).fit(X, [1, 0, 0, 0, 0])


def test_numbers_are_those_of_the_detector(detector):
    display = RingDisplay.from_detector(detector)
    pd.testing.assert_frame_equal(display.frame(), detector.links(0), check_dtype=False)
    again = RingDisplay.from_links(**display.frame())
    pd.testing.assert_frame_equal(again.frame(), display.frame())


def test_picture(detector):
    ax = Figure().subplots()
    display = RingDisplay.from_detector(detector)
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax
    assert len(ax.lines) == len(display.frame()) == 10
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [
        "phone (2)",
        "device (1)",
        "account (1)",
        "application (3)",
        "known fraud (1)",
    ]
    first = [[line.get_xdata(), line.get_ydata()] for line in ax.lines]
    other = Figure().subplots()
    display.plot(ax=other)
    second = [[line.get_xdata(), line.get_ydata()] for line in other.lines]
    np.testing.assert_array_equal(first, second)


def test_places_are_apart(detector):
    display = RingDisplay.from_detector(detector)
    rows, applications, things, identifiers, kind = display._places()
    assert len(np.unique(applications.round(6), axis=0)) == rows.max() + 1 == 4
    assert len(np.unique(identifiers.round(6), axis=0)) == things.max() + 1 == len(kind)
    radius = np.hypot(*identifiers.T)
    assert (radius < np.hypot(*applications.T).min()).all()


def test_bad_links(detector):
    with pytest.raises(InvalidParameterError, match="below the 1 rings; got 1"):
        RingDisplay.from_detector(detector, ring=1)
    with pytest.raises(InvalidInputError, match="at least one link"):
        RingDisplay.from_links([], [], [], [])
    with pytest.raises(InvalidInputError, match=r"lengths \[1, 2\]"):
        RingDisplay.from_links([1, 2], ["a"], [1, 2], [True, False])
