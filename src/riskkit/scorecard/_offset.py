"""Offsets: what is known of a row's log-odds before the scorecard adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic import sigmoid
from riskkit.exceptions import InvalidParameterError
from riskkit.scorecard._scoring import ScorecardPredictions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import FloatArray

__all__ = ["OffsetPredictions", "read_offset"]


class OffsetPredictions(ScorecardPredictions):
    """Adds to the log-odds what rows bring with them; points never hold it."""

    def decision_function(
        self, X: ArrayLike, offset: ArrayLike | None = None
    ) -> FloatArray:
        """Return the log-odds of the event.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        offset : array-like of shape (n_samples,), optional
            Log-odds that each row brings with it; without it, 0 for every row.

        Returns
        -------
        log_odds : ndarray of shape (n_samples,)
            In nats; up is riskier.
        """
        log_odds = self._score(X)[0]
        known = read_offset(offset, log_odds.size)
        return log_odds if known is None else log_odds + known

    def predict_proba(
        self, X: ArrayLike, offset: ArrayLike | None = None
    ) -> FloatArray:
        """Return the probability of the non-event and of the event (the PD).

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        offset : array-like of shape (n_samples,), optional
            Log-odds that each row brings with it; without it, 0 for every row.

        Returns
        -------
        probability : ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`; the second is the PD.
        """
        pd = sigmoid(self.decision_function(X, offset))
        return np.column_stack([1.0 - pd, pd])

    def predict(self, X: ArrayLike, offset: ArrayLike | None = None) -> NDArray[Any]:
        """Return the more probable class of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        offset : array-like of shape (n_samples,), optional
            Log-odds that each row brings with it; without it, 0 for every row.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels. To decide on loans use a cut-off on the PD instead.
        """
        is_event = self.decision_function(X, offset) > 0
        return np.asarray(self.classes_[is_event.astype(np.intp)])


def read_offset(offset: ArrayLike | None, n_rows: int) -> FloatArray | None:
    """Check offsets: one finite number for each row."""
    if offset is None:
        return None
    known = np.asarray(offset, dtype=np.float64)
    if known.shape != (n_rows,):
        msg = (
            f"offset must hold the log-odds of each of the {n_rows} rows; got shape "
            f"{known.shape}."
        )
        raise InvalidParameterError(msg)
    n_bad = int(np.count_nonzero(~np.isfinite(known)))
    if n_bad:
        msg = (
            f"offset must be finite; {n_bad} of {n_rows} are not. A PD of 0 or 1 has "
            "no log-odds: bring it inside, or leave the row out."
        )
        raise InvalidParameterError(msg)
    return known
