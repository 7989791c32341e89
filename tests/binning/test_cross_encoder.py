"""WoECrossEncoder: no row is encoded by its own outcome."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)
from sklearn.pipeline import make_pipeline

from riskkit.binning import (
    ManualBinner,
    MergeBins,
    OptimalBinner,
    WoECrossEncoder,
)
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    RiskkitWarning,
)


@pytest.fixture(scope="module")
def book():
    return make_loan_book(2_000, default_rate=0.2, random_state=0)


@pytest.fixture(scope="module")
def folds(book):
    splitter = StratifiedKFold(4, shuffle=True, random_state=0)
    return list(splitter.split(book.data, book.target))


def test_each_fold_is_encoded_by_a_binner_of_the_others(book, folds):
    found = WoECrossEncoder(cv=folds).fit_transform(book.data, book.target)
    for train, test in folds:
        binner = OptimalBinner(smoothing=0.5 * train.size / len(book.target))
        binner.fit(book.data.iloc[train], book.target[train])
        assert_array_equal(found[test], binner.transform(book.data.iloc[test]))


def test_new_rows_are_encoded_by_the_binner_of_all_rows(book):
    encoder = WoECrossEncoder(random_state=0)
    cross = encoder.fit_transform(book.data, book.target)
    plain = OptimalBinner().fit(book.data, book.target).transform(book.data)
    assert_array_equal(encoder.transform(book.data), plain)
    fitted = clone(encoder).fit(book.data, book.target)
    assert_array_equal(fitted.transform(book.data), plain)
    assert not np.array_equal(cross, plain)


@pytest.mark.parametrize("row", [0, 17, 1_234])
def test_a_row_s_own_outcome_does_not_reach_its_encoding(book, folds, row):
    flipped = np.array(book.target)
    flipped[row] = 1 - flipped[row]
    encoder = WoECrossEncoder(cv=folds)
    before = encoder.fit_transform(book.data, book.target)
    after = encoder.fit_transform(book.data, flipped)
    assert_array_equal(after[row], before[row])
    # It teaches the other folds, so this is not a test of nothing.
    assert not np.array_equal(after, before)


def test_levels_that_mean_nothing_carry_nothing():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"street": rng.integers(0, 500, 4_000).astype(str)})
    y = rng.integers(0, 2, 4_000)
    in_sample = OptimalBinner().fit_transform(X, y)[:, 0]
    cross = WoECrossEncoder(random_state=0).fit_transform(X, y)[:, 0]
    assert roc_auc_score(y, -in_sample) > 0.6
    assert abs(roc_auc_score(y, -cross) - 0.5) < 0.03


def test_encodings_of_training_rows_are_on_the_scale_of_new_rows():
    # Perfect evidence is limited by smoothing alone: (1 + s) / s with s = 0.5 / 100.
    X = np.repeat([[0.0], [1.0]], 100, axis=0)
    y = np.repeat([0, 1], 100)
    cross = WoECrossEncoder(random_state=0).fit_transform(X, y)
    assert_allclose(cross[:, 0], np.where(y == 0, 1, -1) * np.log(201), rtol=1e-12)


def test_weights(book, folds):
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(book.target))
    weight[:50] = 0
    encoder = WoECrossEncoder(cv=folds)
    found = encoder.fit_transform(book.data, book.target, weight)
    train, test = folds[0]
    known = train[weight[train] > 0]
    share = weight[known].sum() / weight.sum()
    binner = OptimalBinner(smoothing=0.5 * share)
    binner.fit(book.data.iloc[known], book.target[known], weight[known])
    assert_allclose(found[test], binner.transform(book.data.iloc[test]), rtol=1e-12)
    # A row of weight 0 teaches nothing, whatever its outcome.
    changed = np.array(book.target)
    changed[:50] = 1 - changed[:50]
    assert_array_equal(encoder.fit_transform(book.data, changed, weight), found)


def test_frames_of_all_kinds_agree(book, folds):
    X = book.data
    expected = WoECrossEncoder(cv=folds).fit_transform(X, book.target)
    polars = pl.from_pandas(X)
    for other in (polars, polars.to_arrow()):
        found = WoECrossEncoder(cv=folds).fit_transform(other, book.target)
        assert_array_equal(found, expected)
    objects = WoECrossEncoder(cv=folds)
    assert_array_equal(objects.fit_transform(X.to_numpy(object), book.target), expected)
    numbers = X.select_dtypes("number")
    assert_array_equal(
        WoECrossEncoder(cv=folds).fit_transform(numbers.to_numpy(float), book.target),
        WoECrossEncoder(cv=folds).fit_transform(numbers, book.target),
    )


def test_output_containers_and_names(book):
    encoder = WoECrossEncoder(random_state=0).set_output(transform="pandas")
    index = np.arange(len(book.target)) + 7
    found = encoder.fit_transform(book.data.set_index(index), book.target)
    assert list(found.columns) == list(book.data.columns)
    assert_array_equal(found.index, index)
    assert list(encoder.get_feature_names_out()) == list(book.data.columns)
    polars = WoECrossEncoder(random_state=0).set_output(transform="polars")
    assert isinstance(polars.fit_transform(book.data, book.target), pl.DataFrame)


def test_a_column_keeps_its_kind_in_every_fold():
    # Text stands in two rows alone: other folds would take the column for numbers.
    rng = np.random.default_rng(0)
    code = rng.integers(0, 3, 200).astype(object)
    code[[3, 150]] = "none"
    rare = np.full(200, None, dtype=object)
    rare[8] = "yes"
    X = pd.DataFrame({"code": code, "rare": rare, "x": rng.normal(size=200)})
    y = rng.integers(0, 2, 200)
    for given in (X, X.to_numpy(object), X.set_axis([0, 1, 2], axis=1)):
        encoder = WoECrossEncoder(cv=KFold(5))
        with pytest.warns(RiskkitWarning, match="one bin"):
            found = encoder.fit_transform(given, y)
        assert np.isfinite(found).all()
    assert X["code"].dtype == object  # nothing is written to what was given


def test_a_level_of_one_fold_is_neutral_even_where_unseen_levels_are_refused():
    X = pd.DataFrame({"job": ["a", "b"] * 50})
    y = np.tile([0, 1, 1, 0, 1], 20)
    X.loc[0, "job"] = "once"
    encoder = WoECrossEncoder(OptimalBinner(unseen="error"), cv=KFold(5))
    assert encoder.fit_transform(X, y)[0, 0] == 0.0
    with pytest.raises(InvalidInputError, match="accepts only"):
        encoder.transform(pd.DataFrame({"job": ["never"]}))


def test_the_fit_on_all_rows_alone_warns():
    X = np.column_stack([np.zeros(100), np.arange(100.0)])
    y = np.tile([0, 1], 50)
    with pytest.warns(RiskkitWarning, match="one bin") as caught:
        WoECrossEncoder(random_state=0).fit_transform(X, y)
    assert len(caught) == 1


def test_given_bins_are_the_same_in_every_fold(book, folds):
    X = book.data[["age"]]
    splits = {"age": [30.0, 45.0]}
    found = WoECrossEncoder(ManualBinner(splits), cv=folds).fit_transform(
        X, book.target
    )
    train, test = folds[1]
    manual = ManualBinner(splits, smoothing=0.5 * train.size / len(X))
    manual.fit(X.iloc[train], book.target[train])
    assert_array_equal(found[test], manual.transform(X.iloc[test]))
    edited = OptimalBinner(edits=[MergeBins(feature="age", bins=(0, 1))])
    with pytest.raises(InvalidParameterError, match="every fold has bins of its own"):
        WoECrossEncoder(edited).fit(X, book.target)


def test_groups_stay_together():
    rng = np.random.default_rng(0)
    borrower = np.repeat(np.arange(300), 4)
    y = np.repeat(rng.integers(0, 2, 300), 4)
    X = pd.DataFrame({"borrower": borrower.astype(str)})
    loose = WoECrossEncoder(random_state=0).fit_transform(X, y)[:, 0]
    assert roc_auc_score(y, -loose) > 0.95  # the other loans of a borrower tell
    for cv in (5, GroupKFold(5)):
        encoder = WoECrossEncoder(cv=cv, random_state=0)
        together = encoder.fit_transform(X, y, groups=borrower)[:, 0]
        assert (together == 0).all()


def test_seeds(book):
    def encoded(**params):
        return WoECrossEncoder(**params).fit_transform(book.data, book.target)

    assert_array_equal(encoded(random_state=1), encoded(random_state=1))
    assert not np.array_equal(encoded(random_state=1), encoded(random_state=2))
    assert_array_equal(encoded(shuffle=False), encoded(shuffle=False, random_state=1))
    assert not np.array_equal(encoded(cv=3, shuffle=False), encoded(shuffle=False))


def test_in_a_pipeline_and_a_grid(book):
    pipeline = make_pipeline(WoECrossEncoder(random_state=0), LogisticRegression())
    grid = GridSearchCV(
        pipeline,
        {"woecrossencoder__binner": [OptimalBinner(max_n_bins=k) for k in (2, 6)]},
        scoring="roc_auc",
        cv=3,
    ).fit(book.data, book.target)
    # The model is trained on the encodings of the folds.
    step, model = grid.best_estimator_[0], grid.best_estimator_[-1]
    cross = clone(step).fit_transform(book.data, book.target)
    expected = LogisticRegression().fit(cross, book.target)
    assert_allclose(model.coef_, expected.coef_)
    assert step.binner_.binning_tables_
    assert grid.best_score_ > 0.6


def test_groups_and_weights_pass_through_a_pipeline(book):
    n = len(book.target)
    groups, weight = np.arange(n) // 2, np.ones(n)
    pipeline = make_pipeline(WoECrossEncoder(random_state=0), LogisticRegression())
    pipeline.fit(
        book.data,
        book.target,
        woecrossencoder__groups=groups,
        woecrossencoder__sample_weight=weight,
    )
    cross = WoECrossEncoder(random_state=0).fit_transform(
        book.data, book.target, weight, groups
    )
    expected = LogisticRegression().fit(cross, book.target)
    assert_allclose(pipeline[-1].coef_, expected.coef_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"cv": 1}, "cv must be an integer >= 2, a splitter"),
        ({"cv": None}, "got None"),
        ({"cv": "5"}, "got '5'"),
        ({"cv": True}, "got True"),
        ({"shuffle": 1}, "shuffle must be True or False; got 1"),
        ({"binner": LogisticRegression()}, "got LogisticRegression"),
        ({"cv": TimeSeriesSplit(3)}, "every row in exactly one fold; 500 of 2000"),
        ({"cv": [(np.arange(2_000), np.arange(2_000))]}, "in fold 0 2000 rows do both"),
        ({"cv": [(np.arange(2_000), [2_000])]}, "rows from 0 to 1999; it names others"),
    ],
)
def test_bad_parameters(book, params, message):
    with pytest.raises(InvalidParameterError, match=message):
        WoECrossEncoder(**params).fit_transform(book.data, book.target)


def test_folds_that_cannot_learn():
    X = np.arange(40.0)[:, None]
    y = np.r_[np.ones(3), np.zeros(37)]
    with pytest.raises(InvalidTargetError, match="got 3 events and 37 non-events"):
        WoECrossEncoder().fit_transform(X, y)
    with pytest.raises(InvalidTargetError, match=r"fold 0 learns from .* only non-ev"):
        WoECrossEncoder(cv=KFold(4)).fit_transform(X, y)
    assert WoECrossEncoder(cv=3).fit_transform(X, y).shape == (40, 1)


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_stacking_on_real_loans_gains(shared_data):
    loans = pd.read_parquet(shared_data("lending_club_2007_2011"))
    y = loans.pop("bad").to_numpy()
    early = ["loan_amnt", "term", "int_rate", "sub_grade", "annual_inc", "purpose"]
    # Areas of three digits: a thousand levels, most of them thin.
    X = loans[[*early, "zip_code", "addr_state", "revol_util", "inq_last_6mths"]]
    a, b, ya, yb = train_test_split(X, y, random_state=0, stratify=y)

    def hold_out_auc(encoder):
        model = make_pipeline(encoder, LogisticRegression()).fit(a, ya)
        return roc_auc_score(yb, model.predict_proba(b)[:, 1])

    cross = hold_out_auc(WoECrossEncoder(random_state=0))
    assert cross > hold_out_auc(OptimalBinner()) + 0.005
