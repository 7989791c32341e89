"""A blend of boosted trees, forests and scorecards as intermediate tables.

Formula by formula what a scorer does to one record, in the same order. Two things are
rounded in another way. A forest takes ``ln(1 - p)`` where the scorer has ``log1p(-p)``.
And a calibrated blend keeps the log-odds on the line of its calibration, where the
scorer takes them back from the PD, whose last bits are less than those of the line.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.calibration import LIMIT, log_odds_of
from riskkit._kernels.points import points_line
from riskkit.artifact import (
    BoostedMemberSpec,
    ForestMemberSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    ScorecardMemberSpec,
    StepMapSpec,
)
from riskkit.exceptions import InvalidParameterError
from riskkit.export._sql_bins import by_bin
from riskkit.export._sql_card import most_of_card
from riskkit.export._sql_codes import CodeColumns
from riskkit.export._sql_text import Item, case, wrapped
from riskkit.export._sql_trees import TreeSum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskkit.artifact import BlendSpec, CalibrationSpec, FeatureSpec
    from riskkit.export._sql_columns import LevelInput
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Query, Value

    MemberSpec = BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec

__all__ = ["BlendTables"]

_MAX_LEAVES = 20_000

# The log-odds of the largest PD below 1: no PD gives larger ones back.
_MOST = float(log_odds_of(np.array([1.0 - LIMIT]), is_pd=True)[0])


class BlendTables:
    """Writes the tables of a blend.

    Parameters
    ----------
    spec : BlendSpec
        The blend.

    writer : Writer
        Writes in the dialect.

    columns : mapping of str to (str or LevelInput)
        By the name of each field a column of doubles, or what reads a column of levels.
    """

    def __init__(
        self, spec: BlendSpec, writer: Writer, columns: Mapping[str, str | LevelInput]
    ) -> None:
        _check_size(spec)
        self._spec, self._writer, self._columns = spec, writer, columns
        self._line = _line_of(spec.calibration)
        self._codes = CodeColumns(writer, columns)
        self._sums = {
            place: TreeSum(place, member.nodes, member.coding, self._codes, writer)
            for place, member in enumerate(spec.members, start=1)
            if not isinstance(member, ScorecardMemberSpec)
        }
        features = dict.fromkeys(f for m in spec.members for f in m.features)
        self._refusing = {
            f"u{place}": feature
            for place, feature in enumerate(features, start=1)
            if feature.kind == "categorical" and feature.refuse_unseen
        }

    @property
    def most_log_odds(self) -> float:
        """What no account's log-odds exceed, whatever their sign."""
        most = sum(member.weight * _most(member) for member in self._spec.members)
        if self._line is None:
            return most
        a, c = self._line
        return min(abs(a) * most + abs(c), _MOST)

    def add_sums(self, query: Query) -> None:
        """Add the tables from raw columns to log-odds and points."""
        query.add(
            "riskkit_codes",
            "what trees split on (NULL goes its own way), and terms of scorecards",
            [*self._codes.items(), *self._term_items(), *self._unseen_items()],
        )
        totals = {place: trees.add(query) for place, trees in self._sums.items()}
        shares = list(self._share_items(totals))
        if shares:
            query.add("riskkit_shares", "mean shares of events", shares)
        query.add(
            "riskkit_members",
            "log-odds of each member",
            list(self._member_items(totals)),
        )
        name = "log_odds" if self._line is None else "blended"
        query.add(
            "riskkit_blend",
            "their weighted mean, added from left to right",
            [Item(name, self._mixed())],
        )
        if self._line is not None:
            self._add_calibration(query, *self._line)
        self._add_points(query)

    def refused_items(self) -> list[Item]:
        """Return the first field that refused a level, if any can."""
        branches = [
            (f"{name} = 1", self._writer.quote_text(feature.name), "")
            for name, feature in self._refusing.items()
        ]
        return [Item("refused", case(branches))] if branches else []

    def _term_items(self) -> Iterator[Item]:
        """Return what each characteristic of a scorecard adds to the log-odds."""
        for place, member in enumerate(self._spec.members, start=1):
            if not isinstance(member, ScorecardMemberSpec):
                continue
            for k, item in enumerate(member.card.characteristics, start=1):
                values = [self._writer.number(value) for value in item.log_odds]
                formula = self._by_bin(item.feature, values)
                yield Item.of(f"e{place}_{k}", formula, item.feature.name)

    def _unseen_items(self) -> Iterator[Item]:
        """Return whether a level was not there in training, of fields that refuse."""
        for name, feature in self._refusing.items():
            values = [str(int(b == feature.unseen_bin)) for b in range(feature.n_bins)]
            yield Item.of(
                name, self._by_bin(feature, values), f"{feature.name}: unseen"
            )

    def _by_bin(self, feature: FeatureSpec, values: list[str]) -> Value:
        return by_bin(feature, self._columns[feature.name], self._writer, values)

    def _share_items(self, totals: Mapping[int, str]) -> Iterator[Item]:
        """Return the mean share of each forest, and the same between its bounds."""
        number = self._writer.number
        for place, member in enumerate(self._spec.members, start=1):
            if not isinstance(member, ForestMemberSpec):
                continue
            mean = f"{totals[place]} / {number(member.nodes.n_trees)}"
            low, high = (number(end) for end in _share_bounds(member))
            bounds = [(f"{mean} < {low}", low, ""), (f"{mean} > {high}", high, "")]
            yield Item(f"s{place}", case(bounds, (mean, "")), member.name)

    def _member_items(self, totals: Mapping[int, str]) -> Iterator[Item]:
        """Return the log-odds of each member."""
        number, ln = self._writer.number, self._writer.dialect.ln
        for place, member in enumerate(self._spec.members, start=1):
            if isinstance(member, BoostedMemberSpec):
                lines: Value = f"{number(member.intercept)} + {totals[place]}"
            elif isinstance(member, ForestMemberSpec):
                lines = f"{ln}(s{place}) - {ln}({number(1.0)} - s{place})"
            else:
                n_terms = len(member.card.characteristics)
                terms = [f"e{place}_{k}" for k in range(1, n_terms + 1)]
                lines = wrapped(" + ".join([number(member.card.intercept), *terms]))
            yield Item.of(f"z{place}", lines, member.name)

    def _mixed(self) -> tuple[str, ...]:
        """Return the weighted mean of the members, NULL for a row that is refused."""
        number = self._writer.number
        terms = [
            f"{number(member.weight)} * z{place}"
            for place, member in enumerate(self._spec.members, start=1)
        ]
        lines = wrapped(" + ".join([number(0.0), *terms]))
        if not self._refusing:
            return lines
        refused = " OR ".join(f"{name} = 1" for name in self._refusing)
        return case([(refused, "NULL", "an unseen level")], (lines, ""))

    def _add_calibration(self, query: Query, a: float, c: float) -> None:
        number = self._writer.number
        line = f"{number(a)} * blended + {number(c)}"
        low, high = number(-_MOST), number(_MOST)
        bounds = [
            (f"{line} < {low}", low, "PDs are told apart from 0 and 1"),
            (f"{line} > {high}", high, ""),
        ]
        query.add(
            "riskkit_log_odds",
            "calibrated: a line on the log-odds",
            [Item("log_odds", case(bounds, (line, "")))],
        )

    def _add_points(self, query: Query) -> None:
        number, scaling = self._writer.number, self._spec.scaling
        factor, offset = points_line(
            scaling.pdo, scaling.base_points, scaling.base_odds
        )
        line = f"{number(offset)} - {number(factor)} * log_odds"
        if scaling.rounding != "integer":
            query.add("riskkit_points", "points", [Item.of("points", line)])
            return
        # ROUND differs between databases where two whole numbers are equally near.
        double = self._writer.dialect.double
        floor, half = f"CAST(FLOOR({line}) AS {double})", number(0.5)
        query.add(
            "riskkit_points_below",
            "points before they are rounded, and the whole number below",
            [Item.of("points_0", line), Item.of("points_below", floor)],
        )
        above = f"points_below + {number(1.0)}"
        halved = f"points_below * {half}"
        rounded = [
            (f"points_0 - points_below < {half}", "points_below", ""),
            (f"points_0 - points_below > {half}", above, ""),
            (f"FLOOR({halved}) = {halved}", "points_below", "even"),
            ("points_below IS NOT NULL", above, ""),
        ]
        query.add(
            "riskkit_points",
            "whole points, halves to the even number",
            [Item("points", case(rounded))],
        )


def _check_size(spec: BlendSpec) -> None:
    """Raise if the trees have more leaves than a database can plan."""
    n_leaves = sum(
        int(np.count_nonzero(member.nodes.column < 0))
        for member in spec.members
        if not isinstance(member, ScorecardMemberSpec)
    )
    if n_leaves > _MAX_LEAVES:
        msg = (
            f"Trees written as SQL must have at most {_MAX_LEAVES:,} leaves in all, "
            "because databases plan a statement as a whole; this model has "
            f"{n_leaves:,}. Fit fewer or smaller trees or a blend without forest, or "
            "score it with riskkit.serving.load_scorer."
        )
        raise InvalidParameterError(msg)


def _line_of(calibration: CalibrationSpec | None) -> tuple[float, float] | None:
    """Return slope and shift of the model's own calibration, None without one."""
    if calibration is None:
        return None
    if isinstance(calibration, LogOddsMapSpec) and calibration.a == calibration.b:
        return calibration.a, calibration.c
    names = {
        LogOddsMapSpec: "a beta map",
        StepMapSpec: "a table, as isotonic calibration gives",
        IntervalMapSpec: "Venn-Abers intervals",
    }
    msg = (
        "The calibration inside a boosted model must be a line on the log-odds to be "
        f"written as SQL; this one is {names[type(calibration)]}. Fit with "
        "calibration='platt' or None and calibrate on top with "
        "riskkit.calibration.CalibratedPD, or score with riskkit.serving.load_scorer."
    )
    raise InvalidParameterError(msg)


def _share_bounds(member: ForestMemberSpec) -> tuple[float, float]:
    return max(member.floor, LIMIT), min(1.0 - member.floor, 1.0 - LIMIT)


def _most(member: MemberSpec) -> float:
    """Return what the log-odds of a member do not exceed, whatever their sign."""
    if isinstance(member, ScorecardMemberSpec):
        return most_of_card(member.card)
    if isinstance(member, ForestMemberSpec):
        low, _ = _share_bounds(member)
        return math.log(1.0 / low)
    trees = member.nodes.trees()
    return abs(member.intercept) + sum(
        float(np.abs(tree.value[tree.column < 0]).max()) for tree in trees
    )
