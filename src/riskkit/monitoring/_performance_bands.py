"""The bands of a score in the order of risk, and what was counted in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from riskkit.exceptions import InvalidInputError
from riskkit.monitoring._counts import Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import PopulationSpec
    from riskkit.typing import FloatArray, IntArray

__all__ = ["BandCounts", "ScoreBands", "score_alone"]


@dataclass(frozen=True, eq=False)
class BandCounts:
    """Counts of bands, safest first; `pd` is the mean PD of the known outcomes.

    It is NaN in a band without outcomes, and in all bands where no PDs were given.
    """

    known: FloatArray
    event: FloatArray
    pd: FloatArray
    has_pd: bool

    @property
    def n_known(self) -> float:
        """Accounts whose outcome is known."""
        return float(self.known.sum())

    @property
    def n_event(self) -> float:
        """Events."""
        return float(self.event.sum())

    def joined(self, band: IntArray) -> BandCounts:
        """Join cells to bands; `band` tells which one each cell is part of."""
        expected = np.where(self.known > 0, self.pd * self.known, 0.0)
        known, event, total = (
            np.bincount(band, part).astype(np.float64)
            for part in (self.known, self.event, expected)
        )
        return BandCounts(known, event, _mean(total, known), self.has_pd)

    def with_rates(self, rate: FloatArray) -> BandCounts:
        """Return the same counts with given rates in the place of missing PDs."""
        return self if self.has_pd else replace(self, pd=rate)

    @property
    def mean_pd(self) -> float:
        """Mean PD of the known outcomes; NaN without any."""
        held = self.known > 0
        if not held.any():
            return float("nan")
        return float(self.known[held] @ self.pd[held] / self.n_known)


class ScoreBands:
    """How the bins of a baseline's score rank, and which of them are shown as one.

    The fine bins ("cells") carry ranking and calibration; up to `n_bands` groups of
    them, of about equal size in the reference, are what tables show.
    """

    def __init__(self, population: PopulationSpec, n_bands: int) -> None:
        if population.score is None:
            msg = (
                "The baseline must hold bands of a score; it has none. Give score= or "
                "pd= to Baseline.fit."
            )
            raise InvalidInputError(msg)
        self.feature = population.score.feature
        self.is_riskier = population.score_direction == "riskier"
        self.n_cells = self.feature.n_regular
        spec = population.reference
        # Of the features nothing is needed, so only the last bins are read.
        width = self.feature.n_bins
        self.reference = Counts(
            np.array(spec.n[-width:]),
            np.array(spec.n_known[-width:]),
            np.array(spec.n_event[-width:]),
            {name: np.array(values) for name, values in spec.sums.items()},
        )
        self.n_bands = n_bands

    @cached_property
    def order(self) -> IntArray:
        """The cells, safest first."""
        cells = np.arange(self.n_cells)
        return cells if self.is_riskier else cells[::-1]

    @cached_property
    def band_of_cell(self) -> IntArray:
        """The band of each cell, both counted from the safest."""
        n = self.reference.n[self.order]
        if self.n_cells <= self.n_bands or not n.any():
            return np.arange(self.n_cells)
        middle = (np.cumsum(n) - n / 2) / n.sum()
        band = np.minimum((middle * self.n_bands).astype(np.intp), self.n_bands - 1)
        return np.unique(band, return_inverse=True)[1].astype(np.intp)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The scores of each band, safest band first."""
        cuts = [-np.inf, *self.feature.edges, np.inf]
        texts = _short(cuts)
        labels = []
        for band in range(int(self.band_of_cell.max()) + 1):
            cells = self.order[self.band_of_cell == band]
            low, high = int(cells.min()), int(cells.max()) + 1
            end = ")" if high == self.n_cells else "]"
            labels.append(f"({texts[low]}, {texts[high]}{end}")
        return tuple(labels)

    def counts(self, counts: Counts) -> BandCounts:
        """Return the cells in the order of risk; accounts without a score are out."""
        known, event = counts.known[self.order], counts.event[self.order]
        if "pd_known" not in counts.sums:
            return BandCounts(known, event, np.full(known.size, np.nan), has_pd=False)
        total = counts.sums["pd_known"][self.order]
        return BandCounts(known, event, _mean(total, known), has_pd=True)

    def n_scored(self, counts: Counts) -> float:
        """Return the accounts that have a score."""
        return float(counts.n[: self.n_cells].sum())

    @cached_property
    def of_reference(self) -> BandCounts:
        """The reference by cell."""
        return self.counts(self.reference)

    @cached_property
    def reference_rates(self) -> FloatArray:
        """Event rate of each cell of the reference: what is expected without PDs.

        A cell without outcomes has that of the whole reference.
        """
        cells = self.of_reference
        overall = cells.n_event / cells.n_known if cells.n_known else np.nan
        return np.where(cells.known > 0, _mean(cells.event, cells.known), overall)


def score_alone(spec: PopulationSpec) -> PopulationSpec:
    """Return the bands of the score without the features beside it."""
    width = 0 if spec.score is None else spec.score.feature.n_bins
    first = spec.n_bins - width
    counts = spec.reference
    reference = replace(
        counts,
        n=counts.n[first:],
        n_known=counts.n_known[first:],
        n_event=counts.n_event[first:],
    )
    return replace(spec, features=(), reference=reference, periods={})


def _short(cuts: Sequence[float]) -> list[str]:
    """Return numbers with as few digits as tell them apart, four at least."""
    for digits in range(4, 17):
        texts = [f"{cut:.{digits}g}" for cut in cuts]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(float(cut)) for cut in cuts]


def _mean(total: FloatArray, n: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        # Sums that were rounded may exceed 1 by as much.
        return np.asarray(np.clip(total / n, 0.0, 1.0))
