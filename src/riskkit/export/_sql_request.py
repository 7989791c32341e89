"""What is asked of a statement, checked: the model, the table and its columns."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_option, did_you_mean
from riskkit.artifact import (
    Artifact,
    BlendSpec,
    Manifest,
    ScorecardSpec,
    read_artifact,
)
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.export._chain import model_spec, read_model
from riskkit.export._strategy_given import strategy_spec

if TYPE_CHECKING:
    from riskkit.export._sql_dialects import Dialect

__all__ = ["PREFIX", "Request", "read_request"]

PREFIX = "riskkit_"  # of the names of intermediate tables

_MOST_REASONS = 4  # of a scorecard, unless said otherwise
_STORED = ("text", "number", "boolean")


@dataclass(frozen=True)
class Request:
    """A model and where its columns are."""

    artifact: Artifact
    table: tuple[str, ...]
    keep: tuple[str, ...]
    columns: dict[str, str]
    stored_as: dict[str, str]
    n_reasons: int


def read_request(
    model: Any,
    calibration: Any,
    grades: Any,
    strategy: Any,
    *,
    dialect: Dialect,
    table: Any,
    keep: Any,
    columns: Any,
    stored_as: Any,
    reasons: int | None,
) -> Request:
    """Check what :func:`riskkit.export.to_sql` was given."""
    artifact = _read_artifact(model, calibration, grades)
    if strategy is not None:
        artifact = artifact.with_strategy(strategy_spec(strategy))
    fields = artifact.fields
    renamed = _read_fields("columns", columns, fields)
    stored = _read_fields("stored_as", stored_as, fields)
    for name, kind in stored.items():
        check_option(f"stored_as[{name!r}]", kind, _STORED)
        if kind == "text" and fields[name] == "numeric":
            msg = (
                f"stored_as[{name!r}] must be 'number' or 'boolean', because the field "
                "is numeric; got 'text'. Convert the column in a view."
            )
            raise InvalidParameterError(msg)
    request = Request(
        artifact,
        _read_table(table),
        _read_keep(keep),
        {name: renamed.get(name, name) for name in fields},
        stored,
        _read_reasons(reasons, artifact),
    )
    _check_distinct(request, dialect)
    return request


def _read_artifact(model: Any, calibration: Any, grades: Any) -> Artifact:
    if not isinstance(model, (str, os.PathLike, Artifact)):
        fitted, pd_map = read_model(model, calibration, grades)
        spec = model_spec(fitted)
        kind = "scorecard" if isinstance(spec, ScorecardSpec) else "blend"
        return Artifact(Manifest(kind), spec, pd_map=pd_map)
    if calibration is not None or grades is not None:
        msg = (
            "calibration and grades go on top of an estimator; got a saved model, "
            "which has its own. Save it again with them."
        )
        raise InvalidParameterError(msg)
    artifact = model if isinstance(model, Artifact) else read_artifact(model)
    if not isinstance(artifact.model, (ScorecardSpec, BlendSpec)):
        msg = (
            "SQL is written for scorecards, boosted models and blends; got a "
            f"{artifact.manifest.model}. Score it with riskkit.serving."
        )
        raise InvalidTypeError(msg)
    return artifact


def _read_reasons(reasons: int | None, artifact: Artifact) -> int:
    """Return how many reasons a row has at most."""
    if isinstance(artifact.model, ScorecardSpec):
        wanted = _MOST_REASONS if reasons is None else int(reasons)
        return min(wanted, len(artifact.model.kinds))
    if reasons:
        msg = (
            "reasons must be 0 or None for boosted models and blends, because theirs "
            f"are Shapley values, which SQL cannot give; got {reasons}. Score the "
            "declined accounts with riskkit.serving.load_scorer."
        )
        raise InvalidParameterError(msg)
    return 0


def _read_fields(
    parameter: str, given: Any, fields: Mapping[str, str]
) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        msg = (
            f"{parameter} must be a mapping keyed by fields of the model; got "
            f"{type(given).__name__}."
        )
        raise InvalidParameterError(msg)
    for name, value in given.items():
        if name not in fields:
            msg = (
                f"{parameter} must be keyed by fields of the model; {name!r} is none "
                f"of its {len(fields)}.{did_you_mean(name, fields)}"
            )
            raise InvalidParameterError(msg)
        if not isinstance(value, str):
            msg = f"{parameter}[{name!r}] must be text; got {type(value).__name__}."
            raise InvalidParameterError(msg)
    return dict(given)


def _read_table(table: Any) -> tuple[str, ...]:
    parts = table.split(".") if isinstance(table, str) else table
    if (
        not isinstance(parts, Sequence)
        or not parts
        or not all(isinstance(part, str) and part for part in parts)
    ):
        msg = (
            "table must be a name such as 'lending.applications', or its parts as a "
            f"sequence; got {table!r}."
        )
        raise InvalidParameterError(msg)
    if len(parts) == 1 and parts[0].casefold().startswith(PREFIX):
        msg = (
            f"table must not begin with {PREFIX!r}, as the statement's own tables do; "
            f"got {table!r}. Name its schema too."
        )
        raise InvalidParameterError(msg)
    return tuple(parts)


def _read_keep(keep: Any) -> tuple[str, ...]:
    if (
        isinstance(keep, str)
        or not isinstance(keep, Sequence)
        or not all(isinstance(name, str) for name in keep)
    ):
        msg = f"keep must be a sequence of column names; got {keep!r}."
        raise InvalidParameterError(msg)
    return tuple(keep)


def _check_distinct(request: Request, dialect: Dialect) -> None:
    """Raise if two columns of the table, or of the result, would be one."""

    def folded(name: str) -> str:
        return name.casefold() if dialect.folds_names else name

    seen: dict[str, str] = {}
    for field, column in request.columns.items():
        other = seen.setdefault(folded(column), field)
        if other != field:
            msg = (
                f"Every field needs a column of its own; {other!r} and {field!r} would "
                f"read the same one, because {dialect.title} takes {column!r} for it. "
                "Give another name in columns."
            )
            raise InvalidParameterError(msg)
    taken = set(_result_names(request))
    for name in request.keep:
        if name.casefold() in taken:
            msg = (
                f"keep must not name {name!r}: another column of the result is called "
                "so. Rename it in a view."
            )
            raise InvalidParameterError(msg)
        taken.add(name.casefold())


def _result_names(request: Request) -> list[str]:
    """Return the names of the columns that the statement adds to those kept."""
    names = ["pd", "points", "log_odds", "refused"]
    names += ["grade", "grade_pd", "pd_low", "pd_high"]
    if request.artifact.strategy is not None:
        names += ["decision", "decided_by", "decision_reason"]
        names += ["limit", "limited_by", "price"]
    for place in range(1, request.n_reasons + 1):
        names += [f"reason_{place}", f"points_lost_{place}"]
    return names
