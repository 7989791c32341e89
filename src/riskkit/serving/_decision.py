"""What the strategy of an artifact decides on scores: one record, or many rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskkit.artifact import DECISIONS, LIMITED_BY, decide_record
from riskkit.serving._result import ScoreResult

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from riskkit._core.frames import Table
    from riskkit.artifact import RowDecisions, StrategySpec
    from riskkit.serving._result import BatchResult

__all__ = ["DecisionPlan", "decide_batch"]

_APPROVE = DECISIONS[0]


class DecisionPlan:
    """A strategy laid out for records; it never changes.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.

    outputs : collection of str
        What the model answers; the strategy reads anything else from the record.
    """

    __slots__ = ("_fields", "_spec")

    def __init__(self, spec: StrategySpec, outputs: Collection[str]) -> None:
        self._spec = spec
        self._fields = tuple([name for name in spec.fields if name not in outputs])

    def decide(self, scored: ScoreResult, record: Mapping[str, object]) -> ScoreResult:
        """Return the result with its decision; KeyError if a field is absent."""
        values = {name: record[name] for name in self._fields}
        values |= _answers(scored)
        step, reason, _, grant = decide_record(self._spec, values)
        granted: dict[str, Any] = {}
        if grant is not None:
            price = None if grant.band is None else grant.band.price
            granted = {
                "limit": grant.limit,
                "limited_by": grant.limited_by,
                "price": price,
            }
        return ScoreResult(
            scored.pd,
            scored.points,
            scored.log_odds,
            scored.reasons,
            scored.model_id,
            scored.grade,
            scored.grade_pd,
            scored.interval,
            decision=step.decision,
            decided_by=step.name,
            decision_reason=reason,
            **granted,
        )


def decide_batch(spec: StrategySpec, table: Table, scored: BatchResult) -> BatchResult:
    """Return the scores of a table's rows with their decisions."""
    from riskkit._core.frames import Table
    from riskkit.artifact import decide_rows

    columns = {name: table.column(name) for name in spec.fields if name in table.names}
    columns |= _answers(scored)
    rows = Table(tuple(columns), tuple(columns.values()), table.n_rows)
    return replace(scored, **_decided(spec, decide_rows(spec, rows)))


def _answers(scored: ScoreResult | BatchResult) -> dict[str, Any]:
    """Return what the model answers, by the names that a strategy reads."""
    answers: dict[str, Any] = {
        "pd": scored.pd,
        "points": scored.points,
        "log_odds": scored.log_odds,
    }
    if scored.grade is not None:
        answers |= {"grade": scored.grade, "grade_pd": scored.grade_pd}
    if scored.interval is not None:
        # A record has a pair, a table a row for each pair.
        ends = scored.interval if isinstance(scored, ScoreResult) else scored.interval.T
        answers["pd_low"], answers["pd_high"] = ends
    return answers


def _decided(spec: StrategySpec, rows: RowDecisions) -> dict[str, Any]:
    """Return the columns of the decisions, by their names in the result."""
    import numpy as np

    steps = spec.steps
    words = {
        "decision": [step.decision for step in steps],
        "decided_by": [step.name for step in steps],
        "decision_reason": [step.reason for step in steps],
    }
    columns = {k: np.array(v, dtype=object)[rows.step] for k, v in words.items()}
    if spec.limits is None or rows.grants is None:
        return columns
    grants, bands = rows.grants, spec.limits.bands
    limited_by = np.array(LIMITED_BY, dtype=object)[grants.limited_by]
    last = len(steps) - 1
    for row in np.flatnonzero(rows.step == last):
        columns["decision_reason"][row] = steps[last].because(limited_by[row])
    approved = columns["decision"] == _APPROVE
    # The last price serves the place -1 of an unknown score.
    prices = np.array([*(band.price for band in bands), None], dtype=np.float64)
    columns["limit"] = np.where(approved, grants.limit, np.nan)
    limited_by[~approved] = None
    columns["limited_by"] = limited_by
    columns["price"] = np.where(approved, prices[grants.band], np.nan)
    return columns
