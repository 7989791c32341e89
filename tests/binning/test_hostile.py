"""Hostile columns: each ends in a right answer or in a clear error."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from riskkit.binning import OptimalBinner
from riskkit.exceptions import RiskkitError, RiskkitWarning

ODD_NUMBERS = [
    0.0,
    -0.0,
    1.0,
    np.nextafter(1.0, 2.0),
    -1.0,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1e308,
    -1e308,
    np.inf,
    -np.inf,
    np.nan,
    1e8,
    1e8 + 1,
    1e15 + 0.125,
    float(2**53),
    float(2**53 + 2),
    -9.0,
    0.1,
]

numbers = st.lists(
    st.one_of(
        st.sampled_from(ODD_NUMBERS), st.floats(allow_nan=True), st.integers(-5, 5)
    ),
    min_size=4,
    max_size=80,
)
levels = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from(["a", "b", "", " ", "ä", "NaN", "-1", "a,b", '"'] * 3),
        st.integers(-2, 2),
        st.booleans(),
        st.sampled_from([0.5, 1.0, float("nan")]),
        st.text(max_size=3),
    ),
    min_size=4,
    max_size=60,
)


def fit_and_check(X, y, column_of):
    """Fit, and compare table and transform with counting row by row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RiskkitWarning)
        binner = OptimalBinner(min_bin_size=0.0).fit(X, y)
    table = binner.binning_tables_[column_of(X)]
    woe = binner.transform(X)[:, 0]
    is_event = np.asarray(y) == 1
    assert table.n.sum() == is_event.size
    assert table.n_event.sum() == is_event.sum()
    assert np.isfinite(table.woe).all()
    assert np.isfinite(woe).all()
    assert (np.diff(table.feature.edges) > 0).all()
    assert np.isfinite(table.feature.edges).all()
    again = table.apply_to(X if hasattr(X, "columns") else X[:, 0], y)
    assert_array_equal(again.n_event, table.n_event)
    assert_array_equal(again.n_nonevent, table.n_nonevent)
    return binner, table, woe


def outcomes(n, seed):
    y = np.random.default_rng(seed).integers(0, 2, n)
    y[0], y[-1] = 0, 1
    return y


@settings(max_examples=150)
@given(numbers, st.integers(0, 5))
def test_numbers(values, seed):
    x = np.array(values, dtype=np.float64)
    y = outcomes(x.size, seed)
    _, table, woe = fit_and_check(x[:, None], y, lambda _: "x0")
    for value, found in zip(x, woe, strict=True):
        if np.isnan(value):
            assert found == table.woe[table.feature.missing_bin]
        else:
            assert found == table.woe[(value > np.array(table.feature.edges)).sum()]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(levels, st.integers(0, 5))
def test_levels(values, seed):
    X = pd.DataFrame({"level": pd.Series(values, dtype=object)})
    y = outcomes(len(values), seed)
    if any(isinstance(value, str) for value in values):
        _, table, woe = fit_and_check(X, y, lambda _: "level")
        known = [level for group in table.feature.levels for level in group]
        assert len(known) == len(set(known))
        seen = {}
        for value, found in zip(values, woe.tolist(), strict=True):
            assert seen.setdefault(repr(value), found) == found
    else:  # numbers and booleans alone are numbers
        fit_and_check(X, y, lambda _: "level")


@pytest.mark.parametrize(
    "column",
    [
        pd.array([1, 2, None, 4] * 25, dtype="Int8"),
        pd.array([1.5, 2, None, 4] * 25, dtype="Float32"),
        pd.array([True, False, None, True] * 25, dtype="boolean"),
        pd.array(["a", "b", None, "a"] * 25, dtype="str"),
        pd.Categorical([1, 2, None, 1] * 25),
        pd.Categorical(["x", "y", None, "x"] * 25, categories=["y", "x", "never"]),
        pd.arrays.ArrowExtensionArray(pa.array([1, 2, None, 4] * 25)),
        pd.arrays.ArrowExtensionArray(pa.array(["a", "b", None, "a"] * 25)),
        np.array([2**62, 2**62 + 1024, 5, 6] * 25, dtype=np.int64),
        np.array([2**63, 1, 5, 6] * 25, dtype=np.uint64),
        np.array([1, 2, 3, 4] * 25, dtype=np.float16),
    ],
    ids=lambda column: str(column.dtype),
)
def test_dtypes(column):
    y = np.tile([0, 0, 1, 0, 1, 0, 1, 1, 0, 0], 10)
    frame = pd.DataFrame({"x": column})
    _, table, woe = fit_and_check(frame, y, lambda _: "x")
    for other in (pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        if isinstance(column, pd.Categorical) and 1 in column.categories:
            continue  # categories that are numbers arrive as numbers elsewhere
        _, again, same = fit_and_check(other, y, lambda _: "x")
        assert again.feature == table.feature
        assert_array_equal(same, woe)


def test_offsets_do_not_blur_edges():
    y = np.tile([0, 1, 0, 0, 1, 1, 0, 1, 1, 0], 30)
    digits = np.tile(np.arange(10.0), 30)
    edges = []
    for offset in (0.0, 1e8, 1e15):
        table = OptimalBinner(min_bin_size=0.0).fit((digits + offset)[:, None], y)
        edges.append(np.array(table.binning_tables_["x0"].feature.edges) - offset)
    assert_array_equal(edges[0], edges[1])
    assert_array_equal(edges[0], edges[2])


def test_a_single_event_is_enough_and_warns_of_nothing_wrong():
    y = np.zeros(200)
    y[7] = 1
    X = np.random.default_rng(0).normal(size=(200, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RiskkitWarning)
        binner = OptimalBinner().fit(X, y)
    assert np.isfinite(binner.transform(X)).all()
    assert binner.summary()["iv"].max() < 2


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"d": pd.to_datetime(["2020-01-01"] * 10)}),
        pd.DataFrame({"o": [object()] * 10}),
        pd.DataFrame({"t": [(1, 2)] * 10}),
        np.array([[1 + 2j]] * 10),
        pd.DataFrame([[1, 2]] * 10, columns=["a", "a"]),
        pl.DataFrame({"l": [[1, 2]] * 10}),
    ],
    ids=["dates", "objects", "tuples", "complex", "repeated names", "lists"],
)
def test_what_cannot_be_binned_is_refused(X):
    with pytest.raises(RiskkitError):
        OptimalBinner().fit(X, [0, 1] * 5)
