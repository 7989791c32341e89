"""Counts of later periods against those of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.calibration_tests import chi2_tail
from riskkit._kernels.population import (
    mix_rate_terms,
    psi_terms_by_feature,
    shares_by_feature,
)
from riskkit.monitoring._stability_result import StabilityResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from riskkit.monitoring._counts import Counts
    from riskkit.monitoring._partition import Partition
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Limits", "compare_counts"]


@dataclass(frozen=True)
class Limits:
    """Policy of a stability monitor."""

    smoothing: float
    psi: tuple[float, float]
    min_n: float


def compare_counts(
    partition: Partition,
    reference: Counts,
    periods: Mapping[str, Counts],
    limits: Limits,
) -> StabilityResult:
    """Compare every period with the reference, all features at once."""
    labels = tuple(sorted(periods))
    now = _Stacked.of([periods[label] for label in labels], partition)
    before = _Stacked.of([reference], partition)
    shift = _shift(partition, before, now, limits)
    outcome = _outcome(partition, before, now)
    by_bin = {
        "n_expected": np.broadcast_to(before.n, now.n.shape),
        "n": now.n,
        "share_expected": np.broadcast_to(shift.share_expected, now.n.shape),
        "share": shift.share,
        "psi": shift.terms,
        "points": np.broadcast_to(partition.points, now.n.shape),
        "points_effect": shift.points_terms,
        **outcome.by_bin,
    }
    score = partition.score
    return StabilityResult(
        periods=labels,
        names=tuple(item.feature.name for item in partition.binned),
        kinds=tuple(item.feature.kind for item in partition.features)
        + ("score",) * (score is not None),
        by_feature={**shift.by_feature, **outcome.by_feature, **shift.verdict},
        by_bin=by_bin,
        by_period=_by_period(partition, before, now, shift.by_feature["psi"]),
        partition=partition,
    )


@dataclass(frozen=True)
class _Stacked:
    """Counts of several periods, a row each."""

    n: FloatArray
    known: FloatArray
    event: FloatArray
    sums: list[dict[str, FloatArray]]

    @classmethod
    def of(cls, counts: list[Counts], partition: Partition) -> _Stacked:
        shape = (len(counts), partition.n_bins)
        n, known, event = (
            np.array([getattr(c, what) for c in counts]).reshape(shape)
            for what in ("n", "known", "event")
        )
        return cls(n, known, event, [c.sums for c in counts])


@dataclass(frozen=True)
class _Shift:
    share_expected: FloatArray
    share: FloatArray
    terms: FloatArray
    points_terms: FloatArray
    by_feature: dict[str, NDArray[Any]]
    verdict: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class _Outcome:
    by_bin: dict[str, FloatArray]
    by_feature: dict[str, NDArray[Any]]


def _shift(
    partition: Partition, before: _Stacked, now: _Stacked, limits: Limits
) -> _Shift:
    starts = partition.starts
    terms, n_filled = psi_terms_by_feature(before.n, now.n, starts, limits.smoothing)
    psi = np.add.reduceat(terms, starts, axis=1)
    expected, actual = (np.add.reduceat(c.n, starts, axis=1) for c in (before, now))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1.0 / expected + 1.0 / actual
        df = n_filled - 1.0
        # A single filled bin cannot have moved.
        p_value = np.where(df > 0, chi2_tail(psi / scale, np.maximum(df, 1.0)), 1.0)
        bias = df * scale
    share_expected = shares_by_feature(before.n, starts)
    share = shares_by_feature(now.n, starts)
    points_terms = (share - share_expected) * partition.points
    too_few = actual < limits.min_n
    empty = np.broadcast_to((expected == 0) | (actual == 0), psi.shape)
    reasons = {
        "there are no accounts": empty,
        f"there are fewer than {limits.min_n:g} accounts": too_few,
    }
    evaluable = ~(empty | too_few)
    by_feature: dict[str, Any] = {
        "n_expected": np.broadcast_to(expected, psi.shape),
        "n": actual,
        "psi": psi,
        "bias": np.where(empty, np.nan, bias),
        "p_value": np.where(evaluable, p_value, np.nan),
        "points_effect": np.add.reduceat(points_terms, starts, axis=1),
    }
    for name, mask in _odd_bins(partition).items():
        for suffix, part in (("_expected", share_expected), ("", share)):
            held = np.add.reduceat(np.where(mask, part, 0.0), starts, axis=1)
            by_feature[name + suffix] = np.broadcast_to(held, psi.shape)
    amber, red = limits.psi
    band = np.select([~evaluable, psi >= red, psi >= amber], _WORDS, "green")
    verdict = {"band": band, **_status(reasons, psi.shape)}
    return _Shift(share_expected, share, terms, points_terms, by_feature, verdict)


_WORDS = ["not_evaluable", "red", "amber"]


def _odd_bins(partition: Partition) -> dict[str, BoolArray]:
    """Return which bins hold missing values, special codes, and unseen levels."""
    masks = {
        name: np.zeros(partition.n_bins, dtype=np.bool_)
        for name in ("missing", "special", "unseen")
    }
    for start, item in zip(partition.starts.tolist(), partition.binned, strict=True):
        feature = item.feature
        masks["missing"][start + feature.missing_bin] = True
        masks["unseen"][start + feature.unseen_bin] = True
        first = start + feature.n_regular
        masks["special"][first : first + len(feature.special)] = True
    return masks


def _status(
    reasons: dict[str, BoolArray], shape: tuple[int, ...]
) -> dict[str, NDArray[Any]]:
    reason = np.full(shape, "", dtype=object)
    for why, where in reasons.items():
        reason[(reason == "") & where] = why
    return {"status": np.where(reason == "", "ok", "not_evaluable"), "reason": reason}


def _outcome(partition: Partition, before: _Stacked, now: _Stacked) -> _Outcome:
    starts = partition.starts
    counts = (before.event, before.known, now.event, now.known)
    mix, rate = mix_rate_terms(*counts, starts)
    totals = [np.add.reduceat(c, starts, axis=1) for c in counts]
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [counts[0] / counts[1], counts[2] / counts[3]]
        of_feature = [totals[0] / totals[1], totals[2] / totals[3]]
    shape = now.n.shape
    return _Outcome(
        by_bin={
            "n_known": now.known,
            "n_event": now.event,
            "event_rate_expected": np.broadcast_to(rates[0], shape),
            "event_rate": rates[1],
            "mix_effect": mix,
            "rate_effect": rate,
        },
        by_feature={
            "n_known": totals[3],
            "n_event": totals[2],
            "event_rate_expected": np.broadcast_to(of_feature[0], totals[2].shape),
            "event_rate": of_feature[1],
            "mix_effect": np.add.reduceat(mix, starts, axis=1),
            "rate_effect": np.add.reduceat(rate, starts, axis=1),
        },
    )


def _by_period(
    partition: Partition, before: _Stacked, now: _Stacked, psi: FloatArray
) -> dict[str, FloatArray]:
    """Return what concerns a period as a whole, beside the reference."""
    expected, table = (_whole(partition, part) for part in (before, now))
    for name in ("event_rate", "mean_score", "mean_pd"):
        if name in table:
            shape = table[name].shape
            table[f"{name}_expected"] = np.broadcast_to(expected[name], shape)
    return table if partition.score is None else {**table, "psi_score": psi[:, -1]}


def _whole(partition: Partition, part: _Stacked) -> dict[str, FloatArray]:
    # Every account is in one bin of every feature: those of the first tell all.
    first = slice(0, int(partition.widths[0]))
    n, known, event = (
        c[:, first].sum(axis=1) for c in (part.n, part.known, part.event)
    )
    table = {"n": n, "n_known": known, "n_event": event, "event_rate": event}
    with np.errstate(divide="ignore", invalid="ignore"):
        table["event_rate"] = event / known
        if partition.score is None:
            return table
        # The last two bins hold accounts without a score.
        bands = slice(int(partition.starts[-1]), partition.n_bins - 2)
        for column, name, counts in (
            ("mean_score", "score", part.n),
            ("mean_pd", "pd", part.n),
            ("mean_pd_known", "pd_known", part.known),
        ):
            sums = [s[name][:-2].sum() if name in s else np.nan for s in part.sums]
            table[column] = np.array(sums) / counts[:, bands].sum(axis=1)
    return table
