"""Which characteristics enter a scorecard, and how much each of them weighs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic_fit import LogisticFit, fit_rows
from riskkit._kernels.logistic_rows import LogisticRows
from riskkit.exceptions import InvalidParameterError
from riskkit.scorecard._chance import chance_of, free_parameters
from riskkit.scorecard._directions import Candidates, place_doubtful
from riskkit.scorecard._stepwise import Search, Step, stepwise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit._core.progress import Progress
    from riskkit._kernels.logistic_rows import LogisticSource
    from riskkit.binning import BinningTable
    from riskkit.scorecard._card_rows import CardRows
    from riskkit.scorecard._policy import SelectionPolicy
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Weights", "fit_weights"]

# Of the gradient, a row: one Newton step more than a search needs, so that the same
# rows in another order give the same points.
_TOLERANCE = 1e-12
_TURNED = "its coefficient would turn its direction round beside the others"
_NO_MORE = "no more evidence beside the others than chance gives"


@dataclass
class Weights:
    """The characteristics with a place, their fit, and why others have none.

    `turned` tells which of them point the other way than their own event rates; in
    `rows`, where theirs are the columns `chosen`, these are multiplied by -1.
    """

    tables: list[BinningTable]
    fit: LogisticFit
    rows: LogisticSource[Any]
    chosen: list[int]
    turned: BoolArray
    left_out: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    def log_odds(self) -> Any:
        """Return the fitted log-odds of the rows, offsets included, as they keep it."""
        sign = np.where(self.turned, -1.0, 1.0)
        beta = np.append(self.fit.intercept, self.fit.coefficients * sign)
        return self.rows.log_odds(beta, self.chosen)


def fit_weights(
    rows: CardRows,
    tables: Mapping[str, BinningTable],
    policy: SelectionPolicy,
    progress: Progress | None = None,
) -> Weights:
    """Choose the characteristics and fit the log-odds of the event to their WoE."""
    _check_finite(tables)
    used, left_out = _with_evidence(tables, policy)
    free = free_parameters(used, searched=policy.searched)
    candidates = Candidates(
        rows=rows.woe(used),
        free=free,
        charge=_charge(used, free, policy),
        weak=_weak(used, policy),
        waits=np.zeros(len(used), dtype=np.bool_),
        turned=np.zeros(len(used), dtype=np.bool_),
    )
    chance = chance_of(used, free)
    candidates.waits = (chance > policy.p_chance) & ~_asked_for(used, policy)
    if policy.signed:
        place_doubtful(
            candidates,
            p_turn=policy.p_turn,
            l2=policy.l2,
            pooling=policy.pooling,
            max_iter=policy.max_iter,
        )
    for j in np.flatnonzero(candidates.waits).tolist():
        left_out[used[j].name] = (
            f"IV {used[j].iv:.4f} is within chance (p {chance[j]:.2f})"
        )
    chosen = np.flatnonzero(~candidates.waits).tolist()
    steps: list[Step] = []
    if policy.selection is not None:
        chosen, steps = _choose(used, candidates, policy, progress)
        for j in np.flatnonzero(~candidates.waits).tolist():
            if j not in chosen:
                left_out[used[j].name] = f"not chosen by {policy.selection} steps"
    chosen, fit = _settle(used, candidates, chosen, policy, left_out)
    sign = np.where(candidates.turned[chosen], -1.0, 1.0)
    turned_back = LogisticFit(
        fit.intercept,
        fit.coefficients * sign,
        fit.slopes * sign,
        fit.n_iter,
        fit.converged,
    )
    return Weights(
        tables=[used[j] for j in chosen],
        fit=turned_back,
        rows=candidates.rows,
        chosen=chosen,
        turned=candidates.turned[chosen],
        left_out=left_out,
        steps=steps,
    )


def _with_evidence(
    tables: Mapping[str, BinningTable], policy: SelectionPolicy
) -> tuple[list[BinningTable], dict[str, str]]:
    """Return the tables with enough evidence, and why the others are out."""
    used, left_out = [], {}
    for name, table in tables.items():
        if name in policy.never:
            left_out[name] = "on the never list"
        elif not np.any(table.woe[table.n > 0]):
            left_out[name] = table.reason or "no evidence in any bin"
        elif table.iv < policy.min_iv and name not in policy.must_have:
            left_out[name] = f"IV {table.iv:.4f} is below {policy.min_iv:g}"
        else:
            used.append(table)
    if policy.selection is None:
        used = _strongest_of_groups(used, left_out, policy)
    return used, left_out


def _strongest_of_groups(
    tables: list[BinningTable], left_out: dict[str, str], policy: SelectionPolicy
) -> list[BinningTable]:
    """Without steps, a group is spoken for by a must-have or else by the highest IV."""
    kept = {table.name for table in tables}
    for group, members in policy.groups.items():
        present = [table for table in tables if table.name in members]
        present.sort(key=lambda t: (t.name not in policy.must_have, -t.iv))
        for table in present[1:]:
            left_out[table.name] = f"{present[0].name} speaks for the group {group!r}"
            kept.discard(table.name)
    return [table for table in tables if table.name in kept]


def _weak(tables: Sequence[BinningTable], policy: SelectionPolicy) -> BoolArray:
    """Return which characteristics hardly tell accounts apart by themselves."""
    iv = np.array([table.iv for table in tables])
    return (iv < policy.weak_iv) & ~_asked_for(tables, policy)


def _asked_for(tables: Sequence[BinningTable], policy: SelectionPolicy) -> BoolArray:
    return np.array([t.name in policy.must_have for t in tables], dtype=np.bool_)


def _charge(
    tables: Sequence[BinningTable], free: FloatArray, policy: SelectionPolicy
) -> FloatArray:
    """Return the l1 charge of each characteristic; a must-have pays none."""
    if not policy.signed:  # the charge is linear only where the sign is known
        return np.zeros(len(tables))
    pays = np.array([t.name not in policy.must_have for t in tables], dtype=np.float64)
    return pays * (policy.l1 + policy.optimism * free)


def _choose(
    tables: Sequence[BinningTable],
    candidates: Candidates,
    policy: SelectionPolicy,
    progress: Progress | None,
) -> tuple[list[int], list[Step]]:
    """Return the columns that steps lead to, and the steps."""
    rows = candidates.rows
    if not isinstance(rows, LogisticRows):
        msg = (
            f"selection={policy.selection!r} goes through the rows many times, which "
            "have to be held for it; got rows with more patterns of bins than "
            "max_patterns. Raise it, or choose features first, as by "
            "riskkit.engines.fit_selector, and say selection=None."
        )
        raise InvalidParameterError(msg)
    names = [table.name for table in tables]
    search = Search(
        names=names,
        direction=str(policy.selection),
        criterion=policy.criterion,
        p_enter=policy.p_enter,
        p_remove=policy.p_remove,
        min_auc_gain=policy.min_auc_gain,
        must_have=frozenset(policy.must_have),
        never=frozenset(n for n, w in zip(names, candidates.waits, strict=True) if w),
        groups=policy.group_numbers(names),
        charge=candidates.charge,
        # A given column has one parameter, its coefficient. One whose bins followed
        # the outcomes has one for each of them; the optimism says how far AIC and BIC
        # are to take that into account.
        size=1.0 + policy.optimism * np.maximum(candidates.free - 1.0, 0.0),
        l2=policy.l2,
        signed=policy.signed,
        max_iter=policy.max_iter,
    )
    if progress is not None:
        progress.stage("Choosing characteristics", int((~candidates.waits).sum()))
    tell = None if progress is None else progress.step
    return stepwise(rows, search, tell)


def _settle(
    tables: Sequence[BinningTable],
    candidates: Candidates,
    chosen: list[int],
    policy: SelectionPolicy,
    left_out: dict[str, str],
) -> tuple[list[int], LogisticFit]:
    """Fit the columns chosen; one with a coefficient of 0 is left out, with a reason.

    The others are fitted again, because coefficients are drawn to the mean of those
    that have a place.
    """
    while True:
        fit = fit_rows(
            candidates.rows,
            chosen,
            l2=policy.l2,
            l1=candidates.charge[chosen],
            pooling=policy.pooling,
            pooled=~candidates.turned[chosen],
            nonpositive=policy.signed,
            max_iter=policy.max_iter,
            tol=_TOLERANCE,
        )
        zero = np.flatnonzero(fit.coefficients == 0).tolist()
        if not zero:
            return chosen, fit
        for at in zero:
            name = tables[chosen[at]].name
            left_out[name] = _TURNED if fit.slopes[at] < 0 else _NO_MORE
        chosen = [j for at, j in enumerate(chosen) if at not in zero]


def _check_finite(tables: Mapping[str, BinningTable]) -> None:
    """Refuse infinite WoE, which only an unsmoothed bin of one class has."""
    pure = [name for name, t in tables.items() if not np.isfinite(t.woe).all()]
    if pure:
        shown = ", ".join(repr(name) for name in pure[:10])
        msg = (
            "Every bin of a scorecard needs a finite WoE; without smoothing, bins with "
            f"events or non-events alone have none: {shown}. Give the binner a "
            "smoothing above 0, or group the special codes."
        )
        raise InvalidParameterError(msg)
