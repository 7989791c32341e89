"""Which features to keep: the rules, on numbers alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from riskkit._core.params import check_int, check_option, check_real, did_you_mean
from riskkit._kernels.collinearity import (
    correlation_clusters,
    inflation_beside,
    variance_inflation,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "FeatureVerdict",
    "SelectionRules",
    "check_known",
    "check_name_lists",
    "check_rules",
    "report_frame",
    "screen",
    "thin",
]

# Siddiqi, "Intelligent Credit Scoring", 2nd ed., ch. 10.
_BANDS = (
    (0.02, "unpredictive"),
    (0.1, "weak"),
    (0.3, "medium"),
    (0.5, "strong"),
    (np.inf, "suspicious"),
)


@dataclass(frozen=True)
class SelectionRules:
    """The limits; None where there is none."""

    min_iv: float
    max_iv: float | None
    max_csi: float | None
    max_correlation: float | None
    correlation: str
    linkage: str
    max_vif: float | None
    n_features: int | None


@dataclass
class FeatureVerdict:
    """What is known of a feature, and whether it is kept."""

    feature: str
    iv: float
    single_bin: str = ""  # why there is only one bin, if so
    must_have: bool = False
    never: bool = False
    csi: float = np.nan
    csi_period: str = ""
    kept: bool = True
    reason: str = ""
    cluster: int | None = None
    max_correlation: float = np.nan
    correlated_with: str = ""
    vif: float = np.nan

    def leave_out(self, reason: str) -> None:
        """Record why the feature is not kept."""
        self.kept, self.reason = False, reason


def check_rules(rules: SelectionRules) -> None:
    """Raise unless every limit is in its domain and some feature could be kept."""
    check_real("min_iv", rules.min_iv, low=0)
    check_real("max_iv", rules.max_iv, low=0, none_allowed=True)
    if rules.max_iv is not None and rules.max_iv <= rules.min_iv:
        msg = (
            f"max_iv must be above min_iv={rules.min_iv!r}; got {rules.max_iv!r}. "
            "No feature could be kept."
        )
        raise InvalidParameterError(msg)
    check_real("max_csi", rules.max_csi, low=0, none_allowed=True)
    check_real(
        "max_correlation", rules.max_correlation, low=0, high=1, none_allowed=True
    )
    check_option("correlation", rules.correlation, ("pearson", "spearman"))
    check_option("linkage", rules.linkage, ("complete", "average", "single"))
    check_real("max_vif", rules.max_vif, low=1, none_allowed=True)
    check_int("n_features", rules.n_features, low=1, none_allowed=True)


def check_name_lists(must_have: object, never: object, n_features: int | None) -> None:
    """Raise unless both are sequences of names that differ and leave room."""
    for parameter, given in (("must_have", must_have), ("never", never)):
        if (
            isinstance(given, str)
            or not isinstance(given, Iterable)
            or not all(isinstance(name, str) for name in given)
        ):
            msg = f"{parameter} must be a sequence of names; got {given!r}."
            raise InvalidParameterError(msg)
    wanted, unwanted = set(cast("Any", must_have)), set(cast("Any", never))
    if wanted & unwanted:
        shown = ", ".join(repr(name) for name in sorted(wanted & unwanted))
        msg = f"must_have and never must differ; both name {shown}."
        raise InvalidParameterError(msg)
    if n_features is not None and len(wanted) > n_features:
        msg = (
            f"n_features must leave room for must_have; got {n_features} for "
            f"{len(wanted)} names."
        )
        raise InvalidParameterError(msg)


def check_known(parameter: str, given: Iterable[str], names: Sequence[str]) -> None:
    """Raise unless every name given is that of a feature."""
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names)
            msg = f"{parameter} names {name!r}, which is no feature.{hint}"
            raise InvalidParameterError(msg)


def screen(verdict: FeatureVerdict, rules: SelectionRules) -> None:
    """Judge a feature by itself."""
    if verdict.never:
        verdict.leave_out("named in never")
    elif verdict.must_have:
        verdict.reason = "named in must_have"
    elif verdict.iv < rules.min_iv:
        why = f"; one bin: {verdict.single_bin}" if verdict.single_bin else ""
        verdict.leave_out(f"IV {verdict.iv:.4f} is below min_iv={rules.min_iv:g}{why}")
    elif rules.max_iv is not None and verdict.iv > rules.max_iv:
        verdict.leave_out(
            f"IV {verdict.iv:.4f} is above max_iv={rules.max_iv:g}; is it known at "
            "application?"
        )
    elif rules.max_csi is not None and verdict.csi > rules.max_csi:
        verdict.leave_out(
            f"CSI {verdict.csi:.4f} of period {verdict.csi_period} is above "
            f"max_csi={rules.max_csi:g}"
        )


def thin(
    ranked: Sequence[FeatureVerdict], correlation: FloatArray, rules: SelectionRules
) -> None:
    """Judge features beside each other; `ranked` holds the most wanted first.

    Who is named in `must_have` stands before all others and always stays.
    """
    if rules.max_correlation is not None:
        _thin_by_correlation(ranked, correlation, rules.max_correlation, rules.linkage)
    if rules.max_vif is not None:
        _thin_by_inflation(ranked, correlation, rules.max_vif)
    if rules.n_features is not None:
        for k in _kept(ranked)[rules.n_features :]:
            ranked[k].leave_out(
                f"not among the n_features={rules.n_features} strongest"
            )
    _describe(ranked, correlation)


def report_frame(verdicts: Sequence[FeatureVerdict]) -> pd.DataFrame:
    """Return one row for each feature, the strongest first."""
    import pandas as pd

    rows = [
        {
            "feature": v.feature,
            "kept": v.kept,
            "iv": v.iv,
            "iv_band": _iv_band(v.iv),
            "csi": v.csi,
            "cluster": v.cluster,
            "max_correlation": v.max_correlation,
            "correlated_with": v.correlated_with,
            "vif": v.vif,
            "reason": v.reason,
        }
        for v in verdicts
    ]
    frame = pd.DataFrame(rows).astype({"cluster": "Int64"})
    return frame.sort_values("iv", ascending=False, kind="stable", ignore_index=True)


def _iv_band(iv: float) -> str:
    """Return the field's word for the strength of an information value."""
    return next((word for bound, word in _BANDS if iv < bound), "")


def _thin_by_correlation(
    ranked: Sequence[FeatureVerdict],
    correlation: FloatArray,
    limit: float,
    linkage: str,
) -> None:
    """Keep the first of each cluster that is close to none that is kept already."""
    size = np.abs(correlation)
    cluster = correlation_clusters(correlation, limit, linkage)
    members = np.bincount(cluster)
    kept: list[int] = []
    for k, verdict in enumerate(ranked):
        verdict.cluster = int(cluster[k]) + 1
        if not verdict.must_have:
            same = [i for i in kept if cluster[i] == cluster[k]]
            near = max(kept, key=lambda i: size[k, i], default=None)
            if near is not None and size[k, near] > limit:
                verdict.leave_out(
                    f"|correlation| {size[k, near]:.4f} with {ranked[near].feature!r} "
                    f"is above max_correlation={limit:g}"
                )
                continue
            if same:
                near = max(same, key=lambda i: size[k, i])
                verdict.leave_out(
                    f"in one cluster with {ranked[near].feature!r} "
                    f"(|correlation| {size[k, near]:.4f})"
                )
                continue
            if members[cluster[k]] > 1:
                n_members = members[cluster[k]]
                verdict.reason = f"stands for the {n_members} features of its cluster"
        kept.append(k)


def _thin_by_inflation(
    ranked: Sequence[FeatureVerdict], correlation: FloatArray, limit: float
) -> None:
    """Let the weakest feature above the limit go, one by one, until none is."""
    while True:
        kept = _kept(ranked)
        if kept.size < 2:
            return
        vif = variance_inflation(correlation[np.ix_(kept, kept)])
        above = [
            (k, v)
            for k, v in zip(kept.tolist(), vif.tolist(), strict=True)
            if v > limit and not ranked[k].must_have
        ]
        if not above:
            return
        weakest, inflation = above[-1]
        ranked[weakest].leave_out(f"VIF {inflation:.2f} is above max_vif={limit:g}")


def _describe(ranked: Sequence[FeatureVerdict], correlation: FloatArray) -> None:
    """Set each feature's nearest kept one and its inflation beside the kept ones."""
    kept = _kept(ranked)
    if not kept.size:
        return
    size = np.abs(correlation)
    vif = inflation_beside(correlation, kept)
    for k, verdict in enumerate(ranked):
        verdict.vif = float(vif[k])
        others = kept[kept != k]
        if others.size:
            near = int(others[np.argmax(size[k, others])])
            verdict.max_correlation = float(size[k, near])
            verdict.correlated_with = ranked[near].feature


def _kept(ranked: Sequence[FeatureVerdict]) -> IntArray:
    return np.array([k for k, v in enumerate(ranked) if v.kept], dtype=np.intp)
