"""Dask counts, fits, scores and watches as memory does, also if a worker dies."""

import os
import signal

import numpy as np
import pandas as pd
import pytest

from riskkit.binning import IVSelector, OptimalBinner
from riskkit.engines import (
    collect_stats,
    collect_transitions,
    collect_vintages,
    fit_binner,
    fit_scorecard,
    fit_selector,
    score,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
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


def test_the_same_selection_vintages_and_moves(book, frame):
    selector = IVSelector(max_correlation=0.5)
    told = {"features": ["GrAppv", "SBA_Appv", "NoEmp"]}
    found = fit_selector(selector, frame, "bad", **told)
    expected = fit_selector(selector, book.frame, "bad", **told)
    assert found.selected_ == expected.selected_
    rng = np.random.default_rng(0)
    n = 2000
    opened = np.datetime64("2020-01-01", "s") + rng.integers(0, 900, n) * 86400
    tape = pd.DataFrame({"id": np.arange(n) % 200, "opened": opened})
    tape["state"] = rng.choice(["0", "30"], n)
    later = tape["opened"] + pd.Timedelta(days=200)
    tape["defaulted"] = later.where(tape.index % 3 > 0)
    parts = dd.from_pandas(tape, npartitions=5)
    days = {"as_of": "2023-01-01", "freq": "quarter"}
    ours = collect_vintages(parts, "opened", "defaulted", **days).table()
    theirs = collect_vintages(tape, "opened", "defaulted", **days).table()
    assert ours.to_dict() == theirs.to_dict()
    once = tape.assign(month=tape["opened"].dt.to_period("M").astype(str))
    once = once.drop_duplicates(["id", "month"])
    moves = {"order": ["0", "30"], "horizon": 2, "max_rows": 500}
    args = ("id", "opened", "state")
    ours = collect_transitions(dd.from_pandas(once, npartitions=5), *args, **moves)
    theirs = collect_transitions(once, *args, **moves)
    assert ours.matrix().to_dict() == theirs.matrix().to_dict()
    assert ours.roll_rates().to_dict() == theirs.roll_rates().to_dict()
