"""Five million rows: every engine gives what NumPy and pandas give in memory."""

import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskkit.binning import OptimalBinner
from riskkit.engines import (
    collect_stats,
    fit_baseline,
    fit_binner,
    fit_scorecard,
    score,
)
from riskkit.monitoring import Baseline
from riskkit.scorecard import ScorecardClassifier

pytestmark = pytest.mark.slow

N_ROWS, PIECE, N_FEATURES = 5_000_000, 500_000, 20
FEATURES = [f"x{j}" for j in range(N_FEATURES)]
# Of every fifth column there are more values than are counted one by one.
EXACT = [name for j, name in enumerate(FEATURES) if j % 5]
CARD = ["x1", "x2", "x3", "x4", "x6", "x9"]
ENGINES = ["arrow", "polars", "duckdb"]


def make_piece(seed):
    """Return numbers of many values and of few, with gaps, levels and an outcome."""
    rng = np.random.default_rng(seed)
    columns, log_odds = {}, np.full(PIECE, -3.0)
    for j, name in enumerate(FEATURES):
        z = rng.normal(size=PIECE)
        if name in CARD:
            log_odds += 0.4 * z * (-1) ** j
        gap = rng.random(PIECE) < 0.03
        if j % 5 == 0:
            columns[name] = pa.array(np.exp(8 + z), mask=gap)
        elif j % 5 == 1:
            columns[name] = np.where(gap, np.nan, np.round(0.3 + 0.1 * z, 3))
        elif j % 5 == 2:
            columns[name] = np.clip(np.rint(3 + 2 * z), 0, 12).astype(np.int32)
        elif j % 5 == 3:
            columns[name] = pa.array(np.rint(650 + 80 * z), mask=gap)
        else:
            place = np.clip(np.rint(6 + 3 * z), 0, 12).astype(np.int8)
            levels = pa.array([f"level {k:02d}" for k in range(13)])
            codes = pa.array(place, mask=gap)
            columns[name] = pa.DictionaryArray.from_arrays(codes, levels)
    columns["bad"] = (rng.random(PIECE) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    return pa.table(columns)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The rows in files, and what is fitted to them in memory."""
    folder = tmp_path_factory.mktemp("large")
    for k in range(N_ROWS // PIECE):
        pq.write_table(make_piece(k), folder / f"{k}.parquet")
    frame = pq.read_table(folder, columns=[*EXACT, "bad"]).to_pandas()
    y = frame.pop("bad")
    in_memory = SimpleNamespace(
        binner=OptimalBinner().fit(frame, y),
        baseline=Baseline.fit(frame, y=y),
        card=ScorecardClassifier().fit(frame[CARD], y),
    )
    in_memory.points = in_memory.card.predict_points(frame[CARD])
    in_memory.pd = in_memory.card.predict_proba(frame[CARD])[:, 1]
    del frame
    glob = str(folder / "*.parquet")
    whole = collect_stats(glob, "bad", engine="arrow", batch_rows=N_ROWS)
    yield SimpleNamespace(glob=glob, stats=whole, memory=in_memory)
    shutil.rmtree(folder)


def total_of(scored):
    """Return the number, the sum of points and the sum of PDs, by the engine."""
    if hasattr(scored, "aggregate"):
        return scored.aggregate("count(*), sum(points), sum(pd)").fetchall()[0]
    if hasattr(scored, "collect"):
        import polars as pl

        rows = scored.select(
            pl.len(), pl.col("points").sum(), pl.col("pd").sum()
        ).collect(engine="streaming")
        return rows.row(0)
    parts = [
        (len(batch), *(np.sum(batch[name].to_numpy()) for name in ("points", "pd")))
        for batch in scored
    ]
    return tuple(np.sum(parts, axis=0))


@pytest.mark.parametrize("engine", ENGINES)
def test_five_million_rows_on_an_engine_and_in_memory(engine, large):
    pytest.importorskip(engine.replace("arrow", "pyarrow"))
    memory = large.memory
    stats = collect_stats(large.glob, "bad", engine=engine)
    assert stats.n == N_ROWS
    assert stats.to_bytes() == large.stats.to_bytes()

    binner = fit_binner(OptimalBinner(), stats, features=EXACT)
    pd.testing.assert_frame_equal(binner.summary(), memory.binner.summary())
    for name, table in memory.binner.binning_tables_.items():
        pd.testing.assert_frame_equal(
            binner.binning_tables_[name].frame(), table.frame()
        )

    baseline = fit_baseline(stats).to_spec()
    found = {item.feature.name: item for item in baseline.features}
    assert list(found) == FEATURES
    for item in memory.baseline.to_spec().features:
        assert found[item.feature.name] == item

    card = fit_scorecard(
        ScorecardClassifier(), large.glob, "bad", features=CARD, engine=engine
    )
    assert card.intercept_ == pytest.approx(memory.card.intercept_, abs=1e-9)
    assert list(card.coefficients_) == list(memory.card.coefficients_)
    for name, coefficient in memory.card.coefficients_.items():
        assert card.coefficients_[name] == pytest.approx(coefficient, abs=1e-9)

    n, points, pds = total_of(score(large.glob, card, engine=engine))
    assert n == N_ROWS
    assert points == pytest.approx(memory.points.sum(), rel=1e-12)
    assert pds == pytest.approx(memory.pd.sum(), rel=1e-9)
    assert memory.points.std() > 10  # and not the same for everyone


def test_five_million_rows_by_newton_passes(large):
    """No patterns are held: every step of the fit is a pass over the files."""
    told = {"features": CARD, "stats": large.stats, "max_patterns": 0}
    card = fit_scorecard(ScorecardClassifier(), large.glob, "bad", **told)
    assert card.n_passes_ > 1
    expected = large.memory.card
    assert card.intercept_ == pytest.approx(expected.intercept_, abs=1e-9)
    for name, coefficient in expected.coefficients_.items():
        assert card.coefficients_[name] == pytest.approx(coefficient, abs=1e-9)
