"""A report as plain data: whatever is shown is computed before anything is drawn."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.reporting._thresholds import ReportThresholds

__all__ = [
    "Check",
    "Column",
    "NamedTables",
    "ReportData",
    "ReportTable",
    "Status",
    "Verdict",
]

Status = Literal["green", "amber", "red", "not_evaluable"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its key, its heading, and how its values are written.

    Parameters
    ----------
    key : str
        Name in :meth:`ReportTable.records`.

    label : str
        Heading for people.

    kind : str, default="text"
        One of the formats of the renderer, ``"percent"`` for instance.

    hidden : bool, default=False
        Whether the column is in the data only.

    Examples
    --------
    >>> from riskkit.reporting import Column
    >>> Column("event_rate", "Bad rate", "rate").hidden
    False
    """

    key: str
    label: str
    kind: str = "text"
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A named table of plain values.

    Parameters
    ----------
    name : str
        Key in :meth:`ReportData.to_dict`.

    title : str
        Caption.

    columns : tuple of Column
        Keys, headings and formats.

    rows : tuple of tuple
        Text, numbers, or None where there is no value.

    note : str, default=""
        How to read the table.

    Examples
    --------
    >>> from riskkit.reporting import Column, ReportTable
    >>> columns = Column("a", "A"), Column("b", "B")
    >>> ReportTable("t", "Title", columns, ((1, 2),)).records()
    [{'a': 1, 'b': 2}]
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""

    def column(self, key: str) -> tuple[Any, ...]:
        """Return the values of one column."""
        place = [column.key for column in self.columns].index(key)
        return tuple(row[place] for row in self.rows)

    def records(self) -> list[dict[str, Any]]:
        """Return one dictionary a row."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]

    def frame(self) -> pd.DataFrame:
        """Return the table, one row a record."""
        import pandas as pd

        keys = [column.key for column in self.columns]
        return pd.DataFrame(list(self.rows), columns=keys)


class NamedTables:
    """What everything with tables can say about them."""

    __slots__ = ()
    tables: tuple[ReportTable, ...]

    def table(self, name: str) -> ReportTable:
        """Return the table called `name`."""
        for table in self.tables:
            if table.name == name:
                return table
        known = tuple(table.name for table in self.tables)
        msg = f"name must be one of the tables {known}; got {name!r}."
        raise InvalidParameterError(msg)

    def has(self, name: str) -> bool:
        """Return whether there is a table called `name` with any row in it."""
        return any(table.name == name and table.rows for table in self.tables)

    def plain_tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return the records of every table; a number that is not finite is None."""
        return {
            table.name: [
                {key: plain(value) for key, value in record.items()}
                for record in table.records()
            ]
            for table in self.tables
        }


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked of the sample, the answer, and the rule behind it.

    Parameters
    ----------
    name : str
        What was looked at.

    status : {"green", "amber", "red", "not_evaluable"}
        The answer.

    figure : str
        The number behind it, as people write it.

    finding : str
        The answer in a sentence.

    rule : str
        Where amber and red begin.

    section : str
        Section of the report with the details.

    Examples
    --------
    >>> from riskkit.reporting import Check
    >>> Check("Population", "green", "0.02", "Stable.", "PSI below 0.10", "x").status
    'green'
    """

    name: str
    status: Status
    figure: str
    finding: str
    rule: str
    section: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks come to.

    Parameters
    ----------
    word : str
        ``"No action"``, ``"Watch"``, ``"Recalibrate"``, ``"Redevelop"`` or
        ``"Not evaluable"``.

    status : {"green", "amber", "red", "not_evaluable"}
        Its colour.

    reason : str
        The rule that fired.

    action : str
        What to do next.

    Examples
    --------
    >>> from riskkit.reporting import Verdict
    >>> Verdict("No action", "green", "All checks are green.", "None.").word
    'No action'
    """

    word: str
    status: Status
    reason: str
    action: str


@dataclass(frozen=True, slots=True)
class ReportData(NamedTables):
    """All that a report says, before it is laid out.

    Parameters
    ----------
    kind : str
        Kind of report.

    title : str
        Heading.

    facts : tuple of (str, str)
        What was looked at: the model, the sample, its dates.

    verdict : Verdict
        What the checks come to.

    checks : tuple of Check
        The questions asked.

    tables : tuple of ReportTable
        The numbers.

    thresholds : ReportThresholds
        The limits used.

    version : str
        Version of riskkit.

    Examples
    --------
    >>> from riskkit.reporting import ReportData, ReportThresholds, Verdict
    >>> verdict = Verdict("No action", "green", "All checks are green.", "None.")
    >>> limits = ReportThresholds()
    >>> data = ReportData("validation", "T", (), verdict, (), (), limits, "1")
    >>> sorted(data.to_dict())[:3]
    ['checks', 'facts', 'kind']
    """

    kind: str
    title: str
    facts: tuple[tuple[str, str], ...]
    verdict: Verdict
    checks: tuple[Check, ...]
    tables: tuple[ReportTable, ...]
    thresholds: ReportThresholds
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; a number that is not finite is None."""
        return {
            "kind": self.kind,
            "title": self.title,
            "riskkit_version": self.version,
            "facts": dict(self.facts),
            "verdict": asdict(self.verdict),
            "checks": [asdict(check) for check in self.checks],
            "thresholds": self.thresholds.to_dict(),
            "tables": self.plain_tables(),
        }


def plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value
