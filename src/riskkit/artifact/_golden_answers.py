"""What a model of PDs answers to its golden rows, column by column, by NumPy.

A scorer answers records by other code, one by one: golden rows hold it to these
formulas, not to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.artifact._blend import (
    BoostedMemberSpec,
    ForestMemberSpec,
    ScorecardMemberSpec,
)
from riskkit.artifact._features import assign_column
from riskkit.artifact._golden import GoldenRowSpec
from riskkit.artifact._golden_records import pd_records
from riskkit.artifact._pd_map_values import apply_pd_map
from riskkit.artifact._scorecard import ScorecardSpec
from riskkit.artifact._strategy_record import decide_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.artifact._blend import BlendSpec, MemberSpec
    from riskkit.artifact._features import FeatureSpec
    from riskkit.artifact._pd_map import PDMapSpec
    from riskkit.artifact._strategy import StrategySpec
    from riskkit.typing import FloatArray

    Columns = dict[str, Any]

__all__ = ["golden_rows"]


def golden_rows(
    model: ScorecardSpec | BlendSpec,
    kinds: Mapping[str, str],
    pd_map: PDMapSpec | None,
    strategy: StrategySpec | None,
) -> tuple[GoldenRowSpec, ...]:
    """Return records made from the model, with its answers; `kinds` of all fields."""
    import numpy as np

    records = pd_records(model, kinds, pd_map, strategy)
    columns = {
        name: np.array(
            [record[name] for record in records],
            dtype=np.float64 if kind == "numeric" else object,
        )
        for name, kind in kinds.items()
    }
    answers = _answers(model, pd_map, columns, len(records))
    rows = []
    for k, record in enumerate(records):
        answer = {
            name: values[k] if isinstance(values[k], str) else float(values[k])
            for name, values in answers.items()
        }
        if strategy is not None:
            answer |= _decided(strategy, {**record, **answer})
        rows.append(GoldenRowSpec(record, answer))
    return tuple(rows)


def _answers(
    model: ScorecardSpec | BlendSpec,
    pd_map: PDMapSpec | None,
    columns: Columns,
    n_rows: int,
) -> dict[str, Any]:
    from riskkit._kernels.grades import grade_of

    if isinstance(model, ScorecardSpec):
        pd, points, log_odds = _card(model, columns, n_rows)
    else:
        pd, points, log_odds = _blend(model, columns, n_rows)
    found: dict[str, Any] = {"pd": pd, "points": points, "log_odds": log_odds}
    if pd_map is None:
        return found
    import numpy as np

    x = pd if pd_map.scale == "pd" else log_odds
    segments = {name: columns[name] for name in pd_map.columns}
    found["pd"], interval = apply_pd_map(pd_map.steps, x, segments)
    if pd_map.grades is not None:
        grades = pd_map.grades
        place = grade_of(found["pd"], np.asarray(grades.edges))
        found["grade"] = [grades.labels[k] for k in place]
        found["grade_pd"] = [grades.pds[k] for k in place]
    if interval is not None:
        found["pd_low"], found["pd_high"] = interval.T
    return found


def _card(
    spec: ScorecardSpec, columns: Columns, n_rows: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    import numpy as np

    from riskkit._kernels.logistic import sigmoid

    points = np.full(n_rows, spec.offset_points, dtype=np.float64)
    for item in spec.characteristics:
        points += np.asarray(item.points)[_bins(item.feature, columns)]
    log_odds = _card_log_odds(spec, columns, n_rows)
    return sigmoid(log_odds), points, log_odds


def _card_log_odds(spec: ScorecardSpec, columns: Columns, n_rows: int) -> FloatArray:
    import numpy as np

    log_odds = np.full(n_rows, spec.intercept, dtype=np.float64)
    for item in spec.characteristics:
        log_odds += np.asarray(item.log_odds)[_bins(item.feature, columns)]
    return log_odds


def _blend(
    spec: BlendSpec, columns: Columns, n_rows: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    import numpy as np

    from riskkit._kernels.calibration import log_odds_of
    from riskkit._kernels.logistic import sigmoid
    from riskkit._kernels.points import points_line

    log_odds = np.zeros(n_rows)
    for member in spec.members:
        log_odds += member.weight * _member_log_odds(member, columns, n_rows)
    if spec.calibration is None:
        pd = sigmoid(log_odds)
    else:
        pd = apply_pd_map([spec.calibration], log_odds)[0]
        log_odds = log_odds_of(pd, is_pd=True)
    scaling = spec.scaling
    factor, offset = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    points = offset - factor * log_odds
    return pd, np.rint(points) if scaling.rounding == "integer" else points, log_odds


def _member_log_odds(member: MemberSpec, columns: Columns, n_rows: int) -> FloatArray:
    import numpy as np

    from riskkit._kernels.calibration import log_odds_of
    from riskkit._kernels.forest import forest_mean
    from riskkit._kernels.trees import sum_trees

    if isinstance(member, ScorecardMemberSpec):
        return _card_log_odds(member.card, columns, n_rows)
    codes = _codes(member, columns, n_rows)
    if isinstance(member, BoostedMemberSpec):
        return member.intercept + sum_trees(member.nodes.trees(), codes)
    share = forest_mean(member.nodes.forest(), codes)
    share = np.clip(share, member.floor, 1.0 - member.floor)
    return log_odds_of(share, is_pd=True)


def _codes(
    member: BoostedMemberSpec | ForestMemberSpec, columns: Columns, n_rows: int
) -> Any:
    import numpy as np

    coding = member.coding
    bins = [_bins(feature, columns) for feature in coding.features]
    codes = np.empty((n_rows, len(coding.columns)), dtype=np.float32)
    for k, column in enumerate(coding.columns):
        codes[:, k] = np.array(column.codes, dtype=np.float32)[bins[column.feature]]
    return codes


def _bins(feature: FeatureSpec, columns: Mapping[str, Any]) -> Any:
    return assign_column(feature, columns[feature.name])


def _decided(
    strategy: StrategySpec, values: Mapping[str, Any]
) -> dict[str, float | str | None]:
    decided = decide_record(strategy, values)
    words: dict[str, float | str | None] = {
        "decision": decided.step.decision,
        "decided_by": decided.step.name,
    }
    if decided.grant is not None:
        words["limit"] = decided.grant.limit
    return words
