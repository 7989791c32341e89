"""Make the tape and the model that the example runs on, from the embedded loan book.

    python make_tape.py FOLDER

In your bank the tape comes from the warehouse, and the model from the last approval.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from riskkit.datasets import load_sba_loans
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier

HERE = Path(__file__).parent
CONFIGS = ("monitor.toml", "backtest.toml")
FEATURES = ["BankState", "State", "NewExist", "GrAppv"]
WINDOW = 36  # months within which a charge-off counts
TRAINED_ON = np.datetime64("2004-01-01")


def make_tape() -> pd.DataFrame:
    """Return one row a loan: its number, its days, and what was known at approval."""
    loans = load_sba_loans()
    tape = loans.data[FEATURES].copy()
    tape.insert(0, "loan_id", np.arange(len(tape)))
    tape.insert(1, "approved", loans.frame["ApprovalDate"])
    tape.insert(2, "charged_off", loans.frame["ChgOffDate"])
    return tape


def train(tape: pd.DataFrame) -> ScorecardClassifier:
    """Fit a scorecard to the loans whose window had passed when it was made."""
    ends = tape["approved"] + pd.DateOffset(months=WINDOW)
    complete = tape[ends <= TRAINED_ON]
    event = complete["charged_off"] < ends[complete.index]
    return ScorecardClassifier().fit(complete[FEATURES], event)


def main(folder: Path) -> None:
    """Write tape, model and configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    tape = make_tape()
    tape.to_parquet(folder / "loans.parquet", index=False)
    save_artifact(train(tape), folder / "model.rk", target="charged_off")
    for name in CONFIGS:
        shutil.copyfile(HERE / name, folder / name)
    print(f"{len(tape):,} loans, a model and {len(CONFIGS)} configurations in {folder}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
