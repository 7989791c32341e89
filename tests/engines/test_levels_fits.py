"""Bins, cards and populations from levels of which only the frequent have names."""

import numpy as np
import pandas as pd
import pytest

from riskkit.binning import FeatureCounts, IVSelector, OptimalBinner
from riskkit.engines import (
    SufficientStats,
    collect_stats,
    fit_baseline,
    fit_binner,
    fit_scorecard,
    fit_selector,
    monitor,
    score,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.monitoring import Baseline
from riskkit.scorecard import ScorecardClassifier

MAX_LEVELS = 12


def frequent_towns(towns):
    """Return the frequent levels, by pandas."""
    sizes = towns["town"].value_counts()
    return sorted(sizes.index[sizes * MAX_LEVELS >= sizes.sum()])


def without_rare(towns):
    """Return the rows with missing values in place of infrequent levels."""
    known = towns["town"].isin(frequent_towns(towns))
    return towns.assign(town=towns["town"].where(known, None))


def test_bins_are_those_of_rows_with_rare_levels_missing(towns):
    binner = OptimalBinner(unseen="missing", min_bin_size=0.02)
    rows = towns[["town", "income", "bad"]]
    counted = fit_binner(binner, rows, "bad", max_levels=MAX_LEVELS)
    pooled = without_rare(rows)
    expected = OptimalBinner(unseen="missing", min_bin_size=0.02)
    expected.fit(pooled.drop(columns="bad"), pooled["bad"])
    assert counted.binning_tables_["town"].feature.n_regular > 1
    for name_, table in expected.binning_tables_.items():
        own = counted.binning_tables_[name_]
        pd.testing.assert_frame_equal(own.frame(), table.frame())
        assert own.woe.tolist() == table.woe.tolist()
    X = rows.drop(columns="bad")
    assert np.array_equal(counted.transform(X), expected.transform(X))
    assert np.array_equal(
        counted.transform(X), counted.transform(pooled.drop(columns="bad"))
    )


def test_periods_of_a_binner_are_those_of_rows(towns):
    binner = OptimalBinner(unseen="missing", stable_over="month", min_period_n_event=5)
    rows = towns.drop(columns="income")
    counted = fit_binner(binner, rows, "bad", max_levels=MAX_LEVELS)
    pooled = without_rare(rows)
    expected = binner.fit(pooled.drop(columns="bad"), pooled["bad"])
    assert counted.summary().equals(expected.summary())


@pytest.mark.parametrize("unseen", ["neutral", "riskiest", "error"])
def test_other_policies_are_refused_with_the_share_and_what_to_do(towns, unseen):
    pooled = without_rare(towns)["town"].isna() & towns["town"].notna()
    share = f"{pooled.mean():.1%}"
    with pytest.raises(InvalidParameterError, match=rf"'town'.*{share}.*unseen='miss"):
        fit_binner(
            OptimalBinner(unseen=unseen), towns, "bad", features=["town"], max_levels=12
        )


def test_a_population_has_other_levels_in_a_bin_of_their_own(towns):
    rows = towns[["town", "bad"]]
    stats = collect_stats(rows, "bad", max_levels=MAX_LEVELS)
    names = frequent_towns(towns)
    found = fit_baseline(stats, max_levels=100)
    expected = Baseline.fit(rows[["town"]], y=rows["bad"], max_levels=len(names))
    assert found.to_spec() == expected.to_spec()
    few = fit_baseline(stats, max_levels=2)
    assert (
        few.to_spec()
        == Baseline.fit(rows[["town"]], y=rows["bad"], max_levels=2).to_spec()
    )
    given_bins = fit_baseline(stats, bins=few)
    assert given_bins.to_spec() == few.to_spec()


def test_a_population_of_identifiers_is_one_bin():
    X = {"id": [f"loan {k}" for k in range(2000)]}
    stats = SufficientStats(["id"], max_levels=100).update(X, [0, 1] * 1000)
    frame = fit_baseline(stats).frame()
    assert frame[["bin", "n"]].to_numpy().tolist() == [["Missing", 0], ["Unseen", 2000]]


@pytest.mark.parametrize("max_patterns", [2_000_000, 0])
def test_a_scorecard_is_that_of_rows_with_rare_levels_missing(towns, max_patterns):
    rows = towns[["town", "income", "bad"]]
    card = ScorecardClassifier(OptimalBinner(unseen="missing", min_bin_size=0.02))
    told = {"max_levels": MAX_LEVELS, "max_patterns": max_patterns}
    found = fit_scorecard(card, rows, "bad", **told)
    pooled = without_rare(rows)
    expected = card.fit(pooled.drop(columns="bad"), pooled["bad"])
    for name_, value in expected.coefficients_.items():
        assert found.coefficients_[name_] == pytest.approx(value, abs=1e-9)
    points = expected.predict_points(pooled)
    assert found.predict_points(rows).tolist() == points.tolist()
    assert score(rows, found)["points"].tolist() == points.tolist()


def test_the_population_of_a_scorecard_is_what_its_rows_show(towns):
    """Rows that were trained on, watched as new ones, have not moved at all."""
    card = ScorecardClassifier(OptimalBinner(unseen="missing", min_bin_size=0.02))
    rows = towns[["town", "income", "bad"]]
    card = fit_scorecard(card, rows, "bad", max_levels=MAX_LEVELS)
    again = rows.assign(month="2026-04")
    watched = monitor(again, Baseline.from_scorecard(card), period="month", model=card)
    assert watched.result().frame()["psi"].max() == 0
    n = dict(zip(card.spec_.characteristics[0].feature.labels,
                 card.baseline_.features["town"].n, strict=True))  # fmt: skip
    assert n["Missing"] == rows["town"].isna().sum()
    assert sum(n.values()) == len(rows)


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_features_are_compared_as_rows_are_scored(towns, correlation):
    twin = towns["town"].where(towns["town"].str.len() != 7, "short")  # goes along
    rows = towns[["town", "income", "bad"]].assign(twin=twin.str.slice(0, 6))
    selector = IVSelector(
        OptimalBinner(unseen="missing"),
        max_correlation=0.99,
        correlation=correlation,
        min_iv=0.0,
    )
    chunks = [rows[k : k + 1000] for k in range(0, len(rows), 1000)]
    found = fit_selector(selector, chunks, "bad", max_levels=MAX_LEVELS)
    pooled = without_rare(rows)
    expected = selector.fit(pooled.drop(columns="bad"), pooled["bad"])
    pd.testing.assert_frame_equal(found.report(), expected.report(), rtol=1e-9)


def test_other_entries_are_checked():
    told = {"n_event": [1, 2], "n_nonevent": [3, 4]}
    with pytest.raises(InvalidInputError, match="one bool for each"):
        FeatureCounts(["a", None], **told, is_other=[True])
    with pytest.raises(InvalidInputError, match="one bool for each"):
        FeatureCounts(["a", None], **told, is_other=[0, 1])
    with pytest.raises(InvalidInputError, match="the value None"):
        FeatureCounts(["a", None], **told, is_other=[True, False])
    with pytest.raises(InvalidInputError, match="the value None"):
        FeatureCounts([1.0, None], **told, is_other=[False, True])
    own = FeatureCounts([None, None], **told, is_other=[False, True])
    assert (own.kind, own.other_share) == ("categorical", 0.6)
    plain = FeatureCounts(["a", "b"], [9, 40], [80, 50], is_other=[False, False])
    assert plain.other_share == 0  # so that any policy for unseen levels will do
    assert OptimalBinner().fit_counts({"g": plain}).summary()["n_bins"][0] == 2
