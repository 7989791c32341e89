"""Shares of two samples over the same bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit._core.params import check_real
from riskkit.exceptions import InvalidInputError
from riskkit.metrics import psi
from riskkit.plotting._axes import COLORS, percent_axis, shorten, style_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["StabilityDisplay"]


class StabilityDisplay:
    """The population of today beside the one trained on, bin by bin.

    Build it with :meth:`from_counts`.

    Parameters
    ----------
    labels : tuple of str
        The bins.

    expected_share, actual_share : ndarray of shape (n_bins,)
        Share of the accounts of each sample in each bin.

    psi : float
        Population stability index; see :func:`riskkit.metrics.psi`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> from riskkit.plotting import StabilityDisplay
    >>> display = StabilityDisplay.from_counts([60, 40], [45, 55], ["low", "high"])
    >>> round(display.psi, 3)
    0.089
    >>> display.frame()
        bin  expected_share  actual_share
    0   low             0.6          0.45
    1  high             0.4          0.55
    """

    def __init__(
        self,
        *,
        labels: tuple[str, ...],
        expected_share: FloatArray,
        actual_share: FloatArray,
        psi: float,
    ) -> None:
        self.labels = labels
        self.expected_share = expected_share
        self.actual_share = actual_share
        self.psi = psi

    @classmethod
    def from_counts(
        cls,
        expected: ArrayLike,
        actual: ArrayLike,
        labels: Sequence[str],
        *,
        smoothing: float = 0.5,
    ) -> Self:
        """Compute shares and index from counts over the same bins.

        Parameters
        ----------
        expected, actual : array-like of shape (n_bins,)
            Accounts of the reference and of the current sample.

        labels : sequence of str
            The bins.

        smoothing : float, default=0.5
            As in :func:`riskkit.metrics.psi`.

        Returns
        -------
        display : StabilityDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If the lengths differ, a count is negative, or a sample is empty.
        """
        check_real("smoothing", smoothing, low=0)
        index = psi(expected, actual, smoothing=smoothing)
        x, a = np.asarray(expected, float), np.asarray(actual, float)
        if len(labels) != x.size:
            msg = f"labels must name the {x.size} bins; got {len(labels)} labels."
            raise InvalidInputError(msg)
        return cls(
            labels=tuple(labels),
            expected_share=x / x.sum(),
            actual_share=a / a.sum(),
            psi=index,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a bin."""
        import pandas as pd

        return pd.DataFrame(
            {
                "bin": self.labels,
                "expected_share": self.expected_share,
                "actual_share": self.actual_share,
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
        self : StabilityDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        place = np.arange(len(self.labels))
        self.ax_.bar(
            place - 0.2,
            self.expected_share,
            0.4,
            color=COLORS["expected"],
            label="expected",
        )
        self.ax_.bar(
            place + 0.2, self.actual_share, 0.4, color=COLORS["actual"], label="actual"
        )
        labels = [shorten(label, 16) for label in self.labels]
        # Side by side there is room for some 55 letters at five inches.
        steep = sum(map(len, labels)) > 55
        self.ax_.set_xticks(
            place,
            labels,
            rotation=35 if steep else 0,
            ha="right" if steep else "center",
            rotation_mode="anchor",
        )
        self.ax_.grid(visible=False, axis="x")
        self.ax_.set_ylabel("Share of accounts")
        self.ax_.set_title(f"PSI = {self.psi:.3f}", fontsize=10)
        percent_axis(self.ax_, "y")
        # Room above the bars for a legend on one line.
        top = max(self.expected_share.max(), self.actual_share.max())
        self.ax_.set_ylim(0, 1.2 * float(top))
        self.ax_.legend(fontsize=8, frameon=False, loc="upper right", ncols=2)
        return self
