"""The parameters of OptimalBinner: checked, and turned into a request for a search."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_int, check_option, check_real, did_you_mean
from riskkit._kernels.partition import PartitionRules
from riskkit._kernels.partition_prebins import PrebinOptions
from riskkit.binning._partition import SearchRequest
from riskkit.binning._splits import read_splits
from riskkit.binning._stability import read_stability
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit._core.inputs import Training

__all__ = ["build_request", "check_search", "trend_of_each"]

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
_POLICIES = ("separate", "merge", "riskiest", "safest")
_DIVERGENCES = ("iv", "js", "hellinger")
_PREBINNINGS = ("cart", "quantile", "none")
_EDGES = ("exact", "nice")


def check_search(binner: Any) -> None:
    """Raise unless the parameters of a search are in their domains and go together."""
    if isinstance(binner.trend, Mapping):
        for name, trend in binner.trend.items():
            check_option(f"trend[{name!r}]", trend, _TRENDS)
    else:
        check_option("trend", binner.trend, _TRENDS)
    check_real("trend_margin", binner.trend_margin, low=0)
    check_int("min_n_bins", binner.min_n_bins, low=1)
    check_int("max_n_bins", binner.max_n_bins, low=2)
    check_real("min_bin_size", binner.min_bin_size, low=0, high=1)
    if binner.min_n_bins > 1 and binner.min_n_bins * binner.min_bin_size > 1:
        msg = (
            "min_n_bins * min_bin_size must not exceed 1; got "
            f"{binner.min_n_bins} bins of at least {binner.min_bin_size:g} of the "
            "rows. Lower one of the two."
        )
        raise InvalidParameterError(msg)
    check_real("min_bin_size", binner.min_bin_size, low=0, high=0.5)
    check_real(
        "max_bin_size", binner.max_bin_size, low=1e-12, high=1, none_allowed=True
    )
    for name in ("min_bin_n_event", "min_bin_n_nonevent"):
        check_int(name, getattr(binner, name), low=0)
    for name in ("max_bin_n_event", "max_bin_n_nonevent"):
        check_int(name, getattr(binner, name), low=1, none_allowed=True)
    _check_order(binner)
    check_real("min_event_rate_diff", binner.min_event_rate_diff, low=0, high=1)
    check_real("max_pvalue", binner.max_pvalue, low=1e-12, high=1, none_allowed=True)
    check_option("divergence", binner.divergence, _DIVERGENCES)
    check_option("prebinning", binner.prebinning, _PREBINNINGS)
    check_int("max_n_prebins", binner.max_n_prebins, low=2, none_allowed=True)
    check_option("edges", binner.edges, _EDGES)
    check_option("missing", binner.missing, _POLICIES)
    check_option("special", binner.special, _POLICIES)
    check_real("min_period_n_event", binner.min_period_n_event, low=0)
    if binner.stable_over is not None and not isinstance(binner.stable_over, str):
        msg = (
            "stable_over must be the name of a column, or None; got "
            f"{type(binner.stable_over).__name__}."
        )
        raise InvalidParameterError(msg)
    n_jobs = binner.n_jobs
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or n_jobs == 0):
        msg = f"n_jobs must be None or an integer other than 0; got {n_jobs!r}."
        raise InvalidParameterError(msg)
    if binner.verbose not in (True, False, "auto"):
        msg = f"verbose must be True, False or 'auto'; got {binner.verbose!r}."
        raise InvalidParameterError(msg)


def _check_order(binner: Any) -> None:
    """Refuse a least number above the most."""
    pairs = (
        ("min_n_bins", "max_n_bins"),
        ("min_bin_size", "max_bin_size"),
        ("min_bin_n_event", "max_bin_n_event"),
        ("min_bin_n_nonevent", "max_bin_n_nonevent"),
    )
    for low, high in pairs:
        least, most = getattr(binner, low), getattr(binner, high)
        if most is not None and least > most:
            msg = f"{low} must not exceed {high}; got {least!r} and {most!r}."
            raise InvalidParameterError(msg)


def build_request(
    binner: Any, training: Training, kinds: Mapping[str, str]
) -> SearchRequest:
    """Return what a binner asks of the search."""
    periods = None
    if binner.stable_over is not None:
        periods = read_stability(
            training, binner.stable_over, float(binner.min_period_n_event)
        )
    return SearchRequest(
        trends=trend_of_each(binner.trend, kinds),
        rules=_rules(binner, training),
        refuse_unseen=binner.unseen == "error",
        missing=binner.missing,
        special=binner.special,
        periods=periods,
        user_splits=read_splits("user_splits", binner.user_splits, kinds),
        fixed_splits=read_splits("fixed_splits", binner.fixed_splits, kinds),
        prebins=PrebinOptions(binner.prebinning, binner.max_n_prebins),
        nice=binner.edges == "nice",
        n_jobs=binner.n_jobs,
    )


def trend_of_each(
    trend: str | Mapping[str, str], names: Iterable[str]
) -> dict[str, str]:
    """Return the trend of every feature, "auto" where a mapping has none."""
    if not isinstance(trend, Mapping):
        return dict.fromkeys(names, trend)
    known = list(names)
    for name in trend:
        if name not in known:
            hint = did_you_mean(name, known)
            msg = f"trend names {name!r}, which is no feature.{hint}"
            raise InvalidParameterError(msg)
    return {name: trend.get(name, "auto") for name in known}


def _rules(binner: Any, training: Training) -> PartitionRules:
    n_event, n = training.n_events, training.n_rows
    z_critical = (
        0.0
        if binner.max_pvalue is None
        else NormalDist().inv_cdf(1.0 - float(binner.max_pvalue) / 2.0)
    )
    return PartitionRules(
        total_event=n_event,
        total_nonevent=n - n_event,
        min_n_bins=int(binner.min_n_bins),
        max_n_bins=int(binner.max_n_bins),
        min_bin_size=float(binner.min_bin_size) * n,
        max_bin_size=_limit(binner.max_bin_size, n),
        min_n_event=float(binner.min_bin_n_event),
        max_n_event=_limit(binner.max_bin_n_event),
        min_n_nonevent=float(binner.min_bin_n_nonevent),
        max_n_nonevent=_limit(binner.max_bin_n_nonevent),
        min_event_rate_diff=float(binner.min_event_rate_diff),
        z_critical=z_critical,
        smoothing=float(binner.smoothing),
        divergence=binner.divergence,
        prefer_monotone=float(binner.trend_margin),
    )


def _limit(most: float | None, unit: float = 1.0) -> float:
    return float("inf") if most is None else float(most) * unit
