"""Fitted state as plain data: the one place where training and serving meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.later import names_loaded_later

if TYPE_CHECKING:
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
    from riskkit.artifact._model import read_model
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
    from riskkit.artifact._scorecard import (
        CharacteristicSpec,
        ScalingSpec,
        ScorecardSpec,
    )
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

# Loaded when asked for: a scorer of cards starts without what others need.
if not TYPE_CHECKING:
    __getattr__, __dir__ = names_loaded_later(
        __name__,
        {
            "Artifact": "_container",
            "BaselineSpec": "_baseline",
            "BinnedSpec": "_population",
            "BlendSpec": "_blend",
            "BoostedMemberSpec": "_blend",
            "BoosterSpec": "_booster",
            "CalibrationSpec": "_pd_map",
            "CharacteristicSpec": "_scorecard",
            "CodingSpec": "_blend",
            "ConditionSpec": "_strategy_conditions",
            "CopulaStateSpec": "_detector_state",
            "CountsSpec": "_baseline",
            "DECISIONS": "_strategy_rules",
            "DetectorArtifact": "_detector_file",
            "DetectorFieldSpec": "_detector",
            "DetectorMemberSpec": "_detector",
            "DetectorSpec": "_detector",
            "FeatureSpec": "_features",
            "ForestMemberSpec": "_blend",
            "FraudSpec": "_fraud",
            "GoldenRowSpec": "_golden",
            "HistogramStateSpec": "_detector_state",
            "IntervalMapSpec": "_pd_map",
            "IsolationStateSpec": "_detector_state",
            "LIMITED_BY": "_strategy_limits",
            "LimitBandSpec": "_strategy_limits",
            "LimitSpec": "_strategy_limits",
            "LogOddsMapSpec": "_pd_map",
            "LogScaleSpec": "_detector",
            "MahalanobisStateSpec": "_detector_state",
            "Manifest": "_manifest",
            "MasterScaleSpec": "_pd_map",
            "NeighbourStateSpec": "_detector_state",
            "NodesSpec": "_nodes",
            "OpenedArtifact": "_open",
            "PDMapSpec": "_pd_map",
            "PROTOCOL": "_manifest",
            "PeriodSpec": "_population",
            "PopulationSpec": "_population",
            "ROUNDING": "_strategy_limits",
            "RecordDecision": "_strategy_record",
            "RecordGrant": "_strategy_record",
            "RowDecisions": "_strategy_rows",
            "RowGrants": "_strategy_rows",
            "RuleSpec": "_strategy_rules",
            "ScalingSpec": "_scorecard",
            "ScoreBandsSpec": "_strategy_bands",
            "ScorecardMemberSpec": "_blend",
            "ScorecardSpec": "_scorecard",
            "SegmentMap": "_pd_map",
            "SegmentedMapSpec": "_pd_map",
            "SignatureSpec": "_signature",
            "SpecialGroup": "_features",
            "StepMapSpec": "_pd_map",
            "StrategySpec": "_strategy",
            "StrategyStep": "_strategy",
            "SurpriseSpec": "_fraud",
            "TreeColumnSpec": "_booster",
            "TreeSpec": "_booster",
            "UnitColumnSpec": "_detector",
            "apply_pd_map": "_pd_map_values",
            "artifact_documents": "_open",
            "assign_column": "_features",
            "decide_record": "_strategy_record",
            "decide_rows": "_strategy_rows",
            "encode_column": "_features",
            "field_codes": "_detector",
            "golden_records": "_golden_records",
            "grant_record": "_strategy_record",
            "grant_rows": "_strategy_rows",
            "make_signing_keys": "_signature",
            "open_artifact": "_open",
            "read_artifact": "_container",
            "read_detector": "_detector_file",
            "read_limits": "_strategy_limits",
            "read_model": "_model",
            "read_population": "_population_file",
            "read_strategy": "_strategy",
            "sign_artifact": "_open",
            "write_artifact": "_container",
            "write_detector": "_detector_file",
            "write_population": "_population_file",
        },
    )
