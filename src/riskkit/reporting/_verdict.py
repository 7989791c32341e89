"""From numbers to words: the checks, and the verdict they come to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from riskkit.reporting._data import Check, ReportTable, Status, Verdict
from riskkit.reporting._population import psi_status
from riskkit.reporting._sample import jeffreys

if TYPE_CHECKING:
    from riskkit.reporting._sample import Performance
    from riskkit.reporting._thresholds import ReportThresholds

__all__ = ["judge", "run_checks"]

_ORDER: tuple[Status, ...] = ("not_evaluable", "green", "amber", "red")


def run_checks(
    actual: Performance,
    expected: Performance | None,
    tables: dict[str, ReportTable],
    limits: ReportThresholds,
) -> tuple[Check, ...]:
    """Ask every question that the numbers can answer."""
    return (
        _ranking(actual, expected, tables["performance"], limits),
        _level(actual, limits),
        _rank_order(tables["score_bands"], actual, limits),
        _population(tables["score_bands"], tables["characteristics"], limits),
        _characteristics(tables["characteristics"], limits),
        _data(tables["characteristics"], limits),
    )


def judge(checks: tuple[Check, ...]) -> Verdict:
    """Return the first verdict whose rule fires."""
    status = {check.name: check.status for check in checks}
    flagged = [check for check in checks if check.status in ("amber", "red")]
    named = ", ".join(f"{check.name} ({check.status})" for check in flagged)
    if status["Ranking"] == "red":
        return Verdict(
            "Redevelop",
            "red",
            f"The model ranks clearly worse than in training. Flagged: {named}.",
            "Find the segment and the characteristics that lost their power; plan a "
            "redevelopment, and tighten the cut-off meanwhile.",
        )
    if status["Level"] == "red":
        return Verdict(
            "Recalibrate",
            "red",
            f"The model still ranks, but its PDs miss the level. Flagged: {named}.",
            "Recalibrate the PDs on recent outcomes; review price, provisions and "
            "cut-offs that use them.",
        )
    if flagged:
        return Verdict(
            "Watch",
            "amber",
            f"Flagged: {named}.",
            "Find the cause in the sections below, starting with the data feed, and "
            "look again with the next sample.",
        )
    if status["Ranking"] == status["Level"] == "not_evaluable":
        return Verdict(
            "Not evaluable",
            "not_evaluable",
            "Too few events or non-events to judge ranking and level.",
            "Wait for more outcomes; stability can be read already.",
        )
    return Verdict(
        "No action",
        "green",
        "No check that could be made is amber or red.",
        "Keep the model in use and look again with the next sample.",
    )


def _ranking(
    actual: Performance,
    expected: Performance | None,
    performance: ReportTable,
    limits: ReportThresholds,
) -> Check:
    amber, red = limits.gini_drop
    rule = (
        f"amber from a relative loss of {amber:.0%}, red from {red:.0%}, if its "
        f"p-value is below {limits.p_value[0]:g} and {limits.p_value[1]:g}"
    )
    if min(actual.n_event, actual.n - actual.n_event) < limits.min_events:
        return _too_few("Ranking", actual, rule, "performance", limits)
    if expected is not None:
        now, then, what = actual.gini, expected.gini, "Gini"
    else:
        row = performance.column("measure").index("Gini over the bands of points")
        now = performance.column("actual")[row]
        then = performance.column("expected")[row]
        what = "Gini over bands of points"
    variance = actual.auc_variance
    if expected is not None and math.isfinite(expected.auc_variance):
        variance += expected.auc_variance
    error = 2 * math.sqrt(variance)
    loss = (then - now) / then if then > 0 else math.nan
    p_value = _upper_tail((then - now) / error) if error else float(now >= then)
    if not math.isfinite(loss) or not math.isfinite(p_value):
        status: Status = "not_evaluable"
    else:
        status = _gated(loss >= amber, loss >= red, p_value, limits)
    finding = (
        f"{what} {now:.3f} after {then:.3f} in training: "
        f"{'a loss' if loss > 0 else 'a gain'} of {abs(loss):.0%}"
        f"{_by_chance(p_value, status, loss >= amber)}."
    )
    return Check("Ranking", status, f"Gini {now:.3f}", finding, rule, "performance")


def _level(actual: Performance, limits: ReportThresholds) -> Check:
    (low, high), (lowest, highest) = (
        limits.actual_expected_amber,
        limits.actual_expected_red,
    )
    rule = (
        f"observed over expected events: amber outside {low:g} to {high:g}, red "
        f"outside {lowest:g} to {highest:g}, if the p-value is below "
        f"{limits.p_value[0]:g} and {limits.p_value[1]:g}"
    )
    # No event where many were expected is a finding, not a lack of one.
    if max(actual.n_event, actual.mean_pd * actual.n) < limits.min_events:
        return _too_few("Level", actual, rule, "calibration", limits)
    ratio = actual.actual_expected
    one = (np.array([v]) for v in (actual.n_event, actual.n, actual.mean_pd))
    p_value = float(jeffreys(*one)[2][0])
    wide, wider = not low <= ratio <= high, not lowest <= ratio <= highest
    status = _gated(wide, wider, p_value, limits)
    side = "above" if ratio > 1 else "below"
    finding = (
        f"Bad rate {actual.event_rate:.2%} against a mean PD of {actual.mean_pd:.2%}: "
        f"{abs(ratio - 1):.0%} {side} expectation{_by_chance(p_value, status, wide)}."
    )
    return Check("Level", status, f"O/E {ratio:.2f}", finding, rule, "calibration")


def _rank_order(
    bands: ReportTable, actual: Performance, limits: ReportThresholds
) -> Check:
    rule = (
        "amber if a safer band has a higher bad rate than the riskier one beside it, "
        f"with a p-value below {limits.p_value[0]:g}; red if it is below that even "
        "when multiplied by the number of pairs (Bonferroni)"
    )
    if min(actual.n_event, actual.n - actual.n_event) < limits.min_events:
        return _too_few("Rank order", actual, rule, "score-bands", limits)
    n, event = (np.array(bands.column(key)) for key in ("n", "n_event"))
    n, event = n[n > 0], event[n > 0]
    rate = event / n
    breaks = np.flatnonzero(np.diff(rate) > 0)
    p_values = [
        _two_shares(event[i + 1], n[i + 1], event[i], n[i]) for i in breaks.tolist()
    ]
    least = min(p_values, default=1.0)
    pairs = max(n.size - 1, 1)
    status: Status = "green"
    if least < limits.p_value[0]:
        status = "red" if least * pairs < limits.p_value[0] else "amber"
    if not p_values:
        finding = "The bad rate falls from band to band as the points rise."
    else:
        word = "stands" if len(p_values) == 1 else "stand"
        finding = (
            f"{len(p_values)} of {pairs} neighbouring pairs {word} the wrong way "
            f"round; least p-value {least:.3f}."
        )
    figure = f"{len(p_values)} break{'s' * (len(p_values) != 1)}"
    return Check("Rank order", status, figure, finding, rule, "score-bands")


def _population(
    bands: ReportTable, effects: ReportTable, limits: ReportThresholds
) -> Check:
    index = float(sum(bands.column("psi")))
    status = psi_status(index, limits)
    extent = {"green": "hardly", "amber": "noticeably", "red": "strongly"}
    change = float(sum(effects.column("points_effect")))
    finding = (
        f"The points have {extent.get(status, 'infinitely')} shifted since training; "
        f"{_mean_change(change)}."
    )
    return Check(
        "Population",
        status,
        f"PSI {index:.3f}",
        finding,
        _psi_rule("PSI", limits),
        "score-bands",
    )


def _mean_change(change: float) -> str:
    if abs(change) < 0.05:
        return "their mean is the same"
    return f"their mean is {abs(change):.1f} {'lower' if change < 0 else 'higher'}"


def _characteristics(table: ReportTable, limits: ReportThresholds) -> Check:
    rule = _psi_rule("CSI", limits)
    if not table.rows:
        return Check(
            "Characteristics",
            "not_evaluable",
            "none",
            "The scorecard has no characteristic.",
            rule,
            "characteristics",
        )
    statuses = table.column("status")
    worst = max(statuses, key=_ORDER.index)
    n_shifted = sum(status in ("amber", "red") for status in statuses)
    name, index = table.column("characteristic")[0], table.column("csi")[0]
    finding = (
        f"{n_shifted} of {len(statuses)} have shifted; the most: {name}, "
        f"CSI {index:.3f}."
        if n_shifted
        else f"None of {len(statuses)} has shifted; the most: {name}, CSI {index:.3f}."
    )
    figure = f"{n_shifted} of {len(statuses)}"
    return Check("Characteristics", worst, figure, finding, rule, "characteristics")


def _data(table: ReportTable, limits: ReportThresholds) -> Check:
    amber, red = limits.missing_change
    rule = (
        f"amber from a change of {100 * amber:g} percentage points in the missing "
        f"values of a characteristic, red from {100 * red:g} or from "
        f"{limits.unseen:.0%} unknown levels"
    )
    if not table.rows:
        none = "The scorecard has no characteristic."
        return Check("Data", "not_evaluable", "none", none, rule, "characteristics")
    then, now = (np.array(table.column(key)) for key in ("missing_expected", "missing"))
    change = np.abs(now - then)
    unseen = np.array(table.column("unseen"))
    at, most_unseen = int(np.argmax(change)), int(np.argmax(unseen))
    status: Status = "green"
    if change[at] >= amber:
        status = "amber"
    if change[at] >= red or unseen[most_unseen] >= limits.unseen:
        status = "red"
    names = table.column("characteristic")
    if unseen[most_unseen] >= limits.unseen:
        finding = (
            f"{names[most_unseen]}: {unseen[most_unseen]:.1%} of the accounts hold a "
            "level unknown from training."
        )
    else:
        finding = (
            "Missing values have changed most in "
            f"{names[at]}: {then[at]:.1%} in training, {now[at]:.1%} now."
            if change[at] > 0
            else "As many missing values as in training, and no unknown levels."
        )
    figure = f"{100 * change[at]:.1f} pp missing"
    return Check("Data", status, figure, finding, rule, "characteristics")


def _gated(wide: bool, wider: bool, p_value: float, limits: ReportThresholds) -> Status:
    """Return the light of a difference that must be large and significant."""
    amber, red = limits.p_value
    if wider and p_value < red:
        return "red"
    return "amber" if wide and p_value < amber else "green"


def _by_chance(p_value: float, status: Status, wide: bool) -> str:
    if status != "green" or not wide:
        return ""
    return f", which chance may explain (p = {p_value:.2f})"


def _too_few(
    name: str,
    actual: Performance,
    rule: str,
    section: str,
    limits: ReportThresholds,
) -> Check:
    finding = (
        f"{actual.n_event:,.0f} events in {actual.n:,.0f} accounts are too few to say; "
        f"{limits.min_events} of each outcome are asked for."
    )
    return Check(name, "not_evaluable", "too few", finding, rule, section)


def _psi_rule(name: str, limits: ReportThresholds) -> str:
    amber, red = limits.psi
    return f"green below {name} {amber:g}, red from {red:g}: a convention, not a law"


def _two_shares(event_a: float, n_a: float, event_b: float, n_b: float) -> float:
    """Return the one-sided p-value of the pooled test that share a is above b."""
    pooled = (event_a + event_b) / (n_a + n_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return _upper_tail((event_a / n_a - event_b / n_b) / error) if error else 1.0


def _upper_tail(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))
