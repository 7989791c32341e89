"""Who is decided differently when one policy takes the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_real
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._rows import check_level, read_flags, read_masses
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.decision._outcomes import EventCounts, Outcomes
    from riskkit.typing import FloatArray, IntArray

__all__ = ["SwapResult", "swap_set"]

# Position: 2 * (champion declines) + (challenger declines).
_CELLS = ("both approve", "swap-out", "swap-in", "both decline")
_CHAMPION, _CHALLENGER = [0, 1], [0, 2]
_INFERRED = (
    "Where nobody was approved there is no outcome. Inferred rates are PDs of a model, "
    "taken at {shown} times their odds; they are assumptions and no observations. If "
    "the old policy knew something the PD does not, they are too low."
)


@dataclass(frozen=True, slots=True)
class SwapResult:
    """What :func:`swap_set` returns.

    Parameters
    ----------
    cells : dict of str to tuple
        Both approve, swap-out (the champion alone approves), swap-in (the challenger
        alone) and both decline; see :meth:`frame`.

    policies : dict of str to tuple
        Those whom the champion approves, and the challenger; see :meth:`portfolios`.

    multipliers : tuple of float
        What the odds of inferred PDs were multiplied by.

    level : float
        Level of the intervals.

    notes : tuple of str
        How inferred rates came about.

    Examples
    --------
    >>> from riskkit.decision import swap_set
    >>> result = swap_set([1, 1, 0, 0], [1, 0, 1, 0], [0, 1, None, None])
    >>> result.frame()[["cell", "n", "n_known", "n_event"]]
               cell    n  n_known  n_event
    0  both approve  1.0      1.0      0.0
    1      swap-out  1.0      1.0      1.0
    2       swap-in  1.0      0.0      0.0
    3  both decline  1.0      0.0      0.0
    """

    cells: dict[str, tuple[Any, ...]]
    policies: dict[str, tuple[Any, ...]]
    multipliers: tuple[float, ...]
    level: float
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return the four cells, one row each.

        Returns
        -------
        frame : DataFrame
            Columns cell, n, share; n_known, n_event and event_rate of known outcomes
            with Jeffreys' interval; n_inferred, inferred_rate (PDs as they are) and
            the range inferred_rate_low to inferred_rate_high over the multipliers;
            expected_event_rate of both, missing where somebody has neither.
        """
        import pandas as pd

        return pd.DataFrame(self.cells)

    def portfolios(self) -> pd.DataFrame:
        """Return what each policy approves, the champion first.

        Returns
        -------
        frame : DataFrame
            The columns of :meth:`frame`, for whom the champion and the challenger
            approve; share is the approval rate.
        """
        import pandas as pd

        return pd.DataFrame(self.policies)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        tables = (self.frame(), self.portfolios())
        shown = "".join(table.to_html(index=False, na_rep="") for table in tables)
        return shown + "".join(f"<p>{note}</p>" for note in self.notes)


def swap_set(
    champion: ArrayLike,
    challenger: ArrayLike,
    y: ArrayLike | None = None,
    *,
    pd: ArrayLike | None = None,
    multipliers: Sequence[float] = (1.0, 2.0),
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> SwapResult:
    """Compare two policies: whom both approve, whom only one, and at what event rates.

    Parameters
    ----------
    champion, challenger : array-like of bool of shape (n_samples,)
        Whom each policy approves, such as ``points >= 600`` or the ``approved`` of a
        :class:`Strategy` applied. Usually at equal approval rates, which
        :func:`choose_cutoff` finds.

    y : array-like of shape (n_samples,), optional
        Outcomes: 1 for the event, 0, missing for whoever was never booked.

    pd : array-like of shape (n_samples,), optional
        PDs that stand for outcomes where there are none. They are inferred rates, and
        called so.

    multipliers : sequence of float, default=(1.0, 2.0)
        Range of assumptions: what the odds of the PDs are multiplied by.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row; amounts give a swap set in money.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : SwapResult
        With ``.frame()`` for the four cells and ``.portfolios()`` for the policies.

    Raises
    ------
    InvalidParameterError
        If the multipliers are not above 0.
    InvalidInputError, InvalidTypeError
        If a decision is neither yes nor no, a PD is none, or rows do not match.
    InvalidTargetError
        If outcomes cannot be read.

    See Also
    --------
    choose_cutoff : Cut-offs of equal approval rates.
    compare_strategies : The same for strategies, with all their decisions.

    Notes
    -----
    Swap-ins were declined by the champion, so nothing was observed of them unless they
    were booked by an override or a test. Their inferred rate rests on a model that
    learned from others; `multipliers` show how much the comparison depends on it.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import swap_set
    >>> old, new = np.arange(10) >= 4, np.roll(np.arange(10), 2) >= 4
    >>> y = np.where(old, 0.0, np.nan)
    >>> result = swap_set(old, new, y, pd=np.full(10, 0.1))
    >>> result.frame()[["cell", "n", "event_rate", "inferred_rate",
    ...                 "inferred_rate_high"]].round(3)
               cell    n  event_rate  inferred_rate  inferred_rate_high
    0  both approve  4.0         0.0            NaN                 NaN
    1      swap-out  2.0         0.0            NaN                 NaN
    2       swap-in  2.0         NaN            0.1               0.182
    3  both decline  2.0         NaN            0.1               0.182
    """
    check_level(level)
    factors = _read_multipliers(multipliers)
    first = read_flags("champion", champion)
    second = read_flags("challenger", challenger, first.size)
    weight = read_masses(first.size, sample_weight)
    outcomes = read_outcomes(y, pd, weight)
    codes = 2 * (~first).astype(np.intp) + ~second
    counts = outcomes.count(codes, len(_CELLS))
    spread = [_at_odds(outcomes, codes, factor) for factor in factors]
    notes = []
    if counts.n_inferred.any():
        shown = " to ".join(dict.fromkeys(f"{f:g}" for f in (factors[0], factors[-1])))
        notes.append(_INFERRED.format(shown=shown))
    n_open = float((counts.n - counts.n_known - counts.n_inferred).sum())
    if n_open > 1e-12 * counts.n.sum():
        notes.append(
            f"{n_open:g} accounts have neither an outcome nor a PD; nothing is said of "
            "their event rate."
        )
    total = float(counts.n.sum())
    cells = _columns("cell", _CELLS, counts, spread, total, level)
    unions = (_CHAMPION, _CHALLENGER)
    policies = _columns(
        "policy",
        ("champion", "challenger"),
        counts.pooled(unions),
        [np.array([events[union].sum() for union in unions]) for events in spread],
        total,
        level,
    )
    return SwapResult(cells, policies, factors, level, tuple(notes))


def _columns(
    key: str,
    names: tuple[str, ...],
    counts: EventCounts,
    spread: list[FloatArray],
    total: float,
    level: float,
) -> dict[str, tuple[Any, ...]]:
    columns = {"n": counts.n, "share": counts.n / total, **counts.columns(level)}
    expected = columns.pop("expected_event_rate")
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.array(spread) / counts.n_inferred
    columns["inferred_rate_low"] = rates.min(axis=0)
    columns["inferred_rate_high"] = rates.max(axis=0)
    columns["expected_event_rate"] = expected
    return {key: names} | {k: tuple(v.tolist()) for k, v in columns.items()}


def _at_odds(outcomes: Outcomes, codes: IntArray, factor: float) -> FloatArray:
    """Return the inferred events of each cell with the odds of PDs multiplied."""
    rows = outcomes.inferred
    p = outcomes.event[rows]
    raised = factor * p / (1.0 - p + factor * p)
    mass = outcomes.weight[rows] * raised
    return np.bincount(codes[rows], mass, minlength=len(_CELLS)).astype(np.float64)


def _read_multipliers(multipliers: Any) -> tuple[float, ...]:
    if isinstance(multipliers, str) or not isinstance(multipliers, Sequence):
        msg = (
            "multipliers must be a sequence of numbers above 0; got "
            f"{type(multipliers).__name__}."
        )
        raise InvalidParameterError(msg)
    for factor in multipliers:
        check_real("Each of multipliers", factor, low=0.0)
    if not multipliers or min(multipliers) <= 0:
        msg = f"multipliers must hold numbers above 0; got {tuple(multipliers)}."
        raise InvalidParameterError(msg)
    return tuple(sorted(float(factor) for factor in multipliers))
