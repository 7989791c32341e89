"""From tables to lights, and from lights to a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from riskkit.backtest._validate_limits import ValidationLimits

__all__ = ["judge", "run_checks"]

Row = dict[str, Any]


def run_checks(
    measures: Row,
    tests: list[Row],
    grades: list[Row],
    initial_auc: float | None,
    limits: ValidationLimits,
) -> list[Row]:
    """Ask every question that the sample can answer."""
    enough = (
        min(measures["n_event"], measures["n"] - measures["n_event"])
        >= limits.min_events
    )
    by_name = {row["test"]: row for row in tests}
    return [
        _level(measures, by_name, limits, enough=enough),
        _spread(by_name, limits, enough=enough),
        _ranking(measures, by_name, initial_auc, limits, enough=enough),
        _grades(grades, limits),
        _order(grades, limits),
    ]


def judge(checks: list[Row]) -> tuple[str, str, str]:
    """Return word, light and reason; the first rule that fires counts."""
    light = {row["check"]: row["light"] for row in checks}
    flagged = [
        f"{row['check']} ({row['light']})"
        for row in checks
        if row["light"] in ("amber", "red")
    ]
    named = ", ".join(flagged)
    if light["ranking"] == "red":
        return "redevelop", "red", f"It ranks clearly worse than it did. {named}."
    if "red" in (light["level"], light["spread"], light["grades"]):
        return "recalibrate", "red", f"PDs miss what came. {named}."
    if flagged:
        return "watch", "amber", f"{named}."
    if light["level"] == "not_evaluable":
        return "not evaluable", "not_evaluable", "Too few outcomes of one kind."
    return "no action", "green", "No check that could be made is amber or red."


def _level(
    measures: Row, tests: dict[str, Row], limits: ValidationLimits, *, enough: bool
) -> Row:
    ratio, p_value = (
        measures["actual_expected"],
        tests["Jeffreys, two-sided"]["p_value"],
    )
    light = limits.of_ratio(ratio, p_value) if enough else "not_evaluable"
    low, high = limits.actual_expected_amber
    return _row(
        "level",
        light,
        f"{ratio:.2f} events for each expected one (p = {p_value:.2g})",
        f"actual over expected from {low:g} to {high:g} is green",
        enough=enough,
        limits=limits,
    )


def _spread(tests: dict[str, Row], limits: ValidationLimits, *, enough: bool) -> Row:
    slope = tests["Calibration slope"]
    away = abs(slope["statistic"] - 1.0)
    light = "not_evaluable"
    if enough:
        light = limits.of_size(away, limits.slope, slope["p_value"])
    return _row(
        "spread",
        light,
        f"slope {slope['statistic']:.2f} (p = {slope['p_value']:.2g})",
        f"a slope less than {limits.slope[0]:g} away from 1 is green",
        enough=enough,
        limits=limits,
    )


def _ranking(
    measures: Row,
    tests: dict[str, Row],
    initial_auc: float | None,
    limits: ValidationLimits,
    *,
    enough: bool,
) -> Row:
    rule = f"a loss of less than {limits.gini_drop[0]:.0%} of the Gini is green"
    gini = measures["gini"]
    if initial_auc is None:
        finding = f"Gini {gini:.3f}, with nothing to compare with"
        return _row("ranking", "not_evaluable", finding, rule, True, limits)
    initial = 2.0 * initial_auc - 1.0
    drop = 1.0 - gini / initial if initial > 0 else np.nan
    p_value = tests["AUC since development"]["p_value"]
    light = "not_evaluable"
    if enough:
        light = limits.of_size(drop, limits.gini_drop, p_value)
    finding = f"Gini {gini:.3f} after {initial:.3f} in development (p = {p_value:.2g})"
    return _row("ranking", light, finding, rule, enough, limits)


def _grades(grades: list[Row], limits: ValidationLimits) -> Row:
    lights = [row["light"] for row in grades]
    off = [row["grade"] for row in grades if row["light"] in ("amber", "red")]
    light = next(
        (word for word in ("red", "amber", "green") if word in lights), "not_evaluable"
    )
    finding = "no grade is off"
    if off:
        finding = f"{len(off)} of {len(grades)} grades are off: {', '.join(off)}"
    rule = "as the level, grade by grade, with Holm's adjustment for their number"
    return _row("grades", light, finding, rule, True, limits)


def _order(grades: list[Row], limits: ValidationLimits) -> Row:
    broken = [row for row in grades if row["breaks_order"]]
    amber, red = limits.p_value
    least = min((row["break_p_value"] for row in broken), default=1.0)
    # The least of several p-values is small by chance: Bonferroni over the steps.
    chance = min(least * max(len(grades) - 1, 1), 1.0)
    light = "red" if chance < red else "amber" if chance < amber else "green"
    if sum(row["n"] > 0 for row in grades) < 2:
        light = "not_evaluable"
    finding = "event rates rise from grade to grade"
    if broken:
        names = ", ".join(row["grade"] for row in broken)
        finding = f"the event rate falls after {names} (p = {chance:.2g})"
    rule = "a fall counts if chance does not explain it"
    return _row("order", light, finding, rule, True, limits)


def _row(
    check: str,
    light: str,
    finding: str,
    rule: str,
    enough: bool,
    limits: ValidationLimits,
) -> Row:
    if not enough:
        finding = f"fewer than {limits.min_events} events or non-events"
    return {"check": check, "light": light, "finding": finding, "rule": rule}
