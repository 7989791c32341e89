"""A limit of memory that is too small is told, with one that would do."""

import re
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskkit.binning import IVSelector
from riskkit.cli import main
from riskkit.engines import (
    collect_stats,
    collect_transitions,
    collect_vintages,
    fit_scorecard,
    fit_selector,
    monitor,
    score,
)
from riskkit.engines._collect import open_table
from riskkit.engines._duckdb_memory import RowGroups, is_out_of_memory, read_limit
from riskkit.exceptions import InvalidParameterError
from riskkit.export import save_artifact
from riskkit.monitoring import Baseline
from riskkit.scorecard import ScorecardClassifier

duckdb = pytest.importorskip("duckdb", reason="riskkit[sql] is not installed")

N_ROWS = 60_000
FEATURES = [f"x{j}" for j in range(6)]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=N_ROWS) for name in FEATURES}
    log_odds = sum(columns.values()) * 0.3 - 2
    columns["bad"] = (rng.random(N_ROWS) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    frame = pd.DataFrame(columns)
    opened = np.datetime64("2020-01-01", "s") + rng.integers(0, 900, N_ROWS) * 86400
    frame["opened"] = opened
    later = frame["opened"] + pd.Timedelta(days=200)
    frame["defaulted"] = later.where(frame["bad"] == 1)
    frame["loan"] = np.arange(N_ROWS) // 4
    day = np.datetime64("2021-01") + np.arange(N_ROWS) % 4
    frame["day"] = day.astype("datetime64[D]").astype("datetime64[s]")
    frame["state"] = rng.choice(["0", "30"], N_ROWS)
    frame["note"] = [f"{k:064b}" for k in range(N_ROWS)]  # decodes to far more
    return frame


@pytest.fixture(scope="module")
def book(frame, tmp_path_factory):
    """One file of one row group, that does not compress."""
    path = tmp_path_factory.mktemp("limited") / "book.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    return path


@pytest.fixture(scope="module")
def card(frame):
    card = ScorecardClassifier().fit(frame[FEATURES], frame["bad"])
    assert len(card.spec_.characteristics) == len(FEATURES)
    return card


def run(job, source, card, **told):
    """Do a job of the engines to its end."""
    if job == "stats":
        return collect_stats(source, "bad", features=FEATURES, **told)
    if job == "fit":
        return fit_scorecard(
            ScorecardClassifier(), source, "bad", features=FEATURES, **told
        )
    if job == "select":
        return fit_selector(IVSelector(), source, "bad", features=FEATURES, **told)
    if job == "monitor":
        baseline = Baseline.from_scorecard(card)
        return monitor(source, baseline, period="day", model=card, **told)
    if job == "vintages":
        return collect_vintages(
            source, "opened", "defaulted", as_of="2023-01-01", **told
        )
    if job == "moves":
        return collect_transitions(
            source, "loan", "day", "state", order=["0", "30"], horizon=1, **told
        )
    scored = score(source, card, keep=["loan", "note"], **told)
    return scored.aggregate("sum(points)").fetchall()[0][0]


JOBS = ["stats", "fit", "select", "monitor", "vintages", "moves", "score"]


@pytest.mark.parametrize("job", JOBS)
def test_what_is_said_would_do_does(job, book, card):
    with pytest.raises(InvalidParameterError, match=r"'200KB'.*too little") as told:
        run(job, str(book), card, memory_limit="200KB")
    would_do = re.search(r"memory_limit='(\d+MB)'", str(told.value))[1]
    assert told.value.__cause__ is None  # nor DuckDB's own error beside it
    assert "smaller row groups" in str(told.value)
    assert run(job, str(book), card, memory_limit=would_do) is not None


def test_scores_are_written_within_the_limit_or_not_at_all(book, card, tmp_path):
    model, out = tmp_path / "card.rk", tmp_path / "scores.parquet"
    save_artifact(card, model)
    words = ["score", str(model), str(book), "--engine", "duckdb", "--out", str(out)]
    with pytest.raises(SystemExit) as end:
        main([*words, "--memory-limit", "1MB"])
    assert end.value.code not in (0, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.rk"]
    with pytest.raises(InvalidParameterError) as told:
        score(str(book), card, memory_limit="1MB")
    would_do = re.search(r"memory_limit='(\d+MB)'", str(told.value))[1]
    scored = score(str(book), card, memory_limit=would_do)
    scored.write_parquet(str(out))
    scored.write_csv(str(tmp_path / "scores.csv"))
    expected = score(str(book), card, engine="arrow").read_all()
    assert pq.read_table(out)["points"].equals(expected["points"])
    assert scored.to_arrow_table()["points"].equals(expected["points"])


def test_threads_are_those_that_have_room(book, card):
    groups = RowGroups.read([str(book)])
    names = [item.feature.name for item in card.spec_.characteristics]
    needed = groups.bytes_needed(names)
    default = duckdb.connect().execute("SELECT current_setting('threads')")
    n_default = int(default.fetchone()[0])
    for limit, expected in ((1.1 * needed, 1), (64 * n_default * needed, n_default)):
        opened = open_table(str(book), None, f"{int(limit)}B", 10_000)
        opened.score(card.spec_, [])
        assert int(opened._setting("threads")) == expected


def test_bytes_needed_by_hand(tmp_path):
    """The largest row group tells, and nested columns count as their parts."""
    x = np.random.default_rng(1).normal(size=3000)
    pair = pa.array([{"a": value, "b": None} for value in x])
    table = pa.table({"x": x, "z.w": x, "pair": pair})
    paths = [str(tmp_path / f"{k}.parquet") for k in range(2)]
    pq.write_table(table, paths[0], row_group_size=1000, use_dictionary=False)
    pq.write_table(table[:2000], paths[1], use_dictionary=False)
    groups = RowGroups.read(paths)
    assert groups.compressed.shape == (4, 3)
    chunk = pq.read_metadata(paths[1]).row_group(0).column(0)
    found = groups.bytes_needed(["x"]) - RowGroups.read(paths).bytes_needed([])
    expected = 1.15 * chunk.total_compressed_size + chunk.total_uncompressed_size
    assert found == pytest.approx(expected)
    assert groups.bytes_needed(["z.w"]) == groups.bytes_needed(["x"])
    assert groups.bytes_needed(["pair"]) > groups.bytes_needed(["x"])
    pq.write_table(table[:0], tmp_path / "empty.parquet")
    none = RowGroups.read([str(tmp_path / "empty.parquet")])
    assert none.bytes_needed(["x"]) == pytest.approx(groups.bytes_needed([]), abs=100)


@pytest.mark.parametrize(
    ("limit", "n_bytes"),
    [("4GB", 4e9), ("1.5 GiB", 1.5 * 2**30), ("20mb", 2e7), ("512KiB", 2**19)],
)
def test_sizes(limit, n_bytes):
    assert read_limit(limit) == n_bytes


@pytest.mark.parametrize(
    "limit", ["2 gigs", "-1GB", 5, "5", "", "lots", "0MB", "50%", "1e3MB", True, b"1GB"]
)
def test_malformed_limits(limit, book, card):
    expected = r"memory_limit must be a size such as '4GB'"
    with pytest.raises(InvalidParameterError, match=expected):
        collect_stats(str(book), "bad", features=["x0"], memory_limit=limit)
    with pytest.raises(InvalidParameterError, match=expected):
        score(str(book), card, memory_limit=limit)


def test_a_relation_of_a_small_connection_is_told_of_its_own_limit(book):
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '1MB'")
    relation = connection.from_parquet(str(book))
    with pytest.raises(InvalidParameterError, match=r"SET memory_limit.*threads") as e:
        collect_stats(relation, "bad", features=FEATURES)
    assert "of its connection, 976.5 KiB" in str(e.value)
    assert not is_out_of_memory(ValueError("of another kind"))


@pytest.mark.parametrize("engine", ["polars", "arrow", "dask"])
def test_other_engines_say_where_their_memory_is_limited(engine, book):
    pytest.importorskip("pyarrow" if engine == "arrow" else engine)
    with pytest.raises(InvalidParameterError, match="memory_limit is for the engine"):
        collect_stats(str(book), "bad", engine=engine, memory_limit="1GB")


def test_duckdb_that_is_not_installed_is_named_by_its_extra(monkeypatch, book):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match=r"riskkit\[sql\]"):
        collect_stats(str(book), "bad", memory_limit="1GB")
