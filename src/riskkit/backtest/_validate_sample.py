"""The rows of a validation: who is left out and why, and the grades of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import read_dates
from riskkit._core.frames import level_column, numeric_column
from riskkit._core.levels import is_missing, level_key
from riskkit.backtest._vintage_book import read_amounts
from riskkit.backtest._windows import window_label
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["GradedRows", "read_rows"]

_NO_SEGMENT = "missing"


@dataclass(frozen=True, eq=False)
class GradedRows:
    """The rows that are judged; grades stand safest first."""

    is_event: BoolArray
    pd: FloatArray
    weight: FloatArray
    grades: tuple[str, ...]
    grade: IntArray
    periods: tuple[str, ...]
    period: IntArray
    segments: list[tuple[str, tuple[str, ...], IntArray]]  # name of the cut, segments
    waterfall: list[dict[str, Any]]

    def sums(self, values: FloatArray, by: IntArray, size: int) -> FloatArray:
        """Return weighted sums by group."""
        total = np.bincount(by, self.weight * values, size)
        return np.asarray(total, dtype=np.float64)


def read_rows(
    y: Any,
    pd: Any,
    *,
    grade: Any,
    order: Any,
    n_bands: int,
    dates: Any,
    segments: Any,
    exclusions: Any,
    sample_weight: Any,
) -> GradedRows:
    """Check the rows, leave out what is to be left out, and grade the rest."""
    column: Any = pd if hasattr(pd, "dtype") else np.asarray(pd)
    pds = numeric_column(column, "pd")
    if pds.ndim != 1 or not pds.size:
        msg = f"pd must hold one PD for each row; got shape {pds.shape}."
        raise InvalidInputError(msg)
    n_wrong = int(np.count_nonzero((pds < 0) | (pds > 1)))
    if n_wrong:
        msg = (
            f"pd must lie in [0, 1]; {n_wrong} of {pds.size} PDs do not. Points and "
            "log-odds are turned into PDs first."
        )
        raise InvalidInputError(msg)
    known, is_event = _read_outcomes(y, pds.size)
    weight = read_amounts("sample_weight", sample_weight, pds.size)
    reasons = _read_exclusions(exclusions, pds.size)
    # What cannot be judged is left out last, so that every reason given counts.
    reasons["no PD"] = np.isnan(pds)
    reasons["outcome not known"] = ~known
    kept, waterfall = _leave_out(reasons, is_event & known, weight)
    if not weight[kept].sum():
        msg = (
            "There must be rows to judge; all "
            f"{pds.size} were left out. Look at what exclusions hold: True leaves out."
        )
        raise InvalidInputError(msg)
    names, codes = (
        _bands(pds[kept], weight[kept], n_bands)
        if grade is None
        else _read_grades(grade, order, pds, weight, kept)
    )
    periods, period = _read_years(dates, pds.size, kept)
    return GradedRows(
        is_event=is_event[kept],
        pd=pds[kept],
        weight=weight[kept],
        grades=names,
        grade=codes,
        periods=periods,
        period=period,
        segments=_read_segments(segments, weight, kept),
        waterfall=waterfall,
    )


def _read_outcomes(y: Any, n_rows: int) -> tuple[BoolArray, BoolArray]:
    values = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if values.shape != (n_rows,):
        msg = (
            f"y must hold one outcome for each of the {n_rows} PDs; got shape "
            f"{values.shape}."
        )
        raise InvalidTargetError(msg)
    if values.dtype.kind == "O":
        known = ~np.fromiter(map(is_missing, values), np.bool_, n_rows)
    else:
        known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(n_rows, bool)
    is_event = np.zeros(n_rows, dtype=np.bool_)
    is_event[known] = values[known] == 1
    is_none = np.zeros(n_rows, dtype=np.bool_)
    is_none[known] = values[known] == 0
    n_wrong = int(np.count_nonzero(known & ~is_event & ~is_none))
    if n_wrong:
        msg = (
            "y must be 1 for an event, 0 for none, and missing where it is not known; "
            f"{n_wrong} of {n_rows} outcomes are something else."
        )
        raise InvalidTargetError(msg)
    return known, is_event


def _read_exclusions(exclusions: Any, n_rows: int) -> dict[str, BoolArray]:
    if exclusions is None:
        return {}
    if not isinstance(exclusions, Mapping):
        msg = (
            "exclusions must map a reason to the rows it leaves out; got a "
            f"{type(exclusions).__name__}."
        )
        raise InvalidParameterError(msg)
    found = {}
    for reason, mask in exclusions.items():
        values = mask.to_numpy() if hasattr(mask, "to_numpy") else np.asarray(mask)
        if values.shape != (n_rows,) or values.dtype.kind != "b":
            msg = (
                f"Exclusion {str(reason)!r} must be True or False in each of the "
                f"{n_rows} rows; got {values.dtype} of shape {values.shape}."
            )
            raise InvalidInputError(msg)
        found[str(reason)] = values
    return found


def _leave_out(
    reasons: dict[str, BoolArray], is_event: BoolArray, weight: FloatArray
) -> tuple[BoolArray, list[dict[str, Any]]]:
    """Return the rows kept, and how many each reason left out that were still there."""
    kept = np.ones(is_event.size, dtype=np.bool_)
    waterfall = [_step("all rows", 0.0, kept, is_event, weight)]
    for reason, mask in reasons.items():
        out = float(weight[kept & mask].sum())
        kept &= ~mask
        waterfall.append(_step(reason, out, kept, is_event, weight))
    return kept, waterfall


def _step(
    reason: str, out: float, kept: BoolArray, is_event: BoolArray, weight: FloatArray
) -> dict[str, Any]:
    total = float(weight.sum())
    left = float(weight[kept].sum())
    return {
        "step": reason,
        "n_excluded": out,
        "n": left,
        "share": left / total if total else np.nan,
        "n_event": float(weight[kept & is_event].sum()),
    }


def _bands(
    pd: FloatArray, weight: FloatArray, n_bands: int
) -> tuple[tuple[str, ...], IntArray]:
    """Cut the PDs into bands of about equal size; equal PDs stay together."""
    levels, place = np.unique(pd, return_inverse=True)
    before = np.cumsum(np.bincount(place, weight))
    wanted = np.arange(1, n_bands) / n_bands * before[-1]
    edges = np.unique(levels[np.searchsorted(before, wanted)])
    edges = edges[edges < levels[-1]]
    codes = np.searchsorted(edges, pd)
    names = tuple(f"band {k + 1}" for k in range(edges.size + 1))
    return names, np.asarray(codes, dtype=np.intp)


def _read_grades(
    grade: Any, order: Any, pd: FloatArray, weight: FloatArray, kept: BoolArray
) -> tuple[tuple[str, ...], IntArray]:
    column = grade if hasattr(grade, "dtype") else np.asarray(grade, dtype=object)
    coded = level_column(column, "grade")
    if coded.codes.shape != pd.shape:
        msg = (
            f"grade must hold one grade for each of the {pd.size} rows; got "
            f"{coded.codes.size}."
        )
        raise InvalidInputError(msg)
    codes = coded.codes[kept]
    n_missing = int(np.count_nonzero(codes < 0))
    if n_missing:
        msg = (
            f"grade must be known in every row that is judged; {n_missing} of "
            f"{codes.size} have none. Leave them out by exclusions."
        )
        raise InvalidInputError(msg)
    if order is None:
        # Without an order the grades stand by the mean of their PDs.
        n = np.bincount(codes, weight[kept], len(coded.levels))
        total = np.bincount(codes, weight[kept] * pd[kept], len(coded.levels))
        mean = np.divide(total, n, out=np.full(n.size, np.inf), where=n > 0)
        held = np.argsort(mean, kind="stable")[: int(np.count_nonzero(n))]
        names = tuple(coded.levels[k] for k in held)
    else:
        names = tuple(str(level_key(name)) for name in order)
        strange = [
            coded.levels[k] for k in np.unique(codes) if coded.levels[k] not in names
        ]
        if strange or len(set(names)) < len(names):
            msg = (
                "order must name every grade once, safest first; "
                f"{len(strange)} grades that occur are not among its {len(names)}."
            )
            raise InvalidParameterError(msg)
    place = np.full(len(coded.levels), -1, dtype=np.intp)
    for k, name in enumerate(names):
        if name in coded.levels:
            place[coded.levels.index(name)] = k
    return names, np.asarray(place[codes])


def _read_segments(
    segments: Any, weight: FloatArray, kept: BoolArray
) -> list[tuple[str, tuple[str, ...], IntArray]]:
    """Return the segments of the rows that are judged."""
    if segments is None:
        return []
    given = segments if isinstance(segments, Mapping) else {"segment": segments}
    cuts = []
    for name, values in given.items():
        column = (
            values if hasattr(values, "dtype") else np.asarray(values, dtype=object)
        )
        coded = level_column(column, str(name))
        if coded.codes.shape != weight.shape:
            msg = (
                f"{name} must hold one segment for each of the {weight.size} rows; got "
                f"{coded.codes.size}."
            )
            raise InvalidInputError(msg)
        held = np.unique(coded.codes[kept & (weight > 0)])
        # Rows without weight count for nothing, wherever they stand.
        codes = np.minimum(np.searchsorted(held, coded.codes[kept]), held.size - 1)
        # The code -1 of a missing value sorts first, and is the last of the names.
        labels = tuple((*coded.levels, _NO_SEGMENT)[k] for k in held)
        cuts.append((str(name), labels, np.asarray(codes, dtype=np.intp)))
    return cuts


def _read_years(
    dates: Any, n_rows: int, kept: BoolArray
) -> tuple[tuple[str, ...], IntArray]:
    if dates is None:
        return (), np.zeros(int(np.count_nonzero(kept)), dtype=np.intp)
    days: NDArray[Any] = read_dates("dates", dates, n_rows)[kept]
    years, place = np.unique(days.astype("datetime64[Y]"), return_inverse=True)
    starts = years.astype("datetime64[D]")
    ends = (years + 1).astype("datetime64[D]")
    names = tuple(map(window_label, starts, ends))
    return names, np.asarray(place, dtype=np.intp)
