"""What `train` and `demo` have to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.cli._split import Split
    from riskkit.schema import TableSchema
    from riskkit.typing import IntArray

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """Rows with their outcomes, how they are split, and what to call things."""

    source: str
    X: pd.DataFrame
    y: IntArray
    split: Split
    schema: TableSchema
    target: str
    labels: tuple[str, str]
    left_out: dict[str, str]
    special_codes: list[float | str]
    kind: str = "scorecard"
    report: bool = True
