"""Numbers sorted together with a binary label, by one sort of plain numbers.

Sorting numbers alone is many times faster than finding the permutation that sorts them,
so the label travels inside the number. Scaled by a power of two to magnitudes below
one half, the highest bit of the exponent is free; all bits but the sign move up by one,
and the lowest takes the label:

    key(x) = sign(x) [2 bits(s |x|) + label]        read as a float64 again

Keys order like ``x``, and equal values with different labels are neighbours. Missing
values take a key above all others. Nothing is lost: the value comes back exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from riskkit._kernels.memory import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskkit._kernels.memory import CountWorkspace, KeyArray
    from riskkit.typing import FloatArray

__all__ = ["LabelledKeys", "SortingPool", "numbers_of_keys", "sort_labelled"]

_LARGEST = float(np.finfo(np.float64).max)
_MISSING = 0.75  # above every scaled number, and its key is finite
_MAGNITUDE = np.uint64((1 << 63) - 1)
_ONE = np.uint64(1)


@dataclass(frozen=True)
class LabelledKeys:
    """Sorted keys of the observed values, and their scale."""

    keys: KeyArray
    factor: float


class SortingPool(Protocol):
    """Who sorts while the caller does something else."""

    def submit(self, sort: Callable[[], None]) -> Callable[[], None]:
        """Have it done; the result waits for the end."""
        ...


def sort_labelled(
    x: FloatArray,
    labels: KeyArray,
    keys: KeyArray,
    work: CountWorkspace,
    pool: SortingPool | None = None,
) -> Callable[[], LabelledKeys] | None:
    """Begin to sort the numbers of a column into ``keys``; call the result to end it.

    ``labels`` are zeros and ones. The result is None if scaling would lose digits, as
    it does in columns whose magnitudes span more than a thousand powers of two.
    Infinities are taken for the largest finite numbers. Without a ``pool``, the keys
    are sorted at once.
    """
    low, high = np.fmin.reduce(x), np.fmax.reduce(x)
    if np.isinf(low) or np.isinf(high):
        low, high = max(low, -_LARGEST), min(high, _LARGEST)
        x = np.clip(x, -_LARGEST, _LARGEST)
    factor = _scale_below_half(max(-low, high))
    try:
        _write_keys(x, labels, factor, keys, work, has_negative=low < 0)
    except FloatingPointError:
        return None
    ordered = keys.view(np.float64)
    wait = None
    if pool is None:
        ordered.sort()
    else:
        wait = pool.submit(ordered.sort)

    def finish() -> LabelledKeys:
        if wait is not None:
            wait()
        n_observed = int(ordered.searchsorted(_key_of(_MISSING), side="left"))
        return LabelledKeys(keys[:n_observed], factor)

    return finish


def numbers_of_keys(keys: KeyArray, factor: float) -> FloatArray:
    """Return the numbers inside keys."""
    magnitude = ((keys & _MAGNITUDE) >> _ONE).view(np.float64)
    value: FloatArray = np.copysign(magnitude, keys.view(np.float64)) / factor
    return value


def _scale_below_half(magnitude: float) -> float:
    """Return a power of two that brings the magnitude below one half."""
    exponent = int(np.frexp(magnitude)[1]) if magnitude > 0 else 0
    return float(np.ldexp(1.0, min(-1 - exponent, 1000)))


def _write_keys(
    x: FloatArray,
    labels: KeyArray,
    factor: float,
    keys: KeyArray,
    work: CountWorkspace,
    *,
    has_negative: bool,
) -> None:
    """Write the keys of the rows; a FloatingPointError means that digits were lost."""
    with np.errstate(under="raise", invalid="ignore"):
        for begin in range(0, len(x), BLOCK):
            rows = slice(begin, begin + BLOCK)
            key = keys[rows]
            scaled = work.value[: len(key)]
            np.multiply(x[rows], factor, out=scaled)
            np.fmin(scaled, _MISSING, out=scaled)
            scaled += 0.0  # -0.0 and 0.0 are one number
            np.left_shift(scaled.view(np.uint64), _ONE, out=key)
            np.bitwise_or(key, labels[rows], out=key)
            if has_negative:
                np.copysign(key.view(np.float64), scaled, out=key.view(np.float64))


def _key_of(number: float) -> float:
    return float((np.array(number).view(np.uint64) << _ONE).view(np.float64))
