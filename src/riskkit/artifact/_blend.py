"""A fitted blend of models as plain data; a single booster is a blend of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass, field

if TYPE_CHECKING:
    from riskkit.artifact._booster import TreeColumnSpec
    from riskkit.artifact._features import FeatureSpec
    from riskkit.artifact._nodes import NodesSpec
    from riskkit.artifact._pd_map import CalibrationSpec
    from riskkit.artifact._scorecard import ScalingSpec, ScorecardSpec

__all__ = [
    "BlendSpec",
    "BoostedMemberSpec",
    "CodingSpec",
    "ForestMemberSpec",
    "MemberSpec",
    "ScorecardMemberSpec",
]


@dataclass(frozen=True, slots=True)
class CodingSpec:
    """How a record becomes the whole numbers that trees split on.

    Parameters
    ----------
    features : tuple of FeatureSpec
        The fine bins of each feature.

    columns : tuple of TreeColumnSpec
        The columns, each a code for every bin of one of the features.

    Examples
    --------
    >>> from riskkit.artifact import CodingSpec, FeatureSpec, TreeColumnSpec
    >>> delays = FeatureSpec("delays", "numeric", edges=(0.5,))
    >>> columns = (TreeColumnSpec(0, "value", (0, 1, None, None)),)
    >>> CodingSpec((delays,), columns).names
    ('delays',)
    """

    features: tuple[FeatureSpec, ...]
    columns: tuple[TreeColumnSpec, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(feature.name for feature in self.features)


@dataclass(frozen=True, slots=True)
class BoostedMemberSpec:
    """Boosted trees: ``log_odds = intercept + (tree_1 + tree_2 + ...)``.

    Trees are added from the first to the last. Contributions are Shapley values that
    mix the branches of the unknown by their cover.

    Parameters
    ----------
    name : str
        What the member is called.

    weight : float
        Its share of the log-odds, above 0 and at most 1.

    coding : CodingSpec
        What the trees read.

    intercept : float
        Log-odds of the event before any tree has spoken.

    nodes : NodesSpec
        The trees, with their cover.
    """

    name: str
    weight: float
    coding: CodingSpec
    intercept: float
    nodes: NodesSpec

    @property
    def features(self) -> tuple[FeatureSpec, ...]:
        """The features that it reads."""
        return self.coding.features


@dataclass(frozen=True, slots=True)
class ForestMemberSpec:
    """Randomised trees: the log-odds of their mean share of events.

    Shares are added from the first tree to the last, divided once, and taken between
    `floor` and ``1 - floor``. Contributions are the steps down the trees, stretched to
    log-odds.

    Parameters
    ----------
    name : str
        What the member is called.

    weight : float
        Its share of the log-odds, above 0 and at most 1.

    coding : CodingSpec
        What the trees read.

    floor : float
        Least share of events, between 0 and a half.

    nodes : NodesSpec
        The trees, with the share of events at every node.
    """

    name: str
    weight: float
    coding: CodingSpec
    floor: float
    nodes: NodesSpec

    @property
    def features(self) -> tuple[FeatureSpec, ...]:
        """The features that it reads."""
        return self.coding.features


@dataclass(frozen=True, slots=True)
class ScorecardMemberSpec:
    """A scorecard; what each characteristic adds is measured from its mean.

    Parameters
    ----------
    name : str
        What the member is called.

    weight : float
        Its share of the log-odds, above 0 and at most 1.

    card : ScorecardSpec
        The scorecard.

    means : tuple of float
        Log-odds of each characteristic in the mean training account.
    """

    name: str
    weight: float
    card: ScorecardSpec
    means: tuple[float, ...]

    @property
    def features(self) -> tuple[FeatureSpec, ...]:
        """The features that it reads."""
        return tuple(item.feature for item in self.card.characteristics)


MemberSpec = BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec


@dataclass(frozen=True, slots=True)
class BlendSpec:
    """A weighted mean of the log-odds of members, calibrated if the model is.

    ``z = weight_1 z_1 + weight_2 z_2 + ...``, added in the order of the members; with a
    calibration the PD is that of the map at ``z``, else ``1 / (1 + exp(-z))``.

    Parameters
    ----------
    members : tuple of member specs
        Members with a weight above 0; the weights add up to 1.

    names : tuple of str
        The fields that any member reads, in the order of ties between reasons.

    reference : tuple of float
        Mean contribution of each field over the accounts that reasons compare with,
        in log-odds after calibration.

    scaling : ScalingSpec
        The line from log-odds to points; whole points are rounded once, at the end.

    calibration : CalibrationSpec or None, default=None
        Map of the log-odds that belongs to the model itself.

    audits : dict of str to dict, default={}
        By the name of a booster what the audit of its monotone constraints found, as
        plain data.

    See Also
    --------
    riskkit.boosting.PDBlendClassifier.to_spec : Makes one.

    Examples
    --------
    >>> from riskkit.artifact import (
    ...     BlendSpec, ScalingSpec, ScorecardMemberSpec, ScorecardSpec)
    >>> scaling = ScalingSpec(20.0, 600.0, 50.0)
    >>> card = ScorecardSpec((), -3.0, 600.0, scaling)
    >>> member = ScorecardMemberSpec("scorecard", 1.0, card, ())
    >>> BlendSpec((member,), (), (), scaling).kinds
    {}
    """

    members: tuple[MemberSpec, ...]
    names: tuple[str, ...]
    reference: tuple[float, ...]
    scaling: ScalingSpec
    calibration: CalibrationSpec | None = None
    audits: dict[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, Any]:
        """Kind of each field, ``"numeric"`` or ``"categorical"``, by name."""
        known = {f.name: f.kind for member in self.members for f in member.features}
        return {name: known[name] for name in self.names}
