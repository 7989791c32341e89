"""From the lights of single measures to one verdict: rules, given as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.params import check_int, check_option
from riskkit.exceptions import InvalidParameterError
from riskkit.monitoring._warning_threshold import LIGHTS, Light

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERDICTS", "Condition", "Judged", "Verdict", "VerdictRule", "first_rule"]

Verdict = Literal["no_action", "watch", "recalibrate", "redevelop", "no_outcome_yet"]
VERDICTS = ("no_action", "watch", "recalibrate", "redevelop", "no_outcome_yet")


@dataclass(frozen=True, slots=True)
class Judged:
    """A measure's key, role and light."""

    key: str
    role: str
    light: Light


@dataclass(frozen=True, slots=True)
class Condition:
    """So many measures of some roles with a light.

    Parameters
    ----------
    roles : tuple of str
        Roles of the measures; empty for all.

    light : {"amber", "red", "not_evaluable"}, default="red"
        The light that they must have, or a worse one. ``"not_evaluable"`` holds if
        none of the measures can be evaluated, also if there is none.

    at_least : int, default=1
        How many of them.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.

    Examples
    --------
    >>> from riskkit.monitoring import Condition
    >>> Condition(("band",), "red", 2).words()
    'at least 2 of band red'
    """

    roles: tuple[str, ...] = ()
    light: Literal["amber", "red", "not_evaluable"] = "red"
    at_least: int = 1

    def __post_init__(self) -> None:
        check_option("light", self.light, ("amber", "red", "not_evaluable"))
        check_int("at_least", self.at_least, low=1)
        if not all(isinstance(role, str) for role in self.roles):
            msg = f"roles must be a tuple of text; got {self.roles!r}."
            raise InvalidParameterError(msg)

    def words(self) -> str:
        """Say the condition."""
        what = ", ".join(self.roles) or "any measure"
        if self.light == "not_evaluable":
            return f"none of {what} can be evaluated"
        return f"at least {self.at_least} of {what} {self.light}" + (
            " or red" * (self.light == "amber")
        )

    def met_by(self, judged: Sequence[Judged]) -> tuple[str, ...] | None:
        """Return the keys of the measures that meet it, or None."""
        mine = [item for item in judged if not self.roles or item.role in self.roles]
        if self.light == "not_evaluable":
            all_open = all(item.light == "not_evaluable" for item in mine)
            return tuple(item.key for item in mine) if all_open else None
        worse = LIGHTS[LIGHTS.index(self.light) :]
        keys = tuple(item.key for item in mine if item.light in worse)
        return keys if len(keys) >= self.at_least else None


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """A verdict, and the conditions that must hold together for it.

    Parameters
    ----------
    name : str
        What the rule is called.

    verdict : str
        ``"no_action"``, ``"watch"``, ``"recalibrate"``, ``"redevelop"`` or
        ``"no_outcome_yet"``.

    light : {"green", "amber", "red", "not_evaluable"}
        Light of the whole.

    conditions : tuple of Condition
        All of them must hold; without any the rule always fires.

    action, owner : str, default=""
        What to do, and who.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.

    See Also
    --------
    default_rules : The rules that are used by default.

    Examples
    --------
    >>> from riskkit.monitoring import Condition, VerdictRule
    >>> rule = VerdictRule(
    ...     "ranking_and_slope_lost", "redevelop", "red",
    ...     (Condition(("ranking",)), Condition(("slope",))), "Redevelop.", "modelling")
    >>> rule.words()
    'at least 1 of ranking red, and at least 1 of slope red'
    """

    name: str
    verdict: Verdict
    light: Light
    conditions: tuple[Condition, ...] = ()
    action: str = ""
    owner: str = ""

    def __post_init__(self) -> None:
        check_option("verdict", self.verdict, VERDICTS)
        check_option("light", self.light, LIGHTS)
        if not self.name or not all(isinstance(c, Condition) for c in self.conditions):
            msg = "A rule must have a name, and a tuple of Condition; got others."
            raise InvalidParameterError(msg)

    def words(self) -> str:
        """Say when the rule fires."""
        said = ", and ".join(condition.words() for condition in self.conditions)
        return said or "nothing else holds"

    def met_by(self, judged: Sequence[Judged]) -> tuple[str, ...] | None:
        """Return the keys of the measures that fire it, or None if it does not."""
        keys: dict[str, None] = {}
        for condition in self.conditions:
            met = condition.met_by(judged)
            if met is None:
                return None
            keys.update(dict.fromkeys(met))
        return tuple(keys)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON or TOML."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "light": self.light,
            "conditions": [
                {"roles": list(c.roles), "light": c.light, "at_least": c.at_least}
                for c in self.conditions
            ],
            "action": self.action,
            "owner": self.owner,
        }


def first_rule(
    rules: Sequence[VerdictRule], judged: Sequence[Judged]
) -> tuple[VerdictRule, tuple[str, ...]]:
    """Return the first rule that fires, and the measures that fired it."""
    for rule in rules:
        keys = rule.met_by(judged)
        if keys is not None:
            return rule, keys
    msg = "The last rule must fire always; give it no conditions."
    raise InvalidParameterError(msg)
