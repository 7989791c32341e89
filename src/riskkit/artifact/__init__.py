"""Fitted state as plain data: the one place where training and serving meet."""

from __future__ import annotations

from riskkit.artifact._baseline import BaselineSpec, CountsSpec
from riskkit.artifact._blend import (
    BlendSpec,
    BoostedMemberSpec,
    CodingSpec,
    ForestMemberSpec,
    ScorecardMemberSpec,
)
from riskkit.artifact._booster import BoosterSpec, TreeColumnSpec, TreeSpec
from riskkit.artifact._container import Artifact, read_artifact, write_artifact
from riskkit.artifact._features import (
    FeatureSpec,
    SpecialGroup,
    assign_column,
    encode_column,
)
from riskkit.artifact._manifest import PROTOCOL, Manifest
from riskkit.artifact._nodes import NodesSpec
from riskkit.artifact._pd_map import (
    CalibrationSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
)
from riskkit.artifact._pd_map_values import apply_pd_map
from riskkit.artifact._population import BinnedSpec, PeriodSpec, PopulationSpec
from riskkit.artifact._population_file import read_population, write_population
from riskkit.artifact._scorecard import CharacteristicSpec, ScalingSpec, ScorecardSpec

__all__ = [
    "PROTOCOL",
    "Artifact",
    "BaselineSpec",
    "BinnedSpec",
    "BlendSpec",
    "BoostedMemberSpec",
    "BoosterSpec",
    "CalibrationSpec",
    "CharacteristicSpec",
    "CodingSpec",
    "CountsSpec",
    "FeatureSpec",
    "ForestMemberSpec",
    "IntervalMapSpec",
    "LogOddsMapSpec",
    "Manifest",
    "MasterScaleSpec",
    "NodesSpec",
    "PDMapSpec",
    "PeriodSpec",
    "PopulationSpec",
    "ScalingSpec",
    "ScorecardMemberSpec",
    "ScorecardSpec",
    "SegmentMap",
    "SegmentedMapSpec",
    "SpecialGroup",
    "StepMapSpec",
    "TreeColumnSpec",
    "TreeSpec",
    "apply_pd_map",
    "assign_column",
    "encode_column",
    "read_artifact",
    "read_population",
    "write_artifact",
    "write_population",
]
