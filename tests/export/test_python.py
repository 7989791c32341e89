"""The generated file: the scorer's bits, the standard library alone, nothing to run."""

from __future__ import annotations

import ast
import json
import math
import random
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    Manifest,
    MasterScaleSpec,
    PDMapSpec,
    ScalingSpec,
    ScorecardSpec,
    SegmentedMapSpec,
    SegmentMap,
    SpecialGroup,
    StepMapSpec,
)
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.decision import Strategy
from riskkit.exceptions import InvalidParameterError, InvalidTypeError, OutputError
from riskkit.export import save_artifact, to_python
from riskkit.export._literal import literal
from riskkit.fraud import HistogramDetector
from riskkit.serving import Scorer, load_scorer

PLATT = LogOddsMapSpec(0.9, 0.9, -0.3)
STEPS = StepMapSpec((0.01, 0.05, 0.2), (0.0, 0.03, 0.3, 1.0), "step")
LINE = StepMapSpec((0.01, 0.05, 0.2, 0.4), (0.02, 0.02, 0.3, 0.7), "linear")
ENDS = IntervalMapSpec(
    (0.02, 0.1, 0.3), (0.0, 0.01, 0.07, 0.5), (0.05, 0.2), (0.04, 0.4, 1.0)
)
GRADES = MasterScaleSpec((0.0, 0.02, 0.1, 1.0), (0.01, 0.05, 0.3), ("A", "B's", "C"))


def by_segment(own, pooled):
    segments = (
        SegmentMap("1", 100.0, 30.0, 0.6, own),
        SegmentMap("thin", 5.0, 1.0, 0.0, None),
    )
    return SegmentedMapSpec("branch", segments, pooled)


CHAINS = {
    "platt": (PLATT,),
    "beta": (LogOddsMapSpec(0.8, 1.3, 0.2),),
    "beta of log-odds": (LogOddsMapSpec(0.8, 1.3, 0.2, "log_odds"),),
    "line of log-odds": (LogOddsMapSpec(0.8, 0.8, 0.2, "log_odds"),),
    "steps": (STEPS,),
    "line": (LINE,),
    "one point": (StepMapSpec((0.1,), (0.2,), "linear"),),
    "interval, carried on": (ENDS, PLATT, LINE),
    "segments": (by_segment(LogOddsMapSpec(1.1, 0.7, 0.0), PLATT), STEPS),
    "interval by segment": (by_segment(ENDS, replace(ENDS, low=(0, 0.02, 0.1, 0.5))),),
}


def run_file(source):
    """Return what a file defines."""
    names = {"__name__": "scored"}
    exec(compile(source, "scored.py", "exec"), names)
    return names


def same(found, expected, *, reasons="exact"):
    """Check two answers as plain data, numbers by their bits."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if name != "reasons":
            assert found[name] == value, name
            assert type(found[name]) is type(value), name
    if reasons == "exact":
        assert found["reasons"] == expected["reasons"]
        return
    lost = [r["points_lost"] for r in found["reasons"]]
    assert lost == pytest.approx(
        [r["points_lost"] for r in expected["reasons"]], rel=1e-9, abs=1e-9
    )


def test_a_card_gives_the_scorers_bits(artifact, hard_rows):
    scorer, score = Scorer(artifact), run_file(to_python(artifact))["score"]
    for record in hard_rows.head(800).to_dicts():
        expected = scorer.score(record).to_dict() | {"model_id": None}
        same(score(record) | {"model_id": None}, expected)


@pytest.mark.parametrize(
    "number", [True, Decimal("7.25"), np.float32(7.25), 7, -1, 999]
)
def test_any_kind_of_number_is_read_alike(artifact, hard_rows, number):
    scorer, score = Scorer(artifact), run_file(to_python(artifact))["score"]
    record = hard_rows.to_dicts()[0] | {
        "income": number, "code": number if number != Decimal("7.25") else 3.0,
        "truth": np.bool_(True), "asked": pd.NA,
    }  # fmt: skip
    same(
        score(record),
        scorer.score(record).to_dict() | {"model_id": score(record)["model_id"]},
    )


@pytest.mark.parametrize("steps", CHAINS.values(), ids=CHAINS)
def test_every_chain_to_the_bit(artifact, hard_rows, steps):
    chained = replace(artifact, pd_map=PDMapSpec(steps, GRADES))
    scorer, score = Scorer(chained), run_file(to_python(chained))["score"]
    for k, record in enumerate(hard_rows.head(300).to_dicts()):
        record["branch"] = ["1", 1, "thin", None, "new"][k % 5]
        got = score(record)
        same(got, scorer.score(record).to_dict() | {"model_id": got["model_id"]})


RULES = [
    {"name": "minor's", "when": [{"field": "age", "op": "<", "value": 18}],
     "missing": "fire", "decision": "decline", "reason": "Below 18"},
    {"name": "odd", "when": [
        {"any": [{"field": "code", "op": "not in", "value": ["1", "3"]},
                 {"field": "income", "op": "==", "value": -1}]},
        {"field": "age", "op": ">=", "value": 70}], "missing": "skip",
     "decision": "refer"},
    {"name": "watched", "when": [{"field": "list", "op": "known"}],
     "decision": "decline"},
]  # fmt: skip
LIMITS = [
    {"from": 480, "limit": 5000, "income_multiple": 0.3, "exposure_cap": 6000,
     "price": 0.2},
    {"to": 480, "limit": 700.5, "price": 0.4},
]  # fmt: skip


@pytest.mark.parametrize("by", ["points", "grade"])
def test_decisions_and_limits_agree(artifact, hard_rows, by):
    bands = [{"levels": ["A", "B's"], "limit": 900.0}, {"levels": ["C"], "limit": 50}]
    strategy = Strategy.from_dict(
        {
            "name": "s", "score": "points", "rules": RULES, "otherwise": "refer",
            "bands": [
                {"from": 450, "decision": "approve"},
                {"to": 450, "decision": "decline"},
            ],
            "limits": {
                "by": by, "bands": LIMITS if by == "points" else bands,
                "requested": "asked for", "round_to": 0.1, "minimum": 30, "unknown": 40,
            } | ({"income": "income", "exposure": "owed"} if by == "points" else {}),
            "no_limit": "refer",
        }
    )  # fmt: skip
    whole = replace(artifact, pd_map=PDMapSpec((PLATT,), GRADES))
    whole = whole.with_strategy(strategy.spec)
    scorer, file = Scorer(whole), run_file(to_python(whole))
    rng, decided = random.Random(1), set()
    for record in hard_rows.head(600).to_dicts():
        record |= {
            "age": rng.choice([None, 17, 18, 40, 70, math.nan]),
            "list": rng.choice([None, None, None, "x"]),
            "owed": rng.choice([0, 100, 7000, None]),
            "asked for": rng.choice([20, 300.35, 1e9, None]),
        }
        got = file["score"](record)
        same(got, scorer.score(record).to_dict() | {"model_id": got["model_id"]})
        decided.add((got["decided_by"], got["limited_by"]))
    assert len(decided) > 6
    assert file["check_golden"](file["score"], file["GOLDEN"], file["EXACT"]) == []


# Trees ------------------------------------------------------------------------------


def loans(n_rows, seed):
    rng = np.random.default_rng(seed)
    delays = rng.poisson(0.8, n_rows).astype(float)
    age = rng.uniform(18, 70, n_rows).round()
    region = rng.choice([f"r{k}" for k in range(9)], n_rows).astype(object)
    log_odds = -1.2 + 0.8 * delays - 0.03 * (age - 40) + 0.9 * (region == "r3")
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    delays[rng.random(n_rows) < 0.1] = np.nan
    age[rng.random(n_rows) < 0.1] = -9.0
    region[rng.random(n_rows) < 0.05] = None
    return pd.DataFrame({"age": age, "delays": delays, "region": region}), y


MODELS = {
    "lightgbm": LGBMPDClassifier(n_rounds=40, special_codes=[-9], calibration="platt"),
    "xgboost": XGBPDClassifier(n_rounds=40),
    "blend": PDBlendClassifier(calibration="venn_abers"),
}


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
@pytest.mark.parametrize("name", MODELS)
def test_trees_give_the_scorers_bits(tmp_path, name):
    X, y = loans(900, 0)
    model = MODELS[name].fit(X, y)
    save_artifact(model, tmp_path / "model.rk")
    scorer = load_scorer(tmp_path / "model.rk")
    file = run_file(to_python(tmp_path / "model.rk"))
    rows, _ = loans(60, 1)
    odd = pd.DataFrame({
        "age": [math.inf, -math.inf, -9, 0.0, math.nan],
        "delays": [0.5, math.nextafter(0.5, 1), 1e300, -0.0, math.nan],
        "region": ["new", "", "r3", None, "r0"],
    })  # fmt: skip
    records = pd.concat([rows, odd]).astype(object).to_dict("records")
    for record in records:
        same(file["score"](record), scorer.score(record).to_dict(), reasons="near")
    assert to_python(model) == to_python(tmp_path / "model.rk")


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_a_model_of_too_many_nodes_is_refused_with_numbers(monkeypatch):
    X, y = loans(300, 0)
    monkeypatch.setattr("riskkit.export._python._MOST_NODES", 10)
    with pytest.raises(InvalidParameterError, match="at most 10 nodes; this model has"):
        to_python(XGBPDClassifier(n_rounds=5).fit(X, y))


# The file itself ----------------------------------------------------------------------

HOSTILE = [
    '"""\nimport os; os.system("touch hacked")\n"""',
    "'''); raise SystemExit(3)  #",
    "\\", "\\'", "a\rb\x00c\u2028d\u202e", "{}{MODEL}", "%s\n\nimport os", "\ud800"[:0],
]  # fmt: skip


def hostile_card(texts):
    features = [
        FeatureSpec(f"{text}{k}", "categorical", (), ((text, f"{k}"),),
                    (SpecialGroup(text, (f"{text} special",)),))
        for k, text in enumerate(texts)
    ]  # fmt: skip
    parts = tuple(
        CharacteristicSpec(f, -1.0, (0.0,) * 4, (0.1, 0.2, 0.3, 0.4), (4.0, 3, 2, 1), t)
        for f, t in zip(features, texts, strict=True)
    )
    scaling = ScalingSpec(20.0, 600.0, 50.0, "none")
    return Artifact(Manifest("scorecard"), ScorecardSpec(parts, -2.0, 1.0, scaling))


def test_hostile_texts_stay_texts():
    artifact = hostile_card(HOSTILE)
    source = to_python(artifact)
    tree = ast.parse(source)
    harmless = ast.parse(
        to_python(hostile_card([f"x{k}" for k in range(len(HOSTILE))]))
    )
    # The same statements, whatever the texts are.
    assert [type(node) for node in tree.body] == [type(node) for node in harmless.body]
    functions = [ast.dump(n) for n in tree.body if isinstance(n, ast.FunctionDef)]
    assert functions == [
        ast.dump(n) for n in harmless.body if isinstance(n, ast.FunctionDef)
    ]
    score, scorer = run_file(source)["score"], Scorer(artifact)
    for level in (0, 1):
        record = {
            f"{text}{k}": (text, f"{text} special")[level]
            for k, text in enumerate(HOSTILE)
        }
        got = score(record)
        same(got, scorer.score(record).to_dict() | {"model_id": got["model_id"]})


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)


@given(
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=6).map(tuple)
            | st.dictionaries(st.text() | st.floats(allow_nan=False), inner, max_size=4)
        ),
        max_leaves=40,
    )
)
def test_literals_read_back(value):
    assert eval(literal(value), {"float": float}) == value


def test_the_file_needs_the_standard_library_alone(artifact, tmp_path):
    path = tmp_path / "card.py"
    source = to_python(artifact, path)
    assert path.read_text(encoding="utf-8") == source
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            assert {a.name for a in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] in sys.stdlib_module_names
    with pytest.raises(OutputError, match="already"):
        to_python(artifact, path)
    to_python(artifact, path, overwrite=True)


def run_command(path, *arguments, text=""):
    # -I -S: no site-packages, so that riskkit and NumPy are out of reach.
    return subprocess.run(
        [sys.executable, "-I", "-S", str(path), *arguments],
        input=text, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def test_the_command(artifact, hard_rows, tmp_path):
    path = tmp_path / "card.py"
    source = to_python(artifact, path)
    tested = run_command(path, "--self-test")
    assert (tested.returncode, tested.stderr) == (0, "")
    assert tested.stdout.endswith(" golden rows, 0 answers differ\n")
    record = {k: v for k, v in hard_rows.to_dicts()[3].items() if k != "id"}
    expected = Scorer(artifact).score(record).to_dict()
    one = run_command(path, text=json.dumps(record))
    got = json.loads(one.stdout)
    same(got, expected | {"model_id": got["model_id"]})
    assert (
        json.loads(run_command(path, text=json.dumps([record] * 2)).stdout) == [got] * 2
    )
    for bad in ("{", "[1]", "{}", "3", '{"income": "secret"}', "[" * 100_000):
        refused = run_command(path, text=bad)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Traceback" not in refused.stderr
        assert "secret" not in refused.stderr
    assert run_command(path, "--what").returncode == 2
    # A file that was changed does not pass.
    changed = source.replace("'intercept': -2.9", "'intercept': -2.8")
    assert changed != source
    path.write_text(changed, encoding="utf-8")
    failed = run_command(path, "--self-test")
    assert failed.returncode == 1
    assert "log_odds" in failed.stderr


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ([], TypeError),
        ({}, ValueError),
        ({"income": "12"}, TypeError),
        ({"income": 10**400}, ValueError),
        ({"code": b"1"}, TypeError),
        ({"code": 10**6000}, ValueError),
    ],
)
def test_bad_records_are_refused_as_the_scorer_refuses_them(artifact, record, error):
    if record:
        record = dict.fromkeys(artifact.fields) | record
    with pytest.raises(error):
        Scorer(artifact).score(record)
    with pytest.raises(error) as caught:
        run_file(to_python(artifact))["score"](record)
    assert "12" not in str(caught.value)


def test_refused_levels_and_reasons_are_refused(artifact):
    model = artifact.model
    strict = replace(
        model,
        characteristics=tuple(
            replace(c, feature=replace(c.feature, refuse_unseen=True))
            for c in model.characteristics
        ),
    )
    score = run_file(to_python(replace(artifact, model=strict)))["score"]
    record = dict.fromkeys(artifact.fields)
    assert score(record, n_reasons=0)["reasons"] == []
    with pytest.raises(ValueError, match="levels known from training"):
        score(record | {"code": "new"})
    with pytest.raises(ValueError, match="n_reasons"):
        score(record, n_reasons=-1)


def test_what_cannot_be_written(artifact, tmp_path):
    with pytest.raises(InvalidTypeError, match="detector"):
        to_python(HistogramDetector().fit(np.arange(60.0).reshape(-1, 2)))
    with pytest.raises(InvalidParameterError, match="calibration and grades"):
        to_python(artifact, calibration=PLATT)
    with pytest.raises(OutputError, match="is a folder"):
        to_python(artifact, tmp_path)
