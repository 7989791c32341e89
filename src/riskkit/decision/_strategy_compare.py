"""Two strategies on the same applicants."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.artifact import DECISIONS
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._rows import read_masses
from riskkit.decision._strategy import Strategy
from riskkit.decision._swap import SwapResult, swap_set
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["StrategyComparisonResult", "compare_strategies"]


@dataclass(frozen=True, slots=True)
class StrategyComparisonResult:
    """What :func:`compare_strategies` returns.

    Parameters
    ----------
    columns : dict of str to tuple
        One entry for each pair of decisions; see :meth:`frame`.

    swap : SwapResult
        Approvals alone: whom both approve, and whom only one.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import Strategy, compare_strategies
    >>> def cut(at):
    ...     return Strategy(bands=[{"from": at, "decision": "approve"},
    ...                            {"to": at, "decision": "decline"}])
    >>> result = compare_strategies(
    ...     cut(600), cut(620), {"points": [640, 610, 580]}, [0, 1, None])
    >>> result.wide("n")
    challenger  approve  refer  decline
    champion
    approve         1.0    0.0      1.0
    refer           0.0    0.0      0.0
    decline         0.0    0.0      1.0
    """

    columns: dict[str, tuple[Any, ...]]
    swap: SwapResult
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each pair of decisions.

        Returns
        -------
        frame : DataFrame
            Columns champion, challenger (their decisions), n, share; n_known, n_event
            and event_rate of known outcomes with Jeffreys' interval; n_inferred,
            inferred_rate and expected_event_rate.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def wide(self, value: str = "n") -> pd.DataFrame:
        """Return a column as a matrix, the champion's decisions down.

        Parameters
        ----------
        value : str, default="n"
            Column of :meth:`frame`.

        Returns
        -------
        matrix : DataFrame
            Three by three.
        """
        import pandas as pd

        return pd.DataFrame(
            np.reshape(self.columns[value], (len(DECISIONS), len(DECISIONS))),
            index=pd.Index(DECISIONS, name="champion"),
            columns=pd.Index(DECISIONS, name="challenger"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.wide().to_html())


def compare_strategies(
    champion: Strategy,
    challenger: Strategy,
    table: Any,
    y: ArrayLike | None = None,
    *,
    pd: ArrayLike | None = None,
    multipliers: Sequence[float] = (1.0, 2.0),
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> StrategyComparisonResult:
    """Apply two strategies to the same applicants and compare their decisions.

    Parameters
    ----------
    champion, challenger : Strategy
        The strategy in use, and the one that might take its place.

    table : frame or mapping of columns
        Applicants, with every column that either strategy reads.

    y : array-like of shape (n_rows,), optional
        Outcomes: 1 for the event, 0, missing for whoever was never booked.

    pd : array-like of shape (n_rows,), optional
        PDs that stand for outcomes where there are none.

    multipliers : sequence of float, default=(1.0, 2.0)
        What the odds of the PDs are multiplied by; see :func:`swap_set`.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : StrategyComparisonResult
        With ``.frame()``, ``.wide(column)`` and the swap set of the approvals.

    Raises
    ------
    InvalidTypeError
        If something else than two strategies is given.
    InvalidInputError, InvalidTargetError, InvalidParameterError
        As :meth:`Strategy.apply` and :func:`swap_set` do.

    See Also
    --------
    swap_set : The same for any two policies.

    Examples
    --------
    >>> from riskkit.decision import Strategy, compare_strategies
    >>> old = Strategy(bands=[{"from": 600, "decision": "approve"},
    ...                       {"to": 600, "decision": "decline"}])
    >>> new = Strategy(bands=[{"from": 590, "decision": "approve"},
    ...                       {"to": 590, "decision": "refer"}])
    >>> points = {"points": [640, 610, 595, 580]}
    >>> result = compare_strategies(old, new, points, [0, 0, None, None])
    >>> result.swap.frame()[["cell", "n"]].to_dict("list")
    {'cell': ['both approve', 'swap-out', 'swap-in', 'both decline'],
     'n': [2.0, 0.0, 1.0, 1.0]}
    """
    for name, strategy in (("champion", champion), ("challenger", challenger)):
        if not isinstance(strategy, Strategy):
            msg = f"{name} must be a Strategy; got {type(strategy).__name__}."
            raise InvalidTypeError(msg)
    first, second = champion.apply(table), challenger.apply(table)
    swap = swap_set(
        first.approved,
        second.approved,
        y,
        pd=pd,
        multipliers=multipliers,
        sample_weight=sample_weight,
        level=level,
    )
    down, across = (
        np.array([DECISIONS.index(step.decision) for step in result.steps])[
            result.decided_by
        ]
        for result in (first, second)
    )
    n_decisions = len(DECISIONS)
    weight = read_masses(down.size, sample_weight)
    counts = read_outcomes(y, pd, weight).count(
        down * n_decisions + across, n_decisions**2
    )
    columns = {"n": counts.n, "share": counts.n / counts.n.sum()}
    columns |= counts.columns(level)
    names = {
        "champion": tuple(d for d in DECISIONS for _ in DECISIONS),
        "challenger": DECISIONS * n_decisions,
    }
    return StrategyComparisonResult(
        names | {k: tuple(column.tolist()) for k, column in columns.items()},
        swap,
        level,
    )
