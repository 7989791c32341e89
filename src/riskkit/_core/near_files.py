"""Names like one that was mistyped, among the files of its folder."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from riskkit._core.params import did_you_mean

if TYPE_CHECKING:
    import os

__all__ = ["near_file"]

_MOST = 10_000  # entries looked at: a folder may hold millions


def near_file(path: str | os.PathLike[str]) -> str:
    """Return `` Did you mean 'x'?`` for the file nearest in name, or nothing."""
    place = Path(path)
    try:
        known = list(islice(place.parent.iterdir(), _MOST))
    except OSError:
        return ""
    # Endings apart: files of one kind would be like one another by those alone.
    same_stem = [other.name for other in known if other.stem == place.stem]
    if same_stem:
        return f" Did you mean {min(same_stem)!r}?"
    stems = [other.stem for other in known if other.suffix == place.suffix]
    return did_you_mean(place.stem, stems).replace("'?", f"{place.suffix}'?")
