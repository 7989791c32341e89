"""The public interface, name by name, as it was last agreed on.

A change of it is a decision: run ``python tests/test_api_snapshot.py`` to write the
snapshot anew, and look at its difference before it is committed.
"""

from __future__ import annotations

import difflib
import inspect
import re
from importlib import import_module
from pathlib import Path

import riskkit

SNAPSHOT = Path(__file__).resolve().parent / "data" / "public_api.txt"


def interface():
    """Return a line for each public name, and for each member of a public class."""
    lines = []
    for package in sorted(riskkit.__all__):
        module = import_module(f"riskkit.{package}")
        for name in sorted(module.__all__):
            lines += lines_of(f"riskkit.{package}.{name}", getattr(module, name))
    return lines


def lines_of(path, obj):
    """Return the lines of one object."""
    if not inspect.isclass(obj):
        if callable(obj) and inspect.isroutine(obj):
            return [f"{path}{signature(obj)}"]
        return [f"{path}: constant"]
    if issubclass(obj, BaseException):
        bases = ", ".join(base.__name__ for base in obj.__bases__)
        return [f"{path} is {bases}"]
    return [f"{path}{signature(obj)}", *members(path, obj)]


def members(path, cls):
    """Return the lines of the methods and properties that riskkit defines itself."""
    lines = []
    for name, member in sorted(inspect.getmembers_static(cls)):
        if name.startswith("_") or not defined_here(cls, name):
            continue
        plain = getattr(member, "__func__", member)
        if isinstance(member, property):
            lines.append(f"{path}.{name}: property")
        elif inspect.isfunction(plain):
            lines.append(f"{path}.{name}{signature(plain)}")
    return lines


def defined_here(cls, name):
    """Tell whether the class that defines a member is one of riskkit."""
    owner = next(base for base in cls.__mro__ if name in vars(base))
    return owner.__module__.startswith("riskkit")


def signature(obj):
    """Return names, kinds and defaults of the parameters, without annotations."""
    given = inspect.signature(obj)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in given.parameters.values()
    ]
    text = str(
        given.replace(parameters=bare, return_annotation=inspect.Signature.empty)
    )
    return re.sub(r"<([^<>]*?) at 0x[0-9a-f]+>", r"<\1>", text)


def test_the_public_interface_is_the_one_agreed_on():
    agreed = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    found = interface()
    difference = [
        line
        for line in difflib.unified_diff(agreed, found, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    assert not difference, (
        "The public interface is not the one in tests/data/public_api.txt (- gone, "
        "+ new). If that is meant, run `python tests/test_api_snapshot.py`:\n"
        + "\n".join(difference)
    )


def test_the_snapshot_would_see_a_changed_default():
    def older(x, *, n_bins=8, **_rest):
        return x, n_bins

    def newer(x, *, n_bins=9, **_rest):
        return x, n_bins

    assert lines_of("f", older) == ["f(x, *, n_bins=8, **_rest)"]
    assert lines_of("f", older) != lines_of("f", newer)


if __name__ == "__main__":
    SNAPSHOT.write_text("\n".join(interface()) + "\n", encoding="utf-8")
