"""A whole scorecard in one picture
================================

Each characteristic with its bins: the points of a bin, as a line from the neutral
points that an account gets where the characteristic says nothing, and the share of the
accounts in the bin.

*How to read it.* A long line matters much to whom it concerns; the size of the dot says
how many that are. A long line with a tiny dot, and bins whose order makes no sense, are
worth a question before anybody is declined by them.
"""

import sys

import matplotlib.pyplot as plt

from riskkit.datasets import make_loan_book
from riskkit.plotting import PointsDisplay
from riskkit.scorecard import ScorecardClassifier

book = make_loan_book(10_000, default_rate=0.10, random_state=0)
card = ScorecardClassifier(special_codes=book.special_codes)
card.fit(book.data, book.target)

display = PointsDisplay.from_estimator(
    card, characteristics=["bureau_score", "utilisation", "debt_to_income", "channel"]
).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
