"""Cohorts from contact to loan: shares by age, times, comparisons, refusals."""

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from riskkit.decision import cohort_followup
from riskkit.decision._cohort_times import median_time
from riskkit.exceptions import InvalidInputError, InvalidParameterError

STAGES = ["contacted", "registered", "applied", "funded"]
AS_OF = "2024-09-15"


@pytest.fixture
def contacts():
    rng = np.random.default_rng(0)
    n = 3_000
    day = np.datetime64("2024-01-10") + rng.integers(0, 245, n)
    frame = pd.DataFrame({"contacted": day})
    reached = np.ones(n, dtype=bool)
    for stage, share, wait in zip(STAGES[1:], [0.6, 0.7, 0.5], [25, 10, 40],
                                  strict=True):  # fmt: skip
        reached &= rng.random(n) < share
        day = day + rng.exponential(wait, n).astype(int)
        # Not known yet what comes after the day of the table.
        known = reached & (day < np.datetime64(AS_OF))
        reached = known
        frame[stage] = np.where(known, day, np.datetime64("NaT"))
    frame["channel"] = rng.choice(["letter", "phone", None], n)
    frame["customer"] = np.arange(n)
    return frame


@pytest.mark.parametrize("freq", ["month", "week"])
def test_against_a_slow_loop(contacts, freq):
    if freq == "week":
        contacts = contacts[contacts["contacted"] >= "2024-07-15"]
    result = cohort_followup(
        contacts, STAGES, as_of=AS_OF, freq=freq, by="channel", n_periods=5
    )
    as_of = pd.Timestamp(AS_OF)
    start = contacts["contacted"]
    cohort = (
        start.dt.strftime("%Y-%m") if freq == "month" else start.dt.strftime("%G-W%V")
    )
    step = {"month": pd.DateOffset(months=1), "week": pd.DateOffset(days=7)}[freq]

    def later(days, k):
        for _ in range(k - 1 if freq == "week" else 0):
            days = days + step
        return days + (step if freq == "week" else pd.DateOffset(months=k))

    assert result.cohorts == tuple(sorted(cohort.unique()))
    cells = result.frame().set_index(["group", "cohort", "stage", "period"])
    n_seen = 0
    for group in ("all", "letter", "phone", "missing"):
        inside = (contacts["channel"].fillna("missing") == group) | (group == "all")
        for name in result.cohorts:
            rows = contacts[inside & (cohort == name)]
            first = start[cohort == name].min()
            month = pd.Period(name, "M") if freq == "month" else None
            end = (
                (month + 1).start_time
                if freq == "month"
                else pd.Timestamp.fromisocalendar(int(name[:4]), int(name[6:]), 1)
                + pd.Timedelta(days=7)
            )
            for k in range(1, 6):
                has_begun = (first if k == 1 else later(first, k - 1)) < as_of
                for j, stage in enumerate(STAGES[1:], start=1):
                    key = (group, name, stage, k)
                    assert (key in cells.index) == (has_begun and len(rows) > 0)
                    if key not in cells.index:
                        continue
                    n_seen += 1
                    limit = later(rows["contacted"], k)
                    came = int((rows[stage] < limit).sum())
                    cell = cells.loc[key]
                    assert (cell["n"], cell["n_reached"]) == (len(rows), came)
                    mature = later(end, k) <= as_of
                    assert cell["status"] == ("mature" if mature else "immature")
                    assert np.isnan(cell["low"]) != mature
                    if mature:
                        low = stats.beta.ppf(0.025, came + 0.5, len(rows) - came + 0.5)
                        assert_allclose(cell["low"], low if came else 0.0)
                    before = int((rows[STAGES[j - 1]] < limit).sum())
                    if before:
                        assert_allclose(cell["share_previous"], came / before)
    assert n_seen == len(cells)


def test_no_age_that_has_not_begun_is_shown(contacts):
    triangle = cohort_followup(contacts, STAGES, as_of=AS_OF).triangle("registered")
    begun = triangle.notna().sum(axis=1)
    # Those of September 2024 were contacted before the 15th: their first month runs.
    assert begun.loc["2024-09"] == 1
    assert (begun.diff().dropna() <= 0).all()
    mature = cohort_followup(contacts, STAGES, as_of=AS_OF).triangle(
        "registered", mature_only=True
    )
    # The last of July was watched until the end of August.
    assert mature.loc["2024-07"].notna().sum() == 1
    assert mature.loc["2024-08"].isna().all()
    assert triangle.shape == (9, 9)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.booleans(), st.sampled_from([1.0, 2.0])),
        min_size=2, max_size=40,
    )
)  # fmt: skip
def test_medians_are_those_of_kaplan_and_meier(drawn):
    time, came, weight = map(np.array, zip(*drawn, strict=True))
    repeat = weight.astype(int)
    found = median_time(time, came, weight, 0.9)
    if not came.any():
        assert np.isnan(found[0])
        assert found[3] == 0
        return
    data = stats.CensoredData(
        uncensored=np.repeat(time[came], repeat[came]),
        right=np.repeat(time[~came], repeat[~came]),
    )
    survival = stats.ecdf(data).sf

    def first(curve):
        below = curve.quantiles[curve.probabilities <= 0.5 + 1e-9]
        return below[0] if below.size else np.nan

    assert_allclose(found[0], first(survival))
    assert_allclose(found[3], 1 - survival.probabilities.min(), atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where nobody is left
        band = survival.confidence_interval(0.9, method="log-log")
    ends = []
    for side in (band.low, band.high):
        known = ~np.isnan(side.probabilities) & (survival.probabilities > 0)
        below = side.quantiles[known & (side.probabilities <= 0.5 + 1e-9)]
        ends.append(below[0] if below.size else np.nan)
    gone = survival.quantiles[survival.probabilities <= 0]
    if np.isnan(ends[0]) and gone.size:
        ends[0] = gone[0]
    assert_allclose(found[1:3], ends)


def test_medians_do_not_forget_those_on_their_way(contacts):
    result = cohort_followup(contacts, STAGES, as_of=AS_OF, by="channel")
    times = result.frame("times").set_index(["group", "stage", "since"])
    came = contacts["registered"].dropna()
    quick = (came - contacts.loc[came.index, "contacted"]).dt.days.median()
    row = times.loc[("all", "registered", "contacted")]
    # 60 % register, after 25 days on average: half of all after 25 log(6) = 45 days.
    assert row["low"] <= 45 <= row["high"]
    assert quick < row["low"]
    assert 0.55 < row["share_in_the_end"] < 0.7
    assert np.isnan(times.loc[("all", "funded", "contacted"), "median_days"])
    waits = times.loc[("phone", "applied", "registered")]
    phone = contacts["channel"] == "phone"
    assert waits["n"] == contacts.loc[phone, "registered"].notna().sum()


def test_cohorts_and_channels_are_compared_at_one_age(contacts):
    late = contacts["contacted"] >= "2024-04-01"
    changed = contacts.copy()
    changed.loc[late & (contacts["customer"] % 3 > 0), STAGES[1:]] = pd.NaT
    result = cohort_followup(changed, STAGES, as_of=AS_OF, by="channel")
    frame = result.compare("registered", period=2).set_index("cohort")
    assert list(frame.index) == [f"2024-0{k}" for k in range(1, 7)]
    first, other = frame.iloc[0], frame.loc["2024-05"]
    assert np.isnan(first["p_value"])
    came = np.array([first["n_reached"], other["n_reached"]])
    counts = [came, np.array([first["n"], other["n"]]) - came]
    chi = stats.chi2_contingency(counts, correction=False).statistic
    n = first["n"] + other["n"]
    assert_allclose(other["p_value"], stats.chi2.sf(chi * (n - 1) / n, 1))
    assert (frame["p_adjusted"].dropna() >= frame["p_value"].dropna()).all()
    assert other["high"] < 0
    assert frame.loc["2024-02", "p_adjusted"] > 0.05
    assert result.compare("registered")["period"].iloc[0] == 6
    groups = result.compare("registered", over="group", period=2)
    assert groups["group"].tolist() == ["letter", "phone", "missing"]
    assert_allclose(groups["n"].sum(), frame["n"].sum())
    turned = result.compare("registered", over="group", period=2, reference="phone")
    assert_allclose(
        turned["difference"].iloc[0], -groups["difference"].iloc[1], atol=1e-12
    )
    with pytest.raises(InvalidInputError, match="At least two of cohort"):
        result.compare("registered", period=8)
    with pytest.raises(InvalidParameterError, match="reference"):
        result.compare("registered", reference="2023-01")


def test_weights_are_rows_and_order_does_not_matter(contacts):
    weight = np.random.default_rng(0).integers(0, 3, len(contacts))
    weight[contacts["contacted"].argmin()] = 1  # so that both know the same cohorts
    row = np.random.default_rng(1).permutation(np.repeat(np.arange(3_000), weight))
    weighted = cohort_followup(contacts, STAGES, as_of=AS_OF, sample_weight=weight)
    repeated = cohort_followup(contacts.iloc[row], STAGES, as_of=AS_OF)
    for table in ("cells", "times"):
        pd.testing.assert_frame_equal(weighted.frame(table), repeated.frame(table))


def test_tables_of_any_kind(contacts):
    expected = cohort_followup(contacts, STAGES, as_of=AS_OF).frame()
    plain = {name: contacts[name].to_numpy() for name in STAGES}
    for table in (pl.from_pandas(contacts), plain):
        found = cohort_followup(table, STAGES, as_of=AS_OF).frame()
        pd.testing.assert_frame_equal(found, expected)
    named = {"contact": "contacted", "loan": "funded"}
    assert cohort_followup(contacts, named, as_of=AS_OF).stages == ("contact", "loan")


def test_what_happened_later_is_not_known(contacts):
    early = contacts[contacts["contacted"] < "2024-06-01"]
    result = cohort_followup(early, STAGES, as_of="2024-06-01")
    cut = early.copy()
    for stage in STAGES[1:]:
        cut.loc[cut[stage] >= "2024-06-01", stage] = pd.NaT
        assert result.n_later[stage] == (early[stage] >= "2024-06-01").sum()
    again = cohort_followup(cut, STAGES, as_of="2024-06-01")
    pd.testing.assert_frame_equal(result.frame(), again.frame())
    pd.testing.assert_frame_equal(result.frame("times"), again.frame("times"))


def test_result_in_a_notebook_and_as_data(contacts):
    result = cohort_followup(contacts, STAGES, as_of=AS_OF)
    assert "share funded" in result._repr_html_()
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["tables"]["cells"][-1]["low"] is None
    assert plain["cohorts"][0] == "2024-01"


def moved(frame, column, rows, value):
    changed = frame.copy()
    changed.loc[changed.index[rows], column] = value
    return changed


@pytest.mark.parametrize(
    ("change", "arguments", "error", "words"),
    [
        (
            ("registered", [0, 1], pd.Timestamp("2023-01-01")), {},
            InvalidInputError, "registered must not lie before contacted; in 2 of 3000",
        ),
        (
            ("contacted", [3], pd.NaT), {},
            InvalidInputError, "contacted must be known in every row; 1 of 3000",
        ),
        (
            ("customer", [4], 5), {"units": "customer"},
            InvalidInputError, "1 of 2999 stand in several rows. Keep the first",
        ),
        (None, {"as_of": "2024-05-01"}, InvalidInputError, "begin on it or later"),
        (None, {"as_of": "May"}, InvalidParameterError, "as_of must be a day"),
        (None, {"freq": "day"}, InvalidParameterError, "freq must be one of"),
        (None, {"n_periods": 0}, InvalidParameterError, "n_periods"),
        (None, {"by": "chanel"}, InvalidInputError, "Did you mean 'channel'"),
        (None, {"stages": ["contacted"]}, InvalidParameterError, "at least two"),
        (None, {"stages": "contacted"}, InvalidParameterError, "sequence of columns"),
        (
            None, {"stages": ["contacted", "funded", "funded"]},
            InvalidParameterError, "twice",
        ),
        (
            None, {"stages": ["contacted", "funded", "registered"]},
            InvalidInputError, "registered must not lie before funded",
        ),
        (None, {"units": range(3)}, InvalidInputError, "each of the 3000 rows"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(contacts, change, arguments, error, words):
    frame = contacts if change is None else moved(contacts, *change)
    with pytest.raises(error, match=words):
        cohort_followup(
            **{"table": frame, "stages": STAGES, "as_of": AS_OF} | arguments
        )


def test_dates_that_are_none_are_refused(contacts):
    text = contacts.assign(funded=contacts["funded"].astype(str))
    with pytest.raises(InvalidInputError, match="Read the column as dates first"):
        cohort_followup(text, STAGES, as_of=AS_OF)
    skipped = contacts.copy()
    came = skipped["applied"].notna()
    skipped.loc[came, "registered"] = pd.NaT
    with pytest.raises(
        InvalidInputError, match=f"come to registered; {came.sum()} of 3000"
    ):
        cohort_followup(skipped, STAGES, as_of=AS_OF)
    with pytest.raises(InvalidInputError, match="at least one contact"):
        cohort_followup(contacts.iloc[:0], STAGES, as_of=AS_OF)
