"""A strategy to its document and back; reading trusts nothing.

The document is what :meth:`riskkit.decision.Strategy.to_dict` gives. It is read as a
strategy that somebody wrote would be, and must then be, to the byte, what riskkit
writes of the strategy that was read: nothing is ignored, renamed or left to a default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.artifact._canonical import canonical_json, plain_data
from riskkit.artifact._members import STRATEGY
from riskkit.artifact._node import Node
from riskkit.artifact._strategy import StrategySpec, read_strategy
from riskkit.artifact._strategy_limits import read_limits
from riskkit.exceptions import ArtifactError, RiskkitError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from riskkit.artifact._strategy_conditions import Kind
    from riskkit.artifact._strategy_limits import LimitSpec

__all__ = ["check_fit", "decode_strategy", "encode_strategy"]


_LONGEST_REASON = 400


def encode_strategy(spec: StrategySpec) -> dict[str, Any]:
    """Return the document of a strategy."""
    document = spec.to_dict()
    plain_data(document, STRATEGY)
    return document


def decode_strategy(document: Any) -> StrategySpec:
    """Return the strategy of a document."""
    root = Node(document, STRATEGY)
    plain = root.object()
    plain_data(plain, STRATEGY)
    try:
        spec = _read(plain)
    except ArtifactError:
        raise
    except RiskkitError as error:
        shown = str(error)[:_LONGEST_REASON]
        msg = f"{STRATEGY} must hold a strategy that can be used; it does not: {shown}"
        raise ArtifactError(msg) from error
    if canonical_json(spec.to_dict()) != canonical_json(plain):
        root.refuse("a strategy in the words riskkit writes it in", "other words")
    return spec


def check_fit(
    strategy: StrategySpec, fields: Mapping[str, Kind], outputs: Collection[str]
) -> None:
    """Raise where the strategy and the model would read one name in two ways.

    `fields` are those of the model by kind, `outputs` what it answers.
    """
    for name, kind in strategy.field_kinds.items():
        if name not in fields:
            continue
        if name in outputs:
            msg = (
                f"The strategy reads {name!r}, which is an answer of the model and a "
                "field of it too; only one can be meant. Rename the field, and train "
                "again."
            )
            raise ArtifactError(msg)
        if kind not in (None, fields[name]):
            words = {"numeric": "numbers", "categorical": "texts"}
            msg = (
                f"The strategy must compare {name!r} with {words[fields[name]]}, as "
                f"the model reads it; it compares it with {words[str(kind)]}."
            )
            raise ArtifactError(msg)


def _read(plain: Mapping[str, Any]) -> StrategySpec:
    """Return a strategy; what is left out here is missing when it is compared."""
    limits = plain.get("limits")
    return read_strategy(
        plain.get("rules"),
        plain.get("bands", ()),
        score=plain.get("score", "points"),
        best=plain.get("best", "high"),
        otherwise=plain.get("otherwise", ""),
        missing=None,
        limits=None if limits is None else _read_limits(limits),
        no_limit=plain.get("no_limit", "refer"),
        name=plain.get("name", ""),
        # Whoever wrote it has looked; a file must not make a reader search for long.
        reachable=False,
    )


def _read_limits(plain: Any) -> LimitSpec:
    values = Node(plain, STRATEGY, "limits").object()
    return read_limits(
        values.get("bands"),
        by=values.get("by", ""),
        best=values.get("best", "high"),
        income=values.get("income"),
        exposure=values.get("exposure"),
        requested=values.get("requested"),
        round_to=values.get("round_to", 0.0),
        minimum=values.get("minimum", 0.0),
        unknown=values.get("unknown", 0.0),
    )
