"""Counts of a population over a partition: what is kept of the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import numeric_column
from riskkit._kernels.population import count_numeric
from riskkit.artifact import PeriodSpec, assign_column
from riskkit.exceptions import InvalidInputError
from riskkit.monitoring._partition import SCORE

if TYPE_CHECKING:
    from riskkit.artifact import FeatureSpec
    from riskkit.monitoring._partition import Partition
    from riskkit.monitoring._sample import Rows
    from riskkit.typing import CodeArray, FloatArray, IntArray

__all__ = ["Counts", "Groups", "count_feature", "count_rows", "count_score"]

_PD_QUANTUM = 2.0**-34  # sums of up to half a million expected events stay exact


@dataclass(frozen=True, eq=False)
class Counts:
    """Accounts, known outcomes and events of each bin; sums of each score band.

    Whole numbers up to 2**53 add without rounding, so counts of chunks and months add
    up to those of the pooled rows to the last bit.
    """

    n: FloatArray
    known: FloatArray
    event: FloatArray
    sums: dict[str, FloatArray]

    def __add__(self, other: Counts) -> Counts:
        # A sum that is unknown of one part is unknown of the whole.
        common = [name for name in self.sums if name in other.sums]
        return Counts(
            self.n + other.n,
            self.known + other.known,
            self.event + other.event,
            {name: self.sums[name] + other.sums[name] for name in common},
        )

    @classmethod
    def of_spec(cls, spec: PeriodSpec) -> Counts:
        """Take plain data."""
        sums = {name: np.array(values) for name, values in spec.sums.items()}
        return cls(
            np.array(spec.n), np.array(spec.n_known), np.array(spec.n_event), sums
        )

    def to_spec(self) -> PeriodSpec:
        """Return plain data."""
        return PeriodSpec(
            tuple(self.n.tolist()),
            tuple(self.known.tolist()),
            tuple(self.event.tolist()),
            {name: tuple(values.tolist()) for name, values in self.sums.items()},
        )


@dataclass(frozen=True)
class Groups:
    """Which of `n` groups each row belongs to; None if there is only one."""

    n: int = 1
    of_row: IntArray | None = None

    def cells(self, bins: CodeArray, n_bins: int) -> CodeArray:
        """Return each row's position in a table of groups and bins."""
        return bins if self.of_row is None else self.of_row * n_bins + bins


def count_rows(partition: Partition, rows: Rows, groups: Groups) -> list[Counts]:
    """Count each group of rows over all bins; one column is in memory at a time."""
    partition.check_columns(rows.table.names)
    place = {name: j for j, name in enumerate(rows.table.names)}
    parts = [
        count_feature(item.feature, rows.table.columns[place[name]], rows, groups)
        for name, item in zip(partition.names, partition.features, strict=True)
    ]
    sums: list[dict[str, FloatArray]] = [{} for _ in range(groups.n)]
    if partition.score is not None:
        of_score, sums = count_score(partition.score.feature, rows, groups)
        parts.append(of_score)
    n, known, event = np.concatenate(parts, axis=2)
    return [Counts(n[g], known[g], event[g], sums[g]) for g in range(groups.n)]


def count_feature(
    feature: FeatureSpec, column: Any, rows: Rows, groups: Groups
) -> FloatArray:
    """Return accounts, known outcomes and events: shape (3, n_groups, n_bins)."""
    if groups.of_row is None and rows.weight is None and feature.kind == "numeric":
        return _count_numbers(feature, numeric_column(column, feature.name), rows)
    cells = groups.cells(assign_column(feature, column), feature.n_bins)
    shape = (3, groups.n, feature.n_bins)
    counts = np.zeros(shape)
    counts[0] = _count_cells(cells, rows.weight, None, shape[1:])
    if rows.is_known is not None:
        counts[1] = (
            counts[0]
            if rows.all_known
            else _count_cells(cells, rows.weight, rows.known_rows, shape[1:])
        )
        counts[2] = _count_cells(cells, rows.weight, rows.event_rows, shape[1:])
    return counts


def count_score(
    feature: FeatureSpec, rows: Rows, groups: Groups
) -> tuple[FloatArray, list[dict[str, FloatArray]]]:
    """Return the counts of the score, and the sums over its bands by group."""
    score = rows.score if feature.name == SCORE else rows.pd
    if score is None:
        msg = (
            f"{feature.name} must be given: the baseline holds bands of it. Give it "
            "for every row, missing where an account has none."
        )
        raise InvalidInputError(msg)
    shape = (groups.n, feature.n_bins)
    cells = groups.cells(assign_column(feature, score), feature.n_bins)
    weight = np.ones(rows.n_rows) if rows.weight is None else rows.weight
    added = weight * _rounded(score, _quantum(feature))
    totals = {"score": _count_cells(cells, added, None, shape)}
    if rows.pd is not None:
        added = weight * _rounded(rows.pd, _PD_QUANTUM)
        totals["pd"] = _count_cells(cells, added, None, shape)
        totals["pd_known"] = _count_cells(cells, added, rows.known_rows, shape)
    sums = [{name: t[g] for name, t in totals.items()} for g in range(groups.n)]
    return count_feature(feature, score, rows, groups), sums


def _count_numbers(feature: FeatureSpec, x: FloatArray, rows: Rows) -> FloatArray:
    """Count one group of unweighted rows, the fastest way."""
    edges = np.asarray(feature.edges, dtype=np.float64)
    special: Any = [group.codes for group in feature.special]
    n = count_numeric(x, edges, special)
    counts = np.zeros((3, 1, n.size))
    counts[0, 0] = n
    if rows.is_known is not None:
        counts[1, 0] = (
            n if rows.all_known else count_numeric(x[rows.known_rows], edges, special)
        )
        counts[2, 0] = count_numeric(x[rows.event_rows], edges, special)
    return counts


def _count_cells(
    cells: CodeArray,
    weight: FloatArray | None,
    chosen: IntArray | None,
    shape: tuple[int, ...],
) -> FloatArray:
    if chosen is not None:
        cells = cells[chosen]
        weight = None if weight is None else weight[chosen]
    size = int(np.prod(shape))
    return np.bincount(cells, weight, minlength=size).reshape(shape).astype(np.float64)


def _rounded(values: FloatArray, quantum: float) -> FloatArray:
    """Return multiples of `quantum`, a power of 2: their sums have no rounding error.

    Without it the sum of the months would differ from that of the pooled rows in its
    last bits. What is missing adds nothing.
    """
    return np.nan_to_num(np.rint(values / quantum) * quantum, nan=0.0)


def _quantum(feature: FeatureSpec) -> float:
    """Return about a thousand-millionth of the largest score that cuts bands."""
    size = max(map(abs, feature.edges), default=1.0) or 1.0
    return float(2.0 ** (math.frexp(size)[1] - 30))
