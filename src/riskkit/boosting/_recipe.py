"""Everything that a fit is asked for, the library aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit._core.inputs import Training
    from riskkit.boosting._plan import NewTrainer

__all__ = ["FEW_EVENTS", "FEW_ROUNDS", "Recipe", "is_long"]

# With fewer accounts of the rarer class a held-out fold holds a handful of them, and
# what it says about the number of rounds is chance. So many trees of one split each, at
# the learning rate of 0.05 and under the ridge penalty, stay close to the event rate.
FEW_EVENTS = 20
FEW_ROUNDS = 50
_LONG = 500_000  # cells of a table that take more than a few seconds


@dataclass(frozen=True)
class Recipe:
    """How a boosted model is fitted; `parameters` are in the library's words.

    `keeps_held_out` asks for the log-odds of every row by trees that have not seen it.
    """

    new_trainer: NewTrainer
    parameters: Mapping[str, Any]
    monotone: Any
    price_constraints: bool
    special_codes: Any
    unseen: str
    calibrator: Any
    n_rounds: int | None
    max_rounds: int
    patience: int
    inner_cv: Any
    max_bins: int
    is_thin: bool
    keeps_held_out: bool
    seed: int
    n_threads: int


def is_long(training: Training) -> bool:
    """Return whether a fit takes long enough for people to wonder."""
    return training.is_event.size * len(training.table.names) > _LONG
