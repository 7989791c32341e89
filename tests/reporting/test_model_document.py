"""What a model document says, against the same thing computed otherwise."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from riskkit.binning import MergeBins, OptimalBinner, SplitBin
from riskkit.calibration import (
    CalibratedPD,
    IsotonicCalibrator,
    LogitPlattCalibrator,
    PriorCorrection,
    VennAbersCalibrator,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.explain import contributions, fairness_report
from riskkit.export import save_artifact
from riskkit.reporting import ModelDocument
from riskkit.reporting._model_document import compute_document
from riskkit.scaling import MasterScale, PointsScaler
from riskkit.scorecard import (
    ExpertScorecard,
    RejectInference,
    ScorecardBlend,
    ScorecardClassifier,
)

EXPERT = {
    "income": {"edges": [-0.5, 0.5], "points": [40, 20, 0], "missing": 5},
    "region": {
        "groups": [["north"], ["east & west", "south <b>"]],
        "points": [0, 15],
        "missing": 0,
        "unseen": "error",
    },
}


def document_of(*args, **kwargs):
    """The document without its page, which takes longer than all the numbers."""
    return ModelDocument(compute_document(*args, **kwargs), "")


def items(document, table, key="item"):
    frame = document.frame(table)
    return dict(zip(frame[key], frame[frame.columns[-1]], strict=True))


def said(document, name):
    """Return the text of a section as one string."""
    section = next(s for s in document.data.sections if s.name == name)
    return " ".join(section.text)


@pytest.fixture(scope="module")
def late(sample):
    return sample(3000, 5, shift=0.2)


@pytest.fixture(scope="module")
def document(card, training, late):
    dates = np.datetime64("2022-01-01") + np.arange(3000) // 10
    return document_of(
        card,
        X=training[0],
        y=training[1],
        samples={"Later": (*late, dates)},
        window=("2020-01-01", date(2021, 12, 31)),
        target="default",
        notes={"Purpose": "Rank applications.", "Owner": "Retail risk"},
    )


def test_identity_is_that_of_the_saved_model(card, document, tmp_path):
    manifest = save_artifact(card, tmp_path / "card.rk")
    found = items(document, "identity")
    assert found["Model id"] == manifest.model_id
    assert found["SHA-256 of model.json"] == manifest.members["model.json"]
    assert found["Kind"] == "ScorecardClassifier"
    assert found["Outcome column"] == "default"
    assert found["numpy"] == np.__version__
    assert dict(document.data.facts)["Model id"] == manifest.model_id


def test_data_window_and_counts(document, training, late):
    found = items(document, "training")
    assert found["First date trained on"] == "2020-01-01"
    assert found["Last date trained on"] == "2021-12-31"
    assert found["Rows trained on"] == 6000
    assert found["Events among them"] == training[1].sum()
    assert found["Event rate"] == pytest.approx(training[1].mean())
    samples = document.frame("samples").set_index("sample")
    assert list(samples.loc["Training", ["first", "last"]]) == [
        "2020-01-01",
        "2021-12-31",
    ]
    assert list(samples.loc["Later", ["first", "last"]]) == ["2022-01-01", "2022-10-27"]
    assert list(samples["n"]) == [6000, 3000]
    assert samples.loc["Later", "event_rate"] == pytest.approx(late[1].mean())


def test_columns_left_out_come_with_their_reasons(training):
    X, y = training
    rng = np.random.default_rng(0)
    card = ScorecardClassifier().fit(X.assign(noise=rng.random(len(X))), y)
    frame = document_of(card).frame("exclusions")
    assert dict(zip(frame["column"], frame["reason"], strict=True)) == card.left_out_
    assert "noise" in card.left_out_


def test_the_card_can_be_rebuilt_from_the_bins_alone(card, document, late):
    """Read exact labels as a person would, and score rows with them."""
    X = late[0].head(400)
    bins = document.frame("bins")
    points = np.full(
        len(X), items(document, "scaling")["Base points that everyone gets"]
    )
    for name, rows in bins.groupby("characteristic", sort=False):
        for row, value in enumerate(X[name]):
            points[row] += next(
                p
                for label, p in zip(rows["exact"], rows["points"], strict=True)
                if falls_into(value, label)
            )
    assert_allclose(points, card.predict_points(X), rtol=0)
    assert set(bins["characteristic"]) == set(card.spec_.features)


def falls_into(value, label):
    if pd.isna(value):
        return label == "Missing"
    if isinstance(value, str):
        return value in label.split(", ")
    if not label.startswith("("):
        return False
    low, high = label[1:-1].split(", ")
    return float(low) < value <= float(high)


def test_counts_rates_intervals_and_evidence_of_the_bins(card, document, training):
    X, y = training
    bins = document.frame("bins")
    assert (bins.groupby("characteristic")["n"].sum() == 6000).all()
    one = bins[bins["characteristic"] == "income"].iloc[0]
    inside = (X["income"] <= float(one["exact"].split(", ")[1][:-1])).to_numpy()
    n, event = inside.sum(), y[inside].sum()
    assert (one["n"], one["n_event"]) == (n, event)
    assert one["share"] == pytest.approx(n / 6000)
    assert one["event_rate"] == pytest.approx(event / n)
    around = beta(event + 0.5, n - event + 0.5)
    assert one["event_rate_low"] == pytest.approx(around.ppf(0.025))
    assert one["event_rate_high"] == pytest.approx(around.ppf(0.975))
    totals = y.sum(), (1 - y).sum()
    s = 0.5 / min(totals)
    good, bad = (n - event) / totals[1], event / totals[0]
    woe = np.log((good + s) / (bad + s))
    assert one["woe"] == pytest.approx(woe)
    assert one["iv"] == pytest.approx((good - bad) * woe)
    events, others = event + s * totals[0], n - event + s * totals[1]
    variance = 1 / events - 1 / totals[0] + 1 / others - 1 / totals[1]
    assert one["woe_error"] == pytest.approx(np.sqrt(variance))
    assert one["log_odds"] == pytest.approx(card.coefficients_["income"] * woe)


def test_overview_of_the_characteristics(card, document):
    overview = document.frame("characteristics").set_index("characteristic")
    bins = document.frame("bins").groupby("characteristic")
    assert list(overview.index) == list(card.spec_.features)
    assert_allclose(overview["iv"], bins["iv"].sum()[overview.index])
    assert_allclose(overview["points_low"], bins["points"].min()[overview.index])
    assert_allclose(overview["points_high"], bins["points"].max()[overview.index])
    assert overview["coefficient"].to_dict() == card.coefficients_
    assert overview.loc["usage", "missing"] == pytest.approx(0.1, abs=0.02)
    assert overview.loc["region", "kind"] == "categorical"


def test_missing_values_have_points_even_where_none_were_seen(card, document):
    bins = document.frame("bins").set_index(["characteristic", "bin"])
    row = bins.loc[("income", "Missing")]
    item = next(c for c in card.spec_.characteristics if c.feature.name == "income")
    assert row["n"] == 0
    assert row["points"] == item.points[item.feature.missing_bin]
    assert np.isnan([row["event_rate_low"], row["woe_error"]]).all()
    assert ("income", "Unseen") not in bins.index  # a number is never a level
    assert ("region", "Unseen") in bins.index


def test_bins_that_share_their_evidence_stand_in_one_row(training):
    X, y = training
    binner = OptimalBinner(max_n_bins=4, missing="riskiest")
    card = ScorecardClassifier(binner).fit(X, y)
    bins = document_of(card).frame("bins")
    labels = bins.loc[bins["characteristic"] == "usage", "exact"]
    assert sum("Missing" in label for label in labels) == 1
    assert "Missing" not in set(labels)
    assert bins.loc[bins["characteristic"] == "usage", "n"].sum() == 6000


def test_edits_are_told_with_their_reasons(training):
    X, y = training
    edits = [
        SplitBin(feature="age", at=0.25, note="legal age"),
        MergeBins(feature="income", bins=(0, 1), note="thin"),
    ]
    card = ScorecardClassifier(OptimalBinner(max_n_bins=4, edits=edits)).fit(X, y)
    document = document_of(card)
    rows = document.frame("edits").set_index("characteristic")
    assert rows.loc["age", "action"] == "split"
    assert rows.loc["age", "what"] == "at 0.25"
    assert rows.loc["age", "note"] == "legal age"
    assert rows.loc["income", "what"] == "bins [0, 1]"
    assert document.frame("characteristics")["n_edits"].sum() == 2


def test_without_edits_that_is_said(document):
    assert not document.data.has("edits")
    assert "No bin was changed by hand" in said(document, "edits")


def test_coefficients_with_their_tests(training):
    card = ScorecardClassifier(likelihood_ratio=True).fit(*training)
    frame = document_of(card).frame("coefficients")
    table = card.coefficient_table_
    assert not frame.pop("turned").any()
    pd.testing.assert_frame_equal(
        frame, table.drop(columns="turned"), check_dtype=False, check_column_type=False
    )


def test_a_turned_characteristic_is_named():
    rng = np.random.default_rng(0)
    line = rng.random(8_000) < 0.5
    guarantee = rng.random(8_000) < np.where(line, 0.8, 0.3)
    X = pd.DataFrame({"line": line, "guarantee": guarantee}, dtype=float)
    chance = 1 / (1 + np.exp(2 - 1.5 * line + 0.6 * guarantee))
    card = ScorecardClassifier().fit(X, (rng.random(8_000) < chance).astype(int))
    turned = card.coefficient_table_.query("turned")["characteristic"].tolist()
    assert len(turned) == 1
    document = document_of(card)
    marked = document.frame("coefficients").query("turned == 'turned'")
    assert marked["characteristic"].tolist() == turned
    assert f"they say alone: {turned[0]}." in said(document, "coefficients")


def test_the_path_of_a_stepwise_search(training):
    card = ScorecardClassifier(selection="forward", criterion="aic").fit(*training)
    frame = document_of(card).frame("steps")
    assert list(frame["action"]) == [step.action for step in card.steps_]
    assert list(frame["characteristic"])[1:] == [s.name for s in card.steps_[1:]]
    assert_allclose(frame["criterion"], [s.criterion for s in card.steps_])


def test_ladder_of_points_by_hand(document):
    ladder = document.frame("points_to_pd").set_index("points")
    assert ladder.loc[600, "odds"] == pytest.approx(50)
    assert ladder.loc[580, "odds"] == pytest.approx(25)
    assert ladder.loc[580, "pd"] == pytest.approx(1 / 26)
    scaling = items(document, "scaling")
    assert scaling["Points for one unit of log-odds"] == pytest.approx(20 / np.log(2))
    assert ladder.index.min() <= scaling["Least points that can occur"]
    assert ladder.index.max() >= scaling["Most points that can occur"]


def test_extremes_of_the_points_are_reached(card, document):
    scaling = items(document, "scaling")
    parts = [
        [
            p
            for b, p in enumerate(item.points)
            if item.feature.kind != "numeric" or b != item.feature.unseen_bin
        ]
        for item in card.spec_.characteristics
    ]
    assert scaling["Least points that can occur"] == sum(map(min, parts))
    assert scaling["Most points that can occur"] == sum(map(max, parts))


def test_rounding_is_measured_on_the_sample(card, document, training):
    exact = PointsScaler(rounding="none").to_points(card.decision_function(training[0]))
    gap = card.predict_points(training[0]) - exact
    found = items(document, "rounding")
    assert found["Largest distance from the unrounded points"] == pytest.approx(
        np.abs(gap).max()
    )
    assert found["Root of the mean squared distance"] == pytest.approx(
        np.sqrt((gap**2).mean())
    )
    assert found["Mean of points less unrounded points"] == pytest.approx(gap.mean())


def test_unrounded_points_have_no_rounding_error(training):
    card = ScorecardClassifier(scaler=PointsScaler(rounding="none")).fit(*training)
    assert not document_of(card).data.has("rounding")


def test_performance_of_each_sample(card, document, training, late):
    frame = document.frame("performance").set_index("measure")
    for name, (X, y) in {"Training": training, "Later": late}.items():
        got, pd_ = frame[name].astype(float), card.predict_proba(X)[:, 1]
        assert got["Accounts"] == len(y)
        assert got["AUC"] == pytest.approx(roc_auc_score(y, pd_))
        assert got["Gini"] == pytest.approx(2 * roc_auc_score(y, pd_) - 1)
        assert got["Log-loss"] == pytest.approx(log_loss(y, pd_))
        assert got["Brier score"] == pytest.approx(brier_score_loss(y, pd_))
        assert got["Mean PD"] == pytest.approx(pd_.mean())
        assert got["AUC, low (95 %)"] < got["AUC"] < got["AUC, high (95 %)"]
    assert frame.loc["PSI of the points against training", "Training"] == 0
    assert frame.loc["PSI of the points against training", "Later"] > 0


def test_interval_of_the_auc_covers_by_bootstrap(card, document, late):
    X, y = late
    pd_ = card.predict_proba(X)[:, 1]
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(y), len(y)) for _ in range(120)]
    spread = np.std([roc_auc_score(y[rows], pd_[rows]) for rows in draws])
    got = document.frame("performance").set_index("measure")["Later"].astype(float)
    width = got["AUC, high (95 %)"] - got["AUC, low (95 %)"]
    assert width / (2 * 1.96) == pytest.approx(spread, rel=0.2)


def test_described_on_chooses_the_sample(card, training, late):
    samples = {"Training": training, "Later": late}
    first = document_of(card, samples=samples)
    other = document_of(card, samples=samples, described_on="Later")
    assert first.frame("calibration")["n"].sum() == 6000
    assert other.frame("calibration")["n"].sum() == 3000
    assert "Later" in other.data.table("reasons").title


def test_reasons_are_counted(card, document, training):
    losses = -contributions(card, training[0], against="best").iloc[:, 1:].to_numpy()
    order = np.argsort(-losses, axis=1, kind="stable")
    frame = document.frame("reasons").set_index("reason")
    names = list(card.spec_.features)
    n = min(4, len(names))
    for k, name in enumerate(names):
        lost = losses[:, k] > 0
        first = (order[:, 0] == k) & lost
        among = (order[:, :n] == k).any(axis=1) & lost
        assert frame.loc[name, "first"] == pytest.approx(first.mean())
        assert frame.loc[name, "any"] == pytest.approx(among.mean())
        assert frame.loc[name, "lost"] == pytest.approx(losses[among, k].mean())
    assert frame["first"].is_monotonic_decreasing


def test_without_rows_reasons_say_what_they_can_cost(card):
    frame = document_of(card).frame("reasons")
    item = card.spec_.characteristics[0]
    row = frame.set_index("characteristic").loc[item.feature.name]
    assert row["most"] == np.ptp(item.points[:-1])


def test_groups_are_those_of_fairness_report(card, late):
    X, y = late
    rng = np.random.default_rng(1)
    groups = {"sex": rng.choice(["f", "m"], len(y)), "area": X["region"].to_numpy()}
    document = document_of(
        card, samples={"Later": late}, groups=groups, cutoff_points=540
    )
    frame = document.frame("fairness")
    for name, values in groups.items():
        expected = fairness_report(card, X, y, values, cutoff_points=540).frame()
        got = frame[frame["attribute"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            got[expected.columns], expected, check_dtype=False
        )
    text = said(document, "fairness")
    assert "at least 540 points" in text
    assert "rule of thumb" in text
    assert text.count("rule of thumb") == 1


@pytest.mark.parametrize(
    ("groups", "name"),
    [
        (pd.Series(["a", "b"] * 1500, name="region"), "region"),
        (["a", "b"] * 1500, "Group"),
        (pd.DataFrame({"x": ["a", "b"] * 1500}), "x"),
    ],
)
def test_groups_come_as_column_list_or_frame(card, late, groups, name):
    document = document_of(
        card, samples={"Later": late}, groups=groups, cutoff_pd=0.125
    )
    assert set(document.frame("fairness")["attribute"]) == {name}
    assert "at most 12.5 %" in said(document, "fairness")


def test_grades_are_those_of_the_scale(card, training, late):
    scale = MasterScale([0, 0.05, 0.15, 0.4, 1], labels="ABCD").fit(
        card.predict_proba(training[0])[:, 1], training[1]
    )
    for given, expected in (
        ({}, scale.table_),
        (
            {"samples": {"Later": late}},
            scale.grade_table(card.predict_proba(late[0])[:, 1], late[1]),
        ),
    ):
        document = document_of(card, grades=scale, **given)
        frame = document.frame("grades")
        for key in frame:
            assert list(frame[key]) == list(getattr(expected, key))
        assert f"{expected.hhi:.3f}" in said(document, "grades")


def test_grades_out_of_order_are_named(card, training):
    X, y = training
    pd_ = card.predict_proba(X)[:, 1]
    scale = MasterScale([0, 0.1, 0.3, 1], labels="ABC").fit(pd_)
    turned = np.where(pd_ <= 0.1, y, np.where(pd_ <= 0.3, 0, y))
    document = document_of(card, X=X, y=turned, grades=scale)
    assert "A and B" in said(document, "grades")


def test_identity_covers_calibration_and_grades(card, training, tmp_path):
    level = PriorCorrection(training[1].mean(), 0.05).fit([0.5])
    scale = MasterScale([0, 0.1, 1]).fit([0.05, 0.2])
    manifest = save_artifact(
        card, tmp_path / "card.rk", calibration=level, grades=scale
    )
    found = items(document_of(card, calibration=level, grades=scale), "identity")
    assert found["Model id"] == manifest.model_id
    assert found["SHA-256 of pd_map.json"] == manifest.members["pd_map.json"]


def test_a_scale_that_cannot_be_saved_leaves_no_hash(card):
    scale = MasterScale([0.0, 0.1, 0.5]).fit([0.05, 0.2])
    document = document_of(card, grades=scale)
    assert "Model id" not in items(document, "identity")
    assert "has no hash" in said(document, "identity")


def test_steps_on_top_change_every_pd(card, training):
    X, y = training
    level = PriorCorrection(y.mean(), 0.05).fit([0.5])
    document = document_of(card, X=X, y=y, calibration=level)
    pd_ = level.predict(card.predict_proba(X)[:, 1])
    got = document.frame("performance").set_index("measure")["Training"]
    assert got["Mean PD"] == pytest.approx(pd_.mean())
    step = document.frame("calibration_steps").iloc[0]
    shift = np.log(0.05 / 0.95) - np.log(y.mean() / (1 - y.mean()))
    assert (step["a"], step["b"]) == (1, 1)
    assert step["c"] == pytest.approx(shift)


def test_a_step_fitted_to_log_odds_is_given_log_odds(card, training):
    X, y = training
    z = card.decision_function(X)
    platt = LogitPlattCalibrator(scale="log_odds").fit(z, y)
    document = document_of(card, X=X, y=y, calibration=[platt])
    got = document.frame("performance").set_index("measure")["Training"]
    assert got["Log-loss"] == pytest.approx(log_loss(y, platt.predict(z)))
    curve = document.frame("calibration_curve")
    given = curve["given"].to_numpy()
    assert_allclose(curve["used"], platt.predict(np.log(given / (1 - given))))


@pytest.mark.parametrize(
    "calibrator",
    [LogitPlattCalibrator(), IsotonicCalibrator(), VennAbersCalibrator()],
    ids=lambda calibrator: type(calibrator).__name__,
)
@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_calibrated_scorecard(training, calibrator, tmp_path):
    X, y = training
    model = CalibratedPD(
        ScorecardClassifier(OptimalBinner(max_n_bins=4)), calibrator, cv=3
    ).fit(X, y)
    document = document_of(model, X=X, y=y)
    found = items(document, "identity")
    assert found["Kind"] == "CalibratedPD of ScorecardClassifier"
    assert found["Model id"] == save_artifact(model, tmp_path / "m.rk").model_id
    curve = document.frame("calibration_curve")
    assert_allclose(curve["used"], model.calibrator_.predict(curve["given"].to_numpy()))
    got = document.frame("performance").set_index("measure")["Training"]
    pd_ = model.predict_proba(X)[:, 1]
    assert got["Log-loss"] == pytest.approx(log_loss(y, pd_))
    assert got["Mean points"] == pytest.approx(
        model.estimator_.predict_points(X).mean()
    )
    assert document.data.has("bins")
    parts = set(document.frame("settings")["part"])
    assert {"CalibratedPD", "ScorecardClassifier", "OptimalBinner"} <= parts
    assert type(calibrator).__name__ in parts


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_calibration_by_segment_and_prior(training):
    X, y = training
    model = CalibratedPD(
        ScorecardClassifier(OptimalBinner(max_n_bins=4)),
        prior=PriorCorrection(0.2, 0.1),
        segments="region",
        cv=3,
    ).fit(X, y)
    document = document_of(model, X=X, y=y)
    frame = document.frame("segments")
    expected = model.segments_frame()
    pd.testing.assert_frame_equal(frame[expected.columns], expected, check_dtype=False)
    steps = document.frame("calibration_steps")
    assert list(steps["step"]) == [1, 2]
    prior = model.prior_.to_spec()
    assert steps.loc[1, "c"] == prior.c
    assert "PriorCorrection" in set(document.frame("settings")["part"])


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_a_frozen_scorecard_is_found_inside(card, training):
    model = CalibratedPD(FrozenEstimator(card), cv=3).fit(*training)
    document = document_of(model)
    assert items(document, "identity")["Kind"] == "CalibratedPD of ScorecardClassifier"
    assert document.data.has("coefficients")


def test_expert_card_without_rows():
    card = ExpertScorecard(EXPERT, offset_points=500).fit()
    document = document_of(card)
    bins = document.frame("bins")
    assert list(bins["points"]) == [40, 20, 0, 5, 0, 15, 0]
    empty = ["event_rate", "woe", "woe_error", "iv", "share", "n_event"]
    assert bins[empty].isna().all(axis=None)
    assert "Unseen" not in set(bins["bin"])  # refused, not scored
    assert items(document, "training")["Rows trained on"] == 0
    assert items(document, "training")["Events among them"] == "not recorded"
    assert items(document, "scaling")["Least points that can occur"] == 500
    assert items(document, "scaling")["Most points that can occur"] == 555
    assert "People gave the points" in said(document, "coefficients")
    assert "no estimate" in said(document, "points")
    assert not document.data.has("performance")


def test_expert_card_with_a_population_that_has_no_outcomes(late):
    X = late[0]
    card = ExpertScorecard(EXPERT, offset_points=500).fit(X)
    document = document_of(card, X=X)
    got = document.frame("performance").set_index("measure")["Training"]
    assert set(got.index) == {
        "Accounts",
        "Mean PD",
        "Mean points",
        "PSI of the points against training",
    }
    assert got["Mean points"] == pytest.approx(card.predict_points(X).mean())
    assert document.frame("reasons")["first"].sum() <= 1
    assert document.frame("samples")["n_event"].isna().all()
    assert not document.data.has("calibration")
    assert document.frame("bins")["n"].sum() == 2 * len(X)
    assert document.frame("bins")["event_rate"].isna().all()


def test_expert_card_with_outcomes(late):
    X, y = late
    card = ExpertScorecard(EXPERT, offset_points=500).fit(X, y)
    bins = document_of(card, X=X, y=y).frame("bins")
    north = bins.set_index("bin").loc["north"]
    assert north["event_rate"] == pytest.approx(y[X["region"] == "north"].mean())
    assert bins["woe"].isna().all()  # nobody learned the points from it


def test_reject_inference_states_its_assumption(training):
    X, y = training
    labels = y.astype(float)
    labels[X["income"].to_numpy() > 0.8] = np.nan
    inference = RejectInference(
        ScorecardClassifier(OptimalBinner(max_n_bins=4)), bad_rate_multiplier=1.5
    ).fit(X, labels)
    document = document_of(inference)
    text = said(document, "rejects")
    assert inference.statement in text
    assert "1.5" in text
    frame = document.frame("rejects").set_index("model")
    expected = inference.comparison_["mean_pd_rejects"]
    assert frame["mean_pd_rejects"].to_dict() == expected.to_dict()
    assert document.data.has("bins")


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_a_calibrated_reject_inference_has_no_file_and_so_no_hash(training):
    X, y = training
    inference = RejectInference(ScorecardClassifier(OptimalBinner(max_n_bins=3)))
    model = CalibratedPD(inference, cv=2).fit(X, y)
    document = document_of(model, X=X, y=y)
    assert "has no hash" in said(document, "identity")
    assert document.data.has("rejects")
    assert document.data.has("calibration_steps")


def test_without_reject_inference_the_gap_is_stated(document):
    assert "no reject inference" in said(document, "rejects")
    topics = document.frame("limits")["topic"].tolist()
    assert "Rejected applicants" in topics
    assert "Groups of people" in topics


def test_blend_of_cards(late):
    X, y = late
    blend = ScorecardBlend(ExpertScorecard(EXPERT, offset_points=500)).fit(X, y)
    document = document_of(blend, X=X, y=y)
    parts = set(document.frame("settings")["part"])
    assert {"ScorecardBlend", "ExpertScorecard", "ScorecardClassifier"} <= parts
    assert "other scorecards" in said(document, "coefficients")
    assert document.frame("bins")["woe"].isna().all()


def test_any_classifier_has_a_document_without_a_scorecard(training):
    X, y = training
    X = X[["income", "age"]]
    model = LogisticRegression().fit(X, y)
    groups = np.where(X["age"] > 0, "old", "young")
    document = document_of(model, X=X, y=y, groups=groups, cutoff_pd=0.3)
    names = [section.name for section in document.data.sections]
    assert "bins" not in names
    assert "points" not in names
    assert "Mean points" not in document.frame("performance")["measure"].tolist()
    assert document.frame("fairness")["smd"].abs().max() > 0.01
    assert "has no hash" in said(document, "identity")
    assert "no points" in said(document, "reasons")


def test_a_sample_of_one_class_leaves_blanks(card, late):
    X = late[0].head(50)
    document = document_of(card, samples={"Good": (X, np.zeros(50, int))})
    got = document.frame("performance").set_index("measure")["Good"]
    assert np.isnan(got["AUC"])
    assert got["Events"] == 0
    assert not document.data.has("cap_curves")
    assert not document.data.has("score_to_odds")


def test_limits_follow_from_what_was_given(card, training, late):
    def limit(topic, **given):
        frame = document_of(card, **given).frame("limits").set_index("topic")
        return frame["limit"].get(topic)

    assert "nothing was measured" in limit("Performance")
    X, y = training
    assert "rows trained on only" in limit("Performance", X=X, y=y)
    assert "may differ" in limit("Performance", samples={"Later": late})
    groups = np.resize(["a", "b"], len(late[1]))
    with_groups = {"samples": {"Later": late}, "groups": groups, "cutoff_pd": 0.2}
    assert limit("Groups of people", **with_groups) is None


def test_settings_are_the_same_text_in_every_run(training):
    X = training[0].assign(usage=training[0]["usage"].fillna(-9.0))
    card = ScorecardClassifier(
        OptimalBinner(max_n_bins=3, special_codes={"usage": [-9.0]}),
        must_have=("income",),
    ).fit(X, training[1])
    frame = document_of(card).frame("settings").set_index(["part", "parameter"])
    assert frame.loc[("OptimalBinner", "max_n_bins"), "value"] == "3"
    assert frame.loc[("OptimalBinner", "max_n_bins"), "default"] == "8"
    assert frame.loc[("ScorecardClassifier", "must_have"), "value"] == "['income']"
    assert frame.loc[("ScorecardClassifier", "binner"), "value"] == "OptimalBinner"
    assert not frame["value"].str.contains(" at 0x").any()


def test_text_of_parameters():
    from riskkit.reporting._document_identity import plain_text

    assert plain_text({"b", "a"}) == "{'a', 'b'}"
    assert plain_text(np.float64(0.5)) == "0.5"
    assert plain_text({"x": (1, None)}) == "{'x': [1, None]}"
    assert plain_text(np.random.RandomState(0)) == "RandomState"
    long = plain_text("x" * 1000)
    assert len(long) == 200
    assert long.endswith("…")


def test_frames_of_other_libraries_give_the_same_document(card, late):
    polars = pytest.importorskip("polars")
    X, y = late
    other = document_of(card, samples={"Later": (polars.from_pandas(X), list(y))})
    same = document_of(card, samples={"Later": (X, y)})
    assert other.to_dict() == same.to_dict()


def test_arrays_stand_in_the_order_of_training(training):
    X = training[0].drop(columns="region").to_numpy()
    card = ScorecardClassifier().fit(X, training[1])
    document = document_of(card, X=X, y=training[1])
    psi = document.frame("performance").set_index("measure")["Training"]
    assert psi["PSI of the points against training"] == 0


def test_unusable_models_are_named(training):
    with pytest.raises(InvalidTypeError, match="the class ScorecardClassifier"):
        compute_document(ScorecardClassifier)
    with pytest.raises(InvalidTypeError, match="LinearRegression"):
        compute_document(LinearRegression())
    with pytest.raises(NotFittedError):
        compute_document(ScorecardClassifier())
    X = training[0][["income", "age"]]
    three = LogisticRegression().fit(X, np.resize([0, 1, 2], len(X)))
    with pytest.raises(InvalidTypeError, match="two labels"):
        compute_document(three)


def test_unusable_arguments_are_named(card, late):
    X, y = late

    def refused(match, error=InvalidParameterError, **given):
        with pytest.raises(error, match=match):
            compute_document(card, **given)

    refused("y without X", y=y)
    refused("samples must map", samples=[(X, y)])
    refused(r"must be \(X, y\)", samples={"a": X})
    refused("must be text other than", samples={"unit": (X, y)})
    refused("must be text other than", samples={1: (X, y)})
    refused("name of its own", X=X, y=y, samples={"Training": (X, y)})
    refused("described_on must be one of", samples={"a": (X, y)}, described_on="b")
    refused("must hold rows", InvalidInputError, X=X[:0], y=y[:0])
    refused("'income'", InvalidInputError, X=X.drop(columns="income"), y=y)
    refused("hold another label", InvalidTargetError, X=X, y=y + 1)
    refused("each of the 3000 rows", InvalidTargetError, X=X, y=y[1:])
    refused("got 2", InvalidInputError, samples={"a": (X, y, ["2020-01-01"] * 2)})
    refused("must be text", title=" ")
    refused("notes must map", notes="Purpose")
    refused("not empty", notes={"Purpose": " "})
    refused("not empty", notes={"Purpose": 1})
    refused("first and the last date", window=("soon", "later"))
    refused("first and the last date", window=("2020-01-01",))
    refused("end before it starts", window=("2021-01-01", "2020-01-01"))
    refused("calibration must be", InvalidTypeError, calibration=card)
    refused("grades must be", InvalidTypeError, grades=[0, 1])
    refused("sample with outcomes", groups=["a"], cutoff_pd=0.1)
    refused("sample with outcomes", X=X, groups=["a"] * 3000, cutoff_pd=0.1)
    refused("got none", X=X, y=y, groups=["a"] * 3000)
    refused("at least one column", X=X, y=y, groups={}, cutoff_pd=0.1)
    refused("cut-off", X=X, y=y, groups=["a"] * 3000)
    refused("without groups", X=X, y=y, cutoff_pd=0.1)
    with pytest.raises(NotFittedError):
        compute_document(card, grades=MasterScale([0, 1]))
    with pytest.raises(NotFittedError):
        compute_document(card, calibration=LogitPlattCalibrator())
    plain = LogisticRegression().fit(X[["income"]], y)
    with pytest.raises(InvalidParameterError, match="Give cutoff_pd instead"):
        compute_document(
            plain, X=X[["income"]], y=y, groups=["a"] * 3000, cutoff_points=500
        )


def test_no_value_of_a_customer_is_in_it(card, late):
    X, y = late
    X = X.head(200).assign(income=np.arange(200) + 0.123456789, name="Jane Doe")
    plain = str(document_of(card, X=X, y=y[:200]).to_dict())
    assert "0.123456789" not in plain
    assert "Jane Doe" not in plain


def test_a_scorecard_without_characteristics(training):
    X, y = training
    with pytest.warns(Warning, match="No feature has a place"):
        card = ScorecardClassifier(min_iv=99.0).fit(X, y)
    document = document_of(card, X=X, y=y)
    assert not document.data.has("bins")
    assert "every account gets the same" in said(document, "characteristics")
    assert "no reason" in said(document, "reasons")


def test_outcomes_beside_the_scale(card, document, training):
    frame = document.frame("score_to_odds")
    assert frame["n"].sum() == 6000
    assert frame["n_event"].sum() == training[1].sum()
    points = card.predict_points(training[0])
    upper = float(frame["band"].iloc[0].removeprefix("≤ "))
    inside = points <= upper
    events = training[1][inside].sum()
    assert frame["odds"].iloc[0] == pytest.approx((inside.sum() - events) / events)


def test_a_stand_in_for_a_scorecard_is_not_taken_for_one(training):
    fake = SimpleNamespace(predict_points=len, spec_=1)
    with pytest.raises(InvalidTypeError, match="SimpleNamespace"):
        compute_document(fake)
