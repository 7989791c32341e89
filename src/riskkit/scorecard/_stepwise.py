"""Stepwise choice of characteristics, with a record of every step.

Forward steps look at every column outside by its score test, which needs no fit, and
fit only the few best; backward steps look at Wald's tests. So a step costs a few fits
however many characteristics wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic_fit import LogisticFit, fit_logistic
from riskkit._kernels.logistic_inference import (
    coefficient_tests,
    log_likelihood,
    score_tests,
)
from riskkit._kernels.ranking import auc, score_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Search", "Step", "stepwise"]

_FITTED = 3  # candidates of a forward step, the best by their score tests
_MOST_STEPS = 3  # per characteristic: "both" could in principle go round in circles


@dataclass(frozen=True)
class Step:
    """One step of a stepwise search.

    Parameters
    ----------
    action : {"start", "add", "remove"}
        What was done.

    name : str
        The characteristic; empty at the start.

    p_value : float
        Of the score test when it was added, of Wald's test when it was removed.

    criterion : float
        Value after the step: AIC or BIC (smaller is better), AUC (larger is better),
        or the log-likelihood under "pvalue".
    """

    action: str
    name: str
    p_value: float
    criterion: float


@dataclass(frozen=True)
class Search:
    """What a search may do.

    ``groups`` holds a group number for each column, or -1; one column of a group at
    most enters. ``charge`` is the l1 charge of each column, ``size`` the number of free
    parameters that AIC and BIC count for it.
    """

    names: Sequence[str]
    direction: str
    criterion: str
    p_enter: float
    p_remove: float
    min_auc_gain: float
    must_have: frozenset[str]
    never: frozenset[str]
    groups: Sequence[int]
    charge: FloatArray
    size: FloatArray
    l2: float
    signed: bool
    max_iter: int


def stepwise(
    X: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    search: Search,
    progress: Callable[[str], None] | None = None,
) -> tuple[list[int], list[Step]]:
    """Return the columns chosen, in the order of the table, and the steps."""
    state = _State(X, is_event, weight, search)
    forced = [j for j, name in enumerate(search.names) if name in search.must_have]
    allowed = [j for j, name in enumerate(search.names) if name not in search.never]
    backward_only = search.direction == "backward"
    state.set_columns(allowed if backward_only else forced)
    steps = [Step("start", "", float("nan"), state.value)]
    for _ in range(_MOST_STEPS * max(1, len(allowed))):
        step = None
        if search.direction in ("forward", "both"):
            step = _add(state, allowed)
        if step is None and search.direction in ("backward", "both"):
            step = _remove(state, steps)
        if step is None:
            break
        steps.append(step)
        if progress is not None:
            progress(f"{step.action} {step.name}")
        if search.direction == "both" and step.action == "add":
            removed = _remove(state, steps)
            if removed is not None:
                steps.append(removed)
    return sorted(state.inside), steps


class _State:
    """The columns inside, their fit, and how good it is."""

    def __init__(
        self,
        X: FloatArray,
        is_event: BoolArray,
        weight: FloatArray | None,
        search: Search,
    ) -> None:
        self.X, self.is_event, self.weight, self.search = X, is_event, weight, search
        self.n = float(is_event.size if weight is None else weight.sum())
        self.set_columns([])

    def set_columns(self, columns: list[int]) -> None:
        """Fit these columns; those that get no weight are left out again."""
        fit = self.fit(columns)
        if self.search.signed:
            must = self.search.must_have
            kept = [
                j
                for j, b in zip(columns, fit.coefficients, strict=True)
                if b < 0 or self.search.names[j] in must
            ]
            if len(kept) < len(columns):
                columns, fit = kept, self.fit(kept)
        self.inside, self.result = columns, fit
        self.log_odds = fit.intercept + self.X[:, columns] @ fit.coefficients
        self.value = self.criterion(columns, self.log_odds)

    def fit(self, columns: list[int]) -> LogisticFit:
        """Return the fit of the columns."""
        return fit_logistic(
            self.X[:, columns],
            self.is_event,
            self.weight,
            l2=self.search.l2,
            l1=self.search.charge[columns] if self.search.signed else 0.0,
            nonpositive=self.search.signed,
            max_iter=self.search.max_iter,
        )

    def criterion(self, columns: list[int], log_odds: FloatArray) -> float:
        """Return the value of the search's criterion."""
        kind = self.search.criterion
        if kind == "auc":
            counts = score_counts(self.is_event, log_odds, self.weight)
            return auc(*counts[1:])
        fit = log_likelihood(log_odds, self.is_event, self.weight)
        if kind == "pvalue":
            return fit
        price = 2.0 if kind == "aic" else np.log(self.n)
        return float(-2.0 * fit + price * (1.0 + self.search.size[columns].sum()))

    def gain(self, before: float) -> float:
        """Return what the present columns are worth beyond others' value; 0 is none."""
        if self.search.criterion == "auc":
            return self.value - before - self.search.min_auc_gain
        if self.search.criterion == "pvalue":
            return self.value - before
        return before - self.value

    def snapshot(self) -> dict[str, Any]:
        """Return what a step may have to be taken back to."""
        names = ("inside", "result", "log_odds", "value")
        return {name: getattr(self, name) for name in names}

    def restore(self, saved: dict[str, Any]) -> None:
        """Go back to a snapshot."""
        self.__dict__.update(saved)


def _add(state: _State, allowed: list[int]) -> Step | None:
    from scipy.special import chdtrc

    search = state.search
    taken = {search.groups[j] for j in state.inside} - {-1}
    waiting = [
        j for j in allowed if j not in state.inside and search.groups[j] not in taken
    ]
    if not waiting:
        return None
    chi2, slope = score_tests(
        state.X[:, state.inside],
        state.X[:, waiting],
        state.log_odds,
        state.is_event,
        state.weight,
    )
    if search.signed:  # the slope must point down by more than what is charged
        chi2 = np.where(slope < -search.charge[waiting], chi2, 0.0)
    p_values = chdtrc(1.0, chi2)
    promising = chi2 > 0
    if search.criterion == "pvalue":
        promising &= p_values < search.p_enter
    best = [at for at in np.argsort(-chi2, kind="stable") if promising[at]][:_FITTED]
    before = state.snapshot()
    found: tuple[float, int, dict[str, Any]] | None = None
    for at in best:
        state.set_columns([*before["inside"], waiting[at]])
        if waiting[at] in state.inside:
            gain = state.gain(before["value"])
            if found is None or gain > found[0]:
                found = (gain, at, state.snapshot())
        state.restore(before)
    if found is None or (search.criterion != "pvalue" and found[0] <= 0):
        return None
    _, at, after = found
    state.restore(after)
    return Step("add", search.names[waiting[at]], float(p_values[at]), state.value)


def _remove(state: _State, steps: Sequence[Step]) -> Step | None:
    search = state.search
    if not state.inside:
        return None
    tests = coefficient_tests(
        state.X[:, state.inside],
        state.result.intercept,
        state.result.coefficients,
        state.weight,
    )
    just_added = steps[-1].name if steps and steps[-1].action == "add" else None
    by_weakness = np.argsort(-tests.p_value[1:], kind="stable")
    for at in by_weakness:
        column = state.inside[at]
        name, p_value = search.names[column], float(tests.p_value[1 + at])
        if name in search.must_have or name == just_added:
            continue
        if search.criterion == "pvalue" and p_value <= search.p_remove:
            return None
        before = state.snapshot()
        state.set_columns([j for j in state.inside if j != column])
        after = state.snapshot()
        state.restore(before)
        # The column leaves unless it is worth its place beside the others.
        if search.criterion != "pvalue" and state.gain(after["value"]) > 0:
            return None
        state.restore(after)
        return Step("remove", name, p_value, state.value)
    return None
