"""What an artifact says about itself."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from riskkit._core.lean_dataclass import dataclass, field

__all__ = ["PROTOCOL", "Manifest"]

# Raise this number when a reader of the previous protocol could misread an artifact,
# and add the step from the old one to `_migrate.py`.
PROTOCOL = 5


@dataclass(frozen=True, slots=True)
class Manifest:
    """Provenance of a fitted model; no customer's value is in it.

    Parameters
    ----------
    model : str
        Kind of model: ``"scorecard"``, ``"blend"``, ``"detector"`` or ``"fraud"``.

    protocol : int
        Number of the file format.

    riskkit_version : str
        Version that wrote the artifact.

    libraries : dict of str to str
        Versions of the libraries that took part in the fit.

    n_rows, n_events : float
        Rows and events trained on, as sums of weights.

    target : str or None
        Name of the outcome column.

    classes : tuple of str
        Text of the non-event and the event label.

    window : tuple of (str, str) or None
        First and last date trained on, in ISO form.

    left_out : dict of str to str
        Columns that were not used, and why.

    notes : dict
        Anything else that a reader should know, as plain data.

    members : dict of str to str
        SHA-256 of every other member of the artifact but its signature.
    """

    model: str
    protocol: int = PROTOCOL
    riskkit_version: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    n_rows: float = 0.0
    n_events: float = 0.0
    target: str | None = None
    classes: tuple[str, str] = ("0", "1")
    window: tuple[str, str] | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)

    @property
    def model_id(self) -> str:
        """First 12 digits of the model's SHA-256; empty before it is written.

        Trees, arrays and PD map, where there are any, are part of the model: another
        calibration is another model.
        """
        parts = ("model.json", "trees.bin", "detector.bin", "pd_map.json")
        hashes = [self.members[name] for name in parts if name in self.members]
        if len(hashes) < 2:
            return "".join(hashes)[:12]
        return sha256("".join(hashes).encode()).hexdigest()[:12]

    @property
    def strategy_id(self) -> str:
        """First 12 digits of the strategy's SHA-256; empty where there is none.

        It is no part of the model: another strategy decides on the same scores.
        """
        return self.members.get("strategy.json", "")[:12]

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import facts_html

        facts = {
            "Model id": self.model_id,
            "Protocol": self.protocol,
            "riskkit": self.riskkit_version,
            "Target": self.target or None,
            "Trained on": f"{self.n_rows:,.0f} rows, {self.n_events:,.0f} events",
            "Window": " to ".join(self.window) if self.window else None,
            "Libraries": ", ".join(f"{k} {v}" for k, v in self.libraries.items()),
            "Left out": ", ".join(self.left_out) or None,
            "Notes": ", ".join(self.notes) or None,
        }
        return facts_html(f"Manifest of a {self.model}", facts)
