"""Loans that come in parts, counted by vintage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from riskkit._core.dates import add_months, read_date
from riskkit._core.params import check_bool, check_int, check_option
from riskkit.backtest._checks import check_level
from riskkit.backtest._vintage_book import read_loans
from riskkit.backtest._vintage_cells import count_loans, first_days
from riskkit.backtest._vintage_result import VintageResult
from riskkit.backtest._vintage_tables import vintage_tables
from riskkit.backtest._windows import window_label
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    from riskkit.backtest._vintage_cells import VintageCells

__all__ = ["VintageCounts"]

_SPANS = {"month": 1, "quarter": 3, "year": 12}


class VintageCounts:
    """Loans by vintage and month on book; counts of parts add up to the whole.

    What :func:`vintage_table` makes of loans in memory, this makes of loans that come
    in chunks, files or months: count each part with :meth:`update`, add counts with
    ``+``, and ask for the :meth:`table`. Parts may come in any order.

    Parameters
    ----------
    as_of : date or str
        Day on which the tape was drawn; what happened before it is known.

    freq : {"month", "quarter", "year"}, default="month"
        Length of a vintage.

    reporting_delay : int, default=0
        Months until the events of a day are known.

    Attributes
    ----------
    n_rows : int
        Loans counted so far, without their weights.

    See Also
    --------
    vintage_table : The same of loans in memory.
    riskkit.engines.collect_vintages : Counts a table of any engine.

    Notes
    -----
    Memory is that of a table of vintages by months on book, however many loans there
    are. Sums of weights and amounts have no rounding error down to ``2**-42`` of each
    number, so they do not depend on the order of the loans.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import VintageCounts
    >>> none = np.array(["NaT"], "datetime64[D]")
    >>> january = VintageCounts("2020-04-15").update(
    ...     np.array(["2020-01-10"], "datetime64[D]"),
    ...     np.array(["2020-02-15"], "datetime64[D]"))
    >>> february = VintageCounts("2020-04-15").update(
    ...     np.array(["2020-02-05"], "datetime64[D]"), none)
    >>> (february + january).table().triangle()
    month      1    2    3
    vintage
    2020-01  0.0  1.0  1.0
    2020-02  0.0  0.0  0.0
    """

    def __init__(
        self, as_of: Any, *, freq: str = "month", reporting_delay: int = 0
    ) -> None:
        check_option("freq", freq, tuple(_SPANS))
        check_int("reporting_delay", reporting_delay, low=0)
        self._as_of = read_date("as_of", as_of)
        self._freq, self._delay = freq, int(reporting_delay)
        self._cells: VintageCells | None = None
        self.n_rows = 0

    def update(
        self,
        dates: ArrayLike,
        event_dates: ArrayLike,
        *,
        close_dates: ArrayLike | None = None,
        amount: ArrayLike | None = None,
        event_amount: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Count further loans, in place.

        Parameters
        ----------
        dates, event_dates, close_dates, amount, event_amount, sample_weight
            As for :func:`vintage_table`: every loan in one row of one part.

        Returns
        -------
        self : VintageCounts
            With the loans counted.

        Raises
        ------
        InvalidInputError
            If dates or amounts are wrong, as for :func:`vintage_table`, or amounts are
            given for some parts only.
        """
        loans = read_loans(
            dates,
            event_dates,
            as_of=self._as_of,
            close_dates=close_dates,
            amount=amount,
            event_amount=event_amount,
            sample_weight=sample_weight,
        )
        if loans.starts.size:
            known_until = add_months(self._as_of, -self._delay)
            self._add(count_loans(loans, known_until, _SPANS[self._freq]))
            self.n_rows += loans.starts.size
        return self

    def __add__(self, other: VintageCounts) -> VintageCounts:
        if not isinstance(other, VintageCounts):
            return NotImplemented
        rules = (self._as_of, self._freq, self._delay)
        if rules != (other._as_of, other._freq, other._delay):
            msg = (
                "Counts must have been made by the same rules to be added: as_of, freq "
                "and reporting_delay. Count again."
            )
            raise InvalidInputError(msg)
        total = VintageCounts(self._as_of, freq=self._freq, reporting_delay=self._delay)
        for part in (self, other):
            if part._cells is not None:
                total._add(part._cells)
        total.n_rows = self.n_rows + other.n_rows
        return total

    def __repr__(self) -> str:
        return (
            f"<VintageCounts as of {self._as_of}: {self.n_rows:,} loans by "
            f"{self._freq}>"
        )

    def table(
        self,
        *,
        n_months: int | None = None,
        projection: bool = True,
        level: float = 0.95,
    ) -> VintageResult:
        """Follow the loans counted by month on book.

        Parameters
        ----------
        n_months, projection, level
            As for :func:`vintage_table`.

        Returns
        -------
        result : VintageResult
            Equal to that of :func:`vintage_table` for all loans together.

        Raises
        ------
        InvalidInputError
            If no loan was counted, or none was watched for a month.
        InvalidParameterError
            If a parameter is outside its domain, or `n_months` is more than was
            observed.
        """
        check_bool("projection", projection)
        check_level(level)
        check_int("n_months", n_months, low=1, none_allowed=True)
        cells = self._cells
        if cells is None:
            msg = "dates must hold at least one loan; got none."
            raise InvalidInputError(msg)
        longest = cells.longest
        _check_months(n_months, longest, cells.known_until)
        counts = cells.sums(longest if n_months is None else n_months)
        span = _SPANS[self._freq]
        begins, ends = (first_days(counts.starts + k, span) for k in (0, 1))
        return VintageResult(
            as_of=str(self._as_of),
            freq=self._freq,
            level=level,
            n_event_later=counts.n_event_later,
            tables=vintage_tables(
                counts,
                tuple(map(window_label, begins, ends)),
                level,
                by_amount="amount" in cells.mass,
                projection=projection,
            ),
        )

    def _add(self, cells: VintageCells) -> None:
        if self._cells is None:
            self._cells = cells
            return
        if self._cells.mass.keys() != cells.mass.keys():
            msg = (
                "amount must be given for all parts or for none; got parts with and "
                "without. Count all of them the same way."
            )
            raise InvalidInputError(msg)
        self._cells = self._cells.add(cells)


def _check_months(
    n_months: int | None, longest: int, known_until: np.datetime64
) -> None:
    if longest == 0:
        msg = (
            "At least one loan must have been watched for a month; as of "
            f"{known_until} none has. Give a later as_of."
        )
        raise InvalidInputError(msg)
    if n_months is not None and n_months > longest:
        msg = (
            f"n_months must be at most {longest}, the months on book of the oldest "
            f"loan on {known_until}; got {n_months}. Nothing was observed beyond."
        )
        raise InvalidParameterError(msg)
