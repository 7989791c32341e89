"""The configuration of a monitor: strict TOML, every key known and of its kind."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.params import did_you_mean
from riskkit.cli._config import read_toml
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from riskkit.monitoring import Threshold

__all__ = ["AlertsPart", "DataPart", "MonitorConfig", "ReferencePart", "read_config"]

SCHEMA_VERSION = 1

# What a key holds; the name of the alias is looked up in _KINDS.
Text = str
Texts = tuple[str, ...]
Codes = tuple[float | str, ...]
Day = date
Count = int
Whole = int
Number = float
Pair = tuple[int, int]
Freq = Literal["month", "quarter", "year"]
Direction = Literal["safer", "riskier"]
Multiplicity = Literal["by_measure", "all", "none"]
TextByName = dict[str, str]


@dataclass(frozen=True)
class ModelPart:
    """The model that is watched."""

    id: Text
    artifact: Text | None = None
    baseline: Text | None = None


@dataclass(frozen=True)
class DataPart:
    """The tape, and what its columns stand for."""

    table: Text
    date: Text
    id: Text | None = None
    pd: Text | None = None
    score: Text | None = None
    score_direction: Direction | None = None
    outcome: Text | None = None
    event_date: Text | None = None
    segments: Texts = ()


@dataclass(frozen=True)
class ReferencePart:
    """The rows that the baseline is learned from."""

    until: Day | None = None
    table: Text | None = None
    features: Texts = ()
    special_codes: Codes = ()
    n_bins: Count = 10
    n_score_bands: Count = 50


@dataclass(frozen=True)
class PopulationPart:
    """How the population is cut and compared."""

    freq: Freq = "month"
    min_n: Number = 100.0
    static: Texts = ()
    score_tolerance: Number = 1e-9


@dataclass(frozen=True)
class PerformancePart:
    """Window, delay and cohorts."""

    window: Count = 12
    reporting_delay: Whole = 0
    freq: Freq = "quarter"
    last: Count | None = None
    curve: Text | None = None


@dataclass(frozen=True)
class AlertsPart:
    """A fraud detector's alerts."""

    score: Text
    outcome: Text | None = None
    label_date: Text | None = None
    amount: Text | None = None
    threshold: Number | None = None
    capacity: Count | None = None
    label_days: Whole = 90
    expected_rate: Number | None = None
    expected_precision: Number | None = None
    freq: Freq = "month"


@dataclass(frozen=True)
class WarningPart:
    """How lights become a verdict."""

    persistence: Pair = (2, 3)
    multiplicity: Multiplicity = "by_measure"
    history: Text = "monitor_history.jsonl"


@dataclass(frozen=True)
class ReportPart:
    """What the head of the page says."""

    title: Text = "Model monitoring"
    facts: TextByName = field(default_factory=dict)


@dataclass(frozen=True)
class MonitorConfig:
    """All that a configuration says, checked; paths are relative to its folder."""

    folder: Path
    plain: dict[str, Any]
    model: ModelPart
    data: DataPart
    reference: ReferencePart
    population: PopulationPart
    performance: PerformancePart
    alerts: AlertsPart | None
    warning: WarningPart
    report: ReportPart
    thresholds: dict[str, Threshold]

    def path(self, name: str) -> Path:
        """Return a path that the configuration names."""
        return self.folder / name


_PARTS: dict[str, type] = {
    "model": ModelPart,
    "data": DataPart,
    "reference": ReferencePart,
    "population": PopulationPart,
    "performance": PerformancePart,
    "alerts": AlertsPart,
    "warning": WarningPart,
    "report": ReportPart,
}
_NEEDED = ("model", "data")


def read_config(path: Path) -> MonitorConfig:
    """Read and check a configuration; nothing else is touched."""
    plain = read_toml(path, "riskkit monitor init")
    known = ("schema_version", *_PARTS, "thresholds")
    _check_known(path.name, "", plain, known)
    version = plain.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        msg = (
            f"{path.name}: schema_version must be {SCHEMA_VERSION}; got {version!r}. "
            "`riskkit monitor init` writes a new file to start from."
        )
        raise InvalidParameterError(msg)
    parts: dict[str, Any] = {}
    for name, kind in _PARTS.items():
        given = plain.get(name)
        if given is None and name in _NEEDED:
            msg = f"{path.name}: the table [{name}] must be there; it is missing."
            raise InvalidParameterError(msg)
        if given is None and name == "alerts":
            parts[name] = None
            continue
        parts[name] = _read_part(path.name, name, kind, {} if given is None else given)
    thresholds = _read_thresholds(path.name, plain.get("thresholds", {}))
    config = MonitorConfig(path.parent, plain, thresholds=thresholds, **parts)
    _check_sources(path.name, config)
    return config


def _read_part(file: str, name: str, kind: type, given: Any) -> Any:
    if not isinstance(given, dict):
        msg = f"{file}: {name} must be a table, written [{name}]; got a value."
        raise InvalidParameterError(msg)
    keys = {item.name: item for item in fields(kind)}
    _check_known(file, f"{name}.", given, tuple(keys))
    for key, item in keys.items():
        no_default = item.default is MISSING and item.default_factory is MISSING
        if no_default and key not in given:
            msg = f"{file}: {name}.{key} must be given; it is missing."
            raise InvalidParameterError(msg)
    return kind(
        **{
            key: _read_value(f"{file}: {name}.{key}", str(keys[key].type), value)
            for key, value in given.items()
        }
    )


def _read_value(where: str, kind: str, value: Any) -> Any:
    words, is_valid, convert = _KINDS[kind.removesuffix(" | None")]
    if not is_valid(value):
        msg = f"{where} must be {words}; got {value!r}."
        raise InvalidParameterError(msg)
    return convert(value)


def _check_known(
    file: str, prefix: str, given: dict[str, Any], known: tuple[str, ...]
) -> None:
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known)
            msg = f"{file}: {prefix}{key} is not known.{hint}"
            raise InvalidParameterError(msg)


def _read_thresholds(file: str, given: Any) -> dict[str, Threshold]:
    """Return the usual thresholds with what the file changes."""
    from riskkit.monitoring import Threshold, default_thresholds

    thresholds = default_thresholds()
    if not isinstance(given, dict):
        msg = f"{file}: thresholds must be tables, written [thresholds.score_psi]."
        raise InvalidParameterError(msg)
    _check_known(file, "thresholds.", given, tuple(thresholds))
    for name, changes in given.items():
        if not isinstance(changes, dict):
            msg = f"{file}: thresholds.{name} must be a table; got {changes!r}."
            raise InvalidParameterError(msg)
        known = tuple(item.name for item in fields(Threshold))
        _check_known(file, f"thresholds.{name}.", changes, known)
        try:
            thresholds[name] = Threshold.from_dict(
                {**thresholds[name].to_dict(), **changes}
            )
        except InvalidParameterError as error:
            msg = f"{file}: thresholds.{name}: {error}"
            raise InvalidParameterError(msg) from error
    return thresholds


def _check_sources(file: str, config: MonitorConfig) -> None:
    model, data, reference = config.model, config.data, config.reference
    learned = reference.until is not None or reference.table is not None
    if model.baseline is not None and learned:
        msg = (
            f"{file}: the baseline must come from one place; got model.baseline and a "
            "[reference] to learn it from. Leave one of them out."
        )
        raise InvalidParameterError(msg)
    if model.baseline is None and model.artifact is None and not learned:
        msg = (
            f"{file}: there must be a baseline: model.baseline, model.artifact, or "
            "reference.until or reference.table to learn it from."
        )
        raise InvalidParameterError(msg)
    if model.artifact is None and data.pd is None and data.score is None:
        msg = (
            f"{file}: data.pd or data.score must name a column, or model.artifact a "
            "model to score with."
        )
        raise InvalidParameterError(msg)
    if data.score is not None and learned and data.score_direction is None:
        msg = (
            f"{file}: data.score_direction must say what a higher score means: "
            "'safer' or 'riskier'."
        )
        raise InvalidParameterError(msg)
    if data.outcome is not None and data.event_date is not None:
        msg = (
            f"{file}: outcomes must be given once; got data.outcome and "
            "data.event_date. The date tells more: keep that."
        )
        raise InvalidParameterError(msg)
    alerts = config.alerts
    if alerts is not None and alerts.threshold is None and alerts.capacity is None:
        msg = f"{file}: alerts.threshold or alerts.capacity must say what an alert is."
        raise InvalidParameterError(msg)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def _is_day(value: Any) -> bool:
    if isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return type(value) is date


def _is_list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(holds, value))


def _one_of(words: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: value in words


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_FREQS = ("month", "quarter", "year")
_WORDS = {
    "Freq": _FREQS,
    "Direction": ("safer", "riskier"),
    "Multiplicity": ("by_measure", "all", "none"),
}
# What the value must be in words, whether it is, and how it is kept.
_KINDS: dict[str, tuple[str, Callable[[Any], bool], Callable[[Any], Any]]] = {
    "Text": ("text", _is_text, str),
    "Texts": ("a list of text", lambda v: _is_list(v, _is_text), tuple),
    "Codes": (
        "a list of numbers or text",
        lambda v: _is_list(v, lambda code: _is_text(code) or _is_number(code)),
        tuple,
    ),
    "Day": (
        "a day such as 2024-01-31",
        _is_day,
        lambda v: date.fromisoformat(v) if isinstance(v, str) else v,
    ),
    "Count": ("a whole number >= 1", lambda v: _is_whole(v, 1), int),
    "Whole": ("a whole number >= 0", lambda v: _is_whole(v, 0), int),
    "Number": ("a number", _is_number, float),
    "Pair": (
        "two whole numbers, such as [2, 3]",
        lambda v: _is_list(v, lambda n: _is_whole(n, 1)) and len(v) == 2,
        tuple,
    ),
    "TextByName": (
        "a table of text",
        lambda v: isinstance(v, dict) and all(map(_is_text, v.values())),
        dict,
    ),
    **{
        kind: (f"one of {words}", _one_of(words), str) for kind, words in _WORDS.items()
    },
}
