import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from riskkit.backtest import GivenScore, OutOfTimeSplit, rolling_backtest
from riskkit.exceptions import (
    InvalidParameterError,
    InvalidTypeError,
    LeakageWarning,
    OutputError,
)
from riskkit.reporting import ReportThresholds, backtest_report
from riskkit.scorecard import ScorecardClassifier


def draw(n=8_000, *, late_level=0.0, late_slope=1.0, seed=0):
    """Six years of loans; the last year differs in level, or in what it goes by."""
    rng = np.random.default_rng(seed)
    dates = np.sort(np.datetime64("2001-01-01") + rng.integers(0, 6 * 365, n))
    X = pd.DataFrame({"a": rng.normal(size=n), "b <i>": rng.normal(size=n)})
    late = dates >= np.datetime64("2006-01-01")
    z = np.where(late, late_slope, 1.0) * X["a"] + 0.5 * X["b <i>"]
    log_odds = -2 + z + late_level * late
    y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int).to_numpy()
    return (
        X,
        y,
        OutOfTimeSplit(dates),
        1 / (1 + np.exp(-(-2 + X["a"] + 0.5 * X["b <i>"]))),
    )


def run(models=None, **change):
    X, y, split, pd_true = draw(**change)
    models = models or {"true": GivenScore(pd_true)}
    return rolling_backtest(models, X, y, split=split)


@pytest.fixture(scope="module")
def shifted():
    X, y, split, pd_true = draw(late_level=0.9)
    models = {
        "card": ScorecardClassifier(),
        "true": GivenScore(pd_true),
        "noise": GivenScore(np.random.default_rng(1).random(y.size), kind="safer"),
    }
    return rolling_backtest(models, X, y, split=split)


@pytest.mark.parametrize(
    ("change", "word", "red"),
    [
        ({}, "No action", None),
        ({"late_level": 0.9}, "Recalibrate", "Level"),
        ({"late_slope": 0.2}, "Redevelop", "Ranking"),
    ],
)
def test_verdicts(change, word, red):
    report = backtest_report(run(**change))
    status = {check.name: check.status for check in report.data.checks}
    assert report.verdict.word == word
    if red is None:
        assert set(status.values()) <= {"green", "not_evaluable"}
        assert status["Challenger"] == "not_evaluable"
    else:
        assert status[red] == "red"
        assert f"{red} (red)" in report.verdict.reason


def test_the_break_is_named(shifted):
    check = next(c for c in backtest_report(shifted).data.checks if c.name == "Break")
    assert check.status == "red"
    assert check.finding.startswith("From 2005 to 2006 the level moved by +")
    assert 0.6 < float(check.figure) < 1.2


def test_the_surest_break_comes_before_a_larger_one_of_few_events():
    X, y, split, pd_true = draw(late_level=0.9)
    # Of 2002 sixty loans with few defaults, then as many of 2003 with four times more.
    year = split.dates.astype("datetime64[Y]").astype(int) + 1970
    kept = np.ones(y.size, dtype=bool)
    y = y.copy()
    for number, share in ((2002, 0.1), (2003, 0.4)):
        rows = np.flatnonzero(year == number)
        kept[rows[60:]] = False
        y[rows[:60]] = np.arange(60) < 60 * share
    result = rolling_backtest(
        {"true": GivenScore(pd_true[kept])},
        X[kept],
        y[kept],
        split=OutOfTimeSplit(split.dates[kept]),
    )
    limits = ReportThresholds(min_events=5)
    report = backtest_report(result, thresholds=limits)
    check = next(c for c in report.data.checks if c.name == "Break")
    assert check.status == "red"
    assert check.finding.startswith("From 2005 to 2006 the level moved by +0.")
    _, _, other = check.finding.partition("Also from 2003 to 2004 by ")
    assert abs(float(other[:5])) > float(check.figure)


def test_a_better_challenger_is_named():
    X, y, split, pd_true = draw()
    models = {"noise": GivenScore(np.full(y.size, 0.1)), "true": GivenScore(pd_true)}
    result = rolling_backtest(models, X, y, split=split)
    check = next(
        c for c in backtest_report(result).data.checks if c.name == "Challenger"
    )
    assert check.status == "amber"
    assert check.finding.startswith("true has a Gini +0.")
    other = rolling_backtest(models, X, y, split=split, champion="true")
    check = next(
        c for c in backtest_report(other).data.checks if c.name == "Challenger"
    )
    assert check.status == "green"


def test_leakage_comes_first():
    X, y, split, _ = draw(3_000)
    with pytest.warns(LeakageWarning):
        result = rolling_backtest(
            LogisticRegression(), X.assign(after=y + 0.0), y, split=split
        )
    report = backtest_report(result)
    assert report.verdict.word == "Check the data"
    assert report.frame("leakage")["column"].tolist() == ["after"]


def test_few_events_are_not_evaluable():
    X, y, split, pd_true = draw(400)
    result = rolling_backtest({"true": GivenScore(pd_true)}, X, y, split=split)
    report = backtest_report(result, thresholds=ReportThresholds(min_events=500))
    assert report.verdict.word == "Not evaluable"


def test_the_page_is_whole_offline_and_the_same_every_time(shifted, tmp_path):
    report = backtest_report(shifted, facts={"Owner": "Retail <risk>"})
    html = report.html
    assert html == backtest_report(shifted, facts={"Owner": "Retail <risk>"}).html
    assert "Retail &lt;risk&gt;" in html
    assert "b <i>" not in html
    assert "b &lt;i&gt;" in html
    assert not re.search(r'(?:src|href)="(?!#)', html)
    assert len(html) < 400_000
    assert html.count("<svg") == 6
    found = dict(
        re.findall(
            r'<script type="application/json" id="data-(\w+)">(.*?)</script>', html
        )
    )
    windows = json.loads(found["windows"])
    assert [row["gini"] for row in windows] == pytest.approx(shifted.frame()["gini"])
    assert json.loads(found["summary"])["verdict"]["word"] == report.verdict.word
    for name in ("challenge", "trend", "importance"):
        assert len(json.loads(found[name])) == len(report.frame(name))
    sections = set(re.findall(r'<section id="(\w+)"', html))
    assert {check.section for check in report.data.checks} <= sections
    path = tmp_path / "report.html"
    backtest_report(shifted, path=path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(OutputError, match="exists already"):
        backtest_report(shifted, path=path)


def test_importances_are_those_of_the_champion(shifted):
    table = backtest_report(shifted).frame("importance")
    assert table["feature"].tolist() == ["a", "b <i>"]
    shares = table[list(shifted.windows)].astype(float)
    assert np.allclose(shares.sum(), 1)


def test_bad_input(shifted):
    with pytest.raises(InvalidTypeError, match="what rolling_backtest returned"):
        backtest_report(shifted.frame())
    with pytest.raises(InvalidParameterError, match="title must be text"):
        backtest_report(shifted, title=" ")
    with pytest.raises(InvalidParameterError, match="thresholds must be"):
        backtest_report(shifted, thresholds={"psi": 1})
