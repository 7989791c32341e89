"""One record through a scorecard, by plain Python."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from riskkit._core.field_values import read_level, read_number, refuse_level
from riskkit.serving._logistic import sigmoid
from riskkit.serving._plan import plan_scorecard

if TYPE_CHECKING:
    from riskkit.artifact import ScorecardSpec
    from riskkit.serving._plan import Score

__all__ = ["CardPlan"]


class CardPlan:
    """A scorecard laid out for records; it never changes."""

    __slots__ = ("_offset", "_reasons", "_start", "_steps")

    def __init__(self, spec: ScorecardSpec) -> None:
        self._start, self._offset = spec.intercept, spec.offset_points
        self._steps, self._reasons = plan_scorecard(spec)

    def score(self, record: dict[str, Any], n_reasons: int) -> Score:
        """Return PD, points, log-odds and reasons; KeyError if a field is absent."""
        log_odds, points = self._start, self._offset
        ranks: list[int] = []
        for name, edges, regular, known, missing, unseen in self._steps:
            value: Any = record[name]
            if edges is None:
                if type(value) is not str:
                    value = read_level(value, name)
                entry = missing if value is None else known.get(value, unseen)
                if entry is None:
                    refuse_level(name)
            else:
                kind = type(value)
                if kind is not float:
                    try:
                        # Most are whole numbers: spare them the call.
                        value = (
                            float(value) if kind is int else read_number(value, name)
                        )
                    except OverflowError:
                        value = read_number(value, name)  # says which field it was
                # Codes come before edges: they stand for reasons, not amounts.
                if known and value in known:
                    entry = known[value]
                elif value == value:
                    entry = regular[bisect_left(edges, value)]
                else:
                    entry = missing
            term, worth, rank = entry
            log_odds += term
            points += worth
            if rank is not None:
                ranks.append(rank)
        ranks.sort()
        reasons = tuple([self._reasons[rank] for rank in ranks[:n_reasons]])
        return sigmoid(log_odds), points, log_odds, reasons
