"""A model in any form that is given, as what an artifact of it would hold."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from riskkit.artifact import (
    Artifact,
    DetectorArtifact,
    open_artifact,
    write_artifact,
)
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.export._save import save_artifact
from riskkit.export._strategy_given import strategy_spec

if TYPE_CHECKING:
    from riskkit.artifact import GoldenRowSpec

__all__ = ["GivenModel", "read_given"]

# A model as it would be loaded, and its golden rows.
GivenModel = tuple[Artifact, "tuple[GoldenRowSpec, ...]"]


def read_given(
    model: Any,
    *,
    calibration: Any = None,
    grades: Any = None,
    strategy: Any = None,
    written_as: str,
) -> GivenModel:
    """Return the artifact and golden rows of a fitted, a saved or a plain model.

    Whatever it is goes through a file, so that what is exported has the id, the checks
    and the golden rows of what is saved.
    """
    saved = isinstance(model, (str, os.PathLike))
    if (saved or isinstance(model, Artifact)) and (
        calibration is not None or grades is not None
    ):
        msg = (
            "calibration and grades go on top of an estimator; got a saved model, "
            "which has its own. Save it again with them."
        )
        raise InvalidParameterError(msg)
    with TemporaryDirectory() as folder:
        path = Path(model) if saved else Path(folder) / "model.rk"
        if isinstance(model, Artifact):
            _write(model, path)
        elif not saved:
            save_artifact(
                model, path, calibration=calibration, grades=grades, strategy=strategy
            )
        opened = open_artifact(path)
        artifact = opened.artifact
        if isinstance(artifact, DetectorArtifact):
            msg = (
                f"{written_as} is written for scorecards and models of PD; got a "
                f"{artifact.manifest.model}. Score it with riskkit.serving."
            )
            raise InvalidTypeError(msg)
        own = strategy is not None and (saved or isinstance(model, Artifact))
        if own or not opened.golden:
            if own:
                artifact = artifact.with_strategy(strategy_spec(strategy))
            again = Path(folder) / "again.rk"
            _write(artifact, again)
            return _opened(again)
        return artifact, opened.golden


def _opened(path: Path) -> GivenModel:
    opened = open_artifact(path)
    assert isinstance(opened.artifact, Artifact)  # as it was written
    return opened.artifact, opened.golden


def _write(artifact: Artifact, path: Path) -> None:
    write_artifact(
        path,
        manifest=artifact.manifest,
        model=artifact.model,
        pd_map=artifact.pd_map,
        baseline=artifact.baseline,
        schema=artifact.schema,
        strategy=artifact.strategy,
    )
