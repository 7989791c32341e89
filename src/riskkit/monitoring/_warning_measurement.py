"""One number that a warning can be raised on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

from riskkit._core.columns import plain

__all__ = ["Measurement", "SupportsMeasurements"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """An effect size, how surprising it is, and what it was measured on.

    Results of riskkit give theirs by ``measurements()``; numbers from elsewhere can be
    wrapped by hand.

    Parameters
    ----------
    name : str
        What was measured; the threshold of that name judges it.

    value : float
        Size of the effect, in the units of the threshold; NaN if it is not known.

    p_value : float or None, default=None
        Chance of an effect so large if nothing has changed. NaN if it could not be
        computed; None if this measure never has one.

    of : str, default="all"
        Which part of the book: a segment, a band, a feature.

    n : float or None, default=None
        Accounts behind it; None if they do not matter.

    n_event : float or None, default=None
        Events behind it, or those expected if these are more: no event where many
        were expected is a finding.

    reason : str, default=""
        Why it could not be measured.

    note : str, default=""
        What is to be said beside a light that is not green.

    See Also
    --------
    EarlyWarning : Judges measurements.

    Examples
    --------
    >>> from riskkit.monitoring import Measurement
    >>> Measurement("override_rate", 0.08).key
    'override_rate'
    >>> Measurement("feature_csi", 0.31, p_value=1e-9, of="income").key
    'feature_csi: income'
    """

    name: str
    value: float
    p_value: float | None = None
    of: str = "all"
    n: float | None = None
    n_event: float | None = None
    reason: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """What tells it from all other measurements of a run."""
        return self.name if self.of == "all" else f"{self.name}: {self.of}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {name: plain(value) for name, value in asdict(self).items()}


@runtime_checkable
class SupportsMeasurements(Protocol):
    """A result that warnings can be raised on."""

    def measurements(self) -> tuple[Measurement, ...]:
        """Return what was measured."""
        ...
