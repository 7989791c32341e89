"""``riskkit monitor``: a tape and a configuration make lights and one report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from riskkit._core.output import check_folder, whole_folder
from riskkit.cli._console import Steps, say
from riskkit.cli._lights import LIGHTS, exit_code, read_day
from riskkit.cli._monitor_config import read_config
from riskkit.cli._monitor_sources import Job, make_baseline, part_tape
from riskkit.cli._monitor_tape import named_roles, read_tape

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from riskkit.artifact import Artifact
    from riskkit.cli._monitor_config import MonitorConfig
    from riskkit.monitoring import WarningResult
    from riskkit.reporting import MonitoringReport

__all__ = ["FILES", "plan_run", "run_monitor"]

FILES = ("report.html", "result.json", "population.json")


def run_monitor(
    path: Path, as_of: str, out: Path, *, fail_on: str, overwrite: bool
) -> None:
    """Read, measure, judge and write; the exit code is the light."""
    from riskkit.monitoring import EarlyWarning
    from riskkit.reporting import monitoring_report

    config, day = read_config(path), read_day(as_of)
    check_folder(out, FILES, overwrite=overwrite)
    warning = EarlyWarning(
        config.thresholds,
        persistence=config.warning.persistence,
        multiplicity=config.warning.multiplicity,
        model_id=config.model.id,
        history=config.path(config.warning.history),
    )
    say(f"Reading {config.data.table} as of {day}")
    job = _prepare(config, day)
    steps = job.steps()
    with Steps(len(steps) + 1) as progress:
        for words, step in steps:
            progress.start(words)
            step()
        progress.start("Writing the report")
        with whole_folder(out, FILES, overwrite=overwrite) as folder:
            verdict = warning.evaluate(*job.results, as_of=day)
            report = monitoring_report(
                verdict,
                *job.results,
                title=config.report.title,
                facts=config.report.facts,
                path=folder / FILES[0],
            )
            _write_json(folder / FILES[1], _result(config, verdict, report))
            if job.population is not None:
                job.population.save(folder / FILES[2])
    for note in job.notes:
        say(f"Note: {note}")
    say(verdict.summary())
    say(f"  {out / FILES[0]}")
    code = exit_code(verdict.light, fail_on)
    typer.echo(json.dumps(_summary(verdict, out, job, code), indent=2))
    raise typer.Exit(code)


def plan_run(path: Path, as_of: str) -> None:
    """Check configuration and tape, and print what would be done."""
    config, day = read_config(path), read_day(as_of)
    job = _prepare(config, day)
    missing, new = job.baseline.column_changes(job.parts.watched.frame)
    named = set(named_roles(config).values())
    n_reference = job.parts.reference.n_rows if job.parts.reference else None
    plan = {
        "model": config.model.id,
        "as_of": str(day),
        "rows": job.parts.watched.n_rows,
        "rows_left_out": job.parts.watched.n_later,
        "reference_rows": n_reference,
        "columns": named_roles(config),
        "features": list(job.baseline.features),
        "missing_columns": list(missing),
        "new_columns": [name for name in new if name not in named],
        "steps": [words for words, _ in job.steps()],
        "history": str(config.path(config.warning.history)),
        "files": list(FILES),
    }
    typer.echo(json.dumps(plan, indent=2, ensure_ascii=False))
    say(f"Nothing was written. {job.parts.watched.n_rows:,} rows would be judged.")


def _prepare(config: MonitorConfig, day: date) -> Job:
    artifact = _read_model(config)
    tape = read_tape(config, config.data.table, day, artifact)
    other = None
    if config.reference.table is not None:
        until = config.reference.until or day
        other = read_tape(config, config.reference.table, until, artifact)
    parts = part_tape(config, tape, other)
    return Job(config, make_baseline(config, artifact, parts, day), parts, day)


def _read_model(config: MonitorConfig) -> Artifact | None:
    from riskkit.artifact import read_artifact

    name = config.model.artifact
    return None if name is None else read_artifact(config.path(name))


def _result(
    config: MonitorConfig, verdict: WarningResult, report: MonitoringReport
) -> dict[str, Any]:
    """Return everything that was found, and the configuration it was found with."""
    return {
        "config": config.plain,
        "warning": verdict.to_dict(),
        "report": report.to_dict(),
    }


def _summary(verdict: WarningResult, out: Path, job: Job, code: int) -> dict[str, Any]:
    lights = verdict.measures["light"]
    return {
        "model": verdict.model_id,
        "as_of": verdict.as_of,
        "verdict": verdict.verdict,
        "light": verdict.light,
        "rule": verdict.rule.name,
        "fired_by": list(verdict.fired_by)[:20],
        "action": verdict.action,
        "owner": verdict.owner,
        "lights": {light: lights.count(light) for light in LIGHTS},
        "new_alerts": [alert.id for alert in verdict.new_alerts],
        "open_alerts": len(verdict.alerts),
        "waiting_for": list(verdict.waiting_for),
        "notes": job.notes,
        "files": {name: str(out / name) for name in FILES},
        "exit_code": code,
    }


def _write_json(path: Path, plain: dict[str, Any]) -> None:
    # Days of TOML are the only values of a configuration that JSON does not know.
    text = json.dumps(plain, indent=1, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")
