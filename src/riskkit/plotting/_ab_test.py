"""The path of an experiment: what could be said on each day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit.decision import ABTestResult
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.typing import FloatArray

__all__ = ["ABTestDisplay"]

# Dark to light, told apart in grey too; line styles tell them a second time.
_LINES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#000000", ":"))


class ABTestDisplay:
    """Differences to the control over the days, within intervals that hold at any time.

    Build it with :meth:`from_result`. The band is what all intervals so far have in
    common: once it leaves the line at 0, it stays away from it.

    Parameters
    ----------
    days : ndarray of datetime64 of shape (n_days,)
        Days on which outcomes came to be known.

    paths : dict of str to dict of ndarray
        For each arm ``difference``, ``low`` and ``high`` on those days.

    measure : {"rate", "mean"}
        What was compared.

    control : str
        The arm that the others are held against.

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
    riskkit.decision.ab_test : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import ab_test
    >>> from riskkit.plotting import ABTestDisplay
    >>> rng = np.random.default_rng(0)
    >>> day = np.datetime64("2024-01-01") + np.arange(4_000) // 100
    >>> arm = rng.choice(["new", "old"], 4_000)
    >>> result = ab_test(rng.random(4_000) < 0.2, arm, control="old", best="high",
    ...                  n_planned=4_000, dates=day)
    >>> ABTestDisplay.from_result(result).frame()[["day", "arm"]].tail(1)
              day  arm
    39 2024-02-09  new
    """

    def __init__(
        self,
        *,
        days: Any,
        paths: dict[str, dict[str, FloatArray]],
        measure: str,
        control: str,
        level: float,
    ) -> None:
        self.days = days
        self.paths = paths
        self.measure = measure
        self.control = control
        self.level = level

    @classmethod
    def from_result(cls, result: ABTestResult) -> Self:
        """Take the path of an experiment.

        Parameters
        ----------
        result : ABTestResult
            What :func:`riskkit.decision.ab_test` returned, given ``dates``.

        Returns
        -------
        display : ABTestDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If `result` is no experiment, or was made without dates.
        """
        if not isinstance(result, ABTestResult):
            msg = f"result must be what ab_test returned; got {type(result).__name__}."
            raise InvalidInputError(msg)
        path = result.frame("path")
        if path["day"].iloc[0] == "end":
            msg = "result must have a path over days; it has none. Give ab_test dates."
            raise InvalidInputError(msg)
        paths = {}
        for arm, part in path.groupby("arm", sort=False):
            paths[str(arm)] = {
                "difference": part["difference"].to_numpy(),
                "low": part["always_low"].to_numpy(),
                "high": part["always_high"].to_numpy(),
            }
        return cls(
            days=np.unique(path["day"].to_numpy().astype("datetime64[D]")),
            paths=paths,
            measure=result.measure,
            control=result.control,
            level=result.level,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each arm and day."""
        import pandas as pd

        return pd.concat(
            [
                pd.DataFrame({"day": self.days, "arm": arm, **path})
                for arm, path in self.paths.items()
            ],
            ignore_index=True,
        )

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : ABTestDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        reach = 0.0
        for k, (arm, path) in enumerate(self.paths.items()):
            color, line = _LINES[k % len(_LINES)]
            low, high = (
                np.where(np.isfinite(path[end]), path[end], np.nan)
                for end in ("low", "high")
            )
            # Where an effect has changed the intervals have nothing in common.
            held = low <= high
            self.ax_.fill_between(
                self.days, low, high, where=held, color=color, alpha=0.15, linewidth=0
            )
            known = np.where(np.isfinite(low), path["difference"], np.nan)
            self.ax_.plot(
                self.days, known, color=color, linestyle=line, linewidth=1.6, label=arm
            )
            if np.isfinite(low).any():
                last = np.flatnonzero(np.isfinite(low))
                # Wide at first; the picture is of what came after.
                early = last[len(last) // 5]
                reach = max(reach, abs(low[early]), abs(high[early]))
        self.ax_.axhline(0.0, color=COLORS["expected"], linewidth=1.0)
        if reach:
            self.ax_.set_ylim(-1.1 * reach, 1.1 * reach)
        name = {"rate": "Difference of the rate", "mean": "Difference of the mean"}
        self.ax_.set_ylabel(f"{name[self.measure]} to {self.control}")
        if self.measure == "rate":
            percent_axis(self.ax_, "y")
        self.ax_.legend(fontsize=8, frameon=False, loc="best")
        self._date_axis()
        return self

    def _date_axis(self) -> None:
        from matplotlib import dates

        # matplotlib's classes of dates have no types.
        locator: Any = dates.AutoDateLocator(maxticks=6)  # type: ignore[no-untyped-call]
        formatter: Any = dates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        self.ax_.xaxis.set_major_locator(locator)
        self.ax_.xaxis.set_major_formatter(formatter)
