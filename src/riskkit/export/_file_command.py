"""Part of a generated file: the self-test, and records by standard input."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence  # noqa: TC003  copied with the rest
from typing import Any

__all__ = ["check_golden", "run"]

# Other machines have other exponentials and logarithms, in the last bits.
_NEAR = 1e-9


def check_golden(
    score: Callable[..., dict[str, Any]],
    golden: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    exact: frozenset[str],
) -> list[str]:
    """Return what differs from the answers that were stored, in words."""
    wrong = []
    for row, (record, stored) in enumerate(golden):
        found = score(record, n_reasons=0)
        interval = found["interval"] or (None, None)
        found |= dict(zip(("pd_low", "pd_high"), interval, strict=True))
        moved = False
        for name, value in stored.items():
            expected = float.fromhex(value[1]) if isinstance(value, tuple) else value
            got = found.get(name)
            if got == expected:
                continue
            if isinstance(expected, float) and isinstance(got, float):
                near = math.isclose(got, expected, rel_tol=_NEAR, abs_tol=_NEAR)
                if near and name not in exact:
                    moved = True
                    continue
            elif moved:  # a word may stand across a border that its number has crossed
                continue
            wrong.append(f"row {row}, {name}: {expected!r} expected; got {got!r}")
    return wrong


def run(
    score: Callable[..., dict[str, Any]],
    golden: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    exact: frozenset[str],
    arguments: Sequence[str],
) -> int:
    """Run the command; return 0, or 1 if the self-test fails, 2 for bad input."""
    if list(arguments) == ["--self-test"]:
        wrong = check_golden(score, golden, exact)
        for line in wrong:
            sys.stderr.write(f"{line}\n")
        sys.stdout.write(f"{len(golden)} golden rows, {len(wrong)} answers differ\n")
        return 1 if wrong else 0
    if arguments:
        sys.stderr.write(
            "usage: python FILE < record.json (an object, or a list of them), or "
            "python FILE --self-test\n"
        )
        return 2
    try:
        given = json.load(sys.stdin)
        many = isinstance(given, list)
        answers = [score(record) for record in (given if many else [given])]
    except (ValueError, TypeError, RecursionError) as error:
        # What json says of bad text repeats none of it but a position.
        sys.stderr.write(f"{error}\n")
        return 2
    json.dump(answers if many else answers[0], sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0
