"""Scorecards of any source are those of rows in memory, and so are their scores."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskkit.binning import ManualBinner, OptimalBinner
from riskkit.engines import collect_stats, fit_scorecard, score
from riskkit.engines._patterns import Patterns, representative_rows
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier

FEATURES = ["State", "NoEmp", "GrAppv", "guaranteed_share", "RetainedJob", "LowDoc"]


@pytest.fixture(scope="module")
def in_memory(book):
    return ScorecardClassifier().fit(book.X[FEATURES], book.y)


def close(card, twin):
    assert card.coefficients_.keys() == twin.coefficients_.keys()
    for name, coefficient in card.coefficients_.items():
        assert coefficient == pytest.approx(twin.coefficients_[name], abs=1e-9)
    assert card.intercept_ == pytest.approx(twin.intercept_, abs=1e-9)
    for own, other in zip(
        card.spec_.characteristics, twin.spec_.characteristics, strict=True
    ):
        assert own.feature == other.feature
        assert own.woe == other.woe
        assert own.points == other.points
    assert card.n_rows_ == twin.n_rows_
    assert card.n_events_ == twin.n_events_
    pd.testing.assert_frame_equal(
        card.coefficient_table_, twin.coefficient_table_, rtol=1e-6
    )
    assert card.baseline_ == twin.baseline_


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_every_engine_fits_the_same_card(source, book, in_memory):
    if source.name == "arrow reader":
        with pytest.raises(InvalidTypeError, match="read twice"):
            fit_scorecard(ScorecardClassifier(), source.table, "bad")
        return
    card = fit_scorecard(
        ScorecardClassifier(), source.table, "bad", features=FEATURES, **source.told
    )
    close(card, in_memory)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_gmsc(shared_data):
    frame = pd.read_parquet(shared_data("gmsc")).drop(columns="Id")
    y = next(name for name in frame if frame[name].dropna().isin([0, 1]).all())
    card = ScorecardClassifier(selection="forward")
    found = fit_scorecard(card, frame, y, max_values=200_000)
    close(found, card.fit(frame.drop(columns=y), frame[y]))
    assert [s.name for s in found.steps_] == [s.name for s in card.steps_]


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
@pytest.mark.parametrize("max_patterns", [2_000_000, 0], ids=["patterns", "streamed"])
def test_the_event_is_the_second_class_though_its_word_sorts_first(
    book, in_memory, max_patterns
):
    words = np.where(book.y == 1, "default", "paid")
    card = fit_scorecard(
        ScorecardClassifier(),
        book.frame.assign(bad=words),
        "bad",
        features=FEATURES,
        classes=("paid", "default"),
        max_patterns=max_patterns,
    )
    assert card.classes_.tolist() == ["paid", "default"]
    assert card.n_events_ == in_memory.n_events_
    pd_ = card.predict_proba(book.X)[:, 1]
    np.testing.assert_allclose(pd_, in_memory.predict_proba(book.X)[:, 1], rtol=1e-9)
    assert (card.predict(book.X) == "default").sum() == (pd_ >= 0.5).sum()


def test_every_engine_gives_the_same_scores(source, book, in_memory):
    frame = book.frame
    scored = score(source.table, in_memory, keep=["GrAppv", "NoEmp"], **source.told)
    found = as_frame(scored)
    assert list(found) == ["GrAppv", "NoEmp", "pd", "points", "log_odds"]
    expected = pd.DataFrame(
        {
            "GrAppv": frame["GrAppv"],
            "NoEmp": frame["NoEmp"],
            "pd": in_memory.predict_proba(frame[FEATURES])[:, 1],
            "points": in_memory.predict_points(frame[FEATURES]),
            "log_odds": in_memory.decision_function(frame[FEATURES]),
        }
    )
    order = [*list(expected)[:2], "log_odds"]
    found = found.sort_values(order, ignore_index=True).astype(float)
    expected = expected.sort_values(order, ignore_index=True).astype(float)
    assert np.array_equal(found["points"], expected["points"])
    assert np.array_equal(found["log_odds"], expected["log_odds"])
    np.testing.assert_allclose(found["pd"], expected["pd"], rtol=1e-14)


def test_awkward_rows_score_alike(in_memory, tmp_path):
    """Edges and their neighbours, NaN, null, infinities, unseen and missing levels."""
    pl, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    edges = next(
        item.feature.edges
        for item in in_memory.spec_.characteristics
        if item.feature.name == "GrAppv"
    )
    x = [*edges, *np.nextafter(edges, np.inf), *np.nextafter(edges, -np.inf)]
    x += [np.nan, None, np.inf, -np.inf, -0.0, 0.0]
    mask = [value is None for value in x]
    n = len(x)
    columns = {
        "GrAppv": pa.array([0.0 if v is None else v for v in x], mask=np.array(mask)),
        "State": pa.array((["NY", "?", None, "O'Hara", "CA"] * n)[:n]),
        "LowDoc": pa.array((["Y", "N", "1", None] * n)[:n]),
    }
    others = [name for name in FEATURES if name not in columns]
    columns |= {name: pa.array(np.arange(n) / n * 9) for name in others}
    columns["id"] = pa.array(range(n))
    table = pa.table(columns)
    path = tmp_path / "awkward.parquet"
    pl.from_arrow(table).write_parquet(path)
    expected = as_frame(score(table, in_memory, keep=["id"]))
    connection = duckdb.connect()
    for found in (
        score(str(path), in_memory, keep=["id"]),
        score(str(path), in_memory, keep=["id"], engine="duckdb"),
        score(str(path), in_memory, keep=["id"], engine="polars"),
        score(connection.read_parquet(str(path)), in_memory, keep=["id"]),
        score(pl.scan_parquet(path), in_memory, keep=["id"]),
        score(pl.read_parquet(path), in_memory, keep=["id"]),
    ):
        twin = as_frame(found).sort_values("id", ignore_index=True)
        pd.testing.assert_frame_equal(twin, expected, rtol=1e-14)


def test_a_relation_over_parquet_keeps_its_nan(tmp_path):
    """DuckDB folds isnan() to false by the statistics of a file."""
    duckdb = pytest.importorskip("duckdb")
    x = np.arange(50_000) / 7.0
    x[::5] = np.nan
    rows = pa.table({"x": x})
    risk = np.where(np.isnan(x), 0.5, 0.1 + 0.2 * (x > 3000))
    y = np.random.default_rng(0).random(x.size) < risk
    card = ScorecardClassifier().fit(rows, y)
    path = tmp_path / "nan.parquet"
    pq.write_table(rows, path)
    relation = duckdb.connect().read_parquet(str(path))
    found = score(relation, card).aggregate("sum(points)").fetchall()[0][0]
    assert found == card.predict_points(rows).sum()


def test_levels_of_other_types_score_alike(book):
    """Codes trained as text arrive as numbers or truth values."""
    pl = pytest.importorskip("polars")
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 3000)
    frame = pd.DataFrame({"code": codes.astype(str), "flag": (codes > 0).astype(str)})
    y = (rng.random(3000) < 0.1 + 0.2 * codes).astype(int)
    card = ScorecardClassifier(signs="free", p_chance=1.0).fit(frame, y)
    expected = card.decision_function(frame)
    for kind in (pl.Int16, pl.Float64, pl.String, pl.Categorical):
        text = pl.from_pandas(frame)
        if kind in (pl.Int16, pl.Float64):
            typed = text.with_columns(
                pl.col("code").cast(kind), pl.col("flag") == "True"
            )
        else:
            typed = text.with_columns(pl.col("code").cast(kind))
        scored = score(typed, card)["log_odds"].to_numpy()
        assert np.array_equal(scored, expected), kind


def test_saved_models_and_bad_models(book, in_memory, tmp_path):
    path = tmp_path / "card.rk"
    save_artifact(in_memory, path)
    part = book.frame[:50]
    found, expected = score(part, path), score(part, in_memory)
    pd.testing.assert_frame_equal(found, expected)
    assert list(score(part[::-1], in_memory).index) == list(part.index[::-1])
    with pytest.raises(InvalidTypeError, match="model must be a fitted scorecard"):
        score(part, OptimalBinner())
    with pytest.raises(InvalidInputError, match="no column 'key'"):
        score(part, in_memory, keep=["key"])
    with pytest.raises(InvalidInputError, match="NoEmp"):
        score(part.drop(columns="NoEmp"), in_memory)
    with pytest.raises(InvalidInputError, match="column of the result"):
        score(part.assign(pd=1), in_memory, keep=["pd"])


def test_bad_requests(book):
    table = book.frame[["NoEmp", "State", "bad"]]
    with pytest.raises(InvalidParameterError, match="max_patterns must be"):
        fit_scorecard(ScorecardClassifier(), table, "bad", max_patterns=-1)
    with pytest.raises(InvalidTypeError, match="card must be"):
        fit_scorecard(OptimalBinner(), table, "bad")
    manual = ScorecardClassifier(ManualBinner({"NoEmp": [3.5]}))
    with pytest.raises(InvalidParameterError, match="must be an OptimalBinner"):
        fit_scorecard(manual, table, "bad")
    with pytest.raises(InvalidTypeError, match="read twice"):
        fit_scorecard(ScorecardClassifier(), iter([table]), "bad")
    stats = collect_stats(table[:-5], "bad")
    with pytest.raises(InvalidInputError, match="later pass found"):
        fit_scorecard(ScorecardClassifier(), table, "bad", stats=stats)


def test_patterns_stand_for_their_rows(book):
    """Unpacked bins are those of the rows, over more than one word."""
    X = pd.concat([book.X[FEATURES].add_suffix(str(k)) for k in range(6)], axis=1)
    binner = OptimalBinner().fit(X, book.y)
    features = tuple(table.feature for table in binner.binning_tables_.values())
    job = Patterns(features, "bad", None, (0, 1), 10**6)
    parts = [X.assign(bad=book.y)[k::3] for k in range(3)]
    one = job.finish(
        job.merge(
            job.update(job.start(), parts[0]),
            job.update(job.update([], parts[1]), parts[2]),
        )
    )
    other = job.finish(job.update(job.start(), X.assign(bad=book.y)))
    assert np.array_equal(one.words, other.words)
    assert np.array_equal(one.counts, other.counts)
    assert len(one.words) > 1
    bins = job.unpack(one)
    rows = pd.DataFrame(representative_rows(features, bins))
    encoded = OptimalBinner(encode="ordinal").fit(X, book.y)
    assert np.array_equal(encoded.transform(rows), np.array(bins).T)
    codes = encoded.transform(X)
    expected, n = np.unique(codes, axis=0, return_counts=True)
    found = np.array(bins).T
    assert np.array_equal(found[np.lexsort(found.T[::-1])], expected)
    assert np.array_equal(one.counts.sum(axis=0)[np.lexsort(found.T[::-1])], n)


def as_frame(scored):
    if hasattr(scored, "to_df"):  # a relation
        return scored.to_df()
    if hasattr(scored, "collect"):
        scored = scored.collect()
    if hasattr(scored, "read_pandas"):
        return scored.read_pandas()
    if hasattr(scored, "to_pandas"):
        return scored.to_pandas()
    return pd.concat(list(scored)) if not hasattr(scored, "index") else scored
