"""Thresholds and rules that credit teams commonly use; none is fixed by a regulator."""

from __future__ import annotations

from riskkit.monitoring._warning_rules import Condition, VerdictRule
from riskkit.monitoring._warning_threshold import Threshold

__all__ = ["default_rules", "default_thresholds"]

_MODEL, _DATA, _POLICY = "model owner", "data owner", "credit policy"
_PORTFOLIO = ((0.9, 1.1), (0.8, 1.25))  # actual over expected of the whole book
_PART = ((0.8, 1.25), (0.67, 1.5))  # of a band or a segment, which scatters more
_MIN_EVENTS = 30.0
_MIN_EVENTS_PART = 10.0


def default_thresholds() -> dict[str, Threshold]:
    """Return the thresholds that are used by default, by name of the measure.

    Returns
    -------
    thresholds : dict of str to Threshold
        A new dictionary: change what your policy has otherwise.

    See Also
    --------
    EarlyWarning : Uses them.

    Notes
    -----
    Limits of PSI, Gini, KS and A/E are market practice; the p-values of 5 and 1 per
    cent are those of a common traffic light. Neither the ECB nor the Basel Committee
    fixes any of them.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from riskkit.monitoring import default_thresholds
    >>> thresholds = default_thresholds()
    >>> thresholds["gini_drop"].red
    0.1
    >>> thresholds["gini_drop"] = replace(thresholds["gini_drop"], red=0.15)
    """
    return {
        "gini_drop": Threshold(
            0.05,
            0.10,
            min_events=_MIN_EVENTS,
            role="ranking",
            owner=_MODEL,
            action="Find the segments and characteristics that lost their power.",
        ),
        "ks_drop": Threshold(
            0.05,
            0.10,
            min_events=_MIN_EVENTS,
            role="ranking",
            owner=_MODEL,
            action="Read with the Gini: KS looks at one cut-off only.",
        ),
        "gini_trend": Threshold(
            -0.02,
            -0.05,
            side="below",
            role="trend",
            owner=_MODEL,
            action="A slow decay that no single period shows: plan a review.",
        ),
        "actual_expected": Threshold(
            *_PORTFOLIO,
            side="outside",
            min_events=_MIN_EVENTS,
            role="level",
            owner=_MODEL,
            action="Recalibrate; review price, provisions and cut-offs.",
        ),
        "calibration_slope": Threshold(
            (0.8, 1.25),
            (0.67, 1.5),
            side="outside",
            min_events=_MIN_EVENTS,
            role="slope",
            owner=_MODEL,
            action="PDs are spread too far (below 1) or not far enough.",
        ),
        "band_actual_expected": Threshold(
            *_PART,
            side="outside",
            min_events=_MIN_EVENTS_PART,
            role="band",
            owner=_MODEL,
            action="Act if two bands are red, or one stays so.",
        ),
        "rank_order_break": Threshold(
            0.0,
            0.0,
            min_events=_MIN_EVENTS_PART,
            role="order",
            owner=_MODEL,
            action="Merge the bands, or find what the score misses between them.",
        ),
        "segment_actual_expected": Threshold(
            *_PART,
            side="outside",
            min_events=_MIN_EVENTS_PART,
            role="segment",
            owner=_MODEL,
            action="Calibrate the segment by itself, or price it.",
        ),
        "early_actual_expected": Threshold(
            *_PORTFOLIO,
            side="outside",
            min_events=_MIN_EVENTS_PART,
            role="early",
            owner=_MODEL,
            action="Check whether there are more events or earlier ones.",
        ),
        "early_actual_expected_by_age": Threshold(
            *_PORTFOLIO,
            side="outside",
            min_events=_MIN_EVENTS_PART,
            role="early",
            owner=_MODEL,
            action="Look at the youngest cohorts: who was let in, and how.",
        ),
        "early_actual_expected_by_segment": Threshold(
            *_PART,
            side="outside",
            min_events=_MIN_EVENTS_PART,
            role="segment",
            owner=_MODEL,
            action="Tighten the segment until its cause is known.",
        ),
        "estimated_event_rate": Threshold(
            *_PORTFOLIO,
            side="outside",
            role="population",
            owner=_POLICY,
            action="The mix of applicants has changed: review cut-off and volume.",
        ),
        "estimated_gini_drop": Threshold(
            0.05,
            0.10,
            role="population",
            owner=_MODEL,
            action="Applicants have become harder to tell apart: look at who comes.",
        ),
        "score_psi": Threshold(
            0.10,
            0.25,
            role="population",
            owner=_MODEL,
            action="Drill down by characteristic; check ranking. No reason to rebuild.",
        ),
        "feature_csi": Threshold(
            0.10,
            0.25,
            role="population",
            owner=_DATA,
            action="Check the data feed first.",
        ),
        "missing_change": Threshold(
            0.02,
            0.05,
            p_amber=None,
            p_red=None,
            role="data",
            owner=_DATA,
            action="Ask the source of the feature.",
        ),
        "unseen_share": Threshold(
            0.01,
            0.01,
            p_amber=None,
            p_red=None,
            role="data",
            owner=_DATA,
            action="Ask the source of the feature; map the new levels.",
        ),
        "unknown_outcomes": Threshold(
            0.01,
            0.05,
            p_amber=None,
            p_red=None,
            role="data",
            owner=_DATA,
            action="Find the outcomes of mature accounts that have none.",
        ),
        "override_rate": Threshold(
            0.05,
            0.10,
            p_amber=None,
            p_red=None,
            role="policy",
            owner=_POLICY,
            action="Review who overrides, and why.",
        ),
        "largest_grade_share": Threshold(
            0.30,
            0.40,
            p_amber=None,
            p_red=None,
            role="policy",
            owner=_MODEL,
            action="Cut the grade.",
        ),
    }


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
    redevelop: at least 1 of ranking red, and at least 1 of slope red
    recalibrate: at least 1 of level red
    recalibrate: at least 2 of band red
    recalibrate: at least 1 of early red
    watch: at least 1 of any measure red
    watch: at least 1 of ranking, level, slope, early, trend, population, data, policy,
    order amber or red
    watch: at least 2 of band, segment amber or red
    no_outcome_yet: none of ranking, level, early can be evaluated
    no_action: nothing else holds
    """
    return (
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
    "ranking", "level", "slope", "early", "trend", "population", "data", "policy",
    "order",
)  # fmt: skip
