"""What is refused, what is warned of, and what is done about it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ShuffleSplit

from riskkit.boosting import LGBMPDClassifier
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    LeakageWarning,
    NoEvidenceWarning,
    RiskkitWarning,
)

rng = np.random.default_rng(0)
NOISE = np.random.default_rng(1).normal(size=500)
X = pd.DataFrame({"age": rng.uniform(18, 80, 500), "delays": rng.poisson(1.0, 500)})
y = (rng.random(500) < 1 / (1 + np.exp(2 - X["delays"]))).to_numpy().astype(int)


def quick(kind, **parameters):
    return kind(**{"n_rounds": 5, **parameters})


def test_one_class(kind):
    with pytest.raises(InvalidTargetError, match="1 class"):
        kind().fit(X, np.zeros(500))


def test_a_target_that_is_unknown_somewhere(kind):
    with pytest.raises(InvalidTargetError, match="1 of 500 rows"):
        kind().fit(X, np.where(np.arange(500) == 3, np.nan, y))


def test_few_events_make_a_small_model_that_says_so(kind):
    rare = np.zeros(500, dtype=int)
    rare[np.argsort(-X["delays"].to_numpy(), kind="stable")[:12]] = 1
    with pytest.warns(FewEventsWarning, match="12 events in 500 rows.*50 trees of one"):
        model = kind().fit(X, rare)
    assert model.n_rounds_ == 50
    assert all(len(tree.column) <= 3 for tree in model.spec_.trees)
    pd_ = model.predict_proba(X)[:, 1]
    assert pd_[rare == 1].mean() > 2 * pd_[rare == 0].mean()
    assert abs(pd_.mean() - 12 / 500) < 0.01


def test_columns_that_say_nothing_are_left_out(kind):
    more = X.assign(same=7, unknown=np.nan, word="yes", empty=None)
    model = quick(kind).fit(more, y)
    assert model.left_out_ == {
        "same": "the same in every row",
        "unknown": "missing in every row",
        "word": "the same in every row",
        "empty": "missing in every row",
    }
    assert model.feature_importances_[2:].tolist() == [0.0] * 4
    # Columns that are left out need not be there.
    assert model.predict_proba(X).shape == (500, 2)


def test_nothing_to_learn_from(kind):
    useless = pd.DataFrame({"same": np.ones(500)})
    with pytest.warns(NoEvidenceWarning, match=r"same \(the same in every row\)"):
        model = kind().fit(useless, y)
    assert model.spec_.trees == ()
    assert model.booster_ is None
    assert np.allclose(model.predict_proba(useless)[:, 1], y.mean())
    assert model.predict_contributions(useless).frame().shape == (500, 1)  # the base


def test_pure_noise_ends_without_a_tree_or_nearly(kind):
    def spread(seed):
        columns = np.random.default_rng(seed).normal(size=(500, 3))
        noise = pd.DataFrame(columns, columns=list("abc"))
        return kind().fit(noise, y).decision_function(noise).std()

    with pytest.warns(NoEvidenceWarning, match="held-out rows"):
        spreads = [spread(seed) for seed in range(100, 104)]
    # The delays of the other tests spread the log-odds by about 1.
    assert np.mean(spreads) < 0.15


@pytest.mark.parametrize(
    "leak",
    [
        lambda: y + 0.05 * NOISE,
        lambda: -y.astype(float),
        lambda: np.where(y == 1, np.nan, NOISE),
        lambda: np.where(y == 1, "charged off", "paid"),
    ],
    ids=["up", "down", "missing", "text"],
)
def test_a_column_that_gives_the_outcome_away_is_named(kind, leak):
    with pytest.warns(LeakageWarning, match="'status'"):
        quick(kind).fit(X.assign(status=leak()), y)


def test_strong_honest_columns_are_not_accused(kind):
    strong = X.assign(score=2 * y + NOISE, id=np.arange(500.0))
    quick(kind).fit(strong, y)  # a warning would be an error here


def test_negative_weights(kind):
    with pytest.raises(InvalidParameterError, match="1 of 500 weights are not"):
        kind().fit(X, y, sample_weight=np.where(np.arange(500) == 0, -1.0, 1.0))


def test_rows_without_weight_do_not_count(kind):
    weight = np.where(np.arange(500) < 400, 1.0, 0.0)
    dates = np.arange(500)
    model = kind(max_rounds=10).fit(X, y, sample_weight=weight, dates=dates)
    alone = kind(max_rounds=10).fit(
        X[:400], y[:400], sample_weight=np.ones(400), dates=dates[:400]
    )
    assert model.n_rows_ == 400
    assert model.spec_ == alone.spec_


def test_dates_as_text(kind):
    days = pd.date_range("2020-01-01", periods=500)
    iso = days.strftime("%Y-%m-%d")
    model = kind(max_rounds=10).fit(X, y, dates=iso)
    same = kind(max_rounds=10).fit(X, y, dates=days)
    assert model.spec_ == same.spec_
    with pytest.raises(InvalidTypeError, match="without guessing"):
        kind().fit(X, y, dates=days.strftime("%d.%m.%Y"))
    with pytest.raises(InvalidTypeError, match="without guessing"):
        kind().fit(X, y, dates=["soon"] * 500)


def test_dates_that_do_not_fit_the_rows(kind):
    with pytest.raises(InvalidInputError, match="each of the 500 rows; got 499"):
        kind().fit(X, y, dates=np.arange(499))
    with pytest.raises(InvalidInputError, match="1 of 500 are missing"):
        kind().fit(X, y, dates=[None, *range(499)])
    with pytest.raises(InvalidInputError, match="1 distinct dates"):
        kind().fit(X, y, dates=np.full(500, 2020))


def test_columns_of_dates_or_objects(kind):
    with pytest.raises(InvalidTypeError, match="dates or times"):
        kind().fit(X.assign(day=pd.Timestamp("2020-01-01")), y)
    with pytest.raises(InvalidTypeError, match="'thing'"):
        kind().fit(X.assign(thing=[[1]] * 500), y)


def test_text_where_numbers_were(kind):
    model = quick(kind).fit(X, y)
    with pytest.raises(InvalidTypeError, match="'age' must hold numbers; 500 of 500"):
        model.predict_proba(X.assign(age="old"))


def test_constraints_on_what_is_not_there(kind):
    with pytest.raises(InvalidParameterError, match="Did you mean 'delays'"):
        kind(monotone={"delay": 1}).fit(X, y)
    with pytest.raises(InvalidParameterError, match="'region' holds categories"):
        kind(monotone={"region": 1}).fit(X.assign(region=["a", "b"] * 250), y)
    with pytest.warns(RiskkitWarning, match="leaves out: the same in every row"):
        quick(kind, monotone={"same": 1}).fit(X.assign(same=1.0), y)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"monotone": "up"}, "monotone must be one of"),
        ({"monotone": "auot"}, "Did you mean 'auto'"),
        ({"monotone": {"age": "rising"}}, "monotone\\['age'\\] must be one of"),
        ({"monotone": {"age": 2}}, "'ascending' or 1"),
        ({"monotone": {"age": True}}, "'ascending' or 1"),
        ({"unseen": "worst"}, "unseen must be one of"),
        ({"calibration": "sigmoid"}, "calibration must be one of"),
        ({"scaler": 20}, "scaler must be a PointsScaler"),
        ({"learning_rate": 0}, "learning_rate must be"),
        ({"n_rounds": 0}, "n_rounds must be an integer >= 1"),
        ({"max_rounds": 2.5}, "max_rounds must be"),
        ({"patience": 0}, "patience must be"),
        ({"inner_cv": 1}, "inner_cv must be"),
        ({"inner_cv": "five"}, "inner_cv must be"),
        ({"inner_cv": True}, "inner_cv must be"),
        ({"subsample": 0}, "subsample must be"),
        ({"colsample": 1.5}, "colsample must be"),
        ({"reg_lambda": -1}, "reg_lambda must be"),
        ({"max_bins": 1}, "max_bins must be"),
        ({"price_constraints": "yes"}, "price_constraints must be"),
        ({"reference_share": 0}, "reference_share must be"),
        ({"device": 0}, "device must be"),
        ({"n_jobs": 0}, "n_jobs must be"),
        ({"verbose": "loud"}, "verbose must be"),
        ({"min_child_weight": -1}, "min_child_weight must be"),
        ({"special_codes": "none"}, "special_codes must be"),
    ],
)
def test_parameters_outside_their_domain(kind, parameters, words):
    with pytest.raises(InvalidParameterError, match=words):
        kind(**parameters).fit(X, y)


def test_folds_that_cannot_be(kind):
    with pytest.raises(InvalidParameterError, match="the rarer class has"):
        kind(inner_cv=400).fit(X, y)
    with pytest.raises(InvalidParameterError, match="0 to 499"):
        kind(inner_cv=[([0, 1], [900])]).fit(X, y)
    with pytest.raises(InvalidParameterError, match="2 rows do both"):
        kind(inner_cv=[(np.arange(400), np.arange(398, 500))]).fit(X, y)
    with pytest.raises(InvalidParameterError, match="events and non-events"):
        kind(inner_cv=[(np.flatnonzero(y == 0), np.flatnonzero(y == 1))]).fit(X, y)
    with pytest.raises(InvalidParameterError, match="at least one fold"):
        kind(inner_cv=[]).fit(X, y)


def test_folds_of_a_splitter_and_of_ones_own(kind):
    splitter = ShuffleSplit(2, test_size=0.3, random_state=0)
    model = kind(inner_cv=splitter, max_rounds=8).fit(X, y)
    same = kind(inner_cv=list(splitter.split(X)), max_rounds=8).fit(X, y)
    assert model.spec_ == same.spec_


def test_no_message_tells_a_value(kind):
    secret = X.assign(name=["Ada Lovelace", *["x"] * 499])
    with pytest.raises(InvalidParameterError) as caught:
        kind(monotone={"nam": 1}).fit(secret, y)
    assert "Lovelace" not in str(caught.value)
    model = quick(LGBMPDClassifier, unseen="error").fit(X.assign(g="a"), y)
    assert "g" in model.left_out_


def test_progress_is_drawn_on_stderr(kind, capfd):
    kind(verbose=True, max_rounds=5, monotone={"delays": 1}).fit(X, y)
    out, err = capfd.readouterr()
    assert out == ""
    for stage in ("number of rounds", "Pricing", "Growing the trees", "Auditing"):
        assert stage in err
    kind(max_rounds=5).fit(X, y)
    out, err = capfd.readouterr()
    assert out == err == ""
