"""Days, months between them, and when a cohort is complete."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from riskkit._core.dates import (
    add_months,
    full_months,
    month_numbers,
    read_date,
    read_dates,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.monitoring._maturity import MaturityRule, cohorts_of, month_name, month_of

DAYS = np.array(["2020-01-31", "2020-02-29", "2020-03-15"], dtype="datetime64[D]")
some_day = st.dates(date(1960, 1, 1), date(2060, 12, 31))


def as_days(*days):
    return np.array(days, dtype="datetime64[D]")


@given(some_day, st.integers(-60, 60))
def test_months_are_added_as_dateutil_adds_them(day, months):
    expected = day + relativedelta(months=months)
    assert add_months(as_days(day), months)[0] == np.datetime64(expected)


@given(some_day, some_day)
def test_full_months_are_the_most_that_fit(start, end):
    months = int(full_months(as_days(start), np.datetime64(end))[0])
    assert add_months(as_days(start), months)[0] <= np.datetime64(end)
    assert add_months(as_days(start), months + 1)[0] > np.datetime64(end)


def test_a_month_ends_on_the_last_day_by_hand():
    assert add_months(DAYS, 1).astype(str).tolist() == [
        "2020-02-29",
        "2020-03-29",
        "2020-04-15",
    ]
    assert full_months(DAYS, np.datetime64("2020-03-31")).tolist() == [2, 1, 0]
    assert month_numbers(as_days("1970-01-31", "1971-02-01")).tolist() == [0, 13]


@pytest.mark.parametrize(
    "column",
    [
        DAYS,
        list(DAYS),
        [day.item() for day in DAYS],
        [datetime.combine(day.item(), datetime.max.time()) for day in DAYS],
        pd.Series(DAYS),
        pd.Series(DAYS).astype("datetime64[s]"),
        pd.DatetimeIndex(DAYS),
        pd.DatetimeIndex(DAYS).tz_localize("Asia/Tokyo"),
        pd.Series(DAYS).dt.tz_localize("America/New_York"),
        pl.Series(DAYS),
        pl.Series(DAYS).cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Tokyo"),
        pa.array(DAYS),
        pa.chunked_array([pa.array(DAYS)]),
    ],
    ids=lambda column: type(column).__name__,
)
def test_dates_of_any_kind_are_days_of_their_own_zone(column):
    assert read_dates("dates", column, 3).tolist() == DAYS.tolist()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["2020-01-31"] * 3, "3 of 3 rows hold text or numbers"),
        (np.array(["2020-01-31"] * 3), "got text"),
        (pd.Series(["2020-01-31"] * 3), "hold text or numbers"),
        ([20200131, 20200229, 20200315], "hold text or numbers"),
        (np.arange(3.0), "got float64"),
        (DAYS[:2], "each of the 3 rows; got shape"),
        (DAYS[:, None], "got shape"),
        ([None, *DAYS[1:]], "1 of 3 dates are missing"),
        ([pd.NaT, *DAYS[1:]], "1 of 3 dates are missing"),
        (
            [
                pd.Timestamp("2020-01-31", tz="UTC"),
                pd.Timestamp("2020-01-31", tz="Europe/Berlin"),
                pd.NaT,
            ],
            "one time zone; got 2",
        ),
        (
            [pd.Timestamp("2020-01-31", tz="UTC"), date(2020, 1, 31), None],
            "one time zone; got 2",
        ),
    ],
)
def test_what_is_no_date_is_refused_without_its_value(column, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_dates("dates", column, 3)
    assert "2020" not in str(caught.value)


def test_missing_dates_can_be_allowed():
    days = read_dates("event_dates", [None, DAYS[1]], 2, missing_allowed=True)
    assert np.isnat(days).tolist() == [True, False]


def test_one_day_is_read_in_any_form_without_a_zone():
    day = np.datetime64("2024-01-31")
    for value in ("2024-01-31", date(2024, 1, 31), pd.Timestamp("2024-01-31 18:00")):
        assert read_date("as_of", value) == day
    odd = [None, "31.1.2024", "2024-02-30", 20240131, pd.NaT, np.datetime64("NaT")]
    for value in [*odd, pd.Timestamp("2024-01-31", tz="UTC")]:
        with pytest.raises(InvalidParameterError, match="as_of must be a day"):
            read_date("as_of", value)


def test_a_cohort_is_complete_when_its_last_account_is():
    rule = MaturityRule(window=12, reporting_delay=2)
    month, quarter, year = (
        cohorts_of([month_of("2023-01"), month_of("2023-02")], freq)
        for freq in ("month", "quarter", "year")
    )
    assert [c.label for c in month] == ["2023-01", "2023-02"]
    assert str(rule.matures_on(month[0].end)) == "2024-04-01"
    assert [c.label for c in quarter] == ["2023 Q1"]
    assert str(rule.matures_on(quarter[0].end)) == "2024-06-01"
    assert str(rule.matures_on(year[0].end)) == "2025-03-01"
    assert str(rule.known_until(np.datetime64("2024-04-30"))) == "2024-02-29"
    # The account of the last day has its window behind it then, and hardly before.
    last = as_days("2023-01-31")
    until = rule.known_until(rule.matures_on(month[0].end))
    assert full_months(last, until)[0] == 12
    assert full_months(last, until - np.timedelta64(2, "D"))[0] == 11


def test_months_before_1970_have_their_quarter_too():
    (cohort,) = cohorts_of([month_of("1969-12")], "quarter")
    assert (cohort.label, str(cohort.end)) == ("1969 Q4", "1970-01-01")
    assert month_name(month_of("1969-12")) == "1969-12"


@pytest.mark.parametrize(("window", "delay"), [(0, 0), (12, -1), (1.5, 0), (True, 0)])
def test_windows_are_whole_months(window, delay):
    with pytest.raises(InvalidParameterError):
        MaturityRule(window, delay)
