"""The notebooks and examples run as they stand."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def run_cell(source, namespace):
    """Run a cell; return the value of its last expression, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_shows(path, monkeypatch):
    monkeypatch.setitem(mpl.rcParams, "backend", "Agg")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    namespace = {}
    shown = []
    for cell in cells:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "notebooks are kept without outputs"
            value = run_cell("".join(cell["source"]), namespace)
            html = getattr(value, "_repr_html_", None)
            shown.append(html() if html else repr(value))
    assert all(shown)
    assert shown[-1] == "True"


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
