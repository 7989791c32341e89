"""An interval that may be looked at every day
===========================================

The difference between two letters, day by day, within an interval that holds at all
days together. The true difference is three points.

*How to read it.* Stop on the first day on which the interval leaves zero: unlike a
p-value that is looked at every day, this one stays right. It is wide in the beginning,
so a difference has to be large to be found early, and harm is found early, too.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.decision import ab_sample_size, ab_test
from riskkit.plotting import ABTestDisplay

rng = np.random.default_rng(0)
plan = ab_sample_size(0.10, 0.03, stopping="any")
n = plan.n_total
day = np.sort(np.datetime64("2024-03-01") + rng.integers(0, 60, n))
letter = rng.choice(["old letter", "new letter"], n)
funded = rng.random(n) < np.where(letter == "new letter", 0.13, 0.10)

result = ab_test(
    funded, letter, control="old letter", best="high", n_planned=n, dates=day
)
display = ABTestDisplay.from_result(result).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
