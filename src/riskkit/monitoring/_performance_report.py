"""From the counts of cohorts to the tables of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import Columns, columns_of
from riskkit.metrics import mann_kendall_test
from riskkit.monitoring._maturity import cohorts_of
from riskkit.monitoring._performance_measures import (
    MEASURES,
    WITHOUT_CALIBRATION,
    Yardstick,
    band_rows,
    measure,
)
from riskkit.monitoring._performance_result import PerformanceResult
from riskkit.monitoring._periods import find_gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.monitoring._counts import Counts
    from riskkit.monitoring._maturity import Cohort, MaturityRule
    from riskkit.monitoring._performance_bands import BandCounts, ScoreBands
    from riskkit.monitoring._performance_history import History

__all__ = ["build_result"]

_PERIOD = (
    "period", "status", "matures_on", "n", "n_scored", "n_event_so_far",
    "event_rate_so_far",
)  # fmt: skip
_TREND = ("measure", "z", "p_value", "slope", "low", "high", "n_periods", "reason")
_TRENDS = ("gini", "ks", "event_rate", "actual_expected")
_BAND = (
    "band", "score", "n_known", "n_event", "event_rate", "low", "high", "expected",
    "actual_expected", "p_value", "p_adjusted", "breaks_order", "break_size",
    "break_p_value",
)  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    cohort: Cohort
    status: str
    matures_on: np.datetime64


def build_result(
    history: History,
    bands: ScoreBands,
    rule: MaturityRule,
    *,
    freq: str,
    level: float,
    last: int | None,
) -> PerformanceResult:
    """Judge the cohorts whose outcomes are complete."""
    yardstick = Yardstick.of(bands, level)
    judged = _judge(history, rule, freq)
    mature = [item.cohort for item in judged if item.status == "mature"]
    pooled = mature if last is None else mature[-last:]
    months = [month for cohort in pooled for month in cohort.months]
    total = history.total(months)
    tables = _Tables(history, bands, yardstick)
    periods = tables.periods(judged)
    waiting = [item for item in judged if item.status == "immature"]
    has_pd = any("pd_known" in counts.sums for counts in history.counts.values())
    return PerformanceResult(
        as_of=max(history.observed.values()),
        window=rule.window,
        reporting_delay=rule.reporting_delay,
        freq=freq,
        level=level,
        expected_from="pd" if has_pd else "reference",
        reference=_reference(bands, yardstick),
        tables={
            "total": tables.total(total),
            "periods": periods,
            "bands": tables.bands([("", total)] if total is not None else []),
            "band_periods": tables.bands(
                [(c.label, history.total(c.months)) for c in mature], by="period"
            ),
            "segments": tables.segments(months),
            "segment_periods": tables.segment_periods(mature),
            "trend": _trends(periods, mature),
        },
        next_maturity=(
            (waiting[0].cohort.label, waiting[0].matures_on) if waiting else None
        ),
        gaps=find_gaps(item.cohort.label for item in judged),
    )


def _judge(history: History, rule: MaturityRule, freq: str) -> list[_Judged]:
    judged = []
    as_of = max(history.observed.values())
    for cohort in cohorts_of(history.observed, freq):
        day = rule.matures_on(cohort.end)
        seen = min(history.observed[month] for month in cohort.months)
        status = "mature" if seen >= day else "immature"
        if status == "immature" and as_of >= day:
            status = "outdated"
        judged.append(_Judged(cohort, status, day))
    return judged


def _reference(bands: ScoreBands, yardstick: Yardstick) -> dict[str, float]:
    cells = bands.of_reference
    known = cells.n_known
    return {
        "auc": yardstick.auc,
        "gini": yardstick.gini,
        "ks": yardstick.ks,
        "event_rate": cells.n_event / known if known else float("nan"),
    }


@dataclass(frozen=True)
class _Tables:
    history: History
    score: ScoreBands
    yardstick: Yardstick

    def total(self, counts: Counts | None) -> Columns:
        row = self._population(counts, self.yardstick)
        return columns_of([row], ["n", "n_scored", *MEASURES])

    def periods(self, judged: Sequence[_Judged]) -> Columns:
        rows = [self._period(item) for item in judged]
        labels = [item.cohort.label for item in judged]
        empty = dict.fromkeys([*_PERIOD, *MEASURES], np.nan) | {
            "status": "empty",
            "matures_on": np.datetime64("NaT", "D"),
            "n": 0.0,
            "n_scored": 0.0,
            "reason": "there are no accounts",
        }
        rows += [empty | {"period": gap} for gap in find_gaps(labels)]
        rows.sort(key=lambda row: str(row["period"]))
        return columns_of(rows, [*_PERIOD, *MEASURES])

    def _period(self, item: _Judged) -> dict[str, Any]:
        counts = self.history.total(item.cohort.months)
        is_mature = item.status == "mature"
        row = self._population(counts if is_mature else None, self.yardstick)
        if counts is not None:
            event, n = float(counts.event.sum()), float(counts.n.sum())
            row |= {
                "n": n,
                "n_scored": self.score.n_scored(counts),
                "n_event_so_far": event,
                "event_rate_so_far": event / n if n else np.nan,
            }
        if not is_mature:
            row["reason"] = (
                f"outcomes are complete on {item.matures_on}"
                if item.status == "immature"
                else f"last counted before its outcomes were complete on "
                f"{item.matures_on}"
            )
        return row | {
            "period": item.cohort.label,
            "status": item.status,
            "matures_on": item.matures_on,
        }

    def bands(
        self, populations: Sequence[tuple[str, Counts | None]], by: str | None = None
    ) -> Columns:
        names = [*([] if by is None else [by]), *_BAND]
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for label, counts in populations:
            if counts is None:
                continue
            table = band_rows(self._cells(counts), self.yardstick, self.score.labels)
            if by is not None:
                table[by] = [label] * len(table["band"])
            for name in names:
                columns[name].extend(table[name])
        return {name: tuple(values) for name, values in columns.items()}

    def segments(self, months: Sequence[int]) -> Columns:
        rows = []
        part = self.yardstick.without_ranking()
        for segment in self.history.segments():
            row = self._population(self.history.total(months, segment), part)
            rows.append({"by": segment[0], "segment": segment[1], **row})
        return columns_of(rows, ["by", "segment", "n", "n_scored", *MEASURES])

    def segment_periods(self, mature: Sequence[Cohort]) -> Columns:
        rows = []
        part = self.yardstick.without_ranking()
        for segment in self.history.segments():
            for cohort in mature:
                counts = self.history.total(cohort.months, segment)
                row = self._population(counts, part, calibration=False)
                by, level = segment
                rows.append({"by": by, "segment": level, "period": cohort.label, **row})
        names = ["by", "segment", "period", "n", "n_scored", *WITHOUT_CALIBRATION]
        return columns_of(rows, names)

    def _population(
        self, counts: Counts | None, held: Yardstick, *, calibration: bool = True
    ) -> dict[str, Any]:
        if counts is None:
            row: dict[str, Any] = dict.fromkeys(MEASURES, np.nan)
            zeros = dict.fromkeys(("n", "n_scored", "n_known", "n_event"), 0.0)
            return row | zeros | {"reason": "no cohort is mature"}
        return {
            "n": float(counts.n.sum()),
            "n_scored": self.score.n_scored(counts),
            **measure(self._cells(counts), held, calibration=calibration),
        }

    def _cells(self, counts: Counts) -> BandCounts:
        return self.score.counts(counts)


def _trends(periods: Columns, mature: Sequence[Cohort]) -> Columns:
    """Test each series for a slow rise or fall; slopes are per month."""
    month_of = {cohort.label: float(cohort.months[0]) for cohort in mature}
    rows = []
    for name in _TRENDS:
        points = [
            (month_of[period], value)
            for period, value in zip(periods["period"], periods[name], strict=True)
            if period in month_of and not np.isnan(value)
        ]
        times, values = ([p[i] for p in points] for i in (0, 1))
        test = mann_kendall_test(values, times)
        rows.append(
            {
                "measure": name,
                "z": test.statistic,
                "p_value": test.p_value,
                "slope": test.details["slope"],
                "low": test.details["low"],
                "high": test.details["high"],
                "n_periods": len(points),
                "reason": str(test.reason),
            }
        )
    return columns_of(rows, _TREND)
