"""Columns of more levels than are kept: frequent ones by name, exactly."""

import json
import pickle
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.binning import OptimalBinner
from riskkit.engines import (
    FrequentLevels,
    SufficientStats,
    _collect,
    collect_stats,
    fit_baseline,
)
from riskkit.exceptions import (
    ArtifactError,
    InvalidInputError,
    InvalidTypeError,
    SingleBinWarning,
)

MAX_LEVELS = 12
ROWS = [
    *"aaaabbbccdefg",
    None,
]  # 13 with a level: those of 13 / 3 accounts are frequent


def count(rows, max_levels=3, period=None):
    """Count levels; every second row is an event."""
    y = np.arange(len(rows)) % 2
    stats = SufficientStats(["g"], max_levels=max_levels)
    return stats.update({"g": np.array(rows, dtype=object)}, y, period=period)


def name(stats, rows, period=None):
    """Count the same rows again."""
    y = np.arange(len(rows)) % 2
    X = {"g": np.array(rows, dtype=object)}
    return stats.with_names(FrequentLevels(stats).update(X, y, period=period))


def test_counts_by_hand():
    stats = name(count(ROWS, max_levels=4), ROWS)
    found = stats.counts("g")  # those of 13 / 4 accounts or more
    assert np.asarray(found.values).tolist() == ["a", None, None]
    assert found.is_other.tolist() == [False, True, False]
    assert found.n_event.tolist() == [2, 4, 1]
    assert found.n_nonevent.tolist() == [2, 5, 0]
    assert found.other_share == 9 / 14
    row = stats.frame().iloc[0]
    assert (row["n_values"], row["largest_share"], row["n_missing"]) == (1, 9 / 14, 1)
    assert (stats.n, stats.n_event, stats.unnamed) == (14, 7, ())


def test_a_level_on_the_limit_is_frequent():
    rows = [*"aabbcdefgh"]  # a share of 2 in 10 is what 5 levels could have
    found = name(count(rows, 5), rows).counts("g")
    assert np.asarray(found.values).tolist() == ["a", "b", None, None]


def test_as_many_levels_as_are_kept_need_no_second_pass():
    stats = count([*"aabc"], max_levels=3)
    assert stats.unnamed == ()
    assert stats.counts("g").is_other is None
    with pytest.raises(InvalidInputError, match="has none"):
        FrequentLevels(stats)
    assert count([*"aabcd"], max_levels=3).unnamed == ("g",)


def test_weights_count_as_rows():
    rows, weight = [*"abcde"], [4.0, 0.5, 0.5, 0.5, 0.5]
    X, y = {"g": np.array(rows, dtype=object)}, [1, 0, 0, 0, 0]
    stats = SufficientStats(["g"], max_levels=3).update(X, y, sample_weight=weight)
    second = FrequentLevels(stats).update(X, y, sample_weight=weight)
    found = stats.with_names(second).counts("g")
    assert second.n == 6
    assert (found.n_event + found.n_nonevent).tolist() == [4, 2, 0]


def test_periods_have_the_names_of_the_whole():
    rows, period = [*"aaaabbbcdef"], [1] * 4 + [2] * 7
    stats = count(rows, 4, period)
    assert [len(p) for p in stats.periods] == [1, 1]
    found = name(stats, rows, period).counts("g", by_period=True)
    assert np.asarray(found.values).tolist() == ["a", "b", None, None] * 2
    assert found.is_other.tolist() == [False, False, True, False] * 2
    assert (found.n_event + found.n_nonevent).tolist() == [4, 0, 0, 0, 0, 3, 4, 0]
    assert found.period.tolist() == ["1"] * 4 + ["2"] * 4


def test_a_period_without_levels_goes_with_any(towns):
    empty = towns[:50].assign(town=None, month="2026-00")
    both = [empty, towns]
    stats = collect_stats(both, "bad", features=["town"], period="month", max_levels=12)
    found = stats.counts("town", by_period=True)
    assert found.n == len(towns) + 50
    first = found.period == "2026-00"
    assert (found.n_event + found.n_nonevent)[first].tolist()[-1] == 50
    assert SufficientStats.from_bytes(stats.to_bytes()) == stats


def test_an_identifier_needs_no_second_pass():
    rows = [f"loan {k}" for k in range(2000)]
    stats = count(rows, max_levels=100)
    assert stats.unnamed == ()
    found = stats.counts("g")
    assert np.asarray(found.values).tolist() == [None, None]
    assert found.other_share == 1.0
    with pytest.warns(SingleBinWarning):
        binner = OptimalBinner(unseen="missing").fit_counts({"g": found})
    assert binner.summary()["iv"][0] == 0


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([*"aaabbcdefghij", None]), min_size=3, max_size=40),
    st.lists(st.integers(0, 40), max_size=3),
    st.integers(2, 5),
)
def test_any_order_of_parts_gives_the_same_bytes(rows, cuts, max_levels):
    y = np.arange(len(rows)) % 2
    X = np.array(rows, dtype=object)
    at = np.split(np.arange(len(rows)), sorted(min(cut, len(rows)) for cut in cuts))
    parts = [({"g": X[k]}, y[k]) for k in at]
    whole = count(rows, max_levels)
    blank = SufficientStats(["g"], max_levels=max_levels)
    firsts = [blank + blank for _ in parts]
    for first, part in zip(firsts, parts, strict=True):
        first.update(*part)
    named = name(whole, rows) if whole.unnamed else None
    for order in permutations(range(len(parts))):
        left, right = blank, blank
        for k in order:
            left = left + firsts[k]
        for k in reversed(order):
            right = firsts[k] + right
        assert left.to_bytes() == right.to_bytes() == whole.to_bytes()
        if named is None:
            continue
        second = FrequentLevels(left)
        pieces = [FrequentLevels(left).update(*parts[k]) for k in order]
        for piece in pieces:
            second = second + piece
        assert left.with_names(second).to_bytes() == named.to_bytes()


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from([*"aaaabbcdefgh", None]), max_size=12),
            st.booleans(),
        ),
        min_size=3,
        max_size=3,
    )
)
def test_addition_is_associative_and_commutative(given_parts):
    """Whatever is exact, hashed or named, and with whatever names."""
    parts = []
    for rows, is_named in given_parts:
        stats = count(rows, max_levels=3)
        parts.append(name(stats, rows) if is_named and stats.unnamed else stats)
    one, two, three = parts
    assert ((one + two) + three).to_bytes() == (one + (two + three)).to_bytes()
    assert (one + two).to_bytes() == (two + one).to_bytes()


def test_a_second_count_travels_between_processes():
    stats = count(ROWS, max_levels=4)
    sent = pickle.loads(pickle.dumps(FrequentLevels(stats)))
    X, y = {"g": np.array(ROWS, dtype=object)}, np.arange(len(ROWS)) % 2
    back = pickle.loads(pickle.dumps(sent.update(X, y)))
    assert stats.with_names(back) == name(stats, ROWS)


def test_names_survive_addition_where_they_are_the_same():
    one, other = [*"aaaabcde"], [*"aaaafghi"]
    both = name(count(one), one) + name(count(other), other)
    assert both.unnamed == ()
    assert both == name(count(one) + count(other), one + other)
    third = [*"bbbbcdef"]
    mixed = both + name(count(third), third)
    assert mixed.unnamed == ("g",)
    assert mixed == count(one) + count(other) + count(third)
    assert both + count([None, None]) == count([None, None]) + both
    assert (both + count([None, None])).unnamed == ()
    assert (both + count(["a"])).unnamed == ("g",)


def test_every_engine_names_the_same_levels(towns, on_engine):
    rows = towns[["town", "bad", "month"]]
    source = on_engine(rows)
    told = {"period": "month", "max_levels": MAX_LEVELS}
    found = collect_stats(source.table, "bad", **told, **source.told)
    once = source.name == "arrow reader"
    assert found.unnamed == (("town",) if once else ())
    expected = collect_stats(iter([rows]) if once else rows, "bad", **told)
    assert found.to_bytes() == expected.to_bytes()


def test_frequent_levels_equal_those_of_pandas():
    """200,000 rows of 50,000 levels, most of them met a few times."""
    rng = np.random.default_rng(1)
    n = 200_000
    rank = np.minimum(rng.zipf(1.25, n), 50_000 + rng.integers(0, 1000, n))
    rows = pd.DataFrame({"zip": pd.Series(rank).map("{:06d}".format)})
    rows["bad"] = (rng.random(n) < 0.2).astype(int)
    chunks = [rows[k : k + 30_000] for k in range(0, n, 30_000)]
    stats = collect_stats(chunks, "bad", max_levels=1000)
    sizes = rows["zip"].value_counts()
    assert sizes.size > 10_000
    frequent = sizes[sizes * 1000 >= n].sort_index()
    found = stats.counts("zip")
    values = np.asarray(found.values)
    known = np.array([value is not None for value in values])
    assert values[known].tolist() == frequent.index.tolist()
    assert 5 < len(frequent) < 1000
    assert (found.n_event + found.n_nonevent)[known].tolist() == frequent.tolist()
    events = rows.groupby("zip")["bad"].sum()[frequent.index]
    assert found.n_event[known].tolist() == events.tolist()
    assert found.other_share == (n - frequent.sum()) / n


def test_a_source_read_once_stays_without_names(towns):
    duckdb = pytest.importorskip("duckdb")
    pa = pytest.importorskip("pyarrow")
    rows = towns[["town", "bad"]]
    stats = collect_stats(iter([rows]), "bad", max_levels=MAX_LEVELS)
    assert stats.unnamed == ("town",)
    assert np.isnan(stats.frame()["n_values"][0])
    assert stats.frame()["largest_share"][0] == rows["town"].notna().mean()
    with pytest.raises(InvalidInputError, match="read twice"):
        fit_baseline(stats)
    reader = pa.Table.from_pandas(rows).to_reader()  # behind a relation
    relation = duckdb.connect().from_arrow(reader)
    assert collect_stats(relation, "bad", max_levels=MAX_LEVELS) == stats


def test_files_that_are_gone_in_the_second_pass_are_told(towns, tmp_path, monkeypatch):
    pytest.importorskip("duckdb")
    path = tmp_path / "0.parquet"
    towns[["town", "bad"]].to_parquet(path)

    def begin(stats):
        path.unlink()
        return FrequentLevels(stats)

    monkeypatch.setattr(_collect, "FrequentLevels", begin)
    with pytest.raises(InvalidInputError, match="could not read the source"):
        collect_stats(str(path), "bad", max_levels=MAX_LEVELS, engine="duckdb")


def test_a_second_pass_over_other_rows_is_refused(towns):
    rows = towns[["town", "bad", "month"]]
    stats = SufficientStats(["town"], max_levels=MAX_LEVELS)
    stats.update(rows, rows["bad"], period=rows["month"])
    changes = {
        "fewer rows": rows[1:],
        "known levels alone": rows[rows["town"].notna()],
        "other levels": rows.assign(town=rows["town"].replace("town 1", "town 2")),
        "other labels": rows.assign(bad=1 - rows["bad"]),
        "other periods": rows.assign(month="2026-01"),
    }
    for changed in changes.values():
        second = FrequentLevels(stats)
        second.update(changed, changed["bad"], period=changed["month"])
        with pytest.raises(InvalidInputError, match="same rows"):
            stats.with_names(second)
    second = FrequentLevels(stats).update(rows, rows["bad"], period=rows["month"])
    assert stats.with_names(second).unnamed == ()
    with pytest.raises(InvalidInputError, match="same rows"):
        stats.with_names(FrequentLevels(count(ROWS, 4)))
    finer = SufficientStats(["town"], max_levels=MAX_LEVELS + 1)
    finer = FrequentLevels(finer.update(rows, rows["bad"], period=rows["month"]))
    finer.update(rows, rows["bad"], period=rows["month"])
    with pytest.raises(InvalidInputError, match="same rows"):
        stats.with_names(finer)
    with pytest.raises(InvalidTypeError, match="FrequentLevels"):
        stats.with_names(stats)
    with pytest.raises(InvalidInputError, match="same first counts"):
        second + FrequentLevels(count(ROWS, 4))
    with pytest.raises(TypeError):
        second + 1
    assert "6,000 accounts, 1 features" in repr(second)


def test_arrays_are_counted_twice_with_all_their_columns():
    X = np.array([[1, "a"], [2, "b"], [3, "c"], [4, "a"]], dtype=object)
    stats = SufficientStats(["x", "g"], max_levels=2).update(X, [0, 1, 0, 1])
    named = stats.with_names(FrequentLevels(stats).update(X, [0, 1, 0, 1]))
    found = named.counts("g")
    assert np.asarray(found.values).tolist() == ["a", None, None]
    assert named.counts("x").n == 4


def header_of(data):
    size = int.from_bytes(data[8:16], "little")
    return json.loads(data[16 : 16 + size]), data[16 + size :]


def with_header(header, arrays):
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"RKSTATS1" + len(text).to_bytes(8, "little") + text + arrays


@pytest.fixture(scope="module")
def states():
    """Counts in each state: hashed, named, and exact with names of the whole."""
    period = [1] * 5 + [2] * (len(ROWS) - 5)
    hashed = count(ROWS, 4, period)
    return {"hashed": hashed, "named": name(hashed, ROWS, period)}


@pytest.mark.parametrize("state", ["hashed", "named"])
def test_bytes_read_back(states, state):
    stats = states[state]
    twin = SufficientStats.from_bytes(stats.to_bytes())
    assert twin.to_bytes() == stats.to_bytes()
    assert twin.unnamed == stats.unnamed
    header, arrays = header_of(stats.to_bytes())
    assert with_header(header, arrays) == stats.to_bytes()
    assert [c["columns"][0]["levels"] for c in header["periods"]] == [["a", "b"], None]


@pytest.mark.parametrize("state", ["hashed", "named"])
def test_every_number_of_a_file_is_checked(states, state):
    """A count that differs in any one place does not fit the others."""
    data = states[state].to_bytes()
    header, arrays = header_of(data)
    numbers = np.frombuffer(arrays, "<f8")
    exact = 4 + 2 + (2 * 1 + 2 if state == "named" else 0)
    of_hashed = 2 + 2  # totals, missing
    for at in range(exact + of_hashed, numbers.size):
        changed = numbers.copy()
        changed[at] += 1
        with pytest.raises(ArtifactError, match="do not"):
            SufficientStats.from_bytes(with_header(header, changed.tobytes()))
    changed = numbers.copy()
    changed[-1] = -1
    with pytest.raises(ArtifactError, match="negative"):
        SufficientStats.from_bytes(with_header(header, changed.tobytes()))
    with pytest.raises(ArtifactError, match="too early"):
        SufficientStats.from_bytes(with_header(header, arrays[:-8]))
    with pytest.raises(ArtifactError, match="behind their end"):
        SufficientStats.from_bytes(with_header(header, arrays + bytes(8)))


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["b"], "do not fit"),  # other counts of the exact part
        (["a", "a"], "out of order"),
        (["b", "a"], "out of order"),
        (["a", "b", "c", "d", "e"], "do not fit|too early|not finite"),
        (3, "does not fit the arrays"),
    ],
)
def test_names_that_do_not_fit_are_refused(states, names, why):
    header, arrays = header_of(states["named"].to_bytes())
    for part in header["periods"]:
        part["columns"][0]["named"] = names
    with pytest.raises(ArtifactError, match=why):
        SufficientStats.from_bytes(with_header(header, arrays))


@pytest.mark.parametrize("most", [1, 2, 8, -3, 10**30])
def test_another_limit_of_levels_is_refused(states, most):
    header, arrays = header_of(states["hashed"].to_bytes())
    header["max_levels"] = most
    with pytest.raises(ArtifactError):
        SufficientStats.from_bytes(with_header(header, arrays))
