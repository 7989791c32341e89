"""Roll rates: who falls further behind
====================================

Of the accounts in each class of delinquency, the share that stands in a worse one a
month later. The accounts are simulated; in the second year collections get slower.

*How to read it.* A line that rises says that a class gets harder to stop; the class in
which it starts says whose work to look at. Early classes roll little and are many, late
ones the other way round, so look at one line at a time.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.backtest import roll_rates
from riskkit.plotting import RollRateDisplay

ORDER = ["0", "30", "60", "90"]
CURE, STAY = np.array([0.0, 0.55, 0.30, 0.15]), np.array([0.94, 0.20, 0.25, 0.85])

rng = np.random.default_rng(0)
n_accounts, n_months = 8_000, 24
state = np.zeros(n_accounts, dtype=int)
states = np.empty((n_accounts, n_months), dtype=int)
for month in range(n_months):
    states[:, month] = state
    slower = 0.12 if month >= 12 else 0.0
    u = rng.random(n_accounts)
    cured = u < CURE[state] * (1 - 2 * slower)
    stayed = ~cured & (u < CURE[state] * (1 - 2 * slower) + STAY[state])
    worse = np.minimum(state + 1, len(ORDER) - 1)
    state = np.where(cured, 0, np.where(stayed, state, worse))

result = roll_rates(
    np.repeat(np.arange(n_accounts), n_months),
    np.tile(np.datetime64("2022-01") + np.arange(n_months), n_accounts),
    np.array(ORDER)[states.ravel()],
    order=ORDER,
)
display = RollRateDisplay.from_result(result).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
