"""A model as ONNX, written only if it answers as riskkit does."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

import riskkit
from riskkit._core.output import check_file, whole_file
from riskkit._core.params import check_real
from riskkit._kernels.points import points_line
from riskkit.artifact import ScorecardSpec
from riskkit.exceptions import InvalidParameterError, MissingExtraError
from riskkit.export._file_blend import score_blend
from riskkit.export._file_card import score_card
from riskkit.export._file_data import blend_data, card_data, pd_map_data
from riskkit.export._file_pd_map import rate
from riskkit.export._given_model import read_given
from riskkit.export._onnx_graph import Graph
from riskkit.export._onnx_model import add_model

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import onnx

    from riskkit.artifact import Artifact, FeatureSpec

__all__ = ["to_onnx"]

_MOST_ROWS = 3_000
_OUTPUTS = ("pd", "points", "log_odds", "grade", "grade_pd", "pd_low", "pd_high")
_UNSEEN = "level that training never saw"


def to_onnx(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    tolerance: float = 1e-6,
    missing_level: str = "<missing>",
    calibration: Any = None,
    grades: Any = None,
    overwrite: bool = False,
) -> onnx.ModelProto:
    """Return a model as an ONNX graph in double precision, with parity checked.

    Parameters
    ----------
    model : estimator, path or Artifact
        A fitted scorecard, boosted model or blend, or a ``CalibratedPD`` of one; a
        saved model; or an artifact in memory.

    path : str or path, optional
        Where to write the graph.

    tolerance : float, default=1e-6
        Most by which a PD may differ from riskkit's; log-odds may too, and points by
        as much as that makes. Grades may not differ.

    missing_level : str, default="<missing>"
        What a field of levels holds where nothing is known: ONNX has no missing text.

    calibration : calibrator or sequence of calibrators, optional
        Fitted steps on top, as for :func:`save_artifact`; of an estimator only.

    grades : MasterScale, optional
        Fitted grades of the PD, as for :func:`save_artifact`; of an estimator only.

    overwrite : bool, default=False
        Whether a file that is there already may be replaced.

    Returns
    -------
    graph : onnx.ModelProto
        Its inputs are the fields of the model by name, one array for each, shape (n,):
        doubles with NaN where nothing is known, or texts. Its outputs are ``pd``,
        ``points``, ``log_odds``, and ``grade``, ``grade_pd``, ``pd_low``, ``pd_high``
        where the model has them.

    Raises
    ------
    MissingExtraError
        If onnx or onnxruntime is not installed; both come with ``riskkit[onnx]``.
    InvalidParameterError
        If some answer differs by more than `tolerance`, with the numbers; if a field
        bears the name of an output or a level is `missing_level`; or if PDs are
        calibrated by segment.
    InvalidTypeError
        If the model is of another kind.
    ArtifactError
        If `model` is a path and no sound artifact is there.
    OutputError
        If the path cannot be written to, or holds something already.

    See Also
    --------
    to_python : One file with reasons and decisions, to the bit.
    save_artifact : Saves the model for riskkit's scorer.

    Notes
    -----
    A converter that gives trees the raw numbers in single precision sends accounts at
    an edge to the wrong side, and a PD is off by whole percents. Here edges are doubles
    and are compared as such, ``x > edge``, so that bins are exact; trees are given bins
    as whole numbers, and add up doubles (``TreeEnsemble`` of ai.onnx.ml 5). Exponential
    and logarithm are those of the runtime. onnxruntime answers made-up rows before the
    graph is returned: every edge with the doubles beside it, special codes, infinities,
    every level, unseen and missing ones.

    Levels are texts as riskkit reads them: 3.0 is ``"3"``, True is ``"True"``. Rows
    with a level that the model refuses get NaN and an empty grade. Reasons and
    strategies are not part of the graph; the metadata says so.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from riskkit.export import to_onnx
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ...     "delays": {"edges": [0], "points": [30, 0], "missing": 0},
    ... }).fit()
    >>> session = onnxruntime.InferenceSession(to_onnx(card).SerializeToString())
    >>> rows = {"age": np.array([25.0, np.nan]), "delays": np.array([2.0, 0.0])}
    >>> session.run(["points"], rows)[0]
    array([10., 40.])
    """
    check_real("tolerance", tolerance, low=0.0)
    if not isinstance(missing_level, str):
        msg = f"missing_level must be a text; got {type(missing_level).__name__}."
        raise InvalidParameterError(msg)
    runtime = _load_runtime()
    if path is not None:
        check_file(path, overwrite=overwrite)
    artifact, _ = read_given(
        model, calibration=calibration, grades=grades, written_as="ONNX"
    )
    # A strategy reads fields of its own, which the graph does not need.
    artifact = replace(artifact, strategy=None)
    features = _features(artifact)
    _check_names(artifact, features, missing_level)
    graph = Graph(dict(artifact.model.kinds), missing_level)
    add_model(graph, artifact)
    proto = graph.finish(
        {
            "riskkit_version": riskkit.__version__,
            "model_id": artifact.manifest.model_id,
            "missing_level": missing_level,
            "left_out": "reasons, strategy",
        }
    )
    session = runtime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    _check_parity(artifact, features, session, tolerance, missing_level)
    if path is not None:
        with whole_file(path, overwrite=overwrite) as place:
            place.write_bytes(proto.SerializeToString())
    return proto


def _load_runtime() -> Any:
    try:
        import_module("onnx")
        return import_module("onnxruntime")
    except ImportError as error:
        msg = (
            "ONNX needs onnx and onnxruntime, which checks what was written; one of "
            "them is not installed. Install them with pip install 'riskkit[onnx]'."
        )
        raise MissingExtraError(msg) from error


def _features(artifact: Artifact) -> list[FeatureSpec]:
    model = artifact.model
    if isinstance(model, ScorecardSpec):
        return [item.feature for item in model.characteristics]
    return [feature for member in model.members for feature in member.features]


def _check_names(
    artifact: Artifact, features: Sequence[FeatureSpec], missing_level: str
) -> None:
    fields = artifact.model.kinds
    if not fields:
        msg = "A graph needs a field to read; this model has none."
        raise InvalidParameterError(msg)
    for name in fields:
        if not name or name in _OUTPUTS:
            msg = (
                f"A field must have a name that is none of {_OUTPUTS}, which are "
                f"outputs of the graph; got {name!r}. Rename the column and fit again."
            )
            raise InvalidParameterError(msg)
    for feature in features:
        if feature.kind == "categorical" and missing_level in feature.level_bins():
            msg = (
                f"missing_level must be no level of a field; {missing_level!r} is one "
                f"of {feature.name!r}. Give another text."
            )
            raise InvalidParameterError(msg)


def _check_parity(
    artifact: Artifact,
    features: Sequence[FeatureSpec],
    session: Any,
    tolerance: float,
    missing_level: str,
) -> None:
    """Raise if the runtime answers made-up rows in another way than riskkit."""
    records = _probe(artifact, features)
    names = [output.name for output in session.get_outputs()]
    kinds = artifact.model.kinds
    columns = {
        name: np.array([record[name] for record in records], dtype=np.float64)
        if kind == "numeric"
        else np.array([record[name] or missing_level for record in records], object)
        for name, kind in kinds.items()
    }
    # An empty text is a level, and only None is missing.
    for name, kind in kinds.items():
        if kind == "categorical":
            empty = np.array([record[name] == "" for record in records])
            columns[name][empty] = ""
    found = dict(zip(names, session.run(names, columns), strict=True))
    expected = _answers(artifact, records)
    scaling = artifact.model.scaling
    factor = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)[0]
    for name in names:
        if name == "grade":
            wrong = found[name] != expected[name]
            worst = "another grade"
        else:
            error = np.abs(found[name] - expected[name])
            scale = max(1.0, abs(factor)) if name == "points" else 1.0
            wrong = ~(error <= tolerance * scale)
            worst = f"up to {float(error.max()):.3g}"
        if wrong.any():
            msg = (
                f"The graph must answer as riskkit does, to {tolerance:g}; {name} "
                f"differs by {worst} in {int(wrong.sum())} of {wrong.size} rows. Use "
                "to_python, or riskkit.serving."
            )
            raise InvalidParameterError(msg)


def _answers(artifact: Artifact, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what riskkit answers, column by column."""
    model, pd_map = artifact.model, artifact.pd_map
    is_card = isinstance(model, ScorecardSpec)
    data = card_data(model) if isinstance(model, ScorecardSpec) else blend_data(model)
    steps = None if pd_map is None else pd_map_data(pd_map)
    rows = []
    for record in records:
        score = score_card if is_card else score_blend
        answer = score(data, record, 0)
        if steps is not None:
            answer |= rate(steps, answer, record)
            if answer["interval"] is not None:
                answer["pd_low"], answer["pd_high"] = answer["interval"]
        rows.append(answer)
    return {
        name: np.array([row[name] for row in rows])
        for name in _OUTPUTS
        if name in rows[0]
    }


def _probe(artifact: Artifact, features: Sequence[FeatureSpec]) -> list[dict[str, Any]]:
    """Return rows that go through what can happen in each field, out of step."""
    pools: dict[str, list[Any]] = {}
    for name, kind in artifact.model.kinds.items():
        own = [feature for feature in features if feature.name == name]
        pools[name] = _numbers(own) if kind == "numeric" else _levels(own)
    n_rows = min(_MOST_ROWS, max(map(len, pools.values())) + len(pools))
    rng = np.random.default_rng(0)
    in_turn = [
        {
            name: pool[(k + j) % len(pool)]
            for j, (name, pool) in enumerate(pools.items())
        }
        for k in range(n_rows)
    ]
    mixed = [
        {name: pool[int(rng.integers(len(pool)))] for name, pool in pools.items()}
        for _ in range(n_rows // 2)
    ]
    return in_turn + mixed


def _numbers(features: Sequence[FeatureSpec]) -> list[float]:
    codes = [float(c) for f in features for g in f.special for c in g.codes]
    borders = sorted({*(x for f in features for x in f.edges), *codes, 0.0})
    beside = [math.nextafter(x, end) for x in borders for end in (-math.inf, math.inf)]
    # What a trap of single precision needs: the nearest number with 24 bits.
    rounded = [float(np.float32(x)) for x in borders if abs(x) < 1e38]
    ends = [math.nan, math.inf, -math.inf, 1e300, -1e300]
    return list(dict.fromkeys([*ends, *codes, *borders, *beside, *rounded]))


def _levels(features: Sequence[FeatureSpec]) -> list[str | None]:
    known = [level for f in features for level in f.level_bins()]
    strict = [set(f.level_bins()) for f in features if f.refuse_unseen]
    kept = [v for v in dict.fromkeys(known) if all(v in bins for bins in strict)]
    return [None, *kept] if strict else [None, _UNSEEN, *kept]
