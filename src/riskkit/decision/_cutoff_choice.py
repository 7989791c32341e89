"""One cut-off for a goal, with what is uncertain about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from riskkit.decision._rows import meets, read_numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray

__all__ = ["CutoffChoice"]


@dataclass(frozen=True, slots=True)
class CutoffChoice:
    """What :func:`choose_cutoff` returns; NaN stands where a number cannot be had.

    Parameters
    ----------
    best : {"high", "low"}
        Which scores are the best.

    goal : str
        What was asked for.

    cutoff : float
        Approve from this score on (``best="high"``) or up to it; infinite if nobody
        should be approved.

    cutoff_low, cutoff_high : float
        Interval of the cut-off that would have been chosen on another such sample.

    n, n_approved : float
        Applicants, and those approved, as sums of weights.

    approval_rate, approval_rate_low, approval_rate_high : float
        Share that is approved, with Jeffreys' interval.

    n_known, n_event : float
        Approved accounts with a known outcome, and events among them.

    event_rate, event_rate_low, event_rate_high : float
        Of those, with Jeffreys' interval.

    expected_event_rate, expected_event_rate_corrected : float
        Of all approved, PDs included; and without the optimism of the choice.

    profit, profit_low, profit_high, profit_corrected : float
        Of all approved, with a normal interval; and without the optimism.

    n_draws : int
        Weightings of the rows behind the interval of the cut-off and the optimism.

    level : float
        Level of the intervals.

    notes : tuple of str
        What to know before the cut-off is used.

    Examples
    --------
    >>> from riskkit.decision import choose_cutoff
    >>> choice = choose_cutoff(
    ...     None, [640, 620, 600, 580], best="high", approval_rate=0.5, n_draws=0)
    >>> choice.cutoff, choice.approves([630, 610, None]).tolist()
    (620.0, [True, False, False])
    """

    best: str
    goal: str
    cutoff: float
    cutoff_low: float
    cutoff_high: float
    n: float
    n_approved: float
    approval_rate: float
    approval_rate_low: float
    approval_rate_high: float
    n_known: float
    n_event: float
    event_rate: float
    event_rate_low: float
    event_rate_high: float
    expected_event_rate: float
    expected_event_rate_corrected: float
    profit: float
    profit_low: float
    profit_high: float
    profit_corrected: float
    n_draws: int
    level: float
    notes: tuple[str, ...]

    def approves(self, score: ArrayLike) -> BoolArray:
        """Return whether each row would be approved.

        Parameters
        ----------
        score : array-like of shape (n_rows,)
            Scores of the kind that was cut off; a missing one is not approved.

        Returns
        -------
        approved : ndarray of bool of shape (n_rows,)
            True from the cut-off on towards the best scores.
        """
        return meets(read_numbers("score", score), self.cutoff, self.best)

    def frame(self) -> pd.DataFrame:
        """Return everything but the notes as one row."""
        import pandas as pd

        row = asdict(self)
        del row["notes"]
        return pd.DataFrame([row])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().T.to_html(header=False, na_rep=""))
