"""Two saved models side by side: what changed, bin by bin."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from riskkit.artifact import (
    BlendSpec,
    FraudSpec,
    ScorecardMemberSpec,
    artifact_documents,
    open_artifact,
)
from riskkit.export._differences import ArtifactDifference, differences

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd

    from riskkit.artifact import OpenedArtifact

__all__ = ["ArtifactComparison", "compare_artifacts"]

# What every artifact says of itself, without what follows from its other members.
_FOLLOWS = ("format", "protocol", "members")
_PARTS = {
    "manifest.json": "manifest",
    "model.json": "model",
    "pd_map.json": "calibration",
    "strategy.json": "strategy",
    "baseline.json": "baseline",
    "schema.json": "schema",
}
_ARRAYS = ("trees.bin", "detector.bin")


@dataclass(frozen=True, slots=True)
class ArtifactComparison:
    """What differs between two artifacts.

    Parameters
    ----------
    before_id, after_id : str
        Ids of both models.

    differences : tuple of ArtifactDifference
        Part by part; empty if both say the same.

    See Also
    --------
    compare_artifacts : Makes one.

    Examples
    --------
    >>> from riskkit.export import ArtifactComparison
    >>> ArtifactComparison("9f86d081884c", "9f86d081884c", ()).is_equal
    True
    """

    before_id: str
    after_id: str
    differences: tuple[ArtifactDifference, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def frame(self) -> pd.DataFrame:
        """Return a frame with one row a difference.

        Returns
        -------
        frame : DataFrame
            With the columns ``part``, ``place``, ``kind``, ``before``, ``after``.
        """
        import pandas as pd

        columns = list(ArtifactDifference.__dataclass_fields__)
        rows = [asdict(difference) for difference in self.differences]
        return pd.DataFrame(rows, columns=columns, dtype=object)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data, ready for JSON.

        Returns
        -------
        comparison : dict
            Both ids, whether nothing differs, and the differences.
        """
        return {
            "before_id": self.before_id,
            "after_id": self.after_id,
            "is_equal": self.is_equal,
            "differences": [asdict(difference) for difference in self.differences],
        }

    def _repr_html_(self) -> str:
        if self.is_equal:
            return f"<p>Both artifacts hold the same model {self.after_id}.</p>"
        html: str = self.frame().to_html(index=False, na_rep="")
        return f"<p>{self.before_id} &rarr; {self.after_id}</p>{html}"


def compare_artifacts(
    before: str | os.PathLike[str], after: str | os.PathLike[str]
) -> ArtifactComparison:
    """Say what differs between two saved models.

    Features, bins with their WoE and points, calibration, grades, rules, reasons and
    provenance are compared entry by entry. Of trees and arrays, which nobody reads,
    their hash is compared, and of trees how often they split on each field.

    Parameters
    ----------
    before, after : str or path
        What :func:`riskkit.export.save_artifact` wrote.

    Returns
    -------
    comparison : ArtifactComparison
        The differences, with a frame and a table for notebooks.

    Raises
    ------
    ArtifactError
        If either is absent, damaged, unsafe or of a later protocol.

    See Also
    --------
    riskkit.export.save_artifact : Writes what is compared here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     Manifest, ScalingSpec, ScorecardSpec, write_artifact)
    >>> from riskkit.export import compare_artifacts
    >>> scaling = ScalingSpec(20.0, 600.0, 50.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [Path(folder) / "old.rk", Path(folder) / "new.rk"]
    ...     for path, intercept in zip(paths, (-3.0, -2.5)):
    ...         card = ScorecardSpec((), intercept, 600.0, scaling)
    ...         manifest = write_artifact(
    ...             path, manifest=Manifest("scorecard"), model=card)
    ...     comparison = compare_artifacts(*paths)
    >>> comparison.frame()[["place", "before", "after"]].to_numpy().tolist()
    [['intercept', -3.0, -2.5]]
    """
    one, other = open_artifact(before), open_artifact(after)
    first, second = _readable(before, one), _readable(after, other)
    found = [
        difference
        for part in dict.fromkeys([*first, *second])
        for difference in _part(part, first.get(part), second.get(part))
    ]
    return ArtifactComparison(
        one.artifact.manifest.model_id, other.artifact.manifest.model_id, tuple(found)
    )


def _part(part: str, before: Any, after: Any) -> Iterator[ArtifactDifference]:
    if before is None or after is None:
        kind = "added" if before is None else "removed"
        sides = (None, "present") if before is None else ("present", None)
        yield ArtifactDifference(part, "", kind, *sides)  # type: ignore[arg-type]
        return
    yield from differences(part, before, after)


def _readable(
    path: str | os.PathLike[str], opened: OpenedArtifact
) -> dict[str, dict[str, Any]]:
    """Return the parts of an artifact that people compare, as plain data."""
    documents = artifact_documents(path)
    parts = {
        part: dict(documents[name])
        for name, part in _PARTS.items()
        if name in documents
    }
    for key in _FOLLOWS:
        del parts["manifest"][key]
    signature = opened.signature
    parts["manifest"]["signed by"] = None if signature is None else signature.key_id
    # Fine bins and codes of trees are told by place; what they stand for is not read.
    for holder in (parts["model"], parts["model"].get("booster")):
        if isinstance(holder, dict) and "codings" in holder:
            codings = str(holder.pop("codings")).encode()
            holder["codes of columns"] = sha256(codings).hexdigest()[:12]
    model = opened.artifact.model
    trees = model.booster if isinstance(model, FraudSpec) else model
    arrays = {
        name: sha256(documents[name]).hexdigest()[:12]
        for name in _ARRAYS
        if name in documents
    }
    if arrays:
        parts["arrays"] = arrays
    if isinstance(trees, BlendSpec):
        parts["splits"] = _splits(trees)
    return parts


def _splits(spec: BlendSpec) -> dict[str, dict[str, int]]:
    """Return how often the trees of each member split on each field."""
    found = {}
    for member in spec.members:
        if isinstance(member, ScorecardMemberSpec):
            continue
        names = member.coding.names
        columns = member.coding.columns
        counts = Counter(member.nodes.column[member.nodes.column >= 0].tolist())
        by_field: Counter[str] = Counter()
        for column, n in counts.items():
            by_field[names[columns[column].feature]] += n
        found[member.name] = dict(sorted(by_field.items()))
    return found
