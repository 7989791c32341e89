"""States of the dynamic programme of ``partition``, and how they follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from riskkit._kernels.partition_rules import PartitionRules

__all__ = ["FINAL_STATES", "STATES", "Key", "State", "final_keys", "loads_within"]


class State(NamedTuple):
    """What a trend still permits: the states before, and the sign of the step."""

    previous: tuple[str, ...]
    direction: int
    may_start: bool


class Key(NamedTuple):
    """What a table of best values is about: a state, a load, and all lumps placed."""

    state: str
    load: int
    placed: int


STATES = {
    "rise": State(("rise",), 1, may_start=True),
    "fall": State(("fall",), -1, may_start=True),
    "past_peak": State(("rise", "past_peak"), -1, may_start=False),
    "past_valley": State(("fall", "past_valley"), 1, may_start=False),
    "free": State(("free",), 0, may_start=True),
}
FINAL_STATES = {
    "none": ("free",),
    "ascending": ("rise",),
    "descending": ("fall",),
    "peak": ("rise", "past_peak"),
    "valley": ("fall", "past_valley"),
}


def loads_within(lumps: int) -> list[int]:
    """Return every subset of a set of lumps, the empty one first."""
    return [load for load in range(lumps + 1) if load & lumps == load]


def final_keys(trend: str, rules: PartitionRules) -> list[Key]:
    """Return the tables in which a partition may end, all lumps placed."""
    every = (1 << rules.n_lumps) - 1
    return [
        Key(state, load, every)
        for state in FINAL_STATES[trend]
        for load in loads_within(every)
    ]
