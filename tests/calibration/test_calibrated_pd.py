"""Cross-fitted calibration of a classifier, with and without segments."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from riskkit.calibration import (
    BetaCalibrator,
    CalibratedPD,
    IsotonicCalibrator,
    LogitPlattCalibrator,
    PriorCorrection,
    SegmentedMapSpec,
    VennAbersCalibrator,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    RiskkitWarning,
)


def sample(n=4_000, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    X = np.column_stack([z + rng.normal(0, 0.5, n) for _ in range(4)])
    return X, (rng.random(n) < 1 / (1 + np.exp(2.5 - z))).astype(int)


def test_cross_fit_by_hand():
    X, y = sample(600)
    folds = StratifiedKFold(4)
    x = np.empty(600)
    for train, test in folds.split(X, y):
        x[test] = GaussianNB().fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    calibrator = LogitPlattCalibrator().fit(x, y)
    expected = calibrator.predict(GaussianNB().fit(X, y).predict_proba(X)[:, 1])
    fitted = CalibratedPD(GaussianNB(), cv=4).fit(X, y)
    assert_array_equal(fitted.predict_proba(X)[:, 1], expected)
    assert_array_equal(fitted.predict_proba(X).sum(axis=1), 1)
    assert fitted.to_spec() == calibrator.to_spec()
    again = CalibratedPD(GaussianNB(), cv=list(folds.split(X, y))).fit(X, y)
    assert again.to_spec() == calibrator.to_spec()


def test_isotonic_agrees_with_scikit_learn_without_an_ensemble():
    X, y = sample()
    theirs = CalibratedClassifierCV(
        GaussianNB(), method="isotonic", cv=5, ensemble=False
    ).fit(X, y)
    ours = CalibratedPD(GaussianNB(), IsotonicCalibrator(min_n_event=0)).fit(X, y)
    # Theirs interpolates in single points where ours does in blocks of equal PDs.
    assert_allclose(
        ours.predict_proba(X)[:, 1], theirs.predict_proba(X)[:, 1], atol=2e-3
    )


@pytest.mark.parametrize(
    "calibrator", [None, BetaCalibrator(), VennAbersCalibrator()], ids=str
)
def test_mends_a_bold_model_on_new_rows(calibrator):
    X, y = sample()
    X_new, y_new = sample(seed=1)
    raw = GaussianNB().fit(X, y).predict_proba(X_new)[:, 1]
    mended = CalibratedPD(GaussianNB(), calibrator).fit(X, y)
    pds = mended.predict_proba(X_new)[:, 1]
    assert log_loss(y_new, pds) < log_loss(y_new, raw) - 0.1
    assert abs(pds.mean() - y_new.mean()) < 0.015
    assert roc_auc_score(y_new, pds) > roc_auc_score(y_new, raw) - 0.005


def test_labels_and_classes():
    X, y = sample(500)
    labels = np.array(["paid", "unpaid"])[y]
    fitted = CalibratedPD(LogisticRegression()).fit(X, labels)
    assert_array_equal(fitted.classes_, ["paid", "unpaid"])
    pds = fitted.predict_proba(X)[:, 1]
    assert_array_equal(fitted.predict(X), fitted.classes_[(pds > 0.5).astype(int)])
    by_number = CalibratedPD(LogisticRegression()).fit(X, y)
    assert_array_equal(by_number.predict_proba(X)[:, 1], pds)


def test_decision_values_are_taken_as_log_odds():
    X, y = sample(800)
    fitted = CalibratedPD(Perceptron(random_state=0)).fit(X, y)
    assert fitted.calibrator_.scale == "log_odds"
    pds = fitted.predict_proba(X)[:, 1]
    assert abs(pds.mean() - y.mean()) < 0.02
    assert_array_equal(
        np.argsort(pds, kind="stable"),
        np.argsort(fitted.estimator_.decision_function(X), kind="stable"),
    )


def test_weights_reach_both_parts():
    X, y = sample(800)
    w = np.where(y == 1, 3.0, 1.0)
    plain = CalibratedPD(LogisticRegression()).fit(X, y)
    weighted = CalibratedPD(LogisticRegression()).fit(X, y, w)
    rate = np.average(y, weights=w)
    pds = weighted.predict_proba(X)[:, 1]
    assert np.average(pds, weights=w) == pytest.approx(rate, abs=0.01)
    assert pds.mean() > plain.predict_proba(X)[:, 1].mean() + 0.05
    # The calibration undoes what class weights did to the model's level.
    balanced = CalibratedPD(LogisticRegression(class_weight="balanced")).fit(X, y)
    assert balanced.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)


def test_frozen_estimator_is_calibrated_on_other_rows():
    X, y = sample()
    model = GaussianNB().fit(X[:2_000], y[:2_000])
    fitted = CalibratedPD(FrozenEstimator(model)).fit(
        X[2_000:], y[2_000:], np.ones(2_000)
    )
    pds = model.predict_proba(X[2_000:])[:, 1]
    assert fitted.to_spec() == LogitPlattCalibrator().fit(pds, y[2_000:]).to_spec()


def test_groups_stay_together():
    X, y = sample(400)
    groups = np.arange(400) // 4
    fitted = CalibratedPD(GaussianNB(), cv=GroupKFold(4)).fit(X, y, groups=groups)
    assert fitted.predict_proba(X).shape == (400, 2)


def test_level_alone():
    X, y = sample()
    fitted = CalibratedPD(LogisticRegression(), PriorCorrection(target_rate=0.02))
    fitted.fit(X, y)
    spec = fitted.to_spec()
    assert spec.a == 1
    expected = np.log(0.02 / 0.98) - np.log(y.mean() / (1 - y.mean()))
    assert spec.c == pytest.approx(expected)


def test_interval_holds_the_pd_and_needs_venn_abers():
    X, y = sample()
    fitted = CalibratedPD(GaussianNB(), VennAbersCalibrator()).fit(X, y)
    low, high = fitted.predict_interval(X).T
    pds = fitted.predict_proba(X)[:, 1]
    assert (low <= pds).all()
    assert (pds <= high).all()
    with pytest.raises(InvalidParameterError, match="VennAbersCalibrator"):
        CalibratedPD(GaussianNB()).fit(X, y).predict_interval(X)


def segmented(n=9_000, seed=0):
    """Make three segments: two of other levels of risk, and one with few rows."""
    rng = np.random.default_rng(seed)
    segment = rng.choice(["branch", "online", "rare"], n, p=[0.6, 0.395, 0.005])
    score = rng.normal(size=n)
    shift = np.select([segment == "online", segment == "rare"], [1.0, -1.0], 0.0)
    y = (rng.random(n) < 1 / (1 + np.exp(3.0 - score - shift))).astype(int)
    frame = pd.DataFrame({"score": score, "segment": segment})
    return frame, y


class OnlyScore(LogisticRegression):
    """A model that does not see the segment."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X[["score"]].to_numpy(), y, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(X[["score"]].to_numpy())


def test_segments_get_their_own_level():
    X, y = segmented()
    fitted = CalibratedPD(OnlyScore(), segments="segment")
    with pytest.warns(RiskkitWarning, match="1 of 3 segments of column 'segment'"):
        fitted.fit(X, y)
    X_new, y_new = segmented(seed=1)
    pds = fitted.predict_proba(X_new)[:, 1]
    pooled = CalibratedPD(OnlyScore()).fit(X, y).predict_proba(X_new)[:, 1]
    for level in ("branch", "online"):
        rows = (X_new["segment"] == level).to_numpy()
        error = abs(pds[rows].mean() - y_new[rows].mean())
        assert error < 0.02
        assert error < abs(pooled[rows].mean() - y_new[rows].mean())
    rows = (X_new["segment"] == "rare").to_numpy()
    assert_array_equal(pds[rows], pooled[rows])
    table = fitted.segments_frame()
    assert table["segment"].tolist() == ["branch", "online", "rare"]
    assert table["status"].tolist() == ["own", "own", "pooled"]
    assert table["n"].sum() == len(y)
    n_event = table["n_event"].to_numpy()
    assert_allclose(table["own_weight"][:2], n_event[:2] / (n_event[:2] + 25))
    assert table["own_weight"][2] == 0


def test_segment_map_by_hand():
    X, y = segmented()
    X, y = X[X["segment"] != "rare"], y[X["segment"] != "rare"]
    model = FrozenEstimator(OnlyScore().fit(X, y))
    fitted = CalibratedPD(model, segments="segment", shrinkage=100.0).fit(X, y)
    x = model.predict_proba(X)[:, 1]
    rows = (X["segment"] == "online").to_numpy()
    own = LogitPlattCalibrator().fit(x[rows], y[rows]).predict(x)
    pooled = LogitPlattCalibrator().fit(x, y).predict(x)
    w = y[rows].sum() / (y[rows].sum() + 100)
    expected = w * own + (1 - w) * pooled
    assert_allclose(fitted.predict_proba(X)[rows, 1], expected[rows], rtol=1e-12)
    spec = fitted.to_spec()
    assert isinstance(spec, SegmentedMapSpec)
    assert spec.column == "segment"
    assert [s.level for s in spec.segments] == ["branch", "online"]
    assert spec.pooled == fitted.spec_


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_unseen_and_missing_segments_take_the_pooled_map():
    X, y = segmented()
    fitted = CalibratedPD(OnlyScore(), segments="segment").fit(X, y)
    odd = X[:2].assign(segment=["kiosk", None])
    pooled = fitted.calibrator_.predict(fitted.estimator_.predict_proba(odd)[:, 1])
    assert_array_equal(fitted.predict_proba(odd)[:, 1], pooled)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_rows_of_segments_do_not_depend_on_each_other():
    X, y = segmented(3_000)
    fitted = CalibratedPD(OnlyScore(), VennAbersCalibrator(), segments="segment").fit(
        X, y
    )
    pds = fitted.predict_proba(X)[:, 1]
    order = np.random.default_rng(0).permutation(len(X))
    assert_array_equal(fitted.predict_proba(X.iloc[order])[:, 1], pds[order])
    assert_array_equal(fitted.predict_proba(X[:1])[:, 1], pds[:1])
    low, high = fitted.predict_interval(X).T
    assert (low <= pds).all()
    assert (pds <= high).all()


def test_segments_of_arrays_and_polars():
    X, y = segmented()
    X, y = X[X["segment"] != "rare"], y[X["segment"] != "rare"]
    codes = np.column_stack([X["score"], X["segment"] == "online"]).astype(float)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    by_array = CalibratedPD(model, segments="x1").fit(codes, y)
    frame = pl.DataFrame({"x0": codes[:, 0], "x1": codes[:, 1]})
    by_frame = CalibratedPD(model, segments="x1").fit(frame, y)
    assert_allclose(
        by_frame.predict_proba(frame)[:, 1], by_array.predict_proba(codes)[:, 1]
    )
    assert by_array.segments_frame()["segment"].tolist() == ["0", "1"]


def test_a_segment_without_events_is_refused():
    X, y = segmented()
    silent = np.where(X["segment"] == "online", 0, y)
    with pytest.raises(InvalidTargetError) as error:
        CalibratedPD(OnlyScore(), segments="segment").fit(X, silent)
    text = str(error.value)
    assert "Segments of column 'segment' in which 25 events" in text
    assert "1 of 3 segments hold one of the two only" in text
    assert "online" not in text
    certain = np.where(X["segment"] == "online", 1, y)
    with pytest.raises(InvalidTargetError, match="1 of 3 segments hold one of"):
        CalibratedPD(OnlyScore(), segments="segment").fit(X, certain)
    pooled = CalibratedPD(OnlyScore(), segments="segment", one_class_segments="pool")
    with pytest.warns(RiskkitWarning, match="2 of 3 segments"):
        pooled.fit(X, silent)
    assert pooled.segments_frame()["status"].tolist() == ["own", "pooled", "pooled"]


def test_a_small_segment_without_events_is_thin():
    X, y = segmented()
    silent = np.where(X["segment"] == "rare", 0, y)
    with pytest.warns(RiskkitWarning, match="1 of 3 segments"):
        fitted = CalibratedPD(OnlyScore(), segments="segment").fit(X, silent)
    assert fitted.segments_frame()["n_event"].tolist()[2] == 0


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_a_segment_of_weight_zero_is_not_there():
    X, y = segmented(3_000)
    kept = (X["segment"] != "rare").to_numpy()
    # Folds are the same in both: the rows left out are the last.
    order = np.argsort(~kept, kind="stable")
    X, y, kept = X.iloc[order], y[order], kept[order]
    model = FrozenEstimator(OnlyScore().fit(X, y))
    fitted = CalibratedPD(model, segments="segment").fit(X, y, kept.astype(float))
    other = CalibratedPD(model, segments="segment").fit(X[kept], y[kept])
    assert fitted.segments_frame()["segment"].tolist() == ["branch", "online"]
    for mine, its in zip(
        fitted.segmented_spec_.segments, other.segmented_spec_.segments, strict=True
    ):
        assert (mine.level, mine.n, mine.n_event) == (its.level, its.n, its.n_event)
        assert mine.own.a == pytest.approx(its.own.a, rel=1e-9)
        assert mine.own.c == pytest.approx(its.own.c, rel=1e-9)


# The level after the calibration ------------------------------------------------------


@pytest.mark.parametrize("calibrator", [None, VennAbersCalibrator()], ids=str)
@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_prior_follows_the_calibration(calibrator):
    X, y = segmented()
    plain = CalibratedPD(OnlyScore(), calibrator, segments="segment").fit(X, y)
    moved = CalibratedPD(
        OnlyScore(),
        calibrator,
        prior=PriorCorrection(target_rate=0.02, scale="log_odds"),
        segments="segment",
    ).fit(X, y)
    rate = y.mean()
    assert moved.prior_.scale == "pd"
    assert moved.prior_.shift_ == pytest.approx(
        np.log(0.02 / 0.98) - np.log(rate / (1 - rate))
    )
    before = plain.predict_proba(X)[:, 1]
    pds = moved.predict_proba(X)[:, 1]
    assert_array_equal(pds, moved.prior_.predict(before))
    assert moved.to_spec() == plain.to_spec()
    assert moved.pd_map_.steps == (plain.to_spec(), moved.prior_.to_spec())
    if calibrator is not None:
        low, high = moved.predict_interval(X).T
        assert (low <= pds).all()
        assert (pds <= high).all()
        ends = plain.predict_interval(X)
        assert_array_equal(low, moved.prior_.predict(ends[:, 0]))
        assert_array_equal(high, moved.prior_.predict(ends[:, 1]))


def test_prior_is_fitted_to_out_of_fold_pds():
    X, y = sample(1_000)
    w = np.random.default_rng(0).uniform(0.5, 2, y.size)
    prior = PriorCorrection(target_rate=0.3, method="central_tendency")
    fitted = CalibratedPD(LogisticRegression(), prior=prior).fit(X, y, w)
    x = np.empty(y.size)
    for train, test in StratifiedKFold(5).split(X, y):
        model = LogisticRegression().fit(X[train], y[train], w[train])
        x[test] = model.predict_proba(X[test])[:, 1]
    platt = LogitPlattCalibrator().fit(x, y, w)
    step = prior.fit(platt.predict(x), sample_weight=w)
    assert fitted.prior_.shift_ == pytest.approx(step.shift_, rel=1e-9)
    assert np.average(step.predict(platt.predict(x)), weights=w) == pytest.approx(0.3)
    again = clone(fitted).fit(X, y, w)
    assert again.pd_map_ == fitted.pd_map_


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cv": 1}, "cv must be an integer >= 2"),
        ({"cv": "five"}, "cv must be an integer >= 2"),
        ({"calibrator": LogisticRegression()}, "calibrator must be a calibrator"),
        ({"segments": 3}, "segments must name a column"),
        ({"prior": LogitPlattCalibrator()}, "prior must be a PriorCorrection or None"),
        ({"one_class_segments": "drop"}, "one_class_segments must be one of"),
        ({"min_segment_events": 0}, "min_segment_events must be an integer >= 1"),
        ({"shrinkage": -1}, "shrinkage must be a number >= 0"),
        ({"estimator": StandardScaler()}, "estimator must be a classifier"),
        ({"cv": TimeSeriesSplit(3)}, "every row in exactly one fold; 50 of 200"),
        ({"cv": [([*range(100)], [*range(200)])]}, "100 rows are on both sides"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    X, y = sample(200)
    parameters = {"estimator": GaussianNB()} | parameters
    with pytest.raises(InvalidParameterError, match=message):
        CalibratedPD(**parameters).fit(X, y)


def test_bad_input_is_refused():
    X, y = sample(200)
    few = np.where(np.arange(200) < 3, 1, 0)
    with pytest.raises(InvalidTargetError, match="cv=5 folds need at least 5 rows"):
        CalibratedPD(GaussianNB()).fit(X, few)
    halves = np.arange(100), np.arange(100, 200)
    folds = [halves[::-1], halves]
    with pytest.raises(InvalidTargetError, match="fold 0 has 0 events in 100 rows"):
        CalibratedPD(GaussianNB(), cv=folds).fit(X, few)
    with pytest.raises(InvalidParameterError, match=r"Pipeline\.fit takes none"):
        CalibratedPD(make_pipeline(GaussianNB())).fit(X, y, np.ones(200))
    with pytest.raises(InvalidInputError, match="missing: 'channel'"):
        CalibratedPD(GaussianNB(), segments="channel").fit(X, y)
    with pytest.raises(InvalidParameterError, match="segments must name a column"):
        CalibratedPD(GaussianNB()).fit(X, y).segments_frame()


def test_a_tree_says_what_its_zeros_do():
    X, y = sample()
    with pytest.warns(RiskkitWarning, match="of 4000 PDs are 0 or 1"):
        CalibratedPD(DecisionTreeClassifier(random_state=0)).fit(X, y)


def test_a_model_that_returns_no_number_is_told():
    class Broken(OnlyScore):
        def predict_proba(self, X):
            pds = super().predict_proba(X)
            return np.where(X[["score"]].to_numpy() > 9, np.nan, pds)

    X, y = segmented()
    fitted = CalibratedPD(Broken(), cv=3).fit(X, y)
    with pytest.raises(InvalidInputError, match="1 of 2 are"):
        fitted.predict_proba(X[:2].assign(score=[0.0, 10.0]))
