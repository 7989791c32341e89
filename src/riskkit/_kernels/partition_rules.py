"""What makes a bin, and two neighbouring bins, admissible; and what a bin is worth.

Notation: ``n`` ordered cells hold ``e_c`` events and ``m_c`` non-events; a bin is a run
of cells ``first..last`` (both included) with event rate ``e / (e + m)``. ``E`` and
``M`` are the totals over *all* rows, so that missing and special values outside the
ordered cells still dilute the shares ``p = e / E`` and ``q = m / M``. The value of a
bin is one of

    iv         (q - p) * woe, with the smoothed WoE of ``evidence``
    js         (p log(2p / (p + q)) + q log(2q / (p + q))) / 2
    hellinger  (sqrt(p) - sqrt(q))^2 / 2

in nats (Hellinger: no unit), and ``-inf`` if the bin breaks a rule of its own. Without
smoothing a bin lacking one class is refused under every divergence, because its WoE
would be infinite.

Neighbours are compared by their event rates ``r1, r2`` (left, right) and by the pooled
two-proportion z statistic

    z = |r1 - r2| / sqrt(r (1 - r) (1 / t1 + 1 / t2)),  r = (r1 t1 + r2 t2) / (t1 + t2)

which takes weights as if they were numbers of accounts [1]_. Where counts per period
are given, a step between neighbours must also have its direction in every period that
counts (``partition_periods``).

A *lump* holds accounts without a place among the cells, such as those with a missing
value, that must join one bin: all the above is then judged on pooled counts. The lumps
of a bin are a set, written as the bits of a number: its *load*.

References
----------
.. [1] J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for Rates and
   Proportions", 3rd ed., Wiley, 2003, ch. 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.evidence import evidence_terms
from riskkit._kernels.partition_periods import (
    PeriodCounts,
    keeps_ranking,
    period_rates,
)

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "NEVER",
    "BinTables",
    "Lumps",
    "PartitionRules",
    "bin_tables",
    "bin_value",
    "divergence_value",
    "may_follow",
    "may_stand_beside",
]

NEVER = -np.inf  # the value of whatever a rule forbids


@dataclass(frozen=True)
class Lumps:
    """Counts of the lumps, shape ``(n_lumps, n_features)``."""

    event: FloatArray
    nonevent: FloatArray

    def __len__(self) -> int:
        return len(self.event)

    def of_load(self, load: int) -> tuple[FloatArray, FloatArray]:
        """Return the events and non-events of the lumps in the load, per feature."""
        members = [k for k in range(len(self)) if load >> k & 1]
        return self.event[members].sum(axis=0), self.nonevent[members].sum(axis=0)


@dataclass(frozen=True)
class PartitionRules:
    """Constants of one fit. Sizes, events and non-events are sums of weights.

    ``total_event`` and ``total_nonevent`` are scalars or hold one number per feature.
    ``must_cut[c, f]`` demands a cut of feature ``f`` right before cell ``c``
    (row 0 and anything outside the cells is ignored). ``prefer_monotone`` is the
    relative gain in value that a peak or valley needs under the trend "auto".
    """

    total_event: FloatArray | float
    total_nonevent: FloatArray | float
    min_n_bins: int = 1
    max_n_bins: int | None = None
    min_bin_size: float = 0.0
    max_bin_size: float = np.inf
    min_n_event: float = 0.0
    max_n_event: float = np.inf
    min_n_nonevent: float = 0.0
    max_n_nonevent: float = np.inf
    min_event_rate_diff: float = 0.0
    z_critical: float = 0.0
    smoothing: float = 0.5
    divergence: str = "iv"
    prefer_monotone: float = 0.02
    must_cut: BoolArray | None = None
    lumps: Lumps | None = None
    periods: PeriodCounts | None = None

    @property
    def n_lumps(self) -> int:
        """Number of lumps that must join a bin."""
        return 0 if self.lumps is None else len(self.lumps)

    def of_features(self, features: Any) -> PartitionRules:
        """Return the rules of some features, chosen by slice, mask or positions."""

        def pick(total: FloatArray | float) -> FloatArray | float:
            return total if np.ndim(total) == 0 else np.asarray(total)[features]

        lumps, periods = self.lumps, self.periods
        if lumps is not None:
            lumps = Lumps(lumps.event[:, features], lumps.nonevent[:, features])
        return replace(
            self,
            total_event=pick(self.total_event),
            total_nonevent=pick(self.total_nonevent),
            must_cut=None if self.must_cut is None else self.must_cut[:, features],
            lumps=lumps,
            periods=None if periods is None else periods.of_features(features),
        )


@dataclass(frozen=True)
class BinTables:
    """Size, event rate and value of every bin, indexed ``[first, last, feature]``.

    ``period_rate`` has one such table per period, nan where the period does not count.
    """

    size: FloatArray
    rate: FloatArray
    value: FloatArray
    period_rate: FloatArray | None = None


def bin_value(
    event: FloatArray,
    nonevent: FloatArray,
    rules: PartitionRules,
    total_event: FloatArray | float,
    total_nonevent: FloatArray | float,
) -> FloatArray:
    """Return the value of bins, ``-inf`` where a bin breaks its own rules."""
    size = event + nonevent
    admissible = (size > 0) & (size >= rules.min_bin_size)
    if rules.smoothing == 0:
        admissible &= (event > 0) & (nonevent > 0)
    # The other rules are rarely set, and each would cost a pass over the tables.
    if rules.max_bin_size < np.inf:
        admissible &= size <= rules.max_bin_size
    if rules.min_n_event > 0:
        admissible &= event >= rules.min_n_event
    if rules.max_n_event < np.inf:
        admissible &= event <= rules.max_n_event
    if rules.min_n_nonevent > 0:
        admissible &= nonevent >= rules.min_n_nonevent
    if rules.max_n_nonevent < np.inf:
        admissible &= nonevent <= rules.max_n_nonevent
    value = divergence_value(event, nonevent, rules, total_event, total_nonevent)
    return np.where(admissible, value, NEVER)


def divergence_value(
    event: FloatArray,
    nonevent: FloatArray,
    rules: PartitionRules,
    total_event: FloatArray | float,
    total_nonevent: FloatArray | float,
) -> FloatArray:
    """Return each bin's term of the divergence, whether or not a rule forbids it."""
    if rules.divergence == "iv":
        return evidence_terms(
            event, nonevent, total_event, total_nonevent, rules.smoothing
        )[1]
    p, q = event / total_event, nonevent / total_nonevent
    if rules.divergence == "hellinger":
        # Cuts that are tried beyond their neighbours make bins of negative counts.
        return 0.5 * (np.sqrt(np.maximum(p, 0)) - np.sqrt(np.maximum(q, 0))) ** 2
    middle = np.where(p + q > 0, 0.5 * (p + q), 1.0)
    # x log x -> 0 as x -> 0: the inner where keeps the logarithm finite there.
    return 0.5 * (
        p * np.log(np.where(p > 0, p / middle, 1.0))
        + q * np.log(np.where(q > 0, q / middle, 1.0))
    )


def bin_tables(
    cell_event: FloatArray,
    cell_nonevent: FloatArray,
    rules: PartitionRules,
    load: int = 0,
) -> BinTables:
    """Tabulate every bin of ``(n_cells, n_features)`` cell counts with a load."""
    n_cells, n_features = cell_event.shape
    first, last = np.triu_indices(n_cells)
    event = _run_sums(cell_event, first, last)
    nonevent = _run_sums(cell_nonevent, first, last)
    if load and rules.lumps is not None:
        more_event, more_nonevent = rules.lumps.of_load(load)
        # A bin is a run of cells; a lump alone is none.
        observed = event + nonevent > 0
        event = np.where(observed, event + more_event, 0.0)
        nonevent = np.where(observed, nonevent + more_nonevent, 0.0)
    size = event + nonevent
    with np.errstate(invalid="ignore"):  # empty bins: rate nan, value -inf
        rate = event / size
    value = bin_value(event, nonevent, rules, rules.total_event, rules.total_nonevent)
    if rules.must_cut is not None:
        n_cuts = np.cumsum(rules.must_cut[:n_cells], axis=0)
        value[n_cuts[last] > n_cuts[first]] = NEVER

    def square(triangle: FloatArray, fill: float) -> FloatArray:
        table = np.full((n_cells, n_cells, n_features), fill)
        table[first, last] = triangle
        return table

    by_period = None
    if rules.periods is not None:
        by_period = np.stack(
            [
                square(period, np.nan)
                for period in period_rates(rules.periods, first, last, load)
            ]
        )
    return BinTables(
        square(size, 0.0), square(rate, np.nan), square(value, NEVER), by_period
    )


def _run_sums(cells: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    # Runs without any count come out as exact zeros: adding 0.0 changes no prefix sum.
    before = np.zeros((cells.shape[0] + 1, cells.shape[1]))
    np.cumsum(cells, axis=0, out=before[1:])
    sums: FloatArray = before[last + 1] - before[first]
    return sums


def may_follow(
    rate_left: FloatArray,
    size_left: FloatArray,
    rate_right: FloatArray,
    size_right: FloatArray,
    direction: IntArray | int,
    rules: PartitionRules,
) -> BoolArray:
    """Return whether the right bin may stand next to the left one.

    ``direction`` is +1 where the event rate must not fall, -1 where it must not rise,
    0 where either is fine.
    """
    step = rate_right - rate_left
    if isinstance(direction, int):
        gain = step * direction if direction else np.abs(step)
    else:
        gain = np.where(direction == 0, np.abs(step), step * direction)
    allowed = gain >= rules.min_event_rate_diff
    if rules.z_critical > 0:
        size = size_left + size_right
        with np.errstate(invalid="ignore", divide="ignore"):
            pooled = (rate_left * size_left + rate_right * size_right) / size
            variance = pooled * (1 - pooled) * (1 / size_left + 1 / size_right)
            # Two pure neighbours of the same class have no variance and no difference.
            allowed &= (step != 0) & (
                step * step >= rules.z_critical**2 * np.maximum(variance, 0.0)
            )
    return allowed


def may_stand_beside(
    left: BinTables,
    at_left: tuple[Any, ...],
    right: BinTables,
    at_right: tuple[Any, ...],
    direction: int,
    rules: PartitionRules,
) -> BoolArray:
    """Return ``may_follow`` for tabulated bins, the rule on periods included.

    ``at_left`` and ``at_right`` index the two tables such that the results broadcast.
    """
    rate_left, rate_right = left.rate[at_left], right.rate[at_right]
    allowed = may_follow(
        rate_left,
        left.size[at_left],
        rate_right,
        right.size[at_right],
        direction,
        rules,
    )
    if left.period_rate is not None and right.period_rate is not None:
        allowed &= keeps_ranking(
            left.period_rate[(slice(None), *at_left)],
            right.period_rate[(slice(None), *at_right)],
            rate_right - rate_left,
            direction,
        )
    return allowed
