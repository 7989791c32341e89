"""Reasons against other references, in groups and in words."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError
from riskkit.explain import contributions, reason_codes
from riskkit.export import save_artifact
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier
from riskkit.serving import load_scorer


@pytest.fixture(scope="module")
def book():
    return make_loan_book(2_500, default_rate=0.1, missing_rate=0.1, random_state=5)


@pytest.fixture(scope="module")
def card(book):
    binner = OptimalBinner(special_codes=book.special_codes)
    return ScorecardClassifier(binner).fit(book.data, book.target)


def bins_of(card, X):
    """Each account's bin by applying the binning tables to one row at a time."""
    out = {}
    for item in card.spec_.characteristics:
        table = card.binner_.binning_tables_[item.feature.name]
        out[item.feature.name] = [
            int(np.flatnonzero(table.apply_to(X.iloc[[row]], [0]).n)[0])
            for row in range(len(X))
        ]
    return out


def plain_reference(card, item, against):
    points = np.array(item.points)
    if against == "best":
        return points.max()
    if against == "neutral":
        return points[list(item.woe).index(0.0)]
    n = np.array(card.baseline_.features[item.feature.name].n)
    return np.average(points, weights=n)


@pytest.mark.parametrize("against", ["best", "neutral", "mean"])
def test_a_plain_loop_gives_the_same_reasons(book, card, against):
    X = book.data.head(60)
    reasons = reason_codes(card, X, n=3, against=against)
    bins = bins_of(card, X)
    for row in range(len(X)):
        losses = [
            (
                plain_reference(card, item, against)
                - item.points[bins[item.feature.name][row]],
                item.reason,
            )
            for item in card.spec_.characteristics
        ]
        wanted = [x for x in sorted(losses, key=lambda x: -round(x[0], 6)) if x[0] > 0]
        got = reasons.iloc[row]
        for k in range(3):
            if k < len(wanted):
                assert got[f"reason_{k + 1}"] == wanted[k][1]
                assert got[f"points_lost_{k + 1}"] == pytest.approx(wanted[k][0])
            else:
                assert pd.isna(got[f"reason_{k + 1}"])
                assert pd.isna(got[f"points_lost_{k + 1}"])


@pytest.mark.parametrize("against", ["best", "neutral", "mean"])
def test_losses_less_gains_are_the_gap_to_the_digit(book, card, against):
    n = len(card.spec_.characteristics)
    lost = reason_codes(card, book.data, n=n, against=against)
    lost = lost.filter(like="points_lost").fillna(0.0).to_numpy()
    parts = contributions(card, book.data, against=against)
    gains = parts.iloc[:, 1:].clip(lower=0.0).to_numpy()
    # Summed in any order: the grid of the means makes it exact.
    gap = lost[:, ::-1].sum(axis=1) - gains.sum(axis=1)
    assert_array_equal(parts["offset"] - gap, card.predict_points(book.data))
    if against == "best":
        assert not gains.any()


def test_the_mean_account_stands_at_the_mean_points_of_training(book, card):
    offset = contributions(card, book.data, against="mean")["offset"].iloc[0]
    assert offset == pytest.approx(card.predict_points(book.data).mean(), abs=1e-6)


def test_the_default_is_what_the_scorer_says(book, card, tmp_path):
    save_artifact(card, tmp_path / "card.rk")
    scorer = load_scorer(tmp_path / "card.rk")
    ours = reason_codes(card, book.data.head(50), n=4)
    for row, record in enumerate(book.data.head(50).to_dict("records")):
        said = scorer.score(record, n_reasons=4).reasons
        names = ours.iloc[row].filter(like="reason_").dropna().tolist()
        lost = ours.iloc[row].filter(like="points_lost").dropna().tolist()
        assert [reason.text for reason in said] == names
        assert [reason.points_lost for reason in said] == lost


def test_neutral_without_a_bin_of_woe_zero(book):
    binner = OptimalBinner(unseen="missing")
    for rounding in ("integer", "none"):
        card = ScorecardClassifier(
            binner, scaler=PointsScaler(rounding=rounding), min_iv=0.05
        ).fit(book.data, book.target)
        assert any(0.0 not in item.woe for item in card.spec_.characteristics)
        parts = contributions(card, book.data.head(1), against="neutral")
        unrounded = PointsScaler(rounding="none").to_points([card.intercept_])[0]
        slack = 1.0 * len(card.spec_.characteristics) if rounding == "integer" else 1e-9
        assert parts["offset"].iloc[0] == pytest.approx(unrounded, abs=slack)


def test_a_group_is_one_reason_with_the_summed_loss(book, card):
    names = list(card.spec_.features)
    groups = {"pair": [names[2], names[0]]}
    n = len(names)
    got = reason_codes(card, book.data, n=n, groups=groups, against="neutral")
    parts = -contributions(card, book.data, against="neutral").iloc[:, 1:]
    parts["pair"] = parts[names[0]] + parts[names[2]]
    parts = parts[["pair", *[c for c in names if c not in groups["pair"]]]]
    for row in range(0, len(book.data), 37):
        losses = parts.iloc[row]
        wanted = losses[losses > 0].sort_values(ascending=False, kind="stable")
        assert got.iloc[row].filter(like="reason_").dropna().tolist() == list(
            wanted.index
        )
        lost = got.iloc[row].filter(like="points_lost").dropna().tolist()
        assert lost == wanted.tolist()


def test_words_hold_bins_and_points_and_no_value(book, card):
    names = list(card.spec_.features)
    texts = {
        names[0]: "{name} in {bin}: {points_lost} points {{literally}}",
        "both": "{name} ({bin}) -{points_lost:.1f}",
    }
    groups = {"both": names[1:3]}
    X = book.data.head(40)
    n = len(names)
    plain = reason_codes(card, X, n=n, groups=groups)
    worded = reason_codes(card, X, n=n, groups=groups, texts=texts)
    bins = bins_of(card, X)
    labels = {c.feature.name: c.feature.labels for c in card.spec_.characteristics}
    seen = set()
    for row in range(len(X)):
        for k in range(1, n + 1):
            reason = plain[f"reason_{k}"].iloc[row]
            lost = plain[f"points_lost_{k}"].iloc[row]
            if reason == names[0]:
                where = labels[reason][bins[reason][row]]
                wanted = f"{reason} in {where}: {lost:.0f} points {{literally}}"
            elif reason == "both":
                where = "; ".join(f"{m} {labels[m][bins[m][row]]}" for m in names[1:3])
                wanted = f"both ({where}) -{lost:.1f}"
            else:
                continue
            seen.add(reason)
            assert worded[f"reason_{k}"].iloc[row] == wanted
    assert seen == {names[0], "both"}


@settings(max_examples=20)
@given(order=st.permutations(range(40)))
def test_reasons_depend_on_the_row_alone(book, card, order):
    X = book.data.head(40)
    texts = {card.spec_.features[0]: "{bin}"}
    everyone = reason_codes(card, X, against="mean", texts=texts)
    mixed = reason_codes(card, X.iloc[order], against="mean", texts=texts)
    pd.testing.assert_frame_equal(mixed, everyone.iloc[order])


def test_bad_groups_and_texts_are_named(book, card):
    first, second = card.spec_.features[:2]

    def refused(match, **options):
        with pytest.raises(InvalidParameterError, match=match):
            reason_codes(card, book.data, **options)

    refused("against must be one of", against="worst")
    refused("groups must name characteristics", groups={"g": ["no_such"]})
    refused("Did you mean", groups={"g": [first + "s"]})
    refused("is a text", groups={"g": first})
    refused("is empty", groups={"g": []})
    refused("must not share", groups={"g": [first], "h": [first]})
    refused("must not have the name", groups={second: [first]})
    refused("texts must be keyed", texts={"no_such": "x"})
    refused("texts must be keyed", groups={"g": [first]}, texts={first: "x"})
    refused("may use the fields", texts={first: "{value}"})
    refused("may use the fields", texts={first: "{name.__class__}"})
    refused("may use the fields", texts={first: "{}"})
    refused("cannot be read", texts={first: "{name"})
    refused("cannot be read", texts={first: 3})


def test_a_group_may_have_the_name_of_its_member(book, card):
    first, second = card.spec_.features[:2]
    reasons = reason_codes(card, book.data, groups={first: [first, second]})
    assert second not in set(reasons["reason_1"])


def test_mean_needs_the_training_counts(book, card):
    class Bare:
        spec_ = card.spec_
        feature_names_in_ = card.feature_names_in_
        n_features_in_ = card.n_features_in_

    assert len(reason_codes(Bare(), book.data)) == len(book.data)
    with pytest.raises(InvalidParameterError, match="baseline_; Bare has none"):
        reason_codes(Bare(), book.data, against="mean")


def test_a_card_given_by_people_has_reasons_too():
    characteristics = {
        "income": {"edges": [1000, 2500], "points": [0, 10, 25], "missing": -5},
        "home": {
            "groups": [["own"], ["rent"]],
            "points": [20, 5],
            "missing": 0,
            "unseen": 1,
        },
    }
    X = pd.DataFrame({"income": [500, None, 3000], "home": ["rent", "own", "tent"]})
    card = ExpertScorecard(characteristics).fit(X)
    best = reason_codes(card, X, n=2)
    assert best["points_lost_1"].tolist() == [25.0, 30.0, 19.0]
    # Mean points of the three rows: 20 / 3 for income and 26 / 3 for home.
    mean = reason_codes(card, X, n=2, against="mean")
    assert mean["points_lost_1"].tolist() == pytest.approx([20 / 3, 35 / 3, 23 / 3])
    with pytest.raises(InvalidParameterError, match="counts of the training"):
        reason_codes(ExpertScorecard(characteristics).fit(), X, against="mean")


def test_neutral_needs_weights_of_evidence(book, card):
    class Flat:
        spec_ = dataclasses.replace(
            card.spec_,
            characteristics=tuple(
                dataclasses.replace(item, woe=(0.0,) * len(item.woe))
                for item in card.spec_.characteristics
            ),
        )
        feature_names_in_ = card.feature_names_in_
        n_features_in_ = card.n_features_in_

    with pytest.raises(InvalidParameterError, match="needs weights of evidence"):
        reason_codes(Flat(), book.data, against="neutral")
