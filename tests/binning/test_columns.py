"""Frames that can be encoded without looking at each column, and those that cannot."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from riskkit.binning import OptimalBinner, _columns
from riskkit.binning._columns import same_numbers
from riskkit.exceptions import InvalidTypeError

NAMES = ["age", "income", "debt"]


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(400, 3))
    values[rng.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, columns=NAMES)


@pytest.fixture(scope="module")
def fitted(numbers):
    y = np.random.default_rng(4).random(400) < 1 / (1 + np.exp(-numbers["age"]))
    return OptimalBinner().fit(numbers, y)


def test_the_columns_seen_in_fit_are_taken_as_they_are(numbers):
    found = same_numbers(numbers, NAMES)
    assert len(found) == len(NAMES)
    for name, column in zip(NAMES, found, strict=True):
        assert_array_equal(column, numbers[name].to_numpy())


def test_whole_numbers_among_the_others_are_converted(numbers):
    mixed = numbers.assign(age=np.arange(400), debt=numbers["debt"].astype("float32"))
    assert_array_equal(same_numbers(mixed, NAMES)[0], np.arange(400.0))


@pytest.mark.parametrize(
    "other",
    [
        lambda frame: frame[NAMES[::-1]],
        lambda frame: frame.assign(note=1.0),
        lambda frame: frame[:0],
        lambda frame: frame.assign(age="old"),
        lambda frame: frame.assign(age=pd.array([1] * 399 + [None], dtype="Int64")),
        lambda frame: frame.notna(),
        lambda frame: frame.to_numpy(),
        lambda frame: {name: frame[name] for name in frame},
    ],
)
def test_any_other_table_is_left_to_be_read_with_care(numbers, other):
    assert same_numbers(other(numbers), NAMES) is None


def test_both_ways_of_reading_give_the_same_bits(numbers, fitted, monkeypatch):
    at_once = fitted.transform(numbers)
    monkeypatch.setattr(_columns, "_FEW_CELLS", 10)
    assert same_numbers(numbers, NAMES) is None
    assert fitted.transform(numbers).tobytes() == at_once.tobytes()


def test_encodings_are_the_values_of_the_assigned_bins(numbers, fitted):
    encoded = fitted.transform(numbers)
    for j, (name, table) in enumerate(fitted.binning_tables_.items()):
        edges, x = table.feature.edges, numbers[name].to_numpy()
        bins = [len(edges) + 1 if v != v else sum(v > e for e in edges) for v in x]
        assert encoded[:, j].tobytes() == table.woe[bins].tobytes()


@pytest.mark.parametrize("kind", ["numbers", "mixed"])
def test_two_threads_give_the_same_bits(monkeypatch, kind):
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(900, 7)), columns=list("abcdefg"))
    X = X.mask(rng.random(X.shape) < 0.05)
    if kind == "mixed":
        X["d"] = np.where(X["d"] > 0, "up", "down")
    y = (rng.random(900) < 0.3).astype(int)
    binner = OptimalBinner().fit(X, y)
    alone = binner.transform(X)
    monkeypatch.setattr("riskkit.binning._base._LONG", 1)
    monkeypatch.setattr("riskkit.binning._base._LARGE", 1)
    assert binner.transform(X).tobytes() == alone.tobytes()
    bad = X.assign(f="text", g="text")
    with pytest.raises(InvalidTypeError, match="'f'"):
        binner.transform(bad)


def test_numbers_where_a_fit_saw_words_are_levels_still(numbers):
    words = numbers.assign(age=np.where(numbers["age"] > 0, "1", "2"))
    y = np.random.default_rng(4).random(400) < 0.3
    binner = OptimalBinner().fit(words, y)
    as_numbers = numbers.assign(age=np.where(numbers["age"] > 0, 1.0, 2.0))
    assert same_numbers(as_numbers, NAMES) is not None
    assert_array_equal(binner.transform(as_numbers), binner.transform(words))
