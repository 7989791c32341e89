import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from riskkit.backtest import GivenScore, OutOfTimeSplit, rolling_backtest
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    LeakageWarning,
    OutputError,
)
from riskkit.export import save_artifact
from riskkit.metrics import auc_delong_test, psi
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

NUMBERS = ["income", "debt"]


def logistic():
    return LogisticRegression(C=100.0)


def test_every_window_is_what_a_loop_gives(book):
    X, y, dates, split = book
    result = rolling_backtest(logistic(), X[NUMBERS], y, split=split)
    frame = result.frame().set_index("window")
    assert result.windows == ("2003", "2004", "2005", "2006")
    assert result.models == ("LogisticRegression",)
    years = dates.astype("datetime64[Y]").astype(int) + 1970
    for year in range(2003, 2007):
        train, test = years <= year - 2, years == year
        model = logistic().fit(X.loc[train, NUMBERS], y[train])
        pds = [
            model.predict_proba(X.loc[part, NUMBERS])[:, 1] for part in (train, test)
        ]
        row = frame.loc[str(year)]
        area = roc_auc_score(y[test], pds[1])
        assert_allclose(row["auc"], area)
        assert_allclose(row["gini"], 2 * area - 1)
        assert_allclose(row["gini_train"], 2 * roc_auc_score(y[train], pds[0]) - 1)
        assert_allclose(row["brier"], brier_score_loss(y[test], pds[1]))
        assert_allclose(row["log_loss"], log_loss(y[test], pds[1]))
        assert_allclose(row["mean_pd"], pds[1].mean())
        assert_allclose(row["actual_expected"], y[test].mean() / pds[1].mean())
        assert (row["n_train"], row["n"]) == (train.sum(), test.sum())
        edges = np.quantile(pds[0], np.arange(1, 10) / 10, method="inverted_cdf")
        counts = [np.bincount(np.searchsorted(edges, p), minlength=10) for p in pds]
        assert_allclose(row["psi"], psi(*counts))
        bands = result.frame("bands").query(f"window == '{year}'")
        assert bands["n_train"].tolist() == counts[0].tolist()
        assert bands["n"].tolist() == counts[1].tolist()
        shown = result.predictions().query(f"window == '{year}'")
        assert_allclose(shown["score"], pds[1])
        assert_array_equal(shown["row"], np.flatnonzero(test))


def test_the_break_shows_as_calibration_drift(book):
    X, y, _, split = book
    frame = rolling_backtest(logistic(), X[NUMBERS], y, split=split).frame()
    frame = frame.set_index("window")
    assert (frame.loc[["2003", "2004"], "calibration_level"].abs() < 0.3).all()
    for window in ("2005", "2006"):
        assert frame.loc[window, "calibration_level_low"] > 0.5
        assert frame.loc[window, "calibration_level_p_value"] < 1e-6
        assert frame.loc[window, "actual_expected_low"] > 1.3
    assert (frame["gini_low"] > 0.3).all()


def test_kinds_of_models(book, tmp_path):
    X, y, _, split = book
    card = ScorecardClassifier().fit(X[:2_000], y[:2_000])
    save_artifact(card, tmp_path / "card.rk")
    pds = card.predict_proba(X)[:, 1]
    points = card.predict_points(X)
    models = {
        "anew": ScorecardClassifier(),
        "frozen": FrozenEstimator(card),
        "artifact": load_scorer(tmp_path / "card.rk"),
        "pd": GivenScore(pds),
        "points": GivenScore(points, kind="safer"),
        "log odds": GivenScore(card.decision_function(X), kind="riskier"),
    }
    result = rolling_backtest(models, X, y, split=split, champion="pd")
    frame = result.frame().pivot(index="window", columns="model")  # noqa: PD010
    for name in ("frozen", "artifact"):
        for value in ("gini", "mean_pd", "calibration_slope", "psi"):
            assert_allclose(frame[value][name], frame[value]["pd"])
    assert_allclose(frame["gini"]["log odds"], frame["gini"]["pd"])
    assert_allclose(frame["gini"]["points"], frame["gini"]["pd"], atol=0.01)
    assert frame["mean_pd"][["points", "log odds"]].isna().all().all()
    assert (frame["reason"]["points"] == "the score is no PD").all()
    assert (frame["psi"]["points"] >= 0).all()
    assert not np.allclose(frame["gini"]["anew"], frame["gini"]["pd"])

    challenge = result.frame("challenge")
    assert set(challenge["model"]) == set(models) - {"pd"}
    row = challenge[challenge["model"] == "anew"].iloc[-1]
    scores = result.predictions().query("window == '2006'")
    anew, champion = (
        scores.loc[scores["model"] == name, "score"] for name in ("anew", "pd")
    )
    rows = scores.loc[scores["model"] == "pd", "row"]
    test = auc_delong_test(y[rows], anew, champion)
    assert_allclose(row["p_value"], test.p_value)
    assert_allclose(row["difference"], 2 * test.details["difference"])
    assert row["low"] < row["difference"] < row["high"]
    same = challenge[challenge["model"] == "frozen"]
    assert (same["difference"] == 0).all()
    assert (same["p_value"] == 1).all()


def test_importances_and_their_stability(book):
    X, y, _, split = book
    models = {"card": ScorecardClassifier(), "plain": logistic()}
    result = rolling_backtest({"card": models["card"]}, X, y, split=split)
    table = result.frame("importance")
    first = table[table["rank"] == 1]
    assert (first["feature"] == "income").all()
    assert_allclose(table.groupby("window")["share"].sum(), 1)
    correlation = result.frame()["importance_correlation"]
    assert np.isnan(correlation[0])
    assert (correlation[1:] > 0.8).all()
    # Its own contributions, row by row.
    train = np.flatnonzero(result.frame().loc[0, "train_end"] > book[2].astype(str))
    card = ScorecardClassifier().fit(X.iloc[train], y[train])
    z = np.array([
        np.asarray(c.log_odds)[bins]
        for c, bins in zip(
            card.spec_.characteristics,
            [_bins(card, X.iloc[train], c.feature.name) for c in
             card.spec_.characteristics], strict=True)
    ])  # fmt: skip
    expected = np.abs(z - z.mean(axis=1, keepdims=True)).mean(axis=1)
    names = [c.feature.name for c in card.spec_.characteristics]
    shown = table[table["window"] == "2003"].set_index("feature")["importance"]
    assert_allclose(shown[names], expected, rtol=1e-9)
    assert rolling_backtest(models["plain"], X[NUMBERS], y, split=split).frame(
        "importance").empty  # fmt: skip


def _bins(card, X, name):
    from riskkit.artifact import assign_column

    feature = next(
        c.feature for c in card.spec_.characteristics if c.feature.name == name
    )
    return assign_column(feature, X[name])


def test_weights_repeat_rows(book):
    X, y, dates, split = book
    times = np.random.default_rng(1).integers(1, 3, y.size)
    rows = np.repeat(np.arange(y.size), times)
    weighted = rolling_backtest(
        logistic(), X[NUMBERS], y, split=split, sample_weight=times
    ).frame()
    repeated = rolling_backtest(
        logistic(),
        X[NUMBERS].iloc[rows],
        y[rows],
        split=OutOfTimeSplit(dates[rows]),
    ).frame()
    numbers = weighted.select_dtypes("number").columns.drop("seconds")
    assert_allclose(weighted[numbers], repeated[numbers], rtol=2e-3, atol=1e-4)


def test_processes_libraries_and_events_make_no_difference(book):
    X, y, dates, split = book
    expected = rolling_backtest(logistic(), X[NUMBERS], y, split=split).to_dict()
    event_dates = np.where(y == 1, dates + 200, dates + 500)
    for models, table, args in (
        (logistic(), pl.from_pandas(X[NUMBERS]), {"y": y}),
        (logistic(), X[NUMBERS], {"event_dates": event_dates}),
        (logistic(), X[NUMBERS], {"y": pd.Series(y, dtype="Int64"), "n_jobs": 2}),
    ):
        shown = rolling_backtest(models, table, split=split, **args).to_dict()
        for result in (shown, expected):
            for row in result["tables"]["windows"]:
                row.pop("seconds", None)
        assert shown == expected


class Counted(LogisticRegression):
    """Leaves a mark on disk for every fit."""

    def __init__(self, log=""):
        super().__init__(C=100.0)
        self.log = log

    def fit(self, X, y, sample_weight=None):
        with Path(self.log).open("a") as file:
            file.write(f"{len(y)}\n")
        return super().fit(X, y, sample_weight)


def fits(log):
    return len(log.read_text().splitlines()) if log.exists() else 0


def without_seconds(result):
    plain = result.to_dict()
    for row in plain["tables"]["windows"]:
        row.pop("seconds")
    return plain


def test_a_stopped_backtest_goes_on_where_it_was(book, tmp_path):
    X, y, _, split = book
    log, folder = tmp_path / "log", tmp_path / "windows"
    model = Counted(str(log))
    args = {"split": split, "folder": folder}
    whole = rolling_backtest(
        Counted(str(tmp_path / "other")), X[NUMBERS], y, split=split
    )

    original, calls = Counted.fit, []

    def fit_or_stop(self, X, y, sample_weight=None):
        calls.append(len(y))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, X, y, sample_weight)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Counted, "fit", fit_or_stop)
        with pytest.raises(KeyboardInterrupt):
            rolling_backtest(model, X[NUMBERS], y, **args)
    assert len(list(folder.iterdir())) == 2
    again = rolling_backtest(model, X[NUMBERS], y, **args)
    assert fits(log) == 2 + 2
    assert without_seconds(again)["tables"] == without_seconds(whole)["tables"]
    assert_array_equal(again.predictions()["score"], whole.predictions()["score"])
    rolling_backtest(model, X[NUMBERS], y, **args)
    assert fits(log) == 4

    # What has changed is done anew, and nothing else.
    rolling_backtest(Counted(str(log)), X[NUMBERS], y, **args)
    assert fits(log) == 4
    changed = y.copy()
    last = int(np.flatnonzero(split.days() >= np.datetime64("2006-01-01"))[0])
    changed[last] = 1 - changed[last]
    rolling_backtest(model, X[NUMBERS], changed, **args)
    assert fits(log) == 5
    rolling_backtest(model, X[NUMBERS] * 1.5, y, **args)
    assert fits(log) == 9
    damaged = sorted(folder.iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    rolling_backtest(model, X[NUMBERS] * 1.5, y, **args)
    assert fits(log) == 10


SCRIPT = """
import os, sys, time
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from riskkit.backtest import OutOfTimeSplit, rolling_backtest
folder, log, slow = sys.argv[1], sys.argv[2], float(sys.argv[3])
class Slow(LogisticRegression):
    def fit(self, X, y):
        with open(log, "a") as file:
            file.write("fit\\n")
        time.sleep(slow if len(y) > 2500 else 0)
        return super().fit(X, y)
rng = np.random.default_rng(0)
dates = np.datetime64("2001-01-01") + np.sort(rng.integers(0, 6 * 365, 6000))
X = pd.DataFrame({"a": rng.normal(size=6000)})
y = (rng.random(6000) < 1 / (1 + np.exp(2 - X["a"]))).astype(int)
rolling_backtest(Slow(), X, y, split=OutOfTimeSplit(dates), folder=folder)
"""


def test_a_killed_process_loses_no_finished_window(tmp_path):
    script, log, folder = (tmp_path / name for name in ("run.py", "log", "windows"))
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(folder), str(log)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*command, "600"], env=environment) as process:
        # Two windows are learned from fewer rows; the third one sleeps.
        for _ in range(600):
            if fits(log) == 3 or process.poll() is not None:
                break
            time.sleep(0.1)
        process.kill()
    assert fits(log) == 3
    assert len([p for p in folder.iterdir() if p.suffix == ".npz"]) == 2
    subprocess.run([*command, "0"], env=environment, check=True)
    assert fits(log) == 3 + 2


def test_a_column_that_tells_the_outcome_is_named(book):
    X, y, _, split = book
    rng = np.random.default_rng(0)
    leaky = X.assign(term=np.where(y == 1, 12, 60) + rng.normal(0, 25, y.size))
    with pytest.warns(LeakageWarning, match=r"'term' \(0\.89.*known when a loan is"):
        result = rolling_backtest(logistic(), leaky[[*NUMBERS, "term"]], y, split=split)
    assert result.frame("leakage")["column"].tolist() == ["term"]
    honest = rolling_backtest(logistic(), X[NUMBERS], y, split=split)
    assert (result.frame()["gini"] > honest.frame()["gini"] + 0.15).all()
    assert honest.frame("leakage").empty
    # Levels without number, by chance alone, are no leak; missing values can be.
    many = X.assign(post=[f"p{i}" for i in rng.integers(0, 2_000, y.size)])
    hidden = X.assign(hole=np.where(y == 1, np.nan, rng.normal(size=y.size)))
    given = GivenScore(np.full(y.size, 0.1))

    class Scorer:
        def score_batch(self, X):
            return type("Batch", (), {"pd": np.full(len(X), 0.1)})()

    rolling_backtest(Scorer(), many, y, split=split)
    with pytest.warns(LeakageWarning, match="'hole'"):
        rolling_backtest(Scorer(), hidden, y, split=split)
    rolling_backtest(given, hidden, y, split=split)


def test_dates_and_warnings_of_a_model(book):
    X, y, _, split = book

    class Dated(ClassifierMixin, BaseEstimator):
        def fit(self, X, y, dates=None):
            assert len(dates) == len(y)
            assert dates.max() < np.datetime64("2005-01-01")
            warnings.warn("Careful: this is a test.", UserWarning, stacklevel=2)
            self.classes_ = np.array([0, 1])
            return self

        def predict_proba(self, X):
            return np.tile([0.8, 0.2], (len(X), 1))

    result = rolling_backtest({"dated": Dated()}, X, y, split=split)
    heard = result.frame("warnings")
    assert heard["message"].tolist() == ["Careful: this is a test."] * 4
    frame = result.frame()
    assert_allclose(frame["auc"], 0.5)
    assert_allclose(frame["psi"], 0)
    assert len(result.frame("bands")) == 4


def test_one_kind_of_outcome_in_a_test_window(book):
    X, y, dates, split = book
    quiet = np.where(dates >= np.datetime64("2006-01-01"), 0, y)
    models = {"a": logistic(), "b": GivenScore(np.full(y.size, 0.1))}
    result = rolling_backtest(models, X[NUMBERS], quiet, split=split)
    last = result.frame().iloc[-1]
    assert last["n_event"] == 0
    assert np.isnan(last["gini"])
    assert last["reason"] == "the test part holds outcomes of one kind only"
    assert last["event_rate_high"] > 0
    assert result.frame("challenge")["status"].tolist()[-1] == "not_evaluable"
    trend = result.frame("trend").set_index(["model", "measure"])
    assert trend.loc[("a", "gini"), "n_windows"] == 3
    assert result.to_dict()["tables"]["windows"][-1]["gini"] is None
    assert "2006" in result._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y": None}, InvalidTargetError, "once, as y or as event_dates; got neither"),
        ({"y": [1.0, np.nan]}, InvalidTargetError, "y must hold one outcome"),
        ({"y": 2}, InvalidTargetError, "something else or missing"),
        ({"y": 0}, InvalidTargetError, "rows of 2003 hold no event"),
        ({"X": 5}, InvalidInputError, "X must be a table of the 6000 rows"),
        ({"split": 5}, InvalidTypeError, "split must be an OutOfTimeSplit"),
        ({"models": {}}, InvalidParameterError, "at least one model"),
        ({"models": {3: logistic()}}, InvalidParameterError, "named by text"),
        ({"models": "model.rk"}, InvalidTypeError, "load_scorer returned.*got a str"),
        ({"models": LogisticRegression}, InvalidTypeError, "got the class Logistic"),
        ({"models": GivenScore([0.1])}, InvalidInputError, "6000 rows; it has 1"),
        ({"champion": "best"}, InvalidParameterError, "champion must be one of"),
        ({"n_bands": 1}, InvalidParameterError, "n_bands must be an integer >= 2"),
        ({"level": 1.0}, InvalidParameterError, "level must lie between"),
        ({"suspicious_auc": 2}, InvalidParameterError, "suspicious_auc must be"),
        ({"verbose": "yes"}, InvalidParameterError, "verbose must be"),
        ({"n_jobs": -2}, InvalidParameterError, "n_jobs must be"),
        ({"folder": __file__}, OutputError, "is a file"),
        ({"sample_weight": -1}, InvalidInputError, "sample_weight must be known"),
        ({"sample_weight": 0}, InvalidInputError, "weight 0 in one part"),
    ],
)
def test_bad_input(book, change, error, words):
    X, y, _, split = book
    n = y.size
    change = {
        k: np.full(n, v) if k in ("y", "sample_weight") and np.ndim(v) == 0
        and v is not None else v for k, v in change.items()
    }  # fmt: skip
    args = {"models": logistic(), "X": X[NUMBERS], "y": y, "split": split} | change
    with pytest.raises(error, match=words):
        rolling_backtest(**args)


def test_bad_scores():
    with pytest.raises(InvalidParameterError, match="kind must be one of"):
        GivenScore([0.1], kind="points")
    with pytest.raises(InvalidInputError, match="one PD for each row; 1 of 2"):
        GivenScore([0.1, 1.2])
    with pytest.raises(InvalidInputError, match=r"one finite number.*1 of 2"):
        GivenScore([1.0, np.nan], kind="safer")
