"""ManualBinner: bins given by people."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from riskkit.artifact import FeatureSpec
from riskkit.binning import ManualBinner, OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError, SingleBinWarning
from riskkit.scorecard import ScorecardClassifier

X = pd.DataFrame(
    {"age": [20.0, 30.0, 40.0, np.nan] * 50, "job": ["a", "b", "c", None] * 50}
)
Y = np.tile([1, 0, 0, 0, 1, 1, 0, 1], 25)


def test_counts_agree_with_pandas_cut():
    binner = ManualBinner({"age": [25, 35], "job": [["a", "c"], ["b"]]}).fit(X, Y)
    age = binner.binning_tables_["age"]
    cut = pd.cut(X["age"], [-np.inf, 25, 35, np.inf])
    plain = pd.Series(Y).groupby(cut, observed=False).agg(["size", "sum"])
    assert_array_equal(age.n[:3], plain["size"])
    assert_array_equal(age.n_event[:3], plain["sum"])
    assert age.n[age.feature.missing_bin] == 50
    job = binner.binning_tables_["job"]
    assert_array_equal(job.n[:2], [100, 50])
    assert age.status == job.status == "manual"


def test_bins_of_another_binner_are_taken_over():
    book = make_loan_book(3_000, default_rate=0.1, random_state=0)
    found = OptimalBinner(special_codes=book.special_codes).fit(book.data, book.target)
    specs = {name: table.feature for name, table in found.binning_tables_.items()}
    taken = ManualBinner(specs).fit(book.data, book.target)
    assert_array_equal(taken.transform(book.data), found.transform(book.data))


def test_a_feature_without_splits_has_one_bin_and_says_so():
    with pytest.warns(SingleBinWarning, match=r"job \(no splits given\)"):
        binner = ManualBinner({"age": [25]}).fit(X, Y)
    assert binner.binning_tables_["job"].feature.n_regular == 1


def test_a_level_in_no_group_is_unseen():
    binner = ManualBinner({"age": [25], "job": [["a"], ["b"]]}).fit(X, Y)
    job = binner.binning_tables_["job"]
    assert job.n[job.feature.unseen_bin] == 50


def test_a_scorecard_takes_it_as_its_binner():
    binner = ManualBinner({"age": [25, 35], "job": [["a", "c"], ["b"]]})
    card = ScorecardClassifier(binner, min_iv=0.0, optimism=0.0).fit(X, Y)
    assert np.isfinite(card.predict_points(X)).all()
    assert card.coefficients_


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"aeg": [1]}, "Did you mean 'age'"),
        ({"age": [3, 1]}, "finite and increasing"),
        ({"age": [1, np.inf]}, "finite and increasing"),
        ({"age": ["x"]}, "must be numbers"),
        ({"job": ["a", "b"]}, "sequence of groups"),
        ({"job": [["a"], ["a"]]}, "stands twice"),
        ({"job": [["a"], []]}, "one is empty"),
        ({"age": FeatureSpec("age", "categorical")}, "the column is numeric"),
    ],
)
def test_unusable_splits_are_refused(splits, message):
    with pytest.raises(InvalidParameterError, match=message):
        ManualBinner(splits).fit(X, Y)


def test_a_level_cannot_be_special_and_grouped():
    binner = ManualBinner({"job": [["a"], ["b"]]}, special_codes={"job": ["a"]})
    with pytest.raises(InvalidParameterError, match="as a special code"):
        binner.fit(X[["job"]], Y)
