"""The page about the architecture tells what the sources and the contracts are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "riskkit"
LONG, LONGEST = 400, 500
SHORT_AGAIN = 350  # a file that shrank a little may grow again; below, its line goes

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["importlinter"]["contracts"]


def lengths():
    """Return the number of lines of every file of the library."""
    return {
        path.relative_to(SOURCE).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in SOURCE.rglob("*.py")
    }


def justified():
    """Return the files that the page has a line for."""
    return dict(re.findall(r"^\| `([\w/]+\.py)` \| (.+) \|$", PAGE, re.MULTILINE))


def drawn_layers(page):
    """Return the layers of the drawing, top first; remarks follow two spaces."""
    block = page[page.index("imports  ") :].split("```")[0]
    layers = [re.split(r"\s{2,}", line[13:].strip())[0] for line in block.splitlines()]
    return [set(layer.split(" | ")) for layer in layers if layer]


def test_no_file_is_too_long():
    assert {name: n for name, n in lengths().items() if n > LONGEST} == {}


def test_every_long_file_is_justified():
    long = {name for name, n in lengths().items() if n > LONG}
    assert long
    assert long - justified().keys() == set()


def test_no_file_is_justified_that_is_short():
    found = lengths()
    assert {f: found.get(f) for f in justified() if found.get(f, 0) < SHORT_AGAIN} == {}


def test_drawing_equals_the_contract(contracts):
    (layered,) = [c for c in contracts if c["type"] == "layers"]
    assert layered["exhaustive"]
    assert drawn_layers(PAGE) == [set(one.split(" | ")) for one in layered["layers"]]


def test_every_package_has_a_place_in_the_drawing():
    places = set.union(*drawn_layers(PAGE))
    packages = {p.parent.name for p in SOURCE.glob("*/__init__.py")}
    modules = {p.stem for p in SOURCE.glob("*.py")} - {"__init__"}
    assert packages | modules == places


def test_every_contract_is_told(contracts):
    names = [c["name"] for c in contracts if c["type"] != "layers"]
    rows = re.findall(r"^\| ([^|`]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert [row for row in rows if row not in {"contract", "file"}] == names


def test_the_reading_sees_a_wrong_drawing():
    drawing = "```\nimports      cli     on top\n(only        a | b\n```"
    assert drawn_layers(drawing) == [{"cli"}, {"a", "b"}]
