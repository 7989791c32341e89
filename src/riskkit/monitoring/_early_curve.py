"""How the events of a performance window come in, month on book by month on book."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.columns import plain
from riskkit._core.dates import read_date, read_event_dates, read_start_dates
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.monitoring._early_ages import read_ages
from riskkit.monitoring._maturity import MaturityRule
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["DevelopmentCurve"]


@dataclass(frozen=True, slots=True)
class DevelopmentCurve:
    """Share of a window's events that have shown by each month on book.

    Estimate it with :meth:`fit`; write it down directly if development factors are
    known from elsewhere.

    Parameters
    ----------
    share : tuple of float
        For each month on book the share of the events up to its end: from 0 upwards,
        and 1 in the last month of the window.

    n_event, n_at_risk : tuple of float or None, default=None
        Events seen in each month on book, and accounts that had come so far without
        one. They tell how well the shares are known; without them the shares are taken
        as exact.

    Attributes
    ----------
    window : int
        Months of the window.

    See Also
    --------
    early_performance : Uses it.

    Notes
    -----
    The hazard of month ``k`` is ``n_event_k / n_at_risk_k``, over all accounts that
    were observed for the whole of that month: the Kaplan-Meier (chain-ladder) estimate,
    so that immature accounts help with the months they have lived [1]_. Accounts that
    are closed stay at risk, as they stay in the denominator of a default rate.

    References
    ----------
    .. [1] E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete
       observations", Journal of the American Statistical Association 53, 1958.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import DevelopmentCurve
    >>> dates = np.array(["2020-01-01"] * 4, dtype="datetime64[D]")
    >>> events = np.array(["2020-02-15", "2020-03-10", "NaT", "NaT"], "datetime64[D]")
    >>> curve = DevelopmentCurve.fit(dates, events, as_of="2020-04-01", window=3)
    >>> curve.frame()
       month  share  factor  n_event  n_at_risk
    0      1    0.0     inf      0.0        4.0
    1      2    0.5     2.0      1.0        4.0
    2      3    1.0     1.0      1.0        3.0
    """

    share: tuple[float, ...]
    n_event: tuple[float, ...] | None = None
    n_at_risk: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        share = np.asarray(self.share, dtype=np.float64)
        rises = share.size > 0 and bool((np.diff(share, prepend=0.0) >= 0).all())
        if not rises or share[-1] != 1:
            msg = (
                "share must rise from 0 and end at 1, one number for each month of the "
                f"window; got {share.size} numbers that do not."
            )
            raise InvalidParameterError(msg)
        for name in ("n_event", "n_at_risk"):
            counts = getattr(self, name)
            if counts is not None and (
                len(counts) != share.size or not np.isfinite(counts).all()
            ):
                msg = (
                    f"{name} must hold {share.size} finite counts, one a month; got "
                    f"{len(counts)}."
                )
                raise InvalidParameterError(msg)
        if (self.n_event is None) != (self.n_at_risk is None):
            msg = "n_event and n_at_risk must be given together; got one of them."
            raise InvalidParameterError(msg)

    @classmethod
    def fit(
        cls,
        dates: ArrayLike,
        event_dates: ArrayLike,
        *,
        as_of: Any,
        window: int = 12,
        reporting_delay: int = 0,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Estimate the curve from the accounts that a model was trained on.

        Parameters
        ----------
        dates : array-like of shape (n_rows,)
            Day on which each account began.

        event_dates : array-like of shape (n_rows,)
            Day of the event, missing where there was none. Later events than known as
            of the day are as good as none.

        as_of : date or str
            Day on which the tape was drawn; what happened before it is known. Accounts
            that are not mature by then count for the months they were observed.

        window : int, default=12
            Months on book within which the event counts.

        reporting_delay : int, default=0
            Months until the events of a day are known.

        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row. A weight of 2 is the row twice.

        Returns
        -------
        curve : DevelopmentCurve
            Shares, and the counts behind them.

        Raises
        ------
        InvalidInputError
            If dates cannot be used, no account was observed for the whole window, or
            there are no events.
        InvalidParameterError
            If `window`, `reporting_delay` or `as_of` is outside its domain.
        """
        rule = MaturityRule(window, reporting_delay)
        day = read_date("as_of", as_of)
        n_rows = len(dates) if isinstance(dates, Sized) else 0
        starts = read_start_dates(dates, n_rows, day)
        ages = read_ages(starts, read_event_dates(event_dates, starts), day, rule)
        weight = read_rows(None, np.zeros(n_rows), None, None, sample_weight).weight
        # An account is at risk up to the month of its event, or its last whole month.
        last = np.where(ages.is_event, ages.event_month, ages.age)
        leaving = np.bincount(last, weight, minlength=window + 1)
        event = np.bincount(
            last[ages.is_event],
            None if weight is None else weight[ages.is_event],
            minlength=window + 1,
        )
        at_risk = np.cumsum(leaving[::-1])[::-1]
        return cls._of_counts(event[1:].astype(float), at_risk[1:].astype(float))

    @classmethod
    def _of_counts(cls, event: FloatArray, at_risk: FloatArray) -> Self:
        if not at_risk[-1] or not event.any():
            msg = (
                "There must be accounts that were observed for the whole window of "
                f"{event.size} months, and events; got {at_risk[-1]:g} and "
                f"{event.sum():g}. Take older accounts, or a shorter window."
            )
            raise InvalidInputError(msg)
        cumulative = 1.0 - np.cumprod(1.0 - event / at_risk)
        share = np.append(cumulative[:-1] / cumulative[-1], 1.0)
        return cls(
            tuple(np.minimum(share, 1.0).tolist()),
            tuple(event.tolist()),
            tuple(at_risk.tolist()),
        )

    def __add__(self, other: DevelopmentCurve) -> DevelopmentCurve:
        """Return the curve of both samples together; both must hold counts."""
        parts = (self.n_event, self.n_at_risk, other.n_event, other.n_at_risk)
        if any(part is None for part in parts) or self.window != other.window:
            msg = (
                "Curves can be added if both hold counts for one window; got windows "
                f"of {self.window} and {other.window} months, or shares alone."
            )
            raise InvalidInputError(msg)
        event, at_risk, more_event, more_at_risk = map(np.asarray, parts)
        return self._of_counts(event + more_event, at_risk + more_at_risk)

    @property
    def window(self) -> int:
        """Months of the window."""
        return len(self.share)

    def at(self, months: Sequence[int] | int) -> FloatArray:
        """Return the share by the end of given months on book, 0 before the first."""
        table = np.concatenate([[0.0], self.share])
        return np.asarray(table[np.clip(months, 0, self.window)])

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a month on book; ``factor`` is ``1 / share``."""
        import pandas as pd

        share = np.asarray(self.share)
        with np.errstate(divide="ignore"):
            factor = 1.0 / share
        months = range(1, self.window + 1)
        columns = {"month": list(months), "share": share, "factor": factor}
        if self.n_event is not None:
            columns |= {"n_event": self.n_event, "n_at_risk": self.n_at_risk}
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; ``DevelopmentCurve.from_dict`` reads it back."""
        return {
            name: None if part is None else [plain(value) for value in part]
            for name, part in (
                ("share", self.share),
                ("n_event", self.n_event),
                ("n_at_risk", self.n_at_risk),
            )
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` gave.

        Parameters
        ----------
        values : dict
            Shares, and counts or None.

        Returns
        -------
        curve : DevelopmentCurve
            The curve.

        Raises
        ------
        InvalidParameterError
            If it is no curve.
        """
        names = ("share", "n_event", "n_at_risk")
        if set(values) != set(names):
            msg = f"A curve must have the entries {names}; got {sorted(values)[:10]}."
            raise InvalidParameterError(msg)
        parts = {k: None if v is None else tuple(v) for k, v in values.items()}
        return cls(**parts)  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))
