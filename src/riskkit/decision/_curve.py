"""Everything that accumulates as a cut-off is loosened, from the best score down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import quantile_edges
from riskkit.decision._rows import riskiness

if TYPE_CHECKING:
    from riskkit.decision._outcomes import EventCounts, Outcomes
    from riskkit.decision._profit import Economics
    from riskkit.typing import FloatArray, IntArray

__all__ = ["ApprovalCurve", "approval_curve", "candidate_cutoffs"]


@dataclass(frozen=True, eq=False)
class ApprovalCurve:
    """Sums over who is approved at each cut-off, strictest first.

    `band` is each row's first cut-off that approves it, -1 if none does.
    """

    cutoffs: FloatArray
    band: IntArray
    total: float
    counts: EventCounts
    bands: EventCounts
    revenue: FloatArray | None
    loss: FloatArray | None
    squares: FloatArray | None

    @property
    def approval_rate(self) -> FloatArray:
        """Share of all applicants that is approved."""
        return np.asarray(self.counts.n / self.total)

    @property
    def profit(self) -> FloatArray | None:
        """Revenue less loss of who is approved."""
        if self.revenue is None or self.loss is None:
            return None
        return np.asarray(self.revenue - self.loss)


def candidate_cutoffs(
    score: FloatArray, weight: FloatArray, best: str, most: int
) -> FloatArray:
    """Return all distinct scores, or `most` of about equal weight, strictest first."""
    x = riskiness(score, best)[weight > 0]
    levels = np.unique(x)
    if levels.size > most:
        edges = quantile_edges(x, most, weight[weight > 0])
        levels = np.append(edges, levels[-1])
    return np.asarray(riskiness(levels, best) + 0.0)


def approval_curve(
    score: FloatArray,
    best: str,
    cutoffs: FloatArray,
    outcomes: Outcomes,
    economics: Economics | None,
) -> ApprovalCurve:
    """Sum up who is approved at each of the cut-offs, which run strictest first."""
    x, ends = riskiness(score, best), riskiness(cutoffs, best)
    band = np.searchsorted(ends, x, side="left")
    band = np.where(band == ends.size, -1, band)
    bands = outcomes.count(band, ends.size)

    def approved(what: str) -> FloatArray | None:
        if economics is None:
            return None
        inside = band >= 0
        mass = (outcomes.weight * getattr(economics, what))[inside]
        return np.cumsum(np.bincount(band[inside], mass, minlength=ends.size))

    return ApprovalCurve(
        cutoffs=cutoffs,
        band=band,
        total=float(outcomes.weight.sum()),
        counts=bands.cumulated(),
        bands=bands,
        revenue=approved("revenue"),
        loss=approved("loss"),
        squares=approved("squared_profit"),
    )
