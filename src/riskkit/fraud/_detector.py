"""What all detectors share: raw tables in; scores, signs, thresholds, reasons out."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_weight
from riskkit._core.params import check_real
from riskkit._kernels.content_order import row_keys, sample_rows
from riskkit.artifact import DetectorMemberSpec, DetectorSpec
from riskkit.exceptions import NoEvidenceWarning
from riskkit.fraud._embedding import Embedding
from riskkit.fraud._fields import FieldCoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import RandomState
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from riskkit._core.frames import Table
    from riskkit.artifact._detector_state import StateSpec
    from riskkit.typing import FloatArray, IntArray

__all__ = ["BaseDetector", "EmbeddedDetector", "Rows", "TrainingRows"]

_BLOCK = 8192  # rows worked on at a time: intermediate tables stay small
_N_POOL = 65_536  # training rows that small samples are drawn from, if there are more
_N_REFERENCE = 20_000  # training rows that thresholds and tails are measured on


class Rows:
    """Coded rows, and their embedding once somebody asks for it."""

    def __init__(self, codes: FloatArray, embedding: Embedding) -> None:
        self.codes = codes
        self._embedding = embedding

    @cached_property
    def z(self) -> FloatArray:
        """Comparable numbers, shape (n_rows, n_columns)."""
        return self._embedding.read(self.codes)


@dataclass(frozen=True)
class TrainingRows:
    """What a detector learns from; every weight is above 0."""

    coder: FieldCoder
    embedding: Embedding
    codes: FloatArray
    weight: FloatArray | None
    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, table: Table, weight: FloatArray | None) -> TrainingRows:
        """Learn how the columns of a table are read, and read them."""
        coder, codes = FieldCoder.learn(table, weight)
        embedding = Embedding.learn(coder, codes, weight)
        return cls(coder, embedding, codes, weight, row_keys(codes))

    @property
    def n_rows(self) -> float:
        """Rows, as a sum of weights."""
        return float(len(self.codes) if self.weight is None else self.weight.sum())

    def sample(self, size: int, rng: RandomState) -> IntArray:
        """Draw rows, as many as there are at most, independent of their order."""
        salt = int(rng.randint(0, 2**62, dtype=np.int64))
        u = float(rng.random_sample())
        size = max(1, min(size, int(self.n_rows)))
        if self._pool is None:
            return sample_rows(self.keys, self.weight, size, salt, u)
        # Rows of the pool stand for equal weights.
        return self._pool[sample_rows(self.keys[self._pool], None, size, salt, u)]

    @cached_property
    def _pool(self) -> IntArray | None:
        """Rows that all samples of a large table are drawn from, None for a small one.

        Hundreds of samples would sort all rows hundreds of times.
        """
        if self.n_rows <= _N_POOL:
            return None
        return sample_rows(self.keys, self.weight, _N_POOL, 0, 0.5)

    def pooled(self) -> TrainingRows:
        """Return the rows themselves, or the pool of a large table."""
        if self._pool is None:
            return self
        places = self._pool
        return TrainingRows(
            self.coder, self.embedding, self.codes[places], None, self.keys[places]
        )

    def usual(self, strangeness: FloatArray, trim: float) -> TrainingRows:
        """Return the least strange rows: all but the share `trim` of the weight.

        Rows as strange as the last one that is kept are kept as well.
        """
        mass = np.ones(strangeness.size) if self.weight is None else self.weight
        order = np.argsort(strangeness, kind="stable")
        upto = np.cumsum(mass[order])
        # The tolerance undoes the rounding of shares such as 0.9 of 300.
        wanted = (1.0 - trim) * upto[-1] * (1 - 1e-9)
        last = order[int(np.searchsorted(upto, wanted))]
        kept = strangeness <= strangeness[last]
        weight = None if self.weight is None else self.weight[kept]
        codes = self.codes[kept]
        # Units anew: what was trimmed may have stretched them.
        embedding = Embedding.learn(self.coder, codes, weight)
        return TrainingRows(self.coder, embedding, codes, weight, self.keys[kept])

    def sample_reference(self, rng: RandomState) -> IntArray:
        """Draw the rows that thresholds and tails are measured on."""
        return self.sample(_N_REFERENCE, rng)

    def embedded(self, rows: IntArray) -> FloatArray:
        """Return the embedding of some rows."""
        return self.embedding.read(self.codes[rows])

    def blocks(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield the embedding and the weights of all rows, block by block."""
        for start in range(0, len(self.codes), _BLOCK):
            z = self.embedding.read(self.codes[start : start + _BLOCK])
            if self.weight is None:
                yield z, np.ones(len(z))
            else:
                yield z, self.weight[start : start + _BLOCK]


class BaseDetector(OutlierMixin, BaseEstimator):
    """Template: a detector writes `_check_params`, `_learn`, `_score` and `_parts`."""

    contamination: float | None
    # Whether anomalies among the training rows hardly change what is learned.
    _is_robust: ClassVar[bool] = False

    def fit(
        self, X: Any, y: object = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn what is usual from rows without labels.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers, text, missing values, in any mixture.

        y : object
            Ignored.

        sample_weight : array-like of shape (n_samples,), optional
            How many rows each row stands for; a weight of 0 drops it.

        Returns
        -------
        self : estimator
            The fitted detector.

        Raises
        ------
        InvalidParameterError
            If a parameter or the weights are outside their domain.
        InvalidInputError
            If the table is empty.
        InvalidTypeError
            If a column holds dates, or values that are neither numbers nor text.

        Warns
        -----
        NoEvidenceWarning
            If no field tells one row from another.
        """
        self._check_all_params()
        table = read_features(self, X, reset=True)
        weight = read_weight(sample_weight, table.n_rows)
        if weight is not None and not weight.all():
            kept = weight > 0
            table, weight = table.take(kept), weight[kept]
        training = TrainingRows.of(table, weight)
        _warn_of_sameness(training.codes)
        self._fit_rows(training)
        return self

    def anomaly_score(self, X: Any) -> FloatArray:
        """Return how strange each row is; up is riskier.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows; columns of a frame are matched by name.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Finite scores. A row has the same score alone as in any batch.
        """
        return self._in_blocks(self._codes(X), self._score)

    def score_samples(self, X: Any) -> FloatArray:
        """Return the negative anomaly score, as scikit-learn's detectors do.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Up is more usual.
        """
        return -self.anomaly_score(X)

    def decision_function(self, X: Any) -> FloatArray:
        """Return the distance to the threshold of `predict`; negative is an outlier.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> IntArray:
        """Return -1 for outliers and 1 for the others.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            With ``contamination=None`` the outliers are the rows at least as strange
            as the strangest training row, which an ordinary new row is with a
            probability of about 1 in the number of training rows.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1).astype(np.intp)

    def explain(self, X: Any) -> pd.DataFrame:
        """Return what every field adds to the anomaly score of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows, seen in training or not.

        Returns
        -------
        contributions : DataFrame of shape (n_samples, 1 + n_features)
            ``offset`` (``(offset)`` if a field is called that), then one column for
            each field. Their sum is ``anomaly_score(X)`` but for the rounding of
            floating-point numbers. The index of a pandas frame is kept.
        """
        codes = self._codes(X)
        offset = np.empty(len(codes))
        parts = np.empty(codes.shape)
        for start in range(0, len(codes), _BLOCK):
            block = slice(start, start + _BLOCK)
            rows = Rows(codes[block], self._embedding)
            offset[block], parts[block] = self._parts(rows)
        names = [field.name for field in self._coder.fields]
        first = "(offset)" if "offset" in names else "offset"
        index = X.index if isinstance(X, pd.DataFrame) else None
        table = np.column_stack([offset, parts])
        return pd.DataFrame(table, columns=[first, *names], index=index, copy=False)

    def to_spec(self) -> DetectorSpec:
        """Return the fitted detector as the plain data that is saved and served.

        Returns
        -------
        spec : DetectorSpec
            Fields, units, and what the detector has learned.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the detector has not been fitted.

        See Also
        --------
        riskkit.export.save_artifact : Saves it for a scorer.
        """
        check_is_fitted(self, "offset_")
        member = DetectorMemberSpec("detector", 0, None, self._state())
        units = (self._embedding.to_spec(),)
        return DetectorSpec(
            self._coder.fields, units, (member,), None, -float(self.offset_)
        )

    def _fit_rows(
        self, training: TrainingRows, places: IntArray | None = None
    ) -> FloatArray:
        """Learn, set the threshold, and return the scores of the rows `places`."""
        self._coder, self._embedding = training.coder, training.embedding
        self.n_rows_ = training.n_rows
        rng = check_random_state(getattr(self, "random_state", 0))
        self._learn(training, rng)
        if places is None:
            places = training.sample_reference(rng)
        reference = self._in_blocks(training.codes[places], self._score)
        self.offset_ = _threshold(-reference, self.contamination)
        return reference

    def _in_blocks(
        self, codes: FloatArray, compute: Callable[[Rows], FloatArray]
    ) -> FloatArray:
        blocks = [
            compute(Rows(codes[start : start + _BLOCK], self._embedding))
            for start in range(0, len(codes), _BLOCK)
        ]
        return np.concatenate(blocks)

    def _codes(self, X: Any) -> FloatArray:
        check_is_fitted(self, "offset_")
        return self._coder.read(read_features(self, X, reset=False))

    def _check_all_params(self) -> None:
        if self.contamination is not None:
            check_real("contamination", self.contamination, low=0.0, high=0.5)
        self._check_params()

    @abstractmethod
    def _check_params(self) -> None:
        """Raise unless all parameters but `contamination` are in their domain."""

    @abstractmethod
    def _learn(self, training: TrainingRows, rng: RandomState) -> None:
        """Set the fitted attributes."""

    @abstractmethod
    def _score(self, rows: Rows) -> FloatArray:
        """Return finite scores, each computed from its row alone."""

    @abstractmethod
    def _parts(self, rows: Rows) -> tuple[FloatArray | float, FloatArray]:
        """Return offset and contributions by field; they add up to the score."""

    @abstractmethod
    def _state(self) -> StateSpec | None:
        """Return what `_score` needs as plain data, None if it is 0 for all rows."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class EmbeddedDetector(BaseDetector):
    """Template of detectors that see the embedding alone."""

    def _learn(self, training: TrainingRows, rng: RandomState) -> None:
        if training.embedding.columns:
            self._learn_columns(training, rng)

    def _score(self, rows: Rows) -> FloatArray:
        if not self._embedding.columns:  # nothing varied, so nothing can be far away
            return np.zeros(len(rows.codes))
        return self._score_columns(rows.z)

    def _parts(self, rows: Rows) -> tuple[FloatArray | float, FloatArray]:
        if not self._embedding.columns:
            return 0.0, np.zeros(rows.codes.shape)
        offset, parts = self._column_parts(rows.z)
        return offset, self._embedding.by_field(parts)

    def _state(self) -> StateSpec | None:
        return self._column_state() if self._embedding.columns else None

    @abstractmethod
    def _learn_columns(self, training: TrainingRows, rng: RandomState) -> None:
        """Set the fitted attributes from at least one column."""

    @abstractmethod
    def _score_columns(self, z: FloatArray) -> FloatArray:
        """Return the scores of embedded rows."""

    @abstractmethod
    def _column_parts(self, z: FloatArray) -> tuple[float, FloatArray]:
        """Return offset and contributions by column."""

    @abstractmethod
    def _column_state(self) -> StateSpec:
        """Return what `_score_columns` needs as plain data."""


def _warn_of_sameness(codes: FloatArray) -> None:
    """Warn where all rows are the same: nothing can be told about what is usual."""
    if all(np.array_equal(c, np.full_like(c, c[0]), equal_nan=True) for c in codes.T):
        msg = (
            f"{len(codes)} training row{'s' * (len(codes) != 1)} with the same values "
            "in every field tell nothing about what is usual, so scores mean little. "
            "Give rows that differ."
        )
        warnings.warn(msg, NoEvidenceWarning, stacklevel=3)


def _threshold(score_samples: FloatArray, contamination: float | None) -> float:
    """Return the score below which a row is an outlier."""
    ordered = np.sort(score_samples)
    if contamination is not None:
        # The tolerance undoes the rounding of shares such as 30 / 300.
        n_out = int(np.floor(contamination * ordered.size * (1 + 1e-9)))
        return float(ordered[min(n_out, ordered.size - 1)])
    if ordered[0] == ordered[-1]:  # nobody stands out
        return float(ordered[0])
    return float(np.nextafter(ordered[0], np.inf))
