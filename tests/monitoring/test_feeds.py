"""Broken feeds, and scores that are not those of the model."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.monitoring import Baseline, EarlyWarning, check_feeds, check_scores

CITIES = np.array(["Berlin", "Madrid", "Oslo"])


def draw(seed, n=2000):
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8, 1, n)
    income[rng.random(n) < 0.05] = np.nan
    income[rng.random(n) < 0.05] = -9
    return pd.DataFrame(
        {
            "income": income,
            "age": rng.normal(40, 9, n).round(3),
            "children": rng.poisson(1, n).astype(float),
            "city": rng.choice(CITIES, n),
        }
    )


@pytest.fixture(scope="module")
def baseline():
    return Baseline.fit(draw(0), special_codes=[-9])


def findings(result):
    columns = result.columns
    return {
        f: t for f, t in zip(columns["feature"], columns["finding"], strict=True) if t
    }


def test_whole_feeds_have_no_finding_in_fifty_months(baseline):
    for seed in range(1, 51):
        result = check_feeds(draw(seed), baseline, previous=draw(seed + 100))
        assert result.broken == ()
        assert all(m.value == 0 for m in result.measurements())


def test_a_column_that_is_gone_is_a_finding_and_new_ones_are_named(baseline):
    X = draw(1).rename(columns={"age": "years"})
    result = check_feeds(X, baseline)
    assert findings(result) == {"age": "the column is missing"}
    assert result.new_columns == ("years",)


@pytest.mark.parametrize(
    ("column", "value"), [("income", 7.0), ("city", "Oslo"), ("city", "Rome")]
)
def test_one_value_in_all_rows(baseline, column, value):
    X = draw(1)
    X[column] = value
    X.loc[::7, column] = np.nan if column == "income" else None
    assert findings(check_feeds(X, baseline)) == {column: "one value in all rows"}


def test_what_was_constant_in_the_reference_may_stay_so():
    baseline = Baseline.fit({"x": np.ones(500), "z": np.arange(500.0)})
    X = {"x": np.ones(300), "z": np.arange(300.0)}
    assert check_feeds(X, baseline).broken == ()


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (100, "about 100 times"),
        (1000, "about 1,000 times"),
        (0.01, "about 1/100 of"),
        (1 / 12, "about 1/12 of"),
    ],
)
def test_another_unit_is_named_and_special_codes_are_left_alone(
    baseline, factor, words
):
    X = draw(1)
    X["income"] = np.where(X["income"] == -9, -9, X["income"] * factor)
    result = check_feeds(X, baseline)
    assert result.broken == ("income",)
    assert words in findings(result)["income"]
    row = result.frame().set_index("feature").loc["income"]
    assert row["psi"] > 0.25 > 0.1 > row["psi_rescaled"]
    assert row["factor"] == pytest.approx(factor)


def test_another_population_is_no_other_unit(baseline):
    X = draw(1)
    X["income"] = X["income"] * 2.2
    result = check_feeds(X, baseline)
    assert result.broken == ()
    row = result.frame().set_index("feature").loc["income"]
    assert row["psi"] > 0.25
    assert np.isnan(row["factor"])


def test_values_of_the_period_before_in_any_order(baseline):
    X, before = draw(1), draw(2)
    X["age"] = before["age"].to_numpy()[::-1]
    X["children"] = before["children"]  # six values: they may well come so again
    result = check_feeds(X, baseline, previous=before)
    assert findings(result) == {"age": "all values are those of the period before"}
    frame = result.frame().set_index("feature")
    assert frame.loc["age", "repeated"] == 1
    assert np.isnan(frame.loc["children", "repeated"])
    assert check_feeds(X, baseline, previous=before, static=["age"]).broken == ()


def test_the_share_that_is_repeated_agrees_with_a_loop(baseline):
    X, before = draw(1, 200), draw(2, 300)
    for name in ("age", "income"):
        X[name] = before[name].sample(200, replace=True, random_state=0).to_numpy()
    frame = check_feeds(X, baseline, previous=before).frame().set_index("feature")
    for name in ("age", "income"):
        there = before[name][before[name].notna() & (before[name] != -9)].tolist()
        now = X[name][X[name].notna() & (X[name] != -9)].tolist()
        both = 0
        for value in now:
            if value in there:
                there.remove(value)
                both += 1
        assert frame.loc[name, "repeated"] == pytest.approx(both / len(now))


def test_the_order_of_the_rows_does_not_matter(baseline):
    X, before = draw(1), draw(2)
    X["age"] = before["age"]
    one = check_feeds(X, baseline, previous=before)
    other = check_feeds(X[::-1], baseline, previous=before.sample(frac=1))
    pd.testing.assert_frame_equal(one.frame(), other.frame())


def test_few_rows_are_not_judged(baseline):
    result = check_feeds(draw(1, 50), baseline)
    assert result.broken == ()
    warning = EarlyWarning().evaluate(result, as_of="2024-01-31")
    assert set(warning.measures["light"]) == {"not_evaluable"}
    assert "fewer than 100 rows" in warning.measures["why"][0]


def test_a_break_counts_at_once_and_goes_before_everything_else(baseline):
    warning = EarlyWarning()
    for month in ("2024-01-31", "2024-02-29", "2024-03-31"):
        X = draw(1)
        if month == "2024-03-31":
            X["age"] = 0.0
        result = warning.evaluate(check_feeds(X, baseline), as_of=month)
    assert (result.verdict, result.light) == ("watch", "red")
    assert result.rule.name == "feed_broken"
    assert result.fired_by == ("feed_break: age",)
    why = dict(zip(result.measures["key"], result.measures["why"], strict=True))
    assert why["feed_break: age"].startswith("one value in all rows")


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"baseline": 3}, InvalidTypeError, "must be a Baseline"),
        ({"X": {}}, InvalidInputError, "must hold columns"),
        ({"factors": [1.0]}, InvalidParameterError, "above 1"),
        ({"factors": [np.inf]}, InvalidParameterError, "finite"),
        ({"static": "age"}, InvalidTypeError, "collection"),
        ({"static": ["agee"]}, InvalidParameterError, "Did you mean 'age'"),
        ({"min_n": 0}, InvalidParameterError, "min_n"),
    ],
)
def test_feeds_outside_their_domain(baseline, how, error, message):
    given = {"X": draw(1), "baseline": baseline} | how
    with pytest.raises(error, match=message):
        check_feeds(given.pop("X"), given.pop("baseline"), **given)


def test_no_value_of_a_customer_is_told(baseline):
    X = draw(1)
    X["income"], X["city"] = 4711.0, "Sesame Street"
    result = check_feeds(X, baseline, previous=draw(2))
    told = str(result.to_dict()) + repr(result) + result._repr_html_()
    assert "4711" not in told
    assert "Sesame" not in told


# Scores


def test_scores_by_hand():
    result = check_scores([1, 2, None, 4, 5], [1, 2.5, 3, None, 5.0], tolerance=0.1)
    row = {k: v[0] for k, v in result.columns.items()}
    assert row == {
        "period": "all",
        "n": 5,
        "n_compared": 3,
        "n_differ": 3,
        "share_differ": 0.6,
        "largest_difference": 0.5,
        "mean_difference": 0.5 / 3,
        "only_logged": 1,
        "only_recomputed": 1,
    }


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-5, 5)),
            st.one_of(st.none(), st.integers(-5, 5)),
            st.sampled_from(["2024-01", "2024-02"]),
        ),
        min_size=1,
    ),
    st.integers(0, 3),
)
def test_scores_agree_with_a_loop_and_periods_add_up(rows, tolerance):
    one, two, period = zip(*rows, strict=True)
    frame = check_scores(one, two, tolerance=tolerance, period=list(period)).frame()
    expected = sum(
        (a is None) != (b is None)
        or (a is not None and b is not None and abs(a - b) > tolerance)
        for a, b, _ in rows
    )
    assert frame["n_differ"].iloc[-1] == expected
    parts = ["n", "n_compared", "n_differ", "only_logged", "only_recomputed"]
    assert (frame[parts].iloc[:-1].sum() == frame[parts].iloc[-1]).all()


def test_equal_infinities_are_equal():
    result = check_scores([np.inf, -np.inf], [np.inf, np.inf])
    assert result.columns["n_differ"] == (1,)


def test_a_mismatch_is_a_warning_at_once():
    logged = np.arange(1000.0)
    warning = EarlyWarning()
    whole = check_scores(logged, logged)
    assert warning.evaluate(whole, as_of="2024-01-31").light_of("score_mismatch") == (
        "green"
    )
    for wrong, light in ((0, "green"), (1, "red")):
        other = logged.copy()
        other[:wrong] += 1
        result = warning.evaluate(check_scores(logged, other), as_of="2024-02-29")
        assert result.light_of("score_mismatch") == light
    nobody = EarlyWarning().evaluate(check_scores([], []), as_of="2024-01-31")
    assert nobody.light_of("score_mismatch") == "not_evaluable"


def test_scores_outside_their_domain():
    with pytest.raises(InvalidInputError, match="got 2 and 1"):
        check_scores([1, 2], [1])
    with pytest.raises(InvalidParameterError, match="tolerance"):
        check_scores([1], [1], tolerance=-1)
    for bad in ([[1.0]], ["a"]):
        with pytest.raises((InvalidInputError, InvalidTypeError)):
            check_scores(bad, bad)


def test_results_are_plain_data_and_readable():
    baseline = Baseline.fit(draw(0))
    for result in (check_feeds(draw(1), baseline), check_scores([1.0], [2.0])):
        assert "<table" in result._repr_html_()
        assert all(
            value is None or isinstance(value, str | int | float | bool | list | dict)
            for value in itertools.chain(result.to_dict().values())
        )
