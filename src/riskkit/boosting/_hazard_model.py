"""What the model of a hazard is given, and what it has to be able to do."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import has_fit_parameter

from riskkit._core.inputs import read_weight
from riskkit.boosting._hazard_folds import account_folds
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.boosting._hazard_spells import Spells
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "check_bands",
    "check_classifier",
    "check_outcomes",
    "fit_hazard",
    "kept_rows",
    "last_month",
    "take_dates",
    "with_month",
]

_MONTH = "month_on_book"
_WHY = {
    "sample_weight": "months on book weigh differently",
    "dates": "dates were given",
}


def fit_hazard(
    model: Any,
    X: pd.DataFrame,
    is_event: BoolArray,
    weight: FloatArray,
    *,
    account: IntArray,
    dates: Any,
    random_state: Any,
) -> Any:
    """Fit a model to account-months; its inner folds hold whole accounts."""
    fit_params: dict[str, Any] = {}
    if not (weight == 1.0).all():
        fit_params["sample_weight"] = weight
    if dates is not None:
        fit_params["dates"] = dates
    for name in fit_params:
        if not has_fit_parameter(model, name):
            msg = (
                f"estimator must take {name} in fit, because {_WHY[name]}; "
                f"{type(model).__name__} does not."
            )
            raise InvalidTypeError(msg)
    own = model.get_params(deep=False)
    folds = None
    if dates is None and "inner_cv" in own:
        folds = account_folds(own["inner_cv"], account, is_event, random_state)
    if folds is None:
        return model.fit(X, is_event.astype(np.intp), **fit_params)
    fitted = model.set_params(inner_cv=folds).fit(
        X, is_event.astype(np.intp), **fit_params
    )
    # The places of training rows are no part of a model.
    return fitted.set_params(inner_cv=own["inner_cv"])


def last_month(spells: Spells, max_month: int | None, horizon: int | None) -> int:
    """Return the last month on book that can be learned."""
    last = int(spells.end.max())
    last = last if max_month is None else min(last, int(max_month))
    if horizon is not None and horizon > last:
        msg = (
            f"horizon must be at most {last}, the last month on book learned; got "
            f"{horizon}. PDs are not extrapolated."
        )
        raise InvalidParameterError(msg)
    return last


def with_month(frame: pd.DataFrame, row: IntArray, month: IntArray) -> pd.DataFrame:
    """Return rows of a frame by their places, with the month on book of each."""
    if _MONTH in frame:
        msg = (
            f"X must not have a column {_MONTH!r}: it is made from the times. Rename "
            "it, or leave it out."
        )
        raise InvalidInputError(msg)
    chosen = frame.iloc[row].reset_index(drop=True)
    return chosen.assign(**{_MONTH: month.astype(np.float64)})


def check_classifier(estimator: Any) -> None:
    """Raise unless it gives probabilities, or is None."""
    if estimator is not None and not hasattr(estimator, "predict_proba"):
        msg = (
            "estimator must be a classifier with predict_proba; got "
            f"{type(estimator).__name__}."
        )
        raise InvalidTypeError(msg)


def check_bands(bands: Any) -> None:
    """Raise unless the bands are None or end in increasing whole months."""
    if bands is None:
        return
    try:
        ends = tuple(bands)
    except TypeError:
        ends = ()
    whole = all(isinstance(e, Integral) and not isinstance(e, bool) for e in ends)
    if not ends or not whole or ends[0] < 1 or any(b <= a for a, b in pairwise(ends)):
        msg = (
            "bands must be increasing whole months of at least 1, the last month of "
            f"each band; got {bands!r}."
        )
        raise InvalidParameterError(msg)


def check_outcomes(is_event: BoolArray, last: int) -> None:
    """Raise unless the account-months hold both outcomes."""
    if is_event.all() or not is_event.any():
        found = "events alone" if is_event.any() else "no event"
        msg = (
            f"The months on book 1 to {last} must hold events, and months without "
            f"one; got {found} in {is_event.size} account-months."
        )
        raise InvalidTargetError(msg)


def kept_rows(sample_weight: Any, y: Any) -> BoolArray | None:
    """Return which rows have a weight above 0; None without weights."""
    if sample_weight is None:
        return None
    weight = read_weight(sample_weight, len(np.asarray(y)))
    return None if weight is None else weight > 0


def take_dates(dates: Any, kept: BoolArray | None, y: Any) -> Any:
    """Return the dates of the rows that are kept."""
    import pandas as pd

    native = dates.to_pandas() if hasattr(dates, "to_pandas") else dates
    column, n_rows = pd.Series(native).reset_index(drop=True), len(np.asarray(y))
    if len(column) != n_rows:
        msg = (
            f"dates must hold one date for each of the {n_rows} rows; got "
            f"{len(column)}."
        )
        raise InvalidInputError(msg)
    return column if kept is None else column[kept].reset_index(drop=True)
