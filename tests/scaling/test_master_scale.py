"""Rating grades: given, geometric and optimised."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from riskkit._kernels.bins import quantile_edges
from riskkit._kernels.evidence import evidence_terms
from riskkit._kernels.grades import (
    falling_pairs,
    geometric_edges,
    grade_of,
    herfindahl,
    join_thin,
    typical_pd,
)
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    SingleBinWarning,
)
from riskkit.scaling import MasterScale, MasterScaleSpec

PDS = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.3])


@pytest.fixture(scope="module")
def book():
    return make_loan_book(20_000, random_state=0)


# Kernels ------------------------------------------------------------------------------


def test_grades_are_closed_on_the_right():
    edges = np.array([0.01, 0.02, 0.1])
    pds = np.array([0.005, 0.01, 0.011, 0.02, 0.05, 0.1, 0.2])
    assert_array_equal(grade_of(pds, edges), [-1, -1, 0, 0, 1, 1, 2])
    assert_array_equal(grade_of(np.array([0.0, 1.0]), np.array([0.0, 0.5, 1])), [0, 1])


def test_geometric_edges_by_hand():
    assert_allclose(
        geometric_edges(0.01, 0.16, 6), [0, 0.01, 0.02, 0.04, 0.08, 0.16, 1]
    )


def test_herfindahl_by_hand():
    assert herfindahl(np.array([1.0, 1, 2])) == (1 + 1 + 4) / 16
    assert herfindahl(np.array([5.0, 0])) == 1


def test_typical_pd_by_hand():
    assert_allclose(typical_pd(np.array([0, 0.02, 0.08])), [0.01, 0.04])


def test_falling_pairs_skip_empty_grades_and_forgive_ties():
    n_event = np.array([1.0, 0, 3, 1, 2])
    n = np.array([3.0, 0, 9, 10, 20])
    assert_array_equal(falling_pairs(n_event, n), [False, True, False])


def test_join_thin_by_hand():
    assert join_thin(np.array([5.0, 1, 3, 9]), 2) == [[0], [1, 2], [3]]
    assert join_thin(np.array([5.0, 1, 5, 9]), 2) == [[0, 1], [2], [3]]
    assert join_thin(np.array([1.0, 1, 1]), 10) == [[0, 1, 2]]
    assert join_thin(np.array([0.0, 4, 0]), 0) == [[0], [1], [2]]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(0, 20))
def test_join_thin_leaves_no_thin_run(counts, least):
    runs = join_thin(np.array(counts, dtype=float), least)
    assert list(itertools.chain(*runs)) == list(range(len(counts)))
    sizes = [sum(counts[g] for g in run) for run in runs]
    assert len(runs) == 1 or min(sizes) >= least


# Given --------------------------------------------------------------------------------


def test_table_by_hand():
    scale = MasterScale([0, 0.02, 0.1, 1])
    table = scale.fit(PDS, [0, 0, 1, 0, 0, 1]).table_
    assert table.grade == ("1", "2", "3")
    assert table.n == (3, 2, 1)
    assert table.share == (0.5, 2 / 6, 1 / 6)
    assert_allclose(table.pd_mean, [0.035 / 3, 0.075, 0.3])
    assert table.pd == table.pd_mean
    assert table.n_event == (1, 0, 1)
    assert table.event_rate == (1 / 3, 0, 1)
    assert table.hhi == (9 + 4 + 1) / 36
    assert not table.monotone
    assert table.inversions == (("1", "2"),)
    assert table.rate_low[0] == pytest.approx(stats.beta(1.5, 2.5).ppf(0.025))
    assert table.rate_high[0] == pytest.approx(stats.beta(1.5, 2.5).ppf(0.975))


def test_assignments():
    scale = MasterScale([0, 0.02, 0.1, 1], labels=["A", "B", "C"]).fit(PDS)
    assert scale.assign([0.0, 0.02, 0.021, 1.0]).tolist() == ["A", "A", "B", "C"]
    assert_array_equal(scale.transform([0.0, 0.02, 0.021, 1.0]), [1, 1, 2, 3])
    assert scale.transform(PDS[:, None]).shape == (6, 1)
    assert_allclose(scale.assign_pd([0.001, 0.5]), [0.035 / 3, 0.3])
    assert scale.to_spec() == MasterScaleSpec(
        (0.0, 0.02, 0.1, 1.0), scale.table_.pd, ("A", "B", "C")
    )
    frame = pd.DataFrame({"pd": PDS})
    assert_array_equal(scale.fit(frame).assign(frame), scale.assign(frame))


def test_given_pds_stand_and_must_fit():
    scale = MasterScale([0, 0.02, 1], pds=[0.01, 0.1]).fit(PDS)
    assert scale.table_.pd == (0.01, 0.1)
    for pds in ([0.03, 0.1], [0.01]):
        with pytest.raises(InvalidParameterError, match="one inside each grade"):
            MasterScale([0, 0.02, 1], pds=pds).fit(PDS)


def test_without_outcomes_there_are_no_rates():
    table = MasterScale([0, 0.02, 1]).fit(PDS).table_
    assert np.isnan(table.event_rate).all()
    assert table.monotone
    assert table.frame().shape == (2, 11)
    assert set(table.to_dict()) >= {"hhi", "inversions", "pd_mean"}


def test_a_grade_without_accounts():
    scale = MasterScale([0, 0.4, 0.6, 1]).fit(PDS, [0, 1, 0, 1, 0, 1])
    assert scale.table_.n == (6, 0, 0)
    assert np.isnan(scale.table_.event_rate[1:]).all()
    assert np.isnan(scale.table_.rate_low[1:]).all()
    assert scale.table_.monotone
    assert_allclose(scale.to_spec().pds[1:], [np.sqrt(0.24), np.sqrt(0.6)])


def test_uncovered_pds_are_counted():
    scale = MasterScale([0.01, 0.05, 0.1])
    with pytest.raises(InvalidInputError, match="2 of 6 PDs lie below it and 1 above"):
        scale.fit(PDS)
    scale.fit([0.02, 0.06])
    with pytest.raises(InvalidInputError, match=r"covers PDs in \(0\.01, 0\.1\]"):
        scale.assign([0.2])


def test_thin_grades_are_joined():
    pds = np.repeat([0.01, 0.03, 0.06, 0.2], [50, 4, 10, 36])
    scale = MasterScale(
        [0, 0.02, 0.05, 0.1, 1], labels=list("ABCD"), min_share=0.05
    ).fit(pds)
    assert scale.to_spec().edges == (0.0, 0.02, 0.1, 1.0)
    assert scale.to_spec().labels == ("A", "B+C", "D")
    assert scale.table_.n == (50, 14, 36)
    assert_allclose(scale.to_spec().pds[1], (4 * 0.03 + 10 * 0.06) / 14)
    unnamed = clone(scale).set_params(labels=None).fit(pds)
    assert unnamed.to_spec().labels == ("1", "2", "3")


def test_share_is_met_exactly():
    pds = np.repeat([0.01, 0.2], [7, 93])
    assert MasterScale([0, 0.1, 1], min_share=0.07).fit(pds).table_.n == (7, 93)


def test_another_sample_in_the_same_grades(book):
    scale = MasterScale([0, 0.02, 0.1, 1]).fit(book.pd, book.target)
    halves = [
        scale.grade_table(book.pd[part], book.target[part])
        for part in (slice(0, 9_000), slice(9_000, None))
    ]
    assert_array_equal(np.add(halves[0].n, halves[1].n), scale.table_.n)
    assert_array_equal(
        np.add(halves[0].n_event, halves[1].n_event), scale.table_.n_event
    )
    quiet = scale.grade_table([0.01, 0.05], [0, 0])
    assert quiet.n_event == (0, 0, 0)


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 3)),
        min_size=2,
        max_size=30,
    )
)
def test_weights_are_repetitions(rows):
    pds, y, times = (np.array(column) for column in zip(*rows, strict=True))
    if not times.any():
        return
    scale = MasterScale([0, 0.1, 0.3, 1], min_share=0.1)
    weighted = scale.fit(pds, y * 1, times)
    table = weighted.table_
    repeated = scale.fit(np.repeat(pds, times), np.repeat(y * 1, times)).table_
    assert table.n == repeated.n
    assert table.n_event == repeated.n_event
    assert table.upper == repeated.upper
    assert_allclose(table.pd, repeated.pd)


# Geometric ----------------------------------------------------------------------------


def test_geometric_ladder(book):
    scale = MasterScale(method="geometric", n_grades=7, pd_range=(0.01, 0.32))
    spec = scale.fit(book.pd).to_spec()
    assert_allclose(spec.edges, [0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1])
    learned = MasterScale(method="geometric", n_grades=8).fit(book.pd).to_spec()
    inner = np.array(learned.edges[1:-1])
    assert_allclose(inner[1:] / inner[:-1], inner[1] / inner[0])
    assert np.mean(book.pd <= inner[0]) == pytest.approx(0.01, abs=1e-3)
    assert np.mean(book.pd <= inner[-1]) == pytest.approx(0.99, abs=1e-3)
    assert (np.diff(learned.pds) > 0).all()


@pytest.mark.parametrize(("n_grades", "n_edges"), [(1, 2), (2, 3)])
def test_short_ladders(book, n_grades, n_edges):
    scale = MasterScale(method="geometric", n_grades=n_grades).fit(book.pd)
    assert len(scale.to_spec().edges) == n_edges


def test_a_ladder_needs_pds_that_differ():
    with pytest.raises(InvalidInputError, match="PDs that spread"):
        MasterScale(method="geometric").fit([0.1, 0.1, 0.1])


# Optimised ----------------------------------------------------------------------------


def total_iv(event, nonevent):
    return evidence_terms(event, nonevent, event.sum(), nonevent.sum(), 0.5)[1].sum()


def best_by_force(event, nonevent, n_grades, least):
    """Try every set of borders."""
    best = 0.0, ()
    for k in range(1, n_grades):
        for cuts in itertools.combinations(range(1, event.size), k):
            e = np.add.reduceat(event, [0, *cuts])
            m = np.add.reduceat(nonevent, [0, *cuts])
            rate = e / (e + m)
            if (e + m).min() < least or (np.diff(rate) < 0).any():
                continue
            value = total_iv(e, m)
            if value > best[0] + 1e-12:
                best = value, cuts
    return best


@pytest.mark.parametrize("seed", range(5))
def test_optimised_agrees_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    pds = rng.choice(np.linspace(0.02, 0.6, 12), 300)
    y = (rng.random(300) < pds).astype(int)
    scale = MasterScale(method="optimised", n_grades=4, min_share=0.1).fit(pds, y)
    levels, codes = np.unique(pds, return_inverse=True)
    event, n = np.bincount(codes, y), np.bincount(codes)
    value, cuts = best_by_force(event, n - event, 4, 30)
    table = scale.table_
    ours = total_iv(np.array(table.n_event), np.array(table.n) - table.n_event)
    assert ours == pytest.approx(value)
    assert_allclose(table.upper[:-1], levels[np.array(cuts) - 1])


def test_optimised_keeps_its_promises(book):
    scale = MasterScale(method="optimised", n_grades=12, min_share=0.03)
    table = scale.fit(book.pd, book.target).table_
    assert table.monotone
    assert min(table.share) >= 0.03
    assert len(table.grade) <= 12
    assert set(table.upper[:-1]) <= set(quantile_edges(book.pd, 100))
    assert (np.diff(table.pd_mean) > 0).all()
    ladder = MasterScale(method="geometric", n_grades=len(table.grade), min_share=0.03)
    other = ladder.fit(book.pd, book.target).table_
    assert (
        total_iv(np.array(table.n_event), np.array(table.n) - table.n_event)
        >= total_iv(np.array(other.n_event), np.array(other.n) - other.n_event) * 0.999
    )


def test_pds_that_do_not_rank_end_in_one_grade():
    rng = np.random.default_rng(0)
    pds = rng.random(500)
    y = rng.random(500) < 1 - pds
    with pytest.warns(SingleBinWarning, match="the scale has one grade"):
        scale = MasterScale(method="optimised", min_share=0.2).fit(pds, y)
    assert scale.to_spec().edges == (0.0, 1.0)


def test_optimised_needs_outcomes():
    with pytest.raises(InvalidTargetError, match="requires y"):
        MasterScale(method="optimised").fit(PDS)


# Bad input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "edges belong to method='given'"),
        ({"edges": [0, 1], "method": "geometric"}, "edges belong to method='given'"),
        ({"edges": [0, 0.5, 0.5, 1]}, "edges must be at least two increasing"),
        ({"edges": [0, 0.5, 2]}, "between 0 and 1"),
        ({"edges": [0.5]}, "edges must be at least two increasing"),
        ({"edges": ["a", "b"]}, "edges must be at least two increasing"),
        ({"edges": [0, 1], "method": "best"}, "method must be one of"),
        ({"method": "geometric", "n_grades": 0}, "n_grades must be an integer >= 1"),
        ({"method": "geometric", "min_share": 2}, "min_share must be a number"),
        ({"method": "geometric", "pd_range": (0, 0.5)}, "strictly between 0 and 1"),
        ({"method": "geometric", "pd_range": (0.5, 0.1)}, "increasing numbers"),
        ({"edges": [0, 1], "pd_range": (0.1, 0.5)}, "belongs to method='geometric'"),
        ({"edges": [0, 0.5, 1], "labels": ["A"]}, "labels must hold 2 different names"),
        ({"edges": [0, 0.5, 1], "labels": ["A", "A"]}, "got 1 different among 2"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        MasterScale(**parameters).fit(PDS)


def test_bad_input_is_refused():
    scale = MasterScale([0, 1])
    with pytest.raises(NotFittedError):
        scale.assign([0.1])
    with pytest.raises(InvalidInputError, match="1 of 2 do not"):
        scale.fit([0.1, 1.2])
    with pytest.raises(InvalidInputError, match="one outcome for each of the 6 PDs"):
        scale.fit(PDS, [0, 1])
    with pytest.raises(InvalidTargetError, match="must be known in every row"):
        scale.fit(PDS, [0, 1, 0, 1, 0, np.nan])
