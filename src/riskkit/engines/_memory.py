"""Tables in memory, and chunks of one that come in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from riskkit._core.frames import Table, is_frame
from riskkit.engines._engine import fold_parts
from riskkit.engines._scores import score_part
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")


def open_engine(
    source: Any, options: EngineOptions, *, asked: bool
) -> TableEngine | ChunkEngine | None:
    """Take a table, a mapping of columns, an array, or chunks of any of these."""
    del asked
    if options.memory_limit is not None:
        msg = (
            "memory_limit is for an engine that holds rows of its own, duckdb; what is "
            "in memory already cannot be limited. Give smaller chunks."
        )
        raise InvalidParameterError(msg)
    if _is_table(source):
        return TableEngine(source)
    if isinstance(source, Iterable) and not isinstance(source, str | bytes):
        return ChunkEngine(source)
    return None


class TableEngine:
    """A single table."""

    is_streamed = False

    def __init__(self, source: Any) -> None:
        self._source = source
        self.columns = list(Table.read(source).names)

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Take the table as one part."""
        del columns
        return job.update(job.start(), self._source)

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a frame of the same library; of an array, one of pandas."""
        return score_part(card, self._source, keep)


class ChunkEngine:
    """Tables that come in turn; an iterator can be read once."""

    is_streamed = True

    def __init__(self, source: Iterable[Any]) -> None:
        self._is_once = isinstance(source, Iterator)
        chunks = iter(source)
        try:
            first = next(chunks)
        except StopIteration:
            msg = "source must hold at least one chunk; got none."
            raise InvalidInputError(msg) from None
        if not _is_table(first):
            msg = (
                "source must be a table or chunks of one; its first element is a "
                f"{type(first).__name__}."
            )
            raise InvalidInputError(msg)
        self._chunks: Iterable[Any] = chain([first], chunks)
        self._source = source
        self.columns = list(Table.read(first).names)

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Take the chunks in turn."""
        del columns
        return fold_parts(job, self._take())

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Iterator[Any]:
        """Yield the scores of each chunk."""
        return (score_part(card, chunk, keep) for chunk in self._take())

    def _take(self) -> Iterable[Any]:
        chunks, self._chunks = self._chunks, () if self._is_once else self._source
        return chunks


def _is_table(source: Any) -> bool:
    if isinstance(source, Mapping) or is_frame(source):
        return True
    return isinstance(source, np.ndarray) and source.ndim == 2
