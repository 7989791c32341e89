"""The rows of a table through a blend, by NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.calibration import log_odds_of
from riskkit._kernels.forest import forest_mean, forest_steps, mean_of_roots
from riskkit._kernels.leaf_masks import sum_reached, word_size
from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.points import largest_losses, points_line
from riskkit._kernels.tree_shapley import leaf_paths, mean_of_leaves, shapley_values
from riskkit._kernels.trees import sum_trees
from riskkit.artifact import (
    BoostedMemberSpec,
    ScorecardMemberSpec,
    apply_pd_map,
)
from riskkit.serving._table import assign

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit._core.frames import Table
    from riskkit.artifact import (
        BlendSpec,
        CodingSpec,
        FeatureSpec,
        ForestMemberSpec,
    )
    from riskkit.artifact._blend import MemberSpec
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["BlendRows", "contributions", "score_rows"]

# Rows that walk the trees at a time: their codes stay in the processor's cache.
_BLOCK = 16_384


class BlendRows(NamedTuple):
    """PDs, points, log-odds, and the places and points of the reasons."""

    pd: FloatArray
    points: FloatArray
    log_odds: FloatArray
    reasons: NDArray[np.object_]
    points_lost: FloatArray


def score_rows(spec: BlendSpec, table: Table, n_reasons: int) -> BlendRows:
    """Return the scores of rows, and the first reasons of each."""
    rows = _Rows(table)
    raw = np.zeros(table.n_rows)
    for member in spec.members:
        raw += member.weight * _log_odds(member, rows)
    pd, log_odds = _calibrated(spec, raw)
    scaling = spec.scaling
    factor, offset = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    points = offset - factor * log_odds
    if scaling.rounding == "integer":
        points = np.rint(points)
    n_shown = min(n_reasons, len(spec.names))
    names = np.array([*spec.names, None], dtype=object)
    lost = np.zeros((table.n_rows, n_shown))
    reasons = np.full(lost.shape, None, dtype=object)
    if n_shown:
        base, values = _contributions(spec, rows)
        gap = raw - base
        if spec.calibration is not None:
            moved = _calibrated(spec, np.array([base]))[1][0]
            flat = np.abs(gap) < 1e-12
            slope = (log_odds - moved) / np.where(flat, 1.0, gap)
            values *= np.where(flat, 1.0, slope)[:, None]
        losses = factor * (values - np.array(spec.reference))
        places = largest_losses(losses, n_shown)
        reasons = names[places]  # -1 is the None at the end
        lost = np.where(
            places < 0, 0.0, np.take_along_axis(losses, np.maximum(places, 0), axis=1)
        )
    return BlendRows(pd, points, log_odds, reasons, lost)


def contributions(spec: BlendSpec, table: Table) -> tuple[float, FloatArray]:
    """Return a base, and what each field adds to each row before any calibration."""
    return _contributions(spec, _Rows(table))


class _Rows:
    """Raw rows, and their bins and codes as soon as a member asks for them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._bins: dict[FeatureSpec, CodeArray] = {}
        self._codes: dict[int, NDArray[np.float32]] = {}

    def bins(self, feature: FeatureSpec) -> CodeArray:
        """Return the bin of every row."""
        if feature not in self._bins:
            self._bins[feature] = assign(feature, self.table.column(feature.name))
        return self._bins[feature]

    def codes(self, coding: CodingSpec) -> NDArray[np.float32]:
        """Return the codes that trees split on, NaN where there is none."""
        if id(coding) not in self._codes:
            shape = (self.table.n_rows, len(coding.columns))
            codes = np.empty(shape, dtype=np.float32)
            for k, column in enumerate(coding.columns):
                values = np.array(column.codes, dtype=np.float32)
                codes[:, k] = values[self.bins(coding.features[column.feature])]
            self._codes[id(coding)] = codes
        return self._codes[id(coding)]


def _calibrated(spec: BlendSpec, raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return PDs and their log-odds, for log-odds of the members."""
    if spec.calibration is None:
        return sigmoid(raw), raw
    pd = apply_pd_map([spec.calibration], raw)[0]
    return pd, log_odds_of(pd, is_pd=True)


def _log_odds(member: MemberSpec, rows: _Rows) -> FloatArray:
    if isinstance(member, ScorecardMemberSpec):
        return sum_in_order(member.card.intercept, _terms(member, rows), _size(rows))
    codes = rows.codes(member.coding)
    if isinstance(member, BoostedMemberSpec):
        trees = member.nodes.trees()
        bits = word_size(trees)
        if bits is not None:
            return member.intercept + sum_reached(trees, codes, bits)
        total = np.empty(_size(rows))
        for start in range(0, _size(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            total[part] = sum_trees(trees, codes[part])
        return member.intercept + total
    return _share_log_odds(forest_mean(member.nodes.forest(), codes), member.floor)


def _contributions(spec: BlendSpec, rows: _Rows) -> tuple[float, FloatArray]:
    """Return the base, and what each field adds to each row before calibration."""
    place = {name: k for k, name in enumerate(spec.names)}
    base, values = 0.0, np.zeros((_size(rows), len(spec.names)))
    for member in spec.members:
        start, added = _parts(member, rows)
        base += member.weight * start
        for feature, column in zip(member.features, added.T, strict=True):
            values[:, place[feature.name]] += member.weight * column
    return base, values


def _parts(member: MemberSpec, rows: _Rows) -> tuple[float, FloatArray]:
    """Return the base of a member, and what each of its features adds."""
    if isinstance(member, ScorecardMemberSpec):
        added = np.zeros((_size(rows), len(member.means)))
        pairs = zip(_terms(member, rows), member.means, strict=True)
        for k, (term, mean) in enumerate(pairs):
            added[:, k] = term - mean
        return member.card.intercept + sum(member.means), added
    if isinstance(member, BoostedMemberSpec):
        paths = leaf_paths(member.nodes.trees(), member.nodes.covers())
        by_column = shapley_values(paths, rows.codes(member.coding))
        added = _by_feature(member, by_column)
        return member.intercept + mean_of_leaves(paths), added
    return _forest_parts(member, rows)


def _forest_parts(member: ForestMemberSpec, rows: _Rows) -> tuple[float, FloatArray]:
    arrays = member.nodes.forest()
    codes = rows.codes(member.coding)
    steps = forest_steps(arrays, codes)
    root = mean_of_roots(arrays)
    base = float(_share_log_odds(np.array([root]), member.floor)[0])
    moved = sum_in_order(0.0, list(steps.T), _size(rows))
    still = np.abs(moved) < 1e-9
    gap = _share_log_odds(forest_mean(arrays, codes), member.floor) - base
    slope = gap / np.where(still, 1.0, moved)
    slope[still] = 1.0 / (root * (1.0 - root))
    return base, _by_feature(member, steps) * slope[:, None]


def _by_feature(
    member: BoostedMemberSpec | ForestMemberSpec, by_column: FloatArray
) -> FloatArray:
    added = np.zeros((by_column.shape[0], len(member.features)))
    for k, column in enumerate(member.coding.columns):
        added[:, column.feature] += by_column[:, k]
    return added


def _terms(member: ScorecardMemberSpec, rows: _Rows) -> list[FloatArray]:
    return [
        take_values(np.asarray(item.log_odds), rows.bins(item.feature))
        for item in member.card.characteristics
    ]


def _share_log_odds(share: FloatArray, floor: float) -> FloatArray:
    return log_odds_of(np.clip(share, floor, 1.0 - floor), is_pd=True)


def _size(rows: _Rows) -> int:
    return rows.table.n_rows
