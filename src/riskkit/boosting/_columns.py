"""From fine bins to the columns of whole numbers that trees split on.

Numbers keep their order. A category with few levels becomes one column for each state;
one with many becomes a single column of ranks, its levels in the order of their event
rate. Special codes and missing values have no number: the value column says "unknown"
and a column of its own says which code it was.

Both libraries get the same columns, nothing in them is a category to the library, and
every split falls between two whole numbers, so whoever walks the trees later (the
scorer, SQL) compares exactly what was compared in training.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtrc

from riskkit._kernels.bins import count_bins
from riskkit.artifact import TreeColumnSpec, assign_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._core.frames import Table
    from riskkit.artifact import BoosterSpec, FeatureSpec
    from riskkit.boosting._features import BinnedRows
    from riskkit.typing import BoolArray, CodeArray, FloatArray, IntArray

__all__ = ["code_rows", "code_table", "make_columns"]

# More levels than this are ranked. One column a level did as well or better on the
# three public sets with categories (10 to 53 levels), but columns multiply.
_MOST_STATES = 12
_PRIOR_N = 20.0  # accounts at the event rate of all that each level is given
_MAX_PVALUE = 0.01  # of the chi-square test that all levels have one event rate


def make_columns(
    rows: BinnedRows,
    is_event: BoolArray,
    weight: FloatArray | None,
    unseen: str,
    train: IntArray | None = None,
) -> tuple[TreeColumnSpec, ...]:
    """Return the columns; levels are ranked by the outcomes of the rows `train`."""
    columns: list[TreeColumnSpec] = []
    take = slice(None) if train is None else train
    part = None if weight is None else weight[take]
    for j, feature in enumerate(rows.features):
        event, nonevent = count_bins(
            rows.bins[j][take], is_event[take], feature.n_bins, part
        )
        counted = _Counted(j, feature, rows.filled[j], event, event + nonevent)
        if feature.kind == "numeric":
            columns += _of_numbers(counted)
        elif np.count_nonzero(counted.filled[: feature.n_regular]) <= _MOST_STATES:
            columns += _of_states(counted, unseen)
        else:
            columns.append(_of_ranks(counted, unseen))
    # A library that draws columns for each tree would waste draws on one that says
    # the same of every row.
    telling = [c for c in columns if _tells(c, rows.filled[c.feature])]
    return tuple(telling or columns)


def code_rows(
    columns: Sequence[TreeColumnSpec], bins: Sequence[CodeArray], n_rows: int
) -> NDArray[np.float32]:
    """Return the codes of rows whose bins are known, NaN where there is none."""
    codes = np.empty((n_rows, len(columns)), dtype=np.float32)
    for k, column in enumerate(columns):
        table = np.array(column.codes, dtype=np.float32)  # None becomes NaN
        np.take(table, bins[column.feature], out=codes[:, k], mode="clip")
    return codes


def code_table(spec: BoosterSpec, table: Table) -> NDArray[np.float32]:
    """Return the codes of raw rows."""
    bins = [assign_column(f, table.column(f.name)) for f in spec.features]
    return code_rows(spec.columns, bins, table.n_rows)


def _tells(column: TreeColumnSpec, filled: BoolArray) -> bool:
    return len({column.codes[b] for b in np.flatnonzero(filled).tolist()}) > 1


class _Counted(NamedTuple):
    """A feature with its bins as they are filled in training, and counted in a part."""

    position: int
    feature: FeatureSpec
    filled: BoolArray
    n_event: FloatArray
    n: FloatArray

    @property
    def rates(self) -> FloatArray:
        """Event rate of each bin, shrunk towards that of all.

        Levels that do not differ by more than chance all have the rate of all: ranked
        by their outcomes in training, noise would look like evidence.
        """
        overall = self.n_event.sum() / self.n.sum()
        told = self.n > 0
        told[self.feature.missing_bin] = False  # which has no rank
        n, n_event = self.n[told], self.n_event[told]
        gaps = (n_event - n * overall) ** 2 / (n * overall * (1.0 - overall))
        if chdtrc(max(n.size - 1, 1), gaps.sum()) > _MAX_PVALUE:
            return np.full(self.n.size, overall)
        return np.asarray((self.n_event + _PRIOR_N * overall) / (self.n + _PRIOR_N))

    def state(self, state: int) -> TreeColumnSpec:
        """Return the column that says whether an account is in one bin."""
        codes = tuple(int(b == state) for b in range(self.feature.n_bins))
        return TreeColumnSpec(self.position, "state", codes)


def _of_numbers(counted: _Counted) -> list[TreeColumnSpec]:
    feature, filled = counted.feature, counted.filled
    n = feature.n_regular
    special = [b for b in range(n, feature.missing_bin) if filled[b]]
    columns = [counted.state(b) for b in special]
    n_values = int(np.count_nonzero(filled[:n]))
    if n_values == 0 or (n_values == 1 and not filled[feature.missing_bin]):
        return columns  # the states say it all
    # A state that no training row was in could not be learned: who is in it is taken
    # for the middle account, instead of being sent wherever a tree happens to end.
    below = np.cumsum(counted.n[:n])
    middle = int(np.searchsorted(below, below[-1] / 2))
    unknown = None if filled[feature.missing_bin] else middle
    codes = [None if filled[b] else unknown for b in range(n, feature.n_bins)]
    value = TreeColumnSpec(counted.position, "value", (*range(n), *codes))
    return [value, *columns]


def _of_states(counted: _Counted, unseen: str) -> list[TreeColumnSpec]:
    filled = counted.filled
    states = np.flatnonzero(filled[:-1]).tolist()
    if len(states) == 2 and not filled[-1]:
        # One column tells two states apart; what is neither counts as the usual one.
        rare = min(states, key=lambda b: counted.n[b])
        columns = [counted.state(rare)]
    else:
        columns = [counted.state(b) for b in states]
    twin = _twin_of_unseen(counted, unseen)
    if twin is None:
        return columns
    return [replace(c, codes=(*c.codes[:-1], c.codes[twin])) for c in columns]


def _of_ranks(counted: _Counted, unseen: str) -> TreeColumnSpec:
    # A bin that no row is in has the rate of all, and its rank.
    rates = counted.rates
    codes: list[int | None] = np.searchsorted(np.unique(rates), rates).tolist()
    missing = counted.feature.missing_bin
    if counted.filled[missing]:
        codes[missing] = None
    twin = _twin_of_unseen(counted, unseen)
    if twin is not None:
        codes[-1] = codes[twin]
    return TreeColumnSpec(counted.position, "rank", tuple(codes))


def _twin_of_unseen(counted: _Counted, unseen: str) -> int | None:
    """Return the bin that unseen levels are treated like, None for their own."""
    if unseen == "missing" and counted.filled[counted.feature.missing_bin]:
        return counted.feature.missing_bin
    if unseen == "riskiest":
        n = counted.feature.n_regular
        return int(np.argmax(np.where(counted.filled[:n], counted.rates[:n], -1.0)))
    return None
