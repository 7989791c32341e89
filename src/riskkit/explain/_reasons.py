"""Reason codes: what keeps an account from the points it could have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features
from riskkit._core.params import check_int
from riskkit._kernels.points import largest_losses
from riskkit.artifact import ScorecardSpec, assign_column
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["reason_codes"]


def reason_codes(model: Any, X: Any, n: int = 4) -> pd.DataFrame:
    """Return the characteristics that cost each account the most points.

    A characteristic's loss is the distance from the account's bin to the best bin of
    that characteristic. The largest loss comes first; ties go to the characteristic
    that stands first in the scorecard, so the same account always gets the same
    reasons. A characteristic that costs nothing is no reason.

    Parameters
    ----------
    model : ScorecardClassifier
        A fitted scorecard.

    X : frame or array-like of shape (n_samples, n_features)
        Accounts; columns of a frame are matched by name.

    n : int, default=4
        Most reasons for each account.

    Returns
    -------
    reasons : DataFrame of shape (n_samples, 2 * n)
        Columns ``reason_1, points_lost_1, reason_2, ...``; missing where there are
        fewer reasons. The index of a pandas frame is kept.

    Raises
    ------
    InvalidTypeError
        If the model is no scorecard.
    InvalidParameterError
        If `n` is below 1.

    See Also
    --------
    riskkit.serving.Scorer.score : The same reasons for one record.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.explain import reason_codes
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> X = pd.DataFrame({"delays": [3, 0, 1, 0] * 50, "age": [25, 35, 45, 55] * 50})
    >>> y = ([1, 0, 1, 0] * 25) + ([1, 0, 0, 0] * 25)
    >>> card = ScorecardClassifier().fit(X, y)
    >>> reason_codes(card, X.head(4), n=1)["reason_1"].tolist()
    ['delays', 'age', 'delays', nan]
    """
    check_int("n", n, low=1)
    spec = getattr(model, "spec_", None)
    if spec is None and hasattr(model, "fit"):
        check_is_fitted(model)
    if not isinstance(spec, ScorecardSpec):
        msg = (
            "reason_codes needs a fitted ScorecardClassifier; got "
            f"{type(model).__name__}."
        )
        raise InvalidTypeError(msg)
    losses = _losses(spec, read_features(model, X, reset=False))
    columns = largest_losses(losses, n)
    texts = np.array([c.reason for c in spec.characteristics] + [None], dtype=object)
    found = columns >= 0
    amounts = np.full(columns.shape, np.nan)
    rows = np.nonzero(found)[0]
    amounts[found] = losses[rows, columns[found]]
    out: dict[str, Any] = {}
    for k in range(n):
        out[f"reason_{k + 1}"] = pd.array(texts[columns[:, k]], dtype="str")
        out[f"points_lost_{k + 1}"] = amounts[:, k]
    index = X.index if isinstance(X, pd.DataFrame) else None
    return pd.DataFrame(out, index=index)


def _losses(spec: ScorecardSpec, table: Any) -> FloatArray:
    """Return the points each account lost on each characteristic."""
    losses = np.empty((table.n_rows, len(spec.characteristics)))
    for j, item in enumerate(spec.characteristics):
        bins = assign_column(item.feature, table.column(item.feature.name))
        losses[:, j] = (item.best_points - np.asarray(item.points))[bins]
    return losses
