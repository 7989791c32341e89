"""A strategy as plain data, checked; standard library only.

The steps of a strategy, in the order in which they may decide: the rules, the bands of
the score, and what is decided otherwise. With a limit policy there is one more, for
whoever is approved and granted nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass, field
from riskkit._core.params import check_option, did_you_mean
from riskkit.artifact._strategy_bands import ScoreBandsSpec, read_ends
from riskkit.artifact._strategy_rules import (
    DECISIONS,
    Box,
    RuleSpec,
    check_reachable,
    field_kinds,
    read_rules,
    regions_of,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.artifact._strategy_conditions import Kind
    from riskkit.artifact._strategy_limits import LimitSpec

__all__ = ["StrategySpec", "StrategyStep", "read_strategy"]

_BAND_KEYS = ("name", "from", "to", "decision", "reason")
_RESERVED = ("otherwise", "no limit")


@dataclass(frozen=True, slots=True)
class StrategyStep:
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

    def because(self, limited_by: str) -> str:
        """Return the reason together with what held a limit down."""
        return f"{self.reason}: {limited_by}"


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """A strategy as checked plain data: rules, bands of a score, and limits.

    Parameters
    ----------
    name : str
        What reports call it.

    rules : tuple of RuleSpec
        In the order in which they may decide.

    score : str
        Column with the score of the bands.

    score_bands : ScoreBandsSpec or None
        Where the bands end, if there are any.

    steps : tuple of StrategyStep
        Everything that may decide, in order: rules, bands, otherwise, and no limit.

    limits : LimitSpec or None
        What approved accounts are granted.

    field_kinds : dict of str to {"numeric", "categorical"} or None
        Kind of each column that is read; None where it only matters whether there is a
        value.

    kinds : dict of str to {"numeric", "categorical"} or None
        The same for the columns of the rules alone.

    regions : tuple of list of dict
        For each rule the boxes of values for which it fires.

    See Also
    --------
    riskkit.decision.Strategy : Makes one, and says what the parts mean.
    decide_record, decide_rows : What is decided.
    """

    name: str
    rules: tuple[RuleSpec, ...]
    score: str
    score_bands: ScoreBandsSpec | None
    steps: tuple[StrategyStep, ...]
    limits: LimitSpec | None
    # These follow from the others, and are kept so that no record pays for them:
    # what the strategy reads, of what kind, and for which values each rule fires.
    field_kinds: dict[str, Kind | None] = field(compare=False, repr=False)
    kinds: dict[str, Kind | None] = field(compare=False, repr=False)
    regions: tuple[list[Box], ...] = field(compare=False, repr=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """Columns that the strategy reads."""
        return tuple(self.field_kinds)

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
    reachable: bool = True,
) -> StrategySpec:
    """Return the strategy that plain data stands for.

    Parameters
    ----------
    rules, bands : sequence of dict
        As :class:`riskkit.decision.Strategy` takes them.

    score, best, otherwise, missing, no_limit, name : str
        As :class:`riskkit.decision.Strategy` takes them.

    limits : LimitSpec or None
        What approved accounts are granted.

    reachable : bool, default=True
        Whether to look for rules that can never decide.

    Returns
    -------
    spec : StrategySpec
        The strategy, checked.

    Raises
    ------
    InvalidParameterError
        If rules or bands are not well declared, a rule can never decide, or bands
        leave a hole or overlap.

    Examples
    --------
    >>> from riskkit.artifact import read_strategy
    >>> bands = [{"from": 600, "decision": "approve"}, {"to": 600, "decision": "refer"}]
    >>> spec = read_strategy(
    ...     (), bands,
    ...     score="points", best="high", otherwise="refer", missing=None, limits=None,
    ...     no_limit="refer", name="cut at 600")
    >>> [step.name for step in spec.steps]
    ['points in [600, inf)', 'points in (-inf, 600)', 'otherwise']
    """
    for parameter, text in (("name", name), ("score", score)):
        if not isinstance(text, str) or not text:
            msg = f"{parameter} must be a text; got {text!r}."
            raise InvalidParameterError(msg)
    check_option("best", best, ("high", "low"))
    check_option("otherwise", otherwise, DECISIONS)
    check_option("no_limit", no_limit, DECISIONS[1:])
    read = read_rules(rules, missing)
    kinds = field_kinds(read)
    regions = regions_of(read, kinds)
    score_bands, band_steps = _read_bands(bands, score, best)
    fields = _merge_kinds(kinds, score if score_bands is not None else None, limits)
    if reachable:
        check_reachable(read, regions, None if score_bands is None else "A band")
    steps = [StrategyStep(r.name, "rule", r.decision, r.reason) for r in read]
    steps += band_steps
    absent = f"No {score}" if score_bands is not None else "No rule fired"
    steps.append(StrategyStep("otherwise", "otherwise", otherwise, absent))
    if limits is not None:
        steps.append(
            StrategyStep("no limit", "limit", no_limit, "No limit can be granted")
        )
    _check_names(steps)
    return StrategySpec(
        name=name,
        rules=read,
        score=score,
        score_bands=score_bands,
        steps=tuple(steps),
        limits=limits,
        field_kinds=fields,
        kinds=kinds,
        regions=regions,
    )


def _merge_kinds(
    kinds: Mapping[str, Kind | None], score: str | None, limits: LimitSpec | None
) -> dict[str, Kind | None]:
    """Return the kind of every field; raise where it is read in two ways."""
    fields = dict(kinds)
    numbers: dict[str, Kind] = {} if score is None else {score: "numeric"}
    reads = [("bands", numbers), ("limits", {} if limits is None else limits.kinds)]
    for what, read in reads:
        for name, kind in read.items():
            if fields.get(name) not in (None, kind):
                one, other = ("a number", "texts")
                if kind == "categorical":
                    one, other = ("a text", "numbers")
                msg = (
                    f"{name!r} is {one} for the {what}; elsewhere the strategy "
                    f"compares it with {other}. Compare it with one kind."
                )
                raise InvalidParameterError(msg)
            fields[name] = kind
    return fields


def _read_bands(
    bands: Any, score: str, best: str
) -> tuple[ScoreBandsSpec | None, list[StrategyStep]]:
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
            StrategyStep(
                band.get("name", title),
                "band",
                band["decision"],
                band.get("reason", title),
            )
        )
    return score_bands, steps


def _check_names(steps: Sequence[StrategyStep]) -> None:
    n_named = Counter(step.name for step in steps)
    for step in steps:
        given = step.kind in ("rule", "band")
        if given and (step.name in _RESERVED or n_named[step.name] > 1):
            msg = (
                f"Rules and bands must have names of their own; {step.name!r} is taken."
            )
            raise InvalidParameterError(msg)


def _band_dict(
    step: StrategyStep, low: float | None, high: float | None
) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": step.name}
    plain |= {} if low is None else {"from": low}
    plain |= {} if high is None else {"to": high}
    return plain | {"decision": step.decision, "reason": step.reason}
