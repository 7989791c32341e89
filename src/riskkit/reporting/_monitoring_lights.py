"""Lights of measures over periods: the page's overview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit.monitoring import Measurement
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._format import write
from riskkit.reporting._monitoring_charts import sparkline
from riskkit.reporting._monitoring_tables import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskkit.monitoring import (
        EarlyPerformanceResult,
        PerformanceResult,
        StabilityResult,
        Threshold,
        WarningResult,
    )

__all__ = ["LightCell", "LightGrid", "LightRow", "light_grids", "light_table"]

_SHOWN = 12
_WORST = ("not_evaluable", "green", "amber", "red")
_OF_POPULATION = {
    "score_psi": "PSI of the score",
    "feature_csi": "Largest CSI",
    "missing_change": "Missing values, largest change",
    "unseen_share": "Unseen levels, largest share",
}
# What is written, what is judged, its p-value, and how it is written.
_OF_COHORT = (
    ("Gini", "gini", "gini_drop", "gini_drop", "gini_drop_p_value", "number3"),
    ("KS", "ks", "ks_drop", "ks_drop", "ks_drop_p_value", "number3"),
    (
        "A/E of complete outcomes",
        "actual_expected",
        "actual_expected",
        "actual_expected",
        "p_value",
        "number2",
    ),
    (
        "Slope of the calibration line",
        "calibration_slope",
        "calibration_slope",
        "calibration_slope",
        "calibration_slope_p_value",
        "number2",
    ),
)
_OF_EARLY = (
    (
        "A/E of developing outcomes",
        "actual_expected",
        "early_actual_expected",
        "actual_expected",
        "p_adjusted",
        "number2",
    ),
)


@dataclass(frozen=True)
class LightCell:
    """A measure in a period."""

    value: float | None
    text: str
    light: str
    why: str


@dataclass(frozen=True)
class LightRow:
    """A measure over the periods."""

    label: str
    cells: tuple[LightCell, ...]

    def line(self) -> str:
        """Return its values as a small line."""
        values = [cell.value for cell in self.cells]
        top = max((v for v in values if v is not None), default=0.0)
        return sparkline(values, high=top, title=f"{self.label}, {len(values)} periods")


@dataclass(frozen=True)
class LightGrid:
    """Measures that share their periods."""

    title: str
    periods: tuple[str, ...]
    rows: tuple[LightRow, ...]


def light_grids(
    warning: WarningResult,
    stability: StabilityResult | None,
    performance: PerformanceResult | None,
    early: EarlyPerformanceResult | None,
) -> list[LightGrid]:
    """Return a grid for each result with periods, and one for the runs."""
    thresholds = warning.thresholds
    grids = []
    if stability is not None:
        grids.append(_of_population(stability, thresholds))
    if performance is not None:
        periods = performance.tables["periods"]
        grids.append(
            _of_cohorts("Complete outcomes", periods, "mature", _OF_COHORT, thresholds)
        )
    if early is not None:
        periods = early.tables["periods"]
        grids.append(
            _of_cohorts(
                "Developing outcomes", periods, "developing", _OF_EARLY, thresholds
            )
        )
    if len(warning.runs) > 1:
        grids.append(_of_runs(warning.runs))
    return [grid for grid in grids if grid.rows and grid.periods]


def light_table(grids: Sequence[LightGrid]) -> ReportTable:
    """Return all cells as a table of data, one row a cell."""
    columns = (
        Column("grid", "Of"),
        Column("measure", "Measure"),
        Column("period", "Period", "day"),
        Column("value", "Value", "number4"),
        Column("light", "Light", "light"),
    )
    rows = tuple(
        (grid.title, row.label, period, cell.value, cell.light)
        for grid in grids
        for row in grid.rows
        for period, cell in zip(grid.periods, row.cells, strict=True)
    )
    return ReportTable("lights", "Lights by period", columns, rows)


def _of_population(
    result: StabilityResult, thresholds: Mapping[str, Threshold]
) -> LightGrid:
    """Take the worst feature of each period, by light and then by size."""
    periods = result.periods[-_SHOWN:]
    found: dict[str, list[LightCell]] = {name: [] for name in _OF_POPULATION}
    for period in periods:
        worst: dict[str, LightCell] = {}
        for item in result.measurements(period):
            cell = _judge(item, item.value, "number3", thresholds)
            held = worst.get(item.name)
            if cell is not None and (held is None or _rank(cell) > _rank(held)):
                worst[item.name] = cell
        for name, cells in found.items():
            cells.append(worst.get(name, _EMPTY))
    rows = [
        LightRow(label, tuple(found[name]))
        for name, label in _OF_POPULATION.items()
        if any(cell is not _EMPTY for cell in found[name])
    ]
    return LightGrid("Population", tuple(periods), tuple(rows))


def _of_cohorts(
    title: str,
    columns: Mapping[str, Sequence[Any]],
    status: str,
    measures: Iterable[tuple[str, str, str, str, str, str]],
    thresholds: Mapping[str, Threshold],
) -> LightGrid:
    judged = [i for i, word in enumerate(columns["status"]) if word == status]
    held = {
        name: [values[i] for i in judged[-_SHOWN:]] for name, values in columns.items()
    }
    rows = []
    for label, shown, name, value, chance, kind in measures:
        cells = []
        for i, p_value in enumerate(held[chance]):
            expected = held["expected"][i] * (
                held["n_known"][i] if "n_known" in held else 1.0
            )
            item = Measurement(
                name,
                held[value][i],
                p_value,
                n_event=max(held["n_event"][i], expected),
                reason=held["reason"][i],
            )
            cell = _judge(item, held[shown][i], kind, thresholds)
            cells.append(_EMPTY if cell is None else cell)
        rows.append(LightRow(label, tuple(cells)))
    return LightGrid(title, tuple(map(str, held["period"])), tuple(rows))


def _of_runs(runs: Sequence[Mapping[str, Any]]) -> LightGrid:
    """Take the lights that former runs gave, as the history holds them."""
    recent = runs[-_SHOWN:]
    cells = [
        LightCell(
            None,
            str(run["verdict"]).replace("_", " "),
            str(run["light"]),
            str(run["rule"]),
        )
        for run in recent
    ]
    roles: dict[str, list[LightCell]] = {}
    for i, run in enumerate(recent):
        for measure in run["measures"]:
            role = str(measure.get("role", "other"))
            held = roles.setdefault(role, [_EMPTY] * len(recent))
            cell = LightCell(None, "", str(measure["light"]), str(measure["key"]))
            if held[i] is _EMPTY or _rank(cell) > _rank(held[i]):
                held[i] = cell
    rows = [LightRow("Verdict", tuple(cells))]
    rows += [LightRow(role.capitalize(), tuple(found)) for role, found in roles.items()]
    days = tuple(str(run["as_of"]) for run in recent)
    return LightGrid("Runs of the monitor", days, tuple(rows))


def _judge(
    item: Measurement,
    value: Any,
    kind: str,
    thresholds: Mapping[str, Threshold],
) -> LightCell | None:
    threshold = thresholds.get(item.name)
    if threshold is None:
        return None
    light, why = threshold.judge(item)
    shown = short(value)
    said = why if item.of == "all" else f"{item.of}: {why}"
    return LightCell(shown, write(shown, kind), light, said)


def _rank(cell: LightCell) -> tuple[int, float]:
    return _WORST.index(cell.light), -1.0 if cell.value is None else cell.value


_EMPTY = LightCell(None, "", "not_evaluable", "not measured")
