"""Read the files that ship inside the package."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_card", "read_table"]

_FOLDER = "_data"


def read_table(name: str) -> pd.DataFrame:
    """Return the embedded table `name`."""
    import pandas as pd

    resource = files("riskkit.datasets").joinpath(_FOLDER, f"{name}.parquet")
    with resource.open("rb") as stream:
        return pd.read_parquet(stream, engine="pyarrow")


def read_card(name: str) -> str:
    """Return the data card of the data set `name`, in Markdown."""
    resource = files("riskkit.datasets").joinpath(_FOLDER, f"{name}.md")
    return resource.read_text(encoding="utf-8")
