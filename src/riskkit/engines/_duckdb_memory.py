"""How much memory DuckDB takes to read Parquet files, and what to say if it has less.

A thread of DuckDB reads the compressed bytes of a row group, of the columns it is asked
for, as one block, and decodes them page by page. The rows of a batch are no part of
what it counts: they belong to Arrow. So the largest row group, the columns and the
threads tell what is needed, and fewer threads need less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import FloatArray

__all__ = ["RowGroups", "is_out_of_memory", "read_limit", "too_little"]

_UNITS = {
    **{unit: 1000.0**k for k, unit in enumerate(("b", "kb", "mb", "gb", "tb"))},
    **{unit: 1024.0**k for k, unit in enumerate(("kib", "mib", "gib", "tib"), start=1)},
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?i?B)\s*", re.IGNORECASE)
# Of DuckDB's own text, no more than these words: the rest may quote a row.
_REFUSED = re.compile(
    r"(?:could not|failed to) allocate (?:a )?(?:block|data) of size [\d.]+ \w+"
)
_SLACK = 1.15  # of the block that is read, for what stands around the columns
_PAGE_BYTES = 1 << 20  # of a column, decoded at a time, as writers cut it
_BASE_BYTES = 4 << 20  # of the statement itself


def read_limit(limit: Any) -> float:
    """Return the bytes of a limit such as ``"4GB"``.

    DuckDB itself takes a negative size for no limit at all.
    """
    match = _SIZE.fullmatch(limit) if isinstance(limit, str) else None
    n_bytes = float(match[1]) * _UNITS.get(match[2].lower(), 0.0) if match else 0.0
    if n_bytes <= 0:
        msg = (
            "memory_limit must be a size such as '4GB' or '500MB', a positive number "
            f"with its unit; got {limit!r}."
        )
        raise InvalidParameterError(msg)
    return n_bytes


@dataclass(frozen=True)
class RowGroups:
    """The sizes of all row groups of some files, one row for each of them.

    Of ``columns``, ``compressed`` are the bytes that are read at once, and ``decoded``
    those that are held beside them.
    """

    columns: tuple[str, ...]
    compressed: FloatArray
    decoded: FloatArray

    @classmethod
    def read(cls, files: Sequence[str]) -> RowGroups:
        """Return the sizes that the files tell of themselves."""
        import pyarrow.parquet as pq

        names = tuple(pq.read_schema(files[0]).names)
        place = {name: j for j, name in enumerate(names)}
        sizes: list[FloatArray] = []
        for path in files:
            metadata = pq.read_metadata(path)
            for k in range(metadata.num_row_groups):
                group, size = metadata.row_group(k), np.zeros((2, len(names)))
                for j in range(metadata.num_columns):
                    chunk = group.column(j)
                    name = chunk.path_in_schema
                    # Of a column of lists or structures, this is one of several.
                    at = place.get(name, place.get(name.split(".")[0]))
                    if at is not None:
                        whole = chunk.total_uncompressed_size
                        size[:, at] += (
                            chunk.total_compressed_size,
                            min(whole, _PAGE_BYTES),
                        )
                sizes.append(size)
        found = np.array(sizes).reshape(-1, 2, len(names))
        return cls(names, found[:, 0], found[:, 1])

    def bytes_needed(self, columns: Sequence[str]) -> float:
        """Return the bytes with which one thread surely reads these columns."""
        chosen = [j for j, name in enumerate(self.columns) if name in columns]
        groups = _SLACK * self.compressed[:, chosen] + self.decoded[:, chosen]
        return float(groups.sum(axis=1).max(initial=0.0)) + _BASE_BYTES


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether DuckDB had too little; Arrow hands on the text of it alone."""
    return "Out of Memory" in str(error)


def too_little(
    limit: str,
    columns: Sequence[str],
    *,
    needed: float | None,
    error: BaseException | None = None,
) -> InvalidParameterError:
    """Return an error that says how much would do, and what else."""
    words = None if error is None else _REFUSED.search(str(error))
    said = f" (DuckDB {words[0]})" if words else ""
    if needed is None:
        advice = (
            "Run SET memory_limit with more on its connection, or SET threads = 1; or "
            "write smaller row groups"
        )
    else:
        advice = (
            f"Say memory_limit='{_rounded(needed)}', which would do for one thread; or "
            "write files of smaller row groups"
        )
    msg = (
        f"memory_limit must hold a row group of the {len(columns)} columns that are "
        f"read; got {limit}, which is too little{said}. {advice}, or use fewer "
        "features at a time. Lower batch_rows saves memory outside DuckDB only."
    )
    return InvalidParameterError(msg)


def _rounded(n_bytes: float) -> str:
    """Return a size in whole megabytes, never less."""
    return f"{int(-(-n_bytes // 1_000_000))}MB"
