"""The rows of a table through a scorecard, by NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame, is_series
from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.grades import grade_of
from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import apply_pd_map, assign_column
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.serving._result import BatchResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.artifact import Artifact, FeatureSpec, MasterScaleSpec
    from riskkit.typing import FloatArray

__all__ = ["score_table"]

# Rows summed at a time: the terms of a block stay in the processor's cache.
_BLOCK = 16_384


def score_table(
    artifact: Artifact, X: Any, n_reasons: int, model_id: str
) -> BatchResult:
    """Return the scores of a table's rows, and the first reasons of each."""
    spec = artifact.model
    table = _read(artifact, X)
    n_rows = table.n_rows
    cards = spec.characteristics
    bins = [_assign(c.feature, table.column(c.feature.name)) for c in cards]
    log_odds_of = [np.asarray(c.log_odds) for c in cards]
    points_of = [np.asarray(c.points) for c in cards]
    lost_of = [c.best_points - np.asarray(c.points) for c in cards]

    log_odds, points = np.empty(n_rows), np.empty(n_rows)
    n_shown = min(n_reasons, len(cards))
    reasons = np.full((n_rows, n_shown), None, dtype=object)
    points_lost = np.zeros((n_rows, n_shown))
    names = np.array([*spec.features, None], dtype=object)
    for first in range(0, n_rows, _BLOCK):
        rows = slice(first, min(first + _BLOCK, n_rows))
        size = rows.stop - first
        block = [codes[rows].astype(np.intp) for codes in bins]
        log_odds[rows] = sum_in_order(spec.intercept, _take(log_odds_of, block), size)
        points[rows] = sum_in_order(spec.offset_points, _take(points_of, block), size)
        if n_shown:
            order, lost = _largest(np.stack(_take(lost_of, block), axis=1), n_shown)
            reasons[rows] = names[np.where(lost > 0, order, len(cards))]
            points_lost[rows] = lost
    pd = sigmoid(log_odds)
    if artifact.pd_map is None:
        return BatchResult(pd, points, log_odds, reasons, points_lost, model_id)
    pd_map = artifact.pd_map
    x = pd if pd_map.scale == "pd" else log_odds
    columns = {name: table.column(name) for name in pd_map.columns}
    pd, interval = apply_pd_map(pd_map.steps, x, columns)
    grade, grade_pd = _grade(pd_map.grades, pd)
    return BatchResult(
        pd, points, log_odds, reasons, points_lost, model_id, grade, grade_pd, interval
    )


def _grade(
    scale: MasterScaleSpec | None, pd: FloatArray
) -> tuple[NDArray[Any] | None, FloatArray | None]:
    """Return the labels of the grades, and the PDs that stand for them."""
    if scale is None:
        return None, None
    codes = grade_of(pd, np.asarray(scale.edges))
    return np.array(scale.labels, dtype=object)[codes], np.asarray(scale.pds)[codes]


def _read(artifact: Artifact, X: Any) -> Table:
    """Return the columns of the model, in its order."""
    names = tuple(artifact.fields)
    if isinstance(X, Mapping):
        X = {name: _column(X[name], name) for name in names if name in X}
    elif not is_frame(X):
        msg = (
            "A batch must be a pandas, Polars or Arrow frame, or a mapping of names "
            f"to columns; got {type(X).__name__}. Give columns names, collect a lazy "
            "frame, and use score for one record."
        )
        raise InvalidTypeError(msg)
    return Table.read(X).select(names)


def _column(column: Any, name: str) -> Any:
    """Return one column of a mapping as an array, or as the series it is."""
    if is_series(column):
        return column
    if isinstance(column, (str, bytes, Mapping)) or not hasattr(column, "__len__"):
        msg = (
            f"Column {name!r} must be a list, an array or a series; got "
            f"{type(column).__name__}. Use score for one record."
        )
        raise InvalidTypeError(msg)
    # As objects, so that True and 1, text and numbers stay what they are in a record.
    values = (
        column
        if isinstance(column, np.ndarray)
        else np.fromiter(column, dtype=object, count=len(column))
    )
    if values.ndim != 1:
        msg = f"Column {name!r} must have one dimension; it has {values.ndim}."
        raise InvalidInputError(msg)
    return values


def _assign(feature: FeatureSpec, column: Any) -> NDArray[Any]:
    """Return each row's bin, in the smallest type that holds it."""
    try:
        codes = assign_column(feature, column)
    except OverflowError:
        msg = (
            f"Column {feature.name!r} must hold numbers that a float can hold; some "
            "are beyond its range. Use numbers below 1.8e308, or missing values."
        )
        raise InvalidInputError(msg) from None
    return codes.astype(np.min_scalar_type(feature.n_bins))


def _take(tables: list[FloatArray], bins: list[NDArray[Any]]) -> list[FloatArray]:
    return [table[codes] for table, codes in zip(tables, bins, strict=True)]


def _largest(lost: FloatArray, n: int) -> tuple[NDArray[Any], FloatArray]:
    """Return the positions of the `n` largest losses of each row, and the losses.

    The first of equal losses is taken first, so ties stay in the order of the
    characteristics. `lost` is used up; passes are faster than sorting whole rows.
    """
    order = np.empty((len(lost), n), dtype=np.intp)
    largest = np.empty((len(lost), n))
    rows = np.arange(len(lost))
    for k in range(n):
        place = lost.argmax(axis=1)
        order[:, k] = place
        largest[:, k] = lost[rows, place]
        lost[rows, place] = -1.0
    return order, largest
