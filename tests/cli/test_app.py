import io
import json
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import typer
from rich.console import Console

import riskkit
from riskkit.cli._columns import named_columns, parse_codes
from riskkit.cli._console import Steps, plain_table
from riskkit.cli._errors import reported
from riskkit.cli._split import out_of_time, random_hold_out, read_days
from riskkit.exceptions import (
    ArtifactError,
    InvalidInputError,
    InvalidParameterError,
    SingleBinWarning,
)

COMMANDS = ["demo", "train", "score", "inspect", "export"]
HEAVY = {"numpy", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow", "narwhals"}


@pytest.mark.parametrize("arguments", [["--help"], *([c, "--help"] for c in COMMANDS)])
def test_help_loads_nothing_heavy(arguments):
    code = f"""
import sys
sys.argv = ["riskkit", *{arguments!r}]
from riskkit.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
assert not {HEAVY!r} & set(sys.modules), {HEAVY!r} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert "Usage: riskkit" in done.stdout


def test_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "riskkit", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"riskkit {riskkit.__version__}\n"


def test_words_that_are_not_known(run):
    result = run("trian")
    assert result.exit_code == 2
    assert "Did you mean 'train'?" in result.stderr
    result = run("train", "t.csv", "--target", "y", "--out", "o", "--model", "x")
    assert result.exit_code == 2
    assert set(COMMANDS) <= set(run("--help").stdout.split())


def test_tracebacks_are_for_those_who_ask(run, tmp_path, monkeypatch):
    arguments = ("inspect", tmp_path / "absent.rk")
    assert run(*arguments).exit_code == 2
    assert isinstance(run("--debug", *arguments).exception, ArtifactError)
    monkeypatch.setenv("RISKKIT_DEBUG", "1")
    assert isinstance(run(*arguments).exception, ArtifactError)


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), reported(debug=False):
        raise ZeroDivisionError


def test_an_interruption_has_a_code_of_its_own(capsys):
    with pytest.raises(typer.Exit) as caught, reported(debug=False):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert capsys.readouterr().err == "Stopped: nothing was written.\n"


def test_own_warnings_are_notes_shown_once_others_are_not(capsys):
    with reported(debug=False):
        for _ in range(2):
            warnings.warn("one bin", SingleBinWarning, stacklevel=1)
            warnings.warn("foreign", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "Note: one bin\n"


def test_inspect_shows_bins_and_points(run, trained):
    result = run("inspect", trained.model)
    assert result.exit_code == 0
    assert result.stderr == ""
    for word in ("income", "delays", "Special: -9", "Missing", "loan_id", "bad rate"):
        assert word in result.stdout
    plain = json.loads(run("inspect", trained.model, "--json").stdout)
    cards = plain["model"]["characteristics"]
    assert [c["feature"]["name"] for c in cards] == ["income", "delays"]
    assert len(cards[0]["bins"]) == len(cards[0]["points"])
    assert plain["manifest"]["target"] == "bad"


def test_names_are_shown_as_they_are():
    stream = io.StringIO()
    table = plain_table(["[bold]x[/bold]", "n"], [["[red]", "(1, 2]"]])
    Console(file=stream, width=60).print(table)
    for text in ("[bold]x[/bold]", "[red]", "(1, 2]"):
        assert text in stream.getvalue()


def test_steps_are_lines_where_there_is_no_terminal(capsys):
    with Steps(2) as steps:
        steps.start("One")
        steps.start("[Two]")
    assert capsys.readouterr().err == "[1/2] One\n[2/2] [Two]\n"


def test_codes():
    assert parse_codes(None) == []
    assert parse_codes("-9, -8.5,unknown,-9") == [-9.0, -8.5, "unknown"]
    assert parse_codes("nan,inf") == ["nan", "inf"]
    with pytest.raises(InvalidParameterError, match="must list codes"):
        parse_codes("")


def test_names_with_commas_can_be_named():
    known = ["a", "b", "c, d", " e"]
    assert named_columns("--x", ["a, b", "c, d", "a"], known) == ["a", "b", "c, d"]
    assert named_columns("--x", [" e"], known) == [" e"]
    assert named_columns("--x", None, known) == []


@pytest.mark.parametrize("per_day", [1, 7, 300, 600])
def test_out_of_time_share(per_day):
    rng = np.random.default_rng(0)
    days = np.repeat(np.arange(1200 // per_day), per_day).astype("datetime64[D]")
    order = rng.permutation(days.size)
    y = rng.integers(0, 2, days.size)
    split = out_of_time(days[order], y)
    assert not set(split.train) & set(split.test)
    assert split.train.size + split.test.size == days.size
    assert days[order][split.train].max() < days[order][split.test].min()
    # The nearest share to 22.5 % that a cut between two days allows.
    shares = 1 - np.arange(per_day, days.size, per_day) / days.size
    best = shares[np.abs(shares - 0.225).argmin()]
    assert split.test.size / days.size == pytest.approx(best)


def test_hold_out_keeps_the_event_rate_and_the_seed():
    y = (np.arange(1000) % 10 == 0).astype(int)
    split, again = random_hold_out(y, 3), random_hold_out(y, 3)
    assert y[split.test].mean() == y[split.train].mean() == 0.1
    assert np.array_equal(split.test, again.test)
    assert not np.array_equal(split.test, random_hold_out(y, 4).test)
    assert split.window(split.test) is None


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-31", "2024-02-01"],
        ["2024-01-31T23:59:00", "2024-02-01T00:00:00"],
        pd.to_datetime(["2024-01-31 12:00", "2024-02-01 00:00"]),
        pd.to_datetime(["2024-01-31", "2024-02-01"]).tz_localize("Asia/Tokyo"),
        ["2024-01-31T23:59:00Z", "2024-01-31T23:00:00-01:00"],
        list(pd.to_datetime(["2024-01-31", "2024-02-01"]).date),
    ],
)
def test_days(values):
    days = read_days(pd.Series(values), "day")
    assert days.tolist() == list(pd.to_datetime(["2024-01-31", "2024-02-01"]).date)
    with pytest.raises(InvalidInputError, match="1 of 3 rows"):
        read_days(pd.Series([*values, None]), "day")
