"""Synthetic worlds of fraud: what their cards say holds in what they draw."""

import numpy as np
import pandas as pd
import pytest

from riskkit.datasets import (
    make_applications_with_rings,
    make_referrals,
    make_transactions,
)
from riskkit.datasets._referrals import KINDS, _parents
from riskkit.datasets._transactions import _compromised
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud import VelocityFeatures

MAKERS = [make_transactions, make_applications_with_rings, make_referrals]


@pytest.mark.parametrize("make", MAKERS)
def test_one_seed_gives_one_world(make):
    first, second = make(random_state=5), make(random_state=5)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert not make(random_state=6).frame.equals(first.frame)
    assert first.DESCR.startswith("# Synthetic")
    assert list(first.data) == first.feature_names
    assert len(first.data) == len(first.target)
    assert set(np.unique(first.target)) == {0, 1}


def test_transactions():
    world = make_transactions(300, 300, 40, random_state=0)
    data, scenario = world.data, world.scenario
    assert data["time"].is_monotonic_increasing
    assert data["time"].min() >= pd.Timestamp("2024-01-01")
    assert data["time"].max() < pd.Timestamp("2024-02-10")
    assert (data["amount"] > 0).all()
    assert ((scenario != "genuine") == (world.target == 1)).all()
    assert (data["amount"][scenario == "large amount"] > 220).all()
    assert (data["amount"][scenario == "genuine"] <= 220).all()
    # A card is used twice a day on average.
    assert len(data) / 300 / 40 == pytest.approx(2.0, rel=0.1)


def test_a_terminal_that_is_taken_over_cheats_everybody():
    world = make_transactions(300, 100, 60, terminal_rate=0.002, random_state=0)
    frame = world.frame.assign(day=world.data["time"].dt.floor("D"))
    frame = frame[frame["scenario"].isin(["genuine", "terminal"])]
    share = frame.groupby(["terminal", "day"])["fraud"].mean()
    assert set(share.unique()) == {0.0, 1.0}


def test_takeovers_last_and_are_steady():
    rng = np.random.RandomState(0)
    running = _compromised(rng, 4000, 50, 0.01, 14)
    expected = 1 - 0.99**14
    assert running.mean(axis=0) == pytest.approx(np.full(50, expected), abs=0.03)
    one = _compromised(np.random.RandomState(1), 5000, 100, 0.001, 14)
    changes = np.diff(one.astype(int), axis=1)
    lasting = [
        np.flatnonzero(row == -1)[0] - np.flatnonzero(row == 1)[0]
        for row in changes
        if (row == 1).sum() == (row == -1).sum() == 1
        and np.flatnonzero(row == 1)[0] < np.flatnonzero(row == -1)[0]
    ]
    assert np.median(lasting) == 14
    assert not _compromised(rng, 3, 5, 0.0, 14).any()


def test_only_the_past_gives_stolen_cards_away():
    world = make_transactions(500, 500, 90, card_rate=0.002, random_state=0)
    velocity = VelocityFeatures("card", windows="30d", amount="amount")
    ratio = velocity.fit_transform(world.data)["card_amount_ratio_30d"]
    stolen = world.scenario == "card"
    assert ratio[stolen].median() > 2 * ratio[world.target == 0].median()


def test_rings():
    world = make_applications_with_rings(
        5000, n_rings=8, ring_size=(7, 9), random_state=0
    )
    in_ring = world.ring >= 0
    sizes = np.bincount(world.ring[in_ring])
    assert len(sizes) == 8
    assert sizes.min() >= 7
    assert sizes.max() <= 9
    assert not (in_ring & (world.household >= 0)).any()
    days = world.data["date"].groupby(world.ring).agg(["min", "max"])
    assert ((days["max"] - days["min"]).loc[0:] < pd.Timedelta(days=30)).all()
    assert world.data["date"].is_monotonic_increasing
    assert (world.known <= world.target).all()
    assert world.target[in_ring].mean() > 0.85
    assert world.target[~in_ring].mean() < 0.02
    homes = np.bincount(world.household[world.household >= 0])
    assert set(homes) <= {2, 3, 4}
    assert homes.sum() == pytest.approx(0.25 * (5000 - in_ring.sum()), abs=4)
    same = world.data["address"].groupby(world.household).nunique().loc[0:]
    assert (same <= 1).all()


def test_rings_without_chance():
    world = make_applications_with_rings(
        2000, accident_rate=0, missing_rate=0, household_share=0, random_state=0
    )
    outside = world.data[world.ring < 0]
    assert outside["phone"].is_unique
    assert outside["account"].is_unique
    assert world.data.notna().all(axis=None)
    crowded = make_applications_with_rings(
        2000, accident_rate=1, missing_rate=0, household_share=0, random_state=0
    )
    lone = crowded.data[crowded.ring < 0]["account"]
    # Of 1.5 values for each, about exp(-2 / 3) of the rows have one of their own.
    alone = ~lone.duplicated(keep=False)
    assert alone.mean() == pytest.approx(np.exp(-2 / 3), abs=0.05)


def test_referrals():
    world = make_referrals(9, 3, n_members=150, random_state=0)
    data, paid, schemes = world.data, world.commissions, world.schemes
    assert schemes["is_pyramid"].sum() == 3
    assert data["member"].is_unique
    came = data["referrer"].notna()
    above = data.set_index("member").loc[data["referrer"][came].astype(int)]
    assert (above["scheme"].to_numpy() == data["scheme"][came].to_numpy()).all()
    assert (above["joined"].to_numpy() <= data["joined"][came].to_numpy()).all()
    sums = (
        paid.groupby("receiver")["amount"].sum().reindex(data["member"], fill_value=0)
    )
    np.testing.assert_allclose(data["commission"], sums, atol=1e-6)
    kind = schemes.set_index("scheme")["kind"].loc[data["scheme"]].to_numpy()
    for name, rule in KINDS.items():
        here = data[kind == name]
        assert here["referrer"].notna().mean() == pytest.approx(
            rule["referred"], abs=0.1
        )
        low, high = rule["payout"]
        assert (here["payout"] / here["paid_in"]).between(low - 0.01, high + 0.01).all()
    assert ((kind == "pyramid") == (world.target == 1)).all()


def test_success_attracts():
    flat = _parents(np.random.RandomState(0), 3000, 1.0, 0.0)
    pulled = _parents(np.random.RandomState(0), 3000, 1.0, 0.6)
    assert np.bincount(pulled[1:]).max() > 3 * np.bincount(flat[1:]).max()
    assert (flat < np.arange(3000)).all()


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (make_transactions, {"n_cards": 0}),
        (make_transactions, {"terminal_rate": 2}),
        (make_transactions, {"large_amount": -1}),
        (make_applications_with_rings, {"n_samples": 0}),
        (make_applications_with_rings, {"known_rate": 1.5}),
        (make_applications_with_rings, {"ring_size": (1, 4)}),
        (make_applications_with_rings, {"ring_size": (5, 4)}),
        (make_applications_with_rings, {"ring_size": 5}),
        (make_referrals, {"n_members": 1}),
        (make_referrals, {"n_honest": 0, "n_pyramids": 0}),
    ],
)
def test_bad_parameters(make, change):
    with pytest.raises(InvalidParameterError, match=next(iter(change))):
        make(**change)


def test_rings_need_room():
    with pytest.raises(InvalidParameterError, match="n_samples must be at least"):
        make_applications_with_rings(50, n_rings=20)
    assert (make_applications_with_rings(50, n_rings=0).ring == -1).all()
