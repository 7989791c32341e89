"""Counted columns as what a fit takes, and as a row that says how finely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.binning import FeatureCounts
from riskkit.engines._columns import NumberCounts, add_columns
from riskkit.engines._levels import LevelCounts
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.engines._columns import ColumnCounts
    from riskkit.engines._levels import NamedLevels

__all__ = ["counts_by_period", "counts_of_column", "describe_column"]


def counts_of_column(
    name: str, column: ColumnCounts, special_codes: Any, max_levels: int
) -> FeatureCounts:
    """Return the values of a column with their counts."""
    if isinstance(column, NumberCounts):
        return column.feature_counts(special_codes)
    if column.levels is None:
        named = _frequent(name, column, max_levels)
        return _of_named(named, column.missing)
    return FeatureCounts(
        np.array([*column.levels, None], dtype=object),
        np.append(column.counts[0], column.missing[0]),
        np.append(column.counts[1], column.missing[1]),
    )


def counts_by_period(
    name: str,
    whole: ColumnCounts,
    slices: Mapping[str | None, ColumnCounts],
    special_codes: Any,
    limits: Mapping[str, int],
) -> FeatureCounts:
    """Return the values of a column in each period, all as finely as the whole."""
    max_levels = limits["max_levels"]
    levels = None
    if isinstance(whole, LevelCounts) and whole.levels is None:
        levels = _frequent(name, whole, max_levels).levels
    parts: list[tuple[str | None, FeatureCounts]] = []
    for label, column in slices.items():
        if column.kind != whole.kind:  # it holds missing values alone
            column = add_columns(name, column, _blank_like(whole), limits)
        if isinstance(column, NumberCounts) and isinstance(whole, NumberCounts):
            column = column.widen(whole.bands.n_bits)
        if isinstance(column, LevelCounts) and levels is not None:
            own = _of_named(column.only(levels), column.missing)
        else:
            own = counts_of_column(name, column, special_codes, max_levels)
        parts.append((label, own))
    first = parts[0][1]
    return FeatureCounts(
        np.concatenate([np.asarray(own.values) for _, own in parts]),
        np.concatenate([np.asarray(own.n_event) for _, own in parts]),
        np.concatenate([np.asarray(own.n_nonevent) for _, own in parts]),
        period=np.concatenate(
            [np.full(np.size(own.values), p, dtype=object) for p, own in parts]
        ),
        banded=first.banded,
        exact=first.exact,
        is_other=_joined([own.is_other for _, own in parts]),
    )


def describe_column(
    name: str, column: ColumnCounts, n: float, max_levels: int
) -> dict[str, Any]:
    """Return a row that says how a column is counted, and how finely."""
    row = {"feature": name, "kind": column.kind}
    n_missing = sum(column.missing)
    if isinstance(column, NumberCounts):
        bands = column.bands
        share = 0.0
        if bands.n_bits:
            share = float(np.max(bands.n_event + bands.n_nonevent) / n)
        return row | {
            "n_values": len(bands.upper) + len(column.codes),
            "n_digits": 52 - bands.n_bits,
            "relative_width": 2.0 ** (bands.n_bits - 52) if bands.n_bits else 0.0,
            "largest_share": share,
            "n_missing": n_missing,
        }
    size: float = len(column.levels or ())
    pooled = 0.0
    if column.levels is None:
        named = column.frequent(max_levels)
        size = np.nan if named is None else len(named.levels)
        pooled = (column.counts if named is None else named.rest).sum()
    return row | {
        "n_values": size,
        "n_digits": 52,
        "relative_width": 0.0,
        "largest_share": float(pooled / n) if n else 0.0,
        "n_missing": n_missing,
    }


def _frequent(name: str, column: LevelCounts, max_levels: int) -> NamedLevels:
    named = column.frequent(max_levels)
    if named is None:
        msg = (
            f"Column {name!r} must have at most max_levels levels ({max_levels}), or "
            "be counted a second time, so that its frequent levels get names; it has "
            "more, and was counted once. Give collect_stats a source that can be read "
            "twice, or count the rows again with FrequentLevels; or group its levels, "
            "count with more max_levels, or leave it out."
        )
        raise InvalidInputError(msg)
    return named


def _of_named(named: NamedLevels, missing: tuple[float, float]) -> FeatureCounts:
    """Return levels, all others as one entry, and missing values."""
    n = len(named.levels)
    return FeatureCounts(
        np.array([*named.levels, None, None], dtype=object),
        np.concatenate([named.counts[0], [named.rest[0], missing[0]]]),
        np.concatenate([named.counts[1], [named.rest[1], missing[1]]]),
        is_other=np.arange(n + 2) == n,
    )


def _joined(masks: Sequence[Any]) -> Any:
    return None if masks[0] is None else np.concatenate(masks)


def _blank_like(column: ColumnCounts) -> ColumnCounts:
    """Return counts of no rows of the same kind."""
    if isinstance(column, LevelCounts):
        return LevelCounts.of_none()
    none = np.zeros(0)
    return NumberCounts.of_rows(
        none, np.zeros(0, dtype=bool), None, column.codes, max_values=1
    )
