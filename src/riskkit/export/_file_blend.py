"""Part of a generated file: one record through boosted trees, forests and cards."""

from __future__ import annotations

import math
from typing import Any

from riskkit.export._file_card import log_probabilities, sigmoid
from riskkit.export._file_pd_map import map_pd
from riskkit.export._file_reading import find_bin

__all__ = ["score_blend"]

_FLAT = 1e-12  # log-odds closer than this to the base are not stretched
_STILL = 1e-9  # shares closer than this are stretched by the slope between them


def score_blend(
    blend: dict[str, Any], record: dict[str, Any], n_reasons: int
) -> dict[str, Any]:
    """Return PD, points, log-odds and reasons; members are added in their order."""
    bins = [find_bin(feature, record) for feature in blend["features"]]
    raw = 0.0
    for member in blend["members"]:
        raw += member["weight"] * _log_odds(member, bins)
    pd, log_odds = _calibrated(blend, raw)
    points = blend["offset"] - blend["factor"] * log_odds
    if blend["whole_points"]:
        points = float(round(points))
    reasons = _reasons(blend, bins, raw, log_odds)[:n_reasons] if n_reasons else []
    return {"pd": pd, "points": points, "log_odds": log_odds, "reasons": reasons}


def _calibrated(blend: dict[str, Any], raw: float) -> tuple[float, float]:
    if blend["calibration"] is None:
        return sigmoid(raw), raw
    pd = map_pd(blend["calibration"], raw)
    log_p, log_q = log_probabilities(pd)
    return pd, log_p - log_q


def _log_odds(member: dict[str, Any], bins: list[int]) -> float:
    """Return the log-odds of one member."""
    if member["kind"] == "scorecard":
        total = member["intercept"]
        for place, terms in zip(member["places"], member["terms"], strict=True):
            total += terms[bins[place]]
        return float(total)
    row, total = _codes(member, bins), 0.0
    for tree in member["trees"]:
        total += tree[4][_leaf(tree, row)]
    if member["kind"] == "boosted":
        return float(member["intercept"] + total)
    return _share_log_odds(member, total / len(member["trees"]))


def _share_log_odds(member: dict[str, Any], share: float) -> float:
    log_p, log_q = log_probabilities(
        min(max(share, member["floor"]), 1.0 - member["floor"])
    )
    return log_p - log_q


def _codes(member: dict[str, Any], bins: list[int]) -> list[int | None]:
    """Return the whole numbers that trees split on, None where there is none."""
    return [codes[bins[place]] for place, codes in member["columns"]]


def _leaf(tree: tuple[Any, ...], row: list[int | None]) -> int:
    """Return the leaf that a row reaches; a left child stands next to its parent."""
    column, threshold, missing_left, right = tree[:4]
    node = 0
    while (k := column[node]) >= 0:
        code = row[k]
        to_left = missing_left[node] if code is None else code <= threshold[node]
        node = node + 1 if to_left else right[node]
    return node


def _reasons(
    blend: dict[str, Any], bins: list[int], raw: float, log_odds: float
) -> list[dict[str, Any]]:
    """Return where the account loses most against the reference, most first."""
    base, values = 0.0, [0.0] * len(blend["names"])
    for member in blend["members"]:
        start, added = _parts(member, bins)
        base += member["weight"] * start
        for field, value in zip(member["fields"], added, strict=True):
            values[field] += member["weight"] * value
    slope = 1.0
    if blend["calibration"] is not None and abs(raw - base) >= _FLAT:
        slope = (log_odds - _calibrated(blend, base)[1]) / (raw - base)
    losses = []
    for k, (value, mean) in enumerate(zip(values, blend["reference"], strict=True)):
        lost = blend["factor"] * (slope * value - mean)
        if lost > 0:
            losses.append((-lost, k))
    losses.sort()
    return [
        {
            "feature": blend["names"][k],
            "text": blend["names"][k],
            "points_lost": -lost,
        }
        for lost, k in losses
    ]


def _parts(member: dict[str, Any], bins: list[int]) -> tuple[float, list[float]]:
    """Return a base and what each column adds to it."""
    if member["kind"] == "scorecard":
        added = [
            terms[bins[place]] - mean
            for place, terms, mean in zip(
                member["places"], member["terms"], member["means"], strict=True
            )
        ]
        return member["intercept"] + sum(member["means"]), added
    row = _codes(member, bins)
    if member["kind"] == "boosted":
        return _tree_values(member, row)
    steps, total = [0.0] * len(row), 0.0
    for column, threshold, missing_left, right, share, _ in member["trees"]:
        node = 0
        while (k := column[node]) >= 0:
            code = row[k]
            to_left = missing_left[node] if code is None else code <= threshold[node]
            child = node + 1 if to_left else right[node]
            steps[k] += share[child] - share[node]
            node = child
        total += share[node]
    n_trees = len(member["trees"])
    root = sum(tree[4][0] for tree in member["trees"]) / n_trees
    base = _share_log_odds(member, root)
    gap = sum(step / n_trees for step in steps)
    rise = _share_log_odds(member, total / n_trees) - base
    slope = 1.0 / (root * (1.0 - root)) if abs(gap) < _STILL else rise / gap
    return base, [slope * step / n_trees for step in steps]


def _tree_values(
    member: dict[str, Any], row: list[int | None]
) -> tuple[float, list[float]]:
    """Return Shapley values of the trees, unknown branches mixed by their cover.

    Each leaf is a product over the columns of its path; the sum over all orders of the
    columns is an integral of a polynomial, which a quadrature gives exactly.
    """
    base, values = member["intercept"], [0.0] * len(row)
    for column, threshold, missing_left, right, value, cover in member["trees"]:
        waiting: list[tuple[int, dict[int, tuple[bool, float]]]] = [(0, {})]
        while waiting:
            node, path = waiting.pop()
            k = column[node]
            if k >= 0:
                code = row[k]
                is_left = (
                    missing_left[node] if code is None else code <= threshold[node]
                )
                followed, share = path.get(k, (True, 1.0))
                for child, is_way in ((right[node], not is_left), (node + 1, is_left)):
                    part = share * cover[child] / cover[node]
                    waiting.append((child, {**path, k: (followed and is_way, part)}))
                continue
            base += math.prod(share for _, share in path.values()) * value[node]
            for t, weight in member["quadrature"][len(path)] if path else ():
                factors = [
                    (t if followed else 0.0) + share * (1.0 - t)
                    for followed, share in path.values()
                ]
                product = weight * value[node] * math.prod(factors)
                for column_, factor in zip(path, factors, strict=True):
                    followed, share = path[column_]
                    values[column_] += (followed - share) * product / factor
    return base, values
