"""Cohorts: are the new ones like the old?
=======================================

Of those contacted in each month, the share that has registered by month since the
contact. Hatched cells are not mature: not everybody of that month has been watched for
so long. From April on, customers answer more slowly.

*How to read it.* Go down a column: one age, one cohort after the other. Along the
diagonal everything looks low, because it is young; that is no finding, and the hatching
says so.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.decision import cohort_followup
from riskkit.plotting import CohortDisplay

rng = np.random.default_rng(0)
n = 6_000
contacted = np.datetime64("2024-01-01") + rng.integers(0, 240, n)
slow = contacted >= np.datetime64("2024-04-01")
days = rng.exponential(np.where(slow, 45, 20)).astype(int)
came = rng.random(n) < 0.6
registered = np.where(came, contacted + days, np.datetime64("NaT"))

result = cohort_followup(
    {"contacted": contacted, "registered": registered},
    ["contacted", "registered"],
    as_of="2024-09-01",
    n_periods=8,
)
display = CohortDisplay.from_result(result, "registered").plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
