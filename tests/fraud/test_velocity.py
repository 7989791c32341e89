"""Velocity features of tables, beside hand-computed values and a slow loop."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.fraud import VelocityFeatures

HOUR = 3600.0


def events(**columns):
    given = {
        "card": ["a", "a", "b", "a", "a", None, "a"],
        "shop": ["x", "y", "x", "x", None, "x", "z"],
        "time": [0.0, HOUR, HOUR, HOUR, 2 * HOUR, 3 * HOUR, 27 * HOUR],
        "amount": [10.0, 20.0, 5.0, 30.0, np.nan, 7.0, 3.0],
        "fraud": [1, 0, 1, np.nan, 1, 0, 0],
    }
    return pd.DataFrame(given | columns)


def everything(**changes):
    parameters = {
        "windows": ["1h", "24h"],
        "amount": "amount",
        "distinct": "shop",
        "event": "fraud",
        "label_delay": "1h",
    }
    return VelocityFeatures("card", **(parameters | changes))


def test_by_hand():
    found = everything().fit_transform(events())
    nan = np.nan
    expected = {
        # Both events of card a at 1 h see the one at 0 h and not each other.
        "card_count_1h": [0, 1, 0, 1, 2, nan, 0],
        "card_count_24h": [0, 1, 0, 1, 3, nan, 0],
        "card_amount_sum_24h": [0, 10, 0, 10, 60, nan, 0],
        "card_amount_mean_24h": [nan, 10, nan, 10, 20, nan, nan],
        "card_amount_ratio_24h": [nan, 2, nan, 3, nan, nan, nan],
        "card_n_shop_24h": [0, 1, 0, 1, 2, nan, 0],
        # Ages in (1 h, 25 h]: at 2 h the fraud of 0 h, at 27 h that of 2 h.
        "card_event_count_24h": [0, 0, 0, 0, 1, nan, 1],
        "card_event_rate_24h": [nan, nan, nan, nan, 1, nan, 1],
        "card_since": [nan, HOUR, nan, HOUR, HOUR, nan, nan],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], np.array(values, float), name)
    assert list(found) == list(everything().get_feature_names_out())


def slow(X, entity, width, delay=0.0):
    """Yield for each row the rows it sees, by comparing all pairs."""
    for row in X.itertuples():
        age = row.time - X["time"]
        same = X[entity] == getattr(row, entity)
        yield row, X[same & (age > delay) & (age <= delay + width)]


worlds = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 40),
        st.integers(0, 10_000),
        st.sampled_from(["x", "y", "z"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25)
@given(worlds, st.integers(1, 20), st.integers(0, 20))
def test_beside_a_slow_loop(rows, width, delay):
    X = pd.DataFrame(rows, columns=["card", "time", "amount", "shop", "fraud"])
    X["amount"] /= 100
    got = everything(windows=f"{width}s", label_delay=f"{delay}s").fit_transform(X)
    got.columns = [name.removesuffix(f"_{width}s") for name in got.columns]
    for (row, seen), found in zip(
        slow(X, "card", width), got.itertuples(index=False), strict=True
    ):
        assert found.card_count == len(seen)
        assert found.card_amount_sum == pytest.approx(seen["amount"].sum())
        assert found.card_n_shop == seen["shop"].nunique()
        if len(seen):
            mean = seen["amount"].mean()
            assert found.card_amount_mean == pytest.approx(mean)
            assert found.card_since == row.time - seen["time"].max()
            if mean > 0:
                assert found.card_amount_ratio == pytest.approx(row.amount / mean)
    for (_, seen), found in zip(
        slow(X, "card", width, delay), got.itertuples(index=False), strict=True
    ):
        assert found.card_event_count == seen["fraud"].sum()
        if len(seen):
            assert found.card_event_rate == pytest.approx(seen["fraud"].mean())


def random_events(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    card = rng.choice([*"abcdefgh"], n).astype(object)
    card[rng.random(n) < 0.02] = None
    return pd.DataFrame(
        {
            "card": card,
            "shop": rng.choice([*"uvwxyz"], n),
            "time": np.sort(rng.integers(0, 40_000, n)).astype(float),
            "amount": np.round(rng.lognormal(3, 1, n), 2),
            "fraud": rng.random(n) < 0.1,
        }
    )


def test_order_of_rows_does_not_matter():
    X = random_events()
    velocity = everything()
    whole = velocity.fit_transform(X)
    mixed = X.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        velocity.transform(mixed).loc[X.index], whole, check_exact=True
    )


def test_the_future_is_not_seen():
    X = random_events()
    velocity = everything(label_delay="10min")
    before = velocity.fit_transform(X)[:1000]
    changed = X.copy()
    moment = X["time"][999]
    later = X["time"] > moment
    changed.loc[later, "amount"] *= 100
    changed.loc[later, "shop"] = "never seen"
    # Not even the outcomes of the past that are not known yet.
    changed.loc[X["time"] >= moment - 600, "fraud"] = True
    kept = before.index[X["time"][:1000] <= moment]
    pd.testing.assert_frame_equal(
        velocity.transform(changed).loc[kept], before.loc[kept]
    )


def test_history_equals_one_table():
    X = random_events()
    velocity = VelocityFeatures(
        ["card", ("card", "shop")], windows="1h", amount="amount", distinct="shop"
    )
    whole = velocity.fit_transform(X)
    later = velocity.transform(X[1200:], history=X[:1200])
    pd.testing.assert_frame_equal(later, whole[1200:], check_exact=True)


def test_the_length_of_the_history_does_not_matter():
    """Sums are exact, so what left the window leaves no rounding behind."""
    X = random_events()
    X.loc[:500, "amount"] = 1e10 / 3
    velocity = everything(event=None, label_delay=None, windows="1h")
    recent = X["time"] > X["time"].max() - 2 * HOUR
    last = X["time"] > X["time"].max() - HOUR
    pd.testing.assert_frame_equal(
        velocity.fit_transform(X)[last],
        velocity.transform(X[recent])[last[recent]],
        check_exact=True,
    )


def test_an_entity_of_two_columns():
    X = random_events(500)
    X["pair"] = [
        f"{card}|{shop}" if isinstance(card, str) else None
        for card, shop in zip(X["card"], X["shop"], strict=True)
    ]
    both = VelocityFeatures([("card", "shop")], windows="1h", amount="amount")
    joined = VelocityFeatures("pair", windows="1h", amount="amount")
    assert both.get_feature_names_out()[0] == "card+shop_count_1h"
    np.testing.assert_array_equal(both.fit_transform(X), joined.fit_transform(X))


def test_its_own_column_is_not_counted():
    velocity = VelocityFeatures(["card", "shop"], windows="1h", distinct=["shop"])
    names = list(velocity.get_feature_names_out())
    assert "card_n_shop_1h" in names
    assert "shop_n_shop_1h" not in names


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_times_of_any_kind_are_alike(zone):
    X = random_events(300)
    velocity = everything()
    expected = velocity.fit_transform(X).to_numpy()
    start = pd.Timestamp("2024-03-30", tz=zone)  # before a change of the clock
    moments = start + pd.to_timedelta(X["time"], unit="s")
    for times in (
        moments,
        moments.astype(object),
        [moment.to_pydatetime() for moment in moments],
    ):
        dated = X.assign(time=times)
        np.testing.assert_array_equal(velocity.transform(dated), expected)
    dated = pl.DataFrame(X.assign(time=moments))
    np.testing.assert_array_equal(velocity.transform(dated), expected)


def test_days_and_index():
    X = pd.DataFrame(
        {"card": [1, 1.0, "1"], "time": [date(2024, 1, d) for d in (1, 2, 9)]},
        index=["r", "s", "t"],
    )
    found = VelocityFeatures("card", windows=timedelta(days=7)).fit_transform(X)
    assert found["card_count_604800s"].tolist() == [0, 1, 1]
    assert list(found.index) == ["r", "s", "t"]


def test_a_scikit_learn_transformer():
    velocity = everything(statistics=["since", "count"])
    copy = clone(velocity).fit(events())
    assert copy.get_params() == velocity.get_params()
    assert copy.n_features_in_ == 5
    assert list(copy.get_feature_names_out()) == [
        "card_count_1h",
        "card_count_24h",
        "card_since",
    ]
    polars = copy.set_output(transform="polars").transform(pl.DataFrame(events()))
    assert polars.columns == list(copy.get_feature_names_out())


def test_negative_amounts():
    X = events(amount=[10.0, -20.0, 5.0, 10.0, 1.0, 7.0, 3.0])
    with pytest.raises(InvalidInputError, match=r"1 of 7 are negative.*net") as caught:
        everything().fit_transform(X)
    assert "20" not in str(caught.value)
    found = everything(negative_amounts="net").fit_transform(X)
    assert found["card_amount_sum_24h"][4] == 0.0
    assert found["card_amount_mean_1h"][4] == -5.0
    assert np.isnan(found["card_amount_ratio_1h"][4])


def test_dates_in_the_future():
    X = random_events(100)
    velocity = everything().fit(X)
    now = float(X["time"].iloc[89])
    n_future = int((X["time"] > now).sum())
    with pytest.raises(InvalidInputError, match=f"{n_future} of 100 events lie in the"):
        velocity.transform(X, as_of=now)
    assert len(velocity.transform(X, as_of=X["time"].max())) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [0, 1, 2, 3, 4, 5, np.nan]}, "1 of 7 rows have none"),
        ({"time": ["2024-01-01"] * 7}, "7 of 7 rows hold something else"),
        ({"time": [0, 1, 2, 3, 4, 5, 1e13]}, "1 of 7 rows are beyond"),
        ({"amount": [np.inf, 1, 1, 1, 1, 1, 1]}, "1 of 7 are larger or infinite"),
        ({"fraud": [0, 1, 2, 0, 0, 0, 0]}, "1 of 7 rows hold something else"),
        (
            {"time": [datetime(2024, 1, 1)] * 6 + [datetime(2024, 1, 1, tzinfo=UTC)]},
            "mixture",
        ),
    ],
)
def test_bad_columns(change, message):
    error = InvalidTargetError if "fraud" in change else InvalidInputError
    with pytest.raises(error, match=message):
        everything().fit_transform(events(**change))


def test_amounts_that_are_text():
    with pytest.raises(InvalidTypeError, match="'amount' must hold numbers"):
        everything().fit_transform(events(amount=["1"] * 7))


def test_an_entity_column_that_is_absent():
    with pytest.raises(
        InvalidInputError, match=r"missing: 'card'.*Did you mean 'cord'"
    ):
        everything().fit(events().rename(columns={"card": "cord"}))
    with pytest.raises(InvalidTypeError, match="named columns"):
        everything().fit(events().to_numpy())


def test_events_named_twice():
    velocity = everything(event_id="id")
    with pytest.raises(
        InvalidInputError, match="1 of 7 rows have no name and 2 repeat"
    ):
        velocity.fit(events(id=[1, 1, 2, 3, 4, 4, None]))
    X = events(id=range(7))
    with pytest.raises(InvalidInputError, match="repeat"):
        velocity.transform(X, history=X)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entities": []}, "entities must"),
        ({"entities": ["card", "card"]}, "entities must differ"),
        ({"entities": [("card", "card")]}, "different columns"),
        ({"windows": []}, "windows must"),
        ({"windows": "24 years"}, "positive duration"),
        ({"windows": "0s"}, "positive duration"),
        ({"windows": ["24h", "1d"]}, "differ in length"),
        ({"time": None}, "time must name"),
        ({"label_delay": None}, "label_delay must say"),
        ({"event": None}, "label_delay must be None"),
        ({"statistics": ["counts"]}, "Did you mean 'count'"),
        ({"statistics": ["sum"], "amount": None}, "needs the parameter 'amount'"),
        ({"negative_amounts": "drop"}, "negative_amounts must"),
        ({"distinct": 3}, "distinct must"),
    ],
)
def test_bad_parameters(change, message):
    velocity = everything().set_params(**change)
    with pytest.raises(InvalidParameterError, match=message):
        velocity.fit(events())
