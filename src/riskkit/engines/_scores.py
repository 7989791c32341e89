"""Scores of a table in memory, in the frame of its own library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table
from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import assign_column
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import ScorecardSpec
    from riskkit.typing import FloatArray

__all__ = ["SCORES", "score_part", "score_table"]

SCORES = ("pd", "points", "log_odds")


def score_part(card: ScorecardSpec, part: Any, keep: Sequence[str]) -> Any:
    """Return the columns kept, and ``pd``, ``points`` and ``log_odds``."""
    table = Table.read(part)
    names = [item.feature.name for item in card.characteristics]
    if isinstance(part, np.ndarray) and table.n_rows and len(names) == part.shape[1]:
        table = Table(tuple(names), table.columns, table.n_rows)
    z, total = score_table(card, table)
    scores = dict(zip(SCORES, (sigmoid(z), total, z), strict=True))
    twice = [name for name in keep if name in scores]
    if twice:
        msg = f"keep must not name {twice[0]!r}, which is a column of the result."
        raise InvalidInputError(msg)
    kept = table.select(list(keep)) if keep else Table((), (), table.n_rows)
    return _frame(part, kept, scores)


def score_table(card: ScorecardSpec, table: Table) -> tuple[FloatArray, FloatArray]:
    """Return the log-odds and the points, summed in the order of the scorecard."""
    chosen = table.select([item.feature.name for item in card.characteristics])
    log_odds, points = [], []
    for item, column in zip(card.characteristics, chosen.columns, strict=True):
        bins = assign_column(item.feature, column)
        log_odds.append(take_values(np.asarray(item.log_odds), bins))
        points.append(take_values(np.asarray(item.points), bins))
    return (
        sum_in_order(card.intercept, log_odds, table.n_rows),
        sum_in_order(card.offset_points, points, table.n_rows),
    )


def _frame(part: Any, kept: Table, scores: dict[str, Any]) -> Any:
    import narwhals as nw

    if not hasattr(part, "shape") or isinstance(part, np.ndarray):
        import pandas as pd

        columns = dict(zip(kept.names, kept.columns, strict=True))
        return pd.DataFrame({**columns, **scores})
    frame = nw.from_native(part, eager_only=True).select(list(kept.names))
    space = nw.get_native_namespace(nw.from_native(part, eager_only=True))
    new = nw.from_dict(scores, backend=space)
    if nw.dependencies.is_pandas_dataframe(part):
        native = nw.to_native(new)
        native.index = part.index
        new = nw.from_native(native)
    if not kept.names:
        return nw.to_native(new)
    return nw.to_native(nw.concat([frame, new], how="horizontal"))
