"""A scored sample with its outcomes, and what it says about the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame
from riskkit._kernels.bins import assign_bins, count_bins
from riskkit._kernels.intervals import jeffreys_interval, jeffreys_pvalue
from riskkit._kernels.ranking import auc, auc_variance, ks, score_counts
from riskkit.artifact import assign_column
from riskkit.exceptions import InvalidInputError, InvalidTargetError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.artifact import BaselineSpec, FeatureSpec
    from riskkit.typing import BoolArray, CodeArray, FloatArray

__all__ = ["Performance", "ScoredSample", "jeffreys", "measure"]

_LOG_LOSS_FLOOR = float(np.finfo(np.float64).eps)  # as scikit-learn's log_loss


@dataclass(frozen=True, eq=False)
class ScoredSample:
    """Rows with outcome, PD and points, and the columns they came from."""

    table: Table
    is_event: BoolArray
    pd: FloatArray
    points: FloatArray

    @classmethod
    def read(cls, model: Any, X: Any, y: ArrayLike, what: str) -> ScoredSample:
        """Score `X` with the model and check that outcomes and rows agree."""
        table = Table.read(X if hasattr(X, "shape") else np.asarray(X, dtype=object))
        if not is_frame(X):  # columns without names stand in the order of training
            names = getattr(model, "feature_names_in_", table.names)
            table = replace(table, names=tuple(names))
        return cls(
            table=table,
            is_event=_read_outcomes(y, model.classes_, table.n_rows, what),
            pd=_read_column(np.asarray(model.predict_proba(X))[:, 1], "PD", what),
            points=_read_column(np.ravel(model.predict_points(X)), "points", what),
        )

    def bands(self, baseline: BaselineSpec) -> CodeArray:
        """Return the band of points of each row."""
        return assign_bins(self.points, np.asarray(baseline.points_edges, np.float64))

    def counts(self, feature: FeatureSpec) -> tuple[FloatArray, FloatArray]:
        """Return accounts and events in each bin of a characteristic."""
        bins = assign_column(feature, self.table.column(feature.name))
        event, nonevent = count_bins(bins, self.is_event, feature.n_bins)
        return event + nonevent, event


@dataclass(frozen=True)
class Performance:
    """Measures of one sample; NaN where an outcome is absent."""

    n: float
    n_event: float
    event_rate: float
    mean_pd: float
    auc: float
    auc_variance: float
    ks: float
    log_loss: float
    brier: float
    mean_points: float

    @property
    def gini(self) -> float:
        """``2 * AUC - 1``."""
        return 2.0 * self.auc - 1.0

    @property
    def actual_expected(self) -> float:
        """Observed over expected events."""
        return self.event_rate / self.mean_pd if self.mean_pd else float("nan")


def measure(sample: ScoredSample, rows: BoolArray | None = None) -> Performance:
    """Return the measures of a sample, or of some of its rows."""
    use = slice(None) if rows is None else rows
    is_event, pd, points = sample.is_event[use], sample.pd[use], sample.points[use]
    _, event, nonevent = score_counts(is_event, pd)
    safe = np.clip(pd, _LOG_LOSS_FLOOR, 1 - _LOG_LOSS_FLOOR)
    surprise = -np.log(np.where(is_event, safe, 1 - safe))
    return Performance(
        n=float(is_event.size),
        n_event=float(is_event.sum()),
        event_rate=float(is_event.mean()),
        mean_pd=float(pd.mean()),
        auc=auc(event, nonevent),
        auc_variance=auc_variance(event, nonevent),
        ks=ks(event, nonevent),
        log_loss=float(surprise.mean()),
        brier=float(np.mean((pd - is_event) ** 2)),
        mean_points=float(points.mean()),
    )


def jeffreys(
    n_event: FloatArray, n: FloatArray, pd: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a 95 % interval for the event rate and the two-sided p-value of the PD."""
    low, high = jeffreys_interval(n_event, n, 0.95)
    return low, high, jeffreys_pvalue(n_event, n, pd)


def _read_outcomes(
    y: ArrayLike, classes: NDArray[Any], n_rows: int, what: str
) -> BoolArray:
    values = np.asarray(y)
    if values.shape != (n_rows,):
        msg = (
            f"The outcomes of {what} must be one for each of the {n_rows} rows; "
            f"got shape {values.shape}."
        )
        raise InvalidTargetError(msg)
    is_nonevent, is_event = (_equals(values, label) for label in classes)
    n_unknown = int(np.count_nonzero(~is_event & ~is_nonevent))
    if n_unknown:
        msg = (
            f"The outcomes of {what} must be labelled as in training; {n_unknown} of "
            f"{n_rows} rows hold another label or none. Leave out rows whose outcome "
            "is not known yet."
        )
        raise InvalidTargetError(msg)
    return is_event


def _equals(values: NDArray[Any], label: Any) -> BoolArray:
    if values.dtype.kind != "O":
        return np.asarray(values == label, dtype=bool)
    # pandas' NA answers NA, which must not be asked for its truth.
    answers = [value == label for value in values.tolist()]
    return np.array([a is True or a is np.True_ for a in answers], dtype=bool)


def _read_column(values: Any, name: str, what: str) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float64)
    n_odd = int(np.count_nonzero(~np.isfinite(numbers)))
    if n_odd or not numbers.size:
        msg = (
            f"The model must give every row of {what} a finite {name}; got {n_odd} of "
            f"{numbers.size} rows without."
        )
        raise InvalidInputError(msg)
    return numbers
