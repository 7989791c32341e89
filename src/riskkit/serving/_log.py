"""A log of decisions that only grows, and tells if anybody has changed it."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskkit.exceptions import InvalidParameterError, OutputError
from riskkit.serving._log_lines import (
    START,
    LogEntry,
    encode_line,
    hash_plain,
    plain_record,
    read_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import BinaryIO, Self

    from riskkit.serving._result import ScoreResult
    from riskkit.serving._shadow import ShadowEntry

__all__ = ["DecisionLog"]

_TAIL = 1 << 16  # bytes read at a time, from the end, to find the last line


class DecisionLog:
    """Appends what was answered to a file of JSON lines, chained by hashes.

    Parameters
    ----------
    path : str or path
        The file; it goes on where it ends. One process at a time may write to it.

    keep_records : bool, default=False
        Whether records are written too, values and all: needed to replay them from the
        log alone. By default only a hash of each is.

    secret : bytes or None, default=None
        Key of the hashes of records (HMAC). Without one, whoever has the log can
        confirm a guess of a record, and records with few possible values can be
        guessed: give one wherever the log leaves the service.

    fsync : bool, default=True
        Whether each line is on the disk when :meth:`append` returns. Without it the
        system has the line: it outlives the process, killed or not, but not a loss of
        power.

    Attributes
    ----------
    n_entries : int
        Lines in the log.

    n_bytes_cut : int
        Bytes of a half-written last line, of a process that was killed while writing,
        which were cut off when the log was opened. Nobody was told that it was written.

    Raises
    ------
    OutputError
        If the file cannot be written to, or another process has it open.
    InvalidInputError
        If the last line is not one of such a log.
    InvalidParameterError
        If `secret` is no bytes.

    See Also
    --------
    read_log : Reads it back, and checks the chain.
    replay_log : Scores its records again.

    Notes
    -----
    A line holds the hash of the line before it and its own, so that a line that was
    changed, dropped, or put elsewhere breaks the chain from there on. Lines cut off at
    the end do not: keep the last hash elsewhere, now and then, to tell.

    Threads may share a log; lines are written one after the other.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.serving import DecisionLog, ScoreResult, read_log
    >>> result = ScoreResult(0.25, 540.0, -1.1, (), "9f86d081884c")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "decisions.jsonl"
    ...     with DecisionLog(path) as log:
    ...         _ = log.append({"income": 1000.0}, result, key="A-17")
    ...     entries = list(read_log(path))
    >>> entries[0].key, entries[0].answer["pd"], entries[0].record is None
    ('A-17', 0.25, True)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        keep_records: bool = False,
        secret: bytes | None = None,
        fsync: bool = True,
    ) -> None:
        if secret is not None and not isinstance(secret, bytes):
            msg = f"secret must be bytes or None; got {type(secret).__name__}."
            raise InvalidParameterError(msg)
        self._path = Path(path)
        self._keep_records, self._secret, self._fsync = keep_records, secret, fsync
        self._lock = threading.Lock()
        try:
            self._file: BinaryIO = self._path.open("a+b", buffering=0)
        except OSError as error:
            msg = f"The log cannot be written to {self._path}: {error.strerror}."
            raise OutputError(msg) from error
        try:
            _claim(self._file, self._path)
            self.n_bytes_cut = _cut_half_line(self._file)
            last = _last_line(self._file)
            self.n_entries, self._hash = 0, START
            if last:
                entry = read_line(last, "the last line")
                self.n_entries, self._hash = entry.number + 1, entry.hash
        except BaseException:
            self._file.close()
            raise

    def append(
        self, record: Mapping[str, Any], result: ScoreResult, *, key: str = ""
    ) -> LogEntry:
        """Write what was answered to one record.

        Parameters
        ----------
        record : mapping of str to object
            The record that was scored.

        result : ScoreResult
            The answer.

        key : str, default=""
            What the caller calls the application: an id, never a name.

        Returns
        -------
        entry : LogEntry
            The line, which has been written when it is returned.

        Raises
        ------
        OutputError
            If the line cannot be written whole; the log is then closed.
        InvalidInputError
            If the record holds what is no plain data.
        """
        kept = plain_record(record)
        return self._append(
            "decision",
            key,
            hash_plain(kept, self._secret),
            kept if self._keep_records else None,
            result.to_dict(),
        )

    def append_shadow(self, entry: ShadowEntry) -> LogEntry:
        """Write what champion and challenger said, for :meth:`Scorer.with_shadow`.

        Parameters
        ----------
        entry : ShadowEntry
            What both said.

        Returns
        -------
        entry : LogEntry
            The line, which has been written when it is returned.

        Raises
        ------
        OutputError
            If the line cannot be written whole; the log is then closed.
        """
        return self._append("shadow", "", "", None, entry.to_dict())

    def close(self) -> None:
        """Close the file; appending is an error afterwards."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<DecisionLog of {self.n_entries:,} entries in {self._path.name!r}>"

    def _append(
        self,
        kind: str,
        key: str,
        record_hash: str,
        record: dict[str, Any] | None,
        answer: dict[str, Any],
    ) -> LogEntry:
        with self._lock:
            content: dict[str, Any] = {
                "number": self.n_entries,
                "at": datetime.now(UTC).isoformat(),
                "kind": kind,
                "key": key,
                "record_hash": record_hash,
                "record": record,
                "answer": answer,
                "before": self._hash,
            }
            line, digest = encode_line(content)
            self._write(line)
            self.n_entries, self._hash = self.n_entries + 1, digest
        return LogEntry(**content, hash=digest)

    def _write(self, line: bytes) -> None:
        try:
            written = self._file.write(line)
            if written != len(line):
                # Half a line would spoil the next one; the next opening cuts it off.
                self._file.close()
                msg = f"The log at {self._path} took half a line; is the disk full?"
                raise OutputError(msg)
            if self._fsync:
                os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:
            self._file.close()
            if isinstance(error, OutputError):
                raise
            reason = getattr(error, "strerror", None) or "it is closed"
            msg = (
                f"The log at {self._path} cannot be written to: {reason}. Open it anew."
            )
            raise OutputError(msg) from error


def _claim(file: BinaryIO, path: Path) -> None:
    """Keep other processes from writing to the file; the system lets go of it."""
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        msg = (
            f"The log at {path} is being written to by somebody else. Give each "
            "process a log of its own."
        )
        raise OutputError(msg) from error


def _cut_half_line(file: BinaryIO) -> int:
    """Cut off what follows the last line end; return how many bytes that was."""
    size = file.seek(0, os.SEEK_END)
    end = size
    while end:
        start = max(0, end - _TAIL)
        file.seek(start)
        place = file.read(end - start).rfind(b"\n")
        if place >= 0:
            end = start + place + 1
            break
        end = start
    if end < size:
        file.truncate(end)
        os.fsync(file.fileno())
    return size - end


def _last_line(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    found, start = b"", size
    while start and b"\n" not in found[:-1]:
        step = min(_TAIL, start)
        start -= step
        file.seek(start)
        found = file.read(step) + found
    return found[:-1].rpartition(b"\n")[2] + found[-1:]
