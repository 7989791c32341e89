"""Words with gaps, as pandas keeps text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["text_array"]


def text_array(words: Iterable[str | None]) -> Any:
    """Return words as a column; None stays missing.

    Before pandas 3 the type ``str`` turned what is missing into the word "None", so
    the column has the type of the text columns of that time, object.
    """
    import pandas as pd

    has_text = int(pd.__version__.split(".")[0]) >= 3
    return pd.array(list(words), dtype="str" if has_text else object)
