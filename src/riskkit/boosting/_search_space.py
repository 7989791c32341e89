"""Which parameters a search may try, and how it draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidParameterError, MissingExtraError

if TYPE_CHECKING:
    from numpy.random import RandomState

__all__ = ["Choice", "Range", "Sampler", "Space", "make_sampler", "read_space"]

_COMMON: dict[str, Any] = {
    "learning_rate": (0.02, 0.1, "log"),
    "colsample": (0.3, 1.0),
    "subsample": [0.6, 0.8, 1.0],
    "reg_lambda": (0.1, 100.0, "log"),
}
# Around the presets, and never wider than what credit tables have been seen to want.
_SPACES: dict[str, dict[str, Any]] = {
    "LGBMPDClassifier": {
        "num_leaves": [4, 6, 8, 12, 15, 24, 31],
        "min_child_samples": (5, 200, "log"),
        **_COMMON,
    },
    "XGBPDClassifier": {
        "max_depth": [2, 3, 4, 5, 6],
        "min_child_weight": (1.0, 50.0, "log"),
        **_COMMON,
    },
}


@dataclass(frozen=True)
class Choice:
    """One of some values, all as likely."""

    values: tuple[Any, ...]

    def draw(self, rng: RandomState) -> Any:
        """Return a value."""
        return self.values[rng.randint(len(self.values))]

    def suggest(self, trial: Any, name: str) -> Any:
        """Return what optuna proposes."""
        # By its place, because optuna keeps only plain values.
        places = list(range(len(self.values)))
        return self.values[trial.suggest_categorical(name, places)]


@dataclass(frozen=True)
class Range:
    """A number between two ends, even or by order of magnitude."""

    low: float
    high: float
    is_log: bool
    is_int: bool

    def draw(self, rng: RandomState) -> Any:
        """Return a number."""
        low, high = self.low, self.high + (1 if self.is_int else 0)
        share = rng.random_sample()
        if self.is_log:
            value = float(np.exp(np.log(low) + share * np.log(high / low)))
        else:
            value = low + share * (high - low)
        return min(int(value), int(self.high)) if self.is_int else value

    def suggest(self, trial: Any, name: str) -> Any:
        """Return what optuna proposes."""
        ask = trial.suggest_int if self.is_int else trial.suggest_float
        low, high = (
            (int(self.low), int(self.high)) if self.is_int else (self.low, self.high)
        )
        return ask(name, low, high, log=self.is_log)


Space = dict[str, Choice | Range]


class Sampler(Protocol):
    """Proposes parameters, and may learn from what became of them."""

    def ask(self) -> dict[str, Any]:
        """Return parameters to try."""

    def tell(self, loss: float) -> None:
        """Hear the loss of those proposed last."""


class _RandomSampler:
    """Draws independently of what came before."""

    def __init__(self, space: Space, rng: RandomState) -> None:
        self._space, self._rng = space, rng

    def ask(self) -> dict[str, Any]:
        return {name: part.draw(self._rng) for name, part in self._space.items()}

    def tell(self, loss: float) -> None:
        del loss


class _TPESampler:
    """Draws where optuna's tree-structured Parzen estimator sees promise."""

    def __init__(self, space: Space, rng: RandomState) -> None:
        try:
            optuna: Any = import_module("optuna")
        except ImportError as error:
            msg = (
                "sampler='tpe' needs optuna, which is not installed. Install it with "
                "'pip install riskkit[tune]', or use sampler='random'."
            )
            raise MissingExtraError(msg) from error
        sampler = optuna.samplers.TPESampler(seed=int(rng.randint(2**31 - 1)))
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            self._study = optuna.create_study(sampler=sampler)
        finally:
            optuna.logging.set_verbosity(before)
        self._space = space

    def ask(self) -> dict[str, Any]:
        self._trial = self._study.ask()
        return {n: part.suggest(self._trial, n) for n, part in self._space.items()}

    def tell(self, loss: float) -> None:
        self._study.tell(self._trial, loss)


def make_sampler(name: str, space: Space, rng: RandomState) -> Sampler:
    """Return what proposes the trials of a search."""
    return _TPESampler(space, rng) if name == "tpe" else _RandomSampler(space, rng)


def read_space(estimator: Any, space: Any) -> Space:
    """Check a search space; None takes the one that belongs to the class."""
    if space is None:
        given = _SPACES.get(type(estimator).__name__)
        if given is None:
            msg = (
                f"space must be given for {type(estimator).__name__}; there is one of "
                f"its own for {' and '.join(_SPACES)}."
            )
            raise InvalidParameterError(msg)
    elif isinstance(space, Mapping) and space:
        given = dict(space)
    else:
        msg = (
            f"space must be a mapping of parameters to what they may be; got {space!r}."
        )
        raise InvalidParameterError(msg)
    known = estimator.get_params(deep=True)
    for name in given:
        if name not in known:
            msg = (
                f"space must name parameters of {type(estimator).__name__}; it has no "
                f"{name!r}.{did_you_mean(name, known)}"
            )
            raise InvalidParameterError(msg)
    return {name: _read_part(name, part) for name, part in given.items()}


def _read_part(name: str, part: Any) -> Choice | Range:
    if isinstance(part, tuple):
        ends, word = part[:2], part[2:]
        numbers = len(ends) == 2 and all(
            isinstance(end, Real) and not isinstance(end, bool) and isfinite(end)
            for end in ends
        )
        if numbers and word in ((), ("log",)) and ends[0] < ends[1]:
            is_log = bool(word)
            if not is_log or ends[0] > 0:
                is_int = all(isinstance(end, Integral) for end in ends)
                return Range(float(ends[0]), float(ends[1]), is_log, is_int)
    elif isinstance(part, Sequence) and not isinstance(part, str) and part:
        return Choice(tuple(part))
    msg = (
        f"space[{name!r}] must be a list of values, or (low, high) or (low, high, "
        f"'log') with low < high, above 0 for 'log'; got {part!r}."
    )
    raise InvalidParameterError(msg)
