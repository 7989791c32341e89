"""Stability and performance of a scored population over time."""

from __future__ import annotations

__all__: list[str] = []
