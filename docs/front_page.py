"""Draw the picture of the README: ``python docs/front_page.py``.

What one characteristic tells about loans of training and of later years, and how the
points of a card set the paid loans of later years apart from the charged-off ones.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from riskkit.datasets import load_sba_loans
from riskkit.plotting import PointsDistributionDisplay, WoEDisplay
from riskkit.scorecard import ScorecardClassifier

FEATURE = "NoEmp"
PATH = Path(__file__).parent / "_static" / "front_page.png"


def draw(path: Path = PATH) -> None:
    """Write the picture."""
    loans = load_sba_loans()
    early = loans.dates < np.datetime64("2004-01-01")
    card = ScorecardClassifier().fit(loans.data[early], loans.target[early])

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
    table = card.binner_.binning_tables_[FEATURE]
    later = table.apply_to(loans.data[FEATURE][~early], loans.target[~early])
    WoEDisplay.from_table(table, other={"2004-2010": later}).plot(ax=left)
    PointsDistributionDisplay.from_estimator(
        card, loans.data[~early], loans.target[~early]
    ).plot(ax=right)
    left.set_title("Number of employees: evidence in training, and later (diamonds)")
    right.set_title("Points of later loans, paid and charged off")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    draw()
