"""From reference rows to bins and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.frames import numeric_column
from riskkit._core.params import check_int, check_option, check_real
from riskkit.artifact import BinnedSpec
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.monitoring._counts import Counts, Groups, count_feature, count_score
from riskkit.monitoring._learn import learn_levels, learn_numbers, special_groups
from riskkit.monitoring._partition import SCORE, Partition

if TYPE_CHECKING:
    from riskkit.artifact import SpecialGroup
    from riskkit.monitoring._sample import Rows
    from riskkit.typing import FloatArray

__all__ = ["BinRules", "fit_population", "read_direction"]

Direction = Literal["riskier", "safer"]


@dataclass(frozen=True)
class BinRules:
    """How bins are learned; the parameters of :meth:`Baseline.fit`."""

    given: dict[str, BinnedSpec]
    n_bins: int
    n_score_bands: int
    special_codes: Any
    categorical: frozenset[str]
    max_levels: int
    min_level_n: float

    def __post_init__(self) -> None:
        check_int("n_bins", self.n_bins, low=1)
        check_int("n_score_bands", self.n_score_bands, low=1)
        check_int("max_levels", self.max_levels, low=0)
        check_real("min_level_n", self.min_level_n, low=0)


def fit_population(
    rows: Rows, direction: Direction | None, rules: BinRules
) -> tuple[Partition, Counts]:
    """Learn the bins of each column and count it while it is at hand."""
    table = rows.table
    if rows.n_rows == 0:
        msg = "The reference must hold at least one row; got none."
        raise InvalidInputError(msg)
    Partition(tuple(rules.given.values()), None, None).check_columns(table.names)
    kinds = {
        name: "categorical" if name in rules.categorical else table.kind(name)
        for name in table.names
        if name not in rules.given
    }
    special = special_groups(rules.special_codes, kinds)
    everyone = Groups()
    features, parts = [], []
    for name, column in zip(table.names, table.columns, strict=True):
        item = rules.given.get(name)
        if item is None and kinds[name] == "numeric":
            column = numeric_column(column, name)
            item = _numeric(name, column, rows.weight, special[name], rules)
        elif item is None:
            item = _categorical(name, column, rows.weight, special[name], rules)
        features.append(item)
        parts.append(count_feature(item.feature, column, rows, everyone))
    bands, sums = None, {}
    if direction is not None:
        bands = _learn_bands(rows, rules.n_score_bands)
        of_score, by_group = count_score(bands.feature, rows, everyone)
        parts.append(of_score)
        sums = by_group[0]
    if not parts:
        msg = "X must hold at least one column; got none."
        raise InvalidInputError(msg)
    n, known, event = np.concatenate(parts, axis=2)[:, 0]
    return Partition(tuple(features), bands, direction), Counts(n, known, event, sums)


def read_direction(score: Any, direction: str | None, chances: Any) -> Direction | None:
    """Return what a higher score means, or None if there is neither score nor PD."""
    if direction is not None:
        check_option("score_direction", direction, ("riskier", "safer"))
    if score is not None:
        if direction is None:
            msg = (
                "score_direction must be said of a score: 'riskier' if a higher score "
                "is riskier (PD, log-odds), 'safer' if it is safer (points)."
            )
            raise InvalidParameterError(msg)
        return "safer" if direction == "safer" else "riskier"
    if direction == "safer":
        msg = "score_direction must be 'riskier' of a PD; got 'safer'."
        raise InvalidParameterError(msg)
    return None if chances is None else "riskier"


def _numeric(
    name: str,
    x: FloatArray,
    weight: FloatArray | None,
    special: tuple[SpecialGroup, ...],
    rules: BinRules,
) -> BinnedSpec:
    return BinnedSpec(learn_numbers(name, x, weight, rules.n_bins, special))


def _categorical(
    name: str,
    column: Any,
    weight: FloatArray | None,
    special: tuple[SpecialGroup, ...],
    rules: BinRules,
) -> BinnedSpec:
    feature = learn_levels(
        name, column, weight, rules.max_levels, rules.min_level_n, special
    )
    return BinnedSpec(feature)


def _learn_bands(rows: Rows, n_bands: int) -> BinnedSpec:
    name, score = (SCORE, rows.score) if rows.score is not None else ("pd", rows.pd)
    if score is None or np.isnan(score).all():
        msg = "score must be known of at least one row; it is missing in all of them."
        raise InvalidInputError(msg)
    return BinnedSpec(learn_numbers(name, score, rows.weight, n_bands))
