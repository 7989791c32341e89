import datetime as dt
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.exceptions import InvalidInputError, RiskkitError, SchemaError
from riskkit.schema import TableSchema, infer_schema

N = 200


def kind_of(values, name="x", **others):
    return infer_schema(pd.DataFrame({name: values, **others})).column(name).kind


@pytest.fixture
def loans():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "loan_id": np.arange(N),
            "reference": [f"A-{i:06d}" for i in range(N)],
            "amount": rng.lognormal(9, 1, N).round(2),
            "age": rng.integers(18, 80, N),
            "region": rng.choice(["north", "south"], N),
            "home": np.where(np.arange(N) % 3 == 0, None, "own"),
            "currency": "EUR",
            "nothing": np.nan,
            "opened": pd.date_range("2020-01-01", periods=N),
            "closed": pd.date_range("2020-01-01", periods=N).strftime("%Y-%m-%d"),
            "bad": rng.integers(0, 2, N),
        }
    )


EXPECTED = {
    "loan_id": "identifier",
    "reference": "identifier",
    "amount": "numeric",
    "age": "numeric",
    "region": "categorical",
    "home": "categorical",
    "currency": "constant",
    "nothing": "empty",
    "opened": "date",
    "closed": "date",
    "bad": "numeric",
}


@pytest.mark.parametrize(
    "convert",
    [lambda t: t, pl.from_pandas, pa.Table.from_pandas],
    ids=["pd", "pl", "pa"],
)
def test_every_kind_in_every_library(loans, convert):
    schema = infer_schema(convert(loans), target="bad", date="opened")
    assert {c.name: c.kind for c in schema.columns} == EXPECTED
    assert schema.features == ("amount", "age", "region", "home")
    assert list(schema.left_out) == [
        "loan_id",
        "reference",
        "currency",
        "nothing",
        "opened",
        "closed",
    ]
    assert schema.left_out["opened"] == "the date of the row"
    assert [c.name for c in schema.columns if c.nullable] == ["home", "nothing"]


def test_no_value_of_the_table_is_in_the_schema(loans):
    text = json.dumps(infer_schema(loans, target="bad").to_dict())
    for value in ("EUR", "A-000", "north", "2020-", str(loans["amount"].max())):
        assert value not in text


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(1000) * 7919 % 10_000_019, "identifier"),  # far apart, 1000 rows
        (np.arange(60), "identifier"),  # a running number
        (np.arange(40), "numeric"),  # too few rows to tell
        (np.arange(60) * 9973 + 500, "numeric"),  # amounts may all differ in 60 rows
        (np.arange(1000) + 0.25, "numeric"),  # amounts with a fraction
        (np.arange(1000.0), "numeric"),  # floats are amounts unless named a key
        (np.r_[np.arange(999), 0], "numeric"),  # one pair of equals: no key
        ([True, False] * 50, "numeric"),
        ([1, None] * 50, "numeric"),  # one value, but its absence informs
        ([None] * 50, "empty"),
        ([f"t{i}" for i in range(20)], "identifier"),
        ([f"t{i}" for i in range(19)], "categorical"),
        ([f"t{i}" for i in range(60)] + ["t0"] * 30, "unusable"),  # nearly unique
        ([f"t{i % 30}" for i in range(90)], "categorical"),
        (["2024-01-31", "2024-02-30"] * 30, "categorical"),  # no such day
        (["2024-01-31 10:00", "2024-01-31T10:00:00Z"] * 30, "date"),
        (["2024-01-31", None] * 30, "date"),
        ([dt.date(2024, 1, 31), None] * 30, "date"),
        ([*map(str, range(100)), "n/k"], "unusable"),  # numbers, spoilt by a text
        ([*map(str, [1, 2] * 50), "n/k"], "categorical"),  # codes
        ([{"a": 1}] * 30, "unusable"),
        (pd.to_timedelta(np.arange(30), unit="D"), "unusable"),
    ],
)
def test_kind(values, kind):
    assert kind_of(values) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("loan_id", "identifier"),
        ("loanID", "identifier"),
        ("AccountNo", "identifier"),
        ("ID_customer", "identifier"),
        ("uuid", "identifier"),
        ("amount", "numeric"),
        ("paid", "numeric"),  # ends in "id" but is a word of its own
        ("number_credits", "numeric"),
    ],
)
def test_a_key_by_name_may_repeat_a_little(name, kind):
    values = np.arange(100) * 99_991
    values[:3] = 0
    assert kind_of(values, name) == kind
    assert kind_of(values.astype(float), name) == kind


def test_spoilt_numbers_are_counted():
    table = pd.DataFrame({"x": [*map(str, range(98)), "unknown", "n/k", None]})
    reason = infer_schema(table).left_out["x"]
    assert "text in 2 of 101 rows" in reason
    assert "n/k" not in reason


def test_target_and_date_must_be_there():
    table = pd.DataFrame({"income": [1.0, 2.0], "default": [0, 1]})
    with pytest.raises(SchemaError, match="Did you mean 'default'"):
        infer_schema(table, target="defualt")
    with pytest.raises(SchemaError, match="date column 'day' is not in the table"):
        infer_schema(table, date="day")
    with pytest.raises(SchemaError, match=r"must hold dates.*a column of numbers"):
        infer_schema(table, date="income")


def test_a_table_needs_rows_columns_and_names():
    with pytest.raises(SchemaError, match="0 rows"):
        infer_schema(pd.DataFrame({"x": []}))
    with pytest.raises(SchemaError, match="0 columns"):
        infer_schema(pd.DataFrame(index=[0, 1]))
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InvalidInputError, match="stand more than once: 'a'"):
        infer_schema(twice)


@pytest.mark.parametrize(
    "codes",
    [
        [-9, -8],
        [(-9, -8), "unknown"],
        {"amount": [-9], "region": {"not asked": ["x", "y"]}},
        np.array([-9.0]),
        None,
    ],
)
def test_round_trip(loans, codes):
    schema = infer_schema(loans, target="bad", date="opened", special_codes=codes)
    plain = json.loads(json.dumps(schema.to_dict()))
    assert TableSchema.from_dict(plain) == schema


@pytest.mark.parametrize("codes", [[None], [True], {"x": [object()]}, object()])
def test_codes_must_be_plain(loans, codes):
    with pytest.raises(SchemaError, match="special_codes must be numbers or text"):
        infer_schema(loans, special_codes=codes)


def test_representations(loans):
    schema = infer_schema(loans, target="bad", date="opened")
    frame = schema.frame()
    assert frame["role"].value_counts().to_dict() == {
        "left out": 5,
        "feature": 4,
        "date": 1,
        "target": 1,
    }
    html = infer_schema(pd.DataFrame({"<b>": [1, 2]}))._repr_html_()
    assert "&lt;b&gt;" in html
    assert schema.names == tuple(loans)
    with pytest.raises(SchemaError, match="Did you mean 'region'"):
        schema.column("regoin")


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"columns": [], "other": 1},
        {"columns": [{"name": "x"}]},
        {"columns": [{"name": 1, "kind": "numeric"}]},
        {"columns": [{"name": "x", "kind": "numbers"}]},
        {"columns": [{"name": "x", "kind": "numeric", "nullable": 1}]},
        {"columns": [{"name": "x", "kind": "numeric"}] * 2},
        {"columns": [{"name": "x", "kind": "numeric"}], "target": "y"},
    ],
)
def test_a_bad_description_is_refused(plain):
    with pytest.raises(RiskkitError):
        TableSchema.from_dict(plain)


@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=3), st.integers(-5, 5), st.floats()),
        min_size=1,
        max_size=60,
    )
)
def test_any_column_gets_a_kind_whatever_its_order(values):
    column = pd.Series(values, dtype=object)
    schema = infer_schema(pd.DataFrame({"x": column}))
    backwards = infer_schema(pd.DataFrame({"x": column[::-1].to_numpy()}))
    assert schema == backwards
    assert (schema.features == ("x",)) != ("x" in schema.left_out)


def test_real_tables_leave_out_their_key_alone(shared_data):
    for name, key in (("taiwan_default", "ID"), ("gmsc", "Id"), ("heloc", None)):
        left_out = infer_schema(pd.read_parquet(shared_data(name))).left_out
        assert set(left_out) == ({key} if key else set())
