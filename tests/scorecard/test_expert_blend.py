"""From given to learned points: one scorecard out of two."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from riskkit.artifact import (
    CharacteristicSpec,
    FeatureSpec,
    ScalingSpec,
    ScorecardSpec,
    SpecialGroup,
)
from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    NoEvidenceWarning,
)
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ExpertScorecard, ScorecardBlend, ScorecardClassifier
from riskkit.scorecard._blend_spec import LogOddsLine, blend_specs
from riskkit.scorecard._scoring import score_table
from riskkit.serving import load_scorer

CARD = {
    "debt_to_income": {"edges": [0.2, 0.4], "points": [30, 15, 0], "missing": 0,
                       "reason": "Debts are high"},
    "bureau_score": {
        "edges": [550, 650], "points": [0, 15, 35], "missing": 10,
        "special": {"unknown there": {"codes": [-1], "points": 12}},
    },
    "employment": {
        "groups": [["permanent", "pensioner"], ["temporary"]], "points": [20, 5],
        "missing": 5, "unseen": 8,
    },
    "inquiries": {"count_to": 3, "weight": -6, "missing": -6},
}  # fmt: skip


@pytest.fixture(scope="module")
def book():
    return make_loan_book(2_000, default_rate=0.1, random_state=0)


@pytest.fixture
def expert():
    return ExpertScorecard(CARD, offset_points=480)


def sums(spec, X):
    from riskkit._core.frames import Table

    return score_table(spec, Table.read(X[list(spec.features)]))


def test_the_blend_is_the_weighted_mean_row_by_row(book, expert):
    X, y = book.data, book.target
    binner = OptimalBinner(special_codes=book.special_codes)
    blend = ScorecardBlend(
        expert, ScorecardClassifier(binner), weight=0.3, calibrate_expert="none",
        scaler=PointsScaler(rounding="none"),
    ).fit(X, y)  # fmt: skip
    odd = pd.concat([X, X.head(200).assign(employment="astronaut", bureau_score=-1.0)])
    odd.iloc[:20, odd.columns.get_loc("debt_to_income")] = np.nan
    first, second = blend.expert_, blend.estimator_
    expected = 0.7 * first.decision_function(odd) + 0.3 * second.decision_function(odd)
    assert_allclose(blend.decision_function(odd), expected, atol=1e-12)
    points = 0.7 * first.predict_points(odd) + 0.3 * second.predict_points(odd)
    assert_allclose(blend.predict_points(odd), points, atol=1e-9)
    whole = ScorecardBlend(
        expert, ScorecardClassifier(binner), weight=0.3, calibrate_expert="none"
    ).fit(X, y)
    gap = np.abs(whole.predict_points(odd) - points)
    assert gap.max() < len(whole.spec_.characteristics) + 1
    assert (whole.predict_points(odd) % 1 == 0).all()
    exact = 0.7 * first.predict_points(X) + 0.3 * second.predict_points(X)
    seen = np.abs(whole.predict_points(X) - exact)
    assert_allclose(whole.rounding_report_.max_error, seen.max(), atol=1e-9)
    alone = [np.rint(c.points) - c.points for c in blend.spec_.characteristics]
    assert np.sqrt(np.mean(seen**2)) < np.sqrt(sum(np.mean(a**2) for a in alone))


def test_weight_of_zero_and_one_leave_one_card(book, expert):
    X, y = book.data, book.target
    kwargs = {"calibrate_expert": "none"}
    given_ = ScorecardBlend(expert, weight=0, **kwargs).fit(X, y)
    assert_array_equal(given_.predict_points(X), given_.expert_.predict_points(X))
    assert_array_equal(given_.decision_function(X), given_.expert_.decision_function(X))
    assert given_.spec_.features == tuple(CARD)
    learned = ScorecardBlend(expert, weight=1, **kwargs).fit(X, y)
    assert_array_equal(learned.predict_points(X), learned.estimator_.predict_points(X))
    assert_array_equal(learned.predict_proba(X), learned.estimator_.predict_proba(X))
    assert learned.spec_.features == learned.estimator_.spec_.features


def test_the_weight_grows_with_the_rarer_outcome(book, expert):
    X, y = book.data, book.target
    blend = ScorecardBlend(expert, prior_events=50).fit(X, y)
    assert blend.weight_ == y.sum() / (y.sum() + 50)
    turned = ScorecardBlend(expert, prior_events=50, calibrate_expert="level").fit(
        X, 1 - y
    )
    assert turned.weight_ == blend.weight_
    assert ScorecardBlend(expert, prior_events=0).fit(X, y).weight_ == 1


def test_the_expert_is_put_on_the_line_of_the_outcomes(book, expert):
    X, y = book.data, book.target
    z = expert.fit().decision_function(X)
    line = ScorecardBlend(expert, weight=0).fit(X, y)
    intercept, slope = line.calibration_
    # Platt's targets pull a little towards one half; 200 events leave little of it.
    free = LogisticRegression(C=np.inf, tol=1e-10).fit(z[:, None], y)
    assert_allclose(
        [intercept, slope], [free.intercept_[0], free.coef_[0, 0]], rtol=0.02
    )
    assert_allclose(line.decision_function(X), intercept + slope * z, atol=1e-12)
    level = ScorecardBlend(expert, weight=0, calibrate_expert="level").fit(X, y)
    assert level.calibration_[1] == 1
    assert_allclose(level.predict_proba(X)[:, 1].mean(), y.mean(), rtol=1e-9)
    assert_allclose(np.ptp(level.decision_function(X) - z), 0, atol=1e-12)
    # Points follow the line on the scale.
    fine = ScorecardBlend(expert, weight=0, scaler=PointsScaler(rounding="none"))
    fine = fine.fit(X, y)
    expected = PointsScaler(rounding="none").to_points(fine.decision_function(X))
    assert_allclose(fine.predict_points(X), expected, atol=1e-9)


def test_scales_may_differ(book, expert):
    X, y = book.data, book.target
    scaler = PointsScaler(40, 500, 20, rounding="none")
    blend = ScorecardBlend(
        expert.set_params(scaler=PointsScaler(30, 700, 10)),
        ScorecardClassifier(scaler=PointsScaler(15, 100, 1, rounding="none")),
        weight=0.4,
        scaler=scaler,
    ).fit(X, y)
    assert blend.spec_.scaling == scaler.to_spec()
    expected = scaler.to_points(blend.decision_function(X))
    assert_allclose(blend.predict_points(X), expected, atol=1e-9)


def test_saved_scored_and_explained_like_any_card(book, expert, tmp_path):
    X, y = book.data, book.target
    blend = ScorecardBlend(expert).fit(X, y)
    save_artifact(blend, tmp_path / "blend.rk")
    scorer = load_scorer(tmp_path / "blend.rk")
    records = X.head(200).astype(object).where(X.head(200).notna(), None)
    results = [scorer.score(r) for r in records.to_dict("records")]
    assert [r.points for r in results] == blend.predict_points(X.head(200)).tolist()
    assert [r.pd for r in results] == blend.predict_proba(X.head(200))[:, 1].tolist()
    assert reason_codes(blend, X.head(5)).shape == (5, 8)
    texts = {c.feature.name: c.reason for c in blend.spec_.characteristics}
    assert texts["debt_to_income"] == "Debts are high"
    assert texts["inquiries"] == "inquiries"
    table = blend.points_table().query("characteristic in @texts")
    assert table.groupby("characteristic")["n"].sum().eq(len(X)).all()
    assert table["n_event"].sum() == y.sum() * len(blend.spec_.characteristics)
    left = set(X.columns) - set(blend.spec_.features)
    assert set(blend.left_out_) == left


def test_a_weight_is_so_many_rows(book, expert):
    X, y = book.data.head(600), book.target[:600]
    weight = np.random.default_rng(0).integers(1, 3, 600)
    weighted = ScorecardBlend(expert).fit(X, y, weight)
    rows = np.repeat(np.arange(600), weight)
    repeated = ScorecardBlend(expert).fit(X.iloc[rows], y[rows])
    assert weighted.weight_ == repeated.weight_
    assert_allclose(weighted.calibration_, repeated.calibration_, rtol=1e-6)
    assert_allclose(
        weighted.decision_function(X), repeated.decision_function(X), atol=1e-5
    )


def test_an_expert_helps_where_there_are_few_events():
    # The card's directions are those of the book; 40 events cannot find them all.
    card = {
        "bureau_score": {"edges": [550, 600, 650, 700],
                         "points": [0, 10, 20, 30, 40], "missing": 15},
        "debt_to_income": {"edges": [0.2, 0.3, 0.4, 0.5],
                           "points": [40, 30, 20, 10, 0], "missing": 10},
        "utilisation": {"edges": [0.3, 0.6], "points": [20, 10, 0], "missing": 10},
    }  # fmt: skip
    losses = []
    for seed in range(4):
        book = make_loan_book(4_400, default_rate=0.1, random_state=seed)
        train, test = slice(0, 400), slice(400, None)
        blend = ScorecardBlend(ExpertScorecard(card)).fit(
            book.data[train], book.target[train]
        )
        alone = blend.estimator_
        losses.append(
            [
                log_loss(book.target[test], m.predict_proba(book.data[test])[:, 1])
                for m in (blend, alone)
            ]
        )
    assert np.mean(losses, axis=0)[0] < np.mean(losses, axis=0)[1] - 0.005


# ------------------------------------------------------------ partitions in common

SCALING = ScalingSpec(20, 600, 50, "none")
edges = st.lists(st.integers(-3, 3).map(float), unique=True, max_size=4).map(sorted)
codes = st.sets(st.sampled_from([-2.0, 0.0, 5.0]), max_size=2)


def spec_of(feature, seed):
    rng = np.random.default_rng(seed)
    log_odds = tuple(rng.normal(size=feature.n_bins).tolist())
    points = tuple(rng.normal(size=feature.n_bins).tolist())
    item = CharacteristicSpec(feature, -1.0, log_odds, log_odds, points, feature.name)
    return ScorecardSpec((item,), rng.normal(), rng.normal(), SCALING)


def check_mean(first, second, weight, X):
    blend = blend_specs(first, second, weight, LogOddsLine(0.2, 1.5), SCALING)
    z = [sums(s, X)[0] for s in (first, second)]
    expected = (1 - weight) * (0.2 + 1.5 * z[0]) + weight * z[1]
    assert_allclose(sums(blend, X)[0], expected, atol=1e-12)
    return blend


@given(edges, edges, codes, codes, st.floats(0.05, 0.95))
@settings(max_examples=60)
def test_intervals_and_codes_in_common(a, b, codes_a, codes_b, weight):
    first, second = (
        spec_of(
            FeatureSpec("x", "numeric", tuple(cuts), (),
                        tuple(SpecialGroup(str(c), (c,)) for c in sorted(special))),
            seed,
        )
        for cuts, special, seed in ((a, codes_a, 1), (b, codes_b, 2))
    )  # fmt: skip
    values = np.arange(-8, 14) / 2
    X = pd.DataFrame({"x": [*values, np.nan, np.inf, -np.inf]})
    blend = check_mean(first, second, weight, X)
    feature = blend.characteristics[0].feature
    assert feature.edges == tuple(sorted({*a, *b}))
    labels = [group.label for group in feature.special]
    assert len(set(labels)) == len(labels)


groups = st.permutations(list("abcde")).flatmap(
    lambda levels: st.lists(st.integers(1, 3), min_size=1, max_size=3).map(
        lambda sizes: _split(levels, sizes)
    )
)


def _split(levels, sizes):
    parts, start = [], 0
    for size in sizes:
        part = tuple(levels[start : start + size])
        if part:
            parts.append(part)
        start += size
    return tuple(parts)


@given(groups, groups, st.booleans(), st.booleans(), st.sampled_from([None, "a", "e"]))
@settings(max_examples=60)
def test_groups_of_levels_in_common(a, b, refuse_a, refuse_b, special):
    group = () if special is None else (SpecialGroup("apart", (special,)),)
    rest = tuple(tuple(lv for lv in g if lv != special) for g in a)
    first = spec_of(
        FeatureSpec(
            "g", "categorical", (), tuple(g for g in rest if g), group, refuse_a
        ),
        1,
    )
    second = spec_of(FeatureSpec("g", "categorical", (), b, (), refuse_b), 2)
    known = [s.characteristics[0].feature.level_bins() for s in (first, second)]
    accepted = [*"abcde", "other"]
    for refuse, levels in zip((refuse_a, refuse_b), known, strict=True):
        accepted = [lv for lv in accepted if not refuse or lv in levels]
    blend = check_mean(first, second, 0.25, pd.DataFrame({"g": [*accepted, None]}))
    for level in set("abcde") | {"other"}:
        if level not in accepted:
            with pytest.raises(InvalidInputError, match="another"):
                sums(blend, pd.DataFrame({"g": [level]}))


def test_labels_of_codes_that_are_split():
    first = FeatureSpec("x", "numeric", (), (), (SpecialGroup("gone", (-1.0, -2.0)),))
    second = FeatureSpec(
        "x", "numeric", (0.0,), (), (SpecialGroup("refused", (-1.0,)),)
    )
    blend = blend_specs(
        spec_of(first, 1), spec_of(second, 2), 0.5, LogOddsLine(), SCALING
    )
    special = blend.characteristics[0].feature.special
    assert [(g.label, g.codes) for g in special] == [
        ("gone / refused", (-1.0,)),
        ("gone", (-2.0,)),
    ]


# --------------------------------------------------------------------- bad input


def test_a_column_read_as_two_kinds(book):
    card = {"inquiries": {"groups": [["0"], ["1", "2"]], "points": [10, 0],
                          "missing": 0, "unseen": 0}}  # fmt: skip
    blend = ScorecardBlend(
        ExpertScorecard(card), ScorecardClassifier(must_have=["inquiries"])
    )
    with pytest.raises(InvalidParameterError, match="'inquiries' must both read"):
        blend.fit(book.data, book.target)


def test_an_expert_who_ranks_the_wrong_way(book):
    card = {"bureau_score": {"edges": [550, 650], "points": [30, 15, 0], "missing": 0}}
    with pytest.warns(NoEvidenceWarning, match="no better than chance"):
        blend = ScorecardBlend(ExpertScorecard(card)).fit(book.data, book.target)
    assert blend.calibration_[1] == 0


def test_an_expert_without_characteristics(book):
    blend = ScorecardBlend(ExpertScorecard()).fit(book.data, book.target)
    assert blend.spec_.features == blend.estimator_.spec_.features


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expert": None}, "expert must be of type ExpertScorecard; got NoneType"),
        ({"estimator": LogisticRegression()}, "ScorecardClassifier or None"),
        ({"scaler": 20}, "PointsScaler or None"),
        ({"scaler": PointsScaler(points_range=(300, 850))}, "cannot be stretched"),
        ({"weight": 1.5}, "between 0 and 1"),
        ({"weight": "event"}, "Did you mean 'events'"),
        ({"prior_events": -1}, ">= 0"),
        ({"calibrate_expert": "lines"}, "Did you mean 'line'"),
        ({"expert": ExpertScorecard({"age": {"edges": [2, 1]}})}, "overlap"),
    ],
)
def test_bad_parameters(book, expert, change, message):
    with pytest.raises(InvalidParameterError, match=message):
        ScorecardBlend(**{"expert": expert, **change}).fit(book.data, book.target)


def test_unknown_columns_are_named(book, expert):
    renamed = book.data.rename(columns={"inquiries": "inquiry"})
    with pytest.raises(InvalidInputError, match="Did you mean 'inquiry'"):
        ScorecardBlend(expert).fit(renamed, book.target)
