"""Accumulated local effects: what a step of the feature does to accounts near it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS, style_axes
from riskkit.plotting._dependence import FeatureEffect, Probe, effect_frame
from riskkit.plotting._dependence_axes import draw_effect

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ALEDisplay"]

_N_RUG = 51


class ALEDisplay:
    """Accumulated local effects of a feature on the PD, around their mean.

    Build it with :meth:`from_estimator`. Missing values and special codes are drawn
    apart; marks along the axis, or bars, show where the data lie.

    Parameters
    ----------
    effect : FeatureEffect
        The numbers.

    scale : {"pd", "log_odds"}
        Of the vertical axis.

    level : float
        Level of the intervals.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    See Also
    --------
    PartialDependenceDisplay : The mean PD itself, if features do not go together.

    Notes
    -----
    Within each bin of a numeric feature the accounts there are moved from its lower to
    its upper edge; the mean changes of the model's output are added up over the bins,
    and their mean over the accounts is taken off [1]_. No account moves further than
    its bin, so features that go together do no harm. Levels of a categorical feature
    stand in the order of the mean output, and accounts move between neighbours.

    A state (missing, or a special code) has no neighbour: its effect is the mean over
    the accounts in that state of the output less its mean over the known values of the
    feature, in the shares in which these occur.

    Intervals are those of the means of the accounts looked at, taken as independent
    between bins; they say nothing of the error of the model.

    References
    ----------
    .. [1] D. Apley and J. Zhu, "Visualizing the effects of predictor variables in black
       box supervised learning models", J. Royal Statistical Society B 82(4), 2020.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.boosting import LGBMPDClassifier
    >>> from riskkit.plotting import ALEDisplay
    >>> book = make_loan_book(2_000, default_rate=0.15, random_state=0)
    >>> model = LGBMPDClassifier(n_rounds=40, special_codes=book.special_codes)
    >>> model = model.fit(book.data, book.target)
    >>> display = ALEDisplay.from_estimator(
    ...     model, book.data, "bureau_score", scale="log_odds", n_bins=4)
    >>> frame = display.frame()
    >>> bool(frame["effect"].iloc[0] > 0 > frame["effect"].iloc[4])
    True
    >>> frame["value"].iloc[-1]
    'Special: -1'
    """

    def __init__(self, *, effect: FeatureEffect, scale: str, level: float) -> None:
        self.effect = effect
        self.scale = scale
        self.level = level

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        feature: str | int,
        *,
        scale: str = "pd",
        n_bins: int = 20,
        special_codes: Any = None,
        level: float = 0.95,
        max_rows: int = 5000,
        random_state: Any = 0,
    ) -> Self:
        """Compute the effects of a fitted classifier on accounts.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``predict_proba``.

        X : frame or array-like of shape (n_samples, n_features)
            Accounts.

        feature : str or int
            Column, by name or position.

        scale : {"pd", "log_odds"}, default="pd"
            What the effects are measured in.

        n_bins : int, default=20
            Bins of a numeric feature, of equal numbers of accounts where ties allow. Of
            a categorical feature the 30 most frequent levels are shown.

        special_codes : sequence, mapping or None, default=None
            Values drawn apart, for the feature or by feature; None takes those of the
            estimator, if it has some.

        level : float, default=0.95
            Level of the intervals.

        max_rows : int, default=5000
            Accounts looked at, drawn at random.

        random_state : int, RandomState instance or None, default=0
            Seed of that draw.

        Returns
        -------
        display : ALEDisplay
            Not drawn yet.

        Raises
        ------
        InvalidTypeError
            If the estimator gives no probabilities.
        InvalidInputError
            If there is no such column, or it has one known value alone.
        InvalidParameterError
            If a parameter is outside its domain.
        """
        from scipy.special import ndtri

        check_int("n_bins", n_bins, low=1)
        check_real("level", level, low=0.5, high=0.9999)
        probe = Probe(
            estimator,
            X,
            feature,
            scale=scale,
            special_codes=special_codes,
            max_rows=max_rows,
            random_state=random_state,
        )
        z = float(ndtri((1.0 + level) / 2.0))
        if probe.is_numeric:
            values, centre, error, share, typical = _numeric(probe, n_bins)
            rug = np.quantile(probe.numbers(), np.linspace(0.01, 0.99, _N_RUG))
        else:
            values, centre, error, share, typical = _categorical(probe)
            rug = np.empty(0)
        states = [_contrast(probe, rows, typical) for _, rows in probe.states.values()]
        found = np.array(states).reshape(-1, 2)
        effect = FeatureEffect(
            feature=probe.name,
            is_numeric=probe.is_numeric,
            grid=tuple(values),
            effect=centre,
            low=centre - z * error,
            high=centre + z * error,
            share=share,
            states=tuple(probe.states),
            state_effect=found[:, 0],
            state_low=found[:, 0] - z * found[:, 1],
            state_high=found[:, 0] + z * found[:, 1],
            state_share=np.array([rows.mean() for _, rows in probe.states.values()]),
            rug=rug,
        )
        return cls(effect=effect, scale=scale, level=level)

    def frame(self) -> pd.DataFrame:
        """Return the plotted numbers, one row a value or state.

        Returns
        -------
        frame : DataFrame
            Columns value (edge of a bin, or level), is_state (missing or special),
            effect with its interval low to high, share (of the accounts in the bin
            that ends here, or at this level).
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
        self : ALEDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = style_axes(ax)
        self.figure_ = self.ax_.figure
        is_pd = self.scale == "pd"
        self.ax_.axhline(0.0, color=COLORS["expected"], linewidth=0.8)
        label = "Effect on the PD" if is_pd else "Effect on the log-odds"
        draw_effect(self.ax_, self.effect, label=label, is_pd=is_pd)
        return self


_Effects = tuple[
    "list[object]",
    "FloatArray",
    "FloatArray",
    "FloatArray",
    "list[tuple[object, float]]",
]


def _numeric(probe: Probe, n_bins: int) -> _Effects:
    x = probe.numbers()
    edges = np.unique(np.quantile(x, np.linspace(0, 1, n_bins + 1), method="nearest"))
    if edges.size < 2:
        msg = (
            f"Column {probe.name!r} must hold two known values or more; got one in "
            f"{x.size} rows. Nothing moves."
        )
        raise InvalidInputError(msg)
    # A bin holds its upper edge, the first one its lower edge too.
    place = np.searchsorted(edges[1:-1], x)
    lower = probe.output(edges[place], probe.known)
    change = probe.output(edges[place + 1], probe.known) - lower
    n_steps = edges.size - 1
    share = np.bincount(place, minlength=n_steps) / x.size
    mean, variance = _step_means(change, place, n_steps)
    # The mean over the accounts of a bin lies half-way through its step.
    before = np.tril(np.ones((n_steps + 1, n_steps)), -1)
    middle = (before[:-1] + before[1:]) / 2.0
    centre, error = _accumulate(before - share @ middle, mean, variance)
    # Half-way through a bin stands for it where an account has no value of its own.
    halves = (edges[1:] + edges[:-1]) / 2.0
    typical: list[tuple[object, float]] = list(
        zip(halves.tolist(), share.tolist(), strict=True)
    )
    of_all = np.append(0.0, share) * (x.size / probe.n_rows)
    values: list[object] = edges.tolist()
    return values, centre, error, of_all, typical


def _categorical(probe: Probe) -> _Effects:
    levels, codes = probe.levels()
    if len(levels) < 2:
        msg = (
            f"Column {probe.name!r} must hold two known levels or more; got one in "
            f"{probe.n_rows} rows. Nothing moves."
        )
        raise InvalidInputError(msg)
    said, known = probe.output(), codes >= 0
    n = np.bincount(codes[known], minlength=len(levels))
    mean_said = np.bincount(codes[known], said[known]) / n
    order = np.argsort(mean_said, kind="stable")
    n_steps = len(levels) - 1
    mean, variance = np.empty(n_steps), np.empty(n_steps)
    for step in range(n_steps):
        low, high = order[step], order[step + 1]
        rows = (codes == low) | (codes == high)
        change = probe.output(levels[high], rows) - probe.output(levels[low], rows)
        mean[step : step + 1], variance[step : step + 1] = _step_means(
            change, np.zeros(change.size, dtype=np.intp), 1
        )
    share = (n / n.sum())[order]
    before = np.tril(np.ones((n_steps + 1, n_steps)), -1)
    centre, error = _accumulate(before - share @ before, mean, variance)
    values: list[object] = [levels[k] for k in order]
    typical: list[tuple[object, float]] = list(zip(values, share.tolist(), strict=True))
    return values, centre, error, share * (n.sum() / probe.n_rows), typical


def _step_means(
    change: FloatArray, place: IntArray, n_steps: int
) -> tuple[FloatArray, FloatArray]:
    """Return the mean change of each step, and the variance of that mean."""
    n = np.bincount(place, minlength=n_steps)
    mean = np.bincount(place, change, minlength=n_steps) / np.maximum(n, 1)
    squares = np.bincount(place, (change - mean[place]) ** 2, minlength=n_steps)
    # One account says nothing of the spread; that of all is taken.
    pooled = squares.sum() / max(1, change.size - n_steps)
    spread = np.where(n > 1, squares / np.maximum(n - 1, 1), pooled)
    return mean, spread / np.maximum(n, 1)


def _accumulate(
    parts: FloatArray, mean: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return sums of steps, and their errors; each row of `parts` is one sum."""
    return np.asarray(parts @ mean), np.sqrt(parts**2 @ variance)


def _contrast(
    probe: Probe, rows: BoolArray, typical: list[tuple[object, float]]
) -> tuple[float, float]:
    """Return how much some accounts' output differs from that at known values.

    With the error of its mean.
    """
    contrast = probe.output(rows=rows)
    for value, share in typical:
        contrast = contrast - share * probe.output(value, rows)
    n = contrast.size
    spread = float(contrast.std(ddof=1)) if n > 1 else 0.0
    return float(contrast.mean()), spread / float(np.sqrt(n))
