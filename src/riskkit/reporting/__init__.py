"""One-file HTML reports."""

from __future__ import annotations

from riskkit.reporting._data import Check, Column, ReportData, ReportTable, Verdict
from riskkit.reporting._document_data import DocumentData, DocumentSection
from riskkit.reporting._document_result import ModelDocument
from riskkit.reporting._model_document import model_document
from riskkit.reporting._result import ReportResult
from riskkit.reporting._thresholds import ReportThresholds
from riskkit.reporting._validation import validation_report

__all__ = [
    "Check",
    "Column",
    "DocumentData",
    "DocumentSection",
    "ModelDocument",
    "ReportData",
    "ReportResult",
    "ReportTable",
    "ReportThresholds",
    "Verdict",
    "model_document",
    "validation_report",
]
