"""A table of any size as rows of bins, gone through anew for each sum of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from riskkit._core.frames import Table
from riskkit._kernels.row_sources import BinnedRows
from riskkit.artifact import assign_column
from riskkit.engines._rows import read_events, read_weights
from riskkit.engines._shown import fold_shown
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.row_sources import RowJob
    from riskkit.artifact import FeatureSpec
    from riskkit.engines._engine import Engine
    from riskkit.engines._stats import SufficientStats

__all__ = ["BinnedSource", "check_same_rows"]

State = TypeVar("State")


class BinnedSource:
    """A source for the fit of a scorecard; each fold is a pass of the engine."""

    def __init__(
        self,
        engine: Engine,
        features: Sequence[FeatureSpec],
        y: str,
        sample_weight: str | None,
        stats: SufficientStats,
        *,
        verbose: bool | str,
    ) -> None:
        self._engine, self._y, self._weight = engine, y, sample_weight
        self._features = {feature.name: feature for feature in features}
        self._stats, self._verbose = stats, verbose
        self.names = tuple(self._features)
        self.classes = np.asarray(stats.classes)
        self.n_rows, self.n_events = stats.n, stats.n_event
        self.n_passes = 0

    def fold(self, names: Sequence[str], job: RowJob[State]) -> State:
        """Go through the rows once, and through the columns of these features alone."""
        self.n_passes += 1
        features = tuple(self._features[name] for name in names)
        weights = [] if self._weight is None else [self._weight]
        n_rows, state = fold_shown(
            self._engine,
            _Binned(job, features, self._y, self._weight, self._stats.classes),
            [*names, self._y, *weights],
            verbose=self._verbose,
            stage=f"Weighing features, pass {self.n_passes}",
        )
        check_same_rows(n_rows, self._stats)
        return state


@dataclass(frozen=True)
class _Binned(Generic[State]):
    """Brings the rows of a part to a job as bins, and counts them."""

    job: RowJob[State]
    features: tuple[FeatureSpec, ...]
    y: str
    sample_weight: str | None
    classes: tuple[Any, Any]

    def start(self) -> tuple[float, State]:
        return 0.0, self.job.start()

    def update(self, state: tuple[float, State], part: Any) -> tuple[float, State]:
        table = Table.read(part)
        is_event = read_events(table.column(self.y), self.classes, table.n_rows)
        name = self.sample_weight
        given = None if name is None else table.column(name)
        weight = read_weights(given, table.n_rows)
        bins = tuple(assign_column(f, table.column(f.name)) for f in self.features)
        n_rows = float(table.n_rows if weight is None else weight.sum())
        if weight is not None and not weight.all():
            kept = weight > 0
            bins = tuple(codes[kept] for codes in bins)
            is_event, weight = is_event[kept], weight[kept]
        found = self.job.update(state[1], BinnedRows(bins, is_event, weight))
        return state[0] + n_rows, found

    def merge(
        self, one: tuple[float, State], other: tuple[float, State]
    ) -> tuple[float, State]:
        return one[0] + other[0], self.job.merge(one[1], other[1])


def check_same_rows(n_rows: float, stats: SufficientStats) -> None:
    """Raise if a later pass met other rows than those that were counted."""
    if n_rows != stats.n:
        msg = (
            f"The source must hold the rows that were counted, {stats.n:g} of them; "
            f"a later pass found {n_rows:g}. Read a source that does not change, or "
            "count again."
        )
        raise InvalidInputError(msg)
