"""The embedded loan book: a sample of US SBA 7(a) loans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from riskkit.datasets._embedded import read_card, read_table

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.utils import Bunch

    from riskkit.typing import IntArray

__all__ = ["load_sba_loans"]

_FEATURES = (
    "State",
    "BankState",
    "same_state",
    "naics_sector",
    "NoEmp",
    "NewExist",
    "CreateJob",
    "RetainedJob",
    "is_franchise",
    "UrbanRural",
    "RevLineCr",
    "LowDoc",
    "GrAppv",
    "SBA_Appv",
    "guaranteed_share",
)
_OUTCOMES = (
    "Term",
    "DisbursementDate",
    "DisbursementGross",
    "ChgOffDate",
    "ChgOffPrinGr",
    "BalanceGross",
    "MIS_Status",
    "default",
)
# North American Industry Classification System; three sectors span several codes.
_SECTORS = {
    "11": "11 Agriculture",
    "21": "21 Mining",
    "22": "22 Utilities",
    "23": "23 Construction",
    "31": "31-33 Manufacturing",
    "32": "31-33 Manufacturing",
    "33": "31-33 Manufacturing",
    "42": "42 Wholesale trade",
    "44": "44-45 Retail trade",
    "45": "44-45 Retail trade",
    "48": "48-49 Transport and storage",
    "49": "48-49 Transport and storage",
    "51": "51 Information",
    "52": "52 Finance and insurance",
    "53": "53 Real estate",
    "54": "54 Professional services",
    "55": "55 Management of companies",
    "56": "56 Administrative services",
    "61": "61 Education",
    "62": "62 Health care",
    "71": "71 Arts and recreation",
    "72": "72 Accommodation and food",
    "81": "81 Other services",
    "92": "92 Public administration",
}


@overload
def load_sba_loans(*, return_X_y: Literal[False] = ...) -> Bunch: ...
@overload
def load_sba_loans(*, return_X_y: Literal[True]) -> tuple[pd.DataFrame, IntArray]: ...
def load_sba_loans(
    *, return_X_y: bool = False
) -> Bunch | tuple[pd.DataFrame, IntArray]:
    """Load 60,000 US small-business loans with their approval dates and outcomes.

    A random sample of the loans that banks made under the 7(a) programme of the US
    Small Business Administration, approved 1997 to 2010, in order of approval. The
    table is a public record; `DESCR` holds its data card.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of the whole bunch.

    Returns
    -------
    bunch : sklearn.utils.Bunch
        A dictionary with attributes.

        data : pandas.DataFrame of shape (60000, 15)
            Features known when the loan was approved.
        target : ndarray of shape (60000,), int
            1 if the loan was charged off, 0 if it was paid in full.
        feature_names : list of str
            Columns of `data`.
        target_names : list of str
            Names of the outcomes 0 and 1.
        dates : ndarray of shape (60000,), datetime64
            Date of approval.
        frame : pandas.DataFrame
            Every column, those known only afterwards included.
        outcome_columns : list of str
            Columns of `frame` that are known only after approval. Keep them out
            of a model. `Term` is one of them: in this table it carries the outcome.
        DESCR : str
            Data card, in Markdown.

    data, target : tuple
        If `return_X_y` is true.

    See Also
    --------
    make_loan_book : Synthetic loan book whose true PD is known.

    Examples
    --------
    >>> from riskkit.datasets import load_sba_loans
    >>> loans = load_sba_loans()
    >>> loans.data.shape
    (60000, 15)
    >>> print(f"{loans.target.mean():.4f}")
    0.2339
    >>> "Term" in loans.feature_names, "Term" in loans.outcome_columns
    (False, True)
    >>> print(loans.dates.min(), loans.dates.max())
    1997-01-02 2010-12-30
    """
    frame = read_table("sba_loans")
    frame["same_state"] = _same_state(frame)
    frame["naics_sector"] = frame["NAICS"].str[:2].map(_SECTORS)
    frame["guaranteed_share"] = frame["SBA_Appv"] / frame["GrAppv"]

    data = frame[list(_FEATURES)].copy()
    target: IntArray = frame["default"].to_numpy().astype(np.intp)
    if return_X_y:
        return data, target

    from sklearn.utils import Bunch

    return Bunch(
        data=data,
        target=target,
        feature_names=list(_FEATURES),
        target_names=["paid in full", "charged off"],
        dates=frame["ApprovalDate"].to_numpy().astype("datetime64[D]"),
        frame=frame,
        outcome_columns=list(_OUTCOMES),
        DESCR=read_card("sba_loans"),
    )


def _same_state(frame: pd.DataFrame) -> pd.Series[float]:
    """Return 1 where borrower and lender are in one state; NaN if unknown."""
    known = frame["State"].notna() & frame["BankState"].notna()
    return frame["State"].eq(frame["BankState"]).astype("float64").where(known)
