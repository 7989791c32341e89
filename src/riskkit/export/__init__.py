"""Saving fitted models as artifacts and other formats, and comparing what was saved."""

from __future__ import annotations

from riskkit.export._compare import ArtifactComparison, compare_artifacts
from riskkit.export._differences import ArtifactDifference
from riskkit.export._excel import to_excel
from riskkit.export._onnx import to_onnx
from riskkit.export._python import to_python
from riskkit.export._save import save_artifact
from riskkit.export._sql import to_sql

__all__ = [
    "ArtifactComparison",
    "ArtifactDifference",
    "compare_artifacts",
    "save_artifact",
    "to_excel",
    "to_onnx",
    "to_python",
    "to_sql",
]
