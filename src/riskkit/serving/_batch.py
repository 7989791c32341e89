"""The rows of a table through a model, by NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.grades import grade_of
from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import ScorecardSpec, apply_pd_map
from riskkit.serving._blend_batch import BlendRows, score_rows
from riskkit.serving._decision import decide_batch
from riskkit.serving._result import BatchResult
from riskkit.serving._table import assign, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit._core.frames import Table
    from riskkit.artifact import Artifact, MasterScaleSpec, PDMapSpec
    from riskkit.typing import FloatArray

__all__ = ["score_table"]

# Rows summed at a time: the terms of a block stay in the processor's cache.
_BLOCK = 16_384


def score_table(
    artifact: Artifact, X: Any, n_reasons: int, model_id: str
) -> BatchResult:
    """Return the scores of a table's rows, and the first reasons of each."""
    table = read_table(artifact, X)
    spec = artifact.model
    rows = (
        _score_card(spec, table, n_reasons)
        if isinstance(spec, ScorecardSpec)
        else score_rows(spec, table, n_reasons)
    )
    result = _rated(artifact.pd_map, table, rows, model_id)
    if artifact.strategy is None:
        return result
    return decide_batch(artifact.strategy, table, result)


def _rated(
    pd_map: PDMapSpec | None, table: Table, rows: BlendRows, model_id: str
) -> BatchResult:
    """Return the scores with the PD and the grade that are used."""
    scored = (rows.points, rows.log_odds, rows.reasons, rows.points_lost, model_id)
    if pd_map is None:
        return BatchResult(rows.pd, *scored)
    x = rows.pd if pd_map.scale == "pd" else rows.log_odds
    columns = {name: table.column(name) for name in pd_map.columns}
    pd, interval = apply_pd_map(pd_map.steps, x, columns)
    return BatchResult(pd, *scored, *_grade(pd_map.grades, pd), interval)


def _score_card(spec: ScorecardSpec, table: Table, n_reasons: int) -> BlendRows:
    """Return the scores of rows through a scorecard."""
    n_rows = table.n_rows
    cards = spec.characteristics
    bins = [assign(c.feature, table.column(c.feature.name)) for c in cards]
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
    return BlendRows(sigmoid(log_odds), points, log_odds, reasons, points_lost)


def _grade(
    scale: MasterScaleSpec | None, pd: FloatArray
) -> tuple[NDArray[Any] | None, FloatArray | None]:
    """Return the labels of the grades, and the PDs that stand for them."""
    if scale is None:
        return None, None
    codes = grade_of(pd, np.asarray(scale.edges))
    return np.array(scale.labels, dtype=object)[codes], np.asarray(scale.pds)[codes]


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
