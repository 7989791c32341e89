"""Order-preserving cell numbers of floating-point columns, without sorting.

The bits of a float64 order like its magnitude. Their leading 16 (sign, exponent, four
bits of mantissa) divide the real line into *bands*, sixteen to each power of two. One
pass counts the rows of every band; a band with ``r`` of ``R`` rows is then divided into
about ``N_CELLS r / R`` cells, a power of two, so that cells hold similar numbers of
rows whatever the distribution: heavy tails, offsets and several scales included. With
``key`` the bits of ``x``, inverted for negative numbers, the cell number is

    cell(x) = (key >> shift[band]) + offset[band]

and the bounds of a cell are exact. Bins are closed on the right, and so are cells:
positive numbers take the bits of the next number towards zero, ``x (1 - 2^-53)``
rounded. Then the largest value of a cell has few binary digits, and reads well.

The two bands next to zero (magnitudes below ``2^-1022 * 2^4``, and both zeros) are one
cell. Cells depend on the values and their total weights alone, neither on the order of
the rows nor on a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.memory import BLOCK, N_BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit._kernels.memory import CountWorkspace
    from riskkit.typing import Counts, FloatArray, IntArray

__all__ = ["RadixCells", "band_numbers", "cell_numbers", "plan_cells"]

N_CELLS = 1 << 16
_BAND_BITS = 48  # what remains of the 64 bits below the band
_TOWARDS_ZERO = 1.0 - 2.0**-53

_SIGN = 0x8000  # first band of the negative numbers, next to zero
_NAN = 0x7FF8  # first band of quiet nans; infinity is in band 0x7FF0
_INFINITE = 0x7FF0
_SHIFT_AWAY = 64


@dataclass(frozen=True)
class RadixCells:
    """A division of the real line into ``n_cells`` cells; missing is cell ``n_cells``.

    ``band``, ``start`` and ``bits`` describe the occupied bands in increasing order of
    value: the band, its first cell, and the logarithm of its number of cells.
    ``missing`` are the occupied bands of nan.
    """

    n_cells: int
    band: IntArray
    start: IntArray
    bits: IntArray
    missing: IntArray

    def has_negative(self) -> bool:
        """Return whether there are negative numbers, or a negative zero."""
        return len(self.band) > 0 and int(self.band[0]) >= _SIGN

    def has_infinity(self) -> bool:
        """Return whether there are values that no finite edge may part from others."""
        if not len(self.band):
            return False
        return int(self.band[0]) == _SIGN + _INFINITE or int(self.band[-1]) == _INFINITE

    def upper(self, cells: IntArray) -> FloatArray:
        """Return the largest number of each cell."""
        return self._bound(cells, last=True)

    def below(self, cells: IntArray) -> FloatArray:
        """Return the largest number under each cell."""
        return self._bound(cells, last=False)

    def _bound(self, cells: IntArray, *, last: bool) -> FloatArray:
        group = np.searchsorted(self.start, cells, side="right") - 1
        band, bits = self.band[group], self.bits[group]
        negative = band >= _SIGN
        step = cells - self.start[group] + last
        # Counted in cells of the band, from the end next to zero.
        from_zero = np.where(negative, (1 << bits) - step, step)
        magnitude = ((band & (_SIGN - 1)).astype(np.uint64) << _BAND_BITS) + (
            from_zero.astype(np.uint64) << (_BAND_BITS - bits).astype(np.uint64)
        )
        # The bound towards infinity has its bits, but no finite number lies there.
        value = np.minimum(magnitude.view(np.float64), np.finfo(np.float64).max)
        return np.where(negative, -value, value)


def _blocks(
    x: FloatArray, work: CountWorkspace, *, has_negative: bool
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield the rows block by block, positive ones moved to the next towards zero."""
    for begin in range(0, len(x), BLOCK):
        rows = slice(begin, min(begin + BLOCK, len(x)))
        value = work.value[: rows.stop - begin]
        np.multiply(x[rows], _TOWARDS_ZERO, out=value)
        if has_negative:
            np.minimum(value, x[rows], out=value)
        yield rows, value


def band_numbers(x: FloatArray, work: CountWorkspace) -> IntArray:
    """Return the band of every row, in the workspace."""
    numbers = work.numbers[: len(x)].view(np.uint64)
    with np.errstate(invalid="ignore"):
        has_negative = bool(np.fmin.reduce(x) < 0)
        for rows, value in _blocks(x, work, has_negative=has_negative):
            np.right_shift(value.view(np.uint64), _BAND_BITS, out=numbers[rows])
    return numbers.view(np.intp)


def plan_cells(band_size: Counts) -> RadixCells:
    """Divide the bands by their numbers of rows (sums of weights, from band 0 on)."""
    occupied = np.flatnonzero(band_size)
    magnitude = occupied & (_SIGN - 1)
    missing = occupied[magnitude >= _NAN]
    occupied = occupied[magnitude < _NAN]
    n_positive = int(np.searchsorted(occupied, _SIGN))
    # In increasing order of value: negative bands from the largest magnitude down.
    band = np.concatenate((occupied[n_positive:][::-1], occupied[:n_positive]))
    share = band_size[band] / max(float(band_size[band].sum()), 1e-300)
    # Far from a power of two up to rounding, sums in another order give equal cells.
    bits = np.floor(np.log2(share * N_CELLS) + 1e-9).astype(np.intp)
    bits = np.clip(bits, 0, _BAND_BITS)
    bits[(band & (_SIGN - 1)) == 0] = 0
    size = np.left_shift(1, bits)
    if 0 in band and _SIGN in band:  # 0.0 and -0.0 are one number
        size[band == _SIGN] = 0
    end = np.cumsum(size)
    n_cells = int(end[-1]) if len(end) else 0
    return RadixCells(n_cells, band, end - size, bits, missing)


def cell_numbers(x: FloatArray, cells: RadixCells, work: CountWorkspace) -> IntArray:
    """Return the cell of every row; the workspace must hold the bands of ``x``."""
    # Entries of bands without rows are left over from other columns, and never read.
    shift_of, offset_of = work.shift_of_band, work.offset_of_band
    shift_of[cells.missing] = _SHIFT_AWAY
    offset_of[cells.missing] = cells.n_cells
    shift_of[cells.band] = _BAND_BITS - cells.bits
    key_of_band = np.where(cells.band >= _SIGN, N_BANDS - 1 - cells.band, cells.band)
    offset_of[cells.band] = cells.start - (key_of_band << cells.bits)
    numbers = work.numbers[: len(x)]
    with np.errstate(invalid="ignore"):
        for rows, value in _blocks(x, work, has_negative=cells.has_negative()):
            number = numbers[rows]
            key, signed = value.view(np.uint64), value.view(np.int64)
            looked_up = work.looked_up[: len(key)]
            if cells.has_negative():
                sign = looked_up.view(np.int64)
                np.right_shift(signed, 63, out=sign)
                np.bitwise_xor(signed, sign, out=signed)
            # "clip" merely spares NumPy the check: every band is in range.
            shift_of.take(number, out=looked_up, mode="clip")
            np.right_shift(key, looked_up, out=key)
            offset = looked_up.view(np.intp)
            offset_of.take(number, out=offset, mode="clip")
            np.add(signed, offset, out=number)
    return numbers
