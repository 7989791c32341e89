"""Ordered rules as plain data, and which of them can never decide."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit._core.params import check_option, did_you_mean
from riskkit.artifact._strategy_conditions import ConditionSpec, read_condition
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.artifact._strategy_conditions import Kind
    from riskkit.artifact._strategy_sets import FieldSet

__all__ = [
    "DECISIONS",
    "Box",
    "RuleSpec",
    "check_reachable",
    "field_kinds",
    "read_rules",
    "regions_of",
]

DECISIONS = ("approve", "refer", "decline")
_MISSING = ("skip", "fire")
_KEYS = ("name", "when", "decision", "reason", "missing")
_MOST_BOXES = 1_000
# Comparisons that all boxes make together: a file must not keep a reader busy.
_MOST_WORK = 2_000_000
_MOST_PIECES = 10_000

# Values of some fields for which a rule fires; a field that is not named is free.
Box = dict[str, "FieldSet"]


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A decision for whoever meets some conditions.

    Parameters
    ----------
    name : str
        What reports and logs call the rule.

    when : tuple of tuple of ConditionSpec
        All of these must hold; of each inner tuple, any one. Empty for a rule that
        always fires.

    decision : {"approve", "refer", "decline"}
        What is decided.

    reason : str
        Text for who is decided on.

    missing : {"skip", "fire"} or None
        Whether a comparison with a missing value counts as false or as true; None if
        the rule compares nothing.
    """

    name: str
    when: tuple[tuple[ConditionSpec, ...], ...]
    decision: str
    reason: str
    missing: str | None

    @property
    def conditions(self) -> tuple[ConditionSpec, ...]:
        """Every condition, in order."""
        return tuple(condition for any_of in self.when for condition in any_of)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain data."""
        when: list[Any] = [
            any_of[0].to_dict()
            if len(any_of) == 1
            else {"any": [condition.to_dict() for condition in any_of]}
            for any_of in self.when
        ]
        plain: dict[str, Any] = {"name": self.name, "when": when}
        plain |= {"decision": self.decision, "reason": self.reason}
        return plain if self.missing is None else plain | {"missing": self.missing}


def read_rules(rules: Any, missing: str | None) -> tuple[RuleSpec, ...]:
    """Return the rules of plain data; `missing` holds for those that say nothing."""
    if missing is not None:
        check_option("missing", missing, _MISSING)
    if isinstance(rules, str | Mapping) or not isinstance(rules, Sequence):
        msg = f"rules must be a sequence of rules; got {type(rules).__name__}."
        raise InvalidParameterError(msg)
    read = tuple(_read_rule(rule, k, missing) for k, rule in enumerate(rules, 1))
    names = Counter(rule.name for rule in read)
    for name, n in names.items():
        if n > 1:
            msg = f"Rules must have different names; {name!r} stands twice."
            raise InvalidParameterError(msg)
    return read


def field_kinds(rules: Sequence[RuleSpec]) -> dict[str, Kind | None]:
    """Return whether each field of the rules holds numbers or levels."""
    kinds: dict[str, Kind | None] = {}
    for rule in rules:
        for condition in rule.conditions:
            known = kinds.get(condition.field)
            if known is not None and condition.kind not in (None, known):
                msg = (
                    f"{condition.field!r} is compared with numbers in one place and "
                    f"with texts in another, here in rule {rule.name!r}. Compare it "
                    "with one kind."
                )
                raise InvalidParameterError(msg)
            kinds[condition.field] = known or condition.kind
    return kinds


def regions_of(
    rules: Sequence[RuleSpec], kinds: Mapping[str, Kind | None]
) -> tuple[list[Box], ...]:
    """Return for each rule the boxes of values for which it fires."""
    work = 0
    for rule in rules:
        n_boxes = math.prod(map(len, rule.when))
        if n_boxes > _MOST_BOXES:
            msg = (
                f"Rule {rule.name!r} has {n_boxes} combinations of alternatives; at "
                f"most {_MOST_BOXES} can be read. Write it as several rules."
            )
            raise InvalidParameterError(msg)
        work += n_boxes * sum(1 + len(c.values) for c in rule.conditions)
    if work > _MOST_WORK:
        msg = (
            f"Rules may make at most {_MOST_WORK} comparisons with all combinations "
            f"of their alternatives; these make {work}. Write fewer alternatives."
        )
        raise InvalidParameterError(msg)
    return tuple(_region(rule, kinds) for rule in rules)


def _region(rule: RuleSpec, kinds: Mapping[str, Kind | None]) -> list[Box]:
    fire = rule.missing == "fire"
    when = [
        [(c.field, c.as_set(kinds[c.field], missing=fire)) for c in any_of]
        for any_of in rule.when
    ]
    boxes = []
    for chosen in product(*when):
        box: Box = {}
        for field, values in chosen:
            before = box.get(field)
            box[field] = values if before is None else before.meet(values)  # type: ignore[arg-type]
        if not any(values.empty for values in box.values()):
            boxes.append(box)
    return boxes


def check_reachable(
    rules: Sequence[RuleSpec], regions: Sequence[list[Box]], after: str | None
) -> None:
    """Raise if a rule can never decide, or what comes after all rules never can."""
    for k, (rule, region) in enumerate(zip(rules, regions, strict=True)):
        if not region:
            msg = (
                f"Rule {rule.name!r} can never fire: its conditions exclude each "
                "other. Correct or drop it."
            )
            raise InvalidParameterError(msg)
        _check_open(f"Rule {rule.name!r}", region, rules[:k], regions[:k])
    if after is not None:
        _check_open(after, [{}], rules, regions)


def _check_open(
    what: str,
    region: list[Box],
    rules: Sequence[RuleSpec],
    regions: Sequence[list[Box]],
) -> None:
    """Raise if earlier rules take everything; if it takes too long to tell, do not."""
    left, shadows = region, []
    for rule, before in zip(rules, regions, strict=True):
        size = len(left)
        pieces = left
        for box in before:
            pieces = [part for piece in pieces for part in _without(piece, box)]
            if len(pieces) > _MOST_PIECES:
                return
        if len(pieces) != size or pieces != left:
            shadows.append(rule.name)
        left = pieces
        if not left:
            named = " and ".join(repr(name) for name in shadows)
            msg = (
                f"{what} can never decide: {named} before it take every case it would. "
                "Put it first, or drop it."
            )
            raise InvalidParameterError(msg)


def _without(box: Box, other: Box) -> list[Box]:
    """Return the parts of a box outside another one, which do not overlap."""
    parts: list[Box] = []
    inside = dict(box)
    for field, values in other.items():
        ours = inside.get(field)
        if ours is None:
            ours = values.everything(missing=True)
        outside = ours.minus(values)  # type: ignore[arg-type]  # one field, one kind
        if not outside.empty:
            parts.append({**inside, field: outside})
        common = ours.meet(values)  # type: ignore[arg-type]
        if common.empty:
            return [box]
        inside[field] = common
    return parts


def _read_rule(plain: Any, number: int, missing: str | None) -> RuleSpec:
    if isinstance(plain, RuleSpec):
        return plain
    example = (
        "{'name': 'minor', 'when': [{'field': 'age', 'op': '<', 'value': 18}], "
        "'decision': 'decline'}"
    )
    if not isinstance(plain, Mapping) or not {"name", "when", "decision"} <= set(plain):
        msg = f"Rule {number} must be like {example}; got something else."
        raise InvalidParameterError(msg)
    name = plain["name"]
    if not isinstance(name, str) or not name:
        msg = f"The name of rule {number} must be a text; got {name!r}."
        raise InvalidParameterError(msg)
    where = f"rule {name!r}"
    for key in plain:
        if key not in _KEYS:
            msg = f"{where} may hold {', '.join(_KEYS)}; got {key!r}."
            raise InvalidParameterError(msg + did_you_mean(key, _KEYS))
    check_option(f"The decision of {where}", plain["decision"], DECISIONS)
    reason = plain.get("reason", name)
    if not isinstance(reason, str):
        msg = f"The reason of {where} must be a text; got {type(reason).__name__}."
        raise InvalidParameterError(msg)
    when = _read_when(plain["when"], where)
    return RuleSpec(
        name, when, plain["decision"], reason, _read_missing(plain, when, missing)
    )


def _read_when(when: Any, where: str) -> tuple[tuple[ConditionSpec, ...], ...]:
    if isinstance(when, str | Mapping) or not isinstance(when, Sequence):
        msg = f"'when' of {where} must be a list of conditions; got another type."
        raise InvalidParameterError(msg)
    parts = []
    for item in when:
        if isinstance(item, Mapping) and set(item) == {"any"}:
            some = item["any"]
            if isinstance(some, str | Mapping) or not isinstance(some, Sequence):
                some = ()
            if not some:
                msg = f"'any' of {where} must be a list of conditions; got none."
                raise InvalidParameterError(msg)
            parts.append(tuple(read_condition(c, where) for c in some))
        else:
            parts.append((read_condition(item, where),))
    return tuple(parts)


def _read_missing(
    plain: Mapping[str, Any],
    when: tuple[tuple[ConditionSpec, ...], ...],
    missing: str | None,
) -> str | None:
    where = f"rule {plain['name']!r}"
    if not any(c.compares for any_of in when for c in any_of):
        return None
    said = plain.get("missing", missing)
    if said is None:
        msg = (
            f"{where} compares a field, so it must say what a missing value does: "
            "'missing': 'skip' (the comparison is false) or 'fire' (it is true). Say "
            "so there, or once for all rules."
        )
        raise InvalidParameterError(msg)
    check_option(f"'missing' of {where}", said, _MISSING)
    return str(said)
