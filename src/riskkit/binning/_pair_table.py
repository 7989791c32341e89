"""The bins of two features together, with their counts and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.evidence import evidence_terms
from riskkit.artifact import FeatureSpec, assign_column

if TYPE_CHECKING:
    import pandas as pd

    from riskkit._core.frames import Table
    from riskkit.typing import FloatArray, IntArray

__all__ = ["PairTable", "grid_of", "pair_cells", "splits_of"]


@dataclass(frozen=True, eq=False)
class PairTable:
    """Bins of two features together: rectangles of their bins, and three more.

    The rectangles come first; then rows special in either feature, missing in either
    (which wins over special), and with a level unseen in either.

    Parameters
    ----------
    features : tuple of two FeatureSpec
        The grid that the rectangles are made of.

    rectangles : ndarray of int of shape (n_regular of the first, of the second)
        Rectangle of each cell of the grid.

    n_event, n_nonevent, woe, iv_terms : ndarray of shape (n_rectangles + 3,)
        Counts and evidence of each bin; WoE up is safer.

    status, reason : str
        How the search ended, and why if it is not optimal.
    """

    features: tuple[FeatureSpec, FeatureSpec]
    rectangles: IntArray
    n_event: FloatArray
    n_nonevent: FloatArray
    woe: FloatArray
    iv_terms: FloatArray
    status: str
    reason: str

    @property
    def n_regular(self) -> int:
        """Number of rectangles."""
        return int(self.rectangles.max()) + 1

    @property
    def n(self) -> FloatArray:
        """Rows of each bin."""
        return self.n_event + self.n_nonevent

    @property
    def iv(self) -> float:
        """Information value over all bins, in nats."""
        return float(self.iv_terms.sum())

    def frame(self, *, empty: bool = False) -> pd.DataFrame:
        """Return one row for each bin.

        Columns: the two features' intervals or levels, then n, n_event, n_nonevent,
        event_rate, woe and iv. `empty` keeps the last three bins if they hold no row.
        """
        import pandas as pd

        labels = np.array(self._labels(), dtype=object)
        with np.errstate(invalid="ignore"):
            rate = self.n_event / self.n
        rows = pd.DataFrame(
            {
                self.features[0].name: labels[:, 0],
                self.features[1].name: labels[:, 1],
                "n": self.n,
                "n_event": self.n_event,
                "n_nonevent": self.n_nonevent,
                "event_rate": rate,
                "woe": self.woe,
                "iv": self.iv_terms,
            }
        )
        if empty:
            return rows
        regular = np.arange(len(rows)) < self.n_regular
        return rows[regular | (rows["n"] > 0)].reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return {
            "features": [feature.name for feature in self.features],
            "status": self.status,
            "reason": self.reason,
            "iv": self.iv,
            "bins": self.frame().to_dict("records"),
        }

    def assign(self, table: Table) -> IntArray:
        """Return the bin of each row."""
        return pair_cells(self.features, self.rectangles, table)

    @classmethod
    def count(
        cls,
        features: tuple[FeatureSpec, FeatureSpec],
        rectangles: IntArray,
        bins: IntArray,
        is_event: IntArray,
        smoothing: float,
        ended: tuple[str, str],
    ) -> PairTable:
        """Count rows whose bins are known."""
        n_bins = int(rectangles.max()) + 4
        n = np.bincount(bins, minlength=n_bins).astype(np.float64)
        event = np.bincount(bins[is_event == 1], minlength=n_bins).astype(np.float64)
        woe, terms = evidence_terms(
            event, n - event, event.sum(), (n - event).sum(), smoothing
        )
        return cls(features, rectangles, event, n - event, woe, terms, *ended)

    def _labels(self) -> list[tuple[str, str]]:
        labels = []
        for rectangle in range(self.n_regular):
            rows, columns = np.nonzero(self.rectangles == rectangle)
            labels.append(
                (
                    _span(self.features[0], np.unique(rows)),
                    _span(self.features[1], np.unique(columns)),
                )
            )
        return [*labels, *[(word, word) for word in ("Special", "Missing", "Unseen")]]

    def _repr_html_(self) -> str:
        html: str = self.frame().to_html(index=False)
        return html


def splits_of(low: FloatArray) -> FloatArray:
    """Return the splits that the lower ends of the rectangles make."""
    return np.unique(low[np.isfinite(low)])


def grid_of(n_rows: int, n_columns: int, low: FloatArray, high: FloatArray) -> IntArray:
    """Return the rectangle of each cell of the grid that all rectangles make."""
    order = np.lexsort((low[:, 1], low[:, 0]))
    grid = np.zeros((n_rows, n_columns), dtype=np.intp)
    splits = splits_of(low[:, 0]), splits_of(low[:, 1])
    for number, k in enumerate(order):
        first, second = (
            slice(
                np.searchsorted(splits[axis], low[k, axis], side="right"),
                np.searchsorted(splits[axis], high[k, axis], side="left") + 1,
            )
            for axis in (0, 1)
        )
        grid[first, second] = number
    return grid


def pair_cells(
    features: tuple[FeatureSpec, FeatureSpec], rectangles: IntArray, table: Table
) -> IntArray:
    """Return the bin of each row: its rectangle, or one of the three bins after."""
    n_rectangles = int(rectangles.max()) + 1
    first, second = (
        assign_column(feature, table.column(feature.name)).astype(np.intp)
        for feature in features
    )
    k, m = rectangles.shape
    bins = rectangles[np.minimum(first, k - 1), np.minimum(second, m - 1)]
    kinds = np.maximum(
        _kind_of_bin(features[0])[first], _kind_of_bin(features[1])[second]
    )
    return np.where(kinds > 0, n_rectangles + kinds - 1, bins)


def _kind_of_bin(feature: FeatureSpec) -> IntArray:
    """Return 0 for regular bins, 1 for special ones, 2 for missing, 3 for unseen."""
    n_special = len(feature.special)
    return np.repeat([0, 1, 2, 3], [feature.n_regular, n_special, 1, 1])


def _span(feature: FeatureSpec, bins: IntArray) -> str:
    """Return the text of neighbouring bins of one feature, joined."""
    if feature.kind == "categorical":
        return ", ".join(sorted(level for b in bins for level in feature.levels[b]))
    ends = (bins[0] - 1, bins[-1])
    outer = tuple(feature.edges[b] for b in ends if 0 <= b < len(feature.edges))
    joined = FeatureSpec(feature.name, "numeric", edges=outer)
    return joined.labels[int(bins[0] > 0)]
