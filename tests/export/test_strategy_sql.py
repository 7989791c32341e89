"""Decisions: Python, the scorer of records, the scorer of tables and SQL are one."""

from __future__ import annotations

import math
import random
import sqlite3
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from riskkit.artifact import (
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    read_artifact,
    write_artifact,
)
from riskkit.decision import Strategy
from riskkit.exceptions import ArtifactError, InvalidParameterError, InvalidTypeError
from riskkit.export import to_sql
from riskkit.serving import Scorer, load_scorer

N_ROWS = 100_000
GRADES = PDMapSpec(
    (LogOddsMapSpec(0.9, 0.9, -0.2),),
    MasterScaleSpec((0.0, 0.02, 0.06, 0.2, 1.0), (0.01, 0.04, 0.1, 0.4), tuple("ABCD")),
)
RULES = [
    {
        "name": "minor's",
        "when": [{"field": "the age", "op": "<", "value": 18}],
        "missing": "fire",
        "decision": "decline",
        "reason": "Applicant's age -- */ is\nbelow 18",
    },
    {
        "name": "watch list",
        "when": [{"field": "watched", "op": "==", "value": True}],
        "missing": "skip",
        "decision": "decline",
    },
    {
        "name": "odd purpose",
        "when": [
            {
                "any": [
                    {"field": "pur'pose", "op": "not in", "value": ["car", "", "\\"]},
                    {"field": "income", "op": "==", "value": -1},
                    {"field": "income", "op": "!=", "value": 7.25},
                ]
            },
            {"field": "code", "op": "in", "value": ["1", "-4", "2.5"]},
        ],
        "missing": "skip",
        "decision": "refer",
    },
    {
        "name": "not car",
        "when": [
            {"field": "pur'pose", "op": "!=", "value": "car"},
            {"field": "income", "op": "not in", "value": [999, 0.1, 7.25]},
            {"field": "the age", "op": ">=", "value": 70},
        ],
        "missing": "fire",
        "decision": "refer",
    },
    {
        "name": "no proof",
        "when": [
            {"field": "proof", "op": "missing"},
            {"field": "asked for", "op": "known"},
            {"field": "asked for", "op": ">", "value": 4000},
        ],
        "missing": "skip",
        "decision": "refer",
    },
    {
        "name": "grade D",
        "when": [
            {"field": "grade", "op": "==", "value": "D"},
            {"field": "pd", "op": ">=", "value": 0.21},
        ],
        "missing": "skip",
        "decision": "decline",
    },
]
LIMITS = {
    "by": "grade",
    "income": "salary",
    "exposure": "owed",
    "requested": "asked for",
    "round_to": 100,
    "minimum": 500,
    "bands": [
        {"levels": ["A"], "limit": 9000, "income_multiple": 5, "exposure_cap": 12000,
         "price": 0.08},
        {"levels": ["B", "C"], "limit": 4000, "income_multiple": 3, "price": 0.15},
    ],
}  # fmt: skip
BY_POINTS = {
    "rules": RULES,
    "bands": [
        {"from": 500, "decision": "approve"},
        {"from": 480, "to": 500, "decision": "refer", "name": "grey zone"},
        {"to": 480, "decision": "decline"},
    ],
    "limits": LIMITS,
}
BY_PD = {
    "rules": RULES[:2],
    "score": "pd",
    "best": "low",
    "bands": [
        {"to": 0.06, "decision": "approve"},
        {"from": 0.06, "to": 0.2, "decision": "approve", "name": "costly"},
        {"from": 0.2, "decision": "decline"},
    ],
    "limits": {
        "by": "pd",
        "best": "low",
        "exposure": "owed",
        "unknown": 300,
        "round_to": 0.1,
        "bands": [
            {"to": 0.02, "limit": 5000, "exposure_cap": 5000, "price": 0.05},
            {"from": 0.02, "limit": 900.35},
        ],
    },
}
STRATEGIES = {"points": BY_POINTS, "pd": BY_PD, "rules": {"rules": RULES}}


def extra_columns(n):
    """Columns of the strategy: edges and their neighbours, missing, infinite."""
    rng = random.Random(11)
    ends = (-math.inf, math.inf)

    def near(*borders):
        beside = [math.nextafter(b, e) for b in borders for e in ends]
        return [*borders, *beside, *ends, None, math.nan, -0.0, 0.0]

    def draw(pool, scale):
        return [
            rng.choice(pool) if rng.random() < 0.4 else round(rng.random() * scale, 2)
            for _ in range(n)
        ]

    watched = [rng.choice([True, False, False, False, None]) for _ in range(n)]
    return {
        "the age": pl.Series(draw(near(18.0, 70.0), 90), dtype=pl.Float64),
        "watched": pl.Series(watched, dtype=pl.Boolean),
        "proof": pl.Series([rng.choice(["payslip", "", None]) for _ in range(n)]),
        "asked for": pl.Series(draw(near(4000.0, 500.0), 12e3), dtype=pl.Float64),
        "salary": pl.Series(draw(near(100.0, 1800.0), 4e3), dtype=pl.Float64),
        "owed": pl.Series(draw(near(5000.0, 12e3), 6e3), dtype=pl.Float64),
    }


@pytest.fixture(scope="module")
def rows(hard_rows):
    """A hundred thousand rows: unseen levels, special codes, edges, missing values."""
    rng = np.random.default_rng(3)
    columns = {}
    for name in hard_rows.columns:
        columns[name] = hard_rows[name][rng.integers(0, len(hard_rows), N_ROWS)]
    frame = pl.DataFrame(columns | extra_columns(N_ROWS))
    return frame.with_columns(id=pl.int_range(N_ROWS))


@pytest.fixture(params=list(STRATEGIES))
def strategy(request):
    return Strategy.from_dict(STRATEGIES[request.param])


@pytest.fixture
def decided(artifact, strategy):
    """The card, graded, with a strategy."""
    return replace(artifact, pd_map=GRADES).with_strategy(strategy.spec)


def plain(column):
    """Return a column as a list in which whatever is missing is None."""
    return [None if v is None or v != v else v for v in list(column)]


def test_python_scorer_and_sql_decide_alike(tmp_path, decided, strategy, rows, duck):
    path = tmp_path / "card.rk"
    write_artifact(
        path,
        manifest=decided.manifest,
        model=decided.model,
        pd_map=decided.pd_map,
        strategy=decided.strategy,
    )
    scorer = load_scorer(path)
    batch = scorer.score_batch(rows)
    given = batch.to_dict()
    answers = {name: given[name] for name in decided.outputs}
    by_hand = strategy.apply({n: rows[n] for n in rows.columns} | answers).frame()
    names = by_hand.rename(columns={"reason": "decision_reason"})
    result = pl.from_arrow(duck(to_sql(path, keep=["id"]), rows))
    for name in names:
        expected = plain(names[name].tolist())
        assert plain(given[name].tolist()) == expected, name
        assert plain(result[name].to_list()) == expected, name
    # Every step decides somewhere, or the test would not see it.
    by = set(by_hand["decided_by"])
    # The model always answers.
    never = {"otherwise"} if strategy.spec.score_bands is not None else set()
    assert by == {step.name for step in strategy.spec.steps} - never
    for place in range(0, N_ROWS, 20):
        one = scorer.score(rows.row(place, named=True), n_reasons=0).to_dict()
        for name in names:
            assert one[name] == plain([given[name][place]])[0], name


def test_limits_are_held_by_everything_that_can_hold_them(artifact, rows):
    decided = replace(artifact, pd_map=GRADES)
    scorer = Scorer(decided.with_strategy(Strategy.from_dict(BY_POINTS).spec))
    batch = scorer.score_batch(rows)
    held = {word for word in batch.limited_by if word is not None}
    assert held == {"band", "income", "exposure", "requested"}
    nothing = batch.decided_by == "no limit"
    why = {reason.split(": ")[1] for reason in batch.decision_reason[nothing]}
    assert why == {"minimum", "unknown"}


def test_other_dialects_are_parsed(decided):
    pytest.importorskip("sqlglot")
    for dialect in ("bigquery", "mysql", "postgres", "snowflake", "spark", "tsql"):
        sql = to_sql(decided, dialect=dialect, stored_as={"watched": "boolean"})
        assert "decision_reason" in sql


def test_sqlite_decides_alike(decided, rows):
    pytest.importorskip("sqlglot")
    some = rows.head(3_000)
    sql = to_sql(decided, dialect="sqlite", keep=["id"], reasons=0)
    connection = sqlite3.connect(":memory:")
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in some.columns)
    connection.execute(f"CREATE TABLE applications ({listed})")
    marks = ", ".join("?" * len(some.columns))
    connection.executemany(f"INSERT INTO applications VALUES ({marks})", some.rows())
    cursor = connection.execute(f"SELECT * FROM ({sql}) ORDER BY id")
    columns = [entry[0] for entry in cursor.description]
    result = pl.DataFrame(cursor.fetchall(), schema=columns, orient="row")
    connection.close()
    batch = Scorer(decided).score_batch(some).to_dict()
    for name in ("decision", "decided_by", "decision_reason", "limit", "limited_by"):
        if name in batch:
            assert plain(result[name].to_list()) == plain(batch[name].tolist()), name


def test_pds_at_a_border_keep_their_side(artifact, rows, duck):
    batch = Scorer(replace(artifact, pd_map=GRADES)).score_batch(rows)
    # Borders that are PDs of accounts, to the last bit.
    border, rule = (float(x) for x in np.quantile(batch.pd, [0.3, 0.7], method="lower"))
    when = [{"field": "pd", "op": ">", "value": rule}]
    strategy = Strategy(
        [{"name": "risky", "when": when, "decision": "decline", "missing": "skip"}],
        [{"to": border, "decision": "approve"}, {"from": border, "decision": "refer"}],
        score="pd",
        best="low",
    )
    decided = replace(artifact, pd_map=GRADES).with_strategy(strategy.spec)
    result = pl.from_arrow(duck(to_sql(decided, keep=["id"], reasons=0), rows))
    expected = np.select(
        [batch.pd > rule, batch.pd <= border], ["decline", "approve"], "refer"
    )
    assert (batch.pd == border).any()
    assert (batch.pd == rule).any()
    assert result["decision"].to_list() == expected.tolist()


def test_a_refused_row_is_not_decided_on(artifact, hard_rows, duck):
    model = artifact.model
    place = [c.feature.name for c in model.characteristics].index("code")
    parts = list(model.characteristics)
    feature = replace(parts[place].feature, refuse_unseen=True)
    parts[place] = replace(parts[place], feature=feature)
    refusing = replace(artifact, model=replace(model, characteristics=tuple(parts)))
    strategy = Strategy(
        [{"name": "all", "when": [], "decision": "approve"}], limits={
            "bands": [{"limit": 100}], "unknown": 50}
    )  # fmt: skip
    decided = refusing.with_strategy(strategy.spec)
    result = pl.from_arrow(duck(to_sql(decided, keep=["id"]), hard_rows))
    refused = result["refused"].is_not_null()
    assert refused.any()
    assert result.filter(refused)["decision"].null_count() == refused.sum()
    assert result.filter(refused)["limit"].null_count() == refused.sum()
    assert set(result.filter(~refused)["decision"]) == {"approve"}


def test_a_given_strategy_takes_the_place_of_the_saved_one(tmp_path, artifact, duck):
    saved, other = (
        Strategy([{"name": word, "when": [], "decision": "refer"}])
        for word in ("saved", "other")
    )
    path = tmp_path / "card"
    write_artifact(
        path, manifest=artifact.manifest, model=artifact.model, strategy=saved.spec
    )
    assert "'saved'" in to_sql(path)
    assert "'other'" in to_sql(path, strategy=other)
    assert "'other'" in to_sql(read_artifact(path), strategy=other.to_dict())
    assert "decision" not in to_sql(artifact)


@pytest.mark.parametrize(
    ("strategy", "arguments", "error", "message"),
    [
        (5, {}, InvalidTypeError, "strategy must be a riskkit.decision.Strategy"),
        ({"rule": []}, {}, InvalidParameterError, "Did you mean 'rules'"),
        (BY_POINTS | {"limits": None}, {"keep": ["decision"]}, InvalidParameterError,
         "keep must not name 'decision'"),
        ({"rules": [RULES[0] | {"when": [
            {"field": "income", "op": "==", "value": "high"}]}]}, {}, ArtifactError,
         "must compare 'income' with numbers"),
    ],
)  # fmt: skip
def test_bad_strategies(artifact, strategy, arguments, error, message):
    with pytest.raises(error, match=message):
        to_sql(artifact, strategy=strategy, **arguments)
