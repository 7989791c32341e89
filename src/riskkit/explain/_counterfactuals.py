"""What would have to change for an account to reach a target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_option, check_real
from riskkit._kernels.logistic import sigmoid
from riskkit.exceptions import InvalidParameterError
from riskkit.explain._card import (
    find_bins,
    read_card,
    row_labels,
    unknown_characteristics,
)
from riskkit.explain._changes import (
    AccountChanges,
    Change,
    ChangeSet,
    CounterfactualResult,
)
from riskkit.explain._moves import cheapest_sets, moves_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import FeatureSpec, ScorecardSpec
    from riskkit.explain._moves import Move

__all__ = ["counterfactuals"]

_DIRECTIONS = ("any", "up", "down")


def counterfactuals(
    model: Any,
    X: Any,
    *,
    actionable: Sequence[str] | Mapping[str, str],
    target_points: float | None = None,
    target_pd: float | None = None,
    max_changes: int = 2,
    n_sets: int = 3,
) -> CounterfactualResult:
    """Return the least changes by which each account would have reached a target.

    Only characteristics named as actionable change, and only to values that people
    have: an interval or a group of levels, never a missing value or a special code.
    All sets of at most `max_changes` characteristics are searched, so a target that
    is stated to be out of reach is out of reach.

    Parameters
    ----------
    model : ScorecardClassifier or ExpertScorecard
        A fitted scorecard.

    X : frame or array-like of shape (n_samples, n_features)
        Accounts; columns of a frame are matched by name.

    actionable : sequence of str, or dict of str to {"any", "up", "down"}
        Characteristics that an applicant can change; a dict also says in which
        direction a number may move. With a direction, an account whose value is
        missing or a special code has nothing to move from.

    target_points : float, optional
        Points to reach. Either this or `target_pd` is given.

    target_pd : float, optional
        PD to come down to, between 0 and 1.

    max_changes : int, default=2
        Most characteristics that change together.

    n_sets : int, default=3
        Most alternatives for each account.

    Returns
    -------
    result : CounterfactualResult
        With ``.frame()`` and ``.to_dict()``; alternatives stand cheapest first.

    Raises
    ------
    InvalidParameterError
        If both targets or none are given, nothing is actionable, a name is no
        characteristic of the scorecard, or a category has a direction.
    InvalidTypeError
        If the model is no scorecard.

    See Also
    --------
    reason_codes : What costs an account the most points.

    Notes
    -----
    The cheapest set changes the fewest characteristics; among those it moves the
    fewest bins in all (a change of level, or from an unknown value to a known one,
    is one move), then gains most, then stands first in the scorecard. A set that
    contains a sufficient smaller one is not reported.

    The scorecard describes accounts as they were. It does not promise that an
    applicant who changes a value becomes as safe as those who had it.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.explain import counterfactuals
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> X = pd.DataFrame({"delays": [3, 0, 1, 0] * 50, "age": [25, 35, 45, 55] * 50})
    >>> y = ([1, 0, 1, 0] * 25) + ([1, 0, 0, 0] * 25)
    >>> card = ScorecardClassifier().fit(X, y)
    >>> result = counterfactuals(
    ...     card, X.head(2), actionable={"delays": "down"}, target_points=500)
    >>> result.frame()[["account", "status", "now", "change"]]
       account    status       now               change
    0        0  possible  (2, inf)  delays: at most 0.5
    1        1   reached       NaN                  NaN
    """
    spec = read_card(model, "counterfactuals")
    check_int("max_changes", max_changes, low=1)
    check_int("n_sets", n_sets, low=1)
    directions = _read_actionable(actionable, spec)
    _check_target(target_points, target_pd)
    scale = _Scale(spec, target_points, target_pd)
    n_rows, codes = find_bins(model, spec, X)
    bins = np.column_stack([c.astype(np.intp) for c in codes])
    accounts = row_labels(X)
    labels = range(n_rows) if accounts is None else accounts.tolist()
    seen: dict[tuple[int, ...], tuple[str, float, tuple[ChangeSet, ...]]] = {}
    rows = []
    for label, row in zip(labels, map(tuple, bins.tolist()), strict=True):
        if row not in seen:  # accounts in the same bins are told the same
            seen[row] = _search(spec, row, directions, scale, max_changes, n_sets)
        rows.append(AccountChanges(label, *seen[row]))
    return CounterfactualResult(
        tuple(rows), target_points, target_pd, tuple(directions.items()), max_changes
    )


class _Scale:
    """Scores by bins on the scale of the target, where up is safer."""

    def __init__(
        self,
        spec: ScorecardSpec,
        target_points: float | None,
        target_pd: float | None,
    ) -> None:
        self.points = [item.points for item in spec.characteristics]
        self.log_odds = [item.log_odds for item in spec.characteristics]
        self.spec = spec
        self.target_pd = target_pd
        if target_pd is None:
            self.worth = self.points
            self.target = float(target_points)  # type: ignore[arg-type]
        else:
            self.worth = [tuple(-term for term in terms) for terms in self.log_odds]
            self.target = math.log1p(-target_pd) - math.log(target_pd)

    def points_at(self, bins: Sequence[int]) -> float:
        """Return the points, added in the order of the scorer."""
        return _add(self.spec.offset_points, self.points, bins)

    def pd_at(self, bins: Sequence[int]) -> float:
        """Return the PD, to the bit of the scorer."""
        log_odds = _add(self.spec.intercept, self.log_odds, bins)
        return float(sigmoid(np.array([log_odds]))[0])

    def need(self, bins: Sequence[int]) -> float:
        """Return what is lacking to the target."""
        if self.target_pd is None:
            return self.target - self.points_at(bins)
        return self.target + _add(self.spec.intercept, self.log_odds, bins)

    def reached(self, bins: Sequence[int]) -> bool:
        """Return whether an account in these bins is where it should be."""
        if self.target_pd is None:
            return self.points_at(bins) >= self.target
        return self.pd_at(bins) <= self.target_pd


def _add(start: float, terms: Sequence[Sequence[float]], bins: Sequence[int]) -> float:
    total = start
    for values, bin_ in zip(terms, bins, strict=True):
        total += values[bin_]
    return total


def _search(
    spec: ScorecardSpec,
    row: tuple[int, ...],
    directions: Mapping[str, str],
    scale: _Scale,
    max_changes: int,
    n_sets: int,
) -> tuple[str, float, tuple[ChangeSet, ...]]:
    points = scale.points_at(row)
    if scale.reached(row):
        return "reached", points, ()
    options = [
        moves_from(
            item.feature,
            position,
            row[position],
            scale.worth[position],
            directions[item.feature.name],
        )
        for position, item in enumerate(spec.characteristics)
        if item.feature.name in directions
    ]

    def reaches(moved: Mapping[int, int]) -> bool:
        return scale.reached(_after(row, moved))

    found = cheapest_sets(options, scale.need(row), max_changes, n_sets, reaches)
    if not found:
        return "out of reach", points, ()
    return "possible", points, tuple(_describe(spec, row, s, scale) for s in found)


def _after(row: Sequence[int], moved: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(moved.get(position, bin_) for position, bin_ in enumerate(row))


def _describe(
    spec: ScorecardSpec, row: Sequence[int], moves: Sequence[Move], scale: _Scale
) -> ChangeSet:
    after = _after(row, {move.position: move.bin_ for move in moves})
    changes = []
    for move in moves:
        item = spec.characteristics[move.position]
        changes.append(
            Change(
                characteristic=item.feature.name,
                now=item.feature.labels[row[move.position]],
                target=item.feature.labels[move.bin_],
                text=_words(item.feature, move.bin_),
                points_gained=item.points[move.bin_] - item.points[row[move.position]],
            )
        )
    return ChangeSet(tuple(changes), scale.points_at(after), scale.pd_at(after))


def _words(feature: FeatureSpec, bin_: int) -> str:
    if feature.kind == "categorical":
        levels = feature.levels[bin_]
        what = ", ".join(levels)
        return f"{feature.name}: {what if len(levels) == 1 else f'one of {what}'}"
    parts = []
    if bin_ > 0:
        parts.append(f"more than {_amount(feature.edges[bin_ - 1])}")
    if bin_ < len(feature.edges):
        parts.append(f"at most {_amount(feature.edges[bin_])}")
    return f"{feature.name}: {' and '.join(parts) or 'any known value'}"


def _amount(edge: float) -> str:
    """Return an edge as people write it; its label has the last digit."""
    if edge.is_integer() and abs(edge) < 1e15:
        return str(int(edge))
    return f"{edge:.10g}"


def _read_actionable(
    actionable: Sequence[str] | Mapping[str, str], spec: ScorecardSpec
) -> dict[str, str]:
    if isinstance(actionable, Mapping):
        directions = dict(actionable)
    elif isinstance(actionable, str):
        directions = {}
    else:
        directions = dict.fromkeys(actionable, "any")
    if not directions:
        msg = (
            "actionable must name at least one characteristic; got "
            f"{'a text' if isinstance(actionable, str) else 'none'}. Give a list of "
            "names, or {'name': 'up'}."
        )
        raise InvalidParameterError(msg)
    unknown_characteristics(directions, spec.features, "actionable")
    kinds = {item.feature.name: item.feature.kind for item in spec.characteristics}
    for name, direction in directions.items():
        check_option(f"actionable[{name!r}]", direction, _DIRECTIONS)
        if direction != "any" and kinds[name] == "categorical":
            msg = (
                f"Levels have no direction: actionable[{name!r}] must be 'any'; got "
                f"{direction!r}."
            )
            raise InvalidParameterError(msg)
    # In the order of the scorecard, whatever order they were named in.
    return {name: directions[name] for name in spec.features if name in directions}


def _check_target(target_points: float | None, target_pd: float | None) -> None:
    if (target_points is None) == (target_pd is None):
        came = "none" if target_pd is None else "both"
        msg = f"One of target_points and target_pd must be given; got {came}."
        raise InvalidParameterError(msg)
    check_real("target_points", target_points, none_allowed=True)
    check_real("target_pd", target_pd, low=0.0, high=1.0, none_allowed=True)
    if target_pd in (0.0, 1.0):
        msg = f"target_pd must lie between 0 and 1; got {target_pd!r}."
        raise InvalidParameterError(msg)
