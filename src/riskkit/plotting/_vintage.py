"""Cumulative rates of vintages by month on book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_option
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.backtest import VintageResult
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["HazardDisplay", "VintageDisplay"]

_RATES = ("event_rate", "amount_rate", "hazard")
_KINDS = ("curves", "heatmap")
# Up to this many vintages a curve can be told from the others by its label.
_FEW = 8


class VintageDisplay:
    """Rates of vintages by month on book, as curves or as a heat map.

    Build it with :meth:`from_result`. Immature months are dashed in curves, and hatched
    in the heat map: they are too low still.

    Parameters
    ----------
    vintages : tuple of str
        In order of time.

    rates : ndarray of shape (n_vintages, n_months)
        NaN where a month has not begun.

    mature : ndarray of shape (n_vintages, n_months), bool
        Whether every loan was watched for that many months.

    value : str
        What the rates are: ``"event_rate"``, ``"amount_rate"`` or ``"hazard"``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import vintage_table
    >>> from riskkit.plotting import VintageDisplay
    >>> dates = np.array(["2020-01-10"] * 4 + ["2020-02-10"] * 4, "datetime64[D]")
    >>> events = np.full(8, "NaT", "datetime64[D]")
    >>> events[0] = np.datetime64("2020-03-01")
    >>> result = vintage_table(dates, events, as_of="2020-04-10")
    >>> VintageDisplay.from_result(result).frame()
       vintage  month  event_rate  mature
    0  2020-01      1        0.00    True
    1  2020-01      2        0.25    True
    2  2020-01      3        0.25   False
    3  2020-02      1        0.00    True
    4  2020-02      2        0.00   False
    """

    def __init__(
        self,
        *,
        vintages: tuple[str, ...],
        rates: FloatArray,
        mature: BoolArray,
        value: str,
    ) -> None:
        self.vintages = vintages
        self.rates = rates
        self.mature = mature
        self.value = value

    @classmethod
    def from_result(cls, result: VintageResult, *, value: str = "event_rate") -> Self:
        """Take the rates of a vintage table.

        Parameters
        ----------
        result : VintageResult
            What :func:`riskkit.backtest.vintage_table` returned.

        value : {"event_rate", "amount_rate", "hazard"}, default="event_rate"
            The rates to draw.

        Returns
        -------
        display : VintageDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there are no such rates.
        InvalidInputError
            If `result` is no vintage table.
        """
        check_option("value", value, _RATES)
        if not hasattr(result, "triangle"):
            msg = (
                "result must be what vintage_table returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        months = np.arange(1, result.n_months + 1)
        rates = result.triangle(value).reindex(columns=months)
        status = result.triangle("status").reindex(columns=months)
        return cls(
            vintages=result.vintages,
            rates=rates.to_numpy(dtype=np.float64),
            mature=(status == "mature").to_numpy(),
            value=value,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each vintage and month that began."""
        import pandas as pd

        row, column = np.nonzero(~np.isnan(self.rates))
        return pd.DataFrame(
            {
                "vintage": np.array(self.vintages, dtype=object)[row],
                "month": column + 1,
                self.value: self.rates[row, column],
                "mature": self.mature[row, column],
            }
        )

    def plot(self, *, kind: str = "curves", ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        kind : {"curves", "heatmap"}, default="curves"
            A line for each vintage, or a triangle of coloured cells.

        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : VintageDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        InvalidParameterError
            If there is no such kind.
        """
        check_option("kind", kind, _KINDS)
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        if kind == "curves":
            self._draw_curves()
        else:
            self._draw_heatmap()
        self.ax_.set_xlabel("Month on book")
        return self

    def _draw_curves(self) -> None:
        from matplotlib import colormaps

        # From dark to light in the order of time; readable in grey.
        shades = colormaps["viridis"](np.linspace(0.0, 0.9, len(self.vintages)))
        months = np.arange(1, self.rates.shape[1] + 1)
        for i, vintage in enumerate(self.vintages):
            known = np.where(self.mature[i], self.rates[i], np.nan)
            label = vintage if self._is_named(i) else None
            self.ax_.plot(months, known, color=shades[i], linewidth=1.2, label=label)
            # The dashed line begins where the other one ends.
            last = max(int(self.mature[i].sum()) - 1, 0)
            rest = np.where(months > last, self.rates[i], np.nan)
            self.ax_.plot(
                months, rest, color=shades[i], linewidth=1.0, linestyle=(0, (2, 2))
            )
        self.ax_.set_ylim(0, None)
        self.ax_.set_ylabel(_TITLES[self.value])
        percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=7, frameon=False, loc="upper left", ncols=2)

    def _is_named(self, place: int) -> bool:
        n = len(self.vintages)
        every = -(-n // _FEW)
        return place % every == 0 or place == n - 1

    def _draw_heatmap(self) -> None:
        image = self.ax_.imshow(
            self.rates,
            aspect="auto",
            cmap="cividis",
            vmin=0,
            interpolation="nearest",
            extent=(0.5, self.rates.shape[1] + 0.5, len(self.vintages) - 0.5, -0.5),
        )
        open_cells = ~self.mature & ~np.isnan(self.rates)
        for row, column in zip(*np.nonzero(open_cells), strict=True):
            self.ax_.add_patch(_hatched(column + 0.5, row - 0.5))
        every = -(-len(self.vintages) // 16)
        self.ax_.set_yticks(
            range(0, len(self.vintages), every), self.vintages[::every], fontsize=7
        )
        self.ax_.grid(visible=False)
        bar = self.ax_.figure.colorbar(image, ax=self.ax_, shrink=0.85)
        bar.set_label(_TITLES[self.value], fontsize=8)
        bar.ax.tick_params(labelsize=7)
        bar.ax.yaxis.set_major_formatter(_percent())


class HazardDisplay:
    """Hazard by month on book, over all vintages, with its interval.

    Build it with :meth:`from_result`.

    Parameters
    ----------
    month : ndarray of shape (n_months,)
        Months on book.

    hazard, low, high : ndarray of shape (n_months,)
        Chance of the event in the month of loans without one before, and its interval.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import vintage_table
    >>> from riskkit.plotting import HazardDisplay
    >>> dates = np.array(["2020-01-10"] * 4, "datetime64[D]")
    >>> events = np.array(["2020-03-01", "NaT", "NaT", "NaT"], "datetime64[D]")
    >>> result = vintage_table(dates, events, as_of="2020-04-10")
    >>> HazardDisplay.from_result(result).frame()[["month", "hazard"]]
       month  hazard
    0      1    0.00
    1      2    0.25
    2      3    0.00
    """

    def __init__(
        self, *, month: Any, hazard: FloatArray, low: FloatArray, high: FloatArray
    ) -> None:
        self.month = month
        self.hazard = hazard
        self.low = low
        self.high = high

    @classmethod
    def from_result(cls, result: VintageResult) -> Self:
        """Take the hazards of a vintage table.

        Parameters
        ----------
        result : VintageResult
            What :func:`riskkit.backtest.vintage_table` returned.

        Returns
        -------
        display : HazardDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If `result` is no vintage table.
        """
        if not hasattr(result, "triangle"):
            msg = (
                "result must be what vintage_table returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        table = result.hazard()
        names = ("month", "hazard", "low", "high")
        return cls(**{name: table[name].to_numpy() for name in names})

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a month."""
        import pandas as pd

        return pd.DataFrame(
            {
                "month": self.month,
                "hazard": self.hazard,
                "low": self.low,
                "high": self.high,
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
        self : HazardDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        self.ax_.fill_between(
            self.month,
            self.low,
            self.high,
            color=COLORS["nonevent"],
            alpha=0.2,
            linewidth=0,
        )
        self.ax_.plot(self.month, self.hazard, color=COLORS["nonevent"], linewidth=1.4)
        self.ax_.set(xlabel="Month on book", ylabel="Hazard a month", ylim=(0, None))
        percent_axis(self.ax_, "y")
        return self


_TITLES = {
    "event_rate": "Cumulative bad rate",
    "amount_rate": "Cumulative bad amount",
    "hazard": "Hazard a month",
}


def _hatched(x: float, y: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (x, y), 1.0, 1.0, fill=False, hatch="////", edgecolor="white", linewidth=0
    )


def _percent() -> Any:
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1.0)
