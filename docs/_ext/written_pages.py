"""A Sphinx extension: write the pages that come from the code, then read them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dossier
import listings
import package_pages
from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", lambda _app, _config: write_pages(Path(app.srcdir)))
    app.connect("autodoc-skip-member", skip_foreign_members)
    app.connect("doctree-read", trim_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(docs: Path) -> None:
    """Write everything before Sphinx looks which pages there are."""
    root = docs.parent
    package_pages.write(docs / "reference")
    pages = {
        "reference/errors.rst": listings.error_tree(),
        "generated/benchmarks.md": listings.benchmarks(root),
        "generated/unreleased.md": listings.unreleased(root),
        "generated/dossier.md": dossier.text(root),
    }
    for name, text in pages.items():
        package_pages.write_if_changed(docs / name, text)


def trim_code(_app: Sphinx, doctree: nodes.document) -> None:
    """Take off the empty line that doctest needs between an output and its fence."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext().rstrip()
        if block.rawsource == block.astext():
            block.rawsource = text
            block.children = [nodes.Text(text)]


def skip_foreign_members(
    _app: Sphinx, _what: str, name: str, obj: object, skip: bool, _options: object
) -> bool | None:
    """Leave out what scikit-learn and the standard library document themselves."""
    if skip or name.startswith("_"):
        return True
    plain = inspect.unwrap(getattr(obj, "fget", None) or getattr(obj, "__func__", obj))
    module = getattr(plain, "__module__", None)
    if callable(plain) and not str(module).startswith("riskkit"):
        return True
    return None
