"""Whether the parameters of an IVSelector hold by themselves, and for a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.frames import is_frame
from riskkit.binning._base import BaseBinner
from riskkit.binning._selection import check_known, check_name_lists, check_rules
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit.binning._selection import SelectionRules

__all__ = ["check_selector", "check_selector_names"]


def check_selector(selector: Any, rules: SelectionRules) -> None:
    """Raise unless every parameter is in its domain."""
    if selector.binner is not None and not isinstance(selector.binner, BaseBinner):
        msg = (
            "binner must be a binner such as OptimalBinner, or None; got "
            f"{type(selector.binner).__name__}."
        )
        raise InvalidParameterError(msg)
    check_rules(rules)
    stable_over = selector.stable_over
    if stable_over is not None and not isinstance(stable_over, str):
        msg = (
            "stable_over must be the name of a column or None; got "
            f"{stable_over!r}. Give an array of periods to fit instead."
        )
        raise InvalidParameterError(msg)
    check_name_lists(selector.must_have, selector.never, selector.n_features)


def check_selector_names(
    selector: Any, names: Sequence[str], X: Any, periods: ArrayLike | None
) -> None:
    """Raise unless parameters name columns, and the periods come from one place."""
    check_known("must_have", selector.must_have, names)
    check_known("never", selector.never, names)
    if selector.stable_over is not None:
        if not is_frame(X):
            msg = (
                "stable_over names a column, so X must be a frame; got an array. "
                "Give an array of periods to fit instead."
            )
            raise InvalidParameterError(msg)
        check_known("stable_over", [selector.stable_over], names)
        if periods is not None:
            msg = "Periods come from stable_over or from periods; got both."
            raise InvalidParameterError(msg)
    elif selector.max_csi is not None and periods is None:
        msg = (
            "max_csi needs the period of each row; got none. Name a column in "
            "stable_over, or give an array of periods to fit."
        )
        raise InvalidParameterError(msg)
