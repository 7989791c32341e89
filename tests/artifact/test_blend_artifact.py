"""Blends on disk: read back as they were, and refused where they could do harm."""

from __future__ import annotations

import json
import time
import tracemalloc
import zipfile
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from riskkit.artifact import (
    BlendSpec,
    BoostedMemberSpec,
    CodingSpec,
    FeatureSpec,
    ForestMemberSpec,
    LogOddsMapSpec,
    Manifest,
    NodesSpec,
    ScorecardMemberSpec,
    SpecialGroup,
    TreeColumnSpec,
    TreeSpec,
    read_artifact,
    write_artifact,
)
from riskkit.exceptions import ArtifactError

CODING = CodingSpec(
    (
        FeatureSpec(
            "delays",
            "numeric",
            edges=(0.5, 1.5),
            special=(SpecialGroup("No hit", (-9.0,)),),
        ),
        FeatureSpec("region", "categorical", levels=(("north",), ("süd", "south"))),
    ),
    (
        TreeColumnSpec(0, "value", (0, 1, 2, None, None, None)),
        TreeColumnSpec(0, "state", (0, 0, 0, 1, 0, 0)),
        TreeColumnSpec(1, "rank", (1, 0, None, 1)),
    ),
)
# Two trees: a split on a split, and a leaf.
COLUMN = np.array([0, 2, -1, -1, -1, -1], dtype=np.int32)
NODES = NodesSpec(
    COLUMN,
    np.array([1, 0, 0, 0, 0, 0], dtype=np.int32),
    np.array([True, False, False, False, False, False]),
    np.array([0.0, 0.0, -0.5, 0.25, 1.5, 0.125]),
    np.array([100.0, 60.0, 25.0, 35.0, 40.0, 100.0]),
)
SHARES = replace(
    NODES, value=np.array([0.1, 0.05, 0.0, 0.1, 0.5, 0.1]), cover=np.empty(0)
)


@pytest.fixture
def blend(card):
    members = (
        BoostedMemberSpec("lightgbm", 0.5, CODING, -2.5, NODES),
        ForestMemberSpec("forest", 0.25, CODING, 0.001, SHARES),
        ScorecardMemberSpec("scorecard", 0.25, card, (0.125, -0.25)),
    )
    names = ("delays", "region", "income", "purpose")
    audits = {"lightgbm": {"rows": [{"feature": "delays", "n_violations": 0}]}}
    calibration = LogOddsMapSpec(1.25, 1.25, -0.5, "log_odds")
    reference = (0.25, -0.125, 0.0, 0.5)
    return BlendSpec(members, names, reference, card.scaling, calibration, audits)


@pytest.fixture
def path(tmp_path, blend):
    path = tmp_path / "blend.rk"
    write_artifact(path, manifest=Manifest("blend"), model=blend)
    return path


def test_a_blend_reads_back_as_it_was(path, blend):
    artifact = read_artifact(path)
    assert artifact.model == blend
    assert artifact.fields == {
        "delays": "numeric",
        "region": "categorical",
        "income": "numeric",
        "purpose": "categorical",
    }
    # What several members read stands once.
    boosted, forest, _ = artifact.model.members
    assert boosted.coding is forest.coding


def test_bytes_depend_on_the_content_alone(path, blend, tmp_path):
    again = tmp_path / "again.rk"
    manifest = write_artifact(again, manifest=Manifest("blend"), model=blend)
    assert again.read_bytes() == path.read_bytes()
    other = replace(NODES, value=NODES.value * 2)
    first = replace(blend.members[0], nodes=other)
    changed = replace(blend, members=(first, *blend.members[1:]))
    moved = write_artifact(
        tmp_path / "moved.rk", manifest=Manifest("blend"), model=changed
    )
    assert moved.members["model.json"] == manifest.members["model.json"]
    assert moved.model_id != manifest.model_id  # the trees are part of it


def test_nodes_of_trees_have_their_children():
    first, second = NODES.trees()
    assert (first.left.tolist(), first.right.tolist()) == (
        [1, 2, 0, 0, 0],
        [4, 3, 0, 0, 0],
    )
    assert second.column.tolist() == [-1]
    forest = NODES.forest()
    assert forest.root.tolist() == [0, 5]
    assert forest.right.tolist() == [4, 3, 0, 0, 0, 0]
    assert [cover.size for cover in NODES.covers()] == [5, 1]
    stump = TreeSpec(
        (0, -1, -1), (10**400, 0, 0), (True, False, False), (1, 0, 0), (2, 0, 0),
        (0.0, 0.5, 1.0), (3.0, 2.0, 1.0),
    )  # fmt: skip
    nodes = NodesSpec.of_trees([stump, stump])
    assert nodes.n_trees == 2
    assert nodes.threshold.tolist() == [2**31 - 1, 0, 0] * 2
    assert NodesSpec.of_trees([]).n_trees == 0
    assert NODES != 3
    assert NODES != SHARES


def resigned(path, *, model=None, trees=None, drop=()):
    """Change members, and let the manifest agree with the change."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["model.json"])
    if model is not None:
        model(document)
        members["model.json"] = json.dumps(document).encode()
    if trees is not None:
        members["trees.bin"] = trees(members["trees.bin"])
    for name in drop:
        del members[name]
    manifest = json.loads(members.pop("manifest.json"))
    manifest["members"] = {n: sha256(raw).hexdigest() for n, raw in members.items()}
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)


def at(place, value, kind="<f8"):
    """Return what writes a value into the bytes of the trees."""
    raw = np.array(value, dtype=kind).tobytes()
    return lambda old: old[:place] + raw + old[place + len(raw) :]


def put(*keys, value):
    def change(document):
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


THRESHOLD, MISSING, VALUE = 24, 48, 54  # where the arrays of the first member start
COVER, SHARE = 102, 150 + 54
HOSTILE = {
    "a column that is not there": ({"trees": at(0, 3, "<i4")}, "columns from -1 to 2"),
    "a column below a leaf": ({"trees": at(0, -2, "<i4")}, "columns from -1 to 2"),
    "a leaf where a split was": ({"trees": at(4, -1, "<i4")}, "whole trees"),
    "a split without children": ({"trees": at(20, 0, "<i4")}, "whole trees"),
    "a threshold below all": ({"trees": at(THRESHOLD, -7, "<i4")}, "thresholds of"),
    "a threshold of a leaf": ({"trees": at(THRESHOLD + 8, 1, "<i4")}, "0 for a leaf"),
    "a flag that is no flag": ({"trees": at(MISSING, 2, "u1")}, "0 or 1"),
    "a flag of a leaf": ({"trees": at(MISSING + 3, 1, "u1")}, "for splits only"),
    "a leaf that is NaN": ({"trees": at(VALUE + 16, np.nan)}, "finite values"),
    "a leaf that is infinite": ({"trees": at(VALUE + 16, np.inf)}, "finite values"),
    "a leaf beyond range": ({"trees": at(VALUE + 16, 1e300)}, "finite values"),
    "a split that adds": ({"trees": at(VALUE, 0.5)}, "0 for splits"),
    "a cover of nothing": ({"trees": at(COVER + 8, 0.0)}, "covers from 1e-30"),
    "a part larger than its whole": (
        {"trees": at(COVER + 8, 101.0)},
        "no part of them exceeds",
    ),
    "a cover that is NaN": ({"trees": at(COVER, np.nan)}, "covers from 1e-30"),
    "a cover without end": ({"trees": at(COVER, np.inf)}, "covers from 1e-30"),
    "a share above 1": ({"trees": at(SHARE, 1.5)}, "shares of events"),
    "a share below 0": ({"trees": at(SHARE, -0.5)}, "shares of events"),
    "trees cut off": ({"trees": lambda raw: raw[:-1]}, "6 nodes; got fewer"),
    "trees too long": ({"trees": lambda raw: raw + b"\0"}, "no further bytes; got 1"),
    "no trees": ({"drop": ["trees.bin"]}, "no such member"),
    "a huge number of nodes": (
        {"model": put("members", 0, "n_nodes", value=1 << 30)},
        "1073741824 nodes; got fewer",
    ),
    "more nodes than there can be": (
        {"model": put("members", 0, "n_nodes", value=1 << 40)},
        "whole number from 0",
    ),
    "fewer nodes": ({"model": put("members", 0, "n_nodes", value=-1)}, "from 0 to"),
    "a number that is not whole": (
        {"model": put("members", 0, "n_nodes", value=6.0)},
        "a whole number",
    ),
    "true for a number": (
        {"model": put("members", 0, "n_trees", value=True)},
        "a whole number",
    ),
    "more trees": ({"model": put("members", 0, "n_trees", value=3)}, "3 whole trees"),
    "a coding that is not there": (
        {"model": put("members", 1, "coding", value=1)},
        "from 0 to 0",
    ),
    "a kind that is not known": (
        {"model": put("members", 0, "kind", value="pickle")},
        "one of",
    ),
    "a weight below 0": (
        {"model": put("members", 0, "weight", value=-0.5)},
        "above 0 and at most 1",
    ),
    "weights beyond 1": (
        {"model": put("members", 0, "weight", value=0.75)},
        "add up to 1",
    ),
    "a floor of 0": ({"model": put("members", 1, "floor", value=0)}, "and a half"),
    "two members of a name": (
        {"model": put("members", 1, "name", value="lightgbm")},
        "distinct names of members",
    ),
    "no members": ({"model": put("members", value=[])}, "a list of 1 to"),
    "a mean too few": ({"model": put("members", 2, "means", value=[0.5])}, "one mean"),
    "an intercept beyond range": (
        {"model": put("members", 0, "intercept", value=2**60)},
        "beyond range",
    ),
    "a code below 0": (
        {"model": put("codings", 0, "columns", 0, "codes", 0, value=-1)},
        "from 0 to",
    ),
    "a code beyond range": (
        {"model": put("codings", 0, "columns", 0, "codes", 0, value=1 << 30)},
        "from 0 to",
    ),
    "a code too few": (
        {"model": put("codings", 0, "columns", 0, "codes", value=[0, 1])},
        "6 codes, one a bin",
    ),
    "a column of no feature": (
        {"model": put("codings", 0, "columns", 0, "feature", value=2)},
        "from 0 to 1",
    ),
    "a role of its own": (
        {"model": put("codings", 0, "columns", 0, "role", value="spy")},
        "one of",
    ),
    "a feature twice": (
        {"model": put("codings", 0, "features", value=[0, 0])},
        "distinct feature names",
    ),
    "a feature that is not there": (
        {"model": put("codings", 0, "features", 0, value=9)},
        "from 0 to 1",
    ),
    "edges out of order": (
        {"model": put("features", 0, "edges", value=[1.5, 0.5])},
        "strictly increasing",
    ),
    "levels of a number": (
        {"model": put("features", 0, "levels", value=[["a"]])},
        "0 to 0 entries",
    ),
    "a level twice": (
        {"model": put("features", 1, "levels", value=[["north"], ["north"]])},
        "distinct levels",
    ),
    "another side": (
        {"model": put("features", 0, "closed", value="left")},
        '"right" for a numeric',
    ),
    "a field too few": (
        {"model": lambda document: document["fields"].pop()},
        "all features of the members",
    ),
    "a field of no member": (
        {"model": put("fields", 0, "name", value="other")},
        "all features of the members",
    ),
    "a reference that is text": (
        {"model": put("fields", 0, "reference", value="0")},
        "a finite number",
    ),
    "a calibration of PDs": (
        {"model": put("calibration", "scale", value="pd")},
        "given log-odds",
    ),
    "an audit that is a list": ({"model": put("audits", value=[])}, "an object"),
    "a key more": ({"model": put("code", value="import os")}, "the unknown 'code'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_blend_is_refused(path, name):
    change, reason = HOSTILE[name]
    resigned(path, **change)
    start = time.process_time()
    with pytest.raises(ArtifactError, match=reason):
        read_artifact(path)
    assert time.process_time() - start < 2


def test_a_field_of_two_kinds(path):
    def change(document):
        document["members"][2]["card"]["characteristics"][0]["name"] = "region"
        document["fields"] = [f for f in document["fields"] if f["name"] != "income"]

    resigned(path, model=change)
    with pytest.raises(ArtifactError, match="one kind for each field"):
        read_artifact(path)


def test_trees_that_were_changed_have_another_hash(path):
    raw = path.read_bytes()
    value = np.float64(1.5).tobytes()
    path.write_bytes(raw.replace(value, np.float64(-9.5).tobytes()))
    with pytest.raises(
        ArtifactError, match=r"trees\.bin must have the SHA-256|damaged"
    ):
        read_artifact(path)


def test_every_cut_of_the_file_is_refused(path):
    raw = path.read_bytes()
    for size in range(0, len(raw), 256):
        path.write_bytes(raw[:size])
        with pytest.raises(ArtifactError):
            read_artifact(path)


def test_a_scorecard_holds_no_trees(path, saved):
    with zipfile.ZipFile(path) as archive:
        trees = archive.read("trees.bin")
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    manifest["members"]["trees.bin"] = sha256(trees).hexdigest()
    members |= {"trees.bin": trees, "manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(saved, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    with pytest.raises(ArtifactError, match="A scorecard has no trees"):
        read_artifact(saved)


def test_a_large_forest_is_read_without_much_memory(tmp_path, blend):
    n = 400_000
    column = np.array([0, -1, -1] * n, dtype=np.int32)
    rest = np.zeros(3 * n)
    nodes = NodesSpec(
        column, rest.astype(np.int32), rest.astype(bool), rest + 0.25, np.empty(0)
    )
    forest = replace(blend.members[1], nodes=nodes, weight=1.0)
    model = replace(
        blend, members=(forest,), names=("delays", "region"), reference=(0.0, 0.0)
    )
    path = tmp_path / "large.rk"
    write_artifact(path, manifest=Manifest("blend"), model=model)
    tracemalloc.start()
    assert read_artifact(path).model.members[0].nodes.n_trees == n
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 << 20


def test_trees_too_deep_to_explain_are_refused(tmp_path, blend):
    n = 20_000  # splits in a chain, each with a leaf on its left
    column = np.append(np.tile([0, -1], n), -1).astype(np.int32)
    zeros = np.zeros(column.size)
    nodes = NodesSpec(
        column, zeros.astype(np.int32), zeros.astype(bool), zeros, zeros + 1.0
    )
    boosted = replace(blend.members[0], nodes=nodes, weight=1.0)
    model = replace(
        blend, members=(boosted,), names=("delays", "region"), reference=(0.0, 0.0)
    )
    with pytest.raises(ArtifactError, match="too many, or too deep"):
        write_artifact(tmp_path / "a.rk", manifest=Manifest("blend"), model=model)


def test_what_cannot_be_read_back_is_not_written(tmp_path, blend):
    short = replace(NODES, value=NODES.value[:-1])
    first = replace(blend.members[0], nodes=short)
    path = tmp_path / "bad.rk"
    with pytest.raises(ArtifactError, match="one value each; 6 nodes have 5"):
        write_artifact(
            path,
            manifest=Manifest("blend"),
            model=replace(blend, members=(first, *blend.members[1:])),
        )
    assert not path.exists()
