"""Saving a scorecard with its calibration, correction of the level, and grades."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from riskkit.artifact import PDMapSpec, read_artifact
from riskkit.calibration import (
    BetaCalibrator,
    CalibratedPD,
    LogitPlattCalibrator,
    PriorCorrection,
)
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.export import save_artifact
from riskkit.scaling import MasterScale
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier
from riskkit.serving import load_scorer


@pytest.fixture(scope="module")
def loans():
    rng = np.random.default_rng(5)
    income = rng.lognormal(8, 0.6, 4_000).round(2)
    channel = rng.choice(["branch", "online"], 4_000)
    risk = -2.5 - 0.8 * np.log(income / 3000) + 0.7 * (channel == "online")
    y = (rng.random(4_000) < 1 / (1 + np.exp(-risk))).astype(int)
    frame = pd.DataFrame(
        {"income": income, "channel": channel, "noise": rng.random(4_000)}
    )
    return frame, y


@pytest.fixture(scope="module")
def card(loans):
    X, y = loans
    return ScorecardClassifier().fit(X[["income", "noise"]], y)


@pytest.fixture(scope="module")
def model(loans):
    X, y = loans
    return CalibratedPD(
        ScorecardClassifier(),
        prior=PriorCorrection(target_rate=0.05),
        segments="channel",
        cv=3,
    ).fit(X, y)


@pytest.fixture(scope="module")
def scale(model, loans):
    return MasterScale([0, 0.02, 0.1, 1]).fit(model.predict_proba(loans[0])[:, 1])


def test_the_whole_chain_is_one_artifact(tmp_path, model, scale):
    manifest = save_artifact(model, tmp_path / "card.rk", grades=scale)
    artifact = read_artifact(tmp_path / "card.rk")
    inner = model.estimator_
    assert artifact.model == inner.spec_
    assert artifact.baseline == inner.baseline_
    assert artifact.pd_map == PDMapSpec(model.pd_map_.steps, scale.to_spec())
    assert (manifest.n_rows, manifest.n_events) == (inner.n_rows_, inner.n_events_)
    assert manifest.left_out == inner.left_out_
    assert manifest.classes == ("0", "1")
    assert manifest.model == "scorecard"


def test_a_plain_card_has_no_pd_map(tmp_path, card):
    save_artifact(card, tmp_path / "card.rk")
    assert read_artifact(tmp_path / "card.rk").pd_map is None
    save_artifact(card, tmp_path / "other.rk", calibration=[])
    save_artifact(FrozenEstimator(card), tmp_path / "third.rk")
    assert len({p.read_bytes() for p in tmp_path.glob("*.rk")}) == 1


def test_the_same_fit_gives_the_same_bytes(tmp_path, model, scale, loans):
    again = clone(model).fit(*loans)
    for name, fitted in (("one", model), ("two", again)):
        save_artifact(fitted, tmp_path / f"{name}.rk", grades=scale)
    assert (tmp_path / "one.rk").read_bytes() == (tmp_path / "two.rk").read_bytes()


def test_calibrations_may_stand_in_each_other(tmp_path, card, loans):
    """A model calibrated once more, on rows of a later date, is one chain."""
    X, y = loans
    later = X.iloc[2_000:], y[2_000:]
    first = CalibratedPD(FrozenEstimator(card), BetaCalibrator()).fit(X, y)
    second = CalibratedPD(FrozenEstimator(first)).fit(*later)
    save_artifact(FrozenEstimator(second), tmp_path / "card.rk")
    steps = read_artifact(tmp_path / "card.rk").pd_map.steps
    assert steps == (first.to_spec(), second.to_spec())
    batch = load_scorer(tmp_path / "card.rk").score_batch(X)
    assert_array_equal(batch.pd, second.predict_proba(X)[:, 1])


def test_the_same_correction_inside_and_on_top(tmp_path, card, loans):
    X, y = loans
    level = PriorCorrection(sample_rate=y.mean(), target_rate=0.02)
    inside = CalibratedPD(FrozenEstimator(card), prior=level).fit(X, y)
    plain = CalibratedPD(FrozenEstimator(card)).fit(X, y)
    step = clone(level).fit(plain.predict_proba(X)[:, 1])
    save_artifact(inside, tmp_path / "inside.rk")
    save_artifact(plain, tmp_path / "on_top.rk", calibration=step)
    maps = [read_artifact(path).pd_map for path in tmp_path.glob("*.rk")]
    assert maps[0] == maps[1]


def test_points_given_by_people_get_grades_too(tmp_path, loans):
    points = {"groups": [["branch"], ["online"]], "points": [20, 0]}
    points |= {"missing": 0, "unseen": 0}
    card = ExpertScorecard({"channel": points}).fit(loans[0])
    scale = MasterScale([0, 0.5, 1]).fit(card.predict_proba(loans[0])[:, 1])
    save_artifact(card, tmp_path / "card.rk", grades=scale)
    scorer = load_scorer(tmp_path / "card.rk")
    pds = card.predict_proba(loans[0])[:, 1]
    assert_array_equal(scorer.score_batch(loans[0]).grade, scale.assign(pds))


def test_what_cannot_be_saved(tmp_path, card, model, loans):
    path = tmp_path / "card.rk"
    X, y = loans
    other = CalibratedPD(LogisticRegression()).fit(X[["income"]], y)
    with pytest.raises(InvalidTypeError, match="LogisticRegression inside Calibrated"):
        save_artifact(other, path)
    with pytest.raises(NotFittedError):
        save_artifact(CalibratedPD(ScorecardClassifier()), path)
    with pytest.raises(NotFittedError):
        save_artifact(FrozenEstimator(ScorecardClassifier()), path)
    for wrong in (LogitPlattCalibrator, model, 0.5, [1.0], "platt", card):
        with pytest.raises(InvalidTypeError, match="calibration must be a fitted cal"):
            save_artifact(card, path, calibration=wrong)
    with pytest.raises(NotFittedError):
        save_artifact(card, path, calibration=PriorCorrection(0.5, 0.1))
    for wrong in (
        MasterScale,
        [0, 0.1, 1],
        PriorCorrection(0.5, 0.1).fit([0.5]),
    ):
        with pytest.raises(InvalidTypeError, match="grades must be a fitted"):
            save_artifact(card, path, grades=wrong)
    with pytest.raises(NotFittedError):
        save_artifact(card, path, grades=MasterScale([0, 1]))
    assert not path.exists()


def test_a_calibrator_of_log_odds_comes_first_or_not_at_all(
    tmp_path, card, model, loans
):
    X, y = loans
    step = LogitPlattCalibrator(scale="log_odds").fit(card.decision_function(X), y)
    level = PriorCorrection(0.5, 0.1).fit([0.5])
    save_artifact(card, tmp_path / "card.rk", calibration=(step, level))
    for saved, steps in ((card, [level, step]), (model, step)):
        with pytest.raises(InvalidParameterError, match="scale='log_odds'"):
            save_artifact(saved, tmp_path / "other.rk", calibration=steps)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_sampled_book_comes_back_to_its_known_rate(tmp_path, seed):
    """The scorer's mean PD on new loans lies within the interval of the known rate."""
    book = make_loan_book(40_000, default_rate=0.05, random_state=seed)
    early = np.arange(40_000) < 30_000
    event = np.flatnonzero(early & (book.target == 1))
    other = np.flatnonzero(early & (book.target == 0))
    rng = np.random.default_rng(seed)
    rows = np.sort(
        np.concatenate([event, rng.choice(other, event.size, replace=False)])
    )
    sampled = ScorecardClassifier().fit(book.data.iloc[rows], book.target[rows])
    rate = book.target[early].mean()  # known, though most of its rows were left out
    step = PriorCorrection(sample_rate=0.5, target_rate=rate).fit([0.5])
    save_artifact(sampled, tmp_path / "card.rk", calibration=step)
    batch = load_scorer(tmp_path / "card.rk").score_batch(book.data[~early])
    low, high = binomtest(int(book.target[early].sum()), 30_000).proportion_ci(0.95)
    assert batch.pd_raw.mean() > 5 * high
    assert low < batch.pd.mean() < high
    assert low < book.pd[~early].mean() < high
    assert_array_equal(
        np.argsort(batch.pd, kind="stable"), np.argsort(batch.pd_raw, kind="stable")
    )


@pytest.mark.parametrize(
    ("edges", "shown"),
    [([0.001, 0.1, 1], r"\(0\.001, 1\]"), ([0, 0.1, 0.9], r"\[0, 0\.9\]")],
)
def test_a_scale_must_cover_every_pd(tmp_path, card, edges, shown):
    scale = MasterScale(edges).fit([0.01, 0.5])
    with pytest.raises(InvalidParameterError, match=f"this one covers {shown}"):
        save_artifact(card, tmp_path / "card.rk", grades=scale)
    assert not list(tmp_path.iterdir())
