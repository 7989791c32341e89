"""Reasons behind a score."""

from __future__ import annotations

from riskkit.explain._reasons import reason_codes

__all__ = ["reason_codes"]
