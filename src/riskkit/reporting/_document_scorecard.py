"""The scorecard as tables: characteristics, bins, edits, coefficients and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.plotting import bin_labels
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._population import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import CharacteristicSpec
    from riskkit.binning import BinningTable
    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_model import DocumentedModel
    from riskkit.typing import FloatArray, IntArray

__all__ = ["bins", "characteristics", "coefficients", "edits", "possible_bins", "steps"]


def characteristics(documented: DocumentedModel) -> Part:
    """Give an overview, one row a characteristic."""
    counted = documented.has_outcomes and _n_rows(documented) > 0
    rows = []
    for item in documented.spec_.characteristics:
        table = documented.tables[item.feature.name]
        points = np.asarray(item.points)[possible_bins(item)]
        n = float(table.n.sum())
        rows.append(
            (
                item.feature.name,
                item.feature.kind,
                item.feature.n_regular,
                table.iv if counted else None,
                table.strength if counted else None,
                table.gini if counted else None,
                _shape(table),
                float(table.n[item.feature.missing_bin] / n) if n else None,
                item.coefficient if documented.is_learned else None,
                float(points.min()),
                float(points.max()),
                len(table.edits),
            )
        )
    overview = ReportTable(
        "characteristics",
        "Characteristics, in the order of the scorecard",
        (
            Column("characteristic", "Characteristic", "link"),
            Column("kind", "Kind"),
            Column("n_bins", "Regular bins", "count"),
            Column("iv", "IV", "number3"),
            Column("strength", "Strength"),
            Column("gini", "Gini", "number3"),
            Column("trend", "Shape"),
            Column("missing", "Missing", "percent"),
            Column(
                "coefficient",
                "Coefficient",
                "coefficient",
                hidden=not documented.is_learned,
            ),
            Column("points_low", "Least points", "points"),
            Column("points_high", "Most points", "points"),
            Column("n_edits", "Edits", "count"),
        ),
        tuple(rows),
        "IV and Gini are those of the rows counted in the bins. Shape is that of the "
        "bad rate over the regular bins, or how the bins came about.",
    )
    text = () if rows else ("No column has a place: every account gets the same.",)
    tables = (overview,) if rows else ()
    names = tuple(table.name for table in tables)
    return DocumentSection("characteristics", "Characteristics", text, names), tables


def bins(documented: DocumentedModel) -> Part:
    """Lay out every bin that can occur, with its counts, evidence and points."""
    parts = [
        _bins_of(item, documented.tables[item.feature.name], documented)
        for item in documented.spec_.characteristics
    ]
    if not parts:
        return DocumentSection("bins", "Scorecard", layout="bins"), ()
    table = ReportTable(
        "bins",
        "Bins of each characteristic",
        parts[0].columns,
        tuple(row for part in parts for row in part.rows),
    )
    text = [
        "Each block is a characteristic: its bins, the points that an account in the "
        "bin gets, and what was counted in it. Intervals hold their upper end. Edges "
        "are rounded here as far as they stay apart; the embedded data and the "
        "workbook have them to the last digit.",
        "Bars are the weight of evidence, right is safer, on one scale for all "
        "characteristics; whiskers are 1.96 standard errors to each side. Low and high "
        "are Jeffreys' 95 % interval of the bad rate. All of them take accounts as "
        "independent.",
    ]
    if not documented.is_learned:
        text[1] = (
            "The points were not learned from these counts. Bars are the points of the "
            "bins, on one scale for all characteristics. Low and high are Jeffreys' "
            "95 % interval of the bad rate, for independent accounts."
        )
    return DocumentSection("bins", "Scorecard", tuple(text), ("bins",), "bins"), (
        table,
    )


def edits(documented: DocumentedModel) -> Part:
    """List what people changed in the bins, with their reasons."""
    rows = tuple(
        (name, number, edit.action.replace("_", " "), _change(edit), edit.note)
        for name, table in documented.tables.items()
        for number, edit in enumerate(table.edits, 1)
    )
    table = ReportTable(
        "edits",
        "Changes by hand, in the order they were made",
        (
            Column("characteristic", "Characteristic"),
            Column("number", "No.", "count"),
            Column("action", "Change"),
            Column("what", "What"),
            Column("note", "Reason given"),
        ),
        rows,
        "Bins are counted from 0. Who made a change, and when, is not recorded.",
    )
    text = () if rows else ("No bin was changed by hand after it was found.",)
    tables = (table,) if rows else ()
    names = tuple(t.name for t in tables)
    return DocumentSection("edits", "Edits", text, names), tables


def coefficients(documented: DocumentedModel) -> Part:
    """Lay out the coefficients with their tests."""
    frame = getattr(documented.card, "coefficient_table_", None)
    if frame is None:
        text = (
            "People gave the points of this card: there are no coefficients."
            if documented.is_expert
            else "The points come from other scorecards: they have no coefficients of "
            "their own.",
        )
        return DocumentSection("coefficients", "Coefficients", text), ()
    columns: dict[Column, Any] = {
        Column(key, label, kind): frame[key].to_numpy()
        for key, label, kind in _COEFFICIENTS
        if key in frame
    }
    columns[Column("turned", "Direction")] = np.where(frame["turned"], "turned", "")
    table = make_table(
        "coefficients",
        "Weights of the WoE in the log-odds of the event",
        columns,
        "p-values are Wald's"
        + (
            ", and those of leaving the characteristic out with the others fitted again"
            if "lr_p_value" in frame
            else ""
        )
        + ". They take bins and choice of characteristics as given, although both "
        "were found in the same rows, so they overstate the evidence. VIF from about 5 "
        "on is commonly read as much shared information.",
    )
    text = (
        "A weight below 0 keeps the direction of its characteristic: what is safer by "
        "itself raises the points.",
    )
    turned = frame.loc[frame["turned"], "characteristic"].tolist()
    if turned:
        text += (
            "Turned round, because beside the others these weak characteristics say "
            "the opposite of what little they say alone: " + ", ".join(turned) + ".",
        )
    section = DocumentSection("coefficients", "Coefficients", text, (table.name,))
    return section, (table,)


def steps(documented: DocumentedModel) -> Part:
    """Tell the path of a stepwise search."""
    found = getattr(documented.card, "steps_", [])
    criterion = getattr(documented.card, "criterion", "")
    rows = tuple(
        (k, step.action, step.name or "–", step.p_value, step.criterion)
        for k, step in enumerate(found)
    )
    table = ReportTable(
        "steps",
        "Stepwise search",
        (
            Column("step", "Step", "count"),
            Column("action", "Action"),
            Column("characteristic", "Characteristic"),
            Column("p_value", "p-value", "p_value"),
            Column("criterion", *_CRITERIA.get(criterion, ("Criterion", "number4"))),
        ),
        rows,
        "The p-value is that of the score test when a characteristic came in, and of "
        "Wald's test when it left.",
    )
    if rows:
        text: tuple[str, ...] = ()
    elif documented.is_expert:
        text = ("People chose the characteristics of this card.",)
    elif not documented.is_learned:
        text = ("The characteristics are those of other scorecards.",)
    else:
        text = (
            "There was no search step by step: all characteristics with enough "
            "evidence were weighed together.",
        )
    tables = (table,) if rows else ()
    names = tuple(t.name for t in tables)
    return DocumentSection("steps", "Choice of characteristics", text, names), tables


def possible_bins(item: CharacteristicSpec) -> IntArray:
    """Return the positions of the bins that an account can fall into."""
    feature = item.feature
    never = feature.kind == "numeric" or feature.refuse_unseen
    return np.arange(feature.n_bins - never)


_COEFFICIENTS = (
    ("characteristic", "Characteristic", "text"),
    ("coefficient", "Coefficient", "coefficient"),
    ("std_error", "Standard error", "number4"),
    ("z", "z", "deviation"),
    ("p_value", "p-value", "p_value"),
    ("lr_p_value", "p-value, likelihood ratio", "p_value"),
    ("vif", "VIF", "number2"),
)

_CRITERIA = {
    "bic": ("BIC", "number2"),
    "aic": ("AIC", "number2"),
    "auc": ("AUC", "number4"),
    "pvalue": ("Log-likelihood", "number2"),
}


def _bins_of(
    item: CharacteristicSpec, table: BinningTable, documented: DocumentedModel
) -> ReportTable:
    alone = [b for b in possible_bins(item) if table.joins[b] == b]
    n, n_event = (_pooled(v, table.joins)[alone] for v in (table.n, table.n_event))
    unknown = np.full(len(alone), np.nan)
    rate = low = high = woe = error = iv = unknown
    counted = documented.has_outcomes and n.sum() > 0
    if counted:
        frame = table.frame(empty=True, totals=False, detail=True).iloc[: len(alone)]
        rate, iv = frame["event_rate"].to_numpy(), frame["iv"].to_numpy()
        low, high = frame["rate_low"].to_numpy(), frame["rate_high"].to_numpy()
        # Without an account the error would be that of the smoothing alone.
        error = np.where(n > 0, frame["woe_se"], np.nan)
    if documented.is_learned:
        woe = np.asarray(item.woe)[alone]
    else:
        error = unknown
    columns = {
        Column("characteristic", "Characteristic", hidden=True): (
            [item.feature.name] * len(alone)
        ),
        Column("bin", "Bin"): _labels(bin_labels(item.feature), table.joins, alone),
        Column("exact", "Bin, exact", hidden=True): _labels(
            item.feature.labels, table.joins, alone
        ),
        Column("points", "Points", "points"): np.asarray(item.points)[alone],
        Column("woe", "WoE", "woe", hidden=not documented.is_learned): woe,
        Column(
            "woe_error", "Std. error", "number2", hidden=not documented.is_learned
        ): error,
        Column("n", "Accounts", "count"): n,
        Column("share", "Share", "bar-actual"): (n / n.sum() if n.sum() else unknown),
        Column("n_event", "Events", "count"): n_event if counted else unknown,
        Column("event_rate", "Bad rate", "rate"): rate,
        Column("event_rate_low", "Low", "rate"): low,
        Column("event_rate_high", "High", "rate"): high,
        Column("iv", "IV", "number3"): iv,
        Column("log_odds", "Log-odds", "woe", hidden=True): (
            np.asarray(item.log_odds)[alone]
        ),
    }
    return make_table("bins", item.feature.name, columns, "")


def _shape(table: BinningTable) -> str | None:
    """Return the shape of the bad rate; without one, how the bins came about."""
    shape = table.trend or table.status
    return None if shape == "none" else shape


def _labels(
    labels: Sequence[str], joins: Sequence[int], alone: Sequence[int]
) -> list[str]:
    """Return a label for each bin, with those of the bins that count with it."""
    return [
        ", ".join(label for b, label in enumerate(labels) if joins[b] == bin_)
        for bin_ in alone
    ]


def _pooled(counts: FloatArray, joins: Sequence[int]) -> FloatArray:
    return np.bincount(joins, counts, counts.size).astype(np.float64)


def _change(edit: Any) -> str:
    fields = edit.to_dict()
    for key in ("action", "feature", "note"):
        fields.pop(key, None)
    return ", ".join(f"{key} {value}" for key, value in fields.items())


def _n_rows(documented: DocumentedModel) -> float:
    return float(getattr(documented.card, "n_rows_", 0.0))
