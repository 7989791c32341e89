"""Means of randomised trees against scikit-learn, by hand, and by their steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier

from riskkit._kernels.forest import (
    ForestArrays,
    forest_mean,
    forest_steps,
    mean_of_roots,
)
from riskkit.artifact import TreeColumnSpec
from riskkit.boosting._blend_forest import columns_without_outcomes, grow_forest
from riskkit.boosting._plan import Sample


def by_hand():
    # Two trees: a stump on column 0, and a tree of depth 2 on columns 1 and 0.
    return ForestArrays(
        root=np.array([0, 3]),
        column=np.array([0, -1, -1, 1, -1, 0, -1, -1], dtype=np.int32),
        threshold=np.array([1, 0, 0, 2, 0, 0, 0, 0], dtype=np.float32),
        missing_left=np.array([True, False, False, False, False, True, False, False]),
        left=np.array([1, 0, 0, 4, 0, 6, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 0, 5, 0, 7, 0, 0], dtype=np.int32),
        value=np.array([0.2, 0.1, 0.6, 0.3, 0.2, 0.5, 0.4, 0.9]),
    )


def test_mean_by_hand():
    codes = np.array([[0, 0], [2, 3], [np.nan, np.nan]], dtype=np.float32)
    # Row 3: missing goes left to 0.1, then right at column 1, left at column 0: 0.4.
    assert forest_mean(by_hand(), codes).tolist() == [
        (0.1 + 0.2) / 2,
        (0.6 + 0.9) / 2,
        (0.1 + 0.4) / 2,
    ]
    assert mean_of_roots(by_hand()) == 0.25


def test_steps_by_hand():
    codes = np.array([[2, 3]], dtype=np.float32)
    # Column 0: 0.6 - 0.2 in the stump and 0.9 - 0.5 below; column 1: 0.5 - 0.3.
    assert forest_steps(by_hand(), codes)[0] == pytest.approx([0.4, 0.1])


def coded(seed, n_rows=400):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 40, (n_rows, 4)).astype(np.float32)
    codes[rng.random(n_rows) < 0.2, 0] = np.nan
    codes[:, 3] = rng.integers(0, 2, n_rows)
    is_event = np.nan_to_num(codes[:, 0], nan=30) + rng.normal(0, 15, n_rows) > 25
    return codes, is_event


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_forest_equals_scikit_learn_to_the_bit(seed, weighted):
    codes, is_event = coded(seed)
    weight = np.random.default_rng(seed).uniform(0.5, 2, 400) if weighted else None
    grown = grow_forest(
        Sample(codes, is_event, weight), n_trees=50, seed=seed, n_threads=1
    )
    theirs = ExtraTreesClassifier(
        50,
        min_samples_leaf=3,
        max_features=0.5,
        bootstrap=True,
        oob_score=True,
        random_state=seed,
    ).fit(codes, is_event.astype(int), weight)
    fresh, _ = coded(seed + 100, 1200)
    fresh[::7, 1] = np.nan  # never missing in training
    fresh = fresh[~np.isnan(fresh[:, 1])]
    ours = forest_mean(grown.arrays, fresh)
    assert np.array_equal(ours, theirs.predict_proba(fresh)[:, 1])
    assert grown.out_of_bag == pytest.approx(theirs.oob_decision_function_[:, 1])


@given(st.integers(0, 2**31 - 1))
def test_steps_add_up_and_rows_stand_alone(seed):
    codes, is_event = coded(seed, 60)
    grown = grow_forest(Sample(codes, is_event, None), n_trees=5, seed=0, n_threads=1)
    mean, steps = (f(grown.arrays, codes) for f in (forest_mean, forest_steps))
    assert mean_of_roots(grown.arrays) + steps.sum(axis=1) == pytest.approx(mean)
    order = np.random.default_rng(seed).permutation(60)
    assert np.array_equal(forest_steps(grown.arrays, codes[order]), steps[order])
    assert np.array_equal(forest_mean(grown.arrays, codes[order][:7]), mean[order][:7])


def test_blocks_do_not_change_a_score():
    codes, is_event = coded(0, 1500)
    arrays = grow_forest(
        Sample(codes, is_event, None), n_trees=7, seed=0, n_threads=1
    ).arrays
    whole = forest_mean(arrays, codes)
    assert whole.size == 1500
    one_by_one = [forest_mean(arrays, codes[i : i + 1])[0] for i in range(500, 530)]
    assert one_by_one == whole[500:530].tolist()


def test_threads_do_not_change_the_forest():
    codes, is_event = coded(1)
    sample = Sample(codes, is_event, None)
    one, two = (
        grow_forest(sample, n_trees=8, seed=3, n_threads=n).arrays for n in (1, 2)
    )
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a, b)


def test_forest_without_a_column_has_the_event_rate():
    is_event = np.array([True, False, False, False])
    grown = grow_forest(
        Sample(np.empty((4, 0), np.float32), is_event, None),
        n_trees=5,
        seed=0,
        n_threads=1,
    )
    codes = np.empty((2, 0), np.float32)
    assert forest_mean(grown.arrays, codes).tolist() == [0.25, 0.25]
    assert forest_steps(grown.arrays, codes).shape == (2, 0)


def test_ranks_of_the_forest_ignore_outcomes():
    by_risk = TreeColumnSpec(0, "rank", (2, 0, 1, None, 1))
    value = TreeColumnSpec(1, "value", (0, 1, None))
    bins = [np.array([0] * 5 + [1] * 9 + [2] * 2 + [4]), np.array([0, 1])]
    ranked, kept = columns_without_outcomes((by_risk, value), bins)
    # 3 accounts in the second and the last bin together, 5 in the first, 9 in the
    # other: bins that shared a rank share one still.
    assert ranked.codes == (1, 2, 0, None, 0)
    assert kept is value
