import json

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import read_artifact
from riskkit.metrics import gini_score
from riskkit.serving import load_scorer


def write(table, path):
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return path


@pytest.fixture
def train_error(refused, tmp_path):
    def invoke(table, *options, target="bad", name="loans.csv"):
        path = write(table, tmp_path / name)
        return refused(
            "train", path, "--target", target, "--out", tmp_path / "out", *options
        )

    return invoke


def test_summary_is_what_was_written(written, trained):
    summary = json.loads(trained.stdout)
    assert summary == json.loads((trained.out / "summary.json").read_text())
    assert {p.name for p in trained.out.iterdir()} == {
        "model.rk",
        "report.html",
        "scored.parquet",
        "summary.json",
    }
    assert summary["verdict"]["word"] in (trained.out / "report.html").read_text()
    assert summary["characteristics"] == ["income", "delays"]
    assert summary["test"]["auc"] == (summary["test"]["gini"] + 1) / 2
    assert "Traceback" not in trained.stderr


def test_what_is_left_out_is_said_everywhere(trained):
    reasons = {
        "loan_id": "an identifier: a different whole number in every row",
        "opened": "the date of the row",
        "currency": "one value in every row",
        "comment": "every value is missing",
    }
    summary = json.loads(trained.stdout)
    manifest = read_artifact(trained.model).manifest
    for name, reason in reasons.items():
        assert summary["left_out"][name] == manifest.left_out[name] == reason
        assert reason in trained.stderr
    assert "region" in summary["left_out"]  # by the fit: it carries no evidence
    assert "EUR" not in trained.stderr


def test_out_of_time_rows_are_the_last_and_days_stay_together(trained):
    table = pd.read_parquet(trained.table)
    scored = pd.read_parquet(trained.out / "scored.parquet")
    days = table["opened"]
    is_test = table.index.isin(scored["row"])
    assert 0.2 <= is_test.mean() <= 0.25
    assert days[~is_test].max() < days[is_test].min()
    window = read_artifact(trained.model).manifest.window
    assert window == (str(days.min().date()), str(days[~is_test].max().date()))


def test_scored_rows_are_those_of_the_scorer(trained):
    table = pd.read_parquet(trained.table)
    scored = pd.read_parquet(trained.out / "scored.parquet")
    batch = load_scorer(trained.model).score_batch(table.iloc[scored["row"]])
    assert np.array_equal(scored["pd"], batch.pd)
    assert np.array_equal(scored["points"], batch.points)
    assert np.array_equal(scored["event"], table["bad"].iloc[scored["row"]])
    assert list(scored)[4:] == [f"reason_{k}" for k in range(1, 5)]
    summary = json.loads(trained.stdout)
    assert summary["test"]["gini"] == gini_score(scored["event"], scored["pd"])


def test_special_codes_reach_the_bins(trained):
    spec = read_artifact(trained.model).model
    (delays,) = [c.feature for c in spec.characteristics if c.feature.name == "delays"]
    assert [group.codes for group in delays.special] == [(-9.0,)]


@pytest.mark.parametrize(
    "codes", [["--special-codes=-9,-8"], ["--special-codes", "-9,-8"]]
)
def test_codes_may_begin_with_a_dash(run, loans, tmp_path, codes):
    path = write(loans, tmp_path / "loans.csv")
    out = tmp_path / "out"
    result = run("train", path, "--target", "bad", "--out", out, "--no-report", *codes)
    assert result.exit_code == 0, result.output
    assert read_artifact(out / "model.rk").schema["special_codes"] == [-9, -8]


def test_csv_and_parquet_make_the_same_model(run, loans, tmp_path):
    found = []
    for name in ("a.csv", "b.parquet"):
        path, out = write(loans, tmp_path / name), tmp_path / name[0]
        result = run("train", path, "--target", "bad", "--out", out, "--no-report")
        assert result.exit_code == 0, result.output
        found.append(read_artifact(out / "model.rk"))
    assert found[0].model == found[1].model
    assert found[0].baseline == found[1].baseline


def test_the_same_table_gives_the_same_bytes(run, loans, tmp_path):
    path = write(loans, tmp_path / "loans.csv")
    for out in ("a", "b"):
        run("train", path, "--target", "bad", "--out", tmp_path / out, "--no-report")
    for name in ("model.rk", "scored.parquet", "summary.json"):
        one, other = ((tmp_path / out / name).read_bytes() for out in ("a", "b"))
        assert one == other


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (["no", "yes"], ["--event", "yes"]),
        ([2, 1], ["--event", "1"]),
        ([False, True], []),
        ([False, True], ["--event", "true"]),
        ([0.0, 1.0], []),
    ],
)
def test_kinds_of_target(run, loans, trained, tmp_path, values, options):
    loans["bad"] = [values[y] for y in loans["bad"]]
    path, out = write(loans, tmp_path / "loans.csv"), tmp_path / "out"
    result = run(
        *("train", path, "--target", "bad", "--out", out, "--date", "opened"),
        *("--special-codes=-9", "--no-report", *options),
    )
    assert result.exit_code == 0, result.output
    expected = read_artifact(trained.model).model
    assert read_artifact(out / "model.rk").model == expected


def test_nullable_targets_without_gaps(run, loans, tmp_path):
    out = tmp_path / "out"
    path = write(loans.astype({"bad": "Int64"}), tmp_path / "loans.parquet")
    result = run("train", path, "--target", "bad", "--out", out, "--no-report")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda y: 1, [], "holds one value in 1200 rows"),
        (lambda y: np.arange(1200) % 3, [], "holds 3 values"),
        (lambda y: y.where(y.index > 10), [], "11 of 1200 rows have none"),
        (lambda y: y.map({0: "ok", 1: "lost"}), [], "--event VALUE"),
        (lambda y: y.map({0: "ok", 1: "lost"}), ["--event", "gone"], "it is neither"),
        (lambda y: y + 1, [], "0/1 or True/False"),
        (lambda y: (y.index < 2).astype(int), [], "at least 4 events"),
        (lambda y: pd.Timestamp("2024-01-31") + pd.to_timedelta(y, "D"), [], "0/1"),
    ],
)
def test_targets_that_cannot_be_learnt(train_error, loans, change, options, message):
    loans["bad"] = change(loans["bad"])
    assert message in train_error(loans, *options, name="loans.parquet")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "bda"], "Did you mean 'bad'?"),
        (["--date", "open"], "Did you mean 'opened'?"),
        (["--date", "bad"], "must differ"),
        (["--date", "income"], "must hold dates"),
        (["--features", "income,dleays"], "Did you mean 'delays'?"),
        (["--exclude", "regoin"], "Did you mean 'region'?"),
        (["--features", "income,loan_id"], "'loan_id' is an identifier"),
        (["--features", "currency"], "one value in every row"),
        (["--features", "comment"], "every value is missing"),
        (["--features", "opened"], "holds dates"),
        (["--features", "bad"], "'bad' is the target"),
        (["--features", "income", "--exclude", "income"], "both name 'income'"),
        (["--exclude", "income,delays,region"], "No column is left to learn from"),
        (["--features", "region"], "No column tells events from non-events"),
        (["--special-codes", " , "], "must list codes"),
    ],
)
def test_options_that_name_what_cannot_be(train_error, loans, options, message):
    assert message in train_error(loans, *options, "--no-report", name="l.parquet")


def test_dates_must_be_known_and_differ(train_error, loans):
    gap = loans.assign(opened=loans["opened"].where(loans.index > 2))
    assert "3 of 1200 rows" in train_error(gap, "--date", "opened", name="a.parquet")
    assert "left out (every value is missing)" in train_error(
        loans.assign(opened=None), "--date", "opened", name="b.parquet"
    )
    one = loans.assign(opened=pd.Timestamp("2024-01-31"))
    assert "at least two days" in train_error(one, "--date", "opened", name="c.parquet")
    late = loans.assign(bad=(loans.index < 100).astype(int))
    assert "no events" in train_error(late, "--date", "opened", name="d.parquet")


def test_tables_that_cannot_be_learnt_from(train_error, loans):
    assert "no rows" in train_error(loans.head(0))
    twice = loans.rename(columns={"region": "income"})
    assert "more than once: 'income'" in train_error(twice)


def test_a_number_column_spoilt_by_text_is_left_out(run, loans, tmp_path):
    loans["income"] = loans["income"].astype(object)
    loans.loc[[4, 7], "income"] = "confidential"
    path = write(loans, tmp_path / "loans.csv")
    out = tmp_path / "out"
    result = run("train", path, "--target", "bad", "--out", out, "--no-report")
    assert result.exit_code == 0, result.output
    assert "numbers, but text in 2 of 1200 rows" in result.stderr
    assert "confidential" not in result.output


def test_a_model_is_not_replaced_by_accident(refused, run, loans, tmp_path):
    path, out = write(loans, tmp_path / "loans.csv"), tmp_path / "out"
    arguments = ("train", path, "--target", "bad", "--out", out, "--no-report")
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "report.html").write_text("of an older model")
    message = refused(*arguments)
    assert "holds report.html already" in message
    assert "--overwrite" in message
    assert run(*arguments, "--overwrite").exit_code == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "model.rk",
        "notes.txt",
        "scored.parquet",
        "summary.json",
    ]
    assert (out / "notes.txt").read_text() == "mine"


def test_a_failure_on_the_way_leaves_nothing(refused, loans, tmp_path):
    path = write(loans, tmp_path / "loans.csv")
    out = tmp_path / "new" / "out"
    refused("train", path, "--target", "bad", "--features", "region", "--out", out)
    assert not (tmp_path / "new").exists()


def test_places_that_cannot_be_written_to(refused, loans, tmp_path):
    path = write(loans, tmp_path / "loans.csv")
    for out in (path / "below", path, "/proc/riskkit"):
        message = refused("train", path, "--target", "bad", "--out", out)
        assert "Cannot write" in message


def test_suspicious_evidence_is_noted(run, loans, tmp_path):
    loans["recovered"] = loans["bad"] * 10.5 + 1
    path = write(loans, tmp_path / "loans.parquet")
    result = run(
        "train", path, "--target", "bad", "--out", tmp_path / "o", "--no-report"
    )
    assert result.exit_code == 0, result.output
    assert "suspiciously strong evidence (IV above 2): recovered" in result.stderr


@pytest.mark.parametrize(
    ("name", "target", "options", "least_auc"),
    [
        ("taiwan_default", "default_next_month", [], 0.75),
        ("heloc", "bad", ["--special-codes", "-9,-8,-7"], 0.78),
    ],
)
def test_real_tables(
    written, run, shared_data, tmp_path, name, target, options, least_auc
):
    table, out = shared_data(name), tmp_path / "out"
    result = run(
        *("train", table, "--target", target, "--out", out, "--no-report"),
        *("--json", *options),
    )
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["test"]["auc"] > least_auc
    assert abs(summary["test"]["mean_pd"] - summary["test"]["event_rate"]) < 0.02
    assert summary["psi"] < 0.02

    result = run("score", out / "model.rk", table, "--out", tmp_path / "all.csv")
    assert result.exit_code == 0, result.output
    everyone = written(tmp_path / "all.csv")
    held_out = pd.read_parquet(out / "scored.parquet")
    assert np.array_equal(everyone["pd"].to_numpy()[held_out["row"]], held_out["pd"])
