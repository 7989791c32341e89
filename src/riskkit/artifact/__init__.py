"""Fitted state as plain data: the one place where training and serving meet."""

from __future__ import annotations

from riskkit.artifact._baseline import BaselineSpec, CountsSpec
from riskkit.artifact._container import Artifact, read_artifact, write_artifact
from riskkit.artifact._features import (
    FeatureSpec,
    SpecialGroup,
    assign_column,
    encode_column,
)
from riskkit.artifact._manifest import PROTOCOL, Manifest
from riskkit.artifact._scorecard import CharacteristicSpec, ScalingSpec, ScorecardSpec

__all__ = [
    "PROTOCOL",
    "Artifact",
    "BaselineSpec",
    "CharacteristicSpec",
    "CountsSpec",
    "FeatureSpec",
    "Manifest",
    "ScalingSpec",
    "ScorecardSpec",
    "SpecialGroup",
    "assign_column",
    "encode_column",
    "read_artifact",
    "write_artifact",
]
