"""Vintages: loans of the same age
===============================

Charge-offs of small-business loans by month on book, a curve for each year of approval,
as they were known on 1 January 2009.

*How to read it.* Compare curves at one age, never at one date. Where a curve leaves the
others early, the loans of that year are worse, and it can be seen long before the loans
are old. Dashed parts are not mature: some loans of the vintage have not lived so long,
so the curve is too low there.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from riskkit.backtest import vintage_table
from riskkit.datasets import load_sba_loans
from riskkit.plotting import VintageDisplay

loans = load_sba_loans()
known = (loans.dates >= np.datetime64("2000-01-01")) & (
    loans.dates < np.datetime64("2009-01-01")
)
result = vintage_table(
    loans.dates[known],
    loans.frame["ChgOffDate"][known],
    as_of="2009-01-01",
    freq="year",
    n_months=72,
)
display = VintageDisplay.from_result(result).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
