"""Which model this is: its name, its content, its settings and its training data."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

import riskkit
from riskkit.exceptions import (
    ArtifactError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.export import save_artifact
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._document_given import TRAINING
from riskkit.scorecard import RejectInference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import Manifest
    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["data", "exclusions", "identity", "purpose", "saved_as", "settings"]

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")
_NOT_SAVED = (ArtifactError, InvalidParameterError, InvalidTypeError, NotFittedError)
_HASHED = ("model.json", "pd_map.json")
_INSIDE = ("expert_", "estimator_", "binner_", "scaler_", "calibrator_", "prior_")
_LONGEST = 200
UNKNOWN = "not recorded"


def saved_as(documented: DocumentedModel, grades: Any) -> Manifest | None:
    """Return what the saved model says of itself; None if it cannot be saved."""
    parts = [p for p in documented.parts if not isinstance(p, RejectInference)]
    try:
        # The file's own hashes, so that a document and a file can be matched.
        with tempfile.TemporaryDirectory() as folder:
            return save_artifact(
                parts[0],
                Path(folder) / "model.rk",
                calibration=documented.steps or None,
                grades=grades,
            )
    except _NOT_SAVED:
        return None


def identity(
    documented: DocumentedModel, manifest: Manifest | None, target: str | None
) -> Part:
    """Say what the model is."""
    nonevent, event = (str(label) for label in documented.classes_)
    rows: list[tuple[str, str, Any]] = [
        ("Kind", "text", " of ".join(type(p).__name__ for p in documented.parts)),
        ("Outcome column", "text", target or UNKNOWN),
        ("Event (the bad outcome)", "text", event),
        ("Non-event", "text", nonevent),
    ]
    if documented.card is not None:
        spec = documented.spec_
        rows.append(("Characteristics", "count", len(spec.characteristics)))
    if manifest is not None:
        rows.append(("Model id", "text", manifest.model_id))
        rows += [
            (f"SHA-256 of {name}", "text", digest)
            for name, digest in sorted(manifest.members.items())
            if name in _HASHED
        ]
    rows.append(("riskkit", "text", riskkit.__version__))
    rows.append(("Python", "text", platform.python_version()))
    rows += [(name, "text", version(name)) for name in _LIBRARIES]
    text = (
        "Versions are those that wrote this document.",
        "The model id and the hashes are those of the file that save_artifact writes "
        "for the model with the calibration and the grades described here: equal ids "
        "mean equal bins, points, PDs and grades."
        if manifest is not None
        else "The model as described here cannot be saved as an artifact, so it has no "
        "hash.",
    )
    table = ReportTable("identity", "Identity", _FACT_COLUMNS, tuple(rows))
    return DocumentSection("identity", "Identity", text, (table.name,)), (table,)


def purpose(notes: Sequence[tuple[str, str]]) -> Part:
    """Print what the author says, as it was given."""
    table = ReportTable(
        "notes",
        "Purpose and use",
        (Column("heading", "Heading"), Column("text", "Text")),
        tuple(notes),
    )
    text = (
        "In the words of those who made the document; nothing here was checked."
        if notes
        else "Purpose, owner and intended use were not given: see notes=.",
    )
    names = (table.name,) if notes else ()
    section = DocumentSection("notes", "Purpose and use", text, names, "terms")
    return section, (table,) if notes else ()


def data(
    documented: DocumentedModel,
    samples: Sequence[DocumentSample],
    window: tuple[str, str] | None,
) -> Part:
    """Say what the model was trained on, and which samples the document looks at."""
    card, used = documented.card, documented.model
    n = getattr(card, "n_rows_", None)
    n_event = getattr(card, "n_events_", None) if documented.has_outcomes else None
    rows: list[tuple[str, str, Any]] = [
        ("First date trained on", "text", window[0] if window else UNKNOWN),
        ("Last date trained on", "text", window[1] if window else UNKNOWN),
        ("Rows trained on", *_counted(n)),
        ("Events among them", *_counted(n_event)),
        (
            "Event rate",
            *(("rate", n_event / n) if n and n_event is not None else _counted(None)),
        ),
        ("Columns given", *_counted(getattr(used, "n_features_in_", None))),
    ]
    if documented.card is not None:
        spec = documented.spec_
        rows.append(("Columns used", "count", len(spec.characteristics)))
    trained = ReportTable("training", "Training data", _FACT_COLUMNS, tuple(rows))
    tables = [trained]
    if samples:
        tables.append(_samples(samples, window))
    text = ["Rows and events are sums of weights where the model was given weights."]
    if documented.is_expert:
        text.append(
            "The points of this card were given by people and learned from no row; the "
            "counts are those of the population it was shown."
        )
    if documented.rejects is not None:
        text.append(
            "The counts hold rejected applicants, with assumed events: see the section "
            "on rejected applicants."
        )
    names = tuple(table.name for table in tables)
    return DocumentSection("data", "Data", tuple(text), names), tuple(tables)


def exclusions(documented: DocumentedModel) -> Part:
    """Name the columns without a place in the model, and why."""
    left_out = getattr(documented.card, "left_out_", {})
    table = ReportTable(
        "exclusions",
        "Columns left out",
        (Column("column", "Column"), Column("reason", "Reason")),
        tuple((str(name), str(reason)) for name, reason in left_out.items()),
    )
    text = [
        "Rows that were left out before training are unknown to the model; they belong "
        "into the author's notes."
    ]
    if documented.card is None:
        text.insert(0, "The model does not record which columns it leaves out.")
    elif not left_out:
        text.insert(0, "Every column that was given has a place in the scorecard.")
    tables = (table,) if left_out else ()
    names = tuple(t.name for t in tables)
    return DocumentSection("exclusions", "Exclusions", tuple(text), names), tables


def settings(documented: DocumentedModel) -> Part:
    """List every parameter that the model was made with."""
    table = ReportTable(
        "settings",
        "Parameters",
        (
            Column("part", "Part"),
            Column("parameter", "Parameter"),
            Column("value", "Value"),
            Column("default", "Default"),
        ),
        tuple(row for part in _estimators(documented) for row in _parameters(part)),
        "Long values are cut.",
    )
    text = ("What would have to be set to make the model again from the same rows.",)
    section = DocumentSection("settings", "Settings", text, (table.name,))
    return section, (table,)


_FACT_COLUMNS = (
    Column("item", "Item"),
    Column("unit", "Unit", hidden=True),
    Column("value", "Value", "unit"),
)


def _counted(value: float | None) -> tuple[str, Any]:
    return ("text", UNKNOWN) if value is None else ("count", float(value))


def _samples(
    samples: Sequence[DocumentSample], window: tuple[str, str] | None
) -> ReportTable:
    rows = []
    for sample in samples:
        one = sample.figures
        known = sample.has_outcomes
        days = sample.window or (window if sample.name == TRAINING else None)
        rows.append(
            (
                sample.name,
                *(days or (None, None)),
                one.n,
                one.n_event if known else None,
                one.event_rate if known else None,
            )
        )
    return ReportTable(
        "samples",
        "Samples in this document",
        (
            Column("sample", "Sample"),
            Column("first", "First date", "date"),
            Column("last", "Last date", "date"),
            Column("n", "Accounts", "count"),
            Column("n_event", "Events", "count"),
            Column("event_rate", "Bad rate", "rate"),
        ),
        tuple(rows),
        "The names of the samples were given; whether one lies after the training "
        "period can be read off the dates only.",
    )


def _estimators(documented: DocumentedModel) -> Iterator[Any]:
    """Return the model's parts with the estimators that they hold, outermost first."""
    seen = list(documented.parts)
    for part in documented.parts:
        yield part
        for name in _INSIDE:
            inner = getattr(part, name, None)
            known = any(inner is one for one in seen)
            if (
                isinstance(inner, BaseEstimator)
                and not known
                and not isinstance(inner, FrozenEstimator)
            ):
                seen.append(inner)
                yield inner
    yield from documented.steps


def _parameters(estimator: Any) -> Iterator[tuple[str, str, str, str]]:
    if not hasattr(estimator, "get_params"):
        return
    defaults = signature(type(estimator)).parameters
    for name, value in estimator.get_params(deep=False).items():
        default = defaults[name].default if name in defaults else Parameter.empty
        shown = "" if default is Parameter.empty else plain_text(default)
        yield type(estimator).__name__, name, plain_text(value), shown


def plain_text(value: Any) -> str:
    """Return a parameter as text that is the same in every run."""
    text = _text(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, Mapping):
        items = (f"{_text(k)}: {_text(v)}" for k, v in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(_text, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    # Others may print where they lie in memory.
    return type(value).__name__
