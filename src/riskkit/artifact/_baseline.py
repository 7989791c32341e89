"""What the scored population looked like in training, as counts."""

from __future__ import annotations

from riskkit._core.lean_dataclass import dataclass

__all__ = ["BaselineSpec", "CountsSpec"]


@dataclass(frozen=True, slots=True)
class CountsSpec:
    """Accounts and events in each bin of one feature, or in each band of points.

    Parameters
    ----------
    n : tuple of float
        Accounts of each bin, as sums of weights.

    n_event : tuple of float
        Events of each bin.
    """

    n: tuple[float, ...]
    n_event: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """The training population of a model: counts only, no rows.

    Parameters
    ----------
    features : dict of str to CountsSpec
        Counts in the bins of each characteristic.

    points_edges : tuple of float
        Interior edges of the bands of points, closed on the right.

    points : CountsSpec
        Counts in the bands of points.
    """

    features: dict[str, CountsSpec]
    points_edges: tuple[float, ...]
    points: CountsSpec
