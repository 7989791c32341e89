"""Do PDs come true?
=================

Accounts in ten bands of their PD: the event rate of each band, with Jeffreys' interval,
against the mean PD. The model was trained on a sample of half events and half
non-events, so its PDs are far too high; `PriorCorrection` knows the two rates and puts
the level right.

*How to read it.* On the line PDs mean what they say; above it they are too low, below
it too high. An interval that reaches the line is no finding. A curve that is flatter
than the line is too bold, a steeper one too timid.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.calibration import PriorCorrection
from riskkit.datasets import make_loan_book
from riskkit.plotting import ReliabilityDisplay
from riskkit.scorecard import ScorecardClassifier

book = make_loan_book(30_000, default_rate=0.06, missing_rate=0.0, random_state=0)
old, new = np.arange(15_000), np.arange(15_000, 30_000)
events = old[book.target[old] == 1]
others = old[book.target[old] == 0][: events.size]
sample = np.sort(np.concatenate([events, others]))

card = ScorecardClassifier(special_codes=book.special_codes)
card.fit(book.data.iloc[sample], book.target[sample])
raw = card.predict_proba(book.data.iloc[new])[:, 1]
correction = PriorCorrection(sample_rate=0.5, target_rate=book.target[old].mean())
pds = {"as trained": raw, "corrected": correction.fit(raw).predict(raw)}
display = ReliabilityDisplay.from_predictions(book.target[new], pds).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
