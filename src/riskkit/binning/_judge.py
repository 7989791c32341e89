"""From binned features to a verdict on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.collinearity import code_correlation, mid_ranks
from riskkit.artifact import assign_column
from riskkit.binning._drift import largest_csi
from riskkit.binning._selection import FeatureVerdict, screen, thin

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from riskkit._core.inputs import Training
    from riskkit.binning._drift import Periods
    from riskkit.binning._selection import SelectionRules
    from riskkit.binning._table import BinningTable
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["judge_features"]


def judge_features(
    sample: Training,
    tables: Mapping[str, BinningTable],
    periods: Periods | None,
    rules: SelectionRules,
    *,
    must_have: Set[str],
    never: Set[str],
) -> tuple[FeatureVerdict, ...]:
    """Return the verdict on every column, in the order of the columns."""
    verdicts: list[FeatureVerdict] = []
    codes: dict[str, CodeArray] = {}
    for name, column in zip(sample.table.names, sample.table.columns, strict=True):
        table = tables.get(name)
        verdict = FeatureVerdict(
            name,
            iv=np.nan if table is None else table.iv,
            must_have=name in must_have,
            never=name in never,
        )
        verdicts.append(verdict)
        if table is None:
            if verdict.must_have:
                verdict.reason = "named in must_have; holds the periods"
            else:
                verdict.leave_out("holds the periods")
            continue
        verdict.single_bin = table.reason if table.feature.n_regular == 1 else ""
        bins: CodeArray | None = None
        if periods is not None:
            bins = assign_column(table.feature, column)
            verdict.csi, verdict.csi_period = largest_csi(
                bins, table.feature.n_bins, periods, sample.weight
            )
        screen(verdict, rules)
        if verdict.kept:
            if bins is None:
                bins = assign_column(table.feature, column)
            codes[name] = _narrow(bins, table.feature.n_bins)
    ranked = sorted(
        (v for v in verdicts if v.feature in codes),
        key=lambda v: (not v.must_have, -v.iv),
    )
    columns = [codes[v.feature] for v in ranked]
    values = [
        _values(tables[v.feature], codes[v.feature], sample.weight, rules.correlation)
        for v in ranked
    ]
    thin(ranked, code_correlation(columns, values, sample.weight), rules)
    return tuple(verdicts)


def _values(
    table: BinningTable, codes: CodeArray, weight: FloatArray | None, correlation: str
) -> FloatArray:
    """Return the number by which each bin is correlated."""
    if correlation == "pearson":
        return table.woe
    return mid_ranks(table.woe, np.bincount(codes, weight, table.feature.n_bins))


def _narrow(codes: CodeArray, n_bins: int) -> CodeArray:
    """Return codes of one byte, where that is enough: they are held for every row."""
    return codes.astype(np.uint8, copy=False) if n_bins <= 256 else codes
