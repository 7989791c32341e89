"""Run the month: monitor, backtest, one summary, one exit code.

    python run_month.py FOLDER --as-of 2009-07-01

FOLDER holds monitor.toml, backtest.toml and what they name. Results go to
FOLDER/runs/2009-07-01. A step that is finished is not run again, so after a crash, or a
full disk, start the same line once more.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

WORDS = {0: "green", 1: "amber", 2: "red", 3: "not evaluable", 64: "refused"}
# What decides when steps disagree, gravest first. Anything unknown is a crash.
GRAVEST_FIRST = (64, 2, 3, 1, 0)


def set_as_of(folder: Path, as_of: date) -> Path:
    """Write the backtest's configuration for a day, beside the one it is made from."""
    text = (folder / "backtest.toml").read_text(encoding="utf-8")
    text, n_lines = re.subn(
        r"(?m)^as_of = [0-9-]+", f"as_of = {as_of.isoformat()}", text
    )
    if n_lines != 1:
        sys.exit("backtest.toml must have one line 'as_of = YYYY-MM-DD' in [split].")
    path = folder / "backtest_as_of.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run_step(name: str, words: list[str], out: Path) -> int:
    """Run one command unless it is done; keep what it says; return its exit code."""
    done = out / f"{name}.json"
    if done.exists():
        return int(json.loads(done.read_text(encoding="utf-8"))["exit_code"])
    command = [sys.executable, "-m", "riskkit", *words, "--out", str(out / name)]
    # A crash may have left a half-finished month; only `done` says that it is complete.
    run = subprocess.run(
        [*command, "--overwrite", "--fail-on", "amber"],
        capture_output=True,
        text=True,
        check=False,
    )
    (out / f"{name}.log").write_text(run.stderr, encoding="utf-8")
    if run.returncode in WORDS and run.returncode != 64:
        told = {"exit_code": run.returncode, "summary": json.loads(run.stdout)}
        done.write_text(json.dumps(told, indent=2), encoding="utf-8")
    return run.returncode


def gravest(codes: dict[str, int]) -> int:
    """Return the exit code of the month."""
    crashed = [code for code in codes.values() if code not in GRAVEST_FIRST]
    if crashed:
        return crashed[0] if crashed[0] > 0 else 1
    return min(codes.values(), key=GRAVEST_FIRST.index)


def main(folder: Path, as_of: date) -> int:
    """Run both steps, whatever comes of the first, and say how it went."""
    out = folder / "runs" / as_of.isoformat()
    out.mkdir(parents=True, exist_ok=True)
    day = as_of.isoformat()
    codes = {
        "monitor": run_step(
            "monitor",
            ["monitor", "run", str(folder / "monitor.toml"), "--as-of", day],
            out,
        ),
        "backtest": run_step(
            "backtest", ["backtest", "run", str(set_as_of(folder, as_of))], out
        ),
    }
    for name, code in codes.items():
        place = out / name / "report.html"
        where = place if place.exists() else out / f"{name}.log"
        print(f"{name:9} {WORDS.get(code, f'crashed ({code})'):14} {where}")
    return gravest(codes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    arguments = parser.parse_args()
    sys.exit(main(arguments.folder, arguments.as_of))
