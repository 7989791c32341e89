"""Small-business loans before 2008: what was known when, by which monitor.

Everything is learned from approvals of 1997 to 2003, as they were known on the first
of January 2004. The event is a charge-off within 36 months of approval, so the cohort
of 2007 is complete in January 2011.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from riskkit._core.dates import add_months
from riskkit.monitoring import (
    Baseline,
    DevelopmentCurve,
    EarlyWarning,
    PerformanceMonitor,
    early_performance,
)

WINDOW = 36
TRAINED_ON = np.datetime64("2004-01-01")
COLUMNS = [
    "default", "ApprovalDate", "ChgOffDate", "NewExist", "UrbanRural", "LowDoc",
    "RevLineCr", "GrAppv", "SBA_Appv", "NoEmp",
]  # fmt: skip


class Loans:
    """Dates, charge-offs and PDs of all approvals from 1997 on."""

    def __init__(self, path):
        frame = pd.read_parquet(path, columns=COLUMNS)
        day = frame["ApprovalDate"]
        held = (day >= "1997-01-01") & (day < "2008-01-01") & frame["default"].notna()
        frame = frame[held]
        self.dates = frame["ApprovalDate"].to_numpy().astype("datetime64[D]")
        events = frame["ChgOffDate"].where(frame["default"] == 1)
        self.event_dates = events.to_numpy().astype("datetime64[D]")
        self.trained = self.dates < TRAINED_ON
        ends = add_months(self.dates, WINDOW)
        self.complete = ends <= TRAINED_ON
        self.y = self.event_dates < ends
        X = np.column_stack(
            [
                np.log(frame["GrAppv"].to_numpy(float)),
                frame["SBA_Appv"].to_numpy(float) / frame["GrAppv"].to_numpy(float),
                np.log1p(frame["NoEmp"].to_numpy(float)),
                (frame["NewExist"] == 2).fillna(False).to_numpy(float),
                (frame["UrbanRural"] == 1).fillna(False).to_numpy(float),
                (frame["LowDoc"] == "Y").to_numpy(float),
                (frame["RevLineCr"] == "Y").to_numpy(float),
            ]
        )
        model = make_pipeline(StandardScaler(), LogisticRegression())
        model.fit(X[self.complete], self.y[self.complete])
        self.pd = model.predict_proba(X)[:, 1]

    def tape(self, day, since="1997-01-01"):
        """Return what a lender has on a day, of approvals since another."""
        seen = (self.dates >= np.datetime64(since)) & (self.dates < np.datetime64(day))
        return {
            "pd": self.pd[seen],
            "dates": self.dates[seen],
            "event_dates": self.event_dates[seen],
            "as_of": day,
        }


@pytest.fixture(scope="module")
def loans(shared_data):
    return Loans(shared_data("sba_national"))


@pytest.fixture(scope="module")
def curve(loans):
    return DevelopmentCurve.fit(
        loans.dates[loans.trained],
        loans.event_dates[loans.trained],
        as_of=TRAINED_ON,
        window=WINDOW,
    )


def months(first, last):
    return (
        np.arange(first, last, dtype="datetime64[M]")
        .astype("datetime64[D]")
        .astype(str)
    )


def test_the_early_monitor_turns_red_years_before_2007_is_mature(loans, curve):
    warning = EarlyWarning(model_id="sba")
    verdicts = {}
    for day in months("2004-02", "2005-06"):
        early = early_performance(
            **loans.tape(day, TRAINED_ON), curve=curve, freq="year"
        )
        verdicts[day] = warning.evaluate(early).verdict
    red = [day for day, verdict in verdicts.items() if verdict == "recalibrate"]
    assert red == ["2005-01-01", "2005-02-01", "2005-03-01", "2005-04-01", "2005-05-01"]
    assert set(verdicts.values()) == {"no_outcome_yet", "recalibrate"}
    (alert,) = [a for a in warning.alerts() if a.key == "early_actual_expected"]
    assert alert.opened == "2005-01-01"
    assert alert.light == "red"


def test_what_a_monitor_of_complete_outcomes_would_have_known(loans):
    complete = loans.complete
    baseline = Baseline.fit(
        pd=loans.pd[complete], y=loans.y[complete], n_score_bands=100
    )
    known = {}
    for day in ("2005-01-01", "2005-07-01", "2006-06-01", "2006-07-01"):
        monitor = PerformanceMonitor(baseline, window=WINDOW)
        result = monitor.update(**loans.tape(day)).result(freq="quarter", last=4)
        warning = EarlyWarning(persistence=(1, 1)).evaluate(result)
        ratio = result.frame("total")["actual_expected"][0]
        light = warning.light_of("actual_expected")
        known[day] = result.status_of("mature")[-1], round(ratio, 2), light
    assert known == {
        # When the early monitor turned red, the newest complete loans were of 2001.
        "2005-01-01": ("2001 Q4", 0.93, "green"),
        # Half a year later it would have lowered the PDs.
        "2005-07-01": ("2002 Q2", 0.70, "red"),
        "2006-06-01": ("2003 Q1", 0.97, "green"),
        # It would have raised them 18 months after the early monitor.
        "2006-07-01": ("2003 Q2", 1.26, "red"),
    }


def test_the_cohort_of_2007_gives_itself_away_before_it_is_a_year_old(loans, curve):
    found = {}
    for day in months("2007-05", "2008-02"):
        early = early_performance(
            **loans.tape(day, "2007-01-01"), curve=curve, freq="year"
        )
        row = early.frame().set_index("period").loc["2007"]
        found[day] = row["p_value"] < 0.001 and row["low"] > 1.25
        assert early.next_maturity == ("2007", np.datetime64("2011-01-01"))
    first = next(day for day, is_red in found.items() if is_red)
    assert first == "2008-01-01"  # three years before it is complete
