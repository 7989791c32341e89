"""Scores of a table as a table: PD, points, grade and reasons of every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.artifact import Artifact

__all__ = ["result_names", "score_frame"]

_WORDS = frozenset({"decision", "decided_by", "decision_reason", "limited_by"})


def result_names(artifact: Artifact, n_reasons: int) -> list[str]:
    """Return the columns of :func:`score_frame`."""
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
    return [*names, *(f"reason_{k + 1}" for k in range(n_reasons))]


def _texts(artifact: Artifact) -> dict[str, str]:
    """Return the words of each reason; those of a blend are the names of its fields."""
    from riskkit.artifact import ScorecardSpec

    model = artifact.model
    if isinstance(model, ScorecardSpec):
        return {c.feature.name: c.reason for c in model.characteristics}
    return {name: name for name in model.names}


def score_frame(artifact: Artifact, X: pd.DataFrame, n_reasons: int) -> pd.DataFrame:
    """Return PD, points, grade and the texts of the reasons of each row, in order."""
    import pandas as pd

    from riskkit.serving import Scorer

    batch = Scorer(artifact).score_batch(X, n_reasons=n_reasons)
    texts = _texts(artifact)
    known = result_names(artifact, 0)
    columns = {n: c for n, c in batch.to_dict().items() if n in known}
    scored = pd.DataFrame(columns)
    for name in _WORDS & set(columns):
        scored[name] = pd.array(columns[name].tolist(), dtype="str")
    if "grade" in scored:
        scored["grade"] = scored["grade"].astype("str")
    # A model of few characteristics has fewer reasons than were asked for.
    n_given = batch.reasons.shape[1]
    for k in range(n_reasons):
        names = batch.reasons[:, k].tolist() if k < n_given else [None] * len(X)
        reasons = [None if name is None else texts[name] for name in names]
        scored[f"reason_{k + 1}"] = pd.array(reasons, dtype="str")
    return scored
