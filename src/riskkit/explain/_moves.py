"""The bins an account could move to, and the cheapest moves that reach a target."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from riskkit.artifact import FeatureSpec

__all__ = ["Move", "cheapest_sets", "moves_from"]

# Far above the rounding of sums, far below any point or log-odds that matters.
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Move:
    """One characteristic in another bin: how far that is, and what it gains."""

    position: int
    bin_: int
    steps: int
    gain: float


def moves_from(
    feature: FeatureSpec,
    position: int,
    now: int,
    worth: Sequence[float],
    direction: str,
) -> list[Move]:
    """Return the moves that gain something, none of them beaten by a shorter one.

    Steps are bins of a numeric feature. A change of level, or from a missing or
    special value to a known one, is one step. Among moves of equal length the one
    that gains most is kept, then the first bin. With a direction, an account without
    a number has nothing to move from.
    """
    regular = now < feature.n_regular
    numeric = feature.kind == "numeric"
    best: dict[int, Move] = {}
    for bin_ in range(feature.n_regular):
        if direction == "up" and not (regular and bin_ > now):
            continue
        if direction == "down" and not (regular and bin_ < now):
            continue
        gain = worth[bin_] - worth[now]
        steps = abs(bin_ - now) if numeric and regular else 1
        if gain > 0 and (steps not in best or gain > best[steps].gain):
            best[steps] = Move(position, bin_, steps, gain)
    kept: list[Move] = []
    for steps in sorted(best):
        if not kept or best[steps].gain > kept[-1].gain:
            kept.append(best[steps])
    return kept


def cheapest_sets(
    options: Sequence[Sequence[Move]],
    need: float,
    max_changes: int,
    n_sets: int,
    reaches: Callable[[Mapping[int, int]], bool],
) -> list[tuple[Move, ...]]:
    """Return the cheapest sets of moves that gain `need`, cheapest first.

    Every set of up to `max_changes` characteristics is looked at, and stands for its
    shortest moves that suffice. Fewer changes come first, then fewer steps, then the
    larger gain, then the order of the characteristics. A set that contains another
    one is left out. `reaches` settles what rounding leaves open.
    """
    useful = [j for j, moves in enumerate(options) if moves]
    found: list[tuple[Move, ...]] = []
    sufficient: list[frozenset[int]] = []
    for size in range(1, min(max_changes, len(useful)) + 1):
        of_size = []
        for chosen in combinations(useful, size):
            members = frozenset(chosen)
            if any(smaller <= members for smaller in sufficient):
                continue
            most = sum(options[j][-1].gain for j in chosen)
            if most < need - _TOLERANCE:
                continue
            moves = _shortest([options[j] for j in chosen], need, reaches)
            if moves is not None:
                of_size.append((members, moves))
        sufficient += [members for members, _ in of_size]
        found += sorted((moves for _, moves in of_size), key=_cost)
        if len(found) >= n_sets:
            break
    return found[:n_sets]


def _cost(moves: tuple[Move, ...]) -> tuple[int, float]:
    return sum(m.steps for m in moves), -sum(m.gain for m in moves)


def _shortest(
    options: Sequence[Sequence[Move]],
    need: float,
    reaches: Callable[[Mapping[int, int]], bool],
) -> tuple[Move, ...] | None:
    for gain, moves in _by_steps(options):
        if gain < need - _TOLERANCE:
            continue
        if gain > need + _TOLERANCE or reaches({m.position: m.bin_ for m in moves}):
            return moves
    return None


def _by_steps(
    options: Sequence[Sequence[Move]],
) -> Iterator[tuple[float, tuple[Move, ...]]]:
    """Give, for each number of steps in all, the moves that gain most by it.

    A dynamic programme over the characteristics: the best of ``k`` of them at a total
    of ``s`` steps extends the best of ``k - 1`` at a smaller total.
    """
    front: dict[int, tuple[float, tuple[Move, ...]]] = {0: (0.0, ())}
    for moves in options:
        longer: dict[int, tuple[float, tuple[Move, ...]]] = {}
        for steps, (gain, taken) in front.items():
            for move in moves:
                total = steps + move.steps
                if total not in longer or gain + move.gain > longer[total][0]:
                    longer[total] = (gain + move.gain, (*taken, move))
        front = longer
    for steps in sorted(front):
        yield front[steps]
