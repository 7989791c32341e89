"""Optimal binning: the partition of each feature that carries the most evidence."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_int, check_option, check_real, did_you_mean
from riskkit._kernels.partition import PartitionRules
from riskkit.binning._base import BaseBinner
from riskkit.binning._partition import partition_features
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._core.inputs import Training
    from riskkit.artifact import SpecialGroup
    from riskkit.binning._partition import FeaturePartition

__all__ = ["OptimalBinner"]

_TRENDS = (
    "auto",
    "monotonic",
    "ascending",
    "descending",
    "peak",
    "valley",
    "concave",
    "convex",
    "none",
)
# Relative gain in IV that a turning point must bring. On the five public loan sets of
# the benchmarks, margins between 2 % and 50 % hardly differ in hold-out AUC, and 5 % is
# never the worst.
_PREFER_MONOTONE = 0.05


class OptimalBinner(BaseBinner):
    """Bin every feature so that its information value is the largest possible.

    Numeric features are cut into intervals, categories are grouped, and the event
    rate over the bins follows a trend. Missing values, special codes and levels that
    were not there in training have bins of their own, the same in the table and in
    :meth:`transform`.

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
        5 % of IV over the best monotonic trend.

    max_n_bins : int, default=8
        Most regular bins.

    min_bin_size : float, default=0.05
        Least share of all rows in a regular bin.

    min_bin_n_event, min_bin_n_nonevent : int, default=0
        Least events and non-events in a regular bin. With `smoothing` a bin may lack
        either; without, each bin needs some of both.

    min_event_rate_diff : float, default=0.0
        Least difference between the event rates of neighbouring bins.

    max_pvalue : float or None, default=None
        Most p-value of the z-test between the event rates of neighbouring bins.

    special_codes : sequence, dict or None, default=None
        Values that stand for a reason. A sequence such as ``[-9, -8]`` holds for every
        feature (numbers for numeric ones, text for categories) and gives each code a
        bin; a tuple within it is a group with one bin. A dict gives a feature its own
        sequence, or ``{label: code or codes}``.

    missing : {"separate"}, default="separate"
        Missing values have a bin of their own; without any in training it is neutral.

    unseen : {"neutral", "missing", "riskiest", "error"}, default="neutral"
        WoE of levels that were not there in training: 0, that of missing values, the
        lowest of the feature, or an error.

    smoothing : float, default=0.5
        Accounts of the rarer class added to every bin; see
        :func:`riskkit.metrics.woe`.

    Attributes
    ----------
    binning_tables_ : dict of str to BinningTable
        Bins, counts and evidence of each feature.

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
    Candidate cuts come from a classification tree and from quantiles; among all ways
    to join the cells between them into bins, a dynamic programme finds the one with
    the largest information value under the constraints, so there is no time limit and
    no approximate answer. Levels are ordered by their event rate, shrunk towards that
    of all.

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
    >>> binner.summary().columns.tolist()
    ['feature', 'kind', 'trend', 'n_bins', 'iv', 'missing_rate', 'status', 'reason']
    >>> binner.transform(loans.data).shape == loans.data.shape
    True
    """

    def __init__(
        self,
        encode: str = "woe",
        *,
        trend: str | dict[str, str] = "auto",
        max_n_bins: int = 8,
        min_bin_size: float = 0.05,
        min_bin_n_event: int = 0,
        min_bin_n_nonevent: int = 0,
        min_event_rate_diff: float = 0.0,
        max_pvalue: float | None = None,
        special_codes: Any = None,
        missing: str = "separate",
        unseen: str = "neutral",
        smoothing: float = 0.5,
    ) -> None:
        self.encode = encode
        self.trend = trend
        self.max_n_bins = max_n_bins
        self.min_bin_size = min_bin_size
        self.min_bin_n_event = min_bin_n_event
        self.min_bin_n_nonevent = min_bin_n_nonevent
        self.min_event_rate_diff = min_event_rate_diff
        self.max_pvalue = max_pvalue
        self.special_codes = special_codes
        self.missing = missing
        self.unseen = unseen
        self.smoothing = smoothing

    def _find_bins(
        self,
        training: Training,
        kinds: Mapping[str, str],
        special: Mapping[str, tuple[SpecialGroup, ...]],
    ) -> dict[str, FeaturePartition]:
        return partition_features(
            training,
            kinds,
            special,
            self._trend_of_each(training.table.names),
            self._rules(training.n_events, training.n_rows - training.n_events),
            refuse_unseen=self.unseen == "error",
        )

    def _rules(self, n_event: float, n_nonevent: float) -> PartitionRules:
        z_critical = (
            0.0
            if self.max_pvalue is None
            else NormalDist().inv_cdf(1.0 - float(self.max_pvalue) / 2.0)
        )
        return PartitionRules(
            total_event=n_event,
            total_nonevent=n_nonevent,
            max_n_bins=int(self.max_n_bins),
            min_bin_size=float(self.min_bin_size) * (n_event + n_nonevent),
            min_n_event=float(self.min_bin_n_event),
            min_n_nonevent=float(self.min_bin_n_nonevent),
            min_event_rate_diff=float(self.min_event_rate_diff),
            z_critical=z_critical,
            smoothing=float(self.smoothing),
            prefer_monotone=_PREFER_MONOTONE,
        )

    def _trend_of_each(self, names: Sequence[str]) -> dict[str, str]:
        if not isinstance(self.trend, Mapping):
            return dict.fromkeys(names, self.trend)
        for name in self.trend:
            if name not in names:
                hint = did_you_mean(name, names)
                msg = f"trend names {name!r}, which is no feature.{hint}"
                raise InvalidParameterError(msg)
        return {name: self.trend.get(name, "auto") for name in names}

    def _check_params(self) -> None:
        super()._check_params()
        if isinstance(self.trend, Mapping):
            for name, trend in self.trend.items():
                check_option(f"trend[{name!r}]", trend, _TRENDS)
        else:
            check_option("trend", self.trend, _TRENDS)
        check_int("max_n_bins", self.max_n_bins, low=2)
        check_real("min_bin_size", self.min_bin_size, low=0, high=0.5)
        check_int("min_bin_n_event", self.min_bin_n_event, low=0)
        check_int("min_bin_n_nonevent", self.min_bin_n_nonevent, low=0)
        check_real("min_event_rate_diff", self.min_event_rate_diff, low=0, high=1)
        check_real("max_pvalue", self.max_pvalue, low=1e-12, high=1, none_allowed=True)
        check_option("missing", self.missing, ("separate",))
