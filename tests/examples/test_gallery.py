"""Every script of the gallery draws its figure."""

import ast
import runpy
import struct
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "examples/gallery").glob("plot_*.py"))
NAMES = [path.stem for path in SCRIPTS]
PAGE = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_it_saves_one_picture_of_a_sane_size(path, tmp_path, monkeypatch):
    monkeypatch.setitem(mpl.rcParams, "backend", "Agg")
    import matplotlib.pyplot as plt

    target = tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", [str(path), str(target)])
    try:
        runpy.run_path(str(path), run_name="__main__")
        assert len(plt.get_fignums()) == 1
        axes = plt.gcf().axes
        assert axes[0].has_data() or axes[0].texts
    finally:
        plt.close("all")
    data = target.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert 500 <= width <= 1800
    assert 300 <= height <= 1800
    # An empty picture of this size compresses to next to nothing.
    assert 10_000 < len(data) < 500_000


def test_without_a_path_it_is_shown(monkeypatch):
    monkeypatch.setitem(mpl.rcParams, "backend", "Agg")
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.get_fignums()))
    path = ROOT / "examples/gallery/plot_ring.py"
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    plt.close("all")
    assert shown == [[1]]


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_it_says_what_one_sees_and_how_to_read_it(path):
    text = path.read_text(encoding="utf-8")
    doc = ast.get_docstring(ast.parse(text))
    title, line, blank = doc.splitlines()[:3]
    assert line == "=" * len(title)
    assert blank == ""
    assert "*How to read it.*" in doc
    assert "riskkit._" not in text
    assert f"gallery/{path.name}" in PAGE
    page = " ".join(PAGE.split())
    for paragraph in [title, *doc.split("\n\n")[1:]]:
        assert " ".join(paragraph.split()) in page, "docs/gallery.md says otherwise"


def test_the_page_shows_every_script_twice_and_nothing_else():
    named = [part.split("```")[0].split()[0] for part in PAGE.split("gallery/")[1:]]
    figures = [name for name in named if name != "plot_ring.py"]
    assert sorted(set(named)) == sorted(path.name for path in SCRIPTS)
    assert all(figures.count(name) == 2 for name in figures)  # figure and source
