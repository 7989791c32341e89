"""Calibrated PDs, intervals and grades: one record, many rows, and slow definitions."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    Manifest,
    MasterScaleSpec,
    PDMapSpec,
    ScalingSpec,
    ScorecardSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
    write_artifact,
)
from riskkit.artifact._canonical import canonical_json, parse_json
from riskkit.artifact._pd_map_codec import decode_pd_map, encode_pd_map
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.serving import Scorer, load_scorer

SCALING = ScalingSpec(20.0, 600.0, 50.0)
SHARE = st.floats(0, 1)
LEVELS = ["branch", "online", "", "1", "büro"]

# Any sound PD map ---------------------------------------------------------------------


def knots_of(scale):
    inside = SHARE if scale == "pd" else st.floats(-1e150, 1e150) | st.floats(-9, 9)
    return st.sets(inside, max_size=6).map(lambda knots: tuple(sorted(knots)))


def rising(n):
    return st.lists(SHARE, min_size=n, max_size=n).map(lambda v: tuple(sorted(v)))


@st.composite
def log_odds_maps(draw, scale):
    slope = st.floats(0, 5) | st.floats(0, 1e12)
    a = draw(slope)
    b = a if draw(st.booleans()) else draw(slope)
    return LogOddsMapSpec(a, b, draw(st.floats(-9, 9) | st.floats(-1e12, 1e12)), scale)


@st.composite
def tables(draw, scale):
    knots = draw(knots_of(scale))
    if knots and draw(st.booleans()):
        return StepMapSpec(knots, draw(rising(len(knots))), "linear", scale)
    return StepMapSpec(knots, draw(rising(len(knots) + 1)), "step", scale)


@st.composite
def interval_maps(draw, scale):
    low_knots, high_knots = draw(knots_of(scale)), draw(knots_of(scale))
    high = (*draw(rising(len(high_knots))), 1.0)
    low = [0.0]
    wanted = draw(rising(len(low_knots)))
    for knot, end in zip(low_knots, wanted, strict=True):
        bound = high[sum(border < knot for border in high_knots)]
        low.append(max(low[-1], min(end, bound)))
    return IntervalMapSpec(low_knots, tuple(low), high_knots, high, scale)


@st.composite
def segmented_maps(draw, scale):
    kind = draw(st.sampled_from([log_odds_maps, tables, interval_maps]))
    segments = []
    for level in draw(st.lists(st.sampled_from(LEVELS), unique=True)):
        weight = draw(st.just(0.0) | st.floats(0.01, 1))
        own = draw(kind(scale)) if weight else None
        segments.append(SegmentMap(level, 10.0, 2.0, weight, own))
    column = draw(st.sampled_from(["channel", "income"]))
    return SegmentedMapSpec(column, tuple(segments), draw(kind(scale)))


@st.composite
def master_scales(draw):
    inner = draw(st.sets(st.floats(0, 1, exclude_min=True, exclude_max=True)))
    edges = (0.0, *sorted(inner), 1.0)
    pds = tuple(min(max(math.sqrt(a * b), a), b) for a, b in pairwise(edges))
    return MasterScaleSpec(edges, pds, tuple(f"G{i}" for i in range(len(pds))))


@st.composite
def pd_maps(draw):
    kinds = st.sampled_from([log_odds_maps, tables, interval_maps, segmented_maps])
    scale = draw(st.sampled_from(["pd", "log_odds"]))
    steps = []
    for kind in draw(st.lists(kinds, max_size=4)):
        steps.append(draw(kind("pd" if steps else scale)))
    grades = draw(master_scales() if not steps else st.none() | master_scales())
    return PDMapSpec(tuple(steps), grades)


def scorer_of(pd_map):
    """Return a scorer whose log-odds are those of the record's one field."""
    edges = tuple(float(z) for z in range(-40, 41))
    log_odds = (*[z - 0.37 for z in (*edges, 900.0)], 0.0, 1e5)
    feature = FeatureSpec("income", "numeric", edges)
    size = feature.n_bins
    card = CharacteristicSpec(feature, -1.0, (0.0,) * size, log_odds, (0.0,) * size, "")
    spec = ScorecardSpec((card,), 0.25, 0.0, SCALING)
    return Scorer(Artifact(Manifest("scorecard"), spec, pd_map=pd_map))


@settings(max_examples=120)
@given(pd_maps())
def test_round_trip(pd_map):
    text = canonical_json(encode_pd_map(pd_map))
    back = decode_pd_map(parse_json(text, "pd_map.json"))
    assert back == pd_map
    assert repr(back) == repr(pd_map)  # the sign of zero too


@settings(max_examples=120)
@given(pd_maps())
def test_one_record_and_a_table_give_the_same_bits(pd_map):
    scorer = scorer_of(pd_map)
    incomes = [*np.arange(-41.5, 42.0, 1.5).tolist(), None]
    channels = [*LEVELS, None, "kiosk"]
    records = [
        {"income": income, "channel": channel}
        for income, channel in zip(incomes, channels * 20, strict=False)
    ]
    singles = [scorer.score(record) for record in records]
    columns = {name: [r[name] for r in records] for name in ("income", "channel")}
    batch = scorer.score_batch(columns)
    assert batch.pd.tolist() == [s.pd for s in singles]
    assert batch.pd_raw.tolist() == [s.pd_raw for s in singles]
    if pd_map.grades is None:
        assert batch.grade is None
        assert {(s.grade, s.grade_pd) for s in singles} == {(None, None)}
    else:
        assert batch.grade.tolist() == [s.grade for s in singles]
        assert batch.grade_pd.tolist() == [s.grade_pd for s in singles]
    if not pd_map.has_interval:
        assert batch.interval is None
        assert {s.interval for s in singles} == {None}
    else:
        assert [tuple(row) for row in batch.interval.tolist()] == [
            s.interval for s in singles
        ]
    for result in singles:
        assert 0 <= result.pd <= 1
        if result.interval is not None:
            low, high = result.interval
            assert 0 <= low <= high <= 1
            assert low - 1e-12 <= result.pd <= high + 1e-12


@given(pd_maps())
def test_within_a_segment_the_order_is_kept(pd_map):
    if "income" in pd_map.columns:  # every row a segment of its own
        return
    scorer = scorer_of(pd_map)
    incomes = np.arange(-41.5, 42.0)
    for channel in [*LEVELS, None]:
        columns = {"income": incomes, "channel": [channel] * incomes.size}
        pds = scorer.score_batch(columns).pd
        assert (np.diff(pds) >= -1e-15).all()


# By hand and by slow definitions ------------------------------------------------------


def odds(pd_):
    return pd_ / (1 - pd_)


def test_chain_by_hand():
    # Odds 1/4 are halved twice, once for all and once for the online segment.
    half = LogOddsMapSpec(1.0, 1.0, math.log(0.5))
    same = LogOddsMapSpec(1.0, 1.0, 0.0)
    by_channel = SegmentedMapSpec(
        "channel", (SegmentMap("online", 90.0, 9.0, 1.0, half),), same
    )
    grades = MasterScaleSpec((0.0, 0.06, 0.2, 1.0), (0.03, 0.1, 0.4), ("A", "B", "C"))
    spec = ScorecardSpec((), math.log(1 / 4), 500.0, SCALING)
    pd_map = PDMapSpec((by_channel, half), grades)
    scorer = Scorer(Artifact(Manifest("scorecard"), spec, pd_map=pd_map))
    assert scorer.features == ("channel",)
    assert scorer.kinds == {"channel": "categorical"}
    online = scorer.score({"channel": "online"})
    other = scorer.score({"channel": None})
    assert online.pd == pytest.approx(1 / 17)
    assert other.pd == pytest.approx(1 / 9)
    assert online.pd_raw == other.pd_raw == pytest.approx(1 / 5)
    assert online.log_odds == other.log_odds == math.log(1 / 4)
    assert (online.grade, online.grade_pd) == ("A", 0.03)
    assert (other.grade, other.grade_pd) == ("B", 0.1)
    assert online.points == 500.0
    assert online.interval is None


def test_grades_are_closed_on_the_right():
    scale = MasterScaleSpec((0.0, 0.05, 1.0), (0.02, 0.3), ("A", "B"))

    def grade(pd_):
        steps = (StepMapSpec((), (pd_,), "step"),)
        scorer = scorer_of(PDMapSpec(steps, scale))
        batch = scorer.score_batch({"income": [1.0]})
        single = scorer.score({"income": 1.0})
        assert batch.grade.tolist() == [single.grade]
        return single.grade

    assert grade(0.05) == "A"
    assert grade(math.nextafter(0.05, 1)) == "B"
    assert (grade(0.0), grade(1.0)) == ("A", "B")


def slow_apply(spec, x):
    """Return a PD by the definition of a map, in other words than riskkit's."""
    if isinstance(spec, LogOddsMapSpec):
        p = x if spec.scale == "pd" else 1 / (1 + math.exp(-x))
        ratio = math.exp(spec.c) * p**spec.a / (1 - p) ** spec.b
        return ratio / (1 + ratio)
    if isinstance(spec, IntervalMapSpec):
        low, high = slow_ends(spec, x)
        return high / (1 - low + high)
    if spec.interpolation == "linear":
        return float(np.interp(x, spec.knots, spec.values))
    return spec.values[sum(knot < x for knot in spec.knots)]  # noqa: PD011


def slow_ends(spec, x):
    low = spec.low[sum(knot <= x for knot in spec.low_knots)]
    return low, spec.high[sum(knot < x for knot in spec.high_knots)]


def test_every_kind_of_map_by_its_definition():
    maps = [
        LogOddsMapSpec(0.8, 0.8, -0.3),
        LogOddsMapSpec(0.8, 1.4, -0.3),
        LogOddsMapSpec(0.8, 0.8, -0.3, "log_odds"),
        LogOddsMapSpec(0.8, 1.4, -0.3, "log_odds"),
        StepMapSpec((0.05, 0.2), (0.01, 0.1, 0.5), "step"),
        StepMapSpec((-2.0, 0.0), (0.01, 0.1, 0.5), "step", "log_odds"),
        StepMapSpec((0.05, 0.2, 0.6), (0.01, 0.1, 0.5), "linear"),
        StepMapSpec((0.3,), (0.2,), "linear"),
        IntervalMapSpec((0.05, 0.3), (0.0, 0.02, 0.2), (0.1,), (0.3, 1.0)),
    ]
    incomes = np.arange(-5.5, 6.0, 0.5)
    for spec in maps:
        scorer = scorer_of(PDMapSpec((spec,)))
        for income in incomes.tolist():
            result = scorer.score({"income": income})
            x = result.pd_raw if spec.scale == "pd" else result.log_odds
            assert result.pd == pytest.approx(slow_apply(spec, x), rel=1e-12)
            if isinstance(spec, IntervalMapSpec):
                assert result.interval == slow_ends(spec, x)


# Records and tables -------------------------------------------------------------------


@pytest.fixture
def segmented():
    own = (
        SegmentMap("True", 9.0, 1.0, 1.0, LogOddsMapSpec(1.0, 1.0, 1.0)),
        SegmentMap("3", 9.0, 1.0, 1.0, LogOddsMapSpec(1.0, 1.0, 2.0)),
    )
    step = SegmentedMapSpec("segment", own, LogOddsMapSpec(1.0, 1.0, 0.0))
    return scorer_of(PDMapSpec((step,)))


def test_a_level_is_found_in_whatever_form_it_comes(segmented):
    def pds(values):
        singles = [segmented.score({"income": 0.0, "segment": v}).pd for v in values]
        columns = {"income": [0.0] * len(values), "segment": values}
        assert segmented.score_batch(columns).pd.tolist() == singles
        return singles

    pooled, of_true, of_three = pds([None, True, "3"])
    assert len({pooled, of_true, of_three}) == 3
    assert pds([3, 3.0, "3", "True", "four", math.nan]) == [
        *[of_three] * 3,
        of_true,
        pooled,
        pooled,
    ]
    for frame in (
        pd.DataFrame({"segment": pd.Categorical(["3", None]), "income": [0.0, 0.0]}),
        pd.DataFrame({"segment": [3.0, np.nan], "income": [0.0, 0.0]}),
        pl.DataFrame({"segment": [3, None], "income": [0.0, 0.0]}),
        pa.table({"segment": ["3", None], "income": [0.0, 0.0]}),
    ):
        assert segmented.score_batch(frame).pd.tolist() == [of_three, pooled]


def test_the_segment_is_a_field_like_others(segmented):
    assert segmented.features == ("income", "segment")
    with pytest.raises(InvalidInputError, match="1 are absent: 'segment'"):
        segmented.score({"income": 1.0})
    with pytest.raises(InvalidInputError, match="1 are absent: 'income'"):
        segmented.score({"segment": "3"})
    with pytest.raises(InvalidInputError, match="missing: 'segment'"):
        segmented.score_batch({"income": [1.0]})
    with pytest.raises(InvalidTypeError, match="'segment' must be text") as error:
        segmented.score({"income": 1.0, "segment": ["secret"]})
    assert "secret" not in str(error.value)
    with pytest.raises(InvalidTypeError, match="'segment'"):
        segmented.score_batch({"income": [1.0], "segment": [{}]})


def test_a_batch_of_any_order_and_an_empty_one(segmented):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(0, 9, 200),
            "segment": rng.choice(np.array(["3", "True", None, "x"], object), 200),
        }
    )
    pds = segmented.score_batch(frame).pd
    order = rng.permutation(200)
    np.testing.assert_array_equal(
        segmented.score_batch(frame.iloc[order]).pd, pds[order]
    )
    assert len(segmented.score_batch(frame.head(0))) == 0


def test_results_as_plain_data():
    pd_map = PDMapSpec(
        (IntervalMapSpec((), (0.0,), (), (1.0,)),),
        MasterScaleSpec((0.0, 1.0), (0.5,), ("all",)),
    )
    scorer = scorer_of(pd_map)
    result = scorer.score({"income": 1.0})
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["grade"] == "all"
    assert plain["grade_pd"] == 0.5
    assert plain["interval"] == [0.0, 1.0]
    assert plain["pd"] == 0.5
    columns = scorer.score_batch({"income": [1.0, 2.0]}).to_dict()
    names = ["pd", "points", "log_odds", "grade", "grade_pd", "pd_low", "pd_high"]
    assert list(columns) == names
    assert pd.DataFrame(columns)["grade"].tolist() == ["all", "all"]
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy.score({"income": 1.0}) == result


def test_what_a_notebook_shows():
    grades = MasterScaleSpec((0.0, 0.5, 1.0), (0.1, 0.6), ("A", "B"))
    step = LogOddsMapSpec(1.0, 1.0, 0.0)
    for pd_map, shown in (
        (None, "as the model gives it"),
        (PDMapSpec((step,)), "calibrated in 1 step<"),
        (PDMapSpec((step, step), grades), "calibrated in 2 steps, in 2 grades"),
        (PDMapSpec((), grades), "as it is, in 2 grades"),
    ):
        assert shown in scorer_of(pd_map)._repr_html_()


def test_a_rated_model_loads_the_standard_library_alone(tmp_path):
    pd_map = PDMapSpec(
        (
            SegmentedMapSpec("channel", (), LogOddsMapSpec(0.9, 1.1, 0.0)),
            IntervalMapSpec((0.1,), (0.0, 0.1), (0.2,), (0.3, 1.0)),
            StepMapSpec((0.1, 0.5), (0.1, 0.6), "linear"),
        ),
        MasterScaleSpec((0.0, 0.1, 1.0), (0.05, 0.3), ("A", "B")),
    )
    card = ScorecardSpec((), -2.0, 500.0, SCALING)
    path = tmp_path / "card.rk"
    write_artifact(path, manifest=Manifest("scorecard"), model=card, pd_map=pd_map)
    code = (
        "import sys\n"
        "from riskkit.serving import load_scorer\n"
        f"scorer = load_scorer({str(path)!r})\n"
        "result = scorer.score({'channel': 'online'})\n"
        "assert result.grade == 'B' and result.interval and result.pd_raw < 0.2\n"
        "heavy = 'numpy pandas sklearn scipy narwhals'.split()\n"
        "assert not set(heavy) & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert load_scorer(path).score({"channel": "online"}).grade == "B"
