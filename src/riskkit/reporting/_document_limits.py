"""What the model and this document cannot know, and the words and formulas used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._document_given import TRAINING
from riskkit.reporting._population import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["limits", "methods", "rejects"]


def rejects(documented: DocumentedModel) -> Part:
    """State what was assumed about rejected applicants."""
    inference = documented.rejects
    if inference is None:
        text = (
            "The model records no reject inference. If only accepted applicants were "
            "trained on, it has seen none of those that the old policy declined, and "
            "nothing in its rows tells how they would have behaved.",
        )
        return DocumentSection("rejects", "Rejected applicants", text), ()
    frame = inference.comparison_.reset_index(names="model")
    columns: dict[Column, Any] = {
        Column(key, heading, kind): frame[key].to_numpy()
        for key, heading, kind in _COMPARED
        if key in frame
    }
    table = make_table(
        "rejects",
        "The model beside that of the accepts alone",
        columns,
        "Information values, standard errors and p-values in this document take "
        "assumed outcomes for evidence; those of the accepts alone do not.",
    )
    text = (
        f"Method {inference.method!r}; odds of the event of a reject against those of "
        f"an accept with the same features: {inference.bad_rate_multiplier:g}. "
        f"{inference.n_accepts_:,.0f} accepts and {inference.n_rejects_:,.0f} rejects. "
        f"{inference.overlap_:.1%} of the rejects lie where nearly all accepts do; the "
        "rest is extrapolation.",
        str(inference.statement),
    )
    section = DocumentSection("rejects", "Rejected applicants", text, (table.name,))
    return section, (table,)


def limits(
    documented: DocumentedModel,
    samples: Sequence[DocumentSample],
    *,
    with_groups: bool,
) -> Part:
    """List what cannot be known from what was given."""
    rows = [
        (
            "Outcomes",
            "Whether the outcome is the right one, how long accounts were watched, and "
            "which rows were left out before, is not known to the model. "
            "Accounts too young to have shown the event look like non-events.",
        )
    ]
    if documented.rejects is None:
        rows.append(
            (
                "Rejected applicants",
                "Where applications were declined, their outcomes were never observed, "
                "and no figure here can tell how the model does on them.",
            )
        )
    else:
        rows.append(("Rejected applicants", "Their outcomes are assumptions."))
    if documented.is_expert:
        rows.append(
            (
                "Points",
                "People gave them. Until they were held against outcomes, the PDs are "
                "a reading of the scale and nothing more.",
            )
        )
    elif documented.is_learned:
        rows.append(
            (
                "Selection",
                "Bins, characteristics and weights were found in the same rows. "
                "Information values, intervals and p-values do not count that search, "
                "so they look better than they are.",
            )
        )
    elif documented.card is not None:
        rows.append(
            (
                "Points",
                "They come from other scorecards, with limits of their own; part of "
                "them may have been given by people.",
            )
        )
    else:
        rows.append(
            (
                "Inside of the model",
                "It is no scorecard: this document shows what it predicts, and not "
                "why.",
            )
        )
    rows += [_measured(samples), *_always()]
    if not with_groups:
        rows.append(
            (
                "Groups of people",
                "None were compared. That the model does not read an attribute does "
                "not tell how its groups fare.",
            )
        )
    table = ReportTable(
        "limits",
        "Limits",
        (Column("topic", "Topic"), Column("limit", "What cannot be known")),
        tuple(rows),
    )
    text = (
        "This document states facts about a model and draws no conclusion about laws, "
        "rules or policies; whether the model may be used is for people to decide.",
    )
    section = DocumentSection("limits", "Limits", text, (table.name,), "terms")
    return section, (table,)


def methods(documented: DocumentedModel) -> Part:
    """Define the words and formulas."""
    rows = [
        ("Event, bad rate", "The event is the bad outcome; the bad rate its share."),
        (
            "Odds, PD",
            "Odds are of non-event to event, up is safer. PD is the probability of the "
            "event over the horizon of the outcome, up is riskier.",
        ),
        (
            "Gini, AUC, KS",
            "AUC is the share of pairs of an event and a non-event in which the event "
            "has the higher PD, equal ones counting half; Gini = 2 · AUC − 1. KS is "
            "the largest gap between the distributions of both.",
        ),
        (
            "Log-loss, Brier score",
            "Mean of −ln of the probability given to what happened, and mean squared "
            "distance of PD and outcome; smaller is better.",
        ),
    ]
    if documented.card is not None:
        rows += [
            (
                "WoE and IV",
                "WoE = ln(share of non-events / share of events), shrunk towards 0 in "
                "thin bins by half an account of the rarer outcome unless set "
                "otherwise; up is safer. IV is the sum of (share of non-events − share "
                "of events) · WoE.",
            ),
            (
                "PSI",
                "Sum over bands of points of (q − p) · ln(q / p), with p the share in "
                "training and q in the sample, after half an account is added to every "
                "band that is not empty in both.",
            ),
        ]
    table = ReportTable(
        "methods",
        "Words and formulas",
        (Column("term", "Term"), Column("meaning", "Meaning")),
        tuple(rows),
    )
    section = DocumentSection(
        "methods", "Words and formulas", (), (table.name,), "terms"
    )
    return section, (table,)


_COMPARED = (
    ("model", "Model", "text"),
    ("mean_pd_accepts", "Mean PD of accepts", "rate"),
    ("mean_pd_rejects", "Mean PD of rejects", "rate"),
    ("mean_pd_all", "Mean PD of all", "rate"),
)


def _measured(samples: Sequence[DocumentSample]) -> tuple[str, str]:
    known = [sample.name for sample in samples if sample.has_outcomes]
    if not known:
        return "Performance", "No sample with outcomes was given; nothing was measured."
    if known == [TRAINING]:
        return (
            "Performance",
            "It was measured on the rows trained on only, where every model looks "
            "better than on new ones.",
        )
    return (
        "Performance",
        "It was measured on samples of the past; accounts that come later may differ.",
    )


def _always() -> tuple[tuple[str, str], ...]:
    return (
        (
            "Independence",
            "Intervals and p-values take accounts as independent. Defaults come in "
            "waves, so the truth is less certain than they say.",
        ),
        (
            "Cause",
            "Characteristics go along with outcomes; none of them was shown to cause "
            "any.",
        ),
        (
            "Changes by hand",
            "Bins changed by hand are listed with the reasons given; who changed them, "
            "who approved the model, and when, is not recorded by it.",
        ),
    )
