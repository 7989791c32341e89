"""Short listings that pages include: benchmarks, unreleased changes, errors."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING

from riskkit import exceptions

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed"}


def benchmarks(root: Path) -> str:
    """Return the table of benchmark scripts: command, question, pages that cite it."""
    pages = {
        page: page.read_text(encoding="utf-8")
        for page in sorted((root / "docs").glob("*.md"))
    }
    lines = ["| command | question | cited on |", "|---|---|---|"]
    for path in sorted((root / "benchmarks").glob("*_*.py")):
        if not path.stem.startswith(("bench_", "fuzz_")):
            continue
        summary = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        question = " ".join(summary.split("\n\n")[0].split())
        citing = [page for page, text in pages.items() if path.name in text]
        links = ", ".join(f"[{title_of(pages[p])}]({p.name})" for p in citing)
        lines.append(f"| `benchmarks/{path.name}` | {question} | {links} |")
    return "\n".join([*lines, ""])


def title_of(text: str) -> str:
    """Return the heading of a Markdown page."""
    first = text.lstrip().splitlines()[0]
    return first.removeprefix("# ")


def unreleased(root: Path) -> str:
    """Return the sentences of ``changelog.d`` by kind of change."""
    lines = ["## Unreleased", ""]
    for kind, title in KINDS.items():
        paths = sorted((root / "changelog.d").glob(f"*.{kind}.md"))
        if paths:
            lines += [f"### {title}", ""]
            for path in paths:
                sentence = " ".join(path.read_text(encoding="utf-8").split())
                lines.append(f"- {sentence.removeprefix('- ')}")
            lines.append("")
    return "\n".join(lines)


def error_tree() -> str:
    """Return the page of errors and warnings, drawn from the classes themselves."""
    title = "Errors and warnings"
    lines = [title, "=" * len(title), ""]
    lines += [
        "Every error derives from ``RiskkitError`` and from the builtin that a caller",
        "would catch anyway, every warning from ``RiskkitWarning``. Estimators that",
        "are not fitted raise scikit-learn's ``NotFittedError``. A message says what",
        "was expected, what came and what to do; it names columns, bins and counts,",
        "never a customer's value.",
        "",
    ]
    for root in (exceptions.RiskkitError, exceptions.RiskkitWarning):
        lines += ["", *branch(root, 0)]
    return "\n".join([*lines, ""])


def branch(kind: type, depth: int) -> list[str]:
    """Return a class and those derived from it as nested items."""
    indent = "  " * depth
    builtins = [
        b.__name__
        for b in kind.__bases__
        if b.__module__ == "builtins" and b is not Exception
    ]
    also = f" (also ``{'``, ``'.join(builtins)}``)" if builtins else ""
    summary = (inspect.getdoc(kind) or "").splitlines()[0]
    link = f":class:`~riskkit.exceptions.{kind.__name__}`"
    lines = [f"{indent}* {link}{also}: {summary}"]
    public = [c for c in kind.__subclasses__() if c.__name__ in exceptions.__all__]
    for child in sorted(public, key=lambda c: c.__name__):
        lines += ["", *branch(child, depth + 1)]
    return lines
