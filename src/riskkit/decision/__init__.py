"""From scores to approvals, limits and strategies."""

from __future__ import annotations

__all__: list[str] = []
