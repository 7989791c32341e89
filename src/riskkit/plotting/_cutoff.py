"""What approving more applicants costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_option
from riskkit.decision import CutoffResult, cutoff_table
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS, number_axis, percent_axis, style_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.decision import CutoffChoice
    from riskkit.typing import FloatArray

__all__ = ["CutoffDisplay"]

# What is drawn, the ends of its interval, and how the axis calls it.
_VALUES = {
    "event_rate": ("event_rate_low", "event_rate_high", "Event rate of the approved"),
    "expected_event_rate": (None, None, "Expected event rate of the approved"),
    "marginal_event_rate": (None, None, "Event rate of the last approved"),
    "profit": ("profit_low", "profit_high", "Profit"),
}
# Okabe and Ito's, of which events and non-events are two; told apart by dashes too.
_LINES = (
    (COLORS["nonevent"], "-"),
    (COLORS["event"], "--"),
    ("#009E73", "-."),
    ("#CC79A7", ":"),
    ("#56B4E9", "-"),
    ("#E69F00", "--"),
)


class CutoffDisplay:
    """Event rate or profit of the approved, by the share that is approved.

    Build it with :meth:`from_results` or :meth:`from_predictions`. Several scores on
    the same applicants show which is better at which approval rate.

    Parameters
    ----------
    curves : dict of str to dict of str to ndarray
        For each score: cutoff, approval_rate, value, low and high, strictest cut-off
        first.

    value : str
        What is drawn: ``"event_rate"``, ``"expected_event_rate"``,
        ``"marginal_event_rate"`` or ``"profit"``.

    level : float
        Level of the intervals.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    riskkit.decision.cutoff_table : The numbers.
    riskkit.decision.efficient_frontier : Which cut-offs are worth having.

    Examples
    --------
    >>> from riskkit.plotting import CutoffDisplay
    >>> display = CutoffDisplay.from_predictions(
    ...     [0, 0, 1, 1], [640, 620, 600, 580], best="high")
    >>> display.frame()[["model", "cutoff", "approval_rate", "event_rate"]].head(3)
       model  cutoff  approval_rate  event_rate
    0  score   640.0           0.25    0.000000
    1  score   620.0           0.50    0.000000
    2  score   600.0           0.75    0.333333
    """

    def __init__(
        self, *, curves: dict[str, dict[str, FloatArray]], value: str, level: float
    ) -> None:
        self.curves = curves
        self.value = value
        self.level = level

    @classmethod
    def from_results(
        cls,
        results: CutoffResult | Mapping[str, CutoffResult],
        *,
        value: str = "event_rate",
    ) -> Self:
        """Take the numbers from cut-off tables.

        Parameters
        ----------
        results : CutoffResult or mapping of str to CutoffResult
            What :func:`riskkit.decision.cutoff_table` returned, for one score or more.

        value : str, default="event_rate"
            What to draw: ``"event_rate"``, ``"expected_event_rate"``,
            ``"marginal_event_rate"`` or ``"profit"``.

        Returns
        -------
        display : CutoffDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If the value is none of these.
        InvalidInputError
            If something else than a result is given, or one has no profit.
        """
        check_option("value", value, tuple(_VALUES))
        named = results if isinstance(results, Mapping) else {"score": results}
        if not named or not all(isinstance(r, CutoffResult) for r in named.values()):
            msg = "results must be what cutoff_table returned; got something else."
            raise InvalidInputError(msg)
        curves = {}
        for name, result in named.items():
            if value not in result.columns:
                msg = (
                    f"The result of {name!r} has no {value}. Give gain and loss to "
                    "cutoff_table."
                )
                raise InvalidInputError(msg)
            curves[str(name)] = _curve(result, value)
        level = next(iter(named.values())).level
        return cls(curves=curves, value=value, level=level)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike,
        *,
        best: str,
        value: str = "event_rate",
        cutoffs: int | Sequence[float] = 100,
        gain: float | ArrayLike | None = None,
        loss: float | ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        level: float = 0.95,
    ) -> Self:
        """Compute the curve from outcomes and a score.

        Parameters
        ----------
        y_true, y_score, best, cutoffs, gain, loss, sample_weight, level
            As in :func:`riskkit.decision.cutoff_table`.

        value : str, default="event_rate"
            What to draw.

        Returns
        -------
        display : CutoffDisplay
            Not drawn yet.
        """
        result = cutoff_table(
            y_true,
            y_score,
            best=best,
            cutoffs=cutoffs,
            gain=gain,
            loss=loss,
            sample_weight=sample_weight,
            level=level,
        )
        return cls.from_results(result, value=value)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        value: str = "event_rate",
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute the curve from the PD that a fitted classifier gives `X`.

        Parameters
        ----------
        estimator : classifier
            Anything fitted that has ``predict_proba``.

        X, y : frame or array-like
            Accounts and their outcomes.

        value : str, default="event_rate"
            What to draw.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        display : CutoffDisplay
            Not drawn yet.
        """
        pd = estimator.predict_proba(X)[:, 1]
        return cls.from_predictions(
            y, pd, best="low", value=value, sample_weight=sample_weight
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a cut-off of a score."""
        import pandas as pd

        names = {"value": self.value, "low": f"{self.value}_low"}
        names["high"] = f"{self.value}_high"
        parts = [
            pd.DataFrame({"model": name, **curve}).rename(columns=names)
            for name, curve in self.curves.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def plot(
        self, *, ax: Axes | None = None, choice: CutoffChoice | None = None
    ) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        choice : CutoffChoice, default=None
            A chosen cut-off to mark with its approval rate.

        Returns
        -------
        self : CutoffDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        for k, (name, curve) in enumerate(self.curves.items()):
            color, line = _LINES[k % len(_LINES)]
            share = curve["approval_rate"]
            self.ax_.fill_between(
                share, curve["low"], curve["high"], color=color, alpha=0.15, lw=0
            )
            self.ax_.plot(
                share, curve["value"], color=color, linestyle=line, lw=1.8, label=name
            )
        if choice is not None:
            self._mark(choice)
        self.ax_.set(
            xlabel="Share of applicants approved",
            ylabel=_VALUES[self.value][2],
            xlim=(0, 1),
        )
        percent_axis(self.ax_, "x")
        if self.value != "profit":
            percent_axis(self.ax_, "y")
            self.ax_.set_ylim(0, 1.15 * self._top())
        else:
            number_axis(self.ax_, "y")
        if len(self.curves) > 1 or choice is not None:
            self.ax_.legend(fontsize=8, frameon=False, loc="best")
        return self

    def _mark(self, choice: CutoffChoice) -> None:
        self.ax_.axvline(
            choice.approval_rate,
            color=COLORS["expected"],
            linestyle=":",
            label=f"cut-off {choice.cutoff:.4g}",
        )

    def _top(self) -> float:
        """Return the highest value; wide intervals of few accounts may be cut off."""
        values = [np.nanmax(curve["value"]) for curve in self.curves.values()]
        return float(max(values)) or 1.0


def _curve(result: CutoffResult, value: str) -> dict[str, FloatArray]:
    low, high, _ = _VALUES[value]
    columns = result.columns
    unknown = np.full(len(columns["cutoff"]), np.nan)
    return {
        "cutoff": np.asarray(columns["cutoff"]),
        "approval_rate": np.asarray(columns["approval_rate"]),
        "value": np.asarray(columns[value]),
        "low": unknown if low is None else np.asarray(columns[low]),
        "high": unknown if high is None else np.asarray(columns[high]),
    }
