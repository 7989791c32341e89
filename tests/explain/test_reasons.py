"""Reason codes of a scorecard."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.explain import reason_codes
from riskkit.scorecard import ScorecardClassifier


@pytest.fixture(scope="module")
def book():
    return make_loan_book(3_000, default_rate=0.1, random_state=5)


@pytest.fixture(scope="module")
def card(book):
    return ScorecardClassifier().fit(book.data, book.target)


def test_losses_add_up_to_the_gap_to_the_best_score(book, card):
    n = len(card.spec_.characteristics)
    reasons = reason_codes(card, book.data, n=n)
    lost = reasons.filter(like="points_lost").sum(axis=1).to_numpy()
    best = sum(item.best_points for item in card.spec_.characteristics)
    assert_array_equal(best - lost, card.predict_points(book.data))


def test_reasons_agree_with_a_plain_loop(book, card):
    reasons = reason_codes(card, book.data.head(200), n=3)
    table = card.points_table()
    for row in range(200):
        losses = []
        for item in card.spec_.characteristics:
            one = ScorecardClassifier()
            one.__dict__.update(vars(card))
            bins = card.binner_.binning_tables_[item.feature.name].apply_to(
                book.data.iloc[[row]], [0]
            )
            points = np.array(item.points)[np.flatnonzero(bins.n)[0]]
            losses.append((item.best_points - points, item.reason))
        expected = sorted(losses, key=lambda loss: -loss[0])[:3]
        for k, (loss, name) in enumerate(expected, start=1):
            if loss > 0:
                assert reasons.loc[row, f"reason_{k}"] == name
                assert reasons.loc[row, f"points_lost_{k}"] == loss
            else:
                assert pd.isna(reasons.loc[row, f"reason_{k}"])
    assert set(table["characteristic"]) == set(card.coefficients_)


def test_an_account_has_the_same_reasons_in_any_batch(book, card):
    everyone = reason_codes(card, book.data)
    order = np.random.default_rng(0).permutation(len(book.data))
    shuffled = reason_codes(card, book.data.iloc[order])
    pd.testing.assert_frame_equal(shuffled, everyone.iloc[order])


def test_the_best_account_has_no_reason_and_more_reasons_than_characteristics(card):
    best = {}
    for item in card.spec_.characteristics:
        at = int(np.argmax(item.points[: item.feature.n_regular]))
        if item.feature.kind == "numeric":
            edges = (-np.inf, *item.feature.edges, np.inf)
            low, high = edges[at], edges[at + 1]
            best[item.feature.name] = high if np.isfinite(high) else low + 1
        else:
            best[item.feature.name] = item.feature.levels[at][0]
    row = pd.DataFrame([best]).reindex(columns=card.feature_names_in_)
    reasons = reason_codes(card, row, n=50)
    assert reasons.shape == (1, 100)
    lost = reasons.filter(like="points_lost").fillna(0).to_numpy()
    possible = sum(
        max(i.points) - max(i.points[: i.feature.n_regular])
        for i in card.spec_.characteristics
    )
    assert lost.sum() == possible


def test_what_is_no_scorecard_is_refused(book, card):
    with pytest.raises(InvalidParameterError, match="n must be an integer >= 1"):
        reason_codes(card, book.data, n=0)
    with pytest.raises(NotFittedError):
        reason_codes(ScorecardClassifier(), book.data)
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(InvalidTypeError, match="got LogisticRegression"):
        reason_codes(model, [[0.0]])
