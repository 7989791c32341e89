"""Golden rows: made from the model, stored with it, and replayed at every load."""

from __future__ import annotations

import json
import time
import zipfile
from hashlib import sha256
from math import inf, nextafter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    GoldenRowSpec,
    Manifest,
    ScalingSpec,
    ScorecardSpec,
    open_artifact,
    read_artifact,
    write_artifact,
)
from riskkit.artifact._golden import decode_golden, encode_golden
from riskkit.exceptions import ArtifactError
from riskkit.serving import Scorer, load_scorer

STORED = Path(__file__).parents[1] / "data"
KINDS = ("scorecard", "strategy", "blend", "detector", "fraud")


def unpacked(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path, members):
    """Write members with hashes that fit."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: sha256(raw).hexdigest()
        for name, raw in members.items()
        if name != "manifest.json"
    }
    held = members | {"manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in held.items():
            archive.writestr(zipfile.ZipInfo(name), raw)
    return path


def with_golden(path, change, kind="scorecard"):
    """Return an artifact whose golden rows were changed, hashes and all."""
    members = unpacked(STORED / f"{kind}_protocol5.rk")
    document = json.loads(members["golden.json"])
    change(document)
    return packed(path, members | {"golden.json": json.dumps(document).encode()})


def test_rows_go_through_edges_next_floats_and_everything_odd(saved):
    rows = open_artifact(saved).golden
    incomes = {row.record["income"] for row in rows}
    for edge in (1000.0, 2500.5):
        assert {nextafter(edge, -inf), edge, nextafter(edge, inf)} <= incomes
    assert {None, 0.0, -1.0, -2.0, -3.5} <= incomes
    # This feature refuses unseen levels; the segments of the calibration do not.
    assert {row.record["purpose"] for row in rows} == {None, "car", 'q"uote\\', "N/A"}
    assert {"branch", "büro", "level that training never saw"} < {
        row.record["channel"] for row in rows
    }


def test_answers_are_those_of_the_formula(tmp_path):
    feature = FeatureSpec("income", "numeric", edges=(1000.0,))
    terms = (0.5, -0.5, 0.25, 0.0)
    item = CharacteristicSpec(feature, -1.0, terms, terms, (9.0, 8.0, 7.0, 6.0), "low")
    card = ScorecardSpec((item,), -3.0, 500.0, ScalingSpec(20.0, 600.0, 50.0))
    write_artifact(tmp_path / "card.rk", manifest=Manifest("scorecard"), model=card)
    answers = {
        row.record["income"]: (row.answer["log_odds"], row.answer["points"])
        for row in open_artifact(tmp_path / "card.rk").golden
    }
    assert answers == {
        None: (-2.75, 507.0),
        0.0: (-2.5, 509.0),
        1000.0: (-2.5, 509.0),
        nextafter(1000.0, -inf): (-2.5, 509.0),
        nextafter(1000.0, inf): (-3.5, 508.0),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_scorer_answers_them_and_they_survive_the_file(kind, tmp_path):
    opened = open_artifact(STORED / f"{kind}_protocol5.rk")
    assert len(opened.golden) >= 4
    document = json.loads(json.dumps(encode_golden(opened.golden)))
    assert decode_golden(document, opened.artifact.fields) == opened.golden
    if isinstance(opened.artifact, Artifact):
        again = opened.artifact
        write_artifact(
            tmp_path / "again.rk",
            manifest=again.manifest,
            model=again.model,
            pd_map=again.pd_map,
            strategy=again.strategy,
            baseline=again.baseline,
        )
        assert open_artifact(tmp_path / "again.rk").golden == opened.golden


def first_number(document):
    answer = document["rows"][1]["answer"]
    name = "anomaly_score" if "anomaly_score" in answer else "log_odds"
    return answer, name


@pytest.mark.parametrize("kind", KINDS)
def test_another_answer_is_refused_with_the_row_and_both_values(kind, tmp_path):
    was = []

    def change(document):
        answer, name = first_number(document)
        was.append((name, float.fromhex(answer[name])))
        answer[name] = (was[0][1] + 1e-3).hex()

    path = with_golden(tmp_path / "model.rk", change, kind)
    with pytest.raises(ArtifactError, match=r"golden\.json, row 1") as caught:
        load_scorer(path)
    name, value = was[0]
    assert name in str(caught.value)
    assert (value + 1e-3).hex() in str(caught.value)
    assert value.hex() in str(caught.value)


def test_the_last_bit_of_a_sum_counts_and_that_of_an_exponential_does_not(tmp_path):
    def turn(name):
        def change(document):
            answer = document["rows"][0]["answer"]
            answer[name] = nextafter(float.fromhex(answer[name]), inf).hex()

        return change

    load_scorer(with_golden(tmp_path / "pd.rk", turn("pd")))
    for name in ("log_odds", "points"):
        path = with_golden(tmp_path / "sum.rk", turn(name))
        with pytest.raises(ArtifactError, match=f"row 0: {name} must be"):
            load_scorer(path)
    load_scorer(with_golden(tmp_path / "blend.rk", turn("log_odds"), "blend"))


def test_words_are_compared_unless_a_number_moved():
    row = GoldenRowSpec({}, {"pd": 0.02, "points": 500.0, "grade": "A", "limit": None})
    same = {"pd": 0.02, "points": 500.0, "grade": "A", "limit": None}
    row.check(0, same)
    with pytest.raises(ArtifactError, match=r"grade must be 'A'.*gives 'B'"):
        row.check(0, same | {"grade": "B"})
    with pytest.raises(ArtifactError, match="limit must be None"):
        row.check(0, same | {"limit": 100.0})
    moved = same | {"pd": nextafter(0.02, 1.0)}
    row.check(0, moved | {"grade": "B"})
    with pytest.raises(ArtifactError, match="pd must be"):
        row.check(0, same | {"pd": 0.021})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_every_bit(value):
    rows = (GoldenRowSpec({"x": value}, {"pd": value}),)
    document = json.loads(json.dumps(encode_golden(rows)))
    (found,) = decode_golden(document, {"x": "numeric"})
    assert found.record["x"].hex() == found.answer["pd"].hex() == value.hex()


BAD = {
    "not an object": (lambda d: d.update(rows={}), "a list"),
    "further key": (lambda d: d.update(code="import os"), "unknown 'code'"),
    "too many": (lambda d: d.update(rows=d["rows"] * 65), "0 to 64 entries"),
    "field absent": (lambda d: d["rows"][0]["record"].popitem(), "an object of"),
    "text in a number": (
        lambda d: d["rows"][0]["record"].update(income="many"),
        "finite number",
    ),
    "number as level": (lambda d: d["rows"][0]["record"].update(region=3), "text"),
    "unknown answer": (lambda d: d["rows"][0]["answer"].update(x="0x1.0p+0"), "out of"),
    "no answer": (lambda d: d["rows"][0].update(answer={}), "at least one"),
    "decimal": (lambda d: d["rows"][0]["answer"].update(pd="0.5"), "float.hex"),
    "plain number": (lambda d: d["rows"][0]["answer"].update(pd=0.5), "text"),
    "nan": (lambda d: d["rows"][0]["answer"].update(pd="nan"), "float.hex"),
    "infinite": (lambda d: d["rows"][0]["answer"].update(pd="0x1.0p+9999"), "float"),
    "long": (lambda d: d["rows"][0]["answer"].update(pd="0x1." + "0" * 99), "40"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_refused(name, tmp_path):
    change, reason = BAD[name]
    with pytest.raises(ArtifactError, match=reason):
        load_scorer(with_golden(tmp_path / "model.rk", change))


def test_a_record_that_the_model_refuses_is_no_golden_row(saved, tmp_path):
    members = unpacked(saved)
    document = json.loads(members["golden.json"])
    document["rows"][2]["record"]["purpose"] = "level nobody knows"
    held = members | {"golden.json": json.dumps(document).encode()}
    with pytest.raises(ArtifactError, match="row 2 must be a record that the model"):
        load_scorer(packed(tmp_path / "model.rk", held))


def test_a_model_that_says_something_else_is_refused(tmp_path):
    """A bin that is worth more, hash and all, no longer answers as it was saved."""
    members = unpacked(STORED / "scorecard_protocol5.rk")
    model = json.loads(members["model.json"])
    model["characteristics"][0]["bins"][0]["points"] += 1
    held = members | {"model.json": json.dumps(model).encode()}
    with pytest.raises(ArtifactError, match="points must be"):
        load_scorer(packed(tmp_path / "model.rk", held))


def test_replaying_a_card_takes_no_time_worth_naming():
    path = STORED / "scorecard_protocol5.rk"
    golden = open_artifact(path).golden
    scorer = Scorer(read_artifact(path))
    best = 1.0
    for _ in range(20):
        started = time.process_time()
        for row in golden:
            scorer.score(row.record, n_reasons=0)
        best = min(best, time.process_time() - started)
    assert best < 1e-3


def test_many_fields_keep_the_rows_few_and_the_member_small(tmp_path):
    """Of 2,000 fields with long levels not more is stored than has room."""
    items = tuple(
        CharacteristicSpec(
            FeatureSpec(f"f{k}", "categorical", levels=(("x" * 190,), ("y" * 3000,))),
            -1.0, (0.0,) * 4, (0.0,) * 4, (0.0,) * 4, "",
        )
        for k in range(2_000)
    )  # fmt: skip
    card = ScorecardSpec(items, -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
    write_artifact(tmp_path / "card.rk", manifest=Manifest("scorecard"), model=card)
    golden = open_artifact(tmp_path / "card.rk").golden
    assert len(golden) == 2
    assert all(
        "y" not in value
        for row in golden
        for value in row.record.values()
        if value is not None
    )
