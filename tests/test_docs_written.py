"""What the build writes from the code: nothing public is missing, nothing made up."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

import riskkit
from riskkit import exceptions

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def written():
    """Give the modules of the documentation's own extension."""
    folder = str(ROOT / "docs" / "_ext")
    sys.path.insert(0, folder)
    yield import_module
    sys.path.remove(folder)


@pytest.mark.parametrize("package", riskkit.__all__)
def test_every_public_name_is_in_the_reference(written, package):
    page = written("package_pages").page_of(package)
    names = set(import_module(f"riskkit.{package}").__all__)
    assert names <= set(re.findall(r"\w+", page))


def test_a_class_that_two_packages_offer_has_one_page(written):
    pages = written("package_pages")
    objects = [
        getattr(import_module(f"riskkit.{package}"), name)
        for package in riskkit.__all__
        for name in pages.own_names(package)
    ]
    documented = [obj for obj in objects if isinstance(obj, type)]
    assert len(documented) == len(set(documented))
    assert pages.borrowed_names("calibration")["StepMapSpec"] == "artifact"


def test_the_tree_holds_every_error_and_warning(written):
    tree = written("listings").error_tree()
    for name in exceptions.__all__:
        assert f"riskkit.exceptions.{name}`" in tree
    assert "ArtifactError` (also ``ValueError``)" in tree


def test_every_benchmark_is_listed_with_its_command(written):
    table = written("listings").benchmarks(ROOT)
    for script in (ROOT / "benchmarks").glob("bench_*.py"):
        assert f"| `benchmarks/{script.name}` | " in table


def test_every_fragment_is_a_change(written):
    text = written("listings").unreleased(ROOT)
    fragments = [p for p in (ROOT / "changelog.d").glob("*.md") if p.stem != "README"]
    assert len(re.findall("^- ", text, flags=re.MULTILINE)) == len(fragments)


def test_the_dossier_names_source_and_value_of_a_formula(written):
    dossier = written("dossier")
    text = dossier.formulas([dossier.Suite(p) for p in ROOT.glob("tests/metrics/*.py")])
    (row,) = [r for r in text.splitlines() if "riskkit.metrics.jeffreys_test`" in r]
    assert "European Central Bank" in row
    assert "2.5.3.1" in row
    assert "`0.0953352`" in row
    assert int(row.split("|")[-2]) >= 3


def test_the_dossier_counts_tests_and_properties(written, tmp_path):
    dossier = written("dossier")
    (tmp_path / "test_x.py").write_text(
        "@given(x=floats())\ndef test_a(x): woe(x)\ndef test_b(): iv(1)\ndef c(): ..."
    )
    suite = dossier.Suite(tmp_path / "test_x.py")
    assert [test.name for test in suite.tests] == ["test_a", "test_b"]
    assert suite.n_properties == 1
    assert suite.words["woe"] == suite.words["iv"] == 1


def test_a_stored_benchmark_is_shown_with_its_command(written, tmp_path):
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    (results / "bins.json").write_text(
        '{"command": "python bench.py", "table": [{"library": "x", "ratio": 1.5}]}'
    )
    text = written("dossier").benchmark_results(tmp_path)
    assert "`python bench.py`" in text
    assert "| x | 1.5 |" in text
