"""Out-of-time splits, backtests, vintages and validation of PDs."""

from __future__ import annotations

from riskkit.backtest._models import GivenScore
from riskkit.backtest._roll import roll_rates
from riskkit.backtest._roll_result import RollRateResult
from riskkit.backtest._rolling import rolling_backtest
from riskkit.backtest._rolling_result import BacktestResult
from riskkit.backtest._split import OutOfTimeSplit
from riskkit.backtest._transition import transition_matrix
from riskkit.backtest._transition_counts import TransitionCounts
from riskkit.backtest._transition_result import TransitionResult
from riskkit.backtest._validate import PDValidationResult, validate_pd
from riskkit.backtest._validate_limits import ValidationLimits
from riskkit.backtest._vintage import vintage_table
from riskkit.backtest._vintage_counts import VintageCounts
from riskkit.backtest._vintage_result import VintageResult
from riskkit.backtest._windows import Window

__all__ = [
    "BacktestResult",
    "GivenScore",
    "OutOfTimeSplit",
    "PDValidationResult",
    "RollRateResult",
    "TransitionCounts",
    "TransitionResult",
    "ValidationLimits",
    "VintageCounts",
    "VintageResult",
    "Window",
    "roll_rates",
    "rolling_backtest",
    "transition_matrix",
    "validate_pd",
    "vintage_table",
]
