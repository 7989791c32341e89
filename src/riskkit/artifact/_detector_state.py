"""What each kind of detector knows, as plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._same_arrays import WithArrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from riskkit.typing import FloatArray

__all__ = [
    "CopulaStateSpec",
    "HistogramStateSpec",
    "IsolationStateSpec",
    "MahalanobisStateSpec",
    "NeighbourStateSpec",
    "StateSpec",
]


@dataclass(frozen=True, slots=True, eq=False)
class IsolationStateSpec(WithArrays):
    """Random trees laid out as if each were complete, one after the other.

    Node ``k`` of a tree has the children ``2 k + 1`` and ``2 k + 2``, so no file can
    hold a child out of range, or a cycle.

    Parameters
    ----------
    n_trees, depth : int
        Trees, and the levels below their roots.

    usual : float
        Path length that gives a score of 0.

    column : ndarray of int32
        Column that each node splits on, 0 where there is no split.

    threshold : ndarray of float32
        Largest value that goes left, infinite where there is no split.

    value : ndarray of float
        Mean path length of the training rows that reached each node.
    """

    n_trees: int
    depth: int
    usual: float
    column: NDArray[np.int32]
    threshold: NDArray[np.float32]
    value: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class HistogramStateSpec(WithArrays):
    """A step function for each field, one after the other.

    Parameters
    ----------
    size : ndarray of int32
        Number of points of each field.

    points : ndarray of float
        Where the steps of each field are, in increasing order.

    cost : ndarray of float
        Nats that a value costs by how many points are at or below it: one more entry
        than points for each field.

    missing, infinite : ndarray of float
        Nats that a missing and an infinite value cost, by field.
    """

    size: NDArray[np.int32]
    points: FloatArray
    cost: FloatArray
    missing: FloatArray
    infinite: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourStateSpec(WithArrays):
    """Samples of references in the units of the detector.

    Parameters
    ----------
    k : int
        Which neighbour of each sample counts.

    references : ndarray of float of shape (n_samples, sample_size, n_columns)
        Mixtures of training rows; none is a row itself.
    """

    k: int
    references: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class MahalanobisStateSpec(WithArrays):
    """A centre, and what makes distances from it squares that columns share.

    Parameters
    ----------
    centre : ndarray of float of shape (n_columns,)
        The mean of the bulk.

    whiten : ndarray of float of shape (n_columns, n_columns)
        ``R^-1/2 V^-1/2`` of the covariance.
    """

    centre: FloatArray
    whiten: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CopulaStateSpec(WithArrays):
    """The same distance between normal scores.

    Parameters
    ----------
    grids : ndarray of float of shape (n_columns, n_quantiles)
        Training quantiles of each column.

    scores : ndarray of float of shape (2 * n_quantiles + 1,)
        Normal score of each rank that a value can have.

    centre, whiten : ndarray of float
        As those of :class:`MahalanobisStateSpec`.
    """

    grids: FloatArray
    scores: FloatArray
    centre: FloatArray
    whiten: FloatArray


StateSpec = (
    IsolationStateSpec
    | HistogramStateSpec
    | NeighbourStateSpec
    | MahalanobisStateSpec
    | CopulaStateSpec
)
