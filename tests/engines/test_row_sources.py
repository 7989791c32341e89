"""Sums over rows that come in blocks are those of the rows in memory."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.logistic_rows import LogisticRows
from riskkit._kernels.logistic_stream import LogisticStream
from riskkit._kernels.row_sources import (
    BinnedRows,
    PairCounts,
    joined,
    split_sums,
)
from riskkit._kernels.whole_points import round_counted, round_together

VALUES = [np.array([-0.5, 0.25, 1.0]), np.array([0.4, -0.7]), np.arange(4) / 3 - 0.6]


class Blocks:
    """Blocks that are held, as a source: the plainest one there is."""

    classes = np.array([0, 1])

    def __init__(self, names, blocks):
        self.names, self.parts, self.n_passes = tuple(names), tuple(blocks), 0
        total = np.zeros(2)
        for rows in self.parts:
            mass = np.ones(rows.is_event.size) if rows.weight is None else rows.weight
            total += mass.sum(), mass[rows.is_event].sum()
        self.n_rows, self.n_events = map(float, total)

    def fold(self, names, job):
        self.n_passes += 1
        at = [self.names.index(name) for name in names]
        state = job.start()
        for rows in self.parts:
            bins = tuple(rows.bins[j] for j in at)
            state = job.update(state, BinnedRows(bins, rows.is_event, rows.weight))
        return state


def make_rows(n=500, *, weighted=False, seed=0):
    rng = np.random.default_rng(seed)
    bins = tuple(rng.integers(0, v.size, n).astype(np.uint8) for v in VALUES)
    weight = rng.integers(1, 5, n) / 4 if weighted else None
    return BinnedRows(bins, rng.random(n) < 0.3, weight)


def parts_of(rows, cuts=(0, 130, 131, 400, 500)):
    found = []
    for start, stop in pairwise(cuts):
        at = slice(start, stop)
        weight = None if rows.weight is None else rows.weight[at]
        bins = tuple(b[at] for b in rows.bins)
        found.append(BinnedRows(bins, rows.is_event[at], weight))
    return found


@pytest.mark.parametrize("weighted", [False, True])
def test_sums_of_a_stream(weighted):
    rows = make_rows(weighted=weighted)
    X = np.column_stack([v[b] for v, b in zip(VALUES, rows.bins, strict=True)])
    held = LogisticRows(X, rows.is_event, rows.weight)
    source = Blocks("abc", parts_of(rows))
    stream = LogisticStream(source, "abc", VALUES)
    beta = np.array([-0.8, 0.5, -0.3])
    assert stream.total() == pytest.approx(held.total(), rel=1e-14)
    assert stream.level() == pytest.approx(held.level(), rel=1e-14)
    ours = stream.sums(beta, [0, 2], information=True)
    theirs = held.sums(beta, [0, 2], information=True)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-12)
    np.testing.assert_allclose(ours.slopes, theirs.slopes, rtol=1e-11)
    np.testing.assert_allclose(ours.information, theirs.information, rtol=1e-12)
    told, z = stream.log_odds(beta, [0, 2]), held.log_odds(beta, [0, 2])
    n_passes = source.n_passes
    again = stream.information(told, [0, 2])  # known from the sums
    assert source.n_passes == n_passes
    np.testing.assert_array_equal(again, ours.information)
    ours, theirs = stream.outside(told, [0, 2], [1]), held.outside(z, [0, 2], [1])
    for name in ("slopes", "own", "cross"):
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=1e-11
        )
    assert stream.separates(told) == held.separates(z) is False
    np.testing.assert_allclose(
        stream.correlation([0, 2, 1]), held.correlation([0, 2, 1]), atol=1e-13
    )
    stream.turn(2)
    held.turn(2)
    np.testing.assert_allclose(
        stream.sums(beta, [2, 1], information=False).slopes,
        held.sums(beta, [2, 1], information=False).slopes,
        rtol=1e-11,
    )
    with pytest.raises(ValueError, match="columns of the fit"):
        stream.information(told, [0])


def test_pairs_of_bins_by_hand():
    bins = (np.array([0, 1, 1]), np.array([1, 1, 0]))
    rows = BinnedRows(bins, np.array([True, False, False]), np.array([0.5, 2.0, 1.0]))
    job = PairCounts((2, 2))
    found = job.update(job.start(), rows)
    expected = [[0.5, 0, 0, 0.5], [0, 3, 1, 2], [0, 1, 1, 0], [0.5, 2, 0, 2.5]]
    assert found.tolist() == expected


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ends", [None, (10.0, 60.0)])
def test_points_of_counted_rows_are_those_of_the_rows(weighted, ends):
    rows = make_rows(weighted=weighted)
    exact = [np.array([7.4]), *(20 * v + 13.3 for v in VALUES)]
    job = PairCounts(tuple(v.size for v in VALUES))
    pairs = Blocks("abc", parts_of(rows)).fold("abc", job)
    n = np.diag(pairs)
    total = rows.is_event.size if rows.weight is None else rows.weight.sum()
    pairs = np.block([[np.array([[total]]), n[None, :]], [n[:, None], pairs]])
    everyone = np.zeros(rows.is_event.size, dtype=np.uint8)
    expected = round_together(exact, [everyone, *rows.bins], rows.weight, ends)
    for own, other in zip(round_counted(exact, pairs, ends), expected, strict=True):
        assert own.tolist() == other.tolist()


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30), st.randoms())
def test_split_sums_add_up_in_any_order(numbers, random):
    parts = [split_sums(np.array([x])) for x in numbers]
    mixed = [*parts]
    random.shuffle(mixed)
    assert sum(parts).tolist() == sum(mixed).tolist()
    total = float(joined(sum(parts))[0])
    assert total == pytest.approx(np.sum(numbers), abs=1e-5, rel=1e-12)


@given(st.integers(0, 5), st.integers(1, 499))
def test_parts_and_their_order_leave_the_counts(seed, cut):
    rows = make_rows(seed=seed, weighted=True)
    job = PairCounts(tuple(v.size for v in VALUES))
    whole = job.update(job.start(), rows)
    parts = parts_of(rows, (0, cut, 500))
    one = job.update(job.start(), parts[0])
    other = job.update(job.start(), parts[1])
    assert np.array_equal(job.merge(other, one), whole)
