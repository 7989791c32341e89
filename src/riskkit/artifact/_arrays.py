"""Arrays to bytes and back; reading trusts nothing.

The member ``detector.bin`` holds the arrays that ``model.json`` names, one after the
other, little-endian and without padding. Their shapes follow from the numbers beside
them, so that the bytes hold nothing but entries.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

from riskkit.artifact._members import ARRAYS
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ArraysReader", "encode_arrays"]


def encode_arrays(arrays: Sequence[tuple[Any, str]]) -> bytes:
    """Return the bytes of arrays, each with the little-endian type it is saved in."""
    return b"".join(
        [array.astype(kind, casting="same_kind").tobytes() for array, kind in arrays]
    )


class ArraysReader:
    """Takes arrays from the bytes, one after the other, and checks each."""

    def __init__(self, raw: bytes | None) -> None:
        self._raw = b"" if raw is None else raw
        self._taken = 0

    def take(
        self,
        place: str,
        kind: str,
        shape: tuple[int, ...],
        *,
        limit: float,
        may_be_infinite: bool = False,
    ) -> Any:
        """Return the next array, whose entries are at most `limit` from 0.

        `place` is what messages call it. With `may_be_infinite`, entries of plus
        infinity are let through.
        """
        # Python's whole numbers: no product of a hostile shape overflows.
        size = math.prod(shape)
        if size * int(kind[-1]) > len(self._raw) - self._taken:
            self.refuse(place, f"{size} entries", "fewer")
        import numpy as np

        part = np.frombuffer(self._raw, kind, size, self._taken)
        self._taken += part.nbytes
        bounded = np.abs(part) <= limit  # which NaN is not
        if may_be_infinite:
            bounded |= part == np.inf
        if not bounded.all():
            self.refuse(place, f"numbers of at most {limit:g}", "others")
        # Aligned, and in the order of this machine.
        return part.astype(part.dtype.newbyteorder("=")).reshape(shape)

    def finish(self) -> None:
        """Refuse bytes that no array has taken."""
        n_left = len(self._raw) - self._taken
        if n_left:
            self.refuse("the end", "no further bytes", f"{n_left}")

    @staticmethod
    def refuse(place: str, expected: str, came: str) -> NoReturn:
        """Raise the error that says what was expected of an array, and what came."""
        msg = (
            f"{ARRAYS}, {place}: expected {expected}; got {came}. The artifact is "
            "damaged or was not written by riskkit; save the model again."
        )
        raise ArtifactError(msg)
