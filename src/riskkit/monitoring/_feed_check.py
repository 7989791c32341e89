"""Feeds that broke: columns that are gone, stand still, or come in another unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import columns_of
from riskkit._core.frames import level_column, numeric_column
from riskkit._core.params import check_real, did_you_mean
from riskkit._kernels.population import count_numeric
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.metrics import psi
from riskkit.monitoring._baseline import Baseline
from riskkit.monitoring._feed_result import COLUMNS, FeedResult
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from riskkit._core.frames import Table
    from riskkit.artifact import FeatureSpec
    from riskkit.typing import FloatArray

__all__ = ["check_feeds"]

_FACTORS = (10.0, 12.0, 100.0, 1000.0, 1e6)
_MOVED, _ALIKE = 0.25, 0.10  # the usual limits of the stability index
_MIN_DISTINCT = 10  # fewer values than these can come in equal numbers by chance
_REPEATED, _CHANCE = 0.99, 1e-6


def check_feeds(
    X: Any,
    baseline: Baseline,
    *,
    previous: Any = None,
    static: Collection[str] = (),
    factors: Sequence[float] = _FACTORS,
    min_n: float = 100,
) -> FeedResult:
    """Look for features whose source has broken, before anything is read into them.

    Parameters
    ----------
    X : frame, mapping of columns, or array of shape (n_rows, n_features)
        The rows of a period. Columns may be missing: that is a finding.

    baseline : Baseline
        The reference.

    previous : frame, mapping of columns, or array, default=None
        The rows of the period before. If given, features are found whose values have
        merely been delivered once more.

    static : collection of str, default=()
        Features that may repeat themselves: those of one and the same accounts that
        never change, such as a year of birth.

    factors : sequence of float, default=(10, 12, 100, 1000, 1e6)
        Ratios of units that are tried, in both directions: cents, months, thousands.

    min_n : float, default=100
        Rows below which nothing is said.

    Returns
    -------
    result : FeedResult
        One row a feature.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the rows or the baseline cannot be used.
    InvalidParameterError
        If a factor is not above 1, or `static` names no feature of the baseline.

    See Also
    --------
    StabilityMonitor : How far a population moved; missing and unseen values.
    check_scores : Whether what was logged is what the model says.

    Notes
    -----
    A feature is *constant* if all known values are one, and the reference had several;
    *rescaled* if its stability index is at least 0.25 and falls below 0.10 once the
    values are divided by one of the factors; *repeated* if at least 99 of 100 values
    stand in the period before as well, as often as here, and two samples of one
    population are far less alike: the lower tail of the chi-square of homogeneity is
    below one in a million. Of fewer than ten different values nothing is said, since
    these come in equal numbers by chance.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline, check_feeds
    >>> rng = np.random.default_rng(0)
    >>> def draw():
    ...     return {"income": rng.lognormal(8, 1, 2000), "age": rng.normal(40, 9, 2000)}
    >>> baseline, june, july = Baseline.fit(draw()), draw(), draw()
    >>> july["income"] = july["income"] * 100
    >>> july["age"] = june["age"][::-1]
    >>> check_feeds(july, baseline, previous=june).frame()[["feature", "finding"]]
      feature                                     finding
    0  income  about 100 times as large as the reference
    1     age      all values are those of the period before
    """
    if not isinstance(baseline, Baseline):
        msg = (
            f"baseline must be a Baseline; got {type(baseline).__name__}. Make one "
            "with Baseline.fit or Baseline.from_scorecard."
        )
        raise InvalidTypeError(msg)
    check_real("min_n", min_n, low=1)
    ratios = _read_factors(factors)
    spec = baseline.to_spec()
    _check_static(static, baseline.features)
    table = _read_table("X", X)
    before = None if previous is None else _read_table("previous", previous)
    reference = np.asarray(spec.reference.n)
    rows, start = [], 0
    for item in spec.features:
        feature = item.feature
        there = reference[start : start + feature.n_bins]
        start += feature.n_bins
        if feature.name not in table.names:
            rows.append(_row(feature, table.n_rows, absent=True))
            continue
        if table.n_rows < min_n:
            reason = f"there are fewer than {min_n:g} rows"
            rows.append(_row(feature, table.n_rows, reason=reason))
            continue
        found = _Look(feature, there, table.column(feature.name)).findings(ratios)
        if (
            before is not None
            and feature.name not in static
            and feature.name in before.names
            and before.n_rows >= min_n
        ):
            columns = (part.column(feature.name) for part in (before, table))
            found |= _repetition(*(_values(feature, column) for column in columns))
        rows.append(_row(feature, table.n_rows, **found))
    _, new = baseline.column_changes(X)
    return FeedResult(columns_of(rows, COLUMNS), new)


@dataclass(frozen=True)
class _Look:
    """One column beside the counts of its reference."""

    feature: FeatureSpec
    reference: FloatArray
    column: Any

    def findings(self, ratios: Sequence[float]) -> dict[str, Any]:
        values = _values(self.feature, self.column)
        several = np.count_nonzero(self.reference[: self.feature.n_regular]) > 1
        constant = several and values.size > 0 and bool((values == values[0]).all())
        found = {"constant": constant}
        if self.feature.kind == "numeric" and not constant and self.reference.any():
            found |= self._unit(ratios)
        return found

    def _unit(self, ratios: Sequence[float]) -> dict[str, Any]:
        x = numeric_column(self.column, self.feature.name)
        index = self._psi(x)
        if index < _MOVED:
            return {"psi": index}
        special = np.isin(x, [code for g in self.feature.special for code in g.codes])
        tried = {f: self._psi(np.where(special, x, x / f)) for f in ratios}
        best = min(tried, key=tried.__getitem__)
        found = {"psi": index, "psi_rescaled": tried[best]}
        return found | ({"factor": best} if tried[best] < _ALIKE else {})

    def _psi(self, x: FloatArray) -> float:
        edges = np.asarray(self.feature.edges, dtype=np.float64)
        special: Any = [group.codes for group in self.feature.special]
        counts = count_numeric(x, edges, special).astype(np.float64)
        return float(psi(self.reference, counts))


def _values(feature: FeatureSpec, column: Any) -> NDArray[Any]:
    """Return the known values: numbers that are no special code, or levels."""
    if feature.kind == "numeric":
        x = numeric_column(column, feature.name)
        codes = [code for group in feature.special for code in group.codes]
        return x[~(np.isnan(x) | np.isin(x, codes))]
    coded = level_column(column, feature.name)
    known = coded.codes[coded.codes >= 0]
    return np.asarray(coded.levels, dtype=object)[known].astype(str)


def _repetition(then: NDArray[Any], now: NDArray[Any]) -> dict[str, Any]:
    """Return the share of values that stand in both, and how odd that would be."""
    from scipy.special import chdtr

    if not (then.size and now.size):
        return {}
    both = np.concatenate([then, now])
    different, place = np.unique(both, return_inverse=True)
    if different.size < _MIN_DISTINCT:
        return {}
    counts = [
        np.bincount(part, minlength=different.size).astype(np.float64)
        for part in (place[: then.size], place[then.size :])
    ]
    total = counts[0] + counts[1]
    gap = counts[0] * now.size - counts[1] * then.size
    chi2 = float((gap**2 / total).sum()) / (then.size * now.size)
    return {
        "repeated": float(np.minimum(*counts).sum()) / now.size,
        "repeated_p_value": float(chdtr(different.size - 1.0, chi2)),
    }


def _row(
    feature: FeatureSpec,
    n: int,
    *,
    absent: bool = False,
    constant: bool = False,
    reason: str = "",
    **numbers: float,
) -> dict[str, Any]:
    row: dict[str, Any] = {name: numbers.get(name, float("nan")) for name in COLUMNS}
    # Values that never differ repeat themselves: that is one break, not two.
    stale = (
        not constant
        and row["repeated"] >= _REPEATED
        and row["repeated_p_value"] < _CHANCE
    )
    words = [
        "the column is missing" * absent,
        "one value in all rows" * bool(constant),
        _unit_words(row["factor"]),
        "all values are those of the period before" * stale,
    ]
    said = [word for word in words if word]
    return row | {
        "feature": feature.name,
        "kind": feature.kind,
        "n": n,
        "absent": absent,
        "constant": bool(constant),
        "stale": stale,
        "n_breaks": len(said),
        "finding": ", ".join(said),
        "reason": reason,
    }


def _unit_words(factor: float) -> str:
    if np.isnan(factor):
        return ""
    if factor > 1:
        return f"about {factor:,.0f} times as large as the reference"
    return f"about 1/{1 / factor:,.0f} of the reference"


def _read_table(name: str, X: Any) -> Table:
    table = read_rows(X, *[None] * 4).table
    if not table.names:
        msg = f"{name} must hold columns; got none."
        raise InvalidInputError(msg)
    return table


def _read_factors(factors: Any) -> list[float]:
    read = list(factors)
    for factor in read:
        check_real("factors", factor)
        if not 1 < factor < np.inf:
            msg = f"factors must be finite numbers above 1; got {factor!r}."
            raise InvalidParameterError(msg)
    return [ratio for factor in read for ratio in (float(factor), 1.0 / factor)]


def _check_static(static: Any, features: Collection[str]) -> None:
    if isinstance(static, str):
        msg = "static must be a collection of names; got text. Write [name]."
        raise InvalidTypeError(msg)
    for name in static:
        if name not in features:
            hint = did_you_mean(str(name), features)
            msg = f"static must name features of the baseline; got {name!r}.{hint}"
            raise InvalidParameterError(msg)
