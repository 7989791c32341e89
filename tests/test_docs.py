"""The pages of the documentation: their examples run, their links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
WRITTEN_BY_THE_BUILD = {"generated", "api"}

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")


def pages():
    found = [p for p in sorted(DOCS.rglob("*.md")) if p.parent.name not in ("build",)]
    return [
        p for p in found if not WRITTEN_BY_THE_BUILD & set(p.relative_to(DOCS).parts)
    ]


def name_of(page):
    return str(page.relative_to(ROOT).with_suffix(""))


PAGES = pages()
TUTORIALS = [p for p in PAGES if p.parent.name == "tutorials" and p.stem != "index"]
WITH_EXAMPLES = [
    p
    for p in [ROOT / "README.md", *PAGES]
    if ">>>" in p.read_text(encoding="utf-8") and p not in TUTORIALS
]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_of_a_page_run(page):
    failed, tried = doctest.testfile(
        str(page), module_relative=False, optionflags=FLAGS, encoding="utf-8"
    )
    assert tried
    assert not failed


def run_commands(block):
    """Run the lines of a console block; ``# exit code N`` says how one ends."""
    for line in block.splitlines():
        assert line.startswith(("$ riskkit ", "$ python ")), line
        command, _, remark = line.removeprefix("$ ").partition("#")
        code = int(remark.split()[-1]) if "exit code" in remark else 0
        program, *arguments = shlex.split(command)
        own = [] if program == "python" else ["-m", program]
        words = [sys.executable, *own, *arguments]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        assert run.returncode == code, f"{command}: {run.stdout}{run.stderr}"


@pytest.mark.parametrize("page", TUTORIALS, ids=name_of)
def test_tutorial_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    names = {}
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "console":
            run_commands(block)
        elif ">>>" in block:
            test = doctest.DocTestParser().get_doctest(
                block, names, page.stem, str(page), 0
            )
            runner.run(test, clear_globs=False)
            names = test.globs
    assert runner.summarize(verbose=False).attempted > 3
    assert not runner.failures


@pytest.mark.slow
def test_the_door_of_the_risk_team_leads_where_the_readme_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    (commands,) = [text for _, text in blocks if text.startswith("$ python -c ")]
    run_commands(commands)
    assert (tmp_path / "model" / "report.html").stat().st_size > 10_000
    assert (tmp_path / "backtest" / "report.html").stat().st_size > 10_000
    assert (tmp_path / "scored.parquet").exists()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=name_of)
def test_links_to_files_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        place = page.parent / target
        from_the_build = place.suffix == ".rst" and place.parent.name == "reference"
        assert from_the_build or place.exists(), target
