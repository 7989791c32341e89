"""Numbers replaced by a value of their bin, against the bins themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from riskkit._kernels import encoded_numbers
from riskkit._kernels.bins import assign_numeric
from riskkit._kernels.encoded_numbers import NumberEncoder, encode_short_columns

hostile = arrays(
    np.float64,
    st.integers(1, 70),
    elements=st.one_of(
        st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324, 1.0]),
        st.floats(-3.0, 3.0),
    ),
)
finite = st.floats(-3.0, 3.0)


def values_for(edges, special=()):
    """Return a value for each bin, one of them not a number."""
    values = np.arange(len(edges) + len(special) + 3) / 7.0
    values[len(edges)] = np.nan
    return values


def encoded(x, edges, special=()):
    out = np.full(x.size, -99.0)
    values = values_for(edges, special)
    NumberEncoder(x.size).encode(x, edges, special, values, out)
    return out


def same_bits(left, right):
    return left.tobytes() == right.tobytes()


def test_bins_closed_on_the_right_and_missing_apart():
    x = np.array([-np.inf, 1.0, np.nextafter(1.0, 2.0), 2.5, np.inf, np.nan, 1.0])
    values = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    out = np.empty(7)
    NumberEncoder(7).encode(x, (1.0, 2.5), (), values, out)
    assert_array_equal(out, [10.0, 10.0, 20.0, 20.0, 30.0, 40.0, 10.0])


@given(hostile, st.lists(finite, max_size=60, unique=True))
def test_is_the_value_of_the_assigned_bin(x, edges):
    edges = sorted(edges)
    codes = assign_numeric(x, np.array(edges), ())
    assert same_bits(encoded(x, edges), values_for(edges)[codes])


@given(hostile, st.lists(finite, max_size=5, unique=True))
def test_special_codes_have_bins_of_their_own(x, edges):
    edges, special = sorted(edges), ((1.0,), (0.0, -3.0))
    codes = assign_numeric(x, np.array(edges), special)
    expected = values_for(edges, special)[codes]
    assert same_bits(encoded(x, edges, special), expected)


@pytest.mark.parametrize("n_edges", [0, 1, 7, 14, 15, 48, 49])
def test_rows_of_several_blocks_and_an_odd_one(n_edges):
    rng = np.random.default_rng(n_edges)
    x = rng.normal(size=2 * encoded_numbers._MOST_ROWS + 1)
    x[rng.random(x.size) < 0.1] = np.nan
    edges = np.sort(rng.normal(size=n_edges)).tolist()
    slow = np.array([len(edges) + 1 if v != v else np.sum(v > edges) for v in x])
    assert same_bits(encoded(x, edges), values_for(edges)[slow.astype(int)])


def test_one_encoder_serves_columns_of_any_number_of_bins():
    x = np.linspace(-1.0, 1.0, 101)
    encoder = NumberEncoder(x.size)
    for edges in ([0.0], list(np.linspace(-0.9, 0.9, 30)), [], [-0.5, 0.5]):
        out = np.empty(x.size)
        encoder.encode(x, edges, (), values_for(edges), out)
        assert same_bits(out, encoded(x, edges))


@given(
    st.lists(st.lists(finite, max_size=9, unique=True), min_size=2, max_size=14),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["F", "C", "float32"]),
)
def test_short_columns_together_are_those_one_by_one(edges, n_rows, seed, layout):
    rng = np.random.default_rng(seed)
    columns = rng.choice(
        [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, *rng.normal(size=9)],
        size=(len(edges), n_rows),
    )
    edges = [sorted(e) for e in edges]
    columns[0, 0] = edges[0][0] if edges[0] else 0.0  # on an edge
    if layout == "C":
        columns = columns.T.copy().T
    elif layout == "float32":
        columns = columns.astype(np.float32)
    values = [values_for(e) + k for k, e in enumerate(edges)]
    out = np.full(columns.shape, -99.0)
    assert encode_short_columns(columns, edges, values, out)
    alone = np.empty(columns.shape)
    for j, column in enumerate(columns):
        x = np.ascontiguousarray(column, dtype=np.float64)
        NumberEncoder(n_rows).encode(x, edges[j], (), values[j], alone[j])
    assert same_bits(out, alone)


@pytest.mark.parametrize(
    ("n_columns", "n_rows", "n_edges"), [(3, 300_000, 4), (1, 50, 4), (4, 50, 60)]
)
def test_long_lone_and_finely_cut_columns_are_left_alone(n_columns, n_rows, n_edges):
    edges = [np.linspace(-1, 1, n_edges).tolist()] * n_columns
    out = np.full((n_columns, n_rows), -99.0)
    values = [values_for(e) for e in edges]
    assert not encode_short_columns(np.zeros(out.shape), edges, values, out)
    assert (out == -99.0).all()
