"""What approving more costs
=========================

The event rate of the approved by the share that is approved, for a scorecard and for
boosted trees on the same applicants, with intervals. The dotted line is the cut-off
that approves seventy of a hundred by the scorecard.

*How to read it.* The lower curve is the better model: at one approval rate it has fewer
events, or at one event rate it approves more. Where intervals overlap the picture
cannot tell; `champion_challenger` compares them row by row.
"""

import sys

import matplotlib.pyplot as plt

from riskkit.boosting import LGBMPDClassifier
from riskkit.datasets import load_sba_loans
from riskkit.decision import choose_cutoff, cutoff_table
from riskkit.plotting import CutoffDisplay
from riskkit.scorecard import ScorecardClassifier

loans = load_sba_loans()
X, y = loans.data, loans.target
year = loans.dates.astype("datetime64[Y]").astype(int) + 1970
old, new = year <= 2003, year == 2004

card = ScorecardClassifier().fit(X[old], y[old])
trees = LGBMPDClassifier(n_rounds=60, n_jobs=1).fit(X[old], y[old])
tables, pds = {}, {}
for name, model in (("scorecard", card), ("trees", trees)):
    pds[name] = model.predict_proba(X[new])[:, 1]
    tables[name] = cutoff_table(y[new], pds[name], best="low")
choice = choose_cutoff(
    y[new], pds["scorecard"], best="low", approval_rate=0.7, random_state=0
)
display = CutoffDisplay.from_results(tables).plot(choice=choice)

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
