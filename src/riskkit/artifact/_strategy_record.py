"""What a strategy decides on one record, by plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from riskkit._core.field_values import read_level, read_number
from riskkit.artifact._strategy_fields import read_value
from riskkit.artifact._strategy_limits import LIMITED_BY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.artifact._strategy import StrategySpec, StrategyStep
    from riskkit.artifact._strategy_limits import LimitBandSpec, LimitSpec

__all__ = ["RecordDecision", "RecordGrant", "decide_record", "grant_record"]


class RecordGrant(NamedTuple):
    """What one record is granted.

    Parameters
    ----------
    limit : float
        The amount.

    limited_by : str
        What holds it down.

    band : LimitBandSpec or None
        The band; None where the score or grade is in none.
    """

    limit: float
    limited_by: str
    band: LimitBandSpec | None


class RecordDecision(NamedTuple):
    """What is decided on one record.

    Parameters
    ----------
    step : StrategyStep
        What decided.

    reason : str
        Its reason; of somebody to whom no limit is granted also what held it down.

    fired : tuple of str
        Names of the rules that fired.

    grant : RecordGrant or None
        What is granted, where a strategy with limits approves.
    """

    step: StrategyStep
    reason: str
    fired: tuple[str, ...]
    grant: RecordGrant | None


def decide_record(spec: StrategySpec, record: Mapping[str, object]) -> RecordDecision:
    """Return what a strategy decides on a record.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.

    record : mapping of str to object
        A value for every field of the strategy; unknown ones as None.

    Returns
    -------
    decision : RecordDecision
        The step that decides, its reason, the rules that fired, and the grant.

    Raises
    ------
    KeyError
        If a field is absent.
    InvalidTypeError, InvalidInputError
        If a value cannot be read as its field is.

    Examples
    --------
    >>> from riskkit.artifact import decide_record
    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(bands=[
    ...     {"from": 600, "decision": "approve"}, {"to": 600, "decision": "decline"}])
    >>> decide_record(strategy.spec, {"points": 580}).step.decision
    'decline'
    """
    # A record may make up absent fields; what is read is read once, for all rules.
    values = {
        name: read_value(name, record[name], kind) for name, kind in spec.kinds.items()
    }
    fired = [
        place
        for place, region in enumerate(spec.regions)
        if any(
            all(held.holds(values[name]) for name, held in box.items())  # type: ignore[arg-type]
            for box in region
        )
    ]
    place = spec.otherwise
    if fired:
        place = fired[0]
    elif spec.score_bands is not None:
        found = spec.score_bands.place(read_number(record[spec.score], spec.score))
        place = place if found < 0 else len(spec.rules) + found
    names = tuple([spec.rules[k].name for k in fired])
    step = spec.steps[place]
    if step.decision != "approve" or spec.limits is None:
        return RecordDecision(step, step.reason, names, None)
    grant = grant_record(spec.limits, record)
    if grant.limit:
        return RecordDecision(step, step.reason, names, grant)
    step = spec.steps[-1]
    return RecordDecision(step, step.because(grant.limited_by), names, None)


def grant_record(spec: LimitSpec, record: Mapping[str, object]) -> RecordGrant:
    """Return what a limit policy grants to a record.

    Parameters
    ----------
    spec : LimitSpec
        The policy.

    record : mapping of str to object
        A value for every field of the policy; unknown ones as None.

    Returns
    -------
    grant : RecordGrant
        The limit, what holds it down, and the band.

    Raises
    ------
    KeyError
        If a field is absent.
    InvalidTypeError, InvalidInputError
        If a value cannot be read as its field is.

    Examples
    --------
    >>> from riskkit.artifact import grant_record
    >>> from riskkit.decision import LimitPolicy
    >>> grant_record(LimitPolicy([{"limit": 500}]).spec, {"points": 600}).limit
    500.0
    """
    value = record[spec.by]
    if spec.score_bands is None:
        place = spec.band_of_level(read_level(value, spec.by))
    else:
        place = spec.score_bands.place(read_number(value, spec.by))
    limit, by = spec.grant(place, lambda name: read_number(record[name], name))
    return RecordGrant(limit, LIMITED_BY[by], None if place < 0 else spec.bands[place])
