"""PDs by month on book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_option
from riskkit.boosting import LifeTableResult, TermStructureResult
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.plotting._axes import COLORS, percent_axis, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["TermStructureDisplay"]

_VALUES = {
    "cumulative": "Cumulative PD",
    "conditional": "PD of the month, given survival",
    "marginal": "PD of the month",
}
# How a life table calls the same, where it has it.
_COUNTED = {"cumulative": "cumulative", "conditional": "hazard"}
# Okabe and Ito's, of which events and non-events are two; told apart by dashes too.
_LINES = (
    (COLORS["nonevent"], "-"),
    (COLORS["event"], "--"),
    ("#009E73", "-."),
    ("#CC79A7", ":"),
    ("#56B4E9", "-"),
    ("#E69F00", "--"),
)


class TermStructureDisplay:
    """PDs by month on book, beside what was counted.

    Build it with :meth:`from_result` or :meth:`from_estimator`.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_months,)
        PDs of each group.

    value : {"cumulative", "conditional", "marginal"}
        What is drawn.

    counted : dict of str to dict of str to ndarray
        For groups that were counted: month, value, low and high.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    riskkit.boosting.PDTermStructure : The model.
    riskkit.boosting.life_table : The counts.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.boosting import TermStructureResult, life_table
    >>> from riskkit.plotting import TermStructureDisplay
    >>> result = TermStructureResult(np.array([[0.25, 0.25], [0.75, 0.25]]))
    >>> counts = life_table([1, 0, 1, 0], [1, 2, 2, 2])
    >>> display = TermStructureDisplay.from_result(result, counted=counts)
    >>> display.frame()[["group", "month", "pd", "counted"]]
      group  month     pd  counted
    0   all      1  0.500     0.25
    1   all      2  0.625     0.50
    """

    def __init__(
        self,
        *,
        curves: dict[str, FloatArray],
        value: str,
        counted: dict[str, dict[str, FloatArray]],
    ) -> None:
        self.curves = curves
        self.value = value
        self.counted = counted

    @classmethod
    def from_result(
        cls,
        result: TermStructureResult,
        *,
        groups: Any = None,
        value: str = "cumulative",
        counted: LifeTableResult | Mapping[str, LifeTableResult] | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Take the numbers from predicted PDs, averaged over accounts.

        Parameters
        ----------
        result : TermStructureResult
            PDs of accounts, or of groups already.

        groups : array-like of shape (n_rows,), optional
            Group of each account; None takes all as one.

        value : {"cumulative", "conditional", "marginal"}, default="cumulative"
            What to draw.

        counted : LifeTableResult or mapping of str to LifeTableResult, optional
            Counts to draw beside the curve, or by group. Months that the curves do not
            have are left out. There are none of the marginal PD.

        sample_weight : array-like of shape (n_rows,), optional
            Weight of each account.

        Returns
        -------
        display : TermStructureDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If the value is none of these.
        InvalidTypeError
            If something else than results is given.
        InvalidInputError
            If there are counts of a group that has no curve, or of marginal PDs.
        """
        check_option("value", value, tuple(_VALUES))
        if not isinstance(result, TermStructureResult):
            msg = (
                "result must be what predict_term_structure returned; got "
                f"{type(result).__name__}."
            )
            raise InvalidTypeError(msg)
        if result.names is None:
            result = result.portfolio(groups, sample_weight=sample_weight)
        names = result.names or ()
        numbers = result.hazard if value == "conditional" else getattr(result, value)
        curves = dict(zip(names, numbers, strict=True))
        tables = counted if isinstance(counted, Mapping) else {}
        if counted is not None and not isinstance(counted, Mapping):
            tables = dict.fromkeys(names[:1], counted)
        return cls(
            curves=curves,
            value=value,
            counted=_read_counts(tables, curves, value),
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        groups: Any = None,
        value: str = "cumulative",
        counted: LifeTableResult | Mapping[str, LifeTableResult] | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Compute the PDs of accounts by a fitted model, averaged by group.

        Parameters
        ----------
        estimator : PDTermStructure
            Fitted.

        X : frame or array-like of shape (n_rows, n_features)
            Accounts.

        groups, value, counted, sample_weight
            As in :meth:`from_result`.

        Returns
        -------
        display : TermStructureDisplay
            Not drawn yet.
        """
        return cls.from_result(
            estimator.predict_term_structure(X),
            groups=groups,
            value=value,
            counted=counted,
            sample_weight=sample_weight,
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a group and month.

        Returns
        -------
        frame : DataFrame
            Columns group, month, pd; counted, low and high, NaN where nothing was
            counted.
        """
        import pandas as pd

        parts = []
        for group, curve in self.curves.items():
            months = np.arange(1, curve.size + 1)
            columns: dict[str, Any] = {"group": group, "month": months, "pd": curve}
            for name in ("counted", "low", "high"):
                column = np.full(curve.size, np.nan)
                if group in self.counted:
                    found = self.counted[group]
                    column[found["month"].astype(int) - 1] = found[name]
                columns[name] = column
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : TermStructureDisplay
            With ``ax_`` and ``figure_``.
        """
        from matplotlib.ticker import MaxNLocator

        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        for place, (group, curve) in enumerate(self.curves.items()):
            color, dashes = _LINES[place % len(_LINES)]
            months = np.arange(1, curve.size + 1)
            if self.value == "cumulative":
                # Nobody has had the event when the account is opened.
                months, curve = np.append(0, months), np.append(0.0, curve)
            self.ax_.plot(
                months, curve, color=color, linestyle=dashes, linewidth=2, label=group
            )
            if group in self.counted:
                found = self.counted[group]
                self.ax_.vlines(
                    found["month"], found["low"], found["high"], color=color, alpha=0.4
                )
                self.ax_.plot(
                    found["month"],
                    found["counted"],
                    "o",
                    color=color,
                    markersize=4,
                    label="counted" if len(self.curves) == 1 else None,
                )
        self.ax_.set(xlabel="Month on book", ylabel=_VALUES[self.value])
        self.ax_.set_ylim(bottom=0.0)
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        percent_axis(self.ax_, "y")
        if len(self.curves) > 1 or self.counted:
            self.ax_.legend(fontsize=8, frameon=False)
        return self


def _read_counts(
    tables: Mapping[str, LifeTableResult], curves: dict[str, FloatArray], value: str
) -> dict[str, dict[str, FloatArray]]:
    if tables and value not in _COUNTED:
        msg = (
            f"Counts are of the values {', '.join(_COUNTED)}; got {value!r}. Leave "
            "counted out, or draw one of those."
        )
        raise InvalidInputError(msg)
    found = {}
    for group, table in tables.items():
        if not isinstance(table, LifeTableResult):
            msg = (
                f"counted must be what life_table returned; got {type(table).__name__}."
            )
            raise InvalidTypeError(msg)
        if group not in curves:
            msg = (
                f"counted must name groups that have a curve ({', '.join(curves)}); "
                f"got {group!r}."
            )
            raise InvalidInputError(msg)
        name = _COUNTED[value]
        columns = {
            key: np.asarray(table.columns[source], dtype=np.float64)
            for key, source in (
                ("month", "month"),
                ("counted", name),
                ("low", f"{name}_low"),
                ("high", f"{name}_high"),
            )
        }
        kept = (columns["month"] <= curves[group].size) & ~np.isnan(columns["counted"])
        found[group] = {key: column[kept] for key, column in columns.items()}
    return found
