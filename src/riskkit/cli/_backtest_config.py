"""The configuration of a backtest, and what ``riskkit backtest init`` writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003  # the types are read when it runs
from pathlib import Path  # noqa: TC003
from typing import Any, Literal, get_type_hints

from riskkit._core.output import whole_file
from riskkit.cli._config import check_known, load_toml, read_part
from riskkit.exceptions import InvalidParameterError

__all__ = ["BacktestConfig", "DataPart", "ModelPart", "read_config", "write_template"]

VERSION = 1
_INIT = "riskkit backtest init"

TEMPLATE = """\
# What `riskkit backtest run` reads. Paths are relative to this file. A key that is not
# known is an error. What stands behind # is the default, or another way.
schema_version = 1

[data]
dataset = "sba_loans"          # embedded, to try it; in its place your own:
# table = "loans.parquet"      # one row a loan, .csv or .parquet
date = "ApprovalDate"          # day on which the loan began
event_date = "ChgOffDate"      # day of the event, empty without one
# outcome = "bad"              # or 1 and 0, within the performance window
# group = "customer_id"        # never on both sides of a split
# weight = "weight"
# features = []                # all columns that are not named above
# exclude = []
# special_codes = [-9]

[split]
performance_window = 36        # months within which the event counts
# reporting_delay = 0          # months until the events of a day are known
# scheme = "expanding"         # expanding, rolling, anchored
# test_months = 12
# step_months = 12
# gap = 36                     # performance_window + reporting_delay, or longer
# first_test = 2003-01-01      # else as early as training and gap allow: here 2001
# as_of = 2014-12-31           # day of the outcomes; later windows are left out
# n_splits = 8                 # the last ones
# train_months = 12            # least history, or length of a rolling window

[models.scorecard]             # the first is the champion, unless run.champion says
kind = "scorecard"

[models.xgboost]
kind = "xgboost"               # scorecard, xgboost, lightgbm, artifact, score

# [models.live]
# kind = "artifact"
# path = "model.rk"

# [models.bureau]
# kind = "score"
# column = "bureau_score"
# direction = "safer"          # what a higher score means: safer, riskier, pd

[run]
# champion = "scorecard"
# windows = "backtest_windows" # folder of finished windows: a stopped run goes on there
# n_jobs = 1                   # processes; -1 for all
# n_bands = 10
# level = 0.95
# suspicious_auc = 0.80        # a column that alone ranks better is named

[report]
# title = "Rolling backtest"
# facts = { Owner = "Retail risk" }
"""


@dataclass(frozen=True)
class DataPart:
    """The rows, and what their columns stand for."""

    date: str
    table: str | None = None
    dataset: Literal["sba_loans"] | None = None
    outcome: str | None = None
    event_date: str | None = None
    group: str | None = None
    weight: str | None = None
    features: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    special_codes: tuple[float | str, ...] = ()


@dataclass(frozen=True)
class SplitPart:
    """The windows; what is left out is as in OutOfTimeSplit."""

    scheme: Literal["expanding", "rolling", "anchored"] = "expanding"
    n_splits: int | None = None
    train_months: int | None = None
    test_months: int = 12
    step_months: int | None = None
    performance_window: int = 12
    reporting_delay: int = 0
    gap: int | None = None
    first_test: date | None = None
    as_of: date | None = None


@dataclass(frozen=True)
class ModelPart:
    """One model."""

    kind: Literal["scorecard", "xgboost", "lightgbm", "artifact", "score"]
    path: str | None = None
    column: str | None = None
    direction: Literal["safer", "riskier", "pd"] | None = None


@dataclass(frozen=True)
class RunPart:
    """How the backtest is run."""

    champion: str | None = None
    windows: str = "backtest_windows"
    n_jobs: int = 1
    n_bands: int = 10
    level: float = 0.95
    suspicious_auc: float = 0.80


@dataclass(frozen=True)
class ReportPart:
    """What the head of the page says."""

    title: str = "Rolling backtest"
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BacktestConfig:
    """All that a configuration says, checked; paths are relative to its folder."""

    folder: Path
    plain: dict[str, Any]
    data: DataPart
    split: SplitPart
    models: dict[str, ModelPart]
    run: RunPart
    report: ReportPart

    def path(self, name: str) -> Path:
        """Return a path that the configuration names."""
        return self.folder / name


_PARTS: dict[str, type] = {
    "data": DataPart,
    "split": SplitPart,
    "run": RunPart,
    "report": ReportPart,
}


def read_config(path: Path) -> BacktestConfig:
    """Read and check a configuration; nothing else is touched."""
    plain = load_toml(path, version=VERSION, command=_INIT)
    check_known(path.name, "", plain, (*_PARTS, "models"))
    for name in ("data", "models"):
        if not isinstance(plain.get(name), dict) or not plain[name]:
            table = "[data]" if name == "data" else "[models.NAME]"
            msg = f"{path.name}: the table {table} must be there; it is missing."
            raise InvalidParameterError(msg)
    parts: dict[str, Any] = {
        name: read_part(path.name, name, kind, plain.get(name, {}), _hints(kind))
        for name, kind in _PARTS.items()
    }
    models = {
        name: read_part(
            path.name, f"models.{name}", ModelPart, given, _hints(ModelPart)
        )
        for name, given in plain["models"].items()
    }
    config = BacktestConfig(path.parent, plain, models=models, **parts)
    _check_whole(path.name, config)
    return config


def write_template(path: Path, *, overwrite: bool) -> None:
    """Write a configuration to start from."""
    with whole_file(path, overwrite=overwrite) as place:
        place.write_text(TEMPLATE, encoding="utf-8")


def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _check_whole(file: str, config: BacktestConfig) -> None:
    data = config.data
    if (data.table is None) == (data.dataset is None):
        msg = f"{file}: the rows must come from one place: data.table or data.dataset."
        raise InvalidParameterError(msg)
    if (data.outcome is None) == (data.event_date is None):
        msg = (
            f"{file}: outcomes must be given once: data.outcome or data.event_date. "
            "The date tells more."
        )
        raise InvalidParameterError(msg)
    for name, model in config.models.items():
        needed = {"artifact": ("path",), "score": ("column", "direction")}
        for key in needed.get(model.kind, ()):
            if getattr(model, key) is None:
                msg = f"{file}: models.{name}.{key} must be given for a {model.kind}."
                raise InvalidParameterError(msg)
