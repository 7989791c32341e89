"""The master scale: PDs in rating grades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features
from riskkit._core.params import check_int, check_option, check_real
from riskkit._core.scores import one_column, read_scores
from riskkit._kernels.grades import join_thin, typical_pd
from riskkit.artifact import MasterScaleSpec
from riskkit.exceptions import InvalidParameterError
from riskkit.scaling._grade_edges import ladder_edges, least_size, optimal_edges
from riskkit.scaling._grade_sample import (
    GradeSample,
    check_rising,
    grades_within,
    join_grades,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from riskkit.scaling._grade_table import GradeTable
    from riskkit.typing import FloatArray, IntArray

__all__ = ["MasterScale"]

_METHODS = ("given", "geometric", "optimised")


class MasterScale(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Put calibrated PDs into rating grades ``(a, b]``, safest first.

    Parameters
    ----------
    edges : sequence of float, optional
        Increasing PDs in [0, 1], one more than grades, for ``method="given"``. A scale
        that ends below 1, or begins above 0, refuses PDs beyond its ends.

    method : {"given", "geometric", "optimised"}, default="given"
        Where the edges come from. "geometric": borders in constant ratio, so that
        each grade is riskier than the last by the same factor; the first and the last
        grade are open to 0 and 1. "optimised": the borders, among one hundred
        quantiles of the PDs, whose grades have the highest information value with
        event rates that never fall; found exactly, and needs outcomes.

    n_grades : int, default=10
        Grades of a geometric scale, at most so many of an optimised one.

    min_share : float, default=0.0
        Least share of the accounts in a grade, in [0, 1]. An optimised scale keeps it
        as a constraint; in the others a grade that holds less joins its thinner
        neighbour, thinnest first.

    pd_range : pair of float, optional
        Lowest and highest border of a geometric scale, in (0, 1); None takes the 1 %
        and the 99 % quantile of the PDs.

    pds : sequence of float, optional
        The PD that stands for each grade, inside it; None takes the mean PD of its
        accounts, or a middle of the grade where it holds none.

    labels : sequence of str, optional
        Names of the grades, safest first; None counts from "1". Names of joined grades
        are joined with "+".

    Attributes
    ----------
    spec_ : MasterScaleSpec
        Edges, PDs and labels as plain data.

    table_ : GradeTable
        The accounts of :meth:`fit` in the grades.

    n_features_in_ : int
        1.

    See Also
    --------
    riskkit.calibration.LogitPlattCalibrator : PDs first need to mean what they say.
    riskkit.export.save_artifact : Ships the grades with a model.

    Notes
    -----
    More grades than the events can tell apart give event rates that fall from one
    grade to the next by chance. ``table_.inversions`` names such pairs; it is a matter
    of fact about the sample, not a test.

    References
    ----------
    Basel Committee on Banking Supervision, "Studies on the validation of internal
    rating systems", Working Paper 14, 2005.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.scaling import MasterScale
    >>> book = make_loan_book(20_000, random_state=0)
    >>> scale = MasterScale(method="optimised", n_grades=5, min_share=0.05)
    >>> scale.fit(book.pd, book.target).table_.frame()[
    ...     ["grade", "share", "pd_mean", "event_rate"]
    ... ].round(3)
      grade  share  pd_mean  event_rate
    0     1   0.17    0.010       0.010
    1     2   0.30    0.022       0.023
    2     3   0.27    0.044       0.046
    3     4   0.21    0.090       0.092
    4     5   0.05    0.221       0.241
    >>> scale.table_.monotone
    True
    >>> scale.assign([0.001, 0.3]).tolist()
    ['1', '5']
    """

    def __init__(
        self,
        edges: Sequence[float] | None = None,
        *,
        method: str = "given",
        n_grades: int = 10,
        min_share: float = 0.0,
        pd_range: tuple[float, float] | None = None,
        pds: Sequence[float] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        self.edges = edges
        self.method = method
        self.n_grades = n_grades
        self.min_share = min_share
        self.pd_range = pd_range
        self.pds = pds
        self.labels = labels

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Settle the grades on a sample of accounts.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Calibrated PDs.

        y : array-like of shape (n_samples,), optional
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        Returns
        -------
        self : MasterScale
            The fitted scale.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, or has no place under `method`.
        InvalidTargetError
            If the grades are to be optimised without outcomes, or `y` does not hold
            exactly two classes.
        InvalidInputError
            If `X` is not one column of PDs in [0, 1], or the scale does not cover them.
        """
        self._check_params()
        sample = GradeSample.read(self._read(X, reset=True), y, sample_weight)
        edges = self._new_edges(sample)
        codes = grades_within(sample.pd, edges)
        labels = self._labels(edges.size - 1)
        n = sample.sums(codes, labels.size)
        pds = self._pds(edges, n, sample.sums(codes, labels.size, sample.pd))
        if self.method != "optimised":
            runs = join_thin(n, least_size(self.min_share, float(n.sum())))
            edges, pds, labels = join_grades(runs, edges, pds, labels, n)
            if self.labels is None:
                labels = _numbers(labels.size)
        self.spec_ = MasterScaleSpec(
            tuple(edges.tolist()), tuple(pds.tolist()), tuple(labels.tolist())
        )
        self.table_ = sample.table(self.spec_)
        return self

    def assign(self, X: ArrayLike) -> NDArray[Any]:
        """Return the grade of each PD by its label.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Calibrated PDs.

        Returns
        -------
        grade : ndarray of shape (n_samples,), str
            Labels.

        Raises
        ------
        InvalidInputError
            If the scale does not cover the PDs.
        """
        return np.asarray(self.to_spec().labels)[self._codes(X)]

    def assign_pd(self, X: ArrayLike) -> FloatArray:
        """Return the PD that stands for the grade of each PD.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Calibrated PDs.

        Returns
        -------
        pd : ndarray of shape (n_samples,)
            PD of the grade; up is riskier.

        Raises
        ------
        InvalidInputError
            If the scale does not cover the PDs.
        """
        return np.asarray(np.asarray(self.to_spec().pds)[self._codes(X)])

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the grade of each PD by its number, in the shape of `X`.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Calibrated PDs.

        Returns
        -------
        grade : ndarray of shape (n_samples,) or (n_samples, 1)
            From 1, the safest.

        Raises
        ------
        InvalidInputError
            If the scale does not cover the PDs.
        """
        number = self._codes(X).astype(np.float64) + 1.0
        return number if np.ndim(X) == 1 else number[:, None]

    def grade_table(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> GradeTable:
        """Put another sample into the same grades.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            Calibrated PDs.

        y : array-like of shape (n_samples,), optional
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        Returns
        -------
        table : GradeTable
            Counts, mean PDs, event rates and concentration.

        Raises
        ------
        InvalidInputError
            If the scale does not cover the PDs.
        """
        spec = self.to_spec()
        return GradeSample.read(self._read(X), y, sample_weight).table(spec)

    def to_spec(self) -> MasterScaleSpec:
        """Return the grades as plain data.

        Returns
        -------
        spec : MasterScaleSpec
            Edges, PDs and labels.
        """
        check_is_fitted(self)
        return self.spec_

    def _codes(self, X: ArrayLike) -> IntArray:
        edges = np.asarray(self.to_spec().edges)
        return grades_within(self._read(X), edges)

    def _read(self, X: ArrayLike, *, reset: bool = False) -> FloatArray:
        return read_scores(read_features(self, one_column(X), reset=reset), "pd")

    def _new_edges(self, sample: GradeSample) -> FloatArray:
        if self.method == "geometric":
            return ladder_edges(sample.pd, sample.weight, self.n_grades, self.pd_range)
        if self.method == "optimised":
            return optimal_edges(
                sample.pd,
                sample.is_event,
                sample.weight,
                self.n_grades,
                self.min_share,
            )
        return np.asarray(self.edges, dtype=np.float64)

    def _labels(self, n_grades: int) -> NDArray[Any]:
        if self.labels is None:
            return _numbers(n_grades)
        labels = np.asarray([str(label) for label in self.labels])
        if labels.size != n_grades or np.unique(labels).size != labels.size:
            msg = (
                f"labels must hold {n_grades} different names, one a grade; got "
                f"{np.unique(labels).size} different among {labels.size}."
            )
            raise InvalidParameterError(msg)
        return labels

    def _pds(self, edges: FloatArray, n: FloatArray, pd_sum: FloatArray) -> FloatArray:
        if self.pds is None:
            mean: FloatArray = np.divide(pd_sum, n, out=typical_pd(edges), where=n > 0)
            # A sum of equal PDs may round past the edge that they lie on.
            return np.asarray(np.clip(mean, edges[:-1], edges[1:]))
        pds = np.asarray(self.pds, dtype=np.float64)
        if pds.size != n.size or not ((pds >= edges[:-1]) & (pds <= edges[1:])).all():
            msg = (
                f"pds must hold {n.size} numbers, one inside each grade; got "
                f"{self.pds!r}."
            )
            raise InvalidParameterError(msg)
        return pds

    def _check_params(self) -> None:
        check_option("method", self.method, _METHODS)
        check_int("n_grades", self.n_grades, low=1)
        check_real("min_share", self.min_share, low=0.0, high=1.0)
        if (self.edges is not None) != (self.method == "given"):
            msg = (
                "edges belong to method='given' and to no other; got "
                f"edges={self.edges!r} with method={self.method!r}."
            )
            raise InvalidParameterError(msg)
        if self.edges is not None:
            check_rising("edges", self.edges, 0.0, 1.0)
        if self.pd_range is None:
            return
        if self.method != "geometric":
            msg = f"pd_range belongs to method='geometric'; got {self.method!r}."
            raise InvalidParameterError(msg)
        check_rising("pd_range", self.pd_range, 0.0, 1.0)
        if len(self.pd_range) != 2 or self.pd_range[0] == 0 or self.pd_range[1] == 1:
            msg = (
                "pd_range must be two PDs strictly between 0 and 1; got "
                f"{self.pd_range!r}."
            )
            raise InvalidParameterError(msg)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False  # more than one column, that is
        return tags


def _numbers(n_grades: int) -> NDArray[Any]:
    return np.arange(1, n_grades + 1).astype(str)
