"""A million hard rows through every form of one model.

Rows hold every edge and the doubles beside it, special codes, NaN and NULL, infinities,
zeros of both signs, the smallest and the largest numbers, unseen levels and ordinary
values. The default run takes a slice; ``pytest -m slow`` takes all of it.
"""

from __future__ import annotations

import math
import sqlite3
import sys
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.frozen import FrozenEstimator

from riskkit.binning import OptimalBinner
from riskkit.boosting import LGBMPDClassifier
from riskkit.calibration import CalibratedPD, LogitPlattCalibrator
from riskkit.datasets import make_loan_book
from riskkit.export import save_artifact, to_onnx, to_python, to_sql
from riskkit.scaling import MasterScale
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

CHUNK = 50_000
ENGINES = 1e-12  # exponentials and logarithms of databases and onnxruntime


@pytest.fixture(scope="module")
def book():
    return make_loan_book(8_000, default_rate=0.1, missing_rate=0.1, random_state=1)


@pytest.fixture(scope="module")
def card(book):
    binner = OptimalBinner(special_codes=book.special_codes)
    return ScorecardClassifier(binner, min_iv=0.0).fit(book.data, book.target)


@pytest.fixture(scope="module")
def calibrated(book, card):
    model = CalibratedPD(FrozenEstimator(card), LogitPlattCalibrator())
    return model.fit(book.data, book.target)


@pytest.fixture(scope="module")
def grades(book, calibrated):
    scale = MasterScale(method="geometric", n_grades=7, pd_range=(0.005, 0.4))
    return scale.fit(calibrated.predict_proba(book.data)[:, 1])


@pytest.fixture(scope="module")
def boosted(book):
    return LGBMPDClassifier(n_rounds=60, calibration="platt").fit(
        book.data, book.target
    )


def features_of(spec):
    if hasattr(spec, "characteristics"):
        return [item.feature for item in spec.characteristics]
    return [feature for member in spec.members for feature in member.features]


def pools_of(spec, kinds):
    """Return the hard values of each field, and how to draw ordinary ones."""
    pools = {}
    for name, kind in kinds.items():
        own = [feature for feature in features_of(spec) if feature.name == name]
        if kind == "numeric":
            edges = np.array(sorted({x for f in own for x in f.edges}) or [0.0])
            codes = [code for f in own for g in f.special for code in g.codes]
            borders = np.concatenate([edges, codes])
            pools[name] = np.concatenate(
                [
                    borders,
                    np.nextafter(borders, -np.inf),
                    np.nextafter(borders, np.inf),
                    np.float32(borders).astype(np.float64),
                    [np.nan] * 4,
                    [np.inf, -np.inf, 0.0, -0.0, 1e300, -1e300, 5e-324, 2.0**53],
                ]
            )
        else:
            known = [level for f in own for level in f.level_bins()]
            pools[name] = np.array(
                [*known, None, "never heard of", "", "o'hara", 'a"b'], dtype=object
            )
    return pools


def draw(pools, n_rows, rng):
    """Return rows of which half of the numbers are hard and half ordinary."""
    columns = {}
    for name, pool in pools.items():
        values = pool[rng.integers(0, len(pool), n_rows)]
        if pool.dtype != object:
            finite = pool[np.isfinite(pool) & (np.abs(pool) < 1e200)]
            low, high = finite.min(), finite.max()
            ordinary = rng.uniform(low, high + 1.0, n_rows)
            values = np.where(rng.random(n_rows) < 0.5, values, ordinary)
        columns[name] = values
    return pd.DataFrame(columns)


def column(answers, name):
    return np.array([answer[name] for answer in answers])


def variants(records, kinds, rng):
    """Return records with the same values in other types."""
    missing = (None, math.nan, pd.NA, np.float64("nan"), pd.NaT)
    varied = []
    for record in records:
        other = {}
        for name, value in record.items():
            if value is None or value != value:
                n_kinds = len(missing) - (kinds[name] == "numeric")
                other[name] = missing[rng.integers(n_kinds)]
            elif kinds[name] != "numeric":
                other[name] = np.str_(value)
            elif math.isfinite(value) and value == int(value) and abs(value) < 2**60:
                other[name] = (int(value), np.int64(value), Decimal(int(value)))[
                    rng.integers(3)
                ]
            else:
                other[name] = np.float64(value)
        varied.append(other)
    return varied


class Sqlite:
    """Rows in SQLite, which has no NaN: a missing number is NULL."""

    def __init__(self, sql, kinds):
        self.sql, self.kinds = sql, kinds

    def run(self, frame):
        names = ", ".join(
            f'"{name}" {"REAL" if kind == "numeric" else "TEXT"}'
            for name, kind in self.kinds.items()
        )
        connection = sqlite3.connect(":memory:")
        # Bundled SQLite may lack exp and ln.
        connection.create_function("EXP", 1, math.exp, deterministic=True)
        connection.create_function("LN", 1, math.log, deterministic=True)
        connection.execute(f"CREATE TABLE applications (id INTEGER, {names})")
        rows = zip(
            range(len(frame)),
            *(frame[name].astype(object).tolist() for name in self.kinds),
            strict=True,
        )
        marks = ", ".join("?" * (len(self.kinds) + 1))
        connection.executemany(f"INSERT INTO applications VALUES ({marks})", rows)
        cursor = connection.execute(f"SELECT * FROM ({self.sql}) ORDER BY id")
        keys = [entry[0] for entry in cursor.description]
        columns = dict(zip(keys, zip(*cursor.fetchall(), strict=True), strict=True))
        connection.close()
        return columns


def duck_on_parquet(sql, frame, path):
    """Rows in Parquet, where missing numbers are NaN in some and NULL in others."""
    nulls = pl.from_pandas(frame, nan_to_null=False).with_row_index("id")
    some = pl.col("id") % 2 == 0
    numbers = [name for name, kind in nulls.schema.items() if kind == pl.Float64]
    nulls = nulls.with_columns(
        pl.when(some & pl.col(name).is_nan()).then(None).otherwise(name).alias(name)
        for name in numbers
    )
    nulls.write_parquet(path)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE VIEW applications AS SELECT * FROM "
            f"read_parquet('{path}', can_have_nan=true)"
        )
        table = connection.sql(f"SELECT * FROM ({sql}) ORDER BY id").to_arrow_table()
    return {name: table[name].to_numpy() for name in table.column_names}


def onnx_answers(session, frame, kinds):
    feeds = {
        name: frame[name].to_numpy(np.float64)
        if kind == "numeric"
        else frame[name].where(frame[name].notna(), "<missing>").to_numpy(object)
        for name, kind in kinds.items()
    }
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def session_of(path):
    runtime = pytest.importorskip("onnxruntime")
    proto = to_onnx(path)
    return runtime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def check_card(card, calibrated, grades, folder, n_rows):
    path = folder / "card.rk"
    save_artifact(calibrated, path, grades=grades)
    scorer = load_scorer(path)
    kinds, rng = scorer.kinds, np.random.default_rng(7)
    file = {"__name__": "card"}
    exec(to_python(path), file)
    session = session_of(path)
    duck_sql = to_sql(path, keep=["id"], reasons=0)
    lite = Sqlite(to_sql(path, dialect="sqlite", keep=["id"], reasons=0), kinds)
    pools = pools_of(card.spec_, kinds)
    largest = dict.fromkeys(("DuckDB", "SQLite", "onnxruntime"), 0.0)
    for start in range(0, n_rows, CHUNK):
        rows = draw(pools, min(CHUNK, n_rows - start), rng)
        # Estimators ask for columns that they were given and do without.
        unread = dict.fromkeys(set(card.feature_names_in_) - set(rows), 0.0)
        whole = rows.assign(**unread)
        pds = calibrated.predict_proba(whole)[:, 1]
        points, log_odds = card.predict_points(whole), card.decision_function(whole)
        labels = grades.assign(pds)
        batch = scorer.score_batch(rows)
        for found, expected in (
            (batch.pd, pds),
            (batch.points, points),
            (batch.log_odds, log_odds),
            (batch.grade, labels),
        ):
            assert_array_equal(found, expected)
        records = rows.astype(object).to_dict("records")
        for kind in (records, variants(records[::20], kinds, rng)):
            step = len(records) // len(kind)
            singles = [scorer.score(record, n_reasons=0) for record in kind]
            assert_array_equal([one.pd for one in singles], pds[::step])
            assert_array_equal([one.points for one in singles], points[::step])
            assert_array_equal([one.grade for one in singles], labels[::step])
            answers = [file["score"](record, 0) for record in kind]
            assert_array_equal(column(answers, "pd"), pds[::step])
            assert_array_equal(column(answers, "points"), points[::step])
            assert_array_equal(column(answers, "log_odds"), log_odds[::step])
            assert_array_equal(column(answers, "grade"), labels[::step])
        for engine, got in (
            ("DuckDB", duck_on_parquet(duck_sql, rows, folder / "rows.parquet")),
            ("SQLite", lite.run(rows)),
            ("onnxruntime", onnx_answers(session, rows, kinds)),
        ):
            assert_array_equal(got["points"], points)
            assert_array_equal(got["log_odds"], log_odds)
            assert_array_equal(np.asarray(got["grade"], dtype=object), labels)
            assert_allclose(got["pd"], pds, rtol=ENGINES)
            error = float(np.max(np.abs(np.asarray(got["pd"]) / pds - 1)))
            largest[engine] = max(largest[engine], error)
    return largest


def check_trees(boosted, folder, n_rows, n_singles):
    path = folder / "trees.rk"
    save_artifact(boosted, path)
    scorer = load_scorer(path)
    file = {"__name__": "trees"}
    exec(to_python(path), file)
    session, rng = session_of(path), np.random.default_rng(8)
    pools = pools_of(boosted.to_spec(), scorer.kinds)
    largest = 0.0
    for start in range(0, n_rows, CHUNK):
        rows = draw(pools, min(CHUNK, n_rows - start), rng)
        pds = boosted.predict_proba(rows)[:, 1]
        batch = scorer.score_batch(rows)
        assert_array_equal(batch.pd, pds)
        few = max(1, n_singles * CHUNK // max(n_rows, CHUNK))
        records = rows.head(few).astype(object).to_dict("records")
        singles = [scorer.score(record, n_reasons=0) for record in records]
        assert_array_equal([one.pd for one in singles], pds[:few])
        assert_array_equal([one.points for one in singles], batch.points[:few])
        answers = [file["score"](record, 0) for record in records[: few // 4 + 1]]
        assert_array_equal(column(answers, "pd"), pds[: few // 4 + 1])
        assert_array_equal(column(answers, "points"), batch.points[: few // 4 + 1])
        got = onnx_answers(session, rows, scorer.kinds)
        largest = max(largest, float(np.max(np.abs(got["pd"] - pds))))
    assert largest < ENGINES
    return largest


def test_a_card_in_every_form(card, calibrated, grades, tmp_path):
    check_card(card, calibrated, grades, tmp_path, 6_000)


def test_trees_in_every_form(boosted, tmp_path):
    check_trees(boosted, tmp_path, 6_000, 1_000)


@pytest.mark.slow
def test_a_million_rows_of_a_card(card, calibrated, grades, tmp_path, capsys):
    found = check_card(card, calibrated, grades, tmp_path, 1_000_000)
    with capsys.disabled():
        sys.stdout.write(f"\nlargest relative error of the PD: {found}\n")


@pytest.mark.slow
def test_a_million_rows_of_trees(boosted, tmp_path, capsys):
    error = check_trees(boosted, tmp_path, 1_000_000, 200_000)
    with capsys.disabled():
        sys.stdout.write(f"\nlargest error of the PD, onnxruntime: {error}\n")
