"""Weight of evidence and information value from counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from riskkit._kernels.evidence import (
    evidence_terms,
    information_value,
    weight_of_evidence,
)

counts = arrays(
    np.float64, st.shared(st.integers(1, 8), key="k"), elements=st.integers(1, 10_000)
)


def woe_by_loop(n_event, n_nonevent, smoothing):
    """Return the formula of the module docstring, one bin at a time."""
    E, N = sum(n_event), sum(n_nonevent)
    s = smoothing / min(E, N)
    return [
        math.log((n / N + s) / (e / E + s))
        for e, n in zip(n_event, n_nonevent, strict=True)
    ]


def test_hand_computed():
    # events 1/4, 3/4; non-events 9/16, 7/16
    event, nonevent = np.array([10.0, 30.0]), np.array([90.0, 70.0])
    woe = weight_of_evidence(event, nonevent, 0.0)
    assert_allclose(woe, [math.log(9 / 4), math.log(7 / 12)])
    iv = (9 / 16 - 1 / 4) * math.log(9 / 4) + (7 / 16 - 3 / 4) * math.log(7 / 12)
    assert information_value(event, nonevent, 0.0) == pytest.approx(iv)
    # s = 0.5 / 40 = 0.0125 is added to every share
    smooth = weight_of_evidence(event, nonevent, 0.5)
    assert_allclose(
        smooth, [math.log(0.575 / 0.2625), math.log(0.45 / 0.7625)], rtol=1e-14
    )


@given(counts, counts, st.floats(0, 5))
def test_agrees_with_the_loop(n_event, n_nonevent, smoothing):
    expected = woe_by_loop(n_event.tolist(), n_nonevent.tolist(), smoothing)
    assert_allclose(
        weight_of_evidence(n_event, n_nonevent, smoothing), expected, atol=1e-12
    )


@given(counts, counts, st.floats(0, 5))
def test_swapping_the_classes_flips_woe_and_keeps_iv(n_event, n_nonevent, smoothing):
    assert_allclose(
        weight_of_evidence(n_event, n_nonevent, smoothing),
        -weight_of_evidence(n_nonevent, n_event, smoothing),
        atol=1e-12,
    )
    assert_allclose(
        information_value(n_event, n_nonevent, smoothing),
        information_value(n_nonevent, n_event, smoothing),
        atol=1e-12,
    )


@given(counts, counts, st.floats(0, 5))
def test_smoothing_shrinks_every_bin_and_never_makes_iv_negative(
    n_event, n_nonevent, smoothing
):
    plain = weight_of_evidence(n_event, n_nonevent, 0.0)
    smooth = weight_of_evidence(n_event, n_nonevent, smoothing)
    assert (np.abs(smooth) <= np.abs(plain) + 1e-12).all()
    iv = information_value(n_event, n_nonevent, smoothing)
    assert -1e-12 <= iv <= information_value(n_event, n_nonevent, 0.0) + 1e-12


def test_an_empty_bin_is_neutral_and_changes_no_other():
    event, nonevent = np.array([5.0, 0.0, 20.0]), np.array([80.0, 0.0, 60.0])
    for smoothing in (0.0, 0.5):
        woe = weight_of_evidence(event, nonevent, smoothing)
        without = weight_of_evidence(event[[0, 2]], nonevent[[0, 2]], smoothing)
        assert woe[1] == 0.0
        assert_allclose(woe[[0, 2]], without, rtol=0)


def test_an_empty_bin_adds_nothing_to_the_iv():
    for smoothing in (0.0, 0.5):
        _, term = evidence_terms(
            np.array([0.0, 25.0]), np.array([0.0, 140.0]), 25.0, 140.0, smoothing
        )
        assert term.tolist() == [0.0, 0.0]


def test_a_bin_without_events_is_infinite_unless_smoothed():
    event, nonevent = np.array([0.0, 40.0]), np.array([50.0, 50.0])
    assert weight_of_evidence(event, nonevent, 0.0)[0] == np.inf
    # (0.5 + 0.0125) / 0.0125 = 41
    smooth = weight_of_evidence(event, nonevent, 0.5)
    assert smooth[0] == pytest.approx(math.log(41))


def test_a_handful_of_accounts_is_next_to_no_evidence():
    event, nonevent = np.array([0.0, 100.0]), np.array([3.0, 9_897.0])
    assert abs(weight_of_evidence(event, nonevent, 0.5)[0]) < 0.06


def test_totals_may_stand_apart():
    woe, term = evidence_terms(np.array([10.0]), np.array([90.0]), 40.0, 160.0, 0.0)
    assert_allclose(woe, [math.log(9 / 4)])
    assert_allclose(term, [(9 / 16 - 1 / 4) * math.log(9 / 4)])
