"""Opening an artifact of any kind with everything that vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._canonical import canonical_json
from riskkit.artifact._files import put_members, read_members
from riskkit.artifact._golden import decode_golden
from riskkit.artifact._manifest import PROTOCOL
from riskkit.artifact._members import GOLDEN, SIGNATURE
from riskkit.artifact._model import decode_model
from riskkit.artifact._signature import (
    check_signature,
    decode_signature,
    read_public_key,
    sign_members,
)
from riskkit.exceptions import ArtifactError, InvalidParameterError

if TYPE_CHECKING:
    import os

    from riskkit.artifact._container import Artifact
    from riskkit.artifact._detector_file import DetectorArtifact
    from riskkit.artifact._golden import GoldenRowSpec
    from riskkit.artifact._signature import SignatureSpec

__all__ = [
    "OpenedArtifact",
    "artifact_documents",
    "open_artifact",
    "sign_artifact",
]


@dataclass(frozen=True, slots=True)
class OpenedArtifact:
    """An artifact, its golden rows, and who signed it.

    Parameters
    ----------
    artifact : Artifact or DetectorArtifact
        The model and all that belongs to it, checked.

    golden : tuple of GoldenRowSpec
        Made-up records with the answers of the model when it was saved; empty where
        none were stored, as before protocol 5.

    signature : SignatureSpec or None
        The signature that the artifact bears; it says nothing unless `is_verified`.

    is_verified : bool
        Whether the signature was checked with a public key that the caller gave.

    See Also
    --------
    open_artifact : Makes one.

    Examples
    --------
    >>> from riskkit.artifact import (
    ...     Artifact, Manifest, OpenedArtifact, ScalingSpec, ScorecardSpec)
    >>> spec = ScorecardSpec((), -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> OpenedArtifact(Artifact(Manifest("scorecard"), spec), (), None).is_verified
    False
    """

    artifact: Artifact | DetectorArtifact
    golden: tuple[GoldenRowSpec, ...]
    signature: SignatureSpec | None
    is_verified: bool = False


def open_artifact(
    path: str | os.PathLike[str],
    *,
    public_key: Any = None,
    require_signature: bool = False,
) -> OpenedArtifact:
    """Open an artifact of any kind; everything is checked and nothing is executed.

    Sizes and names are checked first, then the signature if a key is given, then the
    SHA-256 of every member, then every value. No parser of a model sees a byte that
    the signature does not vouch for.

    Parameters
    ----------
    path : str or path
        A ``.rk`` file, or a folder with the same members.

    public_key : path, bytes or Ed25519PublicKey, optional
        Who must have signed, in PEM. An artifact without a signature is then refused.

    require_signature : bool, default=False
        Whether it is an error to give no key: a setting that was forgotten must not
        open the door.

    Returns
    -------
    opened : OpenedArtifact
        The artifact, its golden rows and its signature.

    Raises
    ------
    ArtifactError
        If the artifact is absent, damaged, unsafe or of a later protocol; with a key
        also if it is unsigned, signed by somebody else, or changed after signing.
    InvalidParameterError
        If the key is none, or a signature is required and no key given.
    MissingExtraError
        If a key is given and cryptography is not installed.

    See Also
    --------
    riskkit.serving.load_scorer : Scores with it, and replays the golden rows.
    sign_artifact : Signs one.

    Examples
    --------
    >>> from riskkit.artifact import open_artifact
    >>> open_artifact("not_there.rk")
    Traceback (most recent call last):
    ...
    riskkit.exceptions.ArtifactError: No artifact found: nothing is at not_there.rk.
    """
    if public_key is None and require_signature:
        msg = (
            "A signature that is required is checked with a key; public_key is None. "
            "Give the public key of whoever releases models."
        )
        raise InvalidParameterError(msg)
    key = None if public_key is None else read_public_key(public_key)
    members = read_members(path)
    if key is not None:
        check_signature(members.raws, key)
    documents = members.documents()
    artifact = decode_model(documents)
    golden: tuple[GoldenRowSpec, ...] = ()
    if GOLDEN in documents:
        golden = decode_golden(documents[GOLDEN], artifact.fields)
    signed = members.raws.get(SIGNATURE)
    return OpenedArtifact(
        artifact,
        golden,
        None if signed is None else decode_signature(signed),
        key is not None,
    )


def artifact_documents(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the members of an artifact as plain data, of the present protocol.

    Parameters
    ----------
    path : str or path
        A ``.rk`` file, or a folder with the same members.

    Returns
    -------
    documents : dict of str to (dict or bytes)
        By the name of the member: JSON as dicts and lists, arrays as bytes. All of it
        was checked as a reader checks it.

    Raises
    ------
    ArtifactError
        If the artifact is absent, damaged, unsafe or of a later protocol.

    See Also
    --------
    riskkit.export.compare_artifacts : Says what differs between two of them.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     Manifest, ScalingSpec, ScorecardSpec, artifact_documents, write_artifact)
    >>> spec = ScorecardSpec((), -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     manifest = write_artifact(path, manifest=Manifest("scorecard"), model=spec)
    ...     artifact_documents(path)["model.json"]["intercept"]
    -3.0
    """
    documents = read_members(path).documents()
    artifact = decode_model(documents)
    if GOLDEN in documents:
        decode_golden(documents[GOLDEN], artifact.fields)
    return documents


def sign_artifact(
    path: str | os.PathLike[str],
    private_key: Any,
    *,
    password: bytes | None = None,
) -> SignatureSpec:
    """Sign an artifact in its place, after it was checked as a reader checks it.

    Parameters
    ----------
    path : str or path
        What :func:`riskkit.export.save_artifact` wrote. An earlier signature is
        replaced; no other member changes.

    private_key : path, bytes or Ed25519PrivateKey
        Who signs, in PEM.

    password : bytes or None, default=None
        Of the private key, if it has one.

    Returns
    -------
    signature : SignatureSpec
        As it was written.

    Raises
    ------
    ArtifactError
        If the artifact is not sound, or of a protocol that knew no signatures.
    InvalidParameterError
        If the key is none, or the password is wrong.
    MissingExtraError
        If cryptography is not installed.
    OutputError
        If the place cannot be written to.

    See Also
    --------
    make_signing_keys : Makes a pair of keys.
    riskkit.serving.load_scorer : Refuses what is not signed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     Manifest, ScalingSpec, ScorecardSpec, make_signing_keys, open_artifact,
    ...     sign_artifact, write_artifact)
    >>> private_key, public_key = make_signing_keys()
    >>> spec = ScorecardSpec((), -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     manifest = write_artifact(path, manifest=Manifest("scorecard"), model=spec)
    ...     signature = sign_artifact(path, private_key)
    ...     open_artifact(path, public_key=public_key).is_verified
    True
    """
    from pathlib import Path

    # What is signed is what was read, not what lies there a moment later.
    members = read_members(path)
    if members.protocol != PROTOCOL:
        msg = (
            f"Artifacts are signed from protocol 5 on; this one has protocol "
            f"{members.protocol}. Save the model again, and sign that."
        )
        raise ArtifactError(msg)
    documents = members.documents()
    artifact = decode_model(documents)
    if GOLDEN in documents:
        decode_golden(documents[GOLDEN], artifact.fields)
    raws = {name: raw for name, raw in members.raws.items() if name != SIGNATURE}
    raws[SIGNATURE] = canonical_json(sign_members(raws, private_key, password))
    put_members(Path(path), raws)
    return decode_signature(raws[SIGNATURE])
