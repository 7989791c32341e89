"""What a strategy decides: for one record, and for a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.notebook import facts_html, rows_html

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.artifact import StrategyStep
    from riskkit.decision._limits import LimitResult
    from riskkit.typing import BoolArray, IntArray

__all__ = ["Decision", "StrategyResult"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided on one record, by what, and what else spoke.

    Parameters
    ----------
    decision : {"approve", "refer", "decline"}
        What is decided.

    decided_by : str
        The rule or band that decided.

    reason : str
        Its reason.

    fired : tuple of str
        Every rule that fired, in order; the first of them decided.

    limit, price : float or None
        What is granted, if the strategy has limits and approves.

    limited_by : str or None
        What holds the limit down.

    Examples
    --------
    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(bands=[
    ...     {"from": 600, "decision": "approve"}, {"to": 600, "decision": "decline"}])
    >>> strategy.decide({"points": 580}).reason
    'points in (-inf, 600)'
    """

    decision: str
    decided_by: str
    reason: str
    fired: tuple[str, ...]
    limit: float | None = None
    limited_by: str | None = None
    price: float | None = None

    def _repr_html_(self) -> str:
        facts = {
            "Decided by": self.decided_by,
            "Reason": self.reason,
            "Limit": self.limit,
            "Limited by": self.limited_by,
            "Price": self.price,
            "Rules that fired": ", ".join(self.fired) or None,
        }
        return facts_html(self.decision, facts)


@dataclass(frozen=True, eq=False)
class StrategyResult:
    """What :meth:`Strategy.apply` returns; one entry for each row.

    Parameters
    ----------
    steps : tuple of StrategyStep
        Everything that may decide.

    decided_by : ndarray of int
        Position of the step that decided each row.

    limits : LimitResult or None
        What approved rows are granted, and others would be.

    Examples
    --------
    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(bands=[
    ...     {"from": 600, "decision": "approve"}, {"to": 600, "decision": "decline"}])
    >>> strategy.apply({"points": [580, 600, None]}).decision.tolist()
    ['decline', 'approve', 'refer']
    """

    steps: tuple[StrategyStep, ...]
    decided_by: IntArray
    limits: LimitResult | None

    @property
    def decision(self) -> Any:
        """Decision on each row."""
        return np.array([step.decision for step in self.steps])[self.decided_by]

    @property
    def reason(self) -> Any:
        """Reason of the decision on each row, as :meth:`Strategy.decide` gives it."""
        reasons = np.array([step.reason for step in self.steps], dtype=object)
        reason = reasons[self.decided_by]
        if self.limits is not None:
            last = len(self.steps) - 1
            for row in np.flatnonzero(self.decided_by == last):
                limited_by = str(self.limits.limited_by[row])
                reason[row] = self.steps[last].because(limited_by)
        return reason

    @property
    def approved(self) -> BoolArray:
        """Whether each row is approved."""
        approves = np.array([step.decision == "approve" for step in self.steps])
        return np.asarray(approves[self.decided_by])

    def frame(self) -> pd.DataFrame:
        """Return one row for each row of the table.

        Returns
        -------
        frame : DataFrame
            Columns decision, decided_by and reason; with limits also limit,
            limited_by and price, where a row is approved.
        """
        import pandas as pd

        columns = {
            "decision": self.decision,
            "decided_by": np.array([s.name for s in self.steps])[self.decided_by],
            "reason": self.reason,
        }
        frame = pd.DataFrame(columns)
        if self.limits is None:
            return frame
        granted = self.limits.frame()[["limit", "limited_by", "price"]]
        shown = np.broadcast_to(self.approved[:, None], granted.shape)
        return frame.join(granted.where(shown))

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns of :meth:`frame` as plain lists."""
        return {name: list(column) for name, column in self.frame().items()}  # type: ignore[misc]

    def _repr_html_(self) -> str:
        n = len(self.decided_by)
        counts = np.bincount(self.decided_by, minlength=len(self.steps))
        rows = [
            [step.name, step.decision, int(count), f"{count / max(n, 1):.1%}"]
            for step, count in zip(self.steps, counts, strict=True)
        ]
        names = ["decided by", "decision", "rows", "share"]
        return rows_html(f"{n:,} rows decided", names, rows, n_rows=len(rows), most=40)
