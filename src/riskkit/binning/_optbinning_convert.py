"""Bins of optbinning as riskkit's, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import level_key
from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.binning._optbinning import (
    edges_of_splits,
    load_optbinning,
    splits_of_edges,
)
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.binning._table import BinningTable
    from riskkit.typing import FloatArray, IntArray

__all__ = ["from_optbinning", "to_optbinning"]


def from_optbinning(fitted: Any) -> dict[str, FeatureSpec]:
    """Take over the bins of a fitted optbinning object.

    Every value falls into the same bin as there: the edges of numeric features are
    moved by one unit in the last place, from bins closed on the left to bins closed on
    the right. Give the result to :class:`ManualBinner` to count a sample in them.

    Parameters
    ----------
    fitted : OptimalBinning, BinningProcess or Scorecard
        Fitted object of optbinning; also its multiclass and continuous binnings. Of a
        process or a scorecard, the selected variables are taken.

    Returns
    -------
    features : dict of str to FeatureSpec
        Bins of each variable; one without a name is called ``x0``. Codes that are a
        list there share one group called ``Special``.

    Raises
    ------
    InvalidTypeError
        If `fitted` is no such object, or holds levels that are no text or numbers.
    InvalidInputError
        If a level stands in two bins once it is text.

    See Also
    --------
    to_optbinning : The other way round.
    ManualBinner : Counts a sample in given bins.

    Examples
    --------
    >>> import numpy as np
    >>> from optbinning import OptimalBinning
    >>> from riskkit.binning import from_optbinning
    >>> x = np.arange(40.0)
    >>> theirs = OptimalBinning("age", user_splits=[20.0]).fit(x, (x % 3 < x / 20) * 1)
    >>> theirs.splits.tolist()  # cuts x < 20
    [20.0]
    >>> from_optbinning(theirs)["age"].labels
    ('(-inf, 19.999999999999996]', '(19.999999999999996, inf)', 'Missing', 'Unseen')
    """
    package = load_optbinning()
    if isinstance(fitted, package.Scorecard):
        fitted = fitted.binning_process_
    if isinstance(fitted, package.BinningProcess):
        names = fitted.get_support(names=True).tolist()
        return {
            name: _feature(name, fitted.get_binned_variable(name)) for name in names
        }
    known = (
        package.OptimalBinning,
        package.MulticlassOptimalBinning,
        package.ContinuousOptimalBinning,
    )
    # A binning of two variables is derived from OptimalBinning, but has no edges.
    if not isinstance(fitted, known) or isinstance(fitted, package.OptimalBinning2D):
        msg = (
            "fitted must be a fitted binning of one variable, a BinningProcess or a "
            f"Scorecard of optbinning; got {type(fitted).__name__}."
        )
        raise InvalidTypeError(msg)
    name = fitted.name or "x0"
    return {name: _feature(name, fitted)}


def to_optbinning(table: BinningTable) -> Any:
    """Make a fitted ``optbinning.OptimalBinning`` with the bins and counts of a table.

    Parameters
    ----------
    table : BinningTable
        Bins of one feature with whole counts; every regular bin must hold events and
        non-events, for optbinning knows no pure bins.

    Returns
    -------
    binning : optbinning.OptimalBinning
        Fitted object: every split is fixed, its table has the counts of `table`, and
        its ``transform`` the unsmoothed WoE of them. There missing values and special
        codes become 0 unless ``metric_missing`` and ``metric_special`` are
        ``"empirical"``.

    Raises
    ------
    InvalidInputError
        If a regular bin is pure or empty, or a count is not whole.

    See Also
    --------
    from_optbinning : The other way round.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.binning import ManualBinner, to_optbinning
    >>> X = np.repeat([[1.0], [2.0], [3.0]], 10, axis=0)
    >>> y = np.r_[np.repeat([1, 0], [6, 4]), np.repeat([1, 0], [3, 7]),
    ...           np.repeat([1, 0], [1, 9])]
    >>> table = ManualBinner({"x0": [1, 2]}).fit(X, y).binning_tables_["x0"]
    >>> theirs = to_optbinning(table).binning_table.build(add_totals=False)
    >>> theirs[["Count", "Event"]].head(3).to_numpy().tolist()
    [[10, 6], [10, 3], [10, 1]]
    """
    feature = table.feature
    _check_counts(table)
    x, y, weight = _rows(table)
    binning = load_optbinning().OptimalBinning(
        name=feature.name,
        dtype="numerical" if feature.kind == "numeric" else "categorical",
        monotonic_trend=None,
        special_codes={g.label: list(g.codes) for g in feature.special} or None,
        **_fixed_bins(feature),
    )
    return binning.fit(x, y, weight)


def _feature(name: str, binning: Any) -> FeatureSpec:
    kind = getattr(binning, "dtype", "numerical")
    special = _special(name, binning.special_codes, kind)
    if kind == "numerical":
        edges = edges_of_splits(binning.splits)
        return FeatureSpec(
            name, "numeric", edges=tuple(edges.tolist()), special=special
        )
    groups = tuple(
        tuple(sorted(str(level_key(level)) for level in group))
        for group in binning.splits
    )
    levels = [level for group in groups for level in group]
    if len(set(levels)) < len(levels):
        msg = (
            f"Levels of {name!r} must differ as text; {len(levels) - len(set(levels))} "
            "of them are written alike and stand in two bins. Rename them and refit."
        )
        raise InvalidInputError(msg)
    return FeatureSpec(name, "categorical", levels=groups, special=special)


def _special(name: str, codes: Any, kind: str) -> tuple[SpecialGroup, ...]:
    if codes is None or not len(codes):
        return ()
    groups = codes if isinstance(codes, Mapping) else {"Special": codes}
    out = []
    for label, given in groups.items():
        members = given if isinstance(given, list | np.ndarray) else [given]
        if kind == "numerical":
            try:
                out.append(SpecialGroup(str(label), tuple(float(m) for m in members)))
            except (TypeError, ValueError) as error:
                msg = (
                    f"Special codes of the numeric variable {name!r} must be numbers; "
                    "some are not. Turn them into missing values or numbers first."
                )
                raise InvalidTypeError(msg) from error
        else:
            keys = tuple(str(level_key(m)) for m in members)
            out.append(SpecialGroup(str(label), keys))
    return tuple(out)


def _check_counts(table: BinningTable) -> None:
    k = table.feature.n_regular
    pure = np.flatnonzero((table.n_event[:k] == 0) | (table.n_nonevent[:k] == 0))
    if pure.size:
        shown = ", ".join(str(b) for b in pure[:10])
        msg = (
            f"optbinning needs events and non-events in every regular bin; bins "
            f"{shown} of {table.name!r} lack one or the other. Merge them first."
        )
        raise InvalidInputError(msg)
    counts = np.concatenate([table.n_event, table.n_nonevent])
    if (counts % 1).any():
        msg = (
            f"optbinning keeps whole counts only; {int(np.count_nonzero(counts % 1))} "
            f"counts of {table.name!r} are fractions. Count without weights first."
        )
        raise InvalidInputError(msg)


def _rows(table: BinningTable) -> tuple[Any, IntArray, FloatArray]:
    """Return few weighted rows that have the counts of the table."""
    feature = table.feature
    values, more = _values(feature), _levels_without_rows(feature)
    n_filled = len(values)  # no row is ever unseen
    counts = np.stack([table.n_event[:n_filled], table.n_nonevent[:n_filled]], axis=1)
    kept = counts.ravel() > 0
    x = [*np.repeat(np.array(values, dtype=object), 2)[kept], *(v for v, _ in more)]
    y = [*np.tile([1, 0], n_filled)[kept], *(outcome for _, outcome in more)]
    weight = [*counts.ravel()[kept], *np.zeros(len(more))]
    dtype = np.float64 if feature.kind == "numeric" else object
    return np.array(x, dtype=dtype), np.array(y), np.array(weight)


def _values(feature: FeatureSpec) -> list[Any]:
    """Return a value of each bin in which optbinning can count rows."""
    special: list[Any] = [group.codes[0] for group in feature.special]
    if feature.kind == "categorical":
        return [*(group[0] for group in feature.levels), *special, None]
    splits = splits_of_edges(np.asarray(feature.edges)).tolist()
    first = [np.nextafter(splits[0], -np.inf) if splits else 0.0]
    regular = [_aside(value, feature) for value in first + splits]
    return [*regular, *special, np.nan]


def _levels_without_rows(feature: FeatureSpec) -> list[tuple[str, int]]:
    """Return levels and outcomes of rows without weight.

    They make every level known, and optbinning, which sorts the groups by the event
    rate of the rows whatever their weight, keep the groups in their order.
    """
    return [
        (level, outcome)
        for g, group in enumerate(feature.levels)
        for m, level in enumerate(group)
        for outcome in [1] * (g + (m > 0)) + [0] * (m > 0)
    ]


def _aside(value: float, feature: FeatureSpec) -> float:
    """Move a value of a bin off a special code, which would take its rows away."""
    codes = {code for group in feature.special for code in group.codes}
    first = not feature.edges or value <= feature.edges[0]
    while value in codes:
        value = float(np.nextafter(value, -np.inf if first else np.inf))
    return value


def _fixed_bins(feature: FeatureSpec) -> dict[str, Any]:
    """Return the keywords that fix every split; without any, a tree finds none."""
    splits: Sequence[Any]
    if feature.kind == "numeric":
        splits = splits_of_edges(np.asarray(feature.edges)).tolist()
    else:
        splits = [list(group) for group in feature.levels]
        if len(splits) == 1:
            splits = []
    if not splits:
        return {"max_n_prebins": 2, "min_prebin_size": 0.5}
    return {"user_splits": splits, "user_splits_fixed": [True] * len(splits)}
