"""What the scorer of a detector or a fraud model answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["AnomalyBatchResult", "AnomalyReason", "AnomalyResult"]


@dataclass(frozen=True, slots=True)
class AnomalyReason:
    """A field that raises the score.

    Parameters
    ----------
    field : str
        Name of the field.

    contribution : float
        What it adds to the score that is explained; above 0.

    Examples
    --------
    >>> from riskkit.serving import AnomalyReason
    >>> AnomalyReason("amount", 1.4).contribution
    1.4
    """

    field: str
    contribution: float


@dataclass(frozen=True, slots=True)
class AnomalyResult:
    """How unusual one record is, and how probable a fraud where the model knows.

    Parameters
    ----------
    anomaly_score : float
        How strange the record is; up is riskier.

    is_outlier : bool
        Whether it is beyond the threshold that the detector was fitted with.

    members : dict of str to float
        What each detector of an ensemble says, on one scale; empty for a single one.

    reasons : tuple of AnomalyReason
        The fields that raise the score most, most first: the log-odds of a fraud where
        the model gives them, else the anomaly score.

    rest : float
        What everything but the reasons adds: ``rest`` and the reasons add up to the
        score that they explain, but for rounding.

    model_id : str
        First digits of the SHA-256 of the model that scored.

    fraud_probability : float or None, default=None
        Calibrated probability of a fraud, from a fraud model.

    log_odds : float or None, default=None
        Its log-odds.

    See Also
    --------
    AnomalyScorer.score : Makes them.

    Examples
    --------
    >>> from riskkit.serving import AnomalyReason, AnomalyResult
    >>> reasons = (AnomalyReason("amount", 1.4),)
    >>> result = AnomalyResult(2.0, True, {}, reasons, 0.6, "9f86d081884c")
    >>> result.to_dict()["reasons"]
    [{'field': 'amount', 'contribution': 1.4}]
    """

    anomaly_score: float
    is_outlier: bool
    members: dict[str, float]
    reasons: tuple[AnomalyReason, ...]
    rest: float
    model_id: str
    fraud_probability: float | None = None
    log_odds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data, ready for JSON.

        Returns
        -------
        result : dict
            The fields by name; each reason is a dict of its own.
        """
        return {
            "fraud_probability": self.fraud_probability,
            "log_odds": self.log_odds,
            "anomaly_score": self.anomaly_score,
            "is_outlier": self.is_outlier,
            "members": dict(self.members),
            "reasons": [
                {"field": r.field, "contribution": r.contribution} for r in self.reasons
            ],
            "rest": self.rest,
            "model_id": self.model_id,
        }

    def _repr_html_(self) -> str:

        from riskkit._core.notebook import facts_html

        facts: dict[str, object] = {
            "Fraud probability": self.fraud_probability,
            "Anomaly score": self.anomaly_score,
            "Outlier": "yes" if self.is_outlier else "no",
        }
        facts |= {f"by {r.field}": r.contribution for r in self.reasons}
        return facts_html(f"Scored by {self.model_id}", facts | {"the rest": self.rest})


@dataclass(frozen=True, slots=True, eq=False)
class AnomalyBatchResult:
    """How unusual many rows are, in their order.

    Parameters
    ----------
    anomaly_score : ndarray of shape (n_rows,)
        How strange each row is; up is riskier.

    is_outlier : ndarray of bool of shape (n_rows,)
        Whether it is beyond the threshold that the detector was fitted with.

    members : dict of str to ndarray
        What each detector of an ensemble says; empty for a single one.

    reasons : ndarray of object of shape (n_rows, n_reasons)
        Names of the fields that raise the score most; None where there are no more.

    contributions : ndarray of shape (n_rows, n_reasons)
        What each of them adds; 0 where there is none.

    rest : ndarray of shape (n_rows,)
        What everything else adds.

    model_id : str
        First digits of the SHA-256 of the model that scored.

    fraud_probability, log_odds : ndarray of shape (n_rows,) or None, default=None
        Calibrated probability of a fraud, and its log-odds, from a fraud model.

    See Also
    --------
    AnomalyScorer.score_batch : Makes them.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.serving import AnomalyBatchResult
    >>> none = np.empty((2, 0))
    >>> result = AnomalyBatchResult(
    ...     np.array([0.1, 2.0]), np.array([False, True]), {}, none, none,
    ...     np.array([0.1, 2.0]), "9f86d081884c")
    >>> len(result), list(result.to_dict())
    (2, ['anomaly_score', 'is_outlier', 'rest'])
    """

    anomaly_score: FloatArray
    is_outlier: BoolArray
    members: dict[str, FloatArray]
    reasons: NDArray[Any]
    contributions: FloatArray
    rest: FloatArray
    model_id: str
    fraud_probability: FloatArray | None = None
    log_odds: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.anomaly_score)

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name; any frame library makes a frame of them.

        Returns
        -------
        columns : dict of str to ndarray
            ``fraud_probability`` and ``log_odds`` from a fraud model;
            ``anomaly_score``, ``is_outlier``, ``member: NAME`` for each member,
            ``rest``, and for each reason asked for ``reason_1``, ``contribution_1``
            and so on.
        """
        columns: dict[str, NDArray[Any]] = {}
        if self.fraud_probability is not None and self.log_odds is not None:
            columns["fraud_probability"] = self.fraud_probability
            columns["log_odds"] = self.log_odds
        columns |= {"anomaly_score": self.anomaly_score, "is_outlier": self.is_outlier}
        columns |= {f"member: {name}": said for name, said in self.members.items()}
        columns["rest"] = self.rest
        for k in range(self.reasons.shape[1]):
            columns[f"reason_{k + 1}"] = self.reasons[:, k]
            columns[f"contribution_{k + 1}"] = self.contributions[:, k]
        return columns

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import rows_html

        columns = self.to_dict()
        rows = zip(*(column[:10].tolist() for column in columns.values()), strict=True)
        n_rows = len(self.anomaly_score)
        title = f"{n_rows:,} rows scored by {self.model_id}"
        return rows_html(title, list(columns), rows, n_rows=n_rows)
