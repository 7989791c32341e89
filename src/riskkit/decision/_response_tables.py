"""The tables of a response score: equal bands, and the curve over its cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import jeffreys_interval
from riskkit.decision._response_curve import ResponseCells
from riskkit.decision._two_rates import rate_difference_interval

if TYPE_CHECKING:
    from riskkit._core.columns import Columns
    from riskkit.typing import FloatArray

__all__ = ["band_columns", "curve_columns", "cut_bands"]


def cut_bands(cells: ResponseCells, n_bands: int) -> ResponseCells:
    """Return bands of equal size; a step that lies across two is divided between them.

    `cells` hold a step for each distinct score.
    """
    total = cells.cumulated()
    depth = total.size
    ends = depth[-1] * np.arange(n_bands + 1) / n_bands
    flat = total.n.reshape(depth.size, 4)
    at_ends = np.stack([np.interp(ends, depth, part) for part in flat.T], axis=1)
    return ResponseCells(
        np.diff(at_ends, axis=0).reshape(n_bands, 2, 2), cells.has_control
    )


def band_columns(
    cells: ResponseCells,
    scores: FloatArray,
    n_bands: int,
    economics: tuple[float, float] | None,
    level: float,
) -> Columns:
    """Return the bands; `scores` are the distinct ones, best first."""
    bands = cut_bands(cells, n_bands)
    so_far = bands.cumulated()
    depth = np.arange(1, n_bands + 1) / n_bands
    reached = cells.cumulated().size[1:]
    # Bands end within the last bits of a sum of weights.
    wanted = depth * reached[-1] * (1.0 - 1e-12)
    last = np.minimum(np.searchsorted(reached, wanted), scores.size - 1)
    columns: dict[str, Any] = {
        "band": np.arange(1, n_bands + 1),
        "min_score": scores[last],
        "depth": depth,
        "n": bands.size,
    }
    describe = _uplift if cells.has_control else _gains
    columns |= describe(bands, so_far, level)
    if economics is not None:
        value, cost = economics
        brought = so_far.brought[1:]
        spent = cost * so_far.size[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(brought > 0, spent / brought, np.nan)
        columns["cost_per_response"] = each
        columns["profit"] = value * brought - spent
    return {name: tuple(np.asarray(c).tolist()) for name, c in columns.items()}


def curve_columns(
    so_far: ResponseCells,
    draws: ResponseCells,
    cutoffs: FloatArray,
    profits: tuple[FloatArray, FloatArray] | None,
    level: float,
) -> Columns:
    """Return the cumulative curve with intervals; all counts are cumulated."""
    name = "qini" if so_far.has_control else "gain"
    curve, drawn = (
        part.qini_curve() if so_far.has_control else _captured(part)
        for part in (so_far, draws)
    )
    columns: dict[str, Any] = {
        "score": np.append(np.inf, cutoffs),
        "depth": so_far.size / so_far.size[-1],
    }
    columns |= _with_interval(name, curve, drawn, level)
    if profits is not None:
        columns |= _with_interval("profit", *profits, level)
    return {key: tuple(np.asarray(c).tolist()) for key, c in columns.items()}


def _gains(bands: ResponseCells, so_far: ResponseCells, level: float) -> dict[str, Any]:
    n, n_response = bands.size, bands.responses
    whole = so_far.responses[-1] / so_far.size[-1]
    # A count that was divided between bands may exceed its band in the last bits.
    low, high = jeffreys_interval(np.minimum(n_response, n), n, level)
    reached = so_far.responses[1:]
    return {
        "n_response": n_response,
        "response_rate": n_response / n,
        "response_rate_low": low,
        "response_rate_high": high,
        "lift": n_response / n / whole,
        "lift_low": low / whole,
        "lift_high": high / whole,
        "cum_response": reached,
        "cum_gain": reached / reached[-1],
        "cum_lift": reached / so_far.size[1:] / whole,
    }


def _uplift(
    bands: ResponseCells, so_far: ResponseCells, level: float
) -> dict[str, Any]:
    x, n = bands.responses, bands.treated
    x_0, n_0 = bands.responses_held_out, bands.held_out
    low, high = rate_difference_interval(
        np.minimum(x, n), n, np.minimum(x_0, n_0), n_0, level
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, usual = x / n, x_0 / n_0
    return {
        "n_treated": n,
        "n_control": n_0,
        "treated_rate": rate,
        "control_rate": usual,
        "uplift": rate - usual,
        "uplift_low": low,
        "uplift_high": high,
        "cum_brought": so_far.brought[1:],
    }


def _captured(cells: ResponseCells) -> FloatArray:
    return np.asarray(cells.responses / cells.responses[..., -1:])


def _with_interval(
    name: str, value: FloatArray, draws: FloatArray, level: float
) -> dict[str, FloatArray]:
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
