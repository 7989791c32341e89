"""The pictures of a report, drawn from its tables alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from riskkit.plotting import (
    COLORS,
    CAPDisplay,
    KSDisplay,
    PointsDistributionDisplay,
    StabilityDisplay,
    percent_axis,
    style_axes,
)
from riskkit.reporting._svg import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from riskkit.reporting._data import ReportData, ReportTable
    from riskkit.typing import FloatArray

__all__ = ["draw_calibration", "draw_figures", "draw_points"]


def draw_figures(report: ReportData) -> dict[str, str]:
    """Return the SVG of every picture that the tables allow, by name."""
    return {
        name: draw_svg(name, title, partial(draw, report))
        for name, (table, title, draw) in _FIGURES.items()
        if report.has(table)
    }


def _stability(report: ReportData, ax: Axes) -> None:
    bands = report.table("score_bands")
    StabilityDisplay(
        labels=bands.column("band"),
        expected_share=_numbers(bands, "share_expected"),
        actual_share=_numbers(bands, "share"),
        psi=float(sum(bands.column("psi"))),
    ).plot(ax=ax)
    ax.set_xlabel("Points (right is safer)")


def _band_rates(report: ReportData, ax: Axes) -> None:
    bands = report.table("score_bands")
    style_axes(ax)
    place = np.arange(len(bands.rows), dtype=np.float64)
    rate = _numbers(bands, "event_rate")
    _whiskers(ax, place, rate, bands)
    ax.plot(
        place,
        _numbers(bands, "mean_pd"),
        color=COLORS["event"],
        marker="o",
        markersize=3.5,
        linewidth=1.2,
        label="mean PD",
    )
    ax.plot(
        place,
        _numbers(bands, "event_rate_expected"),
        color=COLORS["expected"],
        linestyle="--",
        linewidth=1,
        label="bad rate in training",
    )
    ax.set_xticks(
        place, bands.column("band"), rotation=35, ha="right", rotation_mode="anchor"
    )
    ax.set(xlabel="Points (right is safer)", ylabel="Bad rate", ylim=(0, None))
    percent_axis(ax, "y")
    ax.legend(fontsize=8, frameon=False)


def _cap(report: ReportData, ax: Axes) -> None:
    curve = report.table("cap_curve")
    performance = dict(
        zip(
            report.table("performance").column("measure"),
            report.table("performance").column("actual"),
            strict=True,
        )
    )
    share = _numbers(curve, "share")
    CAPDisplay(
        share=share,
        event_share=_numbers(curve, "actual"),
        event_rate=float(performance["Bad rate"]),
        gini=float(performance["Gini"]),
    ).plot(ax=ax, label="this sample")
    if any(column.key == "expected" for column in curve.columns):
        ax.plot(
            share,
            _numbers(curve, "expected"),
            color=COLORS["event"],
            linestyle="--",
            linewidth=1.2,
            label="training",
        )
        ax.legend(fontsize=8, frameon=False, loc="lower right")


def _ks(report: ReportData, ax: Axes) -> None:
    curve = report.table("ks_curve")
    KSDisplay(
        thresholds=_numbers(curve, "pd"),
        event_share=_numbers(curve, "event_share"),
        nonevent_share=_numbers(curve, "nonevent_share"),
    ).plot(ax=ax)
    ax.set_xlabel("PD")
    percent_axis(ax, "x")


def _points(report: ReportData, ax: Axes) -> None:
    draw_points(report.table("points_distribution"), ax)


def draw_points(shape: ReportTable, ax: Axes) -> None:
    """Draw the distribution of the points of both outcomes."""
    low, high = _numbers(shape, "low"), _numbers(shape, "high")
    PointsDistributionDisplay(
        edges=np.append(low, high[-1]),
        event_share=_numbers(shape, "event_share"),
        nonevent_share=_numbers(shape, "nonevent_share"),
    ).plot(ax=ax)


def _calibration(report: ReportData, ax: Axes) -> None:
    draw_calibration(report.table("calibration"), ax)


def draw_calibration(groups: ReportTable, ax: Axes) -> None:
    """Draw mean PD against bad rate, group by group."""
    style_axes(ax)
    pd = _numbers(groups, "mean_pd")
    rate = _numbers(groups, "event_rate")
    top = 1.05 * float(max(pd.max(), _numbers(groups, "event_rate_high").max()))
    ax.plot(
        [0, top], [0, top], color=COLORS["expected"], linewidth=1, label="PD = bad rate"
    )
    _whiskers(ax, pd, rate, groups)
    ax.set(xlabel="Mean PD of the group", ylabel="Bad rate", xlim=(0, None))
    ax.set_ylim(0, top)
    percent_axis(ax, "x")
    percent_axis(ax, "y")
    ax.legend(fontsize=8, frameon=False, loc="best")


def _periods(report: ReportData, ax: Axes) -> None:
    periods = report.table("periods")
    style_axes(ax)
    place = np.arange(len(periods.rows))
    for key, color, line, label in (
        ("event_rate", COLORS["nonevent"], "-", "bad rate"),
        ("mean_pd", COLORS["event"], "--", "mean PD"),
    ):
        ax.plot(
            place,
            _numbers(periods, key),
            color=color,
            linestyle=line,
            marker="o",
            markersize=3.5,
            label=label,
        )
    _name_periods(ax, periods)
    ax.set(ylabel="Bad rate", ylim=(0, None))
    percent_axis(ax, "y")
    ax.legend(fontsize=8, frameon=False)


def _periods_psi(report: ReportData, ax: Axes) -> None:
    periods = report.table("periods")
    style_axes(ax)
    place = np.arange(len(periods.rows))
    psi = _numbers(periods, "psi")
    ax.bar(place, psi, 0.6, color=COLORS["actual"])
    for limit, style in zip(report.thresholds.psi, (":", "--"), strict=True):
        ax.axhline(limit, color=COLORS["event"], linestyle=style, linewidth=1)
        ax.annotate(
            f"{limit:g}",
            (1, limit),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    _name_periods(ax, periods)
    ax.grid(visible=False, axis="x")
    ax.set(ylabel="PSI of the points")


def _name_periods(ax: Axes, periods: ReportTable) -> None:
    every = -(-len(periods.rows) // 8)  # room for eight labels
    labels = periods.column("period")[::every]
    ax.set_xticks(range(0, len(periods.rows), every), labels)


def _whiskers(ax: Axes, x: FloatArray, rate: FloatArray, table: ReportTable) -> None:
    low, high = _numbers(table, "event_rate_low"), _numbers(table, "event_rate_high")
    seen = np.isfinite(rate)
    # At few or no events the interval may end just short of the rate itself.
    error = np.maximum([rate - low, high - rate], 0)[:, seen]
    ax.errorbar(
        x[seen],
        rate[seen],
        yerr=error,
        fmt="s",
        markersize=4,
        color=COLORS["nonevent"],
        elinewidth=1.2,
        capsize=2,
        label="bad rate, 95 % interval",
    )


def _numbers(table: ReportTable, key: str) -> FloatArray:
    return np.array(table.column(key), dtype=np.float64)


_FIGURES = {
    "fig-cap": ("cap_curve", "Events captured, riskiest accounts first", _cap),
    "fig-ks": ("ks_curve", "Distributions of the PD of both outcomes", _ks),
    "fig-points": ("points_distribution", "Points of events and non-events", _points),
    "fig-calibration": ("calibration", "Mean PD against bad rate", _calibration),
    "fig-periods": ("periods", "Bad rate and mean PD by period", _periods),
    "fig-periods-psi": ("periods", "Stability of the points by period", _periods_psi),
    "fig-stability": ("score_bands", "Points now and in training", _stability),
    "fig-bands": ("score_bands", "Bad rate by band of points", _band_rates),
}
