"""Evidence by bin, in training and later
======================================

Bars are the weight of evidence of each bin on the loans that the bins were made from,
diamonds that of the loans of later years in the same bins. Right is safer; the
percentages are event rates in training.

*How to read it.* Diamonds that rise and fall with the bars: the feature says the same
about new loans. A diamond on the other side of zero: the bin will mislead. Diamonds
that all lie closer to zero: the evidence was partly chance, or has worn off.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.binning import OptimalBinner
from riskkit.datasets import load_sba_loans
from riskkit.plotting import WoEDisplay

loans = load_sba_loans()
early = loans.dates < np.datetime64("2004-01-01")
column = loans.data[["GrAppv"]]

table = (
    OptimalBinner().fit(column[early], loans.target[early]).binning_tables_["GrAppv"]
)
later = table.apply_to(column[~early], loans.target[~early])
display = WoEDisplay.from_table(table, other={"2004-2010": later}).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
