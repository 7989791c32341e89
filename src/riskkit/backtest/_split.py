"""Train on the past whose outcomes are known, test on what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from riskkit._core.dates import add_months, read_date, read_dates
from riskkit._core.params import check_int, check_option
from riskkit.backtest._windows import Layout, Window, lay_out
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import BoolArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["OutOfTimeSplit"]

_SCHEMES = ("expanding", "rolling", "anchored")


class OutOfTimeSplit(BaseCrossValidator):
    """Splits by time, with a gap in which the outcomes of the training rows mature.

    A model that is to score applications from some day on can only have learned from
    accounts whose outcome was known on that day. Rows whose outcome was not, are in
    neither part.

    Parameters
    ----------
    dates : array-like of shape (n_samples,)
        Day on which each row began (its application or opening), in the order of the
        rows that will be split.

    scheme : {"expanding", "rolling", "anchored"}, default="expanding"
        Which rows a test window's model learns from: all that are old enough; those of
        the last `train_months` before the gap; or, for every window, those of the first
        window, as a model that is built once and used for years.

    n_splits : int or None, default=None
        Number of test windows, the last ones; None takes all that fit.

    train_months : int or None, default=None
        Months of training of a rolling window, and at least of the first window in the
        other schemes; None stands for 12.

    test_months : int, default=12
        Months of each test window.

    step_months : int or None, default=None
        Months from one test window to the next; None stands for `test_months`, so that
        no row is tested twice.

    performance_window : int, default=12
        Months after its beginning within which the event of a row counts.

    reporting_delay : int, default=0
        Months until the events of a day are known.

    gap : int or None, default=None
        Months between the end of training and the test window; None stands for
        ``performance_window + reporting_delay``, and less than that is refused.

    first_test : date or str or None, default=None
        First day of the first test window. None begins as early as the training months
        and the gap allow, on a whole year, half-year or quarter if `test_months` is
        one.

    as_of : date or str or None, default=None
        Day on which the outcomes were read. Test windows whose outcomes were not all
        known then are left out; None trusts that all are known.

    See Also
    --------
    rolling_backtest : Fits and judges a model in every window.

    Notes
    -----
    With ``groups`` (customers, say) no group is on both sides: training rows of a group
    that is tested are left out, so that the test window stays as it was.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from riskkit.backtest import OutOfTimeSplit
    >>> rng = np.random.default_rng(0)
    >>> dates = np.datetime64("2001-01-01") + rng.integers(0, 4 * 365, 2_000)
    >>> X = rng.normal(size=(2_000, 1))
    >>> y = rng.random(2_000) < 1 / (1 + np.exp(2 - X[:, 0]))
    >>> split = OutOfTimeSplit(dates, test_months=3)
    >>> [window.label for window in split.windows()][:2]
    ['2003 Q1', '2003 Q2']
    >>> cross_val_score(LogisticRegression(), X, y, cv=split, scoring="roc_auc").size
    8
    >>> OutOfTimeSplit(dates, gap=6).get_n_splits()
    Traceback (most recent call last):
    ...
    riskkit.exceptions.InvalidParameterError: gap must be at least 12 months, ...
    """

    # scikit-learn reads this when metadata routing is on: groups are passed through.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        dates: ArrayLike,
        *,
        scheme: str = "expanding",
        n_splits: int | None = None,
        train_months: int | None = None,
        test_months: int = 12,
        step_months: int | None = None,
        performance_window: int = 12,
        reporting_delay: int = 0,
        gap: int | None = None,
        first_test: Any = None,
        as_of: Any = None,
    ) -> None:
        self.dates = dates
        self.scheme = scheme
        self.n_splits = n_splits
        self.train_months = train_months
        self.test_months = test_months
        self.step_months = step_months
        self.performance_window = performance_window
        self.reporting_delay = reporting_delay
        self.gap = gap
        self.first_test = first_test
        self.as_of = as_of

    def windows(self) -> list[Window]:
        """Return the windows in order of time.

        Returns
        -------
        windows : list of Window
            With ``.label`` and the days of training and test.

        Raises
        ------
        InvalidInputError
            If dates are missing or no dates, or no test window fits.
        InvalidParameterError
            If a parameter is outside its domain, or the gap is too short for the
            outcomes of the training rows to be known.
        """
        return lay_out(self.days(), self._layout())

    def split(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Give the rows of every window.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), default=None
            Rows in the order of the dates; only their number is looked at.

        y : array-like of shape (n_samples,), default=None
            Not used.

        groups : array-like of shape (n_samples,), default=None
            Groups that must not be in both parts, such as customers.

        Yields
        ------
        train, test : ndarray of int
            Positions of the rows, in their own order.

        Raises
        ------
        InvalidInputError
            If the rows are not as many as the dates, or a window has no row in one of
            its parts.
        InvalidParameterError
            As in :meth:`windows`.
        """
        windows = self.windows()
        days = self.days()
        if X is not None and len(_first_axis(X)) != days.size:
            msg = (
                f"X must hold the {days.size} rows that the dates belong to; got "
                f"{len(_first_axis(X))}. Make a split with the dates of these rows."
            )
            raise InvalidInputError(msg)
        codes = None if groups is None else _group_codes(groups, days.size)
        for window in windows:
            is_test = (days >= window.test_start) & (days < window.test_end)
            is_train = (days >= window.train_start) & (days < window.train_end)
            if codes is not None:
                is_train &= ~_occurs(codes, is_test)
            _check_filled(window, is_train, is_test, has_groups=codes is not None)
            yield np.flatnonzero(is_train), np.flatnonzero(is_test)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of windows.

        Parameters
        ----------
        X, y, groups : object, default=None
            Not used.

        Returns
        -------
        n_splits : int
            As many as :meth:`split` gives.
        """
        return len(self.windows())

    def days(self) -> Days:
        """Return the day of each row.

        Returns
        -------
        days : ndarray of datetime64
            In the order of the rows.

        Raises
        ------
        InvalidInputError
            If dates are missing, text or numbers, or there are none.
        """
        days: Days = read_dates("dates", self.dates, np.shape(self.dates)[0])
        if not days.size:
            msg = "dates must hold at least one row; got none."
            raise InvalidInputError(msg)
        return days

    def __repr__(self) -> str:
        shown = {k: v for k, v in vars(self).items() if k != "dates" and v is not None}
        words = ", ".join(f"{name}={value!r}" for name, value in shown.items())
        return f"OutOfTimeSplit(dates, {words})"

    def _layout(self) -> Layout:
        check_option("scheme", self.scheme, _SCHEMES)
        for name in ("n_splits", "train_months", "step_months"):
            check_int(name, getattr(self, name), low=1, none_allowed=True)
        check_int("test_months", self.test_months, low=1)
        check_int("performance_window", self.performance_window, low=1)
        check_int("reporting_delay", self.reporting_delay, low=0)
        check_int("gap", self.gap, low=0, none_allowed=True)
        needed = self.performance_window + self.reporting_delay
        layout = Layout(
            scheme=self.scheme,
            n_splits=self.n_splits,
            train_months=self.train_months,
            test_months=self.test_months,
            step_months=self.step_months or self.test_months,
            gap=needed if self.gap is None else self.gap,
            first_test=_optional_day("first_test", self.first_test),
            as_of=_optional_day("as_of", self.as_of),
            label_months=needed,
        )
        if layout.gap < needed:
            self._refuse_gap(layout)
        return layout

    def _refuse_gap(self, layout: Layout) -> None:
        """Say with two dates what would have been known too early."""
        window = lay_out(self.days(), layout)[0]
        known = add_months(window.train_end, layout.label_months)
        msg = (
            f"gap must be at least {layout.label_months} months, performance_window "
            f"{self.performance_window} and reporting_delay {self.reporting_delay}; "
            f"got {layout.gap}. The outcomes of the rows trained on are known on "
            f"{known} only, and the test window begins on {window.test_start}: the "
            "model would have learned from the future. Leave gap out."
        )
        raise InvalidParameterError(msg)


def _optional_day(name: str, value: Any) -> np.datetime64 | None:
    return None if value is None else read_date(name, value)


def _first_axis(X: Any) -> Any:
    """Return what has as many entries as `X` has rows."""
    shape = getattr(X, "shape", None)
    return range(shape[0]) if shape else X


def _group_codes(groups: Any, n_rows: int) -> IntArray:
    import pandas as pd

    given = groups.to_numpy() if hasattr(groups, "to_numpy") else np.asarray(groups)
    if given.shape != (n_rows,):
        msg = (
            f"groups must hold one group for each of the {n_rows} rows; got shape "
            f"{given.shape}."
        )
        raise InvalidInputError(msg)
    codes, _ = pd.factorize(given)
    n_missing = int(np.count_nonzero(codes < 0))
    if n_missing:
        msg = (
            f"groups must be known in every row; {n_missing} of {n_rows} are missing. "
            "Give such rows a group of their own each."
        )
        raise InvalidInputError(msg)
    return np.asarray(codes, dtype=np.intp)


def _occurs(codes: IntArray, is_test: BoolArray) -> BoolArray:
    """Return which rows belong to a group that is tested."""
    tested = np.zeros(codes.max() + 1, dtype=np.bool_)
    tested[codes[is_test]] = True
    return np.asarray(tested[codes])


def _check_filled(
    window: Window, is_train: BoolArray, is_test: BoolArray, *, has_groups: bool
) -> None:
    for part, held, start, end in (
        ("test", is_test, window.test_start, window.test_end),
        ("training", is_train, window.train_start, window.train_end),
    ):
        if not held.any():
            why = " that is in no group of the test" * (
                has_groups and part == "training"
            )
            msg = (
                f"Every window must have rows to learn from and to be judged on; the "
                f"{part} part of window {window.label}, from {start} until before "
                f"{end}, has none{why}. Move first_test, or take longer windows."
            )
            raise InvalidInputError(msg)
