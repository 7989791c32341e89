"""The embedded loan book: the break of 2006 to 2008, and a column that leaks."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from riskkit.backtest import OutOfTimeSplit, rolling_backtest
from riskkit.datasets import load_sba_loans
from riskkit.exceptions import LeakageWarning
from riskkit.reporting import backtest_report


@pytest.fixture(scope="module")
def book():
    loans = load_sba_loans()
    X = loans.data[["GrAppv", "guaranteed_share", "RetainedJob"]].assign(
        GrAppv=lambda t: np.log(t["GrAppv"]),
        RetainedJob=lambda t: np.log1p(t["RetainedJob"]),
    )
    split = OutOfTimeSplit(loans.dates, performance_window=36, train_months=36)
    return X, loans.frame, {"split": split, "event_dates": loans.frame["ChgOffDate"]}


def test_the_break_shows_and_is_named(book):
    X, _, args = book
    result = rolling_backtest(LogisticRegression(), X, **args)
    frame = result.frame().set_index("window")
    assert result.windows == tuple(map(str, range(2003, 2011)))
    crisis = frame.loc[["2006", "2007", "2008"]]
    assert (crisis["calibration_level_low"] > 1.0).all()
    assert (crisis["actual_expected"] > 2.5).all()
    # It ranked all the while: the level is what broke.
    assert (crisis["gini_low"] > 0).all()
    assert frame.loc["2007", "calibration_level"] == frame["calibration_level"].max()
    report = backtest_report(result)
    checks = {check.name: check for check in report.data.checks}
    assert checks["Break"].status == "red"
    assert "2007" in checks["Level"].finding
    assert result.frame("leakage").empty


def test_term_leaps_and_is_named(book):
    X, frame, args = book
    args = args | {
        "split": OutOfTimeSplit(args["split"].dates, performance_window=36, n_splits=3)
    }
    model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8)
    honest = rolling_backtest(model, X, **args).frame()
    with pytest.warns(LeakageWarning, match=r"tell the outcome .*'Term' \(0\.8"):
        result = rolling_backtest(model, X.assign(Term=frame["Term"]), **args)
    assert result.frame("leakage")["column"].tolist() == ["Term"]
    leap = result.frame()["gini"] - honest["gini"]
    assert (leap > 0.15).all()
    assert backtest_report(result).verdict.word == "Check the data"
