"""Limits as intermediate tables: bands, caps, the least of them, and what rounds it.

The arithmetic is that of :func:`riskkit.artifact.grant_rows`, step by step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.artifact import LIMITED_BY, ROUNDING
from riskkit.export._sql_text import Item, case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from riskkit.artifact import LimitBandSpec, LimitSpec, StrategyStep
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Branch, Query, Value
    from riskkit.export._strategy_sql_values import StrategyValues

__all__ = ["LimitTables"]

_BAND, _INCOME, _EXPOSURE, _REQUESTED, _MINIMUM, _UNKNOWN = LIMITED_BY


class LimitTables:
    """Writes the tables of a limit policy.

    Parameters
    ----------
    spec : LimitSpec
        The policy.

    writer : Writer
        Writes in the dialect.

    values : StrategyValues
        Where the fields stand.
    """

    def __init__(self, spec: LimitSpec, writer: Writer, values: StrategyValues) -> None:
        self._spec, self._writer, self._values = spec, writer, values

    def band_item(self) -> Item:
        """Return the number of each row's band from 1, NULL where it has none."""
        spec = self._spec
        branches: list[Branch] = []
        levels = self._values.levels(spec.by)
        if spec.score_bands is not None:
            branches = self._values.band_branches(spec.by, spec.score_bands, 1)
        elif levels is not None:
            found = [levels.among(band.levels) for band in spec.bands]
            branches = [(c, str(k), "") for k, c in enumerate(found, start=1) if c]
        if not branches:
            return Item.of("limit_band", f"CAST(NULL AS {self._writer.dialect.whole})")
        return Item("limit_band", case(branches), spec.by)

    def add(self, query: Query, band: Item) -> None:
        """Add the tables from the bands to the amount that is granted."""
        query.add("riskkit_limit_bands", "the bands of the limits", [band])
        query.add("riskkit_caps", "what each cap leaves", self._cap_items())
        query.add(
            "riskkit_known",
            "1 where a value that the limit needs is unknown",
            [Item.of("limit_unknown", self._unknown())],
        )
        room: list[Branch] = [
            ("limit_unknown = 1", self._number(self._spec.unknown), "unknown")
        ]
        query.add(
            "riskkit_room",
            "the least of the caps",
            [Item.of("room", case(room, (self._by_band(self._least), "")))],
        )
        step = self._number(self._spec.round_to)
        zero = self._number(0.0)
        above = f"CASE WHEN room > {zero} THEN room ELSE {zero} END"
        rounded = f"FLOOR({above} / {step} + {self._number(ROUNDING)}) * {step}"
        query.add(
            "riskkit_rounded", "rounded down", [Item.of("rounded_limit", rounded)]
        )
        small = (
            f"limit_unknown = 0 AND rounded_limit < {self._number(self._spec.minimum)}"
        )
        quote = self._writer.quote_text
        reasons: list[Branch] = [
            ("limit_unknown = 1", quote(_UNKNOWN), ""),
            (small, quote(_MINIMUM), ""),
        ]
        query.add(
            "riskkit_granted",
            "less than the minimum is not granted",
            [
                Item("granted", case([(small, zero, "")], ("rounded_limit", ""))),
                Item("held_by", case(reasons, (self._by_band(self._holds), ""))),
            ],
        )

    def items(self, approved: str) -> Iterator[Item]:
        """Return what is granted where a condition says that a row is approved."""
        prices: list[Branch] = [
            (str(k), self._number(band.price), band.name)
            for k, band in enumerate(self._spec.bands, start=1)
            if band.price is not None
        ]
        null = f"CAST(NULL AS {self._writer.dialect.double})"
        price: Value = case(prices, of="limit_band") if prices else null
        # LIMIT is a word of SQL, and the name that the scorer has for it.
        limit = self._writer.quote_name("limit")
        for name, value in ((limit, "granted"), ("limited_by", "held_by")):
            yield Item(name, case([(approved, value, "")]))
        yield Item("price", case([(approved, price, "")]))

    def reason_lines(self, step: StrategyStep) -> Value:
        """Return why nothing is granted."""
        quote = self._writer.quote_text
        branches = [(quote(word), quote(step.because(word)), "") for word in LIMITED_BY]
        return case(branches, of="held_by")

    def _number(self, value: float) -> str:
        return self._writer.number(value)

    def _by_band(self, value: Callable[[LimitBandSpec], Value]) -> tuple[str, ...]:
        branches: list[Branch] = [
            (str(k), value(band), band.name)
            for k, band in enumerate(self._spec.bands, start=1)
        ]
        return case(branches, of="limit_band")

    def _cap_items(self) -> list[Item]:
        spec, numbered = self._spec, list(enumerate(self._spec.bands, start=1))
        owed = "" if spec.exposure is None else self._values.number(spec.exposure)
        minus = f" - {owed}" if owed else ""
        items = []
        if spec.income is not None:
            income = self._values.number(spec.income)
            branches: list[Branch] = [
                (str(k), f"{self._number(b.income_multiple)} * {income}{minus}", b.name)
                for k, b in numbered
                if b.income_multiple is not None
            ]
            if branches:
                items.append(Item("cap_income", case(branches, of="limit_band")))
        capped: list[Branch] = [
            (str(k), f"{self._number(b.exposure_cap)}{minus}", b.name)
            for k, b in numbered
            if b.exposure_cap is not None
        ]
        if capped:
            items.append(Item("cap_exposure", case(capped, of="limit_band")))
        if spec.requested is not None:
            requested = self._values.number(spec.requested)
            items.append(Item.of("cap_requested", requested))
        return items or [Item.of("no_cap", "1")]

    def _caps(self, band: LimitBandSpec) -> dict[str, str]:
        """Return what a band is capped by, in the order in which it is named."""
        caps = {_BAND: self._number(band.limit)}
        if band.income_multiple is not None:
            caps[_INCOME] = "cap_income"
        if band.exposure_cap is not None:
            caps[_EXPOSURE] = "cap_exposure"
        if self._spec.requested is not None:
            caps[_REQUESTED] = "cap_requested"
        return caps

    def _unknown(self) -> tuple[str, ...]:
        branches: list[Branch] = [("limit_band IS NULL", "1", "in no band")]
        for k, band in enumerate(self._spec.bands, start=1):
            absent = [
                condition
                for name, cap in self._caps(band).items()
                if name != _BAND
                for condition in (f"{cap} IS NULL", self._writer.is_nan(cap))
                if condition is not None
            ]
            if absent:
                condition = f"limit_band = {k} AND ({' OR '.join(absent)})"
                branches.append((condition, "1", band.name))
        return case(branches, ("0", ""))

    def _least(self, band: LimitBandSpec) -> str:
        caps = list(self._caps(band).values())
        return self._writer.smallest(caps) if len(caps) > 1 else caps[0]

    def _holds(self, band: LimitBandSpec) -> Value:
        quote = self._writer.quote_text
        caps = self._caps(band)
        branches = [(f"room = {cap}", quote(name), "") for name, cap in caps.items()]
        return case(branches)
