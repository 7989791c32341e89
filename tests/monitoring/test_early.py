"""Events so far against those expected by now."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.metrics import holm_adjust
from riskkit.monitoring import DevelopmentCurve, early_performance
from riskkit.monitoring._early_ages import read_ages
from riskkit.monitoring._early_compare import Developing, compare
from riskkit.monitoring._maturity import MaturityRule

NAT = np.datetime64("NaT")
FIRST = np.datetime64("2020-01-01")
SHARE = (0.1, 0.3, 0.6, 1.0)
KNOWN = DevelopmentCurve(SHARE)


def days(*texts):
    return np.array([NAT if t is None else t for t in texts], dtype="datetime64[D]")


def make_book(n, *, window=6, n_months=12, rate=0.1, seed=0, odds=1.0):
    """Accounts whose events come evenly over the window; PDs are true if odds is 1."""
    rng = np.random.default_rng(seed)
    dates = FIRST + rng.integers(0, 30 * n_months, n)
    chances = rng.beta(2, 2 / rate - 2, n)
    true = odds * chances / (1 - chances + odds * chances)
    after = np.where(rng.random(n) < true, rng.integers(0, 30 * window, n), 10**5)
    events = (dates + after).astype("datetime64[D]")
    events[after == 10**5] = NAT
    return chances, dates, events


def test_a_curve_by_hand():
    # months of event 1, 2, 2, none; the last account is two whole months old
    dates = days("2020-01-01", "2020-01-01", "2020-01-15", "2020-01-01", "2020-04-20")
    events = days("2020-01-31", "2020-02-01", "2020-03-14", None, None)
    curve = DevelopmentCurve.fit(dates, events, as_of="2020-06-30", window=3)
    assert curve.n_event == (1.0, 2.0, 0.0)
    assert curve.n_at_risk == (5.0, 4.0, 1.0)
    # hazards 1/5, 2/4, 0: cumulative 0.2, 0.6, 0.6
    assert_allclose(curve.share, [0.2 / 0.6, 1, 1])
    assert_allclose(curve.at([0, 1, 2, 3, 9]), [0, 1 / 3, 1, 1, 1])
    assert curve.window == 3
    assert curve.frame()["factor"].tolist() == pytest.approx([3, 1, 1])


def slow_curve(dates, events, as_of, window):
    """Loop over accounts and months."""
    n_event, at_risk = np.zeros(window), np.zeros(window)
    for start, event in zip(dates, events, strict=True):
        for month in range(1, window + 1):
            end = pd.Timestamp(start) + pd.DateOffset(months=month)
            if end > pd.Timestamp(as_of):
                break
            at_risk[month - 1] += 1
            if pd.Timestamp(event) < end:  # False for NaT
                n_event[month - 1] += 1
                break
    survival = np.cumprod(1 - n_event / at_risk)
    return (1 - survival) / (1 - survival[-1]), n_event, at_risk


def test_the_curve_is_that_of_a_slow_loop_and_of_kaplan_and_meier():
    _, dates, events = make_book(600, seed=4)
    as_of = "2020-11-10"
    seen = dates < np.datetime64(as_of)
    dates, events = dates[seen], events[seen]
    curve = DevelopmentCurve.fit(dates, events, as_of=as_of, window=6)
    share, n_event, at_risk = slow_curve(dates, events, as_of, 6)
    assert_allclose(curve.share, share)
    assert_allclose(curve.n_event, n_event)
    assert_allclose(curve.n_at_risk, at_risk)
    rule = MaturityRule(6, 0)
    ages = read_ages(dates, events, np.datetime64(as_of), rule)
    time = np.where(ages.is_event, ages.event_month, ages.age)
    # At the same time events come before censorings, and an event ends its month.
    sample = stats.CensoredData(
        uncensored=time[ages.is_event], right=time[~ages.is_event] + 0.5
    )
    cdf = stats.ecdf(sample).cdf.evaluate(np.arange(1, 7))
    assert_allclose(curve.share, cdf / cdf[-1])


def test_a_delay_moves_what_is_known():
    _, dates, events = make_book(800, seed=1)
    one = DevelopmentCurve.fit(dates, events, as_of="2021-02-01", window=6)
    two = DevelopmentCurve.fit(
        dates, events, as_of="2021-04-01", window=6, reporting_delay=2
    )
    assert one == two


def test_curves_of_two_samples_add_up_and_weights_repeat_rows():
    _, dates, events = make_book(900, seed=2)
    how = {"as_of": "2021-06-01", "window": 6}
    whole = DevelopmentCurve.fit(dates, events, **how)
    halves = [DevelopmentCurve.fit(dates[k::2], events[k::2], **how) for k in (0, 1)]
    assert halves[0] + halves[1] == whole
    weight = np.random.default_rng(0).integers(0, 4, 900)
    again = np.repeat(np.arange(900), weight)
    weighted = DevelopmentCurve.fit(dates, events, sample_weight=weight, **how)
    assert weighted == DevelopmentCurve.fit(dates[again], events[again], **how)
    with pytest.raises(InvalidInputError, match="both hold counts"):
        whole + DevelopmentCurve((0.5, 1.0))


def test_a_curve_is_plain_data():
    _, dates, events = make_book(300)
    curve = DevelopmentCurve.fit(dates, events, as_of="2021-06-01", window=6)
    text = json.dumps(curve.to_dict(), allow_nan=False)
    assert DevelopmentCurve.from_dict(json.loads(text)) == curve
    assert DevelopmentCurve.from_dict(KNOWN.to_dict()) == KNOWN
    assert "<table" in curve._repr_html_()
    with pytest.raises(InvalidParameterError, match="must have the entries"):
        DevelopmentCurve.from_dict({"share": [1.0]})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (((),), "got 0 numbers"),
        (((0.5, 0.4, 1.0),), "must rise"),
        (((0.5, 0.9),), "end at 1"),
        (((-0.1, 1.0),), "must rise"),
        (((0.5, np.nan),), "must rise"),
        (((0.5, 1.0), (1.0,), (1.0, 1.0)), "n_event must hold 2"),
        (((0.5, 1.0), (1.0, np.inf), (1.0, 1.0)), "n_event must hold 2 finite"),
        (((0.5, 1.0), (1.0, 1.0)), "given together"),
    ],
)
def test_what_is_no_curve(parts, message):
    with pytest.raises(InvalidParameterError, match=message):
        DevelopmentCurve(*parts)


def test_a_curve_needs_old_accounts_and_events():
    dates = days("2020-01-01", "2020-01-01")
    with pytest.raises(InvalidInputError, match="a shorter window"):
        DevelopmentCurve.fit(dates, days(None, None), as_of="2022-01-01")
    events = days("2020-01-20", None)
    with pytest.raises(InvalidInputError, match="observed for the whole window"):
        DevelopmentCurve.fit(dates, events, as_of="2020-06-01")


def slow_expectation(chances, dates, events, share, as_of):
    """Loop over accounts: expected and seen events by whole months on book."""
    expected = seen = n = 0
    for p, start, event in zip(chances, dates, events, strict=True):
        age = 0
        while age < len(share) and (
            pd.Timestamp(start) + pd.DateOffset(months=age + 1) <= pd.Timestamp(as_of)
        ):
            age += 1
        if age:
            n += 1
            expected += p * share[age - 1]
            seen += pd.Timestamp(event) < pd.Timestamp(start) + pd.DateOffset(
                months=age
            )
    return n, expected, seen


def test_expectation_is_that_of_a_slow_loop():
    chances, dates, events = make_book(500, seed=6, window=4, n_months=9)
    as_of = "2020-09-11"
    young = (dates >= np.datetime64("2020-05-01")) & (dates < np.datetime64(as_of))
    sample = chances[young], dates[young], events[young]
    result = early_performance(
        sample[0], dates=sample[1], event_dates=sample[2], curve=KNOWN, as_of=as_of
    )
    n, expected, seen = slow_expectation(*sample, SHARE, as_of)
    total = result.frame("total").iloc[0]
    assert total["n"] == n
    assert total["expected"] == pytest.approx(expected)
    assert total["n_event"] == seen
    assert result.actual_expected == pytest.approx(seen / expected)
    assert total["developed"] == pytest.approx(expected / (n * total["mean_pd"]))
    periods = result.frame()
    assert periods["expected"].sum() == pytest.approx(expected)
    ages = result.frame("ages")
    assert ages["months_on_book"].tolist() == ["1-3", "4"]
    assert ages[["n", "n_event"]].sum().tolist() == [n, seen]


def test_p_values_by_scipy():
    group = Developing(
        n=np.array([50.0, 100, 200, 0, 300]),
        pd=np.array([5.0, 10, 20, 0, 30]),
        event=np.array([0.0, 3, 5, 0, 40]),
    )
    row = compare(group, KNOWN, "greater", 0.95)
    # P_k = 60, 50, 30, 30; steps 0.1, 0.2, 0.3, 0.4
    assert row["expected"] == pytest.approx(6 + 10 + 9 + 12)
    known = stats.binomtest(48, 600, 37 / 600, alternative="greater").pvalue
    assert row["p_value"] == pytest.approx(known)
    assert row["low"] == pytest.approx(stats.beta(48.5, 552.5).ppf(0.025) * 600 / 37)
    counted = DevelopmentCurve(SHARE, (10.0, 20.0, 30.0, 40.0), (1e3,) * 4)
    row = compare(group, counted, "greater", 0.95)
    worth = 37**2 / (36 / 10 + 100 / 20 + 81 / 30 + 144 / 40)
    assert row["reference_events"] == pytest.approx(worth)
    # The binomial tail with a number of trials that is none, by the beta function
    share = 37 / (37 + worth)
    assert row["p_value"] == pytest.approx(stats.beta(48, worth + 1).cdf(share))
    posterior = stats.beta(48.5, worth + 0.5).ppf([0.025, 0.975])
    ratio = posterior / (1 - posterior) * worth / 37
    assert_allclose([row["low"], row["high"]], ratio)
    assert row["projected_rate"] == pytest.approx(48 / 37 * 60 / 600)
    less = compare(group, counted, "less", 0.95)["p_value"]
    both = compare(group, counted, "two-sided", 0.95)["p_value"]
    assert both == pytest.approx(2 * min(row["p_value"], less))


def test_accounts_of_one_age_rest_on_the_events_up_to_it():
    counted = DevelopmentCurve(SHARE, (10.0, 20.0, 30.0, 40.0), (1e3,) * 4)
    for age, events in ((1, 10), (2, 30), (3, 60), (4, 100)):
        one = np.zeros(5)
        one[age] = 1.0
        row = compare(Developing(100 * one, 7 * one, 2 * one), counted, "greater", 0.95)
        assert row["reference_events"] == pytest.approx(events)


def draws(rng, n_sets, ratio):
    """Return p-values of books whose curve was estimated from other books."""
    months = np.arange(12)
    steps = np.array([1, 2, 4, 6, 8, 10, 10, 9, 8, 7, 6, 5]) / 76
    n = 250.0  # accounts of each age
    found = []
    for _ in range(n_sets):
        past = rng.poisson(600 * steps).astype(float)
        curve = DevelopmentCurve(
            tuple(np.append((past.cumsum() / past.sum())[:-1], 1.0)),
            tuple(past),
            (1e4,) * 12,
        )
        now = np.zeros(13)
        rate = ratio * 0.08
        for age in months + 1:
            now[age] = rng.binomial(int(n), rate * steps[:age].sum())
        # PDs were calibrated on the same events.
        pd_sum = np.full(13, n * 0.08 * past.sum() / 600)
        pd_sum[0] = 0
        ages = np.full(13, n)
        ages[0] = 0
        found.append(compare(Developing(ages, pd_sum, now), curve, "greater", 0.95))
    return found


def test_type_one_error_keeps_its_level_and_intervals_cover():
    rows = draws(np.random.default_rng(3), 1500, 1.0)
    p = np.array([row["p_value"] for row in rows])
    for level in (0.1, 0.05, 0.01):
        slack = 3 * np.sqrt(level * (1 - level) / 1500)
        assert np.mean(p < level) < level + slack
        assert np.mean(p < level) > level / 5  # exact tests keep below their level
    cover = np.mean([row["low"] <= 1 <= row["high"] for row in rows])
    assert 0.94 < cover < 0.985


def test_power_against_more_events():
    rows = draws(np.random.default_rng(3), 300, 1.4)
    assert np.mean([row["p_value"] < 0.01 for row in rows]) > 0.9
    assert np.mean([row["actual_expected"] for row in rows]) == pytest.approx(
        1.4, abs=0.05
    )


def run(chances, dates, events, **how):
    seen = dates < np.datetime64(how.get("as_of", "2020-12-01"))
    how = {
        "curve": DevelopmentCurve((0.2, 0.4, 0.5, 0.7, 0.9, 1.0)),
        "as_of": "2020-12-01",
        **how,
    }
    return early_performance(
        chances[seen], dates=dates[seen], event_dates=events[seen], **how
    )


def test_cohorts_are_developing_mature_or_too_young():
    chances, dates, events = make_book(2000, seed=9, n_months=11)
    result = run(chances, dates, events, as_of="2020-11-20", reporting_delay=1)
    frame = result.frame().set_index("period")
    assert frame["status"].to_dict() == {
        "2020-01": "mature", "2020-02": "mature", "2020-03": "mature",
        "2020-04": "developing", "2020-05": "developing", "2020-06": "developing",
        "2020-07": "developing", "2020-08": "developing", "2020-09": "developing",
        "2020-10": "too young", "2020-11": "too young",
    }  # fmt: skip
    assert frame["months_on_book"].tolist() == [6, 6, 6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert result.next_maturity == ("2020-04", np.datetime64("2020-12-01"))
    young = frame.loc["2020-10"]
    assert young["reason"] == "no account is a month old"
    assert np.isnan(young["p_value"])
    developing = frame[frame["status"] == "developing"]
    assert_allclose(developing["p_adjusted"], holm_adjust(developing["p_value"]))
    assert frame["p_adjusted"].isna().sum() == 5
    total = result.frame("total").iloc[0]
    assert total["n_event"] == developing["n_event"].sum()  # the mature are not pooled


def test_quarters_and_segments():
    chances, dates, events = make_book(3000, seed=9, n_months=11)
    channel = np.where(np.arange(3000) % 3, "web", "branch")
    seen = dates < np.datetime64("2020-12-01")
    result = run(
        chances, dates, events, freq="quarter", segments={"channel": channel[seen]}
    )
    assert result.frame()["period"].tolist() == [
        "2020 Q1",
        "2020 Q2",
        "2020 Q3",
        "2020 Q4",
    ]
    segments = result.frame("segments")
    assert segments["segment"].tolist() == ["branch", "web"]
    total = result.frame("total").iloc[0]
    for name in ("n", "expected", "n_event"):
        assert segments[name].sum() == pytest.approx(total[name])
    names = {m.key for m in result.measurements()}
    assert names == {
        "early_actual_expected",
        "early_actual_expected_by_age: 1-3 months on book",
        "early_actual_expected_by_age: 4-6 months on book",
        "early_actual_expected_by_segment: channel=branch",
        "early_actual_expected_by_segment: channel=web",
    }


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_order_of_rows_and_weights(seed):
    chances, dates, events = make_book(400, seed=3)
    rng = np.random.default_rng(seed)
    weight = rng.integers(0, 3, 400)
    seen = dates < np.datetime64("2020-12-01")
    one = run(chances, dates, events, sample_weight=weight[seen])
    again = rng.permutation(np.repeat(np.arange(400), weight))
    other = run(chances[again], dates[again], events[again])
    for table in ("total", "ages"):
        pd.testing.assert_frame_equal(one.frame(table), other.frame(table), rtol=1e-9)


def test_events_after_the_tape_are_as_good_as_none():
    chances, dates, events = make_book(800, seed=5)
    later = events >= np.datetime64("2020-12-01")
    assert later.any()
    cut = np.where(later, NAT, events)
    one, other = run(chances, dates, events), run(chances, dates, cut)
    pd.testing.assert_frame_equal(one.frame(), other.frame())


def test_no_events_yet_and_none_expected():
    dates = days(*["2020-01-10"] * 50)
    nothing = days(*[None] * 50)
    curve = DevelopmentCurve((0.0, 0.5, 1.0), (0.0, 5.0, 5.0), (100.0, 100.0, 95.0))
    how = {"dates": dates, "event_dates": nothing, "curve": curve}
    chances = np.full(50, 0.1)
    early = early_performance(chances, as_of="2020-02-20", **how)
    assert early.frame()["reason"][0] == "no event is expected so early"
    assert np.isnan(early.p_value)
    assert "no event is expected so early" in repr(early)
    later = early_performance(chances, as_of="2020-03-20", **how)
    row = later.frame().iloc[0]
    assert (row["n_event"], row["actual_expected"], row["p_value"]) == (0, 0, 1)
    assert row["low"] == 0
    assert row["high"] > 1
    assert later.measurements()[0].n_event == pytest.approx(2.5)  # those expected
    young = early_performance(chances, as_of="2020-01-20", **how)
    assert young.frame()["status"][0] == "too young"
    assert young.next_maturity == ("2020-01", np.datetime64("2020-05-01"))
    text = json.dumps([r.to_dict() for r in (early, later, young)], allow_nan=False)
    assert "NaN" not in text
    assert "<table" in young._repr_html_()


def test_everybody_defaults_at_once():
    dates = days(*["2020-01-10"] * 20)
    result = early_performance(
        [0.1] * 20, dates=dates, event_dates=dates, curve=KNOWN, as_of="2020-03-01"
    )
    row = result.frame().iloc[0]
    assert row["n_event"] == 20
    assert row["actual_expected"] == pytest.approx(20 / 0.2)
    assert row["projected_rate"] == 1  # a rate, however fast they come
    assert row["p_value"] < 1e-20


def test_results_say_what_they_cannot_see():
    chances, dates, events = make_book(300)
    result = run(chances, dates, events)
    assert "only earlier ones" in result.cannot_see
    assert "concept drift" in result.sees
    assert "only earlier ones" in result._repr_html_()
    assert result.to_dict()["cannot_see"] == result.cannot_see
    with pytest.raises(InvalidParameterError, match="table must be one of"):
        result.frame("cohorts")
    with pytest.raises(AttributeError):
        result.freq = "year"


GOOD = {
    "dates": days("2020-01-01", "2020-02-01"),
    "event_dates": days(None, "2020-03-03"),
    "curve": KNOWN,
    "as_of": "2020-04-01",
}


@pytest.mark.parametrize(
    ("chances", "change", "error", "message"),
    [
        ([0.1, np.nan], {}, InvalidInputError, "1 of 2 are missing"),
        (
            [],
            {"dates": days(), "event_dates": days()},
            InvalidInputError,
            "there must be one",
        ),
        ([0.1, 2], {}, InvalidInputError, r"lie in \[0, 1\]"),
        ([0.1, 0.2], {"dates": ["2020-01-01"] * 2}, InvalidInputError, "hold text"),
        ([0.1, 0.2], {"event_dates": [0, 1]}, InvalidInputError, "text or numbers"),
        (
            [0.1, 0.2],
            {"event_dates": days(None, "2019-01-01")},
            InvalidInputError,
            "not lie before the account",
        ),
        (
            [0.1, 0.2],
            {"event_dates": days(None)},
            InvalidInputError,
            "each of the 2 rows",
        ),
        (
            [0.1, 0.2],
            {"as_of": "2020-01-15"},
            InvalidInputError,
            "1 of 2 accounts begin",
        ),
        ([0.1, 0.2], {"as_of": None}, InvalidParameterError, "as_of must be a day"),
        (
            [0.1, 0.2],
            {"curve": [0.5, 1]},
            InvalidTypeError,
            "must be a DevelopmentCurve",
        ),
        ([0.1, 0.2], {"ids": [7, 7]}, InvalidInputError, "repeat one"),
        (
            [0.1, 0.2],
            {"alternative": "more"},
            InvalidParameterError,
            "alternative must be",
        ),
        ([0.1, 0.2], {"freq": "week"}, InvalidParameterError, "freq must be"),
        ([0.1, 0.2], {"level": 0}, InvalidParameterError, "level must lie"),
        (
            [0.1, 0.2],
            {"reporting_delay": 0.5},
            InvalidParameterError,
            "reporting_delay",
        ),
        (
            [0.1, 0.2],
            {"sample_weight": [1, np.nan]},
            InvalidParameterError,
            "1 of 2 weights",
        ),
    ],
)
def test_bad_tapes_say_what_is_wrong(chances, change, error, message):
    with pytest.raises(error, match=message):
        early_performance(chances, **{**GOOD, **change})
