"""What a loan table must look like, inferred once and checked afterwards."""

from __future__ import annotations

from riskkit.schema._column import Column
from riskkit.schema._infer import infer_schema
from riskkit.schema._schema import TableSchema
from riskkit.schema._validate import validate_table

__all__ = ["Column", "TableSchema", "infer_schema", "validate_table"]
