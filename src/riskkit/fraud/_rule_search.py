"""A beam search for short conjunctions with a floor on their precision.

Notation: among the rows that a conjunction fires for are ``e`` events of weight and
``n`` rows of weight; its precision is ``e / n`` and the base rate ``b``. The beam keeps
the conjunctions with the largest ``e (log(e / n) - log(b))``, the gain of FOIL, which
prefers a rule that finds many events a little better to one that finds a few surely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.normal_scores import quantile_grid
from riskkit.fraud._mined_rule import Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.fraud._fields import FieldCoder
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["SearchLimits", "find_literals", "search_rules"]

_BEAM = 60


@dataclass(frozen=True)
class SearchLimits:
    """What a rule must reach, and how long it may be."""

    min_precision: float
    min_events: float
    max_conditions: int


def find_literals(
    coder: FieldCoder,
    codes: FloatArray,
    is_event: BoolArray,
    weight: FloatArray,
    n_cuts: int,
) -> list[Literal]:
    """Return the conditions that occur: cuts at quantiles, levels, and missing."""
    found = []
    for place, field in enumerate(coder.fields):
        x = codes[:, place]
        if np.isnan(x).any():
            found.append(Literal(place, field.name, "missing", None))
        if field.levels is not None:
            present = np.unique(x[is_event & (x >= 0)]).astype(int)
            found += [
                Literal(place, field.name, "==", field.levels[k], float(k))
                for k in present.tolist()
            ]
            continue
        for cut in _cuts(x, is_event, weight, n_cuts):
            found.append(Literal(place, field.name, ">", float(cut)))
            found.append(Literal(place, field.name, "<=", float(cut)))
    return found


def _cuts(
    x: FloatArray, is_event: BoolArray, weight: FloatArray, n_cuts: int
) -> list[float]:
    """Return cuts between values, around quantiles of the events and of all rows."""
    known = np.isfinite(x)
    values = np.unique(x[known])
    if values.size < 2:
        return []
    wanted = [
        quantile_grid(x[group], weight[group], n_cuts)
        for group in (known & is_event, known)
        if group.any()
    ]
    near = np.searchsorted(values, np.unique(np.concatenate(wanted)))
    # Between the value and its neighbour on either side.
    low = np.unique(np.concatenate([near - 1, near]))
    low = low[(low >= 0) & (low < values.size - 1)]
    middle = values[low] / 2 + values[low + 1] / 2
    return [float(cut) for cut in np.unique(middle)]


def search_rules(
    literals: Sequence[Literal],
    codes: FloatArray,
    is_event: BoolArray,
    weight: FloatArray,
    limits: SearchLimits,
) -> list[tuple[int, ...]]:
    """Return conjunctions, as places of literals, that reach the limits."""
    if not literals:
        return []
    holds = np.array([literal.holds(codes) for literal in literals])
    mass = holds.astype(np.float32)
    rows = weight.astype(np.float32)
    events = (weight * is_event).astype(np.float32)
    base = float(weight[is_event].sum() / weight.sum())
    good: list[tuple[int, ...]] = []
    beam: list[tuple[int, ...]] = [()]
    fires = np.ones((1, weight.size), dtype=bool)
    for _ in range(limits.max_conditions):
        n_event = (fires * events) @ mass.T
        n = (fires * rows) @ mass.T
        gain = np.full(n.shape, -np.inf)
        able = n_event >= limits.min_events * (1 - 1e-6)
        gain[able] = n_event[able] * (np.log(n_event[able] / n[able]) - np.log(base))
        # A condition that takes no row away adds nothing but length.
        idle = n >= (fires @ rows)[:, None] * (1 - 1e-6)
        gain[idle & np.array([len(rule) > 0 for rule in beam])[:, None]] = -np.inf
        seen: set[tuple[int, ...]] = set()
        following: list[tuple[int, ...]] = []
        for flat in np.argsort(-gain, axis=None, kind="stable"):
            row, column = divmod(int(flat), len(literals))
            if gain[row, column] <= 0:
                break
            rule = tuple(sorted({*beam[row], column}))
            if rule in seen or len(rule) == len(beam[row]):
                continue
            seen.add(rule)
            if n_event[row, column] >= limits.min_precision * n[row, column]:
                good.append(rule)
            if len(following) < _BEAM:
                following.append(rule)
        beam = following
        if not beam:
            break
        fires = np.array([holds[list(rule)].all(axis=0) for rule in beam])
    return good
