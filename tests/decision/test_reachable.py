"""Rules that can never decide are found, and no others are refused."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.artifact._strategy_sets import LevelSet, NumberSet
from riskkit.decision import Strategy
from riskkit.exceptions import InvalidParameterError


def rule(name, *when, decision="decline", missing="skip"):
    return {"name": name, "when": list(when), "decision": decision, "missing": missing}


def c(field, op, value=None):
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def test_the_shadowed_rule_and_its_shadows_are_named():
    rules = [
        rule("young", c("age", "<", 21)),
        rule("poor", c("income", "<", 500)),
        rule("young and poor", c("age", "<", 20), c("income", "<", 400)),
    ]
    message = "Rule 'young and poor' can never decide: 'young' before it"
    with pytest.raises(InvalidParameterError, match=message):
        Strategy(rules)
    # Two rules together can shadow a third that neither does alone.
    halves = [
        rule("low", c("age", "<", 30), missing="fire"),
        rule("high", c("age", ">=", 30)),
        rule("web", c("channel", "==", "web")),
    ]
    with pytest.raises(InvalidParameterError, match="'low' and 'high' before it"):
        Strategy(halves)
    halves[0] = rule("low", c("age", "<", 30))  # now who has no age is left to it
    Strategy(halves)


def test_a_contradiction_and_unreachable_bands():
    with pytest.raises(InvalidParameterError, match="'odd' can never fire"):
        Strategy([rule("odd", c("age", "<", 18), c("age", ">", 60))])
    bands = [{"decision": "approve"}]
    everyone = {"name": "all", "when": [], "decision": "refer"}
    with pytest.raises(InvalidParameterError, match="A band can never decide: 'all'"):
        Strategy([everyone], bands)
    assert Strategy([everyone]).decide({}).decided_by == "all"
    both = [rule("a", c("age", "known")), rule("b", c("age", "missing"))]
    with pytest.raises(InvalidParameterError, match="'a' and 'b'"):
        Strategy(both, bands)


def test_alternatives_are_limited():
    many = [{"any": [c("x", "==", k) for k in range(11)]} for _ in range(3)]
    with pytest.raises(InvalidParameterError, match="1331 combinations"):
        Strategy([rule("many", *many)])


conditions = st.one_of(
    st.builds(
        c,
        st.sampled_from(["x", "z"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.integers(0, 2),
    ),
    st.builds(c, st.just("x"), st.sampled_from(["missing", "known"])),
    st.builds(c, st.just("g"), st.sampled_from(["==", "!="]), st.sampled_from("ab")),
    st.builds(
        c,
        st.just("g"),
        st.sampled_from(["in", "not in"]),
        st.lists(st.sampled_from("abc"), min_size=1, max_size=2),
    ),
)
entries = st.one_of(
    conditions, st.lists(conditions, min_size=1, max_size=2).map(lambda a: {"any": a})
)
drawn_rules = st.lists(
    st.tuples(st.lists(entries, max_size=3), st.sampled_from(["skip", "fire"])),
    min_size=1,
    max_size=5,
)

# One value in every elementary interval of the numbers that conditions name, every
# level they name and another one: whatever can be decided is decided on these.
NUMBERS = [-1, 0, 0.5, 1, 1.5, 2, 3, None]
LEVELS = ["a", "b", "c", "other", None]
WORLD = [{"x": x, "z": z, "g": g} for x, z, g in product(NUMBERS, NUMBERS, LEVELS)]


def compare(condition, record, missing):
    """Evaluate a condition as its words say, by Python's own comparisons."""
    x, op, value = record[condition["field"]], condition["op"], condition.get("value")
    if op in ("missing", "known"):
        return (x is None) == (op == "missing")
    if x is None:
        return missing == "fire"
    return {
        "<": lambda: x < value,
        "<=": lambda: x <= value,
        ">": lambda: x > value,
        ">=": lambda: x >= value,
        "==": lambda: x == value,
        "!=": lambda: x != value,
        "in": lambda: x in value,
        "not in": lambda: x not in value,
    }[op]()


def fires(plain, record):
    return all(
        any(
            compare(condition, record, plain["missing"])
            for condition in entry.get("any", [entry])
        )
        for entry in plain["when"]
    )


@given(drawn_rules, st.booleans())
@settings(max_examples=150)
def test_refused_if_and_only_if_some_rule_never_decides(drawn, with_bands):
    rules = [
        rule(f"r{k}", *when, missing=missing) for k, (when, missing) in enumerate(drawn)
    ]
    bands = [{"decision": "approve"}] if with_bands else []
    first = [
        next((r["name"] for r in rules if fires(r, record)), None) for record in WORLD
    ]
    decides = {r["name"] for r in rules} <= set(first)
    decides &= not with_bands or None in first
    # What is declared must be an object that has every field of its rules.
    if not decides:
        with pytest.raises(InvalidParameterError, match="can never"):
            Strategy(rules, bands)
        return
    strategy = Strategy(rules, bands)
    for record, name in list(zip(WORLD, first, strict=True))[::7]:
        decision = strategy.decide({**record, "points": 1})
        named = name or ("points in (-inf, inf)" if with_bands else "otherwise")
        assert decision.decided_by == named


numbers = st.builds(
    lambda cuts, missing: NumberSet(tuple(sorted(cuts)[: len(cuts) // 2 * 2]), missing),
    st.sets(st.tuples(st.integers(0, 4).map(float), st.integers(0, 1)), max_size=8),
    st.booleans(),
)
levels = st.builds(
    LevelSet, st.frozensets(st.sampled_from("abcd")), st.booleans(), st.booleans()
)


@given(numbers, numbers)
def test_sets_of_numbers(a, b):
    values = [k / 2 - 1 for k in range(14)] + [math.nan, math.inf, -math.inf]
    for x in values:
        assert a.meet(b).holds(x) == (a.holds(x) and b.holds(x))
        assert a.minus(b).holds(x) == (a.holds(x) and not b.holds(x))
    assert a.minus(b).empty == (not any(a.minus(b).holds(x) for x in values))


@given(levels, levels)
def test_sets_of_levels(a, b):
    values = [*"abcd", "other", None]
    for x in values:
        assert a.meet(b).holds(x) == (a.holds(x) and b.holds(x))
        assert a.minus(b).holds(x) == (a.holds(x) and not b.holds(x))
    assert a.minus(b).empty == (not any(a.minus(b).holds(x) for x in values))
