"""Funnel, change of a rate, and channels by volume and quality."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta

from riskkit.decision import channel_quadrant, funnel
from riskkit.exceptions import InvalidInputError, InvalidParameterError

STAGES = ["complete", "approved", "funded", "mature", "bad"]


@pytest.fixture
def applications():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"channel": rng.choice(["web", "branch", None], 400)})
    reached = np.ones(400, dtype=bool)
    for stage, share in zip(STAGES, [0.9, 0.6, 0.8, 0.7, 0.2], strict=True):
        reached &= rng.random(400) < share
        frame[stage] = reached
    frame["amount"] = rng.integers(1, 50, 400) * 100.0
    return frame


def test_against_pandas(applications):
    result = funnel(applications, STAGES, by="channel", amount="amount")
    frame = result.frame().set_index(["group", "stage"])
    assert result.stages == ("applied", *STAGES)
    assert result.groups == ("all", "branch", "web", "missing")
    for group in result.groups:
        rows = applications
        if group != "all":
            rows = applications[applications["channel"].fillna("missing") == group]
        n = [len(rows), *(int(rows[stage].sum()) for stage in STAGES)]
        amount = [
            rows["amount"].sum(),
            *(rows["amount"][rows[s]].sum() for s in STAGES),
        ]
        got = frame.loc[group]
        assert got["n"].tolist() == n
        assert_allclose(got["amount"], amount)
        assert_allclose(got["rate_start"], np.array(n) / n[0])
        assert_allclose(got["rate_previous"].iloc[1:], np.divide(n[1:], n[:-1]))
        a, b = n[2] + 0.5, n[1] - n[2] + 0.5
        assert_allclose(got["rate_previous_low"].iloc[2], beta.ppf(0.025, a, b))
    assert np.isnan(frame["rate_previous"].iloc[0])


def test_groups_and_rates_add_up(applications):
    weight = np.random.default_rng(1).integers(0, 4, 400)
    frame = funnel(applications, STAGES, by="channel", sample_weight=weight).frame()
    wide = frame.pivot_table(index="stage", columns="group", values="n")
    assert_allclose(wide["all"], wide.drop(columns="all").sum(axis=1))
    everyone = frame[frame["group"] == "all"]
    products = everyone["rate_previous"].fillna(1).cumprod()
    assert_allclose(products, everyone["rate_start"])
    again = applications.loc[np.repeat(np.arange(400), weight)]
    repeated = funnel(again, STAGES, by="channel").frame()
    pd.testing.assert_frame_equal(frame, repeated)


def test_tables_and_groups_of_any_kind(applications):
    expected = funnel(applications, STAGES, by="channel").frame()
    columns = applications.to_dict("list")
    for table in (pl.from_pandas(applications), columns):
        pd.testing.assert_frame_equal(
            funnel(table, STAGES, by="channel").frame(), expected
        )
    given = funnel(applications, STAGES, by=applications["channel"]).frame()
    pd.testing.assert_frame_equal(given, expected)
    named = funnel(applications, {"Approved": "approved", "Bad": "bad"}, start="Asked")
    assert named.stages == ("Asked", "Approved", "Bad")
    assert funnel(applications, ["approved", "bad"], start=None).stages[0] == "approved"


def test_why_the_approval_rate_moved(applications):
    before = funnel(applications, STAGES, by="channel")
    later = applications[(applications["channel"] == "web") | applications["approved"]]
    after = funnel(later, STAGES, by="channel")
    change = after.change_from(before, "approved", of="applied")
    rates = [
        r.frame().set_index(["group", "stage"]).loc[("all", "approved"), "rate_start"]
        for r in (before, after)
    ]
    effects = change.effects
    assert_allclose(effects.change, rates[1] - rates[0])
    assert_allclose(effects.mix_effect + effects.rate_effect, effects.change)
    frame = change.frame().set_index("group")
    p, q = frame["expected_share"], frame["actual_share"]
    b, c = frame["expected_rate"], frame["actual_rate"]
    assert_allclose(p.sum(), 1)
    assert_allclose(effects.mix_effect, ((q - p) * b).sum())
    assert_allclose(effects.rate_effect, (q * (c - b)).sum())
    assert_allclose(frame["effect"].sum(), effects.change)
    assert json.loads(json.dumps(change.to_dict()))["stage"] == "approved"


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=30),
    st.lists(st.tuples(st.sampled_from("bcd"), st.booleans()), min_size=1, max_size=30),
)
def test_effects_add_up_to_the_change(old, new):
    before, after = (
        funnel(dict(zip(("by", "ok"), zip(*rows, strict=True), strict=True)), ["ok"],
               by="by")
        for rows in (old, new)
    )  # fmt: skip
    frame = after.change_from(before, "ok").frame()
    rates = [np.mean([ok for _, ok in rows]) for rows in (old, new)]
    assert_allclose(frame["effect"].sum(), rates[1] - rates[0], atol=1e-12)
    gone = {"a", "b", "c"} - {group for group, _ in new}
    assert frame.set_index("group")["actual_rate"].isna().sum() == len(
        gone & set(frame["group"])
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"stages": ["aproved"]}, InvalidInputError, "Did you mean 'approved'"),
        ({"stages": ["approved", "approved"]}, InvalidParameterError, "twice"),
        ({"stages": []}, InvalidParameterError, "at least one"),
        ({"stages": "approved"}, InvalidParameterError, "sequence of columns"),
        ({"stages": ["applied"]}, InvalidParameterError, "start=None"),
        ({"stages": ["bad", "approved"]}, InvalidInputError, "must have come to 'bad'"),
        ({"stages": ["amount"]}, InvalidInputError, "True or False"),
        ({"stages": ["bad"], "amount": "channel"}, TypeError, "numbers"),
        (
            {"stages": ["bad"], "amount": [-1.0] * 400},
            InvalidInputError,
            "not negative",
        ),
        ({"stages": ["bad"], "by": range(399)}, InvalidInputError, "each of the 400"),
    ],
)
def test_bad_funnels(applications, arguments, error, message):
    with pytest.raises(error, match=message):
        funnel(applications, **arguments)


def test_flags_are_known(applications):
    applications["bad"] = (
        applications["bad"].astype(object).where(applications["mature"])
    )
    with pytest.raises(InvalidInputError, match="Say 0 where it did not"):
        funnel(applications, STAGES)
    with pytest.raises(InvalidInputError, match="at least one application"):
        funnel(applications.iloc[:0], ["approved"])
    plain = funnel(applications, ["approved"])
    with pytest.raises(InvalidParameterError, match="needs groups"):
        plain.change_from(plain, "approved")
    grouped = funnel(applications, ["approved", "funded"], by="channel")
    with pytest.raises(InvalidParameterError, match="Did you mean 'funded'"):
        grouped.change_from(grouped, "fundet")
    with pytest.raises(InvalidParameterError, match="of must be one of"):
        grouped.change_from(grouped, "approved", of="funded")


# ------------------------------------------------------------------- quadrants

TRUTH = {
    "branch": (6000, 0.02, "scale"),
    "web": (5000, 0.09, "fix or price"),
    "partner": (900, 0.02, "nurture"),
    "broker": (900, 0.12, "stop"),
}


@pytest.mark.parametrize("seed", range(5))
def test_simulated_channels_land_where_they_belong(seed):
    rng = np.random.default_rng(seed)
    channel = np.repeat(list(TRUTH), [n for n, _, _ in TRUTH.values()])
    pd_ = np.repeat(
        [r for _, r, _ in TRUTH.values()], [n for n, _, _ in TRUTH.values()]
    )
    y = (rng.random(channel.size) < pd_).astype(float)
    y[rng.random(y.size) < 0.3] = np.nan  # not ripe yet
    result = channel_quadrant(channel, y)
    frame = result.frame().set_index("channel")
    assert frame["quadrant"].to_dict() == {k: v[2] for k, v in TRUTH.items()}
    assert frame["clear"].all()
    assert frame["n"].to_dict() == {k: v[0] for k, v in TRUTH.items()}
    assert_allclose(result.event_rate, np.nanmean(y))
    known = ~np.isnan(y) & (channel == "web")
    e, n = y[known].sum(), known.sum()
    assert_allclose(frame.loc["web", "risk_index"], e / n / result.event_rate)
    assert_allclose(
        frame.loc["web", "risk_index_high"],
        beta.ppf(0.975, e + 0.5, n - e + 0.5) / result.event_rate,
    )


def test_amounts_are_the_volume_if_given():
    channel, y = ["a"] * 50 + ["b"] * 50, [0, 1] * 50
    amount = [1.0] * 50 + [9.0] * 50
    result = channel_quadrant(channel, y, amount=amount, split_share=0.5)
    frame = result.frame()
    assert frame["channel"].tolist() == ["b", "a"]
    assert_allclose(frame["share"], [0.9, 0.1])
    assert frame["quadrant"].tolist() == [
        "scale",
        "nurture",
    ]  # an index of 1 is not risky
    assert not frame["clear"].any()


def test_too_few_outcomes_are_no_verdict():
    channel, y = ["a"] * 100 + ["b"] * 10, [0, 1] * 50 + [1] * 10
    frame = channel_quadrant(channel, y).frame().set_index("channel")
    assert frame.loc["b", "quadrant"] == "not evaluable"
    assert not frame.loc["b", "clear"]
    words = ("grow", "mend", "feed", "close")
    loose = channel_quadrant(channel, y, min_known=5, actions=words).frame()
    assert loose["quadrant"].tolist() == ["grow", "close"]


def test_pds_are_the_quality_where_there_are_no_outcomes():
    result = channel_quadrant(["a", "a", "b"], pd=[0.1, 0.2, 0.6], min_known=1)
    frame = result.frame().set_index("channel")
    assert_allclose(result.event_rate, 0.3)
    assert_allclose(frame["risk_index"], [0.5, 2])
    assert frame["quadrant"].tolist() == ["scale", "stop"]
    assert not frame["clear"].any()


@pytest.mark.parametrize(
    ("arguments", "change", "error", "message"),
    [
        ((["a"], None), {}, InvalidInputError, "Give y or pd"),
        ((["a", "b"], [0]), {}, InvalidInputError, "each of the 2 rows"),
        ((["a"], [0]), {"amount": [-1]}, InvalidInputError, "not negative"),
        ((["a"], [0]), {"amount": [0]}, InvalidInputError, "above 0"),
        ((["a"], [0]), {"split_share": 2}, InvalidParameterError, "split_share"),
        ((["a"], [0]), {"actions": ("a", "b")}, InvalidParameterError, "four words"),
        ((range(2000), [0] * 2000), {}, InvalidInputError, "at most 1000"),
    ],
)
def test_bad_channels(arguments, change, error, message):
    with pytest.raises(error, match=message):
        channel_quadrant(*arguments, **change)
