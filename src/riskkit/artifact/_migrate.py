"""Documents of older protocols, brought to the present one step at a time.

To change the format: raise ``PROTOCOL`` in `_manifest.py`, add to ``STEPS`` a function
that turns the documents of the protocol before into the new one, store an artifact of
the new protocol with its expected scores under ``tests/data``, and leave every older
artifact and step where it is. ``format``, ``protocol``, ``riskkit_version`` and
``members`` are read before any step and keep their meaning for ever.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from riskkit.artifact._codec import FORMAT
from riskkit.artifact._manifest import PROTOCOL
from riskkit.artifact._node import Node
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STEPS", "check_protocol", "migrate"]

Documents = dict[str, Any]


def _to_2(documents: Documents) -> Documents:
    """Protocol 2 may hold a PD map; a model without one is as it was."""
    if "pd_map.json" in documents:
        msg = (
            "An artifact of protocol 1 holds no pd_map.json; this one does. The file "
            "was not written by riskkit; do not trust it."
        )
        raise ArtifactError(msg)
    return documents


def _to_3(documents: Documents) -> Documents:
    """Protocol 3 may hold a blend and its trees; a scorecard is as it was."""
    if "trees.bin" in documents:
        msg = (
            "An artifact of protocol 2 holds no trees.bin; this one does. The file was "
            "not written by riskkit; do not trust it."
        )
        raise ArtifactError(msg)
    return documents


def _to_4(documents: Documents) -> Documents:
    """Protocol 4 may hold a detector or a strategy; models of PDs are as they were."""
    for name in ("detector.bin", "strategy.json"):
        if name in documents:
            msg = (
                f"An artifact of protocol 3 holds no {name}; this one does. The file "
                "was not written by riskkit; do not trust it."
            )
            raise ArtifactError(msg)
    return documents


def _to_5(documents: Documents) -> Documents:
    """Protocol 5 may hold golden rows and a signature; models are as they were."""
    for name in ("golden.json", "signature.json"):
        if name in documents:
            msg = (
                f"An artifact of protocol 4 holds no {name}; this one does. The file "
                "was not written by riskkit; do not trust it."
            )
            raise ArtifactError(msg)
    return documents


# STEPS[p] turns {member name: document} of protocol p into those of protocol p + 1.
STEPS: dict[int, Callable[[Documents], Documents]] = {
    1: _to_2,
    2: _to_3,
    3: _to_4,
    4: _to_5,
}

_VERSION = re.compile(r"[0-9][0-9a-z.+]{0,30}")


def check_protocol(manifest: Any) -> int:
    """Return the protocol of a manifest's document if this version reads it."""
    root = Node(manifest, "manifest.json")
    if root.object().get("format") != FORMAT:
        root.refuse(f'an object with "format": "{FORMAT}"', "another object")
    number = root.value.get("protocol")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        node = Node(number, "manifest.json", "protocol")
        node.refuse("a whole number of at least 1")
    if number > PROTOCOL:
        import riskkit

        writer = str(root.value.get("riskkit_version"))
        reader = f">= {writer}" if _VERSION.fullmatch(writer) else "of a later version"
        msg = (
            f"This artifact has protocol {number}; riskkit {riskkit.__version__} reads "
            f"protocols 1 to {PROTOCOL}. Install riskkit {reader} to read it."
        )
        raise ArtifactError(msg)
    return number


def migrate(documents: Documents, protocol: int) -> Documents:
    """Return the documents as the present protocol writes them."""
    for number in range(protocol, PROTOCOL):
        documents = STEPS[number](documents)
        documents["manifest.json"]["protocol"] = number + 1
    return documents
