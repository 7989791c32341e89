"""Points of a scorecard: the hand-worked card, where the intercept goes, the table."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.artifact import read_artifact
from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError, NoEvidenceWarning
from riskkit.explain import contributions
from riskkit.export import save_artifact
from riskkit.plotting import PointsDisplay
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier
from riskkit.serving import load_scorer

# Accounts by home and phone; independent among events and among non-events, so that
# log-odds are the sum of the two WoE and every coefficient is -1.
CELLS = {
    # home, phone: non-events, events
    ("owns", "yes"): (300, 6),
    ("owns", "no"): (300, 14),
    ("rents", "yes"): (200, 24),
    ("rents", "no"): (200, 56),
}


def hand_book():
    rows, y = [], []
    for (home, phone), (n_nonevent, n_event) in CELLS.items():
        rows += [(home, phone)] * (n_nonevent + n_event)
        y += [0] * n_nonevent + [1] * n_event
    return pd.DataFrame(rows, columns=["home", "phone"]), np.array(y)


def hand_card(**options):
    X, y = hand_book()
    return ScorecardClassifier(
        OptimalBinner(smoothing=0),
        scaler=PointsScaler(20, 600, 50, **options),
        l2=0.0,
        optimism=0.0,
    ).fit(X, y)


def points_of(card, name):
    table = card.points_table()
    own = table[table["characteristic"] == name]
    return dict(zip(own["bin"], own["points"], strict=True))


@pytest.fixture(scope="module")
def book():
    return make_loan_book(6_000, default_rate=0.1, random_state=3)


def card_of(book, **options):
    binner = OptimalBinner(special_codes=book.special_codes)
    return ScorecardClassifier(binner, scaler=PointsScaler(**options)).fit(
        book.data, book.target
    )


def test_hand_worked_card():
    # Siddiqi 2006, ch. 6: factor 28.8539, offset 487.1229 (600 points at 50:1, 20 to
    # double). WoE of home ln(.6 / .2) and ln(.4 / .8), of phone ln(.5 / .3) and
    # ln(.5 / .7); intercept ln(100 / 1000). Half of 487.1229 + 28.8539 * 2.302585 =
    # 553.5615 for each characteristic, then 28.8539 times the WoE.
    card = hand_card(rounding="none")
    assert card.intercept_ == pytest.approx(-2.302585, abs=1e-6)
    assert_allclose(list(card.coefficients_.values()), -1.0, atol=1e-9)
    home, phone = points_of(card, "home"), points_of(card, "phone")
    assert home["owns"] == pytest.approx(308.4800, abs=1e-4)
    assert home["rents"] == pytest.approx(256.7807, abs=1e-4)
    assert phone["yes"] == pytest.approx(291.5200, abs=1e-4)
    assert phone["no"] == pytest.approx(267.0722, abs=1e-4)
    # 300 : 6 is 50 : 1, so these have 600 points.
    assert home["owns"] + phone["yes"] == pytest.approx(600.0)
    X, _ = hand_book()
    odds = {cell: n / e for cell, (n, e) in CELLS.items()}
    exact = [600 + 20 * np.log2(odds[tuple(row)] / 50) for row in X.to_numpy()]
    assert_allclose(card.predict_points(X), exact)


def test_hand_worked_card_in_whole_points():
    card = hand_card()
    assert points_of(card, "home")["Missing"] == points_of(card, "phone")["Missing"]
    # Each bin by itself would become 308, 257, 292 and 267, and the scores 600, 575,
    # 549 and 524 where 600, 575.55, 548.30 and 523.85 are exact. With 309 and 291 they
    # are 600, 576, 548 and 524, and no other neighbours come closer.
    home, phone = points_of(card, "home"), points_of(card, "phone")
    assert (home["owns"], home["rents"]) == (309.0, 257.0)
    assert (phone["yes"], phone["no"]) == (291.0, 267.0)
    report = card.rounding_report_
    assert report.n == 1_100
    assert report.max_error == pytest.approx(576 - 575.5522, abs=1e-4)
    square = 314 * 0.4478**2 + 224 * 0.3007**2 + 256 * 0.1471**2
    assert report.rms_error == pytest.approx(np.sqrt(square / 1_100), abs=1e-4)
    assert report.nearest.max_error == pytest.approx(549 - 548.3007, abs=1e-4)
    assert (report.spearman, report.kendall) == (1.0, 1.0)


def test_apart_the_offset_points_stand_by_themselves():
    card = hand_card(rounding="none", intercept="apart")
    assert card.spec_.offset_points == pytest.approx(553.5615, abs=1e-4)
    home = points_of(card, "home")
    assert home["owns"] == pytest.approx(28.8539 * np.log(3), abs=1e-3)
    assert home["rents"] == pytest.approx(-20.0)  # WoE -ln 2
    assert home["Missing"] == 0.0
    first = card.points_table().iloc[0]
    assert first["characteristic"] == "(offset points)"
    assert first["points"] == card.spec_.offset_points
    X, _ = hand_book()
    assert_allclose(
        card.predict_points(X), hand_card(rounding="none").predict_points(X)
    )


def test_apart_and_not_negative_the_worst_bin_has_0():
    card = hand_card(rounding="none", intercept="apart", nonnegative=True)
    home, phone = points_of(card, "home"), points_of(card, "phone")
    assert (home["rents"], phone["no"]) == (0.0, 0.0)
    # 256.7807 + 267.0722: the account with the fewest points.
    assert card.spec_.offset_points == pytest.approx(523.8529, abs=1e-4)


@pytest.mark.parametrize("intercept", ["spread", "apart"])
@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("points_range", [None, (300, 850)])
def test_whole_points_keep_the_line_wherever_the_intercept_is(
    book, intercept, nonnegative, points_range
):
    card = card_of(
        book, intercept=intercept, nonnegative=nonnegative, points_range=points_range
    )
    exact = card.scaler_.set_params(rounding="none").to_points(
        card.decision_function(book.data)
    )
    points = card.predict_points(book.data)
    report = card.rounding_report_
    assert np.abs(points - exact).max() == pytest.approx(report.max_error)
    assert np.sqrt(np.mean((points - exact) ** 2)) == pytest.approx(report.rms_error)
    assert report.rms_error < report.nearest.rms_error
    assert report.spearman > 0.999
    assert abs(report.slope - 1) < 0.01
    assert_array_equal(points, np.rint(points))
    worth = [np.array(c.points) for c in card.spec_.characteristics]
    if nonnegative:
        assert min(p.min() for p in worth) >= 0
    if intercept == "spread" and not nonnegative:
        assert card.spec_.offset_points == 0
    if points_range is not None:
        base = card.spec_.offset_points
        assert base + sum(p.min() for p in worth) == 300
        assert base + sum(p.max() for p in worth) == 850


def test_a_range_without_rounding_is_met_by_the_worst_and_the_best(book):
    card = card_of(book, points_range=(0, 100), rounding="none")
    worth = [np.array(c.points) for c in card.spec_.characteristics]
    assert sum(p.min() for p in worth) == pytest.approx(0.0, abs=1e-9)
    assert sum(p.max() for p in worth) == pytest.approx(100.0)
    assert card.spec_.scaling.pdo == card.scaler_.pdo_
    assert card.rounding_report_.max_error < 1e-9
    assert card.rounding_report_.nearest is None


def test_no_bin_is_a_point_off_and_safer_bins_have_no_fewer(book):
    exact = card_of(book, rounding="none").spec_.characteristics
    for whole, unrounded in zip(
        card_of(book).spec_.characteristics, exact, strict=True
    ):
        assert (np.abs(np.subtract(whole.points, unrounded.points)) < 1).all()
        order = np.argsort(np.negative(whole.log_odds), kind="stable")
        assert (np.diff(np.array(whole.points)[order]) >= 0).all()
        by_worth = {}
        for z, points in zip(whole.log_odds, whole.points, strict=True):
            assert by_worth.setdefault(z, points) == points


@pytest.mark.parametrize(
    "options",
    [
        {"intercept": "apart"},
        {"points_range": (300, 850), "intercept": "apart", "nonnegative": True},
        {"points_range": (0, 1), "rounding": "none"},
    ],
)
def test_the_saved_card_gives_the_same_bits(book, tmp_path, options):
    card = card_of(book, **options)
    save_artifact(card, tmp_path / "card.rk")
    artifact = read_artifact(tmp_path / "card.rk")
    assert artifact.model == card.spec_
    shown = PointsDisplay.from_spec(artifact.model, baseline=artifact.baseline)
    assert shown.ends == PointsDisplay.from_estimator(card).ends
    scorer, X = load_scorer(tmp_path / "card.rk"), book.data.head(400)
    assert_array_equal(scorer.score_batch(X).points, card.predict_points(X))
    singles = [scorer.score(record).points for record in X.to_dict("records")]
    assert_array_equal(singles, card.predict_points(X))


def test_points_do_not_touch_the_pd(book):
    X = book.data.head(500)
    assert_array_equal(
        card_of(book).predict_proba(X),
        card_of(book, points_range=(0, 100), intercept="apart").predict_proba(X),
    )


def test_table_has_points_lost_neutral_and_mean_points(book):
    card = card_of(book)
    table = card.points_table()
    for name, own in table.groupby("characteristic", sort=False):
        best = own["points"].max()
        assert_array_equal(own["points_lost"], best - own["points"])
        mean = np.average(own["points"], weights=own["n"])
        assert_allclose(own["mean_points"], mean, atol=1e-9)
        at_zero = own.loc[own["woe"] == 0, "points"]
        if len(at_zero):
            assert_array_equal(own["neutral_points"], at_zero.iloc[0])
        # As reasons have them.
        X = book.data.head(3)
        for column, against in (
            ("neutral_points", "neutral"),
            ("mean_points", "mean"),
        ):
            gap = contributions(card, X)[name] - own[column].iloc[0]
            assert_array_equal(contributions(card, X, against=against)[name], gap)
    means = table.groupby("characteristic")["mean_points"].first()
    assert means.sum() == pytest.approx(card.predict_points(book.data).mean())


def test_table_of_an_expert_card_has_the_columns_too():
    card = ExpertScorecard(
        {"age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10}},
        offset_points=500,
    ).fit(pd.DataFrame({"age": [20, 30, 50, 60]}))
    table = card.points_table()
    assert table["characteristic"].tolist() == ["(offset points)", *["age"] * 4]
    assert table["points_lost"].tolist()[1:] == [30.0, 15.0, 0.0, 30.0]
    assert table["mean_points"].iloc[1] == (10 + 25 + 40 + 40) / 4
    assert table["neutral_points"].iloc[1] == 25.0


def test_a_weight_of_two_is_the_row_twice(book):
    X, y = book.data.head(2_000), book.target[:2_000]
    by_weight = ScorecardClassifier().fit(X, y, np.full(2_000, 2.0))
    by_rows = ScorecardClassifier().fit(pd.concat([X, X]), np.tile(y, 2))
    assert_array_equal(by_weight.predict_points(X), by_rows.predict_points(X))
    ours, theirs = by_weight.rounding_report_, by_rows.rounding_report_
    assert ours.n == theirs.n == 4_000
    assert ours.rms_error == pytest.approx(theirs.rms_error, abs=1e-9)


def test_a_range_needs_evidence():
    X, y = np.zeros((100, 1)), np.repeat([0, 1], 50)
    card = ScorecardClassifier(scaler=PointsScaler(points_range=(300, 850)))
    with (
        pytest.warns(NoEvidenceWarning),
        pytest.warns(match="ended in one bin"),
        pytest.raises(InvalidParameterError, match="tells accounts apart"),
    ):
        card.fit(X, y)


def test_bad_scalers_are_refused_before_the_work(book):
    for options, message in (
        ({"intercept": "none"}, "intercept must be one of"),
        ({"points_range": (850, 300)}, "points_range must rise"),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            card_of(book, **options)
