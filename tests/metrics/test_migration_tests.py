"""Migration between grades, and concentration in them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import concentration_test, migration_test, mwb

# The example of MathWorks' documentation that the reference quotes.
COUNTS = [
    [10, 8, 15, 9, 10],
    [11, 9, 13, 9, 8],
    [0, 10, 10, 11, 10],
    [0, 0, 9, 11, 11],
    [0, 0, 0, 11, 10],
]
tables = st.integers(1, 5).flatmap(
    lambda k: st.lists(
        st.lists(st.integers(0, 20), min_size=k, max_size=k), min_size=k, max_size=k
    )
)


def test_golden_values_of_the_reference():
    result = mwb(COUNTS)
    assert (f"{result.upper:.4f}", f"{result.lower:.4f}") == ("0.6066", "0.3306")
    z = migration_test(COUNTS).statistic[0, 1:]
    assert [f"{v:.5f}" for v in z] == ["0.47242", "-1.49045", "1.24280", "-0.22953"]
    result = concentration_test([0.1, 0.2, 0.4, 0.2, 0.1], initial_cv=0.3)
    assert f"{result.details['cv']:.6f}" == "0.547723"
    assert f"{result.details['hi']:.6f}" == "0.163016"
    assert f"{result.p_value:.6f}" == "0.155931"


def slow_mwb(counts):
    k = len(counts)
    sums = {"up": [0.0, 0.0], "down": [0.0, 0.0]}
    for i in range(1, k + 1):
        for j in range(1, k + 1):
            n = counts[i - 1][j - 1]
            if i != j:
                side = sums["up" if j > i else "down"]
                side[0] += abs(i - j) * n
                side[1] += max(abs(i - k), abs(i - 1)) * n
    return [part / whole if whole else 0.0 for part, whole in sums.values()]


def slow_z(counts):
    k = len(counts)
    z = np.full((k, k), np.nan)
    for i in range(k):
        n = sum(counts[i])
        for j in range(k):
            if i == j or not n:
                continue
            h = j + 1 if j < i else j - 1
            p, q = counts[i][j] / n, counts[i][h] / n
            variance = (p * (1 - p) + q * (1 - q) + 2 * p * q) / n
            if variance > 0:
                z[i, j] = (q - p) / math.sqrt(variance)
    return z


@given(tables)
def test_tables_agree_with_loops(counts):
    result = mwb(counts)
    assert [result.upper, result.lower] == pytest.approx(slow_mwb(counts))
    assert 0 <= result.upper <= 1
    assert result.n == np.sum(counts)
    test = migration_test(counts)
    z = slow_z(counts)
    np.testing.assert_allclose(test.statistic, z)
    np.testing.assert_allclose(test.p_value, stats.norm.cdf(z))
    assert ((test.status == "ok") == ~np.isnan(z)).all()


@given(tables)
def test_turning_the_scale_around_swaps_the_sides(counts):
    turned = [row[::-1] for row in counts[::-1]]
    assert mwb(turned).upper == pytest.approx(mwb(counts).lower)
    np.testing.assert_allclose(
        migration_test(turned).statistic, migration_test(counts).statistic[::-1, ::-1]
    )


def test_reasons_of_open_cells():
    reason = migration_test([[5, 0, 0], [0, 0, 0], [1, 2, 3]]).reason
    assert set(reason[0, 1:]) == {"nothing varies"}  # nobody moved
    assert set(reason[2, :2]) == {""}
    assert reason[0, 0] == "customers on the diagonal did not move"
    assert set(reason[1]) == {"nobody was in the grade at the start"}
    assert mwb([[5, 0], [0, 5]]).to_dict() == {
        "upper": 0, "lower": 0, "n": 10, "n_upper": 0, "n_lower": 0,
    }  # fmt: skip
    assert mwb([[5]]).upper == 0
    assert "upper" in mwb([[5]])._repr_html_()


def test_moves_that_swell_away_from_the_diagonal_are_found():
    result = migration_test([[50, 5, 40], [10, 80, 10], [1, 9, 90]])
    assert result.lights()[0, 2] == "red"
    assert result.lights(holm_adjusted=True)[2, 0] == "green"


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any))
def test_concentration_is_the_herfindahl_index(n):
    share = np.array(n) / sum(n)
    herfindahl = float(share @ share)
    k = share.size
    result = concentration_test(n, initial_n=[1] * k)
    assert result.details["cv"] == pytest.approx(
        np.std(share) / np.mean(share), abs=1e-12
    )
    # HI = 1 + ln(sum of squares) / ln K
    assert result.details["hi"] == pytest.approx(
        1 + math.log(herfindahl) / math.log(k), abs=1e-9
    )
    assert result.status == "ok"
    assert 0 <= result.p_value <= 1
    assert result.p_value <= 0.5 or result.details["cv"] == 0


def test_concentration_at_its_edges():
    same = concentration_test([10, 20, 30], initial_n=[1, 2, 3])
    assert (same.statistic, same.p_value) == (0, 0.5)
    even = concentration_test([5, 5, 5], initial_cv=0.4)
    assert (even.statistic, even.p_value) == (-math.inf, 1)
    assert concentration_test([5, 5, 5], initial_cv=0).p_value == 0.5
    one = concentration_test([5, 0, 0], initial_cv=0.4)
    assert one.details["hi"] == pytest.approx(1)
    single = concentration_test([5], initial_cv=0)
    assert single.reason == "there is a single grade"
    alone = concentration_test([5, 6])
    assert alone.reason == "no concentration at development is given"
    assert alone.details["largest_share"] == 6 / 11


def test_unusable_tables_are_named():
    with pytest.raises(InvalidInputError, match=r"square table of counts; got shape"):
        mwb([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(InvalidInputError, match="1 of 4 cells are not"):
        migration_test([[1, -2], [3, 4]])
    with pytest.raises(InvalidInputError, match="n: 2, initial_n: 3"):
        concentration_test([1, 2], initial_n=[1, 2, 3])
    with pytest.raises(InvalidParameterError, match="Only one of initial_n"):
        concentration_test([1, 2], initial_n=[1, 2], initial_cv=0.1)
    with pytest.raises(InvalidInputError, match="n must hold something"):
        concentration_test([0, 0], initial_cv=0.1)
