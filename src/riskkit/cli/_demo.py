"""``riskkit demo``: the main job on the embedded loan book."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from riskkit._core.output import check_folder, whole_folder
from riskkit.cli._console import Steps, say
from riskkit.cli._job import Job
from riskkit.cli._modelling import FILES, N_STEPS, build, show_summary
from riskkit.cli._split import Split

if TYPE_CHECKING:
    from pathlib import Path

    from sklearn.utils import Bunch

    from riskkit.typing import BoolArray

__all__ = ["demo"]

_TRAIN_UNTIL = "2004-01-01"
_TEST_UNTIL = "2007-01-01"
_LEAK = "Term"


def demo(out: Path, *, overwrite: bool, as_json: bool) -> None:
    """Learn from the approvals of 1997-2003, judge on those of 2004-2006."""
    check_folder(out, FILES, overwrite=overwrite)
    with Steps(N_STEPS + 2) as steps:
        steps.start("Reading 60,000 small-business loans")
        import numpy as np

        from riskkit.datasets import load_sba_loans
        from riskkit.schema import infer_schema

        loans = load_sba_loans()
        days = loans.dates
        train = days < np.datetime64(_TRAIN_UNTIL)
        test = ~train & (days < np.datetime64(_TEST_UNTIL))
        job = Job(
            source="US SBA 7(a) loans, embedded sample",
            X=loans.data,
            y=loans.target,
            split=Split(
                "out of time", np.flatnonzero(train), np.flatnonzero(test), days
            ),
            schema=infer_schema(loans.data),
            target="default",
            labels=("paid in full", "charged off"),
            left_out=dict.fromkeys(
                (n for n in loans.outcome_columns if n != "default"),
                "known only after approval",
            ),
            special_codes=[],
        )
        with whole_folder(out, FILES, overwrite=overwrite) as folder:
            summary = build(job, folder, steps)
            steps.start(f"Learning what {_LEAK} would have done")
            leaky = _auc_with_leak(loans, train, test)
    say("Trained on approvals of 1997-2003, judged on those of 2004-2006.")
    show_summary(summary, out)
    say(
        f"Leakage: with {_LEAK}, which this table fills in after the outcome, the AUC "
        f"would seem to be {leaky:.4f} instead of {summary['test']['auc']:.4f}."
    )
    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))


def _auc_with_leak(loans: Bunch, train: BoolArray, test: BoolArray) -> float:
    from riskkit.metrics import gini_score
    from riskkit.scorecard import ScorecardClassifier

    X = loans.data.assign(**{_LEAK: loans.frame[_LEAK]})
    model = ScorecardClassifier().fit(X[train], loans.target[train])
    pd = model.predict_proba(X[test])[:, 1]
    return (float(gini_score(loans.target[test], pd)) + 1.0) / 2.0
