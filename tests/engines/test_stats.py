"""Counts as an object: adding, writing, reading, and saying how fine they are."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from riskkit.engines import SufficientStats, collect_stats
from riskkit.exceptions import (
    ArtifactError,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)


@pytest.fixture(scope="module")
def stats():
    rng = np.random.default_rng(0)
    n = 3000
    frame = {
        "x": np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 100, n)),
        "code": np.where(rng.random(n) < 0.2, -9.0, rng.integers(0, 5, n)),
        "g": rng.choice(["a", "é", "c"], n).astype(object),
    }
    stats = SufficientStats(["x", "code", "g"], special_codes=[-9], max_values=200)
    return stats.update(frame, rng.integers(0, 2, n), period=rng.choice([1, 2], n))


def test_counts_by_hand():
    stats = SufficientStats(["x", "g"]).update(
        {"x": [1.0, 2.0, 1.0, None], "g": ["a", None, "b", "a"]},
        [1, 0, 0, 1],
        sample_weight=[1, 2, 0.5, 0],
    )
    assert (stats.n, stats.n_event) == (3.5, 1.0)
    x, g = stats.counts("x"), stats.counts("g")
    assert np.array_equal(x.values, [1, 2, np.nan], equal_nan=True)
    assert x.n_event.tolist() == [1, 0, 0]
    assert x.n_nonevent.tolist() == [0.5, 2, 0]
    assert list(np.asarray(g.values)) == ["a", "b", None]
    assert g.n_event.tolist() == [1, 0, 0]
    assert g.n_nonevent.tolist() == [0, 0.5, 2]


def test_bytes_read_back(stats):
    data = stats.to_bytes()
    twin = SufficientStats.from_bytes(data)
    assert twin == stats
    assert twin.to_bytes() == data
    assert (twin + stats).n == 2 * stats.n
    assert twin.periods == ("1", "2")


@pytest.mark.parametrize("cut", [0, 7, 12, 40, -1, -8])
def test_damaged_bytes_are_refused(stats, cut):
    data = stats.to_bytes()
    with pytest.raises(ArtifactError, match="Counts must be bytes"):
        SufficientStats.from_bytes(data[:cut])


def test_changed_bytes_are_refused(stats):
    data = stats.to_bytes()
    with pytest.raises(ArtifactError, match="behind their end"):
        SufficientStats.from_bytes(data + bytes(8))
    with pytest.raises(ArtifactError, match="not finite"):
        SufficientStats.from_bytes(data[:-8] + np.array(np.nan).tobytes())
    swapped = data.replace(b'"a"', b'"z"')
    assert swapped != data
    with pytest.raises(ArtifactError, match="out of order"):
        SufficientStats.from_bytes(swapped)


def test_every_change_of_a_byte_is_harmless(stats):
    """A changed byte is refused, or is a count: never another error."""
    data = bytearray(stats.to_bytes())
    rng = np.random.default_rng(1)
    for at in rng.integers(0, min(len(data), 900), 300):
        changed = bytearray(data)
        changed[at] ^= int(rng.integers(1, 256))
        try:
            twin = SufficientStats.from_bytes(bytes(changed))
        except ArtifactError:
            continue
        assert isinstance(twin, SufficientStats)


def test_the_frame_states_a_bound_that_holds(stats):
    frame = stats.frame().set_index("feature")
    assert frame.loc["code", "n_digits"] == 52
    digits = int(frame.loc["x", "n_digits"])
    assert digits < 52
    assert frame.loc["x", "relative_width"] == 2.0**-digits
    counts = stats.counts("x")
    total = np.asarray(counts.n_event) + np.asarray(counts.n_nonevent)
    assert frame.loc["x", "largest_share"] == total[:-1].max() / stats.n
    assert frame.loc["x", "n_missing"] == total[-1]


def test_a_quantile_of_bands_is_off_by_a_band_at_most():
    x = np.random.default_rng(4).lognormal(3, 2, 20_000)
    stats = SufficientStats(["x"], max_values=1000).update({"x": x}, x > 50)
    row = stats.frame().iloc[0]
    counts = stats.counts("x")
    ends = np.asarray(counts.values)[:-1]
    n = (np.asarray(counts.n_event) + np.asarray(counts.n_nonevent))[:-1]
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        true = np.sort(x)[int(np.ceil(share * x.size)) - 1]
        found = ends[np.searchsorted(np.cumsum(n), share * x.size)]
        assert true <= found <= true * (1 + row["relative_width"])
        rank = np.count_nonzero(x <= found) / x.size
        assert share <= rank <= share + row["largest_share"]


def test_rules_must_agree(stats):
    with pytest.raises(InvalidInputError, match="same rules"):
        stats + SufficientStats(["x"])
    with pytest.raises(TypeError):
        stats + 1
    with pytest.raises(InvalidParameterError, match="one of those counted"):
        stats.counts("z")


def test_periods_of_every_type_have_one_name():
    days = [dt.date(2025, 1, 1), dt.date(2026, 1, 1), dt.date(2025, 1, 1), None]
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [0, 1, 0, 1], "day": days})
    expected = collect_stats(frame, "y", period="day")
    assert expected.periods == ("2025-01-01", "2026-01-01", None)
    stamped = frame.assign(day=pd.to_datetime(frame["day"]))
    assert collect_stats(stamped, "y", period="day") == expected
    text = frame.assign(day=[None if d is None else str(d) for d in days])
    assert collect_stats(text, "y", period="day") == expected
    pl = pytest.importorskip("polars")
    assert collect_stats(pl.from_pandas(text), "y", period="day") == expected
    lazy = pl.from_pandas(stamped).with_columns(pl.col("day").cast(pl.Date)).lazy()
    assert collect_stats(lazy, "y", period="day") == expected


def test_arrays_have_the_names_of_the_features():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    stats = SufficientStats(["a", "b"]).update(X, [0, 1])
    assert stats == SufficientStats(["a", "b"]).update(
        {"b": X[:, 1], "a": X[:, 0]}, [0, 1]
    )
    with pytest.raises(InvalidInputError, match="one column for each"):
        SufficientStats(["a", "b"]).update(X[:, :1], [0, 1])
    with pytest.raises(InvalidTargetError, match="one for each row"):
        SufficientStats(["a", "b"]).update(X, [0])
