"""Which features matter, and how sure that is."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from riskkit.boosting import LGBMPDClassifier
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.explain import contributions, importance
from riskkit.plotting import ImportanceDisplay
from riskkit.scorecard import ScorecardClassifier

BOOK = make_loan_book(1_500, default_rate=0.2, random_state=0)
FRESH = make_loan_book(1_500, default_rate=0.2, random_state=1)
NUMBERS = ["age", "utilisation", "inquiries"]


@pytest.fixture(scope="module")
def booster():
    return LGBMPDClassifier(n_rounds=40).fit(BOOK.data, BOOK.target)


@pytest.fixture(scope="module")
def line():
    model = LogisticRegression(max_iter=1_000)
    return model.fit(BOOK.data[NUMBERS], BOOK.target)


def by_feature(result):
    return result.frame().set_index("feature")


def test_contributions_are_averaged_around_their_mean(booster):
    parts = contributions(booster, FRESH.data, unit="log_odds").iloc[:, 1:]
    found = by_feature(importance(booster, FRESH.data))
    for name, column in parts.items():
        distance = (column - column.mean()).abs()
        interval = stats.norm.interval(
            0.95, distance.mean(), distance.std(ddof=1) / np.sqrt(1_500)
        )
        row = found.loc[name]
        assert row["importance"] == pytest.approx(distance.mean())
        assert (row["low"], row["high"]) == pytest.approx(interval)
    assert found["importance"].is_monotonic_decreasing
    assert found["share"].sum() == pytest.approx(1)


def test_a_scorecard_has_importances_too():
    card = ScorecardClassifier().fit(BOOK.data, BOOK.target)
    assert importance(card, FRESH.data).frame()["importance"].iloc[0] > 0


def test_shuffles_cost_what_scikit_learn_measures(line):
    found = by_feature(
        importance(line, FRESH.data[NUMBERS], FRESH.target, n_repeats=40)
    )
    reference = permutation_importance(
        line, FRESH.data[NUMBERS], FRESH.target, scoring="neg_log_loss", n_repeats=40,
        random_state=0,
    )  # fmt: skip
    for place, name in enumerate(NUMBERS):
        error = reference.importances_std[place] / np.sqrt(40)
        assert found.loc[name, "importance"] == pytest.approx(
            reference.importances_mean[place], abs=6 * error
        )


def test_a_column_that_does_nothing_costs_nothing():
    X = BOOK.data[NUMBERS].assign(noise=np.arange(1_500) % 7)
    model = LogisticRegression(max_iter=1_000).fit(X, BOOK.target)
    model.coef_[0, 3] = 0.0
    found = by_feature(importance(model, X, BOOK.target))
    assert found.loc["noise", ["importance", "low", "high"]].tolist() == [0, 0, 0]
    assert found["low"].iloc[0] > 0


def test_tables_of_all_kinds_agree(booster, line):
    X, y = FRESH.data, FRESH.target
    native = pl.DataFrame({c: X[c].to_list() for c in X}, strict=False).with_columns(
        pl.col("income", "months_on_job").fill_nan(None)
    )
    first = importance(booster, X, y, n_repeats=1)
    assert importance(booster, native, y, n_repeats=1).to_dict() == first.to_dict()
    moved = X.set_index(np.arange(1_500)[::-1])
    assert importance(booster, moved, y, n_repeats=1).to_dict() == first.to_dict()
    numbers = FRESH.data[NUMBERS]
    array = LogisticRegression(max_iter=1_000).fit(
        BOOK.data[NUMBERS].to_numpy(), BOOK.target
    )
    found = importance(array, numbers.to_numpy(dtype=float), y).frame()
    same = importance(line, numbers, y).frame()
    np.testing.assert_allclose(found["importance"], same["importance"], rtol=1e-6)
    assert set(found["feature"]) == {"x0", "x1", "x2"}


def test_weights_are_counts(booster):
    weight = np.arange(1_500) % 3
    row = np.repeat(np.arange(1_500), weight)
    weighted = importance(booster, FRESH.data, sample_weight=weight).frame()
    repeated = importance(booster, FRESH.data.iloc[row]).frame()
    pd.testing.assert_frame_equal(weighted, repeated)


def test_the_seed_decides_and_rows_stay_as_they_are(line):
    X, y = FRESH.data[NUMBERS].copy(), FRESH.target
    before = X.copy()
    first = importance(line, X, y, random_state=1)
    assert first == importance(line, X, y, random_state=1)
    assert first != importance(line, X, y, random_state=2)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((object(), FRESH.data, FRESH.target), InvalidTypeError, "predict_proba"),
        ((object(), FRESH.data), InvalidTypeError, "object"),
        ((None, FRESH.data, FRESH.target[:-1]), InvalidInputError, "each of the 1500"),
        ((None, FRESH.data, np.zeros(1_500)), InvalidTargetError, "1 class"),
    ],
)
def test_bad_input_is_refused(booster, arguments, error, words):
    model, *rest = arguments
    with pytest.raises(error, match=words):
        importance(model or booster, *rest)


def test_bad_parameters_are_refused(booster):
    with pytest.raises(InvalidParameterError, match="n_repeats"):
        importance(booster, FRESH.data, FRESH.target, n_repeats=0)
    with pytest.raises(InvalidParameterError, match="level"):
        importance(booster, FRESH.data, level=1)


def test_picture(booster):
    display = ImportanceDisplay.from_estimator(booster, FRESH.data, level=0.9)
    assert display.plot(n_features=3) is display
    labels = [t.get_text() for t in display.ax_.get_yticklabels()]
    assert labels == display.frame()["feature"].head(3).tolist()
    widths = [bar.get_width() for bar in display.ax_.patches]
    np.testing.assert_allclose(widths, display.frame()["importance"].head(3))
    result = importance(booster, FRESH.data, FRESH.target, n_repeats=1)
    shuffled = ImportanceDisplay.from_result(result).plot()
    assert "shuffled" in shuffled.ax_.get_xlabel()
    assert "<table" in result._repr_html_()
    with pytest.raises(InvalidTypeError, match="importance returned; got DataFrame"):
        ImportanceDisplay.from_result(result.frame())
    with pytest.raises(InvalidParameterError, match="n_features"):
        display.plot(n_features=0)
    plt.close("all")
