"""What an entity did before: counts, sums, distinct values, time since, outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from riskkit.fraud._velocity_events import read_events
from riskkit.fraud._velocity_history import PastEvent
from riskkit.fraud._velocity_names import Names
from riskkit.fraud._velocity_offline import join_events, velocity_table
from riskkit.fraud._velocity_plan import VelocityPlan
from riskkit.fraud._velocity_stream import VelocityStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from numpy.typing import NDArray
    from sklearn.utils import Tags

    from riskkit.fraud._velocity_events import Events

__all__ = ["VelocityFeatures"]


class VelocityFeatures(TransformerMixin, BaseEstimator):
    """Features of what the same card, device or shop did before an event.

    An event sees events of the same entity that are strictly earlier, and of their
    outcomes those known by then; never itself, nor what happens at the same moment.
    :meth:`transform` computes the features of a whole table, :meth:`stream` the same
    numbers, to the last bit, one event at a time.

    Parameters
    ----------
    entities : str or sequence of str or tuple of str
        Columns that say whose past counts. A tuple such as ``("card", "shop")`` is an
        entity of its own: this card in this shop.

    time : str, default="time"
        Column of the moments: dates and times, or numbers of seconds.

    windows : str, timedelta, or sequence of them, default=("1h", "24h", "7d", "30d")
        How far back to look: a number and ``s``, ``min``, ``h``, ``d`` or ``w``. The
        window ``"24h"`` holds ages above 0 and up to 24 hours.

    amount : str or None, default=None
        Column of amounts, for ``sum``, ``mean`` and ``ratio``.

    distinct : str or sequence of str, default=()
        Columns whose different values are counted, such as the shops of a card.

    event : str or None, default=None
        Column of the outcomes, 1 for a fraud, for ``event_count`` and ``event_rate``.
        What is missing is no fraud until it is known to be one.

    label_delay : str or timedelta or None, default=None
        How long an outcome takes to be known, such as ``"7d"``; needed with `event`.

    event_id : str or None, default=None
        Column that names every event once; a stream finds an event by it when its
        outcome comes, and refuses to count it twice.

    statistics : sequence of str or None, default=None
        Which features to make, out of ``count``, ``sum``, ``mean``, ``ratio``,
        ``distinct``, ``event_count``, ``event_rate`` and ``since``. None makes all
        that have their columns.

    negative_amounts : {"raise", "net"}, default="raise"
        Whether a negative amount is an error, or a refund that lowers the sums.

    Attributes
    ----------
    n_features_in_ : int
        Columns seen in ``fit``.

    feature_names_in_ : ndarray of str
        Their names.

    See Also
    --------
    VelocityStream : One event at a time.

    Notes
    -----
    For entity ``e``, window ``w`` and amount column ``a`` the columns are

    ``e_count_w``
        Events of the entity in the window.
    ``e_a_sum_w``, ``e_a_mean_w``
        Sum of their amounts, and the mean of those known.
    ``e_a_ratio_w``
        Amount of the event over that mean; missing where the mean is not above 0.
    ``e_n_c_w``
        Different values of the counted column ``c``.
    ``e_event_count_w``, ``e_event_rate_w``
        Frauds, and their share, among the events whose age lies in
        ``(label_delay, label_delay + w]``.
    ``e_since``
        Seconds since the last event, missing where the longest window has none.

    An event whose entity is missing has missing features of that entity, and nobody
    else sees it there: the nameless are not one person. Amounts are counted in whole
    hundredths of a cent and times in microseconds; what is finer is rounded. Whole
    numbers sum up exactly in any order, so a feature depends on the events in its
    window alone, however long the history.

    Nothing is learned: ``fit`` only checks, and ``transform`` of a later table needs
    the earlier one as `history`. The order of rows does not matter.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import VelocityFeatures
    >>> X = pd.DataFrame({
    ...     "card": ["a", "a", "b", "a"],
    ...     "time": pd.to_datetime(
    ...         ["2024-05-01 10:00", "2024-05-01 10:20", "2024-05-01 10:20",
    ...          "2024-05-02 10:10"]),
    ...     "amount": [20.0, 40.0, 5.0, 90.0],
    ... })
    >>> velocity = VelocityFeatures("card", windows="24h", amount="amount")
    >>> velocity.fit_transform(X)[["card_count_24h", "card_amount_ratio_24h"]]
       card_count_24h  card_amount_ratio_24h
    0             0.0                    NaN
    1             1.0                   2.00
    2             0.0                    NaN
    3             1.0                   2.25

    A service goes on where the table ends:

    >>> stream = velocity.stream(X)
    >>> found = stream.observe({"card": "b", "time": "2024-05-02T10:15", "amount": 10})
    >>> found["card_count_24h"], found["card_amount_ratio_24h"]
    (1.0, 2.0)
    """

    def __init__(
        self,
        entities: str | Sequence[str | tuple[str, ...]],
        *,
        time: str = "time",
        windows: str | timedelta | Sequence[str | timedelta] = (
            "1h",
            "24h",
            "7d",
            "30d",
        ),
        amount: str | None = None,
        distinct: str | Sequence[str] = (),
        event: str | None = None,
        label_delay: str | timedelta | None = None,
        event_id: str | None = None,
        statistics: Sequence[str] | None = None,
        negative_amounts: str = "raise",
    ) -> None:
        self.entities = entities
        self.time = time
        self.windows = windows
        self.amount = amount
        self.distinct = distinct
        self.event = event
        self.label_delay = label_delay
        self.event_id = event_id
        self.statistics = statistics
        self.negative_amounts = negative_amounts

    def fit(self, X: Any, y: object = None) -> Self:
        """Check the parameters and that a table can be used; nothing is learned.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Events, with the columns that the parameters name.

        y : object
            Ignored; outcomes with their delay are a column of `X`.

        Returns
        -------
        self : VelocityFeatures
            The transformer.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidInputError
            If a column is absent or holds what it must not; see :meth:`transform`.
        """
        read_events(self._plan(), [X])
        names = list(getattr(X, "column_names", None) or X.columns)
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        return self

    def transform(self, X: Any, *, history: Any = None, as_of: Any = None) -> Any:
        """Return the velocity features of every event.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Events in any order, with the columns that the parameters name.

        history : frame, optional
            Earlier events that those of `X` can see; they get no row.

        as_of : datetime or number of seconds, optional
            When the tables were taken; an event later than it is an error.

        Returns
        -------
        features : DataFrame of shape (n_samples, n_velocity_features)
            Floats with the index of `X`, if it is a pandas frame.

        Raises
        ------
        InvalidInputError
            If a column is absent, a time is missing or in the future, an amount
            negative or too large, or an identifier missing or repeated.
        InvalidTargetError
            If an outcome is neither 0 nor 1 nor missing.
        InvalidTypeError
            If amounts are no numbers, or names neither text nor numbers.
        """
        plan = self._plan()
        tables = [X] if history is None else [history, X]
        events = read_events(plan, tables, as_of)
        n_rows = events[-1].times.size
        found = velocity_table(plan, join_events(events))
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(
            found[found.shape[0] - n_rows :], columns=list(plan.names), index=index
        )

    def stream(
        self, history: Any = None, *, as_of: Any = None, key: bytes | None = None
    ) -> VelocityStream:
        """Return the same features for one event at a time.

        Parameters
        ----------
        history : frame, optional
            Past events to begin with, in any order.

        as_of : datetime or number of seconds, optional
            When the history was taken; an event later than it is an error.

        key : bytes, optional
            Secret of 16 to 64 bytes. Names of entities, counted values and
            identifiers are then remembered, and saved, as digests under it. The
            features are the same.

        Returns
        -------
        stream : VelocityStream
            Its next event must not be earlier than the last of the history.

        Raises
        ------
        InvalidParameterError
            If a parameter or the key is outside its domain.
        InvalidInputError
            If the history cannot be used; see :meth:`transform`.
        """
        plan = self._plan()
        stream = VelocityStream(plan, key)
        if history is not None:
            (events,) = read_events(plan, [history], as_of)
            stream.extend(_past_events(plan, events, Names(key)))
        return stream

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Return the names of the velocity features.

        Parameters
        ----------
        input_features : object
            Ignored; the parameters name all columns.

        Returns
        -------
        names : ndarray of str
            In the order of the columns.
        """
        return np.array(self._plan().names, dtype=object)

    def _plan(self) -> VelocityPlan:
        return VelocityPlan.make(**self.get_params(deep=False))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Columns are known by name, and one of them holds times.
        tags.input_tags.two_d_array = False
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        return tags


def _past_events(
    plan: VelocityPlan, events: Events, names: Names
) -> Iterator[PastEvent]:
    """Yield, by time, the events that something later can still see."""
    if not events.times.size:
        return
    order = np.argsort(events.times, kind="stable")
    oldest = events.times.max() - plan.horizon
    order = order[np.searchsorted(events.times[order], oldest, side="left") :]
    columns = [events.levels[name] for name in plan.level_columns]
    codes = [column.codes[order].tolist() for column in columns]
    known_as = [
        [names(name, level) for level in column.levels]
        for name, column in zip(plan.level_columns, columns, strict=True)
    ]
    ids: list[str | None] = [None] * order.size
    if events.ids is not None:
        called = events.ids.levels
        ids = [
            names(str(plan.event_id), called[k])
            for k in events.ids.codes[order].tolist()
        ]
    for row, (time, units, known, is_event) in enumerate(
        zip(
            events.times[order].tolist(),
            events.units[order].tolist(),
            events.known[order].tolist(),
            events.is_event[order].tolist(),
            strict=True,
        )
    ):
        levels = tuple(
            None if listed[row] < 0 else level[listed[row]]
            for level, listed in zip(known_as, codes, strict=True)
        )
        yield PastEvent(time, units if known else None, levels, is_event, ids[row])
