"""Observed event rates beside the PDs that promised them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._core.params import check_int
from riskkit._core.target import encode_event
from riskkit._kernels.bins import quantile_edges
from riskkit.exceptions import InvalidInputError
from riskkit.metrics import jeffreys_interval
from riskkit.plotting._axes import MARKS, SHADES, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["ReliabilityDisplay"]

# Curves closer than this would cover each other's intervals.
_SHIFT = 0.006


class ReliabilityDisplay:
    """Event rate of each band of PDs, with its interval, against the mean PD.

    Build it with :meth:`from_predictions` or :meth:`from_estimator`. Calibrated PDs
    lie on the diagonal; above it the PDs were too low.

    Parameters
    ----------
    curves : dict of str to dict of str to ndarray
        For each model ``mean_pd``, ``event_rate``, ``low``, ``high``, ``n`` and
        ``n_event``, one entry a band, safest first.

    level : float
        Of the intervals.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    riskkit.backtest.validate_pd : The same question with tests and a verdict.

    Notes
    -----
    Bands hold about equal weight, and accounts of one PD stay in one band. Intervals
    are Jeffreys'; they take accounts as independent, so where defaults come in waves
    the true ones are wider.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.plotting import ReliabilityDisplay
    >>> pd = np.repeat([0.1, 0.4], 10)
    >>> y = np.tile([1, 0, 0, 0, 0], 4)
    >>> display = ReliabilityDisplay.from_predictions(y, pd, n_bands=2)
    >>> display.frame()[["mean_pd", "event_rate", "low", "high"]].round(2)
       mean_pd  event_rate   low  high
    0      0.1         0.2  0.04   0.5
    1      0.4         0.2  0.04   0.5
    """

    def __init__(
        self, *, curves: dict[str, dict[str, FloatArray]], level: float
    ) -> None:
        self.curves = curves
        self.level = level

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        pd: ArrayLike | Mapping[str, ArrayLike],
        *,
        n_bands: int = 10,
        sample_weight: ArrayLike | None = None,
        level: float = 0.95,
    ) -> Self:
        """Count the events of each band of PDs.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Outcomes; of two classes, the larger is the event.

        pd : array-like of shape (n_samples,), or mapping of names to such
            PDs of one model, or of several on the same rows.

        n_bands : int, default=10
            Most bands.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        level : float, default=0.95
            Of the intervals.

        Returns
        -------
        display : ReliabilityDisplay
            Not drawn yet.

        Raises
        ------
        InvalidTargetError, InvalidInputError, InvalidParameterError
            If outcomes, PDs, weights or a parameter cannot be used.
        """
        check_int("n_bands", n_bands, low=1)
        is_event, _ = encode_event(y_true)
        weight = read_weight(sample_weight, is_event.size)
        if weight is None:
            weight = np.ones(is_event.size)
        models = pd if isinstance(pd, Mapping) else {"model": pd}
        if not models:
            msg = "pd must hold the PDs of at least one model; got none."
            raise InvalidInputError(msg)
        curves = {}
        for name, values in models.items():
            x = _read_pd(str(name), values, is_event.size)
            code = np.searchsorted(quantile_edges(x, n_bands, weight), x, side="left")
            n, n_event, total = (
                np.bincount(code, w) for w in (weight, weight * is_event, weight * x)
            )
            # An edge lies at a value, so that no band is empty but of weight 0.
            held = n > 0
            n, n_event, total = n[held], n_event[held], total[held]
            low, high = jeffreys_interval(n_event, n, level=level)
            curves[str(name)] = {
                "mean_pd": total / n,
                "event_rate": n_event / n,
                "low": np.asarray(low),
                "high": np.asarray(high),
                "n": n,
                "n_event": n_event,
            }
        return cls(curves=curves, level=level)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_bands: int = 10,
        sample_weight: ArrayLike | None = None,
        level: float = 0.95,
    ) -> Self:
        """Count the events of each band of the PDs that a fitted model gives `X`."""
        return cls.from_predictions(
            y,
            estimator.predict_proba(X)[:, 1],
            n_bands=n_bands,
            sample_weight=sample_weight,
            level=level,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each model and band."""
        import pandas as pd

        tables = [
            pd.DataFrame({"model": name, **curve})
            for name, curve in self.curves.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : ReliabilityDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        right = max(float(curve["mean_pd"].max()) for curve in self.curves.values())
        top = max(float(curve["high"].max()) for curve in self.curves.values())
        end = min(1.0, 1.05 * right)
        self.ax_.plot([0, end], [0, end], color="#999999", lw=1, label="calibrated")
        for i, (name, curve) in enumerate(self.curves.items()):
            rate, shift = curve["event_rate"], i * _SHIFT * end
            self.ax_.errorbar(
                curve["mean_pd"] + shift,
                rate,
                yerr=np.maximum([rate - curve["low"], curve["high"] - rate], 0.0),
                color=SHADES[i % len(SHADES)],
                marker=MARKS[i % len(MARKS)],
                markersize=4,
                linewidth=1.2,
                capsize=2,
                label=name,
            )
        self.ax_.set(
            xlabel="Mean PD of the band",
            ylabel="Event rate",
            xlim=(0, end * (1 + _SHIFT * len(self.curves))),
            ylim=(0, min(1.05, 1.05 * max(top, right))),
        )
        percent_axis(self.ax_, "x")
        percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False, loc="best")
        return self


def _read_pd(name: str, values: ArrayLike, n_rows: int) -> FloatArray:
    x = np.asarray(values, dtype=np.float64)
    if x.shape != (n_rows,):
        msg = f"pd of {name!r} must hold {n_rows} PDs, one for each row; got {x.shape}."
        raise InvalidInputError(msg)
    n_outside = int(np.count_nonzero(~((x >= 0) & (x <= 1))))
    if n_outside:
        msg = (
            f"pd of {name!r} must lie in [0, 1]; {n_outside} of {n_rows} do not. Give "
            "predict_proba(...)[:, 1]; points and log-odds are no probabilities."
        )
        raise InvalidInputError(msg)
    return x
