"""Edges that are given for a search: read, and held against the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["check_inside", "read_splits"]


def read_splits(
    word: str, splits: object, kinds: Mapping[str, str]
) -> dict[str, FloatArray]:
    """Return the given edges of each feature; `word` is the parameter's name."""
    if splits is None:
        return {}
    if not isinstance(splits, Mapping):
        msg = (
            f"{word} must be a mapping from feature to edges, or None; got "
            f"{type(splits).__name__}."
        )
        raise InvalidParameterError(msg)
    edges = {}
    for name, given in splits.items():
        if name not in kinds:
            hint = did_you_mean(name, kinds)
            msg = f"{word} names {name!r}, which is no feature.{hint}"
            raise InvalidParameterError(msg)
        if kinds[name] != "numeric":
            msg = (
                f"{word} is for numeric features; {name!r} is categorical. Give groups "
                "of levels to ManualBinner."
            )
            raise InvalidParameterError(msg)
        try:
            edges[name] = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            msg = f"{word}[{name!r}] must be numbers; got {given!r}."
            raise InvalidParameterError(msg) from error
        increasing = edges[name].ndim == 1 and (np.diff(edges[name]) > 0).all()
        if not increasing or not np.isfinite(edges[name]).all():
            msg = f"{word}[{name!r}] must be finite and increasing; got {given!r}."
            raise InvalidParameterError(msg)
    return edges


def check_inside(word: str, name: str, edges: FloatArray, x: FloatArray) -> None:
    """Raise unless every edge has values on both sides."""
    known = x[~np.isnan(x)]
    low, high = (known.min(), known.max()) if known.size else (np.inf, -np.inf)
    # Bins are closed on the right: an edge at the largest value separates nothing.
    outside = edges[~((low <= edges) & (edges < high))]
    if outside.size:
        shown = ", ".join(f"{edge:g}" for edge in outside[:10])
        msg = (
            f"{word}[{name!r}] must lie within the data, with values on both sides of "
            f"each edge; {outside.size} of {edges.size} do not: {shown}. Leave them "
            "out."
        )
        raise InvalidParameterError(msg)
