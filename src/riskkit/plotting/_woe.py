"""Weight of evidence by bin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS, bin_labels, shorten, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.binning import BinningTable
    from riskkit.typing import FloatArray, IntArray

__all__ = ["WoEDisplay"]


class WoEDisplay:
    """The weight of evidence of each bin of a feature, with its event rate.

    Build it with :meth:`from_table`.

    Parameters
    ----------
    name : str
        The feature.

    labels : tuple of str
        The bins.

    woe, share, event_rate : ndarray of shape (n_bins,)
        Weight of evidence in nats (up is safer), share of the accounts, and share of
        events in each bin.

    others : dict of str to (ndarray, ndarray) or None
        WoE and event rate of other samples in the same bins, by their names.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.plotting import WoEDisplay
    >>> display = WoEDisplay(
    ...     name="income", labels=("≤ 1000", "> 1000"), woe=np.array([-0.5, 0.8]),
    ...     share=np.array([0.6, 0.4]), event_rate=np.array([0.3, 0.1]),
    ... )
    >>> list(display.frame())
    ['bin', 'share', 'event_rate', 'woe']
    """

    def __init__(
        self,
        *,
        name: str,
        labels: tuple[str, ...],
        woe: FloatArray,
        share: FloatArray,
        event_rate: FloatArray,
        others: Mapping[str, tuple[FloatArray, FloatArray]] | None = None,
    ) -> None:
        self.name = name
        self.labels = labels
        self.woe = woe
        self.share = share
        self.event_rate = event_rate
        self.others = dict(others or {})

    @classmethod
    def from_table(
        cls,
        table: BinningTable,
        *,
        other: BinningTable | Mapping[str, BinningTable] | None = None,
    ) -> Self:
        """Take the numbers from a binning table.

        Parameters
        ----------
        table : BinningTable
            Of a fitted binner.

        other : BinningTable or mapping of str to BinningTable, default=None
            The same bins on another sample, from ``table.apply_to(X, y)``, or on
            several, as from ``table.by_period(X, y, periods)``.

        Returns
        -------
        display : WoEDisplay
            Without the special, missing and unseen bins that are empty.

        Raises
        ------
        InvalidInputError
            If `other` is of other bins.
        """
        others = {} if other is None else other
        if not isinstance(others, Mapping):
            others = {"other sample": others}
        filled = table.n > 0
        for sample in others.values():
            if sample.feature != table.feature:
                msg = (
                    "other must count the bins of the table; it is of another feature "
                    "or partition. Build it with table.apply_to(X, y)."
                )
                raise InvalidInputError(msg)
            filled = filled | (sample.n > 0)
        shown = filled | (np.arange(filled.size) < table.feature.n_regular)
        labels = bin_labels(table.feature)
        return cls(
            name=table.feature.name,
            labels=tuple(x for x, show in zip(labels, shown, strict=True) if show),
            woe=table.woe[shown],
            share=(table.n / table.n.sum())[shown],
            event_rate=table.event_rate[shown],
            others={
                str(name): (sample.woe[shown], sample.event_rate[shown])
                for name, sample in others.items()
            },
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a bin."""
        import pandas as pd

        columns: dict[str, Any] = {
            "bin": self.labels,
            "share": self.share,
            "event_rate": self.event_rate,
            "woe": self.woe,
        }
        for name, (woe, rate) in self.others.items():
            columns[f"event_rate, {name}"] = rate
            columns[f"woe, {name}"] = woe
        return pd.DataFrame(columns)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Bars are the weight of evidence, blue where safer and orange where riskier
        than the portfolio, diamonds the other samples, lighter the earlier they
        stand; the event rates of the bins stand on the right.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : WoEDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        place = np.arange(len(self.labels))
        colors = [COLORS["nonevent" if woe >= 0 else "event"] for woe in self.woe]
        self.ax_.barh(place, self.woe, height=0.62, color=colors)
        self._plot_others(place)
        self._write_rates(place)
        self.ax_.axvline(0, color="black", linewidth=0.8)
        self.ax_.set_yticks(place, [shorten(label) for label in self.labels])
        self.ax_.invert_yaxis()
        self.ax_.margins(x=0.15)
        self.ax_.grid(visible=False, axis="y")
        self.ax_.set_xlabel("Weight of evidence (right is safer)")
        self.ax_.set_title(self.name, fontsize=10)
        return self

    def _write_rates(self, place: IntArray) -> None:
        """Write the event rates in a column of their own, which no mark covers."""
        beside = self.ax_.get_yaxis_transform()
        for y, rate in zip(place, self.event_rate, strict=True):
            if np.isfinite(rate):
                self.ax_.text(
                    1.015, y, f"{rate:.1%}", transform=beside, va="center", fontsize=7
                )
        self.ax_.annotate(
            "event rate",
            (1.015, 0),
            xycoords="axes fraction",
            xytext=(0, -17),  # beside the name of the axis, below its numbers
            textcoords="offset points",
            va="top",
            fontsize=7,
        )

    def _plot_others(self, place: IntArray) -> None:
        if not self.others:
            return
        fills = np.linspace(1.0, 0.25, len(self.others))
        for (name, (woe, _)), fill in zip(self.others.items(), fills, strict=True):
            self.ax_.plot(
                woe,
                place,
                linestyle="none",
                marker="D",
                markersize=5,
                markerfacecolor=str(fill),
                markeredgecolor="black",
                label=name,
            )
        self.ax_.legend(fontsize=8, frameon=False, loc="best")
