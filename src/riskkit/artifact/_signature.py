"""Ed25519 signatures: who vouches for an artifact.

Hashes in the manifest tell damage; whoever changes a member can write a new hash too.
A signature cannot be made without the private key. It covers the name and the SHA-256
of every other member, the manifest included, so that nothing can be changed, added,
taken away or put in from another artifact.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._canonical import parse_json
from riskkit.artifact._members import SIGNATURE
from riskkit.artifact._node import Node
from riskkit.exceptions import (
    ArtifactError,
    InvalidParameterError,
    InvalidTypeError,
    MissingExtraError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = [
    "SignatureSpec",
    "check_signature",
    "decode_signature",
    "make_signing_keys",
    "read_public_key",
    "sign_members",
]


# Signed before the members, so that a signature of anything else is none of these.
_CONTEXT = b"riskkit artifact signature 1\n"
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_VALUE = re.compile(r"[0-9a-f]{128}")
_LONGEST_KEY = 16_384


@dataclass(frozen=True, slots=True)
class SignatureSpec:
    """The signature of an artifact.

    Parameters
    ----------
    key_id : str
        First 16 digits of the SHA-256 of the public key.

    value : str
        The Ed25519 signature in 128 hexadecimal digits.

    Examples
    --------
    >>> from riskkit.artifact import SignatureSpec
    >>> SignatureSpec("9f86d081884c7d65", "0" * 128).key_id
    '9f86d081884c7d65'
    """

    key_id: str
    value: str


def make_signing_keys() -> tuple[bytes, bytes]:
    """Make a pair of keys to sign artifacts with, and to check signatures by.

    Returns
    -------
    private_key : bytes
        In PEM; whoever has it can sign. Keep it where models are released.

    public_key : bytes
        In PEM; give it to whoever loads models.

    Raises
    ------
    MissingExtraError
        If cryptography is not installed.

    Examples
    --------
    >>> from riskkit.artifact import make_signing_keys
    >>> private_key, public_key = make_signing_keys()
    >>> public_key.splitlines()[0]
    b'-----BEGIN PUBLIC KEY-----'
    """
    _need_library()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def sign_members(
    raws: Mapping[str, bytes], private_key: Any, password: bytes | None
) -> dict[str, Any]:
    """Return the document of the signature of members."""
    key = _read_private_key(private_key, password)
    return {
        "algorithm": "ed25519",
        "key_id": _key_id(key.public_key()),
        "signature": key.sign(_message(raws)).hex(),
    }


def check_signature(raws: Mapping[str, bytes], key: Ed25519PublicKey) -> None:
    """Raise unless the owner of a key has signed these members."""
    from cryptography.exceptions import InvalidSignature

    if SIGNATURE not in raws:
        msg = (
            "The artifact must be signed; it is not, or its signature was taken away. "
            "Ask whoever released it for a signed one."
        )
        raise ArtifactError(msg)
    spec = decode_signature(raws[SIGNATURE])
    if spec.key_id != _key_id(key):
        msg = (
            f"The artifact must be signed with the key {_key_id(key)}; it was signed "
            f"with {spec.key_id}. Give the public key of whoever released it, if you "
            "trust them."
        )
        raise ArtifactError(msg)
    try:
        key.verify(bytes.fromhex(spec.value), _message(raws))
    except InvalidSignature:
        msg = (
            f"The signature must be that of the key {spec.key_id} on these members; "
            "it is not, so a member or the signature was changed. Do not trust the "
            "file; get it from whoever released it."
        )
        raise ArtifactError(msg) from None


def decode_signature(raw: bytes) -> SignatureSpec:
    """Return the signature that a member holds, not yet checked with a key."""
    root = Node(parse_json(raw, SIGNATURE), SIGNATURE)
    algorithm, key_id, value = root.record("algorithm", "key_id", "signature")
    algorithm.option(["ed25519"])
    for node, form, what in ((key_id, _KEY_ID, 16), (value, _VALUE, 128)):
        if not form.fullmatch(node.text(high=128)):
            node.refuse(f"{what} lower-case hexadecimal digits", "another text")
    return SignatureSpec(key_id.text(), value.text())


def read_public_key(given: Any) -> Ed25519PublicKey:
    """Return a public key given as PEM, as the path of a PEM file, or as it is."""
    _need_library()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if isinstance(given, ed25519.Ed25519PublicKey):
        return given
    pem = _pem("public_key", given)
    if b"PRIVATE KEY" in pem:
        msg = (
            "public_key must be a public key; got a private one. Give the public key, "
            "and keep the private one where artifacts are signed."
        )
        raise InvalidParameterError(msg)
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(is_public=True) from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise _no_key(is_public=True)
    return key


def _read_private_key(given: Any, password: bytes | None) -> Ed25519PrivateKey:
    _need_library()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if isinstance(given, ed25519.Ed25519PrivateKey):
        return given
    pem = _pem("private_key", given)
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        # A TypeError says that a password is needed, or is given for nothing.
        raise _no_key(is_public=False) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _no_key(is_public=False)
    return key


def _pem(name: str, given: Any) -> bytes:
    if isinstance(given, bytes):
        return given
    if not isinstance(given, (str, os.PathLike)):
        msg = (
            f"{name} must be the path of a PEM file, its bytes, or an Ed25519 key; got "
            f"{type(given).__name__}."
        )
        raise InvalidTypeError(msg)
    try:
        with open(given, "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            return file.read(_LONGEST_KEY)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path cannot be used"
        msg = f"{name} must be the path of a PEM file; it cannot be read: {reason}."
        raise InvalidParameterError(msg) from error


def _no_key(*, is_public: bool) -> InvalidParameterError:
    which = "public" if is_public else "private"
    msg = (
        f"{which}_key must be an Ed25519 {which} key in PEM, with its password if it "
        "has one; got something else. Make a pair with "
        "riskkit.artifact.make_signing_keys or 'riskkit keygen'."
    )
    return InvalidParameterError(msg)


def _message(raws: Mapping[str, bytes]) -> bytes:
    """Return what is signed: one line for each member but the signature."""
    lines = [
        f"{name} {hashlib.sha256(raws[name]).hexdigest()}\n"
        for name in sorted(raws)
        if name != SIGNATURE
    ]
    return _CONTEXT + "".join(lines).encode()


def _key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _need_library() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        msg = (
            "Signatures need cryptography, which is not installed. Install it with "
            "pip install 'riskkit[sign]'."
        )
        raise MissingExtraError(msg) from error
