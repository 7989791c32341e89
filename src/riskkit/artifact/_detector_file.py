"""Detectors and fraud models on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._canonical import plain_data
from riskkit.artifact._codec import decode_manifest, encode_manifest
from riskkit.artifact._detector_codec import decode_detector, encode_detector
from riskkit.artifact._files import (
    DETECTORS,
    check_binary,
    check_kind,
    check_place,
    read_documents,
    write_documents,
)
from riskkit.artifact._fraud import FraudSpec
from riskkit.artifact._fraud_codec import decode_fraud, encode_fraud
from riskkit.artifact._golden import decode_golden, encode_golden
from riskkit.artifact._manifest import PROTOCOL
from riskkit.artifact._members import ARRAYS, GOLDEN, TREES
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from riskkit.artifact._detector import DetectorSpec
    from riskkit.artifact._golden import GoldenRowSpec
    from riskkit.artifact._manifest import Manifest

__all__ = [
    "DetectorArtifact",
    "decode_detector_artifact",
    "read_detector",
    "write_detector",
]


@dataclass(frozen=True, slots=True)
class DetectorArtifact:
    """Everything the artifact of a detector or a fraud model holds, checked.

    Parameters
    ----------
    manifest : Manifest
        Provenance.

    model : DetectorSpec or FraudSpec
        The model as plain data.

    schema : dict or None
        Description of the table trained on, as plain data.

    See Also
    --------
    read_detector : Reads one from disk.

    Examples
    --------
    >>> from riskkit.artifact import (
    ...     DetectorArtifact, DetectorFieldSpec, DetectorMemberSpec, DetectorSpec,
    ...     Manifest)
    >>> member = DetectorMemberSpec("detector", 0, None, None)
    >>> fields = (DetectorFieldSpec("amount", None),)
    >>> spec = DetectorSpec(fields, ((),), (member,), None, 0.0)
    >>> DetectorArtifact(Manifest("detector"), spec).fields
    {'amount': 'numeric'}
    """

    manifest: Manifest
    model: DetectorSpec | FraudSpec
    schema: dict[str, Any] | None = None

    @property
    def fields(self) -> dict[str, Literal["numeric", "categorical"]]:
        """Kind of each field that a record must have, by name."""
        return self.model.kinds


def write_detector(
    path: str | os.PathLike[str],
    *,
    manifest: Manifest,
    model: DetectorSpec | FraudSpec,
    schema: dict[str, Any] | None = None,
    golden: Sequence[GoldenRowSpec] = (),
    overwrite: bool = False,
) -> Manifest:
    """Write a detector or a fraud model, whole or not at all.

    The same content gives the same bytes: no time, path or user is written.

    Parameters
    ----------
    path : str or path
        Where to. A name that ends in ``.rk`` becomes one file, a name without a
        suffix a folder with the same members.

    manifest : Manifest
        Provenance; its protocol and hashes are filled in.

    model : DetectorSpec or FraudSpec
        The model.

    schema : dict or None, default=None
        Description of the training table, as plain data.

    golden : sequence of GoldenRowSpec, default=()
        Made-up records with the answers of the fitted model, for a loader to replay.

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
    read_detector : Reads it back.
    riskkit.export.save_artifact : Saves a fitted estimator.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     DetectorFieldSpec, DetectorMemberSpec, DetectorSpec, Manifest,
    ...     read_detector, write_detector)
    >>> member = DetectorMemberSpec("detector", 0, None, None)
    >>> fields = (DetectorFieldSpec("amount", None),)
    >>> spec = DetectorSpec(fields, ((),), (member,), None, 0.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "detector.rk"
    ...     written = write_detector(path, manifest=Manifest("detector"), model=spec)
    ...     read_detector(path).model == spec
    True
    """
    place = Path(path)
    check_place(place, overwrite=overwrite)
    notes = plain_data(manifest.notes, "notes")
    manifest = replace(manifest, protocol=PROTOCOL, notes=notes, members={})
    documents: dict[str, Any] = {"manifest.json": encode_manifest(manifest)}
    documents |= (
        encode_fraud(model) if isinstance(model, FraudSpec) else encode_detector(model)
    )
    if schema is not None:
        schema = plain_data(schema, "schema")
        documents["schema.json"] = schema
    # What could not be read back unchanged must not be written.
    found = decode_detector_artifact(documents)
    if found != DetectorArtifact(manifest, model, schema):
        msg = "The artifact must read back as what was given; its specs hold odd types."
        raise ArtifactError(msg)
    if golden:
        documents[GOLDEN] = encode_golden(golden)
        if decode_golden(documents[GOLDEN], found.fields) != tuple(golden):
            msg = "Golden rows must read back as what was given; they hold odd types."
            raise ArtifactError(msg)
    return write_documents(place, manifest, documents)


def read_detector(path: str | os.PathLike[str]) -> DetectorArtifact:
    """Read a detector or a fraud model; everything is checked, nothing is executed.

    Parameters
    ----------
    path : str or path
        A ``.rk`` file, or a folder with the same members.

    Returns
    -------
    artifact : DetectorArtifact
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
    >>> from riskkit.artifact import read_detector
    >>> read_detector("not_there.rk")
    Traceback (most recent call last):
    ...
    riskkit.exceptions.ArtifactError: No artifact found: nothing is at not_there.rk.
    """
    return decode_detector_artifact(read_documents(path))


def decode_detector_artifact(documents: dict[str, Any]) -> DetectorArtifact:
    """Return the artifact of documents of the present protocol."""
    manifest = decode_manifest(documents["manifest.json"])
    check_kind(manifest, DETECTORS)
    for name in ("pd_map.json", "baseline.json", "strategy.json"):
        if name in documents:
            msg = f"A {manifest.model} has no {name}; this artifact of one holds it."
            raise ArtifactError(msg)
    model: DetectorSpec | FraudSpec
    if manifest.model == "fraud":
        check_binary(documents, {TREES, ARRAYS})
        model = decode_fraud(documents)
    else:
        check_binary(documents, {ARRAYS})
        model = decode_detector(documents)
    schema = None
    if "schema.json" in documents:
        schema = plain_data(documents["schema.json"], "schema.json")
        if not isinstance(schema, dict):
            msg = "schema.json must be an object; it is another kind of value."
            raise ArtifactError(msg)
    return DetectorArtifact(manifest, model, schema)
