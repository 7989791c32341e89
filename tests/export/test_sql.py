"""A table scored by DuckDB gets the numbers of the scorer, to the bit."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    Manifest,
    ScalingSpec,
    ScorecardSpec,
    assign_column,
)
from riskkit.binning import OptimalBinner
from riskkit.datasets import load_sba_loans, make_loan_book
from riskkit.explain import reason_codes
from riskkit.export import save_artifact, to_sql
from riskkit.export._sql_text import comment
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier
from riskkit.serving import Scorer, load_scorer

SCALING = ScalingSpec(20.0, 600.0, 50.0)


def one_feature(feature):
    """Return an artifact whose points are the number of the bin."""
    bins = tuple(float(k) for k in range(feature.n_bins))
    item = CharacteristicSpec(feature, -1.0, bins, bins, bins, "why")
    card = ScorecardSpec((item,), 0.0, 0.0, SCALING)
    return Artifact(Manifest("scorecard"), card)


def bins_by_sql(feature, frame, connection):
    """Return each row's bin as the statement finds it."""
    sql = to_sql(one_feature(feature), keep=["id"], reasons=0)
    connection.register("applications", frame)
    rows = connection.execute(f"SELECT points FROM ({sql}) ORDER BY id").fetchall()
    return [int(points) for (points,) in rows]


# Hard rows ----------------------------------------------------------------------------


def test_hard_rows_are_scored_to_the_bit(artifact, hard_rows, duck, assert_same):
    for n in (0, 1, 4, 10):
        batch = Scorer(artifact).score_batch(hard_rows, n_reasons=n)
        result = duck(to_sql(artifact, keep=["id"], reasons=n), hard_rows)
        assert_same(result, batch)


def test_some_rows_hit_every_bin_and_tie(artifact, hard_rows):
    """Otherwise the test above would show little."""
    for item in artifact.model.characteristics:
        bins = assign_column(item.feature, hard_rows[item.feature.name])
        unfilled = item.feature.kind == "numeric"
        assert len(set(bins.tolist())) == item.feature.n_bins - unfilled
    batch = Scorer(artifact).score_batch(hard_rows, n_reasons=4)
    ties = np.diff(batch.points_lost, axis=1) == 0
    assert ties.any(axis=1).mean() > 0.3


def test_single_records_agree_too(artifact, hard_rows, duck):
    scorer = Scorer(artifact)
    some = hard_rows.head(300)
    result = duck(to_sql(artifact, keep=["id"]), some).to_pylist()
    for row, record in zip(result, some.drop("id").to_dicts(), strict=True):
        single = scorer.score(record)
        assert (row["pd"], row["points"]) == (single.pd, single.points)
        places = range(1, len(single.reasons) + 1)
        assert [(r.feature, r.points_lost) for r in single.reasons] == [
            (row[f"reason_{k}"], row[f"points_lost_{k}"]) for k in places
        ]
        assert all(row[f"reason_{k}"] is None for k in range(len(places) + 1, 5))


def test_nan_in_parquet(artifact, hard_rows, duck, assert_same, tmp_path):
    """DuckDB takes a Parquet column for free of NaN, and isnan of it for false."""
    path = tmp_path / "hard.parquet"
    # Infinities would keep the file from stating a range, and DuckDB from believing it.
    numbers = pl.selectors.float()
    frame = hard_rows.with_columns(numbers.clip(-1.7e308, 1.7e308))
    frame.write_parquet(path)
    assert frame["income"].is_nan().any()
    count = f"SELECT count(*) AS id FROM '{path}' WHERE isnan(income)"
    if duck(count).to_pylist() != [{"id": 0}]:
        pytest.skip("this version of DuckDB does not fold isnan away")
    batch = Scorer(artifact).score_batch(frame, n_reasons=4)
    assert_same(duck(to_sql(artifact, keep=["id"], table=[str(path)])), batch)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        yield connection


FINITE = st.floats(-1e308, 1e308)


@given(st.lists(FINITE, max_size=5, unique=True), st.lists(st.floats(), max_size=20))
@settings(max_examples=40)
def test_a_bin_of_any_edges(connection, edges, values):
    feature = FeatureSpec("x", "numeric", tuple(sorted({e + 0.0 for e in edges})))
    near = [math.nextafter(e, end) for e in edges for end in (-math.inf, math.inf)]
    x = np.array([*values, *edges, *near], dtype=float)
    frame = pl.DataFrame({"x": x, "id": np.arange(x.size)}).to_arrow()
    expected = assign_column(feature, x).tolist()
    assert bins_by_sql(feature, frame, connection) == expected


# How a table stores its columns -------------------------------------------------------


def in_duckdb(kind, values):
    """Return a table of one column of a type of DuckDB, and its id."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (id INTEGER, x {kind})")
        rows = list(enumerate(values))
        connection.executemany(f"INSERT INTO t VALUES (?, CAST(? AS {kind}))", rows)
        return connection.sql("SELECT * FROM t").to_arrow_table()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("BIGINT", [2**53, 2**53 + 1, 2**53 + 3, -(2**63), 2**63 - 1, None, 7]),
        ("INTEGER", [0, -1, 7, 8, None]),
        ("UTINYINT", [0, 7, 255]),
        ("FLOAT", [0.1, 7.25, float("nan"), None]),
        ("DECIMAL(18,3)", ["0.100", "7.250", "7.251", None]),
        ("BOOLEAN", [True, False, None]),
    ],
)
def test_numbers_of_every_type(connection, kind, values):
    edges = (0.1, 7.25, float(2**53), float(2**53 + 4), 2.0**62)
    feature = FeatureSpec("x", "numeric", edges)
    frame = in_duckdb(kind, values)
    read = np.float32 if kind == "FLOAT" else float
    x = np.array([np.nan if v is None else float(read(v)) for v in values])
    expected = assign_column(feature, x).tolist()
    assert bins_by_sql(feature, frame, connection) == expected


def test_integers_of_128_bits_are_rounded_once():
    """DuckDB's own conversion misses this edge by one unit in the last place."""
    rng = np.random.default_rng(0)
    values = [int(a) * 2**60 + int(b) for a, b in rng.integers(2**62, size=(300, 2))]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE applications (id INTEGER, x HUGEINT)")
        listed = ", ".join(f"({k}, {v})" for k, v in enumerate(values))
        connection.execute(f"INSERT INTO applications VALUES {listed}")
        got = connection.execute(
            "SELECT CAST(x AS DOUBLE) FROM applications ORDER BY id"
        ).fetchall()
        missed = [k for k, (x,) in enumerate(got) if x != float(values[k])]
        assert missed
        worst = values[missed[0]]
        feature = FeatureSpec("x", "numeric", (min(float(worst), got[missed[0]][0]),))
        sql = to_sql(one_feature(feature), keep=["id"], reasons=0)
        rows = connection.execute(f"SELECT points FROM ({sql}) ORDER BY id").fetchall()
    expected = [float(float(v) > feature.edges[0]) for v in values]
    assert [points for (points,) in rows] == expected


@pytest.mark.parametrize(
    ("kind", "values", "keys"),
    [
        ("VARCHAR", ["3", "3.0", "2.5", "True", "true", None, ""], None),
        ("BIGINT", [3, -4, 9007199254740993, None], None),
        ("HUGEINT", [3, 10**30, None], None),
        ("DOUBLE", [3.0, 2.5, -4.0, 1e16, 1e-7, float("nan"), None, 0.0, -0.0], None),
        ("FLOAT", [3.0, 2.5, 0.1, None], [3.0, 2.5, float(np.float32(0.1)), None]),
        ("DECIMAL(5,2)", ["3.00", "2.50", "2.51", None], [3.0, 2.5, 2.51, None]),
        ("BOOLEAN", [True, False, None], None),
        ("ENUM('3', 'True', 'other')", ["3", "True", "other", None], None),
    ],
)
def test_levels_are_one_key_however_they_are_stored(connection, kind, values, keys):
    known = ("3", "2.5", "-4", "True", "9007199254740993", "10000000000000000", "1e-07")
    feature = FeatureSpec(
        "x", "categorical", levels=(*((level,) for level in known), ("", "0", "False"))
    )
    column = np.array(values if keys is None else keys, dtype=object)
    expected = assign_column(feature, column).tolist()
    assert len(set(expected)) > 2
    assert bins_by_sql(feature, in_duckdb(kind, values), connection) == expected


def test_a_float_column_of_nan_alone_is_missing(connection):
    """What pandas makes of a column of levels that nobody filled in."""
    feature = FeatureSpec("x", "categorical", levels=(("nan",), ("a",)))
    frame = pl.DataFrame({"id": [0, 1], "x": [float("nan")] * 2}).to_arrow()
    assert bins_by_sql(feature, frame, connection) == [feature.missing_bin] * 2


@pytest.mark.parametrize("stored", [None, "number"])
def test_levels_of_parquet_floats_with_nan(connection, stored, tmp_path):
    """Codes with gaps, as pandas writes them."""
    feature = FeatureSpec("x", "categorical", levels=(("3",), ("2.5", "1")))
    x = np.array([3.0, 2.5, np.nan, 1.0, 7.0, np.nan])
    path = tmp_path / "codes.parquet"
    pl.DataFrame({"x": x, "id": range(6)}).write_parquet(path)
    stored_as = None if stored is None else {"x": stored}
    sql = to_sql(
        one_feature(feature), keep=["id"], table=[str(path)], stored_as=stored_as
    )
    rows = connection.execute(f"SELECT points FROM ({sql}) ORDER BY id").fetchall()
    assert [int(p) for (p,) in rows] == assign_column(feature, x).tolist()


def test_columns_of_other_names(artifact, hard_rows, duck, assert_same):
    renamed = {name: f"c{k}" for k, name in enumerate(Scorer(artifact).features)}
    sql = to_sql(artifact, keep=["id"], columns=renamed)
    batch = Scorer(artifact).score_batch(hard_rows, n_reasons=4)
    assert_same(duck(sql, hard_rows.rename(renamed)), batch)


# Fitted models ------------------------------------------------------------------------


def assert_one_number(model, X, path, duck, assert_same):
    """Check estimator, saved scorer and the SQL of both against each other."""
    save_artifact(model, path)
    frame = pl.from_pandas(X).with_columns(id=pl.int_range(len(X)))
    sql = to_sql(model, keep=["id"])
    assert sql.splitlines()[1:] == to_sql(path, keep=["id"]).splitlines()[1:]
    result = duck(sql, frame)
    batch = load_scorer(path).score_batch(X, n_reasons=4)
    assert_same(result, batch)
    result = result.to_pandas()
    np.testing.assert_array_equal(result["pd"], model.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(result["points"], model.predict_points(X))
    np.testing.assert_array_equal(result["log_odds"], model.decision_function(X))
    in_words = duck(to_sql(path, keep=["id"], reason_as="text"), frame).to_pandas()
    reasons = reason_codes(model, X, n=4)
    for k in range(1, batch.reasons.shape[1] + 1):
        for found in (result, in_words):
            np.testing.assert_array_equal(
                found[f"points_lost_{k}"], reasons[f"points_lost_{k}"]
            )
        # Whatever type of text a version of pandas takes them for.
        by_sql, by_rows = in_words[f"reason_{k}"], reasons[f"reason_{k}"]
        assert by_sql.isna().tolist() == by_rows.isna().tolist()
        assert by_sql.dropna().tolist() == by_rows.dropna().tolist()


def test_a_scorecard_on_real_loans(duck, assert_same, tmp_path):
    loans = load_sba_loans()
    X, y = loans.data.iloc[:30_000], loans.target[:30_000]
    card = ScorecardClassifier().fit(X.iloc[:15_000], y[:15_000])
    assert len(card.spec_.characteristics) >= 8
    assert_one_number(card, X, tmp_path / "card.rk", duck, assert_same)


def test_a_scorecard_with_specials_and_missing(duck, assert_same, tmp_path):
    book = make_loan_book(4_000, default_rate=0.1, missing_rate=0.1, random_state=1)
    binner = OptimalBinner(special_codes=book.special_codes)
    card = ScorecardClassifier(binner, min_iv=0.0).fit(book.data, book.target)
    assert_one_number(card, book.data, tmp_path / "card.rk", duck, assert_same)


def test_an_expert_card(duck, assert_same, tmp_path):
    card = ExpertScorecard(
        {
            "age": {"edges": [25, 40], "points": [10.5, 25, 40], "missing": 10},
            "logins": {"count_to": 3, "weight": 7, "missing": 0},
            "home": {
                "groups": [["owner"], ["rent", 3]],
                "points": [20, 0],
                "missing": 5,
                "unseen": 2,
                "special": {"asked not": {"codes": ["N/A"], "points": 1}},
            },
        },
        offset_points=100,
    ).fit()
    X = pd.DataFrame(
        {
            "age": [25.0, 25.1, 40.0, 41.0, np.nan, 40.0],
            "logins": [0.0, 1.0, 2.0, 3.0, 99.0, np.nan],
            "home": ["owner", "rent", "3", "N/A", None, "boat"],
        }
    )
    assert_one_number(card, X, tmp_path / "card.rk", duck, assert_same)


# Refused levels, and cards at their limits --------------------------------------------


def test_a_refused_level_has_no_score_and_is_named(artifact, hard_rows, duck):
    items = list(artifact.model.characteristics)
    features = [item.feature for item in items]
    for k in (6, 8):
        feature = replace(items[k].feature, refuse_unseen=True)
        items[k] = replace(items[k], feature=feature)
    card = replace(artifact.model, characteristics=tuple(items))
    refusing = replace(artifact, model=card)
    batch = Scorer(artifact).score_batch(hard_rows, n_reasons=4)
    bins = [assign_column(f, hard_rows[f.name]) for f in features]
    unseen = [bins[k] == features[k].unseen_bin for k in (6, 8)]
    result = pl.from_arrow(duck(to_sql(refusing, keep=["id"]), hard_rows))
    first = np.where(unseen[0], "code", np.where(unseen[1], "asked", None))
    assert result["refused"].to_list() == first.tolist()
    scored = first == None  # noqa: E711
    assert 0.2 < scored.mean() < 0.9
    for name, values in batch.to_dict().items():
        column = result[name].to_list()
        assert all(column[k] is None for k in np.flatnonzero(~scored))
        kept = [column[k] for k in np.flatnonzero(scored)]
        expected = values[scored].tolist()
        if name.startswith("points_lost"):
            expected = [lost or None for lost in expected]
        assert kept == expected


def test_a_card_without_characteristics_or_losses(duck):
    frame = pl.DataFrame({"id": [1, 2], "x": [0.0, 9.0]})
    empty = Artifact(Manifest("scorecard"), ScorecardSpec((), -2.0, 500.0, SCALING))
    pd_ = 1.0 / (1.0 + np.exp(2.0))
    expected = {"pd": pytest.approx(pd_), "points": 500.0, "log_odds": -2.0}
    rows = duck(to_sql(empty, keep=["id"]), frame).to_pylist()
    assert rows == [{"id": k, **expected} for k in (1, 2)]
    assert len(duck.connection.execute(to_sql(empty)).fetchall()) == 2
    feature, nothing = FeatureSpec("x", "numeric", (1.0,)), (0.0,) * 4
    level = CharacteristicSpec(feature, -1.0, nothing, nothing, (5.0,) * 4, "why")
    card = ScorecardSpec((level,), -2.0, 500.0, SCALING)
    rows = duck(to_sql(replace(empty, model=card), keep=["id"]), frame).to_pylist()
    assert [row["points"] for row in rows] == [505.0, 505.0]
    assert all(row["reason_1"] is row["points_lost_1"] is None for row in rows)
    assert "reason_2" not in rows[0]


def test_extreme_log_odds_do_not_overflow(duck):
    feature = FeatureSpec("x", "numeric", (0.0,))
    terms = (-3000.0, 3000.0, 0.0, 0.0)
    item = CharacteristicSpec(feature, -1.0, terms, terms, terms, "why")
    card = ScorecardSpec((item,), 0.0, 0.0, SCALING)
    artifact = Artifact(Manifest("scorecard"), card)
    frame = pl.DataFrame({"id": [1, 2, 3], "x": [-1.0, 1.0, None]})
    rows = duck(to_sql(artifact, keep=["id"]), frame).to_pylist()
    batch = Scorer(artifact).score_batch(frame)
    assert [row["pd"] for row in rows] == batch.pd.tolist()


def test_decimals_are_never_written(artifact):
    """A literal such as 0.1 is a DECIMAL in DuckDB: sums of them are other numbers."""
    with duckdb.connect() as connection:
        kinds = connection.execute("SELECT typeof(0.1), typeof(0.1e0)").fetchone()
        assert kinds == ("DECIMAL(2,1)", "DOUBLE")
    sql = to_sql(artifact)
    assert "0.30000000000000004e0" in sql
    code = re.sub("-- .*|'[^']*'", "", sql)
    fractions = re.findall(r"(?<![\w.])\d+\.\d+\S*", code)
    assert len(fractions) > 100
    assert all(re.match(r"[\d.]+e[-+]?\d+", number) for number in fractions)


def test_one_bin_a_line_with_its_label(artifact):
    sql = to_sql(artifact)
    for item in artifact.model.characteristics:
        for bin_, label in enumerate(item.feature.labels):
            if bin_ == item.feature.unseen_bin and item.feature.kind == "numeric":
                continue
            # Its condition, its log-odds and its points.
            lines = [x for x in sql.splitlines() if x.endswith(comment(label))]
            assert len(lines) >= 3
            assert not comment(label) or all("THEN" in x or "ELSE" in x for x in lines)


def test_the_statement_is_the_body_of_a_view(artifact, hard_rows, duck):
    connection = duck.connection
    connection.register("applications", hard_rows.to_arrow())
    connection.execute(f"CREATE VIEW scored AS {to_sql(artifact, keep=['id'])}")
    (n,) = connection.execute("SELECT count(points) FROM scored").fetchone()
    assert n == len(hard_rows)
    connection.execute(f"CREATE TABLE kept AS {to_sql(artifact)}")
