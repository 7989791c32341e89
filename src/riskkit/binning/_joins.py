"""Bins that share their evidence: which bin each of them counts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.typing import FloatArray

__all__ = ["carry_joins", "forced_joins", "pool", "pooled_labels", "table_joins"]


def pool(counts: FloatArray, joins: Sequence[int]) -> FloatArray:
    """Return the counts of each pool at the bin that is joined, 0 at those joining."""
    return np.bincount(joins, counts, counts.size).astype(np.float64)


def pooled_labels(labels: Sequence[str], joins: Sequence[int]) -> list[str]:
    """Return the labels, with those of joining bins beside the one they join."""
    texts: list[list[str]] = [[] for _ in labels]
    for label, to in zip(labels, joins, strict=True):
        texts[to].append(label)
    return [", ".join(members) for members in texts]


def table_joins(
    feature: FeatureSpec, lumps: Sequence[int], found: Sequence[int]
) -> tuple[int, ...]:
    """Return the joins of all bins, from the regular bin of each lump; -1 is none.

    `lumps` holds positions of special groups, ``len(feature.special)`` for missing.
    """
    joins = list(range(feature.n_bins))
    for lump, to in zip(lumps, found, strict=True):
        if to >= 0:
            joins[feature.n_regular + lump] = int(to)
    return tuple(joins)


def forced_joins(
    feature: FeatureSpec,
    joins: tuple[int, ...],
    n_event: FloatArray,
    n_nonevent: FloatArray,
    policies: Sequence[str],
) -> tuple[int, ...]:
    """Return the joins with special and missing bins forced where a policy says so.

    `policies` has one word for each special group and one for missing. The riskiest
    regular bin is that with the highest event rate after the other joins.
    """
    event, nonevent = pool(n_event, joins), pool(n_nonevent, joins)
    k = feature.n_regular
    size = event[:k] + nonevent[:k]
    if not size.any():
        return joins
    rate = np.divide(event[:k], size, out=np.full(k, np.nan), where=size > 0)
    to = {"riskiest": int(np.nanargmax(rate)), "safest": int(np.nanargmin(rate))}
    forced = list(joins)
    for offset, policy in enumerate(policies):
        forced[k + offset] = to.get(policy, forced[k + offset])
    return tuple(forced)


def carry_joins(
    old: FeatureSpec, joins: Sequence[int], new: FeatureSpec
) -> tuple[int, ...]:
    """Return the joins of a feature whose regular bins were changed by hand.

    A bin goes on with the new bin that holds the upper end, or the first level, of the
    bin it shared its evidence with.
    """
    carried = list(range(new.n_bins))
    known = new.level_bins()
    for bin_, to in enumerate(joins):
        if bin_ == to or to >= old.n_regular:
            continue
        if old.kind == "numeric":
            upper = old.edges[to] if to < len(old.edges) else np.inf
            target = int(np.searchsorted(np.asarray(new.edges), upper, side="left"))
        else:
            target = known.get(old.levels[to][0], -1) if old.levels[to] else -1
        if 0 <= target < new.n_regular:
            carried[bin_ - old.n_regular + new.n_regular] = target
    return tuple(carried)
