"""The words of ``riskkit backtest``; what they do is loaded when they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from riskkit.cli._lights import RUN_CODES, LightsGroup

__all__ = ["backtest_app"]

backtest_app = typer.Typer(
    cls=LightsGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Fit and judge models window by window: a verdict, one offline report.",
    epilog=RUN_CODES,
)

Config = Annotated[
    Path, typer.Argument(metavar="CONFIG.toml", help="Configuration of the backtest.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files of an earlier run.")
]


@backtest_app.command()
def init(config: Config, *, overwrite: Overwrite = False) -> None:
    """Write a commented configuration to start from; it runs as it is."""
    from riskkit.cli._backtest_config import write_template
    from riskkit.cli._console import say

    write_template(config, overwrite=overwrite)
    say(f"Wrote {config}, for the embedded loan book. Name your table in it, then try")
    say(f"  riskkit backtest run {config} --dry-run")


@backtest_app.command()
def run(
    config: Config,
    *,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="Day of the outcomes, 2024-01-31, in place of the configuration's: "
            "windows whose events were not known then are left out.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for report.html, result.json, windows.parquet and "
            "scores.parquet.",
        ),
    ] = None,
    fail_on: Annotated[
        Literal["red", "amber", "never"],
        typer.Option(help="From which light on the exit code is not 0."),
    ] = "red",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check and print the windows; write nothing."),
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Run every window that is not finished; JSON on stdout, words on stderr."""
    from riskkit.cli._backtest import plan_run, run_backtest

    if dry_run:
        plan_run(config, as_of)
        return
    if out is None:
        msg = "--out must name a folder for the results, or give --dry-run."
        raise typer.BadParameter(msg)
    run_backtest(config, out, as_of=as_of, fail_on=fail_on, overwrite=overwrite)
