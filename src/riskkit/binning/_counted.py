"""Counts of a feature in place of its rows: what a fit can start from."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.frames import Table
from riskkit._core.inputs import Training
from riskkit._core.levels import is_missing, level_key
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    from riskkit.binning._partition import FeaturePartition
    from riskkit.typing import FloatArray

__all__ = [
    "FeatureCounts",
    "check_bands",
    "check_others",
    "check_splits",
    "each_warning_once",
    "on_bands",
    "samples_of_counts",
]


@dataclass(frozen=True, eq=False)
class FeatureCounts:
    """Values of one feature with the accounts that have them.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        Numbers, or text for a feature of levels. Missing values are NaN or None. A
        value may stand in several entries.

    n_event, n_nonevent : array-like of shape (n_values,)
        Accounts of either class, or sums of their weights.

    period : array-like of shape (n_values,), default=None
        Period of the accounts, None where it is missing; for
        ``OptimalBinner(stable_over=...)``.

    banded : bool, default=False
        Whether numbers are the upper ends of bands of values. Edges then lie on them
        alone, so that the counts of every bin are exact.

    exact : tuple of float, default=()
        Values among those of bands that are single values, such as special codes.

    is_other : array-like of bool of shape (n_values,), default=None
        Entries that stand for all levels that `values` does not name; their value is
        None. They count as missing, which takes ``unseen="missing"`` of a binner: that
        is how such levels are scored.

    Raises
    ------
    InvalidInputError
        If lengths differ, a count is negative or not finite, or an entry for other
        levels has a value.

    See Also
    --------
    OptimalBinner.fit_counts : Finds the bins.

    Examples
    --------
    >>> from riskkit.binning import FeatureCounts
    >>> grade = FeatureCounts(["A", "B", None], [1, 5, 2], [90, 60, 10])
    >>> grade.kind, grade.n
    ('categorical', 168.0)

    The smaller cities of a column with very many:

    >>> city = FeatureCounts(["Bonn", "Ulm", None], [9, 4, 30], [90, 70, 200],
    ...                      is_other=[False, False, True])
    >>> round(city.other_share, 2)
    0.57
    """

    values: ArrayLike
    n_event: ArrayLike
    n_nonevent: ArrayLike
    period: ArrayLike | None = None
    banded: bool = False
    exact: tuple[float, ...] = ()
    is_other: ArrayLike | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _read_values(self.values))
        if self.is_other is not None:
            self._read_others()
        for name in ("n_event", "n_nonevent"):
            counts = np.asarray(getattr(self, name), dtype=np.float64)
            if counts.shape != np.shape(self.values):
                msg = (
                    f"{name} must hold one count for each of the "
                    f"{np.size(self.values)} values; got shape {counts.shape}."
                )
                raise InvalidInputError(msg)
            n_wrong = int(np.count_nonzero(~np.isfinite(counts) | (counts < 0)))
            if n_wrong:
                msg = (
                    f"{name} must be finite and not negative; {n_wrong} of "
                    f"{counts.size} counts are not."
                )
                raise InvalidInputError(msg)
            object.__setattr__(self, name, counts)
        if self.period is not None and np.shape(self.period) != np.shape(self.values):
            msg = "period must hold one period, or None, for each of the values."
            raise InvalidInputError(msg)

    @property
    def kind(self) -> Literal["numeric", "categorical"]:
        """Whether the values are numbers or levels."""
        return "numeric" if np.asarray(self.values).dtype.kind == "f" else "categorical"

    @property
    def n(self) -> float:
        """Accounts in all."""
        return float(np.sum(self.n_event) + np.sum(self.n_nonevent))

    @property
    def other_share(self) -> float:
        """Share of the accounts in levels that `values` does not name."""
        if self.is_other is None:
            return 0.0
        accounts = np.asarray(self.n_event) + np.asarray(self.n_nonevent)
        return float(accounts[np.asarray(self.is_other)].sum() / (self.n or 1.0))

    def _read_others(self) -> None:
        """Check the entries for other levels, and make the values those of levels."""
        mask = np.asarray(self.is_other)
        values = np.asarray(self.values).astype(object)
        if mask.shape != values.shape or mask.dtype.kind != "b":
            msg = (
                f"is_other must hold one bool for each of the {values.size} values; "
                f"got {mask.dtype} of shape {mask.shape}."
            )
            raise InvalidInputError(msg)
        is_known = np.array([not is_missing(v) for v in values.tolist()], dtype=bool)
        if (is_known & mask).any() or (self.kind == "numeric" and is_known.any()):
            n_wrong = int(np.count_nonzero(is_known & mask))
            msg = (
                "is_other is for levels, where its entries have the value None; got "
                f"values of kind {self.kind}, {n_wrong} of them in such an entry."
            )
            raise InvalidInputError(msg)
        values[~is_known] = None
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "is_other", mask)


def check_others(counts: Mapping[str, FeatureCounts], unseen: str) -> None:
    """Raise where levels without a name would be scored other than they count."""
    if unseen == "missing":
        return
    for name, own in counts.items():
        if own.other_share:
            msg = (
                f"Feature {name!r} has too many levels to count all by name; those "
                f"without one hold {own.other_share:.1%} of the accounts. They can be "
                f"binned with unseen='missing', as they will be scored; got {unseen!r}."
                " Say unseen='missing', group the levels, count with more max_levels, "
                "or leave the feature out."
            )
            raise InvalidParameterError(msg)


def samples_of_counts(
    counts: Mapping[str, FeatureCounts], classes: Any, period: str | None
) -> dict[str, Training]:
    """Return rows with weights that stand for the counts of each feature.

    A weight of 2 equals the row twice, all through: what is fitted to these rows is
    what is fitted to the accounts.
    """
    if not counts or not all(isinstance(c, FeatureCounts) for c in counts.values()):
        msg = (
            "counts must map at least one feature to FeatureCounts; got "
            f"{len(counts)} entries of other types or none at all."
        )
        raise InvalidTypeError(msg)
    labels = np.asarray(classes)
    if labels.shape != (2,) or labels[0] == labels[1]:
        msg = "classes must be the non-event label and the event label, in that order."
        raise InvalidParameterError(msg)
    samples = {name: _sample(name, own, labels, period) for name, own in counts.items()}
    _check_totals(samples)
    return samples


@contextmanager
def each_warning_once() -> Iterator[None]:
    """Warn once of what is found again for each of the features."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text, category in dict.fromkeys((str(w.message), w.category) for w in caught):
        warnings.warn(text, category, stacklevel=4)


def on_bands(
    found: Mapping[str, FeaturePartition], counts: Mapping[str, FeatureCounts]
) -> dict[str, FeaturePartition]:
    """Move edges of banded features down to the end of the band before them.

    The search puts an edge in the middle between two values; between the ends of two
    bands it would lie inside the second.
    """
    moved = dict(found)
    for name, part in found.items():
        if counts[name].banded and part.feature.edges:
            ends = np.unique(_observed(counts[name]))
            at = np.searchsorted(ends, part.feature.edges, side="right") - 1
            edges = tuple(ends[np.maximum(at, 0)].tolist())
            moved[name] = replace(part, feature=replace(part.feature, edges=edges))
    return moved


def check_splits(
    word: str,
    splits: Mapping[str, ArrayLike] | None,
    counts: Mapping[str, FeatureCounts],
) -> None:
    """Raise where an edge is given that lies inside a band."""
    for name, edges in (splits or {}).items():
        if name in counts and counts[name].banded:
            n_inside = np.count_nonzero(~np.isin(edges, _observed(counts[name])))
            if n_inside:
                msg = (
                    f"{word}[{name!r}] must lie between bands, because the feature is "
                    f"counted in bands of values; {n_inside} edges do not. Count it "
                    "with a larger max_values, or give ends of bands."
                )
                raise InvalidParameterError(msg)


def check_bands(
    found: Mapping[str, FeaturePartition], counts: Mapping[str, FeatureCounts]
) -> None:
    """Raise where an edge or a special code lies inside a band."""
    for name, part in found.items():
        if not counts[name].banded:
            continue
        edges, ends = np.array(part.feature.edges), np.unique(_observed(counts[name]))
        n_inside = int(np.count_nonzero(~np.isin(edges, ends)))
        codes = [code for group in part.feature.special for code in group.codes]
        n_hidden = int(np.count_nonzero(~np.isin(codes, counts[name].exact)))
        if n_inside or n_hidden:
            msg = (
                f"Feature {name!r} is counted in bands of values, so that its edges "
                "must lie between bands and its special codes must be counted apart; "
                f"{n_inside} edges and {n_hidden} codes do not. Count it with a larger "
                "max_values, and with special_codes."
            )
            raise InvalidParameterError(msg)


def _observed(counts: FeatureCounts) -> FloatArray:
    values = np.asarray(counts.values, dtype=np.float64)
    return values[~np.isnan(values) & ~np.isin(values, counts.exact)]


def _read_values(values: ArrayLike) -> NDArray[Any]:
    given = np.asarray(values, dtype=None if hasattr(values, "dtype") else object)
    if given.ndim != 1:
        msg = f"values must be one-dimensional; got shape {given.shape}."
        raise InvalidInputError(msg)
    if given.dtype.kind in "biuf":
        return given.astype(np.float64)
    keys = [level_key(value) for value in given.tolist()]
    if any(isinstance(value, str) for value in given.tolist()):
        return np.array(keys, dtype=object)
    return np.array([np.nan if k is None else float(k) for k in keys])


def _sample(
    name: str, own: FeatureCounts, classes: NDArray[Any], period: str | None
) -> Training:
    event, nonevent = np.asarray(own.n_event), np.asarray(own.n_nonevent)
    rows = np.concatenate([np.flatnonzero(nonevent > 0), np.flatnonzero(event > 0)])
    n_nonevent = int(np.count_nonzero(nonevent > 0))
    is_event = np.arange(rows.size) >= n_nonevent
    weight = np.where(is_event, event[rows], nonevent[rows])
    names, columns = (name,), (np.asarray(own.values)[rows],)
    if period is not None:
        if own.period is None:
            msg = (
                f"stable_over={period!r} needs the counts of every period; those of "
                f"{name!r} have none. Count with period={period!r}."
            )
            raise InvalidParameterError(msg)
        periods = np.asarray(own.period, dtype=object)[rows]
        names, columns = (name, period), (*columns, periods)
    return Training(Table(names, columns, rows.size), is_event, weight, classes)


def _check_totals(samples: Mapping[str, Training]) -> None:
    first, *others = samples
    n_event = samples[first].n_events
    n_rows = samples[first].n_rows
    if not 0 < n_event < n_rows:
        msg = (
            "The counts must hold events and non-events; got "
            f"{n_event:g} events among {n_rows:g} accounts."
        )
        raise InvalidTargetError(msg)
    for name in others:
        if (samples[name].n_events, samples[name].n_rows) != (n_event, n_rows):
            msg = (
                "Every feature must count the same accounts; "
                f"{first!r} has {n_rows:g} of them with {n_event:g} events, {name!r} "
                f"{samples[name].n_rows:g} with {samples[name].n_events:g}. Count "
                "missing values too."
            )
            raise InvalidInputError(msg)
