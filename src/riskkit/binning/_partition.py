"""From raw columns to the partition of each feature, with its counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.frames import level_column, numeric_column
from riskkit._kernels.bins import count_bins
from riskkit._kernels.search import ColumnPartition, search_cells, search_columns
from riskkit.artifact import FeatureSpec, SpecialGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskkit._core.inputs import Training
    from riskkit._kernels.partition import PartitionRules
    from riskkit.typing import FloatArray, IntArray

__all__ = ["FeaturePartition", "partition_features"]

# Columns held as float64 at a time, so that a table of thousands is never copied whole.
_CHUNK = 64


@dataclass(frozen=True)
class FeaturePartition:
    """The bins of one feature, how they were found, and the accounts in them."""

    feature: FeatureSpec
    found: ColumnPartition
    n_event: FloatArray
    n_nonevent: FloatArray
    unused_codes: tuple[float | str, ...] = field(default=())


def partition_features(
    sample: Training,
    kinds: Mapping[str, str],
    special: Mapping[str, tuple[SpecialGroup, ...]],
    trends: Mapping[str, str],
    rules: PartitionRules,
    *,
    refuse_unseen: bool,
    progress: Callable[[int], None] | None = None,
) -> dict[str, FeaturePartition]:
    """Partition every feature of the sample, in the order of the table."""
    found: dict[str, FeaturePartition] = {}
    numeric = [name for name in sample.table.names if kinds[name] == "numeric"]
    for start in range(0, len(numeric), _CHUNK):
        names = numeric[start : start + _CHUNK]
        found.update(_numeric(sample, names, special, trends, rules))
        if progress is not None:
            progress(len(names))
    for name in sample.table.names:
        if kinds[name] == "categorical":
            found[name] = _categorical(
                sample, name, special[name], rules, refuse_unseen=refuse_unseen
            )
            if progress is not None:
                progress(1)
    return {name: found[name] for name in sample.table.names}


def _numeric(
    sample: Training,
    names: Sequence[str],
    special: Mapping[str, tuple[SpecialGroup, ...]],
    trends: Mapping[str, str],
    rules: PartitionRules,
) -> dict[str, FeaturePartition]:
    columns, specials = [], []
    for name in names:
        x = numeric_column(sample.table.column(name), name)
        x, counts = _set_special_apart(x, special[name], sample)
        columns.append(x)
        specials.append(counts)
    results = search_columns(
        columns, sample.is_event, sample.weight, rules, [trends[n] for n in names]
    )
    out = {}
    for name, found, (event, nonevent) in zip(names, results, specials, strict=True):
        groups = special[name]
        feature = FeatureSpec(
            name, "numeric", edges=tuple(found.edges.tolist()), special=groups
        )
        # The search saw special values as missing; what remains is truly missing.
        missing = (
            found.missing_event - event.sum(),
            found.missing_nonevent - nonevent.sum(),
        )
        out[name] = FeaturePartition(
            feature,
            found,
            np.concatenate([found.n_event, event, [missing[0], 0.0]]),
            np.concatenate([found.n_nonevent, nonevent, [missing[1], 0.0]]),
            _unused(groups, event + nonevent),
        )
    return out


def _set_special_apart(
    x: FloatArray, groups: tuple[SpecialGroup, ...], sample: Training
) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    """Return `x` with special values as NaN, and the counts of each group."""
    counts = np.zeros((2, len(groups)))
    cleaned = x
    for g, group in enumerate(groups):
        mask = np.isin(x, np.asarray(group.codes, dtype=np.float64))
        if not mask.any():
            continue
        if cleaned is x:
            cleaned = x.copy()
        cleaned[mask] = np.nan
        weight = None if sample.weight is None else sample.weight[mask]
        one_bin = np.zeros(np.count_nonzero(mask), dtype=np.intp)
        event, nonevent = count_bins(one_bin, sample.is_event[mask], 1, weight)
        counts[:, g] = event[0], nonevent[0]
    return cleaned, (counts[0], counts[1])


def _categorical(
    sample: Training,
    name: str,
    groups: tuple[SpecialGroup, ...],
    rules: PartitionRules,
    *,
    refuse_unseen: bool,
) -> FeaturePartition:
    coded = level_column(sample.table.column(name), name)
    n_levels = len(coded.levels)
    # One more cell serves the missing values, whose code is -1.
    codes: IntArray = np.where(coded.codes < 0, n_levels, coded.codes)
    event, nonevent = count_bins(codes, sample.is_event, n_levels + 1, sample.weight)

    place = {level: k for k, level in enumerate(coded.levels)}
    member_of = np.full(n_levels, -1)
    for g, group in enumerate(groups):
        for code in group.codes:
            if code in place:
                member_of[place[str(code)]] = g
    special_event = np.array(
        [event[:n_levels][member_of == g].sum() for g in range(len(groups))]
    )
    special_nonevent = np.array(
        [nonevent[:n_levels][member_of == g].sum() for g in range(len(groups))]
    )
    regular = np.flatnonzero(member_of < 0)
    order = regular[_by_risk(event[regular], nonevent[regular], rules)]
    found = search_cells([(event[order], nonevent[order])], rules, ["none"])[0]
    bins = np.searchsorted(found.edges, np.arange(order.size), side="left")
    levels = tuple(
        tuple(sorted(coded.levels[k] for k in order[bins == b]))
        for b in range(found.edges.size + 1)
    )
    feature = FeatureSpec(
        name,
        "categorical",
        levels=levels,
        special=groups,
        refuse_unseen=refuse_unseen,
    )
    return FeaturePartition(
        feature,
        found,
        np.concatenate([found.n_event, special_event, [event[-1], 0.0]]),
        np.concatenate([found.n_nonevent, special_nonevent, [nonevent[-1], 0.0]]),
        _unused(groups, special_event + special_nonevent),
    )


def _by_risk(
    event: FloatArray, nonevent: FloatArray, rules: PartitionRules
) -> IntArray:
    """Return the order of levels from safest to riskiest.

    The event rate of a level is shrunk towards the rate of all by as many accounts as
    hold one expected event or non-event, whichever is rarer: the order of thin levels
    is noise, and noise that is sorted looks like evidence.
    """
    n_event = float(np.max(rules.total_event))
    n = n_event + float(np.max(rules.total_nonevent))
    prior = n / min(n_event, n - n_event)
    rate = (event + prior * n_event / n) / (event + nonevent + prior)
    return np.argsort(rate, kind="stable")


def _unused(
    groups: tuple[SpecialGroup, ...], counts: FloatArray
) -> tuple[float | str, ...]:
    return tuple(
        code
        for group, n in zip(groups, counts, strict=True)
        if n == 0
        for code in group.codes
    )
