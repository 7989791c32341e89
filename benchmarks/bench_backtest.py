"""A rolling backtest of the embedded loan book: seconds, and what it finds.

Yearly windows; the event is a charge-off within three years of approval, so that a
model is trained three years before it is tested. Run twice: as it should be, and with
`Term`, which in this table is known only afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings

from riskkit.backtest import OutOfTimeSplit, rolling_backtest
from riskkit.boosting import XGBPDClassifier
from riskkit.datasets import load_sba_loans
from riskkit.exceptions import LeakageWarning
from riskkit.scorecard import ScorecardClassifier

SHOWN = [
    "window", "model", "n_event_train", "n_event", "event_rate", "mean_pd", "gini",
    "gini_low", "gini_high", "calibration_level", "psi", "seconds",
]  # fmt: skip


def main() -> None:
    """Print the windows and the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="scorecards alone")
    given = parser.parse_args()
    loans = load_sba_loans()
    split = OutOfTimeSplit(loans.dates, performance_window=36)
    models = {"scorecard": ScorecardClassifier()}
    if not given.quick:
        models["xgboost"] = XGBPDClassifier()
    honest = loans.data
    for title, X in (
        ("as it should be", honest),
        ("with Term", honest.assign(Term=loans.frame["Term"])),
    ):
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", LeakageWarning)
            args = {
                "split": split,
                "event_dates": loans.frame["ChgOffDate"],
                "folder": folder,
                "n_jobs": given.jobs,
            }
            start = time.perf_counter()
            result = rolling_backtest(models, X, **args)
            seconds = time.perf_counter() - start
            start = time.perf_counter()
            rolling_backtest(models, X, **args)
            again = time.perf_counter() - start
        print(f"\n{title}: {seconds:.1f} s; resumed when done: {again:.1f} s")
        print(result.frame()[SHOWN].round(4).to_string(index=False))
        print("suspicious:", dict(result.frame("leakage").to_numpy().tolist()))


if __name__ == "__main__":
    main()
