"""Out-of-time splits, vintages and validation of PDs."""

from __future__ import annotations

__all__: list[str] = []
