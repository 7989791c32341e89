"""The published schemas describe the members that riskkit writes."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

jsonschema = pytest.importorskip("jsonschema")

TESTS = Path(__file__).resolve().parent
SCHEMAS = TESTS.parent / "docs" / "reference" / "schemas"
MEMBERS = {
    "manifest.json": "manifest",
    "model.json": "scorecard",
    "baseline.json": "baseline",
    "pd_map.json": "pd_map",
    "golden.json": "golden",
    "signature.json": "signature",
}


def validator(name):
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def members(stem):
    with ZipFile(TESTS / "data" / f"{stem}.rk") as container:
        return {
            name: json.loads(container.read(name))
            for name in container.namelist()
            if name.endswith(".json")
        }


@pytest.fixture(scope="module")
def documents():
    return members("scorecard_protocol5")


@pytest.mark.parametrize("stem", ["scorecard_protocol5", "strategy_protocol5"])
def test_a_stored_scorecard_is_valid(stem):
    checked = [
        validator(MEMBERS[name]).validate(document)
        for name, document in members(stem).items()
        if name in MEMBERS
    ]
    assert len(checked) >= 4


@pytest.mark.parametrize("stem", ["blend_protocol5", "detector_protocol5"])
def test_manifests_and_golden_rows_of_other_models_are_valid(stem):
    found = members(stem)
    validator("manifest").validate(found["manifest.json"])
    validator("golden").validate(found["golden.json"])


def test_a_signature_is_valid():
    validator("signature").validate(
        {"algorithm": "ed25519", "key_id": "0" * 16, "signature": "0" * 128}
    )


def without(document, *path):
    *parents, last = path
    place = document
    for key in parents:
        place = place[key]
    del place[last]


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ("manifest.json", ["members"]),
        ("model.json", ["intercept"]),
        ("model.json", ["characteristics", 0, "bins", 0, "woe"]),
        ("baseline.json", ["points", "n"]),
        ("pd_map.json", ["steps", 0, "c"]),
        ("golden.json", ["rows", 0, "answer"]),
    ],
)
def test_a_member_that_lacks_something_is_not(documents, member, path):
    document = json.loads(json.dumps(documents[member]))
    without(document, *path)
    assert not validator(MEMBERS[member]).is_valid(document)


@pytest.mark.parametrize("member", sorted(set(MEMBERS) - {"signature.json"}))
def test_nothing_may_be_added(documents, member):
    assert not validator(MEMBERS[member]).is_valid(documents[member] | {"more": 1})
