import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from riskkit.exceptions import SchemaError
from riskkit.schema import Column, TableSchema, infer_schema, validate_table

N = 40
SCHEMA = TableSchema(
    (
        Column("income", "numeric"),
        Column("debt", "numeric", nullable=True),
        Column("region", "categorical", n_levels=2),
        Column("loan_id", "identifier", reason="an identifier"),
        Column("bad", "numeric"),
    ),
    target="bad",
)


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "income": np.linspace(1000, 2000, N),
            "debt": np.r_[np.nan, np.arange(N - 1)],
            "region": ["north", "south"] * (N // 2),
        }
    )


def problem(table, *, strict=False):
    with pytest.raises(SchemaError) as caught:
        validate_table(table, SCHEMA, strict=strict)
    return str(caught.value)


@pytest.mark.parametrize("convert", [lambda t: t, pl.from_pandas, pa.Table.from_pandas])
def test_a_table_like_it_passes_without_target_and_keys(table, convert):
    for strict in (False, True):
        assert validate_table(convert(table), SCHEMA, strict=strict) is None


def test_a_schema_accepts_its_own_table(table):
    validate_table(table, infer_schema(table), strict=True)


def test_order_and_extra_columns_do_not_matter_unless_strict(table):
    other = table[table.columns[::-1]].assign(colour="red")
    validate_table(other, SCHEMA)
    assert "Column 'colour' is not in the schema" in problem(other, strict=True)


def test_every_problem_is_listed_at_once(table):
    broken = table.rename(columns={"debt": "debts"})
    broken["income"] = ["secret-value", *map(str, range(N - 1))]
    broken["region"] = pd.Timestamp("2024-01-31")
    message = problem(broken)
    assert message.startswith("The table breaks its schema in 3 places:")
    assert "Column 'debt' is missing. Did you mean 'debts'?" in message
    assert f"'income' must hold numbers; 1 of {N} rows holds text" in message
    assert "'region' must hold text; got dates" in message
    assert "secret-value" not in message


def test_at_most_twenty_problems_are_listed():
    schema = TableSchema(tuple(Column(f"x{i}", "numeric") for i in range(30)))
    with pytest.raises(SchemaError) as caught:
        validate_table({"y": [1.0]}, schema)
    assert str(caught.value).count("\n") == 21
    assert "and 10 more" in str(caught.value)


@pytest.mark.parametrize("library", ["pandas", "arrow"])
def test_a_name_that_stands_twice(table, library):
    if library == "pandas":
        twice = pd.concat([table, table[["income"]]], axis=1)
    else:
        arrow = pa.Table.from_pandas(table)
        twice = arrow.append_column("income", arrow["income"])
    message = problem(twice)
    assert message.endswith("Column 'income' stands 2 times; column names must differ.")


def test_numbers_written_as_text(table):
    message = problem(table.assign(income=table["income"].astype(str)))
    assert "numbers written as text" in message


def test_values_of_no_use(table):
    message = problem(table.assign(income=[[1]] * N))
    assert "got neither numbers nor text" in message


def test_a_feed_that_broke_is_noticed_an_absent_value_is_not(table):
    broken = table.assign(income=np.nan, debt=np.nan)
    message = problem(broken)
    assert f"'income' is missing in all {N} rows" in message
    assert "debt" not in message
    validate_table(broken.head(1), SCHEMA)
    assert "missing in all 1 rows" in problem(broken.head(1), strict=True)


def test_strict_also_notices_gaps_and_codes(table):
    table.loc[3, "income"] = np.nan
    validate_table(table, SCHEMA)
    assert f"missing in 1 of {N} rows" in problem(table, strict=True)
    coded = table.assign(income=1.0, region=[1, 2] * (N // 2))
    validate_table(coded, SCHEMA)
    assert "'region' must hold text; got numbers" in problem(coded, strict=True)


def test_no_rows(table):
    assert "no rows" in problem(table.head(0))
