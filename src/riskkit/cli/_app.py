"""The words of the command line; what they do is loaded when they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

import riskkit
from riskkit.cli._backtest_words import backtest_app
from riskkit.cli._engine_words import Engine, MemoryLimit, is_large
from riskkit.cli._errors import debugging, reported
from riskkit.cli._lights import EXIT_CODES
from riskkit.cli._monitor_words import monitor_app
from riskkit.cli._trust_words import add_trust_commands

__all__ = ["app"]


class _Commands(TyperGroup):
    """Commands whose refusals are reported as sentences."""

    def invoke(self, ctx: Any) -> Any:
        debug = bool(ctx.params.get("debug")) or debugging()
        with reported(debug=debug):
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    # A traceback with local variables would put customers' data into a log.
    pretty_exceptions_enable=False,
    help="Credit-risk models: train a scorecard, score loans, look into a model.",
    epilog=EXIT_CODES,
)

app.add_typer(monitor_app, name="monitor")
app.add_typer(backtest_app, name="backtest")

Table = Annotated[
    Path,
    typer.Argument(metavar="TABLE", help="Table of loans, .csv or .parquet."),
]
Artifact = Annotated[
    Path,
    typer.Argument(metavar="ARTIFACT", help="Model file that `train` wrote."),
]
OutFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace files of an earlier run."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON on stdout.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"riskkit {riskkit.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and leave.",
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show tracebacks (also RISKKIT_DEBUG=1)."),
    ] = False,
) -> None:
    """Read the options that stand before the command; the group acts on them."""


@app.command()
def demo(
    *,
    out: OutFolder,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Do the main job on the embedded loan book: train, judge, score."""
    from riskkit.cli._demo import demo as run

    run(out, overwrite=overwrite, as_json=as_json)


@app.command()
def train(
    table: Table,
    *,
    target: Annotated[
        str,
        typer.Option(
            metavar="COLUMN",
            help="Outcome: 0/1, True/False, or two labels with --event.",
        ),
    ],
    out: OutFolder,
    event: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="Label of the event in the target."),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Date of each row: the last rows are kept to judge the model. "
            "Without it, 30 % are drawn at random.",
        ),
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Learn from these columns only."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Do not learn from these columns."),
    ] = None,
    special_codes: Annotated[
        str | None,
        typer.Option(
            metavar="CODES",
            help="Codes that stand for a reason, such as -9,-8,-7.",
        ),
    ] = None,
    model: Annotated[
        Literal["scorecard", "lightgbm", "xgboost", "blend"],
        typer.Option(help="Kind of model; the report is written for a scorecard."),
    ] = "scorecard",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random hold-out.")] = 0,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html.")
    ] = True,
    engine: Engine = None,
    memory_limit: MemoryLimit = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on a table and judge it on unseen rows.

    Writes model.rk, report.html, scored.parquet and summary.json, all or none. A table
    in batches is fitted a scorecard to all rows: model.rk and summary.json.
    """
    if is_large(table, engine, memory_limit):
        from riskkit.cli._large import train_large

        train_large(
            table,
            out,
            target=target,
            features=features,
            exclude=exclude,
            special_codes=special_codes,
            event=event,
            kind=model,
            date=date,
            engine=engine,
            memory_limit=memory_limit,
            overwrite=overwrite,
            as_json=as_json,
        )
        return
    from riskkit.cli._train import train as run

    run(
        table,
        out,
        target=target,
        date=date,
        features=features,
        exclude=exclude,
        special_codes=special_codes,
        event=event,
        kind=model,
        seed=seed,
        report=report,
        overwrite=overwrite,
        as_json=as_json,
    )


@app.command()
def score(
    artifact: Artifact,
    table: Table,
    *,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="Scores, .csv or .parquet."),
    ],
    reasons: Annotated[
        int, typer.Option(min=0, max=20, help="Most reasons for each row.")
    ] = 4,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Columns of the table to repeat, as a key."),
    ] = None,
    engine: Engine = None,
    memory_limit: MemoryLimit = None,
    overwrite: Overwrite = False,
) -> None:
    """Give every row of a table its PD, points and reasons.

    A table in batches is given its PD, points and log-odds, by the engine itself.
    """
    if is_large(table, engine, memory_limit):
        from riskkit.cli._large import score_large

        score_large(
            artifact,
            table,
            out,
            keep=keep,
            engine=engine,
            memory_limit=memory_limit,
            overwrite=overwrite,
        )
        return
    from riskkit.cli._score import score as run

    run(artifact, table, out, n_reasons=reasons, keep=keep, overwrite=overwrite)


@app.command()
def inspect(artifact: Artifact, *, as_json: AsJson = False) -> None:
    """Show where a model comes from, its bins and its points."""
    from riskkit.cli._inspect import inspect as run

    run(artifact, as_json=as_json)


@app.command()
def export(
    artifact: Artifact,
    *,
    to: Annotated[Literal["sql"], typer.Option("--to", help="Form to write.")] = "sql",
    dialect: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="bigquery, databricks, duckdb, mysql, postgres, snowflake, spark, "
            "sqlite or tsql.",
        ),
    ] = "duckdb",
    table: Annotated[
        str, typer.Option(metavar="NAME", help="Table to score, schema.table too.")
    ] = "applications",
    reasons: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=20,
            help="Most reasons for each row; 4 for scorecards, trees have none in SQL.",
        ),
    ] = None,
    reason_as: Annotated[
        Literal["feature", "text"],
        typer.Option(help="A reason as the name of a column, or in words."),
    ] = "feature",
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Columns of the table to repeat, as a key."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="File to write; stdout without."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a model as one SQL statement that scores a table where it lies."""
    from riskkit.cli._export import export_sql

    export_sql(
        artifact,
        out,
        dialect=dialect,
        table=table,
        reasons=reasons,
        reason_as=reason_as,
        keep=keep,
        overwrite=overwrite,
    )


add_trust_commands(app)
