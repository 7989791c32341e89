"""Binning of raw features and their weight of evidence."""

from __future__ import annotations

from riskkit.binning._continuous import ContinuousBinner
from riskkit.binning._counted import FeatureCounts
from riskkit.binning._cross_encoder import WoECrossEncoder
from riskkit.binning._edits import (
    BinEdit,
    MergeBins,
    MoveLevel,
    PinWoE,
    SetEdges,
    SetGroups,
    SplitBin,
    edit_from_dict,
)
from riskkit.binning._iv_selector import IVSelector
from riskkit.binning._manual import ManualBinner
from riskkit.binning._multiclass import MulticlassBinner
from riskkit.binning._optbinning_convert import from_optbinning, to_optbinning
from riskkit.binning._optimal import OptimalBinner
from riskkit.binning._pairs import PairBinner
from riskkit.binning._table import BinningTable

__all__ = [
    "BinEdit",
    "BinningTable",
    "ContinuousBinner",
    "FeatureCounts",
    "IVSelector",
    "ManualBinner",
    "MergeBins",
    "MoveLevel",
    "MulticlassBinner",
    "OptimalBinner",
    "PairBinner",
    "PinWoE",
    "SetEdges",
    "SetGroups",
    "SplitBin",
    "WoECrossEncoder",
    "edit_from_dict",
    "from_optbinning",
    "to_optbinning",
]
