"""Scores of a table as a table: PD or anomaly score and reasons of every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.text import text_array
from riskkit.artifact import DetectorArtifact, FraudSpec, ScorecardSpec

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.artifact import Artifact
    from riskkit.serving import AnomalyBatchResult, BatchResult

__all__ = ["result_names", "score_frame"]

_WORDS = frozenset({"decision", "decided_by", "decision_reason", "limited_by"})


def result_names(artifact: Artifact | DetectorArtifact, n_reasons: int) -> list[str]:
    """Return the columns of :func:`score_frame`."""
    reasons = [f"reason_{k + 1}" for k in range(n_reasons)]
    if isinstance(artifact, DetectorArtifact):
        return [*_anomaly_names(artifact), *reasons]
    names = ["pd", "points"]
    pd_map = artifact.pd_map
    if pd_map is not None and pd_map.grades is not None:
        names += ["grade", "grade_pd"]
    if pd_map is not None and pd_map.has_interval:
        names += ["pd_low", "pd_high"]
    strategy = artifact.strategy
    if strategy is not None:
        names += ["decision", "decided_by", "decision_reason"]
        names += ["limit", "limited_by", "price"] if strategy.limits else []
    return [*names, *reasons]


def _anomaly_names(artifact: DetectorArtifact) -> list[str]:
    model = artifact.model
    is_fraud = isinstance(model, FraudSpec)
    detector = model.detector if isinstance(model, FraudSpec) else model
    members = () if detector.combine is None else detector.members
    return [
        *(["fraud_probability"] if is_fraud else []),
        *("anomaly_score", "is_outlier"),
        *(f"member: {member.name}" for member in members),
    ]


def _texts(artifact: Artifact | DetectorArtifact) -> dict[str, str]:
    """Return the words of each reason; but for scorecards, the names of the fields."""
    if isinstance(artifact, DetectorArtifact):
        return {name: name for name in artifact.fields}
    model = artifact.model
    if isinstance(model, ScorecardSpec):
        return {c.feature.name: c.reason for c in model.characteristics}
    return {name: name for name in model.names}


def score_frame(
    artifact: Artifact | DetectorArtifact, X: pd.DataFrame, n_reasons: int
) -> pd.DataFrame:
    """Return the scores and the texts of the reasons of each row, in order."""
    import pandas as pd

    from riskkit.serving import AnomalyScorer, Scorer

    batch: BatchResult | AnomalyBatchResult
    if isinstance(artifact, DetectorArtifact):
        batch = AnomalyScorer(artifact).score_batch(X, n_reasons=n_reasons)
    else:
        batch = Scorer(artifact).score_batch(X, n_reasons=n_reasons)
    texts = _texts(artifact)
    known = result_names(artifact, 0)
    columns = {n: c for n, c in batch.to_dict().items() if n in known}
    scored = pd.DataFrame(columns)
    for name in _WORDS & set(columns):
        scored[name] = text_array(columns[name])
    if "grade" in scored:
        scored["grade"] = scored["grade"].astype("str")
    # A model of few characteristics has fewer reasons than were asked for.
    n_given = batch.reasons.shape[1]
    for k in range(n_reasons):
        names = batch.reasons[:, k].tolist() if k < n_given else [None] * len(X)
        reasons = [None if name is None else texts[name] for name in names]
        scored[f"reason_{k + 1}"] = text_array(reasons)
    return scored
