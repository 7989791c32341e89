"""How much each reference account should count to stand for another population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import plain
from riskkit._core.frames import Table, level_column, numeric_column
from riskkit._core.params import check_real
from riskkit._kernels.bins import assign_numeric, quantile_edges
from riskkit._kernels.ranking import auc, score_counts
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import RandomState

    from riskkit._core.frames import LevelColumn
    from riskkit.typing import FloatArray, IntArray

__all__ = ["ImportanceResult", "importance_weights"]

_FOLDS = 5
_BINS = 20  # of a numeric column
_MOST_LEVELS = 100  # of a categorical column; rarer ones are taken together


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ImportanceResult:
    """Weights of reference accounts, and how far the two populations are apart.

    Made by :func:`importance_weights`.

    Parameters
    ----------
    weights : ndarray of shape (n_reference,)
        One a reference account, 1 on average.

    effective_n : float
        Unweighted accounts that the weighted ones are worth, ``sum(w)^2 / sum(w^2)``.

    domain_auc : float
        How well the two populations can be told apart: 0.5 not at all. Near 1 they
        hardly overlap, and weighting cannot help.

    n_clipped : int
        Weights that were cut to the largest one allowed.
    """

    weights: FloatArray
    effective_n: float
    domain_auc: float
    n_clipped: int

    def frame(self) -> pd.DataFrame:
        """Return a table of one row; the weights are left out."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; the weights are left out."""
        return {
            "n": int(self.weights.size),
            "effective_n": plain(self.effective_n),
            "domain_auc": plain(self.domain_auc),
            "n_clipped": self.n_clipped,
            "largest_weight": plain(self.weights.max()),
        }

    def __repr__(self) -> str:
        return (
            f"<ImportanceResult: {self.weights.size} accounts worth "
            f"{self.effective_n:.0f}, domain AUC {self.domain_auc:.3f}>"
        )

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def importance_weights(
    reference: Any,
    current: Any,
    *,
    max_weight: float = 20.0,
    random_state: int | RandomState | None = 0,
) -> ImportanceResult:
    """Weigh reference accounts so that they look like the current population.

    Parameters
    ----------
    reference, current : frame, mapping of columns, or array
        Features of the reference and of the current accounts. They should hold what
        the shift is about, in the model or not: channel, product, region.

    max_weight : float, default=20.0
        No account may count more than so many; a few giants would decide alone.

    random_state : int, RandomState instance or None, default=0
        Seed of the folds.

    Returns
    -------
    result : ImportanceResult
        Weights of the reference accounts.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `current` lacks a column of `reference`, or a table cannot be used.
    InvalidParameterError
        If `max_weight` is below 1.

    See Also
    --------
    estimate_performance : Uses them.

    Notes
    -----
    The weight is the density ratio of the two populations. A logistic regression on
    bins of every feature tells them apart, each account judged by one that has not seen
    it (five folds); its odds, times the ratio of the sizes, are the weights [1]_. It
    adds up over features: what only a pair of them shows is not weighed. What is then
    true of the weighted reference is true of the current population, as far as the
    shift concerns the given features alone.

    References
    ----------
    .. [1] M. Sugiyama, T. Suzuki, T. Kanamori, "Density Ratio Estimation in Machine
       Learning", Cambridge University Press, 2012, ch. 4.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import importance_weights
    >>> rng = np.random.default_rng(0)
    >>> then = {"channel": rng.choice(["branch", "online"], 2000, p=[0.8, 0.2])}
    >>> now = {"channel": rng.choice(["branch", "online"], 2000, p=[0.4, 0.6])}
    >>> result = importance_weights(then, now)
    >>> for channel in ("branch", "online"):
    ...     mean = result.weights[then["channel"] == channel].mean()
    ...     print(f"{channel} {mean:.1f}")
    branch 0.5
    online 2.9
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    check_real("max_weight", max_weight, low=1)
    then, now = Table.read(reference), Table.read(current)
    if not then.names:
        msg = "reference must hold at least one column; got none."
        raise InvalidInputError(msg)
    now = now.select(then.names)
    for name, table in (("reference", then), ("current", now)):
        if table.n_rows < _FOLDS:
            msg = (
                f"{name} must hold at least {_FOLDS} rows, one for each fold; got "
                f"{table.n_rows}."
            )
            raise InvalidInputError(msg)
    design = _one_hot(then, now)
    is_now = np.repeat([False, True], [then.n_rows, now.n_rows])
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=random_state)
    chance = cross_val_predict(
        LogisticRegression(max_iter=1000),
        design,
        is_now,
        cv=folds,
        method="predict_proba",
    )[:, 1]
    _, event, nonevent = score_counts(is_now, chance)
    ratio = chance[~is_now] / (1.0 - chance[~is_now]) * then.n_rows / now.n_rows
    n_clipped = int(np.count_nonzero(ratio > max_weight))
    weights = np.minimum(ratio, max_weight)
    weights /= weights.mean()
    weights.flags.writeable = False
    return ImportanceResult(
        weights=weights,
        effective_n=float(weights.sum() ** 2 / (weights**2).sum()),
        domain_auc=auc(event, nonevent),
        n_clipped=n_clipped,
    )


def _one_hot(then: Table, now: Table) -> Any:
    """Return a sparse matrix, one column a bin of a feature of either table."""
    from scipy.sparse import csr_array

    codes, width = [], 0
    for name in then.names:
        parts = [table.column(name) for table in (then, now)]
        if {table.kind(name) for table in (then, now)} == {"numeric"}:
            x = np.concatenate([numeric_column(part, name) for part in parts])
            of_row = _bins_of_numbers(x)
        else:
            of_row = _bins_of_levels([level_column(part, name) for part in parts])
        codes.append(width + of_row)
        width += int(of_row.max()) + 1
    columns = np.column_stack(codes)
    n_rows, n_features = columns.shape
    starts = np.arange(n_rows + 1) * n_features
    ones = np.ones(n_rows * n_features)
    return csr_array((ones, columns.ravel(), starts), shape=(n_rows, width))


def _bins_of_numbers(x: FloatArray) -> IntArray:
    known = x[np.isfinite(x)]
    edges = quantile_edges(known, _BINS) if known.size else known
    return assign_numeric(x, edges, []).astype(np.intp)


def _bins_of_levels(parts: list[LevelColumn]) -> IntArray:
    """Return the rank of each level by its frequency; missing and rare ones beside."""
    texts = [np.array([*part.levels, ""], dtype=object)[part.codes] for part in parts]
    missing = np.concatenate([part.codes < 0 for part in parts])
    levels, codes, counts = np.unique(
        np.concatenate(texts).astype(str), return_inverse=True, return_counts=True
    )
    rank = np.empty(levels.size, dtype=np.intp)
    rank[np.argsort(-counts, kind="stable")] = np.arange(levels.size)
    return np.where(missing, _MOST_LEVELS + 1, np.minimum(rank[codes], _MOST_LEVELS))
