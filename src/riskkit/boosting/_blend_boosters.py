"""The boosters of a blend: the single models, with their recipes laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.boosting._base import BasePDBooster
from riskkit.boosting._lgbm_classifier import LGBMPDClassifier
from riskkit.boosting._xgb_classifier import XGBPDClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit._core.inputs import Training
    from riskkit.boosting._recipe import Recipe
    from riskkit.typing import IntArray

__all__ = ["BlendLGBM", "BlendXGB", "ExtraLGBM", "OpenBooster", "opened"]


class OpenBooster(BasePDBooster):
    """A booster that tells how it would fit, so that others can do it with it."""

    def recipe(self, training: Training) -> Recipe:
        """Check the parameters, and return what a fit would be asked for."""
        self._check_params()
        return self._recipe(training, None)

    def order(
        self, dates: Any, sample_weight: ArrayLike | None, training: Training
    ) -> IntArray | None:
        """Return the order in time of the rows that count."""
        return self._read_dates(dates, sample_weight, training)


class BlendLGBM(OpenBooster, LGBMPDClassifier):
    """LightGBM in a blend."""


class BlendXGB(OpenBooster, XGBPDClassifier):
    """XGBoost in a blend."""


class ExtraLGBM(BlendLGBM):
    """LightGBM that tries one random threshold for each feature and node.

    Trees grown like that err in other places than the usual ones, which is worth more
    to a blend than their own accuracy; they get more leaves to make up for it.
    """

    def _tree_parameters(
        self, rate: float, leaf: float, n_event: float, *, is_thin: bool
    ) -> dict[str, Any]:
        parameters = super()._tree_parameters(rate, leaf, n_event, is_thin=is_thin)
        return {
            **parameters,
            "extra_trees": True,
            "num_leaves": self.num_leaves or (4 if is_thin else 31),
        }


def opened(estimator: Any) -> OpenBooster | None:
    """Return a single booster laid open, or None for what must be fitted as it is."""
    kinds: dict[type, type[OpenBooster]] = {
        LGBMPDClassifier: BlendLGBM,
        XGBPDClassifier: BlendXGB,
    }
    kind = kinds.get(type(estimator))
    if kind is None or estimator.calibration is not None:
        return None
    return kind(**estimator.get_params(deep=False))
