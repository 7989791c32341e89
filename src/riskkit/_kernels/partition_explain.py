"""Why a feature has one bin, or none at all: the rule that stands in the way.

A feature that ends in one bin, or that no partition suits, is solved again with one
rule relaxed at a time. The rules whose removal *alone* makes two bins (or
``min_n_bins``) possible are its causes; if there are none, several rules together are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_lumps import solve_with_lumps

if TYPE_CHECKING:
    from riskkit._kernels.partition import Partition, PartitionRules
    from riskkit.typing import FloatArray

__all__ = ["explain_infeasible", "explain_partition"]

# A rule's public name, and the field values that switch it off.
_RELAXED: dict[str, dict[str, float | int | None]] = {
    "min_n_bins": {"min_n_bins": 1},
    "max_n_bins": {"max_n_bins": None},
    "min_bin_size": {"min_bin_size": 0.0},
    "max_bin_size": {"max_bin_size": np.inf},
    "min_n_event": {"min_n_event": 0.0},
    "max_n_event": {"max_n_event": np.inf},
    "min_n_nonevent": {"min_n_nonevent": 0.0},
    "max_n_nonevent": {"max_n_nonevent": np.inf},
    "min_event_rate_diff": {"min_event_rate_diff": 0.0},
    "max_pvalue": {"z_critical": 0.0},
    "fixed_cuts": {"must_cut": None},
    "periods": {"periods": None},
    "lumps": {"lumps": None},
}
# What a rule is called by who sets it, where that differs.
_TOLD = {
    "min_n_event": "min_bin_n_event",
    "max_n_event": "max_bin_n_event",
    "min_n_nonevent": "min_bin_n_nonevent",
    "max_n_nonevent": "max_bin_n_nonevent",
    "fixed_cuts": "fixed_splits",
    "periods": "stable_over",
    "lumps": "merging missing or special values",
}


def explain_infeasible(
    cell_event: FloatArray,
    cell_nonevent: FloatArray,
    rules: PartitionRules,
    trend: str,
) -> list[tuple[str, ...]]:
    """Return, per feature, the rules that alone prevent a split.

    The names are those of the rules' fields, with "max_pvalue" for ``z_critical``,
    "trend" for the trend, "fixed_cuts" for ``must_cut``, "lumps" for the duty of lumps
    to join a bin and "smoothing" for the ban on bins that lack one class. Empty: only
    several rules together prevent it.
    """
    wanted = replace(rules, min_n_bins=max(2, rules.min_n_bins))
    attempts: dict[str, tuple[PartitionRules, str]] = {}
    for name, change in _RELAXED.items():
        if any(_differs(getattr(rules, field), off) for field, off in change.items()):
            # Relaxing min_n_bins still asks for two bins: one is what is explained.
            target = {"min_n_bins": 2} if name == "min_n_bins" else change
            attempts[name] = (replace(wanted, **target), trend)
    if trend != "none":
        attempts["trend"] = (wanted, "none")
    if rules.smoothing == 0:
        attempts["smoothing"] = (replace(wanted, smoothing=0.5), trend)
    causes: list[list[str]] = [[] for _ in range(cell_event.shape[1])]
    for name, (relaxed, relaxed_trend) in attempts.items():
        found = solve_with_lumps(cell_event, cell_nonevent, relaxed, relaxed_trend)
        for feature, partition in enumerate(found):
            if partition.status == "optimal":
                causes[feature].append(name)
    return [tuple(names) for names in causes]


def explain_partition(
    cell_event: FloatArray,
    cell_nonevent: FloatArray,
    rules: PartitionRules,
    trend: str,
    partitions: list[Partition],
) -> list[str]:
    """Return one sentence per feature; empty where the optimum has several bins."""
    reasons = [""] * len(partitions)
    n_occupied = np.count_nonzero(cell_event + cell_nonevent, axis=0)
    open_cases = []
    for feature, partition in enumerate(partitions):
        if partition.status == "optimal":
            continue
        if n_occupied[feature] == 0:
            reasons[feature] = "no observed value"
        elif n_occupied[feature] == 1:
            reasons[feature] = "constant"
        else:
            open_cases.append(feature)
    if not open_cases:
        return reasons
    event, nonevent = cell_event[:, open_cases], cell_nonevent[:, open_cases]
    case_rules = rules.of_features(open_cases)
    wanted = replace(case_rules, min_n_bins=max(2, rules.min_n_bins))
    splits = solve_with_lumps(event, nonevent, wanted, trend)
    causes = explain_infeasible(event, nonevent, case_rules, trend)
    for feature, split, names in zip(open_cases, splits, causes, strict=True):
        if split.status == "optimal":
            reasons[feature] = f"no split raises the {rules.divergence}"
        elif names:
            told = " or ".join(_TOLD.get(name, name) for name in names)
            reasons[feature] = f"no split satisfies {told}"
        else:
            reasons[feature] = "no split satisfies the constraints together"
    return reasons


def _differs(value: object, off: float | None) -> bool:
    # Arrays answer a comparison entry by entry.
    return value is not None if off is None else value != off
