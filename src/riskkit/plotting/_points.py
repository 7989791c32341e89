"""The scorecard in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import did_you_mean
from riskkit._kernels.points import neutral_points
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.plotting._axes import COLORS, bin_labels, shorten, style_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.artifact import BaselineSpec, CharacteristicSpec, ScorecardSpec
    from riskkit.typing import FloatArray

__all__ = ["PointsDisplay"]

# Inches of a line, and of what stands above and below them all.
_LINE, _MARGIN = 0.16, 0.9


class PointsDisplay:
    """The points of every bin of a scorecard, with the share of the accounts.

    Build it with :meth:`from_estimator` or :meth:`from_spec`.

    Parameters
    ----------
    characteristic, bin : tuple of str
        The characteristic of each bin and what the bin is called; bins of one
        characteristic stand together.

    points, neutral : ndarray of shape (n_bins,)
        Points of the bin, and those that its characteristic gives at WoE 0.

    share : ndarray of shape (n_bins,)
        Share of the accounts in the bin; NaN where it is not known.

    offset_points : float
        Points that everyone gets.

    ends : tuple of (float, float)
        Least and most points that an account can have.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    PointsDistributionDisplay : Points of accounts, by outcome.

    Examples
    --------
    >>> from riskkit.plotting import PointsDisplay
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ... }, offset_points=500).fit()
    >>> display = PointsDisplay.from_estimator(card)
    >>> display.frame()[["characteristic", "bin", "points", "points_lost"]]
      characteristic      bin  points  points_lost
    0            age     ≤ 25    10.0         30.0
    1            age  25 – 40    25.0         15.0
    2            age     > 40    40.0          0.0
    3            age  Missing    10.0         30.0
    >>> display.ends
    (510.0, 540.0)
    """

    def __init__(
        self,
        *,
        characteristic: tuple[str, ...],
        bin: tuple[str, ...],  # noqa: A002
        points: FloatArray,
        neutral: FloatArray,
        share: FloatArray,
        offset_points: float,
        ends: tuple[float, float],
    ) -> None:
        self.characteristic = characteristic
        self.bin = bin
        self.points = points
        self.neutral = neutral
        self.share = share
        self.offset_points = offset_points
        self.ends = ends

    @classmethod
    def from_spec(
        cls,
        spec: ScorecardSpec,
        *,
        baseline: BaselineSpec | None = None,
        characteristics: Sequence[str] | None = None,
    ) -> Self:
        """Take the numbers from a scorecard as plain data.

        Parameters
        ----------
        spec : ScorecardSpec
            The scorecard, as an artifact holds it.

        baseline : BaselineSpec, default=None
            Counts of accounts. With them, special, missing and unseen bins that were
            empty are left out.

        characteristics : sequence of str, default=None
            Which characteristics to draw, in this order; None draws all.

        Returns
        -------
        display : PointsDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If the scorecard has no characteristic.
        InvalidParameterError
            If `characteristics` names another one.
        """
        items = {item.feature.name: item for item in spec.characteristics}
        if not items:
            msg = (
                "A scorecard needs a characteristic to be drawn; this one has none: "
                f"everyone gets {spec.offset_points:g} points."
            )
            raise InvalidInputError(msg)
        names = list(items) if characteristics is None else list(characteristics)
        for name in names:
            if name not in items:
                msg = (
                    f"characteristics must name those of the scorecard; {name!r} is "
                    f"none of its {len(items)}.{did_you_mean(name, items)}"
                )
                raise InvalidParameterError(msg)
        parts = [_part(items[name], spec, baseline) for name in names]
        labels, points, neutral, share = zip(*parts, strict=True)
        worth = [_occurring(item) for item in items.values()]
        least, most = (
            spec.offset_points + sum(float(end(points)) for points in worth)
            for end in (np.min, np.max)
        )
        return cls(
            characteristic=tuple(
                name for name, own in zip(names, labels, strict=True) for _ in own
            ),
            bin=tuple(label for own in labels for label in own),
            points=np.concatenate(points),
            neutral=np.concatenate(neutral),
            share=np.concatenate(share),
            offset_points=spec.offset_points,
            ends=(least, most),
        )

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, characteristics: Sequence[str] | None = None
    ) -> Self:
        """Take the numbers from a fitted scorecard.

        Parameters
        ----------
        estimator : ScorecardClassifier or ExpertScorecard
            With ``spec_`` and ``baseline_``.

        characteristics : sequence of str, default=None
            Which characteristics to draw, in this order; None draws all.

        Returns
        -------
        display : PointsDisplay
            Not drawn yet.
        """
        return cls.from_spec(
            estimator.spec_,
            baseline=estimator.baseline_,
            characteristics=characteristics,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a bin."""
        import pandas as pd

        frame = pd.DataFrame(
            {
                "characteristic": self.characteristic,
                "bin": self.bin,
                "share": self.share,
                "points": self.points,
                "neutral_points": self.neutral,
            }
        )
        best = frame.groupby("characteristic")["points"].transform("max")
        frame.insert(4, "points_lost", best - frame["points"])
        return frame

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure as high as it must be; never show or save.

        A line leads from the points at WoE 0 (grey) to those of the bin, blue where
        the bin is safer than that and orange where it is riskier. The area of a dot is
        the share of the accounts, which stands on the right in per cent.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : PointsDisplay
            With ``ax_`` and ``figure_``.
        """
        rows, ticks = self._rows()
        if ax is None:
            import matplotlib.pyplot as plt

            height = max(3.0, _LINE * len(ticks) + _MARGIN)
            ax = plt.subplots(figsize=(5.0, height), layout="constrained")[1]
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        colors = [
            COLORS["nonevent" if p >= n else "event"]
            for p, n in zip(self.points, self.neutral, strict=True)
        ]
        self._plot_neutral(rows)
        self.ax_.hlines(rows, self.neutral, self.points, colors=colors, linewidth=1.2)
        known = np.isfinite(self.share)
        areas = np.where(known, 4.0 + 150.0 * np.nan_to_num(self.share), 16.0)
        self.ax_.scatter(self.points, rows, s=areas, c=colors, zorder=3)
        self._write(rows, areas)
        self.ax_.set_yticks(range(len(ticks)), [shorten(tick, 28) for tick in ticks])
        headings = set(range(len(ticks))) - set(rows)
        for place, tick in enumerate(self.ax_.get_yticklabels()):
            if place in headings:
                tick.set_fontweight("bold")
        self.ax_.tick_params(axis="y", length=0)
        self.ax_.set_ylim(len(ticks) - 0.4, -0.6)
        self.ax_.margins(x=0.12)
        self.ax_.grid(visible=False, axis="y")
        self.ax_.set_xlabel("Points (right is safer)")
        base = f", {self.offset_points:g} of them for everyone"
        self.ax_.set_title(
            f"{self.ends[0]:.4g} to {self.ends[1]:.4g} points"
            f"{base if self.offset_points else ''}",
            fontsize=10,
        )
        return self

    def _rows(self) -> tuple[list[int], list[str]]:
        """Return the line of each bin, and the text of all lines, headings included."""
        rows: list[int] = []
        ticks: list[str] = []
        before = None
        for name, label in zip(self.characteristic, self.bin, strict=True):
            if name != before:
                ticks.append(name)
                before = name
            rows.append(len(ticks))
            ticks.append(label)
        return rows, ticks

    def _plot_neutral(self, rows: list[int]) -> None:
        """Draw one grey line through the bins of each characteristic."""
        names = np.array(self.characteristic)
        for name in dict.fromkeys(self.characteristic):
            own = np.flatnonzero(names == name)
            self.ax_.vlines(
                self.neutral[own[0]],
                rows[own[0]] - 0.4,
                rows[own[-1]] + 0.4,
                color=COLORS["expected"],
                linewidth=1,
                zorder=1,
            )

    def _write(self, rows: list[int], areas: FloatArray) -> None:
        """Write the points beside the dots and the shares on the right."""
        whole = bool((self.points == np.rint(self.points)).all())
        for place, row in enumerate(rows):
            safer = self.points[place] >= self.neutral[place]
            gap = 2.0 + float(np.sqrt(areas[place])) / 2.0
            self.ax_.annotate(
                f"{self.points[place]:.{0 if whole else 1}f}",
                (self.points[place], row),
                xytext=(gap if safer else -gap, 0),
                textcoords="offset points",
                ha="left" if safer else "right",
                va="center",
                fontsize=7,
            )
            if np.isfinite(self.share[place]):
                self._write_right(f"{self.share[place]:.1%}", row)
        if np.isfinite(self.share).any():
            self._write_right("share", 0)

    def _write_right(self, text: str, row: int) -> None:
        self.ax_.annotate(
            text,
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(28, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=7,
            color="0.35",
        )


def _part(
    item: CharacteristicSpec, spec: ScorecardSpec, baseline: BaselineSpec | None
) -> tuple[tuple[str, ...], FloatArray, FloatArray, FloatArray]:
    """Return labels, points, neutral points and shares of the bins to draw."""
    points = np.asarray(item.points)
    share = np.full(points.size, np.nan)
    shown = np.arange(points.size) < _occurring(item).size
    counts = baseline.features.get(item.feature.name) if baseline else None
    n = np.asarray(counts.n if counts else (), dtype=np.float64)
    if n.any():
        share = n / n.sum()
        shown &= (share > 0) | (np.arange(points.size) < item.feature.n_regular)
    neutral = neutral_points(
        points,
        np.asarray(item.log_odds),
        np.asarray(item.woe),
        spec.scaling.pdo,
        spec.scaling.rounding == "integer",
    )
    labels = bin_labels(item.feature)
    return (
        tuple(label for label, show in zip(labels, shown, strict=True) if show),
        points[shown],
        np.full(int(shown.sum()), neutral),
        share[shown],
    )


def _occurring(item: CharacteristicSpec) -> FloatArray:
    """Return the points of the bins that can occur: unseen levels stand last."""
    points = np.asarray(item.points)
    never = item.feature.kind == "numeric" or item.feature.refuse_unseen
    return points[:-1] if never else points
