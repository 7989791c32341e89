"""Reasons behind a score, what would change it, and how it treats groups."""

from __future__ import annotations

from riskkit.explain._contributions import contributions
from riskkit.explain._reasons import reason_codes

__all__ = ["contributions", "reason_codes"]
