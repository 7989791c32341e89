"""What a queue of alerts finds
============================

Card payments, judged on the later half: the share of alerts that are frauds, by the
length of the queue, for three detectors that need no label.

*How to read it.* Stand at the number of alerts that your people can work through and
look up. Curves that agree far to the right can differ tenfold on the left, and only the
left is worked through. This is why the AUC, which sees the whole line, does not help
here.
"""

import sys

import matplotlib.pyplot as plt

from riskkit.datasets import load_card_transactions
from riskkit.fraud import (
    CopulaDetector,
    HistogramDetector,
    TrimmedMahalanobisDetector,
)
from riskkit.plotting import AlertDisplay

cards = load_card_transactions()
half = len(cards.data) // 2
old, new = cards.data.iloc[:half:2], cards.data.iloc[half::2]
detectors = {
    "histogram": HistogramDetector(),
    "Mahalanobis": TrimmedMahalanobisDetector(),
    "copula": CopulaDetector(),
}
scores = {name: one.fit(old).anomaly_score(new) for name, one in detectors.items()}
display = AlertDisplay.from_predictions(cards.target[half::2], scores).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
