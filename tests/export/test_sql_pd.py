"""Calibrations, corrections and grades in SQL, against the arrays they come from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import (
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
)
from riskkit.calibration import (
    BetaCalibrator,
    CalibratedPD,
    IsotonicCalibrator,
    LogitPlattCalibrator,
    PriorCorrection,
    VennAbersCalibrator,
)
from riskkit.datasets import load_sba_loans
from riskkit.explain import reason_codes
from riskkit.export import save_artifact, to_sql
from riskkit.export._sql_cuts import curve_of, cuts_below
from riskkit.scaling import MasterScale
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import Scorer, load_scorer

# DuckDB has no log1p: ln(1 - p) moves log-odds by an ulp, and these the PD by a few.
PD_ERROR = 5e-15

PLATT = LogOddsMapSpec(0.9, 0.9, -0.3)
BETA = LogOddsMapSpec(0.8, 1.3, 0.2)
STEPS = StepMapSpec((0.01, 0.05, 0.2), (0.0, 0.03, 0.3, 1.0), "step")
LINE = StepMapSpec((0.01, 0.05, 0.2, 0.4), (0.02, 0.02, 0.3, 0.7), "linear")
INTERVAL = IntervalMapSpec(
    (0.02, 0.1, 0.3), (0.0, 0.01, 0.07, 0.5), (0.05, 0.2), (0.04, 0.4, 1.0)
)
ON_LOG_ODDS = {
    "line": LogOddsMapSpec(0.9, 0.9, -0.3, "log_odds"),
    "beta": LogOddsMapSpec(0.8, 1.3, 0.2, "log_odds"),
    "steps": StepMapSpec((-5.0, -3.0, -1.0), (0.0, 0.03, 0.3, 1.0), "step", "log_odds"),
    "points": StepMapSpec((-5.0, -2.0, 0.0), (0.01, 0.1, 0.6), "linear", "log_odds"),
    "interval": IntervalMapSpec((-4.0,), (0.0, 0.1), (-3.0,), (0.2, 1.0), "log_odds"),
}
GRADES = MasterScaleSpec((0.0, 0.02, 0.1, 1.0), (0.01, 0.05, 0.3), ("A", "B's", "C"))


def by_segment(column, own, pooled, weight=0.6):
    """Return maps of two segments, one thin segment, and the pooled map."""
    segments = (
        SegmentMap("1", 100.0, 30.0, weight, own),
        SegmentMap("yes", 50.0, 20.0, 0.25, own),
        SegmentMap("thin", 5.0, 1.0, 0.0, None),
    )
    return SegmentedMapSpec(column, segments, pooled)


CHAINS = {
    **{f"{name} of log-odds": (spec,) for name, spec in ON_LOG_ODDS.items()},
    "none": (),
    "platt": (PLATT,),
    "beta": (BETA,),
    "steps": (STEPS,),
    "line through points": (LINE,),
    "one point": (StepMapSpec((0.1,), (0.2,), "linear"),),
    "one step": (StepMapSpec((), (0.2,), "step"),),
    "interval": (INTERVAL,),
    "interval, beta": (INTERVAL, BETA),
    "interval, steps": (INTERVAL, STEPS),
    "interval, interval": (INTERVAL, INTERVAL),
    "beta, platt, line": (BETA, PLATT, LINE),
    "flat": (LogOddsMapSpec(0.0, 0.0, -2.0), STEPS),
    "steep": (LogOddsMapSpec(30.0, 30.0, 4.0),),
    "segments": (by_segment("code", BETA, PLATT),),
    "segments of log-odds": (
        by_segment("code", ON_LOG_ODDS["line"], ON_LOG_ODDS["beta"]),
    ),
    "segments, steps": (by_segment("asked", PLATT, BETA), STEPS, PLATT),
    "segments of steps": (by_segment("code", STEPS, LINE), LINE),
    "segments of intervals": (by_segment("code", INTERVAL, INTERVAL, 0.5), PLATT),
    "segments twice": (
        by_segment("code", BETA, PLATT),
        by_segment("asked", STEPS, BETA),
        INTERVAL,
    ),
    "no segment of its own": (
        SegmentedMapSpec("code", (SegmentMap("1", 5.0, 1.0, 0.0, None),), BETA),
    ),
    "numeric segments": (by_segment('a "flag"', BETA, PLATT),),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_every_chain(artifact, hard_rows, duck, assert_same, chain):
    rows = hard_rows.head(800)
    mapped = replace(artifact, pd_map=PDMapSpec(CHAINS[chain], GRADES))
    batch = Scorer(mapped).score_batch(rows, n_reasons=1)
    result = duck(to_sql(mapped, keep=["id"], reasons=1), rows)
    # An error of log-odds is as large as they are.
    pd_error = 1e-12 if chain == "steep" else PD_ERROR
    assert_same(result, batch, pd_error=pd_error)


def test_what_needs_no_logarithm_is_equal_to_the_bit(
    artifact, hard_rows, duck, assert_same
):
    for chain in ("none", "steps", "line through points", "interval", "one step"):
        mapped = replace(artifact, pd_map=PDMapSpec(CHAINS[chain], GRADES))
        batch = Scorer(mapped).score_batch(hard_rows)
        assert_same(duck(to_sql(mapped, keep=["id"], reasons=0), hard_rows), batch)


def test_a_refused_level_has_no_grade(artifact, hard_rows, duck):
    items = [
        replace(c, feature=replace(c.feature, refuse_unseen=c.feature.name == "code"))
        for c in artifact.model.characteristics
    ]
    for chain in ("none", "one step", "segments twice", "interval, steps", "flat"):
        refusing = replace(
            artifact,
            model=replace(artifact.model, characteristics=tuple(items)),
            pd_map=PDMapSpec(CHAINS[chain], GRADES),
        )
        sql = to_sql(refusing, keep=["id"])
        result = pl.from_arrow(duck(sql, hard_rows.head(400))).drop("id", "log_odds")
        refused = result.filter(pl.col("refused") == "code").drop("refused")
        assert 0 < len(refused) < 400
        assert all(column.null_count() == len(refused) for column in refused)
        scored = result.filter(pl.col("refused").is_null())
        assert scored.select("pd", "points", "grade", "grade_pd").null_count().row(
            0
        ) == (0, 0, 0, 0)


# Borders ------------------------------------------------------------------------------


@given(st.floats(0.0, 1.0), st.booleans())
def test_a_cut_is_the_last_value_at_or_below_its_border(border, strictly):
    curve = curve_of((PLATT,), "pd")
    (cut,) = cuts_below(curve, [border], strictly=strictly)
    at, above = curve(np.array([cut, math.nextafter(cut, math.inf)]))
    lowest = cut == -np.finfo(float).max
    if strictly:
        assert lowest or at < border
        assert above >= border or cut == np.finfo(float).max
    else:
        assert lowest or at <= border
        assert above > border or cut == np.finfo(float).max


def test_cuts_of_log_odds_are_the_borders_themselves():
    borders = [-3.25, -0.0, 0.1, 700.0]
    assert cuts_below(curve_of((), "log_odds"), borders) == borders
    below = cuts_below(curve_of((), "log_odds"), borders, strictly=True)
    assert below == [math.nextafter(b, -math.inf) for b in borders]
    assert cuts_below(curve_of((), "pd"), []) == []


def test_cuts_part_scores_as_their_pds_are_parted():
    """The borders are PDs that accounts have, as those of step functions are."""
    rng = np.random.default_rng(0)
    scores = rng.normal(-2, 2, 3_000)
    pds = sigmoid(scores)
    borders = np.sort(rng.choice(pds, 200, replace=False))
    cuts = np.array(cuts_below(curve_of((), "pd"), borders))
    for score, pd in zip(scores[:500], pds[:500], strict=True):
        assert np.count_nonzero(score > cuts) == np.count_nonzero(pd > borders)
    # Compared as PDs with another last bit, some would change sides.
    shaken = np.nextafter(pds, 1.0)
    moved = np.searchsorted(borders, shaken) != np.searchsorted(borders, pds)
    assert moved.sum() >= 200


# Fitted chains on real loans ----------------------------------------------------------


@pytest.fixture(scope="module")
def loans():
    book = load_sba_loans()
    return book.data.iloc[:8_000], book.target[:8_000]


@pytest.fixture(scope="module")
def card(loans):
    return ScorecardClassifier().fit(*loans)


@pytest.mark.parametrize("segments", [None, "UrbanRural"])
@pytest.mark.parametrize(
    "calibrator",
    [
        LogitPlattCalibrator(),
        BetaCalibrator(),
        IsotonicCalibrator(min_n_event=0),
        IsotonicCalibrator(min_n_event=0, interpolation="step"),
        VennAbersCalibrator(),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_calibrated_corrected_and_graded(
    loans, card, duck, assert_same, tmp_path, calibrator, segments
):
    X, y = loans
    model = CalibratedPD(
        FrozenEstimator(card),
        clone(calibrator),
        prior=PriorCorrection(target_rate=0.05),
        segments=segments,
    ).fit(X, y)
    pds = model.predict_proba(X)[:, 1]
    scale = MasterScale(method="optimised", n_grades=6).fit(pds, y)
    save_artifact(model, tmp_path / "card.rk", grades=scale)
    frame = pl.from_pandas(X).with_columns(id=pl.int_range(len(X)))
    result = duck(to_sql(tmp_path / "card.rk", keep=["id"]), frame)
    batch = load_scorer(tmp_path / "card.rk").score_batch(X, n_reasons=4)
    assert_same(result, batch, pd_error=PD_ERROR)
    # Every inner border is the PD of an account: where a last bit could move a grade.
    assert np.isin(scale.to_spec().edges[1:-1], pds).all()
    result = result.to_pandas()
    np.testing.assert_allclose(result["pd"], pds, rtol=PD_ERROR)
    np.testing.assert_array_equal(result["grade"], scale.assign(pds))
    np.testing.assert_array_equal(result["points"], card.predict_points(X))
    if isinstance(calibrator, VennAbersCalibrator):
        np.testing.assert_allclose(
            result[["pd_low", "pd_high"]], model.predict_interval(X), rtol=PD_ERROR
        )
    reasons = reason_codes(model, X)
    for k in range(1, 5):
        np.testing.assert_array_equal(
            result[f"points_lost_{k}"], reasons[f"points_lost_{k}"]
        )
    same = to_sql(model, grades=scale, keep=["id"]).splitlines()
    assert same[1:] == to_sql(tmp_path / "card.rk", keep=["id"]).splitlines()[1:]


def test_steps_on_top_of_a_card(loans, card, duck):
    X, y = loans
    platt = LogitPlattCalibrator(scale="log_odds").fit(card.decision_function(X), y)
    level = PriorCorrection(target_rate=0.04, method="central_tendency")
    level.fit(platt.predict(card.decision_function(X)))
    frame = pl.from_pandas(X).with_columns(id=pl.int_range(len(X)))
    sql = to_sql(card, calibration=[platt, level], keep=["id"], reasons=0)
    pds = level.predict(platt.predict(card.decision_function(X)))
    got = duck(sql, frame).to_pandas()["pd"]
    np.testing.assert_allclose(got, pds, rtol=PD_ERROR)
