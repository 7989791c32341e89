"""ONNX graphs under onnxruntime: riskkit's numbers at every edge, or a refusal."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import (
    FeatureSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    SegmentedMapSpec,
    StepMapSpec,
)
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.exceptions import (
    InvalidParameterError,
    InvalidTypeError,
    MissingExtraError,
    OutputError,
)
from riskkit.export import save_artifact, to_onnx
from riskkit.export._onnx_graph import Graph
from riskkit.fraud import HistogramDetector
from riskkit.serving import Scorer, load_scorer

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

EXACT = 1e-14  # the exponential of the runtime is not that of the C library
GRADES = MasterScaleSpec((0.0, 0.02, 0.1, 1.0), (0.01, 0.05, 0.3), ("A", "B's", "Ü"))
PLATT = LogOddsMapSpec(0.9, 0.9, -0.3)
LINE = StepMapSpec((0.01, 0.05, 0.2, 0.4), (0.02, 0.02, 0.3, 0.7), "linear")
STEPS = StepMapSpec((0.01, 0.05, 0.2), (0.0, 0.03, 0.3, 1.0), "step")
ENDS = IntervalMapSpec(
    (0.02, 0.1, 0.3), (0.0, 0.01, 0.07, 0.5), (0.05, 0.2), (0.04, 0.4, 1.0)
)
CHAINS = {
    "none": (),
    "platt": (PLATT,),
    "beta": (LogOddsMapSpec(0.8, 1.3, 0.2),),
    "beta of log-odds": (LogOddsMapSpec(0.8, 1.3, 0.2, "log_odds"),),
    "line of log-odds": (LogOddsMapSpec(0.8, 0.8, 0.2, "log_odds"),),
    "steps": (STEPS,),
    "steps after": (PLATT, STEPS, PLATT),
    "line through points": (LINE,),
    "one point": (StepMapSpec((0.1,), (0.2,), "linear"),),
    "interval, carried on": (ENDS, PLATT, LINE, STEPS),
}


def run(proto, frame, kinds, missing="<missing>"):
    """Return what onnxruntime makes of a frame, column by column."""
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    feeds = {
        name: frame[name].to_numpy(np.float64)
        if kind == "numeric"
        else frame[name].astype(object).where(frame[name].notna(), missing).to_numpy()
        for name, kind in kinds.items()
    }
    return dict(zip(names, session.run(names, feeds), strict=True))


def compare(found, batch, atol=EXACT):
    expected = batch.to_dict()
    for name, values in found.items():
        if values.dtype == object:
            assert values.tolist() == expected[name].tolist(), name
        elif name in {"points", "log_odds"} and atol == EXACT:
            np.testing.assert_array_equal(values, expected[name], err_msg=name)
        else:
            np.testing.assert_allclose(values, expected[name], rtol=0, atol=atol)


@pytest.mark.parametrize("steps", CHAINS.values(), ids=CHAINS)
def test_a_card_with_every_chain(artifact, hard_rows, steps):
    """Edges, their neighbours, codes, infinities, unseen: sums to the bit."""
    chained = replace(artifact, pd_map=PDMapSpec(steps, GRADES))
    frame = hard_rows.to_pandas()
    found = run(to_onnx(chained), frame, artifact.fields)
    compare(found, Scorer(chained).score_batch(hard_rows))
    assert {"pd", "points", "log_odds", "grade", "grade_pd"} <= set(found)
    assert ("pd_low" in found) == (ENDS in steps)


def loans(n_rows, seed):
    rng = np.random.default_rng(seed)
    delays = rng.poisson(0.8, n_rows).astype(float)
    # Thresholds between these have no equal in single precision.
    ratio = rng.uniform(0, 1, n_rows)
    region = rng.choice([f"r{k}" for k in range(9)], n_rows).astype(object)
    log_odds = -1.5 + 0.8 * delays + 2 * ratio + 0.9 * (region == "r3")
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    delays[rng.random(n_rows) < 0.1] = np.nan
    ratio[rng.random(n_rows) < 0.1] = -9.0
    region[rng.random(n_rows) < 0.05] = None
    return pd.DataFrame({"ratio": ratio, "delays": delays, "region": region}), y


MODELS = {
    "lightgbm": LGBMPDClassifier(n_rounds=60, special_codes=[-9]),
    "lightgbm, platt": LGBMPDClassifier(n_rounds=40, calibration="platt"),
    "xgboost": XGBPDClassifier(n_rounds=60, special_codes=[-9]),
    "blend": PDBlendClassifier(),
    "blend, venn-abers": PDBlendClassifier("fast", calibration="venn_abers"),
}


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
@pytest.mark.parametrize("name", MODELS)
def test_trees_at_their_edges(tmp_path, name):
    X, y = loans(1_500, 0)
    model = MODELS[name].fit(X, y)
    save_artifact(model, tmp_path / "model.rk")
    scorer = load_scorer(tmp_path / "model.rk")
    rows, _ = loans(400, 1)
    spec = scorer._artifact.model
    edges = [
        x
        for member in spec.members
        for feature in member.features
        if feature.name == "ratio"
        for x in feature.edges
    ]
    near = [math.nextafter(x, end) for x in edges for end in (-math.inf, math.inf)]
    odd = [*edges, *near, *map(float, np.float32(edges)), math.nan, math.inf, -9.0]
    part = rows.iloc[np.arange(len(odd)) % len(rows)].assign(ratio=odd, region="new")
    rows = pd.concat([rows, part], ignore_index=True)
    path = tmp_path / "model.onnx"
    proto = to_onnx(tmp_path / "model.rk", path)
    assert path.read_bytes() == proto.SerializeToString()
    assert to_onnx(model).SerializeToString() == proto.SerializeToString()
    compare(run(proto, rows, scorer.kinds), scorer.score_batch(rows), atol=1e-12)


def test_single_precision_is_refused_with_numbers(artifact, monkeypatch):
    """The trap that a converter of raw numbers falls into, laid on purpose."""
    count = Graph.count_above

    def in_single(self, x, borders):
        with np.errstate(over="ignore"):
            return count(self, x, np.float32(borders).tolist())

    monkeypatch.setattr(Graph, "count_above", in_single)
    with pytest.raises(InvalidParameterError, match=r"differs by up to .* in \d+ of"):
        to_onnx(artifact)


def test_a_tolerance_that_no_exponential_meets_is_refused(artifact):
    steps = (LogOddsMapSpec(0.8, 1.3, 0.2),)
    with pytest.raises(InvalidParameterError, match="pd differs by up to"):
        to_onnx(replace(artifact, pd_map=PDMapSpec(steps)), tolerance=0.0)


def test_refused_levels_are_scored_by_nobody(artifact):
    model = artifact.model
    strict = replace(
        artifact,
        pd_map=PDMapSpec((), GRADES),
        model=replace(
            model,
            characteristics=tuple(
                replace(c, feature=replace(c.feature, refuse_unseen=True))
                for c in model.characteristics
            ),
        ),
    )
    frame = pd.DataFrame([dict.fromkeys(artifact.fields)] * 2)
    frame["code"] = ["new", "1"]
    found = run(to_onnx(strict), frame, artifact.fields)
    assert np.isnan(found["pd"]).tolist() == [True, False]
    assert np.isnan(found["points"]).tolist() == [True, False]
    assert found["grade"][0] == ""


def test_metadata_says_what_is_missing_and_what_is_left_out(artifact):
    proto = to_onnx(artifact, missing_level="NULL")
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    assert metadata["missing_level"] == "NULL"
    assert metadata["left_out"] == "reasons, strategy"
    frame = pd.DataFrame([dict.fromkeys(artifact.fields)])
    found = run(proto, frame, artifact.fields, missing="NULL")
    expected = Scorer(artifact).score(dict.fromkeys(artifact.fields))
    assert found["points"].tolist() == [expected.points]


def test_what_cannot_be_written(artifact, tmp_path):
    with pytest.raises(InvalidParameterError, match="'N/A' is one of 'asked'"):
        to_onnx(artifact, missing_level="N/A")
    with pytest.raises(InvalidParameterError, match="missing_level must be a text"):
        to_onnx(artifact, missing_level=None)
    with pytest.raises(InvalidParameterError, match="tolerance"):
        to_onnx(artifact, tolerance=-1)
    with pytest.raises(InvalidTypeError, match="ONNX is written for scorecards"):
        to_onnx(HistogramDetector().fit(np.arange(60.0).reshape(-1, 2)))
    segments = SegmentedMapSpec("branch", (), PLATT)
    with pytest.raises(InvalidParameterError, match="by segment"):
        to_onnx(replace(artifact, pd_map=PDMapSpec((segments,))))
    bare = replace(artifact.model, characteristics=())
    with pytest.raises(InvalidParameterError, match="this model has none"):
        to_onnx(replace(artifact, model=bare))
    first = artifact.model.characteristics[0]
    named = replace(first, feature=FeatureSpec("pd", "numeric"), woe=first.woe[:3],
                    log_odds=first.log_odds[:3], points=first.points[:3])  # fmt: skip
    with pytest.raises(InvalidParameterError, match="outputs of the graph; got 'pd'"):
        to_onnx(replace(artifact, model=replace(bare, characteristics=(named,))))
    (tmp_path / "there.onnx").write_bytes(b"")
    with pytest.raises(OutputError, match="exists already"):
        to_onnx(artifact, tmp_path / "there.onnx")


def test_without_the_libraries_the_error_names_the_extra(artifact, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"riskkit\[onnx\]"):
        to_onnx(artifact)
