"""Mined rules: planted ones are found, noise is not, SQL says the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskkit.decision import Strategy
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidParameterError,
    InvalidTargetError,
    NoEvidenceWarning,
)
from riskkit.fraud import RuleMiner


def payments(n=4000, seed=0, noise=0.002):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(4, 1, n),
            "age": rng.integers(18, 80, n).astype(float),
            "country": rng.choice(["home", "o'land", "far"], n, p=[0.8, 0.1, 0.1]),
            "noise": rng.normal(size=n),
        }
    )
    X.loc[rng.random(n) < 0.1, "age"] = np.nan
    planted = (X["amount"] > 120) & (X["country"] == "o'land")
    planted |= X["age"].isna() & (X["amount"] > 200)
    return X, (planted | (rng.random(n) < noise)).astype(int).to_numpy()


@pytest.fixture(scope="module")
def mined():
    X, y = payments()
    return RuleMiner(min_precision=0.7).fit(X, y), X, y


def test_planted_rules_are_found_and_hold_later(mined):
    miner = mined[0]
    texts = " | ".join(rule.text for rule in miner.rules_)
    assert "country == o'land" in texts
    assert "age is missing" in texts
    assert "noise" not in miner.rules_[0].text
    new, outcome = payments(seed=1)
    hit = miner.predict(new) == 1
    assert outcome[hit].mean() > 0.7
    assert hit[outcome == 1].mean() > 0.7


def test_what_is_reported_is_what_rules_do(mined):
    miner, X, y = mined
    fires = miner.matches(X).to_numpy()
    covered = np.zeros(len(X), dtype=bool)
    for k, rule in enumerate(miner.rules_):
        assert rule.n == fires[:, k].sum()
        assert rule.n_event == y[fires[:, k]].sum()
        new = fires[:, k] & ~covered
        assert rule.n_new_event == y[new].sum() >= 5
        assert y[new].mean() >= 0.7
        assert rule.precision >= 0.7
        assert len(rule.conditions) <= 3
        covered |= fires[:, k]
    np.testing.assert_array_equal(miner.predict(X), covered.astype(int))
    table = miner.frame()
    assert table["rule"].is_unique
    assert table["text"].is_unique
    assert miner.rules_[0].to_dict()["n"] == table["n"][0]


def test_sql_fires_where_the_rules_do(mined):
    duckdb = pytest.importorskip("duckdb")
    miner, X, _ = mined
    with duckdb.connect() as connection:
        connection.register("payments", X.astype({"age": "Float64"}))
        got = connection.sql(miner.to_sql("payments", name="why")).df()["why"]
    fires = miner.matches(X)
    expected = [
        next((name for name in fires if row[name]), None)
        for row in fires.to_dict("records")
    ]
    assert [None if pd.isna(one) else one for one in got] == expected
    assert sum(one is not None for one in expected) > 50


def test_sql_in_other_dialects(mined):
    pytest.importorskip("sqlglot")
    miner = mined[0]
    assert "`fraud_rule`" in miner.to_sql("payments", dialect="bigquery")
    with pytest.raises(InvalidParameterError, match="sqlglot knows"):
        miner.to_sql("payments", dialect="klingon")


def test_rules_and_a_model_in_one_decision(mined):
    miner, X, _ = mined
    strategy = Strategy(
        rules=miner.to_strategy_rules("decline"),
        bands=[{"from": 600, "decision": "approve"}, {"to": 600, "decision": "refer"}],
    )
    table = X.assign(points=650.0)
    decided = strategy.apply(table).frame()["decision"] == "decline"
    np.testing.assert_array_equal(decided, miner.predict(X) == 1)


def test_noise_has_no_rules():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2000, 5))
    y = (rng.random(2000) < 0.05).astype(int)
    with pytest.warns(NoEvidenceWarning, match="No rule"):
        miner = RuleMiner().fit(X, y)
    assert miner.rules_ == ()
    assert (miner.predict(X) == 0).all()
    assert miner.to_sql("t") == 'SELECT *,\n  NULL AS "fraud_rule"\nFROM "t"'
    assert miner.frame().empty


def test_weights_against_repetition_and_order():
    X, y = payments(1500, noise=0.0)
    weight = np.random.default_rng(2).integers(0, 4, len(X))
    times = np.repeat(np.arange(len(X)), weight)
    turned = np.random.default_rng(3).permutation(times)
    by_weight = RuleMiner().fit(X, y, sample_weight=weight)
    by_row = RuleMiner().fit(X.iloc[turned].reset_index(drop=True), y[turned])
    pd.testing.assert_frame_equal(by_weight.frame(), by_row.frame())


def test_few_frauds_are_not_held_out():
    X = pd.DataFrame({"x": np.arange(100.0)})
    y = (X["x"] == 99).astype(int)
    with pytest.warns(FewEventsWarning, match="too few"):
        miner = RuleMiner(min_events=1).fit(X, y)
    assert not miner.is_confirmed_
    assert miner.rules_[0].text == "x > 98.5"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_precision": 0.0}, "min_precision"),
        ({"min_events": 0}, "min_events"),
        ({"max_conditions": 0}, "max_conditions"),
        ({"max_rules": 0}, "max_rules"),
        ({"n_cuts": 0}, "n_cuts"),
    ],
)
def test_bad_parameters(parameters, message):
    X, y = payments(100, noise=0.5)
    with pytest.raises(InvalidParameterError, match=message):
        RuleMiner(**parameters).fit(X, y)
    with pytest.raises(InvalidTargetError, match="3 classes"):
        RuleMiner().fit(X, np.arange(100) % 3)
