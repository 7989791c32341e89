"""Bins of a reference population: equal parts of numbers, common levels of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import level_column
from riskkit._core.levels import level_key
from riskkit._core.params import did_you_mean
from riskkit._kernels.bins import quantile_edges
from riskkit._kernels.population import distinct_edges, sorted_edges
from riskkit.artifact import BinnedSpec, FeatureSpec, SpecialGroup
from riskkit.exceptions import InvalidParameterError, InvalidTypeError

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["given_bins", "learn_levels", "learn_numbers", "special_groups"]


def learn_numbers(
    name: str,
    x: FloatArray,
    weight: FloatArray | None,
    n_bins: int,
    special: tuple[SpecialGroup, ...] = (),
) -> FeatureSpec:
    """Return bins of equal weight; infinite and special values make no edge."""
    codes = [code for group in special for code in group.codes]
    if weight is None:
        values = np.sort(x)  # missing values come last
        first, last = np.searchsorted(values, [-np.inf, np.inf], side="right")
        values = values[first : np.searchsorted(values[:last], np.inf)]
        if codes:
            values = values[~np.isin(values, codes)]
        edges = sorted_edges(values, n_bins)
    else:
        kept = np.isfinite(x) & (weight > 0) & ~np.isin(x, codes)
        few = distinct_edges(np.sort(x[kept]), n_bins)
        edges = (
            few if few is not None else quantile_edges(x[kept], n_bins, weight[kept])
        )
    return FeatureSpec(name, "numeric", tuple(edges.tolist()), special=special)


def learn_levels(
    name: str,
    column: Any,
    weight: FloatArray | None,
    max_levels: int,
    min_level_n: float,
    special: tuple[SpecialGroup, ...] = (),
) -> FeatureSpec:
    """Return a bin for each common level; all others are as if unseen.

    A level of a handful of accounts can be a person's name, so it is not kept.
    """
    coded = level_column(column, name)
    known = coded.codes >= 0
    n = np.bincount(
        coded.codes[known],
        None if weight is None else weight[known],
        minlength=len(coded.levels),
    )
    taken = {str(code) for group in special for code in group.codes}
    common = [
        (-count, level)
        for count, level in zip(n.tolist(), coded.levels, strict=True)
        if count >= min_level_n and level not in taken
    ]
    levels = tuple((level,) for _, level in sorted(common)[:max_levels])
    return FeatureSpec(name, "categorical", levels=levels, special=special)


def given_bins(bins: Any) -> dict[str, BinnedSpec]:
    """Return the bins of a model, a binner, a baseline, or a mapping, by feature."""
    if bins is None:
        return {}
    spec = getattr(bins, "spec_", bins)
    if hasattr(spec, "characteristics"):
        return {
            c.feature.name: BinnedSpec(c.feature, tuple(c.points))
            for c in spec.characteristics
        }
    if hasattr(bins, "to_spec") and hasattr(bins.to_spec(), "binned"):
        return {item.feature.name: item for item in bins.to_spec().features}
    tables = getattr(bins, "binning_tables_", bins)
    if not isinstance(tables, Mapping):
        msg = (
            "bins must be a fitted binner or scorecard, a Baseline, or a mapping from "
            f"feature to FeatureSpec; got {type(bins).__name__}."
        )
        raise InvalidTypeError(msg)
    found = {}
    for name, table in tables.items():
        feature = getattr(table, "feature", table)
        if not isinstance(feature, FeatureSpec):
            msg = (
                f"bins[{name!r}] must be a FeatureSpec or a BinningTable; got "
                f"{type(table).__name__}."
            )
            raise InvalidTypeError(msg)
        found[name] = BinnedSpec(feature)
    return found


def special_groups(
    special_codes: Any, kinds: Mapping[str, str]
) -> dict[str, tuple[SpecialGroup, ...]]:
    """Return the special codes of each feature, one group a code.

    Numbers in a sequence for all features concern the numeric ones, text concerns the
    categorical ones; a mapping names features.
    """
    if isinstance(special_codes, Mapping):
        for name in special_codes:
            if name not in kinds:
                hint = did_you_mean(name, kinds)
                msg = f"special_codes names {name!r}, which is no feature.{hint}"
                raise InvalidParameterError(msg)
        of_feature = dict(special_codes)
    else:
        of_feature = dict.fromkeys(kinds, special_codes)
    return {name: _groups(of_feature.get(name), kind) for name, kind in kinds.items()}


def _groups(codes: Any, kind: str) -> tuple[SpecialGroup, ...]:
    if codes is None:
        return ()
    if isinstance(codes, str) or not isinstance(codes, Sequence):
        msg = (
            "special_codes must be a sequence of codes, or a mapping from feature to "
            f"one; got {type(codes).__name__}."
        )
        raise InvalidParameterError(msg)
    groups = []
    for code in codes:
        if kind == "numeric" and isinstance(code, Real) and math.isfinite(code):
            groups.append(SpecialGroup(f"Special: {level_key(code)}", (float(code),)))
        elif kind == "categorical" and isinstance(code, str):
            groups.append(SpecialGroup(f"Special: {code}", (code,)))
    return tuple(groups)
