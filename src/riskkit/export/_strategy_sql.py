"""A strategy as intermediate tables: what is read, what decides, and the decision.

Comparisons are those of :func:`riskkit.artifact.decide_rows`, with the missing values
of each rule written out: a comparison with NULL is neither true nor false in SQL. PDs
are cut on the log-odds, as grades are, so that an account whose PD is a border keeps
its side of it in every database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.artifact import DECISIONS
from riskkit.export._sql_text import Item, case
from riskkit.export._strategy_sql_limits import LimitTables
from riskkit.export._strategy_sql_values import StrategyValues

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import ConditionSpec, RuleSpec, StrategySpec
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_pd import PDTables
    from riskkit.export._sql_request import Request
    from riskkit.export._sql_text import Branch, Query, Value

__all__ = ["StrategyTables"]

_SIGNS = {"==": "=", "!=": "<>"}


class StrategyTables:
    """Writes the tables of a strategy, after those of the scores.

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

    refuses : bool
        Whether the model refuses rows, which are not decided on then.
    """

    def __init__(
        self,
        spec: StrategySpec,
        request: Request,
        writer: Writer,
        pds: PDTables,
        *,
        refuses: bool,
    ) -> None:
        self._spec, self._writer, self._refuses = spec, writer, refuses
        self._values = StrategyValues(spec, request, writer, pds)
        self._limits = (
            None
            if spec.limits is None
            else LimitTables(spec.limits, writer, self._values)
        )

    @property
    def column_items(self) -> list[Item]:
        """The columns of the table that the strategy reads."""
        return self._values.column_items

    def add(self, query: Query) -> None:
        """Add the tables from what is read to the step that decides."""
        decided = self._decided_item()
        limit_band = None if self._limits is None else self._limits.band_item()
        query.add(
            "riskkit_values",
            "what the strategy reads, NULL where nothing is known",
            self._values.value_items(),
        )
        query.add(
            "riskkit_decided",
            "the step of the strategy that decides, by its number",
            [decided],
        )
        if self._limits is None or limit_band is None:
            return
        self._limits.add(query, limit_band)
        nothing = f"{self._approved('decided_0')} AND granted = {self._zero}"
        last: list[Branch] = [(nothing, str(len(self._spec.steps)), "no limit")]
        query.add(
            "riskkit_final",
            "whoever is approved and granted nothing is decided on by the last step",
            [Item("decided", case(last, ("decided_0", "")))],
        )

    def items(self) -> Iterator[Item]:
        """Return the decision, what decided, why, and what is granted."""
        steps, quote = self._spec.steps, self._writer.quote_text
        decided = "decided_0" if self._limits is None else "decided"
        reasons: list[Value] = [quote(s.reason) for s in steps if s.kind != "limit"]
        if self._limits is not None:
            reasons.append(self._limits.reason_lines(steps[-1]))
        columns: dict[str, list[Value]] = {
            "decision": [quote(step.decision) for step in steps],
            "decided_by": [quote(step.name) for step in steps],
            "decision_reason": reasons,
        }
        for name, values in columns.items():
            numbered = enumerate(values, start=1)
            yield Item(name, case([(str(k), v, "") for k, v in numbered], of=decided))
        if self._limits is not None:
            yield from self._limits.items(self._approved(decided))

    @property
    def _zero(self) -> str:
        return self._writer.number(0.0)

    def _approved(self, decided: str) -> str:
        """Return the condition that a step which approves has decided."""
        steps = enumerate(self._spec.steps, start=1)
        numbers = [str(k) for k, step in steps if step.decision == DECISIONS[0]]
        return f"{decided} IN ({', '.join(numbers)})" if numbers else "1 = 0"

    def _decided_item(self) -> Item:
        spec = self._spec
        branches: list[Branch] = []
        if self._refuses:
            branches.append(("points IS NULL", "NULL", "refused by the model"))
        branches += [
            (self._fires(rule), str(k), rule.name)
            for k, rule in enumerate(spec.rules, start=1)
        ]
        if spec.score_bands is not None:
            first = len(spec.rules) + 1
            branches += self._values.band_branches(
                spec.score, spec.score_bands, first, spec.steps[first - 1 :]
            )
        otherwise = str(spec.otherwise + 1)
        if not branches:
            return Item.of("decided_0", otherwise)
        return Item.of("decided_0", case(branches, (otherwise, "otherwise")))

    def _fires(self, rule: RuleSpec) -> str:
        fire = rule.missing == "fire"
        parts = [self._any_of(any_of, fire=fire) for any_of in rule.when]
        return " AND ".join(parts) or "1 = 1"

    def _any_of(self, any_of: Sequence[ConditionSpec], *, fire: bool) -> str:
        joined = " OR ".join(self._holds(condition, fire=fire) for condition in any_of)
        return f"({joined})" if len(any_of) > 1 else joined

    def _holds(self, c: ConditionSpec, *, fire: bool) -> str:
        """Return a condition; where a value is missing it holds if `fire` says so."""
        values, levels = self._values, self._values.levels(c.field)
        if levels is None:
            x = values.number(c.field)
            if not c.compares:
                return f"{x} IS {'NOT ' if c.op == 'known' else ''}NULL"
            found = values.cut_condition(c) or self._compared(x, c)
            return f"({x} IS NULL OR {found})" if fire else found
        if not c.compares:
            return _truth(levels.missing, c.op == "missing", None, c.op == "known")
        among = levels.among([str(value) for value in c.values])
        member = c.op in ("==", "in")
        return _truth(levels.missing, fire, among, not member)

    def _compared(self, x: str, c: ConditionSpec) -> str:
        number = [self._writer.number(float(value)) for value in c.values]
        if c.op in ("in", "not in"):
            return f"{x} {c.op.upper()} ({', '.join(number)})"
        return f"{x} {_SIGNS.get(c.op, c.op)} {number[0]}"


def _truth(missing: str, if_missing: bool, among: str | None, otherwise: bool) -> str:
    """Return a condition on levels that is never NULL."""
    middle = f" WHEN {among} THEN {int(not otherwise)}" if among else ""
    last = int(otherwise)
    return f"CASE WHEN {missing} THEN {int(if_missing)}{middle} ELSE {last} END = 1"
