"""Tables of members, commissions and promises, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame, level_column, numeric_column
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.fraud._referral_forest import Forest, find_circles
from riskkit.fraud._velocity_values import check_past, time_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._core.frames import LevelColumn
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Members", "Paid", "read_members", "read_paid", "read_promises"]

AMOUNTS = ("paid_in", "commission", "payout", "revenue")


@dataclass(frozen=True)
class Members:
    """Members in the order of their rows; amounts the table has not are absent."""

    names: LevelColumn
    scheme: IntArray
    schemes: tuple[str, ...]
    forest: Forest
    in_circle: BoolArray
    n_unknown: IntArray  # of each scheme: referrers who are no member of it
    n_early: IntArray  # of each scheme: members who joined before their referrer
    amounts: dict[str, FloatArray]


@dataclass(frozen=True)
class Paid:
    """Commissions, by member number."""

    receiver: IntArray
    source: IntArray
    amount: FloatArray


def read_members(
    X: Any, columns: dict[str, str | None], cycles: str, as_of: Any
) -> Members:
    """Read one row a member."""
    table = _table(X, "Members", [_name(columns, "member"), _name(columns, "referrer")])
    names = level_column(table.column(_name(columns, "member")), "member")
    _check_names(names, _name(columns, "member"))
    place = np.empty(len(names.levels), dtype=np.intp)
    place[names.codes] = np.arange(names.codes.size)
    parent, unknown = _places(table, _name(columns, "referrer"), names, place)
    scheme, labels = _schemes(table, columns["scheme"])
    if scheme is not None:
        # A referrer in another scheme is nobody in this one.
        foreign = (parent >= 0) & (scheme[parent] != scheme)
        parent, unknown = np.where(foreign, -1, parent), unknown | foreign
    inside, first = find_circles(parent)
    if inside.any() and cycles == "raise":
        msg = (
            f"Referrals must make no circle; {int(inside.sum())} members of "
            f"{inside.size} stand in {first.size} circles of referrers. Correct them, "
            'or let them count as a sign with cycles="flag".'
        )
        raise InvalidInputError(msg)
    parent = parent.copy()
    parent[first] = -1
    forest = Forest.make(parent)
    if scheme is None:
        roots, scheme = np.unique(forest.root, return_inverse=True)
        texts = [names.levels[code] for code in names.codes[roots]]
        labels = tuple(texts)
    n = len(labels)
    early = _joined_early(table, columns["joined"], parent, as_of)
    return Members(
        names=names,
        scheme=scheme,
        schemes=labels,
        forest=forest,
        in_circle=inside,
        n_unknown=np.bincount(scheme[unknown], minlength=n),
        n_early=np.bincount(scheme[early], minlength=n),
        amounts=_amounts(table, columns),
    )


def read_paid(X: Any, members: Members) -> Paid:
    """Read one row a commission: receiver, source, amount."""
    table = _table(X, "Commissions", ["receiver", "source", "amount"])
    place = np.empty(len(members.names.levels), dtype=np.intp)
    place[members.names.codes] = np.arange(members.names.codes.size)
    found = []
    for name in ("receiver", "source"):
        at, unknown = _places(table, name, members.names, place)
        n_absent = int(np.count_nonzero(unknown | (at < 0)))
        if n_absent:
            msg = (
                f"Column {name!r} of commissions must name members; {n_absent} of "
                f"{table.n_rows} rows name nobody in the table of members."
            )
            raise InvalidInputError(msg)
        found.append(at)
    return Paid(found[0], found[1], _amount(table, "amount"))


def read_promises(X: Any, schemes: Sequence[str]) -> FloatArray:
    """Read the promised yearly return of each scheme, NaN where none is given."""
    table = _table(X, "Schemes", ["scheme", "promised_return"])
    names = level_column(table.column("scheme"), "scheme")
    _check_names(names, "scheme")
    given = numeric_column(table.column("promised_return"), "promised_return")
    by_name = {
        names.levels[code]: float(value)
        for code, value in zip(names.codes.tolist(), given, strict=True)
    }
    return np.array([by_name.get(name, np.nan) for name in schemes])


def _name(columns: dict[str, str | None], role: str) -> str:
    return columns[role] or role


def _table(X: Any, what: str, needed: Sequence[str]) -> Table:
    if not is_frame(X) and not isinstance(X, dict):
        msg = (
            f"{what} must come as a table in memory with named columns; got a value "
            f"of type {type(X).__name__}."
        )
        raise InvalidTypeError(msg)
    table = Table.read(X)
    table.select(needed)
    if what == "Members" and not table.n_rows:
        msg = "Members must be at least one; got an empty table."
        raise InvalidInputError(msg)
    return table


def _check_names(names: LevelColumn, column: str) -> None:
    n_missing = int(np.count_nonzero(names.codes < 0))
    n_again = names.codes.size - n_missing - len(names.levels)
    if n_missing or n_again:
        msg = (
            f"Column {column!r} must name every row once; {n_missing} of "
            f"{names.codes.size} rows have no name and {n_again} repeat one."
        )
        raise InvalidInputError(msg)


def _places(
    table: Table, name: str, members: LevelColumn, place: IntArray
) -> tuple[IntArray, BoolArray]:
    """Return whose row each name stands in, -1 for none, and which are unknown."""
    given = level_column(table.column(name), name)
    number = {level: code for code, level in enumerate(members.levels)}
    codes = [number.get(level, -1) for level in given.levels]
    at = np.array([*(place[c] if c >= 0 else -1 for c in codes), -1], dtype=np.intp)
    found = at[given.codes]
    return found, (given.codes >= 0) & (found < 0)


def _schemes(
    table: Table, column: str | None
) -> tuple[IntArray | None, tuple[str, ...]]:
    if column is None:
        return None, ()
    table.select([column])
    names = level_column(table.column(column), column)
    n_missing = int(np.count_nonzero(names.codes < 0))
    if n_missing:
        msg = (
            f"Column {column!r} must name a scheme in every row; {n_missing} of "
            f"{table.n_rows} rows name none. With scheme=None every tree is one."
        )
        raise InvalidInputError(msg)
    return names.codes, names.levels


def _joined_early(
    table: Table, column: str | None, parent: IntArray, as_of: Any
) -> BoolArray:
    """Return who joined before his referrer did."""
    early = np.zeros(parent.size, dtype=np.bool_)
    if column is None or column not in table.names:
        return early
    times: NDArray[np.int64] = time_column(table.column(column), column)
    check_past(times, as_of, column)
    came = parent >= 0
    early[came] = times[came] < times[parent[came]]
    return early


def _amounts(table: Table, columns: dict[str, str | None]) -> dict[str, FloatArray]:
    found = {}
    for role in AMOUNTS:
        name = columns[role]
        if name is not None and name in table.names:
            found[role] = _amount(table, name)
    return found


def _amount(table: Table, name: str) -> FloatArray:
    values = numeric_column(table.column(name), name)
    n_bad = int(np.count_nonzero((values < 0) | np.isinf(values)))
    if n_bad:
        msg = (
            f"Column {name!r} must hold finite amounts of at least 0; {n_bad} of "
            f"{values.size} are negative or infinite. Book a reversal as money paid "
            "in, or take it off what it reverses."
        )
        raise InvalidInputError(msg)
    return np.nan_to_num(values)  # nothing booked is nothing paid
