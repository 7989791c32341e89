"""What every decision function reads: scores, their direction, columns, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import is_series, level_column, numeric_column
from riskkit._core.inputs import read_weight
from riskkit._core.params import check_option, check_real
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "MISSING",
    "as_column",
    "check_best",
    "check_level",
    "meets",
    "read_amounts",
    "read_flags",
    "read_groups",
    "read_masses",
    "read_numbers",
    "read_score",
    "riskiness",
]

MISSING = "missing"
_BEST = ("high", "low")
_MOST_GROUPS = 1_000


def check_best(best: str) -> None:
    """Raise unless the direction of the score is said."""
    check_option("best", best, _BEST)


def check_level(level: float) -> None:
    """Raise unless `level` lies between 0 and 1."""
    check_real("level", level, low=0.0, high=1.0)
    if not 0.0 < level < 1.0:
        msg = f"level must lie between 0 and 1; got {level!r}."
        raise InvalidParameterError(msg)


def riskiness(score: FloatArray, best: str) -> FloatArray:
    """Return the score turned so that up is worse, as bins and PDs have it."""
    return -score if best == "high" else score


def meets(score: FloatArray, cutoff: float, best: str) -> BoolArray:
    """Return who is at least as safe as the cut-off; not who has no score."""
    return np.asarray(score >= cutoff if best == "high" else score <= cutoff)


def read_score(name: str, score: Any) -> FloatArray:
    """Return one known score for each row."""
    values = read_numbers(name, score)
    n_unknown = int(np.count_nonzero(np.isnan(values)))
    if n_unknown:
        msg = (
            f"{name} must be known in every row; {n_unknown} of {values.size} rows "
            "have none. Leave them out: who has no score cannot be cut off by it."
        )
        raise InvalidInputError(msg)
    if values.size == 0:
        msg = f"{name} must hold at least one row; got none."
        raise InvalidInputError(msg)
    return values


def read_numbers(name: str, values: Any, n_rows: int | None = None) -> FloatArray:
    """Return a column as float64, NaN where nothing is known."""
    return numeric_column(as_column(name, values, n_rows), name)


def read_amounts(
    name: str, values: Any, n_rows: int | None = None, hint: str = ""
) -> FloatArray:
    """Return one finite amount of at least 0 for each row."""
    amounts = read_numbers(name, values, n_rows)
    n_wrong = int(np.count_nonzero(~(np.isfinite(amounts) & (amounts >= 0))))
    if n_wrong:
        msg = (
            f"{name} must be known, finite and not negative; {n_wrong} of "
            f"{amounts.size} amounts are not.{hint}"
        )
        raise InvalidInputError(msg)
    return amounts


def read_flags(name: str, values: Any, n_rows: int | None = None) -> BoolArray:
    """Return a column of True and False, or of 1 and 0, known in every row."""
    flags = read_numbers(name, values, n_rows)
    n_other = int(np.count_nonzero((flags != 0) & (flags != 1)))
    if n_other:
        msg = (
            f"{name} must be True or False (1 or 0) in every row; {n_other} of "
            f"{flags.size} rows hold something else or nothing. Say 0 where it did "
            "not happen."
        )
        raise InvalidInputError(msg)
    return np.asarray(flags == 1.0)


def read_groups(
    name: str, values: Any, n_rows: int | None = None
) -> tuple[list[str], IntArray]:
    """Return the names of the groups and each row's position; missing comes last."""
    coded = level_column(as_column(name, values, n_rows), name)
    names, codes = list(coded.levels), coded.codes.copy()
    if (codes < 0).any():
        if MISSING not in names:
            names.append(MISSING)
        codes[codes < 0] = names.index(MISSING)
    if len(names) > _MOST_GROUPS:
        msg = (
            f"{name} must hold at most {_MOST_GROUPS} distinct values; got "
            f"{len(names)}. Cut a number or a date into bands first."
        )
        raise InvalidInputError(msg)
    return names, codes


def read_masses(n_rows: int, sample_weight: Any) -> FloatArray:
    """Return the weight of each row; ones if none are given."""
    weight = read_weight(sample_weight, n_rows)
    return np.ones(n_rows) if weight is None else weight


def as_column(name: str, values: Any, n_rows: int | None) -> Any:
    """Return a column of a frame as it is, and anything else as a vector."""
    # Objects keep a missing value among texts; NumPy would turn it into a text.
    column = values
    if not (is_series(values) or isinstance(values, np.ndarray)):
        try:
            plain = {type(value) for value in values}
        except TypeError as error:
            msg = f"{name} must be a column; got {type(values).__name__}."
            raise InvalidInputError(msg) from error
        column = np.asarray(values, dtype=None if len(plain) <= 1 else object)
    shape = tuple(getattr(column, "shape", None) or (len(column),))
    if len(shape) != 1 or (n_rows is not None and shape != (n_rows,)):
        rows = "each row" if n_rows is None else f"each of the {n_rows} rows"
        hint = ""
        if len(shape) == 2 and shape[1] == 2:
            hint = " Of predict_proba give the column of the event, [:, 1]."
        msg = f"{name} must hold one value for {rows}; got shape {shape}.{hint}"
        raise InvalidInputError(msg)
    return column
