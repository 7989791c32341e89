"""Trees grown by the workers of a cluster come back as models like any other."""

import numpy as np
import pandas as pd
import pytest

from riskkit.binning import OptimalBinner
from riskkit.boosting import (
    LGBMPDClassifier,
    XGBPDClassifier,
    adopt_booster,
    growth_plan,
)
from riskkit.calibration import LogitPlattCalibrator
from riskkit.engines import fit_boosted
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidInputError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.metrics import gini_score
from riskkit.serving import load_scorer

dd = pytest.importorskip("dask.dataframe", reason="riskkit[dask] is not installed")
pytest.importorskip("distributed", reason="riskkit[dask] is not installed")

FEATURES = ["State", "NoEmp", "GrAppv", "guaranteed_share", "RetainedJob"]
MODELS = (LGBMPDClassifier, XGBPDClassifier)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.filterwarnings("ignore::UserWarning:lightgbm")
@pytest.mark.filterwarnings("ignore::UserWarning:xgboost")
def test_trees_of_a_cluster_are_a_normal_model(kind, book, client, tmp_path):
    frame = dd.from_pandas(book.frame[[*FEATURES, "bad"]], npartitions=4)
    told = kind(n_rounds=60, random_state=0, verbose=False)
    model = fit_boosted(told, frame, "bad", n_sample=8000)
    X, y = book.X[FEATURES], book.y
    assert type(model) is kind
    assert model.n_rows_ == len(y)
    assert model.n_events_ == y.sum()
    assert model.n_rounds_ == 60
    # Grown from all rows, it is as good as one grown in memory from all rows.
    in_memory = told.fit(X, y)
    ginis = [gini_score(y, m.predict_proba(X)[:, 1]) for m in (model, in_memory)]
    assert ginis[0] == pytest.approx(ginis[1], abs=0.02)
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.02)
    # The numbers of the library itself are those of the model, and of the scorer.
    plan = growth_plan(model)
    if kind is LGBMPDClassifier:
        raw = model.booster_.predict(plan.codes(X), raw_score=True)
        assert np.allclose(model.spec_.intercept + raw, model.decision_function(X))
    save_artifact(model, tmp_path / "model.rk")
    scorer = load_scorer(tmp_path / "model.rk")
    served = scorer.score_batch(X[:500])
    assert np.array_equal(served.pd, model.predict_proba(X[:500])[:, 1])
    reasons = reason_codes(model, X[:5], n=2)
    assert reasons.shape[0] == 5
    parts = model.predict_contributions(X[:500])
    assert np.abs(parts.log_odds - model.decision_function(X[:500])).max() < 1e-6
    assert model.monotone_audit_.holds
    assert len(model.feature_importances_) == len(FEATURES)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.filterwarnings("ignore::UserWarning:lightgbm")
@pytest.mark.filterwarnings("ignore::UserWarning:xgboost")
def test_the_event_is_the_second_class_though_its_word_sorts_first(kind, book, client):
    words = book.frame.assign(bad=np.where(book.y == 1, "default", "paid"))
    told = kind(n_rounds=20, random_state=0, verbose=False)
    columns = [*FEATURES, "bad"]
    model, twin = (
        fit_boosted(told, dd.from_pandas(f[columns], npartitions=1), "bad", classes=c)
        for f, c in [(words, ("paid", "default")), (book.frame, (0, 1))]
    )
    assert model.classes_.tolist() == ["paid", "default"]
    found, expected = (m.predict_proba(book.X[FEATURES])[:, 1] for m in (model, twin))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert gini_score(book.y, found) > 0.1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:lightgbm")
def test_bad_rows(book, client):
    frame = dd.from_pandas(book.frame[[*FEATURES, "bad"]], npartitions=2)
    model = LGBMPDClassifier(n_rounds=5, verbose=False)
    with pytest.raises(InvalidTargetError, match="hold another or none"):
        fit_boosted(model, frame.assign(bad=frame["bad"] * 2), "bad")
    with pytest.raises(InvalidInputError, match="no column 'worse'"):
        fit_boosted(model, frame, "worse")
    calibrated = model.set_params(calibration=LogitPlattCalibrator())
    with pytest.raises(InvalidInputError, match="no calibration of its own"):
        fit_boosted(calibrated, frame, "bad")


def test_a_cluster_is_needed(book):
    frame = dd.from_pandas(book.frame[[*FEATURES, "bad"]], npartitions=2)
    with pytest.raises(InvalidInputError, match="no client"):
        fit_boosted(LGBMPDClassifier(), frame, "bad")
    with pytest.raises(InvalidTypeError, match="model must be"):
        fit_boosted(OptimalBinner(), frame, "bad")


@pytest.mark.parametrize("kind", MODELS)
def test_the_plan_grows_the_trees_of_the_fit(kind, book):
    """Codes, parameters and start are those of the fit itself, to the last tree."""
    X, y = book.X[FEATURES], np.asarray(book.y)
    model = kind(n_rounds=20, random_state=3, n_jobs=1, verbose=False).fit(X, y)
    plan = growth_plan(model)
    start = np.full(len(y), model.spec_.intercept)
    if kind is LGBMPDClassifier:
        import lightgbm

        told = {**plan.parameters, "num_threads": 1}
        rows = lightgbm.Dataset(
            plan.codes(X), y.astype(np.float32), init_score=start, params=told
        )
        booster = lightgbm.train(told, rows, plan.n_rounds)
    else:
        import xgboost

        rows = xgboost.DMatrix(
            plan.codes(X),
            y.astype(np.float32),
            base_margin=start.astype(np.float32),
            feature_names=[f"c{j}" for j in range(len(plan.spec.columns))],
        )
        booster = xgboost.train({**plan.parameters, "nthread": 1}, rows, plan.n_rounds)
    twin = adopt_booster(model, booster, X, n_rows=len(y), n_events=y.sum())
    assert twin.spec_.trees == model.spec_.trees
    assert twin.spec_ == model.spec_
    assert np.array_equal(twin.decision_function(X), model.decision_function(X))
    assert np.array_equal(twin.feature_importances_, model.feature_importances_)
    assert twin is not model
    assert [r.n_violations for r in twin.monotone_audit_.rows] == [
        r.n_violations for r in model.monotone_audit_.rows
    ]


def test_boosters_that_do_not_fit(book):
    X, y = book.X[["NoEmp", "GrAppv"]], np.asarray(book.y)
    model = LGBMPDClassifier(n_rounds=3, verbose=False).fit(X, y)
    other = XGBPDClassifier(n_rounds=3, verbose=False).fit(X, y)
    told = {"n_rows": len(y), "n_events": y.sum()}
    with pytest.raises(InvalidTypeError, match="Booster of lightgbm"):
        adopt_booster(model, other.booster_, X, **told)
    with pytest.raises(InvalidTypeError, match="Booster of lightgbm"):
        adopt_booster(model, model, X, **told)
    with pytest.raises(InvalidInputError, match="between 0 and n_rows"):
        adopt_booster(model, model.booster_, X, n_rows=5, n_events=5)
    wide = LGBMPDClassifier(n_rounds=30, verbose=False).fit(book.X[FEATURES], y)
    with pytest.raises(InvalidInputError, match="columns of growth_plan"):
        adopt_booster(model, wide.booster_, X, **told)
    with pytest.raises(InvalidTypeError, match="model must be"):
        growth_plan(OptimalBinner().fit(X, y))
    tiny = pd.DataFrame({"a": np.arange(60.0)})
    with pytest.warns(FewEventsWarning):
        few = LGBMPDClassifier(verbose=False).fit(tiny, np.arange(60) % 10 == 0)
    with pytest.raises(InvalidInputError, match="at least 20 accounts"):
        growth_plan(few)
