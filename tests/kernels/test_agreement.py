"""Agreement of two rankings, with weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from riskkit._kernels.agreement import rank_agreement

ACCOUNT = st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 4))


def by_pairs(x, y, w):
    """Return the weights of concordant, discordant, and all pairs that x tells."""
    agree = against = apart = 0.0
    for i in range(len(x)):
        for j in range(i):
            product = np.sign(x[i] - x[j]) * np.sign(y[i] - y[j])
            agree += w[i] * w[j] * (product > 0)
            against += w[i] * w[j] * (product < 0)
            apart += w[i] * w[j] * (x[i] != x[j])
    return agree, against, apart


def test_by_hand():
    # Pairs (1,2) and (1,3) agree, (2,3) is turned round.
    found = rank_agreement(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))
    assert found.kendall == pytest.approx(1 / 3)
    assert found.turned == pytest.approx(1 / 3)
    assert found.tied == 0.0
    assert found.spearman == pytest.approx(0.5)  # 1 - 6 * 2 / (3 * 8)


@given(st.lists(ACCOUNT, min_size=2, max_size=25))
def test_a_weight_is_so_many_rows_of_scipy(accounts):
    x, y, w = (np.array(part, dtype=float) for part in zip(*accounts, strict=True))
    found = rank_agreement(x, y, w)
    many_x, many_y = np.repeat(x, w.astype(int)), np.repeat(y, w.astype(int))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found.kendall)
        assert np.isnan(found.spearman)
        return
    assert found.kendall == pytest.approx(kendalltau(many_x, many_y).statistic)
    assert found.spearman == pytest.approx(spearmanr(many_x, many_y).statistic)


@given(st.lists(ACCOUNT, min_size=2, max_size=15))
def test_shares_of_pairs_by_a_slow_loop(accounts):
    x, y, w = (np.array(part, dtype=float) for part in zip(*accounts, strict=True))
    found = rank_agreement(x, y, w)
    agree, against, apart = by_pairs(x, y, w)
    if np.ptp(x) and np.ptp(y):
        assert found.turned == pytest.approx(against / apart)
        assert found.tied == pytest.approx((apart - agree - against) / apart)


def test_more_levels_than_sixteen_bits():
    rng = np.random.default_rng(0)
    x = rng.normal(size=70_000)
    y = x + rng.normal(size=70_000)
    found = rank_agreement(x, y)
    assert found.kendall == pytest.approx(kendalltau(x, y).statistic, abs=1e-12)
    assert found.spearman == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
