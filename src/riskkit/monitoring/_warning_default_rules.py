"""Rules of the verdict that credit teams commonly use; none is fixed by a regulator."""

from __future__ import annotations

from riskkit.monitoring._warning_rules import Condition, VerdictRule

__all__ = ["default_rules"]

_MODEL, _DATA = "model owner", "data owner"


def default_rules() -> tuple[VerdictRule, ...]:
    """Return the rules of the verdict; the first that fires is the verdict.

    Returns
    -------
    rules : tuple of VerdictRule
        From the gravest on. A single band that is amber counts for nothing: of ten,
        one is amber by chance now and then.

    See Also
    --------
    EarlyWarning : Uses them.

    Examples
    --------
    >>> from riskkit.monitoring import default_rules
    >>> for rule in default_rules():
    ...     print(f"{rule.verdict}: {rule.words()}")
    watch: at least 1 of feed red
    redevelop: at least 1 of ranking red, and at least 1 of slope red
    recalibrate: at least 1 of level red
    recalibrate: at least 2 of band red
    recalibrate: at least 1 of early red
    watch: at least 1 of any measure red
    watch: at least 1 of ranking, level, slope, early, trend, population, data, feed,
    alerts, policy, order amber or red
    watch: at least 2 of band, segment amber or red
    no_outcome_yet: none of ranking, level, early can be evaluated
    no_action: nothing else holds
    """
    return (
        VerdictRule(
            "feed_broken",
            "watch",
            "red",
            (Condition(("feed",)),),
            "Repair the feed before anything else is concluded: what stands beside it "
            "was measured on broken input.",
            _DATA,
        ),
        VerdictRule(
            "ranking_and_slope_red",
            "redevelop",
            "red",
            (Condition(("ranking",)), Condition(("slope",))),
            "Redevelop the model; tighten the cut-off meanwhile.",
            _MODEL,
        ),
        VerdictRule(
            "level_red",
            "recalibrate",
            "red",
            (Condition(("level",)),),
            "Recalibrate the PDs on recent outcomes; review price, provisions and "
            "cut-offs that use them.",
            _MODEL,
        ),
        VerdictRule(
            "two_bands_red",
            "recalibrate",
            "red",
            (Condition(("band",), "red", 2),),
            "Recalibrate by band; the level of the whole may still be right.",
            _MODEL,
        ),
        VerdictRule(
            "early_red",
            "recalibrate",
            "red",
            (Condition(("early",)),),
            "Outcomes that are still developing run off the PDs. Check whether there "
            "are more events or earlier ones, tighten, and recalibrate on the youngest "
            "cohorts; do not wait for maturity.",
            _MODEL,
        ),
        VerdictRule(
            "another_measure_red",
            "watch",
            "amber",
            (Condition(),),
            "Find the cause, starting with the data feed, before the next run.",
            _MODEL,
        ),
        VerdictRule(
            "a_measure_amber",
            "watch",
            "amber",
            (Condition(_PORTFOLIO_ROLES, "amber"),),
            "Find the cause, starting with the data feed, before the next run.",
            _MODEL,
        ),
        VerdictRule(
            "two_parts_amber",
            "watch",
            "amber",
            (Condition(("band", "segment"), "amber", 2),),
            "See what the bands or segments have in common.",
            _MODEL,
        ),
        VerdictRule(
            "no_outcome",
            "no_outcome_yet",
            "not_evaluable",
            (Condition(("ranking", "level", "early"), "not_evaluable"),),
            "Wait for outcomes; what needs none can be read already.",
            _MODEL,
        ),
        VerdictRule(
            "nothing_found",
            "no_action",
            "green",
            (),
            "Keep the model in use, and look again with the next tape.",
            _MODEL,
        ),
    )


_PORTFOLIO_ROLES = (
    "ranking", "level", "slope", "early", "trend", "population", "data", "feed",
    "alerts", "policy", "order",
)  # fmt: skip
