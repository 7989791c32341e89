"""Tables of any kind, read as numbers or levels."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from riskkit._core.frames import Table, level_column, numeric_column
from riskkit._core.inputs import read_features
from riskkit._core.levels import is_missing, level_key
from riskkit.binning import OptimalBinner
from riskkit.exceptions import InvalidInputError, InvalidTypeError

NUMBERS = [1.0, None, 3.0, -2.5]
WORDS = ["b", None, "a", "b"]


def frames():
    data = {"x": NUMBERS, "word": WORDS}
    yield pytest.param(pd.DataFrame(data), id="pandas")
    yield pytest.param(
        pd.DataFrame(data).astype({"x": "Float64", "word": "category"}),
        id="pandas-nullable-category",
    )
    yield pytest.param(
        pd.DataFrame(data).astype({"x": object, "word": object}), id="pandas-object"
    )
    yield pytest.param(
        pd.DataFrame(data).astype({"x": "double[pyarrow]", "word": "string[pyarrow]"}),
        id="pandas-arrow",
    )
    yield pytest.param(pl.DataFrame(data), id="polars")
    yield pytest.param(
        pl.DataFrame(data).with_columns(pl.col("word").cast(pl.Categorical)),
        id="polars-category",
    )
    yield pytest.param(pa.table(data), id="arrow")
    yield pytest.param(
        pa.table({"x": NUMBERS, "word": pa.array(WORDS).dictionary_encode()}),
        id="arrow-dictionary",
    )
    yield pytest.param(data, id="mapping-of-lists")
    yield pytest.param(np.array([NUMBERS, WORDS], dtype=object).T, id="object-array")


@pytest.mark.parametrize("frame", list(frames()))
def test_every_kind_of_table_reads_the_same(frame):
    table = Table.read(frame)
    x, word = table.names
    assert table.n_rows == 4
    assert table.kind(x) == "numeric"
    assert table.kind(word) == "categorical"
    assert_array_equal(numeric_column(table.column(x), x), [1, np.nan, 3, -2.5])
    coded = level_column(table.column(word), word)
    assert coded.levels == ("a", "b")
    assert_array_equal(coded.codes, [1, -1, 0, 1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.array([1, None, 3], dtype="Int64"), [1, np.nan, 3]),
        (pd.array([True, None, False], dtype="boolean"), [1, np.nan, 0]),
        (np.array([True, False]), [1, 0]),
        (pd.Series([Decimal("1.5"), None]), [1.5, np.nan]),
        (np.array([2**53 + 2, -1], dtype=np.int64), [2.0**53 + 2, -1]),
        (pl.Series([1, None], dtype=pl.Int8), [1, np.nan]),
        (np.array([np.inf, -np.inf, -0.0]), [np.inf, -np.inf, 0.0]),
    ],
)
def test_numbers_of_many_types(values, expected):
    column = Table.read({"x": values}).column("x")
    assert_array_equal(numeric_column(column, "x"), expected)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("3", "3"),
        (3, "3"),
        (3.0, "3"),
        (np.int64(3), "3"),
        (np.float32(3), "3"),
        (0.1, "0.1"),
        (True, "True"),
        (np.True_, "True"),
        ("", ""),
        (None, None),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.float32("nan"), None),
    ],
)
def test_level_key(value, key):
    assert level_key(value) == key
    assert is_missing(value) == (key is None)


def test_equal_levels_of_different_types_are_one():
    coded = level_column(np.array([1, "1", 1.0, None], dtype=object), "code")
    assert coded.levels == ("1",)
    assert_array_equal(coded.codes, [0, 0, 0, -1])


def test_a_level_of_no_usable_type_is_refused():
    with pytest.raises(InvalidTypeError, match="type tuple"):
        level_key((1, 2))


def test_text_in_a_number_column_is_counted_and_not_shown():
    column = np.array([1.0, "Smith", None, "Jones"], dtype=object)
    with pytest.raises(InvalidTypeError, match="2 of 4 rows") as caught:
        numeric_column(column, "income")
    assert "income" in str(caught.value)
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(pd.to_datetime(["2020-01-01"])),
        pl.Series([pd.Timestamp("2020-01-01")]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
    ],
)
def test_dates_are_refused_by_name(dates):
    with pytest.raises(InvalidTypeError, match="'opened' holds dates"):
        Table.read({"opened": dates}).kind("opened")
    frame = pd.DataFrame({"opened": pd.to_datetime(["2020-01-01"])})
    with pytest.raises(InvalidTypeError, match="'opened' holds dates"):
        Table.read(frame).kind("opened")


def test_columns_are_picked_by_name():
    table = Table.read(pd.DataFrame({"b": [1.0], "a": [2.0], "extra": [3.0]}))
    picked = table.select(["a", "b"])
    assert picked.names == ("a", "b")
    assert numeric_column(picked.columns[0], "a")[0] == 2.0


def test_absent_columns_are_named():
    table = Table.read(pd.DataFrame({"incme": [1.0]}))
    with pytest.raises(InvalidInputError, match=r"'income'.*Did you mean 'incme'"):
        table.select(["income", "age"])


def test_repeated_names_are_refused():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    with pytest.raises(InvalidInputError, match="more than once: 'a'"):
        Table.read(frame)


def test_columns_of_different_length_are_refused():
    with pytest.raises(InvalidInputError, match=r"lengths \[1, 2\]"):
        Table.read({"a": [1.0], "b": [1.0, 2.0]})


def test_rows_are_taken_by_mask():
    table = Table.read(pl.DataFrame({"a": [1.0, 2.0, 3.0]}))
    taken = table.take(np.array([True, False, True]))
    assert taken.n_rows == 2
    assert_array_equal(numeric_column(taken.columns[0], "a"), [1, 3])


def test_true_and_one_are_two_levels_however_they_arrive():
    mixed = pd.DataFrame({"flag": pd.Series([True, 1, "x"], dtype=object)})
    for table in (Table.read(mixed), Table.read({"flag": [True, 1, "x"]})):
        assert level_column(table.column("flag"), "flag").levels == ("1", "True", "x")


def test_an_odd_value_is_refused_by_the_name_of_its_column():
    with pytest.raises(InvalidTypeError, match="'job': A category must be"):
        level_column(np.array(["a", b"b"], dtype=object), "job")


def test_numbers_beyond_a_double_are_refused():
    with pytest.raises(InvalidInputError, match="1 of 2 rows are beyond"):
        numeric_column(Table.read({"x": [10**400, 1]}).column("x"), "x")


def test_a_lazy_frame_is_refused_without_running_it():
    lazy = pl.DataFrame({"x": [1.0, 2.0]}).lazy()
    with pytest.raises(InvalidTypeError, match="Collect it first"):
        read_features(OptimalBinner(), lazy, reset=True)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint64", "bool"])
@pytest.mark.parametrize("blocks", [1, 3])
def test_pandas_frames_of_one_number_type_are_read_column_by_column(dtype, blocks):
    values = np.arange(12).reshape(4, 3).astype(dtype)
    parts = [pd.DataFrame(part) for part in np.array_split(values, blocks, axis=1)]
    frame = pd.concat(parts, axis=1).set_axis(["b", "a", "c"], axis=1)
    table = Table.read(frame)
    assert (table.names, table.n_rows) == (("b", "a", "c"), 4)
    for column, expected in zip(table.columns, values.T, strict=True):
        assert_array_equal(column, expected)
        assert column.dtype == dtype


def test_a_frame_without_columns_has_rows():
    table = Table.read(pd.DataFrame(index=range(3)))
    assert (table.columns, table.n_rows) == ((), 3)
