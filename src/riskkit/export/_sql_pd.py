"""From a card's log-odds to the PD and the grade that are used, as tables.

Formula by formula what :func:`riskkit.artifact.apply_pd_map` does to arrays. The one
difference is ``ln(1 - p)`` where that has ``log1p(-p)``, which few databases know: the
log-odds that a map makes of a PD are off by about 1e-16.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.calibration import LIMIT
from riskkit._kernels.isotonic import interpolate
from riskkit.artifact import IntervalMapSpec, LogOddsMapSpec, SegmentedMapSpec
from riskkit.export._sql_cuts import curve_of, cuts_below
from riskkit.export._sql_text import Item, case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from riskkit.artifact import CalibrationSpec, PDMapSpec, StepMapSpec
    from riskkit.export._sql_columns import LevelInput
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Branch, Query, Value

__all__ = ["PDTables"]

# Beyond it the exponential overflows; the PD is then 0 or 1 to the last bit.
_MOST = 700.0
_MOST_OF_PD = 37.0  # -ln(2 ** -53), rounded up

# What is carried through the steps: a PD, and the ends of its interval if it has one.
_ENDS: Mapping[str, int | None] = {"pd": None, "pd_low": 0, "pd_high": 1}


class PDTables:
    """Writes the tables after the sums.

    Parameters
    ----------
    pd_map : PDMapSpec
        Steps and grades; empty for a card alone.

    writer : Writer
        Writes in the dialect.

    segments : mapping of str to LevelInput
        What reads each column of segments.

    most_log_odds : float
        What no account's log-odds exceed, whatever their sign.
    """

    def __init__(
        self,
        pd_map: PDMapSpec,
        writer: Writer,
        segments: Mapping[str, LevelInput],
        most_log_odds: float,
    ) -> None:
        self._map, self._writer, self._segments = pd_map, writer, segments
        self._most = most_log_odds
        # The columns in which the PD and its ends stand after the steps so far.
        self._columns: dict[str, str] = {"pd": "log_odds"}

    def add(self, query: Query) -> None:
        """Add the tables of the PD, of each step, and of the grade."""
        if self._map.scale == "pd":
            formula = self._sigmoid("log_odds", self._most)
            query.add("riskkit_pd", "the PD of the model", [Item.of("pd_0", formula)])
            self._columns = {"pd": "pd_0"}
        for place, step in enumerate(self._map.steps, start=1):
            self._add_step(query, place, step)
        if self._map.grades is not None:
            edges = self._map.grades.edges
            borders = edges[1:-1]
            numbers = [str(k + 1) for k in range(len(edges) - 1)]
            remarks = [f"PD ({low:g}, {high:g}]" for low, high in pairwise(edges)]
            lines = self._table("pd", len(self._map.steps), borders, numbers, remarks)
            query.add(
                "riskkit_grade",
                "grades, cut where the PD reaches their borders",
                [Item.of("grade_number", lines)],
            )

    def has(self, track: str) -> bool:
        """Return whether this is the PD, or an end of its interval that there is."""
        return track == "pd" or (track in _ENDS and self._map.has_interval)

    def column(self, track: str) -> str:
        """Return the column of the PD that is used, or of an end of its interval."""
        return self._columns[track]

    def cut(
        self,
        track: str,
        borders: Sequence[float],
        values: Sequence[str],
        *,
        left_closed: bool = False,
    ) -> Value:
        """Return a table of the PD that is used, or of an end of its interval.

        Its steps are closed on the right unless said otherwise.
        """
        n_before = len(self._map.steps)
        return self._table(track, n_before, borders, values, left_closed=left_closed)

    def pd_item(self) -> Item:
        """Return the PD that is used."""
        return Item.of("pd", self._columns["pd"])

    def further_items(self) -> Iterator[Item]:
        """Return the grade and its PD, and the ends of the interval, if there are."""
        grades = self._map.grades
        if grades is not None:
            texts = map(self._writer.quote_text, grades.labels)
            pds = map(self._writer.number, grades.pds)
            for name, values in (("grade", texts), ("grade_pd", pds)):
                branches = [(str(k), v, "") for k, v in enumerate(values, start=1)]
                yield Item(name, case(branches, of="grade_number"))
        for track in ("pd_low", "pd_high"):
            if track in self._columns:
                yield Item.of(track, self._columns[track])

    def _add_step(
        self, query: Query, place: int, step: CalibrationSpec | SegmentedMapSpec
    ) -> None:
        """Add a step: its maps, then what they are joined to."""
        segmented = step if isinstance(step, SegmentedMapSpec) else None
        pooled = step.pooled if isinstance(step, SegmentedMapSpec) else step
        new_ends = isinstance(pooled, IntervalMapSpec)
        tracks = ["pd_low", "pd_high"] if new_ends else list(self._columns)
        name, remark = f"riskkit_step_{place}", _describe(step)
        if _needs_logs(pooled):
            query.add(f"{name}_logs", f"{remark}: logarithms", self._log_items(place))
        suffix = f"_{place}_all" if segmented else f"_{place}"
        items = [
            Item.of(f"{track}{suffix}", self._read(pooled, track, place))
            for track in tracks
        ]
        if segmented:
            items += self._own_items(segmented, tracks, place)
        if segmented or new_ends:
            query.add(f"{name}_maps", f"{remark}: the maps", items)
            if segmented:
                items = list(self._joined(tracks, place, new_ends=new_ends))
            else:  # the ends stand already
                items = [Item.of(f"pd_{place}", self._merged(f"_{place}"))]
        query.add(name, remark, items)
        names = ("pd", "pd_low", "pd_high") if new_ends else tuple(self._columns)
        self._columns = {track: f"{track}_{place}" for track in names}

    def _own_items(
        self, step: SegmentedMapSpec, tracks: Sequence[str], place: int
    ) -> Iterator[Item]:
        """Return what the map of each row's own segment gives, and its weight."""
        own = [(s, s.own) for s in step.segments if s.own is not None]
        conditions = [self._in_segment(step.column, s.level) for s, _ in own]
        number = self._writer.number
        weights = [
            (c, number(s.own_weight), s.level)
            for c, (s, _) in zip(conditions, own, strict=True)
        ]
        yield Item(f"weight_{place}", _case_or_null(weights, self._null))
        for track in tracks:
            branches = [
                (c, self._read(spec, track, place), s.level)
                for c, (s, spec) in zip(conditions, own, strict=True)
            ]
            yield Item(f"{track}_{place}_own", _case_or_null(branches, self._null))

    def _joined(
        self, tracks: Sequence[str], place: int, *, new_ends: bool
    ) -> Iterator[Item]:
        """Return the PD, and its ends, of a segment's own map and the pooled one."""
        one, weight = self._writer.number(1.0), f"weight_{place}"
        pairs = [
            (track, f"{track}_{place}_own", f"{track}_{place}_all") for track in tracks
        ]
        if new_ends:
            own, pooled = (self._merged(f"_{place}_{of}") for of in ("own", "all"))
            pairs.append(("pd", f"({own})", f"({pooled})"))
        for track, own, pooled in pairs:
            both = f"{weight} * {own} + ({one} - {weight}) * {pooled}"
            lines = case([(f"{weight} IS NULL", pooled, "")], (both, ""))
            yield Item(f"{track}_{place}", lines)

    def _merged(self, suffix: str) -> str:
        """Return the one PD that stands for an interval."""
        low, high = f"pd_low{suffix}", f"pd_high{suffix}"
        return f"{high} / ({self._writer.number(1.0)} - {low} + {high})"

    def _read(self, spec: CalibrationSpec, track: str, place: int) -> Value:
        """Return the formula of what a map gives."""
        number = self._writer.number
        if isinstance(spec, LogOddsMapSpec):
            return self._line(spec, track, place)
        if isinstance(spec, IntervalMapSpec):
            low = track == "pd_low"
            knots = spec.low_knots if low else spec.high_knots
            values = list(map(number, spec.low if low else spec.high))
            return self._table("pd", place - 1, knots, values, left_closed=low)
        if spec.interpolation == "linear":
            return self._interpolation(spec, self._columns[track])
        values = list(map(number, spec.values))
        return self._table(track, place - 1, spec.knots, values)

    def _line(self, spec: LogOddsMapSpec, track: str, place: int) -> str:
        number, x = self._writer.number, self._columns[track]
        a, b, c = number(spec.a), number(spec.b), number(spec.c)
        log_p, log_q = f"ln_{track}_{place}", f"ln_1_{track}_{place}"
        reach = _MOST_OF_PD if spec.scale == "pd" else self._most + 1.0
        most = (spec.a + spec.b) * reach + abs(spec.c)
        if spec.a != spec.b:
            return self._sigmoid(f"{a} * {log_p} - {b} * {log_q} + {c}", most)
        z = f"({log_p} - {log_q})" if spec.scale == "pd" else x
        return self._sigmoid(f"{a} * {z} + {c}", most)

    def _log_items(self, place: int) -> Iterator[Item]:
        """Return ln(p) and ln(1 - p) of the PD and of its ends."""
        ln, number = self._writer.dialect.ln, self._writer.number
        zero, one = number(0.0), number(1.0)
        for track, x in self._columns.items():
            if x == "log_odds":
                for name, z, turned in (
                    (f"ln_{track}_{place}", x, f"-{x}"),
                    (f"ln_1_{track}_{place}", f"-{x}", x),
                ):
                    # The exponent is never above 0, so that nothing overflows.
                    above = f"-{ln}({one} + EXP({turned}))"
                    below = f"{z} - {ln}({one} + EXP({z}))"
                    yield Item(name, case([(f"{z} >= {zero}", above, "")], (below, "")))
                continue
            low, high = number(LIMIT), number(1.0 - LIMIT)
            bounds = [(f"{x} < {low}", low, ""), (f"{x} > {high}", high, "")]
            first, *others, end = case(bounds, (x, ""))
            for name, head in (("ln", f"{ln}("), ("ln_1", f"{ln}({one} - ")):
                lines = (f"{head}{first}", *others, f"{end})")
                yield Item(f"{name}_{track}_{place}", lines)

    def _interpolation(self, spec: StepMapSpec, x: str) -> Value:
        """Return the line through the points, constant beyond them."""
        number = self._writer.number
        knots, values = spec.knots, spec.values
        ends = interpolate(
            np.array([knots[0], knots[-1]]), np.asarray(knots), np.asarray(values)
        )
        first, last = (number(float(end)) for end in ends)
        if len(knots) == 1:
            return case([(f"{x} IS NOT NULL", first, "")])
        branches = [(f"{x} <= {number(knots[0])}", first, "")]
        for (x0, x1), (y0, y1) in zip(pairwise(knots), pairwise(values), strict=True):
            value = number(y0)
            if y1 > y0:
                share = f"(({x} - {number(x0)}) / {number(x1 - x0)})"
                line = f"{number(y0)} + {number(y1 - y0)} * {share}"
                value = self._writer.smallest([line, number(y1)])
            branches.append((f"{x} <= {number(x1)}", value, ""))
        branches.append((f"{x} > {number(knots[-1])}", last, ""))
        return case(branches)

    def _table(
        self,
        track: str,
        n_before: int,
        borders: Sequence[float],
        values: Sequence[str],
        remarks: Sequence[str] = (),
        *,
        left_closed: bool = False,
    ) -> Value:
        """Return a table of what stands in `track` after some steps.

        Its steps are closed on the right unless said otherwise. It is read by the
        log-odds as long as they decide alone, or together with one segment.
        """
        steps, remarks = self._map.steps[:n_before], remarks or [""] * len(values)
        segmented = [s for s in steps if isinstance(s, SegmentedMapSpec)]
        columns = {s.column for s in segmented}
        if len(columns) > 1:
            x, signs = self._columns[track], ("<", ">=") if left_closed else ("<=", ">")
            return _steps(x, borders, values, remarks, signs, self._writer)

        def table(segment: tuple[str, str | None] | None) -> Value:
            curve = curve_of(steps, self._map.scale, _ENDS[track], segment)
            cuts = cuts_below(curve, borders, strictly=left_closed)
            return _steps("log_odds", cuts, values, remarks, ("<=", ">"), self._writer)

        if not segmented:
            return table(None)
        column = segmented[0].column
        levels = [s.level for step in segmented for s in step.segments if s.own]
        branches: list[Branch] = [
            (self._in_segment(column, level), table((column, level)), level)
            for level in dict.fromkeys(levels)
        ]
        pooled = table((column, None))
        return case(branches, (pooled, "")) if branches else pooled

    def _in_segment(self, column: str, level: str) -> str:
        # A level that cannot occur in a column of that kind is no row's.
        return self._segments[column].among([level]) or "1 = 0"

    def _sigmoid(self, z: str, most: float) -> str:
        number = self._writer.number
        one = number(1.0)
        if most <= _MOST:
            return f"{one} / ({one} + EXP(-({z})))"
        low, high = number(-_MOST), number(_MOST)
        bounded = (
            f"CASE WHEN -({z}) > {high} THEN {high} WHEN -({z}) < {low} THEN {low} "
            f"ELSE -({z}) END"
        )
        return f"{one} / ({one} + EXP({bounded}))"

    @property
    def _null(self) -> str:
        return f"CAST(NULL AS {self._writer.dialect.double})"


def _steps(
    x: str,
    borders: Sequence[float],
    values: Sequence[str],
    remarks: Sequence[str],
    signs: tuple[str, str],
    writer: Writer,
) -> Value:
    """Return a table whose last line has a condition too, so that NULL stays NULL."""
    conditions = [f"{x} {signs[0]} {writer.number(border)}" for border in borders]
    beyond = f"{x} {signs[1]} {writer.number(borders[-1])}" if borders else ""
    conditions.append(beyond or f"{x} IS NOT NULL")
    return case(zip(conditions, values, remarks, strict=True))


def _case_or_null(branches: Sequence[Branch], null: str) -> tuple[str, ...]:
    return case(branches) if branches else (null,)


def _needs_logs(spec: CalibrationSpec) -> bool:
    return isinstance(spec, LogOddsMapSpec) and (spec.scale == "pd" or spec.a != spec.b)


def _describe(step: CalibrationSpec | SegmentedMapSpec) -> str:
    if isinstance(step, SegmentedMapSpec):
        return f"{_describe(step.pooled)}, by segment"
    if isinstance(step, LogOddsMapSpec):
        return "a line on the log-odds" if step.a == step.b else "a beta map"
    if isinstance(step, IntervalMapSpec):
        return "a Venn-Abers interval"
    linear = step.interpolation == "linear"
    return "a line through points" if linear else "a step function"
