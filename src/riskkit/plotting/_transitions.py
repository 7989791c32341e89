"""Moves between states: a matrix as a heat map, and roll rates over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit._core.params import check_option
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.backtest import RollRateResult, TransitionResult
    from riskkit.typing import FloatArray

__all__ = ["RollRateDisplay", "TransitionDisplay"]

_SHOWN = ("step", "horizon", "product")
_VALUES = ("worse", "better", "same", "left", "net_flow")


class TransitionDisplay:
    """Shares of moves from each state to each state, as a heat map with numbers.

    Build it with :meth:`from_result`.

    Parameters
    ----------
    states : tuple of str
        From the best to the worst.

    share : ndarray of shape (n_states, n_states)
        From each state (rows) to each; NaN where no move began.

    title : str
        How long a move takes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import transition_matrix
    >>> from riskkit.plotting import TransitionDisplay
    >>> dates = np.repeat(np.array(["2024-01", "2024-02"], "datetime64[M]"), 2)
    >>> result = transition_matrix([1, 2, 1, 2], dates, ["0", "0", "0", "30"],
    ...                            order=["0", "30"])
    >>> TransitionDisplay.from_result(result).frame()
      from  to  share
    0    0   0    0.5
    1    0  30    0.5
    2   30   0    NaN
    3   30  30    NaN
    """

    def __init__(
        self, *, states: tuple[str, ...], share: FloatArray, title: str
    ) -> None:
        self.states = states
        self.share = share
        self.title = title

    @classmethod
    def from_result(cls, result: TransitionResult, *, over: str = "step") -> Self:
        """Take one matrix of a table of moves.

        Parameters
        ----------
        result : TransitionResult
            What :func:`riskkit.backtest.transition_matrix` returned.

        over : {"step", "horizon", "product"}, default="step"
            Moves of a step, those seen over the horizon, or what the steps come to over
            it.

        Returns
        -------
        display : TransitionDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If `over` is none of these.
        InvalidInputError
            If `result` is no table of moves.
        """
        check_option("over", over, _SHOWN)
        if not hasattr(result, "product"):
            msg = (
                "result must be what transition_matrix returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        share = result.product() if over == "product" else result.matrix(over)
        n_months = result.step if over == "step" else result.horizon
        title = f"{n_months} month{'s' * (n_months > 1)}"
        if over == "product":
            title += f" as {result.horizon // result.step} steps"
        return cls(states=result.states, share=share.to_numpy(), title=title)

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each pair of states."""
        import pandas as pd

        n = len(self.states)
        return pd.DataFrame(
            {
                "from": np.repeat(self.states, n),
                "to": np.tile(self.states, n),
                "share": self.share.ravel(),
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
        self : TransitionDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        # The square root shows the small moves too, which matter most.
        self.ax_.imshow(np.sqrt(self.share), cmap="Blues", vmin=0, vmax=1.15)
        for (row, column), share in np.ndenumerate(self.share):
            if not np.isnan(share):
                self.ax_.text(
                    column,
                    row,
                    f"{share:.1%}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if share > 0.55 else "black",
                )
        place = range(len(self.states))
        self.ax_.set_xticks(place, self.states)
        self.ax_.set_yticks(place, self.states)
        self.ax_.set(xlabel="To", ylabel="From")
        self.ax_.set_title(self.title, fontsize=10)
        self.ax_.grid(visible=False)
        return self


class RollRateDisplay:
    """Roll rates over time, a line for each state.

    Build it with :meth:`from_result`.

    Parameters
    ----------
    months : tuple of str
        Ends of the moves.

    states : tuple of str
        From the best to the worst.

    rates : ndarray of shape (n_months, n_states)
        NaN where no account started in the state.

    value : str
        What the rates are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import roll_rates
    >>> from riskkit.plotting import RollRateDisplay
    >>> dates = np.repeat(np.array(["2024-01", "2024-02"], "datetime64[M]"), 2)
    >>> result = roll_rates([1, 2, 1, 2], dates, ["0", "0", "0", "30"],
    ...                     order=["0", "30"])
    >>> RollRateDisplay.from_result(result).frame()
         month state  worse
    0  2024-02     0    0.5
    1  2024-02    30    NaN
    """

    def __init__(
        self,
        *,
        months: tuple[str, ...],
        states: tuple[str, ...],
        rates: FloatArray,
        value: str,
    ) -> None:
        self.months = months
        self.states = states
        self.rates = rates
        self.value = value

    @classmethod
    def from_result(cls, result: RollRateResult, *, value: str = "worse") -> Self:
        """Take the rates of one kind of move.

        Parameters
        ----------
        result : RollRateResult
            What :func:`riskkit.backtest.roll_rates` returned.

        value : {"worse", "better", "same", "left", "net_flow"}, default="worse"
            The move.

        Returns
        -------
        display : RollRateDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there is no such move.
        InvalidInputError
            If `result` are no roll rates.
        """
        check_option("value", value, _VALUES)
        if not hasattr(result, "series"):
            msg = (
                f"result must be what roll_rates returned; got {type(result).__name__}."
            )
            raise InvalidInputError(msg)
        wide = result.series(value)
        return cls(
            months=tuple(wide.index),
            states=result.states,
            rates=wide.to_numpy(dtype=np.float64),
            value=value,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each month and state."""
        import pandas as pd

        return pd.DataFrame(
            {
                "month": np.repeat(self.months, len(self.states)),
                "state": np.tile(self.states, len(self.months)),
                self.value: self.rates.ravel(),
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
        self : RollRateDisplay
            With ``ax_`` and ``figure_``.
        """
        from matplotlib import colormaps

        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        shades = colormaps["cividis"](np.linspace(0.0, 0.85, len(self.states)))
        place = np.arange(len(self.months))
        # From the worst state nothing rolls on, and from the best none recovers.
        idle = {"worse": len(self.states) - 1, "better": 0}.get(self.value)
        for j, state in enumerate(self.states):
            if j != idle and not np.isnan(self.rates[:, j]).all():
                self.ax_.plot(
                    place,
                    self.rates[:, j],
                    color=shades[j],
                    marker="o",
                    markersize=3,
                    linewidth=1.2,
                    label=state,
                )
        every = -(-len(self.months) // 8)
        self.ax_.set_xticks(place[::every], self.months[::every])
        # Room for the legend above the lines.
        top = 1.25 * self.ax_.get_ylim()[1]
        self.ax_.set(ylabel=_TITLES[self.value], ylim=(0, top))
        percent_axis(self.ax_, "y")
        self.ax_.legend(
            title="From",
            title_fontsize=8,
            fontsize=7,
            frameon=False,
            loc="upper left",
            ncols=len(self.states),
        )
        return self


_TITLES = {
    "worse": "Share that rolled on",
    "better": "Share that recovered",
    "same": "Share that stayed",
    "left": "Share that left",
    "net_flow": "Net flow to the next state",
}
