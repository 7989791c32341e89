"""A limit policy as plain data, checked; standard library only.

What somebody in a band may have at most is the least of the band's own limit, its
multiple of the income less what is owed already, its cap on all that is owed less
what is owed already, and what was asked for; never below 0, and rounded down.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit._core.levels import level_key
from riskkit._core.params import check_option, check_real, did_you_mean
from riskkit.artifact._strategy_bands import ScoreBandsSpec, read_ends
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskkit.artifact._strategy_conditions import Kind

__all__ = ["LIMITED_BY", "ROUNDING", "LimitBandSpec", "LimitSpec", "read_limits"]

# What can hold a limit down; the first of equals is named.
LIMITED_BY = ("band", "income", "exposure", "requested", "minimum", "unknown")
# Of a step: 0.3 is three steps of 0.1, though not in binary arithmetic.
ROUNDING = 1e-9
_AMOUNTS = ("limit", "income_multiple", "exposure_cap", "price")
_BAND_KEYS = ("name", "from", "to", "levels", *_AMOUNTS)


@dataclass(frozen=True, slots=True)
class LimitBandSpec:
    """The caps and the price of a band of limits; None where there is none.

    Parameters
    ----------
    name : str
        What reports call the band.

    levels : tuple of str
        Levels of a grade in the band; empty for a band of a score.

    limit : float
        Most that is granted.

    income_multiple, exposure_cap : float or None
        Multiple of the income, and cap on all that is owed.

    price : float or None
        Price, such as a yearly rate.
    """

    name: str
    levels: tuple[str, ...]
    limit: float
    income_multiple: float | None
    exposure_cap: float | None
    price: float | None


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """Limits and prices as checked plain data: bands, columns, and what rounds.

    Parameters
    ----------
    by : str
        Column with the score or the grade.

    bands : tuple of LimitBandSpec
        The bands, those of a score best first.

    score_bands : ScoreBandsSpec or None
        Where the bands of a score end; None for bands of levels.

    income, exposure, requested : str or None
        Columns with the income, with what is owed, and with what was asked for.

    round_to, minimum, unknown : float
        What limits are multiples of; the least that is granted; and the limit where a
        value is missing.

    See Also
    --------
    riskkit.decision.LimitPolicy : Makes one, and says what the numbers mean.
    grant_record, grant_rows : What is granted.
    """

    by: str
    bands: tuple[LimitBandSpec, ...]
    score_bands: ScoreBandsSpec | None
    income: str | None
    exposure: str | None
    requested: str | None
    round_to: float
    minimum: float
    unknown: float

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind of each column that the policy reads, by name."""
        kinds: dict[str, Kind] = {
            self.by: "categorical" if self.score_bands is None else "numeric"
        }
        for name in (self.income, self.exposure, self.requested):
            if name is not None:
                kinds[name] = "numeric"
        return kinds

    @property
    def fields(self) -> tuple[str, ...]:
        """Columns that the policy reads."""
        return tuple(self.kinds)

    def band_of_level(self, level: str | None) -> int:
        """Return the position of the band of a level, -1 if none holds it."""
        held = [k for k, band in enumerate(self.bands) if level in band.levels]
        return held[0] if held else -1

    def grant(self, place: int, read: Callable[[str], float]) -> tuple[float, int]:
        """Return the limit in a band, and what holds it down.

        `read` gives the number of a column, NaN where nothing is known.
        """
        if place < 0:
            return self._floor(self.unknown), LIMITED_BY.index("unknown")
        band = self.bands[place]
        owed = 0.0 if self.exposure is None else read(self.exposure)
        caps = [(band.limit, 0)]
        if band.income_multiple is not None and self.income is not None:
            caps.append((band.income_multiple * read(self.income) - owed, 1))
        if band.exposure_cap is not None:
            caps.append((band.exposure_cap - owed, 2))
        if self.requested is not None:
            caps.append((read(self.requested), 3))
        if any(math.isnan(cap) for cap, _ in caps):
            return self._floor(self.unknown), LIMITED_BY.index("unknown")
        least, by = min(caps)
        amount = self._floor(max(least, 0.0))
        if amount < self.minimum:
            return 0.0, LIMITED_BY.index("minimum")
        return amount, by

    def _floor(self, amount: float) -> float:
        return math.floor(amount / self.round_to + ROUNDING) * self.round_to

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data."""
        plain: dict[str, Any] = {"by": self.by}
        if self.score_bands is not None:
            plain["best"] = self.score_bands.best
        plain["bands"] = [self._band_dict(k) for k in range(len(self.bands))]
        for key in ("income", "exposure", "requested"):
            if getattr(self, key) is not None:
                plain[key] = getattr(self, key)
        return plain | {
            "round_to": self.round_to,
            "minimum": self.minimum,
            "unknown": self.unknown,
        }

    def _band_dict(self, place: int) -> dict[str, Any]:
        band = self.bands[place]
        plain: dict[str, Any] = {"name": band.name}
        if self.score_bands is None:
            plain["levels"] = list(band.levels)
        else:
            low, high = self.score_bands.ends(place)
            plain |= {} if low is None else {"from": low}
            plain |= {} if high is None else {"to": high}
        amounts = {key: getattr(band, key) for key in _AMOUNTS}
        return plain | {key: v for key, v in amounts.items() if v is not None}


def read_limits(
    bands: Any,
    *,
    by: str,
    best: str,
    income: str | None,
    exposure: str | None,
    requested: str | None,
    round_to: float,
    minimum: float,
    unknown: float,
) -> LimitSpec:
    """Return the limit policy that plain data stands for.

    Parameters
    ----------
    bands : sequence of dict
        As :class:`riskkit.decision.LimitPolicy` takes them.

    by, best : str
        As :class:`riskkit.decision.LimitPolicy` takes them.

    income, exposure, requested : str or None
        Columns, where there are any.

    round_to, minimum, unknown : float
        As :class:`riskkit.decision.LimitPolicy` takes them.

    Returns
    -------
    spec : LimitSpec
        The policy, checked.

    Raises
    ------
    InvalidParameterError
        If a value is outside its domain, or bands leave a hole or overlap.

    Examples
    --------
    >>> from riskkit.artifact import read_limits
    >>> spec = read_limits(
    ...     [{"levels": ["A", "B"], "limit": 500}], by="grade", best="high",
    ...     income=None, exposure=None, requested=None, round_to=1.0, minimum=0.0,
    ...     unknown=0.0)
    >>> spec.kinds
    {'grade': 'categorical'}
    """
    for name, column in (("by", by), ("income", income), ("exposure", exposure),
                         ("requested", requested)):  # fmt: skip
        wanted = column is not None or name == "by"
        if wanted and (not isinstance(column, str) or not column):
            msg = f"{name} must be the name of a column; got {column!r}."
            raise InvalidParameterError(msg)
    check_option("best", best, ("high", "low"))
    for name, amount in (("minimum", minimum), ("unknown", unknown)):
        check_real(name, amount, low=0.0)
    check_real("round_to", round_to)
    if round_to <= 0:
        msg = f"round_to must be above 0; got {round_to!r}. Give 1 for whole amounts."
        raise InvalidParameterError(msg)
    given = _read_bands(bands)
    by_levels = ["levels" in band for band in given]
    if any(by_levels) != all(by_levels):
        msg = "Bands must all hold 'levels', or all 'from' and 'to'; got both kinds."
        raise InvalidParameterError(msg)
    score_bands, order = None, list(range(len(given)))
    if not any(by_levels):
        score_bands, order = read_ends(given, by, best)
    labels = score_bands.labels() if score_bands is not None else ("",) * len(given)
    read = tuple(
        _read_band(given[k], label, income=income, exposure=exposure)
        for k, label in zip(order, labels, strict=True)
    )
    _check_distinct([lv for band in read for lv in band.levels], "level")
    _check_distinct([band.name for band in read], "name")
    if score_bands is None and by in (income, exposure, requested):
        msg = f"{by!r} is a grade for the bands and an amount too. Name another column."
        raise InvalidParameterError(msg)
    return LimitSpec(
        by, read, score_bands, income, exposure, requested,
        float(round_to), float(minimum), float(unknown),
    )  # fmt: skip


def _read_bands(bands: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(bands, str | Mapping) or not isinstance(bands, Sequence) or not bands:
        msg = "bands must be a sequence of at least one band; got something else."
        raise InvalidParameterError(msg)
    for number, band in enumerate(bands, 1):
        if not isinstance(band, Mapping) or "limit" not in band:
            msg = (
                f"Band {number} must be like {{'from': 600, 'limit': 5000}}, or with "
                "'levels' instead of 'from' and 'to'; got something else."
            )
            raise InvalidParameterError(msg)
        for key in band:
            if key not in _BAND_KEYS:
                hint = did_you_mean(key, _BAND_KEYS)
                msg = f"Band {number} may hold {', '.join(_BAND_KEYS)}; got {key!r}."
                raise InvalidParameterError(msg + hint)
        if "levels" in band and {"from", "to"} & set(band):
            msg = f"Band {number} must hold 'levels' or ends, not both; got both."
            raise InvalidParameterError(msg)
    return bands


def _read_band(
    plain: Mapping[str, Any], label: str, *, income: str | None, exposure: str | None
) -> LimitBandSpec:
    levels = plain.get("levels", ())
    if isinstance(levels, str) or not isinstance(levels, Sequence):
        msg = f"'levels' of a band must be a list; got {type(levels).__name__}."
        raise InvalidParameterError(msg)
    keys = tuple(level_key(level) for level in levels)
    if None in keys or ("levels" in plain and not keys):
        msg = "'levels' of a band must hold levels; one is missing or there is none."
        raise InvalidParameterError(msg)
    name = plain.get("name", label or ", ".join(map(str, keys)))
    if not isinstance(name, str) or not name:
        msg = f"The name of a band must be a text; got {name!r}."
        raise InvalidParameterError(msg)
    amounts: dict[str, Any] = {key: plain.get(key) for key in _AMOUNTS}
    for key, amount in amounts.items():
        check_real(f"{key!r} of band {name!r}", amount, low=0.0, none_allowed=True)
    needs = (
        ("income_multiple", "income", income),
        ("exposure_cap", "exposure", exposure),
    )
    for key, parameter, column in needs:
        if amounts[key] is not None and column is None:
            msg = (
                f"{key!r} of band {name!r} needs the column it speaks of; {parameter} "
                "names none."
            )
            raise InvalidParameterError(msg)
    numbers = {key: None if v is None else float(v) for key, v in amounts.items()}
    if numbers["limit"] is None:
        msg = f"'limit' of band {name!r} must be a number >= 0; got None."
        raise InvalidParameterError(msg)
    kept = tuple(key for key in keys if key is not None)
    return LimitBandSpec(name, kept, **numbers)  # type: ignore[arg-type]  # limit is there


def _check_distinct(words: Sequence[str], what: str) -> None:
    twice = [word for word, n in Counter(words).items() if n > 1]
    if twice:
        msg = f"Bands must not share a {what}; {twice[0]!r} stands in two."
        raise InvalidParameterError(msg)
