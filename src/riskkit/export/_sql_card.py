"""A scorecard as intermediate tables: bins, what they are worth, sums and reasons.

The bins of the whole card are numbered in the order of the points they lose, ties in
the order of the characteristics. The reasons of a row are then its smallest numbers,
and no formula has to break a tie: the scorer of single records works the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskkit.export._sql_bins import bin_conditions, last_bin
from riskkit.export._sql_text import Item, case, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from riskkit.artifact import CharacteristicSpec, ScorecardSpec
    from riskkit.export._sql_columns import LevelInput
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Query

__all__ = ["CardTables", "most_of_card"]


class CardTables:
    """Writes the tables of a scorecard.

    Parameters
    ----------
    spec : ScorecardSpec
        The card.

    writer : Writer
        Writes in the dialect.

    columns : mapping of str to (str or LevelInput)
        By the name of each field a column of doubles, or what reads a column of levels.
    """

    def __init__(
        self,
        spec: ScorecardSpec,
        writer: Writer,
        columns: Mapping[str, str | LevelInput],
    ) -> None:
        self._spec, self._writer = spec, writer
        numbers, self._none = _number_bins(spec.characteristics)
        self._parts = [
            _Part(k, item, columns[item.feature.name], writer, numbers[k - 1])
            for k, item in enumerate(spec.characteristics, start=1)
        ]

    @property
    def most_log_odds(self) -> float:
        """What no account's log-odds exceed, whatever their sign."""
        return most_of_card(self._spec)

    def add_sums(self, query: Query) -> None:
        """Add the tables from raw columns to log-odds and points."""
        numbered = "bins, numbered by the points they lose, most first; none from"
        query.add(
            "riskkit_bins",
            f"{numbered} {self._none + 1} on",
            [part.bin_item() for part in self._parts],
        )
        query.add(
            "riskkit_worth",
            "what each bin adds to the log-odds and to the points",
            [item for part in self._parts for item in part.worth_items()],
        )
        query.add(
            "riskkit_sums",
            "added from left to right, which decides on the last bit",
            [
                self._sum("log_odds", self._spec.intercept, "e"),
                self._sum("points", self._spec.offset_points, "p"),
            ],
        )

    def add_reasons(self, query: Query, n: int) -> None:
        """Add a table for each reason: the number of the bin that it speaks of."""
        for place in range(1, n + 1):
            query.add(
                f"riskkit_reason_{place}",
                f"the smallest number{f' after r{place - 1}' if place > 1 else ''}; "
                f"{self._none} stands for no reason",
                [self._rank(place)],
            )

    def reason_items(self, n: int, *, in_words: bool) -> Iterator[Item]:
        """Return the names or the words of the reasons, and the points they cost."""
        losing = [part for part in self._parts if part.can_lose]
        for place in range(1, n + 1):
            if not losing:
                yield Item.of(f"reason_{place}", self._null(self._writer.dialect.text))
                lost = self._null(self._writer.dialect.double)
                yield Item.of(f"points_lost_{place}", lost)
                continue
            names = [(p.bin, p.reason(in_words=in_words), "") for p in losing]
            yield Item(f"reason_{place}", case(names, of=f"r{place}"))
            points = [(p.bin, p.points_lost, p.name) for p in losing]
            yield Item(f"points_lost_{place}", case(points, of=f"r{place}"))

    def refused_items(self) -> list[Item]:
        """Return the first characteristic that refused a level, if any can."""
        branches = [
            (part.is_refused, self._writer.quote_text(part.name), "")
            for part in self._parts
            if part.refuses
        ]
        return [Item("refused", case(branches))] if branches else []

    def _sum(self, name: str, start: float, letter: str) -> Item:
        terms = [f"{letter}{part.place}" for part in self._parts]
        return Item(name, wrapped(" + ".join([self._writer.number(start), *terms])))

    def _rank(self, place: int) -> Item:
        bins = [part.bin for part in self._parts if part.can_lose]
        none, least = str(self._none), self._writer.dialect.least
        if not bins:
            return Item.of(f"r{place}", none)
        if place > 1:
            after = f"r{place - 1}"
            bins = [f"CASE WHEN {b} > {after} THEN {b} ELSE {none} END" for b in bins]
        lines = (f"{least}(", *(f"  {b}," for b in bins), f"  {none}", ")")
        if place == 1 and any(part.refuses for part in self._parts):
            # A row without points has no reasons either.
            first = f"CASE WHEN points IS NULL THEN {none} ELSE {least}("
            lines = (first, *lines[1:-1], ") END")
        return Item(f"r{place}", lines)

    @staticmethod
    def _null(kind: str) -> str:
        return f"CAST(NULL AS {kind})"


@dataclass(frozen=True)
class _Part:
    """One characteristic: its place from 1, its column, and its bins' numbers."""

    place: int
    spec: CharacteristicSpec
    column: str | LevelInput
    writer: Writer
    numbers: dict[int, int]

    @property
    def name(self) -> str:
        return self.spec.feature.name

    @property
    def bin(self) -> str:
        return f"b{self.place}"

    @property
    def can_lose(self) -> bool:
        return any(_loss(self.spec, bin_) > 0 for bin_ in self.numbers)

    @property
    def refuses(self) -> bool:
        return _refused_bin(self.spec) is not None

    @property
    def is_refused(self) -> str:
        return f"{self.bin} = {self.numbers[self.spec.feature.unseen_bin]}"

    @property
    def points_lost(self) -> str:
        return f"{self.writer.number(self.spec.best_points)} - p{self.place}"

    def reason(self, *, in_words: bool) -> str:
        return self.writer.quote_text(self.spec.reason if in_words else self.name)

    def bin_item(self) -> Item:
        """Return the number of each row's bin."""
        found = bin_conditions(self.spec.feature, self.column, self.writer)
        labels = self.spec.feature.labels
        branches = [(c, str(self.numbers[b]), labels[b]) for b, c in found if c]
        rest = last_bin(self.spec.feature)
        otherwise = str(self.numbers[rest]), labels[rest]
        return Item(self.bin, case(branches, otherwise), self.name)

    def worth_items(self) -> Iterator[Item]:
        """Return what each row's bin adds, in log-odds and in points."""
        labels, refused = self.spec.feature.labels, _refused_bin(self.spec)
        for letter, values, unit in (
            ("e", self.spec.log_odds, "log-odds"),
            ("p", self.spec.points, "points"),
        ):
            branches = [
                (str(number), self.writer.number(values[b]), labels[b])
                for b, number in self.numbers.items()
                if b != refused  # it has no worth: the sums become NULL
            ]
            lines = case(branches, of=self.bin)
            yield Item(f"{letter}{self.place}", lines, f"{self.name}: {unit}")


def most_of_card(spec: ScorecardSpec) -> float:
    """Return what no account's log-odds exceed, whatever their sign."""
    most = (max(map(abs, item.log_odds)) for item in spec.characteristics)
    return abs(spec.intercept) + sum(most)


def _number_bins(
    characteristics: Sequence[CharacteristicSpec],
) -> tuple[list[dict[int, int]], int]:
    """Return each bin's number from 1, and the number that stands for no reason.

    That number parts the bins that lose points from those that do not.
    """
    bins = [
        (-_loss(item, bin_), place, bin_)
        for place, item in enumerate(characteristics)
        for bin_ in _reachable_bins(item)
    ]
    none = 1 + sum(loss < 0 for loss, _, _ in bins)
    numbers: list[dict[int, int]] = [{} for _ in characteristics]
    for number, (_, place, bin_) in enumerate(sorted(bins), start=1):
        numbers[place][bin_] = number if number < none else number + 1
    return [dict(sorted(of_bins.items())) for of_bins in numbers], none


def _loss(item: CharacteristicSpec, bin_: int) -> float:
    """Return the points that a bin loses; a refused level has none to lose."""
    if bin_ == _refused_bin(item):
        return 0.0
    return item.best_points - item.points[bin_]


def _reachable_bins(item: CharacteristicSpec) -> Iterator[int]:
    unseen = item.feature.unseen_bin
    for bin_ in range(item.feature.n_bins):
        if bin_ != unseen or item.feature.kind == "categorical":
            yield bin_


def _refused_bin(item: CharacteristicSpec) -> int | None:
    feature = item.feature
    refuses = feature.kind == "categorical" and feature.refuse_unseen
    return feature.unseen_bin if refuses else None
