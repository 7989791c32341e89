"""Scorecards, boosted trees, blends and calibrations as ONNX operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.calibration import log_odds_of
from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.points import points_line
from riskkit.artifact import (
    BoostedMemberSpec,
    ForestMemberSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    ScorecardSpec,
    SegmentedMapSpec,
    apply_pd_map,
)
from riskkit.exceptions import InvalidParameterError
from riskkit.export._sql_cuts import cuts_below

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit.artifact import (
        Artifact,
        BlendSpec,
        CalibrationSpec,
        NodesSpec,
        ScorecardMemberSpec,
    )
    from riskkit.export._onnx_graph import Graph
    from riskkit.typing import FloatArray

    MemberSpec = BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec
    Curve = Callable[[FloatArray], FloatArray]

__all__ = ["add_model"]

# Leaves may be added in another order, which moves log-odds by some 1e-14. Whoever
# stands on a border must not cross it for that.
_SLACK = 1e-11


def add_model(graph: Graph, artifact: Artifact) -> None:
    """Add a model to a graph, from its fields to everything that it answers."""
    model = artifact.model
    if isinstance(model, ScorecardSpec):
        z, points = _card(graph, model)
        pd, log_odds, slack = graph.sigmoid(z), z, 0.0
    else:
        z = _raw(graph, model)
        pd, log_odds = _calibrated(graph, model, z)
        points, slack = _points(graph, model, log_odds), _SLACK
    chain = _Chain(graph, artifact, z, slack)
    chain.run(pd, log_odds)
    graph.output("pd", chain.pd)
    graph.output("points", points)
    graph.output("log_odds", log_odds)
    grades = None if artifact.pd_map is None else artifact.pd_map.grades
    if grades is not None:
        place = chain.place(len(chain.steps), grades.edges[1:-1])
        graph.output("grade", graph.look_up(grades.labels, place, object), is_text=True)
        graph.output("grade_pd", graph.look_up(grades.pds, place))
    if chain.ends is not None:
        graph.output("pd_low", chain.ends[0])
        graph.output("pd_high", chain.ends[1])


def _card(graph: Graph, spec: ScorecardSpec) -> tuple[str, str]:
    """Return log-odds and points, added in the order of the characteristics."""
    log_odds = graph.constant(spec.intercept)
    points = graph.constant(spec.offset_points)
    for item in spec.characteristics:
        index = graph.bins(item.feature)
        log_odds = graph.add(log_odds, graph.look_up(item.log_odds, index))
        points = graph.add(points, graph.look_up(item.points, index))
    return log_odds, points


def _raw(graph: Graph, spec: BlendSpec) -> str:
    """Return the weighted log-odds of the members."""
    raw = graph.constant(0.0)
    for member in spec.members:
        raw = graph.add(raw, graph.times(_member(graph, member), member.weight))
    return raw


def _member(graph: Graph, member: MemberSpec) -> str:
    if not isinstance(member, (BoostedMemberSpec, ForestMemberSpec)):
        return _card(graph, member.card)[0]
    coding = member.coding
    columns = []
    for column in coding.columns:
        codes = [np.nan if code is None else float(code) for code in column.codes]
        index = graph.bins(coding.features[column.feature])
        columns.append(graph.look_up(codes, index))
    total = graph.trees(graph.side_by_side(columns), **_tree_attributes(member.nodes))
    if isinstance(member, BoostedMemberSpec):
        return graph.add(graph.constant(member.intercept), total)
    share = graph.node("Div", total, graph.constant(float(member.nodes.n_trees)))
    log_p, log_q = graph.logs(graph.limited(share, member.floor, 1.0 - member.floor))
    return graph.subtract(log_p, log_q)


def _tree_attributes(nodes: NodesSpec) -> dict[str, Any]:
    """Return the trees as ONNX lays them out: splits and leaves apart."""
    from onnx import numpy_helper

    roots: list[int] = []
    column: list[int] = []
    threshold: list[float] = []
    missing_left: list[int] = []
    # The child of each side, and whether it is a leaf.
    to_left: list[tuple[int, int]] = []
    to_right: list[tuple[int, int]] = []
    leaves: list[float] = []
    for tree in nodes.trees():
        is_split = tree.column >= 0
        first_split, first_leaf = len(column), len(leaves)
        place = np.where(
            is_split,
            first_split + np.cumsum(is_split) - 1,
            first_leaf + np.cumsum(~is_split) - 1,
        )
        roots.append(first_split)
        leaves += tree.value[~is_split].tolist()
        if not is_split[0]:  # a tree that says the same of every row
            column.append(0)
            threshold.append(0.0)
            missing_left.append(1)
            to_left.append((first_leaf, 1))
            to_right.append((first_leaf, 1))
            continue
        column += tree.column[is_split].tolist()
        threshold += tree.threshold[is_split].tolist()
        missing_left += tree.missing_left[is_split].astype(int).tolist()
        for side, child in ((to_left, tree.left), (to_right, tree.right)):
            of_splits = child[is_split]
            is_leaf = (~is_split[of_splits]).astype(int)
            side += zip(place[of_splits].tolist(), is_leaf.tolist(), strict=True)
    below_or_equal = np.zeros(len(column), dtype=np.uint8)
    return {
        "n_targets": 1,
        "aggregate_function": 1,  # the sum
        "post_transform": 0,
        "tree_roots": roots,
        "nodes_featureids": column,
        "nodes_splits": numpy_helper.from_array(np.array(threshold)),
        "nodes_modes": numpy_helper.from_array(below_or_equal),
        "nodes_missing_value_tracks_true": missing_left,
        "nodes_truenodeids": [child for child, _ in to_left],
        "nodes_trueleafs": [is_leaf for _, is_leaf in to_left],
        "nodes_falsenodeids": [child for child, _ in to_right],
        "nodes_falseleafs": [is_leaf for _, is_leaf in to_right],
        "leaf_targetids": [0] * len(leaves),
        "leaf_weights": numpy_helper.from_array(np.array(leaves)),
    }


def _calibrated(graph: Graph, spec: BlendSpec, raw: str) -> tuple[str, str]:
    """Return the PD and its log-odds, for log-odds of the members."""
    if spec.calibration is None:
        return graph.sigmoid(raw), raw

    def curve(z: FloatArray) -> FloatArray:
        return z

    def place(borders: Sequence[float], strictly: bool) -> str:
        cuts = cuts_below(curve, borders, strictly=strictly)
        return graph.count_above(raw, [cut + _SLACK for cut in cuts])

    pd, _ = _mapped(graph, spec.calibration, raw, place)
    log_p, log_q = graph.logs(pd)
    return pd, graph.subtract(log_p, log_q)


def _points(graph: Graph, spec: BlendSpec, log_odds: str) -> str:
    scaling = spec.scaling
    factor, offset = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    lost = graph.times(log_odds, factor)
    points = graph.subtract(graph.constant(offset), lost)
    return graph.node("Round", points) if scaling.rounding == "integer" else points


class _Chain:
    """The steps of a PD map, one after the other.

    Where a step function or a grade begins is decided on the log-odds before any
    exponential, as in SQL: these have the same bits, PDs might not.
    """

    def __init__(self, graph: Graph, artifact: Artifact, z: str, slack: float) -> None:
        pd_map = artifact.pd_map
        self._graph, self._artifact, self._z, self._slack = graph, artifact, z, slack
        self.steps = () if pd_map is None else pd_map.steps
        self._scale = "pd" if pd_map is None else pd_map.scale
        self.pd = ""
        self.ends: tuple[str, str] | None = None

    def run(self, pd: str, log_odds: str) -> None:
        """Add all steps."""
        x = pd if self._scale == "pd" else log_odds
        for k, step in enumerate(self.steps):
            if isinstance(step, SegmentedMapSpec):
                msg = (
                    "PDs that are calibrated by segment cannot be written as ONNX; "
                    f"this model does so by {step.column!r}. Use to_python or to_sql."
                )
                raise InvalidParameterError(msg)
            before = self.ends

            def place(borders: Sequence[float], strictly: bool, k: int = k) -> str:
                return self.place(k, borders, strictly=strictly)

            x, ends = _mapped(self._graph, step, x, place)
            if ends is not None:
                self.ends = ends
            elif before is not None:
                low, high = (self._of_end(step, end) for end in before)
                self.ends = low, high
        self.pd = x

    def place(
        self, n_steps: int, borders: Sequence[float], *, strictly: bool = False
    ) -> str:
        """Return how many borders the PD after some steps lies above."""

        def curve(z: FloatArray) -> FloatArray:
            return apply_pd_map(self.steps[:n_steps], self._given(z))[0]

        cuts = cuts_below(curve, borders, strictly=strictly)
        return self._graph.count_above(self._z, [cut + self._slack for cut in cuts])

    def _given(self, z: FloatArray) -> FloatArray:
        """Return what the first step is given."""
        model = self._artifact.model
        if isinstance(model, ScorecardSpec) or model.calibration is None:
            return sigmoid(z) if self._scale == "pd" else z
        pd = apply_pd_map([model.calibration], z)[0]
        return pd if self._scale == "pd" else log_odds_of(pd, is_pd=True)

    def _of_end(self, step: CalibrationSpec, end: str) -> str:
        def place(borders: Sequence[float], strictly: bool) -> str:
            assert not strictly  # as intervals alone ask for
            return self._graph.count_above(end, borders)

        return _mapped(self._graph, step, end, place)[0]


def _mapped(
    graph: Graph,
    spec: CalibrationSpec,
    x: str,
    place: Callable[[Sequence[float], bool], str],
) -> tuple[str, tuple[str, str] | None]:
    """Return the PD, and the ends of the interval of a map that gives one."""
    if isinstance(spec, LogOddsMapSpec):
        return graph.sigmoid(_line(graph, spec, x)), None
    if isinstance(spec, IntervalMapSpec):
        low = graph.look_up(spec.low, place(spec.low_knots, True))
        high = graph.look_up(spec.high, place(spec.high_knots, False))
        rest = graph.add(graph.subtract(graph.constant(1.0), low), high)
        return graph.node("Div", high, rest), (low, high)
    if spec.interpolation == "step":
        return graph.look_up(spec.values, place(spec.knots, False)), None
    return _interpolated(graph, spec.knots, spec.values, x), None


def _line(graph: Graph, spec: LogOddsMapSpec, x: str) -> str:
    """Return ``a ln(p) - b ln(1 - p) + c``, of a PD or of log-odds."""
    if spec.scale == "pd":
        log_p, log_q = graph.logs(x)
    elif spec.a == spec.b:
        return graph.add(graph.times(x, spec.a), graph.constant(spec.c))
    else:
        log_p, log_q = _log_sigmoid(graph, x), _log_sigmoid(graph, graph.node("Neg", x))
    if spec.a == spec.b:
        slope = graph.times(graph.subtract(log_p, log_q), spec.a)
    else:
        slope = graph.subtract(graph.times(log_p, spec.a), graph.times(log_q, spec.b))
    return graph.add(slope, graph.constant(spec.c))


def _log_sigmoid(graph: Graph, z: str) -> str:
    """Return ``ln(1 / (1 + exp(-z)))``, which never overflows."""
    power = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    tail = graph.node("Log", graph.add(graph.constant(1.0), power))
    return graph.subtract(graph.node("Min", z, graph.constant(0.0)), tail)


def _interpolated(
    graph: Graph, knots: Sequence[float], values: Sequence[float], x: str
) -> str:
    if len(knots) == 1:
        return graph.look_up([values[0]] * 2, graph.count_above(x, knots))
    x = graph.limited(x, knots[0], knots[-1])
    left = graph.count_above(x, knots[1:-1])
    x0, x1 = graph.look_up(knots[:-1], left), graph.look_up(knots[1:], left)
    y0, y1 = graph.look_up(values[:-1], left), graph.look_up(values[1:], left)
    share = graph.node("Div", graph.subtract(x, x0), graph.subtract(x1, x0))
    rise = graph.node("Mul", graph.subtract(y1, y0), share)
    return graph.node("Min", graph.add(y0, rise), y1)
