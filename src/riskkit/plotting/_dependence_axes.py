"""How effects of a feature are drawn: a line over the data, states beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit.plotting._axes import COLORS, number_axis, percent_axis, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from riskkit.plotting._dependence import FeatureEffect
    from riskkit.typing import FloatArray

__all__ = ["draw_effect"]

# Height of the tallest mark of the data's density, as a share of the axes.
_RUG = 0.05
_SHARES = 0.25


def draw_effect(ax: Axes, effect: FeatureEffect, *, label: str, is_pd: bool) -> None:
    """Draw values, states apart from them, and where the data lie."""
    if effect.is_numeric:
        _draw_line(ax, effect)
    else:
        places = np.arange(len(effect.grid), dtype=np.float64)
        _draw_points(ax, places, effect.effect, effect.low, effect.high, "nonevent")
        _draw_shares(ax, places, effect.share, 0.8)
        labels = [shorten(str(value), 16) for value in effect.grid]
        _draw_states(ax, effect, places[-1] + 1.0, 1.0, places, labels)
    ax.set(xlabel=effect.feature, ylabel=label)
    if is_pd:
        percent_axis(ax, "y")


def _draw_line(ax: Axes, effect: FeatureEffect) -> None:
    x = np.asarray(effect.grid, dtype=np.float64)
    ax.fill_between(
        x, effect.low, effect.high, color=COLORS["nonevent"], alpha=0.2, linewidth=0
    )
    marker = "o" if x.size < 3 else None
    ax.plot(x, effect.effect, color=COLORS["nonevent"], linewidth=2, marker=marker)
    ax.vlines(
        effect.rug,
        0,
        _RUG,
        transform=ax.get_xaxis_transform(),
        color=COLORS["expected"],
        linewidth=0.8,
    )
    number_axis(ax, "x")
    if effect.states:
        span = float(np.ptp(x)) or 1.0
        ticks = [t for t in ax.get_xticks() if x[0] <= t <= x[-1]]
        labels = ax.xaxis.get_major_formatter().format_ticks(ticks)
        step = 0.12 * span
        _draw_states(ax, effect, x[-1] + step, step, np.array(ticks), labels)


def _draw_states(
    ax: Axes,
    effect: FeatureEffect,
    first: float,
    step: float,
    ticks: FloatArray,
    labels: list[str],
) -> None:
    """Draw the states right of everything else, behind a line."""
    places = first + step * np.arange(len(effect.states), dtype=np.float64)
    if effect.states:
        ax.axvline(first - step / 2, color=COLORS["expected"], linestyle=":", lw=0.8)
        _draw_points(
            ax,
            places,
            effect.state_effect,
            effect.state_low,
            effect.state_high,
            "event",
        )
        _draw_shares(ax, places, effect.state_share, 0.5 * step)
    names = [shorten(state, 16) for state in effect.states]
    texts = [*labels, *names]
    # Side by side there is room for some 55 letters at five inches.
    steep = sum(map(len, texts)) > 55
    ax.set_xticks(
        np.concatenate([ticks, places]),
        texts,
        rotation=35 if steep else 0,
        ha="right" if steep else "center",
        rotation_mode="anchor",
    )


def _draw_points(
    ax: Axes,
    places: FloatArray,
    effect: FloatArray,
    low: FloatArray,
    high: FloatArray,
    color: str,
) -> None:
    ax.vlines(places, low, high, color=COLORS[color], linewidth=2, alpha=0.4)
    ax.plot(places, effect, "o", color=COLORS[color], markersize=5)


def _draw_shares(ax: Axes, places: FloatArray, share: FloatArray, width: float) -> None:
    ax.bar(
        places,
        _SHARES * share,
        width,
        transform=ax.get_xaxis_transform(),
        color=COLORS["expected"],
        alpha=0.35,
        zorder=0.5,
    )
