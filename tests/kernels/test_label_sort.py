from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.label_sort import numbers_of_keys, sort_labelled
from riskkit._kernels.memory import CountWorkspace

LARGEST = float(np.finfo(np.float64).max)


def sort(x, labels):
    x = np.asarray(x, dtype=np.float64)
    keys = np.empty(len(x), dtype=np.uint64)
    flags = np.asarray(labels, dtype=np.uint64)
    found = sort_labelled(x, flags, keys, CountWorkspace.of(len(x)))
    if found is None:
        return None
    found = found()
    return numbers_of_keys(found.keys, found.factor), found.keys & np.uint64(1)


def test_hand_computed():
    x = [2.5, np.nan, -1.0, 2.5, 0.0, -0.0, -np.nan]
    values, labels = sort(x, [1, 1, 0, 0, 1, 0, 0])
    assert values.tolist() == [-1.0, 0.0, 0.0, 2.5, 2.5]
    assert labels.tolist() == [0, 0, 1, 0, 1]


def test_a_key_is_the_scaled_number_moved_up_with_its_label():
    keys = np.empty(1, dtype=np.uint64)
    work = CountWorkspace.of(1)
    found = sort_labelled(np.array([1.0]), np.array([1], np.uint64), keys, work)()
    assert found.factor == 0.25
    assert int(found.keys[0]) == 2 * int(np.float64(0.25).view(np.uint64)) + 1


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.floats(allow_infinity=True, allow_nan=True),
                st.integers(0, 9).map(lambda k: 1e8 + k),
                st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.0, LARGEST]),
            ),
            st.booleans(),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_equals_a_sort_of_pairs_or_refuses(rows):
    x = np.array([value for value, _ in rows])
    labels = np.array([label for _, label in rows])
    found = sort(x, labels)
    finite = np.clip(x[~np.isnan(x)], -LARGEST, LARGEST)
    if found is None:
        magnitudes = np.abs(finite[finite != 0])
        assert np.log2(magnitudes.max()) - np.log2(magnitudes.min()) > 900
        return
    order = np.lexsort((labels[~np.isnan(x)], np.abs(finite) * np.sign(finite)))
    assert np.array_equal(found[0], finite[order])
    # Under a sign bit a label makes the number smaller: compare sets, value by value.
    for value in set(finite.tolist()):
        assert sorted(found[1][found[0] == value].tolist()) == sorted(
            labels[~np.isnan(x)][finite == value].astype(int).tolist()
        )


@pytest.mark.parametrize("n", [1, 2**14 - 1, 2**14, 2**14 + 1, 50_000])
def test_blocks_join(n):
    rng = np.random.default_rng(n)
    x = np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))
    values, _ = sort(x, rng.random(n) < 0.3)
    assert np.array_equal(values, np.sort(x[~np.isnan(x)]))


def test_a_loss_of_digits_is_refused():
    assert sort([1e300, 3e-300], [0, 1]) is None
    assert sort([np.nan, np.nan], [0, 1])[0].tolist() == []
