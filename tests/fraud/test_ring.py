"""Rings: links by hand and by brute force, the walk by a dense solution."""

from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.base import clone

from riskkit.datasets import make_applications_with_rings
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.fraud import RingDetector

IDENTIFIERS = ["device", "phone", "address", "account"]


def table(rows, names=("a", "b", "c")):
    return pd.DataFrame(rows, columns=names, dtype=object)


def test_a_circle_of_three_is_closed():
    # No two of the first three share more than one identifier.
    X = table([["1", "x", "p"], ["1", "y", "q"], ["2", "x", "q"], ["3", "z", "p"]])
    labels = {
        link: RingDetector(link=link, min_size=2).fit(X).labels_.tolist()
        for link in ("closed", "double", "any")
    }
    assert labels == {
        "closed": [0, 0, 0, -1],
        "double": [-1, -1, -1, -1],
        "any": [0, 0, 0, 0],
    }


def test_one_identifier_of_three_closes_nothing():
    X = table([["1", "x", "p"], ["1", "y", "q"], ["1", "z", "r"]])
    assert RingDetector(min_size=2).fit(X).labels_.tolist() == [-1] * 3


def test_what_too_many_share_links_nobody():
    X = table([["1", "x", str(j)] for j in range(6)])
    assert RingDetector(max_degree=6).fit(X).labels_.tolist() == [0] * 6
    detector = RingDetector(max_degree=5).fit(X)
    assert detector.labels_.tolist() == [-1] * 6
    assert detector.columns_["n_capped"].tolist() == [1, 1, 0]
    assert not detector.score_.any()


def test_time_between_applications():
    X = table([["1", "x", "p"]] * 3).assign(day=[0.0, 86_400.0, 30 * 86_400.0])
    detector = RingDetector(min_size=2, time="day", within="2d").fit(X)
    assert detector.labels_.tolist() == [0, 0, -1]
    assert RingDetector(min_size=2, time="day").fit(X).labels_.tolist() == [0] * 3


def slow_labels(codes, link):
    """Compare all pairs, and all third rows."""
    n = len(codes)
    held = [[{c} if c >= 0 else set() for c in row] for row in codes]
    share = {
        (i, j): {c for c in range(len(held[i])) if held[i][c] & held[j][c]}
        for i in range(n)
        for j in range(n)
        if i != j
    }
    edges = []
    for i, j in combinations(range(n), 2):
        common = share[i, j]
        linked = len(common) >= (1 if link == "any" else 2)
        if link == "closed" and len(common) == 1:
            # A third row, met by both, that has not the identifier they share.
            linked = any(
                share[i, k] and share[k, j] and not common <= share[i, k]
                for k in range(n)
                if k not in (i, j)
            )
        if linked:
            edges.append((i, j))
    first, second = np.array(edges, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges)), (first, second)), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


rows_of_codes = st.lists(st.tuples(*[st.integers(-1, 5)] * 3), min_size=2, max_size=14)


@settings(max_examples=80)
@given(rows_of_codes, st.sampled_from(["closed", "double", "any"]))
def test_links_beside_all_pairs(rows, link):
    X = table([[None if c < 0 else f"v{c}" for c in row] for row in rows])
    got = RingDetector(link=link, min_size=2).fit(X).labels_
    alone = got == -1
    got = np.where(alone, -1 - np.arange(len(got)), got)
    assert same_partition(got.tolist(), slow_labels(rows, link).tolist())


def dense_proximity(codes, suspect, restart):
    """Solve for the walk with a full transition matrix."""
    n = len(codes)
    move = np.zeros((n, n))
    for i, row in enumerate(codes):
        known = [c for c, value in enumerate(row) if value >= 0]
        if not known:
            move[i, i] = 1
        for c in known:
            holders = [j for j in range(n) if codes[j][c] == row[c]]
            move[i, holders] += 1 / len(known) / len(holders)
    return np.linalg.solve(np.eye(n) - (1 - restart) * move, restart * suspect)


@settings(max_examples=40)
@given(
    rows_of_codes,
    st.lists(st.booleans(), min_size=14, max_size=14),
    st.floats(0.05, 0.9),
)
def test_the_walk_beside_a_dense_solution(rows, suspects, restart):
    suspect = np.array(suspects[: len(rows)], dtype=float)
    suspect[0] = 1.0
    X = table([[None if c < 0 else f"v{c}" for c in row] for row in rows])
    got = RingDetector(restart=restart).fit(X, suspect).score_
    np.testing.assert_allclose(got, dense_proximity(rows, suspect, restart), atol=1e-8)


def test_a_new_application_by_hand():
    X = table([["1", "x", "p"], ["2", "y", "q"]])
    detector = RingDetector(restart=0.2).fit(X, [1, 0])
    assert detector.score_.tolist() == [1.0, 0.0]
    # Over a to the fraud or back; b and c lead back: h = 0.8 (1/3)((1 + h)/2 + 2 h).
    share = 0.8 / 3
    expected = share * 0.5 / (1 - share * 2.5)
    new = table([["1", "n", "m"], ["5", "n", "m"], [None, None, None]])
    np.testing.assert_allclose(detector.anomaly_score(new), [expected, 0, 0])
    found = detector.transform(new)
    assert found["n_seen"].tolist() == [1, 0, 0]
    assert found["n_known"].tolist() == [1, 0, 0]


def planted(**changes):
    return make_applications_with_rings(random_state=3, **changes)


def quality(labels, ring):
    both = np.count_nonzero((labels >= 0) & (ring >= 0))
    return both / np.count_nonzero(labels >= 0), both / np.count_nonzero(ring >= 0)


@pytest.mark.parametrize("accident_rate", [0.0, 0.3, 1.0])
def test_planted_rings_are_found(accident_rate):
    world = planted(accident_rate=accident_rate)
    detector = RingDetector(IDENTIFIERS).fit(world.data, world.known)
    precision, recall = quality(detector.labels_, world.ring)
    assert precision >= 0.8
    assert recall >= 0.8


def test_accidental_sharing_does_not_join_everybody():
    world = planted(accident_rate=1.0)
    joined = RingDetector(IDENTIFIERS, link="any").fit(world.data)
    assert joined.rings_.size[0] > 0.5 * len(world.data)
    closed = RingDetector(IDENTIFIERS).fit(world.data)
    assert closed.rings_.size[0] <= 25


def test_known_frauds_lead_to_the_others():
    world = planted()
    detector = RingDetector(IDENTIFIERS).fit(world.data, world.known)
    unknown = world.known == 0
    top = np.argsort(-detector.score_ * unknown)[:50]
    assert world.target[top].mean() > 0.8
    first = detector.rings_.frame().iloc[0]
    members = detector.labels_ == 0
    assert first["size"] == members.sum()
    assert first["n_known"] == world.known[members].sum()
    links = detector.links(0)
    assert set(links["row"]) <= set(np.flatnonzero(members))
    assert (links.groupby(["column", "value"]).size() >= 2).all()
    assert links["known"].sum() == sum(world.known[links["row"]])


def test_new_members_of_a_ring_are_recognised():
    world = planted()
    late = np.flatnonzero(world.ring >= 0)[::5]
    old = np.setdiff1d(np.arange(len(world.data)), late)
    detector = RingDetector(IDENTIFIERS).fit(world.data.iloc[old])
    found = detector.transform(world.data.iloc[late])
    assert (found["ring_size"] > 0).mean() > 0.6
    lone = np.flatnonzero((world.ring < 0) & (world.household < 0))
    honest = RingDetector(IDENTIFIERS).fit(world.data.drop(index=lone[:500]))
    assert (honest.transform(world.data.iloc[lone[:500]])["ring_size"] > 0).sum() == 0


def test_a_row_depends_on_itself_and_the_fit():
    world = planted(n_samples=3000, n_rings=10)
    detector = RingDetector(IDENTIFIERS).fit(world.data[:2000], world.known[:2000])
    new = world.data[2000:]
    whole = detector.transform(new)
    mixed = detector.transform(new.sample(frac=1, random_state=0)).loc[new.index]
    pd.testing.assert_frame_equal(mixed, whole, check_exact=True)
    one = detector.transform(new.iloc[[7]])
    pd.testing.assert_frame_equal(one, whole.iloc[[7]], check_exact=True)
    assert list(whole) == list(detector.get_feature_names_out())


def test_frames_and_kinds_of_identifiers():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({c: rng.integers(0, 30, 60) for c in "abc"})
    numbers = RingDetector(min_size=2).fit(X, np.arange(60) < 3)
    for other in (
        X.astype(float),
        X.astype(str),
        X.astype("str"),
        X.astype(str).astype("category"),
        pl.DataFrame(X),
        pl.DataFrame(X.astype(str)),
    ):
        again = RingDetector(min_size=2).fit(other, np.arange(60) < 3)
        np.testing.assert_array_equal(again.labels_, numbers.labels_)
        np.testing.assert_allclose(again.score_, numbers.score_, atol=1e-12)
        np.testing.assert_allclose(numbers.anomaly_score(other), again.anomaly_score(X))


def test_no_identifier_is_kept_as_text():
    X = table([["secret-1", "x", "p"]] * 5)
    detector = RingDetector().fit(X)
    assert len(detector.rings_) == 1
    assert "secret" not in repr(vars(detector))


def test_nothing_to_find():
    detector = RingDetector().fit(table([["1", "x", "p"]]))
    assert detector.labels_.tolist() == [-1]
    assert detector.score_.tolist() == [0.0]
    assert len(detector.rings_) == 0
    assert detector.rings_.frame().empty
    blank = RingDetector().fit(table([[None] * 3] * 4))
    assert blank.labels_.tolist() == [-1] * 4
    assert blank.anomaly_score(table([["1", "x", "p"]])).tolist() == [0.0]
    with pytest.raises(InvalidParameterError, match="below the 0 rings"):
        detector.links(0)


def test_a_scikit_learn_estimator():
    detector = RingDetector(IDENTIFIERS, time="date", within="30d")
    assert clone(detector).get_params() == detector.get_params()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"link": "triple"}, "link must be one of"),
        ({"max_degree": 1}, "max_degree must"),
        ({"min_size": 1}, "min_size must"),
        ({"restart": 0}, "restart must"),
        ({"identifiers": ["a"]}, "2 to 30 columns with link='closed'; got 1"),
        ({"identifiers": "a"}, "identifiers must list"),
        ({"identifiers": ["a", "a"]}, "different columns"),
        ({"within": "3d"}, "within needs the column of times"),
        ({"time": "c", "within": "3 days"}, "within must be a positive duration"),
        ({"time": 3}, "time must name"),
    ],
)
def test_bad_parameters(change, message):
    with pytest.raises(InvalidParameterError, match=message):
        RingDetector().set_params(**change).fit(table([["1", "x", 3.0]]))


def test_bad_input():
    X = table([["1", "x", "p"], ["1", "x", "q"]])
    with pytest.raises(InvalidInputError, match=r"missing: 'phone'"):
        RingDetector(["a", "phone"]).fit(X)
    with pytest.raises(InvalidInputError, match=r"missing: 'c'"):
        RingDetector().fit(X).transform(X.drop(columns="c"))
    with pytest.raises(InvalidInputError, match="empty table"):
        RingDetector().fit(X[:0])
    with pytest.raises(InvalidTypeError, match="named columns"):
        RingDetector().fit(X.to_numpy())
    with pytest.raises(InvalidTargetError, match="2 rows, 1 of them"):
        RingDetector().fit(X, [1, 2])
    with pytest.raises(InvalidTargetError, match="3 rows"):
        RingDetector().fit(X, [1, 0, 0])
    assert RingDetector().fit(X, [1, None]).score_[0] > 0
    with pytest.raises(InvalidInputError, match="1 of 2 events lie in the future"):
        RingDetector(["a", "b"], time="t").fit(X.assign(t=[0.0, 9.0]), as_of=5.0)
    with pytest.raises(InvalidInputError, match="Lower max_degree"):
        RingDetector(["a", "b"], max_degree=10**6).fit(
            pd.DataFrame({"a": np.zeros(9000, int), "b": np.zeros(9000, int)})
        )
