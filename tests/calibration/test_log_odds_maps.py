"""Platt's line and the beta map: against formulas, scikit-learn and SciPy."""

import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from riskkit._kernels.calibration import (
    fit_log_odds_map,
    log_probabilities,
    map_log_odds,
    platt_targets,
)
from riskkit.calibration import (
    BetaCalibrator,
    IsotonicCalibrator,
    LogitPlattCalibrator,
    LogOddsMapSpec,
    VennAbersCalibrator,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    NoEvidenceWarning,
    RiskkitWarning,
)

CALIBRATORS = [
    LogitPlattCalibrator(),
    BetaCalibrator(),
    IsotonicCalibrator(min_n_event=0),
    VennAbersCalibrator(),
]


def sample(n=2_000, seed=0, bold=1.7):
    rng = np.random.default_rng(seed)
    z = rng.normal(-2.0, 1.2, n)
    return expit(bold * z + 0.3), (rng.random(n) < expit(z)).astype(int)


def test_map_by_hand():
    # a ln(0.2) - b ln(0.8) + c
    expected = 1 / (1 + math.exp(-(0.5 * math.log(0.2) - 2 * math.log(0.8) + 0.1)))
    assert map_log_odds(np.array([0.2]), 0.5, 2.0, 0.1, is_pd=True)[0] == expected
    z = np.array([-1000.0, -3.0, 0.0, 2.0, 1000.0])
    assert_allclose(
        map_log_odds(z, 0.5, 2.0, 0.1, is_pd=False),
        expit(-0.5 * np.logaddexp(0, -z) + 2 * np.logaddexp(0, z) + 0.1),
        rtol=1e-12,
        atol=1e-200,
    )


def test_platt_targets_by_hand():
    is_event = np.array([True, False, False, False])
    assert platt_targets(is_event, None) == (2 / 3, 1 / 5)
    assert platt_targets(is_event, np.array([3.0, 1, 1, 1])) == (4 / 5, 1 / 5)


@pytest.mark.parametrize("smoothing", [True, False])
def test_platt_agrees_with_direct_optimisation(smoothing):
    p, y = sample()
    w = np.random.default_rng(1).uniform(0.2, 3, p.size)
    fitted = LogitPlattCalibrator(smoothing=smoothing).fit(p, y, w)
    high, low = platt_targets(y == 1, w) if smoothing else (1.0, 0.0)
    t, z = np.where(y == 1, high, low), logit(p)

    def loss(theta):
        eta = theta[0] * z + theta[1]
        return w @ (np.logaddexp(0, eta) - t * eta)

    best = minimize(loss, [1.0, 0.0], tol=1e-12)
    assert_allclose([fitted.slope_, fitted.intercept_], best.x, atol=2e-5)
    assert loss([fitted.slope_, fitted.intercept_]) <= best.fun * (1 + 1e-12)


def test_platt_agrees_with_scikit_learn_on_log_odds():
    p, y = sample()
    z = logit(p)[:, None]
    model = LogisticRegression().fit(z, y)  # its decision values are what is calibrated
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid", cv=2)
    theirs.fit(z, y)
    ours = LogitPlattCalibrator(scale="log_odds")
    ours.fit(model.decision_function(z), y)
    assert_allclose(
        ours.predict(model.decision_function(z)),
        theirs.predict_proba(z)[:, 1],
        atol=2e-4,
    )


def test_without_smoothing_the_mean_is_the_event_rate():
    p, y = sample()
    for calibrator in (LogitPlattCalibrator, BetaCalibrator):
        fitted = calibrator(smoothing=False).fit(p, y)
        assert_allclose(fitted.predict(p).mean(), y.mean(), rtol=1e-7)
        near = calibrator().fit(p, y).predict(p).sum()
        assert abs(near - y.sum()) < 1


def beta_loss(theta, p, y):
    eta = theta[0] * np.log(p) - theta[1] * np.log1p(-p) + theta[2]
    return np.sum(np.logaddexp(0, eta) - y * eta)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_beta_agrees_with_direct_optimisation(power):
    p, y = sample(bold=1.0)
    p = p**power
    fitted = BetaCalibrator(smoothing=False).fit(p, y)
    best = minimize(
        beta_loss,
        [1.0, 1.0, 0.0],
        args=(p, y),
        bounds=[(0, None), (0, None), (None, None)],
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5_000},
    )
    ours = beta_loss([fitted.a_, fitted.b_, fitted.c_], p, y)
    assert ours <= best.fun + 1e-6
    assert_allclose(fitted.predict(p), expit(logit_of(best.x, p)), atol=1e-4)


def logit_of(theta, p):
    return theta[0] * np.log(p) - theta[1] * np.log1p(-p) + theta[2]


def test_beta_keeps_its_slopes_from_falling_below_zero():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.001, 0.999, 5_000)
    # Events vanish towards 1: the free fit would turn round there.
    y = rng.random(5_000) < np.where(p < 0.5, 0.8 * p, 0.4 * (1 - p) ** 0.2)
    fitted = BetaCalibrator(smoothing=False).fit(p, y)
    assert fitted.a_ > 0
    assert fitted.b_ == 0
    assert (np.diff(fitted.predict(np.sort(p))) >= 0).all()
    gain = beta_loss([fitted.a_, 1e-4, fitted.c_], p, y)
    assert gain >= beta_loss([fitted.a_, 0.0, fitted.c_], p, y)


def test_small_pds_leave_beta_well_conditioned():
    rng = np.random.default_rng(0)
    z = rng.normal(-7, 0.8, 200_000)
    y = rng.random(z.size) < expit(z)
    fitted = BetaCalibrator(smoothing=False).fit(expit(z), y)
    log_p, log_q = log_probabilities(expit(z), is_pd=True)
    slope = fitted.predict(expit(z)) - y
    gradient = np.array([slope @ log_p, slope @ log_q, slope.sum()])
    active = np.array([fitted.a_ > 0, fitted.b_ > 0, True])
    assert np.abs(gradient[active]).max() < 1e-3


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda c: type(c).__name__)
@given(
    rows=st.lists(
        st.tuples(st.floats(0.001, 0.999), st.booleans(), st.integers(0, 3)),
        min_size=4,
        max_size=30,
    )
)
@settings(max_examples=25)
@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_order_range_weights_and_rows(calibrator, rows):
    p, y, times = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(y[times > 0])) < 2:
        return
    weighted = clone(calibrator).fit(p, y, times)
    repeated = clone(calibrator).fit(np.repeat(p, times), np.repeat(y, times))
    grid = np.sort(np.concatenate([p, np.linspace(0, 1, 41)]))
    pds = weighted.predict(grid)
    assert_allclose(pds, repeated.predict(grid), rtol=1e-6, atol=1e-9)
    assert (np.diff(pds) >= 0).all()
    assert pds.min() >= 0
    assert pds.max() <= 1
    order = np.random.default_rng(0).permutation(grid.size)
    assert_array_equal(weighted.predict(grid[order]), pds[order])
    assert_array_equal([weighted.predict([g])[0] for g in grid[:5]], pds[:5])


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda c: type(c).__name__)
def test_any_column_will_do(calibrator):
    p, y = sample(200)
    pds = clone(calibrator).fit(p, y).predict(p)
    for column in (
        p[:, None],
        p.tolist(),
        pd.Series(p),
        pd.DataFrame({"pd": p}),
        pl.Series(p),
        pl.DataFrame({"pd": p}),
    ):
        fitted = clone(calibrator).fit(column, y == 1)
        assert_array_equal(fitted.predict(column), pds)
        assert fitted.to_spec() == calibrator.fit(p, y).to_spec()
    assert clone(calibrator).fit_transform(p[:, None], y).shape == (200, 1)
    assert clone(calibrator).fit_transform(p, y).shape == (200,)
    copy = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(copy.predict(column), pds)
    frame = pd.DataFrame({"pd": p})
    out = clone(calibrator).set_output(transform="pandas").fit(frame, y)
    assert list(out.transform(frame)) == ["pd"]


def test_scale_of_log_odds_is_the_same_map():
    p, y = sample()
    for cls in (LogitPlattCalibrator, BetaCalibrator):
        by_pd = cls().fit(p, y)
        by_z = cls(scale="log_odds").fit(logit(p), y)
        assert_allclose(by_z.predict(logit(p)), by_pd.predict(p), rtol=1e-8)


def test_spec_is_plain_data():
    p, y = sample()
    fitted = LogitPlattCalibrator().fit(p, y)
    spec = fitted.to_spec()
    assert spec == LogOddsMapSpec(fitted.slope_, fitted.slope_, fitted.intercept_)
    assert all(type(v) is float for v in (spec.a, spec.b, spec.c))


def test_perfect_separation():
    p, y = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 0, 1, 1])
    with pytest.warns(RiskkitWarning, match="rests on the smoothing alone"):
        pds = LogitPlattCalibrator().fit(p, y).predict(p)
    assert_allclose(pds.sum(), 2)  # of Platt's targets, 1/4 and 3/4
    assert 0.1 < pds[0] < pds[3] < 0.9
    with pytest.warns(RiskkitWarning, match="check the model for leakage"):
        assert np.isfinite(BetaCalibrator().fit(p, y).predict(p)).all()
    for cls in (LogitPlattCalibrator, BetaCalibrator):
        with pytest.raises(InvalidTargetError, match="must overlap"):
            cls(smoothing=False).fit(p, y)
        with pytest.raises(InvalidTargetError, match="must overlap"):
            cls(smoothing=False).fit([0.1, 0.2, 0.2, 0.3], y)


def test_equal_pds_get_the_event_rate():
    with pytest.warns(NoEvidenceWarning):
        fitted = LogitPlattCalibrator(smoothing=False).fit([0.3] * 4, [0, 0, 0, 1])
    assert_allclose(fitted.predict([0.3, 0.9]), 0.25)


def test_wrong_way_round_is_told():
    p, y = sample()
    for cls in (LogitPlattCalibrator, BetaCalibrator):
        with pytest.warns(NoEvidenceWarning, match="up is riskier"):
            fitted = cls(smoothing=False).fit(p, 1 - y)
        assert_allclose(fitted.predict([0.01, 0.9]), 1 - y.mean(), rtol=1e-6)


def test_pds_of_zero_and_one_are_told():
    p, y = sample(100)
    p[0], p[1] = 0.0, 1.0
    with pytest.warns(RiskkitWarning, match="2 of 100 PDs are 0 or 1"):
        fitted = LogitPlattCalibrator().fit(p, y)
    assert np.isfinite(fitted.predict([0.0, 1.0])).all()


def test_unsettled_fit_says_so():
    p, y = sample()
    fit = fit_log_odds_map(
        p, y == 1, None, is_pd=True, one_slope=True, smoothing=False, max_iter=1
    )
    assert not fit.converged


@pytest.mark.parametrize(
    ("pds", "message"),
    [
        ([0.1, 0.2, np.nan], "1 of 3 are NaN or infinite"),
        ([0.1, 0.2, 1.5], "1 of 3 do not.*scale='log_odds'"),
        ([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]], "got 2 columns"),
    ],
)
def test_what_is_no_column_of_pds_is_refused(pds, message):
    with pytest.raises(InvalidInputError, match=message):
        LogitPlattCalibrator().fit(pds, [0, 1, 0])
    fitted = LogitPlattCalibrator().fit([0.1, 0.2, 0.3], [0, 1, 0])
    with pytest.raises((InvalidInputError, ValueError)):
        fitted.predict(pds)


@pytest.mark.parametrize(
    ("calibrator", "message"),
    [
        (LogitPlattCalibrator(scale="odds"), "scale must be one of"),
        (LogitPlattCalibrator(smoothing=1), "smoothing must be True or False"),
        (BetaCalibrator(smoothing="no"), "smoothing must be True or False"),
        (IsotonicCalibrator(interpolation="cubic"), "interpolation must be one of"),
        (IsotonicCalibrator(min_pd=0.5, max_pd=0.5), "min_pd must be below max_pd"),
        (IsotonicCalibrator(min_n_event=-1), "min_n_event must be an integer >= 0"),
        (VennAbersCalibrator(scale=None), "scale must be one of"),
    ],
)
def test_bad_parameters_are_refused(calibrator, message):
    with pytest.raises(InvalidParameterError, match=message):
        calibrator.fit([0.1, 0.2], [0, 1])


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda c: type(c).__name__)
def test_unfitted_and_one_class(calibrator):
    new = clone(calibrator)
    with pytest.raises(NotFittedError):
        new.predict([0.1])
    with pytest.raises(NotFittedError):
        new.to_spec()
    with pytest.raises(InvalidTargetError, match="1 class"):
        new.fit([0.1, 0.2], [0, 0])
    assert clone(new).get_params() == new.get_params()
