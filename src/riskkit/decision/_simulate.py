"""What a strategy would have decided on a book, and what came of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.artifact import DECISIONS
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._profit import normal_half_width, read_economics
from riskkit.decision._rows import check_level, read_masses

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.decision._outcomes import Outcomes
    from riskkit.decision._strategy_result import StrategyResult
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["SimulationResult", "simulate_steps"]


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """What :meth:`Strategy.simulate` returns.

    Parameters
    ----------
    decisions : dict of str to tuple
        One entry for approve, refer and decline; see :meth:`frame`.

    step_columns : dict of str to tuple
        One entry for each rule and band; see :meth:`steps`.

    profit, profit_low, profit_high : float
        Of all approved, with a normal interval; NaN unless gain and loss were given.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(bands=[
    ...     {"from": 600, "decision": "approve"}, {"to": 600, "decision": "decline"}])
    >>> result = strategy.simulate({"points": [640, 620, 600, 580]}, [0, 0, 1, 1])
    >>> result.frame()[["decision", "n", "share", "event_rate"]].round(2)
      decision    n  share  event_rate
    0  approve  3.0   0.75        0.33
    1    refer  0.0   0.00         NaN
    2  decline  1.0   0.25        1.00
    """

    decisions: dict[str, tuple[Any, ...]]
    step_columns: dict[str, tuple[Any, ...]]
    profit: float
    profit_low: float
    profit_high: float
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each decision.

        Returns
        -------
        frame : DataFrame
            Columns decision, n, share; n_known, n_event and event_rate of known
            outcomes with Jeffreys' interval; n_inferred, inferred_rate and
            expected_event_rate; with limits also limit, the sum granted.
        """
        import pandas as pd

        return pd.DataFrame(self.decisions)

    def steps(self) -> pd.DataFrame:
        """Return one row for each rule and band, in the order in which they decide.

        Returns
        -------
        frame : DataFrame
            Columns step, kind, decision; n_fired, for how many a rule holds whatever
            came before it; n, for how many it decided; and the columns of
            :meth:`frame` for those.
        """
        import pandas as pd

        return pd.DataFrame(self.step_columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        tables = (self.frame(), self.steps())
        return "".join(t.to_html(index=False, na_rep="") for t in tables)


def simulate_steps(
    result: StrategyResult,
    fired: list[BoolArray],
    y: Any,
    pd: Any,
    gain: Any,
    loss: Any,
    *,
    sample_weight: Any,
    level: float,
) -> SimulationResult:
    """Count outcomes by decision and by what decided."""
    check_level(level)
    weight = read_masses(result.decided_by.size, sample_weight)
    with_profit = gain is not None or loss is not None
    outcomes = read_outcomes(
        y, pd, weight, complete="A profit" if with_profit else None
    )
    codes = np.array([DECISIONS.index(step.decision) for step in result.steps])
    decision = codes[result.decided_by]
    steps = result.steps
    step_columns = {
        "step": tuple(step.name for step in steps),
        "kind": tuple(step.kind for step in steps),
        "decision": tuple(step.decision for step in steps),
        "n_fired": _n_fired(fired, weight, len(steps)),
        **_columns(outcomes, result.decided_by, len(steps), level),
    }
    decisions = {
        "decision": DECISIONS,
        **_columns(outcomes, decision, len(DECISIONS), level),
    }
    if result.limits is not None:
        granted = np.where(result.approved, result.limits.limit, 0.0) * weight
        sums = np.bincount(decision, granted, minlength=len(DECISIONS))
        decisions["limit"] = tuple(sums.tolist())
    profit, half = _profit(outcomes, result.approved, gain, loss, level)
    return SimulationResult(
        decisions, step_columns, profit, profit - half, profit + half, level
    )


def _columns(
    outcomes: Outcomes, codes: Any, n_groups: int, level: float
) -> dict[str, tuple[Any, ...]]:
    counts = outcomes.count(codes, n_groups)
    columns: dict[str, FloatArray] = {
        "n": counts.n,
        "share": counts.n / counts.n.sum(),
        **counts.columns(level),
    }
    return {name: tuple(column.tolist()) for name, column in columns.items()}


def _n_fired(
    fired: list[BoolArray], weight: FloatArray, n_steps: int
) -> tuple[float, ...]:
    """Return for how many each rule holds; bands and what follows hold for the rest."""
    sums = [float(weight[rows].sum()) for rows in fired]
    return (*sums, *([math.nan] * (n_steps - len(sums))))


def _profit(
    outcomes: Outcomes, approved: BoolArray, gain: Any, loss: Any, level: float
) -> tuple[float, float]:
    economics = read_economics(gain, loss, outcomes)
    if economics is None:
        return math.nan, math.nan
    mass = outcomes.weight * approved
    total = np.array([mass @ economics.profit])
    if outcomes.inferred[approved].any():
        return float(total[0]), math.nan
    squares = np.array([mass @ economics.squared_profit])
    n = float(outcomes.weight.sum())
    return float(total[0]), float(normal_half_width(total, squares, n, level)[0])
