"""Stepwise choice of characteristics, with a record of every step.

Forward steps look at every column outside by its score test, which needs no fit, and
fit only the few that promise most; backward steps look at Wald's tests. So a step costs
a few fits however many characteristics wait, and each fit starts from the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic_fit import Start, fit_rows
from riskkit._kernels.logistic_inference import (
    log_likelihood,
    rao_tests,
    wald_tests,
)
from riskkit._kernels.ranking import auc, score_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit._kernels.logistic_rows import LogisticRows, OutsideSums
    from riskkit.typing import FloatArray

__all__ = ["Search", "Step", "stepwise"]

_FITTED = 3  # candidates of a forward step at most, the best by their score tests
_CLOSE = 0.8  # of the best promise that another candidate must have to be fitted
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
    rows: LogisticRows,
    search: Search,
    progress: Callable[[str], None] | None = None,
) -> tuple[list[int], list[Step]]:
    """Return the columns chosen, in the order of the table, and the steps."""
    state = _State(rows, search)
    forced = [j for j, name in enumerate(search.names) if name in search.must_have]
    allowed = [j for j, name in enumerate(search.names) if name not in search.never]
    backward_only = search.direction == "backward"
    state.set_columns(allowed if backward_only else forced)
    steps = [Step("start", "", float("nan"), state.value)]
    seen = {frozenset(state.inside)}
    for _ in range(_MOST_STEPS * max(1, len(allowed))):
        step = None
        if search.direction in ("forward", "both"):
            step = _add(state, allowed)
        if step is None and search.direction in ("backward", "both"):
            step = _remove(state, steps)
        if step is None:
            break
        steps.append(step)
        taken = [step]
        if search.direction == "both" and step.action == "add":
            removed = _remove(state, steps)
            if removed is not None:
                steps.append(removed)
                taken.append(removed)
        if progress is not None:
            for each in taken:
                progress(f"{each.action} {each.name}")
        # The tests of entering and leaving differ a little: no set comes twice.
        if frozenset(state.inside) in seen:
            break
        seen.add(frozenset(state.inside))
    return sorted(state.inside), steps


class _State:
    """The columns inside, their fit, and how good it is."""

    def __init__(self, rows: LogisticRows, search: Search) -> None:
        self.rows, self.search = rows, search
        self.is_event = rows.y > 0
        self.n = rows.total()[1]
        self.set_columns([])

    def set_columns(self, columns: list[int], start: Start | None = None) -> None:
        """Fit these columns; those that get no weight are left out again."""
        search = self.search
        fit = fit_rows(
            self.rows,
            columns,
            l2=search.l2,
            l1=search.charge[columns] if search.signed else 0.0,
            nonpositive=search.signed,
            max_iter=search.max_iter,
            start=start,
        )
        kept = [
            at
            for at, (j, b) in enumerate(zip(columns, fit.coefficients, strict=True))
            if b < 0 or not search.signed or search.names[j] in search.must_have
        ]
        self.inside = [columns[at] for at in kept]
        # The columns left out have a coefficient of 0: the others fit as they are.
        self.beta = np.append(fit.intercept, fit.coefficients[kept])
        self.log_odds = self.rows.log_odds(self.beta, self.inside)
        self.value = self.criterion(self.inside, self.log_odds)
        self._information: FloatArray | None = None

    @property
    def information(self) -> FloatArray:
        """Return the information of the columns inside, the intercept first."""
        if self._information is None:
            self._information = self.rows.information(self.log_odds, self.inside)
        return self._information

    def criterion(self, columns: list[int], log_odds: FloatArray) -> float:
        """Return the value of the search's criterion."""
        kind = self.search.criterion
        if kind == "auc":
            counts = score_counts(self.is_event, log_odds, self.rows.weight)
            return auc(*counts[1:])
        fit = log_likelihood(log_odds, self.is_event, self.rows.weight)
        if kind == "pvalue":
            return fit
        return float(
            -2.0 * fit + self.price() * (1.0 + self.search.size[columns].sum())
        )

    def price(self) -> float:
        """Return what AIC or BIC asks for a parameter; 0 for other criteria."""
        return {"aic": 2.0, "bic": float(np.log(self.n))}.get(self.search.criterion, 0)

    def gain(self, before: float) -> float:
        """Return what the present columns are worth beyond others' value; 0 is none."""
        if self.search.criterion == "auc":
            return self.value - before - self.search.min_auc_gain
        if self.search.criterion == "pvalue":
            return self.value - before
        return before - self.value

    def with_column(self, outside: OutsideSums, at: int) -> Start:
        """Return where a fit with one more column starts."""
        cross = outside.cross[:, [at]]
        information = np.block(
            [[self.information, cross], [cross.T, outside.own[at : at + 1, None]]]
        )
        return Start(np.append(self.beta, 0.0), information)

    def without_column(self, at: int) -> Start:
        """Return where a fit without one of the columns inside starts."""
        kept = np.delete(np.arange(self.beta.size), 1 + at)
        return Start(self.beta[kept], self.information[np.ix_(kept, kept)])

    def snapshot(self) -> dict[str, Any]:
        """Return what a step may have to be taken back to."""
        names = ("inside", "beta", "log_odds", "value", "_information")
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
    outside = state.rows.outside(state.log_odds, state.inside, waiting)
    chi2, slope = rao_tests(outside, state.information)
    p_values = chdtrc(1.0, chi2)
    if search.signed:  # the slope must point down by more than what is charged
        steepness = np.maximum(-slope - search.charge[waiting], 0.0)
        chi2 = (
            chi2
            * np.divide(steepness, -slope, out=np.zeros_like(slope), where=slope < 0)
            ** 2
        )
    promise = chi2 - state.price() * search.size[waiting]
    promising = chi2 > 0
    if search.criterion == "pvalue":
        # By what is left after the charge, or Wald's test would send it out again.
        promising &= chdtrc(1.0, chi2) < search.p_enter
    order = [at for at in np.argsort(-promise, kind="stable") if promising[at]]
    if search.criterion == "auc":
        best = order[:_FITTED]  # the promise is of likelihood, not of AUC
    else:
        least = _CLOSE * promise[order[0]] if order else 0.0
        best = [at for at in order[:_FITTED] if promise[at] >= least or at == order[0]]
    before = state.snapshot()
    found: tuple[float, int, dict[str, Any]] | None = None
    for at in best:
        state.set_columns(
            [*before["inside"], waiting[at]], state.with_column(outside, at)
        )
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
    tests = wald_tests(state.beta, state.information)
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
        left = [j for j in state.inside if j != column]
        state.set_columns(left, state.without_column(int(at)))
        after = state.snapshot()
        state.restore(before)
        # The column leaves unless it is worth its place beside the others.
        if search.criterion != "pvalue" and state.gain(after["value"]) > 0:
            return None
        state.restore(after)
        return Step("remove", name, p_value, state.value)
    return None
