# ruff: noqa: PD011  (values of a result, no frame)
"""Why a blend says what it says."""

import numpy as np
import pandas as pd
import pytest

from riskkit.boosting import PDBlendClassifier
from riskkit.explain import contributions, reason_codes
from riskkit.scorecard import ScorecardClassifier


def loans(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 70, n_rows)
    delays = rng.poisson(0.8, n_rows).astype(float)
    region = rng.choice([f"r{k}" for k in range(16)], n_rows)
    log_odds = -1.2 + 0.8 * delays - 0.03 * (age - 40) + 0.6 * (region == "r3")
    is_event = rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))
    delays[rng.random(n_rows) < 0.1] = np.nan
    return pd.DataFrame(
        {"age": age, "delays": delays, "region": region}
    ), is_event.astype(int)


X, y = loans()
FRESH, _ = loans(150, seed=1)
FRESH.loc[:9, "region"] = "elsewhere"


@pytest.fixture(scope="module")
def model():
    return PDBlendClassifier("high").fit(X, y)


def test_contributions_sum_to_the_log_odds(model):
    result = model.predict_contributions(FRESH)
    log_odds = model.decision_function(FRESH)
    assert np.abs(result.log_odds - log_odds).max() < 1e-6
    assert result.names == ("age", "delays", "region")
    whole = result.values
    part = model.predict_contributions(FRESH.iloc[40:50]).values
    assert part == pytest.approx(whole[40:50], abs=1e-12)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "extra", "forest"])
def test_contributions_of_each_member_sum_to_its_log_odds(name):
    word = [(name, name)]
    model = PDBlendClassifier(members=word).fit(X, y)
    result = model.predict_contributions(FRESH)
    assert np.abs(result.log_odds - model.decision_function(FRESH)).max() < 1e-6
    assert model.weights_ == {name: 1.0}


def test_contributions_are_the_weighted_ones_of_the_members():
    members = [("card", "scorecard"), ("forest", "forest")]
    model = PDBlendClassifier(members=members).fit(X, y)
    card = ScorecardClassifier().fit(X, y)
    exact = contributions(card, FRESH, unit="log_odds")
    forest = PDBlendClassifier(members=[("forest", "forest")]).fit(X, y)
    found = model.predict_contributions(FRESH)
    steps = forest.predict_contributions(FRESH)
    values = found.values / model.calibration_.a
    for j, name in enumerate(found.names):
        rest = values[:, j] - model.weights_["forest"] * steps.values[:, j]
        terms = exact[name].to_numpy() if name in exact else np.zeros(150)
        gap = rest - model.weights_["card"] * terms
        assert gap == pytest.approx(gap[0], abs=1e-9)  # but for the mean account


def test_the_reference_is_what_the_mean_account_has(model):
    everyone = model.predict_contributions(X)
    assert model.reference_ == pytest.approx(everyone.values.mean(axis=0), abs=1e-9)
    safest = PDBlendClassifier("high", reference_share=0.5).fit(X, y)
    half = np.argsort(model.decision_function(X), kind="stable")[:200]
    assert safest.reference_ == pytest.approx(
        everyone.values[half].mean(axis=0), abs=1e-9
    )
    spread = np.abs(everyone.values - everyone.values.mean(axis=0)).mean(axis=0)
    assert model.feature_importances_ == pytest.approx(spread, abs=1e-9)
    assert np.argmin(model.feature_importances_) == 2  # one region in 16, as made


def test_reason_codes_name_what_makes_an_account_risky(model):
    late = FRESH.assign(delays=5.0, age=45.0, region="r1")
    reasons = reason_codes(model, late, n=2)
    assert set(reasons["reason_1"]) == {"delays"}
    again = reason_codes(model, late.iloc[::-1], n=2)
    pd.testing.assert_frame_equal(again.iloc[::-1], reasons)
