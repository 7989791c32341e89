"""The arrays of each kind of detector: their order, their shapes, their bounds."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from riskkit.artifact._detector_state import (
    CopulaStateSpec,
    HistogramStateSpec,
    IsolationStateSpec,
    MahalanobisStateSpec,
    NeighbourStateSpec,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact._arrays import ArraysReader
    from riskkit.artifact._detector_state import StateSpec
    from riskkit.artifact._node import Node

__all__ = ["STATES", "decode_state", "encode_state", "state_arrays"]

# What stands in model.json beside name, units and scale, by kind.
STATES: dict[str, tuple[str, ...]] = {
    "constant": (),
    "isolation": ("n_trees", "depth", "usual"),
    "histogram": ("n_points",),
    "neighbours": ("n_samples", "sample_size", "k"),
    "mahalanobis": (),
    "copula": ("n_quantiles",),
}

MAX_TREES = 100_000
MAX_DEPTH = 24
MAX_SIZE = 1 << 24
_UNITS = 1e6  # values in units are no further out
_NATS = 1e6
_SQUARED = 1e50  # of what is squared and added up


def encode_state(state: StateSpec | None) -> dict[str, Any]:
    """Return the kind of a detector, and the numbers that its shapes follow from."""
    if state is None:
        return {"kind": "constant"}
    if isinstance(state, IsolationStateSpec):
        shape = {"n_trees": state.n_trees, "depth": state.depth}
        return {"kind": "isolation", **shape, "usual": float(state.usual)}
    if isinstance(state, HistogramStateSpec):
        return {"kind": "histogram", "n_points": int(state.points.size)}
    if isinstance(state, NeighbourStateSpec):
        n, m, _ = state.references.shape
        return {"kind": "neighbours", "n_samples": n, "sample_size": m, "k": state.k}
    if isinstance(state, MahalanobisStateSpec):
        return {"kind": "mahalanobis"}
    return {"kind": "copula", "n_quantiles": state.grids.shape[1]}


def state_arrays(state: StateSpec) -> list[tuple[Any, str]]:
    """Return the arrays in the order and the types that they are saved in."""
    if isinstance(state, IsolationStateSpec):
        return [
            (state.column, "<i4"), (state.threshold, "<f4"), (state.value, "<f8")
        ]  # fmt: skip
    if isinstance(state, HistogramStateSpec):
        rest = (state.points, state.cost, state.missing, state.infinite)
        return [(state.size, "<i4"), *[(array, "<f8") for array in rest]]
    if isinstance(state, NeighbourStateSpec):
        return [(state.references, "<f8")]
    ends = [(state.centre, "<f8"), (state.whiten, "<f8")]
    if isinstance(state, MahalanobisStateSpec):
        return ends
    return [(state.grids, "<f8"), (state.scores, "<f8"), *ends]


def decode_state(
    kind: str, own: Sequence[Node], n_columns: int, n_fields: int, reader: ArraysReader
) -> StateSpec | None:
    """Return what a detector knows, from its numbers and the next arrays."""
    if kind == "constant":
        return None
    if kind == "histogram":
        return _decode_histogram(own[0], n_fields, reader)
    if not n_columns:
        reader.refuse(kind, "units with at least one column", "none")
    if kind == "isolation":
        return _decode_isolation(own, n_columns, reader)
    if kind == "neighbours":
        n, m, k = own
        size = m.whole(1, MAX_SIZE)
        shape = (n.whole(1, MAX_SIZE), size, n_columns)
        references = reader.take("references", "<f8", shape, limit=_UNITS)
        return NeighbourStateSpec(k.whole(1, size), references)
    if kind == "mahalanobis":
        return MahalanobisStateSpec(*_decode_ends(n_columns, reader))
    return _decode_copula(own[0], n_columns, reader)


def _decode_isolation(
    own: Sequence[Node], n_columns: int, reader: ArraysReader
) -> IsolationStateSpec:
    n_trees, depth, usual = own
    if not 0 < usual.number() < _NATS:
        usual.refuse("a path length above 0", "another number")
    n, levels = n_trees.whole(1, MAX_TREES), depth.whole(0, MAX_DEPTH)
    shape = (n * (2 ** (levels + 1) - 1),)
    column = reader.take("column", "<i4", shape, limit=n_columns - 1)
    if column.min() < 0:
        reader.refuse("column", f"columns from 0 to {n_columns - 1}", "others")
    threshold = reader.take(
        "threshold", "<f4", shape, limit=_UNITS, may_be_infinite=True
    )
    value = reader.take("value", "<f8", shape, limit=_NATS)
    return IsolationStateSpec(n, levels, usual.number(), column, threshold, value)


def _decode_histogram(
    n_points: Node, n_fields: int, reader: ArraysReader
) -> HistogramStateSpec:
    import numpy as np

    n = n_points.whole(0, MAX_SIZE)
    size = reader.take("size", "<i4", (n_fields,), limit=n)
    if size.min() < 0 or size.sum(dtype=np.int64) != n:
        reader.refuse("size", f"numbers of points that add up to {n}", "others")
    points = reader.take(
        "points", "<f8", (n,), limit=np.finfo(np.float64).max, may_be_infinite=True
    )
    ends = [0, *np.cumsum(size).tolist()]
    if any(np.any(points[a + 1 : b] < points[a : b - 1]) for a, b in pairwise(ends)):
        reader.refuse("points", "increasing points in each field", "others")
    cost = reader.take("cost", "<f8", (n + n_fields,), limit=_NATS)
    missing = reader.take("missing", "<f8", (n_fields,), limit=_NATS)
    infinite = reader.take("infinite", "<f8", (n_fields,), limit=_NATS)
    return HistogramStateSpec(size, points, cost, missing, infinite)


def _decode_copula(
    n_quantiles: Node, n_columns: int, reader: ArraysReader
) -> CopulaStateSpec:
    n = n_quantiles.whole(1, MAX_SIZE)
    grids = reader.take("grids", "<f8", (n_columns, n), limit=_UNITS)
    if (grids[:, 1:] < grids[:, :-1]).any():
        reader.refuse("grids", "increasing quantiles", "others")
    scores = reader.take("scores", "<f8", (2 * n + 1,), limit=_UNITS)
    if (scores[1:] < scores[:-1]).any():
        reader.refuse("scores", "increasing normal scores", "others")
    return CopulaStateSpec(grids, scores, *_decode_ends(n_columns, reader))


def _decode_ends(n_columns: int, reader: ArraysReader) -> tuple[Any, Any]:
    centre = reader.take("centre", "<f8", (n_columns,), limit=_UNITS)
    shape = (n_columns, n_columns)
    return centre, reader.take("whiten", "<f8", shape, limit=_SQUARED)
