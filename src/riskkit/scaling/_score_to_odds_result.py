"""What a check of points against outcomes answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ScoreToOddsResult"]


@dataclass(frozen=True, slots=True)
class ScoreToOddsResult:
    """What :func:`score_to_odds_check` returns.

    Bands of points come first, fewest points first; odds are non-event to event.

    Parameters
    ----------
    low, high : tuple of float
        Ends of each band ``(low, high]``.

    n, n_event : tuple of float
        Accounts and events, as sums of weights.

    mean_points : tuple of float
        Mean points of the band.

    expected_odds : tuple of float
        Odds that the scale promises the accounts of the band.

    odds, odds_low, odds_high : tuple of float
        Odds observed, and their Jeffreys interval.

    points_off : tuple of float
        Observed minus expected odds, in points of the scale: above 0 the band is
        safer than its points say.

    p_value : tuple of float
        Chance of an event rate at least so far from the expected one, on either side.

    level : float
        Level of the intervals.

    slope, slope_error, slope_low, slope_high : float
        Rise of the log of the odds for a point, from a logistic regression of the
        outcome on the points; its standard error and Wald's interval.

    expected_slope : float
        The rise that the scale promises, ``ln 2 / pdo``.

    slope_p_value : float
        Of Wald's test that the two slopes are equal.

    pdo : float
        Points that doubled the odds, ``ln 2 / slope``.

    expected_pdo : float
        Points to double the odds of the scale.

    base_points : float
        Points at which the regression finds the scale's base odds.

    expected_base_points : float
        Base points of the scale.

    lr_p_value : float
        Of the likelihood-ratio test that both level and slope are those of the scale.

    Examples
    --------
    >>> from riskkit.scaling import PointsScaler, score_to_odds_check
    >>> y, points = [1, 0, 1, 0, 0, 0], [480, 490, 500, 510, 520, 530]
    >>> result = score_to_odds_check(y, points, PointsScaler(), n_bands=2)
    >>> result.frame()[["low", "high", "n", "n_event", "odds"]]
         low   high    n  n_event  odds
    0   -inf  500.0  3.0      2.0   0.5
    1  500.0    inf  3.0      0.0   inf
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    n: tuple[float, ...]
    n_event: tuple[float, ...]
    mean_points: tuple[float, ...]
    expected_odds: tuple[float, ...]
    odds: tuple[float, ...]
    odds_low: tuple[float, ...]
    odds_high: tuple[float, ...]
    points_off: tuple[float, ...]
    p_value: tuple[float, ...]
    level: float
    slope: float
    slope_error: float
    slope_low: float
    slope_high: float
    expected_slope: float
    slope_p_value: float
    pdo: float
    expected_pdo: float
    base_points: float
    expected_base_points: float
    lr_p_value: float

    def frame(self) -> pd.DataFrame:
        """Return the table, one row a band."""
        import pandas as pd

        columns = {k: v for k, v in self.to_dict().items() if isinstance(v, list)}
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the columns as plain lists, and what concerns the whole line."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    def _repr_html_(self) -> str:
        line = (
            f"{self.pdo:.2f} points doubled the odds (scale: {self.expected_pdo:g}); "
            f"slope {self.slope:.5f}, {self.level:.0%} interval {self.slope_low:.5f} "
            f"to {self.slope_high:.5f} (scale: {self.expected_slope:.5f})."
        )
        return f"<p>{line}</p>{self.frame().to_html(index=False)}"
