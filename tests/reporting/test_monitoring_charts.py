"""Charts written by hand: every number at its place, gaps left open."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.reporting._monitoring_charts import Limit, Series, chart, sparkline

VALUES = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6, allow_subnormal=False)),
    min_size=1,
    max_size=30,
)


def dots(svg):
    pairs = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)
    return [(float(x), float(y)) for x, y in pairs]


def lines(svg):
    """Return the value and the height of each line of the grid."""
    found = re.findall(r'<text class="end" x="41" y="([\d.]+)">([^<]+)</text>', svg)
    return [
        (float(text.replace("\N{MINUS SIGN}", "-").replace(",", "")), float(y) - 3.5)
        for y, text in found
    ]


def test_points_lie_where_the_axis_says():
    svg = chart("t", ["a", "b", "c"], [Series("s", [1.0, 2.5, 4.0])])
    (low, low_y), *_, (high, high_y) = lines(svg)
    for (_, y), value in zip(dots(svg), (1.0, 2.5, 4.0), strict=True):
        share = (value - low) / (high - low)
        assert y == pytest.approx(low_y + share * (high_y - low_y), abs=0.1)


@given(VALUES)
def test_any_numbers_can_be_drawn_inside_the_frame(values):
    svg = chart("t", [str(i) for i in range(len(values))], [Series("s", values)])
    known = [v for v in values if v is not None]
    assert (svg == "") == (not known)
    found = dots(svg)
    assert len(found) == len(known)
    assert all(0 <= x <= 460 and 0 <= y <= 236 for x, y in found)
    assert "nan" not in svg
    assert "inf" not in svg
    # Larger values never lie lower.
    for (_, y), value in zip(found, known, strict=True):
        for (_, other_y), other in zip(found, known, strict=True):
            assert (value < other) <= (y >= other_y)


@given(st.floats(1e-6, 1e9), st.floats(1.1, 50))
def test_lines_of_the_grid_are_even_and_hold_the_data(low, ratio):
    svg = chart("t", ["a", "b"], [Series("s", [low, low * ratio])])
    values = [value for value, _ in lines(svg)]
    assert 3 <= len(values) <= 8
    steps = [b - a for a, b in pairwise(values)]
    assert all(math.isclose(s, steps[0], rel_tol=1e-6) for s in steps)
    assert values[0] <= low * (1 + 1e-9)
    assert values[-1] >= low * ratio * (1 - 1e-9)


def test_gaps_break_the_line_and_bands_close():
    svg = chart(
        "t",
        list("abcd"),
        [Series("s", [1, None, 2, 3], low=[0, None, 1, 2], high=[2, None, 3, 4])],
    )
    path = re.search(r'class="line now line" d="([^"]+)"', svg).group(1)
    assert path.count("M") == 2
    assert path.count("L") == 1
    band = re.search(r'class="band now" d="([^"]+)"', svg).group(1)
    assert band.count("L") == 5
    assert band.endswith("z")


def test_limits_far_away_are_left_out():
    series = [Series("s", [0.01, 0.02], "bars")]
    svg = chart("t", ["a", "b"], series, limits=[Limit(0.04, "near"), Limit(9, "far")])
    assert "near" in svg
    assert "far" not in svg


def test_bars_grow_from_zero_in_both_directions():
    svg = chart("t", ["a", "b"], [Series("s", [2.0, -1.0], "bars")])
    path = re.search(r'class="bars now" d="([^"]+)"', svg).group(1)
    parts = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)", path)
    (_, top, _, height), (_, other_top, _, other_height) = (
        tuple(map(float, part)) for part in parts
    )
    assert height == pytest.approx(2 * other_height, abs=0.2)
    assert top + height == pytest.approx(other_top, abs=0.2)


def test_text_is_escaped():
    svg = chart("<t>", ["<a>"], [Series("<s>", [1.0])], limits=[Limit(1, "<l>")])
    assert not re.search(r"<[tasl]>", svg)
    assert "<t>" not in sparkline([1.0], high=1, title="<t>")


def test_a_line_as_small_as_a_word():
    svg = sparkline([0, None, 1, 5, float("nan")], high=1, title="t")
    # From the foot to the top; what lies above the scale is drawn at the top.
    assert re.search(r'd="(M2 16L48 2L71 2)"', svg)
    assert '<circle cx="71" cy="2"' in svg
    assert 'd=""' in sparkline([None], high=1, title="t")
    assert "M2 16" in sparkline([0.0], high=0, title="t")
