"""The tape of a monitor: rows as they were known on a day, by what they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.cli._columns import check_column
from riskkit.cli._tables import read_table
from riskkit.exceptions import InvalidInputError, SchemaError

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from riskkit.artifact import Artifact
    from riskkit.cli._monitor_config import DataPart, MonitorConfig
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Tape", "named_roles", "read_tape"]


@dataclass(frozen=True, eq=False)
class Tape:
    """Rows that began before a day; columns that are not there are None."""

    frame: pd.DataFrame
    dates: NDArray[np.datetime64]
    score: FloatArray | None
    pd: FloatArray | None
    logged: tuple[FloatArray, FloatArray] | None
    y: Any
    event_dates: Any
    n_later: int

    @property
    def n_rows(self) -> int:
        """Rows of the tape."""
        return len(self.frame)

    def where(self, mask: BoolArray) -> Tape:
        """Return some of the rows."""

        def take(values: Any) -> Any:
            return None if values is None else values[mask]

        logged = None
        if self.logged is not None:
            logged = take(self.logged[0]), take(self.logged[1])
        return Tape(
            self.frame[mask],
            self.dates[mask],
            take(self.score),
            take(self.pd),
            logged,
            take(self.y),
            take(self.event_dates),
            self.n_later,
        )


def named_roles(config: MonitorConfig) -> dict[str, str]:
    """Return the columns that the configuration names, by the key that names them."""
    data = config.data
    keys = ("date", "id", "pd", "score", "outcome", "event_date")
    roles = {f"data.{key}": getattr(data, key) for key in keys}
    for i, name in enumerate(data.segments):
        roles[f"data.segments[{i}]"] = name
    if config.alerts is not None:
        for key in ("score", "outcome", "label_date", "amount"):
            roles[f"alerts.{key}"] = getattr(config.alerts, key)
    return {key: name for key, name in roles.items() if name is not None}


def read_tape(
    config: MonitorConfig, table: str, as_of: date, artifact: Artifact | None
) -> Tape:
    """Read a table, and leave out what was not known before the day."""
    path = config.path(table)
    levels = []
    if artifact is not None:
        levels = [k for k, kind in artifact.fields.items() if kind == "categorical"]
    frame = read_table(path, as_text=levels)
    for key, name in named_roles(config).items():
        check_column(key, name, frame.columns)
    day = np.datetime64(as_of, "D")
    dates = _days(frame, config.data.date, "data.date")
    n_missing = int(np.count_nonzero(np.isnat(dates)))
    if n_missing:
        msg = (
            f"data.date must be known in every row; column {config.data.date!r} is "
            f"empty in {n_missing} of {len(frame)}. Leave those rows out."
        )
        raise InvalidInputError(msg)
    known = dates < day
    if not known.any():
        msg = (
            f"{path.name!r} must hold rows that began before {as_of}; none of its "
            f"{len(frame)} rows did. Check --as-of and data.date."
        )
        raise InvalidInputError(msg)
    n_later = int(np.count_nonzero(~known))
    frame = frame[known].reset_index(drop=True)
    event_dates = None
    if config.data.event_date is not None:
        event_dates = _days(frame, config.data.event_date, "data.event_date")
        event_dates = np.where(event_dates < day, event_dates, np.datetime64("NaT"))
    scored = _recompute(artifact, frame)
    return Tape(
        frame,
        dates[known],
        *_scores(config.data, frame, scored),
        None if config.data.outcome is None else frame[config.data.outcome],
        event_dates,
        n_later,
    )


def _days(frame: pd.DataFrame, name: str, key: str) -> NDArray[np.datetime64]:
    """Return a column of dates as days; text must be written as 2024-01-31."""
    import pandas as pd

    column = frame[name]
    msg = (
        f"{key} must name dates of one time zone, written as 2024-01-31; column "
        f"{name!r} holds others."
    )
    if pd.api.types.is_numeric_dtype(column) and column.notna().any():
        raise InvalidInputError(msg)
    try:
        days = pd.DatetimeIndex(pd.to_datetime(column, format="ISO8601"))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(msg) from error
    if days.tz is not None:
        days = days.tz_localize(None)
    return days.to_numpy().astype("datetime64[D]")


def _recompute(artifact: Artifact | None, frame: pd.DataFrame) -> pd.DataFrame | None:
    if artifact is None:
        return None
    from riskkit.cli._scored import score_frame

    absent = [name for name in artifact.fields if name not in frame.columns]
    if absent:
        shown = ", ".join(map(repr, absent[:10]))
        msg = (
            f"The tape must hold the {len(artifact.fields)} columns of the model; "
            f"{len(absent)} are missing: {shown}. Rename the columns, or leave "
            "model.artifact out and name data.pd."
        )
        raise SchemaError(msg)
    return score_frame(artifact, frame, 0)


def _scores(
    data: DataPart, frame: pd.DataFrame, scored: pd.DataFrame | None
) -> tuple[FloatArray | None, FloatArray | None, Any]:
    """Return score and PD, as logged or as computed; and both sides of one of them."""
    found: dict[str, FloatArray | None] = {"score": None, "pd": None}
    logged = None
    for role, column, computed in (
        ("pd", data.pd, "pd"),
        ("score", data.score, "points"),
    ):
        mine = None
        # A model without points leaves them empty.
        if scored is not None and computed in scored and scored[computed].any():
            mine = scored[computed].to_numpy(np.float64)
        if column is None:
            found[role] = mine
            continue
        found[role] = _numbers(frame, column, f"data.{role}")
        if mine is not None:
            logged = found[role], mine
    return found["score"], found["pd"], logged


def _numbers(frame: pd.DataFrame, name: str, key: str) -> FloatArray:
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(frame[name]):
        msg = f"{key} must name numbers; column {name!r} holds something else."
        raise InvalidInputError(msg)
    return frame[name].to_numpy(np.float64, na_value=np.nan)
