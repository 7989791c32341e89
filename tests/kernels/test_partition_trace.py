"""Walking back for many features at once gives what each gets alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.partition import PartitionRules, solve_partition
from riskkit._kernels.partition_rules import Lumps


def make_cells(seed, n_cells, n_features):
    rng = np.random.default_rng(seed)
    size = rng.integers(20, 200, (n_cells, n_features)).astype(float)
    event = np.floor(size * rng.uniform(0.05, 0.5, (n_cells, n_features)))
    return event, size - event


@pytest.mark.parametrize("trend", ["none", "ascending", "peak", "valley", "auto"])
@given(seed=st.integers(0, 10_000), n_lumps=st.integers(0, 2))
def test_features_do_not_depend_on_each_other(trend, seed, n_lumps):
    event, nonevent = make_cells(seed, 9, 5)
    lumps = None
    if n_lumps:
        lumps = Lumps(*(part[:n_lumps] for part in make_cells(seed + 1, 2, 5)))
    rules = PartitionRules(
        event.sum(axis=0), nonevent.sum(axis=0), max_n_bins=5, lumps=lumps
    )
    together = solve_partition(event, nonevent, rules, trend)
    for k, found in enumerate(together):
        one = [k]
        alone = solve_partition(
            event[:, one], nonevent[:, one], rules.of_features(one), trend
        )[0]
        assert found.cuts.tolist() == alone.cuts.tolist()
        assert found.trend == alone.trend
        assert found.joins == alone.joins
        assert found.value == alone.value


@given(seed=st.integers(0, 10_000))
def test_bins_between_the_cuts_are_worth_the_value(seed):
    event, nonevent = make_cells(seed, 12, 4)
    totals = event.sum(axis=0), nonevent.sum(axis=0)
    rules = PartitionRules(*totals, max_n_bins=6, smoothing=0.0)
    for k, found in enumerate(solve_partition(event, nonevent, rules, "auto")):
        bounds = [0, *found.cuts]
        p = np.add.reduceat(event[:, k], bounds) / totals[0][k]
        q = np.add.reduceat(nonevent[:, k], bounds) / totals[1][k]
        if np.all((p > 0) & (q > 0)):
            assert np.isclose(found.value, np.sum((q - p) * np.log(q / p)))
