"""Applications that hang together through devices, phones, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from riskkit._core.params import check_int, check_option, check_real
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud._ring_links import LINKS, Identifier, components, proximity
from riskkit.fraud._ring_memory import SeenValues, joined_ring, new_proximity
from riskkit.fraud._ring_reading import digest_column, read_identifiers, read_known
from riskkit.fraud._ring_table import (
    column_table,
    number_rings,
    ring_links,
    ring_table,
)
from riskkit.fraud._velocity_plan import read_duration
from riskkit.fraud._velocity_values import check_past, time_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from riskkit._core.frames import Table
    from riskkit.fraud._ring_memory import Met
    from riskkit.typing import FloatArray

__all__ = ["RingDetector"]

_MOST_COLUMNS = 30
_FEATURES = ("n_seen", "most_shared", "n_known", "ring_size", "proximity")


class RingDetector(BaseEstimator):
    """Find groups of applications that reuse each other's identifiers.

    Two applications are linked if they share two identifiers, or share one while a
    third application shares others with both. What hangs together is a ring if it is
    large enough. One shared identifier alone is no link: recycled numbers and mistyped
    fields would join most applications into one crowd. Beside the rings, every
    application is scored by how near it is to known frauds.

    Parameters
    ----------
    identifiers : sequence of str or None, default=None
        Columns with devices, phones, addresses, accounts. None takes all columns but
        `time`. Equal values must be equal text: clean them first.

    link : {"closed", "double", "any"}, default="closed"
        What links two applications: ``double`` wants two shared identifiers, ``any``
        takes one; ``closed`` takes one if a third application closes the circle.

    max_degree : int, default=50
        Identifiers of more applications link nobody: a public device, a tower block,
        a placeholder such as 000000.

    min_size : int, default=5
        Fewest applications of a ring. Families are smaller.

    time : str or None, default=None
        Column of the moments of application; needed for `within`.

    within : str or timedelta or None, default=None
        Longest time between applications that are linked directly, such as ``"90d"``.
        None links at any distance.

    restart : float, default=0.2
        Probability, in [0.01, 0.99], that the walk behind the score ends before each
        step. The larger, the nearer must a fraud be to count.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        Ring of each training row, -1 for none; ring 0 is the largest.

    score_ : ndarray of shape (n_samples,)
        Nearness of each training row to the suspects, in [0, 1]; up is riskier.

    rings_ : RingTable
        One row a ring.

    columns_ : DataFrame
        One row an identifier column: rows with a value, different values, how many of
        them are shared and how many by more than `max_degree`.

    n_features_in_ : int
        Columns seen in ``fit``.

    feature_names_in_ : ndarray of str
        Their names.

    See Also
    --------
    riskkit.plotting.RingDisplay : Draws a ring.

    Notes
    -----
    Accidental pairs seldom close a circle, however many there are; a ring that works
    from one stock of identities closes many. ``link="any"`` shows what would hang
    together without this: look at the size of the first ring before using it.

    The score is the chance that a random walk from an application ends at a suspect.
    Before each step it ends with probability `restart`; else it picks one of the
    application's identifiers and one of the applications that hold it. That is
    personalised PageRank, summed over the suspects. An identifier of few applications
    leads to each of them more surely, and an application's own identifiers lead back
    to it, so one accidental match among several identifiers weighs little. Suspects
    are the known frauds, or the members of rings where none is known.

    New rows are scored against the fitted applications, whose scores stay what they
    are: a row depends on nothing but itself and the fit. A training row given again
    counts as another application with the same identifiers; its own score is in
    ``score_``. The fitted state holds digests of identifiers, never their text.

    References
    ----------
    .. [1] G. Jeh, J. Widom, "Scaling personalized web search", WWW 2003.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import RingDetector
    >>> X = pd.DataFrame({
    ...     "phone": ["1", "1", "1", "2", "2", "3", "4"],
    ...     "device": ["a", "a", "b", "b", "c", "d", "e"],
    ...     "address": ["x", "y", "x", "x", "x", "z", "z"],
    ... })
    >>> detector = RingDetector(min_size=4).fit(X)
    >>> detector.labels_
    array([ 0,  0,  0,  0,  0, -1, -1])

    The last two share an address and nothing else. A new application, against the
    ring:

    >>> new = pd.DataFrame({"phone": ["2", "9"], "device": ["b", "f"], "address": "z"})
    >>> detector.transform(new)[["n_seen", "ring_size"]]
       n_seen  ring_size
    0       3          5
    1       1          0
    """

    def __init__(
        self,
        identifiers: Sequence[str] | None = None,
        *,
        link: str = "closed",
        max_degree: int = 50,
        min_size: int = 5,
        time: str | None = None,
        within: str | timedelta | None = None,
        restart: float = 0.2,
    ) -> None:
        self.identifiers = identifiers
        self.link = link
        self.max_degree = max_degree
        self.min_size = min_size
        self.time = time
        self.within = within
        self.restart = restart

    def fit(self, X: Any, y: ArrayLike | None = None, *, as_of: Any = None) -> Self:
        """Find the rings and score all rows.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Applications; a missing identifier is shared with nobody.

        y : array-like of shape (n_samples,), optional
            1 for known frauds; 0 or missing for everybody else, found out or not.

        as_of : datetime or number of seconds, optional
            When the table was taken; an application later than it is an error.

        Returns
        -------
        self : RingDetector
            The fitted detector.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidInputError
            If a column is absent, the table is empty, or a time is missing or lies in
            the future.
        InvalidTargetError
            If `y` holds something else than 0, 1 and missing values, or has another
            length.
        InvalidTypeError
            If identifiers are neither text nor numbers.
        """
        within = self._check_params()
        table = read_identifiers(X)
        names = self._columns(table)
        self.feature_names_in_ = np.array(table.names, dtype=object)
        self.n_features_in_ = len(table.names)
        times = None
        if self.time is not None:
            times = time_column(table.select([self.time]).columns[0], self.time)
            check_past(times, as_of, self.time)
        is_known = read_known(y, table.n_rows)
        columns = [digest_column(table.column(name), name) for name in names]
        identifiers = [
            Identifier.make(column.codes, column.digests.size, self.max_degree)
            for column in columns
        ]
        linked_times = None if within is None else times
        groups = components(identifiers, self.link, linked_times, within or 0)
        self._names = names
        self.labels_ = number_rings(groups, self.min_size)
        suspect = is_known if is_known.any() else self.labels_ >= 0
        self.score_ = proximity(identifiers, suspect.astype(float), self.restart)
        self._links = ring_links(identifiers, self.labels_)
        self.rings_ = ring_table(self.labels_, self.score_, is_known, self._links)
        self.columns_ = column_table(names, identifiers, self.max_degree)
        self._is_known = np.flatnonzero(is_known)
        self._seen = tuple(
            SeenValues.learn(
                column.digests, identifier, self.score_, is_known, self.labels_
            )
            for column, identifier in zip(columns, identifiers, strict=True)
        )
        return self

    def anomaly_score(self, X: Any) -> FloatArray:
        """Return how near new applications are to the suspects; up is riskier.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            New applications, with the identifiers.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            In [0, 1]; 0 for who shares nothing with the fitted applications. A row
            has the same score alone as in any batch.

        Raises
        ------
        InvalidInputError
            If a column is absent.
        """
        return new_proximity(self._meet(X), self.restart)

    def transform(self, X: Any) -> pd.DataFrame:
        """Return what the fitted applications say about new ones.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            New applications, with the identifiers.

        Returns
        -------
        features : DataFrame of shape (n_samples, 5)
            ``n_seen`` identifiers seen before, ``most_shared`` applications that hold
            one of them, ``n_known`` known frauds that do, ``ring_size`` of the ring in
            which two of them occur, or one with ``link="any"`` (0 for none), and
            ``proximity``, the anomaly score. Identifiers of more than `max_degree`
            count nowhere but in ``most_shared``.

        Raises
        ------
        InvalidInputError
            If a column is absent.
        """
        met = self._meet(X)
        sizes = np.append(self.rings_.size, 0)
        n_known = [np.where(one.links, one.n_known, 0) for one in met]
        rings = joined_ring(met, self._n_needed)
        found = {
            "n_seen": np.sum([one.links for one in met], axis=0),
            "most_shared": np.max([one.degree for one in met], axis=0),
            "n_known": np.max(n_known, axis=0),
            "ring_size": sizes[rings],
            "proximity": new_proximity(met, self.restart),
        }
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(found, index=index)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Return the names of what :meth:`transform` gives.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of str
            In the order of the columns.
        """
        return np.array(_FEATURES, dtype=object)

    def links(self, ring: int) -> pd.DataFrame:
        """Return who holds what in a ring.

        Parameters
        ----------
        ring : int
            Number of the ring, as in ``labels_``.

        Returns
        -------
        links : DataFrame
            One row for each member and shared identifier: ``row`` in the training
            table, ``column``, ``value`` (a number within the column) and ``known``,
            whether the member is a known fraud.

        Raises
        ------
        InvalidParameterError
            If there is no such ring.
        """
        check_is_fitted(self, "rings_")
        check_int("ring", ring, low=0)
        if ring >= len(self.rings_):
            msg = f"ring must be below the {len(self.rings_)} rings; got {ring}."
            raise InvalidParameterError(msg)
        here = self.labels_[self._links.row] == ring
        row = self._links.row[here]
        return pd.DataFrame(
            {
                "row": row,
                "column": np.array(self._names, dtype=object)[self._links.column[here]],
                "value": self._links.value[here],
                "known": np.isin(row, self._is_known),
            }
        )

    def _check_params(self) -> int | None:
        """Raise unless all parameters are sound; return `within` in microseconds."""
        check_option("link", self.link, LINKS)
        check_int("max_degree", self.max_degree, low=2)
        check_int("min_size", self.min_size, low=2)
        check_real("restart", self.restart, low=0.01, high=0.99)
        if self.time is not None and not isinstance(self.time, str):
            msg = f"time must name a column; got {self.time!r}."
            raise InvalidParameterError(msg)
        if self.within is None:
            return None
        if self.time is None:
            msg = "within needs the column of times; got time=None. Name it in time."
            raise InvalidParameterError(msg)
        return read_duration("within", self.within)

    def _columns(self, table: Table) -> tuple[str, ...]:
        given = self.identifiers
        if given is None:
            names = tuple(name for name in table.names if name != self.time)
        elif isinstance(given, (list, tuple)) and len(set(given)) == len(given):
            names = tuple(given)
            table.select(names)
        else:
            msg = f"identifiers must list different columns; got {given!r}."
            raise InvalidParameterError(msg)
        fewest = self._n_needed
        if not fewest <= len(names) <= _MOST_COLUMNS:
            msg = (
                f"identifiers must be {fewest} to {_MOST_COLUMNS} columns with "
                f"link={self.link!r}; got {len(names)}. Name those columns that hold "
                "identifiers."
            )
            raise InvalidParameterError(msg)
        return names

    @property
    def _n_needed(self) -> int:
        """Identifiers that a member of a ring shares with other members."""
        return 1 if self.link == "any" else 2

    def _meet(self, X: Any) -> list[Met]:
        check_is_fitted(self, "rings_")
        table = read_identifiers(X).select(self._names)
        columns = [digest_column(table.column(name), name) for name in self._names]
        return [
            seen.meet(column, self.max_degree)
            for seen, column in zip(self._seen, columns, strict=True)
        ]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Columns are known by name and hold identifiers.
        tags.input_tags.two_d_array = False
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags
