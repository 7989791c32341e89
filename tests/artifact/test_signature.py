"""Signatures: who vouches for an artifact, and what nobody can change afterwards."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from riskkit.artifact import make_signing_keys, open_artifact, sign_artifact
from riskkit.exceptions import (
    ArtifactError,
    InvalidParameterError,
    InvalidTypeError,
    MissingExtraError,
)
from riskkit.serving import load_scorer

STORED = Path(__file__).parents[1] / "data"
KINDS = ("scorecard", "strategy", "blend", "detector", "fraud")

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")


@pytest.fixture(scope="module")
def keys():
    return make_signing_keys()


@pytest.fixture
def signed(tmp_path, keys):
    path = tmp_path / "signed.rk"
    shutil.copy(STORED / "strategy_protocol5.rk", path)
    sign_artifact(path, keys[0])
    return path


def unpacked(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path, members, *, rehash=True):
    if rehash:
        manifest = json.loads(members["manifest.json"])
        manifest["members"] = {
            name: sha256(raw).hexdigest()
            for name, raw in members.items()
            if name not in ("manifest.json", "signature.json")
        }
        members = members | {"manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members.items():
            archive.writestr(zipfile.ZipInfo(name), raw)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["", ".rk"])
def test_every_kind_is_signed_and_loads_with_the_key(kind, suffix, tmp_path, keys):
    private, public = keys
    path = tmp_path / f"model{suffix}"
    source = STORED / f"{kind}_protocol5.rk"
    if suffix:
        shutil.copy(source, path)
    else:
        path.mkdir()
        for name, raw in unpacked(source).items():
            (path / name).write_bytes(raw)
    before = load_scorer(path)
    signature = sign_artifact(path, private)
    assert load_scorer(path, public_key=public).model_id == before.model_id
    assert (
        load_scorer(path).model_id == before.model_id
    )  # a key is not forced on anyone
    opened = open_artifact(path, public_key=public, require_signature=True)
    assert (opened.signature, opened.is_verified) == (signature, True)
    assert open_artifact(path).is_verified is False


def test_signing_again_replaces_the_signature_and_nothing_else(signed, keys):
    before = unpacked(signed)
    raw = signed.read_bytes()
    sign_artifact(signed, keys[0])
    assert signed.read_bytes() == raw  # Ed25519 draws no random number
    other = make_signing_keys()
    sign_artifact(signed, other[0])
    after = unpacked(signed)
    assert after.pop("signature.json") != before.pop("signature.json")
    assert after == before
    with pytest.raises(ArtifactError, match="must be signed with the key"):
        load_scorer(signed, public_key=keys[1])
    load_scorer(signed, public_key=other[1])


def test_the_signature_is_what_the_document_says_it_is(signed, keys):
    """Checked without riskkit: one line a member, in order, behind the context."""
    members = unpacked(signed)
    document = json.loads(members.pop("signature.json"))
    lines = [
        f"{name} {sha256(raw).hexdigest()}\n" for name, raw in sorted(members.items())
    ]
    message = ("riskkit artifact signature 1\n" + "".join(lines)).encode()
    key = serialization.load_pem_public_key(keys[1])
    key.verify(bytes.fromhex(document["signature"]), message)
    assert document["key_id"] == sha256(key.public_bytes_raw()).hexdigest()[:16]
    assert document["algorithm"] == "ed25519"


def test_no_member_can_be_changed_even_with_new_hashes(signed, keys, tmp_path):
    members = unpacked(signed)
    path = tmp_path / "changed.rk"
    for name, raw in members.items():
        changed = raw.replace(b"tests", b"testz") if name == "manifest.json" else raw
        changed += b" " * (name not in ("manifest.json", "signature.json"))
        if name == "signature.json":
            value = json.loads(raw)["signature"]
            flipped = ("1" if value[0] == "0" else "0") + value[1:]
            changed = raw.replace(value.encode(), flipped.encode())
        assert changed != raw
        packed(path, members | {name: changed}, rehash=name != "manifest.json")
        with pytest.raises(ArtifactError, match="was changed"):
            load_scorer(path, public_key=keys[1])


def test_no_member_can_be_added_or_taken_away(signed, keys, tmp_path):
    members = unpacked(signed)
    path = tmp_path / "changed.rk"
    for names in ({"golden.json"}, {"golden.json", "strategy.json"}):
        held = {n: raw for n, raw in members.items() if n not in names}
        load_scorer(packed(path, held))  # sound, but not what was signed
        with pytest.raises(ArtifactError, match="was changed"):
            load_scorer(path, public_key=keys[1])
    load_scorer(packed(path, members | {"schema.json": b"{}"}))
    with pytest.raises(ArtifactError, match="was changed"):
        load_scorer(path, public_key=keys[1])


def test_a_signature_that_was_taken_away_or_moved_is_refused(signed, keys, tmp_path):
    members = unpacked(signed)
    stripped = {n: raw for n, raw in members.items() if n != "signature.json"}
    path = packed(tmp_path / "stripped.rk", stripped)
    load_scorer(path)
    with pytest.raises(ArtifactError, match="must be signed; it is not"):
        load_scorer(path, public_key=keys[1])
    other = unpacked(STORED / "scorecard_protocol5.rk")
    other["signature.json"] = members["signature.json"]
    with pytest.raises(ArtifactError, match="was changed"):
        load_scorer(packed(path, other), public_key=keys[1])


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("algorithm", "none", "one of"),
        ("algorithm", None, "one of"),
        ("key_id", "0" * 15, "16 lower-case"),
        ("signature", "0" * 127, "128 lower-case"),
        ("signature", "G" * 128, "128 lower-case"),
        ("signature", 1, "text"),
        ("also", "x", "unknown 'also'"),
    ],
)
def test_signatures_are_read_with_distrust(
    signed, keys, tmp_path, field, value, reason
):
    members = unpacked(signed)
    document = json.loads(members["signature.json"]) | {field: value}
    held = members | {"signature.json": json.dumps(document).encode()}
    path = packed(tmp_path / "odd.rk", held)
    for given in ({}, {"public_key": keys[1]}):
        with pytest.raises(ArtifactError, match=reason):
            load_scorer(path, **given)


def test_the_key_is_checked_before_any_parser_of_a_model(signed, keys, tmp_path):
    """Bytes that no parser accepts are refused because of the signature."""
    held = unpacked(signed) | {"model.json": b"\xff\x00 not JSON"}
    path = packed(tmp_path / "odd.rk", held)
    with pytest.raises(ArtifactError, match="signature must be that of the key"):
        load_scorer(path, public_key=keys[1])


def test_a_key_that_was_forgotten_opens_no_door(signed):
    with pytest.raises(InvalidParameterError, match="public_key is None"):
        load_scorer(signed, require_signature=True)


def test_keys_come_as_files_bytes_and_objects(signed, keys, tmp_path):
    private, public = keys
    (tmp_path / "public.pem").write_bytes(public)
    (tmp_path / "private.pem").write_bytes(private)
    sign_artifact(signed, tmp_path / "private.pem")
    sign_artifact(signed, serialization.load_pem_private_key(private, None))
    for key in (
        tmp_path / "public.pem",
        str(tmp_path / "public.pem"),
        serialization.load_pem_public_key(public),
    ):
        load_scorer(signed, public_key=key)


def test_bad_keys(signed, keys, tmp_path):
    private, public = keys
    with pytest.raises(InvalidParameterError, match="got a private one"):
        load_scorer(signed, public_key=private)
    with pytest.raises(InvalidParameterError, match="Ed25519 private key"):
        sign_artifact(signed, public)
    for junk in (b"", b"words", public[:60]):
        with pytest.raises(InvalidParameterError, match="Ed25519 public key"):
            load_scorer(signed, public_key=junk)
    with pytest.raises(InvalidParameterError, match="cannot be read: No such file"):
        load_scorer(signed, public_key=tmp_path / "none.pem")
    with pytest.raises(InvalidTypeError, match="got int"):
        load_scorer(signed, public_key=7)
    from cryptography.hazmat.primitives.asymmetric import ec

    curve = ec.generate_private_key(ec.SECP256R1())
    pem = curve.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(InvalidParameterError, match="Ed25519 public key"):
        load_scorer(signed, public_key=pem)


def test_private_keys_with_a_password(signed, keys):
    key = serialization.load_pem_private_key(keys[0], None)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open sesame"),
    )
    for password in (None, b"wrong"):
        with pytest.raises(InvalidParameterError, match="with its password"):
            sign_artifact(signed, pem, password=password)
    sign_artifact(signed, pem, password=b"open sesame")
    load_scorer(signed, public_key=keys[1])


def test_only_sound_artifacts_of_this_protocol_are_signed(keys, tmp_path):
    path = tmp_path / "old.rk"
    shutil.copy(STORED / "scorecard_protocol4.rk", path)
    with pytest.raises(ArtifactError, match="signed from protocol 5 on"):
        sign_artifact(path, keys[0])
    held = unpacked(STORED / "scorecard_protocol5.rk")
    packed(path, held | {"model.json": b"{}"})
    raw = path.read_bytes()
    with pytest.raises(ArtifactError, match=r"model\.json"):
        sign_artifact(path, keys[0])
    assert path.read_bytes() == raw


def test_without_the_library_the_message_says_what_to_install(
    signed, keys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    load_scorer(signed)  # whoever asks for no signature needs nothing
    for call in (
        make_signing_keys,
        lambda: sign_artifact(signed, keys[0]),
        lambda: load_scorer(signed, public_key=keys[1]),
    ):
        with pytest.raises(MissingExtraError, match=r"riskkit\[sign\]"):
            call()
