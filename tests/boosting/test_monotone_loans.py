"""Automatic directions on a real loan book hold for real accounts."""

import numpy as np
import pandas as pd
import pytest

from riskkit.datasets import load_sba_loans


@pytest.fixture(scope="module")
def loans():
    """Loans of seven years, as drawn, and their dates."""
    book = load_sba_loans()
    year = book.dates.astype("datetime64[Y]").astype(int) + 1970
    rows = np.flatnonzero(year <= 2003)[::3]
    return book.data.iloc[rows], np.asarray(book.target)[rows], book.dates[rows]


def test_no_violation_and_a_price_for_each_constraint(kind, loans):
    X, y, dates = loans
    model = kind(monotone="auto", n_rounds=60, inner_cv=2).fit(X, y, dates=dates)
    audit = model.monotone_audit_
    assert audit.holds
    assert len(audit.rows) >= 2
    assert all(row.source == "auto" and row.proven for row in audit.rows)
    frame = audit.frame()
    assert frame["log_loss_cost"].notna().all()
    assert (frame["std_error"] > 0).all()
    assert {*frame["feature"], *audit.left_free} == set(model.spec_.names)
    accounts = X.head(40)
    for row in audit.rows:
        known = X[row.feature].dropna().to_numpy(dtype=float)
        grid = np.unique([*np.quantile(known, np.linspace(0, 1, 40)), -np.inf, np.inf])
        swept = pd.concat([accounts] * grid.size, ignore_index=True)
        swept[row.feature] = np.repeat(grid, len(accounts))
        log_odds = model.decision_function(swept).reshape(grid.size, -1)
        sign = 1 if row.direction == "ascending" else -1
        assert (sign * np.diff(log_odds, axis=0) >= 0).all(), row.feature
        assert np.ptp(log_odds, axis=0).max() > 0
