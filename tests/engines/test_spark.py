"""Spark counts, fits, scores and watches as memory does."""

import os
import shutil
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost

from riskkit.boosting import XGBPDClassifier, adopt_booster, growth_plan
from riskkit.engines import collect_stats, fit_scorecard, score
from riskkit.engines._collect import open_table
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    MissingExtraError,
)
from riskkit.export import save_artifact
from riskkit.metrics import gini_score
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

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
            # Of code that runs for a minute, most is not worth a second compilation.
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.sql.adaptive.enabled": "false",
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
def cached(frame):
    """Four columns of the book in memory, in two partitions of rows of chance."""
    columns = ["NoEmp", "State", "GrAppv", "SBA_Appv", "bad"]
    return frame.select(*columns).repartition(2).cache()


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


def test_many_partitions_merge_as_a_tree(book, frame):
    """Of two levels; slices of partitions are counted one after the other."""
    told = {"features": ["NoEmp", "State"]}
    many = frame.filter("NoEmp = 2").select("NoEmp", "State", "bad").repartition(18)
    expected = collect_stats(book.frame[book.frame["NoEmp"] == 2], "bad", **told)
    assert collect_stats(many, "bad", **told, batch_rows=100) == expected


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


def test_all_events_in_one_partition(book, frame, cached):
    is_event = cached.filter("bad = 1").coalesce(1)
    parts = is_event.union(cached.filter("bad = 0").coalesce(1))
    told = {"features": ["NoEmp", "State"]}
    assert collect_stats(parts, "bad", **told) == collect_stats(
        book.frame, "bad", **told
    )


def test_the_same_streamed_card_by_passes(book, cached):
    told = {"features": ["NoEmp", "GrAppv"]}
    found = fit_scorecard(ScorecardClassifier(), cached, "bad", max_patterns=0, **told)
    X = book.X[told["features"]]
    expected = ScorecardClassifier().fit(X, book.y)
    assert found.n_passes_ > 1  # rows were gone through, not patterns
    assert found.intercept_ == pytest.approx(expected.intercept_, abs=1e-9)
    assert list(found.coefficients_) == list(expected.coefficients_)
    for name, coefficient in expected.coefficients_.items():
        assert found.coefficients_[name] == pytest.approx(coefficient, abs=1e-9)
    assert np.array_equal(found.predict_points(X), expected.predict_points(X))


def test_the_same_selection(cached, check_selection):
    check_selection(cached)


def test_the_same_vintages_and_moves(spark, tmp_path, check_tapes):
    def bring(tape):
        """Write days as days and as moments, in files of rows of chance."""
        table = pa.Table.from_pandas(tape, preserve_index=False)
        place = table.schema.get_field_index("day")
        days = table["day"].cast(pa.timestamp("s")).cast(pa.date32())
        table = table.set_column(place, "day", days)
        for k in range(2):
            part = table.slice(700 * k, None if k else 700)
            pq.write_table(part, tmp_path / f"{k}.parquet")
        return spark.read.parquet(str(tmp_path)).repartition(3)

    check_tapes(bring)


def test_files_of_other_schemas_are_told(spark, check_files, tmp_path):
    whole = check_files("spark")
    half = whole.num_rows // 2
    truth = whole.set_column(0, "x", pa.array([False, True] * half))
    pq.write_table(truth, tmp_path / "1.parquet")
    with pytest.raises(InvalidInputError, match="types that Spark can bring together"):
        collect_stats(str(tmp_path), "y", features=["x", "g"], engine="spark")


def test_an_engine_that_is_not_installed_names_its_extra(monkeypatch, book):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError, match=r"riskkit\[spark\]"):
        collect_stats(str(book.folder / "*.parquet"), "bad", engine="spark")


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


def test_workers_without_memory_are_told_what_would_do(cached):
    """The last test of the session, since workers take seconds to start again."""

    class Dying:
        """Counts nothing, since its worker ends as those without memory do."""

        def start(self):
            os._exit(1)

    opened = open_table(cached, None, None, 1000)
    with pytest.raises(InvalidParameterError, match=r"spark\.executor\.memory"):
        opened.fold(Dying(), ["NoEmp"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of what XGBoost calls on Spark
def test_trees_grown_by_xgboost_on_spark_are_a_normal_model(frame, book, tmp_path):
    spark_xgboost = pytest.importorskip("xgboost.spark")
    X, y = book.X[FEATURES], np.asarray(book.y)
    sample = XGBPDClassifier(n_rounds=15, random_state=0, verbose=False)
    sample = sample.fit(X[:8_000], y[:8_000])
    plan, start = growth_plan(sample), np.log(y.mean() / (1 - y.mean()))
    names = [f"c{j}" for j in range(len(plan.spec.columns))]

    def coded(batches):
        for batch in batches:
            columns = dict(
                zip(names, plan.codes(pa.Table.from_batches([batch])).T, strict=True)
            )
            columns |= {"bad": batch.column("bad"), "start": [start] * len(batch)}
            fields = [(name, pa.float32()) for name in names]
            schema = pa.schema([*fields, ("bad", pa.int32()), ("start", pa.float64())])
            arrays = [pa.array(columns[f.name]).cast(f.type) for f in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    told = {**plan.parameters, "learning_rate": plan.parameters["eta"]}
    told["random_state"] = told["seed"]
    for word in ("objective", "nthread", "seed", "eta"):
        del told[word]
    types = ", ".join([*(f"{name} float" for name in names), "bad int, start double"])
    trainer = spark_xgboost.SparkXGBClassifier(
        features_col=names,
        label_col="bad",
        base_margin_col="start",
        num_workers=2,
        n_estimators=plan.n_rounds,
        **told,
    )
    rows = frame.select(*FEATURES, "bad").mapInArrow(coded, types)
    booster = trainer.fit(rows).get_booster()
    model = adopt_booster(
        sample, booster, X[:8_000], n_rows=len(y), n_events=int(y.sum())
    )
    every = xgboost.DMatrix(
        plan.codes(X),
        base_margin=np.full(len(y), start, dtype=np.float32),
        feature_names=names,
    )
    margin = booster.predict(every, output_margin=True)
    np.testing.assert_allclose(model.decision_function(X), margin, rtol=0, atol=1e-5)
    pds = model.predict_proba(X)[:, 1]
    assert gini_score(y, pds) > gini_score(y, sample.predict_proba(X)[:, 1])
    save_artifact(model, tmp_path / "model.rk")
    scored = load_scorer(tmp_path / "model.rk").score_batch(X, n_reasons=2)
    np.testing.assert_array_equal(scored.pd, pds)
    assert scored.reasons[0][0] in FEATURES
