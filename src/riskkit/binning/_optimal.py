"""Optimal binning: the partition of each feature that carries the most evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import did_you_mean
from riskkit.binning._base import BaseBinner
from riskkit.binning._counted import (
    check_bands,
    check_others,
    check_splits,
    each_warning_once,
    on_bands,
    samples_of_counts,
)
from riskkit.binning._optbinning_search import check_solver, partition_with_optbinning
from riskkit.binning._partition import partition_features
from riskkit.binning._progress import progress_bar
from riskkit.binning._replay import read_edits, replay_edits
from riskkit.binning._request import build_request, check_search, trend_of_each
from riskkit.binning._special import special_groups
from riskkit.binning._stability import with_costs
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from riskkit._core.inputs import Training
    from riskkit.artifact import SpecialGroup
    from riskkit.binning._counted import FeatureCounts
    from riskkit.binning._partition import FeaturePartition

__all__ = ["OptimalBinner"]


class OptimalBinner(BaseBinner):
    """Bin every feature so that its information value is the largest possible.

    Numeric features are cut into intervals, categories are grouped, and the event
    rate over the bins follows a trend, in every period if asked for. Missing values and
    special codes have bins of their own or join a regular bin, and levels that were not
    there in training have a bin; the same in the table and in :meth:`transform`.

    Parameters
    ----------
    encode : {"woe", "ordinal", "event_rate"}, default="woe"
        What :meth:`transform` emits: the bin's weight of evidence, its number, or its
        event rate.

    trend : str or dict of str to str, default="auto"
        Shape of the event rate over the bins of a numeric feature, for all or by
        feature: ``ascending``, ``descending``, ``monotonic`` (the better of both),
        ``peak``, ``valley``, ``concave``, ``convex``, ``none``, or ``auto``: the best
        of ascending, descending, peak and valley, where a peak or valley must gain
        `trend_margin` over the best monotonic trend.

    trend_margin : float, default=0.05
        Relative gain that a turning point must bring under the trend ``auto``. On five
        public loan sets margins between 2 % and 50 % hardly differ in hold-out AUC,
        and 5 % is never the worst.

    divergence : {"iv", "js", "hellinger"}, default="iv"
        What the search makes as large as possible: the information value, or the
        Jensen-Shannon or Hellinger divergence of events and non-events, which give
        less weight to small bins of extreme risk.

    min_n_bins, max_n_bins : int, default=1 and 8
        Least and most regular bins. A feature that cannot have `min_n_bins` is
        infeasible: it gets one bin, a reason in :meth:`summary`, and a warning.

    min_bin_size, max_bin_size : float, default=0.05 and None
        Least and largest share of all rows in a regular bin, with what joins it.

    min_bin_n_event, min_bin_n_nonevent : int, default=0
        Least events and non-events in a regular bin. With `smoothing` a bin may lack
        either; without, each bin needs some of both.

    max_bin_n_event, max_bin_n_nonevent : int or None, default=None
        Most events and non-events in a regular bin.

    min_event_rate_diff : float, default=0.0
        Least difference between the event rates of neighbouring bins.

    max_pvalue : float or None, default=None
        Most p-value of the z-test between the event rates of neighbouring bins.

    special_codes : sequence, dict or None, default=None
        Values that stand for a reason. A sequence such as ``[-9, -8]`` holds for every
        feature (numbers for numeric ones, text for categories) and gives each code a
        bin; a tuple within it is a group with one bin. A dict gives a feature its own
        sequence, or ``{label: code or codes}``.

    missing, special : {"separate", "merge", "riskiest", "safest"}, default="separate"
        Where missing values, and each group of special codes, belong. ``separate``: a
        bin of their own; without any in training it is neutral. ``merge``: the regular
        bin where they make the total the largest, found together with the bins, all
        limits judged on the pooled counts; without any in training they are neutral.
        ``riskiest`` and ``safest``: the regular bin with the highest or lowest event
        rate, whatever their own rate, also without any in training. Bins that share
        their evidence have one row in the table and equal WoE. Of more than three
        groups to merge (two with concave or convex trends) the largest are placed
        exactly and the others one by one; one that fits nowhere stays apart.

    unseen : {"neutral", "missing", "riskiest", "error"}, default="neutral"
        WoE of levels that were not there in training: 0, that of missing values, the
        lowest of the feature, or an error.

    stable_over : str or None, default=None
        Column of `X` with the period of each row, such as the year of the application:
        numbers, text, dates or periods. The event rates of neighbouring bins must keep
        their ranking in every period in which both bins are large enough (see
        `min_period_n_event`). :meth:`summary` tells the price in IV. The column is no
        feature: it is neither binned nor emitted, and :meth:`transform` does without.
        Rows without a period count in the bins, and in no period.

    min_period_n_event : float, default=50
        A period counts for two neighbouring bins if both are so large in it that they
        would have this many events, and non-events, at the event rate of the whole
        period. A period without events never counts. With 50, bins of which one is
        half as risky again change places by chance in about 1 % of the periods; with
        10 in 16 %, so that few bins last.

    user_splits : dict of str to sequence, or None, default=None
        Per numeric feature, the only edges to choose from.

    fixed_splits : dict of str to sequence, or None, default=None
        Per numeric feature, edges that the bins must have.

    prebinning : {"cart", "quantile", "none"}, default="cart"
        How a feature with many values is cut before the exact search: by a
        classification tree and the corners of its event rate; into bins of equal size;
        or into all values, up to some 130 cuts. Cuts are moved to their best place
        among all values afterwards.

    max_n_prebins : int or None, default=None
        Most cells to choose from; beyond, the cut that loses least is dropped. None
        leaves it to the method: some 50, 32 and 130.

    edges : {"exact", "nice"}, default="exact"
        Whether an edge is the midpoint between two values, or the number with the
        fewest significant digits that moves at most 5 % of the two bins beside it
        and breaks no limit; :meth:`summary` tells the loss in IV.

    smoothing : float, default=0.5
        Accounts of the rarer class added to every bin; see
        :func:`riskkit.metrics.woe`.

    edits : sequence of BinEdit or None, default=None
        Changes that people made to the bins; they are replayed, in order, after the
        search, and shown with the bins. See :class:`MergeBins` and its siblings.

    solver : {"exact", "optbinning"}, default="exact"
        Who finds the bins: riskkit's dynamic programme, or the package optbinning, for
        what no dynamic programme can do (p-values between all bins, `gamma`). With
        optbinning the trends ``auto`` and ``monotonic`` are its own guess of one, its
        prebins are made first (``min_prebin_size`` is the smaller of `min_bin_size`
        and 5 % unless given), levels are ordered by their plain event rate, a bin has
        events and non-events, and weights must be whole numbers.

    solver_options : dict or None, default=None
        Keywords of ``optbinning.OptimalBinning`` with ``solver="optbinning"``, such as
        ``{"gamma": 0.5, "max_pvalue_policy": "all", "time_limit": 30}``; those that
        `OptimalBinner` has itself are refused.

    n_jobs : int or None, default=None
        Threads over features, as in scikit-learn; the result is the same.

    verbose : bool or "auto", default="auto"
        Whether a progress bar is drawn on stderr; ``auto`` does so on a terminal for
        tables of more than 20 million cells.

    Attributes
    ----------
    binning_tables_ : dict of str to BinningTable
        Bins, counts and evidence of each feature.

    search_report_ : dict of str to dict
        What the search reports of each feature, as in :meth:`summary`: `iv_bound`, the
        largest IV that the cells allow under the limits on bins and sizes alone (NaN
        under another divergence); `edge_loss`, what round edges cost; and
        `stability_cost`, the IV without `stable_over` minus the IV with it.

    classes_ : ndarray of shape (2,)
        The non-event and the event label, in that order.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    riskkit.scorecard.ScorecardClassifier : Weighs the bins.
    riskkit.metrics.iv : The objective.

    Notes
    -----
    Among all ways to join the prebins into bins, a dynamic programme finds the one with
    the largest divergence under the constraints, so there is no time limit and no
    approximate answer. Levels are ordered by their event rate, shrunk towards that of
    all.

    Under `stable_over` with the trend ``auto`` the price can be below 0: where the best
    monotonic trend does not hold in time, a peak or valley that does may be worth more.

    The WoE of a training row includes that row's own outcome.

    References
    ----------
    N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.
    G. Navas-Palencia, "Optimal binning: mathematical programming formulation",
    arXiv:2001.08025, 2020 (the same problem as a mixed-integer programme).

    Examples
    --------
    >>> from riskkit.binning import OptimalBinner
    >>> from riskkit.datasets import load_sba_loans
    >>> loans = load_sba_loans()
    >>> binner = OptimalBinner().fit(loans.data, loans.target)
    >>> binner.summary()[["feature", "n_bins", "status"]].head(2)
         feature  n_bins   status
    0  BankState       8  optimal
    1   SBA_Appv       5  optimal
    >>> binner.transform(loans.data).shape == loans.data.shape
    True

    Bins whose ranking holds in every year:

    >>> X = loans.data[["RetainedJob", "SBA_Appv"]]
    >>> X = X.assign(year=loans.dates.astype("datetime64[Y]"))
    >>> stable = OptimalBinner(stable_over="year").fit(X, loans.target)
    >>> stable.get_feature_names_out().tolist()
    ['RetainedJob', 'SBA_Appv']
    >>> stable.summary()[["feature", "iv", "stability_cost"]].round(3)
           feature     iv  stability_cost
    0     SBA_Appv  0.178           0.017
    1  RetainedJob  0.146           0.023
    """

    def __init__(
        self,
        encode: str = "woe",
        *,
        trend: str | dict[str, str] = "auto",
        trend_margin: float = 0.05,
        divergence: str = "iv",
        min_n_bins: int = 1,
        max_n_bins: int = 8,
        min_bin_size: float = 0.05,
        max_bin_size: float | None = None,
        min_bin_n_event: int = 0,
        max_bin_n_event: int | None = None,
        min_bin_n_nonevent: int = 0,
        max_bin_n_nonevent: int | None = None,
        min_event_rate_diff: float = 0.0,
        max_pvalue: float | None = None,
        special_codes: Any = None,
        missing: str = "separate",
        special: str = "separate",
        unseen: str = "neutral",
        stable_over: str | None = None,
        min_period_n_event: float = 50,
        user_splits: Mapping[str, ArrayLike] | None = None,
        fixed_splits: Mapping[str, ArrayLike] | None = None,
        prebinning: str = "cart",
        max_n_prebins: int | None = None,
        edges: str = "exact",
        smoothing: float = 0.5,
        edits: Sequence[Any] | None = None,
        solver: str = "exact",
        solver_options: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool | str = "auto",
    ) -> None:
        self.encode = encode
        self.trend = trend
        self.trend_margin = trend_margin
        self.divergence = divergence
        self.min_n_bins = min_n_bins
        self.max_n_bins = max_n_bins
        self.min_bin_size = min_bin_size
        self.max_bin_size = max_bin_size
        self.min_bin_n_event = min_bin_n_event
        self.max_bin_n_event = max_bin_n_event
        self.min_bin_n_nonevent = min_bin_n_nonevent
        self.max_bin_n_nonevent = max_bin_n_nonevent
        self.min_event_rate_diff = min_event_rate_diff
        self.max_pvalue = max_pvalue
        self.special_codes = special_codes
        self.missing = missing
        self.special = special
        self.unseen = unseen
        self.stable_over = stable_over
        self.min_period_n_event = min_period_n_event
        self.user_splits = user_splits
        self.fixed_splits = fixed_splits
        self.prebinning = prebinning
        self.max_n_prebins = max_n_prebins
        self.edges = edges
        self.smoothing = smoothing
        self.edits = edits
        self.solver = solver
        self.solver_options = solver_options
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit_counts(
        self, counts: Mapping[str, FeatureCounts], *, classes: Any = (0, 1)
    ) -> Self:
        """Find the bins from counts of each feature's values, without rows.

        Parameters
        ----------
        counts : dict of str to FeatureCounts
            Values of every feature with the events and non-events among them, such as
            the result of a ``GROUP BY``. All count the same accounts.

        classes : sequence of two labels, default=(0, 1)
            The non-event and the event label.

        Returns
        -------
        self : OptimalBinner
            As :meth:`fit` leaves it with the rows that were counted: equal edges,
            tables and WoE, but for features whose values stand in bands.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain or names no feature, asks for an edge
            inside a band, or is not ``unseen="missing"`` where some levels have no
            name; those count as missing.
        InvalidTargetError
            If there are no events, or nothing else.
        InvalidInputError, InvalidTypeError
            If the features count different accounts, or `counts` holds none.

        Examples
        --------
        >>> from riskkit.binning import FeatureCounts, OptimalBinner
        >>> age = FeatureCounts([25, 35, 45], n_event=[9, 5, 1], n_nonevent=[40] * 3)
        >>> binner = OptimalBinner().fit_counts({"age": age})
        >>> binner.binning_tables_["age"].feature.edges
        (30.0, 40.0)
        """
        self._check_params()
        samples = samples_of_counts(counts, classes, self.stable_over)
        check_others(counts, self.unseen)
        self.classes_ = next(iter(samples.values())).classes
        kinds: dict[str, str] = {name: own.kind for name, own in counts.items()}
        period = [] if self.stable_over is None else [self.stable_over]
        self.feature_names_in_ = np.array([*kinds, *period], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        check_splits("user_splits", self.user_splits, counts)
        check_splits("fixed_splits", self.fixed_splits, counts)
        special = special_groups(self.special_codes, kinds)
        edits = read_edits(self.edits, list(kinds))
        found: dict[str, FeaturePartition] = {}
        with each_warning_once():
            for name, sample in samples.items():
                own = on_bands(
                    self._find_bins(sample, kinds, special, only=name), counts
                )
                changes = {name: edits[name]} if name in edits else {}
                found.update(replay_edits(own, changes, sample))
        check_bands(found, counts)
        return self._keep(found, edits)

    def _find_bins(
        self,
        training: Training,
        kinds: Mapping[str, str],
        special: Mapping[str, tuple[SpecialGroup, ...]],
        only: str | None = None,
    ) -> dict[str, FeaturePartition]:
        """Find the bins of all features, or of one that the rows belong to."""
        if self.solver == "optbinning":
            trends = trend_of_each(self.trend, kinds)
            if only is not None:
                kinds = {only: kinds[only]}
            return partition_with_optbinning(self, training, kinds, special, trends)
        request = build_request(self, training, kinds)
        if only is not None:
            kinds = {only: kinds[only]}
        n_searches = 1 if request.periods is None else 2
        n_rows = training.table.n_rows
        with progress_bar(self.verbose, n_searches * len(kinds), n_rows) as progress:
            found = partition_features(
                training, kinds, special, request, progress=progress
            )
            if request.periods is None:
                return found
            free = replace(request, periods=None)
            without = partition_features(
                training, kinds, special, free, progress=progress
            )
        return with_costs(found, without, float(self.smoothing))

    def _feature_names(self, names: Sequence[str]) -> list[str]:
        if self.stable_over is None:
            return list(names)
        if self.stable_over not in names:
            hint = did_you_mean(self.stable_over, names)
            msg = f"stable_over names {self.stable_over!r}, which is no column.{hint}"
            raise InvalidParameterError(msg)
        features = [name for name in names if name != self.stable_over]
        if not features:
            msg = (
                f"X must hold a feature beside stable_over={self.stable_over!r}; that "
                "is its only column."
            )
            raise InvalidParameterError(msg)
        return features

    def _check_params(self) -> None:
        super()._check_params()
        check_search(self)
        check_solver(self)
