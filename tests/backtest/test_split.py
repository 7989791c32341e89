import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate

from riskkit.backtest import OutOfTimeSplit
from riskkit.exceptions import InvalidInputError, InvalidParameterError

rng = np.random.default_rng(5)
DATES = np.datetime64("2000-01-01") + rng.integers(0, 3653, 4_000)
X = rng.normal(size=(4_000, 2))
Y = (rng.random(4_000) < 1 / (1 + np.exp(1 - X[:, 0]))).astype(int)


def later(day, n_months):
    """Months later by pandas, which knows nothing of the library."""
    return pd.Timestamp(day) + pd.DateOffset(months=n_months)


@pytest.mark.parametrize("scheme", ["expanding", "rolling", "anchored"])
def test_parts_are_those_of_a_loop_over_the_rows(scheme):
    split = OutOfTimeSplit(
        DATES, scheme=scheme, train_months=24, performance_window=18, reporting_delay=2
    )
    starts = [pd.Timestamp(f"{year}-01-01") for year in range(2004, 2010)]
    parts = list(split.split(X, Y))
    assert [w.label for w in split.windows()] == [str(s.year) for s in starts]
    assert split.get_n_splits(X) == len(parts) == 6
    for (train, test), start in zip(parts, starts, strict=True):
        end = later(starts[0] if scheme == "anchored" else start, -20)
        begin = later(end, -24) if scheme == "rolling" else pd.Timestamp.min
        days = [pd.Timestamp(d) for d in DATES]
        assert train.tolist() == [i for i, d in enumerate(days) if begin <= d < end]
        expected = [i for i, d in enumerate(days) if start <= d < later(start, 12)]
        assert test.tolist() == expected


@settings(max_examples=40)
@given(
    window=st.integers(1, 24),
    delay=st.integers(0, 6),
    test_months=st.integers(4, 14),
    step=st.integers(4, 14),
    scheme=st.sampled_from(["expanding", "rolling", "anchored"]),
    extra=st.integers(0, 3),
)
def test_no_outcome_trained_on_is_known_after_the_test_begins(
    window, delay, test_months, step, scheme, extra
):
    dates = DATES[:1_000]
    split = OutOfTimeSplit(
        dates,
        scheme=scheme,
        test_months=test_months,
        step_months=step,
        performance_window=window,
        reporting_delay=delay,
        gap=window + delay + extra,
    )
    windows = split.windows()
    for (train, test), shown in zip(split.split(), windows, strict=True):
        assert not set(train) & set(test)
        assert (dates[test] >= shown.test_start).all()
        after = dates[train].max() + np.timedelta64(1, "D")
        assert later(after, window + delay) <= pd.Timestamp(shown.test_start)


def test_a_gap_too_short_is_refused_with_two_dates():
    split = OutOfTimeSplit(DATES, performance_window=12, reporting_delay=3, gap=12)
    with pytest.raises(
        InvalidParameterError,
        match=r"at least 15 months.*got 12.*known on 2002-04-01 only.*"
        r"begins on 2002-01-01",
    ):
        next(split.split(X))


def test_windows_lie_on_the_calendar_or_where_they_are_asked():
    labels = [w.label for w in OutOfTimeSplit(DATES, test_months=3).windows()]
    assert labels[0] == "2002 Q1"
    labels = [w.label for w in OutOfTimeSplit(DATES, test_months=1).windows()]
    assert labels[:2] == ["2002-01", "2002-02"]
    split = OutOfTimeSplit(DATES, first_test="2003-05-15", n_splits=2)
    assert [w.label for w in split.windows()] == [
        "2007-05-15 to 2008-05-14",
        "2008-05-15 to 2009-05-14",
    ]
    late = DATES[np.datetime64("2000-04-20") <= DATES]
    assert OutOfTimeSplit(late).windows()[0].label == "2003"


def test_immature_test_windows_are_left_out():
    split = OutOfTimeSplit(DATES, as_of="2009-12-31")
    # The outcomes of 2008 are known on 2010-01-01, a day later.
    assert split.windows()[-1].label == "2007"
    split.as_of = "2010-01-01"
    assert split.windows()[-1].label == "2008"
    with pytest.raises(InvalidInputError, match=r"one test window.*2004-01-01"):
        OutOfTimeSplit(DATES, as_of="2003-12-31").windows()


def test_customers_are_never_on_both_sides():
    customers = rng.integers(0, 900, DATES.size)
    plain = list(OutOfTimeSplit(DATES).split(X))
    for (train, test), (whole, same) in zip(
        OutOfTimeSplit(DATES).split(X, groups=customers), plain, strict=True
    ):
        assert test.tolist() == same.tolist()
        tested = set(customers[test])
        assert train.tolist() == [i for i in whole if customers[i] not in tested]
    named = pd.Series(customers).astype(str)
    train, _ = next(OutOfTimeSplit(DATES).split(X, groups=named))
    expected, _ = next(OutOfTimeSplit(DATES).split(X, groups=customers))
    assert train.tolist() == expected.tolist()


def test_scikit_learn_takes_it_everywhere():
    split = OutOfTimeSplit(DATES, scheme="rolling")
    model = LogisticRegression()
    scores = cross_validate(model, X, Y, cv=split, groups=np.arange(DATES.size))
    assert scores["test_score"].size == 8
    search = GridSearchCV(model, {"C": [0.1, 1.0]}, cv=split).fit(X, Y)
    assert search.n_splits_ == 8
    assert clone(search).cv.n_splits is None
    # Not every row is tested, which this function needs.
    with pytest.raises(ValueError, match="partitions"):
        cross_val_predict(model, X, Y, cv=split)
    with config_context(enable_metadata_routing=True):
        again = cross_validate(
            model, X, Y, cv=split, params={"groups": np.arange(DATES.size)}
        )
    assert again["test_score"].tolist() == scores["test_score"].tolist()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"scheme": "sliding"}, InvalidParameterError, "scheme must be one of"),
        ({"n_splits": 0}, InvalidParameterError, "n_splits must be an integer >= 1"),
        ({"n_splits": 99}, InvalidParameterError, "n_splits must be at most 8"),
        ({"test_months": 1.5}, InvalidParameterError, "test_months must be"),
        ({"performance_window": 0}, InvalidParameterError, "performance_window"),
        ({"first_test": "soon"}, InvalidParameterError, "first_test must be a day"),
        ({"dates": DATES.astype(str)}, InvalidInputError, "dates must hold dates"),
        ({"dates": []}, InvalidInputError, "at least one row"),
        ({"dates": [None, DATES[0].item()]}, InvalidInputError, "1 of 2 dates are"),
        ({"train_months": 200}, InvalidInputError, "at least one test window"),
        ({"first_test": "2000-06-01"}, InvalidInputError, "training part of window"),
    ],
)
def test_bad_input(change, error, words):
    split = OutOfTimeSplit(**({"dates": DATES} | change))
    with pytest.raises(error, match=words):
        list(split.split())


def test_bad_rows():
    split = OutOfTimeSplit(DATES)
    with pytest.raises(InvalidInputError, match="X must hold the 4000 rows"):
        next(split.split(X[:10]))
    with pytest.raises(InvalidInputError, match="groups must hold one"):
        next(split.split(X, groups=np.zeros(3)))
    holes = np.full(DATES.size, None, dtype=object)
    with pytest.raises(InvalidInputError, match="groups must be known"):
        next(split.split(X, groups=holes))
    two_years = DATES[(np.datetime64("2001-01-01") > DATES)]
    jump = np.concatenate([two_years, two_years + np.timedelta64(5 * 365, "D")])
    with pytest.raises(InvalidInputError, match="test part of window 2002"):
        list(OutOfTimeSplit(jump).split())
    one = np.zeros(X.shape[0])
    with pytest.raises(InvalidInputError, match="that is in no group of the test"):
        list(split.split(X, groups=one))


def test_it_shows_itself_without_its_dates():
    assert repr(OutOfTimeSplit(DATES, gap=14)) == (
        "OutOfTimeSplit(dates, scheme='expanding', test_months=12, "
        "performance_window=12, reporting_delay=0, gap=14)"
    )
