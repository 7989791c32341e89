"""One loan book, and the same rows on every engine."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from riskkit.datasets import load_sba_loans
from riskkit.engines import monitor
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
