"""Reading the members of a zip or folder that may have been made to do harm.

Nothing is extracted, no name is ever used as a path outside the folder, and at most
one byte more than a member may have is read.
"""

from __future__ import annotations

import os
import re
import stat
from typing import Protocol

from riskkit.artifact._zip import (
    DEFLATED,
    STORED,
    ZipEntry,
    ZipError,
    count_entries,
    inflate,
    zip_entries,
)
from riskkit.exceptions import ArtifactError, InvalidTypeError

__all__ = ["LIMITS", "MAX_FILE", "Members", "open_members"]

# What an artifact may hold, in bytes.
ARRAYS = "detector.bin"
GOLDEN = "golden.json"
SIGNATURE = "signature.json"
STRATEGY = "strategy.json"
TREES = "trees.bin"
LIMITS = {
    "manifest.json": 1 << 20,
    "model.json": 16 << 20,
    "pd_map.json": 16 << 20,
    "baseline.json": 16 << 20,
    "schema.json": 4 << 20,
    "trees.bin": 60 << 20,
    "strategy.json": 1 << 20,
    "detector.bin": 60 << 20,
    "golden.json": 4 << 20,
    "signature.json": 4096,
}
MAX_FILE = 64 << 20
MAX_MEMBERS = 16

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9]+")
_ZIP64 = b"\x01\x00"  # how an extra field with 8-byte sizes begins
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Members(Protocol):
    """The members of a container, by name."""

    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """Return the bytes of a member, which are no more than its limit."""


def open_members(path: str | os.PathLike[str]) -> Members:
    """Look at what lies at `path` and return its members, not yet read."""
    if not isinstance(path, (str, os.PathLike)):
        msg = f"path must be text or a path; got {type(path).__name__}."
        raise InvalidTypeError(msg)
    # By os alone: pathlib takes longer to import than a scorecard to load.
    place = os.fsdecode(path)
    try:
        mode = os.stat(place).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            return _Folder(place)
        if not stat.S_ISREG(mode):
            msg = f"An artifact is a file or a folder; {place} is neither."
            raise ArtifactError(msg)
        return _Zip(_read(place, MAX_FILE, place), place)
    except FileNotFoundError:
        from riskkit._core.near_files import near_file

        msg = f"No artifact found: nothing is at {place}.{near_file(place)}"
        raise ArtifactError(msg) from None
    except (OSError, ValueError) as error:
        if isinstance(error, ArtifactError):
            raise
        reason = getattr(error, "strerror", None) or "the path cannot be used"
        msg = f"The artifact at {place} cannot be read: {reason}."
        raise ArtifactError(msg) from error


class _Folder:
    """The files of a folder."""

    def __init__(self, place: str) -> None:
        self._place = place
        names = set()
        with os.scandir(place) as entries:
            for entry in entries:
                if not entry.is_file(follow_symlinks=False):
                    what = "link" if entry.is_symlink() else "folder or device"
                    msg = (
                        f"An artifact's folder holds plain files only; "
                        f"{entry.name[:60]!r} is a {what}. Remove it."
                    )
                    raise ArtifactError(msg)
                names.add(_checked(entry.name))
                _check_number(len(names))
        self.names = frozenset(names)

    def read(self, name: str) -> bytes:
        try:
            path = os.path.join(self._place, name)  # noqa: PTH118
            return _read(path, LIMITS[name], name, os.O_RDONLY | _NO_LINK)
        except OSError as error:
            msg = f"{name} cannot be read: {error.strerror}."
            raise ArtifactError(msg) from error


class _Zip:
    """The members of a zip held in memory."""

    def __init__(self, raw: bytes, place: str) -> None:
        if not raw.startswith(b"PK\x03\x04"):
            msg = (
                f"An artifact is a zip of JSON members, or a folder of them; {place} "
                f"is {_describe(raw)}. Save the model with riskkit.export."
                "save_artifact."
            )
            raise ArtifactError(msg)
        n_members = count_entries(raw)
        if n_members is None:
            msg = (
                "The zip must end with its directory; this one is cut off, has "
                "something added, or is of another kind. Copy or save the artifact "
                "again."
            )
            raise ArtifactError(msg)
        _check_number(n_members)
        self._raw = raw
        self._entries: dict[str, ZipEntry] = {}
        try:
            for entry in zip_entries(raw):
                name = _checked(entry.name)
                _check_entry(entry)
                if name in self._entries:
                    msg = f"The member {name} must stand once; the zip holds it twice."
                    raise ArtifactError(msg)
                self._entries[name] = entry
        except ZipError as error:
            raise _damaged(place) from error
        self.names = frozenset(self._entries)

    def read(self, name: str) -> bytes:
        limit = LIMITS[name]
        entry = self._entries[name]
        if entry.size > limit:
            raise _too_large(name, limit)
        try:
            return inflate(self._raw, entry)
        except ZipError as error:
            raise _damaged(name) from error


def _read(place: str, limit: int, name: str, flags: int = os.O_RDONLY) -> bytes:
    """Return the bytes of a file unless there are more than `limit`."""
    descriptor = os.open(place, flags | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise _too_large(name, limit)
    return raw


def _checked(name: str) -> str:
    """Return the name if it is that of a file in no folder."""
    if len(name) > 60 or not _NAME.fullmatch(name):
        msg = (
            "A member's name must be plain, like model.json, and in no folder; got "
            f"{name[:60]!r}. The file was not written by riskkit; do not trust it."
        )
        raise ArtifactError(msg)
    return name


def _check_number(n_members: int) -> None:
    if n_members > MAX_MEMBERS:
        msg = f"An artifact holds at most {MAX_MEMBERS} members; this one holds more."
        raise ArtifactError(msg)


def _check_entry(entry: ZipEntry) -> None:
    if entry.mode and not stat.S_ISREG(entry.mode) and stat.S_IFMT(entry.mode):
        odd = "a link, folder or device"
    elif entry.flags & 0x1:
        odd = "encrypted"
    elif entry.method not in {STORED, DEFLATED}:
        odd = "compressed in another way"
    elif entry.extra.startswith(_ZIP64):
        odd = "of the form for more than 4 GB"
    else:
        return
    msg = (
        f"The member {entry.name} must be a plain file, stored or deflated; it is "
        f"{odd}. The file was not written by riskkit; do not trust it."
    )
    raise ArtifactError(msg)


def _describe(raw: bytes) -> str:
    """Return what kind of file this is, as far as its first bytes tell."""
    if not raw:
        return "empty"
    if raw[0] == 0x80 or raw.startswith((b"(dp", b"ccopy_reg", b"c__")):
        return "a Python pickle, which could run code when loaded"
    if raw.startswith((b"x\x01", b"x\x9c", b"x\xda", b"\x1f\x8b", b"BZh", b"\xfd7z")):
        return "compressed data, perhaps a pickle, which could run code when loaded"
    if raw.startswith(b"PK"):
        return "an empty or damaged zip"
    return "text" if raw[:256].isascii() and b"\0" not in raw[:256] else "another file"


def _damaged(name: str) -> ArtifactError:
    return ArtifactError(f"{name} is damaged. Copy or save the artifact again.")


def _too_large(name: str, limit: int) -> ArtifactError:
    return ArtifactError(f"{name} must have at most {limit} bytes; it has more.")
