"""The bins that a population is counted over, one feature after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from riskkit.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit.artifact import BinnedSpec
    from riskkit.typing import FloatArray, IntArray

__all__ = ["SCORE", "Partition"]

SCORE = "score"  # what tables call the bands of the score


@dataclass(frozen=True)
class Partition:
    """Bins of the features, and of the score after them if there is one."""

    features: tuple[BinnedSpec, ...]
    score: BinnedSpec | None
    score_direction: Literal["riskier", "safer"] | None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(item.feature.name for item in self.features)

    @cached_property
    def binned(self) -> tuple[BinnedSpec, ...]:
        """The features, and the score last."""
        return self.features if self.score is None else (*self.features, self.score)

    @cached_property
    def widths(self) -> IntArray:
        """Bins of each feature, and of the score."""
        return np.array([item.feature.n_bins for item in self.binned], dtype=np.intp)

    @cached_property
    def starts(self) -> IntArray:
        """Where the bins of each feature begin."""
        return np.cumsum(self.widths) - self.widths

    @property
    def n_bins(self) -> int:
        """Bins in all."""
        return int(self.widths.sum())

    @property
    def n_bands(self) -> int:
        """Bins of the score; 0 without one."""
        return 0 if self.score is None else self.score.feature.n_bins

    @cached_property
    def points(self) -> FloatArray:
        """Points of each bin; NaN where a feature has none."""
        return np.concatenate(
            [
                np.asarray(item.points or [np.nan] * item.feature.n_bins)
                for item in self.binned
            ]
        )

    def check_columns(self, names: Iterable[str]) -> None:
        """Raise if a feature has no column; new columns are listed beside."""
        missing, new = self.column_changes(names)
        if not missing:
            return
        beside = f" New beside them: {_shown(new)}." if new else ""
        msg = (
            f"X must hold the {len(self.features)} features of the baseline; "
            f"{len(missing)} are missing: {_shown(missing)}.{beside} Rename the "
            "columns, or fit the baseline to those that are left."
        )
        raise SchemaError(msg)

    def column_changes(
        self, names: Iterable[str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return features without a column, and columns that are no feature."""
        present = list(names)
        known = set(self.names)
        missing = tuple(name for name in self.names if name not in set(present))
        return missing, tuple(name for name in present if name not in known)


def _shown(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(repr(name) for name in names[:10]) + more
