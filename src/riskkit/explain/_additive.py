"""Models whose log-odds are a sum of contributions: what they add, and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

import numpy as np
import pandas as pd

from riskkit._core.params import check_option
from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.points import largest_losses, points_line
from riskkit.explain._card import row_labels
from riskkit.explain._wording import make_topics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from riskkit.artifact import ScalingSpec
    from riskkit.typing import FloatArray

__all__ = [
    "SupportsContributions",
    "additive_contributions",
    "additive_losses",
    "is_additive",
]

# A sum of contributions has no best bin and no WoE of 0 to be measured against.
_REFERENCES = ("mean",)
_FIELDS = ("name", "points_lost")


class Contributions(Protocol):
    """A base and one column for each feature; a row adds up to its log-odds."""

    names: tuple[str, ...]
    base: float
    values: FloatArray
    reference: FloatArray
    scaling: ScalingSpec


class SupportsContributions(Protocol):
    """A fitted model that tells what each feature adds, such as a boosted one."""

    def predict_contributions(self, X: Any) -> Contributions:
        """Return the contributions of each row."""


def is_additive(model: Any) -> TypeGuard[SupportsContributions]:
    """Return whether a model tells its contributions itself."""
    return hasattr(model, "predict_contributions")


def additive_contributions(
    model: SupportsContributions, X: Any, unit: str, against: str | None
) -> pd.DataFrame:
    """Return what each feature adds, in points or in log-odds of the event."""
    if against is not None:
        check_option("against", against, _REFERENCES)
    found = model.predict_contributions(X)
    reference = found.reference if against else np.zeros(len(found.names))
    factor, level = -1.0, 0.0
    if unit == "points":
        factor, level = _line(found.scaling)
    base = found.base
    for value in reference:
        base += value
    offset = level - factor * base
    first = "(offset)" if "offset" in found.names else "offset"
    gaps = -factor * (found.values - reference)  # noqa: PD011  no frame
    columns = {first: np.full(len(gaps), offset)}
    columns.update(zip(found.names, gaps.T, strict=True))
    return pd.DataFrame(columns, index=row_labels(X))


def additive_losses(
    model: SupportsContributions,
    X: Any,
    n: int,
    against: str | None,
    groups: Mapping[str, Sequence[str]] | None,
    texts: Mapping[str, str] | None,
) -> tuple[NDArray[Any], FloatArray]:
    """Return the words of the `n` largest losses of each row, and their points."""
    check_option("against", against or "mean", _REFERENCES)
    found = model.predict_contributions(X)
    topics = make_topics(found.names, found.names, groups, texts, _FIELDS)
    factor, _ = _line(found.scaling)
    by_feature = factor * (found.values - found.reference)  # noqa: PD011  no frame
    n_rows = len(by_feature)
    losses = np.empty((n_rows, len(topics)))
    for k, topic in enumerate(topics):
        parts = [by_feature[:, j] for j in topic.members]
        losses[:, k] = sum_in_order(0.0, parts, n_rows)
    chosen = largest_losses(losses, n)
    words = np.full(chosen.shape, None, dtype=object)
    amounts = np.full(chosen.shape, np.nan)
    for k, topic in enumerate(topics):
        rows, places = np.nonzero(chosen == k)
        amounts[rows, places] = losses[rows, k]
        if topic.template is None:
            words[rows, places] = topic.text
        else:
            words[rows, places] = [
                topic.template.format(name=topic.name, points_lost=float(lost))
                for lost in losses[rows, k]
            ]
    return words, amounts


def _line(scaling: ScalingSpec) -> tuple[float, float]:
    return points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
