"""The entries of a zip by its own tables, and nothing that an artifact does not need.

Read here rather than by `zipfile`, which loads twenty modules and takes longer to
import than a scorecard to load, builds an object for every entry before anyone can
count them, and searches for a directory behind whatever else a file may hold. An
artifact is one directory at the very end, and before it plain members that are stored
or deflated: anything else is refused (APPNOTE.TXT 6.3, sections 4.3 and 4.4).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from riskkit._core.lean_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DEFLATED",
    "STORED",
    "ZipEntry",
    "ZipError",
    "count_entries",
    "inflate",
    "zip_entries",
]

STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")  # end of the central directory
_ENTRY = struct.Struct("<4s6H3L5H2L")  # an entry of the central directory
_LOCAL = struct.Struct("<4s5H3L2H")  # what stands before a member's bytes
_VERSION = 63  # of the format, 6.3
_SIZES_FOLLOW = 0x8  # the flag by which a local header may leave out size and CRC


class ZipError(Exception):
    """The tables of a zip contradict each other or its bytes."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A member as the directory tells of it."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    extra: bytes
    mode: int
    start: int


def count_entries(raw: bytes) -> int | None:
    """Return the number of members, or None unless the zip ends with its directory."""
    if len(raw) < _END.size:
        return None
    magic, disk, first, here, n, size, start, comment = _END.unpack(raw[-_END.size :])
    sound = (
        magic == b"PK\x05\x06"
        and (disk, first, comment) == (0, 0, 0)
        and here == n
        and start + size + _END.size == len(raw)
    )
    return int(n) if sound else None


def zip_entries(raw: bytes) -> Iterator[ZipEntry]:
    """Give the entries in turn; the zip is known to end with its directory.

    Raises
    ------
    ZipError
        If an entry is cut off, members overlap, or something stands after the last.
    """
    *_, n_entries, size, place, _ = _END.unpack(raw[-_END.size :])
    end = place + size
    spans = []
    for _ in range(n_entries):
        if place + _ENTRY.size > end:
            raise ZipError
        (
            magic, _, version, flags, method, _, _, crc, packed, full,
            n_name, n_extra, n_comment, disk, _, attributes, offset,
        ) = _ENTRY.unpack_from(raw, place)  # fmt: skip
        names = place + _ENTRY.size
        place = names + n_name + n_extra + n_comment
        if magic != b"PK\x01\x02" or version > _VERSION or disk or place > end:
            raise ZipError
        name = raw[names : names + n_name]
        extra = raw[names + n_name : names + n_name + n_extra]
        start = _data_start(raw, offset, name, (flags, method, crc, packed, full))
        spans.append((offset, start + packed))
        yield ZipEntry(
            # Names that are not ASCII come out as such and are refused by the reader.
            name.decode("ascii", "replace"), flags, method, crc, packed, full, extra,
            attributes >> 16, start,
        )  # fmt: skip
    spans.sort()
    borders = [*(begin for begin, _ in spans[1:]), end - size]
    if place != end or any(
        stop > border for (_, stop), border in zip(spans, borders, strict=False)
    ):
        raise ZipError


def inflate(raw: bytes, entry: ZipEntry) -> bytes:
    """Return the bytes of a member; never more than the directory tells of are made.

    Raises
    ------
    ZipError
        If its bytes are not those that the directory tells of.
    """
    data = raw[entry.start : entry.start + entry.packed]
    if entry.method == DEFLATED:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = stream.decompress(data, entry.size + 1)
        except zlib.error as error:
            raise ZipError from error
        if not stream.eof or stream.unused_data:
            raise ZipError
    if not _is_whole(data, entry):
        raise ZipError
    return data


def _is_whole(data: bytes, entry: ZipEntry) -> bool:
    return len(data) == entry.size and zlib.crc32(data) == entry.crc


def _data_start(
    raw: bytes, offset: int, name: bytes, told: tuple[int, int, int, int, int]
) -> int:
    """Return where a member's bytes begin; its own header must agree with `told`."""
    if offset + _LOCAL.size > len(raw):
        raise ZipError
    magic, _, flags, method, _, _, *sizes, n_name, n_extra = _LOCAL.unpack_from(
        raw, offset
    )
    names = offset + _LOCAL.size
    same = (flags, method) == told[:2] and raw[names : names + n_name] == name
    known = sizes == list(told[2:]) or flags & _SIZES_FOLLOW
    if magic != b"PK\x03\x04" or not same or not known:
        raise ZipError
    return int(names + n_name + n_extra)
