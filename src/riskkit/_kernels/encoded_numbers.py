"""Numbers replaced by a value of their bin, without the bins in between.

Same bins as ``bins.assign_numeric``, by other steps, because here nobody asks for the
bin itself. With the interior edges ``c_1 < ... < c_m`` and ``c_{m+1} = inf``, let

    k(x) = number of edges c_i with x <= c_i

Then ``k = m + 1 - b`` for a value of bin ``b``, and a missing value, which is not
below anything, has ``k = 0``. One comparison with all edges at once and one sum of
truths, as bytes, give ``k``; for every ``k`` a table has the value.

Two bytes that lie side by side are one number of 16 bits, so that a table of pairs
looks two rows up at a time.

Short columns are compared several at a time, because a call costs as much as thousands
of rows. Those with fewer edges get further ones at infinity, each of which adds one to
``k`` of every value that is not missing; their tables begin as much later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import encode_numeric, take_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray

__all__ = ["NumberEncoder", "encode_short_columns"]

_MOST_EDGES = 48  # beyond, a binary search is faster than comparing with each
_MOST_PAIRED = 16  # values whose table of pairs stays in the cache
# Rows per block: enough for two threads not to wait for each other at every call, and
# few enough for the outer cache to hold a byte for each comparison.
_TRUTHS = 1 << 20
_LEAST_ROWS, _MOST_ROWS = 1 << 13, 1 << 17
_LEAST_TOGETHER = 2
_SHORT_TRUTHS = 1 << 19  # of short columns that are compared at a time
_BYTE = 256
_PAIR = np.dtype("<u2")  # the first of two bytes is the lower one on any machine


class NumberEncoder:
    """Encodes column after column in the same work arrays.

    Like them it serves one thread. Results do not depend on the columns before.
    """

    def __init__(self, n_rows: int) -> None:
        self._counts = np.empty(min(n_rows, _MOST_ROWS), dtype=np.uint8)
        n_truths = (_MOST_EDGES + 1) * min(n_rows, _LEAST_ROWS)
        self._truths = np.empty(max(_TRUTHS, n_truths), dtype=np.uint8)

    def encode(
        self,
        x: FloatArray,
        edges: Sequence[float],
        special: Sequence[Sequence[float]],
        values: FloatArray,
        out: FloatArray,
    ) -> None:
        """Write the entry of `values` of each number's bin to `out`, both contiguous.

        `values` has the regular bins, the special groups and missing values in the
        order of ``assign_numeric``, and may go on.
        """
        if special or len(edges) > _MOST_EDGES:
            encode_numeric(x, np.asarray(edges), special, values, out)
            return
        n_edges = len(edges) + 1
        ends = np.array([*edges, np.inf])[:, None]
        # Missing, the last bin, ..., the first bin.
        by_count = np.ascontiguousarray(values[n_edges::-1])
        pairs = _pairs_of(by_count) if n_edges < _MOST_PAIRED else None
        step = min(max(_TRUTHS // n_edges, _LEAST_ROWS), _MOST_ROWS)
        for start in range(0, x.size, step):
            block = x[start : start + step]
            truths = self._truths[: n_edges * block.size].reshape(n_edges, block.size)
            counts = self._counts[: block.size]
            np.less_equal(block, ends, out=truths.view(np.bool_))
            np.add.reduce(truths, axis=0, dtype=np.uint8, out=counts)
            _look_up(by_count, pairs, counts, out[start : start + step])


def encode_short_columns(
    columns: NDArray[np.floating],
    edges: Sequence[Sequence[float]],
    values: Sequence[FloatArray],
    out: FloatArray,
) -> bool:
    """Encode the rows of `columns` as :class:`NumberEncoder` does, several at a time.

    Rows of `out` are contiguous. False if that is no gain, and nothing is written: for
    long columns, and for many edges.
    """
    n_columns, n_rows = columns.shape
    most = 1 + max(map(len, edges))
    together = min(_SHORT_TRUTHS // (most * n_rows), n_columns)
    if together < _LEAST_TOGETHER or most > _MOST_EDGES:
        return False
    ends = np.full((n_columns, most, 1), np.inf)
    by_count = np.empty((n_columns, most + 1))
    for j, (ends_of, values_of) in enumerate(zip(edges, values, strict=True)):
        n_edges = len(ends_of) + 1
        ends[j, : n_edges - 1, 0] = ends_of
        by_count[j, most - n_edges :] = values_of[n_edges::-1]
        by_count[j, 0] = values_of[n_edges]
    truths = np.empty((together, most, n_rows), dtype=np.uint8)
    counts = np.empty((together, n_rows), dtype=np.uint8)
    for begin in range(0, n_columns, together):
        some = slice(begin, begin + together)
        x = np.ascontiguousarray(columns[some], dtype=np.float64)
        truth, count = truths[: len(x)], counts[: len(x)]
        np.less_equal(x[:, None], ends[some], out=truth.view(np.bool_))
        np.add.reduce(truth, axis=1, dtype=np.uint8, out=count)
        for j in range(len(x)):
            take_values(by_count[begin + j], count[j], out=out[begin + j])
    return True


def _pairs_of(values: FloatArray) -> NDArray[np.complex128]:
    """Return a table of two values, the first for the lower of two bytes."""
    n = len(values)
    # Of the lower byte, only the first entries are ever looked up, or filled.
    table = np.empty((n, _BYTE, 2))
    table[:, :n, 0] = values
    table[:, :n, 1] = values[:, None]
    # A complex number is merely what NumPy calls two doubles side by side.
    return table.reshape(-1).view(np.complex128)


def _look_up(
    values: FloatArray,
    pairs: NDArray[np.complex128] | None,
    codes: NDArray[np.uint8],
    out: FloatArray,
) -> None:
    if pairs is None:
        take_values(values, codes, out=out)
        return
    n_paired = codes.size & ~1
    pairs.take(
        codes[:n_paired].view(_PAIR),
        out=out[:n_paired].view(np.complex128),
        mode="clip",  # spares a check of each; see take_values
    )
    if n_paired < codes.size:
        out[-1] = values[codes[-1]]
