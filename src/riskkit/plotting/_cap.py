"""Cumulative accuracy profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.target import encode_event
from riskkit.metrics import cap_curve
from riskkit.plotting._axes import COLORS, SHADES, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["CAPDisplay"]

# What a curve of a model is called among the lines of its axes.
_MODEL = "cap of a model"


class CAPDisplay:
    """Events captured when accounts are taken riskiest first.

    Build it with :meth:`from_predictions` or :meth:`from_estimator`.

    Parameters
    ----------
    share, event_share : ndarray of shape (n_points,)
        As returned by :func:`riskkit.metrics.cap_curve`.

    event_rate : float
        Share of events in the sample; a perfect ranking has captured all of them
        when this share of the accounts is taken.

    gini : float, default=None
        Area above the diagonal over that of a perfect ranking; None computes it from
        the curve. Give it with a thinned curve, which has lost some of its area.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> from riskkit.plotting import CAPDisplay
    >>> display = CAPDisplay.from_predictions([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> display.gini
    0.5
    >>> list(display.frame())
    ['share', 'event_share']
    """

    def __init__(
        self,
        *,
        share: FloatArray,
        event_share: FloatArray,
        event_rate: float,
        gini: float | None = None,
    ) -> None:
        self.share = share
        self.event_share = event_share
        self.event_rate = event_rate
        self.gini = _gini(share, event_share, event_rate) if gini is None else gini

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute the curve from outcomes and risk scores; up is riskier."""
        share, event_share = cap_curve(y_true, y_score, sample_weight=sample_weight)
        is_event = encode_event(y_true)[0].astype(float)
        if sample_weight is None:
            rate = is_event.mean()
        else:
            rate = np.average(is_event, weights=np.asarray(sample_weight, float))
        return cls(share=share, event_share=event_share, event_rate=float(rate))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute the curve from the PD that a fitted classifier gives `X`."""
        pd = estimator.predict_proba(X)[:, 1]
        return cls.from_predictions(y, pd, sample_weight=sample_weight)

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a point of the curve."""
        import pandas as pd

        return pd.DataFrame({"share": self.share, "event_share": self.event_share})

    def plot(self, *, ax: Axes | None = None, label: str = "model") -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the axes of another display compare two models.

        label : str, default="model"
            Name of the curve in the legend.

        Returns
        -------
        self : CAPDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        # Several models may share the axes: the frame is drawn once, and each model has
        # a colour of its own.
        n_before = sum(line.get_gid() == _MODEL for line in self.ax_.lines)
        if not n_before:
            self._plot_frame()
        self.ax_.plot(
            self.share,
            self.event_share,
            color=SHADES[n_before % len(SHADES)],
            linestyle="-" if n_before % 2 == 0 else "--",
            linewidth=2,
            label=f"{label}, Gini = {self.gini:.3f}",
            gid=_MODEL,
        )
        self.ax_.set(
            xlabel="Share of accounts, riskiest first",
            ylabel="Share of events captured",
            xlim=(0, 1),
            ylim=(0, 1.02),
        )
        percent_axis(self.ax_, "x")
        percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False, loc="lower right")
        return self

    def _plot_frame(self) -> None:
        grey = COLORS["expected"]
        self.ax_.plot(
            [0, self.event_rate, 1], [0, 1, 1], color=grey, ls=":", label="perfect"
        )
        self.ax_.plot([0, 1], [0, 1], color=grey, linewidth=0.8, label="chance")


def _gini(share: FloatArray, event_share: FloatArray, event_rate: float) -> float:
    area = float(np.trapezoid(event_share, share))
    return (2.0 * area - 1.0) / (1.0 - event_rate)
