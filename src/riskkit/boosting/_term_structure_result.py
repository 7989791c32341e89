"""PDs by month on book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._core.levels import level_key
from riskkit.boosting._hazard import cumulative, log_survival, marginal
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray, IntArray

__all__ = ["TermStructureResult"]

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TermStructureResult:
    """PDs of accounts, or of groups of them, by month on book.

    Parameters
    ----------
    hazard : ndarray of shape (n_rows, n_months)
        Conditional PD: probability of the event in each month, given survival to it.

    names : tuple of str, default=None
        Names of the rows where they are groups.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.boosting import TermStructureResult
    >>> result = TermStructureResult(np.array([[0.1, 0.2, 0.5]]))
    >>> result.survival.round(3).tolist()
    [[0.9, 0.72, 0.36]]
    >>> result.marginal.round(3).tolist()
    [[0.1, 0.18, 0.36]]
    >>> result.cumulative.round(3).tolist()
    [[0.1, 0.28, 0.64]]
    >>> result.pd_between(1, 3).round(3).tolist()
    [0.6]
    """

    hazard: FloatArray
    names: tuple[str, ...] | None = None

    @property
    def months(self) -> IntArray:
        """Months on book, from 1."""
        return np.arange(1, self.hazard.shape[1] + 1)

    @property
    def survival(self) -> FloatArray:
        """Probability of no event to the end of each month."""
        return np.asarray(np.exp(log_survival(self.hazard)[:, 1:]))

    @property
    def marginal(self) -> FloatArray:
        """Probability, as seen from the opening, of the event in each month."""
        return marginal(self.hazard)

    @property
    def cumulative(self) -> FloatArray:
        """Probability of the event by the end of each month."""
        return cumulative(self.hazard)

    def pd_between(self, after: ArrayLike = 0, until: Any = None) -> FloatArray:
        """Return the PD of accounts that have survived some months already.

        Parameters
        ----------
        after : int or array-like of int of shape (n_rows,), default=0
            Months on book survived, once for all rows or for each.

        until : int, array-like of int of shape (n_rows,) or None, default=None
            Last month that counts; None takes the last one there is.

        Returns
        -------
        pd : ndarray of shape (n_rows,)
            Probability of the event in the months ``after + 1`` to ``until``, given
            survival to ``after``; NaN where nobody survives to it.

        Raises
        ------
        InvalidParameterError
            If not ``0 <= after <= until <= n_months`` in whole months.
        """
        n_rows, n_months = self.hazard.shape
        ends = []
        for name, value in (
            ("after", after),
            ("until", n_months if until is None else until),
        ):
            months = np.asarray(value)
            if months.dtype.kind not in "iu" or months.shape not in ((), (n_rows,)):
                msg = (
                    f"{name} must be a whole number of months, or one for each of the "
                    f"{n_rows} rows; got type {months.dtype} and shape {months.shape}."
                )
                raise InvalidParameterError(msg)
            ends.append(np.broadcast_to(months, n_rows))
        first, last = ends
        n_wrong = int(
            np.count_nonzero((first < 0) | (last < first) | (last > n_months))
        )
        if n_wrong:
            msg = (
                f"Months must be 0 <= after <= until <= {n_months}, the last month "
                f"with a PD; {n_wrong} of {n_rows} rows are not."
            )
            raise InvalidParameterError(msg)
        survived, rows = log_survival(self.hazard), np.arange(n_rows)
        with np.errstate(invalid="ignore"):
            return np.asarray(-np.expm1(survived[rows, last] - survived[rows, first]))

    def portfolio(
        self, groups: Any = None, *, sample_weight: ArrayLike | None = None
    ) -> TermStructureResult:
        """Return the PDs of groups of accounts opened together.

        Parameters
        ----------
        groups : array-like of shape (n_rows,), optional
            Group of each row; None takes all rows as one.

        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row; amounts give curves in money.

        Returns
        -------
        result : TermStructureResult
            One row for each group, with its name. Its cumulative and marginal PDs are
            means of those of the accounts; its conditional PD is that of the accounts
            still there, which are the safer ones.

        Raises
        ------
        InvalidInputError
            If groups are missing or of another length.
        """
        n_rows = self.hazard.shape[0]
        weight = read_weight(sample_weight, n_rows)
        weight = np.ones(n_rows) if weight is None else weight
        names, codes = _groups(groups, n_rows)
        survived = np.exp(log_survival(self.hazard)[:, :-1])
        shape = (len(names), self.hazard.shape[1])
        events, at_risk = np.zeros(shape), np.zeros(shape)
        np.add.at(events, codes, weight[:, None] * survived * self.hazard)
        np.add.at(at_risk, codes, weight[:, None] * survived)
        with np.errstate(invalid="ignore"):
            return TermStructureResult(events / at_risk, names)

    def frame(self) -> pd.DataFrame:
        """Return one row for each account (or group) and month.

        Returns
        -------
        frame : DataFrame
            Columns row (position from 0, or group with its name), month, conditional,
            marginal, cumulative and survival.
        """
        import pandas as pd

        n_rows, n_months = self.hazard.shape
        key, who = (
            ("row", np.arange(n_rows))
            if self.names is None
            else (
                "group",
                np.array(self.names, dtype=object),
            )
        )
        return pd.DataFrame(
            {
                key: np.repeat(who, n_months),
                "month": np.tile(self.months, n_rows),
                "conditional": self.hazard.ravel(),
                "marginal": self.marginal.ravel(),
                "cumulative": self.cumulative.ravel(),
                "survival": self.survival.ravel(),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the conditional PDs and names as plain data; the rest follows."""
        return {
            "months": self.months.tolist(),
            "names": None if self.names is None else list(self.names),
            "hazard": self.hazard.tolist(),
        }

    def _cumulative_frame(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            self.cumulative[:_MOST_SHOWN],
            index=None if self.names is None else list(self.names[:_MOST_SHOWN]),
            columns=self.months,
        )

    def __repr__(self) -> str:
        n_rows, n_months = self.hazard.shape
        what = "rows" if self.names is None else "groups"
        return f"<TermStructureResult: {n_rows} {what}, {n_months} months>"

    def _repr_html_(self) -> str:
        n_rows = self.hazard.shape[0]
        shown = self._cumulative_frame()
        note = (
            "" if n_rows <= _MOST_SHOWN else f" First {_MOST_SHOWN} of {n_rows} rows."
        )
        return f"<p>Cumulative PD by month on book.{note}</p>{shown.to_html()}"


def _groups(groups: Any, n_rows: int) -> tuple[tuple[str, ...], IntArray]:
    if groups is None:
        return ("all",), np.zeros(n_rows, dtype=np.intp)
    import pandas as pd

    native = groups.to_pandas() if hasattr(groups, "to_pandas") else groups
    codes, levels = pd.factorize(pd.Series(native).reset_index(drop=True), sort=True)
    if codes.size != n_rows or (codes < 0).any():
        msg = (
            f"groups must name a group for each of the {n_rows} rows; got "
            f"{codes.size} rows, {int(np.count_nonzero(codes < 0))} of them without "
            "one."
        )
        raise InvalidInputError(msg)
    return tuple(str(level_key(level)) for level in levels), codes.astype(np.intp)
