"""``riskkit train``: a table and the name of its outcome make a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from riskkit._core.output import check_folder, whole_folder
from riskkit.cli._columns import (
    check_column,
    choose_features,
    named_columns,
    parse_codes,
    read_outcome,
)
from riskkit.cli._console import Steps, say, show_left_out
from riskkit.cli._fitting import KINDS
from riskkit.cli._job import Job
from riskkit.cli._modelling import FILES, N_STEPS, build, show_summary
from riskkit.cli._split import out_of_time, random_hold_out, read_days
from riskkit.cli._tables import check_table_name, read_table
from riskkit.exceptions import InvalidParameterError
from riskkit.schema import infer_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["train"]


def train(
    table: Path,
    out: Path,
    *,
    target: str,
    date: str | None,
    features: Sequence[str] | None,
    exclude: Sequence[str] | None,
    special_codes: str | None,
    event: str | None,
    kind: str,
    seed: int,
    report: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Read, choose, split, fit, judge and write; nothing is written unless all is."""
    check_table_name(table)
    check_folder(out, FILES, overwrite=overwrite)
    codes = parse_codes(special_codes)
    with Steps(N_STEPS + 1) as steps:
        steps.start(f"Reading {table.name}")
        frame = read_table(table)
        names = list(frame.columns)
        check_column("--target", target, names)
        if date is not None:
            check_column("--date", date, names)
        if date == target:
            msg = f"--date and --target must differ; both name {target!r}."
            raise InvalidParameterError(msg)
        schema = infer_schema(frame, target=target, date=date, special_codes=codes)
        chosen, left_out = choose_features(
            schema,
            named_columns("--features", features, names),
            named_columns("--exclude", exclude, names),
        )
        y, labels = read_outcome(frame[target], target, event)
        if date is None:
            split = random_hold_out(y, seed)
        else:
            split = out_of_time(read_days(frame[date], date), y)
        show_left_out(left_out, "left out of the table")
        job = Job(
            source=table.name,
            X=frame[chosen],
            y=y,
            split=split,
            schema=schema,
            target=target,
            labels=labels,
            left_out=left_out,
            special_codes=codes,
            kind=kind,
            report=report and kind == "scorecard",
        )
        with whole_folder(out, FILES, overwrite=overwrite) as folder:
            summary = build(job, folder, steps)
    say(f"Trained {KINDS[kind]} for {target!r} on {table.name}.")
    show_summary(summary, out)
    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
