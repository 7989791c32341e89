"""What a strategy reads, as columns: answers of the model, and raw columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.export._sql_columns import LevelInput, read_levels, read_numbers
from riskkit.export._sql_text import Item, case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import ConditionSpec, ScoreBandsSpec, StrategySpec
    from riskkit.artifact import StrategyStep as Step
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_pd import PDTables
    from riskkit.export._sql_request import Request
    from riskkit.export._sql_text import Branch

__all__ = ["StrategyValues"]

_GRADES = ("grade", "grade_pd")
_BELOW = ("<", ">=")  # these part the values below a border from the others


class StrategyValues:
    """Names of the columns in which the fields of a strategy stand.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.

    request : Request
        Where its columns are.

    writer : Writer
        Writes in the dialect.

    pds : PDTables
        Cuts the PD.
    """

    def __init__(
        self, spec: StrategySpec, request: Request, writer: Writer, pds: PDTables
    ) -> None:
        self._writer, self._pds = writer, pds
        self.column_items: list[Item] = []
        self._items: list[Item] = []
        self._numbers: dict[str, str] = {}
        self._levels: dict[str, LevelInput] = {}
        self._cuts: dict[tuple[str, float, bool], str] = {}
        outputs, kinds = request.artifact.outputs, request.artifact.fields
        for place, field in enumerate(spec.fields, start=1):
            if field in outputs:
                self._read_output(field)
                continue
            column, stored = request.columns[field], request.stored_as.get(field)
            if kinds[field] == "numeric":
                self.column_items.append(
                    read_numbers(writer, column, f"f{place}", stored)
                )
                self._numbers[field] = f"v{place}"
                lines = self._known(f"f{place}")
                self._items.append(Item.of(f"v{place}", lines, column))
            else:
                levels = read_levels(writer, column, f"f{place}", stored)
                self.column_items += levels.items
                self._levels[field] = levels

    def value_items(self) -> list[Item]:
        """Return the columns of what is read, once everything has been asked for."""
        return self._items or [Item.of("no_value", "1")]

    def number(self, field: str) -> str:
        """Return the column with the numbers of a field, NULL where missing."""
        return self._pds.column(field) if self._pds.has(field) else self._numbers[field]

    def levels(self, field: str) -> LevelInput | None:
        """Return what reads the levels of a field; None of a field of numbers."""
        return self._levels.get(field)

    def cut_condition(self, c: ConditionSpec) -> str | None:
        """Return a comparison of a PD by its log-odds; None for any other field."""
        if not self._pds.has(c.field) or c.op not in ("<", "<=", ">", ">="):
            return None
        border, left_closed = float(c.values[0]), c.op in _BELOW
        key = (c.field, border, left_closed)
        if key not in self._cuts:
            self._cuts[key] = name = f"c{len(self._cuts) + 1}"
            lines = self._pds.cut(
                c.field, [border], ["1", "2"], left_closed=left_closed
            )
            self._items.append(Item.of(name, lines, f"{c.field} and {border:g}"))
        return f"{self._cuts[key]} = {1 if c.op[0] == '<' else 2}"

    def band_branches(
        self, score: str, bands: ScoreBandsSpec, first: int, steps: Sequence[Step] = ()
    ) -> list[Branch]:
        """Return a branch for each band, best first, numbered from `first`."""
        edges = bands.edges
        n, high = len(edges) + 1, bands.best == "high"
        names = [step.name for step in steps[:n]] or [""] * n
        if self._pds.has(score):
            # A table by increasing PD; the best is last if high is best.
            numbers = [str(first + k) for k in range(n)]
            name = f"band_{score}_{first}"
            lines = self._pds.cut(
                score, edges, numbers[::-1] if high else numbers, left_closed=high
            )
            self._items.append(Item.of(name, lines, score))
            return [
                (f"{name} = {number}", number, text)
                for number, text in zip(numbers, names, strict=True)
            ]
        x, sign, last = self.number(score), *((">=", "<") if high else ("<=", ">"))
        best_first = edges[::-1] if high else edges
        conditions = [f"{x} {sign} {self._writer.number(edge)}" for edge in best_first]
        conditions.append(
            f"{x} {last} {self._writer.number(best_first[-1])}"
            if edges
            else f"{x} IS NOT NULL"
        )
        return [
            (condition, str(first + k), text)
            for k, (condition, text) in enumerate(zip(conditions, names, strict=True))
        ]

    def _read_output(self, field: str) -> None:
        if field in _GRADES:
            by_name = {item.name: item for item in self._pds.further_items()}
            name = f"v_{field}"
            self._items.append(Item(name, by_name[field].lines))
            if field == "grade":
                self._levels[field] = LevelInput(self._writer, (), text=name)
            else:
                self._numbers[field] = name
        else:
            self._numbers[field] = field

    def _known(self, x: str) -> tuple[str, ...]:
        nan = self._writer.is_nan(x)
        return (x,) if nan is None else case([(nan, "NULL", "")], (x, ""))
