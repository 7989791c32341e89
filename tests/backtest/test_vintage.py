import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import beta

from riskkit.backtest import vintage_table
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.monitoring import DevelopmentCurve


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


DATES = days("2020-01-10", "2020-01-31", "2020-02-29", "2020-03-01")
EVENTS = days("2020-02-09", "2020-02-29", "NaT", "2020-06-15")


def book(n_rows, seed, n_months=36):
    """Draw loans with a rising event rate, and when they closed."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2015-01-01") + rng.integers(0, 30 * n_months, n_rows)
    life = rng.exponential(1_500, n_rows).astype(int)
    closed = start + rng.integers(100, 2_500, n_rows)
    event = np.where(life < 1_400, start + life, np.datetime64("NaT"))
    event = np.where(event >= closed, np.datetime64("NaT"), event)
    return start, event, closed, rng.lognormal(9, 1, n_rows)


def test_by_hand():
    result = vintage_table(DATES, EVENTS, as_of="2020-06-01")
    # The first event comes a day before the month is over, the second on the last day
    # of February, which is a month after the last day of January: in month 2.
    cells = result.frame().set_index(["vintage", "month"])
    assert cells.loc["2020-01", "event_rate"].tolist() == [0.5, 1.0, 1.0, 1.0]
    assert cells.loc["2020-01", "n_at_risk"].tolist() == [2, 1, 0, 0]
    assert cells.loc["2020-01", "status"].tolist() == ["mature"] * 4
    assert cells.loc["2020-02", "status"].tolist() == ["mature"] * 3 + ["immature"]
    assert cells.loc["2020-03", "status"].tolist() == ["mature"] * 2 + ["immature"]
    assert result.n_event_later == 1
    low, high = beta.ppf([0.025, 0.975], 1.5, 1.5)
    assert_allclose(cells.loc[("2020-01", 1), "event_rate_low"], low)
    assert_allclose(cells.loc[("2020-01", 1), "event_rate_high"], high)
    assert np.isnan(cells.loc[("2020-02", 4), "event_rate_low"])
    hazard = result.hazard()
    assert hazard["n_at_risk"].tolist() == [4, 3, 2, 0]
    assert hazard["n_event"].tolist() == [1, 1, 0, 0]
    assert_allclose(hazard["event_rate"], [1 / 4, 1 / 2, 1 / 2, 1 / 2])


def plain_pandas(start, event, as_of, freq, amount):
    """Rates by vintage and month on book, by a loop over months and a group-by."""
    table = pd.DataFrame({"start": start, "event": event, "amount": amount})
    table["vintage"] = table["start"].dt.to_period(freq)
    rows = []
    for vintage, loans in table.groupby("vintage"):
        for k in range(1, 400):
            month = pd.DateOffset(months=k)
            if loans["start"].min() + pd.DateOffset(months=k - 1) >= as_of:
                break
            hit = (loans["event"] < loans["start"] + month) & (loans["event"] < as_of)
            mature = vintage.end_time.normalize() + pd.Timedelta(days=1) + month
            rows.append(
                {
                    "vintage": str(vintage).replace("Q", " Q"),
                    "month": k,
                    "n": len(loans),
                    "event_rate": hit.mean(),
                    "amount_rate": loans.loc[hit, "amount"].sum()
                    / loans["amount"].sum(),
                    "status": "mature" if mature <= as_of else "immature",
                }
            )
    return pd.DataFrame(rows)


def lending_club(path):
    loans = pd.read_parquet(path)
    # Charged off some five months after the last payment, as the data card says.
    paid = loans["last_pymnt_d"].fillna(loans["issue_d"])
    event = (paid + pd.DateOffset(months=5)).where(loans["bad"] == 1)
    return loans["issue_d"], event, loans["loan_amnt"].astype(float)


@pytest.mark.parametrize(
    ("freq", "alias", "as_of"),
    [("month", "M", "2010-07-01"), ("quarter", "Q", "2011-11-15"),
     ("year", "Y", "2018-01-01")],
)  # fmt: skip
def test_lending_club_equals_plain_pandas(shared_data, freq, alias, as_of):
    start, event, amount = lending_club(shared_data("lending_club_2007_2011"))
    known = start < as_of
    start, event, amount = start[known], event[known], amount[known]
    result = vintage_table(start, event, as_of=as_of, freq=freq, amount=amount)
    expected = plain_pandas(start, event, pd.Timestamp(as_of), alias, amount)
    shown = result.frame()
    # Months that no loan was watched through, even of the oldest vintage, are no rows.
    expected = expected[expected["month"] <= result.n_months].reset_index(drop=True)
    for name in ("vintage", "month", "status"):
        assert shown[name].tolist() == expected[name].tolist()
    for name in ("n", "event_rate", "amount_rate"):
        assert_allclose(shown[name], expected[name], rtol=1e-12)


def test_the_projection_of_lending_club(shared_data):
    start, event, _ = lending_club(shared_data("lending_club_2007_2011"))
    known = (start < "2011-01-01").to_numpy()
    start, event = start[known], event[known]
    early = vintage_table(start, event, as_of="2011-01-01", freq="quarter", n_months=36)
    late = vintage_table(start, event, as_of="2016-01-01", freq="quarter", n_months=36)
    ahead = early.projection()
    came = late.triangle()[36].to_numpy()
    waits = (ahead["mature_months"] < 36).to_numpy()
    # Hazards fell after the crisis, which is what a projection cannot know: two years
    # ahead it is too high, while three quarters ahead it holds.
    inside = (ahead["low"] <= came) & (came <= ahead["high"])
    assert inside[waits & (ahead["mature_months"] >= 27)].all()
    # It is nearer than what has come so far.
    missed = np.abs(ahead["projected"] - came)[waits].mean()
    assert missed < 0.6 * np.abs(ahead["event_rate"] - came)[waits].mean()


def test_intervals_of_the_projection_hold_their_level():
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(40):
        start = np.repeat(np.arange("2018-01", "2020-01", dtype="M8[M]"), 400)
        start = start.astype("M8[D]") + rng.integers(0, 28, start.size)
        level = np.repeat(rng.gamma(10, 0.1, 24), 400)
        # Hazards rise and fall with the month on book, times the vintage's level.
        month = np.arange(1, 25)
        hazard = 0.02 * np.exp(-((np.log(month / 9)) ** 2))
        hit = rng.random((start.size, 24)) < np.minimum(hazard * level[:, None], 1)
        first = np.where(hit.any(axis=1), hit.argmax(axis=1), 10_000)
        event = np.where(
            first < 24, start + (30.4 * first).astype(int) + 5, np.datetime64("NaT")
        )
        now = vintage_table(start, event, as_of="2020-02-01", n_months=24)
        end = vintage_table(start, event, as_of="2022-03-01", n_months=24)
        ahead, came = now.projection(), end.triangle()[24].to_numpy()
        waits = (ahead["mature_months"] < 24).to_numpy()
        inside.append(((ahead["low"] <= came) & (came <= ahead["high"]))[waits].mean())
    assert 0.92 < np.mean(inside) < 0.985


def test_hazards_are_those_of_the_development_curve():
    start, event, _, _ = book(3_000, 2)
    result = vintage_table(start, event, as_of="2018-06-01", n_months=24)
    curve = DevelopmentCurve.fit(start, event, as_of="2018-06-01", window=24)
    hazard = result.hazard()
    assert_array_equal(hazard["n_event"], curve.n_event)
    assert_array_equal(hazard["n_at_risk"], curve.n_at_risk)
    share = hazard["event_rate"] / hazard["event_rate"].iloc[-1]
    assert_allclose(share, curve.share)


def test_closed_loans_leave_the_hazard_and_stay_in_the_rate():
    start, event, closed, _ = book(600, 3)
    args = {"as_of": "2019-01-01", "n_months": 30}
    with_closing = vintage_table(start, event, close_dates=closed, **args)
    without = vintage_table(start, event, **args)
    assert_array_equal(with_closing.triangle(), without.triangle())
    assert_array_equal(
        with_closing.projection()["projected"], without.projection()["projected"]
    )
    # A loop over the loans, month by month.
    at_risk, came = np.zeros(30), np.zeros(30)
    as_of = pd.Timestamp(args["as_of"])
    for s, e, c in zip(
        pd.to_datetime(start), pd.to_datetime(event), pd.to_datetime(closed),
        strict=True,
    ):  # fmt: skip
        for k in range(30):
            begin, end = s + pd.DateOffset(months=k), s + pd.DateOffset(months=k + 1)
            if end > as_of or (not pd.isna(e) and e < begin) or c < end:
                break
            at_risk[k] += 1
            came[k] += begin <= e < end
    assert_array_equal(with_closing.hazard()["n_at_risk"], at_risk)
    assert_array_equal(with_closing.hazard()["n_event"], came)


@settings(max_examples=25)
@given(seed=st.integers(0, 1_000), freq=st.sampled_from(["month", "quarter", "year"]))
def test_weights_repeat_rows_and_order_does_not_matter(seed, freq):
    start, event, closed, amount = book(120, seed)
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 3, start.size)
    rows = rng.permutation(np.repeat(np.arange(start.size), times))
    args = {"as_of": "2018-03-10", "freq": freq, "n_months": 20}
    weighted = vintage_table(
        start, event, close_dates=closed, amount=amount, sample_weight=times, **args
    )
    repeated = vintage_table(
        start[rows], event[rows], close_dates=closed[rows], amount=amount[rows], **args
    )
    shown = weighted.frame()
    # Vintages all of whose loans have weight 0 are known by name only.
    shown = shown[shown["n"] > 0].reset_index(drop=True)
    expected = repeated.frame()
    both = shown.merge(expected, on=["vintage", "month"])
    assert len(both) == len(expected)
    for name in ("n", "n_event", "n_at_risk", "n_new", "amount", "event_amount"):
        assert_allclose(both[f"{name}_x"], both[f"{name}_y"], rtol=1e-9)
    total = weighted.frame().groupby("month")["n_at_risk"].sum()
    assert_allclose(total, weighted.hazard()["n_at_risk"], rtol=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 1_000))
def test_rates_rise_and_statuses_go_one_way(seed):
    start, event, _, _ = book(200, seed)
    result = vintage_table(start, event, as_of="2018-03-10", reporting_delay=1)
    for _, cells in result.frame().groupby("vintage"):
        assert (np.diff(cells["event_rate"]) >= 0).all()
        assert cells["status"].tolist() == sorted(cells["status"], reverse=True)
    ahead = result.projection()
    assert (ahead["low"] <= ahead["high"]).all()
    assert (ahead["projected"] >= ahead["event_rate"]).all()
    assert (ahead["low"] >= ahead["event_rate"]).all()
    assert (ahead["high"] <= 1).all()


def test_the_reporting_delay_hides_the_last_events():
    late = vintage_table(DATES, EVENTS, as_of="2020-07-15", reporting_delay=1)
    assert late.n_event_later == 1
    assert vintage_table(DATES, EVENTS, as_of="2020-07-16",
                         reporting_delay=1).n_event_later == 0  # fmt: skip


def test_results_are_plain():
    result = vintage_table(DATES, EVENTS, as_of="2020-06-01", amount=[1, 2, 3, 4])
    plain = result.to_dict()
    assert plain["tables"]["cells"][0]["event_rate"] == 0.5
    assert plain["tables"]["cells"][-1]["event_rate_low"] is None
    assert "2 " not in result._repr_html_()[:3]
    assert result.triangle(mature_only=True).isna().to_numpy()[1, -1]
    assert not result.triangle().isna().to_numpy()[1, -1]
    bare = vintage_table(DATES, EVENTS, as_of="2020-06-01", projection=False)
    with pytest.raises(InvalidParameterError, match="projection=True"):
        bare.projection()
    with pytest.raises(InvalidParameterError, match="Did you mean 'hazard'"):
        result.triangle("hazards")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"dates": DATES.astype(str)}, InvalidInputError, "dates must hold dates"),
        ({"dates": [None] * 4}, InvalidInputError, "4 of 4 dates are missing"),
        ({"event_dates": EVENTS - 60}, InvalidInputError,
         "not lie before the account began; 2 of 4"),
        ({"event_dates": EVENTS[:2]}, InvalidInputError, "event_dates must hold one"),
        ({"as_of": "2020-02-29"}, InvalidInputError, "must lie before as_of"),
        ({"as_of": "29.2.2020"}, InvalidParameterError, "as_of must be a day"),
        ({"n_months": 5}, InvalidParameterError, "at most 4, .*oldest loan"),
        ({"amount": [1, -2, 3, 4]}, InvalidInputError,
         "amount must be known.*1 of 4 values"),
        ({"event_amount": [1, 2]}, InvalidInputError, "event_amount must hold one"),
        ({"sample_weight": [1, np.inf, 1, 1]}, InvalidInputError, "sample_weight must"),
        ({"close_dates": DATES - 1}, InvalidInputError, "close_dates must not lie"),
        ({"freq": "week"}, InvalidParameterError, "freq must be one of"),
        ({"level": 1}, InvalidParameterError, "level must lie between"),
        ({"dates": DATES[:0], "event_dates": EVENTS[:0]}, InvalidInputError,
         "at least one loan"),
        ({"as_of": "2020-03-02", "reporting_delay": 2}, InvalidInputError,
         "watched for a month"),
    ],
)  # fmt: skip
def test_bad_input(change, error, words):
    args = {"dates": DATES, "event_dates": EVENTS, "as_of": "2020-06-01"} | change
    with pytest.raises(error, match=words):
        vintage_table(**args)
