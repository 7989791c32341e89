"""A fitted sum of decision trees as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from riskkit._core.lean_dataclass import dataclass

if TYPE_CHECKING:
    from riskkit.artifact._features import FeatureSpec
    from riskkit.artifact._scorecard import ScalingSpec

__all__ = ["BoosterSpec", "TreeColumnSpec", "TreeSpec"]


@dataclass(frozen=True, slots=True)
class TreeColumnSpec:
    """One column that trees split on: a number for each bin of a feature.

    Parameters
    ----------
    feature : int
        Position of the feature in ``BoosterSpec.features``.

    role : {"value", "rank", "state"}
        What the codes say: the order of the values, the levels ranked by risk, or
        whether an account is in one particular state (a level, a special code,
        missing).

    codes : tuple of (int or None)
        One for each bin of the feature; None goes where a split sends the unknown.
    """

    feature: int
    role: Literal["value", "rank", "state"]
    codes: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class TreeSpec:
    """One decision tree; the root stands first, children after their parents.

    An account goes left at a node if its code in `column` is at most `threshold`, or
    if it has none and `missing_left` is set.

    Parameters
    ----------
    column : tuple of int
        Column that each node splits on, -1 for a leaf.

    threshold : tuple of int
        Largest code that goes left; 0 for a leaf.

    missing_left : tuple of bool
        Where an account without a code goes.

    left, right : tuple of int
        Positions of the children; 0 for a leaf.

    value : tuple of float
        What a leaf adds to the log-odds of the event; 0 for a split.

    cover : tuple of float
        Training accounts (or curvature) that reached the node; contributions average
        over the branches of an unknown by it.
    """

    column: tuple[int, ...]
    threshold: tuple[int, ...]
    missing_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]
    cover: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BoosterSpec:
    """A sum of trees: the log-odds of the event before any calibration.

    A record is read as the bins of its features, its bins give the codes of the
    columns, and ``log_odds = intercept + (tree_1 + tree_2 + ...)``, the trees added
    from left to right. Thresholds are whole numbers, so no scorer can round them.

    Parameters
    ----------
    features : tuple of FeatureSpec
        The bins of each feature the model reads. Those of a category are its levels;
        what is rare in training has no bin and counts as unseen.

    columns : tuple of TreeColumnSpec
        What the trees split on.

    trees : tuple of TreeSpec
        In the order in which they are added.

    intercept : float
        Log-odds of the event before any tree has spoken.

    scaling : ScalingSpec
        The line from log-odds to points; whole points are rounded once, at the end.

    reference : tuple of float
        Mean contribution of each feature over the accounts that reasons compare with,
        in log-odds after calibration.

    monotone : tuple of int
        For each feature 1 if its PD never falls as the value rises, -1 if it never
        rises, 0 if it is free.

    Examples
    --------
    >>> from riskkit.artifact import (
    ...     BoosterSpec, FeatureSpec, ScalingSpec, TreeColumnSpec, TreeSpec)
    >>> delays = FeatureSpec("delays", "numeric", edges=(0.5, 1.5))
    >>> codes = TreeColumnSpec(0, "value", (0, 1, 2, None, None))
    >>> stump = TreeSpec((0, -1, -1), (0, 0, 0), (True, False, False), (1, 0, 0),
    ...                  (2, 0, 0), (0.0, -0.5, 0.8), (100.0, 80.0, 20.0))
    >>> scaling = ScalingSpec(20.0, 600.0, 50.0)
    >>> BoosterSpec((delays,), (codes,), (stump,), -3.0, scaling).names
    ('delays',)
    """

    features: tuple[FeatureSpec, ...]
    columns: tuple[TreeColumnSpec, ...]
    trees: tuple[TreeSpec, ...]
    intercept: float
    scaling: ScalingSpec
    reference: tuple[float, ...] = ()
    monotone: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that a record must have."""
        return tuple(feature.name for feature in self.features)
