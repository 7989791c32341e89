"""The example of batch scoring, run as a user would."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskkit.datasets import load_sba_loans
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier

EXAMPLE = Path(__file__).parents[2] / "examples/batch_scoring"
pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    loans = load_sba_loans()
    columns = ["State", "NewExist", "RevLineCr", "GrAppv"]
    rows = slice(None, None, 15)
    model = ScorecardClassifier().fit(
        loans.data[columns].iloc[rows], loans.target[rows]
    )
    path = tmp_path_factory.mktemp("model") / "model.rk"
    save_artifact(model, path)
    return model, path


def run(script, *arguments):
    main = runpy.run_path(str(EXAMPLE / script))["main"]
    main([str(one) for one in arguments])


def test_every_row_is_scored_by_the_estimators_points(card, tmp_path, capsys):
    model, path = card
    loans = load_sba_loans().data.head(500).copy()
    loans.insert(0, "loan_id", np.arange(500))
    loans.to_parquet(tmp_path / "applications.parquet", index=False)
    scored = tmp_path / "scored.parquet"
    run(
        "score_parquet.py",
        *(path, tmp_path / "applications.parquet", scored, "--key", "loan_id"),
    )
    assert "500 of 500 rows scored" in capsys.readouterr().out
    found = pd.read_parquet(scored).sort_values("loan_id")
    expected = model.predict_points(loans.drop(columns="loan_id"))
    np.testing.assert_array_equal(found["points"], expected)
    assert (tmp_path / "scored.sql").read_text().startswith("-- scorecard")
    with pytest.raises(SystemExit):
        run("score_parquet.py", path, "x", scored, "--key", "loan_id")


def test_applications_are_made_with_a_key(tmp_path):
    path = tmp_path / "applications.parquet"
    runpy.run_path(str(EXAMPLE / "make_applications.py"))["main"](str(path))
    loans = pd.read_parquet(path)
    assert loans["loan_id"].is_unique
    assert len(loans) == len(load_sba_loans().data)
