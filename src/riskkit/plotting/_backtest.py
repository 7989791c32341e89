"""A measure of each model over the windows of a backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit._core.params import check_option
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import MARKS, SHADES, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.backtest import BacktestResult
    from riskkit.typing import FloatArray

__all__ = ["BacktestDisplay"]

# The line that says all is well, and how the axis is named.
_MEASURES = {
    "gini": (None, "Gini"),
    "auc": (None, "AUC"),
    "ks": (None, "KS"),
    "event_rate": (None, "Bad rate and mean PD"),
    "actual_expected": (1.0, "Actual over expected"),
    "calibration_level": (0.0, "Calibration level (0: right)"),
    "calibration_slope": (1.0, "Calibration slope (1: right)"),
    "psi": (None, "PSI, training to test"),
    "brier": (None, "Brier score"),
    "log_loss": (None, "Log-loss"),
}
_SHARES = ("event_rate",)


class BacktestDisplay:
    """One measure over the test windows, a line for each model, with intervals.

    Build it with :meth:`from_result`.

    Parameters
    ----------
    windows : tuple of str
        In order of time.

    models : tuple of str
        The champion first.

    values, low, high : ndarray of shape (n_models, n_windows)
        The measure and its interval; NaN where there is none.

    measure : str
        What is drawn.

    expected : ndarray of shape (n_models, n_windows) or None
        Mean PDs, beside event rates.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import GivenScore, OutOfTimeSplit, rolling_backtest
    >>> from riskkit.plotting import BacktestDisplay
    >>> rng = np.random.default_rng(0)
    >>> dates = np.datetime64("2001-01-01") + rng.integers(0, 4 * 365, 2_000)
    >>> pd = rng.beta(1, 9, 2_000)
    >>> y = (rng.random(2_000) < pd).astype(int)
    >>> result = rolling_backtest(
    ...     {"bureau": GivenScore(pd)}, pd[:, None], y, split=OutOfTimeSplit(dates))
    >>> BacktestDisplay.from_result(result).frame()[["window", "model"]]
      window   model
    0   2003  bureau
    1   2004  bureau
    """

    def __init__(
        self,
        *,
        windows: tuple[str, ...],
        models: tuple[str, ...],
        values: FloatArray,
        low: FloatArray,
        high: FloatArray,
        measure: str,
        expected: FloatArray | None = None,
    ) -> None:
        self.windows = windows
        self.models = models
        self.values = values
        self.low = low
        self.high = high
        self.measure = measure
        self.expected = expected

    @classmethod
    def from_result(cls, result: BacktestResult, *, measure: str = "gini") -> Self:
        """Take one measure of a backtest.

        Parameters
        ----------
        result : BacktestResult
            What :func:`riskkit.backtest.rolling_backtest` returned.

        measure : str, default="gini"
            ``gini``, ``auc``, ``ks``, ``event_rate`` (beside the mean PDs),
            ``actual_expected``, ``calibration_level``, ``calibration_slope``, ``psi``,
            ``brier`` or ``log_loss``.

        Returns
        -------
        display : BacktestDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there is no such measure.
        InvalidInputError
            If `result` is no backtest.
        """
        check_option("measure", measure, tuple(_MEASURES))
        if not hasattr(result, "champion"):
            msg = (
                "result must be what rolling_backtest returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        first = [result.champion]
        models = tuple(first + [name for name in result.models if name not in first])
        table = result.frame()

        def of(name: str) -> FloatArray:
            if name not in table:
                return np.full((len(models), len(result.windows)), np.nan)
            wide = table.pivot_table(index="model", columns="window", values=name)
            wide = wide.reindex(index=list(models), columns=list(result.windows))
            return np.asarray(wide.to_numpy(), dtype=np.float64)

        return cls(
            windows=result.windows,
            models=models,
            values=of(measure),
            low=of(f"{measure}_low"),
            high=of(f"{measure}_high"),
            measure=measure,
            expected=of("mean_pd") if measure == "event_rate" else None,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each model and window."""
        import pandas as pd

        columns = {
            "window": np.tile(self.windows, len(self.models)),
            "model": np.repeat(self.models, len(self.windows)),
            self.measure: self.values.ravel(),
            "low": self.low.ravel(),
            "high": self.high.ravel(),
        }
        if self.expected is not None:
            columns["mean_pd"] = self.expected.ravel()
        return pd.DataFrame(columns)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : BacktestDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        right, title = _MEASURES[self.measure]
        if right is not None:
            self.ax_.axhline(right, color="#999999", linewidth=1)
        if self.expected is None:
            for i, model in enumerate(self.models):
                self._draw(i, self.values[i], model)
        else:
            # What happened is the same for every model.
            self._draw_rate()
            for i, model in enumerate(self.models):
                self._line(i, self.expected[i], f"mean PD, {model}")
        every = -(-len(self.windows) // 8)
        place = range(0, len(self.windows), every)
        self.ax_.set_xticks(place, self.windows[::every])
        self.ax_.set_ylabel(title)
        if self.measure in _SHARES:
            percent_axis(self.ax_, "y")
            self.ax_.set_ylim(0, None)
        self.ax_.legend(fontsize=8, frameon=False)
        return self

    def _draw(self, i: int, values: FloatArray, label: str) -> None:
        self._line(i, values, label)
        place = np.arange(len(self.windows))
        held = ~np.isnan(self.low[i]) & ~np.isnan(values)
        self.ax_.fill_between(
            place,
            np.where(held, self.low[i], np.nan),
            np.where(held, self.high[i], np.nan),
            color=SHADES[i % len(SHADES)],
            alpha=0.15,
            linewidth=0,
        )

    def _line(self, i: int, values: FloatArray, label: str) -> None:
        self.ax_.plot(
            np.arange(len(self.windows)),
            values,
            color=SHADES[i % len(SHADES)],
            marker=MARKS[i % len(MARKS)],
            markersize=3.5,
            linewidth=1.3,
            label=label,
        )

    def _draw_rate(self) -> None:
        rate, low, high = self.values[0], self.low[0], self.high[0]
        error = np.maximum([rate - low, high - rate], 0.0)
        self.ax_.errorbar(
            np.arange(len(self.windows)),
            rate,
            yerr=error,
            color="black",
            marker="x",
            markersize=5,
            linewidth=1.0,
            capsize=2,
            label="bad rate",
        )
