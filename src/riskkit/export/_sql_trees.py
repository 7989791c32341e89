"""Decision trees as formulas: a CASE for each tree, some trees to a table.

Trees are added one after the other, as the scorer adds them, because the order decides
on the last bit. A sum of all of them would be one formula of hundreds of nested terms,
which engines refuse or take minutes to plan; so each intermediate table adds a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.export._sql_text import Item, case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit._kernels.trees import TreeArrays
    from riskkit.artifact import CodingSpec, NodesSpec
    from riskkit.export._sql_codes import CodeColumns
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Branch, Query, Value

__all__ = ["TreeSum", "tree_formula"]

_TREES_A_TABLE = 25


class TreeSum:
    """The sum of a member's trees.

    Parameters
    ----------
    place : int
        Of the member, from 1.

    nodes : NodesSpec
        The trees.

    coding : CodingSpec
        What they read.

    codes : CodeColumns
        Gathers the columns that they split on.

    writer : Writer
        Writes in the dialect.
    """

    def __init__(
        self,
        place: int,
        nodes: NodesSpec,
        coding: CodingSpec,
        codes: CodeColumns,
        writer: Writer,
    ) -> None:
        self._place, self._writer = place, writer
        self._trees = nodes.trees()
        used = sorted({int(k) for k in nodes.column if k >= 0})
        self._columns = {k: codes.column(coding, k) for k in used}

    def add(self, query: Query) -> str:
        """Add the tables that add the trees up; return the column of the sum."""
        total = self._writer.number(0.0)
        for first in range(0, len(self._trees), _TREES_A_TABLE):
            trees = self._trees[first : first + _TREES_A_TABLE]
            table = first // _TREES_A_TABLE + 1
            name = f"t{self._place}_{table}"
            lines = [total]
            for tree in trees:
                formula = tree_formula(tree, self._condition, self._writer.number)
                head, *rest = (formula,) if isinstance(formula, str) else formula
                lines += [f"+ {head}", *rest]
            query.add(
                f"riskkit_trees_{self._place}_{table}",
                f"trees {first + 1} to {first + len(trees)} of member {self._place}",
                [Item(name, tuple(lines))],
            )
            total = name
        return total

    def _condition(self, tree: TreeArrays, node: int, *, left: bool) -> str:
        return self._columns[int(tree.column[node])].side(
            left=left,
            threshold=int(tree.threshold[node]),
            missing=bool(tree.missing_left[node]) == left,
        )


def tree_formula(
    tree: TreeArrays,
    condition: Callable[..., str],
    number: Callable[[float], str],
) -> Value:
    """Return what a tree gives.

    `condition` says who takes one side of a node.

    The side that is nested deeper follows in the ELSE, as further branches of the same
    CASE, so that `n` leaves are nested ``log2(n)`` deep at most, however deep the tree.
    """
    nesting = _nesting(tree)

    def formula(node: int) -> Value:
        branches: list[Branch] = []
        while tree.column[node] >= 0:
            left, right = int(tree.left[node]), int(tree.right[node])
            is_left = nesting[left] <= nesting[right]
            then, otherwise = (left, right) if is_left else (right, left)
            holds = condition(tree, node, left=is_left)
            branches.append((holds, formula(then), ""))
            node = otherwise
        value = number(float(tree.value[node]))
        return case(branches, (value, "")) if branches else value

    return formula(0)


def _nesting(tree: TreeArrays) -> Sequence[int]:
    """Return how deep the CASE of each node is nested; children follow parents."""
    nesting = [0] * len(tree.column)
    for node in range(len(nesting) - 1, -1, -1):
        if tree.column[node] >= 0:
            low, high = sorted((nesting[tree.left[node]], nesting[tree.right[node]]))
            nesting[node] = max(low + 1, high)
    return nesting
