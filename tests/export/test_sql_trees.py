"""Boosted models and blends in SQL, against the scorer and against single records."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

from riskkit.artifact import (
    Artifact,
    BlendSpec,
    BoostedMemberSpec,
    CodingSpec,
    FeatureSpec,
    ForestMemberSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    Manifest,
    MasterScaleSpec,
    NodesSpec,
    PDMapSpec,
    ScalingSpec,
    ScorecardMemberSpec,
    StepMapSpec,
    TreeColumnSpec,
)
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.calibration import CalibratedPD, LogitPlattCalibrator
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError
from riskkit.export import save_artifact, to_sql
from riskkit.serving import Scorer, load_scorer

ERROR = 1e-12
LINE = LogOddsMapSpec(0.9, 0.9, -0.3, "log_odds")
SCALING = ScalingSpec(20.0, 600.0, 50.0, "none")
WHOLE = ScalingSpec(20.0, 600.0, 50.0, "integer")


# Made-up blends over hostile columns --------------------------------------------------


def coding_of(features, rng):
    """Return columns of every kind: values, ranks, states, with and without NULL."""
    columns = []
    for place, feature in enumerate(features):
        n, n_others = feature.n_regular, feature.n_bins - feature.n_regular
        if feature.kind == "numeric":
            own = [None if rng.random() < 0.5 else int(rng.integers(n)) for _ in "123"]
            others = (own * feature.n_bins)[:n_others]
            columns.append(TreeColumnSpec(place, "value", (*range(n), *others)))
        ranks = rng.integers(4, size=feature.n_bins).tolist()
        ranks = tuple(None if rng.random() < 0.2 else code for code in ranks)
        columns.append(TreeColumnSpec(place, "rank", ranks))
        state = rng.integers(feature.n_bins)
        states = tuple(int(b == state) for b in range(feature.n_bins))
        columns.append(TreeColumnSpec(place, "state", states))
    columns.append(TreeColumnSpec(0, "rank", (None,) * features[0].n_bins))
    return CodingSpec(tuple(features), tuple(columns))


def nodes_of(coding, rng, *, n_trees, depth, shares=False):
    """Return random trees; thresholds also lie below and above every code."""
    column, threshold, missing_left, value = [], [], [], []

    def grow(level):
        leaf = level == 0 or rng.random() < 0.15
        k = -1 if leaf else int(rng.integers(len(coding.columns)))
        known = [c for c in coding.columns[k].codes if c is not None] or [0]
        column.append(k)
        threshold.append(0 if leaf else int(rng.integers(-1, max(known) + 2)))
        missing_left.append(bool(not leaf and rng.random() < 0.5))
        value.append(rng.random() if shares else rng.normal(0, 0.3) if leaf else 0.0)
        if not leaf:
            grow(level - 1)
            grow(level - 1)

    for _ in range(n_trees):
        grow(depth)
    return NodesSpec(
        np.array(column, "i4"),
        np.array(threshold, "i4"),
        np.array(missing_left, "?"),
        np.array(value, "f8"),
        np.array([], "f8") if shares else np.ones(len(column)),
    )


def blend_of(members, calibration=None, scaling=SCALING):
    names = tuple(dict.fromkeys(f.name for m in members for f in m.features))
    blend = BlendSpec(members, names, (0.0,) * len(names), scaling, calibration)
    return Artifact(Manifest("blend"), blend)


@pytest.fixture(scope="module")
def members(artifact):
    """Two boosters that share a coding, a forest, and a scorecard."""
    rng = np.random.default_rng(7)
    features = [item.feature for item in artifact.model.characteristics]
    coding = coding_of(features, rng)
    # The forest reads some of the fields in bins of its own.
    wider = [replace(f, edges=f.edges[1:]) if f.edges else f for f in features[3:9]]
    own = coding_of(wider, rng)
    nodes = partial(nodes_of, rng=rng, depth=5)
    card = artifact.model
    return {
        "first": BoostedMemberSpec(
            "first", 0.4, coding, -2.1, nodes(coding, n_trees=60)
        ),
        "second": BoostedMemberSpec(
            "second", 0.3, coding, 0.2, nodes(coding, n_trees=10)
        ),
        "forest": ForestMemberSpec(
            "forest", 0.1, own, 0.48, nodes(own, n_trees=30, shares=True)
        ),
        "card": ScorecardMemberSpec(
            "card", 0.2, card, (0.0,) * len(card.characteristics)
        ),
    }


def chosen(members, names, **options):
    picked = [members[name] for name in names.split()]
    total = sum(member.weight for member in picked)
    return blend_of(
        tuple(replace(m, weight=m.weight / total) for m in picked), **options
    )


def assert_scored(result, batch, *, exact):
    """Check a result: log-odds and points to the bit or 1e-12, PDs to 1e-12."""
    result = pl.from_arrow(result)
    expected = batch.to_dict()
    assert set(result.columns) - {"id", "refused"} == set(expected)
    for name, values in expected.items():
        got = result[name]
        if values.dtype == object:
            assert got.to_list() == values.tolist(), name
        elif exact and name in {"log_odds", "points"}:
            np.testing.assert_array_equal(got.to_numpy(), values, err_msg=name)
        else:
            # Points are some thirty times log-odds.
            atol = 50 * ERROR if name == "points" else ERROR
            np.testing.assert_allclose(got.to_numpy(), values, atol=atol, rtol=ERROR)
    return result


def test_trees_and_cards_are_equal_to_the_bit(members, hard_rows, duck):
    for names in ("first", "second", "first second", "second card"):
        model = chosen(members, names)
        batch = Scorer(model).score_batch(hard_rows, n_reasons=0)
        result = duck(to_sql(model, keep=["id"]), hard_rows)
        assert_scored(result, batch, exact=True)
        assert len(np.unique(batch.log_odds)) > 100


@pytest.mark.parametrize("calibration", [None, LINE])
def test_logarithms_are_equal_to_a_tolerance(members, hard_rows, duck, calibration):
    for names in ("forest", "first forest card"):
        model = chosen(members, names, calibration=calibration)
        batch = Scorer(model).score_batch(hard_rows, n_reasons=0)
        result = duck(to_sql(model, keep=["id"]), hard_rows)
        assert_scored(result, batch, exact=False)


def test_some_shares_are_bounded_and_others_are_not(members, hard_rows):
    """Otherwise the test above would show little."""
    forest = chosen(members, "forest")
    log_odds = Scorer(forest).score_batch(hard_rows, n_reasons=0).log_odds
    for end in (log_odds.min(), log_odds.max()):
        assert 0.02 < np.mean(log_odds == end) < 0.7
    assert len(np.unique(log_odds)) > 100


def test_single_records_agree_too(members, hard_rows, duck):
    model = chosen(members, "first second card")
    scorer, some = Scorer(model), hard_rows.head(200)
    result = duck(to_sql(model, keep=["id"]), some).to_pylist()
    for row, record in zip(result, some.drop("id").to_dicts(), strict=True):
        single = scorer.score(record, n_reasons=0)
        assert (row["points"], row["log_odds"]) == (single.points, single.log_odds)


def test_whole_points_round_halves_to_the_even_number(duck):
    feature = FeatureSpec("x", "numeric", (0.0, 1.0, 2.0, 3.0))
    coding = CodingSpec(
        (feature,), (TreeColumnSpec(0, "value", (0, 1, 2, 3, 4, None, None)),)
    )
    # Two points to a nat, so that these leaves are worth -2.5, -1.5, ... exactly.
    leaves = [1.25, 0.75, 0.25, -0.25, -0.75]
    shape = [0, -1, 0, -1, 0, -1, 0, -1, -1]
    values = [0.0, leaves[0], 0.0, leaves[1], 0.0, leaves[2], 0.0, *leaves[3:]]
    nodes = NodesSpec(
        np.array(shape, "i4"),
        np.array([0, 0, 1, 0, 2, 0, 3, 0, 0], "i4"),
        np.zeros(9, "?"),
        np.array(values),
        np.ones(9),
    )
    scaling = ScalingSpec(2.0 * np.log(2.0), 0.0, 1.0, "integer")
    member = BoostedMemberSpec("trees", 1.0, coding, 0.0, nodes)
    model = blend_of((member,), scaling=scaling)
    frame = pl.DataFrame({"id": range(5), "x": [0.0, 1.0, 2.0, 3.0, 4.0]})
    points = duck(to_sql(model, keep=["id"]), frame)["points"].to_pylist()
    assert points == [-2.0, -2.0, 0.0, 0.0, 2.0]
    assert points == Scorer(model).score_batch(frame, n_reasons=0).points.tolist()


def test_whole_points_and_what_follows(members, hard_rows, duck):
    grades = MasterScaleSpec((0.0, 0.05, 0.2, 1.0), (0.02, 0.1, 0.4), ("A", "B's", "C"))
    chain = (LogOddsMapSpec(0.9, 1.1, 0.1), StepMapSpec((0.1,), (0.05, 0.3), "step"))
    model = chosen(members, "first card", scaling=WHOLE, calibration=LINE)
    model = replace(model, pd_map=PDMapSpec(chain[:1], grades))
    batch = Scorer(model).score_batch(hard_rows, n_reasons=0)
    result = duck(to_sql(model, keep=["id"]), hard_rows)
    assert_scored(result, batch, exact=False)
    assert np.array_equal(result["points"].to_numpy(), batch.points)
    assert set(batch.grade.tolist()) == {"A", "B's", "C"}
    stepped = replace(model, pd_map=PDMapSpec(chain))
    batch = Scorer(stepped).score_batch(hard_rows, n_reasons=0)
    result = duck(to_sql(stepped, keep=["id"]), hard_rows)
    assert_scored(result, batch, exact=False)


def test_extreme_log_odds_stay_within_what_a_pd_can_say(duck):
    feature = FeatureSpec("x", "numeric", (0.0,))
    coding = CodingSpec((feature,), (TreeColumnSpec(0, "value", (0, 1, None, None)),))
    nodes = NodesSpec(
        np.array([0, -1, -1], "i4"),
        np.zeros(3, "i4"),
        np.array([True, False, False]),
        np.array([0.0, -3000.0, 3000.0]),
        np.ones(3),
    )
    member = BoostedMemberSpec("trees", 1.0, coding, 0.0, nodes)
    frame = pl.DataFrame({"id": [1, 2, 3], "x": [-1.0, 1.0, None]})
    for calibration in (None, LINE):
        model = blend_of((member,), calibration)
        batch = Scorer(model).score_batch(frame, n_reasons=0)
        assert_scored(duck(to_sql(model, keep=["id"]), frame), batch, exact=False)


def test_a_refused_level_has_no_score_and_is_named(members, hard_rows, duck):
    def refusing(features):
        names = {"code", "asked"}
        return tuple(
            replace(f, refuse_unseen=True) if f.name in names else f for f in features
        )

    booster = members["second"]
    coding = replace(booster.coding, features=refusing(booster.coding.features))
    plain = chosen(members, "second card")
    model = blend_of((replace(booster, weight=0.6, coding=coding), members["card"]))
    model = replace(
        model,
        model=replace(
            model.model,
            members=(
                model.model.members[0],
                replace(members["card"], weight=0.4),
            ),
        ),
        pd_map=PDMapSpec((LogOddsMapSpec(0.9, 1.1, 0.1),)),
    )
    result = pl.from_arrow(duck(to_sql(model, keep=["id"]), hard_rows))
    unseen = {}
    for feature in coding.features:
        if feature.refuse_unseen:
            known = [level for group in feature.levels for level in group]
            known += [code for group in feature.special for code in group.codes]
            column = hard_rows[feature.name]
            unseen[feature.name] = (
                ~column.is_in(known) & column.is_not_null()
            ).to_numpy()
    first = np.where(unseen["code"], "code", np.where(unseen["asked"], "asked", "none"))
    assert result["refused"].fill_null("none").to_list() == first.tolist()
    is_refused = first != "none"
    assert 0.1 < is_refused.mean() < 0.9
    for name in ("pd", "points", "log_odds"):
        assert np.array_equal(result[name].is_null().to_numpy(), is_refused)
    assert "refused" not in to_sql(plain)


# What is refused ----------------------------------------------------------------------


def test_reasons_are_for_scorecards(members, artifact):
    model = chosen(members, "second card")
    assert to_sql(model) == to_sql(model, reasons=0)
    with pytest.raises(InvalidParameterError, match=r"Shapley values.*load_scorer"):
        to_sql(model, reasons=2)
    assert to_sql(artifact) == to_sql(artifact, reasons=4)


def test_too_many_leaves_are_counted(members):
    coding = members["first"].coding
    rng = np.random.default_rng(0)
    nodes = nodes_of(coding, rng, n_trees=2_000, depth=5)
    n_leaves = int((nodes.column < 0).sum())
    assert n_leaves > 20_000
    model = blend_of((replace(members["first"], weight=1.0, nodes=nodes),))
    with pytest.raises(InvalidParameterError, match="at most 20,000 leaves") as error:
        to_sql(model)
    assert f"this model has {n_leaves:,}. " in str(error.value)


@pytest.mark.parametrize(
    ("calibration", "named"),
    [
        (LogOddsMapSpec(0.9, 1.1, 0.0, "log_odds"), "a beta map"),
        (StepMapSpec((0.0,), (0.1, 0.2), "step", "log_odds"), "a table"),
        (
            IntervalMapSpec((0.0,), (0.0, 0.1), (0.0,), (0.2, 1.0), "log_odds"),
            "Venn-Abers",
        ),
    ],
)
def test_other_calibrations_are_named(members, calibration, named):
    model = chosen(members, "second card", calibration=calibration)
    with pytest.raises(InvalidParameterError, match=f"this one is {named}.*platt"):
        to_sql(model)


# Fitted models ------------------------------------------------------------------------

BOOK = make_loan_book(1_500, default_rate=0.12, missing_rate=0.1, random_state=1)
QUICK = {"special_codes": BOOK.special_codes, "n_rounds": 30}
FITTED = {
    "lightgbm": LGBMPDClassifier(**QUICK),
    "monotone": LGBMPDClassifier(monotone={"debt_to_income": 1}, **QUICK),
    "xgboost": XGBPDClassifier(calibration="platt", **QUICK),
    "blend": PDBlendClassifier(
        members=[("trees", LGBMPDClassifier(n_rounds=20)), ("card", "scorecard")],
        special_codes=BOOK.special_codes,
    ),
    "calibrated": CalibratedPD(LGBMPDClassifier(**QUICK), LogitPlattCalibrator(), cv=2),
}


@pytest.mark.parametrize("kind", FITTED)
@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_fitted_models_score_a_parquet_file(kind, duck, tmp_path):
    model = FITTED[kind].fit(BOOK.data, BOOK.target)
    save_artifact(model, tmp_path / "model.rk")
    rng = np.random.default_rng(3)
    frame = pl.from_pandas(BOOK.data).with_columns(id=pl.int_range(len(BOOK.data)))
    lost = pl.Series(rng.random(len(frame)))
    frame = frame.with_columns(
        # NaN and NULL side by side, and a purpose that nobody had.
        income=pl.when(lost < 0.2).then(float("nan")).otherwise(pl.col("income")),
        purpose=pl.when(lost > 0.9).then(pl.lit("boat")).otherwise(pl.col("purpose")),
    )
    path = tmp_path / "loans.parquet"
    frame.write_parquet(path)
    sql = to_sql(tmp_path / "model.rk", keep=["id"], table=[str(path)])
    result = duck(sql)
    X = frame.drop("id").to_pandas()
    batch = load_scorer(tmp_path / "model.rk").score_batch(X, n_reasons=0)
    assert_scored(result, batch, exact=kind in {"lightgbm", "monotone", "calibrated"})
    np.testing.assert_allclose(
        result["pd"].to_numpy(), model.predict_proba(X)[:, 1], rtol=ERROR
    )
    again = to_sql(model, keep=["id"], table=[str(path)])
    assert again.splitlines()[1:] == sql.splitlines()[1:]


@pytest.mark.parametrize("names", ["first card", "first forest card"])
def test_sqlite_gives_the_same_numbers(members, hard_rows, names):
    model = chosen(members, names, scaling=WHOLE)
    rows = hard_rows.head(1_000).fill_nan(None)
    kinds = {pl.Float64: "REAL", pl.String: "TEXT", pl.Int64: "INTEGER"}
    listed = ", ".join(
        '"' + name.replace('"', '""') + f'" {kinds[kind]}'
        for name, kind in zip(rows.columns, rows.dtypes, strict=True)
    )
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE applications ({listed})")
    places = ", ".join("?" * rows.width)
    connection.executemany(f"INSERT INTO applications VALUES ({places})", rows.rows())
    sql = to_sql(model, dialect="sqlite", keep=["id"])
    cursor = connection.execute(f"SELECT * FROM ({sql}) ORDER BY id")
    found = [name for name, *_ in cursor.description]
    result = pl.DataFrame(cursor.fetchall(), schema=found, orient="row")
    connection.close()
    batch = Scorer(model).score_batch(rows, n_reasons=0)
    assert_scored(result.to_arrow(), batch, exact=names == "first card")


def test_names_of_members_end_no_remark(members, hard_rows, duck):
    hostile = "x\n; DROP TABLE applications; -- */"
    model = chosen(members, "card")
    named = tuple(replace(m, name=hostile) for m in model.model.members)
    model = replace(model, model=replace(model.model, members=named))
    assert len(duck(to_sql(model, keep=["id"]), hard_rows)) == len(hard_rows)
    for dialect in ("duckdb",):
        lines = to_sql(model, dialect=dialect).splitlines()
        assert not [x for x in lines if x.lstrip().startswith("; DROP")]
