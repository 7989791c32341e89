"""Hash buckets of levels: by hand, by a slow loop, and what they promise."""

from collections import Counter
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.level_buckets import (
    bucket_counts,
    buckets_of,
    is_frequent,
    n_buckets,
)


@pytest.mark.parametrize(
    ("max_levels", "expected"),
    [(1, 4), (2, 8), (3, 16), (4, 16), (5, 32), (100_000, 1 << 19), (1 << 40, 1 << 32)],
)
def test_number_of_buckets(max_levels, expected):
    assert n_buckets(max_levels) == expected


def test_buckets_by_hand():
    # The check value of CRC-32 in every catalogue of checksums is cbf43926.
    assert buckets_of(["123456789"], 1 << 32).tolist() == [0xCBF43926]
    assert buckets_of(["123456789", ""], 16).tolist() == [6, 0]
    assert buckets_of(["\ud800"], 16).tolist() == [crc32(b"\xed\xa0\x80") % 16]
    assert buckets_of([], 16).shape == (0,)
    both = bucket_counts(["123456789", ""], np.array([2.5, 3.0]), 16)
    assert both.tolist() == [3.0, *[0.0] * 5, 2.5, *[0.0] * 9]


@given(st.lists(st.text(st.characters(codec=None)), unique=True, max_size=40))
def test_buckets_equal_a_slow_loop(levels):
    accounts = np.arange(1.0, len(levels) + 1)
    expected = Counter()
    for level, n in zip(levels, accounts, strict=True):
        expected[crc32(level.encode("utf-8", "surrogatepass")) % 64] += n
    found = bucket_counts(levels, accounts, 64)
    assert {k: n for k, n in enumerate(found.tolist()) if n} == expected


@given(
    st.lists(st.integers(1, 1 << 40), min_size=1, max_size=60),
    st.integers(1, 70),
)
def test_no_frequent_level_is_in_a_light_bucket(units, max_levels):
    accounts = np.array(units) * 2.0**-20
    levels = [f"level {k}" for k in range(accounts.size)]
    total = float(accounts.sum())
    frequent = is_frequent(accounts, total, max_levels)
    assert np.count_nonzero(frequent) <= max_levels
    exact = [n * max_levels >= sum(units) for n in units]
    assert frequent.tolist() == exact
    n = n_buckets(max_levels)
    heavy = is_frequent(bucket_counts(levels, accounts, n), total, max_levels)
    assert heavy[buckets_of(levels, n)[frequent]].all()
