"""Commands on tables that are read in batches give what those in memory give."""

import json

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import read_artifact
from riskkit.binning import OptimalBinner
from riskkit.engines import collect_stats, fit_scorecard, score
from riskkit.monitoring import Baseline, StabilityMonitor
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

FEATURES = ["income", "delays", "region"]
ENGINES = ("arrow", "duckdb", "polars", "dask")


@pytest.fixture(params=ENGINES)
def engine(request):
    """Give the word for an engine; skip where it is not installed."""
    if request.param not in (None, "arrow"):
        name = "dask.dataframe" if request.param == "dask" else request.param
        pytest.importorskip(name, reason=f"{name} is not installed")
    return request.param


@pytest.fixture(scope="module")
def book(trained, tmp_path_factory):
    """The loans in three files, by turns."""
    folder = tmp_path_factory.mktemp("book")
    loans = pd.read_parquet(trained.table)
    for k in range(3):
        loans[k::3].to_parquet(folder / f"{k}.parquet", index=False)
    return folder


@pytest.mark.parametrize("engine", [None, *ENGINES], indirect=True)
def test_train(run, book, trained, tmp_path, engine):
    out = tmp_path / "model"
    options = () if engine is None else ("--engine", engine)
    if engine == "duckdb":
        options = ("--memory-limit", "500MB")
    result = run(
        *("train", book / "*.parquet", "--target", "bad", "--special-codes", "-9"),
        *("--exclude", "loan_id", "--out", out, "--json", *options),
    )
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    loans = pd.read_parquet(trained.table)
    assert summary["train"] == {"n": len(loans), "n_event": loans["bad"].sum()}
    assert "opened" in summary["left_out"]
    binner = OptimalBinner(special_codes=[-9])
    expected = ScorecardClassifier(binner).fit(loans[FEATURES], loans["bad"])
    found = read_artifact(out / "model.rk").model
    assert summary["characteristics"] == list(expected.spec_.features)
    assert found.intercept == pytest.approx(expected.intercept_, abs=1e-9)
    for own, twin in zip(
        found.characteristics, expected.spec_.characteristics, strict=True
    ):
        assert own.feature == twin.feature
        assert own.points == twin.points


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_score(written, run, refused, book, trained, tmp_path, engine, suffix):
    out = tmp_path / f"scores.{suffix}"
    words = ("score", trained.model, book, "--keep", "loan_id", "--out", out)
    if engine == "dask" and suffix == "csv":
        assert "folder of Parquet" in refused(*words, "--engine", engine)
        return
    result = run(*words, "--engine", engine)
    assert result.exit_code == 0, result.output
    found = written(out)
    found = found.sort_values("loan_id", ignore_index=True)
    table = pd.read_parquet(trained.table)
    expected = score(table, trained.model, keep=["loan_id"])
    assert list(found) == ["loan_id", "pd", "points", "log_odds"]
    assert np.array_equal(found["points"], expected["points"])
    np.testing.assert_allclose(found["pd"], expected["pd"], rtol=1e-14)


def test_monitor_count(run, book, trained, tmp_path, engine):
    out = tmp_path / "population.json"
    result = run(
        *("monitor", "count", trained.model, book, "--period", "opened"),
        *("--target", "bad", "--out", out, "--engine", engine),
    )
    assert result.exit_code == 0, result.output
    table = pd.read_parquet(trained.table)
    artifact = read_artifact(trained.model)
    points = score(table, artifact)["points"]
    expected = StabilityMonitor(Baseline.from_scorecard(artifact)).update(
        table, period=table["opened"], score=points, y=table["bad"]
    )
    assert StabilityMonitor.load(out).to_spec() == expected.to_spec()
    assert "2022-01: PSI of" in result.output
    assert (
        run(
            *("monitor", "count", trained.model, book, "--period", "opened"),
            *("--out", out),
        ).exit_code
        == 64
    )  # it is there already


def test_two_labels(run, refused, book, trained, tmp_path):
    loans = pd.read_parquet(trained.table)
    loans["bad"] = np.where(loans["bad"] == 1, "default", "paid")
    loans.to_parquet(tmp_path / "words.parquet")
    words = ("train", tmp_path / "words*", "--target", "bad", "--out", tmp_path / "m")
    result = run(*words, "--event", "default", "--features", "delays")
    assert result.exit_code == 0, result.output
    stats = collect_stats(
        loans, "bad", features=["delays"], classes=("paid", "default")
    )
    summary = json.loads((tmp_path / "m" / "summary.json").read_text())
    assert summary["train"]["n_event"] == stats.n_event
    assert summary["labels"] == {"non_event": "paid", "event": "default"}
    # The event is the one that was named, though its word sorts first.
    scored = load_scorer(tmp_path / "m" / "model.rk").score_batch(loans)
    is_event = loans["bad"] == "default"
    assert scored.pd.mean() == pytest.approx(is_event.mean(), rel=0.02)
    assert scored.pd[is_event].mean() > scored.pd[~is_event].mean() + 0.01
    assert "--event must be" in refused(*words, "--event", "late", "--overwrite")


def test_what_batches_cannot_do_is_said(refused, book, trained, tmp_path):
    words = ("train", book, "--target", "bad", "--out", tmp_path / "m")
    assert "fit_boosted" in refused(*words, "--model", "lightgbm")
    assert "got --date" in refused(*words, "--date", "opened")
    assert "--target names 'worse'" in refused(
        "train", book, "--target", "worse", "--out", tmp_path / "m"
    )
    none = ("train", tmp_path / "*.pq", "--target", "bad", "--out", tmp_path / "m")
    assert "No file matches" in refused(*none)
    text = refused(*words, "--engine", "polars", "--memory-limit", "1GB")
    assert "memory_limit is for the engine duckdb" in text
    assert not (tmp_path / "m").exists()


def test_the_bar_tells_of_the_rows_read(book, capsys):
    collect_stats(str(book), "bad", features=FEATURES, verbose=True)
    assert "1,200 rows" in capsys.readouterr().err
    card = ScorecardClassifier(verbose=True)
    fit_scorecard(card, str(book), "bad", features=FEATURES)
    shown = capsys.readouterr().err
    assert "Counting values" in shown
    assert "Counting patterns of bins" in shown
