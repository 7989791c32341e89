"""A strategy as plain data, checked; standard library only.

The steps of a strategy, in the order in which they may decide: the rules, the bands of
the score, and what is decided otherwise. With a limit policy there is one more, for
whoever is approved and granted nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_option, did_you_mean
from riskkit.decision._bands import ScoreBands, read_ends
from riskkit.decision._rules import (
    DECISIONS,
    Box,
    Rule,
    check_reachable,
    field_kinds,
    read_rules,
    region_of,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.decision._conditions import Kind
    from riskkit.decision._limit_spec import LimitSpec

__all__ = ["Step", "StrategySpec", "read_strategy"]

_BAND_KEYS = ("name", "from", "to", "decision", "reason")
_RESERVED = ("otherwise", "no limit")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that may decide.

    Parameters
    ----------
    name : str
        What reports and logs call it.

    kind : {"rule", "band", "otherwise", "limit"}
        What it is.

    decision : {"approve", "refer", "decline"}
        What it decides.

    reason : str
        Text for who is decided on.
    """

    name: str
    kind: str
    decision: str
    reason: str


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """Rules, bands of a score, and what is decided otherwise."""

    name: str
    rules: tuple[Rule, ...]
    score: str
    score_bands: ScoreBands | None
    steps: tuple[Step, ...]
    limits: LimitSpec | None
    # These follow from the others, and are kept so that no record pays for them:
    # what the strategy reads, of what kind, and for which values each rule fires.
    fields: tuple[str, ...] = field(compare=False, repr=False)
    kinds: dict[str, Kind | None] = field(compare=False, repr=False)
    regions: tuple[list[Box], ...] = field(compare=False, repr=False)

    @property
    def otherwise(self) -> int:
        """Position of the step for whom no rule fires and no band holds."""
        n_bands = 0 if self.score_bands is None else len(self.score_bands.edges) + 1
        return len(self.rules) + n_bands

    def to_dict(self) -> dict[str, Any]:
        """Return the strategy as plain data."""
        plain: dict[str, Any] = {"name": self.name}
        if self.score_bands is not None:
            plain |= {"score": self.score, "best": self.score_bands.best}
        plain["otherwise"] = self.steps[self.otherwise].decision
        plain["rules"] = [rule.to_dict() for rule in self.rules]
        if self.score_bands is not None:
            first = len(self.rules)
            plain["bands"] = [
                _band_dict(step, *self.score_bands.ends(k))
                for k, step in enumerate(self.steps[first : self.otherwise])
            ]
        if self.limits is not None:
            plain["limits"] = self.limits.to_dict()
            plain["no_limit"] = self.steps[-1].decision
        return plain


def read_strategy(
    rules: Any,
    bands: Any,
    *,
    score: str,
    best: str,
    otherwise: str,
    missing: str | None,
    limits: LimitSpec | None,
    no_limit: str,
    name: str,
) -> StrategySpec:
    """Return the strategy that plain data stands for."""
    for parameter, text in (("name", name), ("score", score)):
        if not isinstance(text, str) or not text:
            msg = f"{parameter} must be a text; got {text!r}."
            raise InvalidParameterError(msg)
    check_option("best", best, ("high", "low"))
    check_option("otherwise", otherwise, DECISIONS)
    check_option("no_limit", no_limit, DECISIONS[1:])
    read = read_rules(rules, missing)
    kinds = field_kinds(read)
    regions = tuple(region_of(rule, kinds) for rule in read)
    score_bands, band_steps = _read_bands(bands, score, best)
    if score_bands is not None and kinds.get(score) == "categorical":
        msg = f"{score!r} is a number for the bands; a rule compares it with texts."
        raise InvalidParameterError(msg)
    check_reachable(read, regions, None if score_bands is None else "A band")
    steps = [Step(r.name, "rule", r.decision, r.reason) for r in read]
    steps += band_steps
    absent = f"No {score}" if score_bands is not None else "No rule fired"
    steps.append(Step("otherwise", "otherwise", otherwise, absent))
    if limits is not None:
        steps.append(Step("no limit", "limit", no_limit, "No limit can be granted"))
    _check_names(steps)
    fields = [*kinds, *([] if score_bands is None else [score])]
    fields += [] if limits is None else limits.fields
    return StrategySpec(
        name=name,
        rules=read,
        score=score,
        score_bands=score_bands,
        steps=tuple(steps),
        limits=limits,
        fields=tuple(dict.fromkeys(fields)),
        kinds=kinds,
        regions=regions,
    )


def _read_bands(
    bands: Any, score: str, best: str
) -> tuple[ScoreBands | None, list[Step]]:
    if isinstance(bands, str | Mapping) or not isinstance(bands, Sequence):
        msg = f"bands must be a sequence of bands; got {type(bands).__name__}."
        raise InvalidParameterError(msg)
    if not bands:
        return None, []
    for number, band in enumerate(bands, 1):
        if not isinstance(band, Mapping) or "decision" not in band:
            msg = (
                f"Band {number} must be like {{'from': 600, 'decision': 'approve'}}; "
                "got something else."
            )
            raise InvalidParameterError(msg)
        for key in band:
            if key not in _BAND_KEYS:
                hint = did_you_mean(key, _BAND_KEYS)
                msg = f"Band {number} may hold {', '.join(_BAND_KEYS)}; got {key!r}."
                raise InvalidParameterError(msg + hint)
        check_option(f"The decision of band {number}", band["decision"], DECISIONS)
        for key in ("name", "reason"):
            if not isinstance(band.get(key, ""), str):
                msg = f"The {key} of band {number} must be a text."
                raise InvalidParameterError(msg)
    score_bands, order = read_ends(bands, score, best)
    steps = []
    for place, label in zip(order, score_bands.labels(), strict=True):
        band = bands[place]
        title = f"{score} in {label}"
        steps.append(
            Step(
                band.get("name", title),
                "band",
                band["decision"],
                band.get("reason", title),
            )
        )
    return score_bands, steps


def _check_names(steps: Sequence[Step]) -> None:
    names = [step.name for step in steps]
    for step in steps:
        given = step.kind in ("rule", "band")
        if given and (step.name in _RESERVED or names.count(step.name) > 1):
            msg = (
                f"Rules and bands must have names of their own; {step.name!r} is taken."
            )
            raise InvalidParameterError(msg)


def _band_dict(step: Step, low: float | None, high: float | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": step.name}
    plain |= {} if low is None else {"from": low}
    plain |= {} if high is None else {"to": high}
    return plain | {"decision": step.decision, "reason": step.reason}
