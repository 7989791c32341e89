"""The loan sets that PD models are compared on, with their folds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold

from riskkit.datasets import load_sba_loans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["SETS", "Task", "load_task", "native_categories"]

DATA = Path(os.environ.get("RISKKIT_DATA", Path(__file__).parents[2] / "shared/data"))

# file, target, columns that are no features, folds of RepeatedStratifiedKFold(5)
_SHARED = {
    "german": ("german_credit", "bad", [], 10),
    "taiwan": ("taiwan_default", "default_next_month", ["ID"], 5),
    "heloc": ("heloc", "bad", [], 3),
    "gmsc": ("gmsc", "SeriousDlqin2yrs", ["Id"], 3),
}
SETS = (*_SHARED, "sba", "lending_club")

_LENDING_CLUB = [
    "loan_amnt",
    "term",
    "emp_length",
    "home_ownership",
    "annual_inc",
    "verification_status",
    "purpose",
    "addr_state",
    "dti",
    "delinq_2yrs",
    "inq_last_6mths",
    "mths_since_last_delinq",
    "mths_since_last_record",
    "open_acc",
    "pub_rec",
    "revol_bal",
    "revol_util",
    "total_acc",
    "pub_rec_bankruptcies",
]


class Task(NamedTuple):
    """A table with its outcomes, the splits to judge on, and dates if it has any."""

    name: str
    X: pd.DataFrame
    y: NDArray[np.intp]
    splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    dates: NDArray[np.datetime64] | None
    special_codes: list[int] | None = None

    def folds(self) -> Iterator[tuple[pd.DataFrame, NDArray, pd.DataFrame, NDArray]]:
        """Give the rows to learn from and the rows to judge on of every split."""
        for train, test in self.splits:
            yield self.X.iloc[train], self.y[train], self.X.iloc[test], self.y[test]


def load_task(name: str) -> Task | None:
    """Return a set, or None where its file is absent."""
    if name == "sba":
        return _sba()
    file = _SHARED[name][0] if name in _SHARED else "lending_club_2007_2011"
    path = DATA / f"{file}.parquet"
    if not path.exists():
        return None
    if name == "lending_club":
        return _lending_club(pd.read_parquet(path))
    _, target, left_out, n_folds = _SHARED[name]
    X = _plain(pd.read_parquet(path).drop(columns=left_out))
    y = X.pop(target).to_numpy().astype(int)
    splitter = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=2026)
    codes = [-9, -8, -7] if name == "heloc" else None
    return Task(name, X, y, list(splitter.split(X, y))[:n_folds], None, codes)


def native_categories(X: pd.DataFrame) -> pd.DataFrame:
    """Return the table as the libraries themselves want it: text as categories."""
    text = [n for n in X if not pd.api.types.is_numeric_dtype(X[n].dtype)]
    return X.astype(dict.fromkeys(text, "category"))


def _sba() -> Task:
    """Approved 1997 to 2003, judged on 2004 to 2006."""
    loans = load_sba_loans()
    year = loans.dates.astype("datetime64[Y]").astype(int) + 1970
    train = np.flatnonzero(year <= 2003)
    test = np.flatnonzero((year >= 2004) & (year <= 2006))
    y = np.asarray(loans.target)
    return Task("sba", loans.data, y, [(train, test)], loans.dates)


def _lending_club(loans: pd.DataFrame) -> Task:
    """Application columns; the oldest 80 % of policy loans, judged on the newest."""
    within = ~loans["loan_status"].astype(str).str.contains("Does not meet")
    loans = loans[within].sort_values("issue_d", kind="stable", ignore_index=True)
    X = _plain(loans[_LENDING_CLUB])
    X["days_of_history"] = (loans["issue_d"] - loans["earliest_cr_line"]).dt.days
    dates = loans["issue_d"].to_numpy()
    cut = dates[int(0.8 * len(dates))]
    split = (np.flatnonzero(dates < cut), np.flatnonzero(dates >= cut))
    return Task("lending_club", X, loans["bad"].to_numpy().astype(int), [split], dates)


def _plain(X: pd.DataFrame) -> pd.DataFrame:
    """Return the table with nullable integers as floating-point numbers."""
    nullable = [
        n
        for n, kind in X.dtypes.items()
        if pd.api.types.is_extension_array_dtype(kind)
        and pd.api.types.is_numeric_dtype(kind)
    ]
    return X.astype(dict.fromkeys(nullable, float))
