"""Binners that optbinning solves: several classes, amounts, pairs of features."""

from __future__ import annotations

import numpy as np
import optbinning
import pandas as pd
import pytest

from riskkit.binning import ContinuousBinner, MulticlassBinner, PairBinner
from riskkit.exceptions import (
    InfeasibleWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    RiskkitWarning,
    SingleBinWarning,
)


@pytest.fixture(scope="module")
def x():
    x = np.random.default_rng(5).normal(0, 10, 3000).round(1)
    x[:150] = np.nan
    x[150:250] = -99
    return x


@pytest.fixture(scope="module")
def stage(x):
    noise = np.random.default_rng(6).normal(0, 8, x.size)
    return np.digitize(np.where(x > -99, x, 0) + noise, [-5, 12])


@pytest.fixture(scope="module")
def loss(x):
    noise = np.random.default_rng(8).beta(2, 5, x.size)
    return np.clip(0.3 + 0.01 * np.nan_to_num(x) + noise - 0.3, -0.2, 1.4)


def column(x):
    return x[:, None]


# Several classes


def test_multiclass_equals_optbinning(x, stage):
    binner = MulticlassBinner(special_codes=[-99], smoothing=0).fit(column(x), stage)
    theirs = optbinning.MulticlassOptimalBinning(
        max_n_bins=8, min_prebin_size=0.05, special_codes={"s": [-99]}
    ).fit(x, stage)
    table = binner.binning_tables_["x0"]
    assert table.feature.n_regular == len(theirs.splits) + 1 > 2
    assert np.array_equal(table.counts[:-1], theirs.binning_table.n_event)
    for metric in ("mean_woe", "weighted_mean_woe"):
        there = theirs.transform(
            x, metric=metric, metric_missing="empirical", metric_special="empirical"
        )
        here = binner.set_params(encode=metric).transform(column(x))[:, 0]
        assert np.allclose(here, there, rtol=0, atol=1e-12)


def test_multiclass_by_hand():
    x = np.repeat([1.0, 2.0], 30)
    y = np.repeat(["a", "b", "c", "a", "b", "c"], [15, 10, 5, 5, 10, 15])
    table = (
        MulticlassBinner(smoothing=0, trend="none")
        .fit(column(x), y)
        .binning_tables_["x0"]
    )
    frame = table.frame()
    assert frame["n_a"].tolist() == [15, 5]
    assert frame["rate_c"].tolist() == pytest.approx([5 / 30, 15 / 30])
    # Of class a: events 15 of 20, the others 15 of 40.
    assert frame["woe_a"][0] == pytest.approx(np.log((15 / 40) / (15 / 20)))
    assert frame["woe_b"].tolist() == pytest.approx([0, 0])
    one = (15 / 40 - 15 / 20) * np.log((15 / 40) / (15 / 20))
    other = (25 / 40 - 5 / 20) * np.log((25 / 40) / (5 / 20))
    assert table.iv == pytest.approx(2 * (one + other))


def test_multiclass_constraints(x, stage):
    binner = MulticlassBinner(
        max_n_bins=4,
        min_bin_size=0.15,
        trend={0: "descending", 1: "none", 2: "ascending"},
        special_codes=[-99],
    ).fit(column(x), stage)
    table = binner.binning_tables_["x0"]
    k = table.feature.n_regular
    rate = table.counts[:k] / table.n[:k, None]
    assert 2 <= k <= 4
    assert table.n[:k].min() >= 0.15 * x.size
    assert (np.diff(rate[:, 0]) <= 0).all()
    assert (np.diff(rate[:, 2]) >= 0).all()


def test_multiclass_names_what_is_wrong(x, stage):
    with pytest.raises(InvalidParameterError, match="trend names 7, which is no class"):
        MulticlassBinner(trend={7: "none"}).fit(column(x), stage)
    with pytest.raises(InvalidParameterError, match="Did you mean 'peak'"):
        MulticlassBinner(trend="peek").fit(column(x), stage)
    with pytest.raises(InvalidTypeError, match="'job' is categorical"):
        MulticlassBinner().fit(pd.DataFrame({"job": list("abc") * 9}), [0, 1, 2] * 9)
    with pytest.raises(InvalidTargetError, match="Use ContinuousBinner"):
        MulticlassBinner().fit(column(x), np.linspace(0, 1, x.size))
    with pytest.raises(InvalidTargetError, match="2 to 100 classes; got 1 class"):
        MulticlassBinner().fit(column(x), np.ones(x.size))
    with pytest.raises(InvalidTargetError, match="1 of 3000 rows"):
        MulticlassBinner().fit(column(x), np.r_[np.nan, np.ones(x.size - 1)])


# Amounts


@pytest.mark.parametrize("trend", ["ascending", "none", "auto"])
def test_continuous_equals_optbinning(x, loss, trend):
    y = loss - loss.min()
    binner = ContinuousBinner(special_codes=[-99], trend=trend).fit(column(x), y)
    theirs = optbinning.ContinuousOptimalBinning(
        max_n_bins=8,
        min_bin_size=0.05,
        special_codes={"s": [-99]},
        monotonic_trend=None if trend == "none" else trend,
    ).fit(x, y)
    table = binner.binning_tables_["x0"]
    k = table.feature.n_regular
    assert k == len(theirs.splits) + 1 > 2
    expected = theirs.binning_table.build(add_totals=False)
    assert np.array_equal(expected["Count"], table.n[:-1])
    assert np.allclose(expected["Mean"], table.mean[:-1], rtol=0, atol=1e-12)
    assert np.allclose(expected["Std"][:k], table.std[:k], rtol=0, atol=1e-9)
    there = theirs.transform(x, metric_missing="empirical", metric_special="empirical")
    assert np.allclose(binner.transform(column(x))[:, 0], there, rtol=0, atol=1e-12)


def test_a_table_of_amounts_by_hand():
    X = pd.DataFrame({"grade": ["A", "A", "B", "B", "B", None]})
    y = [1.0, 3.0, 7.0, 8.0, 12.0, 4.0]
    binner = ContinuousBinner(min_bin_size=0.0).fit(X, y)
    table = binner.binning_tables_["grade"]
    frame = table.frame()
    assert frame["n"].tolist() == [2, 3, 1]
    assert frame["mean"].tolist() == [2, 9, 4]
    assert frame["std"].tolist() == pytest.approx([1, (14 / 3) ** 0.5, 0])
    whole = table.frame(empty=True)
    assert len(whole) == 4  # with that of levels that training never saw
    assert whole["mean"].iloc[-1] == pytest.approx(np.mean(y))
    plain = table.to_dict()
    assert plain["feature"] == "grade"
    assert [one["n"] for one in plain["bins"]] == [2, 3, 1]
    assert "<table" in table._repr_html_()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
@pytest.mark.parametrize("shift", [0.0, -3.0])
def test_continuous_does_not_depend_on_the_unit(x, loss, scale, shift):
    target = (loss + shift) * scale
    options = {"trend": "peak", "min_mean_diff": 0.02 * scale}
    edges = {
        ContinuousBinner(**options).fit(column(x), y).binning_tables_["x0"].feature
        for y in (target, target)
    }
    base = ContinuousBinner(trend="peak", min_mean_diff=0.02).fit(column(x), loss)
    assert edges == {base.binning_tables_["x0"].feature}


def test_continuous_takes_categories_and_unseen_levels(loss):
    job = np.resize(np.array(["a", "b", "c", None, "d"], dtype=object), loss.size)
    y = loss + 0.3 * np.isin(job, ["b", "d"])
    X = pd.DataFrame({"job": job})
    binner = ContinuousBinner(max_n_bins=2).fit(X, y)
    table = binner.binning_tables_["job"]
    assert table.feature.levels == (("a", "c"), ("b", "d"))
    assert table.mean[0] == pytest.approx(y[np.isin(job, ["a", "c"])].mean())
    new = pd.DataFrame({"job": ["zz", None, "d"]})
    expected = [y.mean(), y[job == None].mean(), table.mean[1]]  # noqa: E711
    assert binner.transform(new)[:, 0].tolist() == pytest.approx(expected)
    assert binner.summary()["status"].tolist() == ["optimal"]


def test_continuous_names_what_is_wrong(x, loss):
    with pytest.raises(InvalidTargetError, match="must vary"):
        ContinuousBinner().fit(column(x), np.ones(x.size))
    with pytest.raises(InvalidTargetError, match="must hold numbers"):
        ContinuousBinner().fit(column(x), np.resize(["a", "b"], x.size))
    with pytest.raises(InvalidTargetError, match="1 of 3000 rows"):
        ContinuousBinner().fit(column(x), np.r_[np.inf, loss[1:]])
    with pytest.warns(SingleBinWarning, match=r"x0 \(optbinning found no split"):
        binner = ContinuousBinner(min_mean_diff=50).fit(column(x), loss)
    assert binner.summary()["status"].tolist() == ["single_bin"]
    with pytest.warns(InfeasibleWarning, match="time limit"):
        binner = ContinuousBinner(time_limit=0.001).fit(column(x), loss)
    assert binner.summary()["status"].tolist() == ["infeasible"]


# Pairs


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(9)
    n = 4000
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n).astype(float),
            "ltv": rng.uniform(0.2, 1.2, n),
            "job": np.array(list("abcdef"), dtype=object)[rng.integers(0, 6, n)],
        }
    )
    odds = -2 + 1.5 * ((X["age"] < 40) & (X["ltv"] > 0.8)) + X["job"].isin(["b"]) * 0.8
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    X.loc[:99, "age"] = np.nan
    X.loc[50:149, "ltv"] = -1.0
    X.loc[150:199, "job"] = None
    return X, y


@pytest.mark.parametrize("trend", ["none", ("descending", "ascending")])
def test_pair_equals_optbinning(pair, trend):
    X, y = pair
    X = X[150:][["age", "ltv"]]
    y = y[150:]
    binner = PairBinner(trend=trend, smoothing=0).fit(X, y)
    words = (None, None) if trend == "none" else trend
    theirs = optbinning.OptimalBinning2D(
        max_n_bins=8,
        min_bin_size=0.05,
        monotonic_trend_x=words[0],
        monotonic_trend_y=words[1],
    ).fit(X["age"], X["ltv"], y)
    table = binner.binning_table_
    assert table.n_regular == len(theirs.splits[0]) > 2
    theirs.binning_table.build(add_totals=False)
    assert sorted(table.n_event[:-3]) == sorted(theirs.binning_table.n_event[:-2])
    assert table.iv == pytest.approx(theirs.binning_table.iv, abs=1e-12)
    there = theirs.transform(X["age"], X["ltv"])
    assert np.allclose(binner.transform(X)[:, 0], there, rtol=0, atol=1e-12)


def test_pair_counts_every_row_once(pair):
    X, y = pair
    binner = PairBinner(["age", "ltv"], special_codes={"ltv": [-1]}).fit(X, y)
    table = binner.binning_table_
    frame = table.frame().set_index("age")
    assert table.n.sum() == len(y)
    assert frame.loc["Missing", "n"] == 100  # wins where the other is special
    assert frame.loc["Special", "n"] == 50
    assert table.n_event.sum() == y.sum()
    assert binner.get_feature_names_out().tolist() == ["age*ltv"]
    one = binner.transform(X[:60])
    assert np.array_equal(one, binner.transform(X)[:60])


def test_pair_rectangles_cover_the_plane(pair):
    X, y = pair
    table = PairBinner(["ltv", "job"], min_bin_size=0.08).fit(X, y).binning_table_
    numbers = np.unique(table.rectangles)
    assert numbers.tolist() == list(range(table.n_regular))
    for number in numbers:
        rows, columns = np.nonzero(table.rectangles == number)
        area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert area == rows.size  # a rectangle without holes
    k = table.n_regular
    assert table.n[:k].min() >= 0.08 * len(y)
    shown = " ".join(table.frame()["job"][:k])
    assert all(level in shown for level in "abcdef")
    assert table.to_dict()["features"] == ["ltv", "job"]


def test_pair_unseen_level_is_neutral(pair):
    X, y = pair
    binner = PairBinner(["ltv", "job"]).fit(X, y)
    new = X[200:203].assign(job=["a", "zz", None])
    encoded = binner.transform(new)[:, 0]
    assert encoded[1] == 0
    assert encoded[2] == binner.binning_table_.woe[binner.binning_table_.n_regular + 1]


def test_pair_of_one_rectangle_says_why(pair):
    X, y = pair
    # Every rectangle that keeps the constraint has the same size: only the whole.
    with pytest.warns(SingleBinWarning, match="age and ltv"):
        table = PairBinner(["age", "ltv"], min_bin_size=0.5).fit(X, y).binning_table_
    assert table.n_regular == 1
    assert table.status == "single_bin"
    few = X.assign(age=X["age"].where(np.arange(len(X)) > 3900))
    with pytest.warns(InfeasibleWarning, match="fewer than min_bin_size"):
        table = PairBinner(["age", "ltv"], min_bin_size=0.5).fit(few, y).binning_table_
    assert table.status == "infeasible"
    with pytest.warns(SingleBinWarning, match="one class or none"):
        PairBinner(["age", "ltv"]).fit(X.assign(age=np.nan), y)


def test_pair_names_what_is_wrong(pair):
    X, y = pair
    with pytest.warns(RiskkitWarning, match=r"of 3 it takes the first two, 'age'"):
        PairBinner().fit(X, y)
    with pytest.raises(InvalidInputError, match=r"two features; got 1 feature"):
        PairBinner().fit(X[["age"]], y)
    with pytest.raises(InvalidParameterError, match="Did you mean 'age'"):
        PairBinner(["agee", "ltv"]).fit(X, y)
    for features in ("age", ["age"], ["age", "age"]):
        with pytest.raises(InvalidParameterError, match="two different column names"):
            PairBinner(features).fit(X, y)
    with pytest.raises(InvalidParameterError, match="one word or two"):
        PairBinner(trend=["none"] * 3).fit(X[["age", "ltv"]], y)
