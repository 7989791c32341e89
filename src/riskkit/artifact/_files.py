"""Documents as the members of one zip, or of a folder, with their hashes."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._canonical import canonical_json, parse_json
from riskkit.artifact._codec import decode_manifest, encode_manifest
from riskkit.artifact._members import ARRAYS, LIMITS, SIGNATURE, TREES, open_members
from riskkit.artifact._migrate import check_protocol, migrate
from riskkit.exceptions import ArtifactError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskkit.artifact._manifest import Manifest

__all__ = [
    "DETECTORS",
    "check_binary",
    "check_kind",
    "check_place",
    "put_members",
    "read_documents",
    "read_members",
    "write_documents",
]

BINARY = frozenset({TREES, ARRAYS})
DETECTORS = ("detector", "fraud")  # kinds of models that give no PD of an account


def write_documents(
    place: Path, manifest: Manifest, documents: dict[str, Any]
) -> Manifest:
    """Write the members, and return the manifest with their hashes."""
    from dataclasses import replace

    members = {
        name: _raw(name, document)
        for name, document in documents.items()
        if name != "manifest.json"
    }
    hashes = {name: hashlib.sha256(raw).hexdigest() for name, raw in members.items()}
    manifest = replace(manifest, members=hashes)
    members["manifest.json"] = canonical_json(encode_manifest(manifest))
    put_members(place, members)
    return manifest


@dataclass(frozen=True, slots=True)
class RawMembers:
    """The members of an artifact as bytes; only the manifest was looked into."""

    raws: dict[str, bytes]
    manifest: Any
    protocol: int

    def documents(self) -> dict[str, Any]:
        """Return what the present protocol would hold, with the hashes checked."""
        _check_hashes(decode_manifest(self.manifest).members, self.raws)
        documents = {
            name: raw if name in BINARY else parse_json(raw, name)
            for name, raw in self.raws.items()
        }
        return migrate(documents, self.protocol)


def read_members(path: str | os.PathLike[str]) -> RawMembers:
    """Return the members of an artifact; names, sizes and protocol are checked."""
    members = open_members(path)
    for name in ("manifest.json", "model.json"):
        if name not in members.names:
            msg = f"An artifact must hold {name}; this one does not."
            raise ArtifactError(msg)
    raws = {"manifest.json": members.read("manifest.json")}
    manifest = parse_json(raws["manifest.json"], "manifest.json")
    protocol = check_protocol(manifest)
    # A later protocol may have further members; this one has none but these.
    unknown = sorted(members.names - set(LIMITS))
    if unknown:
        msg = (
            f"An artifact of protocol {protocol} holds {', '.join(LIMITS)}; this one "
            f"also holds {unknown[0]!r}. The file was not written by riskkit; do not "
            "trust it."
        )
        raise ArtifactError(msg)
    raws |= {name: members.read(name) for name in members.names - set(raws)}
    return RawMembers(raws, manifest, protocol)


def read_documents(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the members as the present protocol writes them, hashes checked."""
    return read_members(path).documents()


def _check_hashes(expected: dict[str, str], raws: dict[str, bytes]) -> None:
    # The manifest cannot hold its own hash, nor that of what is made of it.
    hashed = set(raws) - {"manifest.json", SIGNATURE}
    if set(expected) != hashed:
        differing = sorted(set(expected) ^ hashed)[0]
        where = "the manifest" if differing in expected else "the container"
        msg = (
            f"The manifest must list every member; {differing!r} is in {where} only. "
            "Copy or save the artifact again."
        )
        raise ArtifactError(msg)
    for name, digest in expected.items():
        if hashlib.sha256(raws[name]).hexdigest() != digest:
            msg = (
                f"{name} must have the SHA-256 that the manifest states; it has "
                "another, so it was changed or damaged. Copy or save the artifact "
                "again."
            )
            raise ArtifactError(msg)


def check_kind(manifest: Manifest, kinds: Sequence[str]) -> None:
    """Refuse a model of another kind."""
    if manifest.model not in kinds:
        msg = (
            f"manifest.json, model: expected one of {tuple(kinds)}; got "
            f"{manifest.model!r}. A later version of riskkit may read it."
        )
        raise ArtifactError(msg)


def check_binary(documents: dict[str, Any], allowed: set[str]) -> None:
    """Refuse arrays that a model of its kind does not have."""
    odd = sorted((BINARY - allowed) & set(documents))
    if odd:
        msg = (
            f"A model of this kind has no {odd[0]}; this artifact of one holds it. The "
            "file was not written by riskkit; do not trust it."
        )
        raise ArtifactError(msg)


def _raw(name: str, document: Any) -> bytes:
    raw: bytes = document if name in BINARY else canonical_json(document)
    return raw


def check_place(place: Path, *, overwrite: bool) -> None:
    """Refuse a place that an artifact cannot or must not be written to."""
    if place.suffix not in {".rk", ""}:
        msg = (
            "An artifact's name must end in .rk for one file, or have no suffix for a "
            f"folder; got the suffix {place.suffix!r}."
        )
        raise OutputError(msg)
    if not place.parent.is_dir():
        msg = f"The folder {place.parent} must exist; it does not. Make it first."
        raise OutputError(msg)
    if not os.path.lexists(place):
        return
    if not overwrite:
        msg = (
            f"{place} holds something already. Give another path, or overwrite=True "
            "to replace it."
        )
        raise OutputError(msg)
    as_folder = not place.suffix
    if place.is_dir() != as_folder or (
        as_folder and not {entry.name for entry in place.iterdir()} <= set(LIMITS)
    ):
        msg = f"{place} is not an artifact and is not replaced. Give another path."
        raise OutputError(msg)


def put_members(place: Path, members: dict[str, bytes]) -> None:
    """Write beside the place first, so that a failure leaves the place as it was."""
    import shutil

    scratch = place.with_name(f".{place.name}.{os.urandom(6).hex()}.part")
    aside = scratch.with_suffix(".old")
    try:
        if place.suffix:
            _write_synced(scratch, _zip(members))
        else:
            scratch.mkdir()
            for name, raw in members.items():
                _write_synced(scratch / name, raw)
            if place.exists():
                place.replace(aside)
        try:
            scratch.replace(place)
        except OSError:
            if aside.exists():
                aside.replace(place)
            raise
        _sync_folder(place.parent)
    except OSError as error:
        msg = f"{place} cannot be written: {error.strerror or error}."
        raise OutputError(msg) from error
    finally:
        if place.suffix:
            scratch.unlink(missing_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def _write_synced(place: Path, raw: bytes) -> None:
    with place.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a loss of power, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _zip(members: dict[str, bytes]) -> bytes:
    """Return a zip whose bytes depend on the members alone.

    Stored, not deflated: compressed bytes differ between versions of zlib.
    """
    from zipfile import ZipFile, ZipInfo

    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, members[name])
    return buffer.getvalue()
