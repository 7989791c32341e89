"""Several detectors in one, each judged against its own training scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from riskkit._core.params import check_int, check_option
from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.tail_surprise import surprise, surprise_map
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud._copula import CopulaDetector
from riskkit.fraud._detector import BaseDetector, Rows
from riskkit.fraud._forest import IsolationForestDetector
from riskkit.fraud._histogram import HistogramDetector
from riskkit.fraud._knn import SubsampledKNNDetector
from riskkit.fraud._mahalanobis import TrimmedMahalanobisDetector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import RandomState

    from riskkit.fraud._detector import TrainingRows
    from riskkit.typing import FloatArray, IntArray

__all__ = ["AnomalyEnsemble"]

_COMBINATIONS = ("top_two", "mean", "max")


class AnomalyEnsemble(BaseDetector):
    """Five detectors that see different things, on one scale.

    Which detector is best differs from table to table and cannot be known without
    labels. Each member's score is turned into its surprise, the negative log of the
    share of training rows with such a score. The mean of the two largest surprises
    keeps what few members see, and wants a second one to agree.

    Parameters
    ----------
    members : sequence of (str, detector) or None, default=None
        Names and unfitted detectors of this package. None takes ``forest``,
        ``histogram``, ``knn``, ``mahalanobis`` and ``copula`` with their defaults.

    combine : {"top_two", "mean", "max"}, default="top_two"
        The score is the mean of the two largest surprises, of all, or the largest.

    contamination : float or None, default=None
        Share of training rows that `predict` calls outliers, at most 0.5. None calls
        outliers what is as strange as the strangest training row.

    random_state : int, RandomState instance or None, default=0
        Draws samples, also those of the default members.

    Attributes
    ----------
    members_ : dict of str to detector
        The fitted members; each scores and explains on its own.

    offset_ : float
        Threshold of `predict` on `score_samples`.

    n_features_in_ : int
        Fields seen in ``fit``.

    feature_names_in_ : ndarray of str
        Their names, where the table had any.

    Notes
    -----
    A surprise is at least 0 and has no largest value: beyond the training scores the
    tail is carried on, so the strangest rows are never tied. ``explain`` gives each
    member's surprise to the fields in the proportion of what they add to its score,
    and adds up over the members; fields that make a row more usual get nothing.

    An anomaly is not a fraud: check the score on labels where there are any, member
    by member with :meth:`member_scores`.

    References
    ----------
    .. [1] C. Aggarwal, S. Sathe, "Outlier ensembles", Springer 2017.
    .. [2] S. Han et al., "ADBench: anomaly detection benchmark", NeurIPS 35, 2022: no
       detector without labels is better than the others on all tables.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from riskkit.fraud import AnomalyEnsemble
    >>> rng = np.random.default_rng(0)
    >>> amount = rng.lognormal(3, 1, 1000)
    >>> X = pd.DataFrame({"amount": amount, "fee": 0.02 * amount, "channel": "web"})
    >>> detector = AnomalyEnsemble().fit(X)
    >>> new = pd.DataFrame({"amount": [20, 20], "fee": [0.4, 4], "channel": "web"})
    >>> usual, odd = detector.anomaly_score(new)
    >>> bool(usual < odd)
    True
    >>> list(detector.member_scores(new))
    ['forest', 'histogram', 'knn', 'mahalanobis', 'copula']
    """

    def __init__(
        self,
        members: Sequence[tuple[str, BaseDetector]] | None = None,
        *,
        combine: str = "top_two",
        contamination: float | None = None,
        random_state: int | RandomState | None = 0,
    ) -> None:
        self.members = members
        self.combine = combine
        self.contamination = contamination
        self.random_state = random_state

    def member_scores(self, X: Any) -> pd.DataFrame:
        """Return the surprise that each member sees in each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        surprises : DataFrame of shape (n_samples, n_members)
            In nats, at least 0, up is riskier. The index of a pandas frame is kept.
        """
        surprises = self._in_blocks(self._codes(X), self._surprises)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(surprises, columns=list(self.members_), index=index)

    def alert_queue(self, X: Any, n_alerts: int) -> IntArray:
        """Return the rows to look at first when the members share the budget.

        The members take turns, each giving the strangest row by its own surprise that
        is not yet in the queue; no member can be outvoted. Unlike scores, a queue is
        about the rows of `X` as a whole.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows that compete for attention, for example those of a day.

        n_alerts : int
            How many can be looked at.

        Returns
        -------
        places : ndarray of shape (min(n_alerts, n_samples),)
            Positions of rows in `X`, the first alert first.

        Raises
        ------
        InvalidParameterError
            If `n_alerts` is below 1.
        """
        check_int("n_alerts", n_alerts, low=1)
        surprises = self._in_blocks(self._codes(X), self._surprises)
        turns = np.argsort(-surprises, axis=0, kind="stable")[:n_alerts].ravel()
        _, first = np.unique(turns, return_index=True)
        return np.asarray(turns[np.sort(first)][:n_alerts], dtype=np.intp)

    def _check_params(self) -> None:
        check_option("combine", self.combine, _COMBINATIONS)
        if self.members is None:
            return
        pairs = self.members if isinstance(self.members, (list, tuple)) else ()
        sound = [
            pair
            for pair in pairs
            if isinstance(pair, (list, tuple))
            and len(pair) == 2
            and isinstance(pair[0], str)
            and isinstance(pair[1], BaseDetector)
        ]
        if not pairs or len(sound) < len(pairs):
            msg = (
                "members must be a list of (name, detector of riskkit.fraud); got "
                f"{self.members!r}. Leave it out for the default members."
            )
            raise InvalidParameterError(msg)
        names = [name for name, _ in sound]
        if len(set(names)) < len(names):
            msg = f"The names of members must differ; got {names}."
            raise InvalidParameterError(msg)

    def _learn(self, training: TrainingRows, rng: RandomState) -> None:
        places = training.sample_reference(rng)
        members: dict[str, BaseDetector] = {}
        tails = []
        for name, member in self._new_members(rng):
            scores = member._fit_rows(training, places)  # noqa: SLF001
            member.n_features_in_ = self.n_features_in_
            if hasattr(self, "feature_names_in_"):
                member.feature_names_in_ = self.feature_names_in_
            members[name] = member
            tails.append(surprise_map(scores, None))
        self.members_, self._tails = members, tuple(tails)

    def _new_members(self, rng: RandomState) -> list[tuple[str, BaseDetector]]:
        if self.members is not None:
            return [(name, clone(member)) for name, member in self.members]
        seeds = rng.randint(2**31 - 1, size=2).tolist()
        return [
            ("forest", IsolationForestDetector(random_state=seeds[0])),
            ("histogram", HistogramDetector()),
            ("knn", SubsampledKNNDetector(random_state=seeds[1])),
            ("mahalanobis", TrimmedMahalanobisDetector()),
            ("copula", CopulaDetector()),
        ]

    def _surprises(self, rows: Rows) -> FloatArray:
        columns = [
            surprise(tail, member._score(rows))  # noqa: SLF001
            for member, tail in zip(self.members_.values(), self._tails, strict=True)
        ]
        return np.column_stack(columns)

    def _shares(self, surprises: FloatArray) -> FloatArray:
        """Return the weight of each member; weighted surprises add up to the score."""
        n_members = surprises.shape[1]
        if self.combine == "mean":
            return np.full(surprises.shape, 1.0 / n_members)
        n_counted = 1 if self.combine == "max" else min(2, n_members)
        # Stable, so that ties go to the member that stands first.
        largest = np.argsort(-surprises, axis=1, kind="stable")[:, :n_counted]
        shares = np.zeros(surprises.shape)
        np.put_along_axis(shares, largest, 1.0 / n_counted, axis=1)
        return shares

    def _score(self, rows: Rows) -> FloatArray:
        surprises = self._surprises(rows)
        weighted = surprises * self._shares(surprises)
        return sum_in_order(0.0, list(weighted.T), len(weighted))

    def _parts(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        surprises = self._surprises(rows)
        weighted = surprises * self._shares(surprises)
        offset, parts = np.zeros(len(weighted)), np.zeros(rows.codes.shape)
        for k, member in enumerate(self.members_.values()):
            raised = np.maximum(member._parts(rows)[1], 0.0)  # noqa: SLF001
            total = raised.sum(axis=1)
            # A member that no field speaks to has nothing to share among them.
            known = total > 0
            share = np.divide(
                weighted[:, k], total, where=known, out=np.zeros_like(total)
            )
            parts += raised * share[:, None]
            offset += np.where(known, 0.0, weighted[:, k])
        return offset, parts
