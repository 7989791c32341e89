"""OptimalBinner and its tables."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from riskkit.binning import BinningTable, OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    SingleBinWarning,
    UnusedCodeWarning,
)
from riskkit.metrics import iv, woe


@pytest.fixture(scope="module")
def book():
    return make_loan_book(6_000, default_rate=0.1, random_state=0)


@pytest.fixture(scope="module")
def fitted(book):
    return OptimalBinner(special_codes=book.special_codes).fit(book.data, book.target)


def test_table_agrees_with_plain_pandas(book, fitted):
    for name, table in fitted.binning_tables_.items():
        assert isinstance(table, BinningTable)
        bins = fitted_bins(fitted, book.data, name)
        plain = pd.DataFrame({"bin": bins, "y": book.target}).groupby("bin")["y"]
        filled = table.n > 0
        assert_array_equal(table.n[filled], plain.size())
        assert_array_equal(table.n_event[filled], plain.sum())
        assert table.n.sum() == len(book.target)
        assert_allclose(table.woe, woe(table.n_event, table.n_nonevent))
        assert table.iv == pytest.approx(iv(table.n_event, table.n_nonevent))


def fitted_bins(binner, X, name):
    ordinal = clone(binner).set_params(encode="ordinal")
    ordinal.__dict__.update({k: v for k, v in vars(binner).items() if k[-1] == "_"})
    return ordinal.transform(X)[:, list(X.columns).index(name)].astype(int)


def test_transform_emits_what_the_table_says(book, fitted):
    Xt = fitted.transform(book.data)
    for j, (name, table) in enumerate(fitted.binning_tables_.items()):
        assert_array_equal(Xt[:, j], table.woe[fitted_bins(fitted, book.data, name)])


def test_constraints_hold(book):
    binner = OptimalBinner(
        max_n_bins=4,
        min_bin_size=0.1,
        min_bin_n_event=20,
        min_event_rate_diff=0.01,
        trend="monotonic",
        special_codes=book.special_codes,
    ).fit(book.data, book.target)
    for table in binner.binning_tables_.values():
        regular = slice(0, table.feature.n_regular)
        assert table.feature.n_regular <= 4
        if table.feature.n_regular == 1:
            continue
        assert (table.n[regular] >= 0.1 * len(book.target)).all()
        assert (table.n_event[regular] >= 20).all()
        steps = np.diff(table.event_rate[regular])
        assert (np.abs(steps) >= 0.01).all()
        if table.feature.kind == "numeric":
            assert (steps > 0).all() or (steps < 0).all()


def test_special_missing_and_unseen_are_bins_of_their_own(book, fitted):
    score = fitted.binning_tables_["bureau_score"]
    at = score.feature.n_regular
    assert score.feature.labels[at] == "Special: -1"
    assert score.n[at] == (book.data["bureau_score"] == -1).sum()
    assert score.n[score.feature.missing_bin] == book.data["bureau_score"].isna().sum()
    row = book.data.head(1).copy()
    category = next(
        n for n, t in fitted.binning_tables_.items() if t.feature.kind == "categorical"
    )
    row[category] = "never heard of"
    assert fitted.transform(row)[0, list(row.columns).index(category)] == 0.0


@pytest.mark.parametrize("unseen", ["missing", "riskiest"])
def test_policy_for_unseen_levels(unseen):
    X = pd.DataFrame({"job": ["a", "b", "c", None] * 100})
    y = np.tile([1, 0, 0, 0, 1, 0, 0, 1], 50)
    binner = OptimalBinner(unseen=unseen).fit(X, y)
    table = binner.binning_tables_["job"]
    expected = {
        "missing": table.woe[table.feature.missing_bin],
        "riskiest": table.woe.min(),
    }
    assert binner.transform(pd.DataFrame({"job": ["z"]}))[0, 0] == expected[unseen]


def test_unseen_levels_can_be_refused():
    X = pd.DataFrame({"job": ["a", "b"] * 50})
    binner = OptimalBinner(unseen="error").fit(X, [1, 0] * 50)
    with pytest.raises(InvalidInputError, match="'job' accepts only the 2 levels"):
        binner.transform(pd.DataFrame({"job": ["a", "z"]}))


def test_a_row_scores_the_same_in_any_batch(book, fitted):
    Xt = fitted.transform(book.data)
    order = np.random.default_rng(0).permutation(len(book.data))
    assert_array_equal(fitted.transform(book.data.iloc[order]), Xt[order])
    assert_array_equal(fitted.transform(book.data.iloc[5:6]), Xt[5:6])
    twice = pd.concat([book.data.head(10)] * 2, ignore_index=True)
    assert_array_equal(fitted.transform(twice), np.tile(Xt[:10], (2, 1)))


def test_columns_are_matched_by_name(book, fitted):
    shuffled = book.data[book.data.columns[::-1]].assign(extra=1)
    assert_array_equal(fitted.transform(shuffled), fitted.transform(book.data))
    with pytest.raises(InvalidInputError, match="'bureau_score'"):
        fitted.transform(book.data.drop(columns="bureau_score"))


@pytest.mark.parametrize(
    "convert", [pl.from_pandas, lambda d: pa.Table.from_pandas(d)], ids=["pl", "pa"]
)
def test_polars_and_arrow_give_the_same_bins(book, fitted, convert):
    other = OptimalBinner(special_codes=book.special_codes)
    other.fit(convert(book.data), book.target)
    for name, table in fitted.binning_tables_.items():
        assert other.binning_tables_[name].feature == table.feature
    assert_array_equal(other.transform(convert(book.data)), fitted.transform(book.data))


def test_rows_and_columns_may_come_in_any_order(book, fitted):
    order = np.random.default_rng(1).permutation(len(book.data))
    columns = list(book.data.columns[::-1])
    other = clone(fitted).fit(book.data.iloc[order][columns], book.target[order])
    for name, table in fitted.binning_tables_.items():
        assert other.binning_tables_[name].feature == table.feature
        assert_array_equal(other.binning_tables_[name].woe, table.woe)


def test_a_weight_of_two_is_the_row_twice(book):
    X, y = book.data.head(1_500), book.target[:1_500]
    weight = np.random.default_rng(2).integers(0, 3, 1_500)
    repeated = np.repeat(np.arange(1_500), weight)
    by_weight = OptimalBinner().fit(X, y, sample_weight=weight)
    by_rows = OptimalBinner().fit(X.iloc[repeated], y[repeated])
    for name, table in by_rows.binning_tables_.items():
        assert by_weight.binning_tables_[name].feature == table.feature
        assert_array_equal(by_weight.binning_tables_[name].n_event, table.n_event)


@pytest.mark.parametrize(
    "labels", [(False, True), ("good", "ugly"), (-1, 1), (0.0, 1.0)]
)
def test_labels_of_any_type(book, fitted, labels):
    y = np.array(labels)[book.target]
    other = clone(fitted).fit(book.data, y)
    for name, table in fitted.binning_tables_.items():
        assert_array_equal(other.binning_tables_[name].woe, table.woe)


def test_apply_to_counts_another_sample(book, fitted):
    half = len(book.target) // 2
    tables = fitted.binning_tables_
    for name, table in tables.items():
        first = table.apply_to(book.data[:half], book.target[:half])
        second = table.apply_to(book.data[name][half:], book.target[half:])
        both = first + second
        assert_array_equal(both.n_event, table.n_event)
        assert_array_equal(both.woe, table.woe)
    with pytest.raises(InvalidInputError, match="same bins"):
        _ = tables["income"] + tables["age"]
    with pytest.raises(InvalidTargetError, match="1 of 2 rows"):
        tables["age"].apply_to([30.0, 40.0], [0, 7])


def test_apply_to_a_sample_of_one_class_has_counts_and_no_evidence(book, fitted):
    good = book.target == 0
    table = fitted.binning_tables_["age"].apply_to(book.data[good], book.target[good])
    assert table.n.sum() == good.sum()
    assert np.isnan(table.woe).all()


def test_a_column_that_cannot_be_binned_says_why():
    X = pd.DataFrame(
        {"constant": [1.0] * 40, "empty": [np.nan] * 40, "fine": np.arange(40.0)}
    )
    y = (np.arange(40) % 10 < np.arange(40) // 10 + 2).astype(int)
    with pytest.warns(SingleBinWarning, match="2 feature.*constant.*empty"):
        binner = OptimalBinner().fit(X, y)
    summary = binner.summary().set_index("feature")
    assert summary.loc["fine", "n_bins"] > 1
    assert summary.loc["fine", "reason"] == ""
    assert (summary.loc[["constant", "empty"], "n_bins"] == 1).all()
    assert summary.loc[["constant", "empty"], "reason"].str.len().min() > 0
    assert (binner.transform(X)[:, :2] == 0).all()


def test_a_perfectly_separating_column_is_not_one_bin():
    X, y = np.arange(100.0).reshape(-1, 1), np.repeat([0, 1], 50)
    table = OptimalBinner().fit(X, y).binning_tables_["x0"]
    assert table.feature.n_regular > 1
    assert np.isfinite(table.woe).all()
    assert 49.5 in table.feature.edges


def test_codes_that_do_not_occur_are_named(book):
    with pytest.warns(UnusedCodeWarning, match="bureau_score: -77"):
        OptimalBinner(special_codes={"bureau_score": [-1, -77]}).fit(
            book.data, book.target
        )
    with pytest.warns(UnusedCodeWarning, match="-77"):
        OptimalBinner(special_codes=[-1, -77]).fit(book.data, book.target)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"trend": "upward"}, "trend must be one of"),
        ({"trend": {"agee": "ascending"}}, "Did you mean 'age'"),
        ({"trend": {"age": "asc"}}, r"trend\['age'\] must be one of"),
        ({"encode": "weo"}, "Did you mean 'woe'"),
        ({"max_n_bins": 1}, "max_n_bins must be an integer >= 2"),
        ({"min_bin_size": 0.6}, "between 0 and 0.5"),
        ({"max_pvalue": 2}, "max_pvalue"),
        ({"smoothing": -1}, "smoothing must be a number >= 0"),
        ({"missing": "drop"}, "missing must be one of"),
        ({"unseen": "ignore"}, "unseen must be one of"),
    ],
)
def test_bad_parameters_are_refused(book, parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        OptimalBinner(**parameters).fit(book.data, book.target)


def test_text_where_numbers_were_is_refused(book, fitted):
    wrong = book.data.head(3).assign(age="young")
    with pytest.raises(InvalidTypeError, match="'age' must hold numbers"):
        fitted.transform(wrong)


def test_no_rows_is_an_error(book):
    with pytest.raises(InvalidInputError, match=r"0 sample\(s\)"):
        OptimalBinner().fit(book.data.head(0), book.target[:0])


def test_set_output_pipelines_and_html(book, fitted):
    pipeline = make_pipeline(FunctionTransformer(), clone(fitted))
    frame = pipeline.set_output(transform="pandas").fit_transform(
        book.data, book.target
    )
    assert list(frame.columns) == list(book.data.columns)
    html = fitted.binning_tables_["age"]._repr_html_()
    assert "<table" in html
    assert "age: " in html
    assert fitted.binning_tables_["age"].to_dict()["bins"][0]["bin"].startswith("(-inf")
