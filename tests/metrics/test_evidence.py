import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import iv, woe

relaxed = settings(deadline=None)  # machines of many users stall at times

cells = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=8
).filter(lambda bins: sum(e for e, _ in bins) and sum(n for _, n in bins))


def test_by_hand():
    # events 10 and 30 of 40, non-events 90 and 70 of 160
    expected = [math.log((90 / 160) / (10 / 40)), math.log((70 / 160) / (30 / 40))]
    assert_allclose(woe([10, 30], [90, 70], smoothing=0), expected)
    assert iv([10, 30], [90, 70], smoothing=0) == pytest.approx(
        (90 / 160 - 10 / 40) * expected[0] + (70 / 160 - 30 / 40) * expected[1]
    )


@relaxed
@given(cells, st.sampled_from([0.5, 2.0]))
def test_agrees_with_a_loop(bins, smoothing):
    event, nonevent = zip(*bins, strict=True)
    e, n = sum(event), sum(nonevent)
    shift = smoothing / min(e, n)
    slow = [math.log((b / n + shift) / (a / e + shift)) for a, b in bins]
    assert_allclose(woe(event, nonevent, smoothing=smoothing), slow, atol=1e-12)
    total = sum((b / n - a / e) * w for (a, b), w in zip(bins, slow, strict=True))
    assert iv(event, nonevent, smoothing=smoothing) == pytest.approx(total, abs=1e-12)


@relaxed
@given(cells)
def test_iv_is_not_negative_and_an_empty_bin_is_neutral(bins):
    event, nonevent = zip(*bins, strict=True)
    assert iv(event, nonevent) >= -1e-12
    assert woe([*event, 0], [*nonevent, 0])[-1] == 0


def test_without_smoothing_a_lone_class_is_infinite():
    assert_allclose(woe([0, 4, 0], [3, 0, 0], smoothing=0), [np.inf, -np.inf, 0])
    assert math.isinf(iv([0, 4], [3, 1], smoothing=0))


def test_unusable_input_is_named():
    with pytest.raises(InvalidInputError, match="n_event: 1, n_nonevent: 2"):
        woe([1], [1, 2])
    with pytest.raises(InvalidInputError, match="n_event must hold something"):
        iv([0, 0], [1, 2])
    with pytest.raises(InvalidParameterError, match="smoothing"):
        woe([1, 1], [1, 2], smoothing=-0.5)
