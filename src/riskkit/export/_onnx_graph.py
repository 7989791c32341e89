"""A graph of ONNX operators in double precision, node by node.

Thresholds and values stay doubles from end to end. Converters that feed trees with
single-precision numbers send an applicant at an edge to the wrong side; here only bins,
whole numbers, ever reach a tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import onnx

    from riskkit.artifact import FeatureSpec

__all__ = ["OPSET", "OPSET_ML", "Graph"]

# The first with TreeEnsemble in double precision (ai.onnx.ml 5), and its companion.
OPSET, OPSET_ML = 21, 5
_IR_VERSION = 10
_ML = "ai.onnx.ml"


class Graph:
    """Collects nodes; every method returns the name of what it computes."""

    def __init__(self, fields: dict[str, Any], missing_level: str) -> None:
        self._missing_level = missing_level
        self._prefix = "riskkit"
        while any(name.startswith(self._prefix) for name in fields):
            self._prefix += "_"
        self._fields = fields
        self._nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], tuple[str, Any]] = {}
        self._done: dict[tuple[Any, ...], str] = {}
        self._outputs: list[tuple[str, bool]] = []
        self.refused: list[str] = []

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        from onnx import helper

        name = f"{self._prefix}{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(op, list(inputs), [name], domain=domain, **attributes)
        )
        return name

    def constant(self, values: Any, kind: Any = np.float64) -> str:
        """Return the name of a constant; equal ones are kept once."""
        array = np.asarray(values, dtype=kind)
        parts = tuple(array.ravel().tolist()) if kind is object else array.tobytes()
        key = (array.dtype.str, array.shape, parts)
        if key not in self._constants:
            self._constants[key] = (f"{self._prefix}c{len(self._constants)}", array)
        return self._constants[key][0]

    def add(self, a: str, b: str) -> str:
        """Return ``a + b``."""
        return self.node("Add", a, b)

    def subtract(self, a: str, b: str) -> str:
        """Return ``a - b``."""
        return self.node("Sub", a, b)

    def times(self, a: str, factor: float) -> str:
        """Return ``factor * a``."""
        return self.node("Mul", self.constant(factor), a)

    def limited(self, a: str, low: float, high: float) -> str:
        """Return `a`, not below `low` and not above `high`."""
        at_least = self.node("Max", a, self.constant(low))
        return self.node("Min", at_least, self.constant(high))

    def sigmoid(self, z: str) -> str:
        """Return ``1 / (1 + exp(-z))`` by the operations of riskkit's scorers."""
        one = self.constant(1.0)
        power = self.node("Exp", self.limited(self.node("Neg", z), -700.0, 700.0))
        return self.node("Div", one, self.add(one, power))

    def logs(self, p: str) -> tuple[str, str]:
        """Return ``ln(p)`` and ``ln(1 - p)``, finite for every PD."""
        p = self.limited(p, 2.0**-53, 1.0 - 2.0**-53)
        rest = self.subtract(self.constant(1.0), p)
        return self.node("Log", p), self.node("Log", rest)

    def count_above(self, x: str, borders: Sequence[float]) -> str:
        """Return how many of the borders each number lies above, as an index."""
        column = self._column(x)
        row = self.constant(np.reshape(np.asarray(borders, dtype=np.float64), (1, -1)))
        return self._number_true(self.node("Greater", column, row))

    def look_up(self, table: Sequence[Any], index: str, kind: Any = np.float64) -> str:
        """Return the entry of a table for each index."""
        return self.node("Gather", self.constant(table, kind), index)

    def side_by_side(self, columns: Iterable[str]) -> str:
        """Return columns as one matrix."""
        return self.node("Concat", *map(self._column, columns), axis=1)

    def trees(self, matrix: str, **attributes: Any) -> str:
        """Return the sum of the leaves that the rows of a matrix of codes reach."""
        found = self.node("TreeEnsemble", matrix, domain=_ML, **attributes)
        return self.node("Squeeze", found, self.constant([1], np.int64))

    def bins(self, feature: FeatureSpec) -> str:
        """Return the bin of each row, as :func:`riskkit.artifact.assign_column`."""
        key = ("bins", feature)
        if key not in self._done:
            numeric = feature.kind == "numeric"
            self._done[key] = (
                self._ranges(feature) if numeric else self._levels(feature)
            )
        return self._done[key]

    def output(self, name: str, value: str, *, is_text: bool = False) -> None:
        """Name what the model answers; NaN, or no text, where a level is refused."""
        if self.refused:
            refused = self.refused[0]
            for other in self.refused[1:]:
                refused = self.node("Or", refused, other)
            nothing = self.constant("", object) if is_text else self.constant(np.nan)
            value = self.node("Where", refused, nothing, value)
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append((name, is_text))

    def finish(self, metadata: dict[str, str]) -> onnx.ModelProto:
        """Return the model, checked."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        def info(name: str, is_text: bool) -> Any:
            kind = TensorProto.STRING if is_text else TensorProto.DOUBLE
            return helper.make_tensor_value_info(name, kind, ["n"])

        graph = helper.make_graph(
            self._nodes,
            "riskkit",
            [info(name, kind == "categorical") for name, kind in self._fields.items()],
            [info(name, is_text) for name, is_text in self._outputs],
            [numpy_helper.from_array(a, name) for name, a in self._constants.values()],
        )
        model = helper.make_model(
            graph,
            producer_name="riskkit",
            ir_version=_IR_VERSION,
            opset_imports=[
                helper.make_opsetid("", OPSET),
                helper.make_opsetid(_ML, OPSET_ML),
            ],
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        return model

    def _column(self, x: str) -> str:
        key = ("column", x)
        if key not in self._done:
            axis = self.constant([1], np.int64)
            self._done[key] = self.node("Unsqueeze", x, axis)
        return self._done[key]

    def _number_true(self, matrix: str) -> str:
        from onnx import TensorProto

        whole = self.node("Cast", matrix, to=TensorProto.INT64)
        return self.node("ReduceSum", whole, self.constant([1], np.int64), keepdims=0)

    def _ranges(self, feature: FeatureSpec) -> str:
        """Return the bins of a number: codes come first, NaN is missing."""
        x = feature.name
        index = self.count_above(x, feature.edges)
        for k, group in enumerate(feature.special):
            codes = np.reshape(np.asarray(group.codes, dtype=np.float64), (1, -1))
            equal = self.node("Equal", self._column(x), self.constant(codes))
            found = self.node(
                "Greater", self._number_true(equal), self.constant(0, np.int64)
            )
            place = self.constant(feature.n_regular + k, np.int64)
            index = self.node("Where", found, place, index)
        missing = self.constant(feature.missing_bin, np.int64)
        return self.node("Where", self.node("IsNaN", x), missing, index)

    def _levels(self, feature: FeatureSpec) -> str:
        places = feature.level_bins() | {self._missing_level: feature.missing_bin}
        index = self.node(
            "LabelEncoder",
            feature.name,
            domain=_ML,
            keys_strings=list(places),
            values_int64s=list(places.values()),
            default_int64=feature.unseen_bin,
        )
        if feature.refuse_unseen:
            unseen = self.constant(feature.unseen_bin, np.int64)
            self.refused.append(self.node("Equal", index, unseen))
        return index
