"""Thresholds that credit teams commonly use; none is fixed by a regulator."""

from __future__ import annotations

from riskkit.monitoring._warning_threshold import Threshold

__all__ = ["default_thresholds"]

_MODEL, _DATA, _POLICY = "model owner", "data owner", "credit policy"
_FRAUD = "fraud operations"
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
        "feed_break": Threshold(
            1.0,
            1.0,
            p_amber=None,
            p_red=None,
            at_once=True,
            role="feed",
            owner=_DATA,
            action="Repair the feed; score the accounts of these days again.",
        ),
        "score_mismatch": Threshold(
            1e-9,
            0.001,
            p_amber=None,
            p_red=None,
            at_once=True,
            role="feed",
            owner=_MODEL,
            action="Find which side has another model, version or input.",
        ),
        "alert_rate": Threshold(
            *_PART,
            side="outside",
            role="alerts",
            owner=_FRAUD,
            action="Check feed and threshold, then the capacity of the reviewers.",
        ),
        "alert_precision": Threshold(
            0.9,
            0.75,
            side="below",
            min_events=_MIN_EVENTS_PART,
            role="alerts",
            owner=_FRAUD,
            action="Look at the false alerts: a new pattern of customers, or of fraud.",
        ),
        "late_labels": Threshold(
            0.05,
            0.10,
            p_amber=None,
            p_red=None,
            min_events=_MIN_EVENTS_PART,
            role="data",
            owner=_FRAUD,
            action="Wait longer before precision is judged, or speed the labels up.",
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
