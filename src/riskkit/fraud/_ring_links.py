"""Which rows are linked through columns of identifiers, and what hangs together.

Two rows that share one identifier are a pair. A pair is *double* if it shares two, and
*closed* if it does, or if a third row shares with each of the two an identifier that
the other has not. Accidental sharing makes trees: among ``n`` rows there are about
``n`` accidental pairs and enough of them to join most rows, but a number of closed ones
that does not grow with ``n``. People who work from one stock of identities close many.

With ``A`` the matrix of pairs and ``A_c`` that of the pairs through column ``c``, the
rows that close the pair ``i, j`` are ``(A A)_ij - sum_c (A_c A_c)_ij``: two steps
through one column stay with one identifier and close nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, cg

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["LINKS", "Identifier", "components", "proximity"]

LINKS = ("closed", "double", "any")
_TOLERANCE = 1e-10
# Sweeps that take away fewer of the rows are not worth their time.
_LEAST_SHARE = 0.01
_MOST_PAIRS = 30_000_000
_BLOCK = 50_000


@dataclass(frozen=True)
class Identifier:
    """A column of identifiers: a number for each row (-1 missing), rows of each."""

    codes: IntArray
    degree: IntArray
    links: BoolArray  # of each value: held by two rows at least, and not by too many

    @classmethod
    def make(cls, codes: IntArray, n_values: int, max_degree: int) -> Identifier:
        """Count the rows of each value."""
        degree = np.bincount(codes[codes >= 0], minlength=n_values)
        return cls(codes, degree, (degree >= 2) & (degree <= max_degree))

    @property
    def linking(self) -> IntArray:
        """The codes of values that link, -1 for all others."""
        # The last entry serves the code -1.
        keep = np.append(self.links, False)
        return np.where(keep[self.codes], self.codes, -1)


def components(
    identifiers: Sequence[Identifier],
    link: str,
    times: NDArray[np.int64] | None = None,
    within: int = 0,
) -> IntArray:
    """Return the component of every row under links of a kind in `LINKS`.

    With `times`, rows more than `within` apart are no pair.
    """
    n_rows = identifiers[0].codes.size
    codes = [identifier.linking for identifier in identifiers]
    if link != "any":
        codes = _core(codes)
    pairs = [_pairs(column, times, within) for column in codes]
    first = np.concatenate([pair[0] for pair in pairs])
    second = np.concatenate([pair[1] for pair in pairs])
    if link != "any":
        keys, n_shared = np.unique(first * n_rows + second, return_counts=True)
        kept = n_shared >= 2
        if link == "closed":
            kept |= _closed(keys, pairs, n_rows)
        first, second = keys[kept] // n_rows, keys[kept] % n_rows
    labels = connected_components(_graph(first, second, n_rows), directed=False)[1]
    return np.asarray(labels, dtype=np.intp)


def proximity(
    identifiers: Sequence[Identifier], is_suspect: FloatArray, restart: float
) -> FloatArray:
    """Return the chance that a walk from each row ends at a suspect.

    Before every step the walk ends with probability `restart`. A step picks one of the
    row's identifiers, then one of the rows that hold it. An identifier that links
    nobody leads back to its row. This is the personalised PageRank of the row, summed
    over the suspects: ``h = restart * s + (1 - restart) * P h``.
    """
    linking = [identifier.linking for identifier in identifiers]
    n_known = _n_held([identifier.codes for identifier in identifiers])
    n_linking = _n_held(linking)
    # Rows without links never reach anybody but themselves.
    found = np.array(is_suspect, dtype=np.float64)
    active = np.flatnonzero(n_linking)
    if not active.size or not is_suspect[active].any():
        return found
    held = _incidence([codes[active] for codes in linking])
    back = csr_array(held.T)
    degree = np.asarray(back.sum(axis=1), dtype=np.float64)
    # With every row multiplied by the number of its identifiers the equation has a
    # symmetric positive matrix; scaled by its diagonal, its eigenvalues lie between
    # `restart` and 1, so that conjugate gradients need few steps.
    source = restart * n_known[active] * is_suspect[active]
    diagonal = restart * n_known[active] + (1.0 - restart) * n_linking[active]

    def apply(h: FloatArray) -> FloatArray:
        stepped: FloatArray = held @ ((back @ h) / degree)
        return diagonal * h - (1.0 - restart) * stepped

    shape = (active.size, active.size)
    matrix = LinearOperator(shape, matvec=apply, dtype=np.float64)
    scaling = LinearOperator(shape, matvec=lambda h: h / diagonal, dtype=np.float64)
    h, _ = cg(matrix, source, rtol=_TOLERANCE, atol=0.0, M=scaling)
    found[active] = np.clip(h, 0.0, 1.0)
    return found


def _n_held(codes: Sequence[IntArray]) -> FloatArray:
    held = np.stack(codes) >= 0
    return np.asarray(held.sum(axis=0), dtype=np.float64)


def _core(codes: Sequence[IntArray]) -> list[IntArray]:
    """Take away, again and again, rows with one identifier, identifiers with one row.

    What goes is in no double or closed pair; this only saves time.
    """
    codes = [column.copy() for column in codes]
    while True:
        few = np.sum([column >= 0 for column in codes], axis=0) == 1
        for column in codes:
            column[few] = -1
        n_lost = int(few.sum())
        for column in codes:
            held = column >= 0
            alone = np.append(np.bincount(column[held]) == 1, False)[column]
            column[alone & held] = -1
            n_lost += int((alone & held).sum())
        if n_lost <= _LEAST_SHARE * sum(int((c >= 0).sum()) for c in codes):
            return codes


def _pairs(
    codes: IntArray, times: NDArray[np.int64] | None, within: int
) -> tuple[IntArray, IntArray]:
    """Return all pairs of rows with one value, the first row of each the smaller."""
    rows = np.flatnonzero(codes >= 0)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    values = codes[rows]
    n_pairs = int(np.sum(_choose_two(np.bincount(values))))
    if n_pairs > _MOST_PAIRS:
        msg = (
            f"Identifiers must make at most {_MOST_PAIRS:,} pairs of rows a column; "
            f"got {n_pairs:,}. Lower max_degree: what so many share tells little."
        )
        raise InvalidInputError(msg)
    firsts, seconds = [rows[:0]], [rows[:0]]
    for step in range(1, values.size):
        same = np.flatnonzero(values[step:] == values[:-step])
        if not same.size:
            break
        firsts.append(rows[same])
        seconds.append(rows[same + step])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    if times is not None:
        near = np.abs(times[first] - times[second]) <= within
        first, second = first[near], second[near]
    return first, second


def _choose_two(n: IntArray) -> IntArray:
    return n * (n - 1) // 2


def _closed(
    keys: IntArray, pairs: Sequence[tuple[IntArray, IntArray]], n_rows: int
) -> BoolArray:
    """Return which pairs, given as ``first * n_rows + second``, a third row closes."""
    first, second = keys // n_rows, keys % n_rows
    used, place = np.unique(np.append(first, second), return_inverse=True)
    a, b = place[: first.size], place[first.size :]
    matrix = _symmetric(a, b, used.size)
    by_column = [
        _symmetric(np.searchsorted(used, i), np.searchsorted(used, j), used.size)
        for i, j in pairs
        if i.size
    ]
    found = np.zeros(keys.size, dtype=np.bool_)
    # Pairs are sorted by their first row, so blocks of rows are blocks of pairs.
    for low in range(0, used.size, _BLOCK):
        here = slice(*np.searchsorted(a, [low, low + _BLOCK]))
        if here.start == here.stop:
            continue
        block = slice(low, low + _BLOCK)
        ways = csr_array(matrix[block] @ matrix)
        for column in by_column:
            ways = csr_array(ways - column[block] @ column)
        found[here] = np.asarray(ways[a[here] - low, b[here]]).ravel() > 0
    return found


def _symmetric(a: IntArray, b: IntArray, size: int) -> csr_array:
    values = np.ones(2 * a.size, dtype=np.int32)
    places = (np.append(a, b), np.append(b, a))
    return csr_array(coo_array((values, places), shape=(size, size)))


def _graph(first: IntArray, second: IntArray, n_rows: int) -> coo_array:
    ones = np.ones(first.size, dtype=np.int8)
    return coo_array((ones, (first, second)), shape=(n_rows, n_rows))


def _incidence(codes: Sequence[IntArray]) -> csr_array:
    """Return which rows hold which values; every value is held by a row."""
    parts = []
    for column in codes:
        rows = np.flatnonzero(column >= 0)
        if rows.size:
            used = np.zeros(int(column.max()) + 1, dtype=np.intp)
            used[column[rows]] = 1
            number = np.cumsum(used) - 1
            shape = (column.size, int(number[-1]) + 1)
            places = (rows, number[column[rows]])
            parts.append(csr_array((np.ones(rows.size), places), shape=shape))
    return csr_array(hstack(parts, format="csr"))
