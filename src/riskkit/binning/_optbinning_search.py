"""``OptimalBinner(solver="optbinning")``: its splits, riskkit's bins and counts."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option, did_you_mean
from riskkit.binning._given import count_feature
from riskkit.binning._optbinning import probe_options, solve_column
from riskkit.binning._ordered import read_ordered
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from riskkit._core.inputs import Training
    from riskkit.artifact import SpecialGroup
    from riskkit.binning._partition import FeaturePartition
    from riskkit.typing import IntArray

__all__ = ["check_solver", "partition_with_optbinning"]

_SOLVERS = ("exact", "optbinning")

# Keywords of optbinning.OptimalBinning that a fit may pass on.
_OPTIONS = (
    "gamma",
    "max_pvalue_policy",
    "min_prebin_size",
    "mip_solver",
    "outlier_detector",
    "outlier_params",
    "prebinning_method",
    "solver",
    "split_digits",
    "time_limit",
)

# Keywords that riskkit sets or has no use for, and what to do instead.
_OWN_LEVELS = "riskkit orders and codes the levels; use the parameter unseen"
_BY_FEATURE = "it would hold for every feature; give splits to ManualBinner"
_REFUSED = {
    "cat_cutoff": _OWN_LEVELS,
    "cat_unknown": _OWN_LEVELS,
    "class_weight": "optbinning truncates weighted counts; give sample_weight to fit",
    "dtype": "riskkit reads the kind of each column",
    "monotonic_trend": "it is the parameter trend of OptimalBinner",
    "name": "riskkit takes the names of the columns",
    "user_splits": _BY_FEATURE,
    "user_splits_fixed": _BY_FEATURE,
    "verbose": "optbinning would print; see summary() instead",
}

# Parameters of OptimalBinner that have the same name in optbinning.
_SHARED = (
    "divergence",
    "max_bin_n_event",
    "max_bin_n_nonevent",
    "max_bin_size",
    "max_n_bins",
    "max_n_prebins",
    "max_pvalue",
    "min_bin_n_event",
    "min_bin_n_nonevent",
    "min_bin_size",
    "min_event_rate_diff",
    "min_n_bins",
)
# All that this solver keeps; the others must be left alone.
_KEPT = frozenset(
    {
        *_SHARED,
        "edits",
        "encode",
        "n_jobs",
        "smoothing",
        "solver",
        "solver_options",
        "special_codes",
        "trend",
        "unseen",
        "verbose",
    }
)
_TREND_WORDS = {"none": None, "monotonic": "auto_asc_desc"}
_PREBIN_SIZE = 0.05  # optbinning's own default
_MOST_ROWS = 50_000_000  # rows after repeating them by their weight


def check_solver(binner: BaseEstimator) -> None:
    """Raise unless `solver`, its options and the other parameters go together."""
    params = binner.get_params(deep=False)
    options = params["solver_options"]
    check_option("solver", params["solver"], _SOLVERS)
    if options is not None and not isinstance(options, Mapping):
        kind = type(options).__name__
        msg = f"solver_options must be a mapping of keywords or None; got {kind}."
        raise InvalidParameterError(msg)
    if params["solver"] == "exact":
        if options:
            msg = (
                "solver_options are for solver='optbinning'; got them with "
                "solver='exact', which has none. Leave them out."
            )
            raise InvalidParameterError(msg)
        return
    for name in options or {}:
        if name in _SHARED or name == "special_codes":
            msg = (
                f"solver_options must not hold {name!r}, which is a parameter of "
                "OptimalBinner itself."
            )
            raise InvalidParameterError(msg)
        if name in _REFUSED:
            msg = f"solver_options must not hold {name!r}: {_REFUSED[name]}."
            raise InvalidParameterError(msg)
        if name not in _OPTIONS:
            hint = did_you_mean(name, [*_OPTIONS, *_REFUSED])
            msg = f"solver_options holds {name!r}, which is none of {_OPTIONS}.{hint}"
            raise InvalidParameterError(msg)
    engine = (options or {}).get("solver", "cp")
    check_option("solver_options['solver']", engine, ("cp", "mip"))
    defaults = inspect.signature(type(binner)).parameters
    for name, value in params.items():
        if name not in _KEPT and value != defaults[name].default:
            msg = (
                f"solver='optbinning' cannot keep {name}; got {value!r}. Leave "
                f"{name} at {defaults[name].default!r}, or use solver='exact'."
            )
            raise InvalidParameterError(msg)


def partition_with_optbinning(
    binner: BaseEstimator,
    sample: Training,
    kinds: Mapping[str, str],
    special: Mapping[str, tuple[SpecialGroup, ...]],
    trends: Mapping[str, str],
) -> dict[str, FeaturePartition]:
    """Partition every feature of the sample by optbinning's splits."""
    params = binner.get_params(deep=False)
    options = _options(params)
    probe_options("binary", options)
    repeats = _repeats(sample)
    is_event = _repeated(sample.is_event.astype(np.intp), repeats)
    found = {}
    for name, kind in kinds.items():
        column = read_ordered(
            sample.table.column(name),
            name,
            kind,
            special[name],
            sample.is_event.astype(np.float64),
            sample.weight,
        )
        trend = trends[name] if kind == "numeric" else "none"
        solution = solve_column(
            "binary",
            _repeated(column.x, repeats),
            is_event,
            {**options, "monotonic_trend": _TREND_WORDS.get(trend, trend)},
        )
        feature = column.feature(
            solution.splits, refuse_unseen=params["unseen"] == "error"
        )
        counted = count_feature(sample, feature, one_bin=solution.reason)
        if trend not in ("auto", "monotonic") and feature.n_regular > 1:
            counted = replace(counted, found=replace(counted.found, trend=trend))
        ended = replace(counted.found, status=solution.status, reason=solution.reason)
        found[name] = replace(counted, found=ended)
    return found


def _options(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of optbinning.OptimalBinning; None leaves its default."""
    size = float(params["min_bin_size"])
    shared = {name: params[name] for name in _SHARED if params.get(name) is not None}
    # There a least size or number of 0 is not allowed, and None means no limit.
    options = {name: value for name, value in shared.items() if value != 0}
    options["min_prebin_size"] = min(size, _PREBIN_SIZE) or _PREBIN_SIZE
    return {**options, **(params["solver_options"] or {})}


def _repeats(sample: Training) -> IntArray | None:
    """Return how often each row stands in what optbinning sees, or None for once.

    optbinning takes weights, but truncates the counts it makes of them and orders and
    prunes without them; rows that are repeated are counted right everywhere.
    """
    if sample.weight is None:
        return None
    n_fractions = int(np.count_nonzero(sample.weight % 1))
    if n_fractions:
        msg = (
            "sample_weight must hold whole numbers with solver='optbinning', which "
            f"truncates weighted counts; {n_fractions} of {sample.weight.size} weights "
            "are fractions. Use solver='exact', which counts them exactly."
        )
        raise InvalidParameterError(msg)
    if sample.n_rows > _MOST_ROWS:
        msg = (
            "sample_weight must sum to at most "
            f"{_MOST_ROWS:,} with solver='optbinning', for which rows are repeated; "
            f"got {sample.n_rows:,.0f}. Use solver='exact', or smaller weights."
        )
        raise InvalidParameterError(msg)
    return sample.weight.astype(np.intp)


def _repeated(values: Any, repeats: IntArray | None) -> Any:
    return values if repeats is None else np.repeat(values, repeats)
