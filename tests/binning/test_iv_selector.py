"""IVSelector: evidence, stability and redundancy."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from riskkit.binning import IVSelector, OptimalBinner, WoECrossEncoder
from riskkit.binning._selection import FeatureVerdict, report_frame
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    NoEvidenceWarning,
)
from riskkit.metrics import csi
from riskkit.scorecard import ScorecardClassifier


def make_table(n_rows=4_000, seed=0):
    """Return features of known worth, their target, and a year for each row."""
    rng = np.random.default_rng(seed)
    strong, medium = rng.normal(size=(2, n_rows))
    log_odds = -1.5 + 1.0 * strong + 0.5 * medium
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    year = rng.integers(2018, 2021, n_rows)
    X = pd.DataFrame(
        {
            "noise": rng.normal(size=n_rows),
            "medium": medium,
            "strong_copy": strong + 0.15 * rng.normal(size=n_rows),
            "strong": strong,
            "grade": pd.Categorical(np.where(medium > 0, "A", "B")),
            "drifting": 0.6 * strong + rng.normal(size=n_rows) + 1.0 * (year == 2020),
            "constant": 1.0,
            "leak": y + 0.1 * rng.normal(size=n_rows),
        }
    )
    return X, y, year


@pytest.fixture(scope="module")
def table():
    return make_table()


def reason_of(selector, name):
    return selector.report().set_index("feature")["reason"][name]


def test_evidence(table):
    X, y, _ = table
    selector = IVSelector().fit(X, y)
    tables = OptimalBinner(max_n_bins=8).fit(X.drop(columns="constant"), y)
    report = selector.report().set_index("feature")
    for name, binned in tables.binning_tables_.items():
        assert report.loc[name, "iv"] == binned.iv
    assert selector.selected_ == [n for n in X if n not in ("noise", "constant")]
    assert_array_equal(selector.get_support(), X.columns.isin(selector.selected_))
    assert list(selector.get_feature_names_out()) == selector.selected_
    assert report["iv"].is_monotonic_decreasing
    assert report.loc["constant", "iv_band"] == "unpredictive"
    assert report.loc["leak", "iv_band"] == "suspicious"
    assert "one bin" in report.loc["constant", "reason"]


def test_evidence_that_is_too_good(table):
    X, y, _ = table
    selector = IVSelector(max_iv=2.0).fit(X, y)
    assert "leak" not in selector.selected_
    assert "above max_iv=2; is it known" in reason_of(selector, "leak")


@pytest.mark.parametrize(
    ("iv", "band"),
    [
        (0.0199, "unpredictive"),
        (0.02, "weak"),
        (0.1, "medium"),
        (0.3, "strong"),
        (0.5, "suspicious"),
        (9.0, "suspicious"),
        (np.nan, ""),  # holds the periods
    ],
)
def test_bands(iv, band):
    report = report_frame([FeatureVerdict("x", iv=iv)])
    assert report.loc[0, "iv_band"] == band


def test_stability(table):
    X, y, year = table
    selector = IVSelector(max_csi=0.25).fit(X, y, periods=year)
    report = selector.report().set_index("feature")
    binner = OptimalBinner(encode="ordinal").fit(X.drop(columns="constant"), y)
    bins = pd.DataFrame(
        binner.transform(X.drop(columns="constant")).astype(int),
        columns=X.columns.drop("constant"),
    )
    for name in bins:
        counts = [
            np.bincount(bins[name][year == t], minlength=20) for t in (2018, 2019, 2020)
        ]
        worst = max(csi(counts[0], later) for later in counts[1:])
        assert report.loc[name, "csi"] == pytest.approx(worst)
    assert "drifting" not in selector.selected_
    assert "of period 2020 is above max_csi=0.25" in report.loc["drifting", "reason"]
    assert np.isnan(IVSelector().fit(X, y).report()["csi"]).all()


def test_periods_from_a_column(table):
    X, y, year = table
    expected = IVSelector(max_csi=0.25).fit(X, y, periods=year)
    for periods in (
        year,
        (year - 1970).astype("datetime64[Y]").astype("datetime64[ns]"),
        np.array([f"{t}H1" for t in year]),
        pd.PeriodIndex.from_fields(year=year, quarter=np.ones_like(year), freq="Q"),
    ):
        wide = X.assign(opened=periods)
        selector = IVSelector(max_csi=0.25, stable_over="opened").fit(wide, y)
        assert selector.selected_ == expected.selected_
        row = selector.report().set_index("feature").loc["opened"]
        assert (row["kept"], row["reason"]) == (False, "holds the periods")
        # New rows need not say when they are from.
        assert_array_equal(selector.transform(X), expected.transform(X))
    passed_on = IVSelector(stable_over="opened", must_have=["opened"]).fit(wide, y)
    assert passed_on.selected_[-1] == "opened"
    assert passed_on.transform(wide).columns[-1] == "opened"


def test_a_binner_that_is_stable_over_the_same_column_sees_it(table):
    X, y, year = table
    wide = X.assign(opened=year)
    binner = OptimalBinner(stable_over="opened")
    selector = IVSelector(binner, max_csi=0.25, stable_over="opened").fit(wide, y)
    assert "drifting" not in selector.selected_
    assert reason_of(selector, "opened") == "holds the periods"
    wide = wide.drop(columns="constant")
    cross = WoECrossEncoder(binner, cv=3, random_state=0)
    encoded = cross.fit_transform(wide, y)
    assert encoded.shape == (len(y), len(cross.get_feature_names_out()))


def test_the_strongest_of_correlated_features_stays(table):
    X, y, _ = table
    selector = IVSelector(max_correlation=0.7).fit(X, y)
    report = selector.report().set_index("feature")
    assert "strong" in selector.selected_
    assert not {"strong_copy", "grade"} & set(selector.selected_)
    assert report.loc["strong", "cluster"] == report.loc["strong_copy", "cluster"]
    assert report.loc["strong_copy", "correlated_with"] == "strong"
    assert (
        "with 'strong' is above max_correlation=0.7"
        in report.loc["strong_copy", "reason"]
    )
    assert report.loc["strong", "reason"] == "stands for the 2 features of its cluster"
    woe = (
        OptimalBinner()
        .fit(X.drop(columns="constant"), y)
        .set_output(transform="pandas")
    )
    r = woe.transform(X)[["strong", "strong_copy", "medium", "grade"]].corr().abs()
    assert report.loc["strong_copy", "max_correlation"] == pytest.approx(
        r.loc["strong", "strong_copy"], abs=1e-9
    )
    assert report.loc["grade", "max_correlation"] == pytest.approx(
        r.loc["medium", "grade"], abs=1e-9
    )


@pytest.mark.parametrize("linkage", ["complete", "average", "single"])
@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
@pytest.mark.parametrize("limit", [0.2, 0.5, 0.9])
def test_kept_features_correlate_below_the_limit(linkage, correlation, limit):
    rng = np.random.default_rng(1)
    driver = rng.normal(size=(3, 1_500))
    mix = rng.dirichlet(np.full(3, 0.5), 12)
    X = pd.DataFrame((mix @ driver + 0.2 * rng.normal(size=(12, 1_500))).T)
    X.columns = [f"v{j}" for j in range(12)]
    y = rng.random(1_500) < 1 / (1 + np.exp(-driver.sum(axis=0)))
    selector = IVSelector(
        max_correlation=limit, correlation=correlation, linkage=linkage
    ).fit(X, y)
    woe = pd.DataFrame(selector.binner_.transform(X), columns=X.columns)
    r = woe.corr(correlation).abs()
    kept = selector.selected_
    inside = r.loc[kept, kept].to_numpy()
    assert (inside[~np.eye(len(kept), dtype=bool)] <= limit).all()
    report = selector.report().set_index("feature")
    iv = report["iv"]
    for name in report.index[report["cluster"].notna() & ~report["kept"]]:
        stronger = [k for k in kept if iv[k] >= iv[name]]
        if linkage == "complete":  # nobody leaves without such a one
            assert r.loc[name, stronger].max() > limit
        assert stronger


def test_inflation(table):
    X, y, _ = table
    # Together, two features determine the third; no pair of them does.
    rng = np.random.default_rng(0)
    parts = rng.integers(0, 2, (2, len(y)))
    wide = X.assign(a=parts[0], b=parts[1], both=parts.sum(axis=0))
    y = (
        rng.random(len(y)) < 0.2 + 0.2 * parts.sum(axis=0) + 0.1 * (X["strong"] > 0)
    ).astype(int)
    for limit in (None, 1.5, 3.0):
        selector = IVSelector(max_vif=limit).fit(wide, y)
        woe = pd.DataFrame(selector.binner_.transform(wide), columns=wide.columns)
        kept = selector.selected_
        R = np.corrcoef(woe[kept], rowvar=False)
        report = selector.report().set_index("feature")
        assert_allclose(report.loc[kept, "vif"], np.diag(np.linalg.inv(R)), rtol=1e-6)
        if limit is None:
            assert "a" in kept
            assert report.loc["both", "vif"] > 3
            continue
        assert (report.loc[kept, "vif"] <= limit).all()
        assert "both" in kept  # of those above the limit the weakest leaves
        out = report.index[report["reason"].str.startswith("VIF")]
        assert set(out) & {"a", "b"}
        # Beside the kept ones, not beside all.
        for name in out:
            R = np.corrcoef(woe[[name, *kept]], rowvar=False)
            expected = np.linalg.inv(R)[0, 0]
            assert report.loc[name, "vif"] == pytest.approx(expected, rel=1e-5)


def test_the_strongest_few(table):
    X, y, _ = table
    selector = IVSelector(n_features=2).fit(X, y)
    assert selector.selected_ == ["strong", "leak"]
    assert reason_of(selector, "medium") == "not among the n_features=2 strongest"
    with_noise = IVSelector(n_features=2, must_have=["noise"]).fit(X, y)
    assert with_noise.selected_ == ["noise", "leak"]


def test_names_that_must_and_must_not_stay(table):
    X, y, _ = table
    selector = IVSelector(
        max_correlation=0.7, must_have=["strong_copy", "constant"], never=("leak",)
    ).fit(X, y)
    assert {"strong_copy", "constant"} <= set(selector.selected_)
    assert not {"strong", "leak"} & set(selector.selected_)
    assert "with 'strong_copy'" in reason_of(selector, "strong")
    assert reason_of(selector, "leak") == "named in never"
    assert reason_of(selector, "constant") == "named in must_have"


def test_equal_evidence_is_decided_by_the_order_of_columns(table):
    X, y, _ = table
    twins = pd.DataFrame({"b": X["strong"], "a": X["strong"], "c": X["strong"]})
    for limits in ({"max_correlation": 0.9}, {"max_vif": 5.0}, {"n_features": 1}):
        assert IVSelector(**limits).fit(twins, y).selected_ == ["b"]
    assert IVSelector(max_correlation=1.0).fit(twins, y).selected_ == ["b", "a", "c"]


def test_a_weight_of_two_is_the_row_twice(table):
    X, y, year = table
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    limits = {"max_correlation": 0.7, "max_vif": 3.0, "max_csi": 0.25}
    weighted = IVSelector(**limits).fit(X, y, weight, periods=year)
    repeated = IVSelector(**limits).fit(X.iloc[rows], y[rows], periods=year[rows])
    pd.testing.assert_frame_equal(weighted.report(), repeated.report(), atol=1e-9)


def test_permuted_rows_and_columns_give_the_same(table):
    X, y, year = table
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(y)), rng.permutation(X.columns)
    limits = {"max_correlation": 0.7, "max_vif": 3.0, "max_csi": 0.25}
    first = IVSelector(**limits).fit(X, y, periods=year)
    second = IVSelector(**limits).fit(
        X.iloc[rows][columns], y[rows], periods=year[rows]
    )
    assert set(first.selected_) == set(second.selected_)
    found = [
        s.report().sort_values("feature", ignore_index=True) for s in (first, second)
    ]
    pd.testing.assert_frame_equal(found[0], found[1], atol=1e-9)


def test_raw_columns_come_back_in_the_frame_s_own_kind(table):
    X, y, _ = table
    selector = IVSelector(max_correlation=0.9).fit(X, y)
    kept = selector.transform(X)
    assert isinstance(kept, pd.DataFrame)
    pd.testing.assert_frame_equal(kept, X[selector.selected_])
    assert isinstance(kept["grade"].dtype, pd.CategoricalDtype)
    polars = pl.from_pandas(X)
    assert clone(selector).fit(polars, y).selected_ == selector.selected_
    assert selector.transform(polars).equals(polars.select(selector.selected_))
    arrow = polars.to_arrow()
    assert clone(selector).fit(arrow, y).selected_ == selector.selected_
    assert selector.transform(arrow).equals(arrow.select(selector.selected_))
    numbers = X.drop(columns="grade").to_numpy()
    by_place = IVSelector().fit(numbers, y)
    assert_array_equal(by_place.transform(numbers), numbers[:, by_place.support_])
    assert by_place.selected_[0] == "x1"


def test_columns_are_matched_by_name_and_only_kept_ones_are_needed(table):
    X, y, _ = table
    selector = IVSelector().fit(X, y)
    reordered = X[X.columns[::-1]].drop(columns="noise").assign(extra=1)
    pd.testing.assert_frame_equal(selector.transform(reordered), selector.transform(X))
    with pytest.raises(InvalidInputError, match="missing: 'strong'"):
        selector.transform(X.drop(columns="strong"))
    arrays = IVSelector().fit(X[["noise", "medium", "strong"]].to_numpy(), y)
    with pytest.raises(ValueError, match="2 features, but IVSelector is expecting 3"):
        arrays.transform(np.zeros((3, 2)))


@pytest.mark.parametrize("wanted", ["pandas", "polars"])
def test_output_containers(table, wanted):
    X, y, _ = table
    polars = pl.from_pandas(X)
    own = IVSelector().fit(X, y).set_output(transform=wanted)
    for given in (X, polars, polars.to_arrow()):
        found = own.transform(given)
        assert type(found).__module__.startswith(wanted)
        assert list(found.columns) == own.selected_
        assert_array_equal(found["strong"].to_numpy(), X["strong"])
        assert found["strong"].to_numpy().dtype == float
    with config_context(transform_output=wanted):
        found = IVSelector().fit(X, y).transform(polars.to_arrow())
    assert type(found).__module__.startswith(wanted)


def test_frames_whose_columns_are_numbered(table):
    X, y, _ = table
    numbered = X.drop(columns="grade").set_axis(range(7), axis=1)
    selector = IVSelector().fit(numbered, y)
    assert list(selector.transform(numbered).columns) == selector.selected_
    arrays = IVSelector().fit(numbered.to_numpy(), y)
    with pytest.warns(UserWarning, match="has feature names, but IVSelector"):
        named = arrays.transform(pl.from_pandas(X.drop(columns="grade")))
    assert named.columns == arrays.selected_
    with pytest.warns(UserWarning, match="has feature names, but IVSelector"):
        arrow = arrays.transform(pl.from_pandas(X.drop(columns="grade")).to_arrow())
    assert arrow.column_names == arrays.selected_


def test_before_a_model(table):
    X, y, _ = table
    pipeline = make_pipeline(
        IVSelector(never=["leak"]),
        WoECrossEncoder(random_state=0),
        LogisticRegression(),
    )
    grid = GridSearchCV(
        pipeline,
        {"ivselector__max_correlation": [None, 0.5], "ivselector__n_features": [1, 5]},
        scoring="roc_auc",
        cv=3,
    ).fit(X, y)
    assert grid.best_params_["ivselector__n_features"] == 5
    assert grid.best_score_ > 0.7
    card = make_pipeline(IVSelector(never=["leak"]), ScorecardClassifier()).fit(X, y)
    # The category reaches the scorecard as one.
    features = card[-1].binner_.binning_tables_
    assert features["grade"].feature.kind == "categorical"


def test_nothing_selected(table):
    X, y, _ = table
    selector = IVSelector(min_iv=0.02)
    with pytest.warns(NoEvidenceWarning, match="No feature was selected"):
        selector.fit(X[["noise", "constant"]], y)
    assert selector.selected_ == []
    assert selector.transform(X).shape == (len(y), 0)
    assert selector.transform(pl.from_pandas(X).to_arrow()).num_rows == len(y)
    assert not selector.report()["kept"].any()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"min_iv": -0.1}, "min_iv must be a number >= 0; got -0.1"),
        ({"min_iv": None}, "min_iv must be a number"),
        ({"max_iv": 0.01}, "max_iv must be above min_iv=0.02; got 0.01"),
        ({"max_csi": -1}, "max_csi must be a number >= 0"),
        ({"max_csi": 0.2}, "max_csi needs the period of each row; got none"),
        ({"max_correlation": 1.2}, "max_correlation must be a number between 0 and 1"),
        ({"correlation": "pearsson"}, "Did you mean 'pearson'"),
        ({"linkage": "ward"}, "linkage must be one of"),
        ({"max_vif": 0.5}, "max_vif must be a number >= 1; got 0.5"),
        ({"n_features": 0}, "n_features must be an integer >= 1; got 0"),
        ({"must_have": "strong"}, "must_have must be a sequence of names"),
        ({"never": None}, "never must be a sequence of names; got None"),
        ({"never": [3]}, "never must be a sequence of names"),
        ({"must_have": ["stronk"]}, "must_have names 'stronk', .* mean 'strong'"),
        ({"never": ["medum"]}, "never names 'medum', .* mean 'medium'"),
        ({"must_have": ["leak"], "never": ["leak"]}, "must differ; both name 'leak'"),
        ({"must_have": ["leak", "noise"], "n_features": 1}, "leave room for must_have"),
        ({"stable_over": 3}, "stable_over must be the name of a column or None; got 3"),
        ({"stable_over": "yera"}, "stable_over names 'yera', which is no feature"),
        ({"binner": LogisticRegression()}, "got LogisticRegression"),
    ],
)
def test_bad_parameters(table, params, message):
    X, y, _ = table
    with pytest.raises(InvalidParameterError, match=message):
        IVSelector(**params).fit(X, y)


def test_bad_periods(table):
    X, y, year = table
    selector = IVSelector()
    some = year.astype(float)
    some[:7] = np.nan
    for missing in (some, np.where(np.isnan(some), None, some), pd.Series(some)):
        with pytest.raises(InvalidInputError, match="7 of 4000 rows have none"):
            selector.fit(X, y, periods=missing)
    dates = np.datetime64("2020-01-01") + np.arange(len(y)).astype("timedelta64[D]")
    with pytest.raises(InvalidInputError, match=r"got 4000\. Turn dates into months"):
        selector.fit(X, y, periods=dates)
    dates[0] = np.datetime64("NaT")
    with pytest.raises(InvalidInputError, match="1 of 4000 rows have none"):
        selector.fit(X, y, periods=dates)
    with pytest.raises(InvalidInputError, match=r"got 1\. One period has nothing"):
        selector.fit(X, y, periods=np.ones(len(y)))
    with pytest.raises(InvalidInputError, match=r"got shape \(3,\)"):
        selector.fit(X, y, periods=[1, 2, 3])
    mixed = np.where(year == 2018, "2018", year.astype(object))
    with pytest.raises(InvalidTypeError, match="a mixture of types"):
        selector.fit(X, y, periods=mixed)
    # A row of weight 0 is not there, nor is its period.
    selector.fit(X, y, np.where(np.isnan(some), 0, 1), periods=some)


def test_bad_places_of_periods(table):
    X, y, year = table
    wide = X.assign(year=year)
    with pytest.raises(InvalidParameterError, match="got both"):
        IVSelector(stable_over="year").fit(wide, y, periods=year)
    with pytest.raises(InvalidParameterError, match="X must be a frame; got an array"):
        IVSelector(stable_over="x0").fit(X[["strong"]].to_numpy(), y)
    with pytest.raises(InvalidInputError, match="no feature beside them"):
        IVSelector(stable_over="year").fit(wide[["year"]], y)


def test_real_loans(shared_data):
    loans = pd.read_parquet(shared_data("taiwan_default")).drop(columns="ID")
    y = loans.pop("default_next_month").to_numpy()
    limits = {"max_correlation": 0.7, "max_vif": 3.0}
    selector = IVSelector(**limits).fit(loans, y)
    report = selector.report().set_index("feature")
    assert report.index[0] == "PAY_1"  # the last repayment status, as all studies find
    assert "PAY_1" in selector.selected_
    woe = pd.DataFrame(selector.binner_.transform(loans), columns=loans.columns)
    r = woe[selector.selected_].corr().to_numpy()
    assert (np.abs(r)[~np.eye(len(r), dtype=bool)] <= 0.7).all()
    assert (np.diag(np.linalg.inv(r)) <= 3.0).all()
    # The six bills of one account say the same.
    bills = [f"BILL_AMT{m}" for m in range(1, 7)]
    assert len(set(selector.selected_) & set(bills)) <= 1
