"""One event at a time: the numbers of the table, and a state that can be saved."""

import zipfile
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.exceptions import (
    ArtifactError,
    InvalidInputError,
    InvalidTypeError,
    OutputError,
)
from riskkit.fraud import VelocityFeatures, VelocityStream


def make_events(n, seed=0, n_cards=800, span=30 * 86_400):
    rng = np.random.default_rng(seed)
    card = rng.integers(0, n_cards, n).astype(object)
    card[rng.random(n) < 0.01] = None
    amount = np.round(rng.lognormal(3, 1.5, n), 2)
    amount[rng.random(n) < 0.01] = np.nan
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "card": card,
            "shop": rng.zipf(1.3, n) % 500,
            "time": np.sort(rng.integers(0, span, n)).astype(float),
            "amount": amount,
            "fraud": (rng.random(n) < 0.02).astype(int),
        }
    )


def velocity(**changes):
    parameters = {
        "entities": ["card", "shop"],
        "windows": ["6h", "3d"],
        "amount": "amount",
        "distinct": "shop",
        "event": "fraud",
        "label_delay": "1d",
        "event_id": "id",
    }
    return VelocityFeatures(**(parameters | changes))


def run(stream, X, *, labels=True):
    """Observe every row; outcomes are told at once and enter when they are due."""
    names = list(X)
    found = []
    for row in X.itertuples(index=False):
        record = dict(zip(names, row, strict=True))
        found.append(stream.observe(record))
        if labels and record["fraud"]:
            assert stream.label(record["id"])
    return pd.DataFrame(found, index=X.index)


def test_equal_to_the_table_on_100_000_events(tmp_path):
    X = make_events(100_000, n_cards=5000)
    features = velocity(entities="card", windows="3d")
    expected = features.fit_transform(X)
    stream = features.stream()
    first = run(stream, X[:60_000])
    stream.save(tmp_path / "state.npz")
    stream = VelocityStream.load(tmp_path / "state.npz")
    both = pd.concat([first, run(stream, X[60_000:])])
    pd.testing.assert_frame_equal(both, expected, check_exact=True)
    # Only what the longest window can see is remembered: 4 of 30 days.
    age = X["time"].max() - X["time"]
    assert stream.n_events == int((age <= 4 * 86_400).sum())


def test_a_stream_goes_on_where_a_table_ends():
    X = make_events(3000, n_cards=40)
    features = velocity()
    expected = features.fit_transform(X)[2000:]
    stream = features.stream(X[:2000].sample(frac=1, random_state=0))
    found = run(stream, X[2000:])
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "a", "b"]),
            st.sampled_from(["x", "y", None]),
            st.integers(0, 12),
            st.one_of(st.none(), st.floats(0, 1e9)),
            st.booleans(),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_equal_to_the_table_on_any_events(rows):
    X = pd.DataFrame(rows, columns=["card", "shop", "gap", "amount", "fraud"])
    X["amount"] = X["amount"].astype(float)
    X["time"] = X["gap"].cumsum() * 1800.5
    X["id"] = np.arange(len(X))
    features = velocity(label_delay="2h", windows=["1h", "5h"])
    expected = features.fit_transform(X)
    found = run(features.stream(), X)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_an_outcome_told_late_counts_from_then_on():
    features = VelocityFeatures(
        "card", windows="1d", event="fraud", label_delay="1h", event_id="id"
    )
    stream = features.stream()
    rates = []
    for hour in range(5):
        record = {"card": "a", "time": hour * 3600.0, "id": hour}
        rates.append(stream.observe(record)["card_event_count_1d"])
        if hour == 3:
            assert stream.label(0)
    assert rates == [0, 0, 0, 0, 1]
    assert stream.label("0", False)
    found = stream.peek({"card": "a", "time": 5 * 3600.0})
    assert found["card_event_count_1d"] == 0
    assert not stream.label("nobody")


def test_peek_remembers_nothing():
    stream = velocity().stream(make_events(500))
    record = {"card": 1, "shop": 1, "time": 1e7, "amount": 5, "id": "new"}
    before = stream.n_events
    peeked = stream.peek(record)
    assert stream.n_events <= before
    assert list(peeked) == list(stream.feature_names)
    np.testing.assert_array_equal(
        list(peeked.values()), list(stream.observe(record).values())
    )


@pytest.mark.parametrize(
    "moment", [datetime(2024, 5, 1, 10), "2024-05-01T10:00", "2024-05-01T12:00+02:00"]
)
def test_moments_as_services_send_them(moment):
    X = pd.DataFrame({"card": ["a"], "time": pd.to_datetime(["2024-05-01 09:59"])})
    stream = VelocityFeatures("card", windows="1h").stream(X)
    assert stream.observe({"card": "a", "time": moment})["card_since"] == 60.0


def test_bad_events_are_refused_and_change_nothing():
    stream = velocity().stream()
    good = {"card": "a", "shop": "x", "time": 100.0, "amount": 5.0, "id": 1}
    stream.observe(good)
    for change, message in [
        ({"time": 99.0}, "order of time; this one lies 1 s before"),
        ({"time": None}, "'time' must hold a moment"),
        ({"time": "yesterday"}, "'time' must hold a moment"),
        ({"time": float("inf")}, "'time' must hold a moment"),
        ({"amount": -1.0, "id": 2}, "negative"),
        ({"amount": 1e300, "id": 2}, "larger or infinite"),
        ({"id": 1}, "has been seen already"),
        ({"id": None}, "is missing"),
    ]:
        with pytest.raises(InvalidInputError, match=message):
            stream.observe(good | change)
    with pytest.raises(InvalidInputError, match=r"1 are absent: 'card'"):
        stream.observe({name: good[name] for name in good if name != "card"})
    with pytest.raises(InvalidInputError, match="in the future"):
        stream.observe(good | {"time": 200.0, "id": 2}, as_of=150.0)
    with pytest.raises(InvalidTypeError, match="'amount' must hold a number"):
        stream.observe(good | {"amount": "5", "id": 2})
    assert stream.n_events == 1
    assert stream.observe(good | {"time": 100.0, "id": 2})["card_count_6h"] == 0
    assert stream.observe(good | {"time": 101.0, "id": 3})["card_count_6h"] == 2


def test_outcomes_need_names_of_events():
    stream = VelocityFeatures("card", windows="1h").stream()
    with pytest.raises(InvalidInputError, match="event_id"):
        stream.label(1)


def test_a_busy_shop_does_not_fill_the_memory():
    stream = VelocityFeatures("shop", windows="1min").stream()
    for second in range(5000):
        found = stream.observe({"shop": "x", "time": float(second)})
    assert found["shop_count_1min"] == 60
    (history,) = stream._histories[0].values()
    assert stream.n_events == 61
    assert len(history._past) < 200


def test_an_entity_without_a_past_is_forgotten():
    stream = VelocityFeatures("card", windows="1min").stream()
    for second in range(500):
        stream.observe({"card": second, "time": float(second)})
    assert len(stream._histories[0]) == stream.n_events == 61


def test_the_state_is_plain_and_its_place_is_respected(tmp_path):
    path = tmp_path / "state.npz"
    stream = velocity().stream(make_events(200))
    stream.save(path)
    with pytest.raises(OutputError, match="exists already"):
        stream.save(path)
    first = path.read_bytes()
    VelocityStream.load(path).save(path, overwrite=True)
    assert path.read_bytes() == first
    empty = velocity(label_delay="90min").stream()
    empty.save(path, overwrite=True)
    again = VelocityStream.load(path)
    assert again.feature_names == empty.feature_names
    assert again._plan == empty._plan


def damaged(path, **changes):
    with np.load(path) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    np.savez(path, **(arrays | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"times": np.arange(50)[::-1]},
        {"times": np.arange(49)},
        {"units": np.full(50, 10**16)},
        {"units": np.ones(50)},
        {"is_event": np.full(50, 2, np.int8)},
        {"levels": np.full((2, 50), 1000)},
        {"ids": np.zeros(50, np.int64)},
        {"header": np.zeros(3, np.uint8)},
        {"header": np.frombuffer(b'{"format": "other"}', np.uint8)},
        {
            "header": np.frombuffer(
                b'{"format": "riskkit velocity stream", "protocol": 3}', np.uint8
            )
        },
        {
            "header": np.frombuffer(
                b'{"format": "riskkit velocity stream", "protocol": 1}', np.uint8
            )
        },
        {"more": np.zeros(3)},
        {"times": np.array([object()] * 50)},
    ],
)
def test_a_damaged_state_is_refused(tmp_path, changes):
    path = tmp_path / "state.npz"
    velocity().stream(make_events(50, span=3600)).save(path)
    assert VelocityStream.load(path).n_events == 50
    damaged(path, **changes)
    with pytest.raises(ArtifactError):
        VelocityStream.load(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "state.npz"
    path.write_bytes(b"text")
    with pytest.raises(ArtifactError, match=r"VelocityStream\.save"):
        VelocityStream.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("times.npy", b"text")
    with pytest.raises(ArtifactError):
        VelocityStream.load(path)
