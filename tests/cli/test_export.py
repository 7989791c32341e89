"""``riskkit export``: SQL to a file or to another program."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskkit.export import to_sql
from riskkit.serving import load_scorer


def test_the_statement_scores_the_table(run, trained, tmp_path):
    out = tmp_path / "new" / "score.sql"
    result = run(
        *("export", trained.model, "--to", "sql", "--table", "main.loans"),
        *("--keep", "loan_id,region", "--reasons", "2", "--reason-as", "text"),
        *("--out", out),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "lines of SQL that score the table main.loans" in result.stderr
    loans = pd.read_parquet(trained.table)
    with duckdb.connect() as connection:
        connection.register("loans_in_memory", loans)
        connection.execute("CREATE TABLE loans AS SELECT * FROM loans_in_memory")
        sql = out.read_text(encoding="utf-8")
        scored = connection.sql(f"SELECT * FROM ({sql}) ORDER BY loan_id").df()
    batch = load_scorer(trained.model).score_batch(loans, n_reasons=2)
    assert np.array_equal(scored["loan_id"], loans["loan_id"])
    assert np.array_equal(scored["region"], loans["region"])
    assert np.array_equal(scored["points"], batch.points)
    assert np.array_equal(scored["pd"], batch.pd)
    assert np.array_equal(scored["points_lost_1"].fillna(0), batch.points_lost[:, 0])


def test_without_a_file_it_is_for_the_next_program(run, trained):
    result = run("export", trained.model, "--dialect", "postgres", "--reasons", "0")
    assert result.exit_code == 0, result.output
    assert result.stdout == to_sql(trained.model, dialect="postgres", reasons=0)
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--dialect", "postgresql"), "Did you mean 'postgres'"),
        (("--table", "riskkit_bins"), "must not begin with"),
        (("--keep", "pd"), "keep must not name 'pd'"),
    ],
)
def test_what_is_refused(refused, trained, tmp_path, options, message):
    out = tmp_path / "score.sql"
    assert message in refused("export", trained.model, *options, "--out", out)


def test_files_are_kept_unless_told(refused, run, trained, tmp_path):
    out = tmp_path / "score.sql"
    out.write_text("mine")
    assert "exists already" in refused("export", trained.model, "--out", out)
    assert run("export", trained.model, "--out", out, "--overwrite").exit_code == 0
    assert out.read_text(encoding="utf-8") == to_sql(trained.model)
    assert "nothing is at" in refused("export", tmp_path / "none.rk")
