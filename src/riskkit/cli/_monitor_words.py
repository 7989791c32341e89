"""The words of ``riskkit monitor``; what they do is loaded when they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from riskkit.cli._engine_words import Engine, MemoryLimit  # noqa: TC001 (typer)
from riskkit.cli._lights import RUN_CODES, LightsGroup

__all__ = ["monitor_app"]

monitor_app = typer.Typer(
    cls=LightsGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Watch a model in use: lights, a verdict, one offline report.",
    epilog=RUN_CODES,
)

Config = Annotated[
    Path, typer.Argument(metavar="CONFIG.toml", help="Configuration of the monitor.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files of an earlier run.")
]


@monitor_app.command()
def init(config: Config, *, overwrite: Overwrite = False) -> None:
    """Write a commented configuration to start from."""
    from riskkit.cli._console import say
    from riskkit.cli._monitor_template import write_template

    write_template(config, overwrite=overwrite)
    say(f"Wrote {config}. Name your table and its columns in it, then try")
    say(f"  riskkit monitor run {config} --as-of DATE --dry-run")


@monitor_app.command()
def run(
    config: Config,
    *,
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="Day of the run, 2024-01-31: nothing of that day or later is looked "
            "at.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for report.html, result.json and population.json.",
        ),
    ] = None,
    fail_on: Annotated[
        Literal["red", "amber", "never"],
        typer.Option(help="From which light on the exit code is not 0."),
    ] = "red",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check and print the plan; write nothing."),
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Judge a tape as of a day; JSON on stdout, words for people on stderr."""
    from riskkit.cli._monitor import plan_run, run_monitor

    if dry_run:
        plan_run(config, as_of)
        return
    if out is None:
        msg = "--out must name a folder for the results, or give --dry-run."
        raise typer.BadParameter(msg)
    run_monitor(config, as_of, out, fail_on=fail_on, overwrite=overwrite)


@monitor_app.command()
def count(
    artifact: Annotated[
        Path, typer.Argument(metavar="ARTIFACT", help="Scorecard that is watched.")
    ],
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="Parquet file, folder or quoted glob."),
    ],
    *,
    period: Annotated[
        str, typer.Option(metavar="COLUMN", help="Period or date of each row.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Counts, population.json.")
    ],
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Outcome: 1, 0, or missing if not known."),
    ] = None,
    engine: Engine = None,
    memory_limit: MemoryLimit = None,
    overwrite: Overwrite = False,
) -> None:
    """Count a table of any size, period by period, over the bins of a scorecard."""
    from riskkit.cli._large import count_periods

    count_periods(
        artifact,
        table,
        out,
        period=period,
        target=target,
        engine=engine,
        memory_limit=memory_limit,
        overwrite=overwrite,
    )
