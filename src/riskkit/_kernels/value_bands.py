"""Values of a column with the accounts of either class: exact, or in bands of bits.

The bits of a float64 order like its magnitude, so that with the sign they number all
values in their order::

    o(x) = 2^63 + bits(|x|)   for x >= 0,      2^63 - bits(|x|)   for x < 0

A *band* of ``s`` bits holds the values whose numbers round up to one multiple of
``2^s``, its upper end. Bands are closed on the right, as bins are; those of ``s`` bits
divide the mantissa into ``2^(52-s)`` parts, so that no band is wider than ``2^(s-52)``
of its own values, and bands of 0 bits are single values. Rounding up twice is rounding
up once, so bands of ``s`` bits are unions of bands of fewer.

A column is kept in the narrowest bands of which at most ``max_bands`` are occupied, but
never in wider ones than 52 bits, one for each power of two, of which there are 4,096.
Fewer rows never occupy more bands. Hence the bands of a union of rows are never
narrower than those of its parts, and *the result is a function of the rows as a set*:
parts give the same numbers in whatever order they are added, to the bit. No sketch of
random or greedy choices (t-digest, KLL, Greenwald-Khanna) has this.

All counts inside bands are exact. What is lost is where in a band a value lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["NumberArray", "ValueBands", "add_bands", "count_values", "widen_bands"]

NumberArray = NDArray[np.uint64]

_ZERO = np.uint64(1 << 63)  # the number of both zeros
_LARGEST = np.finfo(np.float64).max
_MOST_BITS = 52  # beyond, upper ends would overflow
_SIGN_OFF = np.uint64((1 << 63) - 1)
_OCTAVE = np.uint64(52)  # bits below the power of two of a number
_WITHIN = np.uint64((1 << 52) - 1)
_DENSE = 1 << 20  # bands counted by position: more than a column has at most
_FIRST = 3  # times the bands: rows that tell how wide they have to be at least
_WHOLE_SPAN = 1 << 16  # of whole numbers counted by value


@dataclass(frozen=True)
class ValueBands:
    """Occupied bands in order, with their accounts; missing values apart.

    ``upper`` are the numbers of the upper ends, all of them multiples of ``2^n_bits``.
    """

    n_bits: int
    upper: NumberArray
    n_event: FloatArray
    n_nonevent: FloatArray
    missing_event: float
    missing_nonevent: float

    @property
    def values(self) -> FloatArray:
        """The upper ends; the values themselves where bands have 0 bits."""
        return _values_of(self.upper)


def count_values(
    x: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    *,
    max_bands: int,
    n_bits: int = 0,
) -> ValueBands:
    """Count rows in bands of at least ``n_bits``; infinities count as finite ends."""
    is_missing = np.isnan(x)
    missing_event = missing_nonevent = 0.0
    if is_missing.any():
        missing_event = _total(is_missing & is_event, weight)
        missing_nonevent = _total(is_missing & ~is_event, weight)
        kept = ~is_missing
        x, is_event = x[kept], is_event[kept]
        weight = None if weight is None else weight[kept]
    x = np.clip(x, -_LARGEST, _LARGEST)
    counted = _count_whole(x, is_event, weight) if n_bits == 0 else None
    n_first = _FIRST * max_bands
    if counted is None and n_bits == 0 and len(x) > 2 * n_first:
        # Some rows have bands that all have at least, and few are soon sorted.
        first = np.sort(_numbers_of(x[:n_first]))
        n_bits = _fewest_bits(first, 0, max_bands)
    if counted is None:
        numbers = _round_up(_numbers_of(x), n_bits)
        counted = _count_numbers(numbers, is_event, weight, n_bits)
    bands = ValueBands(n_bits, *counted, missing_event, missing_nonevent)
    return widen_bands(bands, max_bands=max_bands)


def add_bands(one: ValueBands, other: ValueBands, *, max_bands: int) -> ValueBands:
    """Return the bands of both sets of rows."""
    n_bits = max(one.n_bits, other.n_bits)
    upper = np.concatenate(
        [_round_up(one.upper, n_bits), _round_up(other.upper, n_bits)]
    )
    event = np.concatenate([one.n_event, other.n_event])
    nonevent = np.concatenate([one.n_nonevent, other.n_nonevent])
    order = np.argsort(upper, kind="stable")  # two runs in order: a single merge
    pooled = _pool(upper[order], event[order], nonevent[order])
    both = ValueBands(
        n_bits,
        *pooled,
        one.missing_event + other.missing_event,
        one.missing_nonevent + other.missing_nonevent,
    )
    return widen_bands(both, max_bands=max_bands)


def widen_bands(
    bands: ValueBands, *, max_bands: int, n_bits: int | None = None
) -> ValueBands:
    """Return bands of at least ``n_bits``, the narrowest of which there are so few."""
    low = bands.n_bits if n_bits is None else max(n_bits, bands.n_bits)
    too_many = len(bands.upper) > max_bands and low < _MOST_BITS
    if low > bands.n_bits or too_many:
        low = _fewest_bits(bands.upper, low, max_bands)
        pooled = _pool(_round_up(bands.upper, low), bands.n_event, bands.n_nonevent)
        missing = bands.missing_event, bands.missing_nonevent
        return ValueBands(low, *pooled, *missing)
    return bands


def _fewest_bits(upper: NumberArray, low: int, max_bands: int) -> int:
    """Return the least bits, from ``low`` on, that leave at most so many bands."""

    def n_bands(n_bits: int) -> int:
        ends = _round_up(upper, n_bits)
        return int(np.count_nonzero(ends[1:] != ends[:-1])) + 1

    if not len(upper) or low >= _MOST_BITS or n_bands(low) <= max_bands:
        return low
    high = _MOST_BITS
    while high - low > 1:  # ``low`` leaves too many, ``high`` is not too wide
        middle = (low + high) // 2
        low, high = (middle, high) if n_bands(middle) > max_bands else (low, middle)
    return high


def _numbers_of(x: FloatArray) -> NumberArray:
    """Return ``o`` of finite values."""
    magnitude = x.view(np.uint64) & _SIGN_OFF
    return np.where(x < 0, _ZERO - magnitude, _ZERO + magnitude)


def _values_of(numbers: NumberArray) -> FloatArray:
    is_negative = numbers < _ZERO
    magnitude = np.where(is_negative, _ZERO - numbers, numbers - _ZERO)
    # A band next to infinity has its bits as upper end, but no finite value lies there.
    size = np.minimum(magnitude.view(np.float64), _LARGEST)
    return cast("FloatArray", np.where(is_negative, -size, size))


def _round_up(numbers: NumberArray, n_bits: int) -> NumberArray:
    if n_bits == 0:
        return numbers
    unit = np.uint64(n_bits)
    rest = np.uint64((1 << n_bits) - 1)
    # Numbers of finite values are below 2^64 - 2^52, a multiple up to 52 bits.
    quotient = (numbers >> unit) + ((numbers & rest) != 0)
    return cast("NumberArray", quotient << unit)


def _count_whole(
    x: FloatArray, is_event: BoolArray, weight: FloatArray | None
) -> tuple[NumberArray, FloatArray, FloatArray] | None:
    """Count whole numbers of a short range by value; None if they are not such."""
    first = x[:256]
    if not len(x) or not np.array_equal(first, np.rint(first)):
        return None
    low, high = float(x.min()), float(x.max())
    if not high - low < _WHOLE_SPAN or not np.array_equal(x, np.rint(x)):
        return None
    codes = (x - low).astype(np.intp)
    event, nonevent = _tally(codes, is_event, weight, int(high - low) + 1)
    occupied = np.flatnonzero((event > 0) | (nonevent > 0))
    upper = _numbers_of(low + occupied.astype(np.float64))
    return upper, event[occupied], nonevent[occupied]


def _count_numbers(
    numbers: NumberArray, is_event: BoolArray, weight: FloatArray | None, n_bits: int
) -> tuple[NumberArray, FloatArray, FloatArray]:
    if not len(numbers):
        return numbers, np.zeros(0), np.zeros(0)
    octave = (numbers >> _OCTAVE).astype(np.intp)
    n_rows = np.bincount(octave)
    occupied = np.flatnonzero(n_rows)
    n_parts = 1 << max(_MOST_BITS - n_bits, 0)
    if occupied.size * n_parts > _DENSE:
        return _count_sorted(numbers, is_event, weight)
    # Octaves without a row in between, as around zero, take no place.
    slot = np.zeros(n_rows.size, dtype=np.intp)
    slot[occupied] = np.arange(occupied.size) * n_parts
    codes = ((numbers & _WITHIN) >> np.uint64(n_bits)).astype(np.intp)
    codes += slot[octave]
    event, nonevent = _tally(codes, is_event, weight, occupied.size * n_parts)
    found = np.flatnonzero((event > 0) | (nonevent > 0))
    upper = occupied[found // n_parts].astype(np.uint64) << _OCTAVE
    upper += (found % n_parts).astype(np.uint64) << np.uint64(n_bits)
    return upper, event[found], nonevent[found]


def _count_sorted(
    numbers: NumberArray, is_event: BoolArray, weight: FloatArray | None
) -> tuple[NumberArray, FloatArray, FloatArray]:
    if weight is not None:
        upper, codes = np.unique(numbers, return_inverse=True)
        return upper, *_tally(codes, is_event, weight, len(upper))
    # Sorting numbers is several times faster than finding where they went.
    event, n_event = np.unique(numbers[is_event], return_counts=True)
    nonevent, n_nonevent = np.unique(numbers[~is_event], return_counts=True)
    upper = np.concatenate([event, nonevent])
    order = np.argsort(upper, kind="stable")
    counts = np.zeros((2, len(upper)))
    counts[0, : len(event)] = n_event
    counts[1, len(event) :] = n_nonevent
    return _pool(upper[order], counts[0, order], counts[1, order])


def _tally(
    codes: NDArray[np.intp],
    is_event: BoolArray,
    weight: FloatArray | None,
    n_codes: int,
) -> tuple[FloatArray, FloatArray]:
    if weight is not None:
        event = np.bincount(codes, np.where(is_event, weight, 0.0), n_codes)
        nonevent = np.bincount(codes, np.where(is_event, 0.0, weight), n_codes)
        return event.astype(np.float64), nonevent.astype(np.float64)
    rows = np.bincount(codes, minlength=n_codes)
    event = np.bincount(codes[is_event], minlength=n_codes).astype(np.float64)
    return event, (rows - event).astype(np.float64)


def _pool(
    upper: NumberArray, event: FloatArray, nonevent: FloatArray
) -> tuple[NumberArray, FloatArray, FloatArray]:
    """Add up the accounts of equal ends, which are neighbours."""
    if not len(upper):
        return upper, event, nonevent
    starts = np.flatnonzero(np.append(True, upper[1:] != upper[:-1]))
    return (
        upper[starts],
        np.add.reduceat(event, starts),
        np.add.reduceat(nonevent, starts),
    )


def _total(rows: BoolArray, weight: FloatArray | None) -> float:
    return float(np.count_nonzero(rows) if weight is None else weight[rows].sum())
