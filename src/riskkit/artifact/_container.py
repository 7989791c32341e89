"""Artifacts on disk: one zip, or a folder with the same members."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from riskkit.artifact._blend import BlendSpec
from riskkit.artifact._blend_codec import decode_blend, encode_blend
from riskkit.artifact._canonical import canonical_json, parse_json, plain_data
from riskkit.artifact._codec import (
    decode_baseline,
    decode_manifest,
    decode_scorecard,
    encode_baseline,
    encode_manifest,
    encode_scorecard,
)
from riskkit.artifact._manifest import PROTOCOL, Manifest
from riskkit.artifact._members import LIMITS, open_members
from riskkit.artifact._migrate import check_protocol, migrate
from riskkit.artifact._nodes_codec import TREES
from riskkit.artifact._pd_map_codec import decode_pd_map, encode_pd_map
from riskkit.exceptions import ArtifactError, OutputError

if TYPE_CHECKING:
    from riskkit.artifact._baseline import BaselineSpec
    from riskkit.artifact._pd_map import PDMapSpec
    from riskkit.artifact._scorecard import ScorecardSpec

__all__ = ["Artifact", "read_artifact", "write_artifact"]

_KINDS = ("scorecard", "blend")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Everything an artifact holds, checked.

    Parameters
    ----------
    manifest : Manifest
        Provenance.

    model : ScorecardSpec or BlendSpec
        The model as plain data.

    baseline : BaselineSpec or None
        The training population, for monitoring.

    schema : dict or None
        Description of the table trained on, as plain data.

    pd_map : PDMapSpec or None
        What lies between the model and the PD and grade that are used.

    See Also
    --------
    read_artifact : Reads one from disk.

    Examples
    --------
    >>> from riskkit.artifact import Artifact, Manifest, ScalingSpec, ScorecardSpec
    >>> spec = ScorecardSpec((), -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> Artifact(Manifest("scorecard"), spec).baseline is None
    True
    """

    manifest: Manifest
    model: ScorecardSpec | BlendSpec
    baseline: BaselineSpec | None = None
    schema: dict[str, Any] | None = None
    pd_map: PDMapSpec | None = None

    @property
    def fields(self) -> dict[str, Literal["numeric", "categorical"]]:
        """Kind of each field that a record must have, by name."""
        kinds = dict(self.model.kinds)
        for column in () if self.pd_map is None else self.pd_map.columns:
            kinds.setdefault(column, "categorical")
        return kinds


def write_artifact(
    path: str | os.PathLike[str],
    *,
    manifest: Manifest,
    model: ScorecardSpec | BlendSpec,
    pd_map: PDMapSpec | None = None,
    baseline: BaselineSpec | None = None,
    schema: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Write an artifact, whole or not at all.

    The same content gives the same bytes: no time, path or user is written.

    Parameters
    ----------
    path : str or path
        Where to. A name that ends in ``.rk`` becomes one file, a name without a
        suffix a folder with the same members.

    manifest : Manifest
        Provenance; its protocol and hashes are filled in.

    model : ScorecardSpec or BlendSpec
        The model.

    pd_map : PDMapSpec or None, default=None
        Calibration, correction of the level, and grades.

    baseline : BaselineSpec or None, default=None
        Counts of the training population.

    schema : dict or None, default=None
        Description of the training table, as plain data.

    overwrite : bool, default=False
        Whether an artifact that is there already may be replaced.

    Returns
    -------
    manifest : Manifest
        As it was written, with the SHA-256 of every other member.

    Raises
    ------
    OutputError
        If the place cannot be written to, or holds something already.
    ArtifactError
        If the content is not sound, for instance not finite.

    See Also
    --------
    read_artifact : Reads it back.
    riskkit.export.save_artifact : Saves a fitted estimator.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     Manifest, ScalingSpec, ScorecardSpec, read_artifact, write_artifact)
    >>> spec = ScorecardSpec((), -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     written = write_artifact(path, manifest=Manifest("scorecard"), model=spec)
    ...     read_artifact(path).model == spec
    True
    """
    place = Path(path)
    _check_place(place, overwrite=overwrite)
    notes = plain_data(manifest.notes, "notes")
    manifest = replace(manifest, protocol=PROTOCOL, notes=notes, members={})
    documents: dict[str, Any] = {"manifest.json": encode_manifest(manifest)}
    if isinstance(model, BlendSpec):
        documents |= encode_blend(model)
    else:
        documents["model.json"] = encode_scorecard(model)
    if pd_map is not None:
        documents["pd_map.json"] = encode_pd_map(pd_map)
    if baseline is not None:
        documents["baseline.json"] = encode_baseline(baseline)
    if schema is not None:
        schema = plain_data(schema, "schema")
        documents["schema.json"] = schema
    # What could not be read back unchanged must not be written.
    if _decode(documents) != Artifact(manifest, model, baseline, schema, pd_map):
        msg = "The artifact must read back as what was given; its specs hold odd types."
        raise ArtifactError(msg)
    del documents["manifest.json"]
    members = {name: _raw(name, d) for name, d in documents.items()}
    hashes = {name: hashlib.sha256(raw).hexdigest() for name, raw in members.items()}
    manifest = replace(manifest, members=hashes)
    members["manifest.json"] = canonical_json(encode_manifest(manifest))
    _put(place, members)
    return manifest


def read_artifact(path: str | os.PathLike[str]) -> Artifact:
    """Read an artifact; everything is checked and nothing in it is executed.

    Sizes and names are checked first, then the SHA-256 of every member against the
    manifest, then every value: type, range, finiteness, and how the parts fit.

    Parameters
    ----------
    path : str or path
        A ``.rk`` file, or a folder with the same members.

    Returns
    -------
    artifact : Artifact
        What it holds.

    Raises
    ------
    ArtifactError
        If there is nothing, or anything is not as riskkit writes it; the message
        names the member and the reason.

    See Also
    --------
    riskkit.serving.load_scorer : Scores with it.

    Examples
    --------
    >>> from riskkit.artifact import read_artifact
    >>> read_artifact("not_there.rk")
    Traceback (most recent call last):
    ...
    riskkit.exceptions.ArtifactError: No artifact found: nothing is at not_there.rk.
    """
    members = open_members(path)
    for name in ("manifest.json", "model.json"):
        if name not in members.names:
            msg = f"An artifact must hold {name}; this one does not."
            raise ArtifactError(msg)
    manifest = parse_json(members.read("manifest.json"), "manifest.json")
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
    raws = {name: members.read(name) for name in members.names - {"manifest.json"}}
    _check_hashes(decode_manifest(manifest).members, raws)
    documents = {
        name: raw if name == TREES else parse_json(raw, name)
        for name, raw in raws.items()
    }
    documents["manifest.json"] = manifest
    return _decode(migrate(documents, protocol))


def _check_hashes(expected: dict[str, str], raws: dict[str, bytes]) -> None:
    if set(expected) != set(raws):
        differing = sorted(set(expected) ^ set(raws))[0]
        where = "the manifest" if differing in expected else "the container"
        msg = (
            f"The manifest must list every member; {differing!r} is in {where} only. "
            "Copy or save the artifact again."
        )
        raise ArtifactError(msg)
    for name, raw in raws.items():
        if hashlib.sha256(raw).hexdigest() != expected[name]:
            msg = (
                f"{name} must have the SHA-256 that the manifest states; it has "
                "another, so it was changed or damaged. Copy or save the artifact "
                "again."
            )
            raise ArtifactError(msg)


def _decode(documents: dict[str, Any]) -> Artifact:
    manifest = decode_manifest(documents["manifest.json"])
    if manifest.model not in _KINDS:
        msg = (
            f"manifest.json, model: expected one of {_KINDS}; got "
            f"{manifest.model!r}. A later version of riskkit may read it."
        )
        raise ArtifactError(msg)
    model: ScorecardSpec | BlendSpec
    if manifest.model == "blend":
        model = decode_blend(documents)
    else:
        model = decode_scorecard(documents["model.json"])
        if TREES in documents:
            msg = "A scorecard has no trees; this artifact of one holds trees.bin."
            raise ArtifactError(msg)
    baseline = schema = pd_map = None
    if "pd_map.json" in documents:
        pd_map = decode_pd_map(documents["pd_map.json"])
    if "baseline.json" in documents:
        if isinstance(model, BlendSpec):
            msg = "A blend has no baseline; this artifact of one holds baseline.json."
            raise ArtifactError(msg)
        baseline = decode_baseline(documents["baseline.json"], model)
    if "schema.json" in documents:
        schema = plain_data(documents["schema.json"], "schema.json")
        if not isinstance(schema, dict):
            msg = "schema.json must be an object; it is another kind of value."
            raise ArtifactError(msg)
    return Artifact(manifest, model, baseline, schema, pd_map)


def _raw(name: str, document: Any) -> bytes:
    raw: bytes = document if name == TREES else canonical_json(document)
    return raw


def _check_place(place: Path, *, overwrite: bool) -> None:
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


def _put(place: Path, members: dict[str, bytes]) -> None:
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
