"""Checks of groups of accounts: what every test of event rates takes.

A group is anything whose accounts share a PD: a grade, a band, a segment in a month.
A single row is a group of one account, and a weighted row one of so many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["Groups", "read_groups", "read_matrix"]

_ROUNDING = 1e-9  # of sums of weights that were added in another order


@dataclass(frozen=True, slots=True)
class Groups:
    """Events, accounts and PDs of one shape; without dimensions for a single group."""

    n_event: FloatArray
    n: FloatArray
    pd: FloatArray

    @property
    def n_nonevent(self) -> FloatArray:
        """Accounts without the event."""
        return self.n - self.n_event

    def flat(self) -> Groups:
        """Return the groups that hold accounts, as vectors."""
        held = (self.n > 0).reshape(-1)
        parts = (a.reshape(-1)[held] for a in (self.n_event, self.n, self.pd))
        return Groups(*parts)


def read_groups(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike = 0.5,
    *,
    max_ndim: int = 1,
    name: str = "pd",
    is_pd: bool = True,
) -> Groups:
    """Check groups and bring them to one shape; a single number serves all groups.

    A PD may be unknown where there is no account: the mean PD of an empty grade is.
    """
    given = {"n_event": n_event, "n": n, name: pd}
    arrays = {key: _read(key, value, max_ndim) for key, value in given.items()}
    try:
        parts = np.broadcast_arrays(*arrays.values())
    except ValueError:
        shown = ", ".join(f"{key}: {a.shape}" for key, a in arrays.items())
        msg = (
            f"n_event, n and {name} must be of the same groups in the same order; got "
            f"shapes {shown}. A single number stands for all groups."
        )
        raise InvalidInputError(msg) from None
    event, size, rate = (np.array(part) for part in parts)
    if event.size == 0:
        msg = "There must be at least one group; got none."
        raise InvalidInputError(msg)
    _check_counts(event, size)
    known = np.isfinite(rate) | ((size == 0) & np.isnan(rate))
    inside = known & (~(rate < 0) & ~(rate > 1) if is_pd else True)
    n_wrong = int(np.count_nonzero(~inside))
    if n_wrong:
        domain = "between 0 and 1" if is_pd else "a finite number"
        msg = (
            f"{name} must be {domain} in every group that holds accounts; {n_wrong} of "
            f"{rate.size} are not."
        )
        raise InvalidInputError(msg)
    return Groups(np.minimum(event, size), size, np.where(np.isnan(rate), 0.5, rate))


def read_matrix(name: str, counts: ArrayLike, *, square: bool) -> FloatArray:
    """Check a table of counts of two classifications."""
    matrix = _read(name, counts, 2)
    if matrix.ndim != 2 or matrix.size == 0 or (square and len(set(matrix.shape)) > 1):
        kind = "a square table" if square else "a table"
        msg = f"{name} must be {kind} of counts; got shape {matrix.shape}."
        raise InvalidInputError(msg)
    n_wrong = int(np.count_nonzero(~np.isfinite(matrix) | (matrix < 0)))
    if n_wrong:
        msg = (
            f"{name} must be finite and not negative; {n_wrong} of {matrix.size} cells "
            "are not."
        )
        raise InvalidInputError(msg)
    return matrix


def _read(name: str, values: ArrayLike, max_ndim: int) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold numbers; got values that are none or are missing."
        raise InvalidTypeError(msg) from error
    if array.ndim > max_ndim:
        msg = (
            f"{name} must have at most {max_ndim} dimension{'s' * (max_ndim > 1)}; got "
            f"shape {array.shape}."
        )
        raise InvalidInputError(msg)
    return array


def _check_counts(n_event: FloatArray, n: FloatArray) -> None:
    for name, values in (("n_event", n_event), ("n", n)):
        n_wrong = int(np.count_nonzero(~np.isfinite(values) | (values < 0)))
        if n_wrong:
            msg = (
                f"{name} must be finite and not negative; {n_wrong} of {values.size} "
                "groups are not."
            )
            raise InvalidInputError(msg)
    n_wrong = int(np.count_nonzero(n_event > n * (1 + _ROUNDING)))
    if n_wrong:
        msg = (
            f"n_event must not exceed n; it does in {n_wrong} of {n.size} groups. Give "
            "events first and all accounts, not only non-events, second."
        )
        raise InvalidInputError(msg)
