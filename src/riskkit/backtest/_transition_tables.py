"""A matrix of moves from counts of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_int
from riskkit.backtest._checks import check_level
from riskkit.backtest._transition_cells import LEFT
from riskkit.backtest._transition_result import TransitionResult
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from riskkit.backtest._transition_cells import TransitionCells
    from riskkit.typing import FloatArray

__all__ = ["check_moves", "check_spans", "transition_result"]


def check_spans(*, horizon: int, step: int) -> None:
    """Raise unless whole steps make up the horizon."""
    check_int("step", step, low=1)
    check_int("horizon", horizon, low=1)
    if horizon % step:
        msg = f"horizon must be a multiple of step, {step}; got {horizon}."
        raise InvalidParameterError(msg)


def check_moves(
    names: tuple[str, ...], *, horizon: int, step: int, left: str | None, level: float
) -> None:
    """Raise unless every parameter is in its domain."""
    check_spans(horizon=horizon, step=step)
    check_level(level)
    if left is not None and (not isinstance(left, str) or left in names):
        msg = "left must name a state that is not in order, or be None."
        raise InvalidParameterError(msg)


def transition_result(
    names: tuple[str, ...],
    cells: TransitionCells,
    *,
    horizon: int,
    step: int,
    left: str | None,
    level: float,
) -> TransitionResult:
    """Return the moves of all months together."""
    check_moves(names, horizon=horizon, step=step, left=left, level=level)
    if cells.n_months <= step:
        msg = (
            f"dates must span more than {step} month{'s' * (step > 1)}; got "
            f"{cells.n_months}. No account was seen at both ends of a step."
        )
        raise InvalidInputError(msg)
    tables = {}
    for word, months in (("step", step), ("horizon", horizon)):
        tables[word] = _square(cells.over_months("n", months), left)
        if cells.by_amount:
            moved = cells.over_months("amount", months)
            tables[f"{word}_amount"] = _square(moved, left)
    return TransitionResult(
        states=names if left is None else (*names, left),
        step=step,
        horizon=horizon,
        months=(cells.labels[0], cells.labels[-1]),
        level=level,
        absorbing=left,
        counts=tables,
    )


def _square(moved: FloatArray, left: str | None) -> FloatArray:
    """Return states at the start (rows) and at the end; accounts that left come last.

    Who is back after a gap was in neither state at the end.
    """
    n_states = len(moved)
    if left is None:
        return moved[:, :n_states]
    return np.vstack([moved[:, : n_states + LEFT + 1], np.zeros(n_states + 1)])
