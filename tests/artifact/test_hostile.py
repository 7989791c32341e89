"""Files made to do harm, or harmed: each one is refused, quickly, and nothing runs."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import shutil
import struct
import time
import tracemalloc
import zipfile
import zlib
from hashlib import sha256

import pytest

from riskkit.artifact import read_artifact
from riskkit.exceptions import ArtifactError
from riskkit.serving import load_scorer

RAN = []
NO = "0" * 64


class Payload:
    def __reduce__(self):
        return RAN.append, ("code ran",)


@pytest.fixture
def members(saved):
    with zipfile.ZipFile(saved) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, *, compress=zipfile.ZIP_STORED, flags=0, mode=0o100644):
    buffer = io.BytesIO()
    pairs = members.items() if isinstance(members, dict) else members
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in pairs:
            info = zipfile.ZipInfo(name)
            info.compress_type = compress
            info.external_attr = mode << 16
            archive.writestr(info, raw)
    raw = bytearray(buffer.getvalue())
    if flags:
        start = raw.index(b"PK\x01\x02")
        raw[start + 8] |= flags
        raw[6] |= flags
    return bytes(raw)


def resigned(members, **changed):
    """Return members with other content and a manifest whose hashes agree with it.

    Golden rows are left out: they would meet what the checks of values must.
    """
    members = members | {
        f"{name.removesuffix('_json')}.json": raw for name, raw in changed.items()
    }
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: sha256(raw).hexdigest()
        for name, raw in members.items()
        if name not in ("manifest.json", "golden.json")
    }
    return without(members, "golden.json") | {
        "manifest.json": json.dumps(manifest).encode()
    }


def with_manifest(held, **changes):
    manifest = json.loads(held["manifest.json"]) | changes
    return held | {"manifest.json": json.dumps(manifest).encode()}


def without(members, name):
    return {n: raw for n, raw in members.items() if n != name}


def renamed(members, name):
    return packed([*members.items(), (name, b"{}")])


def cut_number(raw, key, value):
    return json.dumps(json.loads(raw) | {key: value}).encode()


HOSTILE = {
    "empty": (lambda m: b"", "empty"),
    "text": (lambda m: b"just some words", "is text"),
    "json": (lambda m: m["model.json"], "is text"),
    "zeros": (lambda m: bytes(1000), "another file"),
    "pickle 2": (lambda m: pickle.dumps(Payload(), 2), "pickle"),
    "pickle 5": (lambda m: pickle.dumps(Payload(), 5), "pickle"),
    "pickle 0": (lambda m: pickle.dumps(Payload(), 0), "text|pickle"),
    "joblib zlib": (lambda m: zlib.compress(pickle.dumps(Payload())), "compressed"),
    "joblib gzip": (lambda m: gzip.compress(pickle.dumps(Payload())), "compressed"),
    "xz": (lambda m: b"\xfd7zXZ\0\0", "compressed"),
    "zip of a pickle": (
        lambda m: packed({"archive/data.pkl": pickle.dumps(Payload())}),
        "in no folder",
    ),
    "pickle as member": (
        lambda m: packed(m | {"model.pkl": pickle.dumps(Payload())}),
        "also holds 'model.pkl'",
    ),
    "pickle as model": (
        lambda m: packed(resigned(m, model_json=pickle.dumps(Payload()))),
        "UTF-8|JSON",
    ),
    "empty zip": (lambda m: packed({}), "empty or damaged zip"),
    "zip with prefix": (lambda m: b"#!/bin/sh\n" + packed(m), "is text|another"),
    "zip with suffix": (lambda m: packed(m) + b"x", "something added"),
    "two zips": (
        lambda m: packed({"a.json": b""}) + packed(m),
        "end with its directory",
    ),
    "zip comment": (lambda m: packed(m)[:-2] + b"\x01\x00x", "something added"),
    "no manifest": (lambda m: packed(without(m, "manifest.json")), "manifest.json"),
    "no model": (lambda m: packed(without(m, "model.json")), "must hold model.json"),
    "baseline absent": (
        lambda m: packed(without(m, "baseline.json")),
        "list every member",
    ),
    "unlisted schema": (
        lambda m: packed(
            with_manifest(
                m,
                members=dict.fromkeys(
                    ["model.json", "baseline.json", "pd_map.json", "golden.json"], NO
                ),
            )
        ),
        "'schema.json' is in the container only",
    ),
    "manifest listed itself": (
        lambda m: packed(with_manifest(m, members={"manifest.json": NO})),
        "list every member",
    ),
    "wrong hash": (
        lambda m: packed(
            m | {"model.json": m["model.json"].replace(b"-2.75", b"-2.74")}
        ),
        "model.json must have the SHA-256",
    ),
    "swapped members": (
        lambda m: packed(
            m | {"model.json": m["baseline.json"], "baseline.json": m["model.json"]}
        ),
        "SHA-256",
    ),
    "swapped and signed": (
        lambda m: packed(
            resigned(m, model_json=m["baseline.json"], baseline_json=m["model.json"])
        ),
        "model.json: expected an object of intercept",
    ),
    "parent": (lambda m: renamed(m, "../evil.json"), "in no folder"),
    "absolute": (lambda m: renamed(m, "/etc/passwd"), "in no folder"),
    "drive": (lambda m: renamed(m, "C:evil.json"), "in no folder"),
    "backslash": (lambda m: renamed(m, "..\\evil.json"), "in no folder"),
    "folder": (lambda m: renamed(m, "sub/"), "in no folder"),
    "nested": (lambda m: renamed(m, "sub/model.json"), "in no folder"),
    "upper case": (lambda m: renamed(m, "MODEL.JSON"), "in no folder"),
    "unicode name": (lambda m: renamed(m, "mödel.json"), "in no folder"),
    "long name": (lambda m: renamed(m, "x" * 5000 + ".json"), "in no folder"),
    "nul in name": (
        lambda m: renamed(m, "model_json.x").replace(b"model_json.x", b"model.json\0x"),
        "in no folder|holds it twice",
    ),
    "unknown": (lambda m: renamed(m, "readme.txt"), "also holds 'readme.txt'"),
    "duplicate": (
        lambda m: renamed(m, "model.jsoN").replace(b"model.jsoN", b"model.json"),
        "holds it twice",
    ),
    "many members": (
        lambda m: packed({f"a{i}.json": b"" for i in range(20)}),
        "at most 16",
    ),
    "very many members": (
        lambda m: packed({f"a{i}.json": b"" for i in range(70_000)}),
        "end with its directory|at most",
    ),
    "symlink": (lambda m: packed(m, mode=0o120777), "a link"),
    "device": (lambda m: packed(m, mode=0o020666), "a link, folder or device"),
    "encrypted": (lambda m: packed(m, flags=1), "encrypted"),
    "bzip2": (lambda m: packed(m, compress=zipfile.ZIP_BZIP2), "another way"),
    "lzma": (lambda m: packed(m, compress=zipfile.ZIP_LZMA), "another way"),
    "bomb": (
        lambda m: packed(
            resigned(m, model_json=bytes(60 << 20)), compress=zipfile.ZIP_DEFLATED
        ),
        "model.json must have at most",
    ),
    "bomb of a manifest": (
        lambda m: packed(
            m | {"manifest.json": bytes(60 << 20)}, compress=zipfile.ZIP_DEFLATED
        ),
        "manifest.json must have at most",
    ),
    "bomb that lies": (lambda m: lying_bomb(m), "damaged"),
    "nan": (
        lambda m: packed(
            resigned(m, model_json=m["model.json"].replace(b"-2.75", b"NaN"))
        ),
        "token NaN",
    ),
    "infinity": (
        lambda m: packed(
            resigned(m, model_json=m["model.json"].replace(b"-2.75", b"Infinity"))
        ),
        "token Infinity",
    ),
    "1e400": (
        lambda m: packed(
            resigned(m, model_json=m["model.json"].replace(b"-2.75", b"1e400"))
        ),
        "beyond the range",
    ),
    "long integer": (
        lambda m: packed(
            resigned(m, model_json=m["model.json"].replace(b"-2.75", b"9" * 10**6))
        ),
        "18 digits",
    ),
    "repeated key": (
        lambda m: packed(
            resigned(
                m,
                model_json=m["model.json"].replace(
                    b'"intercept"', b'"intercept": 9.0, "intercept"'
                ),
            )
        ),
        "repeated key",
    ),
    "deep": (
        lambda m: packed(resigned(m, model_json=b"[" * 10**6 + b"]" * 10**6)),
        "deeper",
    ),
    "deep manifest": (
        lambda m: packed(m | {"manifest.json": b'{"a":' * 10**5 + b"1" + b"}" * 10**5}),
        "deeper",
    ),
    "many lists": (
        lambda m: packed(resigned(m, model_json=b"[" + b"[]," * 5_000_000 + b"[]]")),
        "at most",
    ),
    "model a list": (
        lambda m: packed(resigned(m, model_json=b"[]")),
        "expected an obj",
    ),
    "pd map a list": (lambda m: packed(resigned(m, pd_map_json=b"[]")), "pd_map.json"),
    "pd map of a model": (
        lambda m: packed(resigned(m, pd_map_json=m["model.json"])),
        "pd_map.json: expected an object of steps, grades",
    ),
    "pd map of protocol 1": (
        lambda m: packed(with_manifest(m, protocol=1)),
        r"protocol 1 holds no pd_map\.json",
    ),
    "bomb of a pd map": (
        lambda m: packed(
            resigned(m, pd_map_json=bytes(60 << 20)), compress=zipfile.ZIP_DEFLATED
        ),
        "pd_map.json must have at most",
    ),
    "nan in a pd map": (
        lambda m: packed(
            resigned(m, pd_map_json=m["pd_map.json"].replace(b"0.125", b"NaN"))
        ),
        "pd_map.json must be plain JSON; it holds the token NaN",
    ),
    "many knots": (
        lambda m: packed(resigned(m, pd_map_json=many_knots())),
        "a list of 1 to 200000 entries",
    ),
    "schema a list": (lambda m: packed(resigned(m, schema_json=b"[]")), "schema.json"),
    "manifest a list": (
        lambda m: packed(m | {"manifest.json": b"[]"}),
        "manifest.json: expected an object",
    ),
    "format": (lambda m: packed(with_manifest(m, format="other")), "riskkit artifact"),
    "protocol 0": (lambda m: packed(with_manifest(m, protocol=0)), "protocol"),
    "protocol text": (lambda m: packed(with_manifest(m, protocol="1")), "protocol"),
    "protocol true": (lambda m: packed(with_manifest(m, protocol=True)), "protocol"),
    "protocol float": (lambda m: packed(with_manifest(m, protocol=1.0)), "protocol"),
    "protocol 6": (lambda m: packed(with_manifest(m, protocol=6)), "has protocol 6"),
    "protocol 99": (lambda m: packed(with_manifest(m, protocol=99)), "has protocol 99"),
    "unknown model": (lambda m: packed(with_manifest(m, model="forest")), "'forest'"),
    "cut model": (
        lambda m: packed(resigned(m, model_json=m["model.json"][:-200])),
        "model.json",
    ),
    "latin-1": (
        lambda m: packed(
            resigned(m, model_json=m["model.json"].replace("ü".encode(), b"\xfc"))
        ),
        "UTF-8",
    ),
    "text instead of a number": (
        lambda m: packed(
            resigned(m, model_json=cut_number(m["model.json"], "intercept", "0"))
        ),
        "intercept: expected a finite number; got text",
    ),
    "true instead of a number": (
        lambda m: packed(
            resigned(m, model_json=cut_number(m["model.json"], "intercept", True))
        ),
        "intercept",
    ),
}


def lying_bomb(members):
    """Return a zip whose model expands to far more than its directory says."""
    raw = packed(
        members | {"model.json": bytes(50 << 20)}, compress=zipfile.ZIP_DEFLATED
    )
    return raw.replace(struct.pack("<L", 50 << 20), struct.pack("<L", 1000))


def many_knots():
    """Return a PD map of 300,000 steps."""
    points = [{"at": i / 1e6, "pd": 0.5} for i in range(300_000)]
    line = {"kind": "line", "scale": "pd", "points": points}
    return json.dumps({"steps": [line], "grades": None}).encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(tmp_path, members, name):
    make, reason = HOSTILE[name]
    path = tmp_path / "model.rk"
    path.write_bytes(make(members))
    started = time.process_time()
    with pytest.raises(ArtifactError, match=reason):
        read_artifact(path)
    # CPU time, and generous: a busy machine passes, a quadratic reader does not.
    assert time.process_time() - started < 20
    assert not RAN


@pytest.mark.parametrize(
    "name", ["bomb", "bomb that lies", "many lists", "deep", "very many members"]
)
def test_memory_stays_bounded(tmp_path, members, name):
    path = tmp_path / "model.rk"
    path.write_bytes(HOSTILE[name][0](members))
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError):
            read_artifact(path)
        assert tracemalloc.get_traced_memory()[1] < 150e6
    finally:
        tracemalloc.stop()


def test_a_file_beyond_the_limit_is_not_read_whole(tmp_path):
    path = tmp_path / "huge.rk"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(10 << 30)
    with pytest.raises(ArtifactError, match="at most"):
        read_artifact(path)


def test_truncated_files(tmp_path, saved):
    raw = saved.read_bytes()
    path = tmp_path / "cut.rk"
    for size in [*range(0, len(raw), 512), len(raw) - 1]:
        path.write_bytes(raw[:size])
        with pytest.raises(ArtifactError):
            read_artifact(path)


@pytest.fixture
def folder(tmp_path, members):
    place = tmp_path / "model"
    place.mkdir()
    for name, raw in members.items():
        (place / name).write_bytes(raw)
    read_artifact(place)
    return place


def test_hostile_folders(tmp_path, folder):
    def refused(reason):
        with pytest.raises(ArtifactError, match=reason):
            read_artifact(folder)

    model = folder / "model.json"
    away = tmp_path / "away.json"
    model.rename(away)
    refused("must hold model.json")
    model.symlink_to(away)
    refused("is a link")
    model.unlink()
    model.mkdir()
    refused("is a folder or device")
    model.rmdir()
    os.mkfifo(model)
    refused("is a folder or device")
    model.unlink()
    shutil.copy(away, model)
    (folder / ".hidden").write_text("")
    refused("in no folder")
    (folder / ".hidden").unlink()
    (folder / "other.json").write_text("{}")
    refused("also holds 'other.json'")
    (folder / "other.json").unlink()
    model.write_bytes(away.read_bytes() + b" ")
    refused("SHA-256")
    with model.open("wb") as file:
        file.truncate(1 << 34)
    refused("model.json must have at most")
    model.unlink()
    shutil.copy(away, model)
    for i in range(20):
        (folder / f"a{i}.json").write_text("")
    refused("at most 16")


def test_special_files(tmp_path):
    pipe = tmp_path / "pipe.rk"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero"):
        with pytest.raises(ArtifactError, match="is neither"):
            read_artifact(path)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ArtifactError, match=r"must hold manifest\.json"):
        read_artifact(tmp_path / "nothing")
    (tmp_path / "dangling.rk").symlink_to(tmp_path / "gone")
    with pytest.raises(ArtifactError, match="No artifact found"):
        read_artifact(tmp_path / "dangling.rk")


def test_mutated_bytes_are_refused_or_change_nothing(tmp_path, saved):
    sound = read_artifact(saved)
    raw = saved.read_bytes()
    path = tmp_path / "mutated.rk"
    rng = random.Random(20)
    n_refused = 0
    for _ in range(2_000):
        mutated = bytearray(raw)
        kind = rng.random()
        place = rng.randrange(len(raw))
        if kind < 0.7:
            mutated[place] = rng.randrange(256)
        elif kind < 0.8:
            del mutated[place : place + rng.randrange(1, 20)]
        elif kind < 0.9:
            mutated[place:place] = rng.randbytes(rng.randrange(1, 20))
        else:
            other = rng.randrange(len(raw))
            mutated[place : place + 8] = raw[other : other + 8]
        path.write_bytes(mutated)
        try:
            assert read_artifact(path) == sound
        except ArtifactError:
            n_refused += 1
    assert n_refused > 1_500


def test_signed_mutations_of_the_model_end_in_an_error_or_a_sound_model(
    tmp_path, members
):
    rng = random.Random(21)
    raw = members["model.json"]
    path = tmp_path / "mutated.rk"
    tokens = [b"null", b"true", b"-1", b"1e308", b'""', b"[]", b"{}", b",", b'"', b"}"]
    for _ in range(1_000):
        place = rng.randrange(len(raw))
        mutated = raw[:place] + rng.choice(tokens) + raw[place + rng.randrange(4) :]
        path.write_bytes(packed(resigned(members, model_json=mutated)))
        try:
            spec = read_artifact(path).model
        except ArtifactError:
            continue
        for c in spec.characteristics:
            assert len(c.points) == len(c.log_odds) == c.feature.n_bins
            assert list(c.feature.edges) == sorted(set(c.feature.edges))


def test_signed_mutations_of_the_pd_map_end_in_an_error_or_a_sound_map(
    tmp_path, members
):
    rng = random.Random(22)
    raw = members["pd_map.json"]
    path = tmp_path / "mutated.rk"
    tokens = [b"null", b"true", b"-1", b"1e308", b"2", b"0", b'""', b"[]", b"{}", b"}"]
    n_sound = 0
    for _ in range(1_000):
        place = rng.randrange(len(raw))
        mutated = raw[:place] + rng.choice(tokens) + raw[place + rng.randrange(4) :]
        path.write_bytes(packed(resigned(members, pd_map_json=mutated)))
        try:
            scorer = load_scorer(path)
        except ArtifactError:
            continue
        n_sound += 1
        for income in (0.0, 2000.0, 1e9):
            record = {"income": income, "purpose": "car", "channel": "branch"}
            if set(scorer.features) != set(record):  # another name of the column
                record |= dict.fromkeys(scorer.features[2:])
            result = scorer.score(record)
            assert 0 <= result.pd <= 1
            assert result.grade_pd is None or 0 <= result.grade_pd <= 1
            if result.interval is not None:
                low, high = result.interval
                assert 0 <= low <= high <= 1
    assert n_sound > 10
