"""Sums that do not depend on order, against fractions."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.backtest._exact_sums import PIECES, exact_sums, rounded, sum_again

amounts = st.lists(
    st.tuples(st.integers(0, 3), st.floats(0, 1e9, allow_nan=False)), max_size=60
)


def test_by_hand():
    place = np.array([0, 1, 1])
    pieces = exact_sums(place, np.array([2.5, 1.0, 2.0**-30]), 3)
    assert pieces.shape == (PIECES, 3)
    assert pieces[0].tolist() == [2.0, 1.0, 0.0]
    assert rounded(pieces).tolist() == [2.5, 1.0 + 2.0**-30, 0.0]
    assert rounded(exact_sums(place, None, 3)).tolist() == [1.0, 2.0, 0.0]
    again = sum_again(np.array([0, 0, 1]), pieces, 2)
    assert rounded(again).tolist() == [3.5 + 2.0**-30, 0.0]


@settings(max_examples=100)
@given(amounts, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_bits_and_the_right_sum(rows, rng):
    def sums(rows):
        place = np.array([k for k, _ in rows], dtype=np.intp)
        return exact_sums(place, np.array([x for _, x in rows]), 4)

    pieces = sums(rows)
    mixed = rng.sample(rows, len(rows))
    cut = rng.randint(0, len(rows))
    parts = sums(mixed[cut:]) + sums(mixed[:cut])
    assert np.array_equal(parts, pieces)
    for k in range(4):
        own = [Fraction(x) for place, x in rows if place == k]
        # Each number is off by half of the last unit at most, and the sum is rounded.
        off = abs(Fraction(float(rounded(pieces)[k])) - sum(own))
        bound = len(own) * Fraction(1, 2**43)
        assert off <= bound + Fraction(math.ulp(float(sum(own)) + 1.0))
