"""Counts in bands of leading bits: exact, merged in any order, of known width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskkit._kernels.value_bands import add_bands, count_values, widen_bands

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-50, 50).map(float),
    st.floats(600, 601),
)


def count(x, is_event=None, weight=None, **kwargs):
    x = np.asarray(x, dtype=np.float64)
    is_event = np.zeros(x.size, dtype=bool) if is_event is None else is_event
    kwargs = {"max_bands": 100, **kwargs}
    return count_values(x, np.asarray(is_event), weight, **kwargs)


def as_tuple(bands):
    return (
        bands.n_bits,
        bands.upper.tolist(),
        bands.n_event.tolist(),
        bands.n_nonevent.tolist(),
        bands.missing_event,
        bands.missing_nonevent,
    )


def test_values_are_counted_one_by_one():
    is_event = np.array([1, 0, 1, 0, 0, 1], dtype=bool)
    bands = count([2.5, -1.0, np.nan, 2.5, 0.0, -0.0], is_event)
    assert bands.values.tolist() == [-1.0, 0.0, 2.5]
    assert bands.n_event.tolist() == [0.0, 1.0, 1.0]
    assert bands.n_nonevent.tolist() == [1.0, 1.0, 1.0]
    assert (bands.missing_event, bands.missing_nonevent) == (1.0, 0.0)


def test_bands_end_on_numbers_of_few_digits():
    # 51 bits less of 52 leave one digit behind the point: 1, 1.5, 2, 3, 4, ...
    bands = count([1.0, 1.2, 1.5, 1.6, 2.0, 2.5, -1.2, -1.5], n_bits=51)
    assert bands.values.tolist() == [-1.5, -1.0, 1.0, 1.5, 2.0, 3.0]
    assert bands.n_nonevent.tolist() == [1, 1, 1, 2, 2, 1]


@given(
    hnp.arrays(np.float64, st.integers(1, 60), elements=NUMBERS),
    st.randoms(use_true_random=False),
    st.integers(3, 40),
)
def test_parts_in_any_order_give_the_same_bands(x, random, max_bands):
    is_event = np.array([random.random() < 0.3 for _ in x])
    whole = count(x, is_event, max_bands=max_bands)
    rows = list(range(x.size))
    random.shuffle(rows)
    cuts = sorted(random.randrange(x.size + 1) for _ in range(4))
    parts = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, x.size], strict=True)]
    merged = count(x[parts[0]], is_event[parts[0]], max_bands=max_bands)
    for part in parts[1:]:
        # A part may be counted as coarsely as what is known already, or exactly.
        n_bits = merged.n_bits if random.random() < 0.5 else 0
        own = count(x[part], is_event[part], max_bands=max_bands, n_bits=n_bits)
        pair = (merged, own) if random.random() < 0.5 else (own, merged)
        merged = add_bands(*pair, max_bands=max_bands)
    assert as_tuple(merged) == as_tuple(whole)


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=NUMBERS), st.integers(3, 40))
def test_bands_hold_their_rows_and_are_as_narrow_as_possible(x, max_bands):
    bands = count(x, max_bands=max_bands)
    seen = np.clip(x[~np.isnan(x)], -np.finfo(float).max, np.finfo(float).max)
    assert len(bands.upper) <= max_bands or bands.n_bits == 52
    assert (np.diff(bands.values) > 0).all()
    # An independent count: each row in the first band that ends at or above it.
    place = np.searchsorted(bands.values, seen)
    assert np.bincount(place, minlength=len(bands.upper)).tolist() == (
        bands.n_nonevent.tolist()
    )
    width = np.abs(bands.values[place] - seen)
    normal = np.abs(seen) > 1e-300
    bound = 2.0 ** (bands.n_bits - 52) * np.maximum(abs(seen), abs(bands.values[place]))
    assert (width[normal] <= bound[normal]).all()
    if bands.n_bits:
        exact = count(x, max_bands=x.size + 1)
        finer = widen_bands(exact, max_bands=10**9, n_bits=bands.n_bits - 1)
        assert len(finer.upper) > max_bands


@given(
    hnp.arrays(np.float64, 30, elements=st.integers(-4, 4).map(float)),
    hnp.arrays(np.int64, 30, elements=st.integers(1, 5)),
    hnp.arrays(bool, 30),
)
def test_a_weight_is_that_many_rows(x, weight, is_event):
    weighted = count(x / 3, is_event, weight.astype(float))
    repeated = count(np.repeat(x / 3, weight), np.repeat(is_event, weight))
    assert as_tuple(weighted) == as_tuple(repeated)


@pytest.mark.parametrize("offset", [0.0, 0.25])
def test_whole_numbers_are_values_like_others(offset):
    x = np.random.default_rng(0).integers(-300, 300, 2000) + offset
    values, n = np.unique(x, return_counts=True)
    bands = count(x, max_bands=1000)
    assert bands.values.tolist() == values.tolist()
    assert bands.n_nonevent.tolist() == n.tolist()


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
def test_many_rows_around_zero(scale):
    """The ways of counting, by place and by sorting, give the same bands."""
    rng = np.random.default_rng(7)
    x = rng.normal(0.2, 1, 5000) * scale
    is_event = rng.random(5000) < 0.3
    bands = count(x, is_event, max_bands=400)
    twin = count(x, is_event, np.ones(5000), max_bands=400)
    parts = [count(x[k::7], is_event[k::7], max_bands=400) for k in range(7)]
    merged = parts[0]
    for part in parts[1:]:
        merged = add_bands(merged, part, max_bands=400)
    exact = count(x, is_event, max_bands=5000)
    widened = widen_bands(exact, max_bands=400)
    assert as_tuple(bands) == as_tuple(twin) == as_tuple(merged) == as_tuple(widened)
    assert 0 < bands.n_bits < 52


def test_no_rows_are_no_bands():
    bands = count([])
    assert bands.values.tolist() == []
    assert as_tuple(add_bands(bands, count([1.0]), max_bands=9)) == as_tuple(
        count([1.0])
    )
