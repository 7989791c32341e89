"""Bins and baselines from counts equal those from rows."""

import numpy as np
import pandas as pd
import pytest

from riskkit.binning import FeatureCounts, MergeBins, OptimalBinner, SetEdges
from riskkit.engines import SufficientStats, collect_stats, fit_baseline, fit_binner
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.monitoring import Baseline

PARAMETERS = [
    {},
    {"trend": "none", "min_bin_size": 0.02, "max_n_bins": 12},
    {"max_pvalue": 0.01, "missing": "merge", "divergence": "js"},
    {"edges": "nice", "trend": "monotonic"},
    {"special_codes": [0, 1], "special": "riskiest", "prebinning": "quantile"},
    {"fixed_splits": {"NoEmp": [10.5]}, "user_splits": {"GrAppv": [1e4, 1e5, 5e5]}},
    {
        "edits": [
            MergeBins(feature="GrAppv", bins=(0, 1)),
            SetEdges(feature="NoEmp", edges=(2.5, 20.5)),
        ]
    },
]


def same(one, other):
    assert list(one.binning_tables_) == list(other.binning_tables_)
    for name, table in one.binning_tables_.items():
        twin = other.binning_tables_[name]
        assert table.feature == twin.feature
        assert (table.status, table.trend, table.joins) == (
            twin.status,
            twin.trend,
            twin.joins,
        )
        for what in ("woe", "n_event", "n_nonevent"):
            assert np.array_equal(getattr(table, what), getattr(twin, what)), name
    pd.testing.assert_frame_equal(one.summary(), other.summary(), rtol=1e-12)


@pytest.fixture(scope="module")
def stats(book):
    return collect_stats(book.frame, "bad", features=book.features)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_bins_of_counts_are_those_of_rows(book, stats, parameters):
    binner = OptimalBinner(**parameters)
    found = fit_binner(binner, stats)
    same(found, binner.fit(book.X, book.y))
    assert found is not binner
    part = book.X[:500]
    assert np.array_equal(found.transform(part), binner.transform(part))


def test_every_engine_fits_the_same_bins(source, book):
    features = ["State", "NoEmp", "SBA_Appv"]
    found = fit_binner(
        OptimalBinner(), source.table, "bad", features=features, **source.told
    )
    same(found, OptimalBinner().fit(book.X[features], book.y))


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_bins_that_hold_in_every_period(book):
    features = ["RetainedJob", "SBA_Appv"]
    X = book.X[features].assign(year=book.year)
    binner = OptimalBinner(stable_over="year")
    found = fit_binner(binner, book.frame, "bad", features=[*features, "year"])
    same(found, binner.fit(X, book.y))
    assert found.get_feature_names_out().tolist() == features
    plain = SufficientStats(features).update(X, book.y)
    with pytest.raises(InvalidParameterError, match="period='year'"):
        fit_binner(binner, plain)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_gmsc_by_value_and_in_bands(shared_data):
    frame = pd.read_parquet(shared_data("gmsc")).drop(columns="Id")
    y = next(name for name in frame if frame[name].dropna().isin([0, 1]).all())
    X, features = frame.drop(columns=y), [name for name in frame if name != y]
    rows = OptimalBinner().fit(X, frame[y])
    exact = collect_stats(frame, y, max_values=200_000)
    assert (exact.frame()["n_digits"] == 52).all()
    same(fit_binner(OptimalBinner(), exact), rows)
    banded = collect_stats(frame, y, max_values=5_000)
    assert (banded.frame()["n_digits"] < 52).any()
    found = fit_binner(OptimalBinner(), banded)
    for name in features:
        table, twin = found.binning_tables_[name], rows.binning_tables_[name]
        # The counts are exact although values were pooled ...
        counted = table.apply_to(frame, frame[y])
        assert np.array_equal(counted.n_event, table.n_event)
        assert np.array_equal(counted.n_nonevent, table.n_nonevent)
        # ... and a coarser choice of edges costs next to nothing.
        assert table.iv > 0.99 * twin.iv - 1e-6


def test_weights_are_repeated_rows(book):
    rng = np.random.default_rng(5)
    times = rng.integers(0, 4, len(book.y))
    features = ["NoEmp", "State", "GrAppv"]
    weighted = collect_stats(
        book.frame.assign(w=times), "bad", features=features, sample_weight="w"
    )
    repeated = book.frame.loc[np.repeat(book.frame.index, times)]
    assert weighted == collect_stats(repeated, "bad", features=features)
    with pytest.raises(InvalidParameterError, match=r"multiple of 2\*\*-20"):
        collect_stats(
            book.frame.assign(w=0.1), "bad", features=features, sample_weight="w"
        )


def test_special_codes_are_exact_among_bands():
    rng = np.random.default_rng(1)
    x = rng.lognormal(8, 2, 6000)
    x[:300], x[300:500] = -9.0, -8.0
    x[500:700] = -rng.uniform(7.9, 9.5, 200)
    y = (rng.random(6000) < np.where(x < 0, 0.5, 0.1 + 0.2 * (x > 3000))).astype(int)
    frame = pd.DataFrame({"x": x, "y": y})
    codes = {"x": [-9, -8]}
    binner = OptimalBinner(special_codes=codes)
    stats = collect_stats(frame, "y", special_codes=codes, max_values=300)
    assert stats.frame()["n_digits"][0] < 52
    table = fit_binner(binner, stats).binning_tables_["x"]
    counted = table.apply_to(frame[["x"]], y)
    assert np.array_equal(counted.n_event, table.n_event)
    assert np.array_equal(counted.n_nonevent, table.n_nonevent)
    k = table.feature.n_regular
    assert table.n[k : k + 2].tolist() == [300, 200]
    # Codes that the binner does not set apart lie in their bands again.
    plain = fit_binner(OptimalBinner(), stats).binning_tables_["x"]
    assert np.array_equal(plain.apply_to(frame[["x"]], y).n, plain.n)
    forgotten = collect_stats(frame, "y", max_values=300)
    with pytest.raises(InvalidParameterError, match="special codes must be counted"):
        fit_binner(binner, forgotten)
    with pytest.raises(InvalidParameterError, match="counted in bands"):
        fit_binner(
            OptimalBinner(edits=[SetEdges(feature="x", edges=(100.1,))]), forgotten
        )


def test_given_edges_inside_a_band_are_refused():
    x = np.random.default_rng(2).normal(500, 80, 5000)
    frame = pd.DataFrame({"x": x, "y": (x > 600).astype(int)})
    stats = collect_stats(frame, "y", max_values=200)
    for told in ({"fixed_splits": {"x": [500.3]}}, {"user_splits": {"x": [500.3]}}):
        with pytest.raises(InvalidParameterError, match="counted in bands"):
            fit_binner(OptimalBinner(**told), stats)


def test_counts_are_checked():
    good = FeatureCounts([1.0, 2.0], [1, 2], [5, 5])
    with pytest.raises(InvalidInputError, match="count the same accounts"):
        OptimalBinner().fit_counts({"a": good, "b": FeatureCounts([1.0], [3], [9])})
    with pytest.raises(InvalidTargetError, match="events and non-events"):
        OptimalBinner().fit_counts({"a": FeatureCounts([1.0, 2.0], [0, 0], [5, 5])})
    with pytest.raises(InvalidInputError, match="not negative"):
        FeatureCounts([1.0], [-1], [2])
    with pytest.raises(InvalidInputError, match="one count for each"):
        FeatureCounts([1.0], [1, 2], [2])
    with pytest.raises(InvalidTypeError, match="FeatureCounts"):
        OptimalBinner().fit_counts({"a": 3})
    with pytest.raises(InvalidParameterError, match="classes must be"):
        OptimalBinner().fit_counts({"a": good}, classes=(1, 1))
    with pytest.raises(InvalidInputError, match="No rows"):
        fit_binner(OptimalBinner(), SufficientStats(["a"]))


@pytest.mark.parametrize("told", [{}, {"n_bins": 5, "special_codes": [0]}])
def test_a_baseline_of_counts_is_that_of_rows(book, stats, told):
    found = fit_baseline(stats, **told)
    rows = Baseline.fit(book.X, y=book.y, **told)
    assert found.to_spec() == rows.to_spec()
