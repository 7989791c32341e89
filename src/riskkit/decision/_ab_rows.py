"""The rows of an experiment: who was in which arm, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import add_months, read_date, read_start_dates
from riskkit._core.params import check_int, check_option
from riskkit.decision._rows import (
    MISSING,
    as_column,
    read_groups,
    read_masses,
    read_numbers,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["Trial", "check_units", "read_trial"]


@dataclass(frozen=True, eq=False)
class Trial:
    """One entry for each row; `known` rows have an outcome that counts."""

    arms: tuple[str, ...]  # the control first
    arm: IntArray
    outcome: FloatArray  # 0 where it is not known
    weight: FloatArray
    known: BoolArray
    known_on: Days | None  # day on which the outcome was

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.arm.size)


def read_trial(
    outcome: Any,
    arm: Any,
    *,
    control: str,
    measure: str,
    dates: Any,
    as_of: Any,
    window: int | None,
    reporting_delay: int,
    sample_weight: Any,
) -> Trial:
    """Check the rows and put them into arms."""
    values = read_numbers("outcome", outcome)
    n_rows = values.size
    arms, codes = _read_arms(arm, n_rows, control)
    days, known = _read_days(dates, n_rows, as_of, window, reporting_delay)
    _check_outcomes(values, known, measure)
    weight = read_masses(n_rows, sample_weight)
    known &= weight > 0
    return Trial(
        arms=arms,
        arm=codes,
        outcome=np.where(known, values, 0.0),
        weight=weight,
        known=known,
        known_on=days,
    )


def check_units(units: Any, trial: Trial) -> None:
    """Raise if a unit was counted twice, which makes rows depend on each other."""
    import pandas as pd

    column = as_column("units", units, trial.size)
    codes, found = pd.factorize(np.asarray(column, dtype=object))
    if (codes < 0).any():
        n_missing = int(np.count_nonzero(codes < 0))
        msg = (
            f"units must be known in every row; {n_missing} of {trial.size} are "
            "missing. Find out who they are, or leave units out."
        )
        raise InvalidInputError(msg)
    repeated = np.bincount(codes, minlength=len(found)) > 1
    n_twice = int(np.count_nonzero(repeated))
    if n_twice:
        pairs = np.unique(np.stack([codes, trial.arm]), axis=1)
        n_both = int(np.count_nonzero(np.bincount(pairs[0]) > 1))
        msg = (
            f"units must stand once each; {n_twice} of {len(found)} stand in several "
            f"rows, {n_both} of them in more than one arm. Sum up the rows of a unit, "
            "and leave out who saw several arms, counting them."
        )
        raise InvalidInputError(msg)


def _read_arms(arm: Any, n_rows: int, control: str) -> tuple[tuple[str, ...], IntArray]:
    names, codes = read_groups("arm", arm, n_rows)
    if names and names[-1] == MISSING:
        n_missing = int(np.count_nonzero(codes == len(names) - 1))
        msg = (
            f"arm must be known in every row; {n_missing} of {n_rows} are missing. "
            "Whoever was assigned has an arm; leave the others out of the table."
        )
        raise InvalidInputError(msg)
    if len(names) < 2:
        msg = f"arm must hold at least two arms; got {len(names)} in {n_rows} rows."
        raise InvalidInputError(msg)
    check_option("control", control, names)
    order = [control, *(name for name in names if name != control)]
    place = np.array([order.index(name) for name in names], dtype=np.intp)
    return tuple(order), place[codes]


def _read_days(
    dates: Any, n_rows: int, as_of: Any, window: int | None, reporting_delay: int
) -> tuple[Days | None, BoolArray]:
    """Return the day on which each outcome is known, and whether it is by now."""
    check_int("window", window, low=1, none_allowed=True)
    check_int("reporting_delay", reporting_delay, low=0)
    if window is None:
        if reporting_delay or as_of is not None:
            msg = (
                "as_of and reporting_delay belong to a performance window; got no "
                "window. Give the months within which the outcome counts."
            )
            raise InvalidParameterError(msg)
        everyone = np.ones(n_rows, dtype=np.bool_)
        if dates is None:
            return None, everyone
        # No row can lie after the last day there is.
        end = np.datetime64("9999-12-31")
        return read_start_dates(dates, n_rows, end), everyone
    if dates is None or as_of is None:
        absent = "dates" if dates is None else "as_of"
        msg = (
            f"A performance window needs dates and as_of; got no {absent}. Give the "
            "day on which each row began, and the day on which outcomes were read."
        )
        raise InvalidParameterError(msg)
    day = read_date("as_of", as_of)
    starts = read_start_dates(dates, n_rows, day)
    known_on: Days = add_months(starts, window + reporting_delay)
    known = np.asarray(known_on <= day)
    if not known.any():
        first = known_on.min() if n_rows else day
        msg = (
            f"At least one row must be mature on as_of, {day}; the first will be on "
            f"{first}. Wait until then, or take a shorter window."
        )
        raise InvalidInputError(msg)
    return known_on, known


def _check_outcomes(values: FloatArray, known: BoolArray, measure: str) -> None:
    n_unknown = int(np.count_nonzero(known & ~np.isfinite(values)))
    if n_unknown:
        msg = (
            f"outcome must be known and finite in every mature row; {n_unknown} of "
            f"{int(known.sum())} are not. Who did not respond has 0, not nothing; "
            "for outcomes that ripen give window, dates and as_of."
        )
        raise InvalidInputError(msg)
    if measure == "rate":
        n_other = int(np.count_nonzero(known & (values != 0) & (values != 1)))
        if n_other:
            msg = (
                "outcome must be 0 or 1 for measure='rate'; "
                f"{n_other} of {int(known.sum())} rows hold something else. Compare "
                "amounts with measure='mean'."
            )
            raise InvalidInputError(msg)
