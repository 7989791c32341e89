"""Nodes of trees to bytes and back; reading trusts nothing.

The member ``trees.bin`` holds the arrays of every ensemble of ``model.json``, one after
the other, little-endian and without padding: column and threshold (4 bytes a node),
missing_left (1 byte, 0 or 1), value (8 bytes), and cover (8 bytes) where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.artifact._members import TREES
from riskkit.artifact._nodes import NodesSpec
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["NodesReader", "encode_nodes"]


_LAYOUT = (
    ("column", "<i4"),
    ("threshold", "<i4"),
    ("missing_left", "|u1"),
    ("value", "<f8"),
    ("cover", "<f8"),
)
_MAX_LEAF = 1e6  # log-odds that no tree adds, far below where sums overflow
# Numbers that explaining all leaves takes: a path of d splits needs d for each of d / 2
# nodes of a quadrature, and some 5 more. A thousand trees of 15 leaves take half a
# million.
_MAX_PATHS = 1 << 25
# Shares of accounts are quotients of covers. Within these bounds, and where no part is
# larger than its whole but for single precision, neither they nor the product of those
# along a path come near the ends of a float.
_COVERS = 1e-30, 1e30
_ROUNDING = 1 + 1e-3


def encode_nodes(ensembles: Sequence[NodesSpec]) -> bytes:
    """Return the bytes of the nodes of several ensembles."""
    parts = []
    for nodes in ensembles:
        for name, kind in _LAYOUT:
            array = getattr(nodes, name)
            if array.size not in (nodes.column.size, 0 if name == "cover" else -1):
                msg = (
                    f"The nodes of an ensemble must have one {name} each; "
                    f"{nodes.column.size} nodes have {array.size}."
                )
                raise ArtifactError(msg)
            parts.append(array.astype(kind, casting="same_kind").tobytes())
    return b"".join(parts)


class NodesReader:
    """Takes the ensembles from the bytes, one after the other, and checks each."""

    def __init__(self, raw: bytes | None) -> None:
        self._raw = b"" if raw is None else raw
        self._given = raw is not None
        self._taken = 0

    def take(
        self,
        place: str,
        n_trees: int,
        n_nodes: int,
        n_columns: int,
        *,
        has_cover: bool,
    ) -> NodesSpec:
        """Return the next ensemble; `place` is what messages call it."""
        layout = _LAYOUT if has_cover else _LAYOUT[:-1]
        if not self._given:
            _refuse(place, "trees in trees.bin", "no such member")
        wanted = n_nodes * sum(int(kind[-1]) for _, kind in layout)
        if wanted > len(self._raw) - self._taken:
            _refuse(place, f"{n_nodes} nodes", "fewer")
        import numpy as np

        found: dict[str, Any] = {"cover": np.empty(0)}
        for name, kind in layout:
            part = np.frombuffer(self._raw, kind, n_nodes, self._taken)
            self._taken += part.nbytes
            # Aligned, and in the order of this machine.
            found[name] = part.astype(part.dtype.newbyteorder("="))
        flags = found["missing_left"]
        if flags.size and flags.max() > 1:
            _refuse(place, "0 or 1 for missing_left", "another byte")
        found["missing_left"] = flags.astype(np.bool_)
        nodes = NodesSpec(**found)
        _check(place, nodes, n_trees, n_columns, has_cover=has_cover)
        return nodes

    def finish(self) -> None:
        """Refuse bytes that no ensemble has taken."""
        n_left = len(self._raw) - self._taken
        if n_left:
            _refuse("the end", "no further bytes", f"{n_left}")


def _check(
    place: str, nodes: NodesSpec, n_trees: int, n_columns: int, *, has_cover: bool
) -> None:
    import numpy as np

    from riskkit._kernels.preorder import node_depths, right_children

    inner = nodes.column >= 0
    if np.any((nodes.column < -1) | (nodes.column >= n_columns)):
        _refuse(place, f"columns from -1 to {n_columns - 1}", "others")
    if np.any(nodes.threshold < -1) or nodes.threshold[~inner].any():
        _refuse(place, "thresholds of at least -1, and 0 for a leaf", "others")
    if nodes.missing_left[~inner].any():
        _refuse(place, "missing_left for splits only", "it for a leaf")
    if nodes.n_trees != n_trees:
        _refuse(place, f"{n_trees} whole trees in preorder", "another number")
    if not np.all(np.abs(nodes.value) <= _MAX_LEAF):  # which NaN is not
        _refuse(place, f"finite values of at most {_MAX_LEAF:g}", "others")
    if has_cover:
        if nodes.value[inner].any():
            _refuse(place, "a value of 0 for splits", "another")
        depth = node_depths(inner)[~inner].astype(np.float64)
        if float(np.sum(depth * (depth / 2 + 5))) > _MAX_PATHS:
            _refuse(place, "trees that can be explained", "too many, or too deep ones")
        low, high = _COVERS
        if not np.all((nodes.cover >= low) & (nodes.cover <= high)):  # which NaN is not
            _refuse(place, f"covers from {low:g} to {high:g}", "others")
        whole = nodes.cover[inner] * _ROUNDING
        parts = (np.flatnonzero(inner) + 1, right_children(inner)[inner])
        if any(np.any(nodes.cover[part] > whole) for part in parts):
            _refuse(place, "covers that no part of them exceeds", "others")
    elif np.any((nodes.value < 0) | (nodes.value > 1)):
        _refuse(place, "shares of events from 0 to 1", "others")


def _refuse(place: str, expected: str, came: str) -> None:
    msg = (
        f"{TREES}, {place}: expected {expected}; got {came}. The artifact is damaged "
        "or was not written by riskkit; save the model again."
    )
    raise ArtifactError(msg)
