"""A scorecard from a table of any size, and scores of one."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from riskkit._core.params import check_int
from riskkit.artifact import (
    Artifact,
    BaselineSpec,
    CountsSpec,
    ScorecardSpec,
    read_artifact,
)
from riskkit.binning import OptimalBinner
from riskkit.engines._binned_source import BinnedSource, check_same_rows
from riskkit.engines._collect import (
    collect_stats,
    is_read_once,
    open_table,
    split_columns,
)
from riskkit.engines._engine import check_columns
from riskkit.engines._fit import binner_from
from riskkit.engines._patterns import (
    Patterns,
    TooManyPatternsError,
    representative_rows,
)
from riskkit.engines._shown import fold_shown
from riskkit.exceptions import (
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.scorecard import ScorecardClassifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.engines._collect import Roles
    from riskkit.engines._engine import Engine
    from riskkit.engines._stats import SufficientStats
    from riskkit.typing import FloatArray

__all__ = ["check_twice", "fit_scorecard", "read_card", "score"]


def fit_scorecard(
    card: ScorecardClassifier,
    source: Any,
    y: str,
    *,
    features: Sequence[str] | None = None,
    sample_weight: str | None = None,
    stats: SufficientStats | None = None,
    classes: Any = (0, 1),
    max_values: int = 20_000,
    max_levels: int = 100_000,
    max_patterns: int = 2_000_000,
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
) -> ScorecardClassifier:
    """Fit a scorecard to a table of any size, in two passes or a few more.

    Parameters
    ----------
    card : ScorecardClassifier
        What to fit; it is cloned. Its binner has to be an ``OptimalBinner`` or None.

    source : table, chunks, relation or path
        As for :func:`collect_stats`; no iterator, since it is read twice.

    y : str
        Column with the outcome.

    features : sequence of str, default=None
        Columns to use; None for all but `y`, `sample_weight` and periods.

    sample_weight : str, default=None
        Column with weights, multiples of ``2**-20``.

    stats : SufficientStats, default=None
        Counts of the same rows, which save the first pass.

    classes, max_values, max_levels
        As for :class:`SufficientStats`.

    max_patterns : int, default=2000000
        Different rows of bins to hold at most, at about a kilobyte each. Where there
        are more, every Newton step is a pass over the table; 0 starts with that.

    engine, memory_limit, batch_rows
        As for :func:`collect_stats`.

    Returns
    -------
    card : ScorecardClassifier
        Fitted: the first pass counts values and finds the bins, the second counts the
        patterns of bins that rows have, and the coefficients are fitted to the
        patterns. Nothing is sampled: they are those of a fit to all rows with the
        same bins, to the accuracy of sums. With too many patterns to hold, the sums
        of each Newton step are a pass instead, and ``n_passes_`` tells of how many.

    Raises
    ------
    InvalidInputError, InvalidTypeError, InvalidTargetError, MissingExtraError
        As :func:`collect_stats`; or if later passes meet other rows than the first.
    InvalidParameterError
        If a parameter is outside its domain; or if features are to be chosen in steps
        (`selection`) and the rows have more than `max_patterns`.

    See Also
    --------
    score : Scores a table with it.

    Notes
    -----
    Without patterns memory is a batch and the sums, however many different rows there
    are. Sums of blocks of rows are added without rounding error, so that the order of
    the batches is of no consequence. ``rounding_report_`` then compares exact points to
    a 65,000th of their range, and points that are not whole are put in bands of the
    baseline by their 20,000 narrowest bands of bits.

    Levels without a name count as for :func:`fit_binner`; in ``baseline_`` they are in
    the bin of unseen levels, where rows to come will show them.

    Examples
    --------
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.engines import fit_scorecard
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> loans = load_sba_loans()
    >>> table = loans.data[["SBA_Appv", "NoEmp", "State"]].assign(bad=loans.target)
    >>> card = fit_scorecard(ScorecardClassifier(), table, "bad")
    >>> in_memory = ScorecardClassifier().fit(table.drop(columns="bad"), table["bad"])
    >>> bool(abs(card.intercept_ - in_memory.intercept_) < 1e-9)
    True
    """
    if not isinstance(card, ScorecardClassifier):
        msg = f"card must be a ScorecardClassifier; got {type(card).__name__}."
        raise InvalidTypeError(msg)
    check_twice(source)
    check_int("max_patterns", max_patterns, low=0)
    binner = _binner_of(card)
    opened = open_table(source, engine, memory_limit, batch_rows)
    roles = split_columns(opened, y, features, binner.stable_over, sample_weight)
    if stats is None:
        stats = collect_stats(
            source,
            y,
            features=roles.features,
            period=roles.period,
            sample_weight=sample_weight,
            special_codes=binner.special_codes,
            classes=classes,
            max_values=max_values,
            max_levels=max_levels,
            engine=engine,
            memory_limit=memory_limit,
            batch_rows=batch_rows,
            verbose=card.verbose,
        )
    fitted = binner_from(binner, stats, roles.features)
    specs = tuple(table.feature for table in fitted.binning_tables_.values())
    result: ScorecardClassifier = clone(card)
    rows = _pattern_rows(opened, specs, roles, stats, max_patterns, card.verbose)
    if rows is None:
        binned = BinnedSource(
            opened, specs, y, sample_weight, stats, verbose=card.verbose
        )
        result = result.fit_source(fitted, binned)
    else:
        result = result.fit_binned(fitted, *rows)
    result.baseline_ = _with_others(result, stats)
    return result


def _with_others(card: ScorecardClassifier, stats: SufficientStats) -> BaselineSpec:
    """Return the training counts with levels without a name where rows will show them.

    The binner counts them as missing, for their evidence. A row with one of them is in
    the bin of unseen levels, and a monitor that expected none there would raise alarm.
    """
    features = dict(card.baseline_.features)
    for item in card.spec_.characteristics:
        feature, own = item.feature, stats.counts(item.feature.name)
        if not own.other_share:
            continue
        others = np.asarray(own.is_other)
        event = float(np.asarray(own.n_event)[others].sum())
        moved = event + float(np.asarray(own.n_nonevent)[others].sum())
        known = features[feature.name]
        n, n_event = list(known.n), list(known.n_event)
        for counts, amount in ((n, moved), (n_event, event)):
            counts[feature.missing_bin] -= amount
            counts[feature.unseen_bin] += amount
        features[feature.name] = CountsSpec(tuple(n), tuple(n_event))
    return replace(card.baseline_, features=features)


def _pattern_rows(
    engine: Engine,
    specs: tuple[FeatureSpec, ...],
    roles: Roles,
    stats: SufficientStats,
    max_patterns: int,
    verbose: bool | str,
) -> tuple[Any, Any, FloatArray] | None:
    """Count patterns of bins, and return a row, a label and a weight for each.

    None if there are too many of them.
    """
    if max_patterns == 0:
        return None
    import pandas as pd

    weights = [] if roles.sample_weight is None else [roles.sample_weight]
    patterns = Patterns(
        specs, roles.y, roles.sample_weight, stats.classes, max_patterns
    )
    try:
        blocks = fold_shown(
            engine,
            patterns,
            [*(spec.name for spec in specs), roles.y, *weights],
            verbose=verbose,
            stage="Counting patterns of bins",
        )
        found = patterns.finish(blocks)
    except TooManyPatternsError:
        return None
    check_same_rows(float(found.counts.sum()), stats)
    bins, (event, nonevent) = patterns.unpack(found), found.counts
    rows = np.concatenate([np.flatnonzero(nonevent > 0), np.flatnonzero(event > 0)])
    is_event = np.arange(rows.size) >= np.count_nonzero(nonevent > 0)
    X = representative_rows(specs, [codes[rows] for codes in bins])
    labels = np.asarray(stats.classes)[is_event.astype(np.intp)]
    return pd.DataFrame(X), labels, np.where(is_event, event[rows], nonevent[rows])


def score(
    source: Any,
    model: Any,
    *,
    keep: Sequence[str] = (),
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
) -> Any:
    """Score a table where it lies.

    Parameters
    ----------
    source : table, chunks, relation or path
        As for :func:`collect_stats`, without an outcome.

    model : scorecard, Artifact or path
        A fitted scorecard, or a saved one.

    keep : sequence of str, default=()
        Columns to repeat, as a key.

    engine, memory_limit, batch_rows
        As for :func:`collect_stats`.

    Returns
    -------
    scores : table of the engine
        Columns of `keep`, then ``pd``, ``points`` and ``log_odds``: a DuckDB relation
        or a lazy frame of Polars, Dask or Spark, scored by the engine when it is asked
        for; a reader of Arrow batches; an iterator of frames for chunks; a frame for a
        frame.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a column is missing or of another kind, or the source is of another type.
    InvalidParameterError
        If a parameter is outside its domain.
    MissingExtraError
        If the engine is not installed.

    Notes
    -----
    Points and log-odds are those of the estimator, to the bit; the PD goes through the
    engine's own ``exp``, which may differ in its last bit.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.engines import score
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ... }).fit()
    >>> score(pd.DataFrame({"id": [7, 8], "age": [25, 60]}), card, keep=["id"])[
    ...     ["id", "points"]]
       id  points
    0   7    10.0
    1   8    40.0
    """
    spec = read_card(model)
    opened = open_table(source, engine, memory_limit, batch_rows)
    check_columns(keep, opened.columns)
    return opened.score(spec, list(keep))


def read_card(model: Any) -> ScorecardSpec:
    """Return the scorecard of an estimator, of an artifact, or in a file."""
    if isinstance(model, str | os.PathLike):
        model = read_artifact(model)
    if isinstance(model, Artifact):
        if isinstance(model.model, ScorecardSpec) and model.pd_map is None:
            return model.model
    elif isinstance(getattr(model, "spec_", None), ScorecardSpec):
        spec: ScorecardSpec = model.spec_
        return spec
    msg = (
        "model must be a fitted scorecard, or a saved one, without a calibration on "
        f"top; got {type(model).__name__}. For others, riskkit.export.to_sql writes "
        "SQL, and riskkit.serving scores batches."
    )
    raise InvalidTypeError(msg)


def _binner_of(card: ScorecardClassifier) -> OptimalBinner:
    binner = card.unfitted_binner()
    if not isinstance(binner, OptimalBinner):
        msg = (
            "The binner of the scorecard must be an OptimalBinner, or None; got "
            f"{type(binner).__name__}."
        )
        raise InvalidParameterError(msg)
    return binner


def check_twice(source: Any) -> None:
    """Raise if a source is used up by the first pass."""
    if is_read_once(source):
        msg = (
            "source must be one that can be read twice; got a "
            f"{type(source).__name__}, which is used up by the first pass. Give the "
            "files, a list of chunks or a lazy frame."
        )
        raise InvalidTypeError(msg)
