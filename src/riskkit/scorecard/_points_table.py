"""The scorecard as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.artifact import ScorecardSpec
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
]


def points_frame(
    spec: ScorecardSpec, tables: Mapping[str, BinningTable]
) -> pd.DataFrame:
    """Return one row for each bin that can occur, in the order of the scorecard."""
    parts = []
    for item in spec.characteristics:
        table = tables[item.feature.name]
        part = pd.DataFrame(
            {
                "characteristic": item.feature.name,
                "bin": item.feature.labels,
                "n": table.n,
                "n_event": table.n_event,
                "event_rate": table.event_rate,
                "woe": item.woe,
                "log_odds": item.log_odds,
                "points": item.points,
            }
        )
        # A number is never an unseen level.
        parts.append(part[:-1] if item.feature.kind == "numeric" else part)
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    return pd.concat(parts, ignore_index=True)
