"""What alert queues find, by their length or day by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_int, check_option
from riskkit.exceptions import InvalidInputError
from riskkit.metrics import alert_curve, precision_at_k
from riskkit.plotting._axes import COLORS, number_axis, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["AlertDisplay"]

_VALUES = {
    "precision": "Share of alerts that are events",
    "recall": "Share of events found",
    "amount_share": "Share of the money found",
}
# Okabe and Ito's, told apart by dashes too.
_LINES = (
    (COLORS["nonevent"], "-"),
    (COLORS["event"], "--"),
    ("#009E73", "-."),
    ("#CC79A7", ":"),
)


class AlertDisplay:
    """What a queue of alerts finds, by its length or day by day.

    Build it with :meth:`from_predictions` or :meth:`from_days`. Several scores of the
    same rows are several lines.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_points,)
        What each score finds.

    x : ndarray of shape (n_points,)
        Lengths of the queue, or days.

    value : {"precision", "recall", "amount_share"}
        What is found.

    event_rate : float
        What a ranking by chance has as precision.

    k : int or None
        Alerts a day; None if `x` is the length of the queue.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    riskkit.metrics.alert_curve : The numbers.

    Examples
    --------
    >>> from riskkit.plotting import AlertDisplay
    >>> display = AlertDisplay.from_predictions(
    ...     [0, 1, 0, 1], {"forest": [0.1, 0.4, 0.5, 0.8]}, k=[1, 2, 4])
    >>> display.frame()
       n_alerts  forest
    0       1.0     1.0
    1       2.0     0.5
    2       4.0     0.5
    >>> AlertDisplay.from_days([0, 1, 1, 0], [0.2, 0.9, 0.4, 0.8], [1, 1, 2, 2],
    ...                        k=1).frame()
       day  score
    0    1    1.0
    1    2    0.0
    """

    def __init__(
        self,
        *,
        curves: dict[str, FloatArray],
        x: Any,
        value: str,
        event_rate: float,
        k: int | None,
    ) -> None:
        self.curves = curves
        self.x = x
        self.value = value
        self.event_rate = event_rate
        self.k = k

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike | Mapping[str, ArrayLike],
        *,
        value: str = "precision",
        k: ArrayLike | None = None,
        amount: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute what queues of growing length find.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Outcomes of two classes; the larger label is the event.

        y_score : array-like of shape (n_samples,) or mapping of str to array-like
            One score or several by name; up is riskier.

        value : {"precision", "recall", "amount_share"}, default="precision"
            What to draw; the last needs `amount`.

        k, amount, sample_weight : array-like, default=None
            As in :func:`riskkit.metrics.alert_curve`.

        Returns
        -------
        display : AlertDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError, InvalidInputError, InvalidTargetError
            As :func:`riskkit.metrics.alert_curve` does, and if `value` is unknown or
            money is wanted without amounts.
        """
        check_option("value", value, tuple(_VALUES))
        if value == "amount_share" and amount is None:
            msg = "value='amount_share' needs amount=, the money at stake; got None."
            raise InvalidInputError(msg)
        curves = {}
        for name, score in _by_name(y_score).items():
            found = alert_curve(
                y_true, score, k=k, amount=amount, sample_weight=sample_weight
            )
            curves[name] = getattr(found, value)
        return cls(
            curves=curves,
            x=found.n_alerts,
            value=value,
            event_rate=found.event_rate,
            k=None,
        )

    @classmethod
    def from_days(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike | Mapping[str, ArrayLike],
        day: ArrayLike,
        *,
        k: int,
    ) -> Self:
        """Compute the precision of the first `k` alerts of each day.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Outcomes: 1 is the event, 0 is not.

        y_score : array-like of shape (n_samples,) or mapping of str to array-like
            One score or several by name; up is riskier.

        day : array-like of shape (n_samples,)
            Day of each row; whatever sorts.

        k : int
            Alerts a day, at least 1.

        Returns
        -------
        display : AlertDisplay
            Not drawn yet. A day without events has a precision of 0.

        Raises
        ------
        InvalidParameterError
            If `k` is not a number of alerts.
        InvalidInputError
            If the rows of the arguments are not the same, or an outcome is not 0 or 1.
        """
        check_int("k", k, low=1)
        y, days = np.asarray(y_true), np.asarray(day)
        if y.ndim != 1 or y.size == 0 or not np.isin(y, (0, 1)).all():
            msg = "y_true must hold 0 and 1, one a row; got something else."
            raise InvalidInputError(msg)
        scores = {name: np.asarray(v) for name, v in _by_name(y_score).items()}
        if any(other.shape != y.shape for other in (days, *scores.values())):
            msg = f"y_true, y_score and day must be of the same {y.size} rows."
            raise InvalidInputError(msg)
        x, place = np.unique(days, return_inverse=True)
        curves = {
            name: np.array(
                [_precision(y[place == d], score[place == d], k) for d in range(x.size)]
            )
            for name, score in scores.items()
        }
        return cls(
            curves=curves, x=x, value="precision", event_rate=float(y.mean()), k=k
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a length of the queue or a day."""
        import pandas as pd

        first = "n_alerts" if self.k is None else "day"
        return pd.DataFrame({first: self.x, **self.curves})

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : AlertDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        for place, (name, found) in enumerate(self.curves.items()):
            color, dashes = _LINES[place % len(_LINES)]
            self.ax_.plot(self.x, found, color=color, linestyle=dashes, label=name)
        if self.value == "precision":
            self.ax_.axhline(
                self.event_rate, color=COLORS["expected"], linewidth=1, label="chance"
            )
        if self.k is None:
            self.ax_.set(xscale="log", xlabel="Length of the queue")
            number_axis(self.ax_, "x")
        else:
            self.ax_.set(xlabel=f"Day, {self.k} alerts each")
        self.ax_.set(ylabel=_VALUES[self.value], ylim=(0, 1.02))
        percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False)
        return self


def _by_name(y_score: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    if isinstance(y_score, Mapping):
        if not y_score:
            msg = "y_score must name at least one score; got an empty mapping."
            raise InvalidInputError(msg)
        return dict(y_score)
    return {"score": y_score}


def _precision(y: Any, score: Any, k: int) -> float:
    if not y.any() or y.all():
        return float(y[0])
    return float(precision_at_k(y, score, k))
