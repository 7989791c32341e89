"""The scorecard as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskkit._kernels.points import mean_value, neutral_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.artifact import CharacteristicSpec, ScorecardSpec
    from riskkit.binning import BinningTable

__all__ = ["points_frame"]

_COLUMNS = [
    "characteristic",
    "bin",
    "n",
    "n_event",
    "event_rate",
    "woe",
    "log_odds",
    "points",
    "points_lost",
    "neutral_points",
    "mean_points",
]


def points_frame(
    spec: ScorecardSpec, tables: Mapping[str, BinningTable]
) -> pd.DataFrame:
    """Return one row for each bin that can occur, in the order of the scorecard.

    What everyone gets is the first row, if it is anything.
    """
    parts = [
        _part(item, spec, tables[item.feature.name]) for item in spec.characteristics
    ]
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    if spec.offset_points:
        base = {"characteristic": "(offset points)", "bin": "every account"}
        empty = dict.fromkeys(_COLUMNS[2:], np.nan)
        parts.insert(0, pd.DataFrame([{**base, **empty, "points": spec.offset_points}]))
    return pd.concat(parts, ignore_index=True)


def _part(
    item: CharacteristicSpec, spec: ScorecardSpec, table: BinningTable
) -> pd.DataFrame:
    points = np.asarray(item.points)
    neutral = neutral_points(
        points,
        np.asarray(item.log_odds),
        np.asarray(item.woe),
        spec.scaling.pdo,
        spec.scaling.rounding == "integer",
    )
    part = pd.DataFrame(
        {
            "characteristic": item.feature.name,
            "bin": item.feature.labels,
            "n": table.n,
            "n_event": table.n_event,
            "event_rate": table.event_rate,
            "woe": item.woe,
            "log_odds": item.log_odds,
            "points": points,
            "points_lost": item.best_points - points,
            "neutral_points": neutral,
            "mean_points": mean_value(points, table.n),
        }
    )
    # A number is never an unseen level.
    return part[:-1] if item.feature.kind == "numeric" else part
