"""From scores to approvals, limits and strategies."""

from __future__ import annotations

from riskkit.decision._ab_result import ABTestResult
from riskkit.decision._ab_sample_size import ABSampleSize, ab_sample_size
from riskkit.decision._ab_test import ab_test
from riskkit.decision._champion import champion_challenger
from riskkit.decision._champion_result import ChampionChallengerResult
from riskkit.decision._choose import choose_cutoff
from riskkit.decision._cohort import cohort_followup
from riskkit.decision._cohort_result import CohortResult
from riskkit.decision._cutoff_choice import CutoffChoice
from riskkit.decision._cutoffs import CutoffResult, cutoff_table
from riskkit.decision._frontier import FrontierResult, efficient_frontier
from riskkit.decision._funnel import FunnelResult, funnel
from riskkit.decision._funnel_change import FunnelChangeResult
from riskkit.decision._limits import Grant, LimitPolicy, LimitResult
from riskkit.decision._matrix import ScoreMatrixResult, score_matrix
from riskkit.decision._overrides import OverrideResult, override_table
from riskkit.decision._quadrant import QuadrantResult, channel_quadrant
from riskkit.decision._response import response_gains
from riskkit.decision._response_result import ResponseGainsResult
from riskkit.decision._score_segments import ScoreSegments
from riskkit.decision._segments import segment_by_score
from riskkit.decision._simulate import SimulationResult
from riskkit.decision._strategy import Strategy
from riskkit.decision._strategy_compare import (
    StrategyComparisonResult,
    compare_strategies,
)
from riskkit.decision._strategy_result import Decision, StrategyResult
from riskkit.decision._swap import SwapResult, swap_set

__all__ = [
    "ABSampleSize",
    "ABTestResult",
    "ChampionChallengerResult",
    "CohortResult",
    "CutoffChoice",
    "CutoffResult",
    "Decision",
    "FrontierResult",
    "FunnelChangeResult",
    "FunnelResult",
    "Grant",
    "LimitPolicy",
    "LimitResult",
    "OverrideResult",
    "QuadrantResult",
    "ResponseGainsResult",
    "ScoreMatrixResult",
    "ScoreSegments",
    "SimulationResult",
    "Strategy",
    "StrategyComparisonResult",
    "StrategyResult",
    "SwapResult",
    "ab_sample_size",
    "ab_test",
    "champion_challenger",
    "channel_quadrant",
    "choose_cutoff",
    "cohort_followup",
    "compare_strategies",
    "cutoff_table",
    "efficient_frontier",
    "funnel",
    "override_table",
    "response_gains",
    "score_matrix",
    "segment_by_score",
    "swap_set",
]
