"""Sums of a logistic model over rows that are not held, one pass for each.

The sums of a block are those of :mod:`riskkit._kernels.logistic_rows`, and blocks add
up in any order. A fit asks for them as it asks rows in memory, so that it takes the
same steps to the same optimum; a step costs a pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.bins import take_values
from riskkit._kernels.logistic_rows import LogisticRows, LogisticSums, OutsideSums
from riskkit._kernels.row_sources import PairCounts, joined, split_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.row_sources import BinnedRows, RowSource
    from riskkit.typing import FloatArray

__all__ = ["FittedAt", "LogisticStream"]


@dataclass(frozen=True)
class FittedAt:
    """Log-odds of rows that are not held: how to find them, the intercept first."""

    beta: FloatArray
    chosen: tuple[int, ...]


class LogisticStream:
    """Columns of a logistic model as values of the bins of a source.

    ``values`` holds the value of each bin of each feature named.
    """

    def __init__(
        self, source: RowSource, names: Sequence[str], values: Sequence[FloatArray]
    ) -> None:
        self.source, self.names = source, tuple(names)
        self.values = [np.asarray(value, dtype=np.float64) for value in values]
        self._known: tuple[FittedAt, FloatArray] | None = None
        self._pairs: dict[tuple[int, ...], FloatArray] = {}

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        return len(self.values)

    def turn(self, column: int) -> None:
        """Multiply a column by -1."""
        self.values[column] = -self.values[column]
        self._known = None

    def total(self) -> tuple[float, float]:
        """Return the weight of the events and of all rows."""
        return self.source.n_events, self.source.n_rows

    def level(self) -> float:
        """Return the intercept that fits without columns."""
        n_event, n_rows = self.total()
        share = n_event / n_rows
        return float(np.log(share) - np.log1p(-share))

    def log_odds(self, beta: FloatArray, chosen: Sequence[int]) -> FittedAt:
        """Return what the log-odds of the rows follow from."""
        return FittedAt(beta.copy(), tuple(chosen))

    def sums(
        self, beta: FloatArray, chosen: Sequence[int], *, information: bool
    ) -> LogisticSums:
        """Return the sums at ``beta`` over the columns chosen, in one pass."""
        found = self._fold(beta, chosen, (), information=information)
        if information:
            self._known = self.log_odds(beta, chosen), np.asarray(found.information)
        return found.sums

    def information(self, log_odds: FittedAt, chosen: Sequence[int]) -> FloatArray:
        """Return the information of the columns that the log-odds are made of."""
        _check_same(log_odds, chosen)
        if self._known is not None:
            at, known = self._known
            if at.chosen == log_odds.chosen and np.array_equal(at.beta, log_odds.beta):
                return known
        sums = self.sums(log_odds.beta, chosen, information=True)
        return np.asarray(sums.information)

    def outside(
        self, log_odds: FittedAt, inside: Sequence[int], outside: Sequence[int]
    ) -> OutsideSums:
        """Return the sums of columns outside a fit with these log-odds."""
        _check_same(log_odds, inside)
        found = self._fold(log_odds.beta, inside, outside, information=True)
        self._known = log_odds, np.asarray(found.information)
        return found.outside

    def separates(self, log_odds: FittedAt) -> bool:
        """Return whether every event ranks above every non-event."""
        columns = [self.values[j] for j in log_odds.chosen]
        job = _Extremes(log_odds.beta, tuple(columns))
        least, most = self.source.fold([self.names[j] for j in log_odds.chosen], job)
        return bool(least > most)

    def correlation(self, chosen: Sequence[int]) -> FloatArray:
        """Return the correlations of the columns chosen, by counts of pairs of bins."""
        pairs = self.pair_counts(chosen)
        spans = PairCounts(tuple(self.values[j].size for j in chosen)).spans
        centred = np.zeros((len(pairs), len(chosen)))
        n = np.diag(pairs)
        for at, (j, span) in enumerate(zip(chosen, spans, strict=True)):
            value = self.values[j]
            centred[span, at] = value - value @ n[span] / self.source.n_rows
        products = centred.T @ pairs @ centred
        spread = np.sqrt(np.diag(products))
        return np.asarray(products / np.outer(spread, spread))

    def pair_counts(self, chosen: Sequence[int]) -> FloatArray:
        """Return the rows in every pair of bins, by a pass for each choice."""
        key = tuple(chosen)
        if key not in self._pairs:
            job = PairCounts(tuple(self.values[j].size for j in key))
            self._pairs[key] = self.source.fold([self.names[j] for j in key], job)
        return self._pairs[key]

    def _fold(
        self,
        beta: FloatArray,
        inside: Sequence[int],
        outside: Sequence[int],
        *,
        information: bool,
    ) -> _Found:
        columns = [*inside, *outside]
        values = tuple(self.values[j] for j in columns)
        job = _Sums(beta, values, len(inside), information)
        names = [self.names[j] for j in columns]
        return job.unpack(joined(self.source.fold(names, job)))


@dataclass(frozen=True)
class _Found:
    sums: LogisticSums
    outside: OutsideSums

    @property
    def information(self) -> FloatArray | None:
        return self.sums.information


@dataclass(frozen=True)
class _Sums:
    """Adds up loss, slopes and information inside a fit, and what is outside."""

    beta: FloatArray
    values: tuple[FloatArray, ...]
    n_inside: int
    information: bool

    def start(self) -> FloatArray:
        return np.zeros((2, sum(self._sizes)))

    def update(self, state: FloatArray, rows: BinnedRows) -> FloatArray:
        for block in rows.blocks():
            state += split_sums(self._of(block))
        return state

    def merge(self, one: FloatArray, other: FloatArray) -> FloatArray:
        return one + other

    def unpack(self, flat: FloatArray) -> _Found:
        """Take a total apart."""
        loss, slopes, curved, u, own, cross = np.split(
            flat, np.cumsum(self._sizes)[:-1]
        )
        square = curved.reshape(slopes.size, -1) if self.information else None
        return _Found(
            LogisticSums(float(loss[0]), slopes, square),
            OutsideSums(u, own, cross.reshape(slopes.size, -1)),
        )

    @property
    def _sizes(self) -> tuple[int, ...]:
        n, more = 1 + self.n_inside, len(self.values) - self.n_inside
        return 1, n, n * n * self.information, more, more, n * more

    def _of(self, block: BinnedRows) -> FloatArray:
        X = _columns(self.values, block)
        held = LogisticRows(X, block.is_event, block.weight)
        inside = range(self.n_inside)
        sums = held.sums(self.beta, inside, information=self.information)
        flat = [np.array([sums.loss]), sums.slopes]
        if sums.information is not None:
            flat.append(sums.information.ravel())
        if self.n_inside < len(self.values):
            z = held.log_odds(self.beta, inside)
            found = held.outside(z, inside, range(self.n_inside, len(self.values)))
            flat += [found.slopes, found.own, found.cross.ravel()]
        return np.concatenate(flat)


@dataclass(frozen=True)
class _Extremes:
    """The least log-odds of an event and the most of a non-event."""

    beta: FloatArray
    values: tuple[FloatArray, ...]

    def start(self) -> tuple[float, float]:
        return float("inf"), float("-inf")

    def update(
        self, state: tuple[float, float], rows: BinnedRows
    ) -> tuple[float, float]:
        for block in rows.blocks():
            z = self.beta[0] + _columns(self.values, block) @ self.beta[1:]
            least = float(z[block.is_event].min(initial=np.inf))
            most = float(z[~block.is_event].max(initial=-np.inf))
            state = self.merge(state, (least, most))
        return state

    def merge(
        self, one: tuple[float, float], other: tuple[float, float]
    ) -> tuple[float, float]:
        return min(one[0], other[0]), max(one[1], other[1])


def _columns(values: Sequence[FloatArray], block: BinnedRows) -> FloatArray:
    X = np.empty((block.is_event.size, len(values)), order="F")
    for j, (value, codes) in enumerate(zip(values, block.bins, strict=True)):
        take_values(value, codes, out=X[:, j])
    return X


def _check_same(log_odds: FittedAt, chosen: Any) -> None:
    if log_odds.chosen != tuple(chosen):
        msg = "The information asked for must be of the columns of the fit."
        raise ValueError(msg)
