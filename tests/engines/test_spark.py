"""Spark counts, fits, scores and watches as memory does."""

import os
import shutil
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskkit.engines import collect_stats, fit_scorecard, score
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.scorecard import ScorecardClassifier

sql = pytest.importorskip("pyspark.sql", reason="riskkit[spark] is not installed")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java, which is not here", allow_module_level=True)

FEATURES = ["State", "NoEmp", "GrAppv", "guaranteed_share", "RetainedJob", "LowDoc"]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """A session on two threads of this machine; its workers are this Python."""
    home = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        told = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(home / "warehouse"),
            "spark.sql.session.timeZone": "America/New_York",
            "spark.local.dir": str(home),
            "spark.log.level": "ERROR",
        }
        builder = sql.SparkSession.builder.master("local[2]").appName("riskkit")
        session = builder.config(map=told).getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module")
def frame(spark, book):
    """The book in files of random rows, the last of which is empty."""
    return spark.read.parquet(*map(str, sorted(book.folder.glob("*.parquet"))))


@pytest.fixture(scope="module")
def card(book):
    return ScorecardClassifier().fit(book.X[FEATURES], book.y)


def rows_of(frame):
    """Return the rows without the help of Spark's pandas, which warns of pandas."""
    return pd.DataFrame([row.asDict() for row in frame.collect()])


def test_the_same_bytes(book, frame):
    told = {"features": book.features, "period": "year", "max_values": 800}
    expected = collect_stats(book.frame, "bad", **told)
    assert collect_stats(frame, "bad", **told) == expected
    # A tree of two levels, and slices of a partition.
    many = frame.repartition(18)
    assert collect_stats(many, "bad", **told, batch_rows=500) == expected


def test_the_same_scorecard_from_paths(book, spark, card):
    found = fit_scorecard(
        ScorecardClassifier(),
        str(book.folder / "*.parquet"),
        "bad",
        features=FEATURES,
        engine="spark",
    )
    assert found.intercept_ == pytest.approx(card.intercept_, abs=1e-9)
    for name, coefficient in card.coefficients_.items():
        assert found.coefficients_[name] == pytest.approx(coefficient, abs=1e-9)
    assert found.baseline_ == card.baseline_


def test_the_same_scores_without_python(book, frame, card):
    scored = score(frame, card, keep=["GrAppv", "NoEmp"])
    plan = scored._jdf.queryExecution().toString()
    assert "Python" not in plan
    assert "InArrow" not in plan
    found, expected = rows_of(scored), score(book.frame, card, keep=["GrAppv", "NoEmp"])
    order = ["GrAppv", "NoEmp", "log_odds"]
    found = found.sort_values(order, ignore_index=True)
    expected = expected.sort_values(order, ignore_index=True)
    assert np.array_equal(found["points"], expected["points"])
    assert np.array_equal(found["log_odds"], expected["log_odds"])
    np.testing.assert_allclose(found["pd"], expected["pd"], rtol=1e-14)
    assert not [t for t in frame.sparkSession.catalog.listTables() if t.isTemporary]


def test_the_same_population(frame, card, check_population):
    check_population(frame, card)


def test_missing_values_levels_and_moments(spark, tmp_path):
    """NaN and NULL, numbers and truth values as levels, days of the session's clock."""
    n = 300
    x = np.where(np.arange(n) % 5 == 0, np.nan, np.arange(n) / 7.0)
    columns = {
        "x": pa.array(x, mask=np.arange(n) % 3 == 0),
        "code": pa.array((np.arange(n) % 4).astype(float)),
        "flag": pa.array([k % 2 == 0 if k % 7 else None for k in range(n)]),
        "y": np.arange(n) % 2,
    }
    table = pa.table(columns)
    days = ["2026-01-31 23:30:00" if k % 2 else "2026-02-01" for k in range(n)]
    stamps = pa.array(pd.to_datetime(days, format="mixed")).cast(pa.timestamp("us"))
    local = stamps.cast(pa.timestamp("us"))
    pq.write_table(table.append_column("day", local), tmp_path / "a.parquet")
    read = spark.read.parquet(str(tmp_path / "a.parquet"))
    read = read.withColumn("day", read["day"].cast("timestamp"))
    told = {"features": ["x", "code", "flag"], "period": "day"}
    expected = collect_stats(table.append_column("day", local), "y", **told)
    assert expected.periods == ("2026-01-31T23:30:00", "2026-02-01")
    assert collect_stats(read, "y", **told) == expected
    # A card of levels that were text in training.
    text = {"code": [str(k % 4) for k in range(n)], "flag": columns["flag"].to_pylist()}
    levels = pd.DataFrame({"x": x, **text})
    levels["flag"] = [None if v is None else str(v) for v in text["flag"]]
    y = (np.random.default_rng(0).random(n) < 0.1 + 0.2 * (np.arange(n) % 4)).astype(
        int
    )
    card = ScorecardClassifier(signs="free", p_chance=1.0).fit(levels, y)
    found = rows_of(score(read, card, keep=["x", "code"]))
    twin = score(table, card, keep=["x", "code"]).to_pandas()
    order = ["x", "code", "log_odds"]
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True),
        twin.sort_values(order, ignore_index=True),
        rtol=1e-14,
    )


def test_bad_sources_are_told_as_in_memory(book, frame, card):
    told = {"features": ["NoEmp", "State"]}
    none = collect_stats(frame.filter("NoEmp < 0"), "bad", **told)
    assert none == collect_stats(book.frame[:0], "bad", **told)
    with pytest.raises(InvalidTargetError, match="rows hold another or none"):
        collect_stats(frame.selectExpr("NoEmp", "bad * 2 AS bad"), "bad")
    with pytest.raises(InvalidParameterError, match=r"spark\.driver\.memory"):
        collect_stats(frame, "bad", memory_limit="1GB")
    with pytest.raises(InvalidInputError, match="no column 'month'"):
        collect_stats(frame, "bad", period="month")
    with pytest.raises(InvalidInputError, match="got its Column"):
        collect_stats(frame["bad"], "bad")
    with pytest.raises(InvalidTypeError, match="'GrAppv' must hold numbers"):
        score(frame.withColumn("GrAppv", frame["State"]), card)
