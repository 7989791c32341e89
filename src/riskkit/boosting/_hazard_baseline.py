"""The part of the hazard that all accounts of an age share.

Trees under a penalty give back only part of the differences between the months, so
these are not left to them. With ``A`` events and ``N`` months survived in a band of
months, and ``o`` the odds of the event over all of them, the odds of the band relative
to all are taken as ``b = (A + 1) / (o N + 1)``: as counted, with one event more at the
odds of all. Months survived then weigh ``b`` in the fit, events 1. That is sampling at
a rate known by month: odds that are fitted to such rows are ``1 / b`` of the true ones
[1]_, so ``log b`` is added to the log-odds of the model, and is an offset.

References
----------
.. [1] R. L. Prentice and R. Pyke, "Logistic disease incidence models and case-control
   studies", Biometrika 66(3), 1979.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["relative_odds", "with_odds_times"]


def relative_odds(n_event: FloatArray, n_survived: FloatArray) -> FloatArray:
    """Return the odds of each band relative to those of all."""
    odds = n_event.sum() / n_survived.sum()
    return np.asarray((n_event + 1.0) / (odds * n_survived + 1.0))


def with_odds_times(probability: FloatArray, factor: FloatArray) -> FloatArray:
    """Return probabilities whose odds of the event are multiplied; 0 and 1 stay."""
    grown = probability * factor
    return np.asarray(grown / (1.0 - probability + grown))
