"""The notebooks run as they stand, on fewer rows; with -m slow, on all of them."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
# What a notebook needs beyond the library itself.
OPTIONAL = {"07_ship": "duckdb"}
STEP = "RISKKIT_NOTEBOOK_STEP"  # notebooks take one row of so many


def read_cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def run_cell(text, namespace):
    """Run a cell; return the value of its last expression, as a notebook shows it."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


def run(path, step, monkeypatch):
    """Run all cells in one namespace; return what each of them shows."""
    import matplotlib.pyplot as plt

    if path.stem in OPTIONAL:
        pytest.importorskip(OPTIONAL[path.stem])
    monkeypatch.setitem(mpl.rcParams, "backend", "Agg")
    monkeypatch.setenv(STEP, str(step))
    namespace = {}
    shown = []
    for cell in read_cells(path):
        if cell["cell_type"] == "code":
            value = run_cell(source(cell), namespace)
            html = getattr(value, "_repr_html_", None)
            shown.append(html() if html else repr(value))
            plt.close("all")
    return shown


def test_one_story_in_nine_parts():
    assert [name[:2] for name in NAMES] == [f"{k:02d}" for k in range(1, 10)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebook_runs_and_ends_in_its_check(path, monkeypatch):
    shown = run(path, 4, monkeypatch)
    assert all(shown)
    assert shown[-1] == "True"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebook_runs_on_all_rows(path, monkeypatch):
    assert run(path, 1, monkeypatch)[-1] == "True"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebook_is_kept_without_outputs(path):
    cells = read_cells(path)
    assert source(cells[0]).startswith(f"# {int(path.stem[:2])}. ")
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    kinds = [cell["cell_type"] for cell in cells]
    assert 10 <= kinds.count("code") <= 20
    # Whoever reads only the prose has to be able to follow.
    assert kinds.count("markdown") >= 0.6 * kinds.count("code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebook_uses_public_names_only(path):
    code = [source(c) for c in read_cells(path) if c["cell_type"] == "code"]
    nodes = [node for text in code for node in ast.walk(ast.parse(text))]
    taken = [
        (node.module, alias.name)
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module.startswith("riskkit")
        for alias in node.names
    ]
    assert taken
    for module, name in taken:
        package = importlib.import_module(module)
        public = getattr(package, "__all__", None) or vars(package)
        assert name in public, f"{module}.{name}"
    private = [
        n.attr for n in nodes if isinstance(n, ast.Attribute) and n.attr[0] == "_"
    ]
    assert not private


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_links_of_a_notebook_lead_somewhere(path):
    text = "\n".join(
        source(c) for c in read_cells(path) if c["cell_type"] == "markdown"
    )
    for link in [part.split(")")[0] for part in text.split("](")[1:]]:
        assert (path.parent / link).exists(), link
    for place in [part for part in text.split("`") if part.startswith("examples/")]:
        assert (ROOT / place).exists(), place


def test_example_service_decides(tmp_path):
    from riskkit.datasets import load_sba_loans
    from riskkit.export import save_artifact
    from riskkit.scorecard import ScorecardClassifier

    loans = load_sba_loans()
    rows = slice(0, None, 6)
    card = ScorecardClassifier().fit(loans.data[rows], loans.target[rows])
    save_artifact(card, tmp_path / "card.rk")
    script = ROOT / "examples" / "score_one_record.py"
    run = subprocess.run(
        [sys.executable, script, tmp_path / "card.rk"],
        check=True,
        capture_output=True,
        text=True,
    )
    decisions = [ast.literal_eval(line) for line in run.stdout.splitlines()]
    assert decisions[0]["decision"] in {"approve", "decline"}
    assert decisions[2]["decision"] == "refer"
    assert "'BankState'" in decisions[2]["why"]
    assert "Did you mean" not in decisions[2]["why"]
