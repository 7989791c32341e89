"""The results behind a monitoring report, by their kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.monitoring import (
    AlertPerformanceResult,
    EarlyPerformanceResult,
    EstimateResult,
    FeedResult,
    PerformanceResult,
    ScoreCheckResult,
    StabilityResult,
)

__all__ = ["Sources"]


@dataclass(frozen=True)
class Sources:
    """The results of a run, one of each kind or none."""

    stability: StabilityResult | None = None
    performance: PerformanceResult | None = None
    early: EarlyPerformanceResult | None = None
    estimate: EstimateResult | None = None
    feeds: FeedResult | None = None
    scores: ScoreCheckResult | None = None
    alerts: AlertPerformanceResult | None = None

    @classmethod
    def read(cls, results: tuple[Any, ...]) -> Sources:
        """Sort results by their kind."""
        names = [_KINDS.get(type(result)) for result in results]
        for name, result in zip(names, results, strict=True):
            if name is None:
                known = ", ".join(sorted(kind.__name__ for kind in _KINDS))
                msg = (
                    f"results must be of riskkit.monitoring ({known}); got "
                    f"{type(result).__name__}."
                )
                raise InvalidTypeError(msg)
        twice = [name for name, n in Counter(names).items() if n > 1]
        if twice:
            msg = (
                f"results must be of different kinds; got several of {twice[0]!r}. "
                "Make a report for each."
            )
            raise InvalidInputError(msg)
        held = {str(k): v for k, v in zip(names, results, strict=True)}
        stability = held.get("stability")
        if stability is not None and not stability.periods:
            msg = "The stability result must hold a period; it is of none."
            raise InvalidInputError(msg)
        return cls(**held)


_KINDS: dict[type, str] = {
    StabilityResult: "stability",
    PerformanceResult: "performance",
    EarlyPerformanceResult: "early",
    EstimateResult: "estimate",
    FeedResult: "feeds",
    ScoreCheckResult: "scores",
    AlertPerformanceResult: "alerts",
}
