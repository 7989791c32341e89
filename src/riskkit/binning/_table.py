"""The bins of one feature with their counts and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame
from riskkit._core.inputs import read_weight
from riskkit._core.target import known_outcomes
from riskkit._kernels.bins import count_bins
from riskkit._kernels.evidence import evidence_terms
from riskkit.artifact import FeatureSpec, assign_column
from riskkit.binning._detail import (
    detail_columns,
    gini_of_bins,
    iv_strength,
    js_terms,
)
from riskkit.binning._joins import pool, pooled_labels
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.binning._edits import BinEdit
    from riskkit.typing import BoolArray, CodeArray, FloatArray

__all__ = ["BinningTable", "make_table"]


@dataclass(frozen=True, eq=False)
class BinningTable:
    """Bins of one feature with the accounts, events and evidence of each.

    Every array has one entry for each bin of `feature`, in its order: regular
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
        How the search ended: ``"optimal"`` (of all partitions of the prebins),
        ``"feasible"`` (a solver that stopped at its time limit), ``"single_bin"`` or
        ``"infeasible"``.

    reason : str
        Why there is only one bin, or which constraint cannot be met; else empty.

    edits : tuple of BinEdit
        What people changed, in order.

    joins : tuple of int
        For each bin the position of the bin with which it shares its evidence: itself,
        or a regular bin for missing or special values that were merged or forced into
        it. Counts stay apart; WoE and IV are those of the pooled counts.

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
    edits: tuple[BinEdit, ...] = ()
    joins: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.joins:
            object.__setattr__(self, "joins", tuple(range(self.feature.n_bins)))

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
        """What each bin adds to the information value, in nats; 0 in a joining bin."""
        event, nonevent = self._pooled()
        totals = event.sum(), nonevent.sum()
        return evidence_terms(event, nonevent, *totals, self.smoothing)[1]

    @property
    def iv(self) -> float:
        """Information value over all bins, in nats."""
        return float(self.iv_terms.sum())

    @property
    def event_rate(self) -> FloatArray:
        """Share of events in each bin; NaN in an empty one."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.n_event / self.n)

    @property
    def gini(self) -> float:
        """Gini of the ranking by WoE, between -1 and 1."""
        return gini_of_bins(self.n_event, self.n_nonevent, self.woe)

    @property
    def js(self) -> float:
        """Jensen-Shannon divergence of events and non-events, in nats."""
        return float(js_terms(*self._pooled()).sum())

    @property
    def strength(self) -> str:
        """The field's word for the information value; ``suspicious`` from 0.5 on."""
        return iv_strength(self.iv)

    def frame(
        self, *, empty: bool = False, totals: bool = True, detail: bool = False
    ) -> pd.DataFrame:
        """Return one row for each bin; bins that share their evidence have one row.

        Parameters
        ----------
        empty : bool, default=False
            Keep special, missing and unseen bins that hold no account.

        totals : bool, default=True
            Add a row with the totals.

        detail : bool, default=False
            Add rate_low and rate_high (Jeffreys' 95 % interval of the event rate),
            woe_se (standard error), js (term of the Jensen-Shannon divergence) and
            p_next (p-value of equal event rates in this regular bin and the next).

        Returns
        -------
        frame : DataFrame
            Columns bin, n, n_event, n_nonevent, event_rate, woe, iv, and the details.
        """
        import pandas as pd

        n_event, n_nonevent = self._pooled()
        n = n_event + n_nonevent
        rows: pd.DataFrame = pd.DataFrame(
            {
                "bin": pooled_labels(self.feature.labels, self.joins),
                "n": n,
                "n_event": n_event,
                "n_nonevent": n_nonevent,
                "event_rate": np.divide(
                    n_event, n, out=np.full(n.size, np.nan), where=n > 0
                ),
                "woe": self.woe,
                "iv": self.iv_terms,
            }
        )
        if detail:
            columns = detail_columns(
                n_event, n_nonevent, self.smoothing, self.feature.n_regular
            )
            rows = rows.assign(**columns)
        stands_alone = np.asarray(self.joins) == np.arange(len(rows))
        rows = rows.iloc[np.flatnonzero(stands_alone)].reset_index(drop=True)
        if not empty:
            regular = np.arange(len(rows)) < self.feature.n_regular
            rows = rows[regular | (rows["n"] > 0)].reset_index(drop=True)
        if totals:
            events, every = n_event.sum(), n.sum()
            rate = events / every
            total = ["Total", every, events, every - events, rate, np.nan, self.iv]
            rest = [np.nan] * (rows.shape[1] - len(total))
            rows.loc[len(rows)] = total + rest
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
        bins, is_event = self._bins_and_events(X, y)
        weight = read_weight(sample_weight, bins.size)
        return self._recounted(*count_bins(bins, is_event, self.feature.n_bins, weight))

    def by_period(
        self, X: Any, y: ArrayLike, periods: ArrayLike
    ) -> dict[str, BinningTable]:
        """Count each period of a sample in the same bins.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples,)
            A frame that holds the feature's column, or that column alone.

        y : array-like of shape (n_samples,)
            Outcomes with the labels seen in training.

        periods : array-like of shape (n_samples,)
            Period of each row, such as a year; sorted by its values.

        Returns
        -------
        tables : dict of str to BinningTable
            One for each period, in order.
        """
        bins, is_event = self._bins_and_events(X, y)
        labels, codes = np.unique(np.asarray(periods), return_inverse=True)
        if codes.shape != bins.shape:
            msg = (
                f"periods must name one for each of {bins.size} rows; got {codes.size}."
            )
            raise InvalidInputError(msg)
        tables = {}
        for k, label in enumerate(labels):
            rows = codes == k
            counts = count_bins(bins[rows], is_event[rows], self.feature.n_bins)
            tables[str(label)] = self._recounted(*counts)
        return tables

    def _bins_and_events(self, X: Any, y: ArrayLike) -> tuple[CodeArray, BoolArray]:
        column: Any
        if is_frame(X):
            column = Table.read(X).select([self.name]).column(self.name)
        else:
            column = X if hasattr(X, "dtype") else np.asarray(X, dtype=object)
        bins = assign_column(self.feature, column)
        return bins, known_outcomes(y, self.classes, bins.size)

    def _pooled(self) -> tuple[FloatArray, FloatArray]:
        """Return events and non-events, those of joining bins at the bin they join."""
        return pool(self.n_event, self.joins), pool(self.n_nonevent, self.joins)

    def _recounted(self, n_event: FloatArray, n_nonevent: FloatArray) -> BinningTable:
        return make_table(
            self.feature,
            n_event,
            n_nonevent,
            self.smoothing,
            self.classes,
            trend=self.trend,
            joins=self.joins,
        )

    def __add__(self, other: BinningTable) -> BinningTable:
        """Add the counts of two samples in the same bins."""
        if not isinstance(other, BinningTable):
            return NotImplemented
        if self.feature != other.feature or self.joins != other.joins:
            msg = (
                "Only tables with the same bins can be added; "
                f"{self.name!r} and {other.name!r} differ in name, edges, levels or "
                "joined bins."
            )
            raise InvalidInputError(msg)
        return self._recounted(
            self.n_event + other.n_event, self.n_nonevent + other.n_nonevent
        )

    def _repr_html_(self) -> str:
        note = f" ({self.reason})" if self.reason else ""
        caption = (
            f"{self.name}: {self.trend or self.status}{note}, IV {self.iv:.4f} "
            f"({self.strength})"
        )
        for edit in self.edits:
            caption += f"; {edit.describe()}"
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
        html: str = style.hide(axis="index").set_caption(escape(caption)).to_html()
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
    joins: tuple[int, ...] = (),
) -> BinningTable:
    """Build a table from counts; the policy for unseen levels fixes their WoE."""
    joins = joins or tuple(range(feature.n_bins))
    event, nonevent = pool(n_event, joins), pool(n_nonevent, joins)
    totals = event.sum(), nonevent.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        woe = evidence_terms(event, nonevent, *totals, smoothing)[0][list(joins)]
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
        joins=joins,
    )
