"""Champion and challenger, year after year
========================================

The Gini of two scorecards on small-business loans, each learned only from outcomes that
were known on the first day of the year it is judged on. The challenger is given a few
more characteristics.

*How to read it.* Bands are intervals. A challenger that is above in every window is
better than one that wins by a lot in one. Both fall or rise together when the business
changes; the distance between them is what the challenger brings.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.backtest import OutOfTimeSplit, rolling_backtest
from riskkit.datasets import load_sba_loans
from riskkit.plotting import BacktestDisplay
from riskkit.scorecard import ScorecardClassifier

loans = load_sba_loans()
few = ["GrAppv", "RevLineCr", "RetainedJob"]
more = [*few, "BankState", "NewExist", "guaranteed_share"]
split = OutOfTimeSplit(
    loans.dates,
    performance_window=36,
    train_months=36,
    first_test=np.datetime64("2004-01-01"),
)
result = rolling_backtest(
    {
        "champion": ScorecardClassifier(never=[n for n in more if n not in few]),
        "challenger": ScorecardClassifier(),
    },
    loans.data[more],
    event_dates=loans.frame["ChgOffDate"],
    split=split,
)
display = BacktestDisplay.from_result(result, measure="gini").plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
