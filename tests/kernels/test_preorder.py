"""Trees written down in preorder, and how their shape is found again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.preorder import node_depths, right_children, tree_roots


def flags(text):
    return np.array([letter == "s" for letter in text], dtype=bool)


def test_by_hand():
    # A split whose left side is a split of two leaves, then a leaf; a tree of a leaf.
    inner = flags("sslll" + "l")
    assert tree_roots(inner).tolist() == [0, 5]
    assert right_children(inner).tolist() == [4, 3, 0, 0, 0, 0]
    assert node_depths(inner).tolist() == [0, 1, 2, 2, 1, 0]


@pytest.mark.parametrize("text", ["s", "sl", "ssll", "lsl", "sllss"])
def test_flags_that_end_within_a_tree(text):
    assert tree_roots(flags(text)) is None


def test_no_trees_at_all():
    assert tree_roots(flags("")).size == 0
    assert right_children(flags("")).size == node_depths(flags("")).size == 0


def deep(shape, level=0):
    """Return the depths of a tree of nested pairs, in preorder."""
    below = (
        [] if shape is None else [d for side in shape for d in deep(side, level + 1)]
    )
    return [level, *below]


def written(shape, out):
    """Write a tree of nested pairs as the right child of each node, 0 for a leaf."""
    if shape is None:
        out.append(0)
        return
    place = len(out)
    out.append(None)
    written(shape[0], out)
    out[place] = len(out)
    written(shape[1], out)


shapes = st.recursive(st.none(), lambda inner: st.tuples(inner, inner), max_leaves=30)


@given(st.lists(shapes, min_size=1, max_size=5))
def test_the_shape_is_found_again(trees):
    right, roots = [], []
    for shape in trees:
        roots.append(len(right))
        written(shape, right)
    inner = np.array([child > 0 for child in right])
    assert right_children(inner).tolist() == right
    assert tree_roots(inner).tolist() == roots
    depths = [depth for shape in trees for depth in deep(shape)]
    assert node_depths(inner).tolist() == depths
    # Without its last leaf, a tree is whole only if that leaf was all of it.
    assert (tree_roots(inner[:-1]) is None) == (trees[-1] is not None)
