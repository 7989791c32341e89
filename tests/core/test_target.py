"""The binary target and the weights."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from riskkit._core.inputs import read_weight
from riskkit._core.target import encode_event
from riskkit.exceptions import InvalidParameterError, InvalidTargetError


@pytest.mark.parametrize(
    "y",
    [
        [0, 1, 1, 0],
        [False, True, True, False],
        ["no", "yes", "yes", "no"],
        np.array([3.0, 5.0, 5.0, 3.0]),
        pd.array([0, 1, 1, 0], dtype="Int64"),
    ],
)
def test_the_larger_label_is_the_event(y):
    is_event, classes = encode_event(y)
    assert_array_equal(is_event, [False, True, True, False])
    assert classes.size == 2


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 1, 1], "got 1 class in 3 rows"),
        ([0, 1, 2], "got 3 classes in 3 rows"),
        ([0.1, 0.7, 0.3], "continuous"),
        ([0, 1, np.nan], "1 of 3 rows"),
        ([0, 1, None], "1 of 3 rows"),
        (pd.array([0, 1, None], dtype="Int64"), "1 of 3 rows"),
        ([[0, 1]], r"shape \(1, 2\)"),
        (np.array([0, "a"], dtype=object), "mixture of types"),
    ],
)
def test_what_is_no_binary_target_is_refused(y, message):
    with pytest.raises(InvalidTargetError, match=message):
        encode_event(y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"shape \(2,\)"),
        ([1, -1, 2], "1 of 3 weights"),
        ([1, np.inf, np.nan], "2 of 3 weights"),
        ([0, 0, 0], "only zeros"),
    ],
)
def test_unusable_weights_are_refused(weight, message):
    with pytest.raises(InvalidParameterError, match=message):
        read_weight(weight, 3)
