"""The line of the points, and how its level is shared out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit._kernels.points import (
    largest_losses,
    mean_value,
    neutral_points,
    points_line,
    share_level,
    stretched_line,
)

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
        (80.0, True, True): (-5.0, [10, 70, 5]),
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


def test_the_line_by_hand():
    # 20 / ln 2, and 600 less that times ln 50
    factor, offset = points_line(20.0, 600.0, 50.0)
    assert factor == pytest.approx(28.853900817779268)
    assert offset == pytest.approx(487.1228762045055)
    # Twice the odds are 20 points more.
    assert offset - factor * -np.log(100.0) == pytest.approx(620.0)


def test_equal_needs_end_where_they_began():
    # All that is there is needed, and goes to those who need it.
    got = share_level(40.0, np.array([-10.0, -30.0]), spread=True, nonnegative=True)
    assert got[0] == 0.0
    assert_allclose(got[1], [10.0, 30.0])


# -- reasons --------------------------------------------------------------------------


def losses_by_loop(losses, n):
    """Return the columns of the largest losses above 0, the first of equals first."""
    found = []
    for row in losses.tolist():
        order = sorted(range(len(row)), key=lambda k: (-row[k], k))
        kept = [k for k in order if row[k] > 0][:n]
        found.append(kept + [-1] * (n - len(kept)))
    return found


def test_largest_losses_by_hand():
    losses = np.array([[3.0, 7.0, 0.0, 7.0], [0.0, -1.0, 0.5, 0.0]])
    assert largest_losses(losses, 2).tolist() == [[1, 3], [2, -1]]
    assert largest_losses(losses, 6).tolist() == [
        [1, 3, 0, -1, -1, -1],
        [2, -1, -1, -1, -1, -1],
    ]


@given(
    st.integers(1, 60).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(-2, 2), min_size=n, max_size=n),
            min_size=1,
            max_size=4,
        )
    ),
    st.integers(1, 8),
)
def test_largest_losses_agree_with_the_loop(rows, n):
    losses = np.array(rows, dtype=float)
    assert largest_losses(losses, n).tolist() == losses_by_loop(losses, n)


def test_equal_losses_go_to_the_column_that_stands_first():
    # More columns than a sort of small arrays keeps in order by itself.
    losses = np.tile([1.0, 2.0], 100)[None, :]
    assert largest_losses(losses, 4).tolist() == [[1, 3, 5, 7]]


def test_mean_value_by_hand():
    assert mean_value(np.array([10.0, 40.0]), np.array([2.0, 1.0])) == 20.0
    assert np.isnan(mean_value(np.array([10.0, 40.0]), np.zeros(2)))


def test_a_mean_is_kept_to_32_binary_digits():
    third = mean_value(np.array([0.0, 1.0]), np.array([2.0, 1.0]))
    # 2 ** 32 / 3 is 1431655765.33...
    assert third == 1431655765 / 4294967296
    assert third != 1 / 3
    # 2 ** 33 / 3 is 2863311530.67, nearer to the next
    two_thirds = mean_value(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert two_thirds == 2863311531 / 4294967296


def test_the_bin_of_woe_zero_says_the_neutral_points():
    points, log_odds = np.array([5.0, 11.0, 12.0]), np.array([0.1, 0.0, 0.0])
    woe = np.array([-0.3, 0.0, 0.0])
    assert neutral_points(points, log_odds, woe, 20.0, whole=True) == 11.0


def test_without_such_a_bin_the_line_says_them():
    # With 20 ln 2 points for twice the odds, one of log-odds is worth 20 points.
    pdo = 20.0 * np.log(2.0)
    log_odds, woe = np.array([1.0, -2.0]), np.array([-0.5, 0.5])
    points = np.array([-8.0, 51.0])  # of 12 and 11 at 0, rounded apart
    exact = neutral_points(points, log_odds, woe, pdo, whole=False)
    assert exact == pytest.approx(11.5)
    points = np.array([-8.0, 51.4])
    assert neutral_points(points, log_odds, woe, pdo, whole=True) == 12.0


def test_neutral_points_of_nothing_have_no_sign():
    args = np.array([-0.3]), np.array([0.0]), np.array([0.5]), 20.0
    assert np.signbit(neutral_points(*args, whole=False))
    assert not np.signbit(neutral_points(*args, whole=True))


def test_all_who_need_more_than_an_equal_part_get_it():
    """Of 100, 60 and 30 go to who needs them; the last is left 10, and needs 1."""
    lowest = np.array([-60.0, -30.0, -1.0])
    common, shares = share_level(100.0, lowest, spread=True, nonnegative=True)
    assert common == 0.0
    assert shares.tolist() == [60.0, 30.0, 10.0]
