"""Selection of features of a table of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from riskkit._core.frames import Table
from riskkit._kernels.bins import take_values
from riskkit.artifact import assign_column
from riskkit.binning import IVSelector, OptimalBinner
from riskkit.engines._card import check_twice
from riskkit.engines._collect import collect_stats, open_table, split_columns
from riskkit.engines._fit import counts_from
from riskkit.engines._rows import read_weights
from riskkit.engines._shown import fold_shown
from riskkit.engines._stats import SufficientStats
from riskkit.exceptions import InvalidParameterError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.typing import FloatArray

__all__ = ["fit_selector"]

_BLOCK_NUMBERS = 1 << 20  # numbers held as float64 at a time: 8 MB


@dataclass(frozen=True)
class _PairSums:
    """Adds up the products of the values of bins, for every pair of features."""

    features: tuple[FeatureSpec, ...]
    values: tuple[FloatArray, ...]
    sample_weight: str | None

    def start(self) -> FloatArray:
        return np.zeros((len(self.features), len(self.features)))

    def update(self, state: FloatArray, part: Any) -> FloatArray:
        table = Table.read(part)
        name = self.sample_weight
        given = None if name is None else table.column(name)
        weight = read_weights(given, table.n_rows)
        codes = [assign_column(f, table.column(f.name)) for f in self.features]
        size = max(1, _BLOCK_NUMBERS // len(self.features))
        for begin in range(0, table.n_rows, size):
            rows = slice(begin, min(begin + size, table.n_rows))
            block = np.empty((rows.stop - begin, len(codes)), order="F")
            for j, (value, code) in enumerate(zip(self.values, codes, strict=True)):
                take_values(value, code[rows], out=block[:, j])
            weighted = block if weight is None else block * weight[rows, None]
            state = state + weighted.T @ block
        return state

    def merge(self, one: FloatArray, other: FloatArray) -> FloatArray:
        return one + other


def fit_selector(
    selector: IVSelector,
    source: Any,
    y: str | None = None,
    *,
    features: Sequence[str] | None = None,
    period: str | None = None,
    sample_weight: str | None = None,
    stats: SufficientStats | None = None,
    classes: Any = (0, 1),
    max_values: int = 20_000,
    max_levels: int = 100_000,
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
    verbose: bool | str = False,
) -> IVSelector:
    """Select features of a table of any size, in two passes.

    Parameters
    ----------
    selector : IVSelector
        What to fit; it is cloned. Its binner has to be an ``OptimalBinner`` or None.

    source : SufficientStats, or table as for :func:`collect_stats`
        Rows, read twice; or counts alone, from which features cannot be compared with
        each other.

    y : str, default=None
        Column with the outcome; of rows only.

    features : sequence of str, default=None
        Candidates; None for all columns but `y`, `period` and `sample_weight`.

    period : str, default=None
        Column with the period of each row, for stability; None for ``stable_over`` of
        the selector.

    sample_weight : str, default=None
        Column with weights, multiples of ``2**-20``; of rows only.

    stats : SufficientStats, default=None
        Counts of the same rows, which save the first pass.

    classes, max_values, max_levels
        As for :class:`SufficientStats`.

    engine, memory_limit, batch_rows, verbose
        As for :func:`collect_stats`.

    Returns
    -------
    selector : IVSelector
        Fitted: the first pass counts values, from which bins, evidence and stability
        follow; the second adds up products of the weights of evidence of those features
        that pass by themselves, for correlation and inflation. Equal to ``fit`` on all
        rows wherever values were counted one by one.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain, or counts alone are given for limits on
        correlation, inflation or stability that they do not tell.
    InvalidInputError, InvalidTypeError, InvalidTargetError, MissingExtraError
        As :func:`collect_stats`.

    See Also
    --------
    fit_scorecard : Weighs what was selected.

    Examples
    --------
    >>> from riskkit.binning import IVSelector
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.engines import fit_selector
    >>> loans = load_sba_loans()
    >>> table = loans.data.assign(default=loans.target)
    >>> chunks = [table[k:k + 20_000] for k in range(0, len(table), 20_000)]
    >>> selector = fit_selector(IVSelector(max_correlation=0.5), chunks, "default")
    >>> in_memory = IVSelector(max_correlation=0.5).fit(loans.data, loans.target)
    >>> selector.selected_ == in_memory.selected_
    True
    """
    if not isinstance(selector, IVSelector):
        msg = f"selector must be an IVSelector; got {type(selector).__name__}."
        raise InvalidTypeError(msg)
    fresh: IVSelector = clone(selector)
    binner = OptimalBinner() if fresh.binner is None else fresh.binner
    codes = getattr(binner, "special_codes", None)
    period = period or fresh.stable_over
    if isinstance(source, SufficientStats):
        if y is not None or stats is not None or sample_weight is not None:
            msg = "Counts have their columns already; give no y, stats or weights."
            raise InvalidParameterError(msg)
        counts = counts_from(codes, source, features, by_period=_has_periods(source))
        return fresh.fit_counts(counts, classes=source.classes)
    if y is None:
        msg = "y must name the column with the outcome where rows are given."
        raise InvalidTypeError(msg)
    check_twice(source)
    opened = open_table(source, engine, memory_limit, batch_rows)
    if features is not None:
        features = [name for name in features if name != period]
    roles = split_columns(opened, y, features, period, sample_weight)
    if stats is None:
        stats = collect_stats(
            source,
            y,
            features=roles.features,
            period=period,
            sample_weight=sample_weight,
            special_codes=codes,
            classes=classes,
            max_values=max_values,
            max_levels=max_levels,
            engine=engine,
            memory_limit=memory_limit,
            batch_rows=batch_rows,
            verbose=verbose,
        )

    def pair_sums(
        specs: Sequence[FeatureSpec], values: Sequence[FloatArray]
    ) -> FloatArray:
        job = _PairSums(tuple(specs), tuple(values), sample_weight)
        weights = [] if sample_weight is None else [sample_weight]
        return fold_shown(
            opened,
            job,
            [*(spec.name for spec in specs), *weights],
            verbose=verbose,
            stage="Comparing features",
        )

    counts = counts_from(codes, stats, roles.features, by_period=_has_periods(stats))
    return fresh.fit_counts(counts, classes=stats.classes, pair_sums=pair_sums)


def _has_periods(stats: SufficientStats) -> bool:
    return stats.periods != (None,)
