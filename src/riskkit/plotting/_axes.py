"""Axes, colours and labels that all displays share."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.axes import Axes

    from riskkit.artifact import FeatureSpec

__all__ = [
    "COLORS",
    "MARKS",
    "SHADES",
    "bin_labels",
    "edge_labels",
    "number_axis",
    "percent_axis",
    "shorten",
    "style_axes",
]

# M. Okabe and K. Ito, "Color Universal Design", 2008: told apart with every common
# kind of colour vision, and in grey by their lightness.
COLORS: Mapping[str, str] = MappingProxyType(
    {
        "event": "#D55E00",  # vermilion
        "nonevent": "#0072B2",  # blue
        "actual": "#0072B2",
        "expected": "#999999",  # grey
    }
)
# The same authors' colours and a mark each, for lines of equal rank: models, features.
SHADES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKS = "os^Dv<"
# Numbers from here on are written with commas.
_LARGE = 10_000


def style_axes(ax: Axes | None = None) -> Axes:
    """Return `ax`, or the axes of a new small figure, without needless ink.

    Parameters
    ----------
    ax : matplotlib Axes, default=None
        None makes a figure of 5 by 3 inches with pyplot.

    Returns
    -------
    ax : matplotlib Axes
        In the style of the displays.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from riskkit.plotting import style_axes
    >>> ax = style_axes(Figure().subplots())
    >>> ax.spines["top"].get_visible()
    False
    """
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(5.0, 3.0), layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=8)
    ax.xaxis.label.set_fontsize(9)
    ax.yaxis.label.set_fontsize(9)
    return ax


def percent_axis(ax: Axes, which: str) -> None:
    """Write the ticks of one axis as percentages.

    Parameters
    ----------
    ax : matplotlib Axes
        Its data are shares.

    which : {"x", "y"}
        The axis.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from riskkit.plotting import percent_axis
    >>> ax = Figure().subplots()
    >>> percent_axis(ax, "y")
    >>> ax.yaxis.get_major_formatter()(0.25)
    '25%'
    """
    from matplotlib.ticker import PercentFormatter

    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(PercentFormatter(1.0))


def number_axis(ax: Axes, which: str) -> None:
    """Write large numbers out with commas, on linear and logarithmic axes.

    matplotlib would take a power of ten out and write it in a corner.
    """
    axis = ax.yaxis if which == "y" else ax.xaxis
    is_log = axis.get_scale() == "log"
    if is_log or max(map(abs, axis.get_view_interval())) >= _LARGE:
        axis.set_major_formatter("{x:,.0f}")
        if which == "x" and not is_log:  # long numbers side by side
            ax.locator_params(axis="x", nbins=4)


def shorten(label: str, width: int = 22) -> str:
    """Cut a long label, leaving a mark where text is missing."""
    return label if len(label) <= width else label[: width - 1].rstrip(" ,") + "…"


def edge_labels(edges: Iterable[float]) -> tuple[str, ...]:
    """Return the intervals between edges as people write them.

    Parameters
    ----------
    edges : iterable of float
        Increasing interior edges.

    Returns
    -------
    labels : tuple of str
        One more than edges. Each interval holds its upper end; edges are rounded to
        the fewest digits, at least four, that tell them apart.

    Examples
    --------
    >>> from riskkit.plotting import edge_labels
    >>> edge_labels([1000, 2500.50001])
    ('≤ 1000', '1000 – 2501', '> 2501')
    """
    edges = tuple(edges)
    if not edges:
        return ("all values",)
    for digits in range(4, 18):
        short = [_number(edge, digits) for edge in edges]
        if len(set(short)) == len(short):
            break
    between = [f"{low} – {high}" for low, high in pairwise(short)]
    return (f"≤ {short[0]}", *between, f"> {short[-1]}")


def bin_labels(feature: FeatureSpec) -> tuple[str, ...]:
    """Return a label for each bin of a feature, intervals written shortly.

    Parameters
    ----------
    feature : FeatureSpec
        The partition; its own ``labels`` hold the exact edges.

    Returns
    -------
    labels : tuple of str
        Regular bins, special groups, missing, unseen.

    Examples
    --------
    >>> from riskkit.artifact import FeatureSpec
    >>> from riskkit.plotting import bin_labels
    >>> bin_labels(FeatureSpec("income", "numeric", edges=(1000.0,)))
    ('≤ 1000', '> 1000', 'Missing', 'Unseen')
    """
    if feature.kind == "categorical":
        return feature.labels
    return (*edge_labels(feature.edges), *feature.labels[feature.n_regular :])


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-4 <= abs(value) < 1e15:
        text = f"{float(text):.0f}"
    return text
