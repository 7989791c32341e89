"""What a benchmark measured, as a file: figures with units, command, date, versions.

A ``Figure`` is one number of riskkit, and where there is one, the number of another
library for the same work in the same run. What one is better by is computed here and
nowhere else. ``Result`` is a run: the file ``results/<name>.json`` and its table.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "Figure", "Result", "read_all"]

FOLDER = Path(__file__).with_name("results")
# Units of quality are compared by their difference, all others by their ratio.
QUALITY = {"AUC", "log-loss", "average precision", "IV", "mean rank", "ECE"}
OPTIONAL = {"figure", "error"}  # stored as an empty text where there is none


@dataclass(frozen=True)
class Figure:
    """One number, with the number of another library beside it if there is one.

    `error` is the standard error of the difference where the benchmark gives one.
    """

    what: str
    riskkit: float
    unit: str
    better: str  # "less" or "more"
    beside: str = ""
    figure: float | None = None
    error: float | None = None

    def better_by(self) -> float | None:
        """Return how much better riskkit is: a ratio above 1, a difference above 0."""
        if self.figure is None:
            return None
        less = self.better == "less"
        if self.unit in QUALITY:
            gain = self.figure - self.riskkit if less else self.riskkit - self.figure
            return round(gain, 6)
        low, high = (self.riskkit, self.figure) if less else (self.figure, self.riskkit)
        return float(f"{high / low:.4g}")

    def shown(self) -> str:
        """Return what riskkit is better by in words of a table."""
        gain = self.better_by()
        if gain is None:
            return ""
        if self.unit in QUALITY:
            digits = 2 if self.unit == "mean rank" else 4
            error = "" if self.error is None else f" ± {self.error:.{digits}f}"
            return f"{gain:+.{digits}f}{error}"
        return f"{gain:,.0f} x" if gain >= 10 else f"{gain:.2g} x"

    def row(self) -> dict[str, Any]:
        """Return the row of the stored table; what is absent is an empty text."""
        fields = {k: "" if v is None else v for k, v in asdict(self).items()}
        gain = self.better_by()
        return fields | {"better by": "" if gain is None else gain}


@dataclass(frozen=True)
class Result:
    """What one run of one benchmark gave."""

    name: str
    command: str
    date: str
    versions: dict[str, str]
    machine: str
    figures: tuple[Figure, ...]

    def write(self, folder: Path = FOLDER) -> Path:
        """Write the file of the result."""
        fields = asdict(self) | {"table": [figure.row() for figure in self.figures]}
        del fields["figures"], fields["name"]
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.name}.json"
        text = json.dumps(fields, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> Result:
        """Read the file of a result."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        rows = [
            {k: v for k, v in row.items() if k != "better by"}
            for row in fields.pop("table")
        ]
        figures = tuple(
            Figure(
                **{k: None if v == "" and k in OPTIONAL else v for k, v in r.items()}
            )
            for r in rows
        )
        return cls(name=path.stem, figures=figures, **fields)

    def find(self, start: str, beside: str) -> Figure | None:
        """Return the first figure that starts with these words, if there is one."""
        for figure in self.figures:
            if figure.what.startswith(start) and figure.beside == beside:
                return figure
        return None


def read_all(folder: Path = FOLDER) -> dict[str, Result]:
    """Return all stored results by name."""
    return {path.stem: Result.read(path) for path in sorted(folder.glob("*.json"))}
