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
from riskkit.artifact._detector import (
    DetectorFieldSpec,
    DetectorMemberSpec,
    DetectorSpec,
    LogScaleSpec,
    UnitColumnSpec,
    field_codes,
)
from riskkit.artifact._detector_file import (
    DetectorArtifact,
    read_detector,
    read_model,
    write_detector,
)
from riskkit.artifact._detector_state import (
    CopulaStateSpec,
    HistogramStateSpec,
    IsolationStateSpec,
    MahalanobisStateSpec,
    NeighbourStateSpec,
)
from riskkit.artifact._features import (
    FeatureSpec,
    SpecialGroup,
    assign_column,
    encode_column,
)
from riskkit.artifact._fraud import FraudSpec, SurpriseSpec
from riskkit.artifact._golden import GoldenRowSpec
from riskkit.artifact._golden_records import golden_records
from riskkit.artifact._manifest import PROTOCOL, Manifest
from riskkit.artifact._nodes import NodesSpec
from riskkit.artifact._open import (
    OpenedArtifact,
    artifact_documents,
    open_artifact,
    sign_artifact,
)
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
from riskkit.artifact._signature import SignatureSpec, make_signing_keys
from riskkit.artifact._strategy import StrategySpec, StrategyStep, read_strategy
from riskkit.artifact._strategy_bands import ScoreBandsSpec
from riskkit.artifact._strategy_conditions import ConditionSpec
from riskkit.artifact._strategy_limits import (
    LIMITED_BY,
    ROUNDING,
    LimitBandSpec,
    LimitSpec,
    read_limits,
)
from riskkit.artifact._strategy_record import (
    RecordDecision,
    RecordGrant,
    decide_record,
    grant_record,
)
from riskkit.artifact._strategy_rows import (
    RowDecisions,
    RowGrants,
    decide_rows,
    grant_rows,
)
from riskkit.artifact._strategy_rules import DECISIONS, RuleSpec

__all__ = [
    "DECISIONS",
    "LIMITED_BY",
    "PROTOCOL",
    "ROUNDING",
    "Artifact",
    "BaselineSpec",
    "BinnedSpec",
    "BlendSpec",
    "BoostedMemberSpec",
    "BoosterSpec",
    "CalibrationSpec",
    "CharacteristicSpec",
    "CodingSpec",
    "ConditionSpec",
    "CopulaStateSpec",
    "CountsSpec",
    "DetectorArtifact",
    "DetectorFieldSpec",
    "DetectorMemberSpec",
    "DetectorSpec",
    "FeatureSpec",
    "ForestMemberSpec",
    "FraudSpec",
    "GoldenRowSpec",
    "HistogramStateSpec",
    "IntervalMapSpec",
    "IsolationStateSpec",
    "LimitBandSpec",
    "LimitSpec",
    "LogOddsMapSpec",
    "LogScaleSpec",
    "MahalanobisStateSpec",
    "Manifest",
    "MasterScaleSpec",
    "NeighbourStateSpec",
    "NodesSpec",
    "OpenedArtifact",
    "PDMapSpec",
    "PeriodSpec",
    "PopulationSpec",
    "RecordDecision",
    "RecordGrant",
    "RowDecisions",
    "RowGrants",
    "RuleSpec",
    "ScalingSpec",
    "ScoreBandsSpec",
    "ScorecardMemberSpec",
    "ScorecardSpec",
    "SegmentMap",
    "SegmentedMapSpec",
    "SignatureSpec",
    "SpecialGroup",
    "StepMapSpec",
    "StrategySpec",
    "StrategyStep",
    "SurpriseSpec",
    "TreeColumnSpec",
    "TreeSpec",
    "UnitColumnSpec",
    "apply_pd_map",
    "artifact_documents",
    "assign_column",
    "decide_record",
    "decide_rows",
    "encode_column",
    "field_codes",
    "golden_records",
    "grant_record",
    "grant_rows",
    "make_signing_keys",
    "open_artifact",
    "read_artifact",
    "read_detector",
    "read_limits",
    "read_model",
    "read_population",
    "read_strategy",
    "sign_artifact",
    "write_artifact",
    "write_detector",
    "write_population",
]
