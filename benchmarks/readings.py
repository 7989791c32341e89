"""How the printed text of each benchmark is read: what it measured, beside whom.

The benchmarks print tables for people. Here those tables become ``Figure`` objects, the
same way for a run of today and for the kept text of a long one. A text that lacks what
it should hold is an error, so that a benchmark and its reading cannot drift apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measured import Figure
from printed import NUMBER, find, find_all, numbers
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BENCHMARKS", "Benchmark"]


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that is kept: its question, its peers, and how its text is read."""

    question: str
    peers: tuple[str, ...]
    read: Callable[[str], list[Figure]]
    quick: str = ""  # arguments of a short run
    full: str = ""  # arguments of the run that is kept

    def arguments(self, *, quick: bool) -> list[str]:
        """Return the words after the name of the script."""
        return (self.quick if quick else self.full).split()


# -- the scorer -----------------------------------------------------------------------


def scorer(text: str) -> list[Figure]:
    """Read the table of microseconds and rows a second."""
    (ours,) = find(r"^scorecard, points \+ PD \+ 4 reasons +NUM", text)
    (points,) = find(r"^optbinning, points of a frame +NUM", text)
    (both,) = find(r"^optbinning, points \+ PD +NUM +[\d.,]+ us", text)
    (file,) = find(r"^the same, generated Python file +NUM", text)
    record = "score one record: points, PD and four reasons"
    found = [
        Figure(record, ours, "µs", "less", "optbinning, points and PD", both),
        Figure(record, ours, "µs", "less", "optbinning, points alone", points),
        Figure("score one record, generated Python file", file, "µs", "less"),
    ]
    for library in ("lightgbm", "xgboost"):
        (pd_,) = find(rf"^{library}, 200 trees, PD +NUM", text)
        trees = f"score one record, 200 trees of {library}"
        (why,) = find(rf"^{library}, 200 trees, PD \+ 4 reasons +NUM", text)
        found += [
            Figure(f"{trees}: PD", pd_, "µs", "less"),
            Figure(f"{trees}: PD and four reasons", why, "µs", "less"),
        ]
    (batch,) = find(r"^score_batch, pandas +NUM", text)
    table = "score a table: points and PD"
    for line, beside in (
        (r"optbinning, points \+ PD", "optbinning, points and PD"),
        ("optbinning, points", "optbinning, points alone"),
        ("DuckDB, to_sql", "DuckDB, SQL of riskkit"),
        ("Polars expressions", "Polars, expressions by hand"),
    ):
        (theirs,) = find(rf"^{line} +NUM rows/s", text)
        found.append(Figure(table, batch, "rows/s", "more", beside, theirs))
    cold, memory = find(r"^cold import \+ load: NUM ms.*; NUM MB;", text)
    found.append(Figure("load a card in a new process", cold, "ms", "less"))
    found.append(Figure("memory of that process", memory, "MB", "less"))
    return found


# -- binning and scorecards -----------------------------------------------------------


def binning(text: str) -> list[Figure]:
    """Read times by table, and information values by set."""
    found = []
    tables = re.split(r"^  (\w): ([\d,]+) rows x (\d+) columns$", text, flags=re.M)
    for rows, columns, part in zip(tables[2::4], tables[3::4], tables[4::4], strict=1):
        both = {}
        for library in ("riskkit", "optbinning"):
            pattern = rf"{library} +fit +NUM .*?NUM\) +transform +NUM / +NUM +peak +NUM"
            both[library] = find(pattern, part)
        size = f"{rows} x {columns}"
        for k, what, unit in (
            (0, "fit bins", "s"),
            (1, "fit bins, CPU", "s"),
            (2, "transform, first call", "s"),
            (3, "transform, again", "s"),
        ):
            ours, theirs = both["riskkit"][k], both["optbinning"][k]
            found.append(
                Figure(f"{what}, {size}", ours, unit, "less", "optbinning", theirs)
            )
    iv = rf"^  (\w+) +riskkit {NUMBER} \(default margin {NUMBER}\) +"
    iv += rf"optbinning auto {NUMBER} +best trend {NUMBER}"
    for title, what in (
        ("Information value", "IV of all columns"),
        ("Hold-out IV", "IV on held-out rows"),
    ):
        _, _, part = text.partition(title)
        for name, *rest in find_all(iv, part.split("\n\n")[0]):
            ours, default, auto, best = numbers(rest)
            where = f"{what}, {name}"
            found += [
                Figure(where, ours, "IV", "more", "optbinning, best trend", best),
                Figure(
                    f"{where}, as it comes",
                    default,
                    "IV",
                    "more",
                    "optbinning, auto trend",
                    auto,
                ),
            ]
    return found


def scorecard_auc(text: str) -> list[Figure]:
    """Read AUC and log-loss by set, with paired standard errors."""
    row = rf"^(\w[\w ]*?) +{NUMBER} +{NUMBER} +{NUMBER} \({NUMBER}\) +"
    row += rf"{NUMBER} +{NUMBER} +{NUMBER} \({NUMBER}\) +{NUMBER} +{NUMBER}$"
    found = []
    beside = "optbinning and logistic regression"
    for name, *rest in find_all(row, text):
        auc, auc_, _, auc_se, loss, loss_, _, loss_se, took, took_ = numbers(rest)
        card = "scorecard: "
        found += [
            Figure(f"{card}AUC, {name}", auc, "AUC", "more", beside, auc_, auc_se),
            Figure(
                f"scorecard: log-loss, {name}",
                loss,
                "log-loss",
                "less",
                beside,
                loss_,
                loss_se,
            ),
            Figure(f"{card}seconds, {name}", took, "s", "less", beside, took_),
        ]
    return found


# -- boosted models -------------------------------------------------------------------


def pd_blend(text: str) -> list[Figure]:
    """Read average ranks of each effort among the rivals, and calibration."""
    found = []
    blocks = re.split(r"^average rank .*$", text, flags=re.M)[1:]
    row = rf"^ +(\w[\w +]*?) +{NUMBER} +{NUMBER} +{NUMBER}$"
    for block in blocks:
        (effort, *own), *rivals = find_all(row, block.split("\n\n")[0])
        *_, both = numbers(own)
        for rival, *ranks in rivals:
            rank = numbers(ranks)[-1]
            what = f"blend, effort {effort}: mean rank in AUC and log-loss"
            found.append(Figure(what, both, "mean rank", "less", rival, rank))
    _, _, calibration = text.partition("\ncalibration")
    errors = {
        name: numbers(rest)[0]
        for name, *rest in find_all(rf"^(\w[\w +]*?) +{NUMBER} +{NUMBER}$", calibration)
    }
    for rival in ("lightgbm", "xgboost", "catboost", "ebm", "woe + regression"):
        if rival in errors and "standard" in errors:
            what = "blend, effort standard: calibration error"
            found.append(
                Figure(what, errors["standard"], "ECE", "less", rival, errors[rival])
            )
    return found


def pd_boosting(text: str) -> list[Figure]:
    """Read the preset models beside the defaults of their libraries."""
    found = []
    row = rf"^(\w+) +(\w+PDClassifier) +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER} +"
    row += rf"{NUMBER} \({NUMBER}\) +{NUMBER} \({NUMBER}\) +{NUMBER}$"
    for name, model, *rest in find_all(row, text):
        auc, loss, _, _, gap, gap_se, loss_gap, loss_se, _ = numbers(rest)
        beside = "XGBoost defaults" if model.startswith("XGB") else "LightGBM defaults"
        found += [
            Figure(
                f"AUC, {name}", auc, "AUC", "more", beside, round(auc - gap, 4), gap_se
            ),
            Figure(
                f"log-loss, {name}",
                loss,
                "log-loss",
                "less",
                beside,
                round(loss - loss_gap, 4),
                loss_se,
            ),
        ]
    return found


# -- fraud ----------------------------------------------------------------------------


def anomaly(text: str) -> list[Figure]:
    """Read mean AUC and average precision over the ADBench tables.

    The benchmark prints the p-value of a paired t test, which with the difference and
    the number of tables gives the standard error of that difference.
    """
    (n_tables,) = find(r"^NUM ADBench tables", text)
    own = find(r"^ensemble +NUM +NUM ", text)
    row = r"^(PyOD \w+)" + rf" +{NUMBER}" * 12 + "$"
    found = []
    for name, *rest in find_all(row, text):
        auc, ap, _, _, gap, _, p, _, ap_gap, _, ap_p, _ = numbers(rest)
        for what, unit, ours, theirs, difference, p_value in (
            ("AUC", "AUC", own[0], auc, gap, p),
            ("average precision", "average precision", own[1], ap, ap_gap, ap_p),
        ):
            error = abs(difference) / stats.t.isf(p_value / 2, n_tables - 1)
            what_of = f"anomaly ensemble: {what}, mean of {n_tables:.0f} tables"
            found.append(
                Figure(what_of, ours, unit, "more", name, theirs, round(error, 4))
            )
    return found


def anomaly_scorer(text: str) -> list[Figure]:
    """Read milliseconds of one record and the size of the file."""
    row = rf"^(\d+ .*?) +{NUMBER} MB, loaded in {NUMBER} s; scored {NUMBER} / "
    row += rf"{NUMBER} ms, explained {NUMBER} / {NUMBER} ms"
    found = []
    for name, *rest in find_all(row, text):
        size, _, _, scored, _, explained = numbers(rest)
        found += [
            Figure(f"score one record, {name}", scored, "ms", "less"),
            Figure(f"with four reasons, {name}", explained, "ms", "less"),
            Figure(f"model file, {name}", size, "MB", "less"),
        ]
    return found


def fraud_labels(text: str) -> list[Figure]:
    """Read average precision by number of labels, the mean over seeds."""
    row = rf"^(\w[\w, ]*?) +(\d+) labels, seed (\d+): AP {NUMBER}, "
    by_model: dict[tuple[str, str], dict[str, float]] = {}
    for name, n_labels, seed, precision in find_all(row, text):
        by_model.setdefault((n_labels, name), {})[seed] = float(precision)
    found = []
    for (n_labels, name), theirs in by_model.items():
        ours = by_model.get((n_labels, "FraudClassifier"), {})
        seeds = sorted(ours.keys() & theirs.keys())  # a stopped run lacks some
        if not seeds or name.startswith("FraudClassifier"):
            continue
        both = (sum(m[s] for s in seeds) / len(seeds) for m in (ours, theirs))
        mean, mean_ = (round(value, 4) for value in both)
        what = f"FraudClassifier, {n_labels} known frauds, {len(seeds)} seeds"
        unit = "average precision"
        found.append(Figure(what, mean, unit, "more", name, mean_))
    return found


def rings(text: str) -> list[Figure]:
    """Read what a million applications cost, and what is found."""
    (cpu,) = find(r"identifiers as text: NUM CPU s", text)
    (rows,) = find(r"^NUM applications, identifiers as text", text)
    size = f"{rows:,.0f} applications"
    found = [Figure(f"rings among {size}, CPU", cpu, "s", "less")]
    row = rf"^ +{NUMBER} +(closed|any) +{NUMBER} +{NUMBER} +{NUMBER}$"
    for rate, link, precision, recall, _ in find_all(row, text):
        where = f"ring members, links {link}, accidents {rate}"
        found += [
            Figure(f"precision, {where}", float(precision), "share", "more"),
            Figure(f"recall, {where}", float(recall), "share", "more"),
        ]
    precision, recall = find(r"^pyramids: precision NUM, recall NUM", text)
    return [
        *found,
        Figure("precision, pyramids", precision, "share", "more"),
        Figure("recall, pyramids", recall, "share", "more"),
    ]


# -- monitoring and backtests ---------------------------------------------------------


def monitoring(text: str) -> list[Figure]:
    """Read CPU seconds of each job beside plain NumPy."""
    n_features, n_rows = find(r"^NUM features, NUM \+", text)
    (unit,) = find(r"^yardstick +NUM", text)
    found = []
    for job, what in (
        ("stored baseline", "PSI against a stored baseline"),
        ("two samples", "PSI of two samples"),
        ("two samples, report", "PSI of two samples, with the HTML report"),
    ):
        seconds, _, _ = find(rf"^{job} +NUM +NUM +NUM$", text)
        where = f"{what}, {n_features:.0f} columns x {n_rows:,.0f} rows, CPU"
        found.append(Figure(where, seconds, "s", "less", "plain NumPy", unit))
    return found


def backtest(text: str) -> list[Figure]:
    """Read how long all windows took."""
    took, again = find(r"^as it should be: NUM s; resumed when done: NUM s", text)
    return [
        Figure("rolling backtest of the embedded loans", took, "s", "less"),
        Figure("the same, resumed when done", again, "s", "less"),
    ]


def vintage(text: str) -> list[Figure]:
    """Read seconds and memory of each table."""
    found = []
    for job, *rest in find_all(
        rf"^(\w+) +{NUMBER} rows +{NUMBER} s +{NUMBER} GB in all", text
    ):
        rows, seconds, memory = numbers(rest)
        found += [
            Figure(f"{job}, {rows:,.0f} rows", seconds, "s", "less"),
            Figure(f"{job}, memory", memory, "GB", "less"),
        ]
    return found


BENCHMARKS = {
    "bench_scorer": Benchmark(
        "How fast does a saved model answer?",
        ("optbinning", "duckdb", "polars", "lightgbm", "xgboost"),
        scorer,
    ),
    "bench_binning": Benchmark(
        "How fast are bins fitted, and how much information do they keep?",
        ("optbinning", "ortools"),
        binning,
        quick="--quick",
    ),
    "bench_scorecard_auc": Benchmark(
        "Does the scorecard rank as well, with nothing tuned?",
        ("optbinning", "scikit-learn"),
        scorecard_auc,
    ),
    "bench_pd_blend": Benchmark(
        "Does the blend of boosted models beat the defaults of the libraries?",
        ("lightgbm", "xgboost", "scikit-learn", "optbinning", "catboost",
         "interpret-core"),
        pd_blend,
        quick="--folds 1 --sets german heloc --efforts fast",
    ),
    "bench_pd_boosting": Benchmark(
        "What do the presets of the boosted models gain over the defaults?",
        ("lightgbm", "xgboost"),
        pd_boosting,
        quick="--sets german heloc",
    ),
    "bench_anomaly": Benchmark(
        "How well do the anomaly detectors rank without labels?",
        ("pyod",),
        anomaly,
        quick="--only-adbench --seeds 0",
        full="--only-adbench --seeds 0 1",
    ),
    "bench_anomaly_scorer": Benchmark(
        "What does a saved anomaly ensemble cost for one record?",
        (),
        anomaly_scorer,
        quick="--quick",
    ),
    "bench_fraud_labels": Benchmark(
        "How many frauds are found with few known ones?",
        ("xgboost", "lightgbm"),
        fraud_labels,
        quick="--labels 19 --seeds 1",
    ),
    "bench_rings": Benchmark(
        "Are planted rings and pyramids found?",
        (),
        rings,
        quick="--rows 100000 --seeds 1",
    ),
    "bench_monitoring": Benchmark(
        "What does a PSI of every column cost?",
        (),
        monitoring,
        quick="--quick",
    ),
    "bench_backtest": Benchmark(
        "How long does a rolling backtest take?",
        (),
        backtest,
        quick="--quick",
    ),
    "bench_vintage": Benchmark(
        "What do vintage and transition tables cost?",
        (),
        vintage,
        quick="--quick",
    ),
}  # fmt: skip
