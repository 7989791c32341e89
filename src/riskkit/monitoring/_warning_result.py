"""What a run of warnings says."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from riskkit._core.columns import (
    Columns,
    columns_of,
    plain_rows,
    table_frame,
)
from riskkit._core.params import check_option

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.monitoring._warning_alerts import Alert
    from riskkit.monitoring._warning_rules import Verdict, VerdictRule
    from riskkit.monitoring._warning_threshold import Light, Threshold

__all__ = ["WarningResult"]

_ALERT = (
    "id", "key", "light", "opened", "last_seen", "value", "p_value", "why", "action",
    "owner", "state", "light_now", "by", "note", "on",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WarningResult:
    """Lights, one verdict with the rule that fired, and the alerts that wait.

    Made by :meth:`EarlyWarning.evaluate`.

    Parameters
    ----------
    as_of : str
        The day of the run.

    model_id : str
        The model.

    rule : VerdictRule
        The rule that fired.

    fired_by : tuple of str
        Keys of the measures that fired it.

    measures : dict of str to tuple
        Columns of :meth:`frame`.

    alerts : tuple of Alert
        All alerts that are not closed.

    new_alerts : tuple of Alert
        Those that this run opened or made worse.

    unjudged : tuple of str
        Measures without a threshold.

    chance_note : str
        How many lights may be false.

    not_seen : tuple of str
        What the results behind the lights cannot see.

    waiting_for : tuple of str
        Cohorts that mature next, and when.

    thresholds : dict of str to Threshold
        What the measures were judged by.

    runs : tuple of dict
        This run and the former ones, as the history holds them.
    """

    as_of: str
    model_id: str
    rule: VerdictRule
    fired_by: tuple[str, ...]
    measures: Columns
    alerts: tuple[Alert, ...]
    new_alerts: tuple[Alert, ...]
    unjudged: tuple[str, ...]
    chance_note: str
    not_seen: tuple[str, ...]
    waiting_for: tuple[str, ...]
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    runs: tuple[dict[str, Any], ...] = ()

    @property
    def light(self) -> Light:
        """Light of the whole."""
        return self.rule.light

    @property
    def verdict(self) -> Verdict:
        """What to do in a word."""
        return self.rule.verdict

    @property
    def action(self) -> str:
        """What to do."""
        return self.rule.action

    @property
    def owner(self) -> str:
        """Who has to act."""
        return self.rule.owner

    def light_of(self, key: str) -> str:
        """Return the light of one measure.

        Raises
        ------
        InvalidParameterError
            If there is no such measure.
        """
        check_option("key", key, self.measures["key"])
        return str(self.measures["light"][self.measures["key"].index(key)])

    def frame(self, table: str = "measures") -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : {"measures", "alerts"}, default="measures"
            One row a measure, with the light of this run (``raw``) and the one that
            counts once persistence is asked for (``light``); or one row an alert.

        Returns
        -------
        frame : DataFrame
            The table.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("table", table, ("measures", "alerts"))
        if table == "measures":
            return table_frame(self.measures)
        return table_frame(columns_of([a.to_dict() for a in self.alerts], _ALERT))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "as_of": self.as_of,
            "model_id": self.model_id,
            "verdict": self.verdict,
            "light": self.light,
            "rule": self.rule.to_dict(),
            "rule_in_words": self.rule.words(),
            "fired_by": list(self.fired_by),
            "action": self.action,
            "owner": self.owner,
            "measures": plain_rows(self.measures),
            "alerts": [alert.to_dict() for alert in self.alerts],
            "new_alerts": [alert.id for alert in self.new_alerts],
            "unjudged": list(self.unjudged),
            "chance_note": self.chance_note,
            "not_seen": list(self.not_seen),
            "waiting_for": list(self.waiting_for),
            "thresholds": {k: t.to_dict() for k, t in self.thresholds.items()},
        }

    def summary(self) -> str:
        """Say the verdict, the rule, the action and the owner in a few lines."""
        lines = [
            f"{self.verdict} ({self.light}) as of {self.as_of}",
            f"rule {self.rule.name}: {self.rule.words()}",
        ]
        if self.fired_by and self.rule.conditions:
            lines.append(f"fired by {', '.join(self.fired_by)}")
        lines.append(f"action: {self.action} ({self.owner or 'no owner named'})")
        lines.append(self.chance_note)
        lines += [f"waiting for {text}" for text in self.waiting_for]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return (
            f"<WarningResult as of {self.as_of}: {self.verdict} ({self.light}), rule "
            f"{self.rule.name}, {len(self.alerts)} "
            f"alert{'s' * (len(self.alerts) != 1)}>"
        )

    def _repr_html_(self) -> str:
        text = html.escape(self.summary()).replace("\n", "<br>")
        return f"<p>{text}</p>{self.frame().to_html(index=False)}"
