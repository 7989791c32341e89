"""Replaying the edits of people after the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import did_you_mean
from riskkit.binning._edits import BinEdit, PinWoE, edit_from_dict
from riskkit.binning._given import count_feature
from riskkit.binning._joins import carry_joins
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit._core.inputs import Training
    from riskkit.binning._partition import FeaturePartition
    from riskkit.binning._table import BinningTable

__all__ = ["pin_evidence", "read_edits", "replay_edits"]


def read_edits(edits: Any, names: Sequence[str]) -> dict[str, tuple[BinEdit, ...]]:
    """Return the edits of each feature, in order; dicts are read as edits."""
    if edits is None:
        return {}
    if isinstance(edits, Mapping | BinEdit | str) or not isinstance(edits, Sequence):
        msg = f"edits must be a sequence of edits; got {type(edits).__name__}."
        raise InvalidParameterError(msg)
    by_feature: dict[str, tuple[BinEdit, ...]] = {}
    for given in edits:
        edit = edit_from_dict(given) if isinstance(given, Mapping) else given
        if not isinstance(edit, BinEdit):
            msg = f"edits must hold edits such as MergeBins; got {given!r}."
            raise InvalidParameterError(msg)
        if edit.feature not in names:
            hint = did_you_mean(edit.feature, names)
            msg = f"An edit names {edit.feature!r}, which is no feature.{hint}"
            raise InvalidParameterError(msg)
        by_feature[edit.feature] = (*by_feature.get(edit.feature, ()), edit)
    return by_feature


def replay_edits(
    found: Mapping[str, FeaturePartition],
    edits: Mapping[str, tuple[BinEdit, ...]],
    training: Training,
) -> dict[str, FeaturePartition]:
    """Return the partitions with the edits of bins applied and counted again."""
    changed = dict(found)
    for name, changes in edits.items():
        feature = found[name].feature
        for edit in changes:
            feature = edit.apply(feature)
        if feature == found[name].feature:
            continue
        counted = count_feature(training, feature, one_bin="edited to one bin")
        status = "edited" if feature.n_regular > 1 else "single_bin"
        changed[name] = replace(
            counted,
            found=replace(counted.found, status=status),
            joins=carry_joins(found[name].feature, found[name].joins, feature),
        )
    return changed


def pin_evidence(table: BinningTable, edits: tuple[BinEdit, ...]) -> BinningTable:
    """Return the table with its edits on record, and the WoE that they fix."""
    woe = table.woe.copy()
    for edit in edits:
        if isinstance(edit, PinWoE):
            # Bins that share their evidence share what is pinned, too.
            pool = table.joins[edit.position(table.feature)]
            woe[np.asarray(table.joins) == pool] = float(edit.woe)
    return replace(table, woe=woe, edits=edits)
