"""Points of those who paid and of those who did not
=================================================

The share of each outcome by points, on loans that the scorecard has not seen. Right is
safer.

*How to read it.* The further the two hills stand apart, the better the card ranks.
Where they overlap, no cut-off can tell the accounts apart. A single narrow hill means
that the card hardly ranks at all; a spike is a group of accounts that share all their
bins.
"""

import sys

import matplotlib.pyplot as plt

from riskkit.datasets import make_loan_book
from riskkit.plotting import PointsDistributionDisplay
from riskkit.scorecard import ScorecardClassifier

book = make_loan_book(20_000, default_rate=0.10, random_state=0)
old, new = slice(0, 10_000), slice(10_000, None)
card = ScorecardClassifier(special_codes=book.special_codes)
card.fit(book.data[old], book.target[old])

display = PointsDistributionDisplay.from_estimator(
    card, book.data[new], book.target[new]
).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
