"""The lights of a run: thresholds, many questions at once, and persistence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.params import check_int, check_option
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.metrics import holm_adjust
from riskkit.monitoring._warning_rules import VerdictRule
from riskkit.monitoring._warning_threshold import LIGHTS, Light, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskkit.monitoring._warning_measurement import Measurement

__all__ = ["WarningPolicy"]


@dataclass(frozen=True)
class WarningPolicy:
    """What turns measurements into lights; the parameters of `EarlyWarning`."""

    thresholds: dict[str, Threshold]
    rules: tuple[VerdictRule, ...]
    persistence: tuple[int, int]
    multiplicity: Literal["by_measure", "all", "none"]

    def __post_init__(self) -> None:
        for name, threshold in self.thresholds.items():
            if not isinstance(name, str) or not isinstance(threshold, Threshold):
                msg = (
                    "thresholds must be a mapping from the name of a measure to "
                    f"Threshold; got {type(name).__name__} to "
                    f"{type(threshold).__name__}."
                )
                raise InvalidTypeError(msg)
        if not self.rules or not all(isinstance(r, VerdictRule) for r in self.rules):
            msg = f"rules must be VerdictRule objects, at least one; got {self.rules}."
            raise InvalidTypeError(msg)
        if self.rules[-1].conditions:
            msg = "The last rule must fire always; give it no conditions."
            raise InvalidParameterError(msg)
        check_option("multiplicity", self.multiplicity, ("by_measure", "all", "none"))
        self._check_persistence()

    def judge(
        self, measured: Sequence[Measurement], before: Sequence[Mapping[str, Any]]
    ) -> tuple[list[dict[str, Any]], str]:
        """Return a row for each measurement, and how many lights may be false.

        `before` are the former runs, in the order of time.
        """
        asked = [self._is_asked(item) for item in measured]
        rows = []
        for item, p_value in zip(
            measured, self._adjusted(measured, asked), strict=True
        ):
            threshold = self.thresholds[item.name]
            raw, why = threshold.judge(item, p_value)
            light, counted = raw, ""
            if not threshold.at_once:
                light, counted = self._confirmed(item.key, raw, before)
            if item.note and raw in ("amber", "red"):
                why = item.note
            rows.append(
                {
                    "key": item.key,
                    "name": item.name,
                    "of": item.of,
                    "role": threshold.role,
                    "value": item.value,
                    "p_value": item.p_value,
                    "p_adjusted": p_value,
                    "n": item.n,
                    "n_event": item.n_event,
                    "raw": raw,
                    "light": light,
                    "why": why + counted,
                    "action": threshold.action,
                    "owner": threshold.owner,
                }
            )
        put = [item.name for item, ask in zip(measured, asked, strict=True) if ask]
        return rows, self._chance_note(put)

    def _is_asked(self, item: Measurement) -> bool:
        """Return whether chance is asked about it in this run."""
        threshold = self.thresholds[item.name]
        if item.p_value is None or threshold.p_amber is None:
            return False
        return threshold.judge(item)[0] != "not_evaluable"

    def _adjusted(
        self, measured: Sequence[Measurement], asked: Sequence[bool]
    ) -> list[float | None]:
        p_values = np.array(
            [
                m.p_value if ask else np.nan
                for m, ask in zip(measured, asked, strict=True)
            ],
            dtype=np.float64,
        )
        if self.multiplicity == "all":
            p_values = holm_adjust(p_values)
        elif self.multiplicity == "by_measure":
            names = np.array([item.name for item in measured], dtype=object)
            for name in set(names):
                p_values[names == name] = holm_adjust(p_values[names == name])
        return [
            float(p_value) if ask else item.p_value
            for p_value, ask, item in zip(p_values, asked, measured, strict=True)
        ]

    def _confirmed(
        self, key: str, raw: Light, before: Sequence[Mapping[str, Any]]
    ) -> tuple[Light, str]:
        """Return the light that counts, and what persistence had to do with it."""
        if raw == "not_evaluable":
            return raw, ""
        needed, runs = self.persistence
        seen = [
            measure["raw"]
            for run in before
            for measure in run["measures"]
            if measure["key"] == key and measure["raw"] != "not_evaluable"
        ]
        recent = [*seen, raw][-runs:]
        needed = min(needed, len(recent))
        light: Light = "green"
        for word in ("amber", "red"):
            worse = LIGHTS[LIGHTS.index(word) :]
            if sum(other in worse for other in recent) >= needed:
                light = "red" if word == "red" else "amber"
        if raw == "red" and light == "green":
            light = "amber"  # what may become red is watched at once
        if light == raw:
            return light, ""
        return light, f"; {raw} now, {light} by the last {len(recent)} runs"

    def _chance_note(self, asked: Sequence[str]) -> str:
        """Say how many ambers are to be expected if nothing has changed at all.

        They are fewer, since a size must be beyond its limit as well.
        """
        if not asked:
            return "no question was put to chance"
        many = f"{len(asked)} p-value{'s' * (len(asked) != 1)}"
        if self.multiplicity == "none":
            return (
                f"{many}, not adjusted: at most {self._expected(asked):.2f} false "
                "ambers are to be expected"
            )
        if self.multiplicity == "all":
            largest = max(self._expected([name]) for name in asked)
            return (
                f"{many}, adjusted after Holm: the chance of any false amber is at "
                f"most {largest:.0%}"
            )
        names = set(asked)
        return (
            f"{many} of {len(names)} measure{'s' * (len(names) != 1)}, adjusted after "
            f"Holm within each: at most {self._expected(names):.2f} falsely amber "
            "measures are to be expected"
        )

    def _expected(self, names: Iterable[str]) -> float:
        return sum(self.thresholds[name].p_amber or 0.0 for name in names)

    def _check_persistence(self) -> None:
        given = self.persistence
        if not isinstance(given, tuple) or len(given) != 2:
            msg = f"persistence must be a tuple of two numbers (n, m); got {given!r}."
            raise InvalidParameterError(msg)
        needed, runs = given
        check_int("persistence", needed, low=1)
        check_int("persistence", runs, low=1)
        if needed > runs:
            msg = f"persistence must ask for at most as many as it counts; got {given}."
            raise InvalidParameterError(msg)
