"""The bins of one record, feature by feature, by plain Python."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from riskkit._core.field_values import read_level, read_number, refuse_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import FeatureSpec

__all__ = ["BinReader"]

# Name, edges (None for a categorical feature), the bins of special codes or levels, the
# bin of missing values, and the bin of unseen levels or None to refuse them.
_Step = tuple[str, "tuple[float, ...] | None", dict[Any, int], int, "int | None"]


class BinReader:
    """Reads records as :func:`riskkit.artifact.assign_column` reads tables."""

    __slots__ = ("_steps",)

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        self._steps = tuple([_step(feature) for feature in features])

    def read(self, record: dict[str, Any]) -> list[int]:
        """Return the bin of each feature; KeyError if a field is absent."""
        bins = []
        for name, edges, known, missing, unseen in self._steps:
            value: Any = record[name]
            if edges is None:
                if type(value) is not str:
                    value = read_level(value, name)
                bin_ = missing if value is None else known.get(value, unseen)
                if bin_ is None:
                    refuse_level(name)
            else:
                if type(value) is not float:
                    value = read_number(value, name)
                if known and value in known:
                    bin_ = known[value]
                elif value == value:
                    bin_ = bisect_left(edges, value)
                else:
                    bin_ = missing
            bins.append(bin_)
        return bins


def _step(feature: FeatureSpec) -> _Step:
    numeric = feature.kind == "numeric"
    known: dict[Any, int] = {}
    known.update(feature.special_bins() if numeric else feature.level_bins())
    return (
        feature.name,
        feature.edges if numeric else None,
        known,
        feature.missing_bin,
        None if feature.refuse_unseen else feature.unseen_bin,
    )
