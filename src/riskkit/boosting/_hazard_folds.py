"""Inner folds that keep the months of an account together."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from riskkit.boosting._recipe import FEW_EVENTS

if TYPE_CHECKING:
    from riskkit.boosting._folds import Fold
    from riskkit.typing import BoolArray, IntArray

__all__ = ["account_folds"]

_N_FOLDS = 5
# As for accounts of one row each: one fold of so many rows settles the rounds.
_ONE_FOLD_FROM = 50_000


def account_folds(
    inner_cv: Any, account: IntArray, is_event: BoolArray, random_state: Any
) -> list[Fold] | None:
    """Return folds of whole accounts; None where the given ones are to be used.

    With some months of an account on either side a model would learn by heart which
    accounts lived to see their later months.
    """
    if inner_cv is not None and not isinstance(inner_cv, Integral):
        return None
    keys, place = np.unique(account, return_inverse=True)
    had_event = np.zeros(keys.size, dtype=bool)
    had_event[place[is_event]] = True
    n_folds = _N_FOLDS if inner_cv is None else int(inner_cv)
    n_events = int(had_event.sum())
    # So few events are not held out at all; the model says so itself.
    if n_events < max(FEW_EVENTS, n_folds) or keys.size - n_events < n_folds:
        return None
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    folds = []
    for _, judged in splitter.split(keys, had_event):
        is_judged = np.zeros(keys.size, dtype=bool)
        is_judged[judged] = True
        folds.append(
            (np.flatnonzero(~is_judged[place]), np.flatnonzero(is_judged[place]))
        )
        if inner_cv is None and account.size >= _ONE_FOLD_FROM:
            break
    return folds
