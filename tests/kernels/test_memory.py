from __future__ import annotations

import numpy as np

from riskkit._kernels.memory import Arena


def test_arrays_do_not_overlap_until_the_arena_is_cleared():
    arena = Arena()
    rng = np.random.default_rng(0)
    sizes = [int(size) for size in rng.integers(0, 300_000, 60)]
    kinds = [(np.int32, np.uint64, np.float64)[k % 3] for k in range(60)]
    arrays = [arena.empty(*both) for both in zip(sizes, kinds, strict=True)]
    for number, array in enumerate(arrays):
        array[:] = number
    for number, (array, size, kind) in enumerate(
        zip(arrays, sizes, kinds, strict=True)
    ):
        assert array.shape == (size,)
        assert array.dtype == kind
        assert (array == number).all()


def test_cleared_memory_is_used_again():
    arena = Arena()
    first = arena.empty(1000, np.float64)
    arena.clear()
    assert np.shares_memory(first, arena.empty(10, np.int32))


def test_an_array_larger_than_a_block_is_fresh():
    arena = Arena()
    large = arena.empty(10_000_000, np.float64)
    assert large.shape == (10_000_000,)
    arena.clear()
    assert not np.shares_memory(large, arena.empty(10_000_000, np.float64))
