"""The state of a velocity stream as a file of plain arrays; reading trusts nothing.

The file holds the remembered events in the order of time; running totals are counted
anew from them, so they cannot be wrong.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.output import whole_file
from riskkit.exceptions import ArtifactError, InvalidParameterError
from riskkit.fraud._velocity_history import PastEvent
from riskkit.fraud._velocity_plan import MOST_AMOUNT, UNITS, VelocityPlan, duration_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["plan_parameters", "read_state", "write_state"]

FORMAT = "riskkit velocity stream"
PROTOCOL = 2
_READ = (1, 2)  # the first knows no keys
_MAX_BYTES = 4 << 30
_MEMBERS = ("header", "times", "units", "known", "is_event", "levels", "ids")


def write_state(
    path: str | os.PathLike[str],
    plan: VelocityPlan,
    events: Iterable[PastEvent],
    clock: int | None,
    *,
    key_check: str | None,
    overwrite: bool,
) -> None:
    """Write plan, events and clock, and what tells the key of the names."""
    events = list(events)
    columns = [_coded([e.levels[j] for e in events]) for j in range(_n_levels(plan))]
    ids, id_names = _coded([event.event_id for event in events])
    header = {
        "format": FORMAT,
        "protocol": PROTOCOL,
        "plan": plan_parameters(plan),
        "clock": clock,
        "key_check": key_check,
        "levels": [names for _, names in columns],
        "ids": id_names,
    }
    text = json.dumps(header, ensure_ascii=True, allow_nan=False).encode()
    arrays: dict[str, Any] = {
        "header": np.frombuffer(text, dtype=np.uint8),
        "times": np.array([e.time for e in events], dtype=np.int64),
        "units": np.array([e.units or 0 for e in events], dtype=np.int64),
        "known": np.array([e.units is not None for e in events], dtype=np.bool_),
        "is_event": np.array([e.is_event for e in events], dtype=np.int8),
        "levels": np.array([codes for codes, _ in columns], dtype=np.int64).reshape(
            len(columns), len(events)
        ),
        "ids": np.array(ids, dtype=np.int64),
    }
    with whole_file(path, overwrite=overwrite) as staged, staged.open("wb") as stream:
        # All are of numbers. NumPy before 2.1 would take allow_pickle for one more.
        np.savez_compressed(stream, **arrays)


def read_state(
    path: str | os.PathLike[str],
) -> tuple[VelocityPlan, list[PastEvent], int | None, str | None]:
    """Return what :func:`write_state` was given."""
    arrays = _read_arrays(Path(path))
    try:
        header = json.loads(arrays["header"].tobytes())
        plan = _read_plan(header)
        events = _read_events(arrays, header, plan)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise ArtifactError(_broken("header, whose parts are not as written")) from None
    key_check = header.get("key_check")
    if key_check is not None and not isinstance(key_check, str):
        raise ArtifactError(_broken("header, whose key is no text"))
    clock = header["clock"]
    times = arrays["times"]
    if clock is None and not events:
        return plan, events, None, key_check
    if type(clock) is not int or (events and clock < int(times[-1])):
        raise ArtifactError(_broken("clock, which is before its last event"))
    return plan, events, clock, key_check


def _n_levels(plan: VelocityPlan) -> int:
    return len(plan.level_columns)


def _coded(values: Sequence[str | None]) -> tuple[list[int], list[str]]:
    place: dict[str, int] = {}
    codes = [-1 if v is None else place.setdefault(v, len(place)) for v in values]
    return codes, list(place)


def plan_parameters(plan: VelocityPlan) -> dict[str, Any]:
    """Return the parameters that make the plan anew."""
    document = asdict(plan)
    document["entities"] = [entity.columns for entity in plan.entities]
    document["windows"] = [window.name for window in plan.windows]
    known_later = plan.event is not None
    document["label_delay"] = duration_text(plan.label_delay) if known_later else None
    return document


def _read_plan(header: Any) -> VelocityPlan:
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ArtifactError(_broken("header, which names another format"))
    if header["protocol"] not in _READ:
        msg = (
            f"The state must have protocol 1 to {PROTOCOL}; got another one. It "
            "was written by a later version of riskkit: update this one."
        )
        raise ArtifactError(msg)
    given = header["plan"]
    try:
        return VelocityPlan.make(
            entities=[tuple(columns) for columns in given["entities"]],
            windows=given["windows"],
            time=given["time"],
            amount=given["amount"],
            distinct=tuple(given["distinct"]),
            event=given["event"],
            label_delay=given["label_delay"],
            event_id=given["event_id"],
            statistics=tuple(given["statistics"]),
            negative_amounts=given["negative_amounts"],
        )
    except InvalidParameterError:
        raise ArtifactError(_broken("plan, whose parameters are not sound")) from None


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _MAX_BYTES:
            msg = f"The state must hold at most {_MAX_BYTES} bytes; it holds more."
            raise ArtifactError(msg)
        with np.load(path, allow_pickle=False) as loaded:
            if set(loaded.files) != set(_MEMBERS):
                raise ArtifactError(_broken("list of members"))
            return {name: loaded[name] for name in _MEMBERS}
    except (zipfile.BadZipFile, ValueError, EOFError, zlib.error) as error:
        if isinstance(error, ArtifactError):
            raise
        msg = "The state must be a file written by VelocityStream.save; it is none."
        raise ArtifactError(msg) from None


def _read_events(
    arrays: dict[str, NDArray[Any]], header: Any, plan: VelocityPlan
) -> list[PastEvent]:
    times, levels = arrays["times"], arrays["levels"]
    n, n_columns = times.size, _n_levels(plan)
    kinds = {
        "times": ("int64", (n,)),
        "units": ("int64", (n,)),
        "known": ("bool", (n,)),
        "is_event": ("int8", (n,)),
        "levels": ("int64", (n_columns, n)),
        "ids": ("int64", (n,)),
    }
    for name, (dtype, shape) in kinds.items():
        if arrays[name].dtype != dtype or arrays[name].shape != shape:
            raise ArtifactError(_broken(f"member {name!r}, of another shape or kind"))
    names = [*header["levels"], header["ids"]]
    codes = [*levels, arrays["ids"]]
    if len(header["levels"]) != n_columns:
        raise ArtifactError(_broken("list of levels"))
    for known, column in zip(names, codes, strict=True):
        sound = isinstance(known, list) and all(type(v) is str for v in known)
        low, high = column.min(initial=-1), column.max(initial=-1)
        if not sound or low < -1 or high >= len(known):
            raise ArtifactError(_broken("levels, which codes do not fit"))
    given = arrays["ids"][arrays["ids"] >= 0]
    n_named = 0 if plan.event_id is None else n
    if given.size != n_named or np.unique(given).size != n_named:
        raise ArtifactError(_broken("identifiers, which are not one an event"))
    if (times[1:] < times[:-1]).any() or ((arrays["is_event"] >> 1) != 0).any():
        raise ArtifactError(_broken("events, which are out of order or odd"))
    if (np.abs(arrays["units"]) > MOST_AMOUNT * UNITS).any():
        raise ArtifactError(_broken("amounts, which are too large"))
    listed = [column.tolist() for column in levels]
    rows = zip(*listed, strict=True) if listed else iter(())
    return [
        PastEvent(
            time,
            units if known else None,
            tuple(
                None if code < 0 else header["levels"][j][code]
                for j, code in enumerate(row)
            ),
            is_event,
            None if event_id < 0 else header["ids"][event_id],
        )
        for time, units, known, is_event, event_id, row in zip(
            times.tolist(),
            arrays["units"].tolist(),
            arrays["known"].tolist(),
            arrays["is_event"].tolist(),
            arrays["ids"].tolist(),
            rows,
            strict=True,
        )
    ]


def _broken(what: str) -> str:
    return (
        f"The state of a velocity stream is damaged: see its {what}. Load another "
        "copy, or build the stream anew from a table of past events."
    )
