"""The bins of one feature with their counts and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame
from riskkit._core.inputs import read_weight
from riskkit._kernels.bins import count_bins
from riskkit._kernels.evidence import evidence_terms
from riskkit.artifact import FeatureSpec, assign_column
from riskkit.exceptions import InvalidInputError, InvalidTargetError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["BinningTable", "make_table"]


@dataclass(frozen=True, eq=False)
class BinningTable:
    """Bins of one feature with the accounts, events and evidence of each.

    Every array has one entry for each bin of :attr:`feature`, in its order: regular
    bins, special groups, missing, unseen. What stands here in `woe` is what
    ``transform`` emits, what the scorecard weighs and what the scorer applies.

    Parameters
    ----------
    feature : FeatureSpec
        The bins.

    n_event, n_nonevent : ndarray of shape (n_bins,)
        Events and non-events, in accounts or sums of weights.

    woe : ndarray of shape (n_bins,)
        Weight of evidence in nats; up is safer.

    smoothing : float
        Accounts of the rarer class added to every bin; see
        :func:`riskkit.metrics.woe`.

    classes : tuple of two labels
        The non-event and the event label of the target.

    trend : str
        Shape of the event rate over the regular bins.

    status : str
        How the search ended: ``"optimal"``, ``"single_bin"`` or ``"infeasible"``.

    reason : str
        Why there is only one bin, or which constraint cannot be met; else empty.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.binning import OptimalBinner
    >>> X = np.repeat([[1.0], [2.0], [3.0], [4.0]], 50, axis=0)
    >>> y = np.r_[np.ones(30), np.zeros(20), np.ones(20), np.zeros(30),
    ...           np.ones(10), np.zeros(40), np.ones(5), np.zeros(45)]
    >>> table = OptimalBinner(smoothing=0).fit(X, y).binning_tables_["x0"]
    >>> table.frame()[["bin", "n", "n_event", "event_rate", "woe"]].round(3)
               bin      n  n_event  event_rate    woe
    0  (-inf, 1.5]   50.0     30.0       0.600 -1.136
    1   (1.5, 2.5]   50.0     20.0       0.400 -0.325
    2   (2.5, 3.5]   50.0     10.0       0.200  0.655
    3   (3.5, inf)   50.0      5.0       0.100  1.466
    4        Total  200.0     65.0       0.325    NaN
    """

    feature: FeatureSpec
    n_event: FloatArray
    n_nonevent: FloatArray
    woe: FloatArray
    smoothing: float
    classes: tuple[Any, Any]
    trend: str = ""
    status: str = "optimal"
    reason: str = ""

    @property
    def name(self) -> str:
        """Name of the feature."""
        return self.feature.name

    @property
    def n(self) -> FloatArray:
        """Accounts of each bin."""
        return self.n_event + self.n_nonevent

    @property
    def iv_terms(self) -> FloatArray:
        """What each bin adds to the information value, in nats."""
        totals = self.n_event.sum(), self.n_nonevent.sum()
        return evidence_terms(self.n_event, self.n_nonevent, *totals, self.smoothing)[1]

    @property
    def iv(self) -> float:
        """Information value over all bins, in nats."""
        return float(self.iv_terms.sum())

    @property
    def event_rate(self) -> FloatArray:
        """Share of events in each bin; NaN in an empty one."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.n_event / self.n)

    def frame(self, *, empty: bool = False, totals: bool = True) -> pd.DataFrame:
        """Return one row for each bin.

        Parameters
        ----------
        empty : bool, default=False
            Keep special, missing and unseen bins that hold no account.

        totals : bool, default=True
            Add a row with the totals.

        Returns
        -------
        frame : DataFrame
            Columns bin, n, n_event, n_nonevent, event_rate, woe, iv.
        """
        import pandas as pd

        rows = pd.DataFrame(
            {
                "bin": self.feature.labels,
                "n": self.n,
                "n_event": self.n_event,
                "n_nonevent": self.n_nonevent,
                "event_rate": self.event_rate,
                "woe": self.woe,
                "iv": self.iv_terms,
            }
        )
        if not empty:
            regular = np.arange(len(rows)) < self.feature.n_regular
            rows = rows[regular | (rows["n"] > 0)].reset_index(drop=True)
        if totals:
            n_event, n = self.n_event.sum(), self.n.sum()
            total = ["Total", n, n_event, n - n_event, n_event / n, np.nan, self.iv]
            rows.loc[len(rows)] = total
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return {
            "feature": self.name,
            "trend": self.trend,
            "status": self.status,
            "reason": self.reason,
            "iv": self.iv,
            "bins": self.frame(totals=False).to_dict("records"),
        }

    def apply_to(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> BinningTable:
        """Count another sample in the same bins.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples,)
            A frame that holds the feature's column, or that column alone.

        y : array-like of shape (n_samples,)
            Outcomes with the labels seen in training; one class alone is allowed.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        Returns
        -------
        table : BinningTable
            The same bins with the counts, WoE and IV of the sample.

        Raises
        ------
        InvalidTargetError
            If `y` holds a label that was not there in training.
        """
        column: Any
        if is_frame(X):
            column = Table.read(X).select([self.name]).column(self.name)
        else:
            column = X if hasattr(X, "dtype") else np.asarray(X, dtype=object)
        bins = assign_column(self.feature, column)
        is_event = _known_outcomes(y, self.classes, bins.size)
        weight = read_weight(sample_weight, bins.size)
        counts = count_bins(bins, is_event, self.feature.n_bins, weight)
        return make_table(
            self.feature, *counts, self.smoothing, self.classes, trend=self.trend
        )

    def __add__(self, other: BinningTable) -> BinningTable:
        """Add the counts of two samples in the same bins."""
        if not isinstance(other, BinningTable):
            return NotImplemented
        if self.feature != other.feature:
            msg = (
                "Only tables with the same bins can be added; "
                f"{self.name!r} and {other.name!r} differ in name, edges or levels."
            )
            raise InvalidInputError(msg)
        return make_table(
            self.feature,
            self.n_event + other.n_event,
            self.n_nonevent + other.n_nonevent,
            self.smoothing,
            self.classes,
            trend=self.trend,
        )

    def _repr_html_(self) -> str:
        note = f" ({self.reason})" if self.reason else ""
        caption = f"{self.name}: {self.trend or self.status}{note}, IV {self.iv:.4f}"
        style = self.frame().style.format(
            {
                "n": "{:,.0f}",
                "n_event": "{:,.0f}",
                "n_nonevent": "{:,.0f}",
                "event_rate": "{:.2%}",
                "woe": "{:+.3f}",
                "iv": "{:.4f}",
            },
            na_rep="",
            escape="html",
        )
        html: str = style.hide(axis="index").set_caption(caption).to_html()
        return html


def make_table(
    feature: FeatureSpec,
    n_event: FloatArray,
    n_nonevent: FloatArray,
    smoothing: float,
    classes: tuple[Any, Any],
    *,
    unseen: str = "neutral",
    trend: str = "",
    status: str = "optimal",
    reason: str = "",
) -> BinningTable:
    """Build a table from counts; the policy for unseen levels fixes their WoE."""
    totals = n_event.sum(), n_nonevent.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        woe = evidence_terms(n_event, n_nonevent, *totals, smoothing)[0]
    if not all(totals):
        woe = np.full(feature.n_bins, np.nan)  # one class alone is no evidence
    elif unseen == "missing":
        woe[feature.unseen_bin] = woe[feature.missing_bin]
    elif unseen == "riskiest":
        woe[feature.unseen_bin] = woe.min()
    return BinningTable(
        feature=feature,
        n_event=n_event,
        n_nonevent=n_nonevent,
        woe=woe,
        smoothing=smoothing,
        classes=classes,
        trend=trend,
        status=status,
        reason=reason,
    )


def _known_outcomes(y: ArrayLike, classes: tuple[Any, Any], n_rows: int) -> BoolArray:
    values = np.asarray(y)
    if values.shape != (n_rows,):
        msg = f"y must hold {n_rows} outcomes, one for each row; got {values.shape}."
        raise InvalidTargetError(msg)
    is_event = np.asarray(values == classes[1])
    n_unknown = int(np.count_nonzero(~is_event & (values != classes[0])))
    if n_unknown:
        msg = (
            "Outcomes must be labelled as in training; "
            f"{n_unknown} of {n_rows} rows hold another label or none."
        )
        raise InvalidTargetError(msg)
    return is_event
