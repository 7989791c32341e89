"""Gains, profit and uplift by the share of customers contacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit._core.params import check_option
from riskkit.decision import ResponseGainsResult
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS, number_axis, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.typing import FloatArray

__all__ = ["ResponseGainsDisplay"]

_VALUES = {
    "gain": "Share of all responses",
    "profit": "Profit",
    "qini": "Responses brought about per treated",
}


class ResponseGainsDisplay:
    """What contacting the best customers gains, against contacting as many at random.

    Build it with :meth:`from_result`.

    Parameters
    ----------
    depth : ndarray of shape (n_cuts,)
        Share of customers contacted, the best first.

    curve, low, high : ndarray of shape (n_cuts,)
        What is gained, and its interval.

    value : {"gain", "profit", "qini"}
        What it is.

    best_depth : float
        Depth to mark; NaN for none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    riskkit.decision.response_gains : The numbers.

    Examples
    --------
    >>> from riskkit.decision import response_gains
    >>> from riskkit.plotting import ResponseGainsDisplay
    >>> result = response_gains([1, 1, 0, 0], [4, 3, 2, 1])
    >>> ResponseGainsDisplay.from_result(result).frame()[["depth", "gain"]]
       depth  gain
    0   0.00   0.0
    1   0.25   0.5
    2   0.50   1.0
    3   0.75   1.0
    4   1.00   1.0
    """

    def __init__(
        self,
        *,
        depth: FloatArray,
        curve: FloatArray,
        low: FloatArray,
        high: FloatArray,
        value: str,
        best_depth: float,
    ) -> None:
        self.depth = depth
        self.curve = curve
        self.low = low
        self.high = high
        self.value = value
        self.best_depth = best_depth

    @classmethod
    def from_result(
        cls, result: ResponseGainsResult, *, value: str | None = None
    ) -> Self:
        """Take a curve of a response score.

        Parameters
        ----------
        result : ResponseGainsResult
            What :func:`riskkit.decision.response_gains` returned.

        value : {"gain", "profit", "qini"}, optional
            What to draw; by default the profit if there are amounts, else the Qini
            curve if there is a control group, else the gain.

        Returns
        -------
        display : ResponseGainsDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If `result` is none, or has no such curve.
        InvalidParameterError
            If the value is none of these.
        """
        if value is not None:
            check_option("value", value, tuple(_VALUES))
        if not isinstance(result, ResponseGainsResult):
            msg = (
                "result must be what response_gains returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        curve = result.frame("curve")
        if value is None:
            value = next(v for v in ("profit", "qini", "gain") if v in curve)
        if value not in curve:
            needed = {"profit": "value and contact_cost", "qini": "treated"}
            how = (
                f"Give {needed[value]} to response_gains."
                if value in needed
                else "With a control group draw the Qini curve."
            )
            msg = f"The result has no {value} curve. {how}"
            raise InvalidInputError(msg)
        return cls(
            depth=curve["depth"].to_numpy(),
            curve=curve[value].to_numpy(),
            low=curve[f"{value}_low"].to_numpy(),
            high=curve[f"{value}_high"].to_numpy(),
            value=value,
            best_depth=result.best_depth,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each cut of the score."""
        import pandas as pd

        return pd.DataFrame(
            {
                "depth": self.depth,
                self.value: self.curve,
                f"{self.value}_low": self.low,
                f"{self.value}_high": self.high,
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
        self : ResponseGainsDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        color = COLORS["actual"]
        self.ax_.fill_between(
            self.depth, self.low, self.high, color=color, alpha=0.2, linewidth=0
        )
        self.ax_.plot(self.depth, self.curve, color=color, linewidth=1.8, label="score")
        self.ax_.plot(
            [0.0, 1.0],
            [0.0, self.curve[-1]],
            color=COLORS["expected"],
            linestyle="--",
            linewidth=1.2,
            label="at random",
        )
        if np.isfinite(self.best_depth):
            self.ax_.axvline(
                self.best_depth,
                color=COLORS["event"],
                linestyle=":",
                label=f"best depth {self.best_depth:.0%}",
            )
        self.ax_.set(
            xlabel="Share of customers contacted",
            ylabel=_VALUES[self.value],
            xlim=(0, 1),
        )
        percent_axis(self.ax_, "x")
        if self.value != "profit":
            percent_axis(self.ax_, "y")
        else:
            number_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False, loc="best")
        return self
