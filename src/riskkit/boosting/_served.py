"""Fitted models as the plain data that is saved and served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.preorder import right_children
from riskkit.artifact import (
    BlendSpec,
    BoostedMemberSpec,
    CodingSpec,
    ForestMemberSpec,
    NodesSpec,
    ScorecardMemberSpec,
)
from riskkit.boosting._blend_members import ForestMember, ScorecardMember, TreesMember
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit._kernels.forest import ForestArrays
    from riskkit.artifact import BoosterSpec, CalibrationSpec
    from riskkit.boosting._audit import MonotoneAudit
    from riskkit.boosting._blend_members import Member

__all__ = ["booster_as_blend", "member_specs", "plain_audits"]


def booster_as_blend(
    spec: BoosterSpec,
    calibration: CalibrationSpec | None,
    audit: MonotoneAudit,
    library: str,
) -> BlendSpec:
    """Return a single booster as a blend of one."""
    member = BoostedMemberSpec(
        library,
        1.0,
        CodingSpec(spec.features, spec.columns),
        spec.intercept,
        NodesSpec.of_trees(spec.trees),
    )
    return BlendSpec(
        (member,),
        spec.names,
        spec.reference,
        spec.scaling,
        calibration,
        plain_audits({library: audit}),
    )


def member_specs(
    members: Mapping[str, Member], weights: Mapping[str, float]
) -> tuple[BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec, ...]:
    """Return the members of a blend as plain data."""
    return tuple(_member(name, weights[name], one) for name, one in members.items())


def plain_audits(audits: Mapping[str, MonotoneAudit]) -> dict[str, Any]:
    """Return the audits of models that were held to directions as plain data."""
    return {
        name: audit.to_dict()
        for name, audit in audits.items()
        if audit.rows or audit.left_free
    }


def _member(
    name: str, weight: float, member: Member
) -> BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec:
    if isinstance(member, TreesMember):
        return BoostedMemberSpec(
            name,
            weight,
            CodingSpec(member.features, member.columns),
            member.intercept,
            NodesSpec.of_trees(member.trees),
        )
    if isinstance(member, ForestMember):
        coding = CodingSpec(member.features, member.columns)
        return ForestMemberSpec(
            name, weight, coding, member.floor, _forest_nodes(member.arrays)
        )
    if isinstance(member, ScorecardMember):
        return ScorecardMemberSpec(name, weight, member.spec, member.means)
    kind = type(getattr(member, "estimator", member)).__name__
    msg = (
        "A blend is saved as plain data, which own members have only if they are "
        f"scorecards or boosted models without a calibration; member {name!r} is of "
        f"type {kind}. Leave it out of members, or calibrate the blend instead."
    )
    raise InvalidTypeError(msg)


def _forest_nodes(arrays: ForestArrays) -> NodesSpec:
    """Return the nodes of a forest that was grown depth first, left sides first."""
    inner = arrays.column >= 0
    if not np.array_equal(right_children(inner), arrays.right):
        msg = (
            "The trees of a forest must be grown depth first to be saved; these were "
            "not. Fit the blend with the scikit-learn that riskkit was tested with."
        )
        raise InvalidTypeError(msg)
    return NodesSpec(
        arrays.column.astype(np.int32),
        arrays.threshold.astype(np.int32),
        arrays.missing_left,
        # Shares add up to 1 but for rounding.
        np.clip(arrays.value, 0.0, 1.0),
        np.empty(0),
    )
