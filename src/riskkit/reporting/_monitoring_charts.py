"""Small charts written as SVG by hand.

A monitoring report draws a line for every feature and is rendered by a nightly job:
written so, five hundred of them take no time and a few bytes each, stand sharp on
paper, take the colours of the page and need no plotting library. A colour never stands
alone: what differs in colour differs in shape or stroke, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Limit", "Series", "chart", "sparkline"]

_WIDTH, _HEIGHT = 460.0, 236.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 10.0, 26.0, 26.0
_CHAR = 6.0  # about the width of a letter at the size that axes are written in
_SPARK_WIDTH, _SPARK_HEIGHT = 96, 18


@dataclass(frozen=True)
class Series:
    """Numbers over the same places; None and NaN leave a gap.

    `style` is ``"line"``, ``"dashes"``, ``"bars"`` or ``"points"``; `tone` one of
    ``"now"``, ``"then"``, ``"alarm"`` and ``"young"``; `low` and `high` draw a band
    beside a line and a whisker at a point.
    """

    name: str
    values: Sequence[float | None]
    style: str = "line"
    tone: str = "now"
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Limit:
    """A level that is drawn across the chart."""

    value: float
    label: str


def chart(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    kind: str = "number",
    limits: Sequence[Limit] = (),
    from_zero: bool = False,
) -> str:
    """Return a chart over named places, or nothing if there is no number to draw.

    Parameters
    ----------
    title : str
        What a screen reader says.

    labels : sequence of str
        The places.

    series : sequence of Series
        What is drawn; bars stand side by side.

    kind : {"number", "percent"}, default="number"
        How the numbers of the axis are written.

    limits : sequence of Limit, default=()
        Levels to compare with.

    from_zero : bool, default=False
        Whether the axis begins at 0; it does with bars.

    Returns
    -------
    svg : str
        ``<svg>...</svg>``, or an empty text.
    """
    drawn = [one for one in series if any(map(_is_number, one.values))]
    if not drawn:
        return ""
    zero = from_zero or any(one.style == "bars" for one in drawn)
    axis = _Axis.over(labels, drawn, limits, zero=zero)
    parts = [*_grid(axis, kind), *_places(axis, labels)]
    bars = [one for one in drawn if one.style == "bars"]
    for place, one in enumerate(bars):
        parts += _bars(axis, one, place, len(bars))
    for one in drawn:
        if one.style != "bars":
            parts += _line(axis, one) if one.style != "points" else _points(axis, one)
    for limit in limits:
        if not axis.low <= limit.value <= axis.high:
            continue
        y = axis.y(limit.value)
        parts.append(
            f'<path class="limit" d="M{_LEFT:g} {y:.1f}H{_WIDTH - _RIGHT:g}"/>'
            f'<text class="end" x="{_WIDTH - _RIGHT:g}" y="{y - 3:.1f}">'
            f"{escape(limit.label)}</text>"
        )
    parts += _legend(drawn)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def sparkline(values: Sequence[float | None], *, high: float, title: str) -> str:
    """Return a line as small as a word, with a dot at its end.

    Parameters
    ----------
    values : sequence of float or None
        The numbers, from 0 upwards; gaps are left out.

    high : float
        Top of the scale; what lies above is drawn there.

    title : str
        What a screen reader says.

    Returns
    -------
    svg : str
        ``<svg>...</svg>``.
    """
    step = (_SPARK_WIDTH - 4) / max(len(values) - 1, 1)
    points = []
    for i, value in enumerate(values):
        if _is_number(value) and value is not None:
            share = min(max(value / high, 0.0), 1.0) if high > 0 else 0.0
            y = round(_SPARK_HEIGHT - 2 - share * (_SPARK_HEIGHT - 4))
            points.append((round(2 + i * step), y))
    line = "".join(f"{'L' if i else 'M'}{x} {y}" for i, (x, y) in enumerate(points))
    dot = f'<circle cx="{points[-1][0]}" cy="{points[-1][1]}" r="2"/>' if points else ""
    return (
        f'<svg class="spark" viewBox="0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}"><path d="{line}"/>{dot}</svg>'
    )


@dataclass(frozen=True)
class _Axis:
    n: int
    low: float
    high: float
    step: float

    @classmethod
    def over(
        cls,
        labels: Sequence[str],
        series: Sequence[Series],
        limits: Sequence[Limit],
        *,
        zero: bool,
    ) -> _Axis:
        seen = [
            value
            for one in series
            for part in (one.values, one.low, one.high)
            for value in part
            if value is not None and math.isfinite(value)
        ]
        # A limit far away would press everything else into a line.
        top = max(seen)
        seen += [limit.value for limit in limits if limit.value <= 2.5 * top]
        low, high = min([*seen, 0.0] if zero else seen), max(seen)
        if high == low:
            high, low = (
                high + (abs(high) or 1.0) / 2,
                low - (abs(low) if low else 0) / 2,
            )
        step = _nice((high - low) / 4)
        low = math.floor(low / step + 1e-9) * step
        return cls(len(labels), low, math.ceil(high / step - 1e-9) * step, step)

    def x(self, place: float) -> float:
        """Return the middle of a place."""
        return _LEFT + (place + 0.5) * self.width

    @property
    def width(self) -> float:
        """Room of a place."""
        return (_WIDTH - _LEFT - _RIGHT) / max(self.n, 1)

    def y(self, value: float) -> float:
        """Return the height of a value; what lies outside is drawn at the edge."""
        share = (value - self.low) / (self.high - self.low)
        room = _HEIGHT - _TOP - _BOTTOM
        return _HEIGHT - _BOTTOM - min(max(share, 0.0), 1.0) * room


def _nice(step: float) -> float:
    """Return the next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= step * 0.999)


def _grid(axis: _Axis, kind: str) -> list[str]:
    parts = []
    for i in range(round((axis.high - axis.low) / axis.step) + 1):
        value = axis.low + i * axis.step
        y = axis.y(value)
        parts.append(
            f'<path class="grid" d="M{_LEFT:g} {y:.1f}H{_WIDTH - _RIGHT:g}"/>'
            f'<text class="end" x="{_LEFT - 5:g}" y="{y + 3.5:.1f}">'
            f"{escape(_label(value, axis.step, kind))}</text>"
        )
    return parts


def _label(value: float, step: float, kind: str) -> str:
    """Return a value with the digits that tell one line from the next."""
    percent = kind == "percent"
    least = step * 100 if percent else step
    digits = next((d for d in range(12) if _is_whole(least * 10**d)), 12)
    text = f"{value * 100 if percent else value:,.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") + "%" * percent


def _is_whole(value: float) -> bool:
    return round(value) >= 1 and abs(value - round(value)) < 1e-6 * value


def _places(axis: _Axis, labels: Sequence[str]) -> list[str]:
    longest = max(map(len, labels), default=1)
    every = max(1, math.ceil((longest + 1.5) * _CHAR / axis.width))
    return [
        f'<text class="mid" x="{axis.x(i):.1f}" y="{_HEIGHT - 9:g}">'
        f"{escape(label)}</text>"
        for i, label in enumerate(labels)
        if i % every == 0
    ]


def _bars(axis: _Axis, one: Series, place: int, n_bars: int) -> list[str]:
    width = axis.width * 0.76 / n_bars
    parts = []
    for i, value in enumerate(one.values):
        if value is not None and math.isfinite(value):
            x = axis.x(i) - axis.width * 0.38 + place * width
            y, foot = axis.y(value), axis.y(0.0)
            top, height = min(y, foot), abs(foot - y)
            parts.append(f"M{x:.1f} {top:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z")
    return [f'<path class="bars {one.tone}" d="{"".join(parts)}"/>']


def _line(axis: _Axis, one: Series) -> list[str]:
    steps, dots, pen = [], [], "M"
    for i, value in enumerate(one.values):
        if value is None or not math.isfinite(value):
            pen = "M"
            continue
        steps.append(f"{pen}{axis.x(i):.1f} {axis.y(value):.1f}")
        dots.append(f'<circle cx="{axis.x(i):.1f}" cy="{axis.y(value):.1f}" r="2.6"/>')
        pen = "L"
    return [
        *_band(axis, one),
        f'<path class="line {one.tone} {one.style}" d="{"".join(steps)}"/>',
        f'<g class="dots {one.tone}">{"".join(dots)}</g>',
    ]


def _band(axis: _Axis, one: Series) -> list[str]:
    ends = [
        (axis.x(i), axis.y(low), axis.y(high))
        for i, (low, high) in enumerate(zip(one.low, one.high, strict=True))
        if low is not None and high is not None and math.isfinite(low + high)
    ]
    if not ends:
        return []
    there = "L".join(f"{x:.1f} {high:.1f}" for x, _, high in ends)
    back = "L".join(f"{x:.1f} {low:.1f}" for x, low, _ in reversed(ends))
    return [f'<path class="band {one.tone}" d="M{there}L{back}z"/>']


def _points(axis: _Axis, one: Series) -> list[str]:
    whiskers, marks = [], []
    lows = one.low or [None] * len(one.values)
    highs = one.high or [None] * len(one.values)
    for i, (value, low, high) in enumerate(zip(one.values, lows, highs, strict=True)):
        if value is None or not math.isfinite(value):
            continue
        x = axis.x(i)
        if low is not None and high is not None and math.isfinite(low + high):
            a, b = axis.y(low), axis.y(high)
            whiskers.append(
                f"M{x:.1f} {a:.1f}V{b:.1f}M{x - 3:.1f} {a:.1f}h6M{x - 3:.1f} {b:.1f}h6"
            )
        marks.append(
            f'<rect x="{x - 3:.1f}" y="{axis.y(value) - 3:.1f}" width="6" height="6"/>'
        )
    return [
        f'<path class="whisker {one.tone}" d="{"".join(whiskers)}"/>',
        f'<g class="dots {one.tone}">{"".join(marks)}</g>',
    ]


def _legend(series: Sequence[Series]) -> list[str]:
    parts, x = [], _LEFT
    for one in series:
        if one.style == "bars":
            mark = (
                f'<rect class="bars {one.tone}" x="{x:.1f}" y="6" width="12" '
                'height="8"/>'
            )
        elif one.style == "points":
            mark = (
                f'<g class="dots {one.tone}"><rect x="{x + 3:.1f}" y="7" width="6" '
                'height="6"/></g>'
            )
        else:
            mark = f'<path class="line {one.tone} {one.style}" d="M{x:.1f} 10h14"/>'
        parts.append(f'{mark}<text x="{x + 18:.1f}" y="14">{escape(one.name)}</text>')
        x += 30 + _CHAR * len(one.name)
    return parts


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
