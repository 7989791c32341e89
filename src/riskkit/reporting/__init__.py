"""One-file HTML reports."""

from __future__ import annotations

from riskkit.reporting._data import Check, Column, ReportData, ReportTable, Verdict
from riskkit.reporting._result import ReportResult
from riskkit.reporting._thresholds import ReportThresholds
from riskkit.reporting._validation import validation_report

__all__ = [
    "Check",
    "Column",
    "ReportData",
    "ReportResult",
    "ReportTable",
    "ReportThresholds",
    "Verdict",
    "validation_report",
]
