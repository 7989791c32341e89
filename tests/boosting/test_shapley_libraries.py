"""Contributions against those that the libraries themselves compute."""

import numpy as np
import pytest

from riskkit._kernels.tree_shapley import leaf_paths, mean_of_leaves, shapley_values
from riskkit.boosting import LGBMPDClassifier
from riskkit.boosting._tree_tables import to_arrays


def of_the_library(kind, model, codes):
    if kind is LGBMPDClassifier:
        return model.booster_.predict(codes, pred_contrib=True)
    from xgboost import DMatrix

    return model.booster_.predict(DMatrix(codes), pred_contribs=True)


def test_trees_are_explained_as_by_their_library(kind, book, fitted):
    model = fitted(kind)
    codes = model._codes(book.data.head(200))
    expected = of_the_library(kind, model, codes)
    trees = model.spec_.trees
    paths = leaf_paths(to_arrays(trees), [np.array(tree.cover) for tree in trees])
    found = shapley_values(paths, codes)
    # XGBoost adds in single precision.
    close = 1e-12 if kind is LGBMPDClassifier else 2e-5
    assert found == pytest.approx(expected[:, :-1], abs=close)
    assert mean_of_leaves(paths) == pytest.approx(expected[0, -1], abs=close)
    assert np.ptp(found, axis=0).max() > 0.5


def test_contributions_of_a_model_are_those_of_its_columns(kind, book, fitted):
    model = fitted(kind)
    rows = book.data.head(50)
    expected = of_the_library(kind, model, model._codes(rows))
    by_feature = np.zeros((50, len(model.spec_.features)))
    for k, column in enumerate(model.spec_.columns):
        by_feature[:, column.feature] += expected[:, k]
    result = model.predict_contributions(rows)
    assert result.frame().to_numpy()[:, 1:] == pytest.approx(by_feature, abs=1e-4)
    assert np.abs(result.log_odds - model.decision_function(rows)).max() < 1e-9
