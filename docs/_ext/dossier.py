"""The validation dossier: formulas, their sources, and the tests that hold them.

Everything is read from the sources: docstrings by import, tests by their syntax tree.
Nothing is run, so the page tells what is checked, and the test run whether it holds.
"""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from numpydoc.docscrape import NumpyDocString

import riskkit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_EXAMPLE = 72  # characters of a line that a table can show
EQUALITY = re.compile("agree|equal|same|to_the_bit|every_form|depend")


def text(root: Path) -> str:
    """Return the dossier of the repository at `root`, in Markdown."""
    suites = [Suite(p) for p in sorted((root / "tests").rglob("test_*.py"))]
    parts = [
        formulas(suites),
        kernels(root, suites),
        parity(root, suites),
        counts(root, suites),
        benchmark_results(root),
    ]
    return "\n".join(parts)


@dataclass(frozen=True)
class Suite:
    """The tests of one file, as written."""

    path: Path

    @cached_property
    def tests(self) -> list[ast.FunctionDef]:
        """Test functions, those in classes included."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        return [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]

    @cached_property
    def words(self) -> Counter[str]:
        """How many of the tests speak of each name."""
        found: Counter[str] = Counter()
        for test in self.tests:
            found.update({n.id for n in ast.walk(test) if isinstance(n, ast.Name)})
        return found

    @property
    def n_properties(self) -> int:
        """Tests that draw their cases, by hypothesis."""
        return sum(any(map(is_given, test.decorator_list)) for test in self.tests)


def is_given(decorator: ast.expr) -> bool:
    """Tell whether a decorator is hypothesis' `given`."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == "given"


def public_formulas() -> Iterator[tuple[str, str, NumpyDocString]]:
    """Yield package, name and docstring of each public object that names a source."""
    seen = set()
    for package in riskkit.__all__:
        module = import_module(f"riskkit.{package}")
        for name in module.__all__:
            obj = getattr(module, name)
            doc = inspect.getdoc(obj) if callable(obj) else None
            if doc and "References\n---" in doc and id(obj) not in seen:
                seen.add(id(obj))
                yield package, name, NumpyDocString(doc)


def formulas(suites: list[Suite]) -> str:
    """Return the table of formulas with source, value and number of tests."""
    lines = [
        "## Formulas and their sources",
        "",
        "The value is that of the docstring, which is run as a test. The number is that"
        " of the test functions that use the name themselves; others reach it through a"
        " fixture, or through what is built on it.",
        "",
        "| formula | source, and a value | tests |",
        "|---|---|---|",
    ]
    for package, name, doc in public_formulas():
        link = f"{{py:obj}}`~riskkit.{package}.{name}`"
        n_tests = sum(suite.words[name] for suite in suites)
        shown = "<br>".join(filter(None, [source_of(doc), value_of(doc, name)]))
        lines.append(f"| {link} | {shown} | {n_tests} |")
    return "\n".join([*lines, ""])


def source_of(doc: NumpyDocString) -> str:
    """Return the references of a docstring on one line."""
    text = re.sub(r"\s+", " ", " ".join(doc["References"])).strip()
    entries = [part.strip() for part in re.split(r"\.\. \[\d+\]", text) if part.strip()]
    return "; ".join(entry.rstrip(".") for entry in entries)


def value_of(doc: NumpyDocString, name: str) -> str:
    """Return the first example that shows a number of the formula, if one is short."""
    names = {name}
    for example in doctest.DocTestParser().get_examples("\n".join(doc["Examples"])):
        source, want = example.source.strip(), example.want.strip()
        assigned = re.match(r"(\w+) = ", source)
        speaks = bool(names & set(re.findall(r"\w+", source)))
        if assigned and speaks:
            names.add(assigned.group(1))
        short = "\n" not in want and len(source) + len(want) <= MAX_EXAMPLE
        if speaks and short and "\n" not in source and re.search(r"\d\.\d", want):
            return f"`{source}` is `{want}`".replace("|", r"\|")
    return ""


def kernels(root: Path, suites: list[Suite]) -> str:
    """Return the table of kernels with what they hold and the tests of each."""
    folder = root / "src" / "riskkit" / "_kernels"
    in_tests = {suite.path: suite.path.read_text(encoding="utf-8") for suite in suites}
    lines = [
        "## Kernels",
        "",
        "The formulas behind estimators and results, NumPy in and NumPy out. A file of"
        " tests counts where it imports the kernel itself; what only estimators reach"
        " is tested through them.",
        "",
        "| kernel | what it computes | tests | drawn at random |",
        "|---|---|---|---|",
    ]
    for path in sorted(folder.glob("[a-z]*.py")):
        summary = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split(
            "\n\n"
        )[0]
        name = f"riskkit._kernels.{path.stem}"
        own = [s for s in suites if re.search(rf"{name}\b", in_tests[s.path])]
        tests, drawn = (
            sum(len(s.tests) for s in own),
            sum(s.n_properties for s in own),
        )
        lines.append(
            f"| `{path.stem}` | {' '.join(summary.split())} | {tests} | {drawn} |"
        )
    return "\n".join([*lines, ""])


def parity(root: Path, suites: list[Suite]) -> str:
    """Return what is compared between training, service, SQL and other libraries."""
    lines = ["## One number everywhere", ""]
    lines += ["What is demanded to be equal between two ways to the same number.", ""]
    lines += ["| test | demands |", "|---|---|"]
    for suite in suites:
        if "parity" in suite.path.stem:
            for test in filter(lambda test: EQUALITY.search(test.name), suite.tests):
                words = test.name.removeprefix("test_").replace("_", " ")
                lines.append(f"| `{suite.path.relative_to(root)}` | {words} |")
    stored = sorted((root / "tests" / "data").glob("*.rk"))
    lines += ["", f"`tests/data` keeps {len(stored)} model files of all protocols;"]
    lines[-1] += " a test reads each and compares its scores with those of its day."
    return "\n".join([*lines, ""])


def counts(root: Path, suites: list[Suite]) -> str:
    """Return the number of tests by package, as written."""
    lines = [
        "## Tests by package",
        "",
        "Functions as they are written; many run once for each of several cases."
        " Examples are the `>>>` of docstrings, which are run as well. `make test` says"
        " whether all hold.",
        "",
        "| package | test functions | drawn at random | examples in docstrings |",
        "|---|---|---|---|",
    ]
    total = Counter[str]()
    groups = sorted({group_of(suite, root) for suite in suites} | {"exceptions"})
    for group in groups:
        own = [suite for suite in suites if group_of(suite, root) == group]
        row = Counter(
            tests=sum(len(suite.tests) for suite in own),
            drawn=sum(suite.n_properties for suite in own),
            examples=n_examples(root, group),
        )
        if not any(row.values()):
            continue
        total += row
        lines.append(
            f"| {group} | {row['tests']} | {row['drawn']} | {row['examples']} |"
        )
    lines.append(
        f"| **all** | {total['tests']} | {total['drawn']} | {total['examples']} |"
    )
    return "\n".join([*lines, ""])


def group_of(suite: Suite, root: Path) -> str:
    """Return the folder of tests, or what tests of the whole library are called."""
    parts = suite.path.relative_to(root / "tests").parts
    return parts[0] if len(parts) > 1 else "whole library"


def n_examples(root: Path, package: str) -> int:
    """Return the number of doctest examples in a package's sources."""
    source = root / "src" / "riskkit"
    paths = [
        *source.glob(f"{package}.py"),
        *source.glob(f"{package}/**/*.py"),
        *source.glob(f"_{package}/**/*.py"),
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return len(re.findall(r"^\s*>>> ", text, flags=re.MULTILINE))


def benchmark_results(root: Path) -> str:
    """Return the tables of stored benchmark results, each with its command.

    A result is ``benchmarks/results/<name>.json``: ``{"command": ..., "machine": ...,
    "table": [{column: value, ...}, ...]}``.
    """
    lines = ["## Benchmarks", ""]
    paths = sorted((root / "benchmarks" / "results").glob("*.json"))
    if not paths:
        lines += [
            "No results are stored with these sources. The [benchmarks page]"
            "(benchmarks.md) names the command of each question; a file"
            " `benchmarks/results/<name>.json` with its command and table is shown"
            " here."
        ]
    for path in paths:
        result = json.loads(path.read_text(encoding="utf-8"))
        columns = list(result["table"][0])
        lines += [f"### {path.stem}", "", f"`{result['command']}`", ""]
        lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        for row in result["table"]:
            lines.append("| " + " | ".join(str(row[c]) for c in columns) + " |")
        lines.append("")
    return "\n".join([*lines, ""])
