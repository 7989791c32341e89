import numpy as np
import pandas as pd
import pytest

from riskkit.backtest import OutOfTimeSplit


@pytest.fixture(scope="session")
def book():
    """Six years of loans whose level of risk doubles in the last two."""
    rng = np.random.default_rng(4)
    n = 6_000
    dates = np.sort(np.datetime64("2001-01-01") + rng.integers(0, 6 * 365, n))
    X = pd.DataFrame(
        {
            "income": rng.normal(size=n),
            "debt": rng.normal(size=n),
            "region": rng.choice(["north", "south", "west"], n),
        }
    )
    late = 0.9 * (dates >= np.datetime64("2005-01-01"))
    log_odds = -2.2 - X["income"] + 0.5 * X["debt"] + late
    y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int).to_numpy()
    return X, y, dates, OutOfTimeSplit(dates)
