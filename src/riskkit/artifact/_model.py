"""Reading an artifact whose kind of model is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.artifact._codec import decode_manifest
from riskkit.artifact._container import decode_artifact
from riskkit.artifact._files import DETECTORS, read_documents

if TYPE_CHECKING:
    import os

    from riskkit.artifact._container import Artifact
    from riskkit.artifact._detector_file import DetectorArtifact

__all__ = ["decode_model", "read_model"]


def read_model(path: str | os.PathLike[str]) -> Artifact | DetectorArtifact:
    """Read an artifact of any kind; everything is checked, nothing is executed.

    Parameters
    ----------
    path : str or path
        A ``.rk`` file, or a folder with the same members.

    Returns
    -------
    artifact : Artifact or DetectorArtifact
        What it holds: a model of PDs, or a detector or fraud model.

    Raises
    ------
    ArtifactError
        If there is nothing, or anything is not as riskkit writes it; the message
        names the member and the reason.

    See Also
    --------
    read_artifact : Reads models of PDs only.
    read_detector : Reads detectors and fraud models only.

    Examples
    --------
    >>> from riskkit.artifact import read_model
    >>> read_model("not_there.rk")
    Traceback (most recent call last):
    ...
    riskkit.exceptions.ArtifactError: No artifact found: nothing is at not_there.rk.
    """
    return decode_model(read_documents(path))


def decode_model(documents: dict[str, Any]) -> Artifact | DetectorArtifact:
    """Return the artifact of any kind that documents of the present protocol hold."""
    if decode_manifest(documents["manifest.json"]).model in DETECTORS:
        # A scorer of PDs starts without it.
        from riskkit.artifact._detector_file import decode_detector_artifact

        return decode_detector_artifact(documents)
    return decode_artifact(documents)
