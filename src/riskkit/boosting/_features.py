"""From raw columns to fine bins: what every tree model of the package reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.frames import level_column, numeric_column
from riskkit._kernels.fine_bins import fine_edges
from riskkit.artifact import FeatureSpec, assign_column
from riskkit.binning._special import special_groups

if TYPE_CHECKING:
    from typing import Any

    from riskkit._core.inputs import Training
    from riskkit.artifact import SpecialGroup
    from riskkit.typing import BoolArray, CodeArray, FloatArray

__all__ = ["BinnedRows", "bin_rows"]

# Levels with fewer accounts than this, in number or as a share, have no place of their
# own: their event rate would be noise that a tree takes for evidence.
_MIN_LEVEL_N = 10
_MIN_LEVEL_SHARE = 0.0005
_MAX_LEVELS = 200


@dataclass(frozen=True, eq=False)
class BinnedRows:
    """The training rows as bins of the features that differ between them.

    `bins` holds for each feature the bin of every row, `filled` which of its bins hold
    any, and `left_out` why a column is no feature.
    """

    features: tuple[FeatureSpec, ...]
    bins: tuple[CodeArray, ...]
    filled: tuple[BoolArray, ...]
    left_out: dict[str, str]


def bin_rows(
    training: Training, *, special_codes: Any, max_bins: int, unseen: str
) -> BinnedRows:
    """Bin every column finely, without a look at the outcomes."""
    table = training.table
    kinds = {name: table.kind(name) for name in table.names}
    special = special_groups(special_codes, kinds)
    features, bins, filled = [], [], []
    left_out: dict[str, str] = {}
    for name, kind in kinds.items():
        column = table.column(name)
        if kind == "numeric":
            feature = _numeric(name, column, special[name], max_bins, training.weight)
        else:
            feature = _categorical(name, column, special[name], training, unseen)
        codes = assign_column(feature, column)
        present = np.bincount(codes, minlength=feature.n_bins) > 0
        if np.count_nonzero(present) < 2:
            left_out[name] = _sameness(feature, present)
            continue
        features.append(feature)
        bins.append(codes)
        filled.append(present)
    return BinnedRows(tuple(features), tuple(bins), tuple(filled), left_out)


def _numeric(
    name: str,
    column: Any,
    special: tuple[SpecialGroup, ...],
    max_bins: int,
    weight: FloatArray | None,
) -> FeatureSpec:
    x = numeric_column(column, name)
    codes = [float(code) for group in special for code in group.codes]
    regular = ~np.isin(x, codes) if codes else slice(None)
    edges = fine_edges(
        x[regular], max_bins, None if weight is None else weight[regular]
    )
    return FeatureSpec(name, "numeric", edges=tuple(edges.tolist()), special=special)


def _categorical(
    name: str,
    column: Any,
    special: tuple[SpecialGroup, ...],
    training: Training,
    unseen: str,
) -> FeatureSpec:
    coded = level_column(column, name)
    n = np.bincount(coded.codes + 1, training.weight, minlength=len(coded.levels) + 1)
    n = n[1:].astype(np.float64)
    # A special code is in a group of its own, however rare.
    codes = {str(code) for group in special for code in group.codes}
    is_level = np.array([level not in codes for level in coded.levels], dtype=bool)
    least = max(_MIN_LEVEL_N, _MIN_LEVEL_SHARE * training.n_rows)
    large = np.argsort(-n, kind="stable")[:_MAX_LEVELS]
    own = np.zeros(n.size, dtype=bool)
    own[large] = True
    own &= is_level & (n >= least)
    groups: list[tuple[str, ...]] = [
        (level,) for level, kept in zip(coded.levels, own, strict=True) if kept
    ]
    if unseen == "error":
        # Who refuses what is new must know what is merely rare.
        rest = is_level & ~own
        rare = [lv for lv, kept in zip(coded.levels, rest, strict=True) if kept]
        groups += [tuple(rare)] if rare else []
    return FeatureSpec(
        name,
        "categorical",
        levels=tuple(groups),
        special=special,
        refuse_unseen=unseen == "error",
    )


def _sameness(feature: FeatureSpec, present: BoolArray) -> str:
    if present[feature.missing_bin]:
        return "missing in every row"
    if feature.kind == "categorical" and present[feature.unseen_bin]:
        return "no level has enough accounts"
    return "the same in every row"
