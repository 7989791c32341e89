from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from riskkit.artifact import Manifest, ScalingSpec, read_artifact, write_artifact
from riskkit.exceptions import ArtifactError, InvalidTypeError, OutputError


@pytest.fixture
def write(card, baseline, manifest):
    def write(path, **changes):
        parts = {"manifest": manifest, "model": card, "baseline": baseline} | changes
        return write_artifact(path, **parts)

    return write


@pytest.mark.parametrize("name", ["card.rk", "card"])
def test_round_trip(tmp_path, write, card, baseline, manifest, name):
    written = write(tmp_path / name, schema={"b": [1], "a": None})
    artifact = read_artifact(str(tmp_path / name))
    assert artifact.model == card
    assert artifact.baseline == baseline
    assert artifact.schema == {"a": None, "b": [1]}
    assert artifact.manifest == written
    assert replace(written, members={}) == manifest
    assert (tmp_path / name).is_dir() == (name == "card")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_members_are_the_same_in_a_file_and_in_a_folder(tmp_path, write):
    assert write(tmp_path / "card.rk") == write(tmp_path / "card")
    with zipfile.ZipFile(tmp_path / "card.rk") as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "card" / name).read_bytes()


def test_manifest_states_the_hash_of_every_member(tmp_path, write):
    manifest = write(tmp_path / "card")
    for name in ("model.json", "baseline.json"):
        raw = (tmp_path / "card" / name).read_bytes()
        assert manifest.members[name] == hashlib.sha256(raw).hexdigest()
    assert manifest.model_id == manifest.members["model.json"][:12]
    assert Manifest("scorecard").model_id == ""


def test_bytes_depend_on_the_content_alone(tmp_path, write, manifest, monkeypatch):
    write(tmp_path / "one.rk")
    monkeypatch.setattr("time.time", lambda: 2e9)
    turned = replace(manifest, left_out=dict(reversed(manifest.left_out.items())))
    write(tmp_path / "two.rk", manifest=turned)
    one = (tmp_path / "one.rk").read_bytes()
    assert one == (tmp_path / "two.rk").read_bytes()
    write(tmp_path / "two.rk", manifest=replace(manifest, n_rows=64.0), overwrite=True)
    assert one != (tmp_path / "two.rk").read_bytes()


def test_a_changed_point_is_one_changed_line(tmp_path, write, card):
    first = card.characteristics[0]
    points = (-15.0, *first.points[1:])
    changed = (replace(first, points=points), *card.characteristics[1:])
    write(tmp_path / "a")
    write(tmp_path / "b", model=replace(card, characteristics=changed))
    lines = [
        (tmp_path / name / "model.json").read_text("utf-8").splitlines()
        for name in "ab"
    ]
    differing = [new for old, new in zip(*lines, strict=True) if old != new]
    assert [json.loads(line.rstrip(","))["points"] for line in differing] == [-15.0]


def test_a_deflated_copy_is_read(saved, tmp_path):
    with (
        zipfile.ZipFile(saved) as old,
        zipfile.ZipFile(tmp_path / "new.rk", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert read_artifact(tmp_path / "new.rk") == read_artifact(saved)


@pytest.mark.parametrize("name", ["card.rk", "card"])
def test_overwriting_has_to_be_asked_for(tmp_path, write, card, name):
    path = tmp_path / name
    write(path)
    other = replace(card, intercept=-1.0)
    with pytest.raises(OutputError, match=r"holds something already.*overwrite=True"):
        write(path, model=other)
    assert read_artifact(path).model == card
    write(path, model=other, baseline=None, overwrite=True)
    assert read_artifact(path).model == other
    assert read_artifact(path).baseline is None
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_no_artifact_is_never_replaced(tmp_path, write):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.txt").write_text("years of work")
    with pytest.raises(OutputError, match="not an artifact"):
        write(folder, overwrite=True)
    (tmp_path / "dir.rk").mkdir()
    with pytest.raises(OutputError, match="not an artifact"):
        write(tmp_path / "dir.rk", overwrite=True)
    (tmp_path / "notes").write_text("text")
    with pytest.raises(OutputError, match="not an artifact"):
        write(tmp_path / "notes", overwrite=True)
    assert (folder / "chapter.txt").read_text() == "years of work"


def test_places_that_cannot_be_written(tmp_path, write):
    with pytest.raises(OutputError, match="must exist"):
        write(tmp_path / "absent" / "card.rk")
    with pytest.raises(OutputError, match=r"suffix '.pkl'"):
        write(tmp_path / "card.pkl")
    assert issubclass(OutputError, OSError)


@pytest.mark.parametrize("name", ["card.rk", "card"])
@pytest.mark.parametrize("existing", [False, True])
def test_a_full_disk_leaves_the_place_as_it_was(
    tmp_path, write, card, monkeypatch, name, existing
):
    path = tmp_path / name
    if existing:
        write(path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left"):
            write(path, model=replace(card, intercept=0.0), overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == [name] * existing
    if existing:
        assert read_artifact(path).model == card


def test_a_folder_comes_back_when_its_successor_cannot_take_the_place(
    tmp_path, write, card, monkeypatch
):
    from pathlib import Path

    path = tmp_path / "card"
    write(path)
    move = Path.replace

    def broken(self, target):
        if self.name.endswith(".part"):
            raise OSError(errno.EIO, "Input/output error")
        return move(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", broken)
        with pytest.raises(OutputError, match="Input/output"):
            write(path, overwrite=True)
    assert read_artifact(path).model == card
    assert [p.name for p in tmp_path.iterdir()] == ["card"]


def test_others_may_read_what_is_written(tmp_path, write):
    before = os.umask(0o022)
    try:
        write(tmp_path / "card.rk")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "card.rk").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "change",
    [
        {"intercept": float("nan")},
        {"offset_points": float("inf")},
        {"scaling": ScalingSpec(0.0, 600.0, 50.0)},
    ],
)
def test_unsound_content_is_not_written(tmp_path, write, card, change):
    with pytest.raises(ArtifactError, match=r"model\.json"):
        write(tmp_path / "card.rk", model=replace(card, **change))
    assert not list(tmp_path.iterdir())


def test_baseline_must_fit_the_model(tmp_path, write, card):
    other = replace(card, characteristics=card.characteristics[:1])
    with pytest.raises(ArtifactError, match=r"baseline\.json"):
        write(tmp_path / "card.rk", model=other)


def test_numpy_numbers_become_plain_ones(tmp_path, write, card, manifest):
    model = replace(card, intercept=np.float64(-2.75))
    notes = {"gini": np.float64(0.5), "bands": (1, 2)}
    write(tmp_path / "a.rk", model=model, manifest=replace(manifest, notes=notes))
    artifact = read_artifact(tmp_path / "a.rk")
    assert type(artifact.model.intercept) is float
    assert artifact.manifest.notes == {"gini": 0.5, "bands": [1, 2]}
    with pytest.raises(ArtifactError, match=r"notes\.n must be plain data.*int64"):
        write(tmp_path / "b.rk", manifest=replace(manifest, notes={"n": np.int64(3)}))
    with pytest.raises(ArtifactError, match="schema"):
        write(tmp_path / "b.rk", schema={"when": object()})


def test_path_types(tmp_path):
    for path in (3, None, b"card.rk", ["card.rk"]):
        with pytest.raises(InvalidTypeError, match="path must be text"):
            read_artifact(path)
    for path in ("a\0b", tmp_path / "absent", "x" * 5000, tmp_path / ("x" * 300)):
        with pytest.raises(ArtifactError):
            read_artifact(path)
