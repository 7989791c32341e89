"""One tile for each thing that lights stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.reporting._data import Check
from riskkit.reporting._format import write

if TYPE_CHECKING:
    from riskkit.monitoring import WarningResult

__all__ = ["tiles"]

_ORDER = ("red", "amber", "green", "not_evaluable")
# Roles of measures, what they are called, and where the details stand.
_ROLES = {
    "feed": ("Feeds and scores", "quality"),
    "population": ("Population", "population"),
    "data": ("Data", "population"),
    "ranking": ("Ranking", "performance"),
    "level": ("Level", "performance"),
    "slope": ("Slope", "performance"),
    "band": ("Bands", "performance"),
    "order": ("Order of bands", "performance"),
    "trend": ("Trend", "annex"),
    "early": ("Early outcomes", "early"),
    "segment": ("Segments", "segments"),
    "alerts": ("Fraud alerts", "fraud"),
}


def tiles(warning: WarningResult) -> tuple[Check, ...]:
    """Return a tile for each role: its worst light, and the measure behind it."""
    columns = warning.measures
    by_role: dict[str, list[int]] = {}
    for i, role in enumerate(columns["role"]):
        by_role.setdefault(role, []).append(i)
    roles = sorted(by_role, key=lambda r: [*_ROLES, r].index(r))
    return tuple(_tile(warning, role, by_role[role]) for role in roles)


def _tile(warning: WarningResult, role: str, held: list[int]) -> Check:
    columns = warning.measures
    worst = min(held, key=lambda i: _ORDER.index(columns["light"][i]))
    light = columns["light"][worst]
    alike = [i for i in held if columns["light"][i] == light]
    if light in ("red", "amber"):
        figure = f"{len(alike)} of {len(held)}" if len(held) > 1 else ""
        finding = f"{columns['key'][worst]}: {columns['why'][worst]}"
    elif light == "green":
        figure = f"{len(alike)} of {len(held)}" if len(held) > 1 else ""
        finding = "within limits, or no more than chance"
    else:
        figure, finding = "–", f"{columns['why'][worst]}"
    name, section = _ROLES.get(role, (role.capitalize(), "measures"))
    return Check(
        name,
        light,
        figure or write(columns["value"][worst], "number3"),
        finding,
        "; ".join(dict.fromkeys(columns["name"][i] for i in held)),
        section,
    )
