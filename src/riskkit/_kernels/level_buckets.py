"""Levels in hash buckets: bounds on the accounts of every level, without its name.

A level lies in the bucket that the low bits of the CRC-32 of its UTF-8 bytes name. The
accounts of a bucket are the sum over its levels, so they bound those of each level from
above; they add up over parts, and do not depend on the order of the rows.

A level is *frequent* if it holds at least a share of ``1 / max_levels`` of the accounts
that have a level at all: there are at most ``max_levels`` such levels, each in a bucket
that holds as much. Buckets are at least four times as many, so most of those that
hold only infrequent levels stay below the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["bucket_counts", "buckets_of", "is_frequent", "n_buckets"]

_PER_LEVEL = 4
_HASH_BITS = 32


def n_buckets(max_levels: int) -> int:
    """Return the least power of two that is at least four times `max_levels`."""
    return 1 << min(_HASH_BITS, (_PER_LEVEL * max_levels - 1).bit_length())


def buckets_of(levels: Sequence[str], n: int) -> IntArray:
    """Return the bucket of each level, of `n` buckets, a power of two."""
    # Text that came from bytes may hold surrogates, which UTF-8 has no bytes for.
    hashes = (crc32(level.encode("utf-8", "surrogatepass")) for level in levels)
    return np.fromiter(hashes, np.int64, len(levels)).astype(np.intp) & (n - 1)


def bucket_counts(levels: Sequence[str], accounts: FloatArray, n: int) -> FloatArray:
    """Return the accounts in each of `n` buckets."""
    counts = np.bincount(buckets_of(levels, n), accounts, minlength=n)
    return np.asarray(counts, dtype=np.float64)


def is_frequent(accounts: FloatArray, total: float, max_levels: int) -> BoolArray:
    """Return which levels, or buckets, hold the share of a frequent level."""
    # Multiplied rather than divided: of a bucket and a level in it the larger one
    # never falls below the limit by rounding alone.
    return np.asarray(accounts * float(max_levels) >= total)
