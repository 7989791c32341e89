"""``riskkit verify``, ``sign`` and ``keygen``: whether a model file may be trusted."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from riskkit._core.output import check_folder
from riskkit.artifact import make_signing_keys, open_artifact, sign_artifact
from riskkit.cli._console import plain_table, say
from riskkit.exceptions import OutputError
from riskkit.serving import load_scorer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["keygen", "sign", "verify"]

_PRIVATE, _PUBLIC = "private_key.pem", "public_key.pem"


def verify(path: Path, *, public_key: Path | None, as_json: bool) -> None:
    """Check a model file, and say on stdout what was found sound."""
    load_scorer(path, public_key=public_key)
    opened = open_artifact(path, public_key=public_key)
    manifest = opened.artifact.manifest
    signature = opened.signature
    found = {
        "model": manifest.model,
        "model_id": manifest.model_id,
        "riskkit_version": manifest.riskkit_version,
        "members": sorted(manifest.members),
        "n_golden_rows": len(opened.golden),
        "signed_by": None if signature is None else signature.key_id,
        "signature_verified": opened.is_verified,
    }
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    n_golden = len(opened.golden)
    rows = [
        ("model", f"{manifest.model} {manifest.model_id}"),
        ("written by", f"riskkit {manifest.riskkit_version}"),
        ("hashes", f"{len(manifest.members)} members as the manifest states"),
        (
            "golden rows",
            f"{n_golden} answered as when it was saved" if n_golden else "none stored",
        ),
        ("signature", _signed(found["signed_by"], opened.is_verified)),
    ]
    console = Console(highlight=False)
    console.print(plain_table((path.name, "sound"), rows, n_text=2))


def sign(path: Path, key: Path) -> None:
    """Sign a model file that scores as it did when it was saved."""
    load_scorer(path)
    signature = sign_artifact(path, key)
    say(f"Signed {path} with the key {signature.key_id}.")


def keygen(folder: Path) -> None:
    """Write a new pair of keys; a key that is there already is never replaced."""
    check_folder(folder, (_PRIVATE, _PUBLIC), overwrite=False)
    private, public = make_signing_keys()
    try:
        folder.mkdir(exist_ok=True)
        for name, pem, mode in ((_PRIVATE, private, 0o600), (_PUBLIC, public, 0o644)):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            # Nobody else may read it, not even for the moment before a chmod.
            with os.fdopen(os.open(folder / name, flags, mode), "wb") as file:
                file.write(pem)
    except OSError as error:
        msg = f"The keys cannot be written to {folder}: {error.strerror or error}."
        raise OutputError(msg) from error
    say(f"Wrote {folder / _PRIVATE} (keep it secret) and {folder / _PUBLIC}.")


def _signed(key_id: object, is_verified: bool) -> str:
    if key_id is None:
        return "none"
    return f"by {key_id}, {'verified' if is_verified else 'not checked: no key given'}"
