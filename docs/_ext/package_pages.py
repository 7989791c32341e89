"""The reference: a page for each package, from its ``__all__``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import riskkit

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

TITLES = {"class": "Classes", "function": "Functions", "data": "Constants and types"}


def write(folder: Path) -> None:
    """Write ``<package>.rst`` for each package with its names by kind."""
    for package in riskkit.__all__:
        write_if_changed(folder / f"{package}.rst", page_of(package))
    listed = {
        f"riskkit.{package}.{name}"
        for package in riskkit.__all__
        for name in own_names(package)
        if kind_of(getattr(import_module(f"riskkit.{package}"), name)) != "data"
    }
    for stub in folder.glob("api/*.rst"):
        if stub.stem not in listed:
            stub.unlink()  # of a name that is gone


def page_of(package: str) -> str:
    """Return the page of a package: its docstring, and tables that link objects."""
    module = import_module(f"riskkit.{package}")
    title = f"riskkit.{package}"
    lines = [title, "=" * len(title), "", *summary_of(module), ""]
    lines += [f".. module:: {title}", "   :no-index-entry:", ""]
    own = by_kind(module, own_names(package))
    for kind in ("class", "function"):
        if own[kind]:
            lines += heading(TITLES[kind])
            lines += [".. autosummary::", "   :toctree: api", "   :nosignatures:", ""]
            lines += [f"   {name}" for name in own[kind]] + [""]
    if own["data"]:
        lines += heading(TITLES["data"])
    for name in own["data"]:
        lines += [f".. py:data:: {name}", f"   :value: {shown(module, name)}", ""]
    borrowed = borrowed_names(package)
    if borrowed:
        lines += heading("Also importable from here")
        lines += [
            f"* :obj:`{name} <riskkit.{home}.{name}>`"
            for name, home in borrowed.items()
        ]
    return "\n".join([*lines, ""])


def heading(title: str) -> list[str]:
    """Return the lines of a section's title."""
    return [title, "-" * len(title), ""]


def borrowed_names(package: str) -> dict[str, str]:
    """Return the names whose home is another package, with that package."""
    module = import_module(f"riskkit.{package}")
    homes = {}
    for name in module.__all__:
        path = getattr(getattr(module, name), "__module__", None) or ""
        root, _, rest = path.partition(".")
        home = rest.partition(".")[0]
        if root != "riskkit" or home == package or home not in riskkit.__all__:
            continue
        if name in import_module(f"riskkit.{home}").__all__:
            homes[name] = home
    return homes


def shown(module: ModuleType, name: str) -> str:
    """Return a constant as a reader should see it."""
    obj = getattr(module, name)
    plain = dict(obj) if isinstance(obj, Mapping) else obj
    return re.sub(r"riskkit\.\w+\._\w+\.", "", repr(plain))


def summary_of(module: ModuleType) -> list[str]:
    """Return the module's docstring, up to a drawing that another page shows."""
    doc = inspect.getdoc(module) or ""
    return doc.partition("\n\n*")[0].splitlines()


def own_names(package: str) -> list[str]:
    """Return the names that are documented with this package."""
    names = import_module(f"riskkit.{package}").__all__
    return [name for name in names if name not in borrowed_names(package)]


def by_kind(module: ModuleType, names: list[str]) -> dict[str, list[str]]:
    """Return names of a package by kind, each kind sorted."""
    kinds: dict[str, list[str]] = {kind: [] for kind in TITLES}
    for name in sorted(names, key=str.lower):
        kinds[kind_of(getattr(module, name))].append(name)
    return kinds


def kind_of(obj: object) -> str:
    """Return ``class``, ``function`` or ``data``."""
    if inspect.isclass(obj):
        return "class"
    return "function" if inspect.isroutine(obj) else "data"


def write_if_changed(path: Path, text: str) -> None:
    """Write `path` unless it holds `text`: Sphinx rebuilds what changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
