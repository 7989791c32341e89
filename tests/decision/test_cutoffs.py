"""Cut-off tables, the choice of a cut-off, and the frontier of several scores."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import beta, norm

from riskkit.decision import choose_cutoff, cutoff_table, efficient_frontier
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)

rows = st.lists(
    st.tuples(
        st.integers(0, 8),  # score
        st.integers(0, 1),  # outcome
        st.integers(0, 3),  # weight
        st.integers(0, 50),  # gain
        st.integers(0, 90),  # loss
    ),
    min_size=1,
    max_size=30,
)


def unpack(drawn):
    parts = [np.array(part, dtype=float) for part in zip(*drawn, strict=True)]
    return parts if parts[2].any() else None


@pytest.fixture
def book():
    """Points of 20, 40 and 40 accounts with 1, 4 and 10 events."""
    points = np.repeat([640.0, 620.0, 600.0], [20, 40, 40])
    y = np.concatenate([np.arange(n) < e for n, e in [(20, 1), (40, 4), (40, 10)]])
    return y.astype(float), points


def test_hand_computed(book):
    frame = cutoff_table(*book, best="high", gain=100, loss=600).frame()
    assert frame["cutoff"].tolist() == [640, 620, 600]
    assert frame["n_approved"].tolist() == [20, 60, 100]
    assert_allclose(frame["approval_rate"], [0.2, 0.6, 1])
    assert frame["n_event"].tolist() == [1, 5, 15]
    assert_allclose(frame["event_rate"], [1 / 20, 5 / 60, 15 / 100])
    assert_allclose(frame["marginal_event_rate"], [1 / 20, 4 / 40, 10 / 40])
    assert frame["revenue"].tolist() == [1900, 5500, 8500]
    assert frame["loss"].tolist() == [600, 3000, 9000]
    assert frame["profit"].tolist() == [1300, 2500, -500]
    assert frame["profit_per_applicant"].tolist() == [13, 25, -5]
    assert_allclose(frame["event_rate_low"], beta.ppf(0.025, [1.5, 5.5, 15.5],
                                                      [19.5, 55.5, 85.5]))  # fmt: skip


def test_interval_of_the_profit_is_that_of_a_mean(book):
    y, points = book
    frame = cutoff_table(y, points, best="high", gain=100, loss=600, level=0.9).frame()
    for _, row in frame.iterrows():
        value = (points >= row["cutoff"]) * np.where(y == 1, -600, 100)
        error = np.sqrt(len(y) * np.var(value))
        assert_allclose(row["profit_high"] - row["profit"], norm.ppf(0.95) * error)
        assert_allclose(row["profit"] - row["profit_low"], norm.ppf(0.95) * error)


@given(rows, st.sampled_from(["high", "low"]))
def test_against_a_slow_loop(drawn, best):
    parts = unpack(drawn)
    if parts is None:
        return
    score, y, weight, gain, loss = parts
    frame = cutoff_table(
        y, score, best=best, gain=gain, loss=loss, sample_weight=weight
    ).frame()
    seen = np.unique(score[weight > 0])
    assert frame["cutoff"].tolist() == (seen[::-1] if best == "high" else seen).tolist()
    before = np.zeros(score.size, dtype=bool)
    for _, row in frame.iterrows():
        ok = score >= row["cutoff"] if best == "high" else score <= row["cutoff"]
        mass = weight[ok]
        assert_allclose(row["n_approved"], mass.sum())
        assert_allclose(row["approval_rate"], mass.sum() / weight.sum())
        assert_allclose(row["event_rate"], mass @ y[ok] / mass.sum())
        assert_allclose(
            row["profit"],
            mass @ np.where(y[ok] == 1, -loss[ok], gain[ok]),
            atol=1e-9,
        )
        last = ok & ~before
        assert_allclose(
            row["marginal_event_rate"], weight[last] @ y[last] / weight[last].sum()
        )
        before = ok


@given(rows)
def test_a_weight_is_so_many_rows(drawn):
    parts = unpack(drawn)
    if parts is None:
        return
    score, y, weight, gain, loss = parts
    n = weight.astype(int)
    weighted = cutoff_table(
        y, score, best="high", gain=gain, loss=loss, sample_weight=weight
    ).frame()
    repeated = cutoff_table(
        *(np.repeat(part, n) for part in (y, score)),
        best="high",
        gain=np.repeat(gain, n),
        loss=np.repeat(loss, n),
    ).frame()
    pd.testing.assert_frame_equal(weighted, repeated)


def test_points_and_their_negative_are_one_table(book):
    y, points = book
    high = cutoff_table(y, points, best="high").frame()
    low = cutoff_table(y, -points, best="low").frame()
    assert_array_equal(low["cutoff"], -high["cutoff"])
    pd.testing.assert_frame_equal(
        high.drop(columns="cutoff"), low.drop(columns="cutoff")
    )


def test_declined_applicants_are_inferred_and_kept_apart():
    score = [5, 4, 3, 2]
    y = [0, 1, None, None]
    frame = cutoff_table(
        y, score, best="high", pd=[0.9, 0.9, 0.2, 0.6], gain=10, loss=10
    ).frame()
    assert frame["n_known"].tolist() == [1, 2, 2, 2]
    assert frame["n_event"].tolist() == [0, 1, 1, 1]
    assert frame["n_inferred"].tolist() == [0, 0, 1, 2]
    assert_allclose(frame["inferred_rate"], [np.nan, np.nan, 0.2, 0.4])
    assert_allclose(frame["event_rate"], [0, 0.5, 0.5, 0.5])
    assert_allclose(frame["expected_event_rate"], [0, 0.5, 0.4, 0.45])
    assert_allclose(frame["marginal_event_rate"], [0, 1, 0.2, 0.6])
    assert_allclose(frame["profit"], [10, 0, 6, 4], atol=1e-12)
    # Of what was not observed there is no interval.
    assert frame["profit_low"].isna().tolist() == [False, False, True, True]
    with pytest.raises(InvalidTargetError, match="2 of 4 have neither"):
        cutoff_table(y, score, best="high")
    with pytest.raises(InvalidTargetError, match="Give a PD for each"):
        cutoff_table(y, score, best="high", pd=[0.9, 0.9, None, 0.6])
    expected = cutoff_table(None, score, best="high", pd=[0.1, 0.2, 0.3, 0.4]).frame()
    assert_allclose(expected["expected_event_rate"], [0.1, 0.15, 0.2, 0.25])
    assert expected["event_rate"].isna().all()


def test_how_many_cutoffs_and_which():
    rng = np.random.default_rng(0)
    score, y = rng.normal(size=1000), rng.random(1000) < 0.2
    frame = cutoff_table(y, score, best="high", cutoffs=10).frame()
    assert_allclose(frame["approval_rate"], np.arange(1, 11) / 10)
    given = cutoff_table(y, score, best="high", cutoffs=[0, 1.5, 1.5, 9]).frame()
    assert given["cutoff"].tolist() == [9, 1.5, 0]
    assert given["n_approved"].tolist() == [0, (score >= 1.5).sum(), (score >= 0).sum()]
    assert np.isnan(given["event_rate"].iloc[0])


def test_plain_data(book):
    result = cutoff_table(*book, best="high", gain=1, loss=1)
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["columns"]["cutoff"] == [640, 620, 600]
    assert plain["n"] == 100
    assert "640" in result._repr_html_()


# ------------------------------------------------------------------ one cut-off


def test_a_goal_and_its_cutoff(book):
    y, points = book
    share = choose_cutoff(None, points, best="high", approval_rate=0.5, random_state=0)
    assert (share.cutoff, share.approval_rate) == (620, 0.6)
    assert np.isnan(share.event_rate)
    assert share.goal == "approval rate nearest to 0.5"
    rate = choose_cutoff(y, points, best="high", max_event_rate=0.09, random_state=0)
    assert (rate.cutoff, rate.n_event, rate.n_approved) == (620, 5, 60)
    assert_allclose(rate.event_rate_low, beta.ppf(0.025, 5.5, 55.5))
    assert_allclose(rate.approval_rate_low, beta.ppf(0.025, 60.5, 40.5))
    profit = choose_cutoff(y, points, best="high", gain=100, loss=600, random_state=0)
    assert (profit.cutoff, profit.profit) == (620, 2500)
    limited = choose_cutoff(
        y, points, best="high", gain=100, loss=600, max_event_rate=0.06, random_state=0
    )
    assert (limited.cutoff, limited.profit) == (640, 1300)
    wide = choose_cutoff(
        y, points, best="high", gain=100, loss=600, min_approval_rate=0.9, n_draws=0
    )
    assert (wide.cutoff, wide.profit) == (600, -500)
    assert wide.approves([600, 599.9, None]).tolist() == [True, False, False]


@given(rows, st.sampled_from(["high", "low"]), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_the_choice_is_the_best_by_brute_force(drawn, best, limit, least):
    parts = unpack(drawn)
    if parts is None:
        return
    score, y, weight, gain, loss = parts
    frame = cutoff_table(
        y, score, best=best, gain=gain, loss=loss, sample_weight=weight
    ).frame()
    rate, share = frame["event_rate"], frame["approval_rate"]
    allowed = frame[(rate <= limit) & (share >= least)]
    arguments = {
        "best": best,
        "max_event_rate": limit,
        "min_approval_rate": least,
        "sample_weight": weight,
        "n_draws": 0,
    }
    if allowed.empty:
        with pytest.raises(InvalidParameterError, match="No cut-off gives"):
            choose_cutoff(y, score, **arguments)
    else:
        choice = choose_cutoff(y, score, **arguments)
        assert choice.n_approved == allowed["n_approved"].max()
    if allowed.empty or (least == 0 and allowed["profit"].max() <= 0):
        return
    choice = choose_cutoff(y, score, gain=gain, loss=loss, **arguments)
    assert choice.profit == allowed["profit"].max()


def test_nobody_is_approved_where_nothing_is_earned(book):
    y, points = book
    for best, score in (("high", points), ("low", -points)):
        choice = choose_cutoff(y, score, best=best, gain=1, loss=600, random_state=0)
        assert choice.cutoff == (np.inf if best == "high" else -np.inf)
        assert choice.profit == choice.n_approved == 0
        assert not choice.approves(score).any()
        assert "approving nobody" in choice.notes[0]


def test_the_interval_of_the_cutoff_covers_the_truth():
    # PD rises with the score; at a gain of 1 and a loss of 4 the break-even PD is 1/5.
    rng = np.random.default_rng(1)
    covered = corrected = apparent = true = 0.0
    n_books = 60
    for seed in range(n_books):
        score = rng.random(400)
        y = rng.random(400) < 0.5 * score
        choice = choose_cutoff(
            y, score, best="low", gain=1, loss=4, level=0.9, random_state=seed
        )
        covered += choice.cutoff_low <= 0.4 <= choice.cutoff_high
        pd_below = np.linspace(0, choice.cutoff, 1001) / 2
        true += 400 * choice.cutoff * np.mean(1 - 5 * pd_below)
        apparent += choice.profit
        corrected += choice.profit_corrected
    assert covered / n_books > 0.8
    # The best of many cut-offs looks better than it is; most of that is taken back.
    assert apparent - true > 0.05 * true
    assert abs(corrected - true) < 0.5 * (apparent - true)


def test_draws_are_of_equal_rows_at_once(book):
    y, points = book
    arguments = {"best": "high", "gain": 100, "loss": 600, "random_state": 3}
    plain = choose_cutoff(y, points, **arguments)
    cells = pd.DataFrame({"y": y, "points": points}).value_counts().reset_index()
    merged = choose_cutoff(
        cells["y"], cells["points"], sample_weight=cells["count"], **arguments
    )
    ones = choose_cutoff(y, points, sample_weight=np.ones(100), **arguments)
    assert plain == merged == ones
    order = np.random.default_rng(0).permutation(100)
    assert plain == choose_cutoff(y[order], points[order], **arguments)


def test_a_limit_that_some_draws_cannot_keep():
    y = [0, 0, 0, 1, 0, 1]
    choice = choose_cutoff(
        y, [6, 5, 5, 5, 4, 3], best="high", max_event_rate=0.3,
        min_approval_rate=0.5, random_state=0,
    )  # fmt: skip
    assert "of 200 draws no cut-off kept the limits" in choice.notes[0]
    assert len(choice.frame()) == 1
    assert "cutoff" in choice._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({}, InvalidParameterError, "for a goal; got none"),
        ({"approval_rate": 1.5}, InvalidParameterError, "between 0 and 1"),
        (
            {"approval_rate": 0.5, "max_event_rate": 0.1},
            InvalidParameterError,
            "a goal by itself",
        ),
        ({"gain": 1}, InvalidParameterError, "got no loss"),
        ({"gain": -1, "loss": 1}, InvalidInputError, "not a negative gain"),
        ({"gain": [1, 2], "loss": 1}, InvalidInputError, "each of the 100 rows"),
        ({"max_event_rate": 0.01}, InvalidParameterError, "among them is 0.05"),
        (
            {"max_event_rate": 0.5, "min_approval_rate": 1, "cutoffs": [640]},
            InvalidParameterError,
            "approves 0.2",
        ),
        ({"approval_rate": 0.5, "n_draws": -1}, InvalidParameterError, "n_draws"),
        ({"approval_rate": 0.5, "cutoffs": []}, InvalidInputError, "at least one"),
        ({"approval_rate": 0.5, "cutoffs": "9"}, InvalidParameterError, "integer|seq"),
        ({"approval_rate": 0.5, "level": 0}, InvalidParameterError, "level"),
        ({"approval_rate": 0.5, "best": "x"}, InvalidParameterError, "best"),
        (
            {"approval_rate": 0.5, "sample_weight": [-1.0] * 100},
            InvalidParameterError,
            "not negative",
        ),
    ],
)
def test_bad_goals(book, change, error, message):
    with pytest.raises(error, match=message):
        choose_cutoff(*book, **{"best": "high", **change})


def test_bad_scores(book):
    y, points = book
    points[:3] = np.nan
    with pytest.raises(InvalidInputError, match="3 of 100 rows"):
        cutoff_table(y, points, best="high")
    with pytest.raises(InvalidInputError, match="at least one row"):
        cutoff_table([], [], best="high")


# --------------------------------------------------------------- several scores


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 1)),
                min_size=2, max_size=25))  # fmt: skip
def test_frontier_against_all_pairs(drawn):
    a, b, y = (np.array(part) for part in zip(*drawn, strict=True))
    results = {
        "a": cutoff_table(y, a, best="high"),
        "b": cutoff_table(y, b, best="low"),
    }
    frame = efficient_frontier(results).frame()
    share = frame["approval_rate"].to_numpy()
    rate = frame["expected_event_rate"].to_numpy()
    beaten = [
        any(
            share[j] >= share[k] and rate[j] <= rate[k]
            and (share[j] > share[k] or rate[j] < rate[k])
            for j in range(len(share))
        )
        for k in range(len(share))
    ]  # fmt: skip
    assert_array_equal(frame["efficient"], ~np.array(beaten))


def test_bad_frontier(book):
    y, points = book
    result = cutoff_table(y, points, best="high")
    with pytest.raises(InvalidParameterError, match="same applicants"):
        efficient_frontier(
            {"a": result, "b": cutoff_table(y[:9], points[:9], best="high")}
        )
    with pytest.raises(InvalidParameterError, match="cutoff_table"):
        efficient_frontier({"a": result.frame()})
