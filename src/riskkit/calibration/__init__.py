"""Calibration of probabilities of default."""

from __future__ import annotations

__all__: list[str] = []
