"""Lean dataclasses do what those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import math
import pickle
import subprocess
import sys

import pytest

from riskkit._core.lean_dataclass import dataclass, field


class Shared:
    """What a class may inherit: equal by the last digit."""

    __slots__ = ()

    def __eq__(self, other):
        return type(self) is type(other) and self.x % 10 == other.x % 10

    __hash__ = None


def define(dataclass, field):
    """Return the same classes by one of the two decorators."""

    @dataclass(frozen=True, slots=True)
    class Part:
        """A part."""

        a: int
        hidden: tuple[int, ...] = field(compare=False, repr=False)
        b: float = 2.5
        c: dict[str, int] = field(default_factory=dict)

        @property
        def twice(self) -> int:
            return 2 * self.a

    @dataclass(frozen=True, slots=True)
    class Checked:
        x: int

        def __post_init__(self) -> None:
            if self.x < 0:
                msg = "x must not be below 0"
                raise ValueError(msg)

    @dataclass(frozen=True, slots=True, eq=False)
    class Alone:
        x: int

    @dataclass(frozen=True, slots=True, eq=False)
    class Inherits(Shared):
        x: int

    return Part, Checked, Alone, Inherits


LEAN = define(dataclass, field)
FULL = define(dataclasses.dataclass, dataclasses.field)
BOTH = pytest.mark.parametrize("kinds", [LEAN, FULL], ids=["lean", "full"])


@dataclass(frozen=True, slots=True)
class Importable:
    """Pickles find it by its name."""

    x: float
    y: tuple[int, ...] = ()


@BOTH
def test_construction(kinds):
    Part = kinds[0]
    one = Part(1, (7,), c={"k": 3})
    assert (one.a, one.hidden, one.b, one.c, one.twice) == (1, (7,), 2.5, {"k": 3}, 2)
    assert Part(1, ()).c is not Part(1, ()).c
    assert Part.__doc__ == "A part."
    assert Part.__match_args__ == ("a", "hidden", "b", "c")
    match one:
        case Part(a, _, b):
            assert (a, b) == (1, 2.5)
    for wrong in ({}, {"a": 1}, {"a": 1, "hidden": (), "z": 2}):
        with pytest.raises(TypeError, match="argument"):
            Part(**wrong)


@BOTH
def test_equality_hash_and_text(kinds):
    Part, _, Alone, Inherits = kinds
    assert Part(1, (7,)) == Part(1, (8,))
    assert Part(1, ()) != Part(2, ())
    assert Part(1, ()) != (1, 2.5, {})
    assert Part(math.nan, ()) != Part(-math.nan, ())
    same = math.nan
    assert Part(same, ()) == Part(same, ())  # as tuples are
    assert repr(Part(1, (7,))).endswith("Part(a=1, b=2.5, c={})")
    assert hash(Part(1, (7,), c=())) == hash(Part(1, (8,), c=()))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Part(1, ()))
    assert Alone(1) != Alone(1)
    assert len({Alone(1), Alone(1)}) == 2
    assert Inherits(1) == Inherits(11)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Inherits(1))


@BOTH
def test_nothing_can_be_changed(kinds):
    one = kinds[0](1, ())
    for name in ("a", "new"):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            setattr(one, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match="'a'"):
        one.a = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="'a'"):
        del one.a
    assert not hasattr(one, "__dict__")


@BOTH
def test_post_init_checks_also_what_is_replaced(kinds):
    Checked = kinds[1]
    one = Checked(3)
    with pytest.raises(ValueError, match="below 0"):
        Checked(-1)
    with pytest.raises(ValueError, match="below 0"):
        dataclasses.replace(one, x=-1)
    assert dataclasses.replace(one, x=4) == Checked(4)


@BOTH
def test_the_functions_of_dataclasses(kinds):
    Part = kinds[0]
    one = Part(1, (7,), c={"k": 3})
    assert dataclasses.is_dataclass(Part)
    assert [f.name for f in dataclasses.fields(one)] == ["a", "hidden", "b", "c"]
    assert [f.compare for f in dataclasses.fields(Part)] == [True, False, True, True]
    assert dataclasses.asdict(one) == {"a": 1, "hidden": (7,), "b": 2.5, "c": {"k": 3}}
    assert dataclasses.astuple(one) == (1, (7,), 2.5, {"k": 3})
    assert dataclasses.replace(one, b=1.0) == Part(1, (7,), 1.0, {"k": 3})
    with pytest.raises(TypeError, match="z"):
        dataclasses.replace(one, z=1)


def test_signature_is_the_same():
    lean, full = (inspect.signature(kinds[0]) for kinds in (LEAN, FULL))
    assert str(lean) == str(full)


def test_a_full_dataclass_may_derive_from_a_lean_one():
    @dataclasses.dataclass(frozen=True)
    class More(LEAN[1]):
        y: int = 0

    assert [f.name for f in dataclasses.fields(More)] == ["x", "y"]
    assert More(1, 2) == More(1, 2)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_copies_and_pickles(protocol):
    one = Importable(0.1, (1, 2))
    assert pickle.loads(pickle.dumps(one, protocol)) == one
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one


def test_copy_replace():
    assert Importable(0.1).__replace__(x=2.0) == Importable(2.0)


def test_other_options_are_refused():
    with pytest.raises(TypeError, match="frozen"):
        dataclass(frozen=False, slots=True)
    with pytest.raises(TypeError, match="shown if it is compared"):
        field(compare=False)


def test_nothing_slow_is_loaded_with_a_scorer():
    code = (
        "import sys; before = set(sys.modules); import riskkit.serving; "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, check=True, text=True
    )
    loaded = set(done.stdout.split())
    assert "riskkit.serving._scorer" in loaded
    slow = {"dataclasses", "inspect", "pathlib", "zipfile", "numpy", "pandas"}
    assert not loaded & slow
