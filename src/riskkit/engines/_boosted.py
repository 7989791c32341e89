"""Boosted models whose trees are grown by all workers of a Dask cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.base import clone

from riskkit._core.frames import Table
from riskkit._core.params import check_int
from riskkit.boosting import (
    GrowthPlan,
    LGBMPDClassifier,
    XGBPDClassifier,
    adopt_booster,
    growth_plan,
)
from riskkit.engines._collect import open_table, split_columns
from riskkit.engines._dask import DaskEngine
from riskkit.engines._engine import import_engine
from riskkit.engines._rows import read_events, read_weights
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.engines._collect import Roles

__all__ = ["fit_boosted"]

Model = TypeVar("Model", LGBMPDClassifier, XGBPDClassifier)


def fit_boosted(
    model: Model,
    source: Any,
    y: str,
    *,
    features: Sequence[str] | None = None,
    sample_weight: str | None = None,
    classes: Any = (0, 1),
    n_sample: int = 200_000,
    random_state: int = 0,
) -> Model:
    """Grow the trees of a boosted model on all rows of a Dask frame.

    Parameters
    ----------
    model : LGBMPDClassifier or XGBPDClassifier
        What to fit, without calibration; it is cloned.

    source : Dask frame or path
        Rows, on the cluster of the current ``distributed.Client``. There have to be at
        least as many partitions with rows as workers.

    y : str
        Column with the outcome.

    features : sequence of str, default=None
        Columns to use; None for all but `y` and `sample_weight`.

    sample_weight : str, default=None
        Column with weights, multiples of ``2**-20``.

    classes : sequence of two labels, default=(0, 1)
        The non-event and the event label.

    n_sample : int, default=200000
        Rows drawn for the first step.

    random_state : int, default=0
        Seed of the draw.

    Returns
    -------
    model : estimator of the same class
        Fitted. Bins, directions, number of rounds and what reasons compare with come
        from the sample; the trees, their leaves and the intercept from all rows, by
        the library's own training on Dask.

    Raises
    ------
    InvalidTypeError
        If `model` or `source` is of another type.
    InvalidInputError, InvalidTargetError
        If a column is missing, there is no client, or the sample has too few events.
    InvalidParameterError
        If a parameter is outside its domain.
    MissingExtraError
        If Dask is not installed.

    See Also
    --------
    riskkit.boosting.adopt_booster : Takes trees from any other training.

    Examples
    --------
    >>> from riskkit.engines import fit_boosted
    >>> fit_boosted(None, None, "default")
    Traceback (most recent call last):
    ...
    riskkit.exceptions.InvalidTypeError: model must be ...
    """
    if not isinstance(model, LGBMPDClassifier | XGBPDClassifier):
        msg = (
            "model must be an LGBMPDClassifier or an XGBPDClassifier; got "
            f"{type(model).__name__}."
        )
        raise InvalidTypeError(msg)
    check_int("n_sample", n_sample, low=1)
    client = _client()
    opened = open_table(source, "dask", None, 500_000)
    if not isinstance(opened, DaskEngine):  # the engine that was asked for
        raise TypeError
    roles = split_columns(opened, y, features, None, sample_weight)
    totals = opened.fold(_Totals(roles, tuple(classes)), roles.columns)
    n_rows, weight, event = totals.tolist()
    frame = opened.frame[roles.columns]
    share = min(1.0, n_sample / max(n_rows, 1.0))
    rows = (
        frame if share == 1.0 else frame.sample(frac=share, random_state=random_state)
    )
    sample = rows.compute()
    is_event = read_events(sample[y], tuple(classes), len(sample))
    fitted: Model = clone(model)
    fitted.fit(
        sample[list(roles.features)],
        is_event.astype(np.intp),
        None if sample_weight is None else sample[sample_weight],
    )
    # As told: in memory the larger label would be the event.
    fitted.classes_ = np.asarray(classes)
    plan = growth_plan(fitted)
    start = float(np.float32(np.log(event / (weight - event))))
    booster = _grow(client, plan, _coded(frame, plan, roles, tuple(classes)), start)
    return adopt_booster(
        fitted,
        booster,
        sample[list(roles.features)],
        n_rows=weight,
        n_events=event,
    )


@dataclass(frozen=True)
class _Totals:
    """Counts rows, accounts and events."""

    roles: Roles
    classes: tuple[Any, Any]

    def start(self) -> NDArray[np.float64]:
        return np.zeros(3)

    def update(self, state: NDArray[np.float64], part: Any) -> NDArray[np.float64]:
        table = Table.read(part)
        is_event, weight = _outcomes(table, self.roles, self.classes)
        found = [table.n_rows, weight.sum(), weight[is_event].sum()]
        return state + np.array(found, dtype=np.float64)

    def merge(
        self, one: NDArray[np.float64], other: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return one + other


def _outcomes(
    table: Table, roles: Roles, classes: tuple[Any, Any]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    is_event = read_events(table.column(roles.y), classes, table.n_rows)
    name = roles.sample_weight
    given = None if name is None else table.column(name)
    weight = read_weights(given, table.n_rows)
    return is_event, np.ones(table.n_rows) if weight is None else weight


def _coded(frame: Any, plan: GrowthPlan, roles: Roles, classes: tuple[Any, Any]) -> Any:
    """Return one Dask array: the codes, then the outcome and the weight."""
    width = len(plan.spec.columns) + 2
    meta = np.zeros((0, width), dtype=np.float32)
    rule = partial(_code, plan=plan, roles=roles, classes=classes)
    parts = [
        import_engine("dask.array", "dask").from_delayed(
            import_engine("dask", "dask").delayed(rule, pure=False)(part),
            shape=(np.nan, width),
            meta=meta,
        )
        for part in frame.to_delayed()
    ]
    whole = import_engine("dask.array", "dask").concatenate(parts)
    # Held by the workers: every round of a library would else read the rows again.
    return whole.persist()


def _code(
    part: Any, plan: GrowthPlan, roles: Roles, classes: tuple[Any, Any]
) -> NDArray[np.float32]:
    table = Table.read(part)
    is_event, weight = _outcomes(table, roles, classes)
    columns = [plan.codes(part), is_event[:, None], weight[:, None]]
    return np.concatenate(columns, axis=1, dtype=np.float32)


def _grow(client: Any, plan: GrowthPlan, rows: Any, start: float) -> Any:
    """Grow the trees; every row starts at the log-odds of the event rate."""
    rows.compute_chunk_sizes()
    codes, is_event, weight = rows[:, :-2], rows[:, -2], rows[:, -1]
    margin = is_event * np.float32(0) + np.float32(start)
    if plan.library == "lightgbm":
        from lightgbm import DaskLGBMClassifier

        told = {k: v for k, v in plan.parameters.items() if k != "num_threads"}
        grower = DaskLGBMClassifier(client=client, n_estimators=plan.n_rounds, **told)
        grower.fit(codes, is_event, sample_weight=weight, init_score=margin)
        return grower.booster_
    from xgboost import dask as xgboost_dask

    told = {k: v for k, v in plan.parameters.items() if k != "nthread"}
    matrix = xgboost_dask.DaskDMatrix(
        client, codes, is_event, weight=weight, base_margin=margin
    )
    return xgboost_dask.train(client, told, matrix, plan.n_rounds)["booster"]


def _client() -> Any:
    distributed = import_engine("distributed", "dask")
    try:
        return distributed.get_client()
    except ValueError:
        msg = (
            "The trees are grown by the workers of a cluster; there is no client of "
            "one. Start it: distributed.Client(distributed.LocalCluster())."
        )
        raise InvalidInputError(msg) from None
