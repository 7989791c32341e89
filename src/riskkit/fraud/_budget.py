"""As many alerts as there are people to look at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit._core.params import check_int
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray, IntArray

__all__ = ["AlertBudget", "AlertQueueResult"]


@dataclass(frozen=True, eq=False)
class AlertQueueResult:
    """The rows to look at, day by day and queue by queue, the first alert first.

    Parameters
    ----------
    alerts : DataFrame
        One row an alert: ``row`` (its position in what was given), ``day``, ``queue``,
        ``rank`` within both, ``by`` (who asked for it) and ``score`` (of whoever
        asked).

    unused : int
        Alerts that there was capacity for and no row.

    Examples
    --------
    >>> from riskkit.fraud import AlertBudget
    >>> result = AlertBudget(2).select([0.2, 0.9, 0.4])
    >>> result.rows
    array([1, 2])
    """

    alerts: pd.DataFrame
    unused: int

    @property
    def rows(self) -> IntArray:
        """Positions of the rows with an alert."""
        return self.alerts["row"].to_numpy()

    def frame(self) -> pd.DataFrame:
        """Return a copy of the alerts."""
        return self.alerts.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"alerts": self.alerts.to_dict("list"), "unused": self.unused}

    def _repr_html_(self) -> str:
        return self.alerts.to_html(index=False)


class AlertBudget:
    """Choose the rows to look at, within what each queue can work through a day.

    Parameters
    ----------
    capacity : int or dict of str to int
        Alerts a day, at least 1; or alerts a day of each queue, at least 0.

    Attributes
    ----------
    capacity : int or dict of str to int
        As given.

    See Also
    --------
    ConformalAlarm : A bound on false alarms in place of a number of alerts.
    AnomalyEnsemble.member_scores : Scores of members that can share a budget.

    Notes
    -----
    With one column of scores the riskiest rows get the alerts. With several the
    columns take turns, each asking for the row riskiest by its own score that has no
    alert yet: no column can be outvoted, which keeps the finds of a detector that the
    others do not understand. Ties go to the row that stands first.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import AlertBudget
    >>> budget = AlertBudget({"cards": 1, "loans": 2})
    >>> result = budget.select([0.9, 0.8, 0.1, 0.3], queue=["cards", "cards", "loans",
    ...                        "loans"])
    >>> result.frame()[["row", "queue", "rank", "score"]]
       row  queue  rank  score
    0    0  cards     1    0.9
    1    3  loans     1    0.3
    2    2  loans     2    0.1

    Two members that share three alerts:

    >>> said = pd.DataFrame({"forest": [3.0, 2.0, 0.0, 1.0], "copula": [0, 1, 9, 2]})
    >>> AlertBudget(3).select(said).frame()[["row", "by"]]
       row      by
    0    0  forest
    1    2  copula
    2    1  forest
    """

    def __init__(self, capacity: int | Mapping[str, int]) -> None:
        if isinstance(capacity, Mapping):
            if not capacity:
                msg = "capacity must name at least one queue; got an empty mapping."
                raise InvalidParameterError(msg)
            for name, number in capacity.items():
                check_int(f"capacity[{name!r}]", number, low=0)
            capacity = dict(capacity)
        else:
            check_int("capacity", capacity, low=1)
        self.capacity = capacity

    def select(
        self,
        scores: Any,
        *,
        day: ArrayLike | None = None,
        queue: ArrayLike | None = None,
        entity: ArrayLike | None = None,
    ) -> AlertQueueResult:
        """Choose the alerts of each day and queue.

        Parameters
        ----------
        scores : array-like of shape (n_samples,) or frame (n_samples, n_columns)
            Finite; up is riskier. The columns of a frame share the budget.

        day : array-like of shape (n_samples,), optional
            When each row would be looked at; None takes all rows for one day.

        queue : array-like of shape (n_samples,), optional
            Queue of each row; needed if the capacity goes by queue.

        entity : array-like of shape (n_samples,), optional
            Card, customer or account: one that has an alert gets no second one on the
            same day in the same queue.

        Returns
        -------
        result : AlertQueueResult
            The alerts, by day, queue and rank.

        Raises
        ------
        InvalidInputError
            If a score is not finite, a queue has no capacity of its own, or the
            columns are not of the same rows.
        """
        table, names = _read_scores(scores)
        n_rows = len(table)
        days = _read_column("day", day, n_rows)
        queues = self._read_queues(queue, n_rows)
        entities = None if entity is None else _read_column("entity", entity, n_rows)
        found: list[tuple[Any, ...]] = []
        unused = 0
        parts: dict[Any, Any] = dict(
            pd.DataFrame({"day": days, "queue": queues})
            .groupby(["day", "queue"])
            .indices
        )
        for (one_day, one_queue), places in parts.items():
            rows = np.sort(places)
            capacity = self._capacity_of(one_queue)
            chosen = _take_turns(
                table[rows], None if entities is None else entities[rows], capacity
            )
            unused += capacity - len(chosen)
            found += [
                (
                    int(rows[row]),
                    one_day,
                    one_queue,
                    rank,
                    names[by],
                    float(table[rows[row], by]),
                )
                for rank, (row, by) in enumerate(chosen, start=1)
            ]
        columns = ["row", "day", "queue", "rank", "by", "score"]
        alerts = pd.DataFrame(found, columns=columns).astype({"row": np.intp})
        return AlertQueueResult(alerts, unused)

    def threshold(self, scores: ArrayLike, day: ArrayLike | None = None) -> float:
        """Return the score that would have raised as many alerts a day on average.

        A service that decides on one row at a time cannot wait for the end of the day;
        it alerts above a score instead.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Past scores; up is riskier.

        day : array-like of shape (n_samples,), optional
            Day of each row; None takes all rows for one day.

        Returns
        -------
        threshold : float
            Alert above it. ``-inf`` if there were fewer rows than capacity.

        Raises
        ------
        InvalidParameterError
            If the capacity goes by queue: give each queue its own budget.
        InvalidInputError
            If a score is not finite.

        Examples
        --------
        >>> from riskkit.fraud import AlertBudget
        >>> AlertBudget(1).threshold([0.1, 0.9, 0.5, 0.7], day=[1, 1, 2, 2])
        0.5
        """
        if isinstance(self.capacity, dict):
            msg = (
                "A threshold needs one capacity; got one for each of "
                f"{len(self.capacity)} queues. Use AlertBudget(k) on each queue's rows."
            )
            raise InvalidParameterError(msg)
        table, _ = _read_scores(scores)
        if table.shape[1] != 1:
            msg = f"A threshold is on one score; got {table.shape[1]} columns."
            raise InvalidInputError(msg)
        n_days = np.unique(_read_column("day", day, len(table))).size
        falling = np.sort(table[:, 0])[::-1]
        k = self.capacity * n_days
        return float(falling[k]) if k < falling.size else -np.inf

    def __repr__(self) -> str:
        return f"AlertBudget({self.capacity!r})"

    def _capacity_of(self, queue: Any) -> int:
        if isinstance(self.capacity, dict):
            return int(self.capacity[queue])
        return int(self.capacity)

    def _read_queues(self, queue: ArrayLike | None, n_rows: int) -> Any:
        if queue is None and isinstance(self.capacity, dict):
            if len(self.capacity) == 1:
                return np.full(n_rows, next(iter(self.capacity)), dtype=object)
            msg = (
                f"capacity names {len(self.capacity)} queues; select needs queue=, the "
                "queue of each row."
            )
            raise InvalidInputError(msg)
        queues = _read_column("queue", queue, n_rows)
        if isinstance(self.capacity, dict):
            unknown = {name for name in queues.tolist() if name not in self.capacity}
            if unknown:
                msg = (
                    f"Every queue needs a capacity; {len(unknown)} of the queues of "
                    f"the rows have none, among {sorted(map(str, self.capacity))}."
                )
                raise InvalidInputError(msg)
        return queues


def _take_turns(
    scores: FloatArray, entities: Any | None, capacity: int
) -> list[tuple[int, int]]:
    """Return row and column of each alert, the columns asking in turn."""
    orders = [np.argsort(-column, kind="stable") for column in scores.T]
    following = [0] * len(orders)
    taken: set[Any] = set()
    chosen: list[tuple[int, int]] = []
    turn = 0
    while len(chosen) < capacity and any(k < len(scores) for k in following):
        by = turn % len(orders)
        turn += 1
        while following[by] < len(scores):
            row = int(orders[by][following[by]])
            following[by] += 1
            key = row if entities is None else entities[row]
            if key not in taken:
                taken.add(key)
                chosen.append((row, by))
                break
    return chosen


def _read_scores(scores: Any) -> tuple[FloatArray, list[str]]:
    if hasattr(scores, "columns"):
        names = [str(name) for name in scores.columns]
        table = np.asarray(scores, dtype=np.float64)
    else:
        table = np.asarray(scores, dtype=np.float64)
        if table.ndim == 1:
            table = table[:, None]
        count = table.shape[1] if table.ndim == 2 else 0
        names = ["score"] if count == 1 else [f"score {k + 1}" for k in range(count)]
    n_bad = int(np.count_nonzero(~np.isfinite(table)))
    if table.ndim != 2 or table.size == 0 or n_bad:
        msg = (
            "scores must hold finite numbers, one a row, or a frame with a column for "
            f"each that shares the budget; got shape {table.shape}, {n_bad} not finite."
        )
        raise InvalidInputError(msg)
    return table, names


def _read_column(name: str, values: ArrayLike | None, n_rows: int) -> Any:
    if values is None:
        return np.zeros(n_rows, dtype=np.intp)
    column = np.asarray(values)
    if column.shape != (n_rows,):
        msg = f"{name} must hold {n_rows} entries, one a row; got {column.shape}."
        raise InvalidInputError(msg)
    n_missing = int(pd.isna(column).sum())
    if n_missing:
        msg = (
            f"{name} must be known in every row; {n_missing} of {n_rows} are missing. "
            "Give such rows a name of their own, or leave them out."
        )
        raise InvalidInputError(msg)
    return column
