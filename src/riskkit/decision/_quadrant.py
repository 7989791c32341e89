"""Volume and quality of channels: where to grow, mend, nurture or stop."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_real
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._rows import (
    check_level,
    read_amounts,
    read_groups,
    read_masses,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["QuadrantResult", "channel_quadrant"]

_NOT_EVALUABLE = "not evaluable"
# Position: 2 * (little volume) + (risky).
_ACTIONS = ("scale", "fix or price", "nurture", "stop")


@dataclass(frozen=True, slots=True)
class QuadrantResult:
    """What :func:`channel_quadrant` returns.

    Parameters
    ----------
    columns : dict of str to tuple
        One entry for each channel, the largest first; see :meth:`frame`.

    event_rate : float
        Of all channels together.

    split_share, split_index : float
        The lines between the quadrants.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import QuadrantResult
    >>> QuadrantResult({"channel": ("web",)}, 0.05, 0.3, 1.0, 0.95).frame()
      channel
    0     web
    """

    columns: dict[str, tuple[Any, ...]]
    event_rate: float
    split_share: float
    split_index: float
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each channel, the largest first.

        Returns
        -------
        frame : DataFrame
            Columns channel, n, amount if one was given, share of the volume; n_known,
            n_event, event_rate with Jeffreys' interval, n_inferred, inferred_rate,
            expected_event_rate; risk_index with its interval, the event rate over that
            of all channels; quadrant; clear, whether the interval lies on one side of
            the line.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def channel_quadrant(
    channel: ArrayLike,
    y: ArrayLike | None = None,
    *,
    pd: ArrayLike | None = None,
    amount: ArrayLike | None = None,
    split_share: float | None = None,
    split_index: float = 1.0,
    min_known: float = 30.0,
    actions: tuple[str, str, str, str] = _ACTIONS,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> QuadrantResult:
    """Place channels by their share of the volume and their risk.

    Parameters
    ----------
    channel : array-like of shape (n_samples,)
        Channel of each account; any grouping will do.

    y : array-like of shape (n_samples,), optional
        Outcomes: 1 for the event, 0, missing where there is none yet. Accounts
        without one count as volume and not as quality.

    pd : array-like of shape (n_samples,), optional
        PDs. Without `y` they are the quality; beside it they are reported for
        accounts without an outcome, and do not move a channel.

    amount : array-like of shape (n_samples,), optional
        Amounts, whose share is then the volume.

    split_share : float, optional
        Share of the volume from which a channel is large; by default the median of
        the channels' shares.

    split_index : float, default=1.0
        Risk index above which a channel is risky: 1 is the portfolio.

    min_known : float, default=30
        Outcomes below which a channel is not evaluable.

    actions : tuple of four str, default=("scale", "fix or price", "nurture", "stop")
        Words for large and safe, large and risky, small and safe, small and risky.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : QuadrantResult
        With ``.frame()``.

    Raises
    ------
    InvalidParameterError
        If a split is outside its domain, or the actions are not four words.
    InvalidInputError, InvalidTypeError
        If columns are of other rows, an amount is negative, or there is neither an
        outcome nor a PD.
    InvalidTargetError
        If outcomes cannot be read.

    See Also
    --------
    funnel : How many of a channel get how far.

    Notes
    -----
    The risk index is the event rate of the channel over that of all channels, and its
    interval is Jeffreys' interval of the former over the latter: the portfolio counts
    as known. A quadrant is named whether or not the interval spans the line; ``clear``
    says which. One event rate hides differences of mix: hold channels against each
    other within score segments before one is stopped.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import channel_quadrant
    >>> channel = np.repeat(["branch", "web", "broker", "post"], [500, 400, 60, 60])
    >>> y = np.concatenate(
    ...     [np.arange(n) < n * rate for n, rate in
    ...      zip([500, 400, 60, 60], [0.03, 0.09, 0.02, 0.30])])
    >>> channel_quadrant(channel, y).frame()[
    ...     ["channel", "n", "risk_index", "quadrant", "clear"]].round(2)
      channel      n  risk_index      quadrant  clear
    0  branch  500.0        0.43         scale   True
    1     web  400.0        1.29  fix or price  False
    2  broker   60.0        0.48       nurture  False
    3    post   60.0        4.31          stop   True
    """
    check_level(level)
    _check_params(split_share, split_index, min_known, actions)
    names, codes = read_groups("channel", channel)
    n_rows = codes.size
    weight = read_masses(n_rows, sample_weight)
    outcomes = read_outcomes(y, pd, weight)
    counts = outcomes.count(codes, len(names))
    use_pd = not counts.n_known.any()
    told = counts.n_inferred if use_pd else counts.n_known
    rate = counts.inferred_rate if use_pd else counts.event_rate
    if not told.any():
        msg = "Quality needs outcomes or PDs; there are none. Give y or pd."
        raise InvalidInputError(msg)
    columns: dict[str, FloatArray] = {"n": counts.n}
    volume = counts.n
    if amount is not None:
        mass = weight * read_amounts("amount", amount, n_rows)
        volume = np.bincount(codes, mass, len(names)).astype(np.float64)
        columns["amount"] = volume
    if not volume.any():
        msg = "Volume needs accounts or amounts above 0; there are none."
        raise InvalidInputError(msg)
    share = volume / volume.sum()
    events = counts.columns(level)
    whole = float(np.nansum(rate * told) / told.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        index = rate / whole
        low, high = events["event_rate_low"] / whole, events["event_rate_high"] / whole
    line = float(np.median(share)) if split_share is None else float(split_share)
    risky = index > split_index
    place = 2 * (share < line).astype(np.intp) + risky
    evaluable = told >= min_known
    columns |= {"share": share, **events, "risk_index": index}
    columns |= {"risk_index_low": low, "risk_index_high": high}
    order = np.lexsort((np.arange(len(names)), -share))
    return QuadrantResult(
        {"channel": tuple(names[k] for k in order)}
        | {key: tuple(column[order].tolist()) for key, column in columns.items()}
        | {
            "quadrant": tuple(
                actions[place[k]] if evaluable[k] else _NOT_EVALUABLE for k in order
            ),
            "clear": tuple(_clear(low, high, split_index, evaluable)[order].tolist()),
        },
        event_rate=whole,
        split_share=line,
        split_index=float(split_index),
        level=level,
    )


def _clear(
    low: FloatArray, high: FloatArray, line: float, evaluable: BoolArray
) -> BoolArray:
    """Return whether the interval lies on one side; an unknown one does not."""
    return np.asarray(evaluable & ((low > line) | (high <= line)))


def _check_params(
    split_share: float | None, split_index: float, min_known: float, actions: Any
) -> None:
    check_real("split_share", split_share, low=0.0, high=1.0, none_allowed=True)
    check_real("split_index", split_index, low=0.0)
    check_real("min_known", min_known, low=0.0)
    if (
        isinstance(actions, str)
        or len(actions) != len(_ACTIONS)
        or not all(isinstance(action, str) for action in actions)
    ):
        msg = f"actions must be four words like {_ACTIONS}; got {actions!r}."
        raise InvalidParameterError(msg)
