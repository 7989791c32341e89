"""Run benchmarks, keep what they measured, and write the tables that pages show.

    python benchmarks/collect_results.py run [NAME ...] [--quick]
    python benchmarks/collect_results.py read NAME TEXT_FILE --date 2026-01-31
    python benchmarks/collect_results.py tables

``run`` starts each benchmark in a process of its own, one after the other, prints what
it prints and writes ``results/<name>.json``; ``read`` does the same with the kept text
of a run that takes hours. Both end with ``tables``, which writes the blocks of the
README and of docs/benchmarks.md from what is kept. ``scorer`` means ``bench_scorer``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from measured import Result, read_all
from readings import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measured import Figure

ROOT = Path(__file__).resolve().parents[1]
START = "<!-- benchmarks: written by make bench, not by hand -->"
END = "<!-- end of benchmarks -->"
PAGES = ("README.md", "docs/benchmarks.md")

# What the front page shows, in its order: what was measured, and beside whom. A figure
# starts with these words; one that a --quick run does not give is left out.
HEADLINES: dict[str, tuple[tuple[str, str], ...]] = {
    "bench_scorer": (
        ("score one record: points, PD and four reasons", "optbinning, points and PD"),
        ("score a table: points and PD", "optbinning, points and PD"),
        ("score a table: points and PD", "DuckDB, SQL of riskkit"),
    ),
    "bench_binning": (
        ("fit bins, 1,000,000 x 20", "optbinning"),
        ("fit bins, 100,000 x 100", "optbinning"),
        ("fit bins, 10,000 x 30", "optbinning"),
        ("IV on held-out rows, heloc", "optbinning, best trend"),
    ),
    "bench_scorecard_auc": (
        ("scorecard: AUC, sba out of time", "optbinning and logistic regression"),
    ),
    "bench_pd_blend": (
        ("blend, effort standard: mean rank", "ebm"),
        ("blend, effort standard: mean rank", "catboost"),
        ("blend, effort standard: mean rank", "lightgbm"),
        ("blend, effort standard: mean rank", "xgboost"),
    ),
    "bench_anomaly": (
        ("anomaly ensemble: AUC", "PyOD MCD"),
        ("anomaly ensemble: AUC", "PyOD IForest"),
        ("anomaly ensemble: AUC", "PyOD ECOD"),
    ),
    "bench_fraud_labels": (
        ("FraudClassifier", "XGBoost defaults"),
        ("FraudClassifier", "XGBoost regularised"),
    ),
    "bench_monitoring": (("PSI against a stored baseline", "plain NumPy"),),
}


def run(name: str, *, quick: bool, python: str) -> Result:
    """Run a benchmark in its own process and return what it measured."""
    arguments = BENCHMARKS[name].arguments(quick=quick)
    print(f"== {command(name, arguments)}", flush=True)
    words = [python, str(ROOT / "benchmarks" / f"{name}.py"), *arguments]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8")
    lines = []
    for line in process.stdout or ():
        print(line, end="", flush=True)
        lines.append(line)
    if process.wait():
        sys.exit(f"{name} failed with exit code {process.returncode}")
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return kept(name, arguments, "".join(lines), today, python)


def kept(
    name: str, arguments: Sequence[str], text: str, date: str, python: str
) -> Result:
    """Return the result that a printed text tells."""
    benchmark = BENCHMARKS[name]
    return Result(
        name=name,
        command=command(name, arguments),
        date=date,
        versions=versions(("riskkit", "numpy", *benchmark.peers), python),
        machine=f"{os.cpu_count()} cores, Python {platform.python_version()}",
        figures=tuple(benchmark.read(text)),
    )


def command(name: str, arguments: Sequence[str]) -> str:
    """Return the line that runs a benchmark again."""
    return " ".join(["python", f"benchmarks/{name}.py", *arguments])


def versions(packages: Sequence[str], python: str) -> dict[str, str]:
    """Return the versions of packages in the environment of an interpreter."""
    if Path(python) == Path(sys.executable):
        return {name: version_of(name) for name in packages}
    asked = f"import collect_results as c; print(*map(c.version_of, {packages!r}))"
    done = subprocess.run(
        [python, "-c", asked],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parent,
        encoding="utf-8",
    )
    return dict(zip(packages, done.stdout.split(), strict=True))


def version_of(package: str) -> str:
    """Return the version of a package, or that it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


# -- tables ---------------------------------------------------------------------------


def front_table(results: dict[str, Result]) -> str:
    """Return the table of the front page."""
    lines = ["| measured | beside | better by | run it |", "|---|---|---|---|"]
    for name, chosen in HEADLINES.items():
        for what, beside in chosen if name in results else ():
            figure = results[name].find(what, beside)
            if figure is not None:
                run_it = f"`{results[name].command}`"
                cells = [figure.what, beside, better_by(figure), run_it]
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def better_by(figure: Figure) -> str:
    """Return a ratio, or a difference with its unit."""
    shown = figure.shown()
    unit = "" if shown.endswith("x") else f" {figure.unit}"
    return f"{shown}{unit}"


def full_tables(results: dict[str, Result]) -> str:
    """Return a section for each benchmark, with everything it measured."""
    lines = []
    for name, benchmark in BENCHMARKS.items():
        if name not in results:
            continue
        result = results[name]
        used = ", ".join(f"{k} {v}" for k, v in result.versions.items())
        lines += [
            f"### {benchmark.question}",
            "",
            f"`{result.command}`, {result.date}; {result.machine}; {used}.",
            "",
            "| measured | unit | riskkit | beside | it | better by |",
            "|---|---|---|---|---|---|",
        ]
        for figure in result.figures:
            theirs = "" if figure.figure is None else number(figure.figure)
            cells = [figure.what, figure.unit, number(figure.riskkit), figure.beside]
            lines.append(f"| {' | '.join([*cells, theirs, figure.shown()])} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def number(value: float) -> str:
    """Return a number as a table shows it."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:g}"


def block(page: str, results: dict[str, Result]) -> str:
    """Return what stands between the markers of a page."""
    table = front_table(results) if page == "README.md" else full_tables(results)
    return f"{START}\n\n{table}\n\n{END}"


def block_pattern() -> re.Pattern[str]:
    """Return the pattern of a block with its markers."""
    return re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)


def write_tables() -> None:
    """Write the block of every page."""
    results = read_all()
    for page in PAGES:
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        if len(block_pattern().findall(text)) != 1:
            sys.exit(f"{page} should hold one block {START} ... {END}; mend the page.")
        before, after = block_pattern().split(text)
        path.write_text(before + block(page, results) + after, encoding="utf-8")
        print(f"wrote the table of {page}")


# -- the command line -----------------------------------------------------------------


def benchmark_name(word: str) -> str:
    """Return the name of a benchmark that is kept."""
    name = word if word.startswith("bench_") else f"bench_{word}"
    if name not in BENCHMARKS:
        expected = ", ".join(known.removeprefix("bench_") for known in BENCHMARKS)
        problem = f"NAME must be one of {expected}; got {word!r}"
        raise argparse.ArgumentTypeError(problem)
    return name


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter that runs, or ran, it"
    )
    tasks = parser.add_subparsers(dest="task", required=True)
    running = tasks.add_parser("run", help="run benchmarks and keep their results")
    running.add_argument("names", nargs="*", type=benchmark_name, metavar="NAME")
    running.add_argument("--quick", action="store_true", help="smaller tables")
    reading = tasks.add_parser("read", help="keep the result of a printed text")
    reading.add_argument("name", type=benchmark_name, metavar="NAME")
    reading.add_argument("text", type=Path, help="what the benchmark printed")
    reading.add_argument("--date", required=True, help="of the run, YYYY-MM-DD")
    reading.add_argument("--arguments", help="of that run, if not those of a full one")
    tasks.add_parser("tables", help="write the tables of the pages")
    given = parser.parse_args(arguments)
    if given.task == "run":
        for name in given.names or BENCHMARKS:
            print(run(name, quick=given.quick, python=given.python).write())
    elif given.task == "read":
        date = dt.date.fromisoformat(given.date).isoformat()
        words = BENCHMARKS[given.name].arguments(quick=False)
        if given.arguments is not None:
            words = given.arguments.split()
        text = given.text.read_text(encoding="utf-8")
        print(kept(given.name, words, text, date, given.python).write())
    write_tables()


if __name__ == "__main__":
    main()
