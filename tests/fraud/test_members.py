"""What each detector computes, by hand and beside other implementations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score
from sklearn.neighbors import NearestNeighbors

from riskkit._kernels.content_order import row_keys, sample_rows
from riskkit._kernels.isolation import (
    TreeNodes,
    isolation_mean,
    isolation_steps,
    isolation_table,
    mean_root,
    search_depth,
)
from riskkit._kernels.neighbours import neighbour_distances
from riskkit._kernels.normal_scores import normal_scores
from riskkit._kernels.row_mixtures import mixed_rows, mixing_weights
from riskkit._kernels.shrunk_covariance import shrunk_covariance
from riskkit._kernels.tail_surprise import surprise, surprise_map
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud._copula import CopulaDetector
from riskkit.fraud._ensemble import AnomalyEnsemble
from riskkit.fraud._histogram import HistogramDetector
from riskkit.fraud._knn import SubsampledKNNDetector
from riskkit.fraud._mahalanobis import TrimmedMahalanobisDetector


def normal(n=400, p=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) @ rng.normal(size=(p, p))


def test_histogram_by_hand():
    X = pd.DataFrame({"x": [1.0] * 6 + [2.0] * 3 + [np.nan]})
    got = (
        HistogramDetector()
        .fit(X)
        .anomaly_score(pd.DataFrame({"x": [1.0, 2.0, 3.0, np.nan, np.inf]}))
    )
    # 9 known and 1 missing of 10; of the known ones 6 and 3.
    expected = [1.0, 6.5 / 3.5, 6.5 / 0.5, 9.5 / 1.5, 9.5 / 0.5]
    np.testing.assert_allclose(got, np.log(expected), rtol=1e-12, atol=1e-15)


def test_shrinkage_is_that_of_scikit_learn():
    X = normal()
    reference = LedoitWolf().fit(X)
    mean, covariance = shrunk_covariance(lambda: [(X, np.ones(len(X)))], X.shape[1])
    np.testing.assert_allclose(mean, reference.location_, atol=1e-12)
    np.testing.assert_allclose(covariance, reference.covariance_, rtol=1e-10)


@pytest.mark.parametrize("share", [1.0, 0.75])
def test_mahalanobis_beside_scikit_learn(share):
    X = normal()
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    reference = LedoitWolf().fit(z)
    if share < 1:
        distance = reference.mahalanobis(z)
        nearest = np.argsort(distance)[: int(np.ceil(share * len(z)))]
        reference = LedoitWolf().fit(z[nearest])
    got = TrimmedMahalanobisDetector(share).fit(X).anomaly_score(X)
    np.testing.assert_allclose(got, reference.mahalanobis(z), rtol=1e-8)


def test_normal_scores_by_hand():
    grid = np.array([1.0, 2.0, 2.0, 3.0])
    got = normal_scores(np.array([[0.0], [2.0], [9.0]]), [grid]).ravel()
    # Ranks (0 + 0 + 1), (1 + 3 + 1) and (4 + 4 + 1) of 10.
    np.testing.assert_allclose(got, [-1.2815515655446004, 0.0, 1.2815515655446004])


def test_copula_does_not_see_the_shape_of_a_field():
    X = normal(300, 3)
    bent = np.column_stack([np.exp(X[:, 0]), X[:, 1] ** 3, np.arctan(X[:, 2])])
    straight = CopulaDetector().fit(X).anomaly_score(X)
    np.testing.assert_allclose(CopulaDetector().fit(bent).anomaly_score(bent), straight)


def test_neighbours_beside_scikit_learn():
    X = normal()
    samples = np.stack([X[:50], X[50:100]])
    found = [
        NearestNeighbors(n_neighbors=3).fit(s).kneighbors(X)[0][:, -1] for s in samples
    ]
    got = neighbour_distances(X, samples, 3)
    np.testing.assert_allclose(got, np.mean(found, axis=0), rtol=1e-10)


@pytest.mark.parametrize(("n", "size"), [(400, 64), (12, 64), (400, 1), (2, 9)])
def test_references_are_nobody(n, size):
    X = normal(n)
    detector = SubsampledKNNDetector(2, n_samples=3, sample_size=size).fit(X)
    references = detector.to_spec().members[0].state.references
    assert references.shape == (3, min(size, n), 4)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    near = NearestNeighbors(n_neighbors=1).fit(z)
    assert near.kneighbors(references.reshape(-1, 4))[0].min() > 1e-3
    # They stand where rows stand, and not in the middle of them.
    if size == 64 < n:
        spread = references.reshape(-1, 4).std(axis=0)
        np.testing.assert_allclose(spread, 1.0, atol=0.25)


def test_mixtures_beside_a_slow_loop():
    rng = np.random.default_rng(4)
    rows, normals = rng.normal(size=(23, 3)), rng.normal(size=(7, 5))
    weights = mixing_weights(normals)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    # |w - 1/g| = s sqrt(1 - 1/g) with s = 1/2 and g = 5.
    np.testing.assert_allclose(np.square(weights - 0.2).sum(axis=1), 0.25 * 0.8)
    for place, (row, weight) in enumerate(
        zip(mixed_rows(rows, normals), weights, strict=True)
    ):
        middle = rows[place * 23 // 7]
        group = sorted(rows.tolist(), key=lambda other: np.linalg.norm(middle - other))
        np.testing.assert_allclose(row, weight @ np.array(group[:5]), rtol=1e-12)


@pytest.mark.parametrize(("size", "largest"), [(3, 2 / 3), (5, 0.6), (50, 0.51)])
def test_no_row_weighs_more_than_the_bound(size, largest):
    extreme = np.zeros((1, size))
    extreme[0, 0] = 9.0
    assert mixing_weights(extreme)[0, 0] == pytest.approx(largest, rel=1e-12)
    drawn = mixing_weights(np.random.default_rng(0).normal(size=(5000, size)))
    assert largest / 2 < drawn.max() <= largest
    assert mixing_weights(np.array([[3.0]])).tolist() == [[1.0]]  # nobody to mix with


def test_a_reference_equals_a_row_only_where_as_many_rows_are_equal():
    X = np.repeat([[0.0, 0.0], [9.0, 1.0]], 10, axis=0)
    detector = SubsampledKNNDetector(n_samples=2).fit(X)
    references = detector.to_spec().members[0].state.references
    np.testing.assert_allclose(np.abs(references), 1.0, rtol=1e-12)


def test_distances_are_those_to_the_references():
    X = normal(60)
    detector = SubsampledKNNDetector(4, n_samples=3, sample_size=20).fit(X)
    state = detector.to_spec().members[0].state
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    slow = [
        np.mean([np.sort(np.linalg.norm(s - row, axis=1))[3] for s in state.references])
        for row in z
    ]
    np.testing.assert_allclose(detector.anomaly_score(X), slow, rtol=1e-9)


def test_isolation_beside_scikit_learn():
    X = normal().astype(np.float32)
    forest = IsolationForest(n_estimators=40, max_samples=64, random_state=0).fit(X)
    trees = [t.tree_ for t in forest.estimators_]
    nodes = [
        TreeNodes(
            t.children_left, t.children_right, t.feature, t.threshold, t.n_node_samples
        )
        for t in trees
    ]
    table = isolation_table(nodes)
    mean = isolation_mean(table, X)
    usual = search_depth(np.array([64.0]))[0]
    np.testing.assert_allclose(2 ** (-mean / usual), -forest.score_samples(X))
    mean, steps = isolation_steps(table, X)
    walked = mean_root(table) + steps.sum(axis=1)
    np.testing.assert_array_equal(mean, isolation_mean(table, X))
    np.testing.assert_allclose(walked, mean, rtol=1e-12)


def test_surprise_by_hand():
    tail = surprise_map(np.array([1.0, 2.0, 2.0, 4.0]), None)
    # Shares that reach 1, 2 and 4: all, 3/4, 1/4; the tail starts at 2.
    got = surprise(tail, np.array([0.0, 1.0, 2.0, 4.0, 8.0]))
    expected = [0.0, 0.0, np.log(4 / 3), np.log(4), np.log(4) + 1.0]
    np.testing.assert_allclose(got, expected)
    rising = surprise(tail, np.linspace(0, 50, 1001))
    assert (np.diff(rising) >= 0).all()


def test_samples_are_fair_and_without_order():
    X = normal(200, 2)
    keys = row_keys(X)
    assert np.unique(keys).size == 200
    np.testing.assert_array_equal(row_keys(X[::-1]), keys[::-1])
    whole = sample_rows(keys, None, 200, 7, 0.3)
    np.testing.assert_array_equal(np.sort(whole), np.arange(200))
    weight = np.r_[np.full(100, 3.0), np.ones(100)]
    drawn = [sample_rows(keys, weight, 40, salt, 0.5) for salt in range(200)]
    heavy = np.mean(np.concatenate(drawn) < 100)
    assert abs(heavy - 0.75) < 0.02


def test_ensemble_adds_what_members_say():
    X = normal(500, 3)
    members = [("a", HistogramDetector()), ("b", CopulaDetector())]
    probes = normal(50, 3, seed=1) * 2
    for combine, expected in [
        ("mean", lambda s: s.mean(axis=1)),
        ("max", lambda s: s.max(axis=1)),
        ("top_two", lambda s: s.mean(axis=1)),
    ]:
        detector = AnomalyEnsemble(members, combine=combine, trim=0.0).fit(X)
        said = detector.member_scores(probes)
        np.testing.assert_allclose(detector.anomaly_score(probes), expected(said))
    alone = CopulaDetector().fit(X).anomaly_score(probes)
    fitted = detector.members_["b"]
    np.testing.assert_array_equal(fitted.anomaly_score(probes), alone)
    queue = detector.alert_queue(probes, 4)
    assert queue[0] == said["a"].argmax()
    assert said["b"].argmax() in queue[:2]
    assert np.unique(queue).size == 4
    assert np.sort(detector.alert_queue(probes, 99)).tolist() == list(range(50))


@pytest.mark.parametrize(
    "members", [[], "copula", [("a", object())], [("a", HistogramDetector())] * 2]
)
def test_members_that_are_none(members):
    with pytest.raises(InvalidParameterError, match="members"):
        AnomalyEnsemble(members).fit(normal())


@pytest.mark.slow
def test_copula_finds_card_frauds(shared_data):
    table = pd.read_parquet(shared_data("ulb_creditcard")).sort_values("Time")
    is_fraud = table["Class"].to_numpy()
    X = table.drop(columns=["Time", "Class"])
    n = int(0.7 * len(X))
    score = CopulaDetector().fit(X[:n]).anomaly_score(X[n:])
    top = np.argsort(-score, kind="stable")[:100]
    assert is_fraud[n:][top].mean() >= 0.45
    assert average_precision_score(is_fraud[n:], score) >= 0.30
