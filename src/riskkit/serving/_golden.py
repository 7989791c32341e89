"""Golden rows of an artifact, scored again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from riskkit.exceptions import ArtifactError, RiskkitError
from riskkit.serving._result import ScoreResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.artifact import GoldenRowSpec
    from riskkit.serving._anomaly_result import AnomalyResult

__all__ = ["replay"]


class _Scorer(Protocol):
    def score(
        self, record: Mapping[str, object], *, n_reasons: int = ...
    ) -> ScoreResult | AnomalyResult: ...


def replay(scorer: _Scorer, rows: Sequence[GoldenRowSpec], *, exact: bool) -> None:
    """Raise unless a scorer answers the golden rows as the model once did."""
    for place, row in enumerate(rows):
        try:
            result = scorer.score(row.record, n_reasons=0)
        except RiskkitError as error:
            msg = (
                f"golden.json, row {place} must be a record that the model scores; it "
                f"is none: {error}"
            )
            raise ArtifactError(msg) from error
        row.check(place, _answers(result), exact=exact)


def _answers(result: ScoreResult | AnomalyResult) -> dict[str, float | str | None]:
    """Return what a result says by the names of answers; what is absent as None."""
    if not isinstance(result, ScoreResult):
        return {"anomaly_score": result.anomaly_score, "log_odds": result.log_odds}
    low, high = (None, None) if result.interval is None else result.interval
    return {
        "pd": result.pd,
        "points": result.points,
        "log_odds": result.log_odds,
        "grade": result.grade,
        "grade_pd": result.grade_pd,
        "pd_low": low,
        "pd_high": high,
        "decision": result.decision,
        "decided_by": result.decided_by,
        "limit": result.limit,
        "price": result.price,
    }
