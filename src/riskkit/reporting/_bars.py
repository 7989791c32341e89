"""A bar with a whisker in a cell of a table, written as SVG by hand.

A document draws one for each bin. Written so, they take no time and a few bytes, stand
in line with the numbers however those wrap, and take the colours of the page.
"""

from __future__ import annotations

import math
from html import escape

from riskkit.plotting import COLORS

__all__ = ["bar_svg"]

_WIDTH, _HEIGHT = 140.0, 18.0
_BAR, _CAP = 5.0, 3.0  # half heights
_EDGE = 2.0


def bar_svg(value: float, error: float, *, low: float, high: float, title: str) -> str:
    """Return a bar from 0 to `value`, with a whisker of `error` to each side.

    Parameters
    ----------
    value : float
        End of the bar; nothing but the line at 0 is drawn where it is NaN.

    error : float
        Half the length of the whisker; none where it is NaN.

    low, high : float
        Ends of the scale, the same for all bars that are to be compared; they hold 0.

    title : str
        What a screen reader says.

    Returns
    -------
    svg : str
        ``<svg>...</svg>``.
    """
    span = (high - low) or 1.0
    middle = _HEIGHT / 2

    def x(at: float) -> float:
        return _EDGE + (at - low) / span * (_WIDTH - 2 * _EDGE)

    parts = []
    if math.isfinite(value):
        left, width = min(x(0), x(value)), abs(x(value) - x(0))
        color = COLORS["nonevent" if value >= 0 else "event"]
        parts.append(
            f'<rect x="{left:.1f}" y="{middle - _BAR:g}" width="{width:.1f}" '
            f'height="{2 * _BAR:g}" fill="{color}"/>'
        )
        if math.isfinite(error) and error > 0:
            a, b = x(value - error), x(value + error)
            top, foot = middle - _CAP, middle + _CAP
            parts.append(
                f'<path d="M{a:.1f} {middle:g}H{b:.1f}'
                f'M{a:.1f} {top:g}V{foot:g}M{b:.1f} {top:g}V{foot:g}"/>'
            )
    parts.append(f'<path d="M{x(0):.1f} 0V{_HEIGHT:g}"/>')
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
