"""Partial dependence: the mean PD if everybody had the same value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_int
from riskkit.plotting._axes import style_axes
from riskkit.plotting._dependence import FeatureEffect, Probe, effect_frame
from riskkit.plotting._dependence_axes import draw_effect

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.typing import FloatArray

__all__ = ["PartialDependenceDisplay"]

_BAND = (0.1, 0.9)
_ENDS = (0.01, 0.99)
_N_RUG = 51


class PartialDependenceDisplay:
    """Mean PD if all accounts had the same value of a feature, value after value.

    Build it with :meth:`from_estimator`. Missing values and special codes are drawn
    apart; marks along the axis, or bars, show where the data lie.

    Parameters
    ----------
    effect : FeatureEffect
        The numbers.

    scale : {"pd", "log_odds"}
        Of the vertical axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    ALEDisplay : Where features go together, without combinations that never occur.

    Notes
    -----
    ``PD(v) = mean_i f(v, x_i)``: the mean over the accounts ``i`` of the model's PD
    with the feature set to ``v`` and all else as it is [1]_. The band holds the middle
    80 % of the accounts' own curves; it is spread, not error. Where features go
    together the mean runs over accounts that do not exist.

    References
    ----------
    .. [1] J. Friedman, "Greedy function approximation: a gradient boosting machine",
       Annals of Statistics 29(5), 2001.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.boosting import LGBMPDClassifier
    >>> from riskkit.plotting import PartialDependenceDisplay
    >>> book = make_loan_book(2_000, default_rate=0.15, random_state=0)
    >>> model = LGBMPDClassifier(n_rounds=40, special_codes=book.special_codes)
    >>> model = model.fit(book.data, book.target)
    >>> display = PartialDependenceDisplay.from_estimator(
    ...     model, book.data, "bureau_score", grid_size=4)
    >>> display.frame()[["value", "is_state"]]
             value  is_state
    0        544.0     False
    1        642.0     False
    2        688.0     False
    3        793.0     False
    4  Special: -1      True
    """

    def __init__(self, *, effect: FeatureEffect, scale: str) -> None:
        self.effect = effect
        self.scale = scale

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        feature: str | int,
        *,
        scale: str = "pd",
        grid_size: int = 20,
        special_codes: Any = None,
        max_rows: int = 1000,
        random_state: Any = 0,
    ) -> Self:
        """Compute the curve of a fitted classifier on accounts.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``predict_proba``.

        X : frame or array-like of shape (n_samples, n_features)
            Accounts to average over.

        feature : str or int
            Column, by name or position.

        scale : {"pd", "log_odds"}, default="pd"
            What is averaged.

        grid_size : int, default=20
            Values of a numeric feature: quantiles of the known ones, between 1 and
            99 %. Of a categorical feature the 30 most frequent levels are shown.

        special_codes : sequence, mapping or None, default=None
            Values drawn apart, for the feature or by feature; None takes those of the
            estimator, if it has some.

        max_rows : int, default=1000
            Accounts looked at, drawn at random.

        random_state : int, RandomState instance or None, default=0
            Seed of that draw.

        Returns
        -------
        display : PartialDependenceDisplay
            Not drawn yet.

        Raises
        ------
        InvalidTypeError
            If the estimator gives no probabilities.
        InvalidInputError
            If there is no such column, or nothing known in it.
        InvalidParameterError
            If a parameter is outside its domain.
        """
        check_int("grid_size", grid_size, low=2)
        probe = Probe(
            estimator,
            X,
            feature,
            scale=scale,
            special_codes=special_codes,
            max_rows=max_rows,
            random_state=random_state,
        )
        rug = np.empty(0)
        if probe.is_numeric:
            known = probe.numbers()
            values: list[Any] = _grid(known, grid_size).tolist()
            share = _nearest_share(known, np.array(values), probe.n_rows)
            rug = np.quantile(known, np.linspace(*_ENDS, _N_RUG))
        else:
            values, codes = probe.levels()
            share = np.bincount(codes[codes >= 0], minlength=len(values)) / probe.n_rows
        curve = _curve(probe, values)
        states = _curve(probe, [value for value, _ in probe.states.values()])
        effect = FeatureEffect(
            feature=probe.name,
            is_numeric=probe.is_numeric,
            grid=tuple(values),
            effect=curve[0],
            low=curve[1],
            high=curve[2],
            share=share,
            states=tuple(probe.states),
            state_effect=states[0],
            state_low=states[1],
            state_high=states[2],
            state_share=np.array([rows.mean() for _, rows in probe.states.values()]),
            rug=rug,
        )
        return cls(effect=effect, scale=scale)

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a value or state.

        Returns
        -------
        frame : DataFrame
            Columns value, is_state (missing or special), effect (the mean), low and
            high (ends of the middle 80 % of the accounts), share (of the accounts at
            this value, or nearest to it).
        """
        return effect_frame(self.effect)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : PartialDependenceDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        is_pd = self.scale == "pd"
        label = "Mean PD" if is_pd else "Mean log-odds"
        draw_effect(self.ax_, self.effect, label=label, is_pd=is_pd)
        return self


def _grid(known: FloatArray, size: int) -> FloatArray:
    distinct = np.unique(known)
    if distinct.size <= size:
        return distinct
    quantiles = np.quantile(known, np.linspace(*_ENDS, size), method="nearest")
    return np.unique(quantiles)


def _nearest_share(known: FloatArray, grid: FloatArray, n_rows: int) -> FloatArray:
    """Return the share of the accounts whose value is nearest to each of the grid."""
    place = np.searchsorted((grid[1:] + grid[:-1]) / 2.0, known)
    return np.bincount(place, minlength=grid.size) / n_rows


def _curve(probe: Probe, values: list[Any]) -> FloatArray:
    """Return the mean and the ends of the band at each value."""
    curve = np.empty((3, len(values)))
    for place, value in enumerate(values):
        output = probe.output(value)
        curve[0, place] = output.mean()
        curve[1:, place] = np.quantile(output, _BAND)
    return curve
