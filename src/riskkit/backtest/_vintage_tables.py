"""The tables of a vintage result: cells, hazards and projections from counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import jeffreys_interval
from riskkit.backtest._vintage_tail import pooled_hazard, project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.backtest._vintage_cells import VintageSums
    from riskkit.typing import FloatArray

__all__ = ["vintage_tables"]


def vintage_tables(
    counts: VintageSums,
    labels: Sequence[str],
    level: float,
    *,
    by_amount: bool,
    projection: bool,
) -> dict[str, dict[str, Any]]:
    """Return the columns of each table."""
    ahead = (
        _projection(counts, labels, level, by_amount=by_amount) if projection else {}
    )
    return {
        "cells": _cells(counts, labels, level, by_amount=by_amount),
        "hazard": _hazard(counts, level),
        "projection": ahead,
    }


def _cells(
    counts: VintageSums, labels: Sequence[str], level: float, *, by_amount: bool
) -> dict[str, Any]:
    n_vintages, n_months = counts.seen.shape
    month = np.arange(1, n_months + 1)
    begun = month <= counts.begun_months[:, None]
    mature = month <= counts.mature_months[:, None]
    n = np.broadcast_to(counts.n[:, None], begun.shape)
    event = np.cumsum(counts.seen, axis=1)
    low, high = jeffreys_interval(event, n, level)
    columns: dict[str, Any] = {
        "vintage": np.repeat(np.array(labels, dtype=object), n_months),
        "month": np.tile(month, n_vintages),
        "n": n,
        "n_event": event,
        "event_rate": _ratio(event, n),
        "event_rate_low": np.where(mature, low, np.nan),
        "event_rate_high": np.where(mature, high, np.nan),
        "n_at_risk": counts.open_at_risk,
        "n_new": counts.open_event,
        "hazard": _ratio(counts.open_event, counts.open_at_risk),
    }
    if by_amount:
        amount = np.broadcast_to(counts.amount[:, None], begun.shape)
        lost = np.cumsum(counts.seen_amount, axis=1)
        columns |= {
            "amount": amount,
            "event_amount": lost,
            "amount_rate": _ratio(lost, amount),
        }
    columns["status"] = np.where(mature, "mature", "immature").astype(object)
    return {k: np.ravel(v)[begun.ravel()].tolist() for k, v in columns.items()}


def _hazard(counts: VintageSums, level: float) -> dict[str, Any]:
    at_risk, event = counts.open_at_risk.sum(axis=0), counts.open_event.sum(axis=0)
    low, high = jeffreys_interval(event, at_risk, level)
    seen = at_risk > 0
    pooled = pooled_hazard(counts.event, counts.at_risk)
    columns = {
        "month": np.arange(1, at_risk.size + 1),
        "n_at_risk": at_risk,
        "n_event": event,
        "hazard": _ratio(event, at_risk),
        "low": np.where(seen, low, np.nan),
        "high": np.where(seen, high, np.nan),
        # Closed loans stay at risk here, so that it is the curve of a default rate.
        "event_rate": 1.0 - np.cumprod(1.0 - pooled),
    }
    return {name: values.tolist() for name, values in columns.items()}


def _projection(
    counts: VintageSums, labels: Sequence[str], level: float, *, by_amount: bool
) -> dict[str, Any]:
    seen = counts.seen.sum(axis=1)
    ahead = project(counts.n, counts.event, counts.at_risk, seen, counts.alive, level)
    columns: dict[str, Any] = {
        "vintage": list(labels),
        "n": counts.n,
        "n_event": seen,
        "mature_months": np.minimum(counts.mature_months, counts.seen.shape[1]),
        "event_rate": _ratio(seen, counts.n),
        **ahead,
    }
    if by_amount:
        # An event to come costs, as a share of the mean loan, what events have cost.
        cost = _ratio(counts.seen_amount.sum(), seen.sum()) / _ratio(
            counts.amount.sum(), counts.n.sum()
        )
        lost = _ratio(counts.seen_amount.sum(axis=1), counts.amount)
        columns["amount_rate"] = lost
        for end in ("projected", "low", "high"):
            columns[f"amount_{end}"] = lost + cost * (
                ahead[end] - columns["event_rate"]
            )
    return {name: np.asarray(values).tolist() for name, values in columns.items()}


def _ratio(part: Any, whole: Any) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(part, whole))
