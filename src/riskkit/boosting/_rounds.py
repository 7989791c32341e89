"""How many trees: all folds grow in step, and stop where their mean loss is least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._core.progress import Progress
    from riskkit.boosting._plan import Trainer
    from riskkit.typing import FloatArray

__all__ = ["RoundSearch", "find_rounds", "grow"]


@dataclass(frozen=True, eq=False)
class RoundSearch:
    """The number of rounds, and the held-out log-loss after 0, 1, 2, ... of them."""

    n_rounds: int
    curve: FloatArray


def find_rounds(
    trainers: Sequence[Trainer],
    weights: Sequence[float],
    start: Sequence[float],
    *,
    max_rounds: int,
    patience: int,
    progress: Progress,
) -> RoundSearch:
    """Grow one tree in each fold at a time until the mean loss has not fallen lately.

    One number of rounds for all folds, at the least of their mean curve, is found more
    surely than the mean of each fold's own: the noise of single folds cancels before
    the least is taken. `start` is the loss of each fold without a tree, so no tree
    at all is a possible answer.
    """
    share = np.asarray(weights) / np.sum(weights)
    curve = [float(share @ start)]
    best = 0
    progress.stage("Finding the number of rounds")
    for n in range(1, max_rounds + 1):
        losses = [_grow(trainer) for trainer in trainers]
        curve.append(float(share @ losses))
        progress.step(f"held-out log-loss {curve[-1]:.5f}")
        if curve[n] < curve[best]:
            best = n
        elif n - best >= patience:
            break
    return RoundSearch(best, np.array(curve))


def grow(trainer: Trainer, n_rounds: int, progress: Progress) -> Trainer:
    """Grow a known number of trees."""
    for _ in range(n_rounds):
        trainer.update()
        progress.step()
    return trainer


def _grow(trainer: Trainer) -> float:
    trainer.update()
    return trainer.held_out_loss()
