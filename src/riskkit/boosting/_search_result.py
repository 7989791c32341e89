"""What a search has found, and whether it is more than chance."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.boosting._search_trials import Trial
    from riskkit.typing import FloatArray

__all__ = ["SearchResult", "confirmed_gain", "trial_columns"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SearchResult:
    """What :func:`search` returns.

    Parameters
    ----------
    is_gain : bool
        Whether the parameters found are better than the preset on the confirming rows,
        beyond chance.

    estimator : estimator
        Not fitted: with the parameters found if they are a gain, and as it was given
        otherwise.

    params : dict
        Parameters found on the choosing rows; empty if nothing beat the preset there.

    preset_loss, tuned_loss : float
        Log-loss on the confirming rows, in nats an account.

    gain, gain_low, gain_high : float
        How much less the log-loss is on the confirming rows, with its interval.

    level : float
        Level of the interval.

    n_rows, n_events : float
        Confirming rows and events among them, as sums of weights.

    columns : dict of str to tuple
        The trials; see :meth:`frame`.

    Examples
    --------
    >>> from riskkit.boosting import LGBMPDClassifier, search
    >>> from riskkit.datasets import make_loan_book
    >>> book = make_loan_book(1_500, default_rate=0.2, random_state=0)
    >>> result = search(LGBMPDClassifier(n_rounds=40), book.data, book.target,
    ...                 n_trials=2, space={"num_leaves": [4, 8]})
    >>> list(result.frame())
    ['trial', 'num_leaves', 'n_folds', 'log_loss', 'gain']
    """

    is_gain: bool
    estimator: Any
    params: dict[str, Any]
    preset_loss: float
    tuned_loss: float
    gain: float
    gain_low: float
    gain_high: float
    level: float
    n_rows: float
    n_events: float
    columns: dict[str, tuple[Any, ...]]

    @property
    def reason(self) -> str:
        """The verdict in a sentence."""
        span = f"{self.gain:+.5f} [{self.gain_low:+.5f}, {self.gain_high:+.5f}]"
        if self.is_gain:
            return f"The parameters found lower the log-loss by {span}."
        if not self.params:
            return "No trial beat the preset on the rows that choose. Keep the preset."
        if self.gain_high < 0:
            return f"The parameters found do worse: {span}. Keep the preset."
        return f"The gain may be chance: {span}. Keep the preset."

    def frame(self) -> pd.DataFrame:
        """Return one row for each trial, the best first; the preset is trial 0.

        Returns
        -------
        frame : DataFrame
            Columns trial, the parameters, n_folds (of the choosing rows it ran on),
            log_loss on them, and gain over the preset on the same rows. The gain of
            the best trial is too good, because it was chosen for it.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the estimator as plain data."""
        names = [n for n in self.__dataclass_fields__ if n != "estimator"]
        return {n: getattr(self, n) for n in names} | {"reason": self.reason}

    def __repr__(self) -> str:
        return f"<SearchResult: {self.reason}>"

    def _repr_html_(self) -> str:
        table = self.frame().to_html(index=False, na_rep="")
        return f"<p>{html.escape(self.reason)}</p>{table}"


def confirmed_gain(
    gains: list[FloatArray],
    weights: list[FloatArray],
    n_chosen: list[float],
    level: float,
) -> tuple[float, float, float]:
    """Return the mean gain of the confirming rows, and its interval.

    Of one sample it is that of a mean of paired differences. Of several folds, whose
    models share training rows, the variance of the fold means is taken times ``1 / k +
    n_confirming / n_choosing`` (Nadeau and Bengio).
    """
    from scipy.stats import t as student

    tail = (1.0 + level) / 2.0
    means = np.array(
        [np.average(g, weights=w) for g, w in zip(gains, weights, strict=True)]
    )
    totals = np.array([w.sum() for w in weights])
    gain = float(np.average(means, weights=totals))
    k = len(gains)
    if k == 1:
        n = totals[0]
        variance = float(weights[0] @ (gains[0] - gain) ** 2) / (n - 1.0) / n
        degrees = n - 1.0
    else:
        ratio = float(np.mean(totals / np.array(n_chosen)))
        variance = float(means.var(ddof=1)) * (1.0 / k + ratio)
        degrees = k - 1.0
    reach = float(student.ppf(tail, degrees)) * float(np.sqrt(variance))
    return gain, gain - reach, gain + reach


def trial_columns(trials: list[Trial]) -> dict[str, tuple[Any, ...]]:
    """Return the table of the trials; those that ran on more folds come first."""
    preset = trials[0]
    order = sorted(
        range(len(trials)),
        key=lambda place: (-len(trials[place].losses), trials[place].loss),
    )
    names = list(trials[-1].params)
    columns: dict[str, tuple[Any, ...]] = {"trial": tuple(order)}
    for name in names:
        columns[name] = tuple(trials[place].params.get(name) for place in order)
    columns["n_folds"] = tuple(len(trials[place].losses) for place in order)
    columns["log_loss"] = tuple(trials[place].loss for place in order)
    columns["gain"] = tuple(trials[place].gain_over(preset) for place in order)
    return columns
