"""From raw columns to codes: states, ranks, the unknown and the unseen."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from riskkit.boosting import XGBPDClassifier
from riskkit.boosting._blend_forest import columns_without_outcomes
from riskkit.boosting._columns import code_rows, make_columns
from riskkit.boosting._features import bin_rows
from riskkit.exceptions import InvalidInputError, InvalidParameterError

nan = np.nan


class Rows:
    """Stands in for the checked input of a fit."""

    def __init__(self, X, y, weight=None):
        from riskkit._core.frames import Table

        self.table = Table.read(X)
        self.is_event = np.asarray(y, dtype=bool)
        self.weight = weight
        self.n_rows = float(len(y) if weight is None else np.sum(weight))


def columns_of(X, y, *, unseen="neutral", special_codes=None, max_bins=254):
    training = Rows(X, y)
    rows = bin_rows(
        training, special_codes=special_codes, max_bins=max_bins, unseen=unseen
    )
    return rows, make_columns(rows, training.is_event, None, unseen)


def by_role(columns):
    return {(c.feature, c.role): c.codes for c in columns}


def test_numbers_keep_their_order_and_missing_is_unknown():
    X = pd.DataFrame({"x": [3.0, 1.0, nan, 2.0, 1.0]})
    rows, columns = columns_of(X, [1, 0, 1, 0, 0])
    assert rows.features[0].edges == (1.5, 2.5)
    assert columns[0].codes == (0, 1, 2, None, None)
    assert_array_equal(code_rows(columns, rows.bins, 5)[:, 0], [2, 0, nan, 1, 0])


def test_a_state_never_met_is_taken_for_the_middle_account():
    X = pd.DataFrame({"x": [1.0, 2.0, 2.0, 3.0, 9.0]})
    _, columns = columns_of(X, [1, 0, 1, 0, 0], special_codes=[-1])
    # Bins of 1, 2, 3, 9; then the code -1, missing, and what numbers never are.
    assert columns[0].codes == (0, 1, 2, 3, 1, 1, 1)
    assert len(columns) == 1


def test_codes_get_an_indicator_each_and_no_number():
    X = pd.DataFrame({"x": [-9.0, -8.0, 1.0, 2.0, nan]})
    _, columns = columns_of(X, [1, 0, 1, 0, 0], special_codes=[-9, -8, -7])
    assert [c.role for c in columns] == ["value", "state", "state"]
    value, first, second = (c.codes for c in columns)
    # Bins: 1, 2, then -9, -8, -7, missing, unseen; -7 never occurs and is like missing.
    assert value == (0, 1, None, None, None, None, None)
    assert first == (0, 0, 1, 0, 0, 0, 0)
    assert second == (0, 0, 0, 1, 0, 0, 0)


def test_one_value_beside_codes_needs_no_value_column():
    X = pd.DataFrame({"x": [-9.0, 1.0, 1.0, -9.0]})
    _, columns = columns_of(X, [1, 0, 1, 0], special_codes=[-9])
    assert [c.role for c in columns] == ["state"]


def levels(sizes):
    """Return a column of levels a, b, c, ... of the given sizes."""
    names = [f"L{k:02d}" for k in range(len(sizes))]
    return np.repeat(names, sizes)


def test_few_levels_have_a_column_each():
    X = pd.DataFrame({"x": levels([20, 30, 40])})
    rows, columns = columns_of(X, np.arange(90) % 3 == 0)
    assert [c.role for c in columns] == ["state"] * 3
    assert rows.features[0].levels == (("L00",), ("L01",), ("L02",))
    # Level by level; missing and unseen are in none of them.
    assert [c.codes for c in columns] == [
        (1, 0, 0, 0, 0),
        (0, 1, 0, 0, 0),
        (0, 0, 1, 0, 0),
    ]


def test_two_levels_need_one_column_and_strangers_are_like_the_usual_one():
    X = pd.DataFrame({"x": levels([20, 70])})
    _, columns = columns_of(X, np.arange(90) % 3 == 0)
    assert [c.codes for c in columns] == [(1, 0, 0, 0)]


def test_rare_levels_have_no_place_and_stand_for_the_unseen():
    X = pd.DataFrame({"x": levels([50, 50, 5, 4])})
    rows, columns = columns_of(X, np.arange(109) % 3 == 0)
    assert rows.features[0].levels == (("L00",), ("L01",))
    assert rows.filled[0][-1]
    assert [c.codes for c in columns] == [(1, 0, 0, 0), (0, 1, 0, 0)]


def many_levels(n_levels=20, size=60, *, noise=False):
    """Return levels whose event rate rises, or does not depend on the level."""
    x = levels([size] * n_levels)
    rng = np.random.default_rng(0)
    rate = (
        np.full(x.size, 0.4)
        if noise
        else np.repeat(np.linspace(0.1, 0.9, n_levels), size)
    )
    return pd.DataFrame({"x": x}), rng.random(x.size) < rate


def test_many_levels_are_ranked_by_their_event_rate():
    X, y = many_levels()
    _, columns = columns_of(X, y)
    assert [c.role for c in columns] == ["rank"]
    rate = pd.Series(y).groupby(X["x"]).mean()
    codes = np.array(columns[0].codes[:20])
    expected = np.unique(rate, return_inverse=True)[1]
    assert np.corrcoef(codes, expected)[0, 1] > 0.99
    assert np.all(np.diff(codes[np.argsort(rate.to_numpy(), kind="stable")]) >= 0)
    overall = columns[0].codes[-1]  # missing and unseen are in the middle
    assert columns[0].codes[-2] == overall
    assert codes.min() < overall < codes.max()


def test_a_forest_ranks_levels_by_their_size():
    X, y = many_levels()
    order = np.random.default_rng(3).permutation(20)
    take = np.concatenate(
        [
            np.flatnonzero(X["x"] == f"L{k:02d}")[: 30 + place]
            for place, k in enumerate(order)
        ]
    )
    rows, columns = columns_of(X.iloc[take].reset_index(drop=True), y[take])
    assert [c.role for c in columns] == ["rank"]
    (by_size,) = columns_without_outcomes(columns, rows.bins)
    n = np.bincount(rows.bins[0], minlength=len(by_size.codes))
    codes = np.array(by_size.codes[:20])
    # Levels of one event rate share a code, whose size is that of all of them.
    size = {c: sum(m for m, d in zip(n, columns[0].codes, strict=True) if d == c)
            for c in columns[0].codes}  # fmt: skip
    sizes = np.array([size[c] for c in columns[0].codes[:20]])
    assert (np.diff(codes[np.argsort(sizes, kind="stable")]) >= 0).all()
    numbers = pd.DataFrame({"x": [3.0, 1.0, nan, 2.0, 1.0]})
    rows, columns = columns_of(numbers, [1, 0, 1, 0, 0])
    assert columns_without_outcomes(columns, rows.bins) == tuple(columns)


def test_levels_that_differ_by_chance_alone_are_not_told_apart():
    X, y = many_levels(noise=True)
    _, columns = columns_of(X, y)
    assert set(columns[0].codes) == {0}


def test_ranks_are_those_of_the_rows_learned_from():
    X, y = many_levels()
    training = Rows(X, y)
    rows = bin_rows(training, special_codes=None, max_bins=254, unseen="neutral")
    turned = y.copy()
    half = np.arange(y.size) % 2 == 0
    turned[~half] = ~turned[~half]
    train = np.flatnonzero(half)
    first = make_columns(rows, y, None, "neutral", train)
    assert first == make_columns(rows, turned, None, "neutral", train)
    assert first != make_columns(rows, turned, None, "neutral")


@pytest.mark.parametrize(
    ("unseen", "twin"), [("neutral", None), ("missing", 20), ("riskiest", 19)]
)
def test_policies_for_unseen_levels(unseen, twin):
    X, y = many_levels()
    X.loc[::50, "x"] = None
    _, columns = columns_of(X, y, unseen=unseen)
    codes = columns[0].codes
    if twin is None:
        assert min(codes[:20]) < codes[-1] < max(codes[:20])
    else:
        assert codes[-1] == codes[twin]
    if unseen == "riskiest":
        assert codes[-1] == max(codes[:20])
    few = X.assign(x=X["x"].str.replace("L1.", "L10", regex=True).str[:2])
    _, columns = columns_of(few, y, unseen=unseen)
    for column in columns:
        if unseen == "missing":
            assert column.codes[-1] == column.codes[-2]
        if unseen == "neutral":
            assert column.codes[-1] == 0


def test_an_unseen_level_can_be_refused():
    X, y = many_levels(n_levels=3)
    X = pd.concat([X, pd.DataFrame({"x": ["odd", "odder"]})], ignore_index=True)
    y = np.r_[y, True, False]
    model = XGBPDClassifier(unseen="error", n_rounds=5).fit(X, y)
    assert model.predict_proba(X).shape == (len(X), 2)  # the rare ones are known
    with pytest.raises(InvalidInputError, match="1 rows hold another"):
        model.predict_proba(pd.DataFrame({"x": ["new"]}))


def test_fifty_thousand_levels_do_no_harm(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=3_000)
    y = rng.random(3_000) < 1 / (1 + np.exp(1.5 - 1.2 * x))
    names = [f"name {k}" for k in rng.permutation(50_000)[:3_000]]
    X = pd.DataFrame({"x": x, "name": names})
    model = kind(n_rounds=30).fit(X, y)
    assert model.left_out_ == {"name": "no level has enough accounts"}
    assert model.spec_.names == ("x",)
    alone = kind(n_rounds=30).fit(X[["x"]], y)
    assert_array_equal(alone.decision_function(X), model.decision_function(X))
    repeated = X.assign(name=[f"name {k % 250}" for k in range(3_000)])
    model = kind(n_rounds=30).fit(repeated, y)
    gap = model.decision_function(repeated) - alone.decision_function(X)
    assert np.abs(gap).mean() < 0.1  # 250 levels of noise are not taken for evidence


def test_a_group_of_codes_has_one_indicator():
    X = pd.DataFrame({"x": [-9.0, -8.0, 1.0, 2.0, -9.0]})
    groups = {"x": {"no bureau record": [-9, -8]}}
    rows, columns = columns_of(X, [1, 0, 1, 0, 0], special_codes=groups)
    assert [c.role for c in columns] == ["value", "state"]
    assert rows.features[0].labels[2] == "no bureau record"
    with pytest.raises(InvalidParameterError, match="Did you mean 'x'"):
        columns_of(X, [1, 0, 1, 0, 0], special_codes={"xx": [-9]})


def test_infinite_values_are_at_the_ends(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=1_000)
    y = rng.random(1_000) < 1 / (1 + np.exp(1 - 2 * x))
    X = pd.DataFrame({"x": x})
    X.loc[x > 2, "x"] = np.inf
    X.loc[x < -2, "x"] = -np.inf
    model = kind().fit(X, y)
    ends = pd.DataFrame({"x": [-np.inf, X["x"][np.isfinite(X["x"])].min(), np.inf]})
    low, lowest, high = model.predict_proba(ends)[:, 1]
    assert low == lowest < 0.2 < 0.6 < high
