"""The report of a rolling backtest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from riskkit import __version__
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.plotting import BacktestDisplay
from riskkit.reporting._backtest_checks import judge_backtest, run_backtest_checks
from riskkit.reporting._data import Column, ReportData, ReportTable, plain
from riskkit.reporting._render import environment
from riskkit.reporting._result import ReportResult
from riskkit.reporting._svg import draw_svg
from riskkit.reporting._thresholds import ReportThresholds

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from riskkit.backtest import BacktestResult

__all__ = ["backtest_report"]

_TABLES = {
    "windows": (
        "Every window and model",
        (
            Column("window", "Test window"),
            Column("model", "Model"),
            Column("train_end", "Learned until"),
            Column("n_train", "Rows learned from", "count"),
            Column("n_event_train", "Events learned from", "count"),
            Column("n", "Rows", "count"),
            Column("n_event", "Events", "count"),
            Column("event_rate", "Bad rate", "rate"),
            Column("mean_pd", "Mean PD", "rate"),
            Column("actual_expected", "A/E", "number2"),
            Column("gini", "Gini", "number3"),
            Column("gini_low", "from", "number3"),
            Column("gini_high", "to", "number3"),
            Column("gini_train", "Gini in training", "number3"),
            Column("ks", "KS", "number3"),
            Column("calibration_level", "Level", "change-number3"),
            Column("calibration_level_low", "from", "change-number3"),
            Column("calibration_level_high", "to", "change-number3"),
            Column("calibration_slope", "Slope", "number2"),
            Column("psi", "PSI", "number3"),
            Column("importance_correlation", "Importances as before", "number2"),
            Column("reason", "Why not"),
        ),
        "A level above 0 says that PDs were too low, a slope below 1 that they were "
        "spread too far. The importances are held against the window before.",
    ),
    "challenge": (
        "Gini against the champion",
        (
            Column("window", "Test window"),
            Column("model", "Challenger"),
            Column("gini", "Gini", "number3"),
            Column("champion_gini", "Champion", "number3"),
            Column("difference", "Difference", "change-number3"),
            Column("low", "from", "change-number3"),
            Column("high", "to", "change-number3"),
            Column("p_value", "p-value", "p_value"),
        ),
        "On the same rows, by DeLong's paired test.",
    ),
    "trend": (
        "Slow changes over the windows",
        (
            Column("model", "Model"),
            Column("measure", "Measure"),
            Column("n_windows", "Windows", "count"),
            Column("first", "First", "number3"),
            Column("last", "Last", "number3"),
            Column("slope", "Sen slope a window", "change-number3"),
            Column("p_value", "p-value", "p_value"),
            Column("reason", "Why not"),
        ),
        "The Mann-Kendall test sees a slow decay that no single window shows.",
    ),
    "leakage": (
        "Columns that tell the outcome by themselves",
        (Column("column", "Column"), Column("auc", "AUC alone", "number3")),
        "Groups of the column are ranked by their bad rates in the other half of the "
        "rows.",
    ),
    "warnings": (
        "What the models warned of",
        (
            Column("window", "Test window"),
            Column("model", "Model"),
            Column("message", "Warning"),
        ),
        "",
    ),
}
_FIGURES = (
    ("performance", "gini", "Gini out of time"),
    ("performance", "ks", "KS out of time"),
    ("calibration", "event_rate", "Bad rate and mean PD"),
    ("calibration", "calibration_level", "Calibration level"),
    ("population", "psi", "Stability of the score"),
    ("population", "calibration_slope", "Spread of the PDs"),
)
_MOST_FEATURES = 15


def backtest_report(
    result: BacktestResult,
    *,
    title: str = "Rolling backtest",
    facts: Mapping[str, str] | None = None,
    thresholds: ReportThresholds | None = None,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> ReportResult:
    """Lay a rolling backtest out in one offline page, with a verdict on the champion.

    Parameters
    ----------
    result : BacktestResult
        What :func:`riskkit.backtest.rolling_backtest` returned.

    title : str, default="Rolling backtest"
        Heading of the page.

    facts : mapping of str to str, default=None
        Further lines for its head, such as the source of the data.

    thresholds : ReportThresholds, default=None
        Where amber and red begin; None stands for ``ReportThresholds()``.

    path : path, default=None
        Where to save the page; None saves nothing.

    overwrite : bool, default=False
        Whether a file at `path` is replaced.

    Returns
    -------
    report : ReportResult
        With ``.html``, ``.verdict``, ``.frame(name)``, ``.to_dict()`` and ``.save()``.

    Raises
    ------
    InvalidTypeError
        If `result` is no backtest.
    InvalidParameterError
        If `title` is no text, or `thresholds` are none.
    OutputError
        If the page cannot be saved.

    See Also
    --------
    ReportThresholds : The limits, and how to change them.

    Notes
    -----
    The page holds counts and rates, never a row. It loads nothing, runs nothing, and
    equal results give equal bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import GivenScore, OutOfTimeSplit, rolling_backtest
    >>> from riskkit.reporting import backtest_report
    >>> rng = np.random.default_rng(0)
    >>> dates = np.datetime64("2001-01-01") + rng.integers(0, 6 * 365, 9_000)
    >>> pd = rng.beta(1, 9, 9_000)
    >>> y = (rng.random(9_000) < pd).astype(int)
    >>> result = rolling_backtest(
    ...     {"bureau": GivenScore(pd)}, pd[:, None], y, split=OutOfTimeSplit(dates))
    >>> backtest_report(result).verdict.word
    'No action'
    """
    if not hasattr(result, "predictions"):
        msg = (
            "result must be what rolling_backtest returned; got "
            f"{type(result).__name__}."
        )
        raise InvalidTypeError(msg)
    if not isinstance(title, str) or not title.strip():
        msg = f"title must be text that is not empty; got {title!r}."
        raise InvalidParameterError(msg)
    limits = ReportThresholds() if thresholds is None else thresholds
    if not isinstance(limits, ReportThresholds):
        msg = (
            f"thresholds must be ReportThresholds or None; got {type(limits).__name__}."
        )
        raise InvalidParameterError(msg)
    checks = run_backtest_checks(result, limits)
    data = ReportData(
        kind="backtest",
        title=title,
        facts=(*_facts(result), *(facts or {}).items()),
        verdict=judge_backtest(checks),
        checks=checks,
        tables=(*_tables(result), _importance(result)),
        thresholds=limits,
        version=__version__,
    )
    report = ReportResult(data, _lay_out(data, result))
    if path is not None:
        report.save(path, overwrite)
    return report


def _facts(result: BacktestResult) -> tuple[tuple[str, str], ...]:
    windows = result.windows
    others = [name for name in result.models if name != result.champion]
    n = result.frame().drop_duplicates("window")[["n", "n_event"]].sum()
    return (
        ("Champion", result.champion),
        ("Challengers", ", ".join(others) or "none"),
        ("Test windows", f"{len(windows)}, {windows[0]} to {windows[-1]}"),
        ("Tested", f"{n['n']:,.0f} rows, {n['n_event']:,.0f} events"),
        ("Windows laid out as", result.split),
    )


def _tables(result: BacktestResult) -> list[ReportTable]:
    found = []
    for name, (title, columns, note) in _TABLES.items():
        source = result.tables[name]
        rows = zip(*(source[column.key] for column in columns), strict=True)
        values = tuple(tuple(plain(value) for value in row) for row in rows)
        kept = [i for i in range(len(columns)) if _says(values, i)]
        shown = tuple(columns[i] for i in kept)
        cut = tuple(tuple(row[i] for i in kept) for row in values)
        found.append(ReportTable(name, title, shown, cut, note))
    return found


def _says(rows: tuple[tuple[Any, ...], ...], place: int) -> bool:
    return not rows or any(row[place] not in (None, "") for row in rows)


def _importance(result: BacktestResult) -> ReportTable:
    """Return the share of each column in each window, of the champion."""
    table = result.frame("importance")
    table = table[table["model"] == result.champion]
    windows = [w for w in result.windows if w in set(table["window"])]
    wide = table.pivot(index="feature", columns="window", values="share")
    wide = wide.reindex(columns=windows).fillna(0.0)
    order = wide.mean(axis=1).sort_values(ascending=False, kind="stable")
    order = order.index[:_MOST_FEATURES]
    columns = (
        Column("feature", "Column"),
        *(Column(window, window, "percent") for window in windows),
    )
    rows = tuple(
        (str(name), *(plain(float(v)) for v in wide.loc[name])) for name in order
    )
    note = (
        "Share of each column in how far the log-odds move, the largest "
        f"{_MOST_FEATURES} columns."
    )
    title = f"What {result.champion} relies on"
    return ReportTable("importance", title, columns, rows, note)


def _lay_out(data: ReportData, result: BacktestResult) -> str:
    pictures: dict[str, list[tuple[str, str]]] = {}
    for section, measure, caption in _FIGURES:
        display = BacktestDisplay.from_result(result, measure=measure)
        if (display.values == display.values).any():
            drawn = draw_svg(f"fig-{measure}", caption, partial(_draw, display))
            pictures.setdefault(section, []).append((caption, drawn))
    html: str = (
        environment()
        .get_template("backtest.html.j2")
        .render(
            report=data,
            plain=data.to_dict(),
            tables={table.name: table for table in data.tables if table.rows},
            pictures=pictures,
        )
    )
    return html


def _draw(display: BacktestDisplay, ax: Axes) -> None:
    display.plot(ax=ax)
