"""A scorecard laid out for scoring one record: tuples and dicts of plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.serving._result import Reason

if TYPE_CHECKING:
    from riskkit.artifact import FeatureSpec, ScorecardSpec

__all__ = [
    "Parts",
    "Score",
    "Step",
    "plan_scorecard",
]

# A base, and what each feature of a model adds to it, in log-odds.
Parts = tuple[float, list[float]]

# PD, points, log-odds, and the reasons.
Score = tuple[float, float, float, tuple[Reason, ...]]

# What a bin adds to the log-odds and to the points, and its rank among all bins of the
# model by points lost: the smallest ranks of a record are its reasons. None where
# nothing is lost.
Entry = tuple[float, float, int | None]

# Name, edges (None for a categorical feature), the regular bins, special codes or
# levels, the bin of missing values, and the bin of unseen levels or None to refuse
# them. A plain tuple, which Python takes apart faster than any other object.
Step = tuple[
    str,
    tuple[float, ...] | None,
    tuple[Entry, ...],
    dict[Any, Entry],
    Entry,
    Entry | None,
]


def plan_scorecard(spec: ScorecardSpec) -> tuple[tuple[Step, ...], tuple[Reason, ...]]:
    """Return the steps that score a record, and the reasons by rank.

    Reasons are ranked once, most points first and ties in the order of the
    characteristics, so that a record's reasons follow from sorting small integers.
    """
    losses = [
        (points - c.best_points, position, bin_)
        for position, c in enumerate(spec.characteristics)
        for bin_, points in enumerate(c.points)
        if points < c.best_points
    ]
    losses.sort()
    rank_of = {(p, bin_): rank for rank, (_, p, bin_) in enumerate(losses)}
    reasons = []
    for loss, position, _ in losses:
        c = spec.characteristics[position]
        reasons.append(Reason(c.feature.name, c.reason, -loss))
    steps = []
    for position, c in enumerate(spec.characteristics):
        worth = enumerate(zip(c.log_odds, c.points, strict=True))
        entries = [
            (term, points, rank_of.get((position, bin_)))
            for bin_, (term, points) in worth
        ]
        steps.append(_step(c.feature, entries))
    return tuple(steps), tuple(reasons)


def _step(feature: FeatureSpec, entries: list[Entry]) -> Step:
    numeric = feature.kind == "numeric"
    places = feature.special_bins() if numeric else feature.level_bins()
    return (
        feature.name,
        feature.edges if numeric else None,
        tuple(entries[: feature.n_regular]),
        {code: entries[bin_] for code, bin_ in places.items()},
        entries[feature.missing_bin],
        None if feature.refuse_unseen else entries[feature.unseen_bin],
    )
