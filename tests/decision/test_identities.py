"""The parts of every table add up to the whole, whatever the rows are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit.decision import Strategy, compare_strategies, cutoff_table, funnel

STAGES = ["complete", "approved", "funded", "mature", "bad"]

accounts = st.lists(
    st.tuples(
        st.integers(0, 6),  # score
        st.booleans(),  # event
        st.sampled_from([0.5, 1.0, 2.0, 3.0]),  # weight
        st.integers(0, len(STAGES)),  # stages reached
        st.sampled_from(["web", "branch", None]),  # channel
    ),
    min_size=1,
    max_size=40,
)


def columns(drawn):
    score, y, weight, reached, channel = zip(*drawn, strict=True)
    return (
        np.array(score, float),
        np.array(y, float),
        np.array(weight),
        np.array(reached),
        np.array(channel, dtype=object),
    )


@given(accounts, st.sampled_from(["high", "low"]))
def test_cutoffs_add_up(drawn, best):
    score, y, weight, _, _ = columns(drawn)
    frame = cutoff_table(
        y, score, best=best, gain=3.0, loss=7.0, sample_weight=weight
    ).frame()
    approved = frame["n_approved"].to_numpy()
    events = approved * frame["event_rate"].to_numpy()
    steps = np.diff(approved, prepend=0.0)
    # What each cut-off adds makes up what it approves, and the last approves all.
    assert (steps > 0).all()
    assert_allclose(np.cumsum(steps * frame["marginal_event_rate"]), events, atol=1e-9)
    assert_allclose(approved[-1], weight.sum())
    assert_allclose(events[-1], weight @ y, atol=1e-9)
    assert_allclose(frame["profit"], 3.0 * (approved - events) - 7.0 * events)
    # Whom one end leaves out, the other end takes first.
    turned = cutoff_table(
        y, score, best={"high": "low", "low": "high"}[best], sample_weight=weight
    ).frame()
    assert_allclose(
        approved[:-1] + turned["n_approved"].to_numpy()[:-1][::-1], weight.sum()
    )


@given(accounts)
def test_funnels_add_up(drawn):
    _, _, weight, reached, channel = columns(drawn)
    flags = {stage: reached > k for k, stage in enumerate(STAGES)}
    rows = pd.DataFrame({"channel": channel, **flags})
    frame = funnel(rows, STAGES, by="channel", sample_weight=weight).frame()
    wide = frame.pivot_table(index="stage", columns="group", values="n", sort=False)
    parts = wide.drop(columns="all")
    assert_allclose(wide["all"], parts.sum(axis=1))
    everyone = frame[frame["group"] == "all"].set_index("stage")["n"]
    assert_allclose(everyone.iloc[0], weight.sum())
    # Whoever leaves between two stages is missing from the second one.
    left = -np.diff(everyone)
    gone = [weight[reached == k].sum() for k in range(len(STAGES))]
    assert_allclose(left, gone, atol=1e-9)
    assert_allclose(left.sum() + everyone.iloc[-1], weight.sum())


@given(accounts, st.integers(0, 6), st.integers(0, 6))
def test_strategies_add_up(drawn, cut, other_cut):
    score, y, weight, _, channel = columns(drawn)
    rows = {"points": score, "channel": channel}
    web = {"field": "channel", "op": "==", "value": "web"}
    rules = [{"name": "web", "when": [web], "decision": "refer", "missing": "skip"}]
    one, other = (
        Strategy(
            rules[:n],
            [{"from": at, "decision": "approve"}, {"to": at, "decision": "decline"}],
            limits={"bands": [{"limit": 10.0}]},
        )
        for n, at in ((1, cut), (0, other_cut))
    )
    result = one.simulate(rows, y, sample_weight=weight)
    decisions, steps = result.frame(), result.steps()
    for table in (decisions, steps):
        assert_allclose(table["n"].sum(), weight.sum())
        assert_allclose(table["share"].sum(), 1)
        assert_allclose(table["n_event"].sum(), weight @ y, atol=1e-9)
    by_decision = steps.groupby("decision")["n"].sum()
    assert_allclose(
        by_decision.reindex(decisions["decision"], fill_value=0), decisions["n"]
    )
    assert_allclose(decisions["limit"].sum(), 10.0 * decisions["n"].iloc[0])
    both = compare_strategies(one, other, rows, y, sample_weight=weight).wide()
    assert_allclose(both.sum(axis=1).reindex(decisions["decision"]), decisions["n"])
    again = other.simulate(rows, y, sample_weight=weight).frame()
    assert_allclose(both.sum(axis=0).reindex(again["decision"]), again["n"])
