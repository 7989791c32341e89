"""One record through a blend: the bins once, then every member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from riskkit._kernels.points import points_line
from riskkit.artifact import BoostedMemberSpec, ForestMemberSpec
from riskkit.serving._bins import BinReader
from riskkit.serving._forest import ForestPlan
from riskkit.serving._logistic import log_probabilities, sigmoid
from riskkit.serving._pd_plan import plan_curve
from riskkit.serving._result import Reason
from riskkit.serving._trees import BoostedPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import BlendSpec, FeatureSpec, ScorecardMemberSpec
    from riskkit.artifact._blend import MemberSpec
    from riskkit.serving._plan import Parts, Score

__all__ = ["BlendPlan"]

_FLAT = 1e-12  # log-odds closer than this to the base are not stretched


class _Member(Protocol):
    """A member laid out for records."""

    def log_odds(self, bins: Sequence[int]) -> float:
        """Return the log-odds of a record by its bins."""

    def parts(self, bins: Sequence[int]) -> Parts:
        """Return parts that add up to the log-odds."""


class BlendPlan:
    """A blend laid out for records."""

    def __init__(self, spec: BlendSpec) -> None:
        places: dict[FeatureSpec, int] = {}
        for member in spec.members:
            for feature in member.features:
                places.setdefault(feature, len(places))
        self._bins = BinReader(list(places))
        self._members = [
            (m.weight, _plan(m, [places[f] for f in m.features])) for m in spec.members
        ]
        order = {name: k for k, name in enumerate(spec.names)}
        self._fields = [[order[f.name] for f in m.features] for m in spec.members]
        self._names, self._reference = spec.names, spec.reference
        calibration = spec.calibration
        self._curve = None if calibration is None else plan_curve(calibration)
        scaling = spec.scaling
        self._factor, self._offset = points_line(
            scaling.pdo, scaling.base_points, scaling.base_odds
        )
        self._whole = scaling.rounding == "integer"

    def score(self, record: dict[str, Any], n_reasons: int) -> Score:
        """Return PD, points, log-odds and reasons; KeyError if a field is absent."""
        bins = self._bins.read(record)
        raw = self._raw(bins)
        pd, log_odds = self._calibrated(raw)
        points = self._offset - self._factor * log_odds
        if self._whole:
            points = float(round(points))
        reasons = self._reasons(bins, raw, log_odds, n_reasons) if n_reasons else ()
        return pd, points, log_odds, reasons

    def raw(self, record: dict[str, Any]) -> float:
        """Return the log-odds of a record before any calibration."""
        return self._raw(self._bins.read(record))

    def parts(self, record: dict[str, Any]) -> Parts:
        """Return a base, and what each field adds to it before any calibration."""
        return self._parts(self._bins.read(record))

    def _raw(self, bins: Sequence[int]) -> float:
        raw = 0.0
        for weight, member in self._members:
            raw += weight * member.log_odds(bins)
        return raw

    def _parts(self, bins: Sequence[int]) -> Parts:
        base, values = 0.0, [0.0] * len(self._names)
        for (weight, member), fields in zip(self._members, self._fields, strict=True):
            start, added = member.parts(bins)
            base += weight * start
            for k, value in zip(fields, added, strict=True):
                values[k] += weight * value
        return base, values

    def _calibrated(self, raw: float) -> tuple[float, float]:
        """Return the PD and its log-odds, for log-odds of the members."""
        if self._curve is None:
            return sigmoid(raw), raw
        pd = self._curve(raw)
        log_p, log_q = log_probabilities(pd)
        return pd, log_p - log_q

    def _reasons(
        self, bins: Sequence[int], raw: float, log_odds: float, n_reasons: int
    ) -> tuple[Reason, ...]:
        """Return where the account loses most against the reference, most first."""
        base, values = self._parts(bins)
        slope = 1.0
        if self._curve is not None and abs(raw - base) >= _FLAT:
            slope = (log_odds - self._calibrated(base)[1]) / (raw - base)
        losses = []
        for k, (value, mean) in enumerate(zip(values, self._reference, strict=True)):
            lost = self._factor * (slope * value - mean)
            if lost > 0:
                losses.append((-lost, k))
        losses.sort()
        return tuple(
            [
                Reason(self._names[k], self._names[k], -lost)
                for lost, k in losses[:n_reasons]
            ]
        )


class _CardMember:
    """A scorecard as a member: its terms, measured from their means."""

    def __init__(self, spec: ScorecardMemberSpec, places: Sequence[int]) -> None:
        card = spec.card
        terms = [item.log_odds for item in card.characteristics]
        self._terms = list(zip(places, terms, spec.means, strict=True))
        self._start = card.intercept
        self._base = card.intercept + sum(spec.means)

    def log_odds(self, bins: Sequence[int]) -> float:
        """Return the log-odds of a record by its bins."""
        total = self._start
        for place, terms, _ in self._terms:
            total += terms[bins[place]]
        return total

    def parts(self, bins: Sequence[int]) -> Parts:
        """Return parts that add up to the log-odds."""
        added = [terms[bins[place]] - mean for place, terms, mean in self._terms]
        return self._base, added


def _plan(member: MemberSpec, places: list[int]) -> _Member:
    if isinstance(member, BoostedMemberSpec):
        return BoostedPlan(member, places)
    if isinstance(member, ForestMemberSpec):
        return ForestPlan(member, places)
    return _CardMember(member, places)
