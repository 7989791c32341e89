"""Dask counts, fits, scores and watches as memory does, also if a worker dies."""

import os
import signal
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from riskkit.binning import OptimalBinner
from riskkit.engines import collect_stats, fit_binner, fit_scorecard, score
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    MissingExtraError,
)
from riskkit.scorecard import ScorecardClassifier

dd = pytest.importorskip("dask.dataframe", reason="riskkit[dask] is not installed")
pytest.importorskip("distributed", reason="riskkit[dask] is not installed")

FEATURES = ["State", "NoEmp", "GrAppv", "guaranteed_share", "RetainedJob", "LowDoc"]

pytestmark = pytest.mark.usefixtures("client")


@pytest.fixture(scope="module")
def frame(book):
    return dd.from_pandas(book.frame, npartitions=5)


@pytest.fixture(scope="module")
def card(book):
    return ScorecardClassifier().fit(book.X[FEATURES], book.y)


def test_the_same_bytes(book, frame):
    told = {"features": book.features, "period": "year", "max_values": 800}
    expected = collect_stats(book.frame, "bad", **told)
    assert collect_stats(frame, "bad", **told) == expected
    assert collect_stats(frame, "bad", **told, batch_rows=900) == expected
    many = frame.repartition(npartitions=21)  # a tree of two levels
    assert collect_stats(many, "bad", **told) == expected


def test_paths_and_the_same_bins(book):
    glob = str(book.folder / "*.parquet")
    told = {"features": book.features, "engine": "dask"}
    found = fit_binner(OptimalBinner(), glob, "bad", **told)
    expected = OptimalBinner().fit(book.X, book.y)
    assert found.summary().equals(expected.summary())
    for name, table in expected.binning_tables_.items():
        assert found.binning_tables_[name].feature == table.feature
        assert found.binning_tables_[name].frame().equals(table.frame())


def test_the_same_scorecard(book, frame, card):
    found = fit_scorecard(ScorecardClassifier(), frame, "bad", features=FEATURES)
    assert found.intercept_ == pytest.approx(card.intercept_, abs=1e-9)
    for name, coefficient in card.coefficients_.items():
        assert found.coefficients_[name] == pytest.approx(coefficient, abs=1e-9)
    assert found.baseline_ == card.baseline_


def test_the_same_scores(book, frame, card):
    scored = score(frame, card, keep=["GrAppv"])
    assert isinstance(scored, dd.DataFrame)
    assert scored.npartitions == frame.npartitions
    found = scored.compute()
    pd.testing.assert_frame_equal(found, score(book.frame, card, keep=["GrAppv"]))
    assert np.array_equal(found["points"], card.predict_points(book.X[FEATURES]))
    assert list(scored.dtypes) == list(found.dtypes)


def test_the_same_population(frame, card, check_population):
    check_population(frame, card)


def test_killing_a_worker_loses_nothing(book, client, tmp_path):
    """The worker that is given the third part dies with what it had counted."""
    parts = [book.frame[k::6] for k in range(6)]
    mark = tmp_path / "died"

    def read(k):
        if k == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return parts[k]

    frame = dd.from_map(read, range(6), meta=parts[0][:0])
    told = {"features": book.features, "period": "year"}
    found = collect_stats(frame, "bad", **told)
    assert mark.exists()
    assert found == collect_stats(book.frame, "bad", **told)
    client.wait_for_workers(2, timeout=60)


def test_workers_without_memory_are_told_what_would_do(book, client, monkeypatch):
    """A partition at which every worker dies is given up at last."""
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)

    def read(k):
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory ends

    frame = dd.from_map(read, range(1), meta=book.frame[:0])
    with pytest.raises(InvalidParameterError, match="partition_size='100MB'"):
        collect_stats(frame, "bad", features=book.features)
    client.wait_for_workers(2, timeout=60)


def test_empty_and_one_sided_partitions(book):
    parts = [book.frame[book.y == 1], book.frame[:0], book.frame[book.y == 0]]
    frame = dd.from_map(lambda k: parts[k], range(3), meta=parts[0][:0])
    told = {"features": book.features}
    expected = collect_stats(book.frame, "bad", **told)
    assert collect_stats(frame, "bad", **told) == expected
    nothing = dd.from_map(lambda k: parts[1], range(2), meta=parts[0][:0])
    assert collect_stats(nothing, "bad", **told).n == 0


def test_bad_sources_are_told_as_in_memory(book, frame):
    with pytest.raises(InvalidTargetError, match="rows hold another or none"):
        collect_stats(frame.assign(bad=frame["bad"] * 2), "bad", features=["NoEmp"])
    with pytest.raises(InvalidParameterError, match="limits of their own"):
        collect_stats(frame, "bad", memory_limit="1GB")
    with pytest.raises(InvalidInputError, match="no column 'month'"):
        collect_stats(frame, "bad", period="month")
    with pytest.raises(InvalidInputError, match=r"to_frame\(\)"):
        collect_stats(frame["NoEmp"], "bad")
    kinds = [pd.DataFrame({"a": [1.0], "y": [0]}), pd.DataFrame({"a": ["x"], "y": [0]})]
    mixed = dd.from_map(lambda k: kinds[k], range(2), meta=kinds[0][:0])
    with pytest.raises(InvalidInputError, match="'a' must hold numbers in every part"):
        collect_stats(mixed, "y")


def test_the_same_streamed_card_by_passes(book, frame):
    told = {"features": FEATURES[1:4], "max_patterns": 0}
    found = fit_scorecard(ScorecardClassifier(), frame, "bad", **told)
    expected = ScorecardClassifier().fit(book.X[FEATURES[1:4]], book.y)
    assert found.n_passes_ > 1  # rows were gone through, not patterns
    assert found.intercept_ == pytest.approx(expected.intercept_, abs=1e-9)
    assert list(found.coefficients_) == list(expected.coefficients_)
    for name, coefficient in expected.coefficients_.items():
        assert found.coefficients_[name] == pytest.approx(coefficient, abs=1e-9)
    rows = book.X[FEATURES[1:4]]
    assert np.array_equal(found.predict_points(rows), expected.predict_points(rows))


def test_the_same_selection(book, frame, check_selection):
    check_selection(frame)


def test_the_same_vintages_and_moves(check_tapes):
    check_tapes(lambda tape: dd.from_pandas(tape, npartitions=5))


@pytest.fixture
def in_parts():
    """Return a function that makes a frame of partitions as they are."""

    def join(*parts):
        return dd.from_map(lambda k: parts[k], range(len(parts)), meta=parts[0][:0])

    return join


def rows_of_a_book(n=60):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n).round(1)
    return pd.DataFrame(
        {"x": x, "g": rng.choice(list("pqr"), n), "y": np.arange(n) % 2}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"g": "category"},
        {"g": pd.CategoricalDtype(list("zrqp"), ordered=True)},
        {"g": "string[pyarrow]"},
        {"x": "Float64"},
        {"x": "double[pyarrow]"},
        {"y": bool},
        {"y": float},
    ],
    ids=str,
)
def test_partitions_that_hold_one_column_in_two_ways(in_parts, change):
    whole = rows_of_a_book()
    first = whole[:25].astype({"g": pd.CategoricalDtype(list("pqr"))})
    mixed = in_parts(first, whole[25:].astype(change)[["y", "x", "g"]])
    assert collect_stats(mixed, "y", features=["x", "g"]) == collect_stats(whole, "y")


def test_nan_and_null_are_both_missing(in_parts):
    whole = rows_of_a_book()
    whole["x"] = whole["x"].where(whole.index > 9)
    given = [None if k < 5 else x for k, x in enumerate(whole["x"])]
    column = pd.array(pa.array(given, from_pandas=False), pd.ArrowDtype(pa.float64()))
    both = whole.assign(x=column)
    assert collect_stats(both, "y") == collect_stats(whole, "y")
    assert collect_stats(in_parts(both[:30], whole[30:]), "y") == collect_stats(
        whole, "y"
    )
    blank = whole[:30].assign(x=None, g=None)  # of no kind at all
    joined = pd.concat([whole[30:], whole[:30].assign(x=np.nan, g=None)])
    assert collect_stats(in_parts(whole[30:], blank), "y") == collect_stats(joined, "y")


def test_partitions_of_other_columns_or_kinds_are_told(in_parts):
    whole = rows_of_a_book()
    half, rest = whole[:30], whole[30:]
    with pytest.raises(InvalidInputError, match="1 of them are missing: 'g'"):
        collect_stats(in_parts(half, rest.drop(columns="g")), "y")
    text = rest.assign(x=rest["x"].astype(str))
    with pytest.raises(InvalidInputError, match="'x' must hold numbers in every part"):
        collect_stats(in_parts(half, text), "y")


def test_files_of_other_schemas_are_told(check_files):
    check_files("dask")


def test_an_engine_that_is_not_installed_names_its_extra(monkeypatch, book):
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(MissingExtraError, match=r"riskkit\[dask\]"):
        collect_stats(str(book.folder / "*.parquet"), "bad", engine="dask")
