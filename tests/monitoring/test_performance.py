"""Performance of cohorts whose outcomes are complete."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    ArtifactError,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.metrics import (
    auc_delong_test,
    calibration_slope_test,
    gini_score,
    jeffreys_test,
    ks_score,
    mann_kendall_test,
)
from riskkit.monitoring import Baseline, PerformanceMonitor
from riskkit.monitoring._performance_measures import Yardstick, measure

NAT = np.datetime64("NaT")


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


@pytest.fixture(scope="module")
def book():
    return make_loan_book(12_000, n_months=24, default_rate=0.1, random_state=3)


@pytest.fixture(scope="module")
def baseline(book):
    first = book.dates < np.datetime64("2020-07-01")
    return Baseline.fit(pd=book.pd[first], y=book.target[first], n_score_bands=100)


def tape(book, rows=slice(None)):
    """What a lender has: the outcome of twelve months, and the dates."""
    return {
        "pd": book.pd[rows],
        "y": book.target[rows],
        "dates": book.dates[rows],
        "segments": {"channel": book.data["channel"][rows]},
        "as_of": book.as_of,
    }


def small(pd_values, y, dates, as_of="2022-01-01", **how):
    """Return the result of a few accounts, on a baseline of their own."""
    reference = Baseline.fit(pd=pd_values, y=y, n_score_bands=100)
    how = {"window": 12, "n_bands": 100, **how}
    monitor = PerformanceMonitor(reference, **how)
    return monitor.update(pd=pd_values, y=y, dates=dates, as_of=as_of).result()


def test_every_number_by_hand():
    chances = [0.1, 0.1, 0.2, 0.2, 0.4, 0.4]
    y = [0, 0, 0, 1, 0, 1]
    total = small(chances, y, days(*["2020-05-05"] * 6)).frame("total").iloc[0]
    # events at 0.2 and 0.4; non-events at 0.1, 0.1, 0.2, 0.4
    assert total["auc"] == ((2 + 0.5) + (3 + 0.5)) / 8
    assert total["gini"] == 2 * total["auc"] - 1
    assert total["ks"] == 1 - 2 / 4
    assert total["event_rate"] == pytest.approx(2 / 6)
    assert total["expected"] == pytest.approx(1.4 / 6)
    assert total["actual_expected"] == pytest.approx(2 / 1.4)
    # placements: of events 5/8, 7/8; of non-events 0, 0, 1/4, 3/4
    error = np.sqrt(
        np.var([5 / 8, 7 / 8], ddof=1) / 2 + np.var([0, 0, 1 / 4, 3 / 4], ddof=1) / 4
    )
    assert total["auc_low"] == pytest.approx(0.75 - 1.959964 * error, abs=1e-6)
    beta = stats.beta(2.5, 4.5)
    assert total["low"] == pytest.approx(beta.ppf(0.025))
    assert total["high"] == pytest.approx(beta.ppf(0.975))
    assert total["p_value"] == pytest.approx(2 * beta.cdf(1.4 / 6))
    # KS is reached at 0.2: 1 of 1 events above, 2 of 4 non-events
    reach = 1.959964 * np.sqrt(0 + 0.5 * 0.5 / 4)
    assert total["ks_low"] == pytest.approx(0.5 - reach, abs=1e-6)


def test_distinct_scores_give_what_the_rows_give(book, baseline):
    rows = np.flatnonzero(book.mature)
    chances = np.round(book.pd[rows], 2).clip(0.01)
    y = book.target[rows]
    total = small(chances, y, book.dates[rows]).frame("total").iloc[0]
    assert total["auc"] == pytest.approx(roc_auc_score(y, chances), abs=1e-12)
    assert total["gini"] == pytest.approx(gini_score(y, chances), abs=1e-12)
    assert total["ks"] == pytest.approx(ks_score(y, chances), abs=1e-12)
    se = auc_delong_test(y, chances, chances).details["se"]
    assert total["auc_high"] == pytest.approx(total["auc"] + 1.959964 * se, abs=1e-7)
    slope = calibration_slope_test(y, 1, chances)
    assert total["calibration_slope"] == pytest.approx(slope.statistic, rel=1e-6)
    logit = np.log(chances / (1 - chances))[:, None]
    fit = LogisticRegression(C=np.inf, tol=1e-10).fit(logit, y)
    assert total["calibration_slope"] == pytest.approx(fit.coef_[0, 0], rel=1e-4)


def test_a_hundred_bands_are_as_good_as_rows(book, baseline):
    monitor = PerformanceMonitor(baseline).update(**tape(book))
    total = monitor.result().frame("total").iloc[0]
    rows = book.mature
    by_rows = roc_auc_score(book.target[rows], book.pd[rows])
    assert total["auc"] == pytest.approx(by_rows, abs=1e-3)
    assert total["expected"] == pytest.approx(book.pd[rows].mean(), rel=1e-8)
    assert total["n_event"] == book.target[rows].sum()


def test_only_complete_cohorts_are_averaged(book, baseline):
    monitor = PerformanceMonitor(baseline, window=12, reporting_delay=3)
    result = monitor.update(**tape(book)).result()
    periods = result.frame().set_index("period")
    assert list(periods.index[periods["status"] == "mature"]) == [
        f"2020-{m:02d}" for m in range(1, 10)
    ]
    assert result.next_maturity == ("2020-10", np.datetime64("2022-02-01"))
    assert "next 2020-10 on 2022-02-01" in repr(result)
    late = periods[periods["status"] == "immature"]
    assert (
        late[["event_rate", "auc", "actual_expected", "calibration_slope"]]
        .isna()
        .all(axis=None)
    )
    assert (late["event_rate_so_far"] > 0).all()
    assert late.loc["2021-03", "reason"] == "outcomes are complete on 2022-07-01"
    rows = book.dates < np.datetime64("2020-10-01")
    total = result.frame("total").iloc[0]
    assert total["n"] == rows.sum()
    assert total["event_rate"] == pytest.approx(book.target[rows].mean())
    assert set(result.frame("band_periods")["period"]) == set(periods.index[:9])


def test_labels_of_young_accounts_change_nothing(book, baseline):
    """Whatever immature rows say, nothing that is averaged moves."""
    given = tape(book)
    one = PerformanceMonitor(baseline).update(**given).result()
    liar = np.where(book.mature, book.target, 1 - book.target)
    other = PerformanceMonitor(baseline).update(**{**given, "y": liar}).result()
    for table in ("total", "bands", "segments", "trend"):
        pd.testing.assert_frame_equal(one.frame(table), other.frame(table))


def test_dates_of_events_make_the_labels_of_any_day(book, baseline):
    month = np.nan_to_num(book.default_month, nan=99)
    events = book.dates + (30 * (month - 0.5)).astype("timedelta64[D]")
    events[month == 99] = NAT
    monitor = PerformanceMonitor(baseline)
    seen = book.dates < np.datetime64("2021-07-01")
    monitor.update(
        pd=book.pd[seen],
        dates=book.dates[seen],
        event_dates=events[seen],
        as_of="2021-07-01",
    )
    result = monitor.result()
    assert result.status_of("mature")[-1] == "2020-06"
    rows = book.dates < np.datetime64("2020-07-01")
    assert result.frame("total")["n_event"][0] == book.target[rows].sum()
    # The same tape a year later, on which no event after the window counts.
    later = np.where(np.isnat(events), book.dates + 400, events)
    monitor = PerformanceMonitor(baseline)
    monitor.update(pd=book.pd, dates=book.dates, event_dates=later, as_of="2023-07-01")
    assert monitor.result().frame("total")["n_event"][0] == book.target.sum()


def test_merged_chunks_are_the_pooled_tape_to_the_last_bit(book, baseline):
    pooled = PerformanceMonitor(baseline).update(**tape(book))
    parts = np.array_split(np.random.default_rng(0).permutation(12_000), 5)
    chunked = PerformanceMonitor(baseline)
    for rows in parts:
        chunked.update(**tape(book, rows))
    apart = [PerformanceMonitor(baseline).update(**tape(book, rows)) for rows in parts]
    merged = apart[0]
    for other in apart[1:]:
        merged = merged.merge(other)
    assert pooled.to_spec() == chunked.to_spec() == merged.to_spec()
    for table in ("total", "periods", "bands", "segment_periods", "trend"):
        pd.testing.assert_frame_equal(
            pooled.result().frame(table), merged.result().frame(table), check_exact=True
        )


def test_months_add_up_to_quarters(book, baseline):
    monitor = PerformanceMonitor(baseline).update(**tape(book))
    months, quarters = (monitor.result(freq=f).frame() for f in ("month", "quarter"))
    mature = months[months["status"] == "mature"]
    by_quarter = mature.groupby(np.arange(len(mature)) // 3)[
        ["n_known", "n_event"]
    ].sum()
    held = quarters[quarters["status"] == "mature"]
    assert_array_equal(held[["n_known", "n_event"]], by_quarter)
    year = monitor.result(freq="year").frame()
    assert year["status"].tolist() == ["mature", "immature"]
    # A quarter is complete only when its last month is.
    early = PerformanceMonitor(baseline).update(
        **{
            **tape(book, book.dates < np.datetime64("2021-06-01")),
            "as_of": "2021-06-01",
        }
    )
    assert early.result().status_of("mature")[-1] == "2020-05"
    assert early.result(freq="quarter").status_of("mature") == ("2020 Q1",)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 3), min_size=400, max_size=400))
def test_a_weight_is_the_row_so_often(baseline, weights):
    rng = np.random.default_rng(5)
    weights = np.array(weights)
    chances = rng.uniform(0.01, 0.5, 400)
    y = rng.random(400) < chances
    dates = np.datetime64("2020-01-01") + rng.integers(0, 300, 400)
    if not weights.any():
        return
    weighted, repeated = (PerformanceMonitor(baseline) for _ in range(2))
    weighted.update(
        pd=chances, y=y, dates=dates, as_of="2022-01-01", sample_weight=weights
    )
    again = np.repeat(np.arange(400), weights)
    repeated.update(
        pd=chances[again], y=y[again], dates=dates[again], as_of="2022-01-01"
    )
    one, other = (m.result().frame("total") for m in (weighted, repeated))
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)


def test_order_of_rows_and_kind_of_frame_do_not_matter(book, baseline):
    rows = np.random.default_rng(1).permutation(12_000)
    one = PerformanceMonitor(baseline).update(**tape(book))
    shuffled = tape(book, rows)
    two = PerformanceMonitor(baseline).update(
        pd=pl.Series(shuffled["pd"]),
        y=pl.Series(shuffled["y"]),
        dates=pl.Series(shuffled["dates"]),
        segments=pl.DataFrame({"channel": shuffled["segments"]["channel"].to_numpy()}),
        as_of=book.as_of,
    )
    assert one.to_spec() == two.to_spec()


def test_points_are_turned_by_their_declared_direction(book):
    points = 600 - 50 * book.log_odds
    how = {"y": book.target, "n_score_bands": 50}
    up = Baseline.fit(pd=book.pd, **how)
    down = Baseline.fit(score=points, score_direction="safer", pd=book.pd, **how)
    one, other = (
        PerformanceMonitor(b)
        .update(y=book.target, dates=book.dates, as_of=book.as_of, pd=book.pd, **extra)
        .result()
        for b, extra in ((up, {}), (down, {"score": points}))
    )
    assert one.frame("total")["auc"][0] == pytest.approx(
        other.frame("total")["auc"][0], abs=1e-4
    )
    assert other.frame("bands")["score"][0].endswith("inf)")  # the safest come first
    rate = other.frame("bands")["event_rate"]
    assert rate.iloc[0] < rate.iloc[-1]
    with pytest.raises(InvalidParameterError, match="score_direction must be said"):
        Baseline.fit(score=points, y=book.target)


def test_bands_carry_jeffreys_and_their_breaks():
    rng = np.random.default_rng(8)
    chances = np.repeat([0.02, 0.05, 0.1, 0.2], 500)
    rates = np.repeat([0.02, 0.15, 0.05, 0.2], 500)
    y = (np.tile(np.arange(500), 4) < 500 * rates).astype(int)
    dates = np.datetime64("2020-01-01") + rng.integers(0, 300, 2000)
    bands = small(chances, y, dates).frame("bands")
    assert_array_equal(bands["n_event"], [10, 75, 25, 100])
    assert bands["breaks_order"].tolist() == [False, True, False, False]
    assert bands["break_size"].iloc[1] == pytest.approx(0.1)
    table = [[75, 425], [25, 475]]
    two_sided = stats.chi2_contingency(table, correction=False).pvalue
    assert bands["break_p_value"].iloc[1] == pytest.approx(two_sided / 2)
    assert np.isnan(bands["break_p_value"].iloc[3])
    p = jeffreys_test(
        [10, 75, 25, 100], 500, [0.02, 0.05, 0.1, 0.2], alternative="two-sided"
    ).p_value
    assert_allclose(bands["p_value"], p, rtol=1e-6)
    assert (bands["p_adjusted"] >= bands["p_value"]).all()
    assert_allclose(bands["expected"], [0.02, 0.05, 0.1, 0.2], rtol=1e-8)


def test_without_pds_the_reference_is_what_is_expected(book):
    points = 600 - 50 * book.log_odds
    baseline = Baseline.fit(
        score=points, score_direction="safer", y=book.target, n_score_bands=20
    )
    monitor = PerformanceMonitor(baseline).update(
        score=points, y=book.target, dates=book.dates, as_of="2023-01-01"
    )
    result = monitor.result()
    total = result.frame("total").iloc[0]
    assert result.expected_from == "reference"
    assert total["actual_expected"] == pytest.approx(1)
    assert total["calibration_slope"] == pytest.approx(1, abs=1e-6)
    assert total["gini_drop"] == pytest.approx(0, abs=1e-12)
    assert_allclose(result.frame("bands")["actual_expected"], 1)


def test_a_slow_decay_shows_in_the_trend(book, baseline):
    rng = np.random.default_rng(2)
    month = book.dates.astype("datetime64[M]").astype(int)
    month -= month.min()
    noise = rng.normal(0, 0.12 * month)
    worse = 1 / (1 + np.exp(-(book.log_odds + noise)))
    monitor = PerformanceMonitor(baseline)
    monitor.update(pd=worse, y=book.target, dates=book.dates, as_of="2023-01-01")
    result = monitor.result()
    trend = result.frame("trend").set_index("measure").loc["gini"]
    periods = result.frame()
    test = mann_kendall_test(periods["gini"])
    assert trend["p_value"] == pytest.approx(test.p_value)
    assert trend["slope"] == pytest.approx(test.details["slope"])
    assert trend["p_value"] < 0.001
    assert trend["slope"] < 0
    (measured,) = [m for m in result.measurements() if m.name == "gini_trend"]
    assert measured.value == pytest.approx(12 * trend["slope"])


def test_last_limits_the_totals(book, baseline):
    monitor = PerformanceMonitor(baseline).update(**tape(book))
    total = monitor.result(last=3).frame("total").iloc[0]
    rows = book.mature & (book.dates >= np.datetime64("2020-10-01"))
    assert total["n"] == rows.sum()
    assert len(monitor.result(last=3).frame()) == 24
    trend = monitor.result(last=3).frame("trend")
    assert trend["n_periods"].tolist() == [12] * 4  # of all mature cohorts
    with pytest.raises(InvalidParameterError, match="last"):
        monitor.result(last=0)


def test_segments_add_up_to_the_whole(book, baseline):
    result = PerformanceMonitor(baseline).update(**tape(book)).result()
    total, segments = result.frame("total").iloc[0], result.frame("segments")
    assert segments["segment"].tolist() == ["branch", "broker", "online"]
    for name in ("n", "n_known", "n_event"):
        assert segments[name].sum() == total[name]
    broker = (book.data["channel"] == "broker").to_numpy() & book.mature
    row = segments.set_index("segment").loc["broker"]
    by_rows = roc_auc_score(book.target[broker], book.pd[broker])
    assert row["auc"] == pytest.approx(by_rows, abs=3e-3)
    assert np.isnan(row["gini_drop"])  # a part does not rank as the whole does
    months = result.frame("segment_periods")
    assert len(months) == 3 * 12
    assert months.groupby("segment")["n_event"].sum()["broker"] == row["n_event"]


def test_a_missing_segment_is_one_of_its_own(baseline):
    monitor = PerformanceMonitor(baseline)
    monitor.update(
        pd=[0.1, 0.2, 0.3],
        y=[0, 1, 0],
        dates=days("2020-01-01", "2020-01-02", "2020-01-03"),
        segments=["web", None, "web"],
        as_of="2022-01-01",
    )
    segments = monitor.result().frame("segments")
    assert segments[["by", "segment", "n"]].to_numpy().tolist() == [
        ["segment", "missing", 1.0],
        ["segment", "web", 2.0],
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("y", "why"),
    [
        ([0, 0, 0, 0], "ranking: there is no more than one event"),
        ([1, 1, 1, 1], "ranking: there is no more than one non-event"),
        ([1, 0, 0, 0], "ranking: there is no more than one event"),
        ([np.nan] * 4, "no account with a score has a known outcome"),
    ],
)
def test_periods_with_one_class_or_none(baseline, y, why):
    monitor = PerformanceMonitor(baseline)
    monitor.update(
        pd=[0.1, 0.1, 0.2, 0.3],
        y=y,
        dates=days(*["2020-02-02"] * 4),
        as_of="2022-01-01",
    )
    result = monitor.result()
    row = result.frame().iloc[0]
    assert row["reason"] == why
    assert np.isnan(row["auc_low"])
    assert row["n_known"] == np.isfinite(y).sum()
    assert len(json.dumps(result.to_dict(), allow_nan=False)) > 100
    assert "<table" in result._repr_html_()
    ranking = next(m for m in result.measurements() if m.name == "gini_drop")
    assert np.isnan(ranking.p_value)
    if np.isfinite(y).all():
        assert row["event_rate"] == np.mean(y)
        assert 0 <= row["low"] <= row["event_rate"] <= row["high"] <= 1


def test_one_row_periods_gaps_and_ties(baseline):
    monitor = PerformanceMonitor(baseline)
    monitor.update(
        pd=[0.2, 0.2, 0.2],
        y=[1, 0, 1],
        dates=days("2020-01-31", "2020-04-01", "2020-07-15"),
        as_of="2022-01-01",
    )
    result = monitor.result()
    assert result.gaps == ("2020-02", "2020-03", "2020-05", "2020-06")
    frame = result.frame()
    assert frame["status"].tolist() == [
        "mature", "empty", "empty", "mature", "empty", "empty", "mature",
    ]  # fmt: skip
    assert frame["n"].tolist() == [1, 0, 0, 1, 0, 0, 1]
    assert frame["event_rate"].dropna().tolist() == [1, 0, 1]
    assert result.frame("total")["auc"][0] == 0.5  # all tied
    trend = result.frame("trend").set_index("measure")
    assert trend.loc["gini", "reason"] == "there are fewer than three periods"
    assert trend.loc["event_rate", "n_periods"] == 3


def test_nothing_mature_says_when(baseline):
    monitor = PerformanceMonitor(baseline, window=24, reporting_delay=1)
    monitor.update(pd=[0.1], y=[0], dates=days("2021-11-11"), as_of="2022-01-01")
    result = monitor.result()
    total = result.frame("total").iloc[0]
    assert total["reason"] == "no cohort is mature"
    assert total["n"] == 0
    assert np.isnan(total["auc"])
    assert result.next_maturity == ("2021-11", np.datetime64("2024-01-01"))
    assert result.frame("bands").empty
    assert result.frame("trend")["n_periods"].tolist() == [0] * 4
    assert all(np.isnan(m.value) for m in result.measurements())


def test_accounts_without_score_or_outcome_are_counted(baseline):
    monitor = PerformanceMonitor(baseline)
    monitor.update(
        pd=[0.1, np.nan, 0.3, 0.4],
        y=pd.array([0, 1, None, 1], dtype="Int64"),
        dates=days(*["2020-02-02"] * 4),
        as_of="2022-01-01",
    )
    total = monitor.result().frame("total").iloc[0]
    assert (total["n"], total["n_scored"], total["n_known"]) == (4, 3, 2)
    unknown = next(
        m for m in monitor.result().measurements() if m.name == "unknown_outcomes"
    )
    assert unknown.value == pytest.approx(1 / 3)


def test_a_later_tape_takes_the_place_of_the_earlier(book, baseline):
    rows = book.dates < np.datetime64("2021-01-01")
    early = {**tape(book, rows), "as_of": "2021-01-01"}
    monitor = PerformanceMonitor(baseline).update(
        **{**early, "y": np.zeros(rows.sum())}
    )
    assert monitor.result().status_of("mature") == ()
    monitor.update(**tape(book))
    again = PerformanceMonitor(baseline).update(**tape(book))
    assert monitor.to_spec() == again.to_spec()
    with pytest.raises(InvalidInputError, match="Count tapes in the order of time"):
        monitor.update(**early)
    assert monitor.to_spec() == again.to_spec()  # nothing was counted
    # Months that the later tape leaves out stay as they were counted, and say so.
    some = PerformanceMonitor(baseline).update(**early)
    some.update(**tape(book, ~rows))
    status = some.result().frame().set_index("period")["status"]
    assert status["2020-12"] == "outdated"
    assert status["2020-01"] == "outdated"


def test_a_repeated_chunk_can_be_refused_or_replaced(book, baseline):
    monitor = PerformanceMonitor(baseline).update(**tape(book))
    once = monitor.to_spec()
    with pytest.raises(InvalidInputError, match="counted before as of 2022-01-01"):
        monitor.update(**tape(book), repeat="refuse")
    monitor.update(**tape(book), repeat="replace")
    assert monitor.to_spec() == once
    monitor.update(**tape(book))
    assert monitor.result().frame("total")["n"][0] == 2 * book.mature.sum()


def test_what_cannot_be_merged(book, baseline):
    one = PerformanceMonitor(baseline).update(**tape(book))
    other_day = {**tape(book), "as_of": "2022-02-01"}
    two = PerformanceMonitor(baseline).update(**other_day)
    with pytest.raises(InvalidInputError, match="were taken on two"):
        one.merge(two)
    with pytest.raises(InvalidInputError, match="one window"):
        one.merge(PerformanceMonitor(baseline, window=6))
    other = Baseline.fit(pd=book.pd, y=book.target, n_score_bands=7)
    with pytest.raises(InvalidInputError, match="the score"):
        one.merge(PerformanceMonitor(other))
    with pytest.raises(InvalidInputError, match="same segments in all"):
        one.update(**{**tape(book), "segments": None})


def test_a_file_gives_back_the_monitor(book, baseline, tmp_path):
    monitor = PerformanceMonitor(baseline, window=12).update(**tape(book))
    monitor.save(tmp_path / "performance.json")
    loaded = PerformanceMonitor.load(tmp_path / "performance.json", reporting_delay=2)
    assert loaded.to_spec() == monitor.to_spec()
    assert (loaded.window, loaded.reporting_delay) == (12, 2)
    monitor.save(tmp_path / "again.json")
    one, other = (
        (tmp_path / n).read_bytes() for n in ("performance.json", "again.json")
    )
    assert one == other
    with pytest.raises(InvalidInputError, match="counted for 12"):
        PerformanceMonitor.load(tmp_path / "performance.json", window=24)
    with pytest.raises(InvalidInputError, match="belong to the model 'x'"):
        PerformanceMonitor.load(tmp_path / "performance.json", model_id="x")


@pytest.mark.parametrize(
    "name",
    [
        "2020-01",
        "[]",
        '[12, "2020-01", "2022-01-01", "", 3]',
        '[0, "2020-01", "2022-01-01", "", ""]',
        '[12, "2020-13", "2022-01-01", "", ""]',
        '[12, "2020-01", "yesterday", "", ""]',
        "[" * 5000,
    ],
)
def test_a_file_with_odd_periods_is_refused(book, baseline, tmp_path, name):
    monitor = PerformanceMonitor(baseline).update(**tape(book))
    path = tmp_path / "performance.json"
    monitor.save(path)
    document = json.loads(path.read_text())
    first = next(iter(document["periods"]))
    document["periods"][name] = document["periods"].pop(first)
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError):
        PerformanceMonitor.load(path)


def test_a_file_with_a_month_of_two_days_is_refused(book, baseline, tmp_path):
    path = tmp_path / "performance.json"
    PerformanceMonitor(baseline).update(**tape(book)).save(path)
    document = json.loads(path.read_text())
    name = next(iter(document["periods"]))
    other = json.dumps([*json.loads(name)[:2], "2022-03-01", "", "x"])
    document["periods"][other] = document["periods"][name]
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match="as of one day"):
        PerformanceMonitor.load(path)


GOOD = {
    "pd": [0.1, 0.2],
    "y": [0, 1],
    "dates": days("2020-01-01", "2020-02-01"),
    "as_of": "2022-01-01",
}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y": [0, 2]}, InvalidTargetError, "1 of 2 labels are something else"),
        ({"y": ["good", "bad"]}, InvalidTargetError, "2 of 2 labels"),
        ({"y": [0, 0.5]}, InvalidTargetError, "1 of 2 labels"),
        ({"y": None}, InvalidTargetError, "got neither"),
        ({"event_dates": [None, None]}, InvalidTargetError, "got both"),
        ({"y": [0]}, InvalidTargetError, "each of the 2 rows"),
        ({"pd": [0.1, 1.2]}, InvalidInputError, "must lie in"),
        ({"pd": None}, InvalidInputError, "score or pd; got none"),
        ({"ids": ["a", "a"]}, InvalidInputError, "1 of 2 rows repeat one"),
        ({"ids": ["a"]}, InvalidInputError, "ids must hold one for each"),
        ({"dates": ["2020-01-01", "2020-02-01"]}, InvalidInputError, "hold text"),
        (
            {"dates": days("2020-01-01", "2022-01-01")},
            InvalidInputError,
            "1 of 2 accounts begin on it or later",
        ),
        (
            {
                "dates": [
                    pd.Timestamp("2020-01-01", tz="UTC"),
                    pd.Timestamp("2020-01-01", tz="Asia/Tokyo"),
                ]
            },
            InvalidInputError,
            "one time zone",
        ),
        (
            {"y": None, "event_dates": days("2019-01-01", "2020-03-01")},
            InvalidInputError,
            "1 of 2 do. Check which date is which",
        ),
        ({"as_of": "soon"}, InvalidParameterError, "as_of must be a day"),
        ({"repeat": "ad"}, InvalidParameterError, "Did you mean 'add'"),
        ({"segments": ["a"]}, InvalidInputError, "each of the 2 rows; got 1"),
        ({"segments": {"": ["a", "b"]}}, InvalidInputError, "named by text"),
        ({"sample_weight": [1, -1]}, InvalidParameterError, "1 of 2 weights"),
    ],
)
def test_bad_tapes_say_what_is_wrong_and_leave_nothing(
    baseline, change, error, message
):
    monitor = PerformanceMonitor(baseline)
    with pytest.raises(error, match=message):
        monitor.update(**{**GOOD, **change})
    assert monitor.periods == ()
    with pytest.raises(InvalidInputError, match="Nothing was counted yet"):
        monitor.result()


def test_pds_must_be_given_always_or_never(book):
    baseline = Baseline.fit(
        score=book.pd, score_direction="riskier", y=book.target, n_score_bands=10
    )
    monitor = PerformanceMonitor(baseline)
    rest = {"y": [0, 1], "as_of": "2022-01-01", "score": [0.1, 0.2]}
    monitor.update(dates=days("2020-01-01", "2020-01-02"), pd=[0.1, 0.2], **rest)
    with pytest.raises(InvalidInputError, match="of all rows or of none"):
        monitor.update(dates=days("2020-02-01", "2020-02-02"), **rest)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"window": 0}, InvalidParameterError),
        ({"reporting_delay": -1}, InvalidParameterError),
        ({"n_bands": 0}, InvalidParameterError),
        ({"level": 1}, InvalidParameterError),
    ],
)
def test_parameters_outside_their_domain(baseline, how, error):
    with pytest.raises(error):
        PerformanceMonitor(baseline, **how)


def test_a_baseline_must_hold_a_score(baseline):
    with pytest.raises(InvalidTypeError, match="got dict"):
        PerformanceMonitor({})
    with pytest.raises(InvalidInputError, match="bands of a score; it has none"):
        PerformanceMonitor(Baseline.fit({"x": [1.0, 2.0]}, y=[0, 1]))
    monitor = PerformanceMonitor(baseline).update(**GOOD)
    for call in (
        lambda: monitor.result(freq="week"),
        lambda: monitor.result().frame("x"),
    ):
        with pytest.raises(InvalidParameterError):
            call()


def test_a_baseline_without_outcomes_knows_no_drop(book):
    baseline = Baseline.fit(pd=book.pd, n_score_bands=100)
    result = PerformanceMonitor(baseline).update(**tape(book)).result()
    total = result.frame("total").iloc[0]
    assert np.isnan(total["gini_drop"])
    assert np.isnan(total["gini_drop_p_value"])
    assert total["gini"] > 0.3
    assert np.isnan(result.reference["gini"])


def test_a_drop_is_measured_against_the_reference(book, baseline):
    rng = np.random.default_rng(4)
    blurred = 1 / (1 + np.exp(-(book.log_odds + rng.normal(0, 1.0, 12_000))))
    monitor = PerformanceMonitor(baseline)
    monitor.update(pd=blurred, y=book.target, dates=book.dates, as_of="2023-01-01")
    result = monitor.result()
    total = result.frame("total").iloc[0]
    first = book.dates < np.datetime64("2020-07-01")
    then = gini_score(book.target[first], book.pd[first])
    assert result.reference["gini"] == pytest.approx(then, abs=2e-3)
    assert total["gini_drop"] == pytest.approx(1 - total["gini"] / then, abs=5e-3)
    assert total["gini_drop"] > 0.1
    assert total["gini_drop_p_value"] < 1e-4
    # DeLong's test of two samples, on the rows
    test = auc_delong_test(
        book.target,
        blurred,
        book.pd[first],
        other_true=book.target[first],
        alternative="less",
    )
    assert np.log(total["gini_drop_p_value"]) == pytest.approx(
        np.log(test.p_value), rel=0.15
    )
    assert total["calibration_slope"] < 0.8
    assert total["ks_drop"] > 0
    assert total["ks_drop_p_value"] < 0.01


def test_intervals_of_auc_and_ks_cover(baseline):
    """Among 400 samples of known PDs, some 95 in 100 intervals hold the truth."""
    rng = np.random.default_rng(11)
    chances = np.linspace(0.02, 0.6, 30)
    grid = np.repeat(chances, 40)
    event, nonevent = chances, 1 - chances
    pairs = np.outer(event, nonevent)
    truth = (np.tril(pairs, -1).sum() + np.trace(pairs) / 2) / pairs.sum()
    gap = np.cumsum(nonevent) / nonevent.sum() - np.cumsum(event) / event.sum()
    hits = np.zeros(3)
    dates = np.full(grid.size, np.datetime64("2020-01-01"))
    reference = Baseline.fit(pd=grid, y=rng.random(grid.size) < grid, n_score_bands=100)
    for _ in range(400):
        y = rng.random(grid.size) < grid
        monitor = PerformanceMonitor(reference)
        monitor.update(pd=grid, y=y, dates=dates, as_of="2022-01-01")
        cells = monitor._bands.counts(monitor._history.total([600]))
        row = measure(cells, Yardstick.of(monitor._bands, 0.95), calibration=False)
        hits += [
            row["auc_low"] <= truth <= row["auc_high"],
            row["ks_low"] <= gap.max() <= row["ks_high"],
            row["low"] <= grid.mean() <= row["high"],
        ]
    # Three standard deviations of 400 draws; KS is chosen as the largest, so it leans.
    assert (hits / 400 > [0.917, 0.88, 0.917]).all()
