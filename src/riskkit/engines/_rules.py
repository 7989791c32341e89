"""What is counted and how finely: equal rules are what makes counts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from riskkit._core.params import check_int
from riskkit.exceptions import InvalidParameterError

__all__ = ["CountRules", "read_rules"]

_LEAST_VALUES = 100  # coarser than percentiles, no bins of 5 % can be placed well


@dataclass(frozen=True)
class CountRules:
    """The features, the limits, the labels, and the codes that are counted apart."""

    features: tuple[str, ...]
    max_values: int
    max_levels: int
    classes: tuple[Any, Any]
    codes: tuple[tuple[str, tuple[float, ...]], ...]

    @property
    def limits(self) -> dict[str, int]:
        """The limits by name."""
        return {"max_values": self.max_values, "max_levels": self.max_levels}

    def codes_of(self, name: str) -> tuple[float, ...]:
        """Return the numbers of a feature that are counted apart."""
        return dict(self.codes)[name]


def read_rules(
    features: Sequence[str],
    special_codes: Any,
    classes: Any,
    max_values: int,
    max_levels: int,
) -> CountRules:
    """Check what was asked for."""
    check_int("max_values", max_values, low=_LEAST_VALUES)
    check_int("max_levels", max_levels, low=1)
    labels = np.asarray(classes)
    if labels.shape != (2,) or labels[0] == labels[1]:
        msg = "classes must be the non-event label and the event label, in that order."
        raise InvalidParameterError(msg)
    by_feature: Mapping[str, Any] = (
        special_codes
        if isinstance(special_codes, Mapping)
        else dict.fromkeys(features, special_codes)
    )
    for name in by_feature:
        if name not in features:
            msg = f"special_codes names {name!r}, which is no feature."
            raise InvalidParameterError(msg)
    codes = tuple((name, _numbers(by_feature.get(name))) for name in features)
    first, second = labels.tolist()
    return CountRules(
        tuple(features), int(max_values), int(max_levels), (first, second), codes
    )


def _numbers(given: Any) -> tuple[float, ...]:
    """Return the finite numbers among codes, groups of them and labelled groups."""
    if given is None or isinstance(given, str):
        return ()
    if isinstance(given, Mapping):
        given = list(given.values())
    if not isinstance(given, Sequence | np.ndarray):
        given = [given]
    found: set[float] = set()
    for member in given:
        if isinstance(member, Real):
            if np.isfinite(float(member)):
                found.add(float(member) + 0.0)
        elif not isinstance(member, str):
            found.update(_numbers(list(member)))
    return tuple(sorted(found))
