"""What the measures of a queue of alerts refuse, and days on which nothing is left."""

from __future__ import annotations

import json

import numpy as np
import pytest

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import (
    alert_curve,
    card_precision_at_k,
    precision_at_k,
    recall_at_k,
    saved_amount,
)

Y, SCORES = [0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8]


@pytest.mark.parametrize("measure", [precision_at_k, recall_at_k])
@pytest.mark.parametrize("k", [0, -1.0, np.nan, np.inf, [2, 0]])
def test_a_queue_has_a_length(measure, k):
    with pytest.raises(InvalidParameterError, match="k must be the length of a queue"):
        measure(Y, SCORES, k)


@pytest.mark.parametrize("k", [[0], [-1, 2], [2, 2], [3, 1], [5], [np.nan], [[1, 2]]])
def test_lengths_of_a_curve_increase_within_the_rows(k):
    with pytest.raises(InvalidParameterError, match="at most the 4 rows"):
        alert_curve(Y, SCORES, k=k)


@pytest.mark.parametrize("y", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_a_curve_needs_both_outcomes(y):
    with pytest.raises((InvalidInputError, InvalidParameterError)):
        alert_curve(y, SCORES)


@pytest.mark.parametrize(
    ("amount", "bad"),
    [([1, 2, 3], "got 3, 0"), ([1, -2, 3, np.inf], "got 4, 2")],
)
def test_amounts_are_losses_one_a_row(amount, bad):
    for measure in (
        lambda: saved_amount(Y, SCORES, amount, 2),
        lambda: alert_curve(Y, SCORES, amount=amount),
    ):
        with pytest.raises(InvalidInputError, match=bad):
            measure()


def test_money_of_a_curve_where_no_fraud_cost_anything():
    curve = alert_curve(Y, SCORES, k=[1, 4], amount=[5.0, 0.0, 7.0, 0.0])
    assert np.isnan(curve.amount_share).all()
    assert np.isnan(curve.frame()["amount_share"]).all()


def test_a_curve_leaves_as_json():
    plain = alert_curve(Y, SCORES, k=[1, 2, 4], amount=[20, 900, 50, 300]).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["n_alerts"] == [1.0, 2.0, 4.0]
    assert plain["precision"] == [1.0, 0.5, 0.5]
    assert plain["recall"] == [0.5, 0.5, 1.0]
    assert plain["amount_share"] == [0.25, 0.25, 1.0]
    assert (plain["n_rows"], plain["n_events"]) == (4.0, 2.0)
    without = alert_curve(Y, SCORES, k=[2])
    assert without.to_dict()["amount_share"] is None
    assert "amount_share" not in without.frame()


def test_amounts_of_rows_without_weight_do_not_count():
    curve = alert_curve(
        [*Y, 1],
        [*SCORES, 0.9],
        k=[1, 2],
        amount=[20, 900, 50, 300, 1e6],
        sample_weight=[1, 1, 1, 1, 0],
    )
    np.testing.assert_array_equal(curve.amount_share, [0.25, 0.25])


# -- cards looked at day by day --------------------------------------------------------


def test_a_day_on_which_every_card_is_blocked_is_no_day():
    """Card a is found on day 1; day 2 has nothing but a, and day 3 has b without."""
    y, scores = [1, 0, 1, 0], [0.9, 0.1, 0.9, 0.2]
    cards, days = ["a", "b", "a", "b"], [1, 1, 2, 3]
    assert card_precision_at_k(y, scores, cards, days, 1) == (1.0 + 0.0) / 2


def test_dates_and_cards_of_any_one_type():
    """Card b is found on the first day, and a, without a fraud, is left."""
    days = np.array(["2020-01-01", "2020-01-01", "2020-01-02", "2020-01-02"], "M8[D]")
    cards = np.array(["a", "b", "a", "b"], dtype=object)
    assert card_precision_at_k(Y, SCORES, cards, days, 1) == (1.0 + 0.0) / 2


@pytest.mark.parametrize(
    ("cards", "days", "message"),
    [
        (["a", "b"], [1, 1, 2, 2], r"card must hold 4 entries.*\(2,\)"),
        (["a", "b", "a", "b"], [[1, 1], [2, 2]], r"day must hold 4 entries.*\(2, 2\)"),
        (["a", None, "a", np.nan], [1, 1, 2, 2], "card must be known.*2 of 4"),
    ],
)
def test_cards_and_days_are_known_in_every_row(cards, days, message):
    cards = np.array(cards, dtype=object)
    with pytest.raises(InvalidInputError, match=message):
        card_precision_at_k(Y, SCORES, cards, days, 1)


def test_cards_of_two_types_cannot_be_told_apart():
    mixed = np.array(["a", 1, "a", 1], dtype=object)
    with pytest.raises(InvalidInputError, match="card must hold values of one type"):
        card_precision_at_k(Y, SCORES, mixed, [1, 1, 2, 2], 1)


def test_no_transactions_have_no_precision():
    with pytest.raises(InvalidInputError):
        card_precision_at_k([], [], [], [], 1)


def test_no_length_of_the_queue():
    with pytest.raises(InvalidParameterError, match="lengths of the queue"):
        alert_curve([0, 1], [0.1, 0.2], k=[])


@pytest.mark.parametrize(
    "card",
    [
        np.array([1.0, np.nan, 2.0]),
        np.array(["2024-01-01", "NaT", "2024-01-02"], dtype="datetime64[D]"),
        ["a", None, "b"],
    ],
)
def test_a_card_that_is_not_known(card):
    with pytest.raises(InvalidInputError, match="1 of 3 are missing"):
        card_precision_at_k([0, 1, 0], [0.1, 0.3, 0.2], card, [1, 1, 1], 1)
