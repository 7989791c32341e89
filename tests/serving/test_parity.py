"""One record, a batch of any kind, and a slow loop give the same bits."""

from __future__ import annotations

import math
import random

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from riskkit._core.levels import level_key
from riskkit.exceptions import InvalidInputError, InvalidTypeError

N_ROWS = 12_000


def some_number(feature, rng):
    near = [
        math.nextafter(edge, towards)
        for edge in feature.edges
        for towards in (-math.inf, math.inf)
    ]
    codes = [code for group in feature.special for code in group.codes]
    pool = [
        *feature.edges,
        *near,
        *codes,
        *(math.nextafter(code, math.inf) for code in codes),
        math.inf,
        -math.inf,
        -0.0,
        0.0,
        math.nan,
        5e-324,
        -1.7e308,
        9007199254740993,  # no float: rounds down to an edge
        2**70,
        True,
        False,
        3,
        -1,
    ]
    if rng.random() < 0.5:
        return rng.gauss(0, 150)
    return rng.choice([*pool, None])


def some_level(feature, rng):
    known = [level for group in feature.levels for level in group]
    codes = [code for group in feature.special for code in group.codes]
    return rng.choice([*known, *codes, "unseen", " car", "", None, "1", "True"])


@pytest.fixture
def rows(card):
    rng = random.Random(3)
    pick = {"numeric": some_number, "categorical": some_level}
    return [
        {
            c.feature.name: pick[c.feature.kind](c.feature, rng)
            for c in card.characteristics
        }
        for _ in range(N_ROWS)
    ]


def slow_bin(feature, value):
    """Return the bin of a value from its definition, interval by interval."""
    if value is None or value != value:
        return feature.missing_bin
    groups = [feature.levels, [g.codes for g in feature.special]]
    if feature.kind == "numeric":
        value = float(value)
        for i, codes in enumerate(groups[1]):
            if any(value == code for code in codes):
                return feature.n_regular + i
        return sum(value > edge for edge in feature.edges)
    key = level_key(value)
    for i, members in enumerate([*groups[0], *groups[1]]):
        if key in members:
            return i
    return feature.unseen_bin


def slow_score(card, row):
    log_odds, points, losses = card.intercept, card.offset_points, []
    for position, c in enumerate(card.characteristics):
        bin_ = slow_bin(c.feature, row[c.feature.name])
        log_odds += c.log_odds[bin_]
        points += c.points[bin_]
        losses.append((max(c.points) - c.points[bin_], -position, c.feature.name))
    losses = sorted(losses, reverse=True)[:4]
    reasons = [(name, lost) for lost, _, name in losses if lost > 0]
    return 1.0 / (1.0 + math.exp(-log_odds)), points, log_odds, reasons


def columns_of(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


def assert_same(batch, results):
    assert batch.pd.tolist() == [r.pd for r in results]
    assert batch.points.tolist() == [r.points for r in results]
    assert batch.log_odds.tolist() == [r.log_odds for r in results]
    for names, lost, result in zip(
        batch.reasons.tolist(), batch.points_lost.tolist(), results, strict=True
    ):
        n = len(result.reasons)
        assert names[:n] == [r.feature for r in result.reasons]
        assert lost[:n] == [r.points_lost for r in result.reasons]
        assert names[n:] == [None] * (len(names) - n)
        assert not any(lost[n:])


def test_one_record_equals_the_slow_loop(card, scorer, rows):
    for row in rows:
        result = scorer.score(row)
        pd_, points, log_odds, reasons = slow_score(card, row)
        assert (result.pd, result.points, result.log_odds) == (pd_, points, log_odds)
        assert [(r.feature, r.points_lost) for r in result.reasons] == reasons


def floats(column):
    return [math.nan if v is None else float(v) for v in column]


def as_lists(columns, kinds):
    return columns


def as_objects(columns, kinds):
    return {name: np.array(column, dtype=object) for name, column in columns.items()}


def as_arrays(columns, kinds):
    return {
        name: np.array(floats(column)) if kinds[name] == "numeric" else column
        for name, column in columns.items()
    }


def as_pandas(columns, kinds):
    return pd.DataFrame(as_arrays(columns, kinds))


def as_pandas_objects(columns, kinds):
    missing = [pd.NA, None, math.nan]
    return pd.DataFrame(
        {
            name: pd.Series(
                [missing[i % 3] if v is None else v for i, v in enumerate(column)],
                dtype=object,
            )
            for name, column in columns.items()
        }
    )


def as_pandas_categories(columns, kinds):
    frame = as_pandas(columns, kinds)
    return frame.astype({n: "category" for n in kinds if kinds[n] == "categorical"})


def as_polars(columns, kinds):
    return pl.DataFrame(
        {
            name: pl.Series([None if v is None else float(v) for v in column])
            if kinds[name] == "numeric"
            else pl.Series(column, dtype=pl.String)
            for name, column in columns.items()
        }
    )


def as_arrow(columns, kinds):
    return as_polars(columns, kinds).to_arrow()


@pytest.mark.parametrize(
    "make",
    [
        as_lists,
        as_objects,
        as_arrays,
        as_pandas,
        as_pandas_objects,
        as_pandas_categories,
        as_polars,
        as_arrow,
    ],
)
def test_a_batch_equals_its_records(scorer, rows, make):
    results = [scorer.score(row) for row in rows]
    table = make(columns_of(rows), scorer.kinds)
    assert_same(scorer.score_batch(table, n_reasons=4), results)


def test_types_that_only_frames_have(scorer):
    rows = [dict.fromkeys(scorer.features) for _ in range(3)]
    typed = {
        "income": pd.array([-1, None, 3], dtype="Int64"),
        "debt": np.array([0.1, 0.3, np.nan], dtype=np.float32),
        "flag": pd.array([True, False, None], dtype="boolean"),
        "n0": np.array([1, 0, 255], dtype=np.uint8),
        "code": np.array([1.0, 2.5, np.nan]),
        "truth": pd.array([True, False, None], dtype="boolean"),
        "purpose": pd.Categorical(["car", None, "other"]),
    }
    frame = pd.DataFrame({name: [None] * 3 for name in scorer.features} | typed)
    for name in typed:
        for row, value in zip(rows, frame[name].tolist(), strict=True):
            row[name] = value
    results = [scorer.score(row, n_reasons=14) for row in rows]
    assert_same(scorer.score_batch(frame, n_reasons=14), results)
    arrow = pa.Table.from_pandas(frame)
    assert_same(scorer.score_batch(arrow, n_reasons=14), results)


def test_lists_of_truth_values_and_codes_are_levels(scorer):
    rows = [dict.fromkeys(scorer.features) for _ in range(4)]
    for row, value in zip(rows, [True, False, 1, 0.0], strict=True):
        row["truth"] = row["code"] = row["flag"] = value
    results = [scorer.score(row) for row in rows]
    assert_same(scorer.score_batch(columns_of(rows), n_reasons=4), results)


def test_order_and_further_columns_do_not_matter(scorer, rows):
    table = as_pandas(columns_of(rows[:500]), scorer.kinds)
    expected = scorer.score_batch(table)
    turned = table[table.columns[::-1]].assign(when=pd.Timestamp("2024-01-01"), x="y")
    for other in (turned, pl.from_pandas(turned), pa.Table.from_pandas(turned)):
        batch = scorer.score_batch(other)
        np.testing.assert_array_equal(batch.pd, expected.pd)
    mapping = dict(turned) | {"scalar": 3}
    np.testing.assert_array_equal(scorer.score_batch(mapping).pd, expected.pd)


def test_a_row_does_not_depend_on_its_batch(scorer, rows, monkeypatch):
    columns = columns_of(rows[:300])
    whole = scorer.score_batch(columns, n_reasons=3)
    order = np.random.default_rng(0).permutation(300)
    turned = {name: [column[i] for i in order] for name, column in columns.items()}
    again = scorer.score_batch(turned, n_reasons=3)
    np.testing.assert_array_equal(again.pd, whole.pd[order])
    np.testing.assert_array_equal(again.reasons, whole.reasons[order])
    monkeypatch.setattr("riskkit.serving._batch._BLOCK", 7)
    parts = scorer.score_batch(columns, n_reasons=3)
    for name, column in parts.to_dict().items():
        np.testing.assert_array_equal(column, whole.to_dict()[name])


def test_empty_batches(scorer):
    for table in (
        {name: [] for name in scorer.features},
        pd.DataFrame({name: pd.Series([], dtype=object) for name in scorer.features}),
    ):
        batch = scorer.score_batch(table, n_reasons=2)
        assert len(batch) == 0
        assert batch.reasons.shape == (0, 2)
        assert list(batch.to_dict()) == [
            "pd",
            "points",
            "log_odds",
            "reason_1",
            "points_lost_1",
            "reason_2",
            "points_lost_2",
        ]


def test_columns_that_cannot_be_scored(scorer):
    sound = {name: [None, None] for name in scorer.features}
    cases = [
        (sound | {"income": ["1", "2"]}, InvalidTypeError, "'income'"),
        (sound | {"income": [10**400, 1]}, InvalidInputError, "'income'"),
        (sound | {"income": 3}, InvalidTypeError, "'income' must be a list"),
        (sound | {"income": "ab"}, InvalidTypeError, "'income' must be a list"),
        (sound | {"income": [1]}, InvalidInputError, "one length"),
        (sound | {"income": np.zeros((2, 2))}, InvalidInputError, "one dimension"),
        (sound | {"purpose": [["car"], {}]}, InvalidTypeError, "category"),
        (sound | {"income": [1, [2]]}, InvalidTypeError, "'income'"),
        ({"income": [1]}, InvalidInputError, "missing: 'debt'"),
        (np.zeros((2, 14)), InvalidTypeError, "names"),
        ([[1]], InvalidTypeError, "got list"),
        (None, InvalidTypeError, "got NoneType"),
        (pl.LazyFrame({"income": [1]}), InvalidTypeError, "collect"),
        (pd.DataFrame([[1, 2]], columns=["income"] * 2), InvalidInputError, "once"),
    ]
    for table, error, reason in cases:
        with pytest.raises(error, match=reason):
            scorer.score_batch(table)
