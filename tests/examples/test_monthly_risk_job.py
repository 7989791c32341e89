"""The monthly job, run as cron would."""

import json
import runpy
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/monthly_risk_job"
DAY = "2009-07-01"


def load(script):
    return runpy.run_path(str(EXAMPLE / script))


def run_month(folder, day=DAY):
    return subprocess.run(
        [sys.executable, EXAMPLE / "run_month.py", folder, "--as-of", day],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A folder as make_tape.py leaves it, with every sixth loan."""
    folder = tmp_path_factory.mktemp("job")
    make = load("make_tape.py")
    main = make["main"]
    whole = make["make_tape"]()
    main.__globals__["make_tape"] = lambda: whole.iloc[::6].reset_index(drop=True)
    main(folder)
    return folder


@pytest.fixture(scope="module")
def month(job):
    return run_month(job), job / "runs" / DAY


def test_a_month_ends_with_two_reports_and_the_gravest_code(month):
    run, out = month
    assert run.returncode == 2, run.stdout + run.stderr
    assert run.stdout.splitlines()[0].split()[:2] == ["monitor", "red"]
    for step in ("monitor", "backtest"):
        assert "<html" in (out / step / "report.html").read_text(encoding="utf-8")
        told = json.loads((out / f"{step}.json").read_text(encoding="utf-8"))
        assert told["exit_code"] in {0, 1, 2, 3}
    summary = json.loads((out / "monitor.json").read_text(encoding="utf-8"))["summary"]
    assert summary["as_of"] == DAY


def test_the_backtest_stops_at_the_day_of_the_run(month):
    _, out = month
    windows = set(pd.read_parquet(out / "backtest/windows.parquet")["window"])
    # A loan of 2006 is complete at the end of 2009 only.
    assert windows == {"2004", "2005"}


def test_a_month_that_is_done_is_not_done_again(month, job):
    run, out = month
    files = [p for p in out.rglob("*") if p.is_file()]
    before = {p: p.stat().st_mtime_ns for p in files}
    again = run_month(job)
    assert again.returncode == run.returncode
    assert again.stdout == run.stdout
    assert {p: p.stat().st_mtime_ns for p in files} == before


def test_what_cannot_be_used_is_refused_and_tried_again(job, tmp_path):
    for name in ("monitor.toml", "backtest.toml", "model.rk"):
        shutil.copyfile(job / name, tmp_path / name)
    run = run_month(tmp_path)
    assert run.returncode == 64
    assert run.stdout.count("refused") == 2
    out = tmp_path / "runs" / DAY
    assert "loans.parquet" in (out / "monitor.log").read_text(encoding="utf-8")
    # Nothing says that the month is done, so the next run begins anew.
    assert not list(out.glob("*.json"))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0, 0), 0),
        ((1, 0), 1),
        ((3, 1), 3),
        ((3, 2), 2),
        ((2, 64), 64),
        ((2, 130), 130),
        ((0, -9), 1),
    ],
)
def test_the_gravest_code_decides(codes, expected):
    gravest = load("run_month.py")["gravest"]
    assert gravest(dict(zip(("monitor", "backtest"), codes, strict=True))) == expected


def test_the_day_goes_into_the_backtest(tmp_path):
    set_as_of = load("run_month.py")["set_as_of"]
    config = tmp_path / "backtest.toml"
    shutil.copyfile(EXAMPLE / "backtest.toml", config)
    path = set_as_of(tmp_path, date(2008, 1, 31))
    assert "as_of = 2008-01-31 " in path.read_text(encoding="utf-8")
    assert path.parent == config.parent  # paths in it are relative to it
    config.write_text("[split]\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="as_of"):
        set_as_of(tmp_path, date(2008, 1, 31))


def test_the_page_names_every_exit_code():
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for code, word in load("run_month.py")["WORDS"].items():
        assert f"| {code} | {word}" in page
