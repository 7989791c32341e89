"""What two scorecards do on the same rows, as tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CardMeasures", "ScorecardComparisonResult"]


@dataclass(frozen=True, slots=True)
class CardMeasures:
    """What one of two compared scorecards does on the rows."""

    card: str
    n_characteristics: int
    auc: float
    auc_low: float
    auc_high: float
    ks: float
    log_loss: float
    mean_pd: float
    event_rate: float
    calibration_intercept: float
    calibration_slope: float
    mean_points: float


@dataclass(frozen=True, slots=True)
class ScorecardComparisonResult:
    """What :func:`compare_scorecards` returns.

    Parameters
    ----------
    cards : tuple of CardMeasures
        The first and the second card.

    bin_rows : tuple of dict
        One entry for each bin that both cards' bins are made of; see :meth:`bins`.

    auc_difference, auc_difference_low, auc_difference_high : float
        AUC of the second card less that of the first, with DeLong's interval.

    p_value : float
        Two-sided, of no difference in AUC.

    rank_correlation : float
        Spearman's correlation of the two cards' log-odds.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.scorecard import ScorecardComparisonResult
    >>> empty = ScorecardComparisonResult((), (), 0.0, 0.0, 0.0, 1.0, 1.0, 0.95)
    >>> empty.to_dict()["rank_correlation"]
    1.0
    """

    cards: tuple[CardMeasures, ...]
    bin_rows: tuple[dict[str, Any], ...]
    auc_difference: float
    auc_difference_low: float
    auc_difference_high: float
    p_value: float
    rank_correlation: float
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each card.

        Returns
        -------
        frame : DataFrame
            Columns card, n_characteristics, auc with auc_low and auc_high, ks,
            log_loss (nats), mean_pd beside event_rate, calibration_intercept and
            calibration_slope (the line through the card's log-odds that fits the
            outcomes best: 0 and 1 if they mean what they say), mean_points.
        """
        import pandas as pd

        columns = list(CardMeasures.__dataclass_fields__)
        return pd.DataFrame([asdict(card) for card in self.cards], columns=columns)

    def bins(self) -> pd.DataFrame:
        """Return where the cards differ, one row for each bin that occurs.

        Returns
        -------
        bins : DataFrame
            Columns characteristic, bin, n, n_event, event_rate; points of either
            card, each as the distance from its mean over these rows, on the scale of
            the second card; difference, the second less the first. A card without the
            characteristic gives 0.
        """
        import pandas as pd

        return pd.DataFrame(list(self.bin_rows))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        gap = (
            f"AUC of the second card less that of the first: {self.auc_difference:.4f} "
            f"({self.auc_difference_low:.4f} to {self.auc_difference_high:.4f})."
        )
        return str(self.frame().to_html(index=False)) + f"<p>{gap}</p>"
