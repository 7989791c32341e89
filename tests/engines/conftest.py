"""One loan book, and the same rows on every engine."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from riskkit.backtest import roll_rates, transition_matrix, vintage_table
from riskkit.binning import IVSelector
from riskkit.datasets import load_sba_loans
from riskkit.engines import (
    collect_stats,
    collect_transitions,
    collect_vintages,
    fit_selector,
    monitor,
)
from riskkit.exceptions import InvalidInputError
from riskkit.monitoring import Baseline, StabilityMonitor

ENGINES = (
    "pandas",
    "chunks",
    "mapping",
    "arrow table",
    "arrow dataset",
    "arrow reader",
    "glob",
    "files",
    "polars",
    "lazy",
    "polars glob",
    "duckdb relation",
    "duckdb glob",
    "duckdb limited",
)


def source_of(engine, frame, folder):
    """Return a frame on an engine, and what to tell the functions of it."""
    glob = str(folder / "*.parquet")
    if engine == "pandas":
        return frame, {}
    if engine == "chunks":
        return [frame[k : k + 7000] for k in range(0, len(frame), 7000)], {}
    if engine == "mapping":
        return {name: frame[name].to_numpy() for name in frame}, {}
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if engine == "arrow table":
        return table, {}
    if engine == "arrow dataset":
        return ds.dataset(table), {"batch_rows": 5000}
    if engine == "arrow reader":
        return table.to_reader(), {}
    if engine == "glob":
        return glob, {"batch_rows": 8000}
    if engine == "files":
        return sorted(folder.glob("*.parquet")), {}
    if engine in ("polars", "lazy", "polars glob"):
        pl = pytest.importorskip("polars")
        if engine == "polars glob":
            return glob, {"engine": "polars", "batch_rows": 8000}
        eager = pl.from_arrow(table)
        return (eager if engine == "polars" else eager.lazy()), {"batch_rows": 8000}
    duckdb = pytest.importorskip("duckdb")
    if engine == "duckdb glob":
        return glob, {"engine": "duckdb"}
    if engine == "duckdb limited":
        return glob, {"memory_limit": "400MB", "batch_rows": 4000}
    return duckdb.connect().from_arrow(table), {"batch_rows": 8000}


def write_parts(frame, folder, n_parts=4, seed=0):
    """Write rows to files at random, the last of which is empty."""
    part = np.random.default_rng(seed).integers(0, n_parts - 1, len(frame))
    for k in range(n_parts):
        table = pa.Table.from_pandas(frame[part == k], preserve_index=False)
        pq.write_table(table, folder / f"part{k}.parquet")


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    loans = load_sba_loans()
    rows = slice(None, None, 2)
    X = loans.data[rows].reset_index(drop=True)
    y = pd.Series(np.asarray(loans.target)[rows], name="bad")
    year = pd.Series(loans.dates[rows].astype("datetime64[Y]").astype(str), name="year")
    frame = pd.concat([X, y, year], axis=1)
    folder = tmp_path_factory.mktemp("book")
    write_parts(frame, folder)
    return SimpleNamespace(
        X=X, y=y, year=year, frame=frame, folder=folder, features=list(X)
    )


@pytest.fixture(scope="module")
def client():
    """A cluster of two processes, which is what Dask uses while it is there."""
    distributed = pytest.importorskip(
        "distributed", reason="riskkit[dask] is not installed"
    )
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port: tests run side by side
            host="127.0.0.1",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def check_population(book):
    """Return a check that a frame is watched as the book in memory is."""

    def check(frame, card):
        baseline = Baseline.from_scorecard(card)
        found = monitor(frame, baseline, period="year", model=card, y="bad")
        expected = StabilityMonitor(baseline).update(
            book.X,
            period=book.year,
            score=card.predict_points(book.X[list(card.feature_names_in_)]),
            y=book.y,
        )
        assert found.to_spec() == expected.to_spec()

    return check


@pytest.fixture(scope="session")
def check_selection(book):
    """Return a check that a frame gives the features that rows in memory give."""
    names = ["GrAppv", "SBA_Appv", "NoEmp"]

    def check(frame):
        selector = IVSelector(max_correlation=0.5)
        found = fit_selector(selector, frame, "bad", features=names)
        expected = selector.fit(book.X[names], book.y)
        assert found.selected_ == expected.selected_
        ours = found.report().set_index("feature").loc[names]
        theirs = expected.report().set_index("feature").loc[names]
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=1e-12)
        # The limit is of use: one was left because of another.
        assert ours["reason"].str.contains("correlation").any()

    return check


@pytest.fixture(scope="session")
def check_tapes():
    """Return a check of vintages and moves of a tape that is brought to an engine.

    The rows of an account lie in partitions and in an order of chance.
    """
    rng = np.random.default_rng(0)
    n = 1600
    first = np.datetime64("2020-01-01", "s")
    month = np.tile(np.arange(8), n // 8)
    opened = first + rng.integers(0, 900, n) * 86400
    tape = pd.DataFrame({"id": np.repeat(np.arange(n // 8), 8), "opened": opened})
    day = (np.datetime64("2021-01") + month).astype("datetime64[D]")
    tape["day"] = day.astype("datetime64[s]")
    tape["state"] = rng.choice(["0", "30", "60"], n)
    tape["amount"] = np.round(rng.lognormal(8, 1, n), 2)
    later = tape["opened"] + pd.Timedelta(days=200)
    tape["defaulted"] = later.where(rng.random(n) < 0.3)
    tape = tape[rng.random(n) < 0.9].sample(frac=1, random_state=1, ignore_index=True)

    def check(bring):
        frame = bring(tape)
        told = {"as_of": "2023-01-01", "freq": "quarter"}
        found = collect_vintages(frame, "opened", "defaulted", amount="amount", **told)
        expected = vintage_table(
            tape["opened"], tape["defaulted"], amount=tape["amount"], **told
        )
        assert found.table().to_dict() == expected.to_dict()
        order = ["0", "30", "60"]
        # Fewer rows than the tape has, so that accounts come in two passes or more.
        moves = {"order": order, "horizon": 2, "amount": "amount", "max_rows": 1000}
        found = collect_transitions(frame, "id", "day", "state", **moves)
        args = tape["id"], tape["day"], tape["state"]
        expected = transition_matrix(
            *args, order=order, horizon=2, amount=tape["amount"]
        )
        assert found.matrix().to_dict() == expected.to_dict()
        expected = roll_rates(*args, order=order, amount=tape["amount"])
        assert found.roll_rates().to_dict() == expected.to_dict()

    return check


@pytest.fixture(scope="session")
def towns():
    """Accounts in towns whose sizes follow a law of Zipf, and their risk."""
    rng = np.random.default_rng(0)
    n = 6000
    rank = np.minimum(rng.zipf(1.3, n), 900)
    town = np.array([f"town {k}" for k in rank], dtype=object)
    town[rng.random(n) < 0.05] = None
    risk = 0.15 + 0.5 * (rank % 3 == 0) + 0.1 * (rank > 20)
    return pd.DataFrame(
        {
            "town": town,
            "income": rng.integers(10, 60, n) * 100.0 - 800.0 * (risk > 0.5),
            "bad": (rng.random(n) < risk).astype(int),
            "month": rng.choice(["2026-01", "2026-02", "2026-03"], n),
        }
    )


@pytest.fixture(params=ENGINES)
def source(request, book):
    found, told = source_of(request.param, book.frame, book.folder)
    return SimpleNamespace(name=request.param, table=found, told=told)


@pytest.fixture(params=ENGINES)
def on_engine(request, tmp_path):
    """Return a function that brings any frame to an engine."""

    def bring(frame):
        write_parts(frame, tmp_path)
        found, told = source_of(request.param, frame, tmp_path)
        return SimpleNamespace(name=request.param, table=found, told=told)

    return bring


@pytest.fixture
def check_files(tmp_path):
    """Return a check of files whose columns differ in type or kind, or are missing."""

    def check(engine):
        """Leave the first of the files, and return its rows."""
        n = 40
        x, g = np.arange(n) / 8, ["p", "q"] * (n // 2)
        whole = pa.table({"x": x, "g": g, "y": [0, 1] * (n // 2)})
        pq.write_table(whole, tmp_path / "0.parquet")

        def counted(other):
            pq.write_table(other, tmp_path / "1.parquet")
            glob = str(tmp_path / "*.parquet")
            return collect_stats(glob, "y", features=["x", "g"], engine=engine)

        def counted_in_memory(other):
            both = pa.concat_tables([whole, other], promote_options="permissive")
            return collect_stats(both, "y", features=["x", "g"], engine="memory")

        levels = whole.set_column(1, "g", whole["g"].dictionary_encode())
        assert counted(levels) == counted_in_memory(whole)
        numbers = whole.set_column(0, "x", pa.array(np.arange(n)))
        assert counted(numbers) == counted_in_memory(numbers)
        with pytest.raises(InvalidInputError, match="file 2 of 2 lacks 1: 'g'"):
            counted(whole.drop_columns("g"))
        text = whole.set_column(0, "x", whole["x"].cast(pa.string()))
        with pytest.raises(InvalidInputError, match="'x' must be of one kind in every"):
            counted(text)
        return whole

    return check
