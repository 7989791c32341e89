"""Finished windows on disk, so that a backtest that was stopped goes on where it was.

One file for each model and window holds the scores and everything measured, and a
fingerprint of what went in: model, rows, outcomes, weights and settings. A file whose
fingerprint is another is not used, and written anew.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import is_frame
from riskkit._core.output import whole_file
from riskkit.exceptions import OutputError

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["Finished", "Store", "fingerprint"]

Finished = tuple[dict[str, Any], "FloatArray"]
_FORMAT = 1
_LONGEST_NAME = 60


class Store:
    """A folder of finished windows.

    Parameters
    ----------
    folder : path
        Made if it is absent.
    """

    def __init__(self, folder: Any) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            msg = f"folder must be a folder; {str(self.folder)!r} is a file."
            raise OutputError(msg)

    def path(self, model: str, window: str) -> Path:
        """Return where a window of a model stands."""
        name = f"{window}.{model}"
        plain = "".join(c if c.isalnum() or c in "-." else "_" for c in name)
        # Two names may become one on disk, which their digest keeps apart.
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return self.folder / f"{plain[:_LONGEST_NAME]}.{digest}.npz"

    def load(self, path: Path, mark: str) -> Finished | None:
        """Return a finished window, or None if it is absent, damaged or another's."""
        try:
            with path.open("rb") as opened, np.load(opened) as file:
                record = json.loads(str(file["record"]))
                score = file["score"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if not isinstance(record, dict) or record.get("fingerprint") != mark:
            return None
        return record["found"], np.asarray(score, dtype=np.float64)

    def save(self, path: Path, mark: str, finished: Finished) -> None:
        """Write a finished window, whole or not at all."""
        found, score = finished
        record = json.dumps({"fingerprint": mark, "found": found})
        with whole_file(path, overwrite=True) as staged, staged.open("wb") as file:
            np.savez_compressed(file, record=np.array(record), score=score)


def fingerprint(*parts: Any) -> str:
    """Return a digest of data and models, the same in every process."""
    import joblib

    digest = hashlib.sha256(str(_FORMAT).encode())
    for part in parts:
        digest.update(_rows_digest(part) if is_frame(part) else b"")
        digest.update(
            ("" if is_frame(part) else str(joblib.hash(part))).encode() + b"\0"
        )
    return digest.hexdigest()


def _rows_digest(X: Any) -> bytes:
    """Return a digest of the values of a frame, however it keeps them."""
    import narwhals as nw
    import pandas as pd

    frame = X if isinstance(X, pd.DataFrame) else nw.from_native(X).to_pandas()
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    names = json.dumps([str(name) for name in frame.columns])
    return hashlib.sha256(names.encode() + hashes.tobytes()).digest()
