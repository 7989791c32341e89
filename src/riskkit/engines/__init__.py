"""The same fit, score and monitoring on other data engines."""

from __future__ import annotations

__all__: list[str] = []
