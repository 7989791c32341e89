"""Configurations and files that are not what they should be, each with its sentence."""

import re

import pytest


@pytest.fixture
def configured(run, tmp_path):
    """Write the template of a command with one change, run it, and give its message."""

    def refused(command, *changes, extra=""):
        path = tmp_path / f"{command}.toml"
        assert run(command, "init", path).exit_code == 0
        text = path.read_text()
        for old, new in changes:
            assert re.search(old, text, flags=re.M | re.S), old
            text = re.sub(old, new, text, count=1, flags=re.M | re.S)
        path.write_text(f"{text}\n{extra}\n")
        words = ["--as-of", "2022-06-01"] if command == "monitor" else []
        result = run(command, "run", path, "--dry-run", *words)
        assert result.exit_code == 64, result.output
        assert result.stdout == ""
        message = result.stderr[result.stderr.index("Error: ") + 7 :]
        return " ".join(message.split())

    return refused


VERSION = "^schema_version = 1$"
WITHOUT_PERFORMANCE = (r"^\[performance\].*?(?=^\[warning\])", "")


@pytest.mark.parametrize(
    ("changes", "extra", "message"),
    [
        (
            [(VERSION, "schema_version = 1\nperformance = 3"), WITHOUT_PERFORMANCE],
            "",
            "performance must be a table, written [performance]; got a value.",
        ),
        (
            [(VERSION, "schema_version = 1\nthresholds = 3")],
            "",
            "thresholds must be tables, written [thresholds.score_psi].",
        ),
        ([], "[thresholds]\nscore_psi = 3", "thresholds.score_psi must be a table"),
        ([], "[thresholds.score_ps]\nred = 1.0", "Did you mean 'score_psi'?"),
        ([], "[thresholds.score_psi]\nrde = 1.0", "Did you mean 'red'?"),
        ([], "[thresholds.score_psi]\nred = 0.01", "thresholds.score_psi: "),
        ([("until = 2022-01-01", 'until = "soon"')], "", "reference.until must be"),
        ([("until = 2022-01-01", "until = 2022")], "", "reference.until must be"),
        ([("^date = .opened.", "")], "", "data.date must be given; it is missing."),
    ],
)
def test_a_monitor_that_is_written_wrongly(configured, changes, extra, message):
    said = configured("monitor", *changes, extra=extra)
    assert message in said
    assert "monitor.toml" in said


def test_a_day_may_be_written_as_text(configured):
    """It is read on, as far as the table that is not there."""
    said = configured("monitor", ("until = 2022-01-01", 'until = "2022-01-01"'))
    assert re.search(r"Cannot read .*loans\.parquet", said)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(r"^\[data\].*?(?=^\[split\])", "")], "the table [data] must be there"),
        (
            [(r"^\[models\.scorecard\].*?(?=^\[run\])", "")],
            "the table [models.NAME] must be there; it is missing.",
        ),
        (
            [
                (VERSION, "schema_version = 1\nsplit = 3"),
                (r"^\[split\].*?(?=^\[models\.scorecard\])", ""),
            ],
            "split must be a table, written [split]; got a value.",
        ),
        ([("^performance_window = 36", "performance_window = true")], "whole number"),
        ([("^date = .ApprovalDate.", 'date = ""')], "data.date must be"),
        ([("^# first_test = 2003-01-01", "first_test = 2003")], "split.first_test"),
    ],
)
def test_a_backtest_that_is_written_wrongly(configured, changes, message):
    assert message in configured("backtest", *changes)


def test_a_table_in_another_encoding_is_not_quoted(refused, tmp_path):
    path = tmp_path / "loans.csv"
    path.write_bytes("name,bad\nMüller,1\nMeier,0\n".encode("latin-1"))
    said = refused("train", path, "--target", "bad", "--out", tmp_path / "out")
    assert "UTF-8" in said
    assert "ller" not in said


def test_a_folder_of_something_else_is_no_table(refused, tmp_path):
    (tmp_path / "part.parquet").write_text("income,bad\n1,0\n")
    words = ("train", tmp_path / "*.parquet", "--target", "bad", "--engine", "arrow")
    said = refused(*words, "--out", tmp_path / "out")
    assert "must name Parquet files; one of them cannot be read." in said


def test_a_pattern_without_a_file_says_so(refused, tmp_path):
    words = ("train", tmp_path / "*.parquet", "--target", "bad", "--out")
    assert "No file matches '*.parquet'." in refused(*words, tmp_path / "out")


def test_keys_need_a_folder_that_can_be_made(refused, tmp_path):
    (tmp_path / "taken").write_text("a file")
    said = refused("keygen", "--out", tmp_path / "taken" / "keys")
    assert "keys" in said
    assert refused("keygen", "--out", tmp_path / "absent" / "keys")
