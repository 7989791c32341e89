"""``train``, ``score`` and ``monitor count`` for tables larger than memory."""

from __future__ import annotations

import json
import os
import sys
from glob import glob
from typing import TYPE_CHECKING, Any

import typer

import riskkit
from riskkit._core.near_files import near_file
from riskkit._core.output import check_file, check_folder, whole_file, whole_folder
from riskkit.cli._columns import (
    check_column,
    choose_features,
    named_columns,
    parse_codes,
)
from riskkit.cli._console import say, show_left_out
from riskkit.cli._modelling import FILES, MODEL, SUMMARY
from riskkit.cli._tables import check_table_name
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["count_periods", "score_large", "train_large"]

_HEAD = 100_000  # rows that tell what the columns are
_FOLDERS = ("dask", "spark")  # engines that write a file for each partition


def train_large(
    table: Path,
    out: Path,
    *,
    target: str,
    features: Sequence[str] | None,
    exclude: Sequence[str] | None,
    special_codes: str | None,
    event: str | None,
    kind: str,
    date: str | None,
    engine: str | None,
    memory_limit: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Fit a scorecard to all rows; nothing is written unless all is."""
    if kind != "scorecard" or date is not None:
        msg = (
            "A table in batches is fitted a scorecard, to all of its rows; got "
            f"{'--date' if kind == 'scorecard' else '--model ' + kind}. Give the files "
            "of the rows to learn from, and train boosted models by "
            "riskkit.engines.fit_boosted."
        )
        raise InvalidParameterError(msg)
    check_folder(out, FILES, overwrite=overwrite)
    told = _told(engine, memory_limit)
    from riskkit.binning import OptimalBinner
    from riskkit.engines import collect_stats, fit_scorecard
    from riskkit.export import save_artifact
    from riskkit.schema import infer_schema
    from riskkit.scorecard import ScorecardClassifier

    head = _head(table)
    names = list(head.columns)
    check_column("--target", target, names)
    codes = parse_codes(special_codes)
    schema = infer_schema(head, target=target, special_codes=codes)
    chosen, left_out = choose_features(
        schema,
        named_columns("--features", features, names),
        named_columns("--exclude", exclude, names),
    )
    show_left_out(left_out, f"left out, by the first {len(head):,} rows")
    classes = _classes(head[target], event)
    say(f"Counting {len(chosen)} columns of {table.name}")
    card = ScorecardClassifier(OptimalBinner(special_codes=codes or None))
    stats = collect_stats(
        str(table),
        target,
        features=chosen,
        special_codes=codes or None,
        classes=classes,
        verbose="auto",
        **told,
    )
    say(f"Fitting a scorecard to {stats.n:,.0f} rows")
    model = fit_scorecard(
        card, str(table), target, features=chosen, stats=stats, classes=classes, **told
    )
    left_out = {**left_out, **model.left_out_}
    tables = model.binner_.binning_tables_
    summary = {
        "riskkit_version": riskkit.__version__,
        "model": kind,
        "source": table.name,
        "target": target,
        "labels": {"non_event": str(classes[0]), "event": str(classes[1])},
        "train": {"n": stats.n, "n_event": stats.n_event},
        "characteristics": list(model.spec_.features),
        "iv": {name: tables[name].iv for name in model.spec_.features},
        "left_out": left_out,
    }
    with whole_folder(out, FILES, overwrite=overwrite) as folder:
        save_artifact(
            model,
            folder / MODEL,
            target=target,
            left_out=left_out,
            notes={"source": table.name, "event": str(classes[1])},
            schema=schema,
        )
        text = json.dumps(summary, indent=2, ensure_ascii=False)
        (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
    say(
        f"Trained a scorecard of {len(model.spec_.features)} characteristics on "
        f"{stats.n:,.0f} rows with {stats.n_event:,.0f} events; it has not been judged "
        "on others."
    )
    say(f"  {out / MODEL}")
    if as_json:
        typer.echo(text)


def score_large(
    artifact: Path,
    table: Path,
    out: Path,
    *,
    keep: Sequence[str] | None,
    engine: str | None,
    memory_limit: str | None,
    overwrite: bool,
) -> None:
    """Score all rows where they are read; nothing is written unless all are."""
    suffix = check_table_name(out)
    check_file(out, overwrite=overwrite)
    told = _told(engine, memory_limit)
    if suffix == ".csv" and engine in _FOLDERS:
        msg = f"--engine {engine} writes a folder of Parquet; got {out.name!r}."
        raise InvalidParameterError(msg)
    from riskkit.engines import score

    kept = named_columns("--keep", keep, list(_head(table).columns))
    say(f"Scoring {table.name}")
    scored = score(str(table), artifact, keep=kept, **told)
    with whole_file(out, overwrite=overwrite) as path:
        _write(scored, path, suffix)
    say(f"Scored {table.name}: PD, points and log-odds.")
    say(f"  {out}")


def count_periods(
    artifact: Path,
    table: Path,
    out: Path,
    *,
    period: str,
    target: str | None,
    engine: str | None,
    memory_limit: str | None,
    overwrite: bool,
) -> None:
    """Count a table period by period over the bins of a model, and say what moved."""
    check_file(out, overwrite=overwrite)
    told = _told(engine, memory_limit)
    from riskkit.artifact import read_artifact
    from riskkit.engines import monitor
    from riskkit.monitoring import Baseline

    baseline = Baseline.from_scorecard(read_artifact(artifact))
    watched = monitor(
        str(table),
        baseline,
        period=period,
        model=artifact,
        y=target,
        verbose="auto",
        **told,
    )
    with whole_file(out, overwrite=overwrite) as path:
        watched.save(path)
    frame = watched.result().frame()
    for label, rows in frame.groupby("period", sort=True):
        known = rows.dropna(subset="psi").sort_values("psi", ascending=False)
        moved = (
            f"; most moved {feature}, {psi:.4f}"
            for feature, psi in zip(known["feature"][:1], known["psi"][:1], strict=True)
        )
        say(f"  {label}: PSI of {len(rows)} populations{''.join(moved)}")
    say(f"  {out}")


def _told(engine: str | None, memory_limit: str | None) -> dict[str, Any]:
    if engine == "spark":  # its workers are this Python, whatever python3 may be
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if memory_limit is not None and engine is None:
        engine = "duckdb"
    return {"engine": engine, "memory_limit": memory_limit}


def _head(table: Path) -> pd.DataFrame:
    """Return the first rows, which tell the names and kinds of the columns."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    files = sorted(glob(str(table), recursive=True))  # noqa: PTH207 (from any root)
    if table.is_dir():
        files = sorted(map(str, table.rglob("*.parquet")))
    if not files:
        hint = near_file(table) or " Check the folder, and quote a pattern."
        msg = f"No file matches {table.name!r}.{hint}"
        raise InvalidInputError(msg)
    try:
        rows = ds.dataset(files, format="parquet").head(_HEAD)
    except (pa.ArrowException, OSError) as error:
        msg = f"{table.name!r} must name Parquet files; one of them cannot be read."
        raise InvalidInputError(msg) from error
    return rows.to_pandas(date_as_object=False, ignore_metadata=True)  # type: ignore[no-any-return]


def _classes(column: pd.Series[Any], event: str | None) -> tuple[Any, Any]:
    """Return the non-event and the event label."""
    if event is None:
        return 0, 1
    values = column.dropna().unique().tolist()
    events = [value for value in values if str(value) == event]
    others = [value for value in values if str(value) != event]
    if len(events) != 1 or len(others) != 1:
        msg = (
            "--event must be one of the two labels of the target; the first rows hold "
            f"{len(values)} labels, and {'no ' if not events else ''}such one."
        )
        raise InvalidParameterError(msg)
    return others[0], events[0]


def _write(scored: Any, path: Path, suffix: str) -> None:
    """Write what an engine has scored, by the engine where it can."""
    place = str(path)
    if hasattr(scored, "write_parquet"):  # a relation of DuckDB
        (scored.write_csv if suffix == ".csv" else scored.write_parquet)(place)
    elif hasattr(scored, "sink_parquet"):
        (scored.sink_csv if suffix == ".csv" else scored.sink_parquet)(place)
    elif hasattr(scored, "sparkSession"):
        scored.write.parquet(place)
    elif hasattr(scored, "npartitions"):
        scored.to_parquet(place)
    else:
        import pyarrow.csv
        import pyarrow.parquet

        kind: Any = pyarrow.parquet.ParquetWriter
        if suffix == ".csv":
            kind = pyarrow.csv.CSVWriter
        with kind(place, scored.schema) as writer:
            for batch in scored:
                writer.write_batch(batch)
