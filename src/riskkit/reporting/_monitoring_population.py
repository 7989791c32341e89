"""The population in a monitoring report: who came, and how far it has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.plotting import bin_labels, edge_labels
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection, Part
from riskkit.reporting._monitoring_charts import Limit, Series, chart, sparkline
from riskkit.reporting._monitoring_tables import pick, short, tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.monitoring import StabilityResult, Threshold

__all__ = ["N_SHOWN", "population_part", "population_pictures", "psi_lines"]

N_SHOWN = 50  # features that stand open; the others can be unfolded
_N_OPENED = 4  # features whose bins are shown
_MONTHS = 24
_MOST_BANDS = 20

_PERIODS = (
    Column("period", "Period", "day"),
    Column("n", "Accounts", "count"),
    Column("band", "Score", "light"),
    Column("psi_score", "PSI of the score", "number3"),
    Column("p_value", "p-value", "p_value"),
    Column("n_red", "Features red", "count"),
    Column("n_amber", "Features amber", "count"),
    Column("mean_score", "Mean score", "amount"),
    Column("mean_pd", "Mean PD", "rate"),
    Column("n_known", "Outcomes known", "count"),
    Column("event_rate", "Bad rate", "rate"),
    Column("mix_effect", "by mix", "change-rate"),
    Column("rate_effect", "by rate", "change-rate"),
)
_FEATURES = (
    Column("feature", "Feature"),
    Column("kind", "Kind", hidden=True),
    Column("psi", "CSI", "number3"),
    Column("band", "Light", "light"),
    Column("history", "Last periods", "text"),
    Column("bias", "by chance", "number3"),
    Column("p_value", "p-value", "p_value"),
    Column("points_effect", "Points effect", "signed"),
    Column("missing", "Missing", "percent"),
    Column("missing_expected", "in the reference", "percent"),
    Column("special", "Special", "percent"),
    Column("special_expected", "in the reference", "percent", hidden=True),
    Column("unseen", "Unseen", "percent"),
    Column("event_rate_expected", "Bad rate then", "rate", hidden=True),
    Column("mix_effect", "Mix effect", "change-rate", hidden=True),
    Column("rate_effect", "Rate effect", "change-rate", hidden=True),
    Column("reason", "Why not", hidden=True),
)
_BINS = (
    Column("feature", "Feature"),
    Column("bin", "Bin"),
    Column("share_expected", "Then", "bar-expected"),
    Column("share", "Now", "bar-actual"),
    Column("psi", "CSI", "number3"),
    Column("points", "Points", "points"),
    Column("points_effect", "Points effect", "signed"),
    Column("event_rate_expected", "Bad rate then", "rate"),
    Column("event_rate", "Bad rate now", "rate"),
)
_BANDS = (
    Column("bin", "Band of the score"),
    Column("share_expected", "Then", "bar-expected"),
    Column("share", "Now", "bar-actual"),
    Column("psi", "PSI", "number3"),
    Column("event_rate", "Bad rate now", "rate"),
)
_SHARES = ("share_expected", "share", "psi")


def population_part(result: StabilityResult) -> Part:
    """Return the section, and its tables of the youngest period and of all periods."""
    last = result.periods[-1]
    tables = [_periods(result)]
    if "score" in result.kinds:
        tables.append(_score_bands(result))
    if any(kind != "score" for kind in result.kinds):
        features = _features(result)
        tables += [features, _opened(result, features), _wide(result)]
    text = [
        f"Shares of {last} beside those of the reference, in bins that never move. "
        "Size and p-value must be read together: with many accounts the smallest "
        "change is significant, with few the largest is chance."
    ]
    if result.gaps:
        text.append(f"No accounts were counted in {', '.join(result.gaps)}.")
    section = DocumentSection(
        "population",
        "Population",
        tuple(text),
        tuple(t.name for t in tables if t.name not in ("feature_psi",)),
    )
    return section, tuple(tables)


def population_pictures(
    result: StabilityResult, thresholds: Mapping[str, Threshold]
) -> list[tuple[str, str]]:
    """Return captions and drawings."""
    shown = slice(-_MONTHS, None)
    periods = result.periods[shown]
    pictures = []
    is_feature = np.array([kind != "score" for kind in result.kinds])
    if not is_feature.all():
        values = [short(v) for v in result.by_feature["psi"][:, -1].tolist()]
        drawn = chart(
            "PSI of the score by period",
            periods,
            [Series("PSI of the score", values[shown], "bars")],
            limits=_limits(thresholds, "score_psi"),
        )
        pictures.append(("How far the score has moved", drawn))
        bands = _score_bands(result)
        drawn = chart(
            f"Bands of the score in {result.periods[-1]} and in the reference",
            [str(i + 1) for i in range(len(bands.rows))],
            [
                Series("reference", bands.column("share_expected"), "bars", "then"),
                Series(result.periods[-1], bands.column("share"), "bars", "now"),
            ],
            kind="percent",
        )
        pictures.append(("Bands of the score, then and now", drawn))
    if is_feature.any():
        worst = result.by_feature["psi"][:, is_feature].max(axis=1).tolist()
        drawn = chart(
            "Largest CSI of a feature by period",
            periods,
            [Series("largest CSI", worst[shown], "bars")],
            limits=_limits(thresholds, "feature_csi"),
        )
        pictures.append(("The feature that moved furthest", drawn))
    n = [short(v) for v in result.by_period["n"].tolist()]
    accounts = [Series("accounts", n[shown], "bars")]
    pictures.append(("Accounts", chart("Accounts by period", periods, accounts)))
    return [(caption, svg) for caption, svg in pictures if svg]


def psi_lines(result: StabilityResult) -> dict[str, str]:
    """Return a sparkline of the last periods for each feature."""
    psi = result.by_feature["psi"][-_MONTHS:]
    # To the same scale, so that a flat line is a feature that stands still.
    return {
        name: sparkline(
            psi[:, j].tolist(), high=0.5, title=f"CSI by period, {psi.shape[0]} periods"
        )
        for j, name in enumerate(result.names)
    }


def _limits(thresholds: Mapping[str, Threshold], name: str) -> list[Limit]:
    held = thresholds.get(name)
    if held is None or isinstance(held.amber, tuple) or isinstance(held.red, tuple):
        return []
    levels = {held.amber: "amber", held.red: "red"}
    return [Limit(level, f"{word} {level:g}") for level, word in levels.items()]


def _periods(result: StabilityResult) -> ReportTable:
    source: dict[str, Any] = {
        "period": result.periods,
        **{name: values.tolist() for name, values in result.by_period.items()},
    }
    bands = result.by_feature["band"]
    is_feature = np.array([kind != "score" for kind in result.kinds])
    for light in ("red", "amber"):
        found = (bands == light)[:, is_feature].sum(axis=1)
        source[f"n_{light}"] = found.tolist()
    if "score" in result.kinds:
        for key in ("band", "p_value"):
            source[key] = result.by_feature[key][:, -1].tolist()
    if not any(source["n_known"]):
        del source["n_known"]
    if result.names[-1] == "pd":
        source.pop("mean_score", None)  # the PD is the score
    # The effects of any one feature add up to the change; those of the score say most.
    for key in ("mix_effect", "rate_effect"):
        source[key] = result.by_feature[key][:, -1].tolist()
    return tabulate("population", "By period", _PERIODS, source)


def _score_bands(result: StabilityResult) -> ReportTable:
    """Return the score's distribution, neighbouring bands joined to a readable few."""
    at = len(result.names) - 1
    feature = result.partition.binned[at].feature
    start, n = int(result.partition.starts[at]), feature.n_regular
    of_band = np.arange(n) // -(-n // _MOST_BANDS)
    firsts = np.flatnonzero(np.diff(of_band, prepend=-1))
    columns: dict[str, list[Any]] = {
        "bin": [
            *edge_labels(feature.edges[i - 1] for i in firsts[1:].tolist()),
            *feature.labels[n:],
        ]
    }
    odd = slice(start + n, start + feature.n_bins)
    sums = {}
    for key in ("n", "n_expected", "n_known", "n_event", *_SHARES):
        values = result.by_bin[key][-1]
        regular = np.add.reduceat(values[start : start + n], firsts)
        sums[key] = np.concatenate([regular, values[odd]])
    filled = np.flatnonzero(sums["n"] + sums["n_expected"])
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = sums["n_event"] / sums["n_known"]
    columns |= {key: sums[key].tolist() for key in _SHARES}
    columns["event_rate"] = rate.tolist()
    return tabulate(
        "score_bands",
        f"The score in {result.periods[-1]}",
        _BANDS,
        pick(columns, filled.tolist()),
        note="In the order of the score; accounts without a score stand last.",
    )


def _features(result: StabilityResult) -> ReportTable:
    columns = {name: values[-1].tolist() for name, values in result.by_feature.items()}
    columns |= {"feature": list(result.names), "kind": list(result.kinds)}
    columns["history"] = [""] * len(result.names)
    held = [j for j, kind in enumerate(result.kinds) if kind != "score"]
    order = sorted(held, key=lambda j: (-_or_zero(columns["psi"][j]), j))
    table = tabulate(
        "features",
        f"Features in {result.periods[-1]}, those that moved furthest first",
        [c for c in _FEATURES if c.key != "history"],
        pick(columns, order),
        note="CSI is the stability index of a feature; “by chance” is what two samples "
        "of one population show on average. The points effect is what the shift does "
        "to the mean points: negative is riskier.",
    )
    # The line of the last periods is drawn into an empty column.
    place = [c.key for c in table.columns].index("band") + 1
    line = next(c for c in _FEATURES if c.key == "history")
    return ReportTable(
        table.name,
        table.title,
        (*table.columns[:place], line, *table.columns[place:]),
        tuple((*row[:place], "", *row[place:]) for row in table.rows),
        table.note,
    )


def _opened(result: StabilityResult, features: ReportTable) -> ReportTable:
    moved = [
        record["feature"]
        for record in features.records()
        if record["band"] in ("amber", "red")
    ][:_N_OPENED]
    columns: dict[str, list[Any]] = {column.key: [] for column in _BINS}
    for name in moved:
        held = _bins_of(result, result.names.index(name))
        for key, values in columns.items():
            values += [name] * len(held["bin"]) if key == "feature" else held[key]
    note = f"At most {_N_OPENED} features that are amber or red."
    return tabulate("moved_bins", "Where they moved", _BINS, columns, note=note)


def _bins_of(result: StabilityResult, at: int) -> dict[str, list[Any]]:
    """Return the bins of a feature in the youngest period, empty odd ones left out."""
    feature = result.partition.binned[at].feature
    start, width = int(result.partition.starts[at]), feature.n_bins
    inside = slice(start, start + width)
    labels, n_regular = bin_labels(feature), feature.n_regular
    columns = {k: v[-1, inside].tolist() for k, v in result.by_bin.items()}
    filled = [
        i
        for i in range(width)
        if i < n_regular or columns["n"][i] or columns["n_expected"][i]
    ]
    return pick({"bin": labels, **columns}, filled)


def _wide(result: StabilityResult) -> ReportTable:
    """Return the index of every feature in every period: data, not shown."""
    columns = [Column("feature", "Feature")]
    columns += [Column(period, period, "number3") for period in result.periods]
    psi = result.by_feature["psi"]
    rows = tuple(
        (name, *(None if np.isnan(v) else round(v, 4) for v in psi[:, j].tolist()))
        for j, name in enumerate(result.names)
    )
    return ReportTable(
        "feature_psi",
        "CSI of every feature, and PSI of the score, in every period",
        tuple(columns),
        rows,
    )


def _or_zero(value: float) -> float:
    return 0.0 if np.isnan(value) else value
