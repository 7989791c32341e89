"""The blend: members, weights, scores, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from riskkit._kernels.logistic import sigmoid
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    LeakageWarning,
    NoEvidenceWarning,
)
from riskkit.scorecard import ScorecardClassifier


def loans(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 70, n_rows)
    delays = rng.poisson(0.8, n_rows).astype(float)
    region = rng.choice(["north", "south", "east"], n_rows, p=[0.5, 0.3, 0.2])
    log_odds = -1.2 + 0.8 * delays - 0.03 * (age - 40) + 0.6 * (region == "east")
    is_event = rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))
    delays[rng.random(n_rows) < 0.1] = np.nan
    X = pd.DataFrame({"age": age, "delays": delays, "region": region})
    return X, is_event.astype(int)


X, y = loans()
FRESH, _ = loans(200, seed=1)


@pytest.fixture(scope="module")
def standard():
    return PDBlendClassifier().fit(X, y)


@pytest.fixture(scope="module")
def fast():
    return PDBlendClassifier("fast").fit(X, y)


def test_efforts_have_the_members_that_were_measured(standard, fast):
    assert list(fast.weights_) == ["lightgbm", "scorecard"]
    assert list(standard.weights_) == ["lightgbm", "forest", "scorecard"]
    high = PDBlendClassifier("high").fit(X, y)
    assert list(high.weights_) == [
        "lightgbm",
        "xgboost",
        "extra",
        "forest",
        "scorecard",
    ]
    for model in (fast, standard, high):
        assert min(model.weights_.values()) >= 0
        assert sum(model.weights_.values()) == pytest.approx(1, abs=1e-12)


def test_log_odds_are_a_line_in_the_weighted_mean_of_the_members(standard):
    members = standard.predict_members(FRESH)
    mean = sum(standard.weights_[name] * z for name, z in members.items())
    log_odds = standard.decision_function(FRESH)
    line = standard.calibration_
    assert line.a == line.b
    assert 0.5 < line.a < 2
    assert log_odds == pytest.approx(line.a * mean + line.c, abs=1e-12)
    pd_ = standard.predict_proba(FRESH)[:, 1]
    assert pd_ == pytest.approx(sigmoid(log_odds), abs=1e-12)
    assert np.array_equal(standard.predict(FRESH), (log_odds > 0).astype(int))


def test_members_are_those_that_would_be_fitted_alone(standard):
    card = ScorecardClassifier().fit(X, y)
    forest = standard.members_["forest"]
    heard = standard.predict_members(FRESH)
    assert np.array_equal(heard["scorecard"], card.decision_function(FRESH))
    assert forest.arrays.root.size == 60
    alone = PDBlendClassifier(members=[("only", "lightgbm")]).fit(X, y)
    assert np.array_equal(heard["lightgbm"], alone.decision_function(FRESH))


def test_the_blend_weighs_its_members_where_it_was_judged(standard):
    table = standard.member_table_.set_index("member")
    assert list(table.index) == ["lightgbm", "forest", "scorecard", "(blend)"]
    blend = table.loc["(blend)"]
    alone = table.drop(index="(blend)")
    # Below the mean of its members, as the loss is convex; and the least of all sums of
    # loss and ridge, those of a single member included.
    assert blend["log_loss"] < alone["weight"] @ alone["log_loss"]
    ridge = 20 / len(y)
    mixed = blend["log_loss"] + ridge * ((alone["weight"] - 1 / 3) ** 2).sum()
    assert mixed < (alone["log_loss"] + ridge * (1 - 1 / 3)).min()
    # As good on rows that nobody has seen.
    later, outcome = loans(4000, seed=2)
    pd_ = standard.predict_proba(later)[:, 1]
    assert log_loss(outcome, pd_) == pytest.approx(blend["log_loss"], abs=0.05)
    assert roc_auc_score(outcome, pd_) == pytest.approx(blend["auc"], abs=0.05)


def test_inference_depends_on_the_row_alone(standard):
    whole = standard.decision_function(FRESH)
    order = np.random.default_rng(0).permutation(200)
    assert np.array_equal(standard.decision_function(FRESH.iloc[order]), whole[order])
    split = [standard.decision_function(FRESH.iloc[a : a + 50]) for a in (0, 50)]
    assert np.array_equal(np.concatenate(split), whole[:100])
    # Columns are matched by name, and extra ones are ignored.
    turned = FRESH.assign(other=1)[["region", "other", "delays", "age"]]
    assert np.array_equal(standard.decision_function(turned), whole)


def test_polars_and_arrow_give_the_same_scores(standard):
    polars = pytest.importorskip("polars")
    whole = standard.decision_function(FRESH)
    frame = polars.from_pandas(FRESH)
    assert np.array_equal(standard.decision_function(frame), whole)
    assert np.array_equal(standard.decision_function(frame.to_arrow()), whole)
    refitted = PDBlendClassifier().fit(polars.from_pandas(X), y)
    assert np.array_equal(refitted.decision_function(frame), whole)
    assert refitted.reference_ == pytest.approx(standard.reference_, abs=1e-12)


def test_seed_and_threads(fast):
    again = PDBlendClassifier("fast", n_jobs=2).fit(X, y)
    whole = fast.decision_function(FRESH)
    assert np.array_equal(again.decision_function(FRESH), whole)
    other = clone(fast).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(other.decision_function(FRESH), whole)


def test_weights_of_one_are_no_weights_and_zero_drops_a_row(fast):
    weighted = PDBlendClassifier("fast").fit(X, y, sample_weight=np.ones(400))
    whole = fast.decision_function(FRESH)
    assert weighted.decision_function(FRESH) == pytest.approx(whole, abs=1e-6)
    kept = np.arange(400) < 300
    dropped = PDBlendClassifier("fast").fit(X, y, sample_weight=kept.astype(float))
    fewer = PDBlendClassifier("fast").fit(X[kept], y[kept], np.ones(300))
    assert dropped.decision_function(FRESH) == pytest.approx(
        fewer.decision_function(FRESH), abs=1e-12
    )
    assert dropped.n_rows_ == 300


def test_dates_judge_members_on_what_came_later():
    # The world turns round: in the last year delays mean the opposite.
    rng = np.random.default_rng(0)
    year = np.repeat([2019, 2020, 2021, 2022], 300)
    delays = rng.normal(0, 1, 1200)
    other = rng.normal(0, 1, 1200)
    log_odds = np.where(year == 2022, -2, 2) * delays + 0.3 * other
    outcome = (rng.random(1200) < 1 / (1 + np.exp(-log_odds))).astype(int)
    frame = pd.DataFrame({"delays": delays, "other": other})
    blind = PDBlendClassifier().fit(frame, outcome)
    aware = PDBlendClassifier().fit(frame, outcome, dates=year)
    areas = [m.member_table_.set_index("member")["auc"] for m in (blind, aware)]
    # Out-of-bag shares of the forest would have known the last year.
    for name in ("lightgbm", "forest", "scorecard", "(blend)"):
        assert areas[1][name] < areas[0][name] - 0.05


def test_given_folds_judge_all_members():
    groups = np.arange(400) // 20
    folds = list(GroupKFold(3).split(X, y, groups))
    model = PDBlendClassifier("fast", inner_cv=folds).fit(X, y)
    assert model.member_table_["log_loss"].notna().all()
    rows = np.concatenate([judged for _, judged in folds])
    cards = [
        ScorecardClassifier().fit(X.iloc[a], y[a]).predict_proba(X.iloc[b])[:, 1]
        for a, b in folds
    ]
    loss = model.member_table_.set_index("member").loc["scorecard", "log_loss"]
    assert loss == pytest.approx(log_loss(y[rows], np.concatenate(cards)))


def test_own_members():
    logistic = make_pipeline(StandardScaler(), LogisticRegression())
    members = [
        ("boosted", LGBMPDClassifier(n_rounds=20)),
        ("logistic", logistic),
        ("card", ScorecardClassifier()),
        ("forest", "forest"),
        ("calibrated", XGBPDClassifier(n_rounds=10, calibration="platt")),
    ]
    frame = X.assign(delays=X["delays"].fillna(-1)).drop(columns="region")
    model = PDBlendClassifier(members=members).fit(frame, y)
    assert list(model.weights_) == [name for name, _ in members]
    assert model.n_rounds_["boosted"] == 20
    heard = model.predict_members(frame)
    theirs = logistic.fit(frame, y).decision_function(frame)
    assert heard["logistic"] == pytest.approx(theirs, abs=1e-9)
    single = XGBPDClassifier(n_rounds=10, calibration="platt").fit(frame, y)
    assert np.array_equal(heard["calibrated"], single.decision_function(frame))


def test_a_member_that_cannot_be_explained_is_named():
    members = [("mine", LogisticRegression())]
    frame = X[["age"]]
    model = PDBlendClassifier(members=members).fit(frame, y)
    assert np.isnan(model.feature_importances_).all()
    with pytest.raises(InvalidTypeError, match="'mine' is of type LogisticRegression"):
        model.predict_contributions(frame)


def test_monotone_binds_every_member(standard):
    directions = {"delays": "ascending", "age": "descending"}
    model = PDBlendClassifier(monotone=directions).fit(X, y)
    assert list(model.weights_) == ["lightgbm", "scorecard"]
    assert min(model.weights_.values()) > 0
    assert all(audit.holds for audit in model.monotone_audits_.values())
    for name, sign in (("delays", 1), ("age", -1)):
        grid = np.linspace(X[name].min(), X[name].max(), 60)
        swept = pd.concat([FRESH.head(20).assign(**{name: v}) for v in grid])
        scores = model.decision_function(swept).reshape(60, 20)
        assert np.all(sign * np.diff(scores, axis=0) >= -1e-12)
    broken = [np.diff(standard.decision_function(swept).reshape(60, 20), axis=0)]
    assert np.min(broken[0]) < -1e-6 < 1e-6 < np.max(broken[0])


def test_directions_bind_without_a_booster():
    model = PDBlendClassifier(
        members=[("card", "scorecard"), ("trees", "forest")], monotone={"age": 1}
    ).fit(X, y)
    assert list(model.weights_) == ["card"]  # against the data, yet as told
    swept = pd.concat([FRESH.head(5).assign(age=v) for v in np.linspace(18, 70, 40)])
    scores = model.decision_function(swept).reshape(40, 5)
    assert np.all(np.diff(scores, axis=0) >= 0)
    with pytest.raises(InvalidParameterError, match="Add 'lightgbm'"):
        PDBlendClassifier(members=[("trees", "forest")], monotone={"age": 1}).fit(X, y)


def test_calibration_is_learned_from_rows_the_members_have_not_seen(fast):
    model = PDBlendClassifier("fast", calibration="platt").fit(X, y)
    line = np.polyfit(
        fast.decision_function(FRESH), model.decision_function(FRESH), deg=1
    )
    fitted = np.polyval(line, fast.decision_function(FRESH))
    assert model.decision_function(FRESH) == pytest.approx(fitted, abs=1e-6)
    assert model.calibration_ is not None
    result = model.predict_contributions(FRESH)
    assert result.log_odds == pytest.approx(model.decision_function(FRESH), abs=1e-6)


def test_points_double_the_odds(standard):
    points = standard.predict_points(FRESH)
    slope, _ = np.polyfit(standard.decision_function(FRESH), points, deg=1)
    assert slope == pytest.approx(-20 / np.log(2), rel=0.01)  # whole points


def test_metadata_routing_and_model_selection():
    search = GridSearchCV(
        PDBlendClassifier("fast"), {"unseen": ["neutral", "riskiest"]}, cv=2
    ).fit(X, y)
    assert set(search.best_params_) == {"unseen"}
    out = cross_val_predict(
        PDBlendClassifier("fast"),
        X,
        y,
        cv=2,
        method="predict_proba",
        params={"sample_weight": np.ones(400)},
    )
    assert roc_auc_score(y, out[:, 1]) > 0.6
    with config_context(enable_metadata_routing=True):
        routed = PDBlendClassifier("fast").set_fit_request(dates=True)
        rising = np.arange(400)
        search = GridSearchCV(routed, {"unseen": ["neutral"]}, cv=2)
        search.fit(X, y, dates=rising)
        aware = PDBlendClassifier("fast").fit(X, y, dates=rising)
    best = search.best_estimator_.decision_function(FRESH)
    assert np.array_equal(best, aware.decision_function(FRESH))


def test_few_events_are_said_and_weigh_all_members_alike():
    rare = y.copy()
    rare[np.flatnonzero(rare)[12:]] = 0
    with pytest.warns(FewEventsWarning, match="12 events in 400 rows"):
        model = PDBlendClassifier().fit(X, rare)
    assert model.weights_ == {"lightgbm": 0.5, "scorecard": 0.5}
    assert model.member_table_["log_loss"].isna().all()
    assert np.isfinite(model.decision_function(FRESH)).all()


def test_leakage_is_said_once():
    members = [("one", "lightgbm"), ("two", "extra")]
    with pytest.warns(LeakageWarning, match="'age'") as caught:
        PDBlendClassifier(members=members).fit(X.assign(age=y + 0.0), y)
    assert len([w for w in caught if w.category is LeakageWarning]) == 1


def test_columns_without_information():
    frame = X.assign(constant=1.0, missing=np.nan, infinite=np.inf)
    model = PDBlendClassifier("fast").fit(frame, y)
    assert set(model.left_out_) == {"constant", "missing", "infinite"}
    # They need not be there to score.
    scores = model.decision_function(X)
    assert np.isfinite(scores).all()
    assert model.feature_importances_[3:].tolist() == [0, 0, 0]


def test_nothing_to_learn_from_gives_the_event_rate():
    frame = pd.DataFrame({"constant": np.ones(400)})
    with pytest.warns(NoEvidenceWarning, match="'constant' .the same in every row"):
        model = PDBlendClassifier("high").fit(frame, y)
    assert model.predict_proba(frame)[:, 1] == pytest.approx(y.mean(), abs=1e-6)
    assert model.predict_contributions(frame).names == ()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"effort": "hihg"}, "effort must be one of .* Did you mean 'high'"),
        ({"members": "lightgbm"}, "members must be None or pairs"),
        ({"members": [("a", "ligthgbm")]}, "Did you mean 'lightgbm'"),
        ({"members": [("a", "forest"), ("a", "forest")]}, "more than once"),
        ({"members": []}, "got none"),
        ({"members": [("a", StandardScaler())]}, "'a' is of type StandardScaler"),
        ({"members": [("a",)]}, "entry 0 is none"),
        ({"members": [(1, "forest")]}, "the name of entry 0"),
        ({"reference_share": 0}, "reference_share must be a number"),
        ({"monotone": {"agee": 1}}, "Did you mean 'age'"),
        ({"unseen": "never"}, "unseen must be one of"),
        ({"inner_cv": 1}, "inner_cv must be"),
        ({"verbose": 3}, "verbose must be"),
        ({"calibration": "magic"}, "calibration must be one of"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        PDBlendClassifier(**parameters).fit(X, y)


def test_bad_rows_are_refused():
    with pytest.raises(InvalidInputError, match="one date for each of the 400 rows"):
        PDBlendClassifier().fit(X, y, dates=[2020])
    with pytest.raises(InvalidParameterError, match="not negative"):
        PDBlendClassifier().fit(X, y, sample_weight=-np.ones(400))
    near = PDBlendClassifier(members=[("near", KNeighborsClassifier())])
    with pytest.raises(InvalidParameterError, match="type KNeighborsClassifier takes"):
        near.fit(X[["age"]], y, np.ones(400))


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_whole_weights_equal_repeated_rows_up_to_single_precision():
    rng = np.random.default_rng(0)
    for _ in range(5):
        X, y = rng.random((15, 30)), rng.integers(0, 2, 15)
        weight = rng.integers(0, 5, 15)
        rows = np.arange(15).repeat(weight)
        weighted = PDBlendClassifier().fit(X, y, sample_weight=weight)
        repeated = PDBlendClassifier().fit(X[rows], y[rows])
        gap = weighted.decision_function(X) - repeated.decision_function(X)
        assert np.abs(gap).max() < 1e-7
