"""What a blend says of its members, and of the features behind a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.blend_weights import blend_loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from riskkit._core.inputs import Training
    from riskkit.boosting._blend_members import Member
    from riskkit.boosting._blend_rows import BlendRows
    from riskkit.boosting._blend_training import TrainedBlend
    from riskkit.typing import FloatArray

__all__ = ["member_frame", "sum_contributions"]


def member_frame(trained: TrainedBlend, training: Training) -> pd.DataFrame:
    """Return weight, held-out log-loss and AUC of each member and of the blend."""
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    names = [*trained.members, "(blend)"]
    losses = areas = np.full(len(names), np.nan)
    if trained.held_out is not None and trained.member_log_odds is not None:
        rows = trained.held_out.rows
        is_event = training.is_event[rows]
        given = training.weight
        weight = np.ones(rows.size) if given is None else given[rows]
        blended = trained.held_out.log_odds
        if trained.line is not None:
            blended = trained.line.a * blended + trained.line.c
        heard = np.column_stack([trained.member_log_odds, blended])
        share = weight / weight.sum()
        alone = np.ones(1)
        losses = np.array(
            [blend_loss(alone, z[:, None], is_event, share) for z in heard.T]
        )
        areas = np.array(
            [roc_auc_score(is_event, z, sample_weight=weight) for z in heard.T]
        )
    return pd.DataFrame(
        {
            "member": names,
            "weight": [*trained.weights.tolist(), 1.0],
            "log_loss": losses,
            "auc": areas,
        }
    )


def sum_contributions(
    members: Mapping[str, Member],
    weights: Mapping[str, float],
    names: Sequence[str],
    rows: BlendRows,
) -> tuple[float, FloatArray]:
    """Return the base and the contributions of `names`, weighted like the log-odds."""
    place = {name: j for j, name in enumerate(names)}
    base, values = 0.0, np.zeros((rows.n_rows, len(names)))
    for name, member in members.items():
        parts = member.contributions(rows)
        base += weights[name] * parts.base
        for feature, column in zip(parts.names, parts.added.T, strict=True):
            values[:, place[feature]] += weights[name] * column
    return base, values
