"""Points of events and of non-events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_int
from riskkit.exceptions import InvalidInputError
from riskkit.metrics import ks_curve
from riskkit.plotting._axes import COLORS, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["PointsDistributionDisplay"]


class PointsDistributionDisplay:
    """How the points of events and of non-events are distributed.

    Build it with :meth:`from_predictions` or :meth:`from_estimator`.

    Parameters
    ----------
    edges : ndarray of shape (n_bands + 1,)
        Ends of the bands of points, all of one width.

    event_share, nonevent_share : ndarray of shape (n_bands,)
        Share of the events and of the non-events in each band.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> from riskkit.plotting import PointsDistributionDisplay
    >>> y, points = [1, 1, 0, 0, 0], [480.0, 520.0, 510.0, 560.0, 600.0]
    >>> PointsDistributionDisplay.from_predictions(y, points, n_bands=3).frame()
         low   high  event_share  nonevent_share
    0  479.5  520.5          1.0        0.333333
    1  520.5  561.5          0.0        0.333333
    2  561.5  602.5          0.0        0.333333
    """

    def __init__(
        self, *, edges: FloatArray, event_share: FloatArray, nonevent_share: FloatArray
    ) -> None:
        self.edges = edges
        self.event_share = event_share
        self.nonevent_share = nonevent_share

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        points: ArrayLike,
        *,
        n_bands: int = 30,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Count the points of both outcomes in bands of one width.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Outcomes of two classes; the larger label is the event.

        points : array-like of shape (n_samples,)
            Up is safer.

        n_bands : int, default=30
            Most bands. Whole points are cut into bands of a whole width, since bands
            of a broken width would hold now more, now fewer whole numbers.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        display : PointsDistributionDisplay
            Not drawn yet.

        Raises
        ------
        InvalidTargetError, InvalidInputError, InvalidParameterError
            If outcomes, points, weights or `n_bands` cannot be used.
        """
        check_int("n_bands", n_bands, low=1)
        distinct, event, nonevent = ks_curve(
            y_true, points, sample_weight=sample_weight
        )
        if not np.isfinite(distinct).all():
            msg = (
                "points must be finite; got infinite ones. Draw log-odds as KSDisplay."
            )
            raise InvalidInputError(msg)
        edges = _edges(distinct, n_bands)
        event, nonevent = (np.diff(share, prepend=0.0) for share in (event, nonevent))
        return cls(
            edges=edges,
            event_share=np.histogram(distinct, edges, weights=event)[0],
            nonevent_share=np.histogram(distinct, edges, weights=nonevent)[0],
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_bands: int = 30,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Count the points that a fitted scorecard gives `X`."""
        return cls.from_predictions(
            y,
            estimator.predict_points(X),
            n_bands=n_bands,
            sample_weight=sample_weight,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a band."""
        import pandas as pd

        return pd.DataFrame(
            {
                "low": self.edges[:-1],
                "high": self.edges[1:],
                "event_share": self.event_share,
                "nonevent_share": self.nonevent_share,
            }
        )

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : PointsDistributionDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        for share, color, line, label in (
            (self.nonevent_share, COLORS["nonevent"], "-", "non-events"),
            (self.event_share, COLORS["event"], "--", "events"),
        ):
            self.ax_.stairs(share, self.edges, fill=True, color=color, alpha=0.25)
            self.ax_.stairs(
                share, self.edges, color=color, linestyle=line, lw=1.5, label=label
            )
        self.ax_.set(
            xlabel="Points (right is safer)",
            ylabel="Share of the outcome",
            ylim=(0, None),
        )
        percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False, loc="best")
        return self


def _edges(points: FloatArray, n_bands: int) -> FloatArray:
    low, high = float(points.min()), float(points.max())
    if np.all(points == np.rint(points)):
        width = max(1.0, np.ceil((high - low + 1) / n_bands))
        n_bands = int(np.ceil((high - low + 1) / width))
        return np.asarray(low - 0.5 + width * np.arange(n_bands + 1))
    return np.linspace(low, high, n_bands + 1)
