"""Kolmogorov-Smirnov display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit.metrics import ks_curve
from riskkit.plotting._axes import COLORS, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["KSDisplay"]


class KSDisplay:
    """Cumulative shares of events and non-events against the risk score.

    Build it with :meth:`from_predictions` or :meth:`from_estimator`.

    Parameters
    ----------
    thresholds, event_share, nonevent_share : ndarray of shape (n_thresholds,)
        As returned by :func:`riskkit.metrics.ks_curve`.

    Attributes
    ----------
    ks : float
        The largest gap between the two shares.

    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> from riskkit.plotting import KSDisplay
    >>> display = KSDisplay.from_predictions([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> display.ks
    0.5
    >>> list(display.frame())
    ['threshold', 'event_share', 'nonevent_share']
    """

    def __init__(
        self,
        *,
        thresholds: FloatArray,
        event_share: FloatArray,
        nonevent_share: FloatArray,
    ) -> None:
        self.thresholds = thresholds
        self.event_share = event_share
        self.nonevent_share = nonevent_share

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute the curves from outcomes and risk scores; up is riskier."""
        thresholds, event, nonevent = ks_curve(
            y_true, y_score, sample_weight=sample_weight
        )
        return cls(thresholds=thresholds, event_share=event, nonevent_share=nonevent)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute the curves from the PD that a fitted classifier gives `X`."""
        pd = estimator.predict_proba(X)[:, 1]
        return cls.from_predictions(y, pd, sample_weight=sample_weight)

    @property
    def ks(self) -> float:
        """The largest gap between the two shares."""
        return float(np.max(np.abs(self.event_share - self.nonevent_share)))

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a threshold."""
        import pandas as pd

        return pd.DataFrame(
            {
                "threshold": self.thresholds,
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
        self : KSDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        x = self.thresholds
        self.ax_.plot(x, self.event_share, color=COLORS["event"], label="events")
        self.ax_.plot(
            x,
            self.nonevent_share,
            color=COLORS["nonevent"],
            linestyle="--",
            label="non-events",
        )
        at = int(np.argmax(np.abs(self.event_share - self.nonevent_share)))
        self.ax_.plot(
            [x[at], x[at]],
            [self.event_share[at], self.nonevent_share[at]],
            color="black",
            linewidth=2,
            label=f"KS = {self.ks:.3f}",
        )
        self.ax_.set(xlabel="Risk score", ylabel="Share at or above", ylim=(0, 1.02))
        percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False)
        return self
