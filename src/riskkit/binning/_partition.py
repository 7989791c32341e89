"""From raw columns to the partition of each feature, with its counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from riskkit._core.frames import level_column, numeric_column
from riskkit._kernels.bins import count_bins
from riskkit._kernels.evidence import evidence_terms
from riskkit._kernels.partition_prebins import PrebinOptions
from riskkit._kernels.search import ColumnPartition, search_cells, search_columns
from riskkit._kernels.search_column import ColumnLumps, Periods
from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.binning._joins import forced_joins, table_joins
from riskkit.binning._splits import check_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskkit._core.inputs import Training
    from riskkit._kernels.partition import PartitionRules
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["FeaturePartition", "SearchRequest", "partition_features"]

# Columns held as float64 at a time, so that a table of thousands is never copied whole.
_CHUNK = 64


@dataclass(frozen=True)
class SearchRequest:
    """What is asked of the search; `trends` has an entry for every feature."""

    trends: Mapping[str, str]
    rules: PartitionRules
    refuse_unseen: bool = False
    missing: str = "separate"
    special: str = "separate"
    periods: Periods | None = None
    user_splits: Mapping[str, FloatArray] = field(default_factory=dict)
    fixed_splits: Mapping[str, FloatArray] = field(default_factory=dict)
    prebins: PrebinOptions = field(default_factory=PrebinOptions)
    nice: bool = False
    n_jobs: int | None = None


@dataclass(frozen=True)
class FeaturePartition:
    """The bins of one feature, how they were found, and the accounts in them.

    `joins` says with which bin each bin shares its evidence, nothing if each stands
    alone; `report` holds further numbers of the search for the summary.
    """

    feature: FeatureSpec
    found: ColumnPartition
    n_event: FloatArray
    n_nonevent: FloatArray
    unused_codes: tuple[float | str, ...] = field(default=())
    joins: tuple[int, ...] = ()
    report: Mapping[str, float] = field(default_factory=dict)


def partition_features(
    sample: Training,
    kinds: Mapping[str, str],
    special: Mapping[str, tuple[SpecialGroup, ...]],
    request: SearchRequest,
    *,
    progress: Callable[[int], None] | None = None,
) -> dict[str, FeaturePartition]:
    """Partition every feature of the sample, in the order of `kinds`."""
    numeric = [name for name, kind in kinds.items() if kind == "numeric"]
    n_jobs = effective_n_jobs(request.n_jobs)
    # A column's result does not depend on the columns it is worked off with.
    size = _CHUNK if n_jobs == 1 else min(_CHUNK, max(1, -(-len(numeric) // n_jobs)))
    chunks = [numeric[k : k + size] for k in range(0, len(numeric), size)]
    chunks += [[name] for name, kind in kinds.items() if kind != "numeric"]

    def work(names: list[str]) -> dict[str, FeaturePartition]:
        if kinds[names[0]] == "numeric":
            return _numeric(sample, names, special, request, progress)
        found = {names[0]: _categorical(sample, names[0], special[names[0]], request)}
        if progress is not None:
            progress(1)
        return found

    found: dict[str, FeaturePartition] = {}
    if n_jobs == 1:
        for names in chunks:
            found.update(work(names))
    else:
        # NumPy lets go of the interpreter while it sorts and counts.
        threads = Parallel(n_jobs=n_jobs, prefer="threads")
        for part in threads(delayed(work)(names) for names in chunks):
            found.update(part)
    return {name: found[name] for name in kinds}


def _numeric(
    sample: Training,
    names: Sequence[str],
    special: Mapping[str, tuple[SpecialGroup, ...]],
    request: SearchRequest,
    progress: Callable[[int], None] | None,
) -> dict[str, FeaturePartition]:
    columns, outside, lumps = [], [], []
    for name in names:
        raw = numeric_column(sample.table.column(name), name)
        x, masks = _set_special_apart(raw, special[name])
        for word, splits in (
            ("user_splits", request.user_splits),
            ("fixed_splits", request.fixed_splits),
        ):
            if name in splits:
                check_inside(word, name, splits[name], x)
        counts = [_count(sample, mask) for mask in masks]
        columns.append(x)
        outside.append(np.array(counts).reshape(-1, 2).T)
        masks.append(np.isnan(raw) if request.missing == "merge" else None)
        lumps.append(_lumps(sample, masks, request))
    n_done = 0

    def tell(n_finished: int) -> None:
        nonlocal n_done
        if progress is not None:
            progress(n_finished - n_done)
        n_done = n_finished

    results = search_columns(
        columns,
        sample.is_event,
        sample.weight,
        request.rules,
        [request.trends[name] for name in names],
        fixed_edges=[request.fixed_splits.get(name) for name in names],
        only_edges=[request.user_splits.get(name) for name in names],
        lumps=[own for _, own in lumps],
        periods=request.periods,
        prebins=request.prebins,
        nice=request.nice,
        progress=tell,
    )
    out = {}
    for name, found, (event, nonevent), (which, _) in zip(
        names, results, outside, lumps, strict=True
    ):
        groups = special[name]
        feature = FeatureSpec(
            name, "numeric", edges=tuple(found.edges.tolist()), special=groups
        )
        # The search saw special values as missing; what remains is truly missing.
        missing = (
            found.missing_event - event.sum(),
            found.missing_nonevent - nonevent.sum(),
        )
        out[name] = _partition(
            feature,
            found,
            np.concatenate([found.n_event, event, [missing[0], 0.0]]),
            np.concatenate([found.n_nonevent, nonevent, [missing[1], 0.0]]),
            which,
            request,
        )
    return out


def _set_special_apart(
    x: FloatArray, groups: tuple[SpecialGroup, ...]
) -> tuple[FloatArray, list[BoolArray | None]]:
    """Return `x` with special values as NaN, and where each group is, if anywhere."""
    masks: list[BoolArray | None] = []
    cleaned = x
    for group in groups:
        mask = np.isin(x, np.asarray(group.codes, dtype=np.float64))
        if not mask.any():
            masks.append(None)
            continue
        if cleaned is x:
            cleaned = x.copy()
        cleaned[mask] = np.nan
        masks.append(mask)
    return cleaned, masks


def _count(sample: Training, mask: BoolArray | None) -> tuple[float, float]:
    if mask is None:
        return 0.0, 0.0
    weight = None if sample.weight is None else sample.weight[mask]
    one_bin = np.zeros(np.count_nonzero(mask), dtype=np.intp)
    event, nonevent = count_bins(one_bin, sample.is_event[mask], 1, weight)
    return float(event[0]), float(nonevent[0])


def _lumps(
    sample: Training, masks: Sequence[BoolArray | None], request: SearchRequest
) -> tuple[list[int], ColumnLumps | None]:
    """Return which groups have to join a bin in the search, and their counts.

    `masks` holds one for each special group, and one for missing values.
    """
    policies = [request.special] * (len(masks) - 1) + [request.missing]
    which = [
        k
        for k, (mask, policy) in enumerate(zip(masks, policies, strict=True))
        if policy == "merge" and mask is not None and mask.any()
    ]
    if not which:
        return which, None
    chosen = [mask for k in which if (mask := masks[k]) is not None]
    event, nonevent = np.array([_count(sample, mask) for mask in chosen]).T
    periods = request.periods
    n_periods = 0 if periods is None else len(periods.least_size)
    by_period = np.zeros((2, n_periods, len(which)))
    if periods is not None:
        for k, mask in enumerate(chosen):
            weight = None if sample.weight is None else sample.weight[mask]
            counts = count_bins(
                periods.codes[mask], sample.is_event[mask], n_periods + 1, weight
            )
            by_period[:, :, k] = counts[0][:-1], counts[1][:-1]
    return which, ColumnLumps(event, nonevent, by_period[0], by_period[1])


def _categorical(
    sample: Training,
    name: str,
    groups: tuple[SpecialGroup, ...],
    request: SearchRequest,
) -> FeaturePartition:
    coded = level_column(sample.table.column(name), name)
    n_levels = len(coded.levels)
    # One more cell serves the missing values, whose code is -1.
    codes: IntArray = np.where(coded.codes < 0, n_levels, coded.codes)
    event, nonevent = count_bins(codes, sample.is_event, n_levels + 1, sample.weight)

    place = {level: k for k, level in enumerate(coded.levels)}
    member_of = np.full(n_levels + 1, -1)
    for g, group in enumerate(groups):
        for code in group.codes:
            if code in place:
                member_of[place[str(code)]] = g
    member_of[-1] = len(groups)
    outside = [
        (event[member_of == g].sum(), nonevent[member_of == g].sum())
        for g in range(len(groups) + 1)
    ]
    special_event, special_nonevent = np.array(outside).T
    merged = "merge" in (request.missing, request.special)
    masks = [
        member_of[codes] == g if merged and sum(outside[g]) else None
        for g in range(len(groups) + 1)
    ]
    which, lumps = _lumps(sample, masks, request)
    regular = np.flatnonzero(member_of < 0)
    order = regular[_by_risk(event[regular], nonevent[regular], request.rules)]
    by_period = least_size = None
    if request.periods is not None:
        least_size = request.periods.least_size
        by_period = [_levels_by_period(codes, order, sample, request.periods)]
    found = search_cells(
        [(event[order], nonevent[order])],
        request.rules,
        ["none"],
        lumps=[lumps],
        by_period=by_period,
        least_size=least_size,
        prebins=request.prebins,
    )[0]
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
        refuse_unseen=request.refuse_unseen,
    )
    return _partition(
        feature,
        found,
        np.concatenate([found.n_event, special_event, [0.0]]),
        np.concatenate([found.n_nonevent, special_nonevent, [0.0]]),
        which,
        request,
    )


def _levels_by_period(
    codes: IntArray, order: IntArray, sample: Training, periods: Periods
) -> tuple[FloatArray, FloatArray]:
    """Return the events and the non-events of the ordered levels by period."""
    n_codes, n_periods = int(codes.max(initial=0)) + 1, len(periods.least_size)
    both = periods.codes * n_codes + codes
    size = (n_periods + 1) * n_codes
    event, nonevent = count_bins(both, sample.is_event, size, sample.weight)
    shape = n_periods + 1, n_codes
    return event.reshape(shape)[:-1, order], nonevent.reshape(shape)[:-1, order]


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


def _partition(
    feature: FeatureSpec,
    found: ColumnPartition,
    n_event: FloatArray,
    n_nonevent: FloatArray,
    which: Sequence[int],
    request: SearchRequest,
) -> FeaturePartition:
    """Put the bins, their counts and the policies together."""
    k, n_groups = feature.n_regular, len(feature.special)
    # A feature without a partition has one bin, and what must join a bin joins it.
    to = found.joins if found.status != "infeasible" else [0] * len(which)
    joins = table_joins(feature, which, to)
    report = {}
    if request.rules.divergence == "iv":
        apart = [b for b in range(k, feature.n_bins) if joins[b] == b]
        terms = evidence_terms(
            n_event[apart],
            n_nonevent[apart],
            n_event.sum(),
            n_nonevent.sum(),
            request.rules.smoothing,
        )[1]
        report["iv_bound"] = found.bound + float(terms.sum())
    else:
        report["iv_bound"] = float("nan")
    if request.nice:
        report["edge_loss"] = found.edge_loss
    policies = [request.special] * n_groups + [request.missing]
    if not {"riskiest", "safest"}.isdisjoint(policies):
        joins = forced_joins(feature, joins, n_event, n_nonevent, policies)
    n_special = (n_event + n_nonevent)[k : k + n_groups]
    return FeaturePartition(
        feature,
        found,
        n_event,
        n_nonevent,
        unused_codes=tuple(
            code
            for group, n in zip(feature.special, n_special, strict=True)
            if n == 0
            for code in group.codes
        ),
        joins=joins,
        report=report,
    )
