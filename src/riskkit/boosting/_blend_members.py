"""Fitted members of a blend: what they say, and how it splits over the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.calibration import log_odds_of
from riskkit._kernels.forest import (
    ForestArrays,
    forest_mean,
    forest_steps,
    mean_of_roots,
)
from riskkit.boosting._calibration import Calibration
from riskkit.boosting._contributions import explain_codes
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from riskkit.artifact import (
        FeatureSpec,
        ScorecardSpec,
        TreeColumnSpec,
        TreeSpec,
    )
    from riskkit.boosting._blend_rows import BlendRows
    from riskkit.boosting._plan import Forest
    from riskkit.typing import FloatArray

__all__ = [
    "EstimatorMember",
    "ForestMember",
    "Member",
    "Parts",
    "ScorecardMember",
    "TreesMember",
    "forest_log_odds",
]


class Parts(NamedTuple):
    """A base, and what each of some features adds to it, in log-odds."""

    names: tuple[str, ...]
    base: float
    added: FloatArray


class Member(Protocol):
    """A fitted model of a blend."""

    @property
    def explains(self) -> bool:
        """Whether it has contributions."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it reads."""

    def log_odds(self, rows: BlendRows) -> FloatArray:
        """Return the log-odds of the event."""

    def contributions(self, rows: BlendRows) -> Parts:
        """Return parts that add up to the log-odds."""


@dataclass(frozen=True, eq=False)
class TreesMember:
    """Boosted trees; contributions are Shapley values by the library."""

    features: tuple[FeatureSpec, ...]
    columns: tuple[TreeColumnSpec, ...]
    trees: tuple[TreeSpec, ...]
    intercept: float
    forest: Forest

    @property
    def explains(self) -> bool:
        """Whether it has contributions."""
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(feature.name for feature in self.features)

    def log_odds(self, rows: BlendRows) -> FloatArray:
        """Return the log-odds of the event."""
        codes = rows.codes(self.features, self.columns)
        return self.intercept + self.forest.log_odds(codes)

    def contributions(self, rows: BlendRows) -> Parts:
        """Return parts that add up to the log-odds."""
        base, values = explain_codes(
            self.forest,
            self.columns,
            len(self.features),
            self.intercept,
            Calibration(None),
            rows.codes(self.features, self.columns),
        )
        return Parts(self.names, base, values)


@dataclass(frozen=True, eq=False)
class ForestMember:
    """Randomised trees; the log-odds are those of their mean share of events.

    Shares are taken between `floor` and ``1 - floor``. Contributions are the steps down
    the trees, which add up to the share, stretched together so that they add up to its
    log-odds.
    """

    features: tuple[FeatureSpec, ...]
    columns: tuple[TreeColumnSpec, ...]
    arrays: ForestArrays
    floor: float

    @property
    def explains(self) -> bool:
        """Whether it has contributions."""
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(feature.name for feature in self.features)

    def log_odds(self, rows: BlendRows) -> FloatArray:
        """Return the log-odds of the event."""
        codes = rows.codes(self.features, self.columns)
        return forest_log_odds(forest_mean(self.arrays, codes), self.floor)

    def contributions(self, rows: BlendRows) -> Parts:
        """Return parts that add up to the log-odds."""
        steps = forest_steps(self.arrays, rows.codes(self.features, self.columns))
        root = mean_of_roots(self.arrays)
        base = float(forest_log_odds(np.array([root]), self.floor)[0])
        moved = np.zeros(rows.n_rows)
        values = np.zeros((rows.n_rows, len(self.features)))
        for k, column in enumerate(self.columns):
            moved += steps[:, k]
            values[:, column.feature] += steps[:, k]
        # The slope of the log-odds between the root and the account; where both are
        # the same, the slope there.
        still = np.abs(moved) < 1e-9
        slope = (self.log_odds(rows) - base) / np.where(still, 1.0, moved)
        slope[still] = 1.0 / (root * (1.0 - root))
        return Parts(self.names, base, values * slope[:, None])


@dataclass(frozen=True, eq=False)
class ScorecardMember:
    """A scorecard; what each characteristic adds is exact.

    `means` are the log-odds of each characteristic in the mean training account.
    """

    spec: ScorecardSpec
    means: tuple[float, ...]

    @property
    def explains(self) -> bool:
        """Whether it has contributions."""
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.spec.features

    def log_odds(self, rows: BlendRows) -> FloatArray:
        """Return the log-odds of the event."""
        return sum_in_order(self.spec.intercept, self._terms(rows), rows.n_rows)

    def contributions(self, rows: BlendRows) -> Parts:
        """Return parts that add up to the log-odds."""
        terms = self._terms(rows)
        values = np.empty((rows.n_rows, len(terms)))
        for j, (term, mean) in enumerate(zip(terms, self.means, strict=True)):
            values[:, j] = term - mean
        return Parts(self.names, self.spec.intercept + sum(self.means), values)

    def _terms(self, rows: BlendRows) -> list[FloatArray]:
        return [
            take_values(np.asarray(item.log_odds), rows.bins(item.feature))
            for item in self.spec.characteristics
        ]


@dataclass(frozen=True, eq=False)
class EstimatorMember:
    """A model of the user's own; it explains itself if it can."""

    label: str
    estimator: Any
    names: tuple[str, ...]
    floor: float

    @property
    def explains(self) -> bool:
        """Whether it has contributions."""
        return hasattr(self.estimator, "predict_contributions")

    def log_odds(self, rows: BlendRows) -> FloatArray:
        """Return the log-odds of the event."""
        frame = rows.frame()
        if self.explains:
            return np.asarray(self.estimator.decision_function(frame), np.float64)
        pd = np.asarray(self.estimator.predict_proba(frame), np.float64)[:, 1]
        return forest_log_odds(pd, self.floor)

    def contributions(self, rows: BlendRows) -> Parts:
        """Return parts that add up to the log-odds."""
        if not self.explains:
            msg = (
                "Contributions need members that have predict_contributions, or are "
                f"scorecards; member {self.label!r} is of type "
                f"{type(self.estimator).__name__}. Leave it out of members, or use "
                "the blend without reasons."
            )
            raise InvalidTypeError(msg)
        result = self.estimator.predict_contributions(rows.frame())
        return Parts(result.names, result.base, result.values)


def forest_log_odds(share: FloatArray, floor: float) -> FloatArray:
    """Return the log-odds of shares of events, held off 0 and 1."""
    return log_odds_of(np.clip(share, floor, 1.0 - floor), is_pd=True)
