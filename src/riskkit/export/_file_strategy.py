"""Part of a generated file: what the strategy decides on a scored record."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Any

from riskkit._core.field_values import read_level, read_number
from riskkit._core.levels import is_missing

__all__ = ["decide"]


def decide(
    strategy: dict[str, Any], answer: dict[str, Any], record: dict[str, Any]
) -> dict[str, Any]:
    """Return the decision, who decided, why, and the limit where there is one."""
    values = {name: record[name] for name in strategy["record_fields"]}
    values |= {name: answer[name] for name in ("pd", "points", "log_odds")}
    if answer["grade"] is not None:
        values |= {"grade": answer["grade"], "grade_pd": answer["grade_pd"]}
    if answer["interval"] is not None:
        values["pd_low"], values["pd_high"] = answer["interval"]
    read = {k: _read_value(k, values[k], kind) for k, kind in strategy["kinds"].items()}
    place = strategy["otherwise"]
    fired = [k for k, rule in enumerate(strategy["rules"]) if _fires(rule, read)]
    bands = strategy["bands"]
    if fired:
        place = fired[0]
    elif bands is not None:
        found = _band(bands, read_number(values[strategy["score"]], strategy["score"]))
        place = place if found < 0 else len(strategy["rules"]) + found
    name, decision, reason = strategy["steps"][place]
    limit = limited_by = price = None
    if decision == "approve" and strategy["limits"] is not None:
        limit, limited_by, price = _grant(strategy["limits"], values)
        if not limit:
            name, decision, reason = strategy["steps"][-1]
            reason = f"{reason}: {limited_by}"
            limit = limited_by = price = None
    return {
        "decision": decision,
        "decided_by": name,
        "decision_reason": reason,
        "limit": limit,
        "limited_by": limited_by,
        "price": price,
    }


def _read_value(name: str, value: Any, kind: str | None) -> float | str | None:
    """Return a number, a level, or merely whether there is a value."""
    if kind == "numeric":
        return read_number(value, name)
    if kind == "categorical":
        return read_level(value, name)
    return None if value is None or is_missing(value) else ""


def _fires(rule: tuple[dict[str, Any], ...], read: dict[str, Any]) -> bool:
    """Return whether any of a rule's boxes holds all its fields."""
    return any(
        all(_holds(held, read[name]) for name, held in box.items()) for box in rule
    )


def _holds(held: dict[str, Any], value: Any) -> bool:
    """Return whether a value is among those for which a condition holds."""
    if value is None or value != value:
        return bool(held["missing"])
    if "levels" in held:
        return bool((value in held["levels"]) != held["all_but"])
    # Cuts lie just before (0) or just after (1) a number; every other one closes.
    return bisect_right(held["cuts"], (value, 0)) % 2 == 1


def _band(bands: dict[str, Any], score: float) -> int:
    """Return the position of a score's band, best first; -1 for an unknown score."""
    if score != score:
        return -1
    edges = bands["edges"]
    if bands["best"] == "high":
        return len(edges) - bisect_right(edges, score)
    return bisect_left(edges, score)


def _grant(
    limits: dict[str, Any], values: dict[str, Any]
) -> tuple[float, str, float | None]:
    """Return the limit, what holds it down, and the price."""
    by = limits["by"]
    if limits["score_bands"] is None:
        level = read_level(values[by], by)
        held = [k for k, band in enumerate(limits["bands"]) if level in band["levels"]]
        place = held[0] if held else -1
    else:
        place = _band(limits["score_bands"], read_number(values[by], by))
    if place < 0:
        return _floor(limits, limits["unknown"]), "unknown", None
    band = limits["bands"][place]

    def read(role: str) -> float:
        return read_number(values[limits[role]], limits[role])

    owed = 0.0 if limits["exposure"] is None else read("exposure")
    caps = [(band["limit"], 0, "band")]
    if band["income_multiple"] is not None and limits["income"] is not None:
        caps.append((band["income_multiple"] * read("income") - owed, 1, "income"))
    if band["exposure_cap"] is not None:
        caps.append((band["exposure_cap"] - owed, 2, "exposure"))
    if limits["requested"] is not None:
        caps.append((read("requested"), 3, "requested"))
    if any(math.isnan(cap) for cap, _, _ in caps):
        return _floor(limits, limits["unknown"]), "unknown", band["price"]
    least, _, what = min(caps)
    amount = _floor(limits, max(least, 0.0))
    if amount < limits["minimum"]:
        return 0.0, "minimum", band["price"]
    return amount, what, band["price"]


def _floor(limits: dict[str, Any], amount: float) -> float:
    step = limits["round_to"]
    return float(math.floor(amount / step + limits["rounding"]) * step)
