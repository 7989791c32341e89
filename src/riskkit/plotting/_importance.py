"""Which features matter, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_int
from riskkit.exceptions import InvalidTypeError
from riskkit.explain import ImportanceResult, importance
from riskkit.plotting._axes import COLORS, shorten, style_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

__all__ = ["ImportanceDisplay"]

_LABELS = {
    "contribution": "Mean distance of the contribution, log-odds",
    "permutation": "Rise of the log-loss when shuffled",
}


class ImportanceDisplay:
    """Features of a model by their importance, with intervals.

    Build it with :meth:`from_result` or :meth:`from_estimator`.

    Parameters
    ----------
    result : ImportanceResult
        What :func:`riskkit.explain.importance` returned.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> from riskkit.boosting import LGBMPDClassifier
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.plotting import ImportanceDisplay
    >>> book = make_loan_book(1_500, default_rate=0.2, random_state=0)
    >>> model = LGBMPDClassifier(n_rounds=40).fit(book.data, book.target)
    >>> display = ImportanceDisplay.from_estimator(model, book.data)
    >>> display.frame()["feature"].iloc[0]
    'bureau_score'
    """

    def __init__(self, *, result: ImportanceResult) -> None:
        self.result = result

    @classmethod
    def from_result(cls, result: ImportanceResult) -> Self:
        """Take the numbers from a result.

        Parameters
        ----------
        result : ImportanceResult
            What :func:`riskkit.explain.importance` returned.

        Returns
        -------
        display : ImportanceDisplay
            Not drawn yet.

        Raises
        ------
        InvalidTypeError
            If something else is given.
        """
        if not isinstance(result, ImportanceResult):
            msg = (
                f"result must be what importance returned; got {type(result).__name__}."
            )
            raise InvalidTypeError(msg)
        return cls(result=result)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        n_repeats: int = 5,
        sample_weight: ArrayLike | None = None,
        level: float = 0.95,
        random_state: Any = 0,
    ) -> Self:
        """Compute the importance of the features of a fitted model.

        Parameters
        ----------
        estimator : classifier
            Fitted.

        X : frame or array-like of shape (n_samples, n_features)
            Accounts.

        y : array-like of shape (n_samples,), optional
            Outcomes.

        n_repeats, sample_weight, level, random_state
            As in :func:`riskkit.explain.importance`.

        Returns
        -------
        display : ImportanceDisplay
            Not drawn yet.
        """
        return cls(
            result=importance(
                estimator,
                X,
                y,
                n_repeats=n_repeats,
                sample_weight=sample_weight,
                level=level,
                random_state=random_state,
            )
        )

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a feature."""
        return self.result.frame()

    def plot(self, *, ax: Axes | None = None, n_features: int = 15) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        n_features : int, default=15
            Most features drawn, the most important first.

        Returns
        -------
        self : ImportanceDisplay
            With ``ax_`` and ``figure_``.
        """
        check_int("n_features", n_features, low=1)
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        columns = {
            name: np.asarray(self.result.columns[name][:n_features])
            for name in ("importance", "low", "high")
        }
        places = np.arange(columns["importance"].size)
        self.ax_.barh(places, columns["importance"], 0.7, color=COLORS["nonevent"])
        self.ax_.hlines(places, columns["low"], columns["high"], color="black", lw=1)
        names = [shorten(n) for n in self.result.columns["feature"][:n_features]]
        self.ax_.set_yticks(places, names)
        self.ax_.invert_yaxis()
        self.ax_.grid(visible=False, axis="y")
        self.ax_.set_xlabel(_LABELS[self.result.kind])
        return self
