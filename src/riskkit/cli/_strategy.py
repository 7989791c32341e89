"""A strategy as tables for the screen: what decides, in order, and the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.cli._console import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import ConditionSpec, LimitSpec, RuleSpec, StrategySpec

__all__ = ["strategy_tables"]


def strategy_tables(spec: StrategySpec, strategy_id: str) -> Iterator[Any]:
    """Yield a table of the steps, and one of the limits if there are any."""
    when = [_when(rule) for rule in spec.rules]
    if spec.score_bands is not None:
        when += [f"{spec.score} in {label}" for label in spec.score_bands.labels()]
    when += [""] * (len(spec.steps) - len(when))
    rows = [
        (step.name, step.decision, step.reason, condition)
        for step, condition in zip(spec.steps, when, strict=True)
    ]
    title = f"strategy {spec.name!r} {strategy_id}"
    yield plain_table((title, "decision", "reason", "when"), rows, n_text=4)
    if spec.limits is not None:
        yield _limits(spec.limits)


def _when(rule: RuleSpec) -> str:
    parts = [_any_of(any_of) for any_of in rule.when]
    text = " and ".join(parts) or "always"
    fires = "; a missing value fires" if rule.missing == "fire" else ""
    return f"{text}{fires}"


def _any_of(any_of: Sequence[ConditionSpec]) -> str:
    text = " or ".join(_words(condition) for condition in any_of)
    return f"({text})" if len(any_of) > 1 else text


def _words(c: ConditionSpec) -> str:
    values = ", ".join(v if isinstance(v, str) else f"{v:.12g}" for v in c.values)
    return f"{c.field} {c.op} {values}".rstrip()


def _limits(spec: LimitSpec) -> Any:
    rows = [
        (
            band.name,
            f"{band.limit:.12g}",
            _number(band.income_multiple),
            _number(band.exposure_cap),
            _number(band.price),
        )
        for band in spec.bands
    ]
    headers = (f"limits by {spec.by}", "limit", "x income", "exposure cap", "price")
    return plain_table(headers, rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"
