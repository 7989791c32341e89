"""What would have to change: against every possible change, and by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.artifact import (
    CharacteristicSpec,
    FeatureSpec,
    ScalingSpec,
    ScorecardSpec,
    SpecialGroup,
)
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.explain import counterfactuals
from riskkit.scorecard import ScorecardClassifier


class Card:
    """A scorecard given by its spec."""

    def __init__(self, spec):
        self.spec_ = spec
        self.feature_names_in_ = np.array(spec.features, dtype=object)
        self.n_features_in_ = len(spec.features)


def characteristic(feature, points):
    log_odds = tuple(-p / 30.0 for p in points)
    woe = tuple(-x for x in log_odds)
    return CharacteristicSpec(feature, -1.0, woe, log_odds, tuple(points), feature.name)


@pytest.fixture(scope="module")
def card():
    income = FeatureSpec(
        "income",
        "numeric",
        edges=(1000.0, 2500.0, 4000.0),
        special=(SpecialGroup("No proof", (-1.0,)),),
    )
    debt = FeatureSpec("debt", "numeric", edges=(0.2, 0.5))
    home = FeatureSpec("home", "categorical", levels=(("rent",), ("own", "family")))
    return Card(
        ScorecardSpec(
            (
                characteristic(income, (-30.0, -10.0, 10.0, 20.0, -20.0, 0.0, 0.0)),
                characteristic(debt, (15.0, 0.0, -25.0, -5.0, 0.0)),
                characteristic(home, (-5.0, 12.0, 40.0, -40.0)),
            ),
            -2.0,
            500.0,
            ScalingSpec(20.0, 600.0, 50.0),
        )
    )


def table(*rows):
    return pd.DataFrame(rows, columns=["income", "debt", "home"])


POOR = (500.0, 0.6, "rent")  # 500 - 30 - 25 - 5 = 440 points


def alternatives(result, account=0):
    return [
        (tuple(c.text for c in chosen.changes), chosen.points)
        for chosen in result.accounts[account].alternatives
    ]


def test_the_least_change_by_hand(card):
    result = counterfactuals(
        card,
        table(POOR),
        actionable={"income": "up", "debt": "down", "home": "any"},
        target_points=465,
        n_sets=9,
    )
    # Alone: debt one bin up to 0.5 gives exactly 25; income needs two bins (+40).
    # Home gives 17 only, and every pair of the three holds a sufficient one.
    assert alternatives(result) == [
        (("debt: more than 0.2 and at most 0.5",), 465.0),
        (("income: more than 2500 and at most 4000",), 480.0),
    ]
    frame = result.frame()
    assert frame["status"].tolist() == ["possible"] * 2
    assert frame["now"].tolist() == ["(0.5, inf)", "(-inf, 1000]"]
    assert frame["points"].tolist() == [440.0] * 2
    assert frame["points_gained"].tolist() == [25.0, 40.0]


def test_two_changes_by_hand(card):
    result = counterfactuals(
        card,
        table(POOR),
        actionable={"debt": "down", "home": "any", "income": "up"},
        target_points=500,
        n_sets=9,
    )
    # +60: income 2 steps and debt 1 step (65), income 3 and home 1 (67); debt and
    # home give at most 57.
    assert alternatives(result) == [
        (
            (
                "income: more than 2500 and at most 4000",
                "debt: more than 0.2 and at most 0.5",
            ),
            505.0,
        ),
        (("income: more than 4000", "home: one of own, family"), 507.0),
    ]
    assert result.frame()["alternative"].tolist() == [1, 1, 2, 2]
    one = counterfactuals(
        card, table(POOR), actionable=["income", "debt"], target_points=500, n_sets=1
    )
    assert len(one.accounts[0].alternatives) == 1


def test_reached_and_out_of_reach_are_stated(card):
    rows = table((5000.0, 0.1, "own"), POOR)
    result = counterfactuals(
        card, rows, actionable={"home": "any"}, target_points=500.0
    )
    frame = result.frame()
    assert frame["status"].tolist() == ["reached", "out of reach"]
    assert frame["characteristic"].isna().all()
    assert frame["alternative"].isna().all()
    assert result.to_dict()["accounts"][1]["alternatives"] == ()
    assert "out of reach" in result._repr_html_()


def test_nobody_is_told_to_be_missing_or_unseen(card):
    # Missing home is worth 40 points, more than any level; it is never advised.
    result = counterfactuals(
        card, table(POOR), actionable=["home"], target_points=460.0, max_changes=1
    )
    assert result.accounts[0].status == "out of reach"


@pytest.mark.parametrize("value", [np.nan, -1.0])
def test_an_unknown_value_can_become_known_but_has_no_direction(card, value):
    rows = table((value, 0.6, "rent"))
    free = counterfactuals(card, rows, actionable=["income"], target_points=480.0)
    assert alternatives(free) == [(("income: more than 4000",), 490.0)]
    bound = counterfactuals(
        card, rows, actionable={"income": "up"}, target_points=480.0
    )
    assert bound.accounts[0].status == "out of reach"


def test_words_show_amounts_as_people_write_them():
    share = FeatureSpec("x", "numeric", edges=(0.17149999999999999, 2.0, 1e16))
    items = (characteristic(share, (0.0, 10.0, 20.0, 30.0, 0.0, 0.0)),)
    card = Card(ScorecardSpec(items, -2.0, 500.0, ScalingSpec(20.0, 600.0, 50.0)))
    for target, words in [
        (510, "x: more than 0.1715 and at most 2"),
        (520, "x: more than 2 and at most 1e+16"),
        (530, "x: more than 1e+16"),
    ]:
        result = counterfactuals(
            card, pd.DataFrame({"x": [0.1]}), actionable=["x"], target_points=target
        )
        assert alternatives(result)[0][0] == (words,)
        assert (
            "0.17149999999999999" in result.accounts[0].alternatives[0].changes[0].now
        )


def test_one_bin_is_any_known_value():
    lone = FeatureSpec("x", "numeric")
    card = Card(
        ScorecardSpec(
            (characteristic(lone, (10.0, -10.0, 0.0)),),
            -2.0,
            500.0,
            ScalingSpec(20.0, 600.0, 50.0),
        )
    )
    result = counterfactuals(
        card, pd.DataFrame({"x": [np.nan]}), actionable=["x"], target_points=510
    )
    assert alternatives(result) == [(("x: any known value",), 510.0)]


def every_change(card, row, directions, reached, max_changes):
    """Look at every combination of bins, and keep the cheapest of each set."""
    options = []
    for position, item in enumerate(card.spec_.characteristics):
        feature, now = item.feature, row[position]
        free = [now]
        direction = directions.get(feature.name)
        for bin_ in range(feature.n_regular):
            up, known = bin_ > now, now < feature.n_regular
            if direction == "any" or (
                known
                and bin_ != now
                and direction is not None
                and (direction == "up") == up
            ):
                free.append(bin_)
        options.append(sorted(set(free)))
    best = {}
    for bins in itertools.product(*options):
        changed = tuple(j for j, b in enumerate(bins) if b != row[j])
        if not 1 <= len(changed) <= max_changes or not reached(bins):
            continue
        steps = 0
        for j in changed:
            feature = card.spec_.characteristics[j].feature
            numeric = feature.kind == "numeric" and row[j] < feature.n_regular
            steps += abs(bins[j] - row[j]) if numeric else 1
        best[changed] = min(best.get(changed, steps), steps)
    minimal = {
        chosen: steps
        for chosen, steps in best.items()
        if not any(set(other) < set(chosen) for other in best)
    }
    return sorted((len(chosen), steps, chosen) for chosen, steps in minimal.items())


BINS = st.tuples(*[st.integers(0, n - 2) for n in (7, 5, 4)])
WAYS = st.fixed_dictionaries(
    {},
    optional={
        "income": st.sampled_from(["any", "up", "down"]),
        "debt": st.sampled_from(["any", "up", "down"]),
        "home": st.just("any"),
    },
).filter(bool)
VALUE = {
    "income": [500.0, 2000.0, 3000.0, 9000.0, -1.0, np.nan],
    "debt": [0.1, 0.3, 0.9, np.nan],
    "home": ["rent", "own", None],
}


@settings(max_examples=150)
@given(
    bins=BINS,
    ways=WAYS,
    target=st.integers(430, 560),
    max_changes=st.integers(1, 3),
    as_pd=st.booleans(),
)
def test_the_search_is_exact(card, bins, ways, target, max_changes, as_pd):
    items = card.spec_.characteristics
    row = table(
        tuple(
            VALUE[i.feature.name][b if b < len(VALUE[i.feature.name]) else -1]
            for i, b in zip(items, bins, strict=True)
        )
    )

    def points(bins):
        return 500.0 + sum(i.points[b] for i, b in zip(items, bins, strict=True))

    def pd_(bins):
        log_odds = -2.0
        for item, b in zip(items, bins, strict=True):
            log_odds += item.log_odds[b]
        return 1.0 / (1.0 + np.exp(-log_odds))

    if as_pd:
        wanted = 1.0 / (1.0 + np.exp(2.0 + (target - 500.0) / 30.0))
        goal = {"target_pd": float(wanted)}

        def reached(bins):
            return pd_(bins) <= wanted * (1 + 1e-12)
    else:
        goal = {"target_points": target}

        def reached(bins):
            return points(bins) >= target

    if as_pd and any(
        abs(pd_(b) / wanted - 1) < 1e-9
        for b in itertools.product(*[range(len(i.points)) for i in items])
    ):
        return  # on the edge the last bit of the exponential decides
    result = counterfactuals(
        card, row, actionable=ways, max_changes=max_changes, n_sets=99, **goal
    )
    account = result.accounts[0]
    if reached(bins):
        assert account.status == "reached"
        return
    wanted_sets = every_change(card, bins, ways, reached, max_changes)
    assert account.status == ("possible" if wanted_sets else "out of reach")
    names = [i.feature.name for i in items]
    got = []
    for chosen in account.alternatives:
        moved = list(bins)
        steps = 0
        for change in chosen.changes:
            position = names.index(change.characteristic)
            feature = items[position].feature
            assert change.now == feature.labels[bins[position]]
            moved[position] = feature.labels.index(change.target)
            numeric = feature.kind == "numeric" and bins[position] < feature.n_regular
            steps += abs(moved[position] - bins[position]) if numeric else 1
        assert reached(moved)
        assert chosen.points == points(moved)
        assert chosen.pd == pytest.approx(pd_(moved), rel=1e-12)
        changed = tuple(j for j, b in enumerate(moved) if b != bins[j])
        got.append((len(chosen.changes), steps, changed))
    assert sorted(got) == wanted_sets
    assert [g[:2] for g in got] == sorted(g[:2] for g in got)


def test_changed_accounts_do_reach_the_target_of_a_fitted_card(loan_book, fitted):
    result = counterfactuals(
        fitted,
        loan_book.data.head(300),
        actionable=list(fitted.spec_.features),
        target_pd=0.05,
        n_sets=1,
    )
    pd_now = fitted.predict_proba(loan_book.data.head(300))[:, 1]
    for account, value in zip(result.accounts, pd_now, strict=True):
        assert (account.status == "reached") == (value <= 0.05)
        for chosen in account.alternatives:
            assert chosen.pd <= 0.05 < value
    statuses = {account.status for account in result.accounts}
    assert "possible" in statuses


@pytest.fixture(scope="module")
def loan_book():
    from riskkit.datasets import make_loan_book

    return make_loan_book(2_000, default_rate=0.15, random_state=8)


@pytest.fixture(scope="module")
def fitted(loan_book):
    return ScorecardClassifier().fit(loan_book.data, loan_book.target)


def test_accounts_keep_their_labels(card):
    rows = table(POOR, POOR).set_axis(["A-1", "A-2"])
    result = counterfactuals(card, rows, actionable=["debt"], target_points=465)
    assert [account.account for account in result.accounts] == ["A-1", "A-2"]


def test_bad_requests_are_named(card):
    def refused(match, **options):
        options = {"actionable": ["debt"], "target_points": 500, **options}
        with pytest.raises(InvalidParameterError, match=match):
            counterfactuals(card, table(POOR), **options)

    refused("got both", target_pd=0.1)
    refused("got none", target_points=None)
    refused("target_pd must lie between", target_points=None, target_pd=0.0)
    refused("target_pd must be a number", target_points=None, target_pd=1.5)
    refused("target_points must be a finite", target_points=float("nan"))
    refused("got none", actionable=[])
    refused("got a text", actionable="debt")
    refused("Did you mean 'debt'", actionable=["debts"])
    refused("must be one of", actionable={"debt": "lower"})
    refused("Levels have no direction", actionable={"home": "up"})
    refused("max_changes must be an integer", max_changes=0)
    refused("n_sets must be an integer", n_sets=0)
    with pytest.raises(InvalidTypeError, match="counterfactuals needs"):
        counterfactuals(object(), table(POOR), actionable=["debt"], target_points=500)
