"""What lies between a model and its PD, as tables for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from riskkit.artifact import IntervalMapSpec, LogOddsMapSpec, SegmentedMapSpec
from riskkit.cli._console import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from riskkit.artifact import CalibrationSpec, MasterScaleSpec, PDMapSpec

__all__ = ["pd_map_tables"]


def pd_map_tables(pd_map: PDMapSpec) -> Iterator[Table]:
    """Return tables of the steps, of the segments of each column, and of the grades."""
    if pd_map.steps:
        rows = [
            (str(k), f"by {step.column}, else {_describe(step.pooled)}")
            if isinstance(step, SegmentedMapSpec)
            else (str(k), _describe(step))
            for k, step in enumerate(pd_map.steps, start=1)
        ]
        yield plain_table(("Calibration", "PD by"), rows, n_text=2)
    for step in pd_map.steps:
        if isinstance(step, SegmentedMapSpec):
            yield _segments(step)
    if pd_map.grades is not None:
        yield _grades(pd_map.grades)


def _describe(spec: CalibrationSpec) -> str:
    if isinstance(spec, LogOddsMapSpec):
        if spec.a == spec.b == 1:
            return f"odds of the event times {_exp(spec.c)}"
        if spec.a == spec.b:
            return f"log-odds times {spec.a:.4g} {_signed(spec.c)}"
        return f"{spec.a:.4g} ln(p) - {spec.b:.4g} ln(1 - p) {_signed(spec.c)}"
    if isinstance(spec, IntervalMapSpec):
        return f"Venn-Abers, {len(spec.low)} lower and {len(spec.high)} upper ends"
    shape = "line through" if spec.interpolation == "linear" else "steps of"
    low, high = spec.values[0], spec.values[-1]
    return f"rising {shape} {len(spec.values)} PDs from {low:.2%} to {high:.2%}"


def _exp(shift: float) -> str:
    return f"{math.exp(shift):.4g}" if abs(shift) < 700 else f"exp({shift:.4g})"


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'} {abs(number):.4g}"


def _segments(step: SegmentedMapSpec) -> Table:
    rows = [
        (
            segment.level,
            "the map of all" if segment.own is None else _describe(segment.own),
            f"{segment.n:,.0f}",
            f"{segment.n_event:,.0f}",
            f"{segment.own_weight:.0%}",
        )
        for segment in step.segments
    ]
    headers = (step.column, "own map", "rows", "events", "own share")
    return plain_table(headers, rows, n_text=2)


def _grades(scale: MasterScaleSpec) -> Table:
    borders = zip(scale.labels, scale.edges, scale.edges[1:], scale.pds, strict=False)
    rows = [
        (label, f"{low:.2%}", f"{high:.2%}", f"{pd:.2%}")
        for label, low, high, pd in borders
    ]
    return plain_table(("Grade", "PD above", "up to", "PD of the grade"), rows)
