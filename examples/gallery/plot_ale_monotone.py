"""An effect that was held to a direction
======================================

Accumulated local effects of one feature on the PD, with intervals, in a model that was
told that the PD must not fall as utilisation rises. Grey marks say where the accounts
are.

*How to read it.* The line is the effect of the feature alone, around its mean, as seen
between neighbouring accounts. It may only rise; the audit in the title says for how
many values that was tried, and whether the trees rule out any exception. Dots on the
right are states without a value, which no direction can order.
"""

import sys

import matplotlib.pyplot as plt

from riskkit.boosting import LGBMPDClassifier
from riskkit.datasets import make_loan_book
from riskkit.plotting import ALEDisplay

book = make_loan_book(6_000, default_rate=0.12, random_state=0)
model = LGBMPDClassifier(
    monotone={"utilisation": "ascending"},
    special_codes=book.special_codes,
    n_rounds=80,
    price_constraints=False,
    n_jobs=1,
).fit(book.data, book.target)

display = ALEDisplay.from_estimator(model, book.data, "utilisation").plot()
audit = model.monotone_audit_.rows[0]
display.ax_.set_title(
    f"{audit.n_violations} violations over {audit.n_values} values, "
    f"{'proven' if audit.proven else 'not proven'} for all",
    fontsize=10,
)

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
