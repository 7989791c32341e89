"""Segments of a score: shares, ties, stored thresholds, two scores at once."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import beta

from riskkit.decision import ScoreSegments, score_matrix, segment_by_score
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

scores = st.lists(st.integers(-20, 20), min_size=1, max_size=60)


def test_top_fifth_next_two_fifths_and_the_rest():
    segments = segment_by_score(np.arange(1000), best="high")
    assert segments.names == ("top 20%", "next 40%", "rest")
    assert segments.thresholds == (800.0, 400.0)
    frame = segments.frame()
    assert frame["n"].tolist() == [200, 400, 400]
    assert_allclose(frame["asked_share"], [0.2, 0.4, 0.4])
    assert frame["lower"].tolist() == [800, 400, -np.inf]
    assert frame["upper"].tolist() == [np.inf, 800, 400]


def test_low_is_best_for_a_pd():
    segments = segment_by_score([0.01, 0.02, 0.03, 0.04, 0.5], best="low")
    assert segments.thresholds == (0.01, 0.03)
    assert segments.assign([0.01, 0.0100001, 0.03, 0.04]).tolist() == [
        "top 20%",
        "next 40%",
        "next 40%",
        "rest",
    ]
    frame = segments.frame()
    assert frame["lower"].tolist() == [-np.inf, 0.01, 0.03]
    assert frame["upper"].tolist() == [0.01, 0.03, np.inf]


def test_ties_stay_together_at_the_nearest_share():
    # At or above 3 are 10 %, at or above 2 are 40 %, at or above 1 everybody.
    score = [3] + [2] * 3 + [1] * 6
    assert segment_by_score(score, best="high", shares=[0.2]).thresholds == (3.0,)
    assert segment_by_score(score, best="high", shares=[0.3]).thresholds == (2.0,)
    # 25 % is as near to 10 % as to 40 %: the smaller one.
    assert segment_by_score(score, best="high", shares=[0.25]).thresholds == (3.0,)
    frame = segment_by_score(score, best="high", shares=[0.3]).frame()
    assert frame["share"].tolist() == [0.4, 0.6]


@given(scores, st.sampled_from(["high", "low"]))
def test_a_row_is_segmented_by_itself(score, best):
    x = np.asarray(score, float)
    if np.unique(x).size < 2:
        return
    segments = segment_by_score(x, best=best, edges=[-3.5, 2])
    alone = [segments.assign([value])[0] for value in x]
    assert_array_equal(segments.assign(x), alone)
    order = np.random.default_rng(0).permutation(x.size)
    assert_array_equal(segments.assign(x[order]), segments.assign(x)[order])
    assert_array_equal(segments.codes(np.tile(x, 2)), np.tile(segments.codes(x), 2))
    # Nobody with a better score is in a worse segment.
    sign = 1 if best == "low" else -1
    assert (np.diff(segments.codes(np.sort(sign * x) * sign)) >= 0).all()


@given(scores, st.floats(0.05, 0.95), st.sampled_from(["high", "low"]))
def test_the_threshold_is_the_nearest_by_brute_force(score, share, best):
    x = np.asarray(score, float)
    taken = {
        t: np.mean(x >= t if best == "high" else x <= t) for t in np.unique(x).tolist()
    }
    nearest = min(taken.values(), key=lambda held: (abs(held - share), held))
    # Everybody, or nobody where the smallest share is more than twice what was asked
    # for, would leave a segment empty, which is an error.
    if nearest == 1.0 or 2 * share <= nearest:
        return
    got = segment_by_score(x, best=best, shares=[share]).frame()["share"].iloc[0]
    assert abs(got - share) == pytest.approx(abs(nearest - share))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=5))
def test_a_weight_is_so_many_rows(rows):
    x, weight = (np.array(part) for part in zip(*rows, strict=True))
    if not weight.any():
        return
    y = x % 2
    try:
        weighted = segment_by_score(
            x, y, best="high", shares=[0.3, 0.3], sample_weight=weight
        )
    except InvalidInputError:
        with pytest.raises(InvalidInputError):
            segment_by_score(np.repeat(x, weight), best="high", shares=[0.3, 0.3])
        return
    repeated = segment_by_score(
        np.repeat(x, weight), np.repeat(y, weight), best="high", shares=[0.3, 0.3]
    )
    assert weighted == repeated


def test_outcomes_by_segment_with_jeffreys_interval():
    segments = segment_by_score(
        [9, 8, 7, 6, 5, 4],
        [0, 0, 1, None, 1, 1],
        best="high",
        shares=[0.5],
        pd=[0.5] * 6,
    )
    frame = segments.frame()
    assert frame["n_event"].tolist() == [1, 2]
    assert frame["n_known"].tolist() == [3, 2]
    assert frame["n_inferred"].tolist() == [0, 1]
    assert frame["inferred_rate"].iloc[1] == 0.5
    assert_allclose(frame["expected_event_rate"], [1 / 3, 2.5 / 3])
    assert_allclose(frame["event_rate_low"].iloc[0], beta.ppf(0.025, 1.5, 2.5))
    assert_allclose(frame["event_rate_high"].iloc[0], beta.ppf(0.975, 1.5, 2.5))


def test_other_accounts_in_the_same_segments():
    old = segment_by_score(range(100), best="high")
    new = old.apply_to([95, 95, 70, None], [1, 0, 0, 0])
    assert new.thresholds == old.thresholds
    assert new.frame()["segment"].tolist() == [*old.names, "no score"]
    assert new.frame()["n"].tolist() == [2, 1, 0, 1]
    assert new.frame()["n_event"].tolist() == [1, 0, 0, 0]
    # Shares are those of accounts with a score.
    assert_allclose(new.frame()["share"].iloc[:3], [2 / 3, 1 / 3, 0])


def test_stored_as_json_and_read_again():
    for segments in (
        segment_by_score([1, 2, 3, None], [0, 1, None, 1], best="low", edges=[2]),
        segment_by_score(range(50), best="high", shares=[0.1, 0.1, 0.5]),
    ):
        again = ScoreSegments.from_dict(json.loads(json.dumps(segments.to_dict())))
        assert again == segments
        pd.testing.assert_frame_equal(again.frame(), segments.frame())


def test_names():
    named = segment_by_score(
        range(9), best="high", shares=[0.3, 0.3], names=list("abc")
    )
    assert named.names == ("a", "b", "c")
    fifths = segment_by_score(range(100), best="high", shares=[0.2] * 5)
    assert fifths.names == (
        "top 20%",
        "next 20% (to 40%)",
        "next 20% (to 60%)",
        "next 20% (to 80%)",
        "rest",
    )
    edges = segment_by_score([1, 2], best="high", edges=[620, 580])
    assert edges.names == ("[620, inf)", "[580, 620)", "(-inf, 580)")
    edges = segment_by_score([1, 2], best="low", edges=[0.05, 0.02])
    assert edges.names == ("(-inf, 0.02]", "(0.02, 0.05]", "(0.05, inf)")


@pytest.mark.parametrize("make", [pd.Series, pl.Series, list, tuple, np.asarray])
def test_columns_of_any_kind(make):
    expected = segment_by_score(range(10), best="high")
    assert segment_by_score(make(range(10)), best="high") == expected
    assert expected.assign(make([9, 0])).tolist() == ["top 20%", "rest"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"best": "up"}, "best must be one of"),
        ({"shares": [0.6, 0.6]}, "at most 1"),
        ({"shares": [0.2, 0.0]}, "above 0"),
        ({"shares": []}, "above 0"),
        ({"shares": 0.2}, "sequence"),
        ({"shares": ["a"]}, "between 0 and 1"),
        ({"edges": [5, 5]}, "none twice"),
        ({"edges": []}, "at least one"),
        ({"edges": "5"}, "sequence"),
        ({"edges": [np.nan]}, "finite"),
        ({"names": ["a", "b"]}, "3 different texts"),
        ({"names": ["a", "a", "b"]}, "3 different texts"),
        ({"names": ["a", "no score", "b"]}, "without a score"),
        ({"level": 1.0}, "between 0 and 1"),
    ],
)
def test_bad_parameters(change, message):
    with pytest.raises(InvalidParameterError, match=message):
        segment_by_score(range(10), **{"best": "high", **change})


def test_bad_scores():
    with pytest.raises(TypeError, match="best"):
        segment_by_score(range(10))
    with pytest.raises(InvalidInputError, match="2 distinct scores leave one of 3"):
        segment_by_score([1] * 5 + [2] * 5, best="high")
    with pytest.raises(InvalidInputError, match="No row has a score"):
        segment_by_score([None, None], best="high", shares=[0.5])
    with pytest.raises(InvalidInputError, match="infinite"):
        segment_by_score([1, np.inf], best="high")
    with pytest.raises(InvalidTypeError, match="numbers"):
        segment_by_score(["a", "b"], best="high")
    with pytest.raises(InvalidInputError, match=r"\[:, 1\]"):
        segment_by_score(np.ones((5, 2)), best="low")
    with pytest.raises(InvalidInputError, match="each of the 3 rows"):
        segment_by_score([1, 2, 3], [0, 1], best="high")
    with pytest.raises(InvalidTargetError, match="got 3 classes"):
        segment_by_score([1, 2, 3], [0, 1, 2], best="high")
    with pytest.raises(InvalidInputError, match=r"\[0, 1\]"):
        segment_by_score([1, 2, 3], best="high", pd=[1, 2, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thresholds": [400.0, 800.0]}, "best score down"),
        ({"best": "up"}, "best must be"),
        ({"extra": 1}, "keys"),
        ({"counts": {"n": [1]}}, "counts must hold"),
        ({"names": ["a"]}, "different texts"),
    ],
)
def test_stored_segments_are_checked(change, message):
    plain = segment_by_score(range(1000), best="high").to_dict()
    with pytest.raises(InvalidParameterError, match=message):
        ScoreSegments.from_dict({**plain, **change})


def test_two_scores_at_once():
    rng = np.random.default_rng(0)
    points, intent = rng.normal(size=(2, 500))
    points[:3] = np.nan
    y = rng.random(500) < 0.3
    risk = segment_by_score(points, best="high")
    keen = segment_by_score(intent, best="high", shares=[0.5], names=["keen", "cool"])
    result = score_matrix(risk, points, keen, intent, y)
    frame = result.frame()
    expected = pd.crosstab(risk.assign(points), keen.assign(intent), y, aggfunc="sum")
    for _, row in frame.iterrows():
        assert row["n_event"] == expected.loc[row["row"], row["column"]]
    assert frame["n"].sum() == 500
    assert_allclose(frame["share"].sum(), 1)
    wide = result.wide("n")
    assert wide.index.tolist() == ["top 20%", "next 40%", "rest", "no score"]
    assert wide.columns.tolist() == ["keen", "cool"]
    assert wide.loc["no score"].sum() == 3
    with pytest.raises(InvalidParameterError, match="Did you mean 'share'"):
        result.wide("shares")
    with pytest.raises(InvalidTypeError, match="rows must be segments"):
        score_matrix(points, points, keen, intent)
