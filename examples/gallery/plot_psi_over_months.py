"""Who applies, month after month
==============================

The stability index of the score, and of the three features that moved most, against the
training population. From March 2021 on a partner sends other customers.

*How to read it.* The lines at 0.10 and 0.25 are conventions, not laws. A single month
above them may be a campaign; a level that stays is another population. Which feature
moved first says where to ask. Small months have large indices by chance alone: read the
p-values beside the picture.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.datasets import make_loan_book
from riskkit.monitoring import Baseline, StabilityMonitor
from riskkit.plotting import StabilityTrendDisplay
from riskkit.scorecard import ScorecardClassifier

book = make_loan_book(40_000, n_months=24, default_rate=0.08, random_state=0)
then = book.dates < np.datetime64("2020-09-01")
applicants = book.data.copy()
new_channel = (book.dates >= np.datetime64("2021-03-01")) & (book.data["age"] < 45)
applicants.loc[new_channel, "channel"] = "online"
applicants.loc[new_channel, "utilisation"] *= 1.6

card = ScorecardClassifier(special_codes=book.special_codes)
card.fit(applicants[then], book.target[then])
monitor = StabilityMonitor(Baseline.from_scorecard(card))
months = monitor.update(
    applicants[~then],
    score=card.predict_points(applicants[~then]),
    period=book.dates[~then],
)
display = StabilityTrendDisplay.from_result(months.result()).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
