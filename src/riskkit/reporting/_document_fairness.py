"""Groups of people under the model, if the author gave any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from riskkit._core.frames import is_frame
from riskkit.exceptions import InvalidParameterError
from riskkit.explain import fairness_report
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection

if TYPE_CHECKING:
    from riskkit.explain import FairnessResult
    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["fairness"]


def fairness(
    documented: DocumentedModel,
    sample: DocumentSample | None,
    groups: Any,
    cutoff_points: float | None,
    cutoff_pd: float | None,
) -> Part:
    """Compare the groups of a sample under a cut-off."""
    if groups is None and not (cutoff_points is None and cutoff_pd is None):
        msg = (
            "A cut-off is for comparing groups; got one without groups. Give groups "
            "too, or leave it out."
        )
        raise InvalidParameterError(msg)
    if groups is None:
        text = (
            "No groups were given, so none were compared: see groups= and the cut-off "
            "that belongs to them.",
        )
        return DocumentSection("fairness", "Groups of people", text), ()
    columns = _columns(groups)
    if sample is None or sample.y is None:
        msg = (
            "groups must belong to a sample with outcomes; there is none. Give X and "
            "y, or name the sample in described_on."
        )
        raise InvalidParameterError(msg)
    if cutoff_points is not None and documented.card is None:
        msg = (
            "cutoff_points needs a model with points; "
            f"{type(documented.model).__name__} has none. Give cutoff_pd instead."
        )
        raise InvalidParameterError(msg)
    results = {
        name: fairness_report(
            _scorer(documented),
            sample.X,
            sample.y,
            values,
            cutoff_points=cutoff_points,
            cutoff_pd=cutoff_pd,
        )
        for name, values in columns.items()
    }
    table = ReportTable(
        "fairness",
        f"Groups of {sample.name}",
        _COLUMNS,
        tuple(
            (name, *astuple(outcome))
            for name, result in results.items()
            for outcome in result.groups
        ),
        "Intervals: Wilson for shares, Katz for the ratio, Newcombe for the "
        "difference. The difference of points is in standard deviations; up is safer "
        "than the reference.",
    )
    section = DocumentSection(
        "fairness",
        "Groups of people",
        (_cutoff(cutoff_points, cutoff_pd), *_notes(results)),
        (table.name,),
    )
    return section, (table,)


_COLUMNS = (
    Column("attribute", "Compared by"),
    Column("group", "Group"),
    Column("n", "Accounts", "count"),
    Column("n_event", "Events", "count", hidden=True),
    Column("n_approved", "Approved", "count", hidden=True),
    Column("approval_rate", "Approval rate", "percent"),
    Column("approval_low", "Approval rate, low", "percent", hidden=True),
    Column("approval_high", "Approval rate, high", "percent", hidden=True),
    Column("adverse_impact_ratio", "Adverse impact ratio", "number2"),
    Column("ratio_low", "Ratio, low", "number2"),
    Column("ratio_high", "Ratio, high", "number2"),
    Column("mean_points", "Mean points", "points", hidden=True),
    Column("smd", "Difference of points", "deviation"),
    Column("auc", "AUC", "number3"),
    Column("nonevent_approval_rate", "Approval of non-events", "percent", hidden=True),
    Column("opportunity_difference", "Equal opportunity", "change-number3"),
    Column("opportunity_low", "Equal opportunity, low", "change-number3", hidden=True),
    Column("opportunity_high", "Equal opp., high", "change-number3", hidden=True),
    Column("event_rate", "Bad rate", "rate"),
    Column("event_rate_low", "Bad rate, low", "rate", hidden=True),
    Column("event_rate_high", "Bad rate, high", "rate", hidden=True),
    Column("mean_pd", "Mean PD", "rate"),
    Column("note", "Remark"),
)


def _scorer(documented: DocumentedModel) -> Any:
    """Return what predicts as the model is used; with points only if there are any."""
    if documented.card is not None:
        return documented
    return SimpleNamespace(
        classes_=documented.classes_,
        predict_proba=documented.predict_proba,
        feature_names_in_=getattr(documented.model, "feature_names_in_", ()),
    )


def _columns(groups: Any) -> dict[str, Any]:
    """Return each attribute with its values; a single column is the attribute Group."""
    if isinstance(groups, Mapping):
        named = dict(groups)
    elif is_frame(groups):
        labels = getattr(groups, "column_names", None) or groups.columns
        named = {str(label): groups[label] for label in labels}
    else:
        named = {str(getattr(groups, "name", None) or "Group"): groups}
    if not named:
        msg = "groups must hold at least one column; it holds none. Leave it out."
        raise InvalidParameterError(msg)
    return named


def _cutoff(cutoff_points: float | None, cutoff_pd: float | None) -> str:
    if cutoff_points is not None:
        return f"Approved means at least {cutoff_points:g} points."
    return f"Approved means a PD of at most {100 * (cutoff_pd or 0.0):g} %."


def _notes(results: dict[str, FairnessResult]) -> list[str]:
    notes = []
    said_of_all = set.intersection(*(set(result.notes) for result in results.values()))
    for name, result in results.items():
        own = [note for note in result.notes if note not in said_of_all]
        notes += [note for note in result.notes if note in said_of_all]
        notes += [f"{name}: {note[0].lower()}{note[1:]}" for note in own]
    notes.append(
        "The equal-opportunity difference is the approval rate among non-events less "
        "that of the reference. Outcomes of accounts that were declined in the past "
        "are usually unknown, so it speaks of those that were booked."
    )
    return list(dict.fromkeys(notes))
