"""What a run is made from: results, and single measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.dates import read_date
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.monitoring._warning_measurement import Measurement, SupportsMeasurements

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["collect", "day_of", "limits_of", "waiting_for"]


def collect(
    sources: Sequence[SupportsMeasurements | Measurement],
) -> list[Measurement]:
    """Return what was measured; every key comes once."""
    found: list[Measurement] = []
    for source in sources:
        if isinstance(source, Measurement):
            found.append(source)
        elif isinstance(source, SupportsMeasurements):
            found.extend(source.measurements())
        else:
            msg = (
                "A source must be a result of riskkit.monitoring, or a Measurement; "
                f"got {type(source).__name__}."
            )
            raise InvalidTypeError(msg)
    keys = [item.key for item in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        msg = (
            f"Every measure must come once in a run; got twice: {', '.join(twice[:5])}."
            " Tell them apart by `of`."
        )
        raise InvalidInputError(msg)
    return found


def day_of(sources: Sequence[Any], as_of: Any) -> np.datetime64:
    """Return the day of a run: as given, or the latest of the results."""
    if as_of is not None:
        return read_date("as_of", as_of)
    days = [s.as_of for s in sources if hasattr(s, "as_of")]
    if not days:
        msg = "as_of must be given: none of the sources has a day of its own."
        raise InvalidParameterError(msg)
    return read_date("as_of", max(days))


def limits_of(sources: Sequence[Any]) -> tuple[str, ...]:
    """Return what the results cannot see."""
    found = [
        f"{type(source).__name__}: {source.cannot_see}"
        for source in sources
        if hasattr(source, "cannot_see")
    ]
    return tuple(dict.fromkeys(found))


def waiting_for(sources: Sequence[Any]) -> tuple[str, ...]:
    """Return the cohorts that mature next."""
    found = [getattr(source, "next_maturity", None) for source in sources]
    return tuple(
        dict.fromkeys(f"{pair[0]}, mature on {pair[1]}" for pair in found if pair)
    )
