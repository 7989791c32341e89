"""The nodes of many trees as arrays, without a single pointer."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING

from riskkit._core.lean_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from riskkit._kernels.forest import ForestArrays
    from riskkit._kernels.trees import TreeArrays
    from riskkit.artifact._booster import TreeSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["NodesSpec"]

_HIGHEST = 2**31 - 1  # a threshold that no code exceeds


@dataclass(frozen=True, slots=True, eq=False)
class NodesSpec:
    """Trees one after the other, each in preorder: a node, its left side, its right.

    Which nodes split says the whole shape of the trees, so that children are found and
    never stored: no file can hold a child out of range, or a cycle.

    Parameters
    ----------
    column : ndarray of int32
        Column that each node splits on, -1 for a leaf.

    threshold : ndarray of int32
        Largest code that goes left, -1 if none does; 0 for a leaf.

    missing_left : ndarray of bool
        Where an account without a code goes.

    value : ndarray of float
        Of a leaf: what it adds, or the share of events in it. Of a split: the share of
        events that reached it, or 0.

    cover : ndarray of float
        Training accounts (or curvature) that reached each node; empty where
        contributions do not need it.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import NodesSpec
    >>> stump = NodesSpec(np.array([0, -1, -1], "i4"), np.zeros(3, "i4"),
    ...                   np.array([True, False, False]), np.array([0.0, -0.5, 0.8]),
    ...                   np.array([100.0, 80.0, 20.0]))
    >>> stump.n_trees, stump.trees()[0].right.tolist()
    (1, [2, 0, 0])
    """

    column: NDArray[np.int32]
    threshold: NDArray[np.int32]
    missing_left: BoolArray
    value: FloatArray
    cover: FloatArray

    @classmethod
    def of_trees(cls, trees: Sequence[TreeSpec]) -> NodesSpec:
        """Return the nodes of trees whose children are in preorder."""
        import numpy as np

        def joined(name: str, kind: str) -> NDArray[np.generic]:
            every = [entry for tree in trees for entry in getattr(tree, name)]
            if name == "threshold":
                # A library that sends all known codes left may write a huge number.
                every = [min(entry, _HIGHEST) for entry in every]
            return np.array(every, dtype=kind)

        return cls(
            joined("column", "i4"),  # type: ignore[arg-type]
            joined("threshold", "i4"),  # type: ignore[arg-type]
            joined("missing_left", "?"),  # type: ignore[arg-type]
            joined("value", "f8"),  # type: ignore[arg-type]
            joined("cover", "f8"),  # type: ignore[arg-type]
        )

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self._roots())

    def trees(self) -> list[TreeArrays]:
        """Return the trees as arrays, ready to be walked."""
        import numpy as np

        from riskkit._kernels.preorder import right_children
        from riskkit._kernels.trees import TreeArrays

        right = right_children(self.column >= 0)
        left = np.where(self.column >= 0, np.arange(1, self.column.size + 1), 0)
        found = []
        for start, end in self.spans():
            part, shift = (
                slice(start, end),
                np.where(self.column[start:end] >= 0, start, 0),
            )
            found.append(
                TreeArrays(
                    self.column[part].astype(np.intp),
                    self.threshold[part].astype(np.float64),
                    self.missing_left[part],
                    left[part] - shift,
                    right[part] - shift,
                    self.value[part],
                )
            )
        return found

    def covers(self) -> list[FloatArray]:
        """Return the cover of each node, tree by tree."""
        return [self.cover[start:end] for start, end in self.spans()]

    def forest(self) -> ForestArrays:
        """Return all trees as one table, ready to be walked at the same time."""
        import numpy as np

        from riskkit._kernels.forest import ForestArrays
        from riskkit._kernels.preorder import right_children

        inner = self.column >= 0
        return ForestArrays(
            root=np.array(self._roots(), dtype=np.intp),
            column=self.column,
            threshold=self.threshold.astype(np.float32),
            missing_left=self.missing_left,
            left=np.where(inner, np.arange(1, inner.size + 1), 0).astype(np.int32),
            right=right_children(inner).astype(np.int32),
            value=self.value,
        )

    def spans(self) -> list[tuple[int, int]]:
        """Return the first node of each tree, and the one after its last."""
        return list(pairwise([*self._roots(), self.column.size]))

    def _roots(self) -> list[int]:
        from riskkit._kernels.preorder import tree_roots

        roots = tree_roots(self.column >= 0)
        return [] if roots is None else roots.tolist()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodesSpec):
            return NotImplemented
        import numpy as np

        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]
