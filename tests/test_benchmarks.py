"""Kept results of benchmarks: read as printed, shown as kept, and nothing beside."""

from __future__ import annotations

import ast
import datetime as dt
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if "generated" not in page.parts
]
TIME = r"(?:µs|us|ms|ns|CPU s|(?:micro|milli|nano)?seconds?|minutes?)"
RATE = r"(?:[MG]B/s|(?:rows|requests|decisions)(?:/s| a second))"
RATIO = r"(?:x|times) (?:as (?:fast|many|much)|faster|slower|cheaper|less|more)"
SPEED = re.compile(rf"\d[\d.,]* *(?:{TIME}|{RATE}|{RATIO})\b")
COMMAND = re.compile(r"benchmarks/bench_\w+\.py|load_test\.py|^\$ \w+|make \w+", re.M)


@pytest.fixture(scope="module", autouse=True)
def benchmarks_folder():
    """Let the scripts import each other, as they do when one is run."""
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    yield
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def measured():
    return import_module("measured")


@pytest.fixture(scope="module")
def readings():
    return import_module("readings")


@pytest.fixture(scope="module")
def collect():
    return import_module("collect_results")


# -- better by ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "better", "ours", "theirs", "gain", "shown"),
    [
        ("s", "less", 2.0, 50.0, 25.0, "25 x"),
        ("s", "less", 50.0, 20.0, 0.4, "0.4 x"),
        ("rows/s", "more", 640_000.0, 80_000.0, 8.0, "8 x"),
        ("AUC", "more", 0.66, 0.64, 0.02, "+0.0200"),
        ("log-loss", "less", 0.43, 0.42, -0.01, "-0.0100"),
        ("mean rank", "less", 1.5, 2.75, 1.25, "+1.25"),
    ],
)
def test_better_by(measured, unit, better, ours, theirs, gain, shown):
    figure = measured.Figure("it", ours, unit, better, "them", theirs)
    assert figure.better_by() == pytest.approx(gain)
    assert figure.shown() == shown


def test_a_figure_alone_is_better_than_nothing(measured):
    figure = measured.Figure("it", 2.0, "s", "less")
    assert figure.better_by() is None
    assert figure.shown() == ""


@given(
    ours=st.floats(0.001, 1e6),
    theirs=st.floats(0.001, 1e6),
    better=st.sampled_from(["less", "more"]),
    unit=st.sampled_from(["s", "AUC"]),
)
def test_who_is_better_does_not_depend_on_the_unit(ours, theirs, better, unit):
    figure = import_module("measured").Figure("", ours, unit, better, "b", theirs)
    gain, even = figure.better_by(), 0.0 if unit == "AUC" else 1.0
    if abs(ours - theirs) > 0.001 * theirs:
        assert (gain > even) == ((ours < theirs) == (better == "less"))


def test_a_result_is_read_as_it_was_written(measured, tmp_path):
    figures = (
        measured.Figure("time", 1.5, "s", "less", "them", 3.0),
        measured.Figure("AUC", 0.7, "AUC", "more", "them", 0.69, 0.002),
        measured.Figure("size", 0.25, "MB", "less"),
    )
    result = measured.Result("x", "python x.py", "2026-01-31", {}, "", figures)
    assert measured.Result.read(result.write(tmp_path)) == result


# -- readings -------------------------------------------------------------------------

PRINTED = {
    "bench_monitoring": (
        "50 features, 200,000 + 200,000 rows\n"
        "job                        CPU s  yardstick / it  extra MB\n"
        "yardstick                   0.80             1.0         2\n"
        "two samples                 0.20             4.0         2\n"
        "two samples, report         0.40             2.0         2\n"
        "stored baseline             0.08            10.0         2\n",
        ("PSI against a stored baseline, 50 columns x 200,000 rows, CPU", 10.0),
    ),
    "bench_binning": (
        "Fit and transform: least of 1 processes each, seconds\n"
        "  A: 10,000 rows x 30 columns\n"
        "    riskkit     fit    0.250 (CPU    0.126)  transform  0.0020 /  0.0033"
        "  peak    16\n"
        "    optbinning  fit   10.000 (CPU    4.001)  transform  0.1000 /  0.0897"
        "  peak    16\n\n"
        "Information value, unsmoothed\n"
        "  heloc          riskkit 5.0144 (default margin 5.0012)  optbinning auto"
        " 4.6800  best trend 5.0094  riskkit / best +0.099%\n\n"
        "Hold-out IV: mean of 1 splits, 30 % held out\n"
        "  heloc          riskkit 5.0186 (default margin 5.0060)  optbinning auto"
        " 4.7235  best trend 5.0040  riskkit / best +0.292%\n",
        ("fit bins, 10,000 x 30", 40.0),
    ),
    "bench_anomaly": (
        "22 ADBench tables, means over seeds [0, 1].\n"
        "                 auc      ap    CPU s  not finite  auc gap\n"
        "ensemble      0.8384  0.4461  76.7855      0.0000      NaN     NaN\n"
        "PyOD MCD      0.8126  0.4188  67.8327      0.0000   0.0258     10.0    0.3344"
        "    0.5901  0.0273    12.0   0.1929   0.2891\n",
        ("anomaly ensemble: AUC, mean of 22 tables", 0.0258),
    ),
    "bench_fraud_labels": (
        "FraudClassifier            5 labels, seed 0: AP 0.600, P@100 0.35, x\n"
        "FraudClassifier, dates     5 labels, seed 0: AP 0.900, P@100 0.35, x\n"
        "XGBoost defaults           5 labels, seed 0: AP 0.500, P@100 0.31, x\n"
        "FraudClassifier            5 labels, seed 1: AP 0.100, P@100 0.35, x\n",
        ("FraudClassifier, 5 known frauds, 1 seeds", 0.1),
    ),
    "bench_pd_boosting": (
        "heloc        LGBMPDClassifier       0.8002   0.5430  0.0267    8.42"
        "   +0.0053 (0.0017)   -0.0090 (0.0023)    6.8\n",
        ("AUC, heloc", 0.0053),
    ),
    "bench_scorecard_auc": (
        "heloc             0.8000   0.7900     +0.0100 (0.0020)     0.5500   0.5520"
        "     -0.0020 (0.0010)    1.0    4.0\n",
        ("scorecard: AUC, heloc", 0.01),
    ),
    "bench_pd_blend": (
        "average rank  model                        AUC     loss    both\n"
        "              standard                    1.33     1.33    1.33\n"
        "              woe + regression            5.50     5.00    5.25\n\n"
        "calibration                  ECE  if true\n"
        "woe + regression          0.0450   0.0245\n"
        "standard                  0.0446   0.0253\n",
        ("blend, effort standard: mean rank in AUC and log-loss", 3.92),
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_printed_table_is_read(readings, name):
    text, (what, gain) = PRINTED[name]
    found = {figure.what: figure for figure in readings.BENCHMARKS[name].read(text)}
    assert found[what].better_by() == pytest.approx(gain)


def test_the_error_of_a_difference_is_that_of_the_printed_p_value(readings):
    text, _ = PRINTED["bench_anomaly"]
    auc, _ = readings.BENCHMARKS["bench_anomaly"].read(text)
    t = 0.0258 / auc.error
    assert 2 * stats.t.sf(t, 21) == pytest.approx(0.3344, abs=0.001)


def test_seeds_that_only_one_model_has_do_not_count(readings):
    text, (what, _) = PRINTED["bench_fraud_labels"]
    (figure,) = readings.BENCHMARKS["bench_fraud_labels"].read(text)
    assert (figure.what, figure.riskkit, figure.figure) == (what, 0.6, 0.5)


def test_every_benchmark_refuses_a_text_that_is_not_its_own(readings):
    for benchmark in readings.BENCHMARKS.values():
        with pytest.raises(ValueError, match="should hold a line like"):
            benchmark.read("nothing of the kind\n")


def test_every_benchmark_is_a_script_that_takes_its_arguments(readings):
    for name, benchmark in readings.BENCHMARKS.items():
        source = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        for word in f"{benchmark.quick} {benchmark.full}".split():
            assert not word.startswith("--") or f'"{word}"' in source, (name, word)


def test_an_unknown_benchmark_is_answered_with_the_known(collect, capsys):
    with pytest.raises(SystemExit):
        collect.main(["run", "scorers"])
    assert "must be one of scorer, binning" in capsys.readouterr().err


# -- what is kept, and what is shown --------------------------------------------------


def test_every_kept_result_names_command_date_and_versions(measured, readings):
    results = measured.read_all()
    assert results.keys() <= readings.BENCHMARKS.keys()
    for name, result in results.items():
        assert result.command.split()[:2] == ["python", f"benchmarks/{name}.py"]
        assert dt.date.fromisoformat(result.date)
        assert {"riskkit", *readings.BENCHMARKS[name].peers} <= result.versions.keys()
        assert "absent" not in result.versions.values(), name
        assert result.figures


def test_every_side_by_side_is_kept(measured, readings):
    kept = measured.read_all()
    compared = [name for name, one in readings.BENCHMARKS.items() if one.peers]
    assert set(compared) - kept.keys() == set()


def test_no_kept_ratio_was_changed_by_hand(measured, tmp_path):
    for path in RESULTS.glob("*.json"):
        written = measured.Result.read(path).write(tmp_path)
        assert written.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "docs/benchmarks.md"])
def test_a_page_shows_what_is_kept(collect, measured, page):
    text = (ROOT / page).read_text(encoding="utf-8")
    (shown,) = collect.block_pattern().findall(text)
    assert shown == collect.block(page, measured.read_all())
    assert shown.count("\n|") > 8


def test_every_headline_is_measured(collect, measured):
    table = collect.front_table(measured.read_all())
    for name in collect.HEADLINES:
        assert f"benchmarks/{name}.py" in table, name


def speed_without_command(text):
    """Return figures of speed above which, or in whose section, no command stands."""
    found = []
    named = False
    for section in re.split(r"(?m)^(?=#)", text):
        named = named or bool(COMMAND.search(section))
        if not named:
            found += SPEED.findall(section)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_speed_is_told_without_a_command(collect, page):
    text = page.read_text(encoding="utf-8")
    assert speed_without_command(collect.block_pattern().sub("", text)) == []


def test_the_search_for_speed_finds_some():
    text = "# A\nIt is 30 x faster, takes 12 ms, 1.2 microseconds, 2,000 rows/s.\n"
    assert len(speed_without_command(text)) == 4
    assert speed_without_command(text + "By `benchmarks/bench_scorer.py`.\n") == []


# -- mutants of kernels ---------------------------------------------------------------


def test_every_operator_and_number_of_a_kernel_is_changed_once():
    mutate = import_module("mutate_kernels")
    source = (
        'def f(a: int) -> int:\n    """Add 1."""\n    return a + 1 if a < 0 else a\n'
    )
    found = {
        change: ast.unparse(t) for t, _, change in mutate.mutants(ast.parse(source))
    }
    assert found.keys() == {
        "Add to Sub", "1 to 2", "Lt to LtE", "Lt to GtE", "0 to 1",
    }  # fmt: skip
    assert "return a - 1 if a < 0" in found["Add to Sub"]
    assert "return a + 1 if a <= 0" in found["Lt to LtE"]


def test_harmless_mutants_are_lines_of_kernels():
    mutate = import_module("mutate_kernels")
    assert all(mutate.HARMLESS.values())
    for kernel, line, *_ in [*mutate.HARMLESS, *mutate.ONLY_SPEED]:
        path = ROOT / "src" / "riskkit" / "_kernels" / f"{kernel}.py"
        lines = [one.strip() for one in path.read_text(encoding="utf-8").splitlines()]
        assert line in lines
