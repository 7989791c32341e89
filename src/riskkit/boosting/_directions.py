"""In which direction each feature must move the PD: as told, or as the data say."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option, did_you_mean
from riskkit._kernels.bins import count_bins
from riskkit.artifact import assign_column
from riskkit.binning import OptimalBinner
from riskkit.exceptions import InvalidParameterError, RiskkitWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.binning import BinningTable
    from riskkit.boosting._features import BinnedRows
    from riskkit.typing import BoolArray, CodeArray, FloatArray, IntArray

__all__ = ["Directions", "check_monotone", "find_directions"]

_WORDS = {"ascending": 1, "descending": -1, "none": 0}
_MIN_IV = 0.01  # less evidence than this has no direction to speak of
_N_PARTS = 5
_N_PERIODS = 4
_MIN_PART_EVENTS = 10  # a part with fewer events, or non-events, has no say


@dataclass(frozen=True)
class Directions:
    """The sign of each feature (0: free), and why a feature was left free."""

    signs: tuple[int, ...]
    given: bool
    left_free: dict[str, str]


def check_monotone(monotone: object) -> None:
    """Raise unless it is a word, or a mapping from features to directions."""
    if isinstance(monotone, Mapping):
        for name, direction in monotone.items():
            _sign(name, direction)
        return
    check_option("monotone", monotone, ("none", "auto"))


def find_directions(
    monotone: Any,
    names: Sequence[str],
    rows: BinnedRows,
    is_event: BoolArray,
    weight: FloatArray | None,
    dates: IntArray | None,
    *,
    seed: int,
) -> Directions:
    """Return the direction of each feature; `names` are all columns of the table."""
    if isinstance(monotone, Mapping):
        return _given(monotone, names, rows)
    if monotone == "none":
        return Directions((0,) * len(rows.features), given=False, left_free={})
    signs, left_free = [], {}
    parts = _parts(is_event, dates, seed)
    tables = _binned(rows, is_event, weight)
    for feature, bins in zip(rows.features, rows.bins, strict=True):
        sign, reason = 0, "a category has no direction"
        if feature.name in tables:
            values = _values(feature, bins)
            table = tables[feature.name]
            sign, reason = _direction(table, values, is_event, weight, parts)
        signs.append(sign)
        if not sign:
            left_free[feature.name] = reason
    return Directions(tuple(signs), given=False, left_free=left_free)


def _given(
    monotone: Mapping[str, Any], names: Sequence[str], rows: BinnedRows
) -> Directions:
    position = {feature.name: j for j, feature in enumerate(rows.features)}
    signs = [0] * len(rows.features)
    for name, direction in monotone.items():
        if name not in names:
            msg = (
                f"monotone must name columns of X; {name!r} is none of its "
                f"{len(names)}.{did_you_mean(name, names)}"
            )
            raise InvalidParameterError(msg)
        sign = _sign(name, direction)
        if not sign:
            continue
        if name not in position:
            why = rows.left_out[name]
            msg = f"monotone names {name!r}, which the model leaves out: {why}."
            warnings.warn(msg, RiskkitWarning, stacklevel=4)
        elif rows.features[position[name]].kind == "categorical":
            msg = (
                f"monotone must name numeric columns; {name!r} holds categories, whose "
                "levels have no order. Give the column as numbers in their order, or "
                "leave it out of monotone."
            )
            raise InvalidParameterError(msg)
        else:
            signs[position[name]] = sign
    return Directions(tuple(signs), given=True, left_free={})


def _sign(name: object, direction: object) -> int:
    if isinstance(direction, str):
        check_option(f"monotone[{name!r}]", direction, tuple(_WORDS))
        return _WORDS[direction]
    known = isinstance(direction, Integral) and not isinstance(direction, bool)
    if known and direction in (-1, 0, 1):
        return int(direction)
    msg = (
        f"monotone[{name!r}] must be 'ascending' or 1 (the PD rises with the value), "
        f"'descending' or -1, or 'none' or 0; got {direction!r}."
    )
    raise InvalidParameterError(msg)


def _values(feature: FeatureSpec, bins: CodeArray) -> FloatArray:
    """Return the fine bins as numbers, NaN where no value is known."""
    return np.where(bins < feature.n_regular, bins, np.nan)


def _binned(
    rows: BinnedRows, is_event: BoolArray, weight: FloatArray | None
) -> dict[str, BinningTable]:
    """Return the optimal bins of the numeric features, over their fine bins."""
    values = {
        feature.name: _values(feature, bins)
        for feature, bins in zip(rows.features, rows.bins, strict=True)
        if feature.kind == "numeric"
    }
    if not values:
        return {}
    X = np.column_stack(list(values.values()))
    with warnings.catch_warnings():
        # What ends in one bin is left free, and said to be, below.
        warnings.simplefilter("ignore", RiskkitWarning)
        binner = OptimalBinner(verbose=False).fit(X, is_event.astype(np.intp), weight)
    return dict(zip(values, binner.binning_tables_.values(), strict=True))


def _parts(
    is_event: BoolArray, dates: IntArray | None, seed: int
) -> list[tuple[str, IntArray]]:
    """Return disjoint parts of the rows in each of which a direction has to hold."""
    order = np.random.default_rng(seed).permutation(is_event.size)
    # Stratified: every part gets its share of the events.
    order = np.concatenate([order[is_event[order]], order[~is_event[order]]])
    parts = [(f"part {k + 1}", order[k::_N_PARTS]) for k in range(_N_PARTS)]
    if dates is not None:
        below = np.cumsum(np.bincount(dates)) / dates.size
        period = np.minimum((below * _N_PERIODS).astype(np.intp), _N_PERIODS - 1)[dates]
        parts += [
            (f"period {k + 1}", np.flatnonzero(period == k)) for k in range(_N_PERIODS)
        ]
    return parts


def _direction(
    table: BinningTable,
    values: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    parts: list[tuple[str, IntArray]],
) -> tuple[int, str]:
    """Return the sign, or 0 and why there is none."""
    if table.iv < _MIN_IV:
        return 0, f"its information value of {table.iv:.4f} is below {_MIN_IV:g}"
    if table.trend not in ("ascending", "descending"):
        return 0, f"its trend is {table.trend or 'none'}"
    sign = 1 if table.trend == "ascending" else -1
    bins = assign_column(table.feature, values)
    for name, rows in parts:
        part = None if weight is None else weight[rows]
        event, nonevent = count_bins(
            bins[rows], is_event[rows], table.feature.n_bins, part
        )
        n = table.feature.n_regular
        if min(event[:n].sum(), nonevent[:n].sum()) < _MIN_PART_EVENTS:
            continue
        if sign * _slope(event[:n], nonevent[:n]) <= 0:
            return 0, f"its trend is {table.trend}, but not in {name}"
    return sign, ""


def _slope(event: FloatArray, nonevent: FloatArray) -> float:
    """Return the covariance of the bin's place with the event, up to scale."""
    n = event + nonevent
    place = np.arange(n.size) - float(np.arange(n.size) @ n / n.sum())
    return float(place @ event)
