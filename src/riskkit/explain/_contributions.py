"""What every characteristic adds to a score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit._core.params import check_option
from riskkit._kernels.bins import take_values
from riskkit.explain._additive import additive_contributions, is_additive
from riskkit.explain._card import (
    REFERENCES,
    UNITS,
    bin_values,
    find_bins,
    inner_model,
    read_card,
    references,
    row_labels,
)

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["contributions"]


def contributions(
    model: Any, X: Any, *, unit: str = "points", against: str | None = None
) -> pd.DataFrame:
    """Return what every characteristic adds to the score of each account.

    Parameters
    ----------
    model : ScorecardClassifier, ExpertScorecard or boosted model
        A fitted scorecard, or a model of :mod:`riskkit.boosting`; also one inside a
        ``CalibratedPD``, which moves neither points nor reasons.

    X : frame or array-like of shape (n_samples, n_features)
        Accounts; columns of a frame are matched by name.

    unit : {"points", "log_odds"}, default="points"
        Points (up is safer), or log-odds of the event in nats (up is riskier).

    against : {"best", "neutral", "mean"} or None, default=None
        None gives what each bin adds. Otherwise the distance to the best bin, to WoE
        0, or to the mean of the training population, and the offset is the score of
        an account that stands there in every characteristic. A boosted model takes
        None or ``"mean"``: the mean of the accounts that it keeps as its reference.

    Returns
    -------
    contributions : DataFrame of shape (n_samples, 1 + n_characteristics)
        ``offset`` (``(offset)`` if a characteristic is called that), then one column
        for each characteristic, in their order. The index of a pandas frame is kept.

    Raises
    ------
    InvalidTypeError
        If the model is no scorecard and does not tell its contributions.
    InvalidParameterError
        If `unit` or `against` is another word.

    See Also
    --------
    reason_codes : The largest losses, in words.

    Notes
    -----
    Added from left to right, the columns give ``predict_points`` or
    ``decision_function`` to the last bit. With `against`, that is so for whole points;
    other sums agree but for the rounding of floating-point numbers. Those of a boosted
    model give ``decision_function`` to less than 1e-6, and its points before they are
    rounded.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.explain import contributions
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> X = pd.DataFrame({"delays": [3, 0, 1, 0] * 50, "age": [25, 35, 45, 55] * 50})
    >>> y = ([1, 0, 1, 0] * 25) + ([1, 0, 0, 0] * 25)
    >>> card = ScorecardClassifier().fit(X, y)
    >>> parts = contributions(card, X.head(2))
    >>> list(parts.columns)
    ['offset', 'delays', 'age']
    >>> bool((parts.sum(axis=1) == card.predict_points(X.head(2))).all())
    True
    """
    check_option("unit", unit, UNITS)
    model = inner_model(model)
    if is_additive(model):
        return additive_contributions(model, X, unit, against)
    if against is not None:
        check_option("against", against, REFERENCES)
    spec = read_card(model, "contributions")
    offset = spec.offset_points if unit == "points" else spec.intercept
    base = [0.0] * len(spec.characteristics)
    if against is not None:
        base = references(model, spec, against, unit)
    for value in base:
        offset += value
    n_rows, bins = find_bins(model, spec, X)
    first = "(offset)" if "offset" in spec.features else "offset"
    columns: dict[str, FloatArray] = {first: np.full(n_rows, offset)}
    for item, codes, value in zip(spec.characteristics, bins, base, strict=True):
        by_bin = bin_values(item, unit) - value
        columns[item.feature.name] = take_values(by_bin, codes)
    return pd.DataFrame(columns, index=row_labels(X))
