"""Files and folders that are written whole or not at all; standard library only.

Everything is first written beside its place, under a name that begins with a dot, and
takes its place by renaming. Whatever goes wrong before, nothing is left behind.
"""

from __future__ import annotations

import errno
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from riskkit.exceptions import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

__all__ = ["check_file", "check_folder", "whole_file", "whole_folder"]

# What the place does to a writer, as opposed to a mistake of the writer.
_PLACE_ERRORS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


def check_file(path: str | PathLike[str], *, overwrite: bool) -> Path:
    """Raise unless a file may be written at `path`; return where it will stand."""
    path = Path(path)
    if path.is_dir():
        msg = f"A file name was expected; {str(path)!r} is a folder."
        raise OutputError(msg)
    if path.exists() and not overwrite:
        msg = (
            f"{str(path)!r} exists already. Name another file, or replace it with "
            "overwrite=True (--overwrite)."
        )
        raise OutputError(msg)
    _existing_folder(path.parent)
    return path


def check_folder(
    path: str | PathLike[str], names: Sequence[str], *, overwrite: bool
) -> Path:
    """Raise unless the files `names` may be written into the folder `path`."""
    path = Path(path)
    if not path.is_dir():
        _existing_folder(path)
        return path
    present = [name for name in names if (path / name).exists()]
    folders = [name for name in present if (path / name).is_dir()]
    if folders:
        msg = (
            f"The folder {str(path)!r} holds a folder where the file {folders[0]!r} "
            "must stand. Name another folder."
        )
        raise OutputError(msg)
    if present and not overwrite:
        msg = (
            f"The folder {str(path)!r} holds {', '.join(present)} already. Name "
            "another folder, or replace these files with overwrite=True (--overwrite)."
        )
        raise OutputError(msg)
    return path


@contextmanager
def whole_file(path: str | PathLike[str], *, overwrite: bool) -> Iterator[Path]:
    """Give a name to write to; afterwards the file stands at `path`.

    The name ends as `path` does. Folders above are made where they are missing.
    """
    path = check_file(path, overwrite=overwrite)
    with _stage_in(path.parent) as stage:
        staged = stage / path.name
        yield staged
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(path)


@contextmanager
def whole_folder(
    path: str | PathLike[str], names: Sequence[str], *, overwrite: bool
) -> Iterator[Path]:
    """Give a folder to write to; afterwards its files stand in the folder `path`.

    `names` are all files that may be written. A new folder appears in one step. In a
    folder that is there already the files are replaced one by one; those of `names`
    that were not written anew are removed, and no other file is touched.
    """
    path = check_folder(path, names, overwrite=overwrite).resolve()
    with _stage_in(path) as stage:
        files = stage / "files"
        files.mkdir()
        yield files
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.rename(path)
            return
        written = sorted(file.name for file in files.iterdir())
        for name in written:
            (files / name).replace(path / name)
        for name in names:
            if name not in written:
                (path / name).unlink(missing_ok=True)


@contextmanager
def _stage_in(folder: Path) -> Iterator[Path]:
    """Make a folder in `folder`, or above where it is missing, and remove it later."""
    stage = _existing_folder(folder) / f".riskkit-{secrets.token_hex(6)}"
    try:
        stage.mkdir()
    except OSError as error:
        msg = (
            f"Cannot write into {str(folder)!r}: {error.strerror}. Name another place."
        )
        raise OutputError(msg) from error
    try:
        yield stage
    except OSError as error:
        if isinstance(error, OutputError) or error.errno not in _PLACE_ERRORS:
            raise
        msg = f"Cannot write into {str(folder)!r}: {error.strerror}."
        raise OutputError(msg) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _existing_folder(folder: Path) -> Path:
    """Return the nearest folder upwards that is there, or raise."""
    for place in (folder, *folder.absolute().parents):
        try:
            if place.is_dir():
                return place
            if place.exists() or place.is_symlink():
                break
        except OSError as error:
            msg = f"Cannot write into {str(folder)!r}: {error.strerror}."
            raise OutputError(msg) from error
    msg = f"Cannot write into {str(folder)!r}: {str(place)!r} is not a folder."
    raise OutputError(msg)
