"""What several detectors say of a row, as one score and as parts by field.

Notation: member ``k`` says ``s_k`` and counts with the share ``w_k``; the score is
``sum_k w_k s_k``, added in the order of the members. Shares are ``1 / n`` for the mean,
and of the largest one or two for the others.

A member's own score is ``start + sum_j p_j`` over fields ``j``. On its scale the parts
become ``slope p_j`` with the slope of the line between where the score starts and where
it ends, so they still add up to what the member says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.log_scale import on_log_scale

if TYPE_CHECKING:
    from riskkit._kernels.log_scale import LogScale
    from riskkit.typing import FloatArray

__all__ = [
    "COMBINATIONS",
    "combine_members",
    "combine_parts",
    "member_shares",
    "parts_on_scale",
    "row_totals",
]

COMBINATIONS = ("mean", "top_two", "max")
_NO_MOVE = 1e-12  # a score that no field moves has nothing to spread over them


def member_shares(said: FloatArray, combine: str) -> FloatArray:
    """Return the share of each member in each row, shape (n_rows, n_members)."""
    n_members = said.shape[1]
    if combine == "mean":
        return np.full(said.shape, 1.0 / n_members)
    n_counted = 1 if combine == "max" else min(2, n_members)
    # Stable, so that ties go to the member that stands first.
    largest = np.argsort(-said, axis=1, kind="stable")[:, :n_counted]
    shares = np.zeros(said.shape)
    np.put_along_axis(shares, largest, 1.0 / n_counted, axis=1)
    return shares


def combine_members(said: FloatArray, combine: str) -> FloatArray:
    """Return the score of rows from what the members say of them."""
    return row_totals(said * member_shares(said, combine))


def row_totals(parts: FloatArray) -> FloatArray:
    """Return the sums over the last axis, added from left to right.

    A running sum has one order, and takes one call for one row.
    """
    return np.asarray(np.cumsum(parts, axis=-1)[..., -1])


def parts_on_scale(
    scale: LogScale, start: FloatArray | float, parts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what a member says, and offset and parts that add up to it.

    Several members go through at once if `scale` holds their columns of numbers, and
    `start` and `parts` have an axis of members in front.
    """
    total = row_totals(parts)
    first = on_log_scale(scale, np.broadcast_to(start, total.shape))
    said = on_log_scale(scale, start + total)
    moved = np.abs(total) > _NO_MOVE
    slope = np.divide(said - first, total, where=moved, out=np.zeros_like(total))
    return said, np.where(moved, first, said), parts * slope[..., None]


def combine_parts(
    scale: LogScale, start: FloatArray, parts: FloatArray, combine: str
) -> tuple[FloatArray, FloatArray]:
    """Return offset and parts by field of the score that members make together.

    `scale` holds columns of numbers, `start` is of shape (n_members, 1) and `parts` of
    shape (n_members, n_rows, n_fields).
    """
    said, first, own = parts_on_scale(scale, start, parts)
    shares = member_shares(said.T, combine).T
    # Running sums add member to member from the first to the last.
    offset = np.cumsum(first * shares, axis=0)[-1]
    own *= shares[..., None]
    return offset, np.cumsum(own, axis=0)[-1]
