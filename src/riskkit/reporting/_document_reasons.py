"""How reasons come about, and which of them accounts get most often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit.explain import reason_codes
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._document_scorecard import possible_bins

if TYPE_CHECKING:
    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["reasons"]

_MOST = 4  # reasons an account gets, as from the scorer


def reasons(documented: DocumentedModel, sample: DocumentSample | None) -> Part:
    """Say how reasons are computed, and count them on a sample."""
    if documented.card is None:
        text = ("Reasons are points lost, and this model has no points.",)
        return DocumentSection("reasons", "Reasons", text), ()
    text = (
        "A reason is a characteristic that costs an account points: the points of the "
        "best bin of the characteristic less those of the account's bin. The largest "
        "loss comes first, a tie goes to the characteristic that stands first in the "
        "scorecard, and what costs nothing is no reason. The losses of all "
        "characteristics add up to the distance between the account and the most "
        f"points there are. Up to {_MOST} are given.",
        "Reasons describe the score. They do not say that an account which changes a "
        "value becomes as safe as those that had it.",
    )
    if not documented.spec_.characteristics:
        text += ("Without characteristics there is no reason for any account.",)
        return DocumentSection("reasons", "Reasons", text), ()
    table = _largest(documented) if sample is None else _counted(documented, sample)
    return DocumentSection("reasons", "Reasons", text, (table.name,)), (table,)


def _largest(documented: DocumentedModel) -> ReportTable:
    """Return what each characteristic can cost; without rows nothing can be counted."""
    rows = []
    for item in documented.spec_.characteristics:
        worth = np.asarray(item.points)[possible_bins(item)]
        rows.append((item.reason, item.feature.name, float(np.ptp(worth))))
    rows.sort(key=lambda row: -row[-1])
    return ReportTable(
        "reasons",
        "Points that each reason can cost, most first",
        (
            Column("reason", "Reason"),
            Column("characteristic", "Characteristic"),
            Column("most", "Most points lost", "points"),
        ),
        tuple(rows),
        "How often each is given can be counted on a sample only.",
    )


def _counted(documented: DocumentedModel, sample: DocumentSample) -> ReportTable:
    card = documented.card
    n = min(_MOST, len(documented.spec_.characteristics))
    frame = reason_codes(card, sample.X, n)
    named = frame[[f"reason_{k}" for k in range(1, n + 1)]].to_numpy(dtype=object)
    lost = frame[[f"points_lost_{k}" for k in range(1, n + 1)]].to_numpy(np.float64)
    rows = []
    for reason in dict.fromkeys(
        item.reason for item in documented.spec_.characteristics
    ):
        given = named == reason
        rows.append(
            (
                reason,
                float(given[:, 0].mean()),
                float(given.any(axis=1).mean()),
                float(lost[given].mean()) if given.any() else None,
            )
        )
    rows.sort(key=lambda row: (-row[1], -row[2]))
    return ReportTable(
        "reasons",
        f"Reasons given on {sample.name}, most frequent first",
        (
            Column("reason", "Reason"),
            Column("first", "First reason", "bar-actual"),
            Column("any", f"Among the first {n}", "bar-expected"),
            Column("lost", "Mean points lost where given", "amount"),
        ),
        tuple(rows),
        "Shares of accounts. The first shares add up to less than 1 where accounts "
        "have the most points there are.",
    )
