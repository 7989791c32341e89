"""``riskkit score``: a saved model and a table make a table of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.output import check_file, whole_file
from riskkit.artifact import DetectorArtifact, ScorecardSpec, read_model
from riskkit.cli._columns import named_columns
from riskkit.cli._console import Steps, say
from riskkit.cli._scored import result_names, score_frame
from riskkit.cli._tables import check_table_name, read_table, write_table
from riskkit.exceptions import InvalidParameterError
from riskkit.schema import Column, TableSchema, validate_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from riskkit.artifact import Artifact

__all__ = ["score"]


def score(
    artifact: Path,
    table: Path,
    out: Path,
    *,
    n_reasons: int,
    keep: Sequence[str] | None,
    overwrite: bool,
) -> None:
    """Load, read, check, score and write; nothing is written unless all rows are."""
    check_table_name(table)
    check_table_name(out)
    check_file(out, overwrite=overwrite)
    with Steps(3) as steps:
        steps.start(f"Loading {artifact.name}")
        loaded = read_model(artifact)
        schema = _schema(loaded)
        steps.start(f"Reading {table.name}")
        levels = [c.name for c in schema.columns if c.kind == "categorical"]
        frame = read_table(table, as_text=levels)
        kept = named_columns("--keep", keep, list(frame.columns))
        taken = [name for name in kept if name in result_names(loaded, n_reasons)]
        if taken:
            msg = (
                f"--keep must not name {taken[0]!r}: a column of the scores is called "
                "so. Rename it in the table."
            )
            raise InvalidParameterError(msg)
        validate_table(frame, schema)
        steps.start(f"Scoring {len(frame):,} rows")
        scored = score_frame(loaded, frame, n_reasons)
        for place, name in enumerate(kept):
            scored.insert(place, name, frame[name].array)
        with whole_file(out, overwrite=overwrite) as path:
            write_table(scored, path)
    n_unused = len([name for name in frame.columns if name not in schema.features])
    unused = "1 column was" if n_unused == 1 else f"{n_unused} columns were"
    ignored = f"; {unused} not needed" if n_unused else ""
    say(f"Scored {len(frame):,} rows{ignored}. {_found(scored)}")
    say(f"  {out}")


def _found(scored: pd.DataFrame) -> str:
    if "pd" in scored:
        return f"Mean PD {scored['pd'].mean():.2%}."
    n_outliers = int(scored["is_outlier"].sum())
    found = f"{n_outliers:,} outlier{'s' * (n_outliers != 1)}."
    if "fraud_probability" not in scored:
        return found
    return f"Mean probability of a fraud {scored['fraud_probability'].mean():.2%}."


def _schema(artifact: Artifact | DetectorArtifact) -> TableSchema:
    """Return what a table must look like to be scored."""
    if isinstance(artifact, DetectorArtifact):
        # A detector is there for what is odd: anything may be missing.
        return TableSchema(
            tuple(Column(n, k, nullable=True) for n, k in artifact.fields.items())
        )
    baseline, model = artifact.baseline, artifact.model
    columns = []
    for item in model.characteristics if isinstance(model, ScorecardSpec) else ():
        feature = item.feature
        # A column that was always known in training is expected to be known now.
        counts = None if baseline is None else baseline.features.get(feature.name)
        nullable = counts is None or counts.n[feature.missing_bin] > 0
        columns.append(Column(feature.name, feature.kind, nullable))
    known = {column.name for column in columns}
    # The fields of a blend, which are welcome to be missing, and segments of the
    # calibration: a level that is missing takes the pooled one.
    columns.extend(
        Column(name, kind, nullable=True)
        for name, kind in artifact.fields.items()
        if name not in known
    )
    return TableSchema(tuple(columns))
