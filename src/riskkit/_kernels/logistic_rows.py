"""Sums over the rows of a logistic model, block by block.

A fit goes through its rows many times, and needs of each pass a few sums only. Rows are
therefore taken in blocks that stay in the cache: the tables of the size of the sample
that the formulas would suggest, weighted copies of all columns, are never made.

With ``z_i = o_i + a + x_i b``, ``p_i = 1 / (1 + exp(-z_i))``, offsets ``o_i`` (0 where
there are none), weights ``w_i`` and outcomes ``y_i``, a leading 1 counted among
``x_i``::

    loss         sum_i w_i (log(1 + exp(z_i)) - y_i z_i)
    slopes       sum_i w_i (p_i - y_i) x_i
    information  sum_i w_i p_i (1 - p_i) x_i x_i'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["LogisticRows", "LogisticSource", "LogisticSums", "OutsideSums"]

LogOdds = TypeVar("LogOdds")

_BLOCK_NUMBERS = 1 << 15  # of the columns of a block: half of what a core keeps near


@dataclass(frozen=True)
class LogisticSums:
    """The sums of one pass; ``information`` only where it was asked for."""

    loss: float
    slopes: FloatArray
    information: FloatArray | None


@dataclass(frozen=True)
class OutsideSums:
    """Sums over columns outside a fit.

    ``slopes`` and ``own`` have an entry for each of them, ``cross`` their information
    with the columns inside, the intercept first.
    """

    slopes: FloatArray
    own: FloatArray
    cross: FloatArray


class LogisticSource(Protocol[LogOdds]):
    """What a fit asks of its rows, held or not: a few sums of each pass.

    ``LogOdds`` is what stands for the log-odds of all rows: an array of rows that are
    held, and for others what they follow from.
    """

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        ...

    def turn(self, column: int) -> None:
        """Multiply a column by -1."""
        ...

    def total(self) -> tuple[float, float]:
        """Return the weight of the events and of all rows."""
        ...

    def level(self) -> float:
        """Return the intercept that fits without columns."""
        ...

    def log_odds(self, beta: FloatArray, chosen: Sequence[int]) -> LogOdds:
        """Return the log-odds of every row; ``beta`` has the intercept first."""
        ...

    def sums(
        self, beta: FloatArray, chosen: Sequence[int], *, information: bool
    ) -> LogisticSums:
        """Return the sums at ``beta`` over the columns chosen."""
        ...

    def information(self, log_odds: LogOdds, chosen: Sequence[int]) -> FloatArray:
        """Return the information of the columns of a fit with these log-odds."""
        ...

    def outside(
        self, log_odds: LogOdds, inside: Sequence[int], outside: Sequence[int]
    ) -> OutsideSums:
        """Return the sums of columns outside a fit with these log-odds."""
        ...

    def separates(self, log_odds: LogOdds) -> bool:
        """Return whether every event ranks above every non-event."""
        ...

    def correlation(self, chosen: Sequence[int]) -> FloatArray:
        """Return the correlations of two or more columns."""
        ...


class LogisticRows:
    """Columns, outcomes and weights of a logistic model.

    ``X`` has shape (n_rows, n_columns). Columns stored one after the other are not
    copied.
    """

    def __init__(
        self,
        X: FloatArray,
        is_event: BoolArray,
        weight: FloatArray | None,
        offset: FloatArray | None = None,
    ) -> None:
        self.columns = np.ascontiguousarray(X.T)
        self.y = is_event.astype(np.float64)
        self.weight = weight
        self.offset = offset

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        return len(self.columns)

    def turn(self, column: int) -> None:
        """Multiply a column by -1."""
        self.columns[column] *= -1.0

    def total(self) -> tuple[float, float]:
        """Return the weight of the events and of all rows."""
        if self.weight is None:
            return float(self.y.sum()), float(self.y.size)
        return float(self.weight @ self.y), float(self.weight.sum())

    def level(self) -> float:
        """Return the intercept that fits without columns, all but for the offsets."""
        n_event, n_rows = self.total()
        share = n_event / n_rows
        start = float(np.log(share) - np.log1p(-share))
        if self.offset is None:
            return start
        return start - float(np.average(self.offset, weights=self.weight))

    def log_odds(self, beta: FloatArray, chosen: Sequence[int]) -> FloatArray:
        """Return ``z`` of every row; ``beta`` has the intercept first."""
        z = np.empty(self.y.size)
        for rows, x in self._blocks(chosen):
            np.matmul(beta, x, out=z[rows])
        return z if self.offset is None else z + self.offset

    def sums(
        self, beta: FloatArray, chosen: Sequence[int], *, information: bool
    ) -> LogisticSums:
        """Return the sums at ``beta`` over the columns chosen."""
        loss = 0.0
        slopes = np.zeros(beta.size)
        curved = np.zeros((beta.size, beta.size)) if information else None
        for rows, x in self._blocks(chosen):
            z = beta @ x
            if self.offset is not None:
                z += self.offset[rows]
            p, log_part = _logistic(z)
            terms, residual = log_part - self.y[rows] * z, p - self.y[rows]
            if self.weight is not None:
                terms *= self.weight[rows]
                residual *= self.weight[rows]
            loss += float(terms.sum())
            slopes += x @ residual
            if curved is not None:
                curved += (x * self._curvature(p, rows)) @ x.T
        return LogisticSums(loss, slopes, curved)

    def information(self, log_odds: FloatArray, chosen: Sequence[int]) -> FloatArray:
        """Return the information of the columns chosen, at these log-odds."""
        curved = np.zeros((1 + len(chosen), 1 + len(chosen)))
        for rows, x in self._blocks(chosen):
            p, _ = _logistic(log_odds[rows])
            curved += (x * self._curvature(p, rows)) @ x.T
        return curved

    def outside(
        self, log_odds: FloatArray, inside: Sequence[int], outside: Sequence[int]
    ) -> OutsideSums:
        """Return the sums of columns outside a fit with these log-odds."""
        slopes, own = np.zeros(len(outside)), np.zeros(len(outside))
        cross = np.zeros((1 + len(inside), len(outside)))
        both = [*inside, *outside]
        for rows, x in self._blocks(both):
            fitted, waiting = x[: 1 + len(inside)], x[1 + len(inside) :]
            p, _ = _logistic(log_odds[rows])
            residual = p - self.y[rows]
            if self.weight is not None:
                residual *= self.weight[rows]
            slopes += waiting @ residual
            curved = waiting * self._curvature(p, rows)
            own += np.einsum("ij,ij->i", curved, waiting)
            cross += fitted @ curved.T
        return OutsideSums(slopes, own, cross)

    def separates(self, log_odds: FloatArray) -> bool:
        """Return whether every event ranks above every non-event."""
        is_event = self.y > 0
        return bool(log_odds[is_event].min() > log_odds[~is_event].max())

    def correlation(self, chosen: Sequence[int]) -> FloatArray:
        """Return the correlations of two or more columns."""
        columns = self.columns[np.asarray(chosen, dtype=np.intp)]
        if self.weight is None:
            return np.asarray(np.corrcoef(columns))
        covariance = np.cov(columns, aweights=self.weight)
        spread = np.sqrt(np.diag(covariance))
        return np.asarray(covariance / np.outer(spread, spread))

    def _curvature(self, p: FloatArray, rows: slice) -> FloatArray:
        curvature = p * (1.0 - p)
        return curvature if self.weight is None else self.weight[rows] * curvature

    def _blocks(self, chosen: Sequence[int]) -> Iterator[tuple[slice, FloatArray]]:
        """Yield blocks of rows, ``x`` with a leading row of ones."""
        n_rows, index = self.y.size, np.asarray(chosen, dtype=np.intp)
        size = max(256, _BLOCK_NUMBERS // (1 + index.size))
        block = np.ones((1 + index.size, min(size, n_rows)))
        for start in range(0, n_rows, size):
            rows = slice(start, min(start + size, n_rows))
            x = block[:, : rows.stop - start]
            x[1:] = self.columns[index, rows]
            yield rows, x


def _logistic(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``p`` and ``log(1 + exp(z))``, neither of which can overflow."""
    small = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return p, np.maximum(z, 0.0) + np.log1p(small)
