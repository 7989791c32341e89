"""Bins and reference populations from counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from riskkit.artifact import PeriodSpec, PopulationSpec
from riskkit.binning import OptimalBinner
from riskkit.engines._collect import collect_stats
from riskkit.engines._patterns import unseen_level
from riskkit.engines._stats import SufficientStats
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.monitoring import Baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import BinnedSpec
    from riskkit.binning import FeatureCounts

__all__ = ["binner_from", "counts_from", "fit_baseline", "fit_binner"]


def fit_binner(
    binner: OptimalBinner,
    source: Any,
    y: str | None = None,
    *,
    features: Sequence[str] | None = None,
    sample_weight: str | None = None,
    **counting: Any,
) -> OptimalBinner:
    """Fit a binner to counts, or to a table of any size in a pass or two.

    Parameters
    ----------
    binner : OptimalBinner
        What to fit; it is cloned.

    source : SufficientStats, or table as for :func:`collect_stats`
        Counts, or rows to count.

    y : str, default=None
        Column with the outcome; of rows only.

    features : sequence of str, default=None
        Features to bin; None for all.

    sample_weight : str, default=None
        Column with weights; of rows only.

    **counting
        Further parameters of :func:`collect_stats`; of rows only.

    Returns
    -------
    binner : OptimalBinner
        Fitted. Edges, tables and WoE equal those of ``fit`` on all rows in memory for
        every feature whose values were counted one by one. Edges of a feature that was
        counted in bands lie on the ends of bands, and its counts are exact.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain, edges are asked for inside a band, or
        periods are that were not counted; or if `unseen` of the binner is not
        "missing" and a feature has levels without a name.
    InvalidTypeError
        If `binner` is of another type, or no column is named for rows.
    InvalidInputError
        If the levels of a feature are unnamed, or the source is empty.

    See Also
    --------
    fit_scorecard : Weighs the bins, too.

    Notes
    -----
    A feature with more than `max_levels` levels is binned by its frequent ones. All
    others count as missing, which takes ``unseen="missing"`` of the binner, since that
    is how they are scored; any other is an error that tells how many accounts they are.

    Examples
    --------
    >>> from riskkit.binning import OptimalBinner
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.engines import fit_binner
    >>> loans = load_sba_loans()
    >>> table = loans.data.assign(default=loans.target)
    >>> chunks = (table[k:k + 5000] for k in range(0, len(table), 5000))
    >>> binner = fit_binner(OptimalBinner(), chunks, "default")
    >>> in_memory = OptimalBinner().fit(loans.data, loans.target)
    >>> binner.summary().equals(in_memory.summary())
    True
    """
    if not isinstance(binner, OptimalBinner):
        msg = f"binner must be an OptimalBinner; got {type(binner).__name__}."
        raise InvalidTypeError(msg)
    if not isinstance(source, SufficientStats):
        if y is None:
            msg = "y must name the column with the outcome where rows are given."
            raise InvalidTypeError(msg)
        period = counting.pop("period", None) or binner.stable_over
        counting.setdefault("special_codes", binner.special_codes)
        if features is not None:
            features = [name for name in features if name != period]
        source = collect_stats(
            source,
            y,
            features=features,
            period=period,
            sample_weight=sample_weight,
            **counting,
        )
        features = None
    elif y is not None or counting:
        msg = "Counts have their columns already; give no y or parameters of counting."
        raise InvalidParameterError(msg)
    return binner_from(clone(binner), source, features)


def binner_from(
    binner: OptimalBinner, stats: SufficientStats, features: Sequence[str] | None
) -> OptimalBinner:
    """Fit a binner to counts."""
    by_period = binner.stable_over is not None
    if by_period and stats.periods == (None,):
        msg = (
            f"stable_over={binner.stable_over!r} needs the counts of every period. "
            f"Collect them with period={binner.stable_over!r}."
        )
        raise InvalidParameterError(msg)
    counts = counts_from(binner.special_codes, stats, features, by_period=by_period)
    return binner.fit_counts(counts, classes=stats.classes)


def counts_from(
    special_codes: Any,
    stats: SufficientStats,
    features: Sequence[str] | None,
    *,
    by_period: bool,
) -> dict[str, FeatureCounts]:
    """Return the counts of some features, special codes apart."""
    return {
        name: stats.counts(
            name, by_period=by_period, special_codes=_codes(special_codes, name)
        )
        for name in features or stats.features
    }


def fit_baseline(stats: SufficientStats, **parameters: Any) -> Baseline:
    """Learn the reference population of a monitor from counts.

    Parameters
    ----------
    stats : SufficientStats
        Counts of the reference rows.

    **parameters
        Parameters of :meth:`~riskkit.monitoring.Baseline.fit` about bins: `bins`,
        `n_bins`, `special_codes`, `max_levels`, `min_level_n`, `model_id`.

    Returns
    -------
    baseline : Baseline
        As ``Baseline.fit`` of the rows; the cuts of a feature that was counted in bands
        lie on the ends of bands, and levels without a name are in the bin of others.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.
    InvalidInputError
        If the levels of a feature are unnamed, or no row was counted.

    Examples
    --------
    >>> from riskkit.engines import SufficientStats, fit_baseline
    >>> stats = SufficientStats(["age"]).update({"age": [25.0, 31.0, 60.0]}, [1, 0, 0])
    >>> fit_baseline(stats, n_bins=2).frame()[["bin", "n"]].head(2)
             bin    n
    0  (-inf, 31]  2.0
    1   (31, inf)  1.0
    """
    codes, model_id = parameters.get("special_codes"), parameters.get("model_id")
    features: list[BinnedSpec] = []
    n: list[float] = []
    known: list[float] = []
    event: list[float] = []
    for name in stats.features:
        own = stats.counts(name, special_codes=_codes(codes, name))
        spec = _reference(name, own, parameters).to_spec()
        features += spec.features
        n += spec.reference.n
        known += spec.reference.n_known
        event += spec.reference.n_event
    reference = PeriodSpec(tuple(n), tuple(known), tuple(event))
    return Baseline(
        PopulationSpec(tuple(features), None, None, reference, model_id=model_id)
    )


def _reference(name: str, own: FeatureCounts, parameters: dict[str, Any]) -> Baseline:
    """Return the reference population of one feature."""
    values, counts = np.asarray(own.values), np.array([own.n_nonevent, own.n_event])
    known = np.ones(values.size, dtype=np.bool_)
    if own.is_other is not None:
        known = ~np.asarray(own.is_other)
    y = np.array([0, 1])
    levels = {name} if own.kind == "categorical" else set()
    baseline = Baseline.fit(
        {name: np.tile(values[known], 2)},
        y=np.repeat(y, np.count_nonzero(known)),
        sample_weight=counts[:, known].ravel(),
        **parameters | {"categorical": levels.union(parameters.get("categorical", ()))},
    )
    if known.all():
        return baseline
    # Levels without a name are those that the bins will not know later either.
    feature = baseline.to_spec().features[0].feature
    others = np.array([unseen_level(feature)] * 2, dtype=object)
    weight = counts[:, ~known].sum(axis=1)
    return baseline.update({name: others}, y=y, sample_weight=weight)


def _codes(special_codes: Any, name: str) -> tuple[float, ...]:
    """Return the numbers among the special codes of a feature."""
    from riskkit.engines._rules import read_rules

    if isinstance(special_codes, dict):
        special_codes = {name: special_codes.get(name)}
    return read_rules([name], special_codes, (0, 1), 100, 1).codes_of(name)
