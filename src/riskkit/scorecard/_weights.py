"""Which characteristics enter a scorecard, and how much each of them weighs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import take_values
from riskkit._kernels.logistic_fit import LogisticFit, fit_logistic
from riskkit._kernels.logistic_rows import LogisticRows
from riskkit.artifact import assign_column
from riskkit.exceptions import InvalidParameterError
from riskkit.scorecard._stepwise import Search, Step, stepwise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit._core.inputs import Training
    from riskkit._core.progress import Progress
    from riskkit.binning import BinningTable
    from riskkit.scorecard._policy import SelectionPolicy
    from riskkit.typing import FloatArray

__all__ = ["Weights", "fit_weights", "woe_matrix"]

_TURNED = "its coefficient would turn its direction round beside the others"
_NO_MORE = "no more evidence beside the others than chance gives"


@dataclass
class Weights:
    """The characteristics with a place, their fit, and why others have none."""

    tables: list[BinningTable]
    fit: LogisticFit
    woe: FloatArray
    left_out: dict[str, str]
    steps: list[Step] = field(default_factory=list)


def fit_weights(
    training: Training,
    tables: Mapping[str, BinningTable],
    policy: SelectionPolicy,
    progress: Progress | None = None,
) -> Weights:
    """Choose the characteristics and fit the log-odds of the event to their WoE."""
    _check_finite(tables)
    candidates, left_out = _candidates(tables, policy)
    woe = woe_matrix(training, candidates)
    charge = _charge(candidates, policy)
    steps: list[Step] = []
    if policy.selection is not None:
        search = Search(
            names=[table.name for table in candidates],
            direction=policy.selection,
            criterion=policy.criterion,
            p_enter=policy.p_enter,
            p_remove=policy.p_remove,
            min_auc_gain=policy.min_auc_gain,
            must_have=frozenset(policy.must_have),
            never=frozenset(),
            groups=policy.group_numbers([table.name for table in candidates]),
            charge=charge,
            size=_size(candidates, policy),
            l2=policy.l2,
            signed=policy.signed,
            max_iter=policy.max_iter,
        )
        if progress is not None:
            progress.stage("Choosing characteristics", len(candidates))
        tell = None if progress is None else progress.step
        rows = LogisticRows(woe, training.is_event, training.weight)
        chosen, steps = stepwise(rows, search, tell)
        for j in set(range(len(candidates))) - set(chosen):
            left_out[candidates[j].name] = f"not chosen by {policy.selection} steps"
        candidates = [candidates[j] for j in chosen]
        woe, charge = woe[:, chosen], charge[chosen]
    fit = fit_logistic(
        woe,
        training.is_event,
        training.weight,
        l2=policy.l2,
        l1=charge,
        nonpositive=policy.signed,
        max_iter=policy.max_iter,
    )
    return _with_weight(candidates, fit, woe, left_out, steps)


def woe_matrix(training: Training, tables: Sequence[BinningTable]) -> FloatArray:
    """Return the WoE of every row, one column for each table."""
    rows = training.table
    woe = np.empty((rows.n_rows, len(tables)), order="F")
    for j, table in enumerate(tables):
        bins = assign_column(table.feature, rows.column(table.name))
        take_values(table.woe, bins, out=woe[:, j])
    return woe


def _candidates(
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


def _charge(tables: Sequence[BinningTable], policy: SelectionPolicy) -> FloatArray:
    """Return the l1 charge of each characteristic; a must-have pays none."""
    if not policy.signed:  # the charge is linear only where the sign is known
        return np.zeros(len(tables))
    return np.array(
        [
            0.0
            if table.name in policy.must_have
            else policy.l1 + policy.optimism * _free_parameters(table)
            for table in tables
        ]
    )


def _size(tables: Sequence[BinningTable], policy: SelectionPolicy) -> FloatArray:
    """Return the parameters of each characteristic that AIC and BIC count.

    A given column has one, its coefficient. One whose bins followed the outcomes has
    one for each of them; the optimism says how far that is taken into account.
    """
    free = np.array([_free_parameters(table) for table in tables], dtype=np.float64)
    return 1.0 + policy.optimism * np.maximum(free - 1.0, 0.0)


def _with_weight(
    tables: Sequence[BinningTable],
    fit: LogisticFit,
    woe: FloatArray,
    left_out: dict[str, str],
    steps: list[Step],
) -> Weights:
    """Drop the tables with a coefficient of 0, and say why."""
    kept = np.flatnonzero(fit.coefficients != 0).tolist()
    for j in np.flatnonzero(fit.coefficients == 0).tolist():
        left_out[tables[j].name] = _TURNED if fit.slopes[j] < 0 else _NO_MORE
    used = LogisticFit(
        fit.intercept,
        fit.coefficients[kept],
        fit.slopes[kept],
        fit.n_iter,
        fit.converged,
    )
    return Weights([tables[j] for j in kept], used, woe[:, kept], left_out, steps)


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


def _free_parameters(table: BinningTable) -> int:
    """Return how many numbers of the characteristic were free to follow the outcomes.

    A category is grouped by what its levels did, so each level counts. Special and
    missing bins that joined another one had no number of their own.
    """
    first = table.feature.n_regular
    own = np.asarray(table.joins)[first:] == np.arange(first, table.feature.n_bins)
    extra = int(np.count_nonzero(own & (table.n[first:] > 0)))
    if table.feature.kind == "categorical":
        return sum(map(len, table.feature.levels)) + extra - 1
    return first + extra - 1
