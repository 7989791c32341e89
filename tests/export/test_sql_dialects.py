"""Other dialects: read back by sqlglot, run by SQLite; nothing leaves its quotes."""

from __future__ import annotations

import re
import sqlite3
import sys
from dataclasses import replace

import duckdb
import polars as pl
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    LogOddsMapSpec,
    Manifest,
    MasterScaleSpec,
    PDMapSpec,
    ScalingSpec,
    ScorecardSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
)
from riskkit.exceptions import InvalidParameterError, MissingExtraError
from riskkit.export import to_sql
from riskkit.export._sql_dialects import DIALECTS, Writer
from riskkit.export._sql_text import comment
from riskkit.serving import Scorer

OTHERS = [name for name in DIALECTS if name != "duckdb"]
PD_ERROR = 5e-15


@pytest.fixture(scope="module")
def rated(artifact):
    """The card with a segmented calibration, a step function and grades."""
    beta = LogOddsMapSpec(0.9, 1.0, -0.1)
    own = SegmentMap(
        "no\n-- line */ two", 100.0, 30.0, 0.6, LogOddsMapSpec(1.1, 1.1, 0.2)
    )
    steps = StepMapSpec((0.02, 0.05, 0.2), (0.01, 0.04, 0.1, 0.3), "step")
    grades = MasterScaleSpec(
        (0.0, 0.02, 0.1, 1.0), (0.01, 0.05, 0.3), ("A", "B's", "\\")
    )
    chain = SegmentedMapSpec("asked", (own,), beta), steps
    return replace(artifact, pd_map=PDMapSpec(chain, grades))


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        yield connection


def card_of(name, level, reason="why"):
    feature = FeatureSpec(name, "categorical", levels=((level,),))
    item = CharacteristicSpec(
        feature, -1.0, (0.0,) * 3, (0.1, 0.2, 0.3), (7.0, 5.0, 3.0), reason
    )
    card = ScorecardSpec((item,), 0.0, 0.0, ScalingSpec(20.0, 600.0, 50.0))
    return Artifact(Manifest("scorecard"), card)


def known_to(dialect, frame):
    """Return the rows as a database of that kind can hold them."""
    return frame if DIALECTS[dialect].is_nan else frame.fill_nan(None)


def in_duckdb(sql, dialect):
    """Return a statement of another dialect in DuckDB's, as sqlglot reads it.

    Names of collations and of bytes are left out: DuckDB has others.
    """
    least = sqlglot.transpile("SELECT MIN(1, 2)", read="sqlite", write="duckdb")[0]
    if dialect == "sqlite" and "LEAST" not in least:
        pytest.skip("this version of sqlglot does not read SQLite's MIN of several")
    (tree,) = sqlglot.parse(sql, read=dialect)
    for kind in tree.find_all(exp.DataType):
        if kind.this == exp.DataType.Type.FLOAT and dialect == "tsql":
            # A FLOAT without a size has 53 bits.
            kind.set("this", exp.DataType.Type.DOUBLE)
        if kind.this == exp.DataType.Type.BINARY:
            kind.set("this", exp.DataType.Type.TEXT)
    plain = tree.transform(lambda x: x.this if isinstance(x, exp.Collate) else x)
    return plain.sql(dialect="duckdb")


@pytest.mark.parametrize("dialect", OTHERS)
def test_every_dialect_says_the_same(rated, hard_rows, duck, assert_same, dialect):
    sql = to_sql(rated, dialect=dialect, keep=["id"])
    rows = known_to(dialect, hard_rows.head(1_500))
    batch = Scorer(rated).score_batch(rows, n_reasons=4)
    assert_same(duck(in_duckdb(sql, dialect), rows), batch, pd_error=PD_ERROR)


def test_sqlite_gives_the_same_numbers(rated, hard_rows, assert_same):
    rows = known_to("sqlite", hard_rows.head(1_500))
    kinds = {pl.Float64: "REAL", pl.String: "TEXT", pl.Int64: "INTEGER"}
    names = ('"' + name.replace('"', '""') + '"' for name in rows.columns)
    columns = zip(names, rows.dtypes, strict=True)
    listed = ", ".join(f"{name} {kinds[kind]} COLLATE NOCASE" for name, kind in columns)
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE applications ({listed})")
    places = ", ".join("?" * rows.width)
    connection.executemany(f"INSERT INTO applications VALUES ({places})", rows.rows())
    sql = to_sql(rated, dialect="sqlite", keep=["id"])
    cursor = connection.execute(f"SELECT * FROM ({sql}) ORDER BY id")
    found = [name for name, *_ in cursor.description]
    result = pl.DataFrame(cursor.fetchall(), schema=found, orient="row")
    connection.close()
    batch = Scorer(rated).score_batch(rows, n_reasons=4)
    assert_same(result.to_arrow(), batch, pd_error=PD_ERROR)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_words_of_each_dialect(rated, dialect):
    sql, words = to_sql(rated, dialect=dialect), DIALECTS[dialect]
    lines = sql.splitlines()
    assert lines[0].endswith(f"in the SQL of {words.title}")
    nan = re.findall(r"(?i)is_?nan\(|'NaN'", sql)
    assert bool(nan) == (words.is_nan is not None)
    assert ("e0" in sql) == words.plain_doubles
    fenced = "MATERIALIZED" if dialect in {"postgres", "sqlite"} else ""
    assert set(re.findall(r"(?m)^(?:WITH )?riskkit_\w+ AS (.*)\($", sql)) == (
        {f"{fenced} ".lstrip()}
    )
    # One bin a line, whatever the dialect.
    if dialect != "duckdb":
        like = to_sql(rated, dialect="bigquery").splitlines()
        whens = [[x for x in text if " WHEN " in x] for text in (lines, like)]
        assert len(whens[0]) == len(whens[1]) > 150


def test_literals_are_doubles_in_every_dialect(artifact):
    for dialect, words in DIALECTS.items():
        sql = to_sql(artifact, dialect=dialect)
        written = (
            "0.30000000000000004e0"
            if words.plain_doubles
            else f"CAST('0.30000000000000004' AS {words.double})"
        )
        assert f"x1 <= {written} THEN" in sql


def test_levels_are_told_apart_by_case_in_spite_of_collations(connection):
    connection.execute(
        "CREATE OR REPLACE TABLE applications (x VARCHAR COLLATE NOCASE, id INT)"
    )
    connection.execute("INSERT INTO applications VALUES ('car', 1), ('CAR', 2)")
    alike = "SELECT count(*) FROM applications WHERE x = 'Car'"
    assert connection.execute(alike).fetchone() == (2,)
    sql = to_sql(card_of("x", "car"), keep=["id"], reasons=0)
    for default in ("binary", "nocase"):
        connection.execute(f"SET default_collation = '{default}'")
        found = connection.execute(f"SELECT id, points FROM ({sql}) ORDER BY id")
        assert found.fetchall() == [(1, 7.0), (2, 3.0)]
    connection.execute("RESET default_collation")
    connection.execute("DROP TABLE applications")
    for dialect in ("mysql", "postgres", "sqlite", "tsql"):
        sql = to_sql(card_of("x", "car"), dialect=dialect)
        assert re.search(r"COLLATE \S+ AS x1|AS BINARY\) AS x1", sql)


# How levels and truth values are stored -----------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_fields_stored_as_numbers_and_booleans(artifact, duck, assert_same, dialect):
    scorer = Scorer(artifact)
    n = 6
    plain = {name: [None] * n for name in scorer.features}
    code, flag = [3.0, 2.5, 1.0, -4.0, 7.0, None], [True, False, None] * 2
    rows = pl.DataFrame(
        plain | {"code": code, "truth": flag, 'a "flag"': flag, "id": range(n)},
        schema_overrides={
            name: pl.Float64 if kind == "numeric" else pl.String
            for name, kind in scorer.kinds.items()
            if name not in {"code", "truth", 'a "flag"'}
        },
    )
    stored = {"code": "number", "truth": "boolean", 'a "flag"': "boolean"}
    sql = to_sql(artifact, dialect=dialect, keep=["id"], stored_as=stored)
    if dialect != "duckdb":
        sql = in_duckdb(sql, dialect)
    batch = scorer.score_batch(rows, n_reasons=4)
    assert len(set(batch.points.tolist())) > 4
    assert_same(duck(sql, rows), batch)


# Quoting ------------------------------------------------------------------------------

HOSTILE = "x'; DROP TABLE applications; --"


TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0")
    | st.sampled_from("'\"`[]\\;-/*%\n"),
    min_size=1,
    max_size=12,
)


@given(TEXT, TEXT, TEXT)
@example(HOSTILE, HOSTILE, HOSTILE)
@example('a"b', "\\' OR 1=1 --", "*/ SELECT 1 /*")
@example("a]b`c", "\\", "''")
@settings(max_examples=60)
def test_no_name_level_or_reason_leaves_its_quotes(connection, name, level, reason):
    sql = to_sql(
        card_of(name, level, reason),
        keep=[f"{name} key"],
        reason_as="text",
        table=[name + "t"],
    )
    quoted = '"' + name.replace('"', '""')
    columns = f'({quoted}" TEXT, {quoted} key" INT)'
    connection.execute(f'CREATE OR REPLACE TABLE {quoted}t" {columns}')
    rows = [(level, 0), (level + "?", 1), (None, 2)]
    connection.executemany(f'INSERT INTO {quoted}t" VALUES (?, ?)', rows)
    found = connection.execute(sql).fetchall()
    connection.execute(f'DROP TABLE {quoted}t"')
    by_key = {row[0]: (row[2], row[4]) for row in found}
    assert by_key == {0: (7.0, None), 1: (3.0, reason), 2: (5.0, reason)}


@given(TEXT, TEXT, st.sampled_from(OTHERS))
@example(HOSTILE, "\\' OR 1=1 --", "mysql")
@example("a`b", "\\", "bigquery")
@example("a]b", "é''", "tsql")
@settings(max_examples=80)
def test_other_dialects_quote_or_refuse(name, level, dialect):
    try:
        sql = to_sql(card_of(name, level), dialect=dialect, table=["t"])
    except InvalidParameterError as error:
        refused = str(error)
    else:
        refused = None
    if refused:
        assert "holds characters that cannot be quoted" in refused
        return
    (tree,) = sqlglot.parse(sql, read=dialect)
    assert isinstance(tree, exp.Select)
    tables = {table.name for table in tree.find_all(exp.Table)}
    assert {t for t in tables if not t.startswith("riskkit_")} == {"t"}
    assert level in {x.this for x in tree.find_all(exp.Literal, exp.National)}


def test_ordinary_hostility_is_quoted_not_refused():
    for dialect in DIALECTS:
        to_sql(card_of(HOSTILE, HOSTILE, HOSTILE), dialect=dialect, table=[HOSTILE])


def test_a_text_that_leaves_its_quotes_is_found(monkeypatch):
    """The check does its work even if the quoting did not."""

    def careless(self, text):
        self.texts.add(text)
        return f"'{text}'"

    to_sql(card_of("a", "x"), dialect="postgres")
    monkeypatch.setattr(Writer, "quote_text", careless)
    to_sql(card_of("a", "x"), dialect="postgres")
    for level in ("x' OR '1' = '1", "x'); DROP TABLE t; --", "it's"):
        with pytest.raises(InvalidParameterError, match="cannot be quoted"):
            to_sql(card_of("a", level), dialect="postgres")


@given(st.text() | st.text("*/\\\n\r\x85\u2028-"))
@example("a \\")
def test_remarks_end_with_their_line(text):
    """In Spark's SQL a backslash at its end carries a remark over to the next line."""
    remark = comment(text)
    assert not remark or remark.startswith(" -- ")
    assert len(remark) <= 64
    assert remark.isprintable()
    assert not any(mark in remark for mark in ("*/", "/*", "\\"))


def test_no_line_of_code_ends_in_a_remark_that_goes_on():
    sql = to_sql(card_of("a\\", "b\\", "c\\"), dialect="spark")
    assert not [line for line in sql.splitlines() if line.endswith("\\")]


# Without sqlglot ----------------------------------------------------------------------


def test_only_other_dialects_need_sqlglot(artifact, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    assert to_sql(artifact).startswith("-- a scorecard")
    with pytest.raises(
        MissingExtraError, match=r"PostgreSQL needs sqlglot.*riskkit\[sql\]"
    ):
        to_sql(artifact, dialect="postgres")
