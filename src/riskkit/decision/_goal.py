"""What a cut-off is to achieve, and which one does on given sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_real
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["NOBODY", "NONE_DOES", "Goal", "read_goal"]

NOBODY = -1  # approving nobody is the best there is
NONE_DOES = -2  # no cut-off keeps the limits


@dataclass(frozen=True, slots=True)
class Goal:
    """Either a share to approve, or limits within which to approve or earn the most."""

    approval_rate: float | None
    max_event_rate: float | None
    min_approval_rate: float | None
    most_profit: bool

    @property
    def text(self) -> str:
        """What was asked for, in words."""
        if self.approval_rate is not None:
            return f"approval rate nearest to {self.approval_rate:g}"
        limits = []
        if self.max_event_rate is not None:
            limits.append(f"event rate at most {self.max_event_rate:g}")
        if self.min_approval_rate is not None:
            limits.append(f"approval rate at least {self.min_approval_rate:g}")
        what = "most profit" if self.most_profit else "most approvals"
        return what + (f" with {' and '.join(limits)}" if limits else "")

    def reach(
        self, approval: FloatArray, event_rate: FloatArray, profit: FloatArray | None
    ) -> int:
        """Return the position of the cut-off that reaches the goal, strictest first.

        Of cut-offs that do equally well it is the strictest.
        """
        if self.approval_rate is not None:
            return int(np.argmin(np.abs(approval - self.approval_rate)))
        allowed = np.ones(approval.size, dtype=np.bool_)
        if self.max_event_rate is not None:
            allowed &= event_rate <= self.max_event_rate
        if self.min_approval_rate is not None:
            allowed &= approval >= self.min_approval_rate
        if profit is not None and self.most_profit:
            value = np.where(allowed, profit, -np.inf)
            place = int(np.argmax(value))
            if value[place] <= 0 and not self.min_approval_rate:
                return NOBODY
            return place if allowed[place] else NONE_DOES
        places = np.flatnonzero(allowed)
        return int(places[-1]) if places.size else NONE_DOES


def read_goal(
    approval_rate: float | None,
    max_event_rate: float | None,
    min_approval_rate: float | None,
    *,
    with_profit: bool,
) -> Goal:
    """Check that one goal was given, and no limit that cannot be meant."""
    for name, share in (
        ("approval_rate", approval_rate),
        ("max_event_rate", max_event_rate),
        ("min_approval_rate", min_approval_rate),
    ):
        check_real(name, share, low=0.0, high=1.0, none_allowed=True)
    if approval_rate is None and max_event_rate is None and not with_profit:
        msg = (
            "A cut-off is chosen for a goal; got none. Give approval_rate, or "
            "max_event_rate, or gain and loss."
        )
        raise InvalidParameterError(msg)
    limits = max_event_rate is not None or min_approval_rate is not None
    if approval_rate is not None and limits:
        msg = (
            "approval_rate is a goal by itself; got limits beside it. Give "
            "min_approval_rate and max_event_rate without it."
        )
        raise InvalidParameterError(msg)
    return Goal(
        approval_rate,
        max_event_rate,
        min_approval_rate,
        most_profit=with_profit and approval_rate is None,
    )
