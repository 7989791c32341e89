"""The line of the points, and how its level is shared out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit._kernels.points import points_line, share_level, stretched_line

LOWEST = st.lists(st.floats(-100, 0), min_size=1, max_size=8).map(np.array)
LEVEL = st.floats(-200, 900)


def test_shares_by_hand():
    lowest = np.array([-10.0, -70.0, -5.0])
    cases = {
        (100.0, True, False): (0.0, [100 / 3, 100 / 3, 100 / 3]),
        (100.0, False, False): (100.0, [0, 0, 0]),
        (100.0, False, True): (15.0, [10, 70, 5]),
        # The second needs 70 of the 100, the others part the rest.
        (100.0, True, True): (0.0, [15, 70, 15]),
        (60.0, True, True): (-25.0, [10, 70, 5]),
        (300.0, True, True): (0.0, [100, 100, 100]),
    }
    for (level, spread, nonnegative), (base, shares) in cases.items():
        got = share_level(level, lowest, spread=spread, nonnegative=nonnegative)
        assert got[0] == pytest.approx(base)
        assert_allclose(got[1], shares)


@given(LOWEST, LEVEL, st.booleans(), st.booleans())
def test_base_and_shares_add_up_to_the_level(lowest, level, spread, nonnegative):
    base, shares = share_level(level, lowest, spread=spread, nonnegative=nonnegative)
    assert base + shares.sum() == pytest.approx(level, abs=1e-9)
    if nonnegative:
        assert (shares + lowest >= -1e-9).all()
        assert base == 0.0 or not spread or base <= 1e-9


def test_a_card_without_characteristics_gives_everyone_the_level():
    base, shares = share_level(519.0, np.array([]), spread=True, nonnegative=True)
    assert base == 519.0
    assert shares.size == 0


@given(st.floats(-8, 0), st.floats(0.5, 8), st.floats(1, 500), st.floats(0.1, 100))
def test_the_stretched_line_meets_both_ends(safe, width, height, base_odds):
    ends = (300.0, 300.0 + height)
    pdo, base_points = stretched_line((safe, safe + width), ends, base_odds)
    factor, offset = points_line(pdo, base_points, base_odds)
    assert offset - factor * (safe + width) == pytest.approx(ends[0], abs=1e-6)
    assert offset - factor * safe == pytest.approx(ends[1], abs=1e-6)
    assert offset + factor * np.log(base_odds) == pytest.approx(base_points, abs=1e-6)
