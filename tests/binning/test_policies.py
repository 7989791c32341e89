"""Where missing and special values go, and the constraints on bins."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.binning import MergeBins, OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InfeasibleWarning,
    InvalidInputError,
    InvalidParameterError,
    SingleBinWarning,
)
from riskkit.export import save_artifact
from riskkit.metrics import iv, woe
from riskkit.scorecard import ScorecardClassifier
from riskkit.scorecard._chance import free_parameters
from riskkit.serving import load_scorer

POLICIES = ("merge", "riskiest", "safest")


@pytest.fixture(scope="module")
def book():
    return make_loan_book(4_000, default_rate=0.1, missing_rate=0.1, random_state=3)


def small_sample(seed=0, n=400):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 6, n).astype(float)
    x[rng.random(n) < 0.1] = np.nan
    x[rng.random(n) < 0.1] = -9.0
    rate = np.select([np.isnan(x), x == -9], [0.25, 0.6], 0.1 + 0.07 * np.nan_to_num(x))
    return pd.DataFrame({"x": x}), (rng.random(n) < rate).astype(int)


def bins_of(binner, X):
    """Return the row's pool, as the ordinal encoding tells it."""
    ordinal = OptimalBinner(**binner.get_params()).set_params(encode="ordinal")
    ordinal.__dict__.update({k: v for k, v in vars(binner).items() if k[-1] == "_"})
    return ordinal.transform(X)


@pytest.mark.parametrize("policy", POLICIES)
def test_pools_count_together_everywhere(book, policy):
    binner = OptimalBinner(
        missing=policy, special=policy, special_codes=book.special_codes
    ).fit(book.data, book.target)
    Xt, pools = binner.transform(book.data), bins_of(binner, book.data)
    n_joined = 0
    for j, (name, table) in enumerate(binner.binning_tables_.items()):
        n_joined += sum(to != b for b, to in enumerate(table.joins))
        event = np.bincount(pools[:, j].astype(int), book.target, table.n.size)
        n = np.bincount(pools[:, j].astype(int), minlength=table.n.size)
        filled = n > 0
        assert_array_equal(
            table.woe[filled], woe(event, n - event)[filled], err_msg=name
        )
        assert table.iv == pytest.approx(iv(event[filled], (n - event)[filled]))
        for b, to in enumerate(table.joins):
            assert table.woe[b] == table.woe[to]
        assert set(np.unique(Xt[:, j])) <= set(table.woe)
        frame = table.frame(totals=False)
        assert_array_equal(frame["n"], n[: len(n)][np.unique(table.joins)][frame.index])
        assert table.frame()["n"].iloc[-1] == len(book.target)
    assert n_joined >= 3


def test_merge_is_the_best_place():
    X, y = small_sample()
    found = OptimalBinner(
        missing="merge",
        special="merge",
        special_codes=[-9],
        trend="none",
        smoothing=0.5,
        max_n_bins=4,
    ).fit(X, y)
    x = X["x"].to_numpy()
    best = -np.inf
    for n_cuts in range(4):
        for cuts in itertools.combinations(np.arange(5) + 0.5, n_cuts):
            for places in itertools.product(range(n_cuts + 1), repeat=2):
                bins = np.searchsorted(cuts, x)
                bins[np.isnan(x)], bins[x == -9] = places
                n = np.bincount(bins, minlength=n_cuts + 1)
                if (n < 0.05 * len(y)).any():
                    continue
                event = np.bincount(bins, y, n_cuts + 1)
                best = max(best, iv(event, n - event))
    table = found.binning_tables_["x"]
    assert table.iv == pytest.approx(best, rel=1e-12)
    labels = table.frame()["bin"].tolist()
    assert sum("Missing" in label for label in labels) == 1
    assert sum("Special: -9" in label for label in labels) == 1


def test_merge_never_gains_over_separate_by_more_than_smoothing(book):
    parameters = {"special_codes": book.special_codes, "smoothing": 1e-9}
    apart = OptimalBinner(**parameters).fit(book.data, book.target)
    joined = OptimalBinner(missing="merge", special="merge", **parameters).fit(
        book.data, book.target
    )
    for name, table in joined.binning_tables_.items():
        other = apart.search_report_[name]["iv_bound"]
        assert table.iv <= other + 1e-9
        assert table.iv <= joined.search_report_[name]["iv_bound"] + 1e-9


@pytest.mark.parametrize("policy", ["riskiest", "safest"])
def test_forced_values_take_the_extreme_bin(policy):
    X, y = small_sample(1)
    table = (
        OptimalBinner(missing=policy, special_codes=[-9]).fit(X, y).binning_tables_["x"]
    )
    k = table.feature.n_regular
    rate = table.event_rate[:k]
    expected = rate.argmax() if policy == "riskiest" else rate.argmin()
    assert table.joins[table.feature.missing_bin] == expected
    assert table.joins[k] == k  # special values stay apart
    pooled = table.n_event[[expected, -2]].sum(), table.n_nonevent[[expected, -2]].sum()
    totals = table.n_event.sum(), table.n_nonevent.sum()
    event, nonevent = (
        [part, total - part] for part, total in zip(pooled, totals, strict=True)
    )
    shift = 0.5 / min(totals)
    hand = np.log((nonevent[0] / totals[1] + shift) / (event[0] / totals[0] + shift))
    assert table.woe[table.feature.missing_bin] == pytest.approx(hand)


@pytest.mark.parametrize(
    ("policy", "neutral"),
    [("separate", True), ("merge", True), ("riskiest", False), ("safest", False)],
)
@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_missing_without_any_in_training(policy, neutral, kind):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, 500)
    y = (rng.random(500) < 0.1 + 0.1 * x).astype(int)
    X = pd.DataFrame({"x": x.astype(float) if kind == "numeric" else x.astype(str)})
    binner = OptimalBinner(missing=policy, unseen="missing").fit(X, y)
    table = binner.binning_tables_["x"]
    (value,) = binner.transform(pd.DataFrame({"x": X["x"].head(1).where([False])}))[0]
    worst = table.woe.min() if policy == "riskiest" else table.woe.max()
    assert value == (0.0 if neutral else worst)
    assert table.woe[table.feature.unseen_bin] == value


def test_encodings_agree_on_pools():
    X, y = small_sample(2)
    parameters = {"missing": "merge", "special": "riskiest", "special_codes": [-9]}
    by = {
        encode: OptimalBinner(encode, **parameters).fit(X, y).transform(X)[:, 0]
        for encode in ("woe", "ordinal", "event_rate")
    }
    pools = pd.DataFrame(by).assign(y=y)
    assert pools.groupby("ordinal")[["woe", "event_rate"]].nunique().max().max() == 1
    assert_allclose(
        pools.groupby("ordinal")["y"].transform("mean"), pools["event_rate"]
    )


def test_a_weight_of_two_is_the_row_twice_and_order_does_not_matter(book):
    X, y = book.data.head(1_200), book.target[:1_200]
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, len(y))
    twice = np.repeat(np.arange(len(y)), weight)
    order = rng.permutation(twice)
    parameters = {
        "missing": "merge",
        "special": "merge",
        "special_codes": book.special_codes,
    }
    fits = [
        OptimalBinner(**parameters).fit(X, y, sample_weight=weight),
        OptimalBinner(**parameters).fit(X.iloc[twice], y[twice]),
        OptimalBinner(**parameters).fit(X.iloc[order], y[order]),
        OptimalBinner(n_jobs=2, **parameters).fit(X.iloc[twice], y[twice]),
    ]
    for name, table in fits[0].binning_tables_.items():
        for other in fits[1:]:
            assert other.binning_tables_[name].feature == table.feature
            assert other.binning_tables_[name].joins == table.joins
            assert_array_equal(other.binning_tables_[name].woe, table.woe)


def test_tables_of_other_samples_keep_the_pools(book):
    half = len(book.target) // 2
    binner = OptimalBinner(missing="merge").fit(book.data, book.target)
    for name, table in binner.binning_tables_.items():
        first = table.apply_to(book.data[:half], book.target[:half])
        second = table.apply_to(book.data[half:], book.target[half:])
        assert first.joins == table.joins
        assert_array_equal((first + second).woe, table.woe, err_msg=name)
    joined = next(
        table
        for table in binner.binning_tables_.values()
        if table.joins != tuple(range(table.n.size))
    )
    with pytest.raises(InvalidInputError, match="joined bins"):
        _ = joined + replace(joined, joins=())


def test_edits_keep_the_pool():
    X, y = small_sample(3, 2_000)
    binner = OptimalBinner(missing="riskiest", special_codes=[-9], trend="ascending")
    before = binner.fit(X, y).binning_tables_["x"]
    last = before.feature.n_regular - 1
    assert before.joins[before.feature.missing_bin] == last
    edited = binner.with_edits(MergeBins(feature="x", bins=(last - 1, last))).fit(X, y)
    after = edited.binning_tables_["x"]
    assert after.joins[after.feature.missing_bin] == after.feature.n_regular - 1


@pytest.mark.parametrize("policy", POLICIES)
def test_scorecard_scorer_and_table_agree(book, policy, tmp_path):
    binner = OptimalBinner(
        missing=policy, special=policy, special_codes=book.special_codes
    )
    card = ScorecardClassifier(binner, min_iv=0.0).fit(book.data, book.target)
    save_artifact(card, tmp_path / "card.rk")
    scorer = load_scorer(tmp_path / "card.rk")
    rows = book.data.head(500)
    assert rows.isna().any().any()
    pd_ = card.predict_proba(rows)[:, 1]
    assert_array_equal(scorer.score_batch(rows).pd, pd_)
    singles = [scorer.score(record).pd for record in rows.to_dict("records")]
    assert_array_equal(singles, pd_)
    points = card.points_table()
    name = card.spec_.characteristics[0].feature.name
    table = card.binner_.binning_tables_[name]
    own = points[points["characteristic"] == name].reset_index(drop=True)
    for b, to in enumerate(table.joins[: len(own)]):
        assert own["points"][b] == own["points"][to]


def test_pools_are_one_free_parameter():
    X, y = small_sample(4)
    apart = OptimalBinner(special_codes=[-9]).fit(X, y).binning_tables_["x"]
    joined = (
        OptimalBinner(missing="merge", special="merge", special_codes=[-9])
        .fit(X, y)
        .binning_tables_["x"]
    )
    free = free_parameters([apart, joined], searched=False)
    assert free[0] == apart.feature.n_regular + 1
    assert free[1] == joined.feature.n_regular - 1


def test_many_groups_are_placed_one_by_one():
    rng = np.random.default_rng(5)
    x = rng.integers(-6, 8, 3_000).astype(float)
    y = (rng.random(3_000) < np.where(x < 0, 0.3, 0.05 + 0.05 * x)).astype(int)
    codes = [-1, -2, -3, -4, -5, -6]
    binner = OptimalBinner(special="merge", special_codes=codes, max_n_bins=4)
    table = binner.fit(x.reshape(-1, 1), y).binning_tables_["x0"]
    k = table.feature.n_regular
    assert all(table.joins[k + g] < k for g in range(6))


def test_a_column_with_nothing_but_missing_values_merges_into_one_bin():
    X = pd.DataFrame({"empty": [np.nan] * 40, "fine": np.arange(40.0)})
    y = (np.arange(40) % 10 < np.arange(40) // 10 + 2).astype(int)
    with pytest.warns(SingleBinWarning, match="empty"):
        binner = OptimalBinner(missing="merge").fit(X, y)
    assert (binner.transform(X)[:, 0] == 0).all()
    assert binner.binning_tables_["empty"].iv == 0


def test_limits_hold(book):
    n = len(book.target)
    binner = OptimalBinner(
        min_n_bins=3,
        max_bin_size=0.5,
        max_bin_n_event=200,
        max_bin_n_nonevent=1_500,
        missing="merge",
        special_codes=book.special_codes,
    )
    with pytest.warns((InfeasibleWarning, SingleBinWarning)):
        binner.fit(book.data, book.target)
    n_found = 0
    for table in binner.binning_tables_.values():
        if table.status != "optimal":
            assert table.reason
            continue
        n_found += 1
        rows = table.frame(totals=False)[: table.feature.n_regular]
        assert len(rows) >= 3
        assert (rows["n"] <= 0.5 * n).all()
        assert (rows["n_event"] <= 200).all()
        assert (rows["n_nonevent"] <= 1_500).all()
    assert n_found > 2


def test_infeasible_is_a_status_with_a_reason_and_a_warning():
    X = pd.DataFrame({"two": [0.0, 1.0] * 200, "many": np.arange(400.0)})
    y = (np.arange(400) % 8 < 1 + np.arange(400) // 100).astype(int)
    with pytest.warns(InfeasibleWarning, match=r"1 feature.*two \(no split satisfies"):
        binner = OptimalBinner(min_n_bins=3).fit(X, y)
    summary = binner.summary().set_index("feature")
    assert summary.loc["two", "status"] == "infeasible"
    assert "min_n_bins" in summary.loc["two", "reason"]
    assert summary.loc["two", "n_bins"] == 1
    assert summary.loc["many", "status"] == "optimal"


@pytest.mark.parametrize("divergence", ["iv", "js", "hellinger"])
def test_each_divergence_is_best_at_its_own(divergence):
    rng = np.random.default_rng(8)
    X = rng.integers(0, 30, (3_000, 3)).astype(float)
    y = (rng.random(3_000) < np.where(X[:, 0] < 2, 0.9, 0.02 + 0.01 * X[:, 0])).astype(
        int
    )
    parameters = {"max_n_bins": 3, "min_bin_size": 0.01, "trend": "none"}
    own = OptimalBinner(divergence=divergence, **parameters).fit(X, y)
    for other in ("iv", "js", "hellinger"):
        rival = OptimalBinner(divergence=other, **parameters).fit(X, y)
        for name, table in own.binning_tables_.items():
            assert (
                value_of(table, divergence)
                >= value_of(rival.binning_tables_[name], divergence) - 1e-12
            )
    assert np.isnan(own.summary()["iv_bound"]).any() == (divergence != "iv")


def value_of(table, divergence):
    if divergence == "iv":
        return table.iv
    p, q = (
        table.n_event / table.n_event.sum(),
        table.n_nonevent / table.n_nonevent.sum(),
    )
    if divergence == "js":
        return table.js
    return 0.5 * ((np.sqrt(p) - np.sqrt(q)) ** 2).sum()


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
@pytest.mark.parametrize(
    "parameters", [{}, {"trend": "ascending"}, {"missing": "merge"}]
)
def test_bound_is_never_below_the_iv(book, parameters):
    binner = OptimalBinner(special_codes=book.special_codes, **parameters)
    summary = binner.fit(book.data, book.target).summary()
    assert (summary["iv_bound"] >= summary["iv"] - 1e-9).all()


def test_user_splits_are_the_only_candidates(book):
    given = [25.0, 30.0, 41.0, 50.0]
    binner = OptimalBinner(user_splits={"age": given}).fit(book.data, book.target)
    edges = binner.binning_tables_["age"].feature.edges
    assert edges
    assert set(edges) <= set(given)


@pytest.mark.parametrize("n", [3_000, 200_000])
def test_fixed_splits_are_edges(n):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(2 - x))).astype(int)
    binner = OptimalBinner(fixed_splits={"x0": [-0.123, 0.456]}, max_n_bins=5)
    edges = binner.fit(x.reshape(-1, 1), y).binning_tables_["x0"].feature.edges
    assert {-0.123, 0.456} <= set(edges)
    assert len(edges) > 2
    nice = binner.set_params(edges="nice").fit(x.reshape(-1, 1), y)
    assert {-0.123, 0.456} <= set(nice.binning_tables_["x0"].feature.edges)


def test_nice_edges_are_shorter_and_keep_the_limits():
    rng = np.random.default_rng(1)
    income = np.exp(rng.normal(8, 1, 5_000)).round(2)
    X = pd.DataFrame({"income": income, "ratio": rng.random(5_000)})
    logit = -6 + 0.6 * np.log(income) + X["ratio"]
    y = (rng.random(5_000) < 1 / (1 + np.exp(-logit))).astype(int)
    exact = OptimalBinner(trend="ascending").fit(X, y)
    nice = OptimalBinner(trend="ascending", edges="nice").fit(X, y)
    report = nice.summary().set_index("feature")
    for name, table in nice.binning_tables_.items():
        edges, before = table.feature.edges, exact.binning_tables_[name].feature.edges
        assert len(edges) == len(before)
        assert sum(digits(e) for e in edges) < sum(digits(e) for e in before) / 2
        assert (table.n[: len(edges) + 1] >= 0.05 * len(y)).all()
        assert (np.diff(table.event_rate[: len(edges) + 1]) >= 0).all()
        loss = exact.binning_tables_[name].iv - table.iv
        assert report.loc[name, "edge_loss"] == pytest.approx(loss, abs=1e-12)
        assert loss < 0.1 * exact.binning_tables_[name].iv


def digits(number):
    return len(repr(number).replace(".", "").replace("-", "").strip("0"))


@pytest.mark.parametrize("method", ["cart", "quantile", "none"])
def test_prebinning(method):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4_000, 2))
    y = (rng.random(4_000) < 1 / (1 + np.exp(2 - x[:, 0]))).astype(int)
    best = OptimalBinner(prebinning=method).fit(x, y)
    few = OptimalBinner(prebinning=method, max_n_prebins=6).fit(x, y)
    table, thin = best.binning_tables_["x0"], few.binning_tables_["x0"]
    assert 2 < thin.feature.n_regular <= 6
    assert thin.iv > 0.9 * table.iv


def test_threads_give_the_same_bins(book):
    one = OptimalBinner().fit(book.data, book.target)
    two = OptimalBinner(n_jobs=2).fit(book.data, book.target)
    for name, table in one.binning_tables_.items():
        assert two.binning_tables_[name].feature == table.feature
        assert_array_equal(two.binning_tables_[name].woe, table.woe)


def test_progress_is_drawn_on_stderr(book, capsys):
    OptimalBinner(verbose=True).fit(book.data, book.target)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Binning features" in err
    OptimalBinner().fit(book.data, book.target)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"missing": "merged"}, "Did you mean 'merge'"),
        ({"special": "drop"}, "special must be one of"),
        ({"min_bin_size": 0.6, "min_n_bins": 3}, r"min_n_bins \* min_bin_size"),
        ({"min_bin_size": 0.4, "min_n_bins": 3}, r"min_n_bins \* min_bin_size"),
        ({"min_n_bins": 9}, "min_n_bins must not exceed max_n_bins"),
        ({"max_bin_size": 0.02}, "min_bin_size must not exceed max_bin_size"),
        (
            {"min_bin_n_event": 50, "max_bin_n_event": 20},
            "min_bin_n_event must not exceed max_bin_n_event",
        ),
        ({"max_bin_size": 0}, "max_bin_size must be a number between"),
        ({"max_bin_n_event": 0}, "max_bin_n_event must be an integer >= 1"),
        ({"min_n_bins": 0}, "min_n_bins must be an integer >= 1"),
        ({"divergence": "kl"}, "divergence must be one of"),
        ({"trend_margin": -1}, "trend_margin must be a number >= 0"),
        ({"prebinning": "mdlp"}, "prebinning must be one of"),
        ({"max_n_prebins": 1}, "max_n_prebins must be an integer >= 2"),
        ({"edges": "round"}, "edges must be one of"),
        ({"n_jobs": 0}, "n_jobs must be"),
        ({"n_jobs": "two"}, "n_jobs must be"),
        ({"verbose": "yes"}, "verbose must be"),
        ({"user_splits": {"aeg": [30]}}, "user_splits names 'aeg'.*Did you mean 'age'"),
        ({"fixed_splits": {"age": [30, 20]}}, "must be finite and increasing"),
        ({"fixed_splits": {"age": ["a"]}}, "must be numbers"),
        ({"fixed_splits": [30]}, "must be a mapping"),
        ({"user_splits": {"age": [30, 999]}}, "1 of 2 do not: 999"),
        ({"fixed_splits": {"age": [-5.0]}}, r"fixed_splits\['age'\] must lie within"),
    ],
)
def test_bad_parameters_are_refused(book, parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        OptimalBinner(**parameters).fit(book.data, book.target)


def test_splits_of_a_category_are_refused(book):
    category = next(c for c in book.data if book.data[c].dtype.kind not in "if")
    with pytest.raises(InvalidParameterError, match="is categorical"):
        OptimalBinner(user_splits={category: [1]}).fit(book.data, book.target)
