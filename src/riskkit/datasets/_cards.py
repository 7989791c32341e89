"""The embedded fraud sample: card transactions of two days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from riskkit.datasets._embedded import read_card, read_table

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.utils import Bunch

    from riskkit.typing import IntArray

__all__ = ["load_card_transactions"]

_FEATURES = (*(f"V{k}" for k in range(1, 29)), "Amount")


@overload
def load_card_transactions(*, return_X_y: Literal[False] = ...) -> Bunch: ...
@overload
def load_card_transactions(
    *, return_X_y: Literal[True]
) -> tuple[pd.DataFrame, IntArray]: ...
def load_card_transactions(
    *, return_X_y: bool = False
) -> Bunch | tuple[pd.DataFrame, IntArray]:
    """Load 50,000 card transactions in order of time, 492 of them fraudulent.

    European cardholders, two days of September 2013. Every fraud of the published
    table is kept and 17.4% of the genuine transactions, drawn at random; weighting by
    `sample_weight` restores the published size and fraud rate (0.173%). The data are
    licensed under the ODbL and DbCL: the notice lies beside the file and `DESCR`
    repeats whom to credit.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of the whole bunch.

    Returns
    -------
    bunch : sklearn.utils.Bunch
        A dictionary with attributes.

        data : pandas.DataFrame of shape (50000, 29)
            28 principal components (float32) and the amount in euros.
        target : ndarray of shape (50000,), int
            1 if the transaction is a fraud.
        sample_weight : ndarray of shape (50000,), float
            Published transactions that a row stands for.
        seconds : ndarray of shape (50000,), int
            Seconds since the first transaction of the published table.
        feature_names : list of str
            Columns of `data`.
        target_names : list of str
            Names of the outcomes 0 and 1.
        frame : pandas.DataFrame
            Every column of the file.
        DESCR : str
            Data card, in Markdown.

    data, target : tuple
        If `return_X_y` is true.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import load_card_transactions
    >>> cards = load_card_transactions()
    >>> cards.data.shape, int(cards.target.sum())
    ((50000, 29), 492)
    >>> print(f"{np.average(cards.target, weights=cards.sample_weight):.6f}")
    0.001727
    """
    frame = read_table("card_transactions")
    data = frame[list(_FEATURES)].copy()
    target: IntArray = frame["fraud"].to_numpy().astype(np.intp)
    if return_X_y:
        return data, target

    from sklearn.utils import Bunch

    return Bunch(
        data=data,
        target=target,
        sample_weight=frame["sample_weight"].to_numpy(copy=True),
        seconds=frame["Time"].to_numpy().astype(np.intp),
        feature_names=list(_FEATURES),
        target_names=["genuine", "fraud"],
        frame=frame,
        DESCR=read_card("card_transactions"),
    )
