"""Folds for a handful of labels: equal rows together, events spread, time in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["label_folds", "sample_nonevents"]


def label_folds(
    keys: NDArray[np.uint64],
    is_event: BoolArray,
    weight: FloatArray | None,
    times: FloatArray | None,
    n_folds: int,
) -> IntArray | None:
    """Return the fold of each row, or None if events cannot be in two of them.

    Rows with one content are in one fold, so a weight of 2 equals the row twice and no
    row is judged by its copy. Without `times` the folds are drawn by content. With
    them they are blocks of consecutive times that hold as equal a number of events as
    may be, so a burst of frauds of one kind is judged by what was learned elsewhere.
    """
    weight = np.ones(keys.size) if weight is None else weight
    place = keys if times is None else times
    fold = np.empty(keys.size, dtype=np.intp)
    n_folds = min(n_folds, *(np.unique(place[g]).size for g in (is_event, ~is_event)))
    if n_folds < 2:
        return None
    if times is not None:
        # Borders between events; the other rows fall where their time falls.
        borders = _borders(times[is_event], weight[is_event], n_folds)
        fold = np.searchsorted(borders, times, side="left")
    else:
        for group in (is_event, ~is_event):
            borders = _borders(keys[group], weight[group], n_folds)
            fold[group] = np.searchsorted(borders, keys[group], side="left")
    has_both = [
        bool(is_event[fold == k].any() and not is_event[fold == k].all())
        for k in range(n_folds)
    ]
    return np.asarray(fold, dtype=np.intp) if all(has_both) else None


def _borders(
    place: NDArray[np.number], weight: FloatArray, n_folds: int
) -> NDArray[np.number]:
    """Return the last place of every fold but the last, of nearly equal weight."""
    values, code = np.unique(place, return_inverse=True)
    mass = np.bincount(code, weight)
    middle = np.cumsum(mass) - mass / 2
    fold = np.floor(middle * n_folds / mass.sum()).astype(np.intp)
    # A heavy value can leave folds empty: number those that are there.
    _, fold = np.unique(fold, return_inverse=True)
    return np.asarray(values[np.flatnonzero(np.diff(fold))])


def sample_nonevents(
    keys: NDArray[np.uint64],
    is_event: BoolArray,
    weight: FloatArray | None,
    n_most: int,
) -> tuple[IntArray, FloatArray | None]:
    """Return all events and at most `n_most` of the others, with weights that make up.

    Which of them is a matter of their content; together they keep their weight.
    """
    others = np.flatnonzero(~is_event)
    if others.size <= n_most:
        return np.arange(keys.size, dtype=np.intp), weight
    weight = np.ones(keys.size) if weight is None else weight
    # Keys are random, so the smallest ones are a random sample of contents.
    drawn = others[np.argsort(keys[others], kind="stable")[:n_most]]
    rows = np.sort(np.append(np.flatnonzero(is_event), drawn))
    kept = weight[rows].copy()
    kept[~is_event[rows]] *= weight[others].sum() / weight[drawn].sum()
    return rows.astype(np.intp), kept
