"""Cohorts that are developing: counted by age, judged and tabulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import Columns, columns_of
from riskkit._core.dates import full_months, month_numbers
from riskkit.metrics import holm_adjust
from riskkit.monitoring._early_compare import Developing, compare
from riskkit.monitoring._maturity import cohorts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from riskkit.monitoring._early_ages import Ages
    from riskkit.monitoring._early_compare import Direction
    from riskkit.monitoring._early_curve import DevelopmentCurve
    from riskkit.monitoring._maturity import Cohort, MaturityRule
    from riskkit.monitoring._performance_tape import Segmentation
    from riskkit.typing import FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["Accounts", "Question", "early_tables"]

_AGE_STEP = 3  # months on book that are judged together
_NUMBERS = (
    "n", "mean_pd", "developed", "expected", "n_event", "actual_expected", "low",
    "high", "p_value", "projected_rate", "projected_rate_low", "projected_rate_high",
    "reference_events", "reason",
)  # fmt: skip
_PERIOD = ("period", "status", "matures_on", "months_on_book")


@dataclass(frozen=True)
class Question:
    """What is asked of every group."""

    curve: DevelopmentCurve
    alternative: Direction
    level: float

    def row(self, group: Developing, **names: Any) -> dict[str, Any]:
        """Return the comparison for a group beside what names it."""
        return names | compare(group, self.curve, self.alternative, self.level)


@dataclass(frozen=True)
class Accounts:
    """One entry an account; weights are those of the rows."""

    starts: Days
    ages: Ages
    pd: FloatArray
    weight: FloatArray

    def grouped(self, of_row: IntArray, n_groups: int, window: int) -> Developing:
        """Return sums by group and age; a group of -1 is left out."""
        shape = (n_groups, window + 1)
        inside = of_row >= 0
        cell = of_row[inside] * shape[1] + self.ages.age[inside]
        weight, is_event = self.weight[inside], self.ages.is_event[inside]
        parts = (weight, weight * self.pd[inside], weight * is_event)
        n, pd, event = (
            np.bincount(cell, part, minlength=n_groups * shape[1])
            .reshape(shape)
            .astype(np.float64)
            for part in parts
        )
        return Developing(n, pd, event)


def early_tables(
    accounts: Accounts,
    segments: Sequence[Segmentation],
    question: Question,
    rule: MaturityRule,
    as_of: np.datetime64,
    freq: str,
) -> tuple[dict[str, Columns], tuple[str, np.datetime64] | None]:
    """Return the tables, and the cohort that matures next."""
    months = month_numbers(accounts.starts)
    held, place = np.unique(months, return_inverse=True)
    cohorts = cohorts_of(held.tolist(), freq)
    of_month = np.repeat(np.arange(len(cohorts)), [len(c.months) for c in cohorts])
    of_row = of_month[place]
    groups = accounts.grouped(of_row, len(cohorts), rule.window)
    due = [rule.matures_on(cohort.end) for cohort in cohorts]
    is_mature = np.array([day <= as_of for day in due], dtype=np.bool_)
    is_old = groups.n[:, 1:].any(axis=1)
    is_open = ~is_mature & is_old
    status = np.select([is_mature, is_old], ["mature", "developing"], "too young")
    rows = [
        question.row(
            groups[i],
            period=cohort.label,
            status=str(status[i]),
            matures_on=due[i],
            months_on_book=_completed(cohort, rule, as_of),
        )
        for i, cohort in enumerate(cohorts)
    ]
    adjusted = holm_adjust([r["p_value"] for r in rows] * np.where(is_open, 1, np.nan))
    for entry, p_value in zip(rows, adjusted.tolist(), strict=True):
        entry["p_adjusted"] = p_value
    developing = groups[is_open].pooled()
    tables = {
        "total": columns_of([question.row(developing)], _NUMBERS),
        "periods": columns_of(rows, [*_PERIOD, *_NUMBERS, "p_adjusted"]),
        "ages": columns_of(
            [question.row(g, months_on_book=name) for name, g in _by_age(developing)],
            ["months_on_book", *_NUMBERS],
        ),
        "segments": columns_of(
            _by_segment(accounts, segments, is_open[of_row], question, rule.window),
            ["by", "segment", *_NUMBERS],
        ),
    }
    waiting = np.flatnonzero(~is_mature)
    first = (cohorts[waiting[0]].label, due[waiting[0]]) if waiting.size else None
    return tables, first


def _completed(cohort: Cohort, rule: MaturityRule, as_of: np.datetime64) -> int:
    """Return the months on book that all accounts of a cohort have been through."""
    until = rule.known_until(as_of)
    months = int(full_months(np.array([cohort.end]), until)[0])
    return min(max(months, 0), rule.window)


def _by_age(developing: Developing) -> Iterator[tuple[str, Developing]]:
    """Part the accounts by months on book, a quarter of a year at a time."""
    n_ages = developing.n.size
    age = np.arange(n_ages)
    for first in range(1, n_ages, _AGE_STEP):
        last = min(first + _AGE_STEP - 1, n_ages - 1)
        inside = (age >= first) & (age <= last)
        if (developing.n * inside).any():
            parts = (developing.n, developing.pd, developing.event)
            name = f"{first}-{last}" if last > first else f"{first}"
            yield name, Developing(*(part * inside for part in parts))


def _by_segment(
    accounts: Accounts,
    segments: Sequence[Segmentation],
    is_open: Any,
    question: Question,
    window: int,
) -> list[dict[str, Any]]:
    rows = []
    for by in segments:
        of_row = np.where(is_open, by.of_row, -1)
        groups = accounts.grouped(of_row, len(by.levels), window)
        rows += [
            question.row(groups[i], by=by.name, segment=name)
            for i, name in enumerate(by.levels)
        ]
    return rows
