"""Verdicts on features that are known by their counts, without rows.

Evidence and stability follow from the counts of each feature by itself. How two
features go together does not: that takes one sum for each pair, ``sum w u v`` of their
weights of evidence, which whoever has the rows adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from riskkit._core.levels import is_missing
from riskkit._kernels.collinearity import mid_ranks
from riskkit.artifact import FeatureSpec, assign_column
from riskkit.binning._drift import Periods, largest_csi
from riskkit.binning._selection import FeatureVerdict, screen, thin
from riskkit.exceptions import InvalidInputError
from riskkit.typing import FloatArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from numpy.typing import NDArray

    from riskkit.binning._counted import FeatureCounts
    from riskkit.binning._selection import SelectionRules
    from riskkit.binning._table import BinningTable

__all__ = ["PairSums", "judge_counts", "periods_of_counts"]

PairSums: TypeAlias = Callable[
    [Sequence[FeatureSpec], Sequence[FloatArray]], FloatArray
]

_DECIMALS = 12  # sums in another order differ in the last digits; a limit must not


def judge_counts(
    counts: Mapping[str, FeatureCounts],
    tables: Mapping[str, BinningTable],
    rules: SelectionRules,
    pair_sums: PairSums | None,
    *,
    must_have: Set[str],
    never: Set[str],
) -> tuple[FeatureVerdict, ...]:
    """Return the verdict on every feature, in the order of the counts."""
    verdicts = []
    for name, own in counts.items():
        table = tables[name]
        verdict = FeatureVerdict(
            name, iv=table.iv, must_have=name in must_have, never=name in never
        )
        verdict.single_bin = table.reason if table.feature.n_regular == 1 else ""
        if own.period is not None:
            weight = np.asarray(own.n_event) + np.asarray(own.n_nonevent)
            held = weight > 0
            bins = assign_column(table.feature, np.asarray(own.values)[held])
            verdict.csi, verdict.csi_period = largest_csi(
                bins,
                table.feature.n_bins,
                periods_of_counts(np.asarray(own.period)[held], weight[held]),
                weight[held],
            )
        screen(verdict, rules)
        verdicts.append(verdict)
    ranked = sorted(
        (v for v in verdicts if v.kept), key=lambda v: (not v.must_have, -v.iv)
    )
    if pair_sums is None:
        thin(ranked, np.eye(len(ranked)), rules)
        for verdict in verdicts:  # what was not compared is not known
            verdict.max_correlation = verdict.vif = np.nan
            verdict.correlated_with = ""
    else:
        found = [tables[v.feature] for v in ranked]
        counted = [counts[v.feature] for v in ranked]
        together = _correlation(found, counted, rules.correlation, pair_sums)
        thin(ranked, together, rules)
    return tuple(verdicts)


def periods_of_counts(values: NDArray[np.object_], weight: FloatArray) -> Periods:
    """Return the periods of counts; those that are all numbers in their order."""
    missing = np.array([is_missing(value) for value in values.tolist()], dtype=bool)
    if missing.any():
        msg = (
            "periods must be known in every row; "
            f"{weight[missing].sum():g} of {weight.sum():g} accounts have none. Leave "
            "those rows out, or give them a period of their own."
        )
        raise InvalidInputError(msg)
    labels, codes = np.unique(values.astype(str), return_inverse=True)
    if labels.size < 2:
        msg = (
            "periods must hold at least 2 distinct values; got 1. One period has "
            "nothing to be compared with."
        )
        raise InvalidInputError(msg)
    try:
        order = np.argsort(labels.astype(np.float64), kind="stable")
    except ValueError:  # other text sorts as it stands
        order = np.arange(labels.size)
    place = np.empty(labels.size, dtype=np.intp)
    place[order] = np.arange(labels.size)
    return Periods(place[codes], tuple(labels[order].tolist()))


def _correlation(
    tables: Sequence[BinningTable],
    counts: Sequence[FeatureCounts],
    correlation: str,
    pair_sums: PairSums,
) -> FloatArray:
    """Return the correlation matrix by the sums over pairs."""
    if not tables:
        return np.zeros((0, 0))
    values = []
    for t, own in zip(tables, counts, strict=True):
        by_bin = t.woe if correlation == "pearson" else mid_ranks(t.woe, t.n)
        value = _standardised(by_bin, t.n)
        if own.other_share:  # counted as missing, where rows have an unseen level
            value[t.feature.unseen_bin] = value[t.feature.missing_bin]
        values.append(value)
    total = float(tables[0].n.sum())
    matrix = pair_sums([t.feature for t in tables], values) / total
    matrix = np.clip(np.round(matrix, _DECIMALS), -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix)


def _standardised(values: FloatArray, n: FloatArray) -> FloatArray:
    """Return values of mean 0 and variance 1 over the accounts; 0 without variance."""
    share = n / n.sum()
    # A bin without accounts may have an infinite value, which no account takes.
    held = np.where(share > 0, values, 0.0)
    centred = held - share @ held
    deviation = float(np.sqrt(share @ centred**2))
    if deviation <= 10.0**-_DECIMALS * float(np.abs(held).max()):
        return np.zeros_like(centred)
    return np.asarray(centred / deviation)
