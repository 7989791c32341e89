"""What a scorer answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit.serving._logistic import sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import FloatArray

__all__ = ["BatchResult", "Reason", "ScoreResult"]

_DECISION = (
    "decision", "decided_by", "decision_reason", "limit", "limited_by", "price",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """A characteristic that costs the applicant points.

    Parameters
    ----------
    feature : str
        Name of the characteristic.

    text : str
        Text for the applicant.

    points_lost : float
        Points that the characteristic's best bin gives beyond the applicant's.

    Examples
    --------
    >>> from riskkit.serving import Reason
    >>> Reason("utilisation", "Credit lines are nearly used up", 31.0).points_lost
    31.0
    """

    feature: str
    text: str
    points_lost: float


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """The score of one record.

    Parameters
    ----------
    pd : float
        Probability of the event, calibrated and corrected as the model says; up is
        riskier.

    points : float
        Points; up is safer.

    log_odds : float
        Log-odds of the event as the model adds them up, before any calibration; up is
        riskier.

    reasons : tuple of Reason
        Where the most points were lost, most first; ties stand in the order of the
        characteristics, and only losses above 0 are named.

    model_id : str
        First digits of the SHA-256 of the model that scored.

    grade : str or None, default=None
        Label of the rating grade, where the model has a master scale.

    grade_pd : float or None, default=None
        The PD that stands for the grade.

    interval : tuple of (float, float) or None, default=None
        Ends of the Venn-Abers interval of the PD, where the model has one.

    decision : {"approve", "refer", "decline"} or None, default=None
        What is decided, where the model was saved with a strategy.

    decided_by : str or None, default=None
        The rule or the band that decided.

    decision_reason : str or None, default=None
        Its reason.

    limit, price : float or None, default=None
        What is granted, where the strategy approves and has limits.

    limited_by : str or None, default=None
        What holds the limit down.

    warnings : tuple of str, default=()
        What a policy flagged, field by field; see :meth:`Scorer.with_policies`.

    See Also
    --------
    Scorer.score : Makes them.

    Examples
    --------
    >>> from riskkit.serving import ScoreResult
    >>> result = ScoreResult(0.2, 540.0, -1.0986, (), "9f86d081884c", grade="B")
    >>> result.to_dict()["grade"], round(result.pd_raw, 2)
    ('B', 0.25)
    """

    pd: float
    points: float
    log_odds: float
    reasons: tuple[Reason, ...]
    model_id: str
    grade: str | None = None
    grade_pd: float | None = None
    interval: tuple[float, float] | None = None
    decision: str | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    limit: float | None = None
    limited_by: str | None = None
    price: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def pd_raw(self) -> float:
        """The PD before any calibration: that of `log_odds`."""
        return sigmoid(self.log_odds)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data, ready for JSON.

        Returns
        -------
        result : dict
            The fields by name; each reason is a dict of its own. Those of a decision
            are there if there is one, warnings if there are any.
        """
        reasons = [
            {"feature": r.feature, "text": r.text, "points_lost": r.points_lost}
            for r in self.reasons
        ]
        plain: dict[str, Any] = {
            "pd": self.pd,
            "points": self.points,
            "log_odds": self.log_odds,
            "grade": self.grade,
            "grade_pd": self.grade_pd,
            "interval": None if self.interval is None else list(self.interval),
            "reasons": reasons,
            "model_id": self.model_id,
        }
        if self.decision is not None:
            plain |= {name: getattr(self, name) for name in _DECISION}
        if self.warnings:
            plain["warnings"] = list(self.warnings)
        return plain

    def _repr_html_(self) -> str:

        from riskkit._core.notebook import facts_html

        low, high = self.interval or (None, None)
        facts = {
            "PD": f"{self.pd:.4%}",
            "PD interval": None if low is None else f"{low:.4%} to {high:.4%}",
            "Points": self.points,
            "Grade": self.grade,
            "Decision": self.decision,
            "Decided by": self.decided_by,
            "Limit": self.limit,
            "Price": self.price,
        }
        facts |= {r.text: f"-{r.points_lost:.6g} points" for r in self.reasons}
        facts |= {f"Warning {k}": text for k, text in enumerate(self.warnings, start=1)}
        return facts_html(f"Scored by {self.model_id}", facts)


@dataclass(frozen=True, slots=True, eq=False)
class BatchResult:
    """The scores of many rows, in their order.

    Parameters
    ----------
    pd : ndarray of shape (n_rows,)
        Probability of the event, calibrated and corrected as the model says; up is
        riskier.

    points : ndarray of shape (n_rows,)
        Points; up is safer.

    log_odds : ndarray of shape (n_rows,)
        Log-odds of the event as the model adds them up, before any calibration; up is
        riskier.

    reasons : ndarray of object of shape (n_rows, n_reasons)
        Names of the characteristics that cost most points, most first; None where no
        further points are lost.

    points_lost : ndarray of shape (n_rows, n_reasons)
        The points each of them costs; 0 where there is none.

    model_id : str
        First digits of the SHA-256 of the model that scored.

    grade : ndarray of object of shape (n_rows,) or None, default=None
        Labels of the rating grades, where the model has a master scale.

    grade_pd : ndarray of shape (n_rows,) or None, default=None
        The PD that stands for each grade.

    interval : ndarray of shape (n_rows, 2) or None, default=None
        Ends of the Venn-Abers interval of each PD, where the model has them.

    decision : ndarray of object of shape (n_rows,) or None, default=None
        What is decided, where the model was saved with a strategy.

    decided_by : ndarray of object of shape (n_rows,) or None, default=None
        The rule or the band that decided.

    decision_reason : ndarray of object of shape (n_rows,) or None, default=None
        Its reason.

    limit, price : ndarray of shape (n_rows,) or None, default=None
        What is granted, where the strategy has limits; NaN where it does not approve.

    limited_by : ndarray of object of shape (n_rows,) or None, default=None
        What holds each limit down; None where the strategy does not approve.

    See Also
    --------
    Scorer.score_batch : Makes them.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.serving import BatchResult
    >>> none = np.empty((2, 0))
    >>> result = BatchResult(
    ...     np.array([0.1, 0.2]), np.array([600.0, 577.0]), np.array([-2.2, -1.4]),
    ...     none, none, "9f86d081884c")
    >>> len(result), list(result.to_dict())
    (2, ['pd', 'points', 'log_odds'])
    """

    pd: FloatArray
    points: FloatArray
    log_odds: FloatArray
    reasons: NDArray[Any]
    points_lost: FloatArray
    model_id: str
    grade: NDArray[Any] | None = None
    grade_pd: FloatArray | None = None
    interval: FloatArray | None = None
    decision: NDArray[Any] | None = None
    decided_by: NDArray[Any] | None = None
    decision_reason: NDArray[Any] | None = None
    limit: FloatArray | None = None
    limited_by: NDArray[Any] | None = None
    price: FloatArray | None = None

    @property
    def pd_raw(self) -> FloatArray:
        """The PDs before any calibration: those of `log_odds`."""
        from riskkit._kernels.logistic import sigmoid as sigmoids

        return sigmoids(self.log_odds)

    def __len__(self) -> int:
        return len(self.pd)

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name; any frame library makes a frame of them.

        Returns
        -------
        columns : dict of str to ndarray
            ``pd``, ``points``, ``log_odds``; ``grade`` and ``grade_pd``, ``pd_low`` and
            ``pd_high`` where the model has them; ``decision``, ``decided_by`` and
            ``decision_reason`` where it has a strategy, ``limit``, ``limited_by`` and
            ``price`` where that has limits; and for each reason asked for
            ``reason_1``, ``points_lost_1`` and so on.
        """
        columns: dict[str, NDArray[Any]] = {
            "pd": self.pd,
            "points": self.points,
            "log_odds": self.log_odds,
        }
        if self.grade is not None and self.grade_pd is not None:
            columns |= {"grade": self.grade, "grade_pd": self.grade_pd}
        if self.interval is not None:
            columns["pd_low"], columns["pd_high"] = self.interval.T
        given = {name: getattr(self, name) for name in _DECISION}
        columns |= {name: c for name, c in given.items() if c is not None}
        for k in range(self.reasons.shape[1]):
            columns[f"reason_{k + 1}"] = self.reasons[:, k]
            columns[f"points_lost_{k + 1}"] = self.points_lost[:, k]
        return columns

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import rows_html

        columns = self.to_dict()
        rows = zip(*(column[:10].tolist() for column in columns.values()), strict=True)
        title = f"{len(self):,} rows scored by {self.model_id}"
        return rows_html(title, list(columns), rows, n_rows=len(self))
