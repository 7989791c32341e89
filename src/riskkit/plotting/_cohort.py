"""The triangle of cohorts by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit.decision import CohortResult
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["CohortDisplay"]

_MOST_LABELS = 16
_MOST_NUMBERS = 14  # rows or columns whose cells are large enough for a number


class CohortDisplay:
    """Share of each cohort that came to a stage, by periods since the contact.

    Build it with :meth:`from_result`. Cells that are not mature are hatched: they are
    too low still. What a cohort has not come to is empty.

    Parameters
    ----------
    cohorts : tuple of str
        In order of time.

    shares : ndarray of shape (n_cohorts, n_periods)
        NaN where a period has not begun.

    mature : ndarray of shape (n_cohorts, n_periods), bool
        Whether every customer was watched for that many periods.

    stage : str
        The stage.

    freq : {"week", "month"}
        Length of a period.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    riskkit.decision.cohort_followup : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import cohort_followup
    >>> from riskkit.plotting import CohortDisplay
    >>> day = np.datetime64("2024-01-01") + np.arange(0, 60)
    >>> contacts = {"contacted": day, "funded": day + 10}
    >>> result = cohort_followup(contacts, ["contacted", "funded"], as_of="2024-04-01")
    >>> CohortDisplay.from_result(result, "funded").frame()
        cohort  period  share  mature
    0  2024-01       1    1.0    True
    1  2024-01       2    1.0    True
    2  2024-01       3    1.0   False
    3  2024-02       1    1.0    True
    4  2024-02       2    1.0   False
    """

    def __init__(
        self,
        *,
        cohorts: tuple[str, ...],
        shares: FloatArray,
        mature: BoolArray,
        stage: str,
        freq: str,
    ) -> None:
        self.cohorts = cohorts
        self.shares = shares
        self.mature = mature
        self.stage = stage
        self.freq = freq

    @classmethod
    def from_result(
        cls, result: CohortResult, stage: str, *, group: str | None = None
    ) -> Self:
        """Take the triangle of one stage.

        Parameters
        ----------
        result : CohortResult
            What :func:`riskkit.decision.cohort_followup` returned.

        stage : str
            A stage after the contact.

        group : str, optional
            One of the groups; everyone by default.

        Returns
        -------
        display : CohortDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there is no such stage or group.
        InvalidInputError
            If `result` is none.
        """
        if not isinstance(result, CohortResult):
            msg = (
                "result must be what cohort_followup returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidInputError(msg)
        shares = result.triangle(stage, group=group)
        status = result.triangle(stage, value="status", group=group)
        return cls(
            cohorts=result.cohorts,
            shares=shares.to_numpy(dtype=np.float64),
            mature=(status == "mature").to_numpy(),
            stage=stage,
            freq=result.freq,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row for each cohort and period that began."""
        import pandas as pd

        row, column = np.nonzero(~np.isnan(self.shares))
        return pd.DataFrame(
            {
                "cohort": np.array(self.cohorts, dtype=object)[row],
                "period": column + 1,
                "share": self.shares[row, column],
                "mature": self.mature[row, column],
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
        self : CohortDisplay
            With ``ax_`` and ``figure_``.
        """
        from matplotlib.patches import Rectangle
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        n_cohorts, n_periods = self.shares.shape
        image = self.ax_.imshow(
            self.shares,
            aspect="auto",
            cmap="cividis",
            vmin=0,
            interpolation="nearest",
            extent=(0.5, n_periods + 0.5, n_cohorts - 0.5, -0.5),
        )
        is_open = ~self.mature & ~np.isnan(self.shares)
        for row, column in zip(*np.nonzero(is_open), strict=True):
            self.ax_.add_patch(
                Rectangle(
                    (column + 0.5, row - 0.5),
                    1.0,
                    1.0,
                    fill=False,
                    hatch="////",
                    edgecolor="white",
                    linewidth=0,
                )
            )
        if max(n_cohorts, n_periods) <= _MOST_NUMBERS:
            self._write_numbers()
        every = -(-n_cohorts // _MOST_LABELS)
        self.ax_.set_yticks(
            range(0, n_cohorts, every), self.cohorts[::every], fontsize=7
        )
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.ax_.grid(visible=False)
        self.ax_.set_xlabel(f"{self.freq.capitalize()} since the contact")
        bar = self.ax_.figure.colorbar(image, ax=self.ax_, shrink=0.85)
        bar.set_label(f"Share {self.stage}", fontsize=8)
        bar.ax.tick_params(labelsize=7)
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0))
        return self

    def _write_numbers(self) -> None:
        top = float(np.nanmax(self.shares)) or 1.0
        for row, column in zip(*np.nonzero(self.mature), strict=True):
            share = self.shares[row, column]
            self.ax_.text(
                column + 1,
                row,
                f"{share:.0%}",
                ha="center",
                va="center",
                fontsize=6,
                color="white" if share < top / 2 else "black",
            )
