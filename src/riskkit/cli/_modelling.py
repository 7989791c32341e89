"""From rows to a judged model and its files; what `train` and `demo` share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import riskkit
from riskkit.cli._fitting import KINDS, fit_model

if TYPE_CHECKING:
    from pathlib import Path

    from riskkit.cli._console import Steps
    from riskkit.cli._fitting import Fitted
    from riskkit.cli._job import Job
    from riskkit.typing import FloatArray, IntArray

__all__ = ["FILES", "N_STEPS", "build", "show_summary"]

MODEL, REPORT, SCORED, SUMMARY = FILES = (
    "model.rk",
    "report.html",
    "scored.parquet",
    "summary.json",
)
N_STEPS = 4
_N_REASONS = 4


def build(job: Job, folder: Path, steps: Steps) -> dict[str, Any]:
    """Fit a model, judge it, write its files into `folder`; return the summary."""
    from riskkit.artifact import read_artifact
    from riskkit.cli._scored import score_frame
    from riskkit.export import save_artifact

    train, test = job.split.train, job.split.test
    steps.start(f"Fitting {KINDS[job.kind]} to {job.X.shape[1]} columns")
    fitted = fit_model(job)
    model = fitted.model
    left_out = {**job.left_out, **model.left_out_}

    steps.start("Saving the model")
    save_artifact(
        model,
        folder / MODEL,
        target=job.target,
        window=job.split.window(train),
        left_out=left_out,
        notes={
            "source": job.source,
            "event": job.labels[1],
            "judged on": job.split.kind,
        },
        schema=job.schema,
    )

    steps.start(f"Scoring {test.size:,} {job.split.kind} rows from the saved model")
    X_test, y_test = job.X.iloc[test], job.y[test]
    scored = score_frame(read_artifact(folder / MODEL), X_test, _N_REASONS)
    scored.insert(0, "row", test)
    scored.insert(1, "event", y_test)
    scored.to_parquet(folder / SCORED, index=False)
    pd_train = model.predict_proba(job.X.iloc[train])[:, 1]
    summary = {
        "riskkit_version": riskkit.__version__,
        "model": job.kind,
        "source": job.source,
        "target": job.target,
        "labels": {"non_event": job.labels[0], "event": job.labels[1]},
        "split": job.split.kind,
        "train": _judged(job, train, pd_train),
        "test": _judged(job, test, scored["pd"].to_numpy()),
        "psi": _stability(fitted, scored["points"].to_numpy()),
        "characteristics": list(fitted.names),
        "left_out": left_out,
    }

    steps.start("Writing the report" if job.report else "Writing the summary")
    if job.report:
        summary["verdict"] = _write_report(job, model, folder / REPORT)
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
    return summary


def show_summary(summary: dict[str, Any], out: Path) -> None:
    """Show people how good the model is and where its files are."""
    from riskkit.cli._console import people, plain_table, say

    rows, windows = [], []
    for part in ("train", "test"):
        judged = summary[part]
        name = part if part == "train" else f"test ({summary['split']})"
        if judged["window"] is not None:
            windows.append(f"{name} {' to '.join(judged['window'])}")
        rows.append(
            (
                name,
                f"{judged['n_rows']:,}",
                f"{judged['event_rate']:.2%}",
                f"{judged['mean_pd']:.2%}",
                f"{judged['auc']:.4f}",
                f"{judged['gini']:.4f}",
                f"{judged['ks']:.4f}",
            )
        )
    headers = ("", "rows", "bad rate", "mean PD", "AUC", "Gini", "KS")
    people().print(plain_table(headers, rows))
    names = summary["characteristics"]
    if windows:
        say(f"Days: {'; '.join(windows)}")
    say(f"PSI of the points, train to test: {summary['psi']:.4f}")
    say(f"Characteristics: {len(names)} ({', '.join(names)})")
    if "verdict" in summary:
        verdict = summary["verdict"]
        say(f"Verdict: {verdict['word']}. {verdict['reason']}")
    for name in FILES:
        if (out / name).exists():
            say(f"  {out / name}")


def _judged(job: Job, rows: IntArray, pd: FloatArray) -> dict[str, Any]:
    from riskkit.metrics import gini_score, ks_score

    y = job.y[rows]
    gini = float(gini_score(y, pd))
    return {
        "n_rows": int(rows.size),
        "n_events": int(y.sum()),
        "event_rate": float(y.mean()),
        "mean_pd": float(pd.mean()),
        "window": job.split.window(rows),
        "auc": (gini + 1.0) / 2.0,
        "gini": gini,
        "ks": float(ks_score(y, pd)),
    }


def _stability(fitted: Fitted, points: FloatArray) -> float:
    """Return the PSI of the points against the rows the model was trained on."""
    import numpy as np

    from riskkit._kernels.bins import assign_bins
    from riskkit.metrics import psi

    edges = np.asarray(fitted.points_edges)
    counts = np.bincount(assign_bins(points, edges), minlength=edges.size + 1)
    return float(psi(fitted.points_counts, counts))


def _write_report(job: Job, model: Any, path: Path) -> dict[str, str]:
    from riskkit.reporting import validation_report

    train, test = job.split.train, job.split.test
    verdict = validation_report(
        model,
        job.X.iloc[test],
        job.y[test],
        expected=(job.X.iloc[train], job.y[train]),
        title=f"Validation of the scorecard for {job.target}",
        dates=None if job.split.days is None else job.split.days[test],
        path=path,
    ).verdict
    return {"word": verdict.word, "reason": verdict.reason, "action": verdict.action}
