"""Probability-of-default models by gradient boosting."""

from __future__ import annotations

__all__: list[str] = []
