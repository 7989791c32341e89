"""``riskkit backtest``: rows and a configuration make windows and one report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from riskkit._core.output import check_folder, whole_folder
from riskkit.cli._backtest_config import read_config
from riskkit.cli._columns import check_column, choose_features
from riskkit.cli._console import say, show_left_out
from riskkit.cli._lights import exit_code, read_day
from riskkit.cli._split import read_days
from riskkit.cli._tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from riskkit.backtest import BacktestResult, OutOfTimeSplit
    from riskkit.cli._backtest_config import BacktestConfig, DataPart
    from riskkit.reporting import ReportResult

__all__ = ["FILES", "plan_run", "run_backtest"]

FILES = ("report.html", "result.json", "windows.parquet", "scores.parquet")


def run_backtest(
    path: Path, out: Path, *, as_of: str | None, fail_on: str, overwrite: bool
) -> None:
    """Read, run, judge and write; the exit code is the light of the verdict."""
    from riskkit.backtest import rolling_backtest
    from riskkit.reporting import backtest_report

    config = _read(path, as_of)
    check_folder(out, FILES, overwrite=overwrite)
    job = _prepare(config)
    say(
        f"{len(job['split'].windows())} windows, {len(job['models'])} models; "
        f"finished ones are kept in {config.path(config.run.windows)}"
    )
    result = rolling_backtest(
        **job,
        champion=config.run.champion,
        n_bands=config.run.n_bands,
        level=config.run.level,
        suspicious_auc=config.run.suspicious_auc,
        folder=config.path(config.run.windows),
        n_jobs=config.run.n_jobs,
    )
    source = config.data.table or config.data.dataset
    with whole_folder(out, FILES, overwrite=overwrite) as folder:
        report = backtest_report(
            result,
            title=config.report.title,
            facts={"Source": str(source)} | config.report.facts,
            path=folder / FILES[0],
        )
        _write_json(folder / FILES[1], config, result, report)
        result.frame().to_parquet(folder / FILES[2], index=False)
        result.predictions().to_parquet(folder / FILES[3], index=False)
    _show(result, report, out)
    light = report.verdict.status
    code = exit_code(light, fail_on)
    typer.echo(json.dumps(_summary(report, out, code), indent=2, ensure_ascii=False))
    raise typer.Exit(code)


def plan_run(path: Path, as_of: str | None) -> None:
    """Check configuration and rows, and print what would be done."""
    config = _read(path, as_of)
    job = _prepare(config)
    plan = {
        "rows": len(job["X"]),
        "features": list(job["X"].columns),
        "models": {name: m.kind for name, m in config.models.items()},
        "windows": [
            {
                "label": window.label,
                "learned_until": str(window.train_end),
                "test_start": str(window.test_start),
                "test_end": str(window.test_end),
            }
            for window in job["split"].windows()
        ],
        "files": list(FILES),
    }
    typer.echo(json.dumps(plan, indent=2, ensure_ascii=False))
    say("Nothing was written.")


def _read(path: Path, as_of: str | None) -> BacktestConfig:
    """Return the configuration, with the day of the command line in its place."""
    config = read_config(path)
    if as_of is None:
        return config
    return replace(config, split=replace(config.split, as_of=read_day(as_of)))


def _prepare(config: BacktestConfig) -> dict[str, Any]:
    """Return what the backtest is given, but for its settings."""
    from dataclasses import asdict

    from riskkit.backtest import OutOfTimeSplit

    data = config.data
    frame, usual = _read_rows(config)
    roles = [data.date, data.outcome, data.event_date, data.group, data.weight]
    roles += [model.column for model in config.models.values()]
    for name in (*filter(None, roles), *data.features, *data.exclude):
        check_column("The configuration", name, list(frame.columns))
    days = read_days(frame[data.date], data.date)
    split: OutOfTimeSplit = OutOfTimeSplit(days, **asdict(config.split))
    X = frame[_features(frame, data, [r for r in roles if r], usual)]
    optional = {"groups": data.group, "sample_weight": data.weight, "y": data.outcome}
    given = {k: frame[name] for k, name in optional.items() if name is not None}
    if data.event_date is not None:
        given["event_dates"] = frame[data.event_date]
    return {"models": _models(config, frame), "X": X, "split": split, **given}


def _read_rows(config: BacktestConfig) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows, and the usual features of an embedded table."""
    if config.data.table is not None:
        return read_table(config.path(config.data.table)), []
    from riskkit.datasets import load_sba_loans

    loans = load_sba_loans()
    return loans.frame, list(loans.feature_names)


def _features(
    frame: pd.DataFrame, data: DataPart, roles: list[str], usual: list[str]
) -> list[str]:
    if usual and not data.features:
        return [name for name in usual if name not in data.exclude]
    from riskkit.schema import infer_schema

    rest = frame.drop(columns=list(dict.fromkeys(roles)))
    schema = infer_schema(rest, special_codes=list(data.special_codes))
    chosen, left_out = choose_features(schema, data.features, data.exclude)
    show_left_out(left_out, "left out of the table")
    return chosen


def _models(config: BacktestConfig, frame: pd.DataFrame) -> dict[str, Any]:
    codes = list(config.data.special_codes) or None
    models: dict[str, Any] = {}
    for name, model in config.models.items():
        if model.kind == "scorecard":
            from riskkit.binning import OptimalBinner
            from riskkit.scorecard import ScorecardClassifier

            models[name] = ScorecardClassifier(OptimalBinner(special_codes=codes))
        elif model.kind == "xgboost":
            from riskkit.boosting import XGBPDClassifier

            models[name] = XGBPDClassifier(special_codes=codes)
        elif model.kind == "lightgbm":
            from riskkit.boosting import LGBMPDClassifier

            models[name] = LGBMPDClassifier(special_codes=codes)
        elif model.kind == "artifact":
            from riskkit.serving import load_scorer

            models[name] = load_scorer(config.path(str(model.path)))
        else:
            from riskkit.backtest import GivenScore

            models[name] = GivenScore(frame[model.column], kind=str(model.direction))
    return models


def _show(result: BacktestResult, report: ReportResult, out: Path) -> None:
    from riskkit.cli._console import people, plain_table

    rows = [
        (
            str(row["window"]),
            str(row["model"]),
            f"{row['n_event']:,.0f}",
            f"{row['event_rate']:.2%}",
            f"{row['mean_pd']:.2%}",
            f"{row['gini']:.3f}",
            f"{row['psi']:.3f}",
        )
        for row in result.frame().to_dict("records")
    ]
    headers = ("window", "model", "events", "bad rate", "mean PD", "Gini", "PSI")
    people().print(plain_table(headers, rows, n_text=2))
    verdict = report.verdict
    say(f"Verdict: {verdict.word}. {verdict.reason}")
    say(f"  {out / FILES[0]}")


def _summary(report: ReportResult, out: Path, code: int) -> dict[str, Any]:
    verdict = report.verdict
    return {
        "verdict": verdict.word,
        "light": verdict.status,
        "reason": verdict.reason,
        "action": verdict.action,
        "checks": {check.name: check.status for check in report.data.checks},
        "files": {name: str(out / name) for name in FILES},
        "exit_code": code,
    }


def _write_json(
    path: Path, config: BacktestConfig, result: BacktestResult, report: ReportResult
) -> None:
    plain = {
        "config": config.plain,
        "backtest": result.to_dict(),
        "report": report.to_dict(),
    }
    # Days of TOML are the only values of a configuration that JSON does not know.
    text = json.dumps(plain, indent=1, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")
