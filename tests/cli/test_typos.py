"""Words that a reader mistypes: each error names the nearest one."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from riskkit._core.near_files import near_file
from riskkit.artifact import read_artifact
from riskkit.cli._app import app
from riskkit.exceptions import ArtifactError

TABLE = "amount,default\n" + "".join(f"{k},{k % 7 == 0:d}\n" for k in range(300))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loans.csv").write_text(TABLE)
    (tmp_path / "model.rk").write_text("none")
    (tmp_path / "watch.toml").write_text("schema_version = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["scoer"], "Did you mean 'score'?", 2),
        (["monitor", "rnu"], "Did you mean 'run'?", 64),
        (["backtest", "ran"], "Did you mean 'run'?", 64),
        (["train", "loans.csv", "--targt", "default"], "--target", 2),
        (["train", "loan.csv", "--target", "default", "--out", "o"], "'loans.csv'?", 2),
        (
            ["train", "loans.csv", "--target", "defalt", "--out", "o"],
            "Did you mean 'default'?",
            2,
        ),
        (["inspect", "modle.rk"], "Did you mean 'model.rk'?", 2),
        (["verify", "modle.rk"], "Did you mean 'model.rk'?", 2),
        (["score", "modle.rk", "loans.csv", "--out", "s.csv"], "'model.rk'?", 2),
        (
            ["monitor", "run", "wacth.toml", "--as-of", "2020-01-01", "--out", "o"],
            "Did you mean 'watch.toml'?",
            64,
        ),
        (["backtest", "run", "wacth.toml", "--out", "o"], "'watch.toml'?", 64),
    ],
)
def test_nearest_word(folder, words, said, code):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    assert said in result.output
    assert not (folder / "o").exists()


def test_a_configuration_that_is_like_no_other_file(folder):
    result = CliRunner().invoke(app, ["backtest", "run", "zzz", "--out", "o"])
    assert "Write one with `riskkit backtest init`" in result.output


def test_near_file(folder):
    assert near_file("loan.csv") == " Did you mean 'loans.csv'?"
    assert near_file(folder / "loan.csv") == " Did you mean 'loans.csv'?"
    assert near_file("loans.parquet") == " Did you mean 'loans.csv'?"
    assert near_file("other.csv") == ""
    assert near_file("nothing_like_it") == ""
    assert near_file("no_folder/loan.csv") == ""


def test_the_library_says_so_too(folder):
    with pytest.raises(ArtifactError, match=r"Did you mean 'model\.rk'\?"):
        read_artifact("modl.rk")


def test_exit_codes_stand_in_one_table():
    shown = CliRunner().invoke(app, ["--help"]).output
    lines = [line.split(maxsplit=1) for line in shown.splitlines()]
    codes = [int(words[0]) for words in lines if words and words[0].isdigit()]
    assert codes == [0, 1, 2, 3, 64, 130]


def test_completion(monkeypatch):
    for shell, name in [("bash", "_RISKKIT_COMPLETE"), ("zsh", "_RISKKIT_COMPLETE")]:
        shown = CliRunner().invoke(
            app, [], prog_name="riskkit", env={name: f"source_{shell}"}
        )
        assert "riskkit" in shown.output
