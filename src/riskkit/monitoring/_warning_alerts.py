"""From warning to disposal: alerts, as the records of a history make them.

Nothing is ever changed in a history, only added. What is open follows from reading it
from the start: runs open, raise and refresh alerts; people acknowledge and close them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.columns import plain
from riskkit.monitoring._warning_threshold import LIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Alert", "latest_runs", "read_alerts"]


@dataclass(frozen=True, slots=True)
class Alert:
    """A measure that turned amber or red, until somebody has dealt with it.

    Parameters
    ----------
    id : str
        What to acknowledge and close it by.

    key : str
        The measure; see :class:`Measurement`.

    light : {"amber", "red"}
        The worst light so far.

    opened, last_seen : str
        The first run that found it, and the last.

    value, p_value : float or None
        As last measured.

    why, action, owner : str
        What is wrong, what to do, and who.

    state : {"open", "acknowledged", "closed"}
        Where it stands.

    light_now : str
        Light of the last run: green once the measure has recovered.

    by, note, on : str
        Who acknowledged or closed it last, with what words, and when.

    Examples
    --------
    >>> from riskkit.monitoring import Alert
    >>> Alert("2024-05-31/gini_drop", "gini_drop", "red", "2024-05-31", "2024-05-31",
    ...       0.12, 0.001, "from 0.1 on", "Find the segments.", "model owner").state
    'open'
    """

    id: str
    key: str
    light: str
    opened: str
    last_seen: str
    value: float | None
    p_value: float | None
    why: str
    action: str
    owner: str
    state: Literal["open", "acknowledged", "closed"] = "open"
    light_now: str = ""
    by: str = ""
    note: str = ""
    on: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON: the body of a webhook, for instance."""
        return {name: plain(value) for name, value in asdict(self).items()}


def latest_runs(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the runs in the order of time; of runs as of one day the last record."""
    runs = {r["as_of"]: r for r in records if r["type"] == "run"}
    return [runs[day] for day in sorted(runs)]


def read_alerts(records: Iterable[Mapping[str, Any]]) -> dict[str, Alert]:
    """Return every alert that the records tell of, the closed ones included.

    A run that was repeated stands where it stood first, so that what people have done
    about its alerts since is not undone.
    """
    records = list(records)
    runs = {run["as_of"]: run for run in latest_runs(records)}
    alerts: dict[str, Alert] = {}
    for record in records:
        if record["type"] != "run":
            _apply_disposal(alerts, record)
        elif record["as_of"] in runs:
            _apply_run(alerts, runs.pop(record["as_of"]))
    return alerts


def _apply_run(alerts: dict[str, Alert], run: Mapping[str, Any]) -> None:
    waiting = {a.key: a for a in alerts.values() if a.state != "closed"}
    day = run["as_of"]
    for measure in run["measures"]:
        key, light = measure["key"], measure["light"]
        alert = waiting.get(key)
        if light not in ("amber", "red"):
            if alert is not None:
                alerts[alert.id] = replace(alert, light_now=light)
            continue
        now = {
            "last_seen": day,
            "light_now": light,
            "value": measure["value"],
            "p_value": measure["p_value"],
            "why": measure["why"],
        }
        if alert is None:
            name = f"{day}/{key}"
            alerts[name] = Alert(
                name,
                key,
                light,
                opened=day,
                action=measure["action"],
                owner=measure["owner"],
                **now,
            )
        else:
            worse = max(alert.light, light, key=LIGHTS.index)
            # What has become worse since must be looked at again.
            state = alert.state if worse == alert.light else "open"
            alerts[alert.id] = replace(alert, light=worse, state=state, **now)


def _apply_disposal(alerts: dict[str, Alert], record: Mapping[str, Any]) -> None:
    alert = alerts.get(record["alert"])
    if alert is None:  # of a run that was repeated, and found nothing
        return
    alerts[alert.id] = replace(
        alert,
        state="closed" if record["type"] == "close" else "acknowledged",
        by=record["by"],
        note=record["note"],
        on=record["on"],
    )
