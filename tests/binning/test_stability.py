"""Bins whose ranking holds in every period."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from riskkit.artifact import assign_column
from riskkit.binning import OptimalBinner
from riskkit.datasets import load_sba_loans
from riskkit.exceptions import InvalidParameterError, ThinPeriodWarning
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

LEAST = 20


def sample(seed=0, n=9_000, n_periods=3):
    """Return features of which some turn round in the last period."""
    rng = np.random.default_rng(seed)
    period = rng.integers(0, n_periods, n)
    steady = rng.normal(size=n)
    turning = rng.normal(size=n)
    wave = rng.integers(0, 12, n).astype(float)
    job = rng.integers(0, 6, n)
    last = period == n_periods - 1
    logit = -1.5 + 0.7 * steady + np.where(last, -0.6, 0.9) * turning
    logit += np.where(last, 0.3, 1.0) * np.sin(wave) + 0.2 * job * np.where(last, -1, 1)
    steady[rng.random(n) < 0.1] = np.nan
    wave[rng.random(n) < 0.1] = np.nan
    X = pd.DataFrame(
        {
            "steady": steady,
            "turning": turning,
            "wave": wave,
            "job": np.array(list("abcdef"))[job],
            "year": period + 2001,
        }
    )
    return X, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)


def fit(X, y, weight=None, **parameters):
    parameters = {"stable_over": "year", "min_period_n_event": LEAST} | parameters
    return OptimalBinner(**parameters).fit(X, y, weight)


def check_ranking(table, X, y, n_expected=LEAST):
    """Hold the rule against plain pandas."""
    bins = assign_column(table.feature, X[table.name].to_numpy())
    bins = np.asarray(table.joins)[bins]
    k = table.feature.n_regular
    frame = pd.DataFrame({"bin": bins, "y": y, "year": X["year"].to_numpy()})
    overall = frame.groupby("bin")["y"].mean().reindex(range(k))
    n_checked = 0
    for _, part in frame.groupby("year"):
        rate = part["y"].mean()
        least = n_expected / min(rate, 1 - rate) if 0 < rate < 1 else np.inf
        by_bin = part.groupby("bin")["y"].agg(["size", "mean"]).reindex(range(k))
        for b in range(k - 1):
            if (by_bin["size"][[b, b + 1]] >= least).all():
                step = by_bin["mean"][b + 1] - by_bin["mean"][b]
                assert step * (overall[b + 1] - overall[b]) >= 0
                n_checked += 1
    return n_checked


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
@pytest.mark.parametrize("trend", ["auto", "none", "peak", "concave"])
@pytest.mark.parametrize("missing", ["separate", "merge"])
def test_the_ranking_holds_in_every_period(trend, missing):
    X, y = sample()
    stable = fit(X, y, trend=trend, missing=missing)
    n_checked = sum(
        check_ranking(table, X, y) for table in stable.binning_tables_.values()
    )
    assert n_checked >= 6
    free = OptimalBinner(trend=trend, missing=missing).fit(X.drop(columns="year"), y)
    table = free.binning_tables_["turning"]
    with pytest.raises(AssertionError):
        check_ranking(table, X, y)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_the_price_is_reported():
    X, y = sample()
    stable, free = fit(X, y), OptimalBinner().fit(X.drop(columns="year"), y)
    summary = stable.summary().set_index("feature")
    for name, table in stable.binning_tables_.items():
        price = free.binning_tables_[name].iv - table.iv
        assert summary.loc[name, "stability_cost"] == pytest.approx(price, abs=1e-12)
        assert price >= -1e-12
        assert summary.loc[name, "iv_bound"] >= table.iv
    assert summary.loc["turning", "stability_cost"] > 0.01
    assert "stable_over" in summary.loc["turning", "reason"]
    assert summary.loc["steady", "stability_cost"] < 0.02


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_the_column_is_no_feature():
    X, y = sample()
    binner = fit(X, y)
    names = ["steady", "turning", "wave", "job"]
    assert list(binner.feature_names_in_) == [*names, "year"]
    assert binner.n_features_in_ == 5
    assert list(binner.get_feature_names_out()) == names
    assert list(binner.binning_tables_) == names
    Xt = binner.transform(X)
    assert Xt.shape == (len(X), 4)
    assert_array_equal(binner.transform(X.drop(columns="year")), Xt)
    assert_array_equal(binner.transform(X[X.columns[::-1]]), Xt)
    framed = clone(binner).set_output(transform="pandas").fit_transform(X, y)
    assert list(framed.columns) == names


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_arrays_have_the_column_in_both():
    X, y = sample()
    array = X[["year", "steady", "wave"]].to_numpy(float)
    binner = OptimalBinner(stable_over="x0", min_period_n_event=LEAST).fit(array, y)
    assert list(binner.get_feature_names_out()) == ["x1", "x2"]
    named = fit(X[["year", "steady", "wave"]], y)
    assert_array_equal(binner.transform(array), named.transform(X))


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_periods_of_any_type():
    X, y = sample()
    year = X["year"]
    expected = {n: t.feature for n, t in fit(X, y).binning_tables_.items()}
    kinds = {
        "text": year.astype(str),
        "float": year.astype(float),
        "category": year.astype(str).astype("category"),
        "date": pd.to_datetime(year.astype(str) + "-06-30"),
        "period": pd.PeriodIndex(year.astype(str), freq="Y"),
        "object": np.array([dt.date(int(v), 1, 1) for v in year], dtype=object),
    }
    for kind, values in kinds.items():
        found = fit(X.assign(year=values), y)
        got = {n: t.feature for n, t in found.binning_tables_.items()}
        assert got == expected, kind
    for convert in (pl.from_pandas, pa.Table.from_pandas):
        found = fit(convert(X.assign(year=kinds["date"])), y)
        got = {n: t.feature for n, t in found.binning_tables_.items()}
        assert got == expected


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_weights_order_and_threads():
    X, y = sample(n=4_000)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, len(y))
    twice = np.repeat(np.arange(len(y)), weight)
    order = rng.permutation(twice)
    fits = [
        fit(X, y, weight, missing="merge"),
        fit(X.iloc[twice], y[twice], missing="merge"),
        fit(X.iloc[order], y[order], missing="merge", n_jobs=2),
    ]
    for name, table in fits[0].binning_tables_.items():
        for other in fits[1:]:
            assert other.binning_tables_[name].feature == table.feature
            assert other.binning_tables_[name].joins == table.joins
            assert_array_equal(other.binning_tables_[name].woe, table.woe)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_a_period_without_events_does_not_count_and_is_told():
    X, y = sample()
    y = np.where(X["year"] == 2003, 0, y)
    with pytest.warns(ThinPeriodWarning, match="1 of the 3 periods of 'year'"):
        binner = fit(X, y)
    # The features only turn round in the year that is left out.
    assert binner.binning_tables_["turning"].feature.n_regular > 2
    for table in binner.binning_tables_.values():
        check_ranking(table, X, y)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_rows_without_a_period_count_in_no_period():
    X, y = sample()
    year = X["year"].where(X["year"] != 2003)
    binner = fit(X.assign(year=year), y)
    assert binner.binning_tables_["turning"].feature.n_regular > 2
    assert binner.binning_tables_["turning"].n.sum() == len(y)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_nice_edges_keep_the_ranking():
    X, y = sample()
    binner = fit(X, y, edges="nice")
    assert sum(check_ranking(t, X, y) for t in binner.binning_tables_.values()) >= 3


def test_bad_periods_are_refused():
    X, y = sample(n=500)
    with pytest.raises(InvalidParameterError, match=r"'yaer'.*Did you mean 'year'"):
        fit(X, y, stable_over="yaer")
    with pytest.raises(InvalidParameterError, match="stable_over='year' must hold at"):
        fit(X.assign(year=2001), y)
    with pytest.raises(InvalidParameterError, match="No period of stable_over='year'"):
        fit(X.assign(year=np.arange(500)), y)
    with pytest.raises(InvalidParameterError, match="beside stable_over='year'"):
        fit(X[["year"]], y)
    with pytest.raises(InvalidParameterError, match="name of a column"):
        fit(X, y, stable_over=3)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.SingleBinWarning")
def test_a_scorecard_scores_without_the_column(tmp_path):
    X, y = sample()
    binner = OptimalBinner(stable_over="year", min_period_n_event=LEAST)
    card = ScorecardClassifier(binner).fit(X, y)
    rows = X.drop(columns="year").head(200)
    pd_ = card.predict_proba(rows)[:, 1]
    assert_array_equal(card.predict_proba(X.head(200))[:, 1], pd_)
    assert len(reason_codes(card, rows, n=1)) == 200
    save_artifact(card, tmp_path / "card.rk")
    assert_array_equal(load_scorer(tmp_path / "card.rk").score_batch(rows).pd, pd_)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_the_loan_book_keeps_its_ranking_in_every_year():
    loans = load_sba_loans()
    years = loans.dates.astype("datetime64[Y]")
    X = loans.data.assign(year=years)
    binner = OptimalBinner(stable_over="year").fit(X, loans.target)
    summary = binner.summary().set_index("feature")
    assert summary["iv"].sum() > 1.0
    assert summary["stability_cost"].sum() > 0.1
    numbered = X.assign(year=years.astype(int))
    checked = sum(
        check_ranking(table, numbered, loans.target, 50)
        for table in binner.binning_tables_.values()
    )
    assert checked > 100
