"""Stability indices of many periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit._core.params import check_int
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.plotting._axes import MARKS, SHADES, shorten, style_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.monitoring import StabilityResult
    from riskkit.typing import FloatArray

__all__ = ["StabilityTrendDisplay"]

_LIMITS = (("amber", "--"), ("red", "-"))


class StabilityTrendDisplay:
    """PSI of the score and of features, period by period, beside its limits.

    Build it with :meth:`from_result`. A period that was too small to be judged leaves a
    gap in the line.

    Parameters
    ----------
    periods : tuple of str
        In order of time.

    names : tuple of str
        What is drawn: the score, or features.

    psi : ndarray of shape (n_names, n_periods)
        NaN where a period could not be evaluated.

    limits : tuple of float
        Where amber and red begin.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    StabilityDisplay : Two populations, bin by bin.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline, StabilityMonitor
    >>> from riskkit.plotting import StabilityTrendDisplay
    >>> monitor = StabilityMonitor(Baseline.fit({"age": np.arange(1000) % 50}))
    >>> for month, youngest in (("2024-01", 0), ("2024-02", 10)):
    ...     age = youngest + np.arange(500) % 40
    ...     monitor = monitor.update({"age": age}, period=month)
    >>> display = StabilityTrendDisplay.from_result(monitor.result())
    >>> display.frame().round(2)
        period name   psi
    0  2024-01  age  0.96
    1  2024-02  age  0.96
    """

    def __init__(
        self,
        *,
        periods: tuple[str, ...],
        names: tuple[str, ...],
        psi: FloatArray,
        limits: tuple[float, float],
    ) -> None:
        self.periods = periods
        self.names = names
        self.psi = psi
        self.limits = limits

    @classmethod
    def from_result(
        cls,
        result: StabilityResult,
        *,
        features: Sequence[str] | None = None,
        n_features: int = 3,
        limits: tuple[float, float] = (0.10, 0.25),
    ) -> Self:
        """Take the indices of a monitor.

        Parameters
        ----------
        result : StabilityResult
            What a :class:`riskkit.monitoring.StabilityMonitor` returned.

        features : sequence of str, default=None
            Names to draw, ``"score"`` among them; None draws the score, where there
            is one, and the `n_features` features whose index was largest in any
            period.

        n_features : int, default=3
            Read only without `features`.

        limits : tuple of float, default=(0.10, 0.25)
            Where amber and red begin; give those of the monitor.

        Returns
        -------
        display : StabilityTrendDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If `result` is not that of a monitor.
        InvalidParameterError
            If a feature is unknown, or a number out of its range.
        """
        check_int("n_features", n_features, low=0)
        if not hasattr(result, "periods") or not hasattr(result, "by_feature"):
            msg = (
                "result must be what StabilityMonitor.result() returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        table = result.frame()
        judged = table["psi"].where(table["status"] == "ok")
        wide = table.assign(psi=judged).pivot_table(
            index="feature", columns="period", values="psi", dropna=False, sort=False
        )
        wide = wide.reindex(columns=list(result.periods))
        if features is None:
            scored = table.loc[~table["kind"].isin(["numeric", "categorical"])]
            scores = list(dict.fromkeys(scored["feature"]))
            worst = wide.drop(index=scores).max(axis=1).dropna()
            largest = worst.sort_values(ascending=False, kind="stable")
            features = [*scores, *largest.index[:n_features]]
        if not features:
            msg = "features must name what to draw; got an empty sequence."
            raise InvalidParameterError(msg)
        unknown = [name for name in features if name not in wide.index]
        if unknown:
            msg = (
                f"features must be among {sorted(wide.index)}; got {unknown[0]!r}. "
                "Name the features of the monitor's baseline, or 'score'."
            )
            raise InvalidParameterError(msg)
        return cls(
            periods=tuple(result.periods),
            names=tuple(features),
            psi=wide.loc[list(features)].to_numpy(dtype=np.float64),
            limits=limits,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each name and period."""
        import pandas as pd

        return pd.DataFrame(
            {
                "period": np.tile(self.periods, len(self.names)),
                "name": np.repeat(self.names, len(self.periods)),
                "psi": self.psi.ravel(),
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
        self : StabilityTrendDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        place = np.arange(len(self.periods))
        for (word, line), limit in zip(_LIMITS, self.limits, strict=True):
            self.ax_.axhline(
                limit, color="#999999", ls=line, lw=1, label=f"{word} from {limit:g}"
            )
        for i, name in enumerate(self.names):
            self.ax_.plot(
                place,
                self.psi[i],
                color=SHADES[i % len(SHADES)],
                marker=MARKS[i % len(MARKS)],
                markersize=3.5,
                linewidth=1.3,
                label=shorten(name),
            )
        every = -(-len(self.periods) // 6)
        self.ax_.set_xticks(place[::every], self.periods[::every])
        # Room for the legend, which knows no free corner when lines rise and fall.
        top = max(np.nanmax(self.psi, initial=0.0), max(self.limits))
        self.ax_.set(ylabel="PSI", ylim=(0, 1.45 * float(top)))
        self.ax_.legend(fontsize=8, frameon=False, loc="upper left", ncols=3)
        return self
