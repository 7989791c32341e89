"""What goes in, what comes out: tables of any kind, names, rows, plain data."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from riskkit._core.frames import Table
from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.trees import sum_trees
from riskkit.boosting import LGBMPDClassifier
from riskkit.boosting._columns import code_table
from riskkit.boosting._tree_tables import to_arrays
from riskkit.exceptions import InvalidInputError
from riskkit.scaling import PointsScaler


def quick(kind, **parameters):
    return kind(**{"n_rounds": 20, **parameters})


def test_pds_of_later_rows_rank_and_are_calibrated(kind, book):
    half = len(book.target) // 2
    model = kind(special_codes=book.special_codes)
    model.fit(book.data.iloc[:half], book.target[:half])
    y, best = book.target[half:], book.pd[half:]
    pd_ = model.predict_proba(book.data.iloc[half:])[:, 1]
    base = log_loss(y, np.full(y.size, book.target[:half].mean()))
    # Half of what can be known is learned from 2,000 rows with 240 events.
    assert roc_auc_score(y, pd_) - 0.5 > 0.8 * (roc_auc_score(y, best) - 0.5)
    assert base - log_loss(y, pd_) > 0.5 * (base - log_loss(y, best))
    assert abs(pd_.mean() - y.mean()) < 0.02


def test_pd_points_and_log_odds_are_one_number(kind, fitted, book):
    model, rows = fitted(kind), book.data.head(50)
    log_odds = model.decision_function(rows)
    pd_ = model.predict_proba(rows)
    assert_array_equal(pd_[:, 1], sigmoid(log_odds))
    assert_allclose(pd_.sum(axis=1), 1.0)
    assert_array_equal(model.predict(rows), (log_odds > 0).astype(int))
    assert_array_equal(model.predict_points(rows), PointsScaler().to_points(log_odds))
    scaler = PointsScaler(pdo=40, rounding="none")
    other = clone(model).set_params(scaler=scaler, n_rounds=model.n_rounds_)
    other.fit(book.data, book.target)
    assert_array_equal(other.predict_points(rows), scaler.to_points(log_odds))


def test_the_plain_data_give_the_same_bits(kind, fitted, book):
    model = fitted(kind)
    spec = model.spec_
    codes = code_table(spec, Table.read(book.data))
    by_hand = spec.intercept + sum_trees(to_arrays(spec.trees), codes)
    assert_array_equal(by_hand, model.decision_function(book.data))
    assert len(spec.trees) == model.n_rounds_


def test_a_row_alone_scores_as_in_a_batch(kind, fitted, book):
    model = fitted(kind)
    batch = model.decision_function(book.data.iloc[:64])
    alone = [model.decision_function(book.data.iloc[[k]])[0] for k in range(64)]
    assert_array_equal(alone, batch)
    order = np.random.default_rng(0).permutation(64)
    assert_array_equal(model.decision_function(book.data.iloc[order]), batch[order])


def test_tables_of_any_kind_give_the_same_model(kind, book):
    X, y = book.data.head(1_000), book.target[:1_000]
    expected = quick(kind).fit(X, y).decision_function(X)
    text = X.select_dtypes(exclude="number").columns
    variants = {
        "polars": pl.from_pandas(X),
        "arrow": pl.from_pandas(X).to_arrow(),
        "category": X.astype(dict.fromkeys(text, "category")),
        "object": X.astype(dict.fromkeys(text, object)),
        "nullable": X.convert_dtypes(),
    }
    for name, table in variants.items():
        found = quick(kind).fit(table, y).decision_function(table)
        assert_array_equal(found, expected, err_msg=name)


def test_columns_are_matched_by_name(kind, fitted, book):
    model, rows = fitted(kind), book.data.head(40)
    expected = model.decision_function(rows)
    turned = rows[rows.columns[::-1]].assign(extra="unknown")
    assert_array_equal(model.decision_function(turned), expected)
    assert_array_equal(model.decision_function(pl.from_pandas(turned)), expected)
    with pytest.raises(InvalidInputError, match="missing: 'income'"):
        model.predict_proba(rows.drop(columns="income"))


def test_an_array_works_as_well(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    y = (rng.random(600) < sigmoid(X[:, 0] - 1)).astype(int)
    model = kind().fit(X, y)
    assert model.spec_.names == ("x0", "x1", "x2")
    assert roc_auc_score(y, model.predict_proba(X)[:, 1]) > 0.7
    labels = np.where(y == 1, "yes", "no")
    named = kind().fit(X, labels)
    assert_array_equal(named.classes_, ["no", "yes"])
    assert_array_equal(named.decision_function(X), model.decision_function(X))
    assert set(named.predict(X)) <= {"no", "yes"}


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_threads_and_seeds(kind, book, n_jobs):
    X, y = book.data.head(1_500), book.target[:1_500]
    one = quick(kind, n_jobs=1).fit(X, y).decision_function(X)
    many = quick(kind, n_jobs=n_jobs).fit(X, y).decision_function(X)
    assert_array_equal(one, many)
    other = quick(kind, n_jobs=1, random_state=1).fit(X, y).decision_function(X)
    assert np.any(other != one)


def test_clones_and_pickles_score_the_same(kind, fitted, book):
    model, rows = fitted(kind), book.data.head(30)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.decision_function(rows), model.decision_function(rows))
    parts = again.predict_contributions(rows).log_odds
    assert_allclose(parts, model.decision_function(rows), atol=1e-9)
    assert clone(model).get_params()["special_codes"] == book.special_codes


def test_grid_search_and_cross_validation(kind, book):
    X, y = book.data.head(600), book.target[:600]
    search = GridSearchCV(
        quick(kind), {"learning_rate": [0.05, 0.2]}, cv=2, scoring="neg_log_loss"
    ).fit(X, y)
    assert search.best_params_["learning_rate"] in (0.05, 0.2)
    held_out = cross_val_predict(quick(kind), X, y, cv=3, method="predict_proba")
    assert held_out.shape == (600, 2)


def test_weights_and_dates_are_routed(kind, book):
    X, y = book.data.head(900), book.target[:900]
    dates = book.dates[:900]
    weight = np.where(np.arange(900) % 2 == 0, 1.0, 3.0)
    with config_context(enable_metadata_routing=True):
        model = quick(kind, n_rounds=None, max_rounds=15)
        model.set_fit_request(sample_weight=True, dates=True)
        model.set_score_request(sample_weight=True)
        routed = GridSearchCV(model, {"reg_lambda": [5.0]}, cv=2).fit(
            X, y, sample_weight=weight, dates=dates
        )
        found = routed.best_estimator_.decision_function(X)
    alone = quick(kind, n_rounds=None, max_rounds=15)
    alone.fit(X, y, sample_weight=weight, dates=dates)
    assert_array_equal(found, alone.decision_function(X))
    without = quick(kind, n_rounds=None, max_rounds=15).fit(X, y)
    assert np.any(without.decision_function(X) != found)


def test_takes_what_a_pipeline_puts_out(kind, book):
    X, y = book.data.head(800), book.target[:800]
    numbers = X.select_dtypes("number").columns.tolist()
    step = ColumnTransformer(
        [("same", FunctionTransformer(feature_names_out="one-to-one"), numbers)],
        verbose_feature_names_out=False,
    )
    for output in ("default", "pandas", "polars"):
        pipe = make_pipeline(clone(step).set_output(transform=output), quick(kind))
        pd_ = pipe.fit(X, y).predict_proba(X)[:, 1]
        assert roc_auc_score(y, pd_) > 0.6
        if output != "default":
            assert pipe[-1].spec_.names == tuple(numbers)


def test_what_trees_are_given_reaches_them(book):
    X, y = book.data.head(800), book.target[:800]
    free = quick(LGBMPDClassifier, n_rounds=5).fit(X, y)
    small = quick(LGBMPDClassifier, n_rounds=5, num_leaves=3).fit(X, y)
    assert max(tree.column.count(-1) for tree in small.spec_.trees) <= 3
    assert max(tree.column.count(-1) for tree in free.spec_.trees) > 3


def test_equal_weights_change_nothing(kind, book):
    X, y = book.data.head(800), book.target[:800]
    plain = quick(kind).fit(X, y).decision_function(X)
    ones = quick(kind).fit(X, y, sample_weight=np.ones(800)).decision_function(X)
    assert_allclose(ones, plain, atol=1e-6)


def test_a_weight_of_two_is_the_row_twice_where_no_row_is_drawn(kind, book):
    X, y = book.data.select_dtypes("number").head(400), book.target[:400]
    weight = np.random.default_rng(0).integers(1, 4, 400)
    # Leaves so large that no two splits of any node are equally good but for rounding.
    whole = {"subsample": 1.0, "colsample": 1.0, "n_rounds": 10, "min_child_weight": 8}
    if kind is LGBMPDClassifier:
        whole["min_child_samples"] = 1
    weighted = quick(kind, **whole).fit(X, y, sample_weight=weight)
    repeated = quick(kind, **whole).fit(
        pd.DataFrame(X.to_numpy().repeat(weight, axis=0), columns=X.columns),
        y.repeat(weight),
    )
    assert weighted.spec_.features == repeated.spec_.features
    assert weighted.spec_.columns == repeated.spec_.columns
    gap = weighted.decision_function(X) - repeated.decision_function(X)
    assert np.abs(gap).max() < 1e-5
