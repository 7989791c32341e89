"""The pictures of a model document, drawn from its tables alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from riskkit.plotting import COLORS, percent_axis, style_axes
from riskkit.reporting._bars import bar_svg
from riskkit.reporting._figures import draw_calibration, draw_points
from riskkit.reporting._performance import Z95
from riskkit.reporting._svg import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from riskkit.reporting._data import ReportTable
    from riskkit.reporting._document_data import DocumentData
    from riskkit.typing import FloatArray

__all__ = ["draw_bins", "draw_document", "drawn_column"]

_STYLES = ("-", "--", ":", "-.")


def draw_document(document: DocumentData) -> dict[str, str]:
    """Return the SVG of every picture that the tables allow, by name."""
    return {
        name: draw_svg(name, title, partial(draw, document.table(table)))
        for name, (table, title, draw) in _FIGURES.items()
        if document.has(table)
    }


def draw_bins(bins: ReportTable) -> list[str]:
    """Return a bar for each bin: its WoE, or the points where people gave them.

    All characteristics share one scale, so that strong ones have long bars.
    """
    key = drawn_column(bins)
    value = _numbers(bins, key)
    error = Z95 * _numbers(bins, "woe_error")
    reach, known = (np.where(np.isfinite(v), v, 0.0) for v in (error, value))
    low = float((known - reach).min(initial=0.0))
    high = float((known + reach).max(initial=0.0))
    return [
        bar_svg(v, e, low=low, high=high, title=f"{key} {v:.2f}")
        for v, e in zip(value.tolist(), error.tolist(), strict=True)
    ]


def drawn_column(bins: ReportTable) -> str:
    """Return the key of what the bars show."""
    return "woe" if np.isfinite(_numbers(bins, "woe")).any() else "points"


def _cap(curves: ReportTable, ax: Axes) -> None:
    style_axes(ax)
    share = _numbers(curves, "share")
    names = [column.key for column in curves.columns if column.key != "share"]
    ax.plot([0, 1], [0, 1], color=COLORS["expected"], linewidth=1)
    for k, name in enumerate(names):
        ax.plot(
            share,
            _numbers(curves, name),
            color=COLORS["nonevent" if k % 2 == 0 else "event"],
            linestyle=_STYLES[k % len(_STYLES)],
            label=name if len(name) <= 24 else name[:23] + "…",
        )
    ax.set(
        xlabel="Share of accounts, riskiest first",
        ylabel="Share of events captured",
        xlim=(0, 1),
        ylim=(0, 1.01),
    )
    percent_axis(ax, "x")
    percent_axis(ax, "y")
    ax.legend(fontsize=8, frameon=False, loc="lower right")


def _numbers(table: ReportTable, key: str) -> FloatArray:
    return np.array(table.column(key), dtype=np.float64)


_FIGURES = {
    "fig-cap": ("cap_curves", "Events captured, riskiest accounts first", _cap),
    "fig-points": (
        "points_distribution",
        "Points of events and non-events",
        draw_points,
    ),
    "fig-calibration": ("calibration", "Mean PD against bad rate", draw_calibration),
}
