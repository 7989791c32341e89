"""A matplotlib figure as a small inline SVG that follows the page's colours.

matplotlib writes a whole XML file: prolog, metadata with addresses, fixed colours,
and the same element ids in every figure. What is left here is one ``<svg>`` element
whose ink is ``currentColor``, whose ids are its own, and that refers to nothing
outside; equal figures give equal bytes.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

__all__ = ["draw_svg"]

_INK = "#010203"
_SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "riskkit",
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "path.simplify": True,
    "font.family": "DejaVu Sans",
    "font.size": 8,
    **dict.fromkeys(
        (
            "text.color",
            "axes.edgecolor",
            "axes.labelcolor",
            "xtick.color",
            "ytick.color",
            "grid.color",
        ),
        _INK,
    ),
}


def draw_svg(
    name: str,
    title: str,
    draw: Callable[[Axes], object],
    *,
    size: tuple[float, float] = (4.4, 2.75),
) -> str:
    """Draw on the axes of a new figure and return it as an SVG element.

    Parameters
    ----------
    name : str
        Start of the element ids; no other figure of the page may have it.

    title : str
        What a screen reader says.

    draw : callable
        Takes the axes.

    size : tuple of float, default=(4.4, 2.75)
        Inches; small, so that letters are large enough on a phone.

    Returns
    -------
    svg : str
        ``<svg>...</svg>``.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    # A style set by the user would change the bytes from one machine to the next.
    with style.context(["default", _SETTINGS]):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _inline(buffer.getvalue(), name, title)


def _inline(text: str, name: str, title: str) -> str:
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = body.replace("xlink:href", "href")
    view_box = re.search(r'viewBox="([^"]*)"', body)
    head = (
        f'<svg viewBox="{view_box.group(1) if view_box else ""}" role="img" '
        f'aria-label="{escape(title)}">'
    )
    body = head + body[body.index(">") + 1 :]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(
        r' id="([^"]*)"',
        lambda m: f' id="{name}-{m.group(1)}"' if m.group(1) in used else "",
        body,
    )
    body = re.sub(r'(href="#|url\(#)', rf"\1{name}-", body)
    # The family is the page's own, whichever way a version of Matplotlib names it.
    body = re.sub(r"font: (?:(\d+) )?([\d.]+px) [^;\"]*", _spelled_out, body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    # The only style block sets how lines join, for all of the page.
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<[^>]*>", _shorten_numbers, body)
    body = body.replace(_INK, "currentColor").replace("#000000", "currentColor")
    body = body.replace("#ffffff", "var(--card)")
    return re.sub(r"\s*\n\s*", "\n", body).strip()


def _spelled_out(font: re.Match[str]) -> str:
    """Return weight and size of a font."""
    weight = f"font-weight: {font[1]}; " if font[1] else ""
    return f"{weight}font-size: {font[2]}"


def _shorten_numbers(tag: re.Match[str]) -> str:
    # A hundredth of a point is finer than any screen.
    return re.sub(r"(\d\.\d\d)\d+", r"\1", tag.group())
