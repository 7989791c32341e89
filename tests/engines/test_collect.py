"""The same counts from every engine, and what is said of bad sources."""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskkit.engines import SufficientStats, collect_stats, fit_binner, score
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    MissingExtraError,
)

ENGINES = ("duckdb", "polars")


@pytest.fixture(scope="module")
def in_memory(book):
    stats = SufficientStats(book.features)
    return stats.update(book.X, book.y).to_bytes()


def test_every_engine_gives_the_same_bytes(source, book, in_memory):
    stats = collect_stats(source.table, "bad", features=book.features, **source.told)
    assert stats.to_bytes() == in_memory
    assert stats.n == len(book.y)
    assert stats.n_event == book.y.sum()


def test_few_values_and_periods_on_every_engine(source, book):
    """A cap that columns overflow, and slices of years."""
    stats = collect_stats(
        source.table,
        "bad",
        features=["GrAppv", "SBA_Appv", "State"],
        period="year",
        max_values=500,
        **source.told,
    )
    told = SufficientStats(["GrAppv", "SBA_Appv", "State"], max_values=500)
    told.update(book.X, book.y, period=book.year)
    assert stats.to_bytes() == told.to_bytes()
    assert stats.periods == tuple(sorted(set(book.year)))
    assert (stats.frame()["n_digits"][:2] < 52).all()


def test_partitions_in_any_order_give_the_same_bytes(book):
    rng = np.random.default_rng(3)
    told = {"max_values": 800, "max_levels": 60}
    whole = SufficientStats(book.features, **told).update(
        book.X, book.y, period=book.year
    )
    for _ in range(3):
        part = rng.integers(0, 6, len(book.y))
        parts = [
            SufficientStats(book.features, **told).update(
                book.X[part == k], book.y[part == k], period=book.year[part == k]
            )
            for k in rng.permutation(7)  # one of them is empty
        ]
        while len(parts) > 1:
            k = int(rng.integers(1, len(parts)))
            parts[0] = parts[0] + parts.pop(k)
        assert parts[0].to_bytes() == whole.to_bytes()


def test_nan_and_null_are_missing_on_every_engine(tmp_path):
    pytest.importorskip("duckdb")
    n = 4000
    x = np.arange(n) / 7.0
    x[::5] = np.nan
    mask = np.zeros(n, dtype=bool)
    mask[::3] = True
    table = pa.table({"x": pa.array(x, mask=mask), "y": np.arange(n) % 2})
    pq.write_table(table, tmp_path / "a.parquet")
    path = str(tmp_path / "a.parquet")
    expected = collect_stats(table, "y")
    assert expected.frame()["n_missing"][0] == np.count_nonzero(mask | np.isnan(x))
    for engine in ("arrow", "duckdb", "polars"):
        assert collect_stats(path, "y", engine=engine) == expected


def test_an_event_only_partition_and_a_blank_one_add_up():
    parts = [
        pd.DataFrame({"g": ["a", "b"], "x": [1.0, 2.0], "y": [1, 1]}),
        pd.DataFrame({"g": [None, None], "x": [None, None], "y": [0, 1]}),
        pd.DataFrame({"g": pd.Categorical(["a"]), "x": [1], "y": [0]}),
    ]
    parts += [parts[0][:0]]
    counted = [collect_stats(part, "y") for part in parts]
    forward = counted[0] + counted[1] + counted[2] + counted[3]
    backward = counted[3] + (counted[2] + (counted[1] + counted[0]))
    assert forward == backward == collect_stats(parts, "y")
    levels = forward.counts("g")
    assert np.asarray(levels.values).tolist() == ["a", "b", None]
    assert levels.n_event.tolist() == [1, 1, 1]
    assert levels.n_nonevent.tolist() == [1, 0, 1]


def test_columns_of_two_kinds_are_named(tmp_path):
    for k, codes in enumerate(([1.5, 2.0], ["a", "b"])):
        frame = pd.DataFrame({"code": codes, "y": [0, 1]})
        frame.to_parquet(tmp_path / f"{k}.parquet")
    with pytest.raises(InvalidInputError, match=r"'code' must be of one kind.*file 2"):
        collect_stats(tmp_path / "*.parquet", "y")
    chunks = [pd.read_parquet(tmp_path / f"{k}.parquet") for k in range(2)]
    with pytest.raises(InvalidInputError, match="'code' must hold numbers in every"):
        collect_stats(chunks, "y")
    for engine in ("duckdb", "polars"):
        pytest.importorskip(engine)
        with pytest.raises(InvalidInputError, match=r"'code' must be of one kind"):
            collect_stats(tmp_path / "*.parquet", "y", engine=engine)


def test_a_column_missing_from_a_file_is_named(tmp_path):
    pd.DataFrame({"a": [1, 2], "b": [1, 2], "y": [0, 1]}).to_parquet(
        tmp_path / "0.parquet"
    )
    pd.DataFrame({"a": [1, 2], "y": [0, 1]}).to_parquet(tmp_path / "1.parquet")
    with pytest.raises(InvalidInputError, match=r"file 2 of 2 lacks 1: 'b'"):
        collect_stats(tmp_path, "y")
    chunks = [pd.read_parquet(tmp_path / f"{k}.parquet") for k in range(2)]
    with pytest.raises(InvalidInputError, match="missing"):
        collect_stats(chunks, "y")
    # What all files share can be counted.
    with pytest.raises(InvalidInputError, match="lacks"):
        collect_stats(tmp_path, "y", features=["a"])


def test_labels_must_be_known():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": [0, 1, 2]})
    with pytest.raises(InvalidTargetError, match="1 of 3 rows hold another or none"):
        collect_stats(frame, "y")
    frame["y"] = [0.0, 1.0, np.nan]
    with pytest.raises(InvalidTargetError, match="1 of 3"):
        collect_stats(frame, "y")
    frame["y"] = ["paid", "default", "paid"]
    stats = collect_stats(frame, "y", classes=("paid", "default"))
    assert stats.n_event == 1
    assert stats == collect_stats(pa.table(frame), "y", classes=("paid", "default"))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"y": "z"}, "no column 'z'"),
        ({"y": "y", "features": ["b"]}, "no column 'b'"),
        ({"y": "y", "features": ["y"]}, "not the outcome"),
        ({"y": "y", "engine": "spank"}, "engine must be one of"),
        ({"y": "y", "max_values": 5}, "max_values must be"),
        ({"y": "y", "batch_rows": 0}, "batch_rows must be"),
        ({"y": "y", "memory_limit": "1GB"}, "memory_limit is for"),
        ({"y": "y", "classes": (1, 1)}, "classes must be"),
        ({"y": "y", "special_codes": {"b": [1]}}, "no feature"),
    ],
)
def test_bad_parameters(told, message):
    frame = pd.DataFrame({"a": [1.0, 2.0], "y": [0, 1]})
    with pytest.raises((InvalidParameterError, InvalidInputError), match=message):
        collect_stats(frame, **told)


def test_bad_sources(tmp_path):
    with pytest.raises(InvalidTypeError, match="source must be a table"):
        collect_stats(42, "y")
    with pytest.raises(InvalidInputError, match="at least one chunk"):
        collect_stats(iter([]), "y")
    with pytest.raises(InvalidInputError, match="nothing matches"):
        collect_stats(str(tmp_path / "*.parquet"), "y")
    with pytest.raises(InvalidInputError, match="first element is a int"):
        collect_stats([1, 2], "y")


def test_an_engine_that_is_not_installed_names_its_extra(monkeypatch, book):
    for name in ENGINES:
        monkeypatch.setitem(sys.modules, name, None)  # as if it could not be found
    glob = str(book.folder / "*.parquet")
    for engine, extra in (("duckdb", "sql"), ("polars", "polars")):
        with pytest.raises(MissingExtraError, match=rf"riskkit\[{extra}\]"):
            collect_stats(glob, "bad", engine=engine)


def test_too_little_memory_says_what_would_do(book):
    pytest.importorskip("duckdb")
    glob = str(book.folder / "*.parquet")
    with pytest.raises(InvalidParameterError, match=r"such as '4GB'"):
        collect_stats(glob, "bad", memory_limit="lots")
    with pytest.raises(InvalidParameterError, match=r"1KB.*too little.*batch_rows"):
        collect_stats(glob, "bad", memory_limit="1KB")


def test_identifiers_lose_their_names(book):
    frame = pd.DataFrame({"id": [f"loan{k}" for k in range(50)], "y": [0, 1] * 25})
    stats = collect_stats([frame[:30], frame[30:]], "y", max_levels=40)
    assert stats == collect_stats(frame, "y", max_levels=40)
    assert stats.frame()["n_values"][0] == 0
    assert stats.frame()["largest_share"][0] == 1.0
    assert b"loan3" not in stats.to_bytes()
    once = collect_stats(iter([frame[:30], frame[30:]]), "y", max_levels=40)
    assert once.unnamed == ("id",)
    assert np.isnan(once.frame()["n_values"][0])
    with pytest.raises(InvalidInputError, match="'id' must have at most max_levels"):
        once.counts("id")


def test_functions_refuse_counts_and_the_other_way_round(book):
    stats = SufficientStats(["x"]).update({"x": [1.0]}, [1])
    with pytest.raises(InvalidInputError, match="got counts"):
        collect_stats(stats, "y")
    from riskkit.binning import OptimalBinner

    with pytest.raises(InvalidParameterError, match="columns already"):
        fit_binner(OptimalBinner(), stats, "y")
    with pytest.raises(InvalidTypeError, match="y must name"):
        fit_binner(OptimalBinner(), book.frame)
    with pytest.raises(InvalidTypeError, match="model must be"):
        score(book.frame, stats)


def test_a_column_of_two_types_is_named_where_polars_refuses_it(tmp_path):
    pytest.importorskip("polars")
    labels = pa.array([0, 1, 0])
    for k, x in enumerate(([0.5, 1.5, 2.5], [1, 2, 3])):
        table = pa.table({"x": pa.array(x), "bad": labels})
        pq.write_table(table, tmp_path / f"{k}.parquet")
    glob = str(tmp_path / "*.parquet")
    try:  # some versions of Polars widen whole numbers by themselves
        outcome = str(collect_stats(glob, "bad", engine="polars").n)
    except InvalidInputError as error:
        outcome = str(error)
    assert outcome == "6.0" or "'x' is double in one file and int64" in outcome
    assert collect_stats(glob, "bad", engine="duckdb").n == 6
