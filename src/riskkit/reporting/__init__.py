"""One-file HTML reports."""

from __future__ import annotations

from riskkit.reporting._backtest_report import backtest_report
from riskkit.reporting._data import Check, Column, ReportData, ReportTable, Verdict
from riskkit.reporting._document_data import DocumentData, DocumentSection
from riskkit.reporting._document_result import ModelDocument
from riskkit.reporting._model_document import model_document
from riskkit.reporting._monitoring_data import MonitoringData, MonitoringReport
from riskkit.reporting._monitoring_report import monitoring_report
from riskkit.reporting._result import ReportResult
from riskkit.reporting._thresholds import ReportThresholds
from riskkit.reporting._validation import validation_report

__all__ = [
    "Check",
    "Column",
    "DocumentData",
    "DocumentSection",
    "ModelDocument",
    "MonitoringData",
    "MonitoringReport",
    "ReportData",
    "ReportResult",
    "ReportTable",
    "ReportThresholds",
    "Verdict",
    "backtest_report",
    "model_document",
    "monitoring_report",
    "validation_report",
]
