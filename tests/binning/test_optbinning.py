"""The one adapter to optbinning: same bins, same counts, nothing hidden."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import optbinning
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import riskkit
from riskkit.artifact import SpecialGroup, assign_column
from riskkit.binning import (
    ManualBinner,
    OptimalBinner,
    _optbinning_search,
    from_optbinning,
    to_optbinning,
)
from riskkit.binning._optbinning import edges_of_splits, splits_of_edges
from riskkit.exceptions import (
    InfeasibleWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    SingleBinWarning,
)

# optbinning adds a row of text to a table of numbers, and changes frames in place.
OPTBINNING_AND_PANDAS_3 = "ignore:(Setting an item of incompatible|The inplace keyword)"

REPOSITORY = Path(__file__).resolve().parents[2]


def benchmark_module():
    path = REPOSITORY / "benchmarks" / "bench_exact_vs_optbinning.py"
    spec = importlib.util.spec_from_file_location("bench_exact_vs_optbinning", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(7)
    n = 4000
    X = pd.DataFrame(
        {
            "income": rng.lognormal(8, 0.6, n).round(),
            "age": rng.integers(18, 80, n).astype(float),
            "region": np.array(list("ABCDEFGH"), dtype=object)[rng.integers(0, 8, n)],
        }
    )
    odds = -2 - 0.9 * (np.log(X["income"]) - 8) + 0.0012 * (X["age"] - 50) ** 2
    odds += X["region"].isin(["A", "C"]) * 0.7
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    X.loc[:199, "income"] = np.nan
    X.loc[200:349, "income"] = -99.0
    X.loc[:99, "region"] = None
    return X, y


# The import rule


def imports_optbinning(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            names = [a.value for a in node.args if isinstance(a, ast.Constant)]
        else:
            continue
        if any(str(name).partition(".")[0] == "optbinning" for name in names):
            return True
    return False


def test_one_module_alone_imports_optbinning():
    root = Path(riskkit.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if imports_optbinning(path.read_text(encoding="utf-8"))
    }
    assert found == {"binning/_optbinning.py"}


def test_adapter_is_lazy_and_silent():
    code = (
        "import sys, riskkit.binning\n"
        "assert 'optbinning' not in sys.modules\n"
        "from riskkit.binning._optbinning import load_optbinning\n"
        "load_optbinning()\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout == run.stderr == ""


# Edges and splits


def test_edges_hold_the_values_that_splits_hold():
    rng = np.random.default_rng(0)
    splits = np.sort(np.r_[rng.normal(0, 100, 12), 0.0, 1e8, 1e-300, -5e-324])
    around = [np.nextafter(splits, -np.inf), splits, np.nextafter(splits, np.inf)]
    x = np.concatenate([*around, [-0.0, np.inf, -np.inf], rng.normal(0, 100, 10_000)])
    edges = edges_of_splits(splits)
    assert np.array_equal(
        np.searchsorted(edges, x, side="left"), np.digitize(x, splits, right=False)
    )
    assert np.array_equal(splits_of_edges(edges), splits)


# The binner with this solver


def test_bins_and_counts_are_those_of_optbinning(sample):
    X, y = sample
    binner = OptimalBinner(solver="optbinning", smoothing=0, special_codes=[-99]).fit(
        X, y
    )
    for name, dtype in {
        "income": "numerical",
        "age": "numerical",
        "region": "categorical",
    }.items():
        theirs = optbinning.OptimalBinning(
            dtype=dtype, max_n_bins=8, min_bin_size=0.05, special_codes={"s": [-99]}
        ).fit(X[name].to_numpy(), y)
        ours = binner.binning_tables_[name]
        k = ours.feature.n_regular
        if dtype == "numerical":
            assert ours.feature.edges == tuple(edges_of_splits(theirs.splits).tolist())
        else:
            assert [list(g) for g in ours.feature.levels] == [
                sorted(g) for g in theirs.splits
            ]
        table = theirs.binning_table.build(add_totals=False)
        assert np.array_equal(table["Event"][:k], ours.n_event[:k])
        assert np.array_equal(table["Non-event"][:k], ours.n_nonevent[:k])
        assert np.allclose(table["WoE"][:k], ours.woe[:k], rtol=0, atol=1e-12)
        assert theirs.binning_table.iv == pytest.approx(ours.iv, abs=1e-12)
    summary = binner.summary()
    assert set(summary["status"]) == {"optimal"}
    assert set(summary["reason"]) == {""}


def test_constraints_are_kept(sample):
    X, y = sample
    X = X[["age"]]
    binner = OptimalBinner(
        solver="optbinning",
        trend="none",
        max_n_bins=4,
        min_bin_size=0.12,
        min_bin_n_event=60,
        min_bin_n_nonevent=90,
        min_event_rate_diff=0.02,
        max_pvalue=0.05,
    ).fit(X, y)
    table = binner.binning_tables_["age"]
    k = table.feature.n_regular
    assert 2 <= k <= 4
    assert table.n[:k].min() >= 0.12 * len(y)
    assert table.n_event[:k].min() >= 60
    assert table.n_nonevent[:k].min() >= 90
    assert np.abs(np.diff(table.event_rate[:k])).min() >= 0.02


def test_p_value_policy_all_merges_bins_that_are_alike(sample):
    X, y = sample
    table = {}
    for policy in ("consecutive", "all"):
        binner = OptimalBinner(
            solver="optbinning",
            trend="none",
            max_pvalue=0.05,
            solver_options={"max_pvalue_policy": policy},
        ).fit(X[["age"]], y)
        table[policy] = binner.binning_tables_["age"]
    k = table["all"].feature.n_regular
    n, rate = table["all"].n[:k], table["all"].event_rate[:k]
    for i in range(k):
        for j in range(i):
            pooled = (n[i] * rate[i] + n[j] * rate[j]) / (n[i] + n[j])
            spread = pooled * (1 - pooled) * (1 / n[i] + 1 / n[j])
            assert abs(rate[i] - rate[j]) / np.sqrt(spread) >= 1.9599
    assert table["all"].iv <= table["consecutive"].iv


def test_gamma_evens_out_the_bins(sample):
    X, y = sample
    spread = {}
    for gamma in (0.0, 0.5):
        table = (
            OptimalBinner(
                solver="optbinning", trend="none", solver_options={"gamma": gamma}
            )
            .fit(X[["age"]], y)
            .binning_tables_["age"]
        )
        spread[gamma] = np.ptp(table.n[: table.feature.n_regular])
    assert spread[0.5] < spread[0.0]


def test_every_ending_has_a_status_and_a_reason(sample):
    X, y = sample
    X = X[["income", "age"]].assign(flat=1.0, empty=np.nan)
    with (
        pytest.warns(SingleBinWarning, match=r"2 feature\(s\) ended in one bin"),
        pytest.warns(InfeasibleWarning, match=r"income .no bins of optbinning's"),
    ):
        binner = OptimalBinner(solver="optbinning", min_n_bins=5, min_bin_size=0.2).fit(
            X, y
        )
    summary = binner.summary().set_index("feature")
    assert summary["status"].to_dict() == {
        "income": "infeasible",
        "age": "infeasible",
        "flat": "single_bin",
        "empty": "single_bin",
    }
    assert summary.loc["flat", "reason"] == "constant"
    assert summary.loc["empty", "reason"] == "no observed value"


def test_time_limit_is_told(sample):
    X, y = sample
    with pytest.warns(InfeasibleWarning, match=r"time limit of 1e-06 s \(UNKNOWN\)"):
        OptimalBinner(solver="optbinning", solver_options={"time_limit": 1e-6}).fit(
            X[["income"]], y
        )


def test_weight_two_is_the_row_twice(sample):
    X, y = sample
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    weighted = OptimalBinner(solver="optbinning").fit(X, y, weight.astype(float))
    rows = np.repeat(np.arange(len(y)), weight)
    repeated = OptimalBinner(solver="optbinning").fit(X.iloc[rows], y[rows])
    for name, table in weighted.binning_tables_.items():
        other = repeated.binning_tables_[name]
        assert table.feature == other.feature
        assert np.array_equal(table.n_event, other.n_event)
        assert np.array_equal(table.n_nonevent, other.n_nonevent)


def test_fractional_weights_are_refused(sample):
    X, y = sample
    weight = np.r_[np.full(10, 0.5), np.ones(len(y) - 10)]
    with pytest.raises(InvalidParameterError, match=r"10 of 4000 weights are fract"):
        OptimalBinner(solver="optbinning").fit(X, y, weight)
    with pytest.raises(InvalidParameterError, match=r"sum to at most 50,000,000"):
        OptimalBinner(solver="optbinning").fit(X, y, np.full(len(y), 1e5))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"solver": "optbining"}, "Did you mean 'optbinning'"),
        ({"solver_options": {"gamma": 1}}, "for solver='optbinning'"),
        ({"solver": "optbinning", "solver_options": ["gamma"]}, "must be a mapping"),
        (
            {"solver": "optbinning", "solver_options": {"gama": 1}},
            "Did you mean 'gamma'",
        ),
        (
            {"solver": "optbinning", "solver_options": {"max_n_bins": 3}},
            "'max_n_bins', which is a parameter of OptimalBinner",
        ),
        (
            {"solver": "optbinning", "solver_options": {"class_weight": "balanced"}},
            "truncates",
        ),
        (
            {"solver": "optbinning", "solver_options": {"solver": "ls"}},
            "'cp', 'mip'",
        ),
        (
            {"solver": "optbinning", "solver_options": {"gamma": -1}},
            "it answers: gamma must be >= 0",
        ),
    ],
)
def test_bad_parameters_are_named(params, message, sample):
    X, y = sample
    with pytest.raises(InvalidParameterError, match=message):
        OptimalBinner(**params).fit(X, y)


def test_parameters_the_solver_cannot_keep_are_refused(sample, monkeypatch):
    X, y = sample
    kept = _optbinning_search._KEPT - {"smoothing"}
    monkeypatch.setattr(_optbinning_search, "_KEPT", kept)
    OptimalBinner(solver="optbinning").fit(X[["age"]], y)
    with pytest.raises(InvalidParameterError, match=r"cannot keep smoothing; got 2"):
        OptimalBinner(solver="optbinning", smoothing=2).fit(X, y)


def test_values_beyond_float32_are_binned():
    rng = np.random.default_rng(2)
    x = rng.normal(size=500)
    y = (rng.random(500) < 1 / (1 + np.exp(-2 * x))).astype(int)
    X = np.where(np.abs(x) > 1.5, np.sign(x) * np.inf, x)[:, None]
    table = OptimalBinner(solver="optbinning").fit(X, y).binning_tables_["x0"]
    assert table.feature.n_regular > 2
    assert table.n.sum() == 500


# Conversions


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.UnusedCodeWarning")
@pytest.mark.filterwarnings(OPTBINNING_AND_PANDAS_3)
def test_a_binning_process_comes_over_value_by_value(sample):
    X, y = sample
    process = optbinning.BinningProcess(
        list(X), categorical_variables=["region"], special_codes={"refused": [-99]}
    ).fit(X, y)
    features = from_optbinning(process)
    assert list(features) == list(X)
    rng = np.random.default_rng(3)
    for name, feature in features.items():
        theirs = process.get_binned_variable(name)
        if feature.kind == "numeric":
            cuts = np.asarray(theirs.splits)
            near = [np.nextafter(cuts, -np.inf), cuts, np.nextafter(cuts, np.inf)]
            x = np.concatenate([*near, [np.nan, -99.0], rng.choice(X[name], 10_000)])
        else:
            x = np.concatenate([rng.choice(X[name], 10_000), [None]])
        there = theirs.transform(
            x, metric="indices", metric_missing="empirical", metric_special="empirical"
        )
        assert np.array_equal(assign_column(feature, x), there)
    binner = ManualBinner(features, smoothing=0).fit(X, y)
    for name, table in binner.binning_tables_.items():
        theirs = process.get_binned_variable(name).binning_table
        theirs.build(add_totals=False)
        assert np.array_equal(table.n_event[:-1], theirs.n_event)
        assert np.array_equal(table.n_nonevent[:-1], theirs.n_nonevent)
        assert table.iv == pytest.approx(theirs.iv, abs=1e-12)


@pytest.mark.filterwarnings(OPTBINNING_AND_PANDAS_3)
def test_a_scorecard_and_other_targets_come_over(sample):
    X, y = sample
    X = X[["age"]]
    process = optbinning.BinningProcess(["age"])
    card = optbinning.Scorecard(process, LogisticRegression()).fit(X, y)
    splits = card.binning_process_.get_binned_variable("age").splits
    assert from_optbinning(card)["age"].edges == tuple(edges_of_splits(splits).tolist())
    x = X["age"].to_numpy()
    amount = optbinning.ContinuousOptimalBinning("age").fit(x, x / 80 + y)
    assert len(from_optbinning(amount)["age"].edges) == len(amount.splits)
    classes = optbinning.MulticlassOptimalBinning().fit(x, y + (x > 60))
    assert len(from_optbinning(classes)["x0"].edges) == len(classes.splits)


def test_special_codes_come_over(sample):
    X, y = sample
    x = X["income"].to_numpy()
    one = optbinning.OptimalBinning(special_codes=[-99, -98]).fit(x, y)
    group = from_optbinning(one)["x0"].special
    assert group == (SpecialGroup("Special", (-99.0, -98.0)),)
    single = optbinning.OptimalBinning(special_codes={"no answer": -99}).fit(x, y)
    assert from_optbinning(single)["x0"].special == (
        SpecialGroup("no answer", (-99.0,)),
    )


def test_what_cannot_come_over_is_named(sample):
    y = sample[1]
    with pytest.raises(InvalidTypeError, match="got LogisticRegression"):
        from_optbinning(LogisticRegression())
    mixed = np.array([1, "1"], dtype=object)[(y + np.arange(len(y))) % 2]
    theirs = optbinning.OptimalBinning(
        "code", dtype="categorical", user_splits=[[1], ["1"]]
    ).fit(mixed, y)
    if len(theirs.splits) == 2:
        with pytest.raises(InvalidInputError, match="written alike"):
            from_optbinning(theirs)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
@pytest.mark.parametrize(
    "splits",
    [
        {
            "income": [1000, 2000.5, 6000],
            "region": [list("AC"), list("BDE"), list("FGH")],
        },
        {"income": [2500], "region": [list("HGFEDB"), list("CA")]},
        {"income": [], "region": [list("ABCDEFGH")]},
    ],
)
def test_a_table_goes_over_and_back(sample, splits):
    X, y = sample
    X = X[["income", "region"]]
    binner = ManualBinner(
        splits, smoothing=0, special_codes={"income": {"refused": [-99], "none": [-1]}}
    )
    woe = binner.fit_transform(X, y)
    for j, (name, table) in enumerate(binner.binning_tables_.items()):
        theirs = to_optbinning(table)
        assert theirs.status == "OPTIMAL"
        theirs.binning_table.build(add_totals=False)
        counts = theirs.binning_table.n_event
        if not table.feature.special:  # there is a bin for them all the same
            counts = np.delete(counts, -2)
        assert np.array_equal(counts, table.n_event[:-1])
        assert theirs.binning_table.iv == pytest.approx(table.iv, abs=1e-12)
        there = theirs.transform(
            X[name].to_numpy(), metric_missing="empirical", metric_special="empirical"
        )
        assert np.allclose(there, woe[:, j], rtol=0, atol=1e-12)
        assert from_optbinning(theirs)[name] == table.feature


def test_a_split_next_to_a_special_code_survives():
    X = np.r_[np.repeat([1.0, 2.0, 3.0], 20), 2.0 + 2**-51][:, None]
    y = np.tile([0, 1, 0, 1, 1], 13)[: len(X)]
    code = float(np.nextafter(2.0, 3.0))
    binner = ManualBinner({"x0": [2.0]}, special_codes=[code])
    table = binner.fit(X, y).binning_tables_["x0"]
    theirs = to_optbinning(table)
    assert theirs.binning_table.n_event[:2].tolist() == table.n_event[:2].tolist()


def test_what_optbinning_cannot_hold_is_named():
    X = np.repeat([[1.0], [2.0], [3.0]], 10, axis=0)
    y = np.r_[np.zeros(10), np.tile([0, 1], 10)]
    binner = ManualBinner({"x0": [1.0, 2.0]})
    with pytest.raises(InvalidInputError, match=r"bins 0 of 'x0' lack"):
        to_optbinning(binner.fit(X, y).binning_tables_["x0"])
    binner = ManualBinner({"x0": [2.0]})
    table = binner.fit(X, y, np.full(30, 0.3)).binning_tables_["x0"]
    with pytest.raises(InvalidInputError, match="counts of 'x0' are fractions"):
        to_optbinning(table)


# The exact solver against optbinning's models, on the same prebins


def outcomes(seeds, model):
    bench = benchmark_module()
    return Counter(
        bench.compare(bench.random_problem(seed), model, 5.0)[0] for seed in seeds
    )


@pytest.mark.parametrize(("model", "n"), [("cp", 30), ("mip", 12)])
def test_exact_solver_is_never_below(model, n):
    found = outcomes(range(3, 3 + 17 * n, 17), model)
    assert found["below"] == found["only_theirs"] == 0
    assert found["equal"] > n / 2


@pytest.mark.slow
@pytest.mark.parametrize("model", ["cp", "mip"])
def test_exact_solver_is_never_below_in_a_thousand(model):
    found = outcomes(range(1000), model)
    assert found["below"] == found["only_theirs"] == 0
    assert found["above"] > 10
