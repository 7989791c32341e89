"""Sums that do not depend on the order of what is added.

A number is cut into three: its whole part, the rest down to ``2**-20``, and the rest of
that down to ``2**-42``. Multiples of a power of two add up without rounding as long as
their sum has no more than 53 digits: here to ``2**53`` whole units, and over ``2**33``
rows. What is cut off behind ``2**-42`` is a rule of the single number, so parts of a
table add up to the whole in any order, to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray, IntArray

__all__ = ["PIECES", "exact_sums", "rounded", "sum_again"]

_UNITS = (2.0**0, 2.0**-20, 2.0**-42)
PIECES = len(_UNITS)


def exact_sums(place: IntArray, values: FloatArray | None, size: int) -> FloatArray:
    """Return the sums by place in pieces, of shape (PIECES, size); None stands for 1.

    Places are whole numbers from 0 to ``size - 1``.
    """
    pieces = np.zeros((PIECES, size))
    if values is None:
        pieces[0] = np.bincount(place, minlength=size)
        return pieces
    rest = values
    for k, unit in enumerate(_UNITS):
        here = np.rint(rest / unit) * unit
        pieces[k] = np.bincount(place, here, size)
        rest = rest - here  # exact: both are near each other
        if not rest.any():
            break
    return pieces


def sum_again(place: IntArray, pieces: FloatArray, size: int) -> FloatArray:
    """Add sums in pieces up by place, still in pieces."""
    flat = pieces.reshape(PIECES, -1)
    return np.array([np.bincount(place, own, size) for own in flat])


def rounded(pieces: FloatArray) -> Any:
    """Return the sums as numbers: an array, or a number of a single sum."""
    return pieces[0] + (pieces[1] + pieces[2])
