"""A strategy in an artifact: stored, read with distrust, and decided by."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from riskkit.artifact import (
    Artifact,
    Manifest,
    MasterScaleSpec,
    PDMapSpec,
    read_artifact,
    write_artifact,
)
from riskkit.decision import Strategy
from riskkit.exceptions import ArtifactError, InvalidInputError, InvalidTypeError
from riskkit.serving import Scorer, load_scorer

PLAIN = {
    "name": "consumer loans",
    "rules": [
        {
            "name": "minor",
            "when": [{"field": "age", "op": "<", "value": 18}],
            "decision": "decline",
            "reason": "Under age",
            "missing": "fire",
        },
        {
            "name": "web and large",
            "when": [
                {"field": "channel", "op": "in", "value": ["web", "app"]},
                {"any": [
                    {"field": "amount", "op": ">", "value": 5000},
                    {"field": "amount", "op": "missing"},
                ]},
            ],
            "decision": "refer",
            "missing": "skip",
        },
    ],
    "bands": [
        {"from": 480, "decision": "approve"},
        {"to": 480, "decision": "decline", "name": "low", "reason": "Points are low"},
    ],
    "limits": {
        "by": "grade",
        "requested": "amount",
        "minimum": 100,
        "bands": [
            {"levels": ["A", "B"], "limit": 9000, "price": 0.1},
            {"levels": ["C"], "limit": 500},
        ],
    },
}  # fmt: skip
GRADES = PDMapSpec(
    (), MasterScaleSpec((0.0, 0.05, 0.3, 1.0), (0.02, 0.1, 0.5), ("A", "B", "C"))
)


@pytest.fixture
def strategy():
    return Strategy.from_dict(PLAIN)


@pytest.fixture
def folder(tmp_path, card, strategy):
    path = tmp_path / "card"
    write_artifact(
        path,
        manifest=Manifest("scorecard"),
        model=card,
        pd_map=GRADES,
        strategy=strategy.spec,
    )
    return path


@pytest.fixture
def record(folder):
    return dict.fromkeys(load_scorer(folder).features) | {
        "age": 40, "channel": "branch", "amount": 700,
    }  # fmt: skip


def test_what_is_read_is_what_was_written(folder, strategy):
    spec = read_artifact(folder).strategy
    assert spec == strategy.spec
    assert Strategy.from_dict(spec.to_dict()) == strategy
    stored = json.loads((folder / "strategy.json").read_text("utf-8"))
    assert stored == strategy.to_dict()


def test_a_record_is_decided_on(folder, record):
    scorer = load_scorer(folder)
    bare = scorer.score(record)
    assert (bare.decision, bare.limit) in {("approve", 700.0), ("approve", 500.0),
                                           ("decline", None)}  # fmt: skip
    minor = scorer.score(record | {"age": None})
    assert (minor.decision, minor.decided_by, minor.decision_reason) == (
        "decline", "minor", "Under age",
    )  # fmt: skip
    assert (minor.limit, minor.limited_by, minor.price) == (None, None, None)
    web = scorer.score(record | {"channel": "web", "amount": None})
    assert (web.decision, web.decided_by) == ("refer", "web and large")
    # What the record calls points or grade is not what the model answers.
    assert scorer.score(record | {"points": 0, "grade": "Z"}) == bare
    assert minor.to_dict()["decision_reason"] == "Under age"


def test_python_decides_alike(folder, record, strategy):
    scorer = load_scorer(folder)
    rng = random.Random(0)
    seen = set()
    for _ in range(300):
        drawn = record | {
            "age": rng.choice([None, 17, 18, 50]),
            "channel": rng.choice([None, "web", "branch"]),
            "amount": rng.choice([None, 50, 100, 400, 5000, 5001, 20_000]),
            "income": rng.gauss(0, 100),
            "debt": rng.gauss(0, 0.3),
            "big": rng.choice([-2e300, 0.0, 2e300]),
        }
        result = scorer.score(drawn)
        answers = {"points": result.points, "grade": result.grade}
        expected = strategy.decide(drawn | answers)
        assert (result.decision, result.decided_by, result.decision_reason) == (
            expected.decision, expected.decided_by, expected.reason,
        )  # fmt: skip
        assert (result.limit, result.limited_by, result.price) == (
            expected.limit, expected.limited_by, expected.price,
        )  # fmt: skip
        batch = scorer.score_batch({name: [value] for name, value in drawn.items()})
        assert batch.decided_by[0] == result.decided_by
        assert batch.decision_reason[0] == result.decision_reason
        seen.add(result.decided_by)
    assert {"minor", "web and large"} < seen


def test_fields_of_the_strategy_are_fields_of_the_record(folder, record):
    scorer = load_scorer(folder)
    assert {"age", "channel", "amount"} < set(scorer.features)
    assert not {"points", "grade"} & set(scorer.features)
    assert scorer.kinds["channel"] == "categorical"
    del record["channel"]
    with pytest.raises(InvalidInputError, match="1 are absent: 'channel'"):
        scorer.score(record)
    with pytest.raises(InvalidTypeError, match="Field 'age' must be a number"):
        scorer.score(record | {"channel": None, "age": "forty"})
    with pytest.raises(InvalidInputError, match="beyond its range"):
        scorer.score(record | {"channel": None, "age": 10**400})


def test_the_strategy_is_no_part_of_the_model(tmp_path, folder, card):
    write_artifact(
        tmp_path / "bare", manifest=Manifest("scorecard"), model=card, pd_map=GRADES
    )
    bare, decided = load_scorer(tmp_path / "bare"), load_scorer(folder)
    assert bare.model_id == decided.model_id
    assert bare.strategy_id == ""
    raw = (folder / "strategy.json").read_bytes()
    assert decided.strategy_id == sha256(raw).hexdigest()[:12]
    assert "consumer loans" in decided._repr_html_()
    result = bare.score(dict.fromkeys(bare.features))
    assert result.decision is None
    assert "decision" not in result.to_dict()
    batch = bare.score_batch({name: [None] for name in bare.features})
    assert "decision" not in batch.to_dict()


def test_a_service_needs_the_standard_library_alone(folder):
    code = (
        "import sys\n"
        "from riskkit.serving import load_scorer\n"
        f"scorer = load_scorer({str(folder)!r})\n"
        "assert scorer.score(dict.fromkeys(scorer.features)).decision == 'decline'\n"
        "assert 'numpy' not in sys.modules\n"
        "batch = scorer.score_batch({name: [None] for name in scorer.features})\n"
        "assert batch.decision.tolist() == ['decline']\n"
        "heavy = {'pandas', 'sklearn', 'scipy', 'narwhals', 'riskkit.decision'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def put(folder, document):
    """Write a strategy over the one in a folder, with a manifest that agrees."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    (folder / "strategy.json").write_bytes(raw)
    place = folder / "manifest.json"
    manifest = json.loads(place.read_text("utf-8"))
    manifest["members"]["strategy.json"] = sha256(raw).hexdigest()
    place.write_text(json.dumps(manifest), "utf-8")


def changed(document, *path, to):
    """Return a document with another value at a place; Ellipsis takes it away."""
    document = json.loads(json.dumps(document))
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    if to is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = to
    return document


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        (("rules", 0, "when", 0, "op"), "__eval__", "op of 'age'"),
        (("rules", 0, "when", 0, "value"), "import os", "must be a finite number"),
        (("rules", 0, "when", 0, "value"), True, "other words"),
        (("rules", 0, "when", 0, "value"), 18, "other words"),
        (("rules", 0, "when", 0, "field"), 7, "must be a name"),
        (("rules", 0, "missing"), ..., "must say what a missing value does"),
        (("rules", 0, "decision"), "pay out", "must be one of"),
        (("rules", 0, "reason"), ["x"], "reason of rule 'minor'"),
        (("rules", 1, "name"), "minor", "stands twice"),
        (("rules", 1, "when"), {}, "must be a list"),
        (("rules", 1, "extra"), 1, "may hold"),
        (("rules",), None, "rules must be a sequence"),
        (("bands", 0, "from"), 470.0, "must not overlap"),
        (("bands", 0, "from"), 490.0, "must cover every value"),
        (("bands", 0, "from"), "480", "must be a finite number"),
        (("bands",), ..., "other words"),
        (("limits", "bands", 0, "limit"), -1.0, "number >= 0"),
        (("limits", "bands", 0, "levels"), [{}], "must be text, a number"),
        (("limits", "round_to"), 0.0, "above 0"),
        (("limits", "requested"), "grade", "a grade for the bands and an amount"),
        (("limits", "requested"), "channel", "compares it with texts"),
        (("limits",), [], "expected an object"),
        (("otherwise",), ..., "otherwise must be one of"),
        (("name",), "\ud800", "lone surrogate"),
        (("code",), "x", "other words"),
    ],
)
def test_hostile_strategies_are_refused(folder, path, to, message):
    plain = json.loads((folder / "strategy.json").read_text("utf-8"))
    put(folder, changed(plain, *path, to=to))
    with pytest.raises(ArtifactError, match=r"strategy\.json") as caught:
        load_scorer(folder)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "raw", [b"[]", b"null", b"{", b'{"name": NaN}', b"{}", b"\x80\x04K\x01."]
)
def test_what_is_no_strategy_is_refused(folder, raw):
    put(folder, raw)
    with pytest.raises(ArtifactError, match=r"strategy\.json"):
        read_artifact(folder)


def test_a_strategy_cannot_keep_a_reader_busy(folder):
    plain = json.loads((folder / "strategy.json").read_text("utf-8"))
    pair = {"any": [{"field": "a", "op": "known"}, {"field": "b", "op": "known"}]}
    many = {"field": "c", "op": "in", "value": [float(k) for k in range(50_000)]}
    rule = plain["rules"][0] | {"when": [*[pair] * 9, many]}
    put(folder, plain | {"rules": [rule]})
    with pytest.raises(ArtifactError, match="Rules may make at most 2000000"):
        read_artifact(folder)
    (folder / "strategy.json").write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(ArtifactError, match="at most 1048576 bytes"):
        read_artifact(folder)


def test_mutations_end_in_an_error_or_a_sound_strategy(folder):
    plain = json.loads((folder / "strategy.json").read_text("utf-8"))
    odd = [None, True, -1, 0.5, "", "x", [], {}, ["a"], [1.0], {"field": "x"}, 1e308]
    rng = random.Random(6)

    def mutated(value):
        if isinstance(value, dict | list) and value and rng.random() < 0.85:
            key = rng.choice(list(value) if isinstance(value, dict) else
                             range(len(value)))  # fmt: skip
            value = value.copy()
            value[key] = mutated(value[key])
            return value
        return rng.choice(odd)

    refused = 0
    for _ in range(400):
        put(folder, mutated(plain))
        try:
            spec = read_artifact(folder).strategy
        except ArtifactError:
            refused += 1
            continue
        assert Strategy.from_dict(spec.to_dict()).spec == spec
    assert 300 < refused < 400


def test_names_that_mean_two_things_are_refused(card, strategy):
    artifact = Artifact(Manifest("scorecard"), card)
    feature = replace(card.characteristics[0].feature, name="points")
    named = replace(card.characteristics[0], feature=feature)
    model = replace(card, characteristics=(named, *card.characteristics[1:]))
    with pytest.raises(ArtifactError, match="'points', which is an answer"):
        Artifact(Manifest("scorecard"), model).with_strategy(strategy.spec)
    when = [{"field": "purpose", "op": "<", "value": 3}]
    rule = {"name": "r", "when": when, "decision": "refer", "missing": "skip"}
    with pytest.raises(ArtifactError, match="must compare 'purpose' with texts"):
        artifact.with_strategy(Strategy([rule]).spec)
    # Without a master scale the grade is a field of the record.
    scorer = Scorer(artifact.with_strategy(strategy.spec))
    assert "grade" in scorer.features


def test_an_older_protocol_holds_no_strategy():
    from riskkit.artifact._migrate import migrate

    with pytest.raises(ArtifactError, match=r"protocol 3 holds no strategy\.json"):
        migrate({"manifest.json": {}, "model.json": {}, "strategy.json": {}}, 3)


def test_a_stored_strategy_decides_as_it_did():
    path = Path(__file__).parents[1] / "data" / "strategy_protocol4.rk"
    scorer = load_scorer(path)
    stored = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert scorer.strategy_id == stored["strategy_id"]
    for case in stored["cases"]:
        result = scorer.score(case["record"])
        assert {k: getattr(result, k) for k in case["answers"]} == case["answers"]
