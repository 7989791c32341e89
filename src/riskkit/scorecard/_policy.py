"""What a scorecard builder may decide about the characteristics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_int, check_option, check_real, did_you_mean
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SelectionPolicy", "read_policy"]

_SELECTIONS = ("forward", "backward", "both")
_CRITERIA = ("bic", "aic", "pvalue", "auc")
_SIGNS = ("constrained", "free")
_AMOUNTS = ("min_iv", "weak_iv", "optimism", "l1", "l2", "pooling", "min_auc_gain")


@dataclass(frozen=True)
class SelectionPolicy:
    """Checked choices: which characteristics may, must and must not enter."""

    min_iv: float
    weak_iv: float
    p_chance: float
    p_turn: float
    selection: str | None
    criterion: str
    p_enter: float
    p_remove: float
    min_auc_gain: float
    must_have: tuple[str, ...]
    never: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    signed: bool
    searched: bool
    optimism: float
    l1: float
    l2: float
    pooling: float
    max_iter: int

    def group_numbers(self, names: Sequence[str]) -> list[int]:
        """Return the group number of each name, -1 without a group."""
        number = {
            n: k for k, members in enumerate(self.groups.values()) for n in members
        }
        return [number.get(name, -1) for name in names]


def read_policy(card: Any, names: Sequence[str], *, searched: bool) -> SelectionPolicy:
    """Check the parameters of a scorecard against the features there are.

    `searched` tells whether the bins followed the outcomes; people may have given them.
    """
    for parameter in _AMOUNTS:
        check_real(parameter, getattr(card, parameter), low=0)
    for parameter in ("p_chance", "p_enter", "p_remove", "p_turn"):
        check_real(parameter, getattr(card, parameter), low=0, high=1)
    check_int("max_iter", card.max_iter, low=1)
    if card.selection is not None:
        check_option("selection", card.selection, _SELECTIONS)
    check_option("criterion", card.criterion, _CRITERIA)
    check_option("signs", card.signs, _SIGNS)
    if card.selection == "both" and card.p_enter > card.p_remove:
        msg = (
            "p_enter must not be above p_remove, or a characteristic could enter and "
            f"leave for ever; got {card.p_enter} and {card.p_remove}."
        )
        raise InvalidParameterError(msg)
    signed = card.signs == "constrained"
    if not signed and card.l1 > 0:
        msg = 'l1 needs signs="constrained"; with free signs use l2.'
        raise InvalidParameterError(msg)
    must_have = _names("must_have", card.must_have, names)
    never = _names("never", card.never, names)
    both = sorted(set(must_have) & set(never))
    if both:
        msg = f"must_have and never must differ; both name {both[0]!r}."
        raise InvalidParameterError(msg)
    return SelectionPolicy(
        min_iv=float(card.min_iv),
        weak_iv=float(card.weak_iv),
        p_chance=float(card.p_chance),
        p_turn=float(card.p_turn),
        selection=card.selection,
        criterion=card.criterion,
        p_enter=float(card.p_enter),
        p_remove=float(card.p_remove),
        min_auc_gain=float(card.min_auc_gain),
        must_have=must_have,
        never=never,
        groups=_groups(card.groups, must_have, names),
        signed=signed,
        searched=searched,
        optimism=float(card.optimism),
        l1=float(card.l1),
        l2=float(card.l2),
        pooling=float(card.pooling),
        max_iter=int(card.max_iter),
    )


def _names(parameter: str, given: Any, names: Sequence[str]) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        msg = f"{parameter} must be a sequence of features; got {given!r}."
        raise InvalidParameterError(msg)
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names)
            msg = f"{parameter} names {name!r}, which is no feature.{hint}"
            raise InvalidParameterError(msg)
    return tuple(given)


def _groups(
    given: Any, must_have: Sequence[str], names: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        msg = f"groups must map a group to its features; got {type(given).__name__}."
        raise InvalidParameterError(msg)
    groups = {str(g): _names(f"groups[{g!r}]", m, names) for g, m in given.items()}
    seen: dict[str, str] = {}
    for group, members in groups.items():
        forced = [name for name in members if name in must_have]
        if len(forced) > 1:
            msg = (
                f"One characteristic of group {group!r} may enter; must_have names "
                f"{', '.join(map(repr, forced))}."
            )
            raise InvalidParameterError(msg)
        for name in members:
            if name in seen:
                msg = f"{name!r} is in the groups {seen[name]!r} and {group!r}."
                raise InvalidParameterError(msg)
            seen[name] = group
    return groups
