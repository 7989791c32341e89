import json
import re
import tomllib

import numpy as np
import pandas as pd
import pytest

from riskkit.cli._backtest_config import TEMPLATE, read_config

CONFIG = """\
schema_version = 1
[data]
table = "loans.parquet"
date = "opened"
event_date = "defaulted"
exclude = ["note", "bad"]
[split]
performance_window = 12
train_months = 12
[models.card]
kind = "scorecard"
[models.bureau]
kind = "score"
column = "bureau"
direction = "safer"
[report]
title = "A test"
facts = { Owner = "Risk" }
"""


@pytest.fixture
def book(tmp_path):
    """Write five years of loans and a configuration; give its path."""
    rng = np.random.default_rng(0)
    n = 2_000
    opened = np.datetime64("2015-01-01") + rng.integers(0, 5 * 365, n)
    income = rng.normal(size=n)
    hit = rng.random(n) < 1 / (1 + np.exp(1.5 + income))
    table = pd.DataFrame(
        {
            "opened": opened.astype("datetime64[ns]"),
            "defaulted": pd.Series(
                np.where(hit, opened + 150, np.datetime64("NaT"))
            ).astype("datetime64[ns]"),
            "income": income,
            "region": rng.choice(["north", "south"], n),
            "note": rng.choice(["x", "y"], n),
            "bureau": 600 + 40 * income + rng.normal(0, 40, n),
            "bad": hit.astype(int),
        }
    )
    table.to_parquet(tmp_path / "loans.parquet")
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def changed(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_a_run_writes_its_files_and_says_its_verdict(run, book, tmp_path):
    out = tmp_path / "out"
    result = run("backtest", "run", book, "--out", out, "--fail-on", "never")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert sorted(p.name for p in out.iterdir()) == [
        "report.html", "result.json", "scores.parquet", "windows.parquet"]  # fmt: skip
    windows = pd.read_parquet(out / "windows.parquet")
    assert windows["window"].unique().tolist() == ["2017", "2018", "2019"]
    assert windows["model"].unique().tolist() == ["card", "bureau"]
    assert (windows["gini"] > 0.2).all()
    kept = json.loads((out / "result.json").read_text())
    assert kept["config"]["report"]["title"] == "A test"
    assert kept["report"]["verdict"]["word"] == said["verdict"]
    assert len(kept["backtest"]["tables"]["windows"]) == 6
    html = (out / "report.html").read_text()
    assert "Risk" in html
    assert "<h1>A test</h1>" in html
    scores = pd.read_parquet(out / "scores.parquet")
    assert len(scores) == windows["n"].sum()
    assert "2019" in result.stderr
    # The columns of the table that are not named are what is learned from.
    plan = run("backtest", "run", book, "--dry-run")
    assert json.loads(plan.stdout)["features"] == ["income", "region"]
    assert json.loads(plan.stdout)["windows"][0]["learned_until"] == "2016-01-01"


def test_finished_windows_are_not_done_again(run, book, tmp_path):
    first = tmp_path / "first"
    run("backtest", "run", book, "--out", first, "--fail-on", "never")
    folder = tmp_path / "backtest_windows"
    times = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert len(times) == 6
    second = tmp_path / "second"
    run("backtest", "run", book, "--out", second, "--fail-on", "never")
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == times
    for name in ("report.html", "windows.parquet", "scores.parquet"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_day_of_the_outcomes_can_be_told(run, book):
    def windows(*words):
        plan = run("backtest", "run", book, "--dry-run", *words)
        assert plan.exit_code == 0, plan.output
        return [window["label"] for window in json.loads(plan.stdout)["windows"]]

    assert windows() == ["2017", "2018", "2019"]
    assert windows("--as-of", "2020-06-30") == ["2017", "2018"]
    changed(book, "[split]\n", "[split]\nas_of = 2019-06-30\n")
    assert windows() == ["2017"]
    assert windows("--as-of", "2021-12-31") == ["2017", "2018", "2019"]
    refused = run("backtest", "run", book, "--dry-run", "--as-of", "soon")
    assert refused.exit_code == 64
    assert "--as-of must be a day" in refused.stderr


def test_the_exit_code_is_the_light(run, book, tmp_path):
    # A PD far too low in every window.
    table = pd.read_parquet(book.parent / "loans.parquet")
    table["bureau"] = 0.01
    table.to_parquet(book.parent / "loans.parquet")
    changed(book, 'direction = "safer"', 'direction = "pd"')
    changed(book, '[models.card]\nkind = "scorecard"\n', "")
    result = run("backtest", "run", book, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["checks"]["Level"] == "red"
    again = ("backtest", "run", book, "--out", tmp_path / "out")
    assert run(*again).exit_code == 64
    assert run(*again, "--overwrite").exit_code == 2


def test_a_model_file_and_an_outcome_column(run, trained, book, tmp_path):
    loans = pd.read_parquet(trained.table)
    loans["opened"] = pd.date_range("2019-01-01", "2022-12-31", periods=len(loans))
    loans.to_parquet(tmp_path / "other.parquet")
    config = tmp_path / "other.toml"
    config.write_text(
        f"""
schema_version = 1
[data]
table = "other.parquet"
date = "opened"
outcome = "bad"
special_codes = [-9]
[models.live]
kind = "artifact"
path = '{trained.model}'
[models.lightgbm]
kind = "lightgbm"
"""
    )
    out = tmp_path / "out"
    result = run("backtest", "run", config, "--out", out, "--fail-on", "never")
    assert result.exit_code == 0, result.output
    windows = pd.read_parquet(out / "windows.parquet")
    assert windows["model"].tolist() == ["live", "lightgbm"] * 2
    assert windows["mean_pd"].notna().all()


def test_init_writes_what_run_reads(run, tmp_path):
    path = tmp_path / "new.toml"
    assert run("backtest", "init", path).exit_code == 0
    assert path.read_text() == TEMPLATE
    assert run("backtest", "init", path).exit_code == 64
    config = read_config(path)
    assert config.data.dataset == "sba_loans"
    assert list(config.models) == ["scorecard", "xgboost"]
    plan = run("backtest", "run", path, "--dry-run")
    found = json.loads(plan.stdout)
    assert found["rows"] == 60_000
    # As early as a year of training and the three years after it allow: the book opens
    # in 1997.
    windows = found["windows"]
    assert [w["label"] for w in windows] == [str(y) for y in range(2001, 2011)]
    assert windows[0]["learned_until"] == "1998-01-01"
    assert "Term" not in found["features"]
    # Every default that the template shows is the default.
    lines = [
        line.lstrip("# ").split("#")[0].strip()
        for line in TEMPLATE.splitlines()
        if line.startswith("# ") and " = " in line and "." not in line.split(" = ")[0]
    ]
    shown = {k: v for line in lines for k, v in tomllib.loads(line).items()}
    for part in (config.split, config.run):
        for key in ("scheme", "test_months", "reporting_delay", "n_bands", "level",
                    "n_jobs", "windows", "suspicious_auc"):  # fmt: skip
            if hasattr(part, key):
                assert shown[key] == getattr(part, key)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version must be 1; got 2"),
        ("[report]", "[reports]", "reports is not known. Did you mean 'report'"),
        ("train_months = 12", "train_month = 12", "split.train_month is not known"),
        ("train_months = 12", 'train_months = "12"', "must be a whole number"),
        ("train_months = 12", "train_months = true", "must be a whole number"),
        ("train_months = 12", 'scheme = "sliding"', "split.scheme must be one of"),
        ("train_months = 12", "gap = 6", "known on .* begins on"),
        ("train_months = 12", "train_months = 0", "train_months must be an integer"),
        ('event_date = "defaulted"', "", "outcomes must be given once"),
        ('date = "opened"\n', "", "data.date must be given"),
        ('table = "loans.parquet"', "", "data.table or data.dataset"),
        ('table = "loans.parquet"', 'table = "loan.parquet"', "Cannot read"),
        (
            'exclude = ["note", "bad"]',
            "exclude = [3]",
            "data.exclude must be a list",
        ),
        ('exclude = ["note", "bad"]', 'exclude = ["notes"]', "'notes'"),
        ('column = "bureau"', 'column = "burau"', "'burau'"),
        ('column = "bureau"\n', "", "models.bureau.column must be given for a score"),
        ('kind = "scorecard"', 'kind = "forest"', "models.card.kind must be one of"),
        ('facts = { Owner = "Risk" }', "facts = { Owner = 1 }", "a table of text"),
        ('[models.card]\nkind = "scorecard"', "[run]\nchampion = 'x'", "champion must"),
        ("[data]", "[data", "must be TOML"),
    ],
)
def test_a_wrong_configuration_is_refused_in_a_sentence(run, book, old, new, words):
    changed(book, old, new)
    out = book.parent / "out"
    result = run("backtest", "run", book, "--out", out)
    assert result.exit_code == 64, result.output
    assert result.stdout == ""
    assert not out.exists()
    message = result.stderr[result.stderr.index("Error: ") :]
    assert re.search(words, message.replace("\n", " ")), message


def test_words_that_are_missing(run, book, tmp_path):
    assert run("backtest", "run", book).exit_code == 64
    assert run("backtest", "run", tmp_path / "none.toml", "--dry-run").exit_code == 64
