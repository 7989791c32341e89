"""Part of a generated file: one record through a scorecard."""

from __future__ import annotations

import math
from typing import Any

from riskkit.export._file_reading import find_bin

__all__ = ["log_probabilities", "score_card", "sigmoid"]


def sigmoid(log_odds: float) -> float:
    """Return ``1 / (1 + exp(-log_odds))``; beyond 700 the exponential overflows."""
    return 1.0 / (1.0 + math.exp(min(max(-log_odds, -700.0), 700.0)))


def log_probabilities(p: float) -> tuple[float, float]:
    """Return ``ln(p)`` and ``ln(1 - p)``, finite for every PD."""
    limit = 2.0**-53
    p = min(max(p, limit), 1.0 - limit)
    return math.log(p), math.log1p(-p)


def score_card(
    card: dict[str, Any], record: dict[str, Any], n_reasons: int
) -> dict[str, Any]:
    """Return PD, points, log-odds and reasons; sums are added from first to last."""
    log_odds, points = card["intercept"], card["offset_points"]
    losses = []
    for place, characteristic in enumerate(card["characteristics"]):
        bins = characteristic["bins"]
        _, term, worth = bins[find_bin(characteristic, record)]
        log_odds += term
        points += worth
        best = characteristic["best_points"]
        if worth < best:
            losses.append((worth - best, place))
    losses.sort()
    reasons = [
        {
            "feature": card["characteristics"][place]["name"],
            "text": card["characteristics"][place]["reason"],
            "points_lost": -loss,
        }
        for loss, place in losses[:n_reasons]
    ]
    return {
        "pd": sigmoid(log_odds),
        "points": points,
        "log_odds": log_odds,
        "reasons": reasons,
    }
