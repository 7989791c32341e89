"""The decisions of a log, made again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit._core.params import check_real
from riskkit.exceptions import RiskkitError
from riskkit.serving._log_lines import hash_record, read_log, restored

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from riskkit.serving._log_lines import LogEntry
    from riskkit.serving._scorer import Scorer

__all__ = ["ReplayDifference", "ReplayResult", "replay_log"]


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """An answer that comes out otherwise than it was logged.

    Parameters
    ----------
    number : int
        Line of the log, from 0.

    key : str
        What the application is called there.

    name : str
        What differs: ``"pd"``, ``"decision"``; ``"error"`` if the record is refused.

    logged, found : object
        The answer then and now.

    Examples
    --------
    >>> from riskkit.serving import ReplayDifference
    >>> ReplayDifference(3, "A-17", "decision", "approve", "refer").found
    'refer'
    """

    number: int
    key: str
    name: str
    logged: Any
    found: Any


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What became of the decisions of a log.

    Parameters
    ----------
    n_entries : int
        Decisions in the log.

    n_replayed : int
        Those whose record was known, and which were made again.

    differences : tuple of ReplayDifference
        What came out otherwise, in the order of the log.

    See Also
    --------
    replay_log : Makes one.

    Examples
    --------
    >>> from riskkit.serving import ReplayResult
    >>> ReplayResult(3, 3, ()).is_equal
    True
    """

    n_entries: int
    n_replayed: int
    differences: tuple[ReplayDifference, ...]

    @property
    def is_equal(self) -> bool:
        """Whether every decision was made again, and came out as it was logged."""
        return self.n_replayed == self.n_entries and not self.differences

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data.

        Returns
        -------
        result : dict
            ``n_entries``, ``n_replayed`` and ``differences``, a list of dicts.
        """
        names = ("number", "key", "name", "logged", "found")
        return {
            "n_entries": self.n_entries,
            "n_replayed": self.n_replayed,
            "differences": [
                {name: getattr(one, name) for name in names} for one in self.differences
            ],
        }

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import facts_html, rows_html

        n = len(self.differences)
        title = f"{self.n_replayed:,} of {self.n_entries:,} decisions made again"
        if not n:
            return facts_html(title, {"Differences": "none"})
        names = ["number", "key", "name", "logged", "found"]
        rows = ([getattr(one, name) for name in names] for one in self.differences)
        return rows_html(f"{title}; {n:,} differences", names, rows, n_rows=n)


def replay_log(
    path: str | os.PathLike[str],
    scorer: Scorer,
    *,
    records: Iterable[Mapping[str, Any]] = (),
    secret: bytes | None = None,
    tolerance: float = 0.0,
) -> ReplayResult:
    """Score the records of a decision log again, and say what comes out otherwise.

    Parameters
    ----------
    path : str or path
        What :class:`DecisionLog` wrote. Every hash is checked.

    scorer : Scorer
        The model that decided, to prove it; or another one, to see what it would have
        decided.

    records : iterable of mapping, default=()
        The records, in any order, where the log keeps hashes only: each is found by its
        hash.

    secret : bytes or None, default=None
        Key of the hashes.

    tolerance : float, default=0
        Most by which numbers may differ, relative or absolute; 0 asks for the same
        bits.

    Returns
    -------
    result : ReplayResult
        How many decisions were made again, and what differs. The id of the model is not
        compared.

    Raises
    ------
    InvalidInputError
        If the chain of the log is broken.
    InvalidParameterError
        If the tolerance is below 0.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import Artifact, Manifest, ScalingSpec, ScorecardSpec
    >>> from riskkit.serving import DecisionLog, Scorer, replay_log
    >>> card = ScorecardSpec((), -2.0, 545.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> scorer = Scorer(Artifact(Manifest("scorecard"), card))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "decisions.jsonl"
    ...     with DecisionLog(path, keep_records=True) as log:
    ...         _ = log.append({}, scorer.score({}))
    ...     replay_log(path, scorer)
    ReplayResult(n_entries=1, n_replayed=1, differences=())
    """
    check_real("tolerance", tolerance, low=0.0)
    given = {hash_record(record, secret): record for record in records}
    n_entries = n_replayed = 0
    differences: list[ReplayDifference] = []
    for entry in read_log(path):
        if entry.kind != "decision":
            continue
        n_entries += 1
        record = given.get(entry.record_hash)
        if entry.record is not None:
            record = restored(entry.record)
        if record is None:
            continue
        n_replayed += 1
        differences += _compared(entry, record, scorer, tolerance)
    return ReplayResult(n_entries, n_replayed, tuple(differences))


def _compared(
    entry: LogEntry, record: Mapping[str, Any], scorer: Scorer, tolerance: float
) -> list[ReplayDifference]:
    logged = dict(entry.answer)
    try:
        result = scorer.score(record, n_reasons=len(logged.get("reasons", ())))
    except RiskkitError as error:
        return [_differs(entry, "error", None, type(error).__name__)]
    found = result.to_dict()
    names = [name for name in (*found, *logged) if name != "model_id"]
    return [
        _differs(entry, name, logged.get(name), found.get(name))
        for name in dict.fromkeys(names)
        if not _same(logged.get(name), found.get(name), tolerance)
    ]


def _differs(entry: LogEntry, name: str, logged: Any, found: Any) -> ReplayDifference:
    return ReplayDifference(entry.number, entry.key, name, logged, found)


def _same(logged: Any, found: Any, tolerance: float) -> bool:
    """Return whether two answers agree; numbers inside lists and dicts too."""
    if isinstance(logged, dict) and isinstance(found, dict):
        return logged.keys() == found.keys() and all(
            _same(logged[k], found[k], tolerance) for k in logged
        )
    if isinstance(logged, list) and isinstance(found, list):
        return len(logged) == len(found) and all(
            _same(a, b, tolerance) for a, b in zip(logged, found, strict=True)
        )
    if isinstance(logged, float) and isinstance(found, float):
        near = math.isclose(logged, found, rel_tol=tolerance, abs_tol=tolerance)
        return near if tolerance else logged.hex() == found.hex()
    return bool(logged == found)
