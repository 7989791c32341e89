"""Referral programmes: forests beside slow walks, signs by hand, planted pyramids."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.datasets import make_referrals
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.fraud import ReferralScreen
from riskkit.fraud._referral_forest import Forest, find_circles, generations

forests = st.integers(1, 25).flatmap(
    lambda n: st.tuples(*[st.integers(-1, j - 1) for j in range(n)])
)
graphs = st.integers(1, 20).flatmap(
    lambda n: st.lists(st.integers(-1, n - 1), min_size=n, max_size=n)
)


def ancestors(parent, j):
    found = []
    while parent[j] >= 0:
        j = parent[j]
        found.append(j)
    return found


@settings(max_examples=80)
@given(forests)
def test_forest_beside_a_slow_walk(parent):
    parent = np.array(parent, dtype=np.intp)
    forest = Forest.make(parent)
    above = [ancestors(parent, j) for j in range(parent.size)]
    assert forest.level.tolist() == [len(a) for a in above]
    assert forest.root.tolist() == [[j, *a][-1] for j, a in enumerate(above)]
    size, depth = forest.downline()
    for j in range(parent.size):
        below = [a.index(j) + 1 for a in above if j in a]
        assert size[j] == len(below)
        assert depth[j] == max(below, default=0)
    assert forest.n_recruits.tolist() == [
        (parent == j).sum() for j in range(len(parent))
    ]
    upper, lower = np.divmod(np.arange(parent.size**2), parent.size)
    expected = [
        above[b].index(a) + 1 if a in above[b] else 0
        for a, b in zip(upper, lower, strict=True)
    ]
    assert generations(forest, upper, lower).tolist() == expected


@settings(max_examples=80)
@given(graphs)
def test_circles_beside_a_slow_walk(parent):
    parent = np.array(parent, dtype=np.intp)
    inside, first = find_circles(parent)
    circles = set()
    for start in range(parent.size):
        seen, j = [], start
        while j >= 0 and j not in seen:
            seen.append(j)
            j = int(parent[j])
        if j >= 0:
            circles.add(frozenset(seen[seen.index(j) :]))
    assert set(np.flatnonzero(inside)) == set().union(*circles)
    assert sorted(first) == sorted(min(circle) for circle in circles)


def test_a_long_chain_is_no_trouble():
    n = 20_000
    forest = Forest.make(np.arange(n) - 1)
    assert forest.level[-1] == n - 1
    assert forest.downline()[0].tolist() == list(range(n - 1, -1, -1))


def members(**changes):
    return pd.DataFrame(
        {
            "member": ["a", "b", "c", "d", "e"],
            "referrer": [None, "a", "b", "c", None],
            "scheme": ["p", "p", "p", "p", "q"],
            "paid_in": [100.0, 100.0, 100.0, 100.0, 100.0],
            "commission": [60.0, 50.0, 30.0, 0.0, 0.0],
            "payout": [10.0, 0.0, 0.0, 0.0, 40.0],
            "revenue": [0.0, 35.0, 0.0, 0.0, 90.0],
        }
        | changes
    )


PAID = pd.DataFrame(
    {
        "receiver": ["a", "a", "a", "b", "b", "c"],
        "source": ["b", "c", "d", "c", "d", "d"],
        "amount": [30.0, 20.0, 10.0, 30.0, 20.0, 30.0],
    }
)
YIELDS = [0.02, 0.03, 0.04, 0.05, 0.06]


def signs_of(result, scheme):
    found = result.frame("signs")
    return found[found["scheme"] == scheme].set_index("sign")


def test_signs_by_hand():
    promises = pd.DataFrame({"scheme": ["p", "q"], "promised_return": [0.5, 0.06]})
    result = ReferralScreen(market_yields=YIELDS).screen(
        members(), commissions=PAID, schemes=promises
    )
    p, q = signs_of(result, "p"), signs_of(result, "q")
    assert p["value"]["levels_paid"] == 3
    assert p["value"]["commission_share"] == pytest.approx(140 / 150)
    assert p["value"]["uncovered_share"] == pytest.approx(1 - 35 / 150)
    assert p["value"]["payout_ratio"] == pytest.approx(150 / 435)
    # Median 0.04, median absolute deviation 0.01.
    assert p["value"]["promised_return"] == pytest.approx(0.46 / 0.014826)
    assert p["is_sign"].tolist() == [True, True, True, False, True, False]
    assert q["value"].tolist() == pytest.approx([0, 0, 0, 40 / 190, 0.02 / 0.014826, 0])
    assert not q["is_sign"].any()
    schemes = result.frame().set_index("scheme")
    assert schemes["is_suspect"].tolist() == [True, False]
    assert schemes["n_signs"].tolist() == [4, 0]
    assert schemes.loc["p", ["n_members", "depth", "breadth"]].tolist() == [4, 3, 1]
    assert schemes.loc["p", "recruited_share"] == 0.75


def test_members_by_hand():
    found = ReferralScreen().screen(members()).frame("members").set_index("member")
    assert found["downline"].tolist() == [3, 2, 1, 0, 0]
    assert found["downline_depth"].tolist() == [3, 2, 1, 0, 0]
    assert found["level"].tolist() == [0, 1, 2, 3, 0]
    assert found["net"].tolist() == [-30, -50, -70, -100, -60]
    rich = members(commission=[160.0, 50.0, 30.0, 0.0, 0.0])
    found = ReferralScreen().screen(rich).frame("members").set_index("member")
    assert found.index[found["is_promoter"]].tolist() == ["a"]


def test_what_cannot_be_evaluated_is_not_cleared():
    bare = members()[["member", "referrer"]]
    result = ReferralScreen(scheme=None).screen(bare)
    signs = signs_of(result, "a")
    assert signs["is_sign"].tolist() == [None] * 5 + [False]
    assert result.frame()["n_evaluated"].tolist() == [1, 1]
    document = result.to_dict()
    assert json.loads(json.dumps(document)) == document
    assert document["signs"][0]["value"] is None


def test_commissions_alone_give_the_amounts():
    given = ReferralScreen().screen(members(), commissions=PAID)
    derived = ReferralScreen().screen(
        members().drop(columns="commission"), commissions=PAID
    )
    a, b = signs_of(given, "p"), signs_of(derived, "p")
    assert a["value"]["commission_share"] == b["value"]["commission_share"]


def test_small_corrections_are_no_level():
    paid = PAID.assign(amount=[100.0, 50.0, 0.5, 100.0, 50.0, 100.0])
    result = ReferralScreen().screen(members(), commissions=paid)
    assert signs_of(result, "p")["value"]["levels_paid"] == 2


@pytest.mark.parametrize("seed", range(3))
def test_planted_pyramids_are_found(seed):
    world = make_referrals(random_state=seed)
    truth = world.schemes.set_index("scheme")["is_pyramid"] == 1
    screen = ReferralScreen(market_yields=world.market_yields)
    everything = screen.screen(
        world.data, commissions=world.commissions, schemes=world.schemes
    )
    found = everything.frame().set_index("scheme")["is_suspect"]
    assert (found & truth).sum() / found.sum() >= 0.8
    assert (found & truth).sum() / truth.sum() >= 0.8
    # Without the ledger and the promises fewer are found, but nobody wronged.
    amounts = screen.screen(world.data).frame().set_index("scheme")
    assert (amounts["n_evaluated"] == 4).all()
    assert (
        (amounts["is_suspect"] & truth).sum() >= 0.8 * amounts["is_suspect"].sum() > 0
    )
    # A network with deep trees that pays several levels is honest.
    honest = world.schemes["kind"] == "sales network"
    depth = everything.frame().set_index("scheme")["depth"]
    assert depth[world.schemes["scheme"][honest]].min() >= 5


def test_order_of_members_does_not_matter():
    world = make_referrals(6, 3, random_state=0)
    screen = ReferralScreen()
    first = screen.screen(world.data, commissions=world.commissions)
    mixed = world.data.sample(frac=1, random_state=0)
    again = screen.screen(mixed, commissions=world.commissions)
    a = first.frame("members").set_index("member")
    b = again.frame("members").set_index("member").loc[a.index]
    pd.testing.assert_frame_equal(a, b)
    np.testing.assert_allclose(
        first.frame("signs")["value"], again.frame("signs")["value"]
    )


def test_circles():
    looped = members(referrer=["c", "a", "b", "c", "e"])
    with pytest.raises(InvalidInputError, match="4 members of 5 stand in 2 circles"):
        ReferralScreen().screen(looped)
    result = ReferralScreen(cycles="flag", min_signs=1).screen(looped)
    schemes = result.frame().set_index("scheme")
    assert schemes["n_in_circle"].tolist() == [3, 1]
    assert schemes["is_suspect"].all()
    found = result.frame("members").set_index("member")
    assert found["in_circle"].tolist() == [True, True, True, False, True]
    assert found["level"].tolist() == [0, 1, 2, 3, 0]


def test_referrers_who_are_nobody_here():
    X = members(referrer=["z", "a", "b", "c", "a"])
    schemes = ReferralScreen().screen(X).frame().set_index("scheme")
    assert schemes["n_unknown"].tolist() == [1, 1]


def test_dates():
    days = pd.to_datetime(
        ["2024-01-05", "2024-01-03", "2024-01-06", "2024-01-07", "2024-01-01"]
    )
    X = members(joined=days)
    found = ReferralScreen().screen(X).frame().set_index("scheme")
    assert found["n_early"].tolist() == [1, 0]
    with pytest.raises(InvalidInputError, match="2 of 5 events lie in the future"):
        ReferralScreen().screen(X, as_of="2024-01-05")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"member": ["a", "a", "b", "c", None]}, "1 of 5 rows have no name and 1 rep"),
        ({"payout": [1.0, -1.0, 0.0, 0.0, 0.0]}, "'payout'.*1 of 5 are negative"),
        ({"paid_in": [np.inf] * 5}, "5 of 5 are negative or infinite"),
        ({"scheme": ["p", "p", "p", "p", None]}, "1 of 5 rows name none"),
    ],
)
def test_bad_members(change, message):
    with pytest.raises(InvalidInputError, match=message):
        ReferralScreen().screen(members(**change))


def test_bad_tables():
    screen = ReferralScreen()
    with pytest.raises(InvalidInputError, match="'referrer'"):
        screen.screen(members().drop(columns="referrer"))
    with pytest.raises(InvalidInputError, match="'scheme'"):
        screen.screen(members().drop(columns="scheme"))
    with pytest.raises(InvalidTypeError, match="named columns"):
        screen.screen([1, 2])
    with pytest.raises(InvalidInputError, match="empty table"):
        screen.screen(members()[:0])
    with pytest.raises(InvalidInputError, match="1 of 6 rows name nobody"):
        screen.screen(members(), commissions=PAID.replace({"receiver": {"c": "z"}}))
    twice = pd.DataFrame({"scheme": ["p", "p"], "promised_return": [0.1, 0.2]})
    with pytest.raises(InvalidInputError, match="repeat one"):
        screen.screen(members(), schemes=twice)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_levels": 0}, "min_levels"),
        ({"min_commission_share": 2}, "min_commission_share"),
        ({"cycles": "cut"}, "cycles must"),
        ({"member": None}, "member must name"),
        ({"market_yields": [0.1]}, "at least 5 finite numbers"),
        ({"market_yields": [0.1, 0.1, 0.1, 0.1, np.nan]}, "4 finite"),
    ],
)
def test_bad_parameters(change, message):
    with pytest.raises(InvalidParameterError, match=message):
        ReferralScreen(**change)


def test_yields_that_agree_have_a_spread():
    promises = pd.DataFrame({"scheme": ["p"], "promised_return": [0.05]})
    screen = ReferralScreen(market_yields=[0.04] * 9)
    found = screen.screen(members(), schemes=promises)
    assert signs_of(found, "p")["value"]["promised_return"] == pytest.approx(2.0)
