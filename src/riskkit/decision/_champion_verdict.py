"""From the table of a comparison to a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Verdict", "judge"]

_WORDS = {"auc": "AUC", "log_loss": "log-loss", "brier": "Brier score"}


@dataclass(frozen=True)
class Verdict:
    """Which model is better, why, and what speaks against it."""

    word: str
    reason: str
    concerns: tuple[str, ...]


def judge(
    columns: Mapping[str, NDArray[np.generic]],
    measure: str,
    min_improvement: float,
    level: float,
) -> Verdict:
    """Name the better model only if the deciding measure says so beyond chance."""
    scope, names = columns["scope"], columns["measure"]
    place = int(np.flatnonzero((scope == "all") & (names == measure))[0])
    gained = float(columns["improvement"][place])
    low, high = (float(columns[f"improvement_{e}"][place]) for e in ("low", "high"))
    what = _WORDS.get(measure, measure)
    concerns = _concerns(columns, place)
    if columns["better"][place] == "not_evaluable":
        why = str(columns["reason"][place])
        return Verdict("not_evaluable", f"No verdict by {what}: {why}.", concerns)
    span = f"{gained:+.5g} [{low:+.5g}, {high:+.5g}] at {level:.0%}"
    beyond = f" of {min_improvement:g}" if min_improvement else ""
    if low > min_improvement:
        text = f"The challenger improves the {what} by {span}."
        if concerns:
            return Verdict("mixed", f"{text} It is worse elsewhere.", concerns)
        return Verdict("challenger", text, concerns)
    if high < 0:
        text = f"The challenger worsens the {what}: improvement {span}."
        return Verdict("champion", text, concerns)
    text = (
        f"No improvement{beyond} of the {what} beyond chance: {span}. Keep the "
        "champion unless something else speaks for the challenger."
    )
    return Verdict("unclear", text, concerns)


def _concerns(
    columns: Mapping[str, NDArray[np.generic]], place: int
) -> tuple[str, ...]:
    """Say where else the challenger is worse."""
    texts = []
    for row in np.flatnonzero(columns["better"] == "champion"):
        if row == place:
            continue
        scope, group = str(columns["scope"][row]), str(columns["group"][row])
        where = "overall" if scope == "all" else f"in {scope} {group!r}"
        name = str(columns["measure"][row])
        change = float(columns["improvement"][row])
        texts.append(f"Worse by {_WORDS.get(name, name)} {where}: {change:+.5g}.")
    return tuple(texts)
