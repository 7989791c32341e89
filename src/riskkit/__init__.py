"""Credit-risk modelling: scorecards, PD models, fraud, monitoring and serving."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "artifact",
    "backtest",
    "binning",
    "boosting",
    "calibration",
    "cli",
    "datasets",
    "decision",
    "engines",
    "exceptions",
    "explain",
    "export",
    "fraud",
    "metrics",
    "monitoring",
    "plotting",
    "reporting",
    "scaling",
    "schema",
    "scorecard",
    "serving",
    "typing",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"riskkit.{name}")
    msg = f"module 'riskkit' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
