"""The coarsest bins in which two scorecards each give one value.

Where both cards read a column, their bins are cut into pieces: intervals at the edges
of either, levels by the pair of groups they stand in, codes likewise. A level that
only one of them knows stands in the other's bin of unseen levels, unless that one
refuses such levels; then both together refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.bins import assign_bins
from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.artifact import CharacteristicSpec, ScorecardSpec
    from riskkit.typing import FloatArray, IntArray

__all__ = ["CommonBins", "pair_characteristics"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class CommonBins:
    """A feature with each card's characteristic, if it has one, and the bins' origin.

    `first_bins` and `second_bins` hold, for each bin of `feature`, the bin of the
    card's own characteristic that it is a piece of.
    """

    feature: FeatureSpec
    first: CharacteristicSpec | None
    second: CharacteristicSpec | None
    first_bins: IntArray
    second_bins: IntArray

    def of_first(self, what: str) -> FloatArray:
        """Return what the first card gives each bin: its points or its log-odds."""
        return _values(self.first, what, self.first_bins)

    def of_second(self, what: str) -> FloatArray:
        """Return what the second card gives each bin."""
        return _values(self.second, what, self.second_bins)


def pair_characteristics(
    first: ScorecardSpec, second: ScorecardSpec
) -> list[CommonBins]:
    """Return the characteristics of both cards, those of the second card first."""
    ours = {c.feature.name: c for c in first.characteristics}
    theirs = {c.feature.name: c for c in second.characteristics}
    paired = []
    for name, there in theirs.items():
        here = ours.get(name)
        paired.append(_alone(None, there) if here is None else _common(here, there))
    paired += [_alone(here, None) for name, here in ours.items() if name not in theirs]
    return paired


def _alone(
    first: CharacteristicSpec | None, second: CharacteristicSpec | None
) -> CommonBins:
    feature = (first or second).feature  # type: ignore[union-attr]  # one is given
    bins = np.arange(feature.n_bins)
    return CommonBins(feature, first, second, bins, bins)


def _common(first: CharacteristicSpec, second: CharacteristicSpec) -> CommonBins:
    a, b = first.feature, second.feature
    if a.kind != b.kind:
        msg = (
            f"Two scorecards that read {a.name!r} must both read numbers or both read "
            f"levels to share bins; one reads it as {a.kind}, the other as {b.kind}. "
            "Declare it alike in both, or leave it out of one."
        )
        raise InvalidParameterError(msg)
    numeric = a.kind == "numeric"
    edges, levels, regular = _intervals(a, b) if numeric else _groups(a, b)
    special, codes = _codes(a, b)
    pairs = [
        *regular,
        *codes,
        (a.missing_bin, b.missing_bin),
        (a.unseen_bin, b.unseen_bin),
    ]
    refuse = a.refuse_unseen or b.refuse_unseen
    return CommonBins(
        FeatureSpec(a.name, a.kind, edges, levels, special, refuse),
        first,
        second,
        *np.array(pairs, dtype=np.intp).T,
    )


def _intervals(
    a: FeatureSpec, b: FeatureSpec
) -> tuple[tuple[float, ...], tuple[tuple[str, ...], ...], list[Pair]]:
    edges = np.union1d(a.edges, b.edges)
    # An interval holds its upper edge, and the last one infinity.
    ends = np.append(edges, np.inf)
    of_a, of_b = (assign_bins(ends, np.asarray(f.edges, dtype=float)) for f in (a, b))
    pairs = list(zip(of_a.tolist(), of_b.tolist(), strict=True))
    return tuple(edges.tolist()), (), pairs


def _groups(
    a: FeatureSpec, b: FeatureSpec
) -> tuple[tuple[float, ...], tuple[tuple[str, ...], ...], list[Pair]]:
    codes = {str(code) for f in (a, b) for group in f.special for code in group.codes}
    levels = dict.fromkeys(lv for f in (a, b) for group in f.levels for lv in group)
    groups: dict[Pair, list[str]] = {}
    for level in levels:
        pair = _level_bins(level, a, b)
        if level not in codes and pair is not None:
            groups.setdefault(pair, []).append(level)
    pairs = sorted(groups)
    return (), tuple(tuple(groups[pair]) for pair in pairs), pairs


def _codes(
    a: FeatureSpec, b: FeatureSpec
) -> tuple[tuple[SpecialGroup, ...], list[Pair]]:
    """Return the groups of codes that either card names, split where they differ."""
    labels = [
        {code: group.label for group in f.special for code in group.codes}
        for f in (a, b)
    ]
    groups: dict[Pair, list[float | str]] = {}
    for code in dict.fromkeys([*labels[0], *labels[1]]):
        place = _code_bins if a.kind == "numeric" else _level_bins
        pair = place(code, a, b)
        if pair is not None:
            groups.setdefault(pair, []).append(code)
    special: list[SpecialGroup] = []
    for codes in groups.values():
        known = [names[codes[0]] for names in labels if codes[0] in names]
        label = " / ".join(dict.fromkeys(known))
        if label in {group.label for group in special}:
            label += f" ({', '.join(map(str, codes))})"
        special.append(SpecialGroup(label, tuple(codes)))  # type: ignore[arg-type]
    return tuple(special), list(groups)


def _code_bins(code: Any, a: FeatureSpec, b: FeatureSpec) -> Pair:
    """Return the bins of a number, which is a special code of one feature or both."""
    of_a, of_b = (
        f.special_bins().get(
            float(code), int(assign_bins(np.array([code]), np.array(f.edges))[0])
        )
        for f in (a, b)
    )
    return of_a, of_b


def _level_bins(level: Any, a: FeatureSpec, b: FeatureSpec) -> Pair | None:
    """Return the bins of a level; None if one of the features refuses it."""
    bins = []
    for f in (a, b):
        known = f.level_bins()
        if f.refuse_unseen and level not in known:
            return None
        bins.append(known.get(level, f.unseen_bin))
    return bins[0], bins[1]


def _values(item: CharacteristicSpec | None, what: str, bins: IntArray) -> FloatArray:
    if item is None:
        return np.zeros(bins.size)
    return np.asarray(getattr(item, what), dtype=np.float64)[bins]
