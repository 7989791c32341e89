"""A scorecard whose bins were not searched in the rows that are counted in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features
from riskkit._kernels.bins import count_bins
from riskkit.artifact import BaselineSpec, CountsSpec, assign_column
from riskkit.binning import BinningTable
from riskkit.scorecard._build import build_baseline
from riskkit.scorecard._points_table import points_frame
from riskkit.scorecard._scoring import ScorecardPredictions, score_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit._core.frames import Table
    from riskkit.artifact import CharacteristicSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["CountedScorecard"]


class CountedScorecard(ScorecardPredictions):
    """Counts rows in the bins of ``spec_``; ``fit`` of a subclass sets the rest."""

    has_outcomes_: bool

    @property
    def binner_(self) -> Self:
        """The object that holds the binning tables: the card itself."""
        # Reason codes and artifacts ask a fitted scorecard's binner for its tables.
        return self

    def points_table(self) -> pd.DataFrame:
        """Return the scorecard, one row for each bin of each characteristic.

        Returns
        -------
        table : DataFrame
            Columns characteristic, bin, n, n_event, event_rate, woe, log_odds,
            points; points_lost to the best bin of the characteristic; and, the same in
            all its bins, neutral_points at WoE 0 and mean_points of the rows. Offset
            points that everyone gets are the first row. n_event and event_rate are
            missing without outcomes.
        """
        check_is_fitted(self)
        frame = points_frame(self.spec_, self.binning_tables_)
        if not self.has_outcomes_:
            frame[["n_event", "event_rate"]] = np.nan
        return frame

    def _count_nothing(self) -> None:
        """Set the counts of a card that has seen no rows."""
        names = self.spec_.features
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.classes_ = np.array([0, 1])
        self.left_out_: dict[str, str] = {}
        self.n_rows_ = self.n_events_ = 0.0
        self.binning_tables_ = {
            item.feature.name: self._table(item, *np.zeros((2, item.feature.n_bins)))
            for item in self.spec_.characteristics
        }
        self.baseline_ = BaselineSpec(
            features={
                name: CountsSpec(
                    n=tuple(t.n.tolist()), n_event=tuple(t.n_event.tolist())
                )
                for name, t in self.binning_tables_.items()
            },
            points_edges=(),
            points=CountsSpec((0.0,), (0.0,)),
        )

    def _count(
        self, table: Table, is_event: BoolArray, weight: FloatArray | None
    ) -> None:
        """Count rows in the bins, and in bands of points."""
        names = list(self.spec_.features)
        rows = table.select(names)
        self.binning_tables_ = {}
        for item in self.spec_.characteristics:
            bins = assign_column(item.feature, rows.column(item.feature.name))
            counts = count_bins(bins, is_event, item.feature.n_bins, weight)
            self.binning_tables_[item.feature.name] = self._table(item, *counts)
        mass = np.ones(table.n_rows) if weight is None else weight
        self.n_rows_ = float(mass.sum())
        self.n_events_ = float(mass[is_event].sum())
        _, points = score_table(self.spec_, rows)
        self.baseline_ = build_baseline(
            list(self.binning_tables_.values()), points, is_event, weight
        )

    def _table(
        self, item: CharacteristicSpec, n_event: FloatArray, n_nonevent: FloatArray
    ) -> BinningTable:
        return BinningTable(
            feature=item.feature,
            n_event=n_event,
            n_nonevent=n_nonevent,
            woe=np.asarray(item.woe),
            smoothing=0.5,
            classes=(self.classes_[0], self.classes_[1]),
            status="manual",
        )

    def _score(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        check_is_fitted(self)
        names = self._names_to_score()
        table = read_features(self, X, reset=False, names=names)
        # An array has no names to match the card's characteristics by.
        return score_table(self.spec_, table.select(names) if names else table)

    def _names_to_score(self) -> list[str]:
        return list(self.spec_.features)
