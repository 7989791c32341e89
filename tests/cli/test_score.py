import numpy as np
import pandas as pd
import pytest

from riskkit.serving import load_scorer


@pytest.fixture
def score_error(refused, trained, tmp_path):
    def invoke(table, *options, out="out.csv"):
        path = tmp_path / "later.csv"
        table.to_csv(path, index=False)
        return refused("score", trained.model, path, "--out", tmp_path / out, *options)

    return invoke


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
def test_scores_are_those_of_the_scorer(written, run, trained, tmp_path, name):
    out = tmp_path / "new" / name
    result = run(
        *("score", trained.model, trained.table, "--out", out),
        *("--reasons", "3", "--keep", "loan_id,region"),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    scored = written(out)
    table = pd.read_parquet(trained.table)
    batch = load_scorer(trained.model).score_batch(table, n_reasons=2)
    names = ["loan_id", "region", "pd", "points", "reason_1", "reason_2", "reason_3"]
    assert list(scored) == names
    assert np.array_equal(scored["pd"], batch.pd)
    assert np.array_equal(scored["points"], batch.points)
    assert np.array_equal(scored["loan_id"], table["loan_id"])
    reasons = scored[["reason_1", "reason_2"]].astype(object)
    assert reasons.where(reasons.notna(), None).to_numpy().tolist() == (
        batch.reasons.tolist()
    )
    assert scored["reason_3"].isna().all()  # the model has two characteristics


def test_columns_the_model_does_not_need_may_be_absent_or_extra(run, trained, tmp_path):
    table = pd.read_parquet(trained.table)[["delays", "income"]].assign(colour="red")
    table.to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "scores.csv"
    result = run("score", trained.model, tmp_path / "t.csv", "--out", out)
    assert result.exit_code == 0, result.output
    assert "1 column was not needed" in result.stderr


def test_one_row_without_a_value_is_scored(run, trained, tmp_path):
    (tmp_path / "t.csv").write_text("income,delays\n,0\n")
    result = run(
        *("score", trained.model, tmp_path / "t.csv", "--out", tmp_path / "o.csv"),
        *("--reasons", "0"),
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "o.csv").read_text().startswith("pd,points\n0.")


def test_a_missing_column_is_named_with_its_neighbour(score_error, loans):
    message = score_error(loans.rename(columns={"income": "incomes"}))
    assert "Column 'income' is missing. Did you mean 'incomes'?" in message


def test_text_in_a_number_column_is_counted_not_shown(score_error, loans):
    loans["income"] = loans["income"].astype(object)
    loans.loc[[1, 5, 9], "income"] = "confidential"
    message = score_error(loans.drop(columns="delays"))
    assert "3 of 1200 rows hold text" in message
    assert "'delays' is missing" in message
    assert "confidential" not in message


def test_a_feed_that_broke_is_refused(score_error, loans):
    assert "missing in all 1200 rows" in score_error(loans.assign(delays=np.nan))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--keep", "loan_di"], "Did you mean 'loan_id'?"),
        (["--keep", "points"], "must not name 'points'"),
    ],
)
def test_columns_to_keep(score_error, loans, options, message):
    assert message in score_error(loans.assign(points=1), *options)


def test_where_scores_go(score_error, loans, trained, run, tmp_path):
    assert ".csv or .parquet" in score_error(loans, out="out.xlsx")
    (tmp_path / "there.csv").write_text("mine")
    assert "--overwrite" in score_error(loans, out="there.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in score_error(loans, out="folder.csv")
    assert "Cannot write" in score_error(loans, out="later.csv/below/out.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"
    arguments = ("score", trained.model, trained.table, "--out", tmp_path / "there.csv")
    assert run(*arguments, "--overwrite").exit_code == 0
    assert (tmp_path / "there.csv").read_text().startswith("pd,points,reason_1")


def test_damaged_models_are_refused(refused, trained, tmp_path):
    content = trained.model.read_bytes()
    damaged = {
        "cut.rk": content[: len(content) // 2],
        "empty.rk": b"",
        "text.rk": b"not a model",
        "edited.rk": content.replace(b"PK", b"XX", 1),
        "flipped.rk": bytes([*content[:200], content[200] ^ 1, *content[201:]]),
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
    for name in [*damaged, "absent.rk"]:
        out = tmp_path / "out.csv"
        assert refused("score", tmp_path / name, trained.table, "--out", out)
        assert refused("inspect", tmp_path / name)
