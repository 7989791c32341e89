"""Artifacts on disk: one zip, or a folder with the same members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._canonical import canonical_json, plain_data
from riskkit.artifact._codec import (
    decode_baseline,
    decode_manifest,
    decode_scorecard,
    encode_baseline,
    encode_manifest,
    encode_scorecard,
)
from riskkit.artifact._files import (
    DETECTORS,
    check_binary,
    check_kind,
    check_place,
    read_documents,
    write_documents,
)
from riskkit.artifact._golden import decode_golden, encode_golden
from riskkit.artifact._manifest import PROTOCOL, Manifest
from riskkit.artifact._members import GOLDEN, LIMITS, STRATEGY, TREES
from riskkit.artifact._scorecard import ScorecardSpec
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from riskkit.artifact._baseline import BaselineSpec
    from riskkit.artifact._blend import BlendSpec
    from riskkit.artifact._golden import GoldenRowSpec
    from riskkit.artifact._pd_map import PDMapSpec
    from riskkit.artifact._strategy import StrategySpec

__all__ = ["Artifact", "decode_artifact", "read_artifact", "write_artifact"]

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

    strategy : StrategySpec or None
        What is decided on the scores.

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
    strategy: StrategySpec | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the numbers and grades that the model answers, which may be read."""
        names = ["pd", "points", "log_odds"]
        if self.pd_map is not None:
            names += ["grade", "grade_pd"] if self.pd_map.grades is not None else []
            names += ["pd_low", "pd_high"] if self.pd_map.has_interval else []
        return tuple(names)

    def with_strategy(self, strategy: StrategySpec) -> Artifact:
        """Return the same artifact with a strategy.

        Parameters
        ----------
        strategy : StrategySpec
            The strategy.

        Returns
        -------
        artifact : Artifact
            With the strategy in place of another one.

        Raises
        ------
        ArtifactError
            If the strategy and the model would read one name in two ways.
        """
        from dataclasses import replace

        from riskkit.artifact._strategy_codec import check_fit

        bare = replace(self, strategy=None)
        check_fit(strategy, bare.fields, bare.outputs)
        return replace(bare, strategy=strategy)

    @property
    def fields(self) -> dict[str, Literal["numeric", "categorical"]]:
        """Kind of each field that a record must have, by name."""
        kinds = dict(self.model.kinds)
        for column in () if self.pd_map is None else self.pd_map.columns:
            kinds.setdefault(column, "categorical")
        if self.strategy is not None:
            outputs = self.outputs
            for name, kind in self.strategy.field_kinds.items():
                if name not in outputs:
                    kinds.setdefault(name, kind or "categorical")
        return kinds

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import facts_html

        facts = {
            "Model": f"{self.manifest.model} {self.manifest.model_id}",
            "Fields": ", ".join(self.fields),
            "PD map": None
            if self.pd_map is None
            else f"{len(self.pd_map.steps)} steps",
            "Baseline": None
            if self.baseline is None
            else "counts of the training rows",
            "Strategy": None if self.strategy is None else self.strategy.name,
        }
        return facts_html("Artifact", facts)


def write_artifact(
    path: str | os.PathLike[str],
    *,
    manifest: Manifest,
    model: ScorecardSpec | BlendSpec,
    pd_map: PDMapSpec | None = None,
    baseline: BaselineSpec | None = None,
    schema: dict[str, Any] | None = None,
    strategy: StrategySpec | None = None,
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

    strategy : StrategySpec or None, default=None
        What is decided on the scores.

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
    from dataclasses import replace
    from pathlib import Path

    place = Path(path)
    check_place(place, overwrite=overwrite)
    notes = plain_data(manifest.notes, "notes")
    manifest = replace(manifest, protocol=PROTOCOL, notes=notes, members={})
    documents: dict[str, Any] = {"manifest.json": encode_manifest(manifest)}
    if isinstance(model, ScorecardSpec):
        documents["model.json"] = encode_scorecard(model)
    else:
        from riskkit.artifact._blend_codec import encode_blend

        documents |= encode_blend(model)
    if pd_map is not None:
        from riskkit.artifact._pd_map_codec import encode_pd_map

        documents["pd_map.json"] = encode_pd_map(pd_map)
    if baseline is not None:
        documents["baseline.json"] = encode_baseline(baseline)
    if schema is not None:
        schema = plain_data(schema, "schema")
        documents["schema.json"] = schema
    if strategy is not None:
        from riskkit.artifact._strategy_codec import encode_strategy

        documents[STRATEGY] = encode_strategy(strategy)
    given = Artifact(manifest, model, baseline, schema, pd_map, strategy)
    # What could not be read back unchanged must not be written.
    if decode_artifact(documents) != given:
        msg = "The artifact must read back as what was given; its specs hold odd types."
        raise ArtifactError(msg)
    from riskkit.artifact._golden_answers import golden_rows

    rows = golden_rows(model, given.fields, pd_map, strategy)
    documents[GOLDEN] = encode_golden(_fitting(rows))
    decode_golden(documents[GOLDEN], given.fields)
    return write_documents(place, manifest, documents)


def _fitting(rows: Sequence[GoldenRowSpec]) -> Sequence[GoldenRowSpec]:
    """Return as many rows as their member has room for."""
    while rows and len(canonical_json(encode_golden(rows))) > LIMITS[GOLDEN]:
        rows = rows[: len(rows) // 2]
    return rows


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
    return decode_artifact(read_documents(path))


def decode_artifact(documents: dict[str, Any]) -> Artifact:
    """Return the artifact of documents of the present protocol."""
    manifest = decode_manifest(documents["manifest.json"])
    if manifest.model in DETECTORS:
        msg = (
            f"The artifact must hold a model of PDs; it holds a {manifest.model!r}. "
            "Load it with riskkit.serving.load_scorer."
        )
        raise ArtifactError(msg)
    check_kind(manifest, _KINDS)
    check_binary(documents, {TREES})
    model: ScorecardSpec | BlendSpec
    # What the artifact does not hold is not imported: a scorer of cards starts faster.
    if manifest.model == "blend":
        from riskkit.artifact._blend_codec import decode_blend

        model = decode_blend(documents)
    else:
        model = decode_scorecard(documents["model.json"])
        if TREES in documents:
            msg = "A scorecard has no trees; this artifact of one holds trees.bin."
            raise ArtifactError(msg)
    baseline = schema = pd_map = None
    if "pd_map.json" in documents:
        from riskkit.artifact._pd_map_codec import decode_pd_map

        pd_map = decode_pd_map(documents["pd_map.json"])
    if "baseline.json" in documents:
        if not isinstance(model, ScorecardSpec):
            msg = "A blend has no baseline; this artifact of one holds baseline.json."
            raise ArtifactError(msg)
        baseline = decode_baseline(documents["baseline.json"], model)
    if "schema.json" in documents:
        schema = plain_data(documents["schema.json"], "schema.json")
        if not isinstance(schema, dict):
            msg = "schema.json must be an object; it is another kind of value."
            raise ArtifactError(msg)
    artifact = Artifact(manifest, model, baseline, schema, pd_map)
    if STRATEGY in documents:
        from riskkit.artifact._strategy_codec import decode_strategy

        artifact = artifact.with_strategy(decode_strategy(documents[STRATEGY]))
    return artifact
