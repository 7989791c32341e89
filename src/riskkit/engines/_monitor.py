"""Counting a table of any size over the bins of a reference population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.frames import Table
from riskkit.engines._card import read_card
from riskkit.engines._collect import open_table
from riskkit.engines._engine import check_columns
from riskkit.engines._scores import score_table
from riskkit.engines._shown import fold_shown
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.monitoring import Baseline, StabilityMonitor

if TYPE_CHECKING:
    from riskkit.artifact import ScorecardSpec

__all__ = ["monitor"]


@dataclass(frozen=True)
class _Watch:
    """Counts parts of a table over the bins of a monitor."""

    empty: StabilityMonitor
    card: ScorecardSpec | None
    period: str
    score: str | None
    y: str | None
    sample_weight: str | None

    def start(self) -> StabilityMonitor:
        return self.empty.merge(self.empty)

    def update(self, state: StabilityMonitor, part: Any) -> StabilityMonitor:
        table = Table.read(part)
        if not table.n_rows:
            return state
        score = None
        if self.card is not None:
            score = score_table(self.card, table)[1]
        elif self.score is not None:
            score = table.column(self.score)
        names = state.baseline.features
        columns = dict(zip(table.names, table.columns, strict=True))
        return state.update(
            {name: columns[name] for name in names} or None,
            period=_values(columns[self.period]),
            score=score,
            y=None if self.y is None else columns[self.y],
            sample_weight=(
                None if self.sample_weight is None else columns[self.sample_weight]
            ),
        )

    def merge(self, one: StabilityMonitor, other: StabilityMonitor) -> StabilityMonitor:
        return one.merge(other)


def monitor(
    source: Any,
    reference: Baseline | StabilityMonitor,
    *,
    period: str,
    model: Any = None,
    score: str | None = None,
    y: str | None = None,
    sample_weight: str | None = None,
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
    verbose: bool | str = False,
) -> StabilityMonitor:
    """Count a table of any size, period by period, over the bins of a reference.

    Parameters
    ----------
    source : table, chunks, relation or path
        As for :func:`collect_stats`.

    reference : Baseline or StabilityMonitor
        The population to compare with, such as ``Baseline.from_scorecard(card)`` or
        :func:`fit_baseline`; a monitor keeps the periods that it has counted.

    period : str
        Column with the period of each row: a label that sorts in the order of time, or
        a date, which is cut into months.

    model : scorecard, Artifact or path, default=None
        Whose points are the score, if the reference has bands of points.

    score : str, default=None
        Column with the score, in place of a model.

    y : str, default=None
        Column with the outcome: 1, 0, or missing where it is not known yet.

    sample_weight : str, default=None
        Column with weights.

    engine, memory_limit, batch_rows, verbose
        As for :func:`collect_stats`.

    Returns
    -------
    monitor : StabilityMonitor
        A new one, with the rows counted; `reference` is left as it is.

    Raises
    ------
    InvalidInputError, InvalidTypeError, InvalidTargetError, MissingExtraError
        If a column is missing, or the rows cannot be used.
    InvalidParameterError
        If both a model and a score are given, or a parameter is outside its domain.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.engines import SufficientStats, fit_baseline, monitor
    >>> stats = SufficientStats(["age"]).update({"age": [25.0, 31.0, 60.0]}, [1, 0, 0])
    >>> new = pd.DataFrame({"age": [25.0, 60.0], "month": ["2026-01", "2026-02"]})
    >>> monitor(new, fit_baseline(stats), period="month").periods
    ('2026-01', '2026-02')
    """
    if model is not None and score is not None:
        msg = "Either a model or the column of a score is needed; got both. Drop one."
        raise InvalidParameterError(msg)
    if isinstance(reference, Baseline):
        reference = StabilityMonitor(reference)
    if not isinstance(reference, StabilityMonitor):
        msg = (
            "reference must be a Baseline or a StabilityMonitor; got "
            f"{type(reference).__name__}."
        )
        raise InvalidTypeError(msg)
    card = None if model is None else read_card(model)
    opened = open_table(source, engine, memory_limit, batch_rows)
    needed = [period, *(c for c in (score, y, sample_weight) if c is not None)]
    needed += reference.baseline.features
    if card is not None:
        needed += [item.feature.name for item in card.characteristics]
    columns = list(dict.fromkeys(needed))
    check_columns(columns, opened.columns)
    empty = StabilityMonitor(
        reference.baseline,
        smoothing=reference.smoothing,
        limits=reference.limits,
        min_n=reference.min_n,
    )
    watch = _Watch(empty, card, period, score, y, sample_weight)
    counted = fold_shown(
        opened, watch, columns, verbose=verbose, stage="Counting populations"
    )
    return reference.merge(counted)


def _values(column: Any) -> Any:
    return column.to_numpy() if hasattr(column, "to_numpy") else column
