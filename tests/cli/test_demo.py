import json

import pandas as pd

from riskkit.datasets import load_sba_loans
from riskkit.serving import load_scorer


def test_demo_does_the_main_job(run, tmp_path):
    out = tmp_path / "demo"
    result = run("demo", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    assert summary["train"]["window"] == ["1997-01-02", "2003-12-31"]
    assert summary["test"]["window"][0] >= "2004-01-01"
    assert summary["test"]["window"][1] < "2007-01-01"
    assert summary["test"]["auc"] > 0.6
    assert summary["left_out"]["Term"] == "known only after approval"
    assert "Term" not in summary["characteristics"]
    assert "with Term" in result.stderr
    assert "Note:" not in result.stderr
    assert "<html" in (out / "report.html").read_text()

    scored = pd.read_parquet(out / "scored.parquet")
    assert len(scored) == summary["test"]["n_rows"]
    loans = load_sba_loans()
    one = scored.iloc[123]
    record = loans.data.iloc[one["row"]].to_dict()
    answer = load_scorer(out / "model.rk").score(record)
    assert (answer.pd, answer.points) == (one["pd"], one["points"])
    assert answer.reasons[0].text == one["reason_1"]

    assert run("demo", "--out", out).exit_code == 2
