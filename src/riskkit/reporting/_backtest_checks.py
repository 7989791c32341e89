"""From the windows of a backtest to checks, and to a verdict."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from riskkit.reporting._data import Check, Status, Verdict

if TYPE_CHECKING:
    from riskkit.backtest import BacktestResult
    from riskkit.reporting._thresholds import ReportThresholds

__all__ = ["judge_backtest", "run_backtest_checks"]

Row = dict[str, Any]
_ANSWER: Status = "not_evaluable"


def run_backtest_checks(
    result: BacktestResult, limits: ReportThresholds
) -> tuple[Check, ...]:
    """Ask what the windows of the champion can answer."""
    columns = result.tables["windows"]
    all_rows = (
        dict(zip(columns, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    )
    rows: list[Row] = [row for row in all_rows if row["model"] == result.champion]
    return (
        _ranking(rows, result.level, limits),
        _level(rows, limits),
        _break(rows, result.level, limits),
        _population(rows, limits),
        _challenger(result, limits),
        _leakage(result),
    )


def judge_backtest(checks: tuple[Check, ...]) -> Verdict:
    """Return the first verdict whose rule fires."""
    status = {check.name: check.status for check in checks}
    flagged = [check for check in checks if check.status in ("amber", "red")]
    named = ", ".join(f"{check.name} ({check.status})" for check in flagged)
    if status["Leakage"] == "red":
        return Verdict(
            "Check the data",
            "red",
            f"A column tells the outcome by itself. Flagged: {named}.",
            "Find out when the column is filled; leave it out if that is after the "
            "decision, and run the backtest again. Until then no figure counts.",
        )
    if status["Ranking"] == "red":
        return Verdict(
            "Redevelop",
            "red",
            f"The champion ranks clearly worse than before. Flagged: {named}.",
            "Find the columns that lost their power, and plan a redevelopment.",
        )
    if "red" in (status["Level"], status["Break"]):
        return Verdict(
            "Recalibrate",
            "red",
            f"The champion's PDs miss the level in its windows. Flagged: {named}.",
            "Recalibrate on the latest outcomes, with a central tendency that holds "
            "through a downturn; review cut-offs and prices that use the PD.",
        )
    if flagged:
        return Verdict(
            "Watch",
            "amber",
            f"Flagged: {named}.",
            "Look at the windows named below before the model is used further.",
        )
    if all(check.status == _ANSWER for check in checks[:2]):
        return Verdict(
            "Not evaluable",
            _ANSWER,
            "Too few outcomes in the windows to judge ranking and level.",
            "Take longer windows, or wait for more outcomes.",
        )
    return Verdict(
        "No action",
        "green",
        "No check that could be made is amber or red.",
        "Keep the model, and add the next window when its outcomes are known.",
    )


def _ranking(rows: list[Row], level: float, limits: ReportThresholds) -> Check:
    amber, red = limits.gini_drop
    rule = (
        f"last window against those before: amber from a relative loss of {amber:.0%}, "
        f"red from {red:.0%}, if its p-value is below {limits.p_value[0]:g} and "
        f"{limits.p_value[1]:g}"
    )
    held = [row for row in rows if _enough(row, limits)]
    if len(held) < 2 or held[-1] is not rows[-1]:
        return _open("Ranking", rule, "performance")
    weights = [1.0 / _error(row, "gini", level) ** 2 for row in held[:-1]]
    before = sum(w * r["gini"] for w, r in zip(weights, held, strict=False))
    before /= sum(weights)
    now, error = rows[-1]["gini"], _error(rows[-1], "gini", level)
    z = (before - now) / math.hypot(error, 1.0 / math.sqrt(sum(weights)))
    loss = (before - now) / before if before > 0 else math.nan
    status = _light(loss >= amber, loss >= red, _tail(z), limits)
    return Check(
        "Ranking",
        status,
        f"Gini {now:.3f}",
        f"{now:.3f} in {rows[-1]['window']}, {before:.3f} on average before (p = "
        f"{_tail(z):.2g}).",
        rule,
        "performance",
    )


def _level(rows: list[Row], limits: ReportThresholds) -> Check:
    low, high = limits.actual_expected_amber
    rule = (
        f"last window: actual over expected from {low:g} to {high:g} is green, "
        f"outside {limits.actual_expected_red[0]:g} to "
        f"{limits.actual_expected_red[1]:g} red, if chance does not explain it"
    )
    last = rows[-1]
    if not _enough(last, limits) or math.isnan(last["actual_expected"]):
        return _open("Level", rule, "calibration")
    ratio, p_value = last["actual_expected"], last["calibration_level_p_value"]
    less, more = limits.actual_expected_red
    status = _light(
        not low <= ratio <= high, not less <= ratio <= more, p_value, limits
    )
    off = [
        row["window"]
        for row in rows
        if _enough(row, limits) and not less <= row["actual_expected"] <= more
    ]
    finding = f"{ratio:.2f} events for each expected one in {last['window']}."
    if off:
        finding += f" Far off in {', '.join(off)}."
    return Check("Level", status, f"A/E {ratio:.2f}", finding, rule, "calibration")


def _break(rows: list[Row], level: float, limits: ReportThresholds) -> Check:
    # A step of the level is a step of the log of the odds.
    amber = math.log(limits.actual_expected_amber[1])
    red = math.log(limits.actual_expected_red[1])
    rule = (
        f"steps of the calibration level from window to window: red from {red:.2f}, "
        f"amber from {amber:.2f}, with Bonferroni's correction for their number; the "
        "surest is shown first"
    )
    held = [
        row
        for row in rows
        if _enough(row, limits) and math.isfinite(row["calibration_level"])
    ]
    if len(held) < 2:
        return _open("Break", rule, "calibration")
    found = []
    for before, after in pairwise(held):
        step = after["calibration_level"] - before["calibration_level"]
        error = math.hypot(
            _error(before, "calibration_level", level),
            _error(after, "calibration_level", level),
        )
        p_value = min(2.0 * _tail(abs(step / error)) * (len(held) - 1), 1.0)
        light = _light(abs(step) >= amber, abs(step) >= red, p_value, limits)
        found.append(
            (abs(step / error), step, before["window"], after["window"], light)
        )
    # Of two breaks the larger may be that of a window with a handful of events.
    found.sort(reverse=True)
    _, step, before, after, _ = found[0]
    others = [
        f"{early} to {late} by {size:+.2f}"
        for _, size, early, late, light in found[1:]
        if light in ("amber", "red")
    ]
    finding = (
        f"From {before} to {after} the level moved by {step:+.2f}: the odds of an "
        f"event, beside the PDs, by {math.expm1(step):+.0%}."
    )
    if others:
        finding += f" Also from {', '.join(others)}."
    lights = {light for *_, light in found}
    worst: Status = (
        "red" if "red" in lights else "amber" if "amber" in lights else "green"
    )
    return Check("Break", worst, f"{step:+.2f}", finding, rule, "calibration")


def _population(rows: list[Row], limits: ReportThresholds) -> Check:
    amber, red = limits.psi
    rule = f"PSI of the last window: amber from {amber:g}, red from {red:g}"
    last = rows[-1]
    psi = last["psi"]
    worst = max(rows, key=lambda row: row["psi"])
    return Check(
        "Population",
        _light(psi >= amber, psi >= red, last["psi_p_value"], limits),
        f"PSI {psi:.3f}",
        f"{psi:.3f} in {last['window']}; the largest, {worst['psi']:.3f}, in "
        f"{worst['window']}.",
        rule,
        "population",
    )


def _challenger(result: BacktestResult, limits: ReportThresholds) -> Check:
    rule = (
        "amber if a challenger ranks better in the windows together, by inverse "
        "variance, with Bonferroni's correction for the number of challengers"
    )
    table = result.frame("challenge")
    table = table[table["status"] == "ok"]
    best: tuple[float, str, float] | None = None
    names = list(dict.fromkeys(table["model"]))
    for name in names:
        held = table[table["model"] == name]
        error = (held["high"] - held["difference"]) / _reach(result.level)
        held, error = held[error > 0], error[error > 0]
        if held.empty:
            continue
        weight = 1.0 / error**2
        mean = float((weight * held["difference"]).sum() / weight.sum())
        z = mean * math.sqrt(float(weight.sum()))
        if best is None or z > best[0]:
            best = z, name, mean
    if best is None:
        return _open("Challenger", rule, "challenge", "There is no other model.")
    z, name, mean = best
    p_value = min(_tail(z) * len(names), 1.0)
    is_better = mean > 0 and p_value < limits.p_value[0]
    return Check(
        "Challenger",
        "amber" if is_better else "green",
        f"{mean:+.3f}",
        f"{name} has a Gini {mean:+.3f} from that of {result.champion} over all "
        f"windows (p = {p_value:.2g}).",
        rule,
        "challenge",
    )


def _leakage(result: BacktestResult) -> Check:
    table = result.frame("leakage")
    rule = "red if a column alone ranks the outcomes better than the limit of the run"
    if table.empty:
        finding = "No column tells the outcome by itself."
        return Check("Leakage", "green", "none", finding, rule, "data")
    names = ", ".join(table["column"])
    top = table["auc"].max()
    return Check("Leakage", "red", f"AUC {top:.3f}", f"Alone: {names}.", rule, "data")


def _enough(row: Row, limits: ReportThresholds) -> bool:
    return bool(min(row["n_event"], row["n"] - row["n_event"]) >= limits.min_events)


def _error(row: Row, name: str, level: float) -> float:
    """Return the standard error behind an interval."""
    width = row[f"{name}_high"] - row[f"{name}_low"]
    return float(max(width / 2.0 / _reach(level), 1e-12))


def _reach(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1.0 + level) / 2.0))


def _tail(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def _light(
    is_wide: bool, is_wider: bool, p_value: float, limits: ReportThresholds
) -> Status:
    amber, red = limits.p_value
    if is_wider and p_value < red:
        return "red"
    return "amber" if is_wide and p_value < amber else "green"


def _open(name: str, rule: str, section: str, why: str = "") -> Check:
    finding = why or "Too few events or non-events in the windows."
    return Check(name, _ANSWER, "–", finding, rule, section)
