"""Golden rows: made-up records with the answers that a model gave when it was saved.

They are made from the model itself, never from anybody's data, and are scored again
when the model is loaded: a library, a compiler or a mistake that changes what a model
answers is met before the first applicant is.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._members import GOLDEN
from riskkit.artifact._node import Node
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Answer = float | str | None

__all__ = [
    "GoldenRowSpec",
    "decode_golden",
    "encode_golden",
]

MAX_ROWS = 64
# Exponentials and logarithms are those of the C library, and sums of many products
# those of a compiler; they differ between machines in their last bits, of which
# calibrations and detectors make a few more.
TOLERANCE = 1e-9
# Of a scorecard these are sums of numbers that the file holds, in one order: the same
# bits on every machine that adds as IEEE 754 says.
_SUMS = frozenset({"log_odds", "points"})

_NUMBERS = (
    "pd", "points", "log_odds", "grade_pd", "pd_low", "pd_high", "limit", "price",
    "anomaly_score",
)  # fmt: skip
_WORDS = ("grade", "decision", "decided_by")
_HEX = re.compile(r"-?0x[01]\.[0-9a-f]{1,13}p[+-][0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class GoldenRowSpec:
    """A made-up record, and what the model answered when it was saved.

    Parameters
    ----------
    record : dict of str to (float, str or None)
        A value for every field of the model.

    answer : dict of str to (float, str or None)
        Numbers and words by name, such as ``pd``, ``points`` or ``anomaly_score``.

    Examples
    --------
    >>> from riskkit.artifact import GoldenRowSpec
    >>> GoldenRowSpec({"income": 1000.0}, {"pd": 0.125}).answer["pd"].hex()
    '0x1.0000000000000p-3'
    """

    record: dict[str, float | str | None]
    answer: dict[str, float | str | None]

    def check(
        self, place: int, found: Mapping[str, Answer], *, exact: bool = False
    ) -> None:
        """Raise if a scorer answers the record in another way than was stored.

        Parameters
        ----------
        place : int
            Position of the row, for the message.

        found : mapping of str to (float, str or None)
            What the scorer answers.

        exact : bool, default=False
            Whether log-odds and points must have the same bits, as those of a
            scorecard do. Other numbers agree to a relative 1e-9.

        Raises
        ------
        ArtifactError
            Naming the row, the number, and both values.
        """
        moved = False
        for name, value in self.answer.items():
            other = found.get(name)
            if not isinstance(value, float) or not isinstance(other, float):
                continue
            if value.hex() == other.hex():
                continue
            near = math.isclose(value, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
            if not near or (exact and name in _SUMS):
                # Whole points turn where the log-odds before them moved by a bit.
                if moved and name == "points" and abs(value - other) <= 1:
                    continue
                _refuse(place, name, value, other)
            moved = True
        # Words follow from numbers, so where those moved they may stand across a
        # border by right.
        for name, value in self.answer.items():
            other = found.get(name)
            if isinstance(value, float) and isinstance(other, float):
                continue
            if value != other and not moved:
                _refuse(place, name, value, other)


def encode_golden(rows: Sequence[GoldenRowSpec]) -> dict[str, Any]:
    """Return the document of golden rows; answers as texts that keep every bit."""
    return {
        "rows": [
            {
                "record": dict(row.record),
                "answer": {
                    name: value.hex() if isinstance(value, float) else value
                    for name, value in row.answer.items()
                },
            }
            for row in rows
        ]
    }


def decode_golden(document: Any, kinds: Mapping[str, str]) -> tuple[GoldenRowSpec, ...]:
    """Return the golden rows of a document; `kinds` are those of the fields."""
    (rows,) = Node(document, GOLDEN).record("rows")
    found = []
    for row in rows.items(high=MAX_ROWS):
        record, answer = row.record("record", "answer")
        values = {
            name: _decode_field(node, kind)
            for (name, kind), node in zip(
                kinds.items(), record.record(*kinds), strict=True
            )
        }
        found.append(GoldenRowSpec(values, _decode_answer(answer)))
    return tuple(found)


def _decode_field(node: Node, kind: str) -> float | str | None:
    if node.value is None:
        return None
    return node.number() if kind == "numeric" else node.text()


def _decode_answer(node: Node) -> dict[str, Answer]:
    answer: dict[str, Answer] = {}
    for name, entry in node.entries().items():
        if name in _WORDS:
            answer[name] = None if entry.value is None else entry.text()
        elif name in _NUMBERS:
            answer[name] = None if entry.value is None else _decode_hex(entry)
        else:
            known = ", ".join((*_NUMBERS, *_WORDS))
            node.refuse(f"answers out of {known}", f"{name[:40]!r}")
    if not answer:
        node.refuse("at least one answer", "none")
    return answer


def _decode_hex(node: Node) -> float:
    text = node.text(high=40)
    if _HEX.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            pass
    node.refuse("a number as float.hex writes it", "another text")
    return None


def _refuse(place: int, name: str, expected: Answer, found: Answer) -> NoReturn:
    msg = (
        f"{GOLDEN}, row {place}: {name} must be {_shown(expected)}, as it was when the "
        f"model was saved; this installation gives {_shown(found)}. Do not score with "
        "it: use the versions that the manifest names, or save the model again."
    )
    raise ArtifactError(msg)


def _shown(value: Answer) -> str:
    return f"{value!r} ({value.hex()})" if isinstance(value, float) else repr(value)
