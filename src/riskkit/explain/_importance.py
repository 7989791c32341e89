"""Which features a model lives on, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from riskkit._core.frames import Table, is_frame
from riskkit._core.inputs import read_weight
from riskkit._core.params import check_int, check_real
from riskkit._core.target import encode_event
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.explain._contributions import contributions
from riskkit.explain._importance_result import ImportanceResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["importance"]

# As scikit-learn's log_loss: a certain PD that was wrong costs some 36 nats.
_EPSILON = float(np.finfo(np.float64).eps)


def importance(
    model: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    n_repeats: int = 5,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    random_state: Any = 0,
) -> ImportanceResult:
    """Rank the features of a model by what they do on accounts, with intervals.

    Without outcomes: how far a feature moves the log-odds of accounts apart. With them:
    how much worse the model gets when the feature is shuffled.

    Parameters
    ----------
    model : classifier
        Fitted. Without `y` a model of riskkit that has contributions; with `y` any with
        ``predict_proba``.

    X : frame or array-like of shape (n_samples, n_features)
        Accounts; with `y` best such as the model has not seen.

    y : array-like of shape (n_samples,), optional
        Outcomes; the larger label is the event.

    n_repeats : int, default=5
        Shuffles of each feature, if there are outcomes.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each account.

    level : float, default=0.95
        Level of the intervals.

    random_state : int, RandomState instance or None, default=0
        Seed of the shuffles.

    Returns
    -------
    result : ImportanceResult
        With ``.frame()``, the most important feature first.

    Raises
    ------
    InvalidTypeError
        If the model tells neither contributions nor probabilities.
    InvalidInputError, InvalidTargetError, InvalidParameterError
        If rows, outcomes or parameters cannot be used.

    See Also
    --------
    contributions : The same for each account.
    riskkit.plotting.ImportanceDisplay : Its picture.

    Notes
    -----
    Without outcomes the importance of feature ``j`` is ``mean_i |c_ij - mean_i c_ij|``,
    in nats, of its contributions ``c_ij`` to the log-odds; it says what the model uses,
    not whether it is right to. With outcomes it is the rise of the log-loss, in nats
    an account, when the values of the feature are shuffled among the accounts [1]_;
    below 0, or with 0 in its interval, the feature may as well not be there. Features
    that go together share their importance in the first, and hide each other in the
    second.

    Intervals are those of a mean over accounts; those of shuffles are paired. They say
    nothing of how the model would come out on other training rows.

    References
    ----------
    .. [1] A. Fisher, C. Rudin and F. Dominici, "All models are wrong, but many are
       useful", J. Machine Learning Research 20(177), 2019.

    Examples
    --------
    >>> from riskkit.boosting import LGBMPDClassifier
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.explain import importance
    >>> book = make_loan_book(1_500, default_rate=0.2, random_state=0)
    >>> later = make_loan_book(1_500, default_rate=0.2, random_state=1)
    >>> model = LGBMPDClassifier(n_rounds=40).fit(book.data, book.target)
    >>> importance(model, later.data).frame()["feature"].iloc[0]
    'bureau_score'
    >>> found = importance(model, later.data, later.target, n_repeats=2).frame()
    >>> bool(found["low"].iloc[0] > 0)
    True
    """
    check_int("n_repeats", n_repeats, low=1)
    check_real("level", level, low=0.5, high=0.9999)
    if y is None:
        parts = contributions(model, X, unit="log_odds").iloc[:, 1:]
        names = [str(name) for name in parts.columns]
        values = parts.to_numpy(dtype=np.float64)
        weight = _weight(sample_weight, len(values))
        rows = np.abs(values - np.average(values, axis=0, weights=weight))
        kind = "contribution"
    else:
        names, rows, weight = _shuffled(
            model, X, y, n_repeats, sample_weight, random_state
        )
        kind = "permutation"
    mean, error = _means(rows, weight)
    return _ranked(kind, names, mean, error, level, len(rows))


def _shuffled(
    model: Any,
    X: Any,
    y: ArrayLike,
    n_repeats: int,
    sample_weight: ArrayLike | None,
    random_state: Any,
) -> tuple[list[str], FloatArray, FloatArray]:
    """Return by how much the loss of each account rises for each feature."""
    if not hasattr(model, "predict_proba"):
        msg = (
            "model must be a fitted classifier with predict_proba; got "
            f"{type(model).__name__}."
        )
        raise InvalidTypeError(msg)
    table = _Columns(X)
    is_event, _ = encode_event(y)
    if is_event.size != table.n_rows:
        msg = (
            f"y must hold one outcome for each of the {table.n_rows} rows; got "
            f"{is_event.size}."
        )
        raise InvalidInputError(msg)
    weight = _weight(sample_weight, table.n_rows)
    rng = check_random_state(random_state)
    # The same shuffles for all features: their order is no part of the answer.
    orders = [rng.permutation(table.n_rows) for _ in range(n_repeats)]
    start = _losses(model, table.native, is_event)
    rises = np.zeros((table.n_rows, len(table.names)))
    for place in range(len(table.names)):
        for order in orders:
            rises[:, place] += (
                _losses(model, table.moved(place, order), is_event) - start
            )
    return table.names, rises / n_repeats, weight


class _Columns:
    """A table of any kind in which the values of a column can change places."""

    def __init__(self, X: Any) -> None:
        self._is_frame = is_frame(X)
        if self._is_frame:
            import narwhals as nw

            frame = nw.from_native(X, eager_only=True)
            if nw.dependencies.is_pandas_dataframe(X):
                # An index of its own would put the values back in their places.
                frame = nw.from_native(X.reset_index(drop=True), eager_only=True)
            self.native: Any = frame.to_native()
            self._frame = frame
            self.names = [str(name) for name in frame.columns]
            self.n_rows = len(frame)
        else:
            self.native = np.asarray(X)
            read = Table.read(self.native)
            self.names, self.n_rows = list(read.names), read.n_rows

    def moved(self, place: int, order: IntArray) -> Any:
        """Return the table with the values of one column in another order."""
        if self._is_frame:
            name = self.names[place]
            column = self._frame[name][order.tolist()].to_native()
            if hasattr(column, "reset_index"):
                column = column.reset_index(drop=True)
            import narwhals as nw

            series = nw.from_native(column, series_only=True).alias(name)
            return self._frame.with_columns(series).to_native()
        moved = self.native.copy()
        moved[:, place] = self.native[order, place]
        return moved


def _losses(model: Any, X: Any, is_event: BoolArray) -> FloatArray:
    pd = np.asarray(model.predict_proba(X), dtype=np.float64)[:, 1]
    pd = np.clip(pd, _EPSILON, 1.0 - _EPSILON)
    return np.asarray(-np.log(np.where(is_event, pd, 1.0 - pd)))


def _weight(sample_weight: ArrayLike | None, n_rows: int) -> FloatArray:
    weight = read_weight(sample_weight, n_rows)
    return np.ones(n_rows) if weight is None else weight


def _means(rows: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean of each column and its error; weights are counts."""
    n = weight.sum()
    mean = np.average(rows, axis=0, weights=weight)
    squares = weight @ (rows - mean) ** 2
    return np.asarray(mean), np.sqrt(squares / max(n - 1.0, 1.0) / n)


def _ranked(
    kind: str,
    names: list[str],
    mean: FloatArray,
    error: FloatArray,
    level: float,
    n_rows: int,
) -> ImportanceResult:
    from scipy.special import ndtri

    reach = float(ndtri((1.0 + level) / 2.0)) * error
    total = mean.clip(0.0).sum()
    share = mean.clip(0.0) / total if total > 0 else np.zeros_like(mean)
    order = np.argsort(-mean, kind="stable")
    columns = {
        "importance": mean,
        "low": mean - reach,
        "high": mean + reach,
        "share": share,
    }
    return ImportanceResult(
        kind,
        {"feature": tuple(names[k] for k in order)}
        | {name: tuple(column[order].tolist()) for name, column in columns.items()},
        level,
        n_rows,
    )
