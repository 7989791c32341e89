"""What the efforts of a blend stand for, and which members it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_option
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EFFORTS", "WORDS", "BlendRecipe", "effort_recipe", "named_members"]

EFFORTS = ("fast", "standard", "high")
WORDS = ("lightgbm", "xgboost", "extra", "forest", "scorecard")
# Above so many rows five folds and small steps gained nothing over three folds and
# larger steps on public sets (AUC -0.002 to 0, log-loss within 0.002), at half the
# time; below, they gained 0.001 to 0.004 AUC.
_MANY_ROWS = 50_000
_N_TREES = 60  # most of what 200 randomised trees bring, and a third of their size


@dataclass(frozen=True)
class BlendRecipe:
    """The members by name, and how they are fitted.

    A member is one of the words, or an estimator. Of `n_folds` folds the first
    `n_used` are held out in turn.
    """

    members: tuple[tuple[str, Any], ...]
    learning_rate: float
    n_folds: int
    n_used: int
    n_trees: int = _N_TREES


def effort_recipe(
    effort: str, members: Any, n_rows: int, *, is_thin: bool
) -> BlendRecipe:
    """Return the measured recipe of an effort, with own members if there are any.

    A bootstrap sample of a dozen events is chance, and with so few nothing is held out
    to see it: the forest of an effort then stays away.
    """
    words, rate, n_folds, n_used = _RECIPES[effort]
    if is_thin:
        words = tuple(word for word in words if word != "forest")
    if effort == "standard" and n_rows > _MANY_ROWS:
        rate, n_folds, n_used = 0.1, 3, 3
    chosen = tuple((word, word) for word in words)
    if members is not None:
        chosen = named_members(members)
    return BlendRecipe(chosen, rate, n_folds, n_used)


def named_members(members: Any) -> tuple[tuple[str, Any], ...]:
    """Check pairs of a name and a word or a classifier."""
    if isinstance(members, (str, bytes)) or not hasattr(members, "__iter__"):
        _refuse(f"got {type(members).__name__}")
    pairs: list[tuple[str, Any]] = []
    for pair in members:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            _refuse(f"entry {len(pairs)} is none")
        name, member = pair
        if not isinstance(name, str):
            _refuse(f"the name of entry {len(pairs)} is no text")
        if isinstance(member, str):
            check_option(f"members[{len(pairs)}][1]", member, WORDS)
        elif not (hasattr(member, "fit") and hasattr(member, "predict_proba")):
            _refuse(f"{name!r} is of type {type(member).__name__}")
        pairs.append((name, member))
    names = [name for name, _ in pairs]
    if not pairs or len(set(names)) < len(names):
        _refuse("names stand more than once" if pairs else "got none")
    return tuple(pairs)


def _refuse(what: str) -> None:
    msg = (
        "members must be None or pairs (name, classifier with predict_proba, or one "
        f"of the words {WORDS}), each name once; {what}."
    )
    raise InvalidParameterError(msg)


_RECIPES: dict[str, tuple[Sequence[str], float, int, int]] = {
    "fast": (("lightgbm", "scorecard"), 0.05, 6, 1),
    "standard": (("lightgbm", "forest", "scorecard"), 0.05, 5, 5),
    "high": (("lightgbm", "xgboost", "extra", "forest", "scorecard"), 0.05, 5, 5),
}
