"""The words that keep a model file trustworthy: verify, diff, sign and keygen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_trust_commands"]

Artifact = Annotated[
    Path,
    typer.Argument(metavar="ARTIFACT", help="Model file that `train` wrote."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on stdout.")
]


def verify(
    artifact: Artifact,
    *,
    public_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Public key in PEM; refuses what it has not signed."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a model file as a service would: structure, hashes, golden rows, signature.

    Exit codes: 0 sound, 2 refused.
    """
    from riskkit.cli._verify import verify as run

    run(artifact, public_key=public_key, as_json=as_json)


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="Model file.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Model file.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two models: bins, points, calibration, rules.

    Exit codes: 0 the same, 1 different, 2 refused.
    """
    from riskkit.cli._diff import diff as run

    run(before, after, as_json=as_json)


def sign(
    artifact: Artifact,
    *,
    key: Annotated[
        Path, typer.Option(metavar="FILE", help="Private Ed25519 key in PEM.")
    ],
) -> None:
    """Sign a model file in its place, after checking it."""
    from riskkit.cli._verify import sign as run

    run(artifact, key)


def keygen(
    *,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Folder for both keys."),
    ],
) -> None:
    """Make a pair of keys: private_key.pem signs models, public_key.pem checks them."""
    from riskkit.cli._verify import keygen as run

    run(out)


def add_trust_commands(app: typer.Typer) -> None:
    """Add the commands to the words of riskkit."""
    for command in (verify, diff, sign, keygen):
        app.command()(command)
