"""Strategies: rules, bands, limits; one record, a table, SQL and simulation alike."""

import json
import sqlite3

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.decision import (
    LimitPolicy,
    Strategy,
    compare_strategies,
    swap_set,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

TOML = """
name = "consumer loans"
score = "points"
best = "high"
otherwise = "refer"
missing = "skip"

[[rules]]
name = "minor"
reason = "Applicant is under age"
when = [{ field = "age", op = "<", value = 18 }]
missing = "fire"
decision = "decline"

[[rules]]
name = "known fraud"
when = [{ field = "fraud_flag", op = "==", value = true }]
decision = "decline"

[[rules]]
name = "thin file"
when = [
  { field = "bureau", op = "missing" },
  { any = [
    { field = "channel", op = "in", value = ["broker", "web"] },
    { field = "amount", op = ">", value = 5000 },
  ] },
]
decision = "refer"

[[bands]]
from = 620
decision = "approve"

[[bands]]
name = "grey zone"
from = 580
to = 620
decision = "refer"

[[bands]]
to = 580
decision = "decline"
reason = "Points are too low"

[limits]
by = "grade"
income = "income"
exposure = "owed"
requested = "amount"
round_to = 100
minimum = 500

[[limits.bands]]
levels = ["A"]
limit = 9000
income_multiple = 5
exposure_cap = 12000
price = 0.08

[[limits.bands]]
levels = ["B", "C"]
limit = 4000
income_multiple = 3
price = 0.15
"""

SQL = """
WITH decided AS (SELECT *, CASE
  WHEN age IS NULL OR age < 18 THEN 'minor'
  WHEN fraud_flag = 1 THEN 'known fraud'
  WHEN bureau IS NULL AND (channel IN ('broker', 'web') OR amount > 5000)
    THEN 'thin file'
  WHEN points >= 620 THEN 'points in [620, inf)'
  WHEN points >= 580 THEN 'grey zone'
  WHEN points < 580 THEN 'points in (-inf, 580)'
  ELSE 'otherwise' END AS step,
  CASE
    WHEN grade = 'A' AND income IS NOT NULL AND owed IS NOT NULL
      AND amount IS NOT NULL
      THEN MAX(0, MIN(9000, 5 * income - owed, 12000 - owed, amount))
    WHEN grade IN ('B', 'C') AND income IS NOT NULL AND owed IS NOT NULL
      AND amount IS NOT NULL
      THEN MAX(0, MIN(4000, 3 * income - owed, amount))
    ELSE 0 END AS room
  FROM applicants),
granted AS (SELECT *, CAST(room / 100 AS INTEGER) * 100.0 AS rounded FROM decided)
SELECT CASE WHEN step LIKE 'points in [620%' AND rounded < 500 THEN 'no limit'
            ELSE step END AS step,
       CASE WHEN step LIKE 'points in [620%' AND rounded >= 500 THEN rounded END
FROM granted ORDER BY id
"""


def make_applicants(n, seed=0):
    rng = np.random.default_rng(seed)

    def holes(values, share):
        return np.where(rng.random(n) < share, None, values)

    return pd.DataFrame(
        {
            "id": np.arange(n),
            "age": holes(rng.integers(16, 80, n).astype(float), 0.02).astype(float),
            "fraud_flag": rng.random(n) < 0.03,
            "bureau": holes(rng.integers(300, 850, n), 0.2).astype(float),
            "channel": holes(rng.choice(["web", "branch", "broker"], n), 0.1),
            "amount": holes(rng.integers(1, 200, n) * 50.0, 0.02).astype(float),
            "points": holes(rng.integers(540, 700, n).astype(float), 0.05).astype(
                float
            ),
            "grade": holes(rng.choice(list("ABCD"), n), 0.05),
            "income": holes(rng.integers(100, 4000, n) * 1.0, 0.05).astype(float),
            "owed": holes(rng.integers(0, 9000, n) * 1.0, 0.03).astype(float),
        }
    )


@pytest.fixture(scope="module")
def strategy(tmp_path_factory):
    path = tmp_path_factory.mktemp("strategy") / "strategy.toml"
    path.write_text(TOML, encoding="utf-8")
    return Strategy.from_toml(path)


def test_a_table_is_decided_as_sql_does(strategy):
    applicants = make_applicants(100_000)
    result = strategy.apply(applicants).frame()
    connection = sqlite3.connect(":memory:")
    applicants.to_sql("applicants", connection, index=False)
    rows = connection.execute(SQL).fetchall()
    connection.close()
    steps, limits = (list(part) for part in zip(*rows, strict=True))
    assert result["decided_by"].tolist() == steps
    # Every step decides somewhere, or the test would not see it.
    assert set(steps) == {step.name for step in strategy.spec.steps}
    assert_array_equal(result["limit"].to_numpy(float), np.array(limits, float))


def test_a_record_is_decided_as_its_row(strategy):
    applicants = make_applicants(2_000, seed=1)
    frame = strategy.apply(applicants).frame()
    records = applicants.astype(object).where(applicants.notna(), None)
    for row, record in zip(frame.itertuples(), records.to_dict("records"), strict=True):
        decision = strategy.decide(record)
        assert decision.decision == row.decision
        assert decision.decided_by == row.decided_by
        assert decision.reason == row.reason
        if decision.decision == "approve":
            assert decision.limit == row.limit
            assert decision.limited_by == row.limited_by
            assert decision.price == row.price
        else:
            assert decision.limit is None
            assert pd.isna(row.limit)
        if decision.fired:
            assert decision.fired[0] == row.decided_by


def test_rows_are_decided_alone(strategy):
    applicants = make_applicants(300, seed=2)
    frame = strategy.apply(applicants).frame()
    order = np.random.default_rng(0).permutation(300)
    shuffled = strategy.apply(applicants.iloc[order]).frame()
    pd.testing.assert_frame_equal(shuffled, frame.iloc[order].reset_index(drop=True))
    twice = strategy.apply(pd.concat([applicants, applicants])).frame()
    pd.testing.assert_frame_equal(twice.iloc[:300], frame)
    again = strategy.apply(pl.from_pandas(applicants)).frame()
    pd.testing.assert_frame_equal(again, frame)
    columns = {name: applicants[name].to_numpy() for name in applicants}
    pd.testing.assert_frame_equal(strategy.apply(columns).frame(), frame)


def test_a_reason_says_what_decided(strategy):
    record = {
        "age": 17, "fraud_flag": True, "bureau": None, "channel": "web", "amount": 1000,
        "points": 640, "grade": "A", "income": 900, "owed": 100,
    }  # fmt: skip
    decision = strategy.decide(record)
    assert decision.decision == "decline"
    assert decision.reason == "Applicant is under age"
    assert decision.fired == ("minor", "known fraud", "thin file")
    record |= {"age": 40, "fraud_flag": False, "bureau": 600}
    granted = strategy.decide(record)
    assert (granted.decision, granted.limit, granted.limited_by, granted.price) == (
        "approve", 1000, "requested", 0.08,
    )  # fmt: skip
    poor = strategy.decide(record | {"income": 100})
    assert (poor.decision, poor.reason) == (
        "refer",
        "No limit can be granted: minimum",
    )
    assert strategy.decide(record | {"points": None}).reason == "No points"
    assert strategy.decide(record | {"points": 579.5}).reason == "Points are too low"


def test_plain_data_there_and_back(strategy):
    plain = json.loads(json.dumps(strategy.to_dict()))
    again = Strategy.from_dict(plain)
    assert again == strategy
    assert hash(again) == hash(strategy)
    assert again != Strategy.from_dict({**plain, "otherwise": "decline"})
    assert repr(strategy) == "Strategy('consumer loans', 3 rules, 3 bands)"
    assert strategy.spec.fields == (
        "age", "fraud_flag", "bureau", "channel", "amount", "points", "grade", "income",
        "owed",
    )  # fmt: skip


OPS = {
    ("<", 2): [1, 0, 0, 0],
    ("<=", 2): [1, 1, 0, 0],
    (">", 2): [0, 0, 1, 0],
    (">=", 2): [0, 1, 1, 0],
    ("==", 2): [0, 1, 0, 0],
    ("!=", 2): [1, 0, 1, 0],
    ("in", (1, 3)): [1, 0, 1, 0],
    ("not in", (1, 3)): [0, 1, 0, 0],
    ("missing", None): [0, 0, 0, 1],
    ("known", None): [1, 1, 1, 0],
}


@pytest.mark.parametrize(("op", "value"), OPS)
@pytest.mark.parametrize("missing", ["skip", "fire"])
def test_every_comparison_and_missing_values(op, value, missing):
    for turn in (lambda v: v, str):
        if turn is str and op in ("<", "<=", ">", ">="):
            continue
        condition = {"field": "x", "op": op}
        if value is not None:
            listed = isinstance(value, tuple)
            condition["value"] = [turn(v) for v in value] if listed else turn(value)
        rule = {"name": "r", "when": [condition], "decision": "decline"}
        strategy = Strategy([rule], missing=missing, otherwise="approve")
        expected = list(OPS[op, value])
        if missing == "fire" and value is not None:
            expected[3] = 1
        column = [turn(1), turn(2), turn(3), None]
        decided = strategy.apply({"x": pd.Series(column, dtype=object)}).decision
        assert (decided == "decline").tolist() == [bool(e) for e in expected]
        alone = [strategy.decide({"x": x}).decision for x in column]
        assert alone == decided.tolist()


def test_presence_of_any_kind_of_value():
    rule = {"name": "r", "decision": "refer",
            "when": [{"field": "seen", "op": "missing"}]}  # fmt: skip
    strategy = Strategy([rule], otherwise="approve")
    dates = pd.to_datetime(pd.Series(["2024-01-01", None]))
    assert strategy.apply({"seen": dates}).decision.tolist() == ["approve", "refer"]
    assert strategy.decide({"seen": dates[0]}).decision == "approve"
    assert strategy.decide({"seen": None}).decision == "refer"


def test_the_better_end_belongs_to_a_band():
    bands = [{"from": 10, "decision": "approve"}, {"to": 10, "decision": "decline"}]
    points = Strategy(bands=bands)
    assert points.apply({"points": [10, 9.99, np.inf, -np.inf]}).decision.tolist() == [
        "approve", "decline", "approve", "decline",
    ]  # fmt: skip
    bands = [{"to": 0.1, "decision": "approve"}, {"from": 0.1, "decision": "decline"}]
    pds = Strategy(bands=bands, score="pd", best="low")
    assert pds.apply({"pd": [0.1, np.nextafter(0.1, 1)]}).decision.tolist() == [
        "approve", "decline",
    ]  # fmt: skip
    assert pds.decide({"pd": 0.1}).reason == "pd in (-inf, 0.1]"


# ------------------------------------------------------------------ simulation


def test_simulation_against_pandas(strategy):
    applicants = make_applicants(3_000, seed=3)
    rng = np.random.default_rng(0)
    y = np.where(rng.random(3_000) < 0.6, rng.random(3_000) < 0.1, np.nan)
    weight = rng.integers(0, 3, 3_000).astype(float)
    pd_ = np.full(3_000, 0.2)
    result = strategy.simulate(
        applicants, y, pd=pd_, gain=10, loss=60, sample_weight=weight
    )
    rows = strategy.apply(applicants).frame().assign(y=y, w=weight)
    rows["wy"] = rows["w"] * rows["y"]
    rows["known"] = rows["w"] * rows["y"].notna()
    by = rows.groupby("decision")[["w", "wy", "known"]].sum()
    frame = result.frame().set_index("decision")
    assert_allclose(frame["n"], by["w"].reindex(frame.index))
    assert_allclose(frame["n_event"], by["wy"].reindex(frame.index))
    assert_allclose(frame["n_known"], by["known"].reindex(frame.index))
    assert_allclose(frame["n_known"] + frame["n_inferred"], frame["n"])
    assert_allclose(frame["share"].sum(), 1)
    assert_allclose(frame["limit"], [(rows["limit"] * rows["w"]).sum(), 0, 0])
    steps = result.steps().set_index("step")
    by_step = rows.groupby("decided_by")["w"].sum()
    assert_allclose(steps["n"], by_step.reindex(steps.index).fillna(0))
    young = applicants["age"].isna() | (applicants["age"] < 18)
    assert steps.loc["minor", "n_fired"] == weight[young].sum()
    assert (steps["n_fired"].iloc[:3] >= steps["n"].iloc[:3]).all()
    assert steps["n_fired"].iloc[3:].isna().all()
    approved = (rows["decision"] == "approve").to_numpy()
    p = np.where(np.isnan(y), pd_, y)
    assert_allclose(result.profit, (weight * (10 * (1 - p) - 60 * p))[approved].sum())
    assert np.isnan(result.profit_low)  # some outcomes are inferred
    assert "minor" in result._repr_html_()


def test_profit_of_known_outcomes_has_an_interval():
    strategy = Strategy(bands=[{"from": 5, "decision": "approve"},
                               {"to": 5, "decision": "decline"}])  # fmt: skip
    points, y = np.arange(10), np.arange(10) % 3 == 0
    result = strategy.simulate({"points": points}, y, gain=2, loss=3)
    value = (points >= 5) * np.where(y, -3, 2)
    assert result.profit == value.sum()
    half = 1.959963984540054 * np.sqrt(10 * np.var(value))
    assert_allclose([result.profit_low, result.profit_high],
                    [result.profit - half, result.profit + half])  # fmt: skip
    with pytest.raises(InvalidTargetError, match="A profit needs an outcome"):
        strategy.simulate({"points": points}, gain=2, loss=3)
    bare = strategy.simulate({"points": points})
    assert np.isnan(bare.profit)
    assert bare.frame()["event_rate"].isna().all()


def test_two_strategies(strategy):
    applicants = make_applicants(1_000, seed=4)
    y = (np.random.default_rng(0).random(1_000) < 0.1).astype(float)
    plain = strategy.to_dict()
    plain["rules"] = plain["rules"][1:]
    other = Strategy.from_dict(plain)
    result = compare_strategies(strategy, other, applicants, y)
    first, second = strategy.apply(applicants), other.apply(applicants)
    table = pd.crosstab(first.decision, second.decision)
    wide = result.wide("n")
    for down in wide.index:
        for across in wide.columns:
            expected = table.loc[down, across] if across in table else 0
            assert wide.loc[down, across] == expected
    assert result.frame()["n"].sum() == 1_000
    expected = swap_set(first.approved, second.approved, y)
    pd.testing.assert_frame_equal(result.swap.frame(), expected.frame())
    assert result.swap.frame()["n"].tolist()[1] == 0  # a rule less declines nobody more
    same = compare_strategies(strategy, strategy, applicants).wide()
    assert np.trace(same.to_numpy()) == 1_000
    with pytest.raises(InvalidTypeError, match="challenger must be a Strategy"):
        compare_strategies(strategy, plain, applicants)


# ------------------------------------------------------------------- bad input

RULE = {
    "name": "minor",
    "when": [{"field": "age", "op": "<", "value": 18}],
    "decision": "decline",
    "missing": "skip",
}
BANDS = [{"from": 600, "decision": "approve"}, {"to": 600, "decision": "decline"}]


def condition(**change):
    return {**RULE, "when": [{"field": "age", "op": "<", "value": 18, **change}]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rules": {"name": "minor"}}, "sequence of rules"),
        ({"rules": ["minor"]}, "Rule 1 must be like"),
        ({"rules": [{**RULE, "name": ""}]}, "name of rule 1"),
        ({"rules": [{**RULE, "wen": 1}]}, "Did you mean 'when'"),
        ({"rules": [{**RULE, "decision": "deny"}]}, "decision of rule 'minor'"),
        ({"rules": [{**RULE, "decision": "aprove"}]}, "Did you mean 'approve'"),
        ({"rules": [{**RULE, "reason": 7}]}, "reason of rule 'minor'"),
        ({"rules": [RULE, RULE]}, "'minor' stands twice"),
        (
            {"rules": [{k: v for k, v in RULE.items() if k != "missing"}]},
            "missing value",
        ),
        ({"rules": [{**RULE, "missing": "no"}]}, "'missing' of rule 'minor'"),
        ({"rules": [{**RULE, "when": "age < 18"}]}, "list of conditions"),
        ({"rules": [{**RULE, "when": ["age < 18"]}]}, "condition of rule 'minor'"),
        ({"rules": [{**RULE, "when": [{"any": []}]}]}, "'any' of rule 'minor'"),
        ({"rules": [condition(op="=")]}, "must be one of"),
        ({"rules": [condition(op="<", value="18")]}, "a finite number"),
        ({"rules": [condition(op="==", value=None)]}, "numbers or texts"),
        ({"rules": [condition(op="<", value=float("nan"))]}, "a finite number"),
        ({"rules": [condition(op="in")]}, "must be a list"),
        ({"rules": [condition(op="in", value=[1, "a"])]}, "numbers or texts"),
        ({"rules": [condition(op="missing")]}, "takes no value"),
        ({"rules": [condition(field=3)]}, "must be a name"),
        ({"rules": [condition(valeu=3)]}, "Did you mean 'value'"),
        ({"rules": [{**RULE, "when": [{"field": "a", "op": "<"}]}]}, "needs a value"),
        (
            {"rules": [RULE, {**condition(op="==", value="x"), "name": "b"}]},
            "numbers in one place",
        ),
        ({"bands": [{"from": 1}]}, "Band 1 must be like"),
        ({"bands": [{**BANDS[0], "form": 1}]}, "Did you mean 'from'"),
        ({"bands": [{**BANDS[0], "decision": "yes"}]}, "decision of band 1"),
        ({"bands": [{**BANDS[0], "to": 500}]}, "lower to a higher"),
        ({"bands": [{**BANDS[0], "from": "600"}]}, "finite number or left out"),
        ({"bands": [BANDS[0], {"to": 580, "decision": "decline"}]}, "580 to 600"),
        ({"bands": [BANDS[0], {"to": 610, "decision": "decline"}]}, "600 and 610"),
        ({"bands": BANDS[:1]}, "from -inf to 600"),
        ({"bands": [{**BANDS[0], "name": "x"}, {**BANDS[1], "name": "x"}]}, "is taken"),
        ({"bands": [{**BANDS[0], "name": "otherwise"}, BANDS[1]]}, "is taken"),
        ({"bands": 5}, "sequence of bands"),
        ({"best": "up"}, "best must be"),
        ({"otherwise": "deny"}, "otherwise must be"),
        ({"no_limit": "approve"}, "no_limit must be"),
        ({"score": ""}, "score must be a text"),
        ({"limits": 5}, "limits must be a LimitPolicy"),
        (
            {
                "bands": BANDS,
                "rules": [{**condition(field="points", op="==", value="x")}],
            },
            "number for the bands",
        ),
    ],
)
def test_bad_declarations(arguments, message):
    with pytest.raises(InvalidParameterError, match=message):
        Strategy(**arguments)


def test_bad_files_and_keys(tmp_path):
    with pytest.raises(InvalidParameterError, match="Did you mean 'rules'"):
        Strategy.from_dict({"ruels": []})
    with pytest.raises(InvalidParameterError, match="is a mapping"):
        Strategy.from_dict([RULE])
    with pytest.raises(InvalidInputError, match="Cannot read"):
        Strategy.from_toml(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("rules = [", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is no TOML"):
        Strategy.from_toml(tmp_path / "bad.toml")


def test_bad_records_and_tables(strategy):
    with pytest.raises(InvalidInputError, match="Did you mean 'ages'"):
        Strategy([RULE]).decide({"ages": 3})
    with pytest.raises(InvalidInputError, match="the table does not have"):
        strategy.apply({"age": [1]})
    with pytest.raises(InvalidTypeError, match="'age' must be a number"):
        Strategy([RULE]).decide({"age": "17"})
    with pytest.raises(InvalidTypeError, match="'age' must hold numbers"):
        Strategy([RULE]).apply({"age": ["17"]})
    by_level = Strategy([condition(op="==", value="x")])
    with pytest.raises(InvalidTypeError, match="'age'"):
        by_level.decide({"age": [1]})


# ---------------------------------------------------------------------- limits


def test_limits_by_hand():
    policy = LimitPolicy(
        [
            {"from": 620, "limit": 10_000, "income_multiple": 4, "exposure_cap": 9_000},
            {"to": 620, "limit": 2_000},
        ],
        income="income", exposure="owed", requested="asked", round_to=250, minimum=500,
        unknown=300,
    )  # fmt: skip
    rows = {
        # band, income, exposure, request, below the minimum, owed too much, unknown
        "points": [600, 700, 700, 700, 700, 700, 700, None],
        "income": [900, 1_000, 9_000, 9_000, 9_000, 100, None, 900],
        "owed": [0, 100, 4_000, 0, 0, 4_000, 0, 0],
        "asked": [9e9, 9e9, 9e9, 1_900, 400, 9e9, 9e9, 9e9],
    }
    frame = policy.apply(rows).frame()
    assert frame["limit"].tolist() == [2_000, 3_750, 5_000, 1_750, 0, 0, 250, 250]
    assert frame["limited_by"].tolist() == [
        "band", "income", "exposure", "requested", "minimum", "minimum", "unknown",
        "unknown",
    ]  # fmt: skip
    assert frame["band"].tolist()[-2:] == ["[620, inf)", ""]
    assert frame["price"].isna().all()


def test_decimal_steps_are_not_lost_to_binary():
    policy = LimitPolicy([{"limit": 0.3}], round_to=0.1)
    assert policy.grant({"points": 1}).limit == pytest.approx(0.3)
    assert policy.apply({"points": [1]}).limit[0] == policy.grant({"points": 1}).limit


def test_limits_of_records_and_rows_are_equal():
    rng = np.random.default_rng(0)
    policy = LimitPolicy(
        [
            {"to": 0.02, "limit": 9e3, "income_multiple": 3.3, "price": 0.07},
            {"from": 0.02, "to": 0.1, "limit": 5e3, "exposure_cap": 7e3, "price": 0.12},
            {"from": 0.1, "limit": 800.0, "name": "starter"},
        ],
        by="pd", best="low", income="income", exposure="owed", round_to=0.01,
    )  # fmt: skip
    rows = pd.DataFrame(
        {
            "pd": np.where(rng.random(500) < 0.1, np.nan, rng.random(500) * 0.2),
            "income": np.where(
                rng.random(500) < 0.1, np.nan, rng.normal(2e3, 1e3, 500)
            ),
            "owed": np.where(rng.random(500) < 0.1, np.nan, rng.random(500) * 8e3),
        }
    )
    frame = policy.apply(rows).frame()
    for row, record in zip(frame.itertuples(), rows.to_dict("records"), strict=True):
        grant = policy.grant(record)
        assert (grant.limit, grant.limited_by) == (row.limit, row.limited_by)
        assert grant.price == row.price or (grant.price is None and pd.isna(row.price))
        assert (grant.band or "") == row.band
    assert LimitPolicy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert (frame["limit"] >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bands": []}, "at least one band"),
        ({"bands": [{"from": 5}]}, "must be like"),
        ({"bands": [{"limit": -1}]}, ">= 0"),
        ({"bands": [{"limit": None}]}, "got None"),
        ({"bands": [{"limit": 1, "prise": 2}]}, "Did you mean 'price'"),
        ({"bands": [{"limit": 1, "levels": ["A"], "to": 4}]}, "not both"),
        ({"bands": [{"limit": 1, "levels": ["A"]}, {"limit": 2}]}, "both kinds"),
        ({"bands": [{"limit": 1, "levels": ["A"]}, {"limit": 2, "levels": ["A"]}]},
         "share a"),
        ({"bands": [{"limit": 1, "levels": "A"}]}, "must be a list"),
        ({"bands": [{"limit": 1, "levels": []}]}, "there is none"),
        ({"bands": [{"limit": 1, "to": 5}]}, "from 5 to inf"),
        ({"bands": [{"limit": 1, "income_multiple": 2}]}, "income names none"),
        ({"bands": [{"limit": 1, "exposure_cap": 2}]}, "exposure names none"),
        ({"bands": [{"limit": 1}], "round_to": 0}, "above 0"),
        ({"bands": [{"limit": 1}], "minimum": -1}, "minimum"),
        ({"bands": [{"limit": 1}], "income": 3}, "income must be the name"),
        ({"bands": [{"limit": 1}], "best": "x"}, "best must be"),
        ({"bands": [{"limit": 1, "name": ""}]}, "name of a band"),
        ({"bands": [{"limit": 1}], "by": None}, "by must be the name"),
    ],
)  # fmt: skip
def test_bad_limits(arguments, message):
    with pytest.raises(InvalidParameterError, match=message):
        LimitPolicy(**arguments)


def test_bad_limit_mappings():
    with pytest.raises(InvalidParameterError, match="with 'bands'"):
        LimitPolicy.from_dict({"by": "points"})
    with pytest.raises(InvalidParameterError, match="Did you mean 'minimum'"):
        LimitPolicy.from_dict({"bands": [{"limit": 1}], "minimun": 3})
    with pytest.raises(InvalidInputError, match="'points'"):
        LimitPolicy([{"limit": 1}]).grant({})
