"""What is known of rings: sizes, known frauds, links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from riskkit.fraud._ring_links import Identifier
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "RingLinks",
    "RingTable",
    "column_table",
    "number_rings",
    "ring_links",
    "ring_table",
]


@dataclass(frozen=True, eq=False, repr=False)
class RingTable:
    """The rings of a sample, the largest first.

    Made by :class:`RingDetector`.

    Parameters
    ----------
    size : ndarray of shape (n_rings,)
        Rows of each ring.

    n_known : ndarray of shape (n_rings,)
        Known frauds among them.

    n_values : ndarray of shape (n_rings,)
        Identifiers that two or more of its rows share.

    shared : ndarray of shape (n_rings,)
        Mean number of identifiers that a row shares with others of its ring.

    proximity : ndarray of shape (n_rings,)
        Mean score of the rows that are not known frauds; NaN if all are.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import RingDetector
    >>> X = pd.DataFrame({"phone": list("aaaxyz"), "device": list("bbbuvw")})
    >>> RingDetector(min_size=3).fit(X, [1, 0, 0, 0, 0, 0]).rings_.frame().round(3)
       ring  size  n_known  n_values  shared  proximity
    0     0     3        1         2     2.0      0.267
    """

    size: IntArray
    n_known: IntArray
    n_values: IntArray
    shared: FloatArray
    proximity: FloatArray

    def __len__(self) -> int:
        return self.size.size

    def frame(self) -> pd.DataFrame:
        """Return one row a ring.

        Returns
        -------
        frame : DataFrame
            ``ring`` and the columns above.
        """
        import pandas as pd

        return pd.DataFrame({"ring": np.arange(len(self)), **self.to_dict()})

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns as lists.

        Returns
        -------
        columns : dict of str to list
            Plain numbers.
        """
        names = ("size", "n_known", "n_values", "shared", "proximity")
        return {name: getattr(self, name).tolist() for name in names}

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


@dataclass(frozen=True, eq=False)
class RingLinks:
    """Which rows of rings hold which shared identifiers; identifiers are numbers."""

    row: IntArray
    column: IntArray
    value: IntArray


def number_rings(groups: IntArray, min_size: int) -> IntArray:
    """Return the ring of every row: groups large enough, the largest first."""
    n_members = np.bincount(groups)
    first = np.full(n_members.size, groups.size)
    np.minimum.at(first, groups, np.arange(groups.size))
    order = np.lexsort((first, -n_members))
    large = order[n_members[order] >= min_size]
    number = np.full(n_members.size, -1, dtype=np.intp)
    number[large] = np.arange(large.size)
    return number[groups]


def ring_links(identifiers: Sequence[Identifier], labels: IntArray) -> RingLinks:
    """Return what members of rings hold together with another member."""
    rows, columns, values = [], [], []
    n_rings = int(labels.max(initial=-1)) + 1
    for j, identifier in enumerate(identifiers):
        linking = identifier.linking
        row = np.flatnonzero((linking >= 0) & (labels >= 0))
        key = linking[row] * max(n_rings, 1) + labels[row]
        _, place, count = np.unique(key, return_inverse=True, return_counts=True)
        shared = count[place] >= 2
        rows.append(row[shared])
        columns.append(np.full(int(shared.sum()), j))
        values.append(linking[row][shared])
    return RingLinks(
        np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    )


def ring_table(
    labels: IntArray, score: FloatArray, is_known: BoolArray, links: RingLinks
) -> RingTable:
    """Count over the members of every ring."""
    held = labels >= 0
    n_rings = int(labels.max(initial=-1)) + 1
    size = np.bincount(labels[held], minlength=n_rings)
    n_known = np.bincount(labels[held & is_known], minlength=n_rings)
    other = held & ~is_known
    total = np.bincount(labels[other], score[other], minlength=n_rings)
    ring = labels[links.row]
    keys = np.unique(np.stack([ring, links.column, links.value]), axis=1)
    with np.errstate(invalid="ignore"):
        mean = total / (size - n_known)
    return RingTable(
        size=size,
        n_known=n_known,
        n_values=np.bincount(keys[0], minlength=n_rings),
        shared=np.bincount(ring, minlength=n_rings) / np.maximum(size, 1),
        proximity=mean,
    )


def column_table(
    names: Sequence[str], identifiers: Sequence[Identifier], max_degree: int
) -> pd.DataFrame:
    """Return one row an identifier column."""
    import pandas as pd

    return pd.DataFrame(
        {
            "column": names,
            "n_rows": [int((i.codes >= 0).sum()) for i in identifiers],
            "n_values": [i.degree.size for i in identifiers],
            "n_linking": [int(i.links.sum()) for i in identifiers],
            "n_capped": [int((i.degree > max_degree).sum()) for i in identifiers],
        }
    )
