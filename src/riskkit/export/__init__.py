"""Saving fitted models as artifacts and other formats."""

from __future__ import annotations

from riskkit.export._excel import to_excel
from riskkit.export._save import save_artifact
from riskkit.export._sql import to_sql

__all__ = ["save_artifact", "to_excel", "to_sql"]
