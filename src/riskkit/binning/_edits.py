"""Changes that people make to found bins, as a record that is replayed.

An edit is data: what was changed, where and why. A binner replays its edits, in order,
after every fit; they travel with the model, and what was decided by hand can be read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from riskkit._core.levels import level_key
from riskkit._core.params import check_real, did_you_mean
from riskkit.binning._given import checked_edges, checked_groups
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.artifact import FeatureSpec

__all__ = [
    "BinEdit",
    "MergeBins",
    "MoveLevel",
    "PinWoE",
    "SetEdges",
    "SetGroups",
    "SplitBin",
    "edit_from_dict",
]


@dataclass(frozen=True, kw_only=True)
class BinEdit:
    """A change of one feature's bins.

    Parameters
    ----------
    feature : str
        Name of the feature.

    note : str, default=""
        Why; it is shown wherever the bins are.
    """

    action: ClassVar[str] = ""
    feature: str
    note: str = ""

    def __post_init__(self) -> None:
        # Sequences become tuples, so that equal edits compare and hash alike.
        for name, value in vars(self).items():
            object.__setattr__(self, name, _frozen(value))

    def apply(self, feature: FeatureSpec) -> FeatureSpec:
        """Return the feature with its bins changed."""
        return feature

    def describe(self) -> str:
        """Return the edit in one line, for people."""
        fields = {k: v for k, v in vars(self).items() if k not in ("feature", "note")}
        what = ", ".join(f"{name} {_plain(value)}" for name, value in fields.items())
        note = f" ({self.note})" if self.note else ""
        return f"{self.action.replace('_', ' ')}: {what}{note}"

    def to_dict(self) -> dict[str, Any]:
        """Return the edit as plain data."""
        fields = {k: _plain(v) for k, v in asdict(self).items()}
        return {"action": self.action, **fields}


@dataclass(frozen=True, kw_only=True)
class MergeBins(BinEdit):
    """Join neighbouring regular bins, given by their positions.

    Parameters
    ----------
    feature : str
        Name of the feature.

    bins : sequence of int
        Positions from 0, without gaps for a numeric feature.

    note : str, default=""
        Why.

    Examples
    --------
    >>> from riskkit.artifact import FeatureSpec
    >>> from riskkit.binning import MergeBins
    >>> age = FeatureSpec("age", "numeric", edges=(25.0, 35.0, 45.0))
    >>> MergeBins(feature="age", bins=(0, 1), note="thin").apply(age).edges
    (35.0, 45.0)
    """

    action: ClassVar[str] = "merge"
    bins: Sequence[int]

    def apply(self, feature: FeatureSpec) -> FeatureSpec:
        """Return the feature with the bins joined."""
        bins = sorted(set(self.bins))
        if len(bins) < 2:
            msg = f"bins must name at least two bins of {feature.name!r}; got {bins}."
            raise InvalidParameterError(msg)
        for position in bins:
            _check_bin(feature, position)
        if feature.kind == "categorical":
            joined = tuple(sorted(lv for b in bins for lv in feature.levels[b]))
            levels = [
                joined if b == bins[0] else group
                for b, group in enumerate(feature.levels)
                if b == bins[0] or b not in bins
            ]
            return replace(feature, levels=tuple(levels))
        if any(right - left != 1 for left, right in pairwise(bins)):
            msg = (
                f"Only neighbouring bins of the numeric feature {feature.name!r} can "
                f"be joined; got {bins}."
            )
            raise InvalidParameterError(msg)
        gone = set(bins[:-1])  # the edge after each bin but the last
        edges = tuple(e for b, e in enumerate(feature.edges) if b not in gone)
        return replace(feature, edges=edges)


@dataclass(frozen=True, kw_only=True)
class SplitBin(BinEdit):
    """Cut a bin of a numeric feature in two.

    Parameters
    ----------
    feature : str
        Name of the feature.

    at : float
        The new edge.

    note : str, default=""
        Why.
    """

    action: ClassVar[str] = "split"
    at: float

    def apply(self, feature: FeatureSpec) -> FeatureSpec:
        """Return the feature with the edge added."""
        _check_kind(feature, "numeric", self.action)
        if self.at in feature.edges:
            msg = f"{self.at!r} is an edge of {feature.name!r} already."
            raise InvalidParameterError(msg)
        edges = checked_edges(feature.name, sorted([*feature.edges, self.at]))
        return replace(feature, edges=edges)


@dataclass(frozen=True, kw_only=True)
class SetEdges(BinEdit):
    """Give a numeric feature these interior edges.

    Parameters
    ----------
    feature : str
        Name of the feature.

    edges : sequence of float
        Increasing; bins are closed on the right.

    note : str, default=""
        Why.
    """

    action: ClassVar[str] = "set_edges"
    edges: Sequence[float]

    def apply(self, feature: FeatureSpec) -> FeatureSpec:
        """Return the feature with the edges."""
        _check_kind(feature, "numeric", self.action)
        return replace(feature, edges=checked_edges(feature.name, self.edges))


@dataclass(frozen=True, kw_only=True)
class SetGroups(BinEdit):
    """Give a categorical feature these groups of levels, in this order.

    Parameters
    ----------
    feature : str
        Name of the feature.

    groups : sequence of sequence of str
        Levels of each bin; a level in no group counts as unseen.

    note : str, default=""
        Why.
    """

    action: ClassVar[str] = "set_groups"
    groups: Sequence[Sequence[str]]

    def apply(self, feature: FeatureSpec) -> FeatureSpec:
        """Return the feature with the groups."""
        _check_kind(feature, "categorical", self.action)
        return replace(feature, levels=checked_groups(feature.name, self.groups))


@dataclass(frozen=True, kw_only=True)
class MoveLevel(BinEdit):
    """Put a level into another bin of a categorical feature.

    Parameters
    ----------
    feature : str
        Name of the feature.

    level : str
        The level; one that is in no bin yet may be added.

    to : int
        Position of the bin it goes to.

    note : str, default=""
        Why.
    """

    action: ClassVar[str] = "move_level"
    level: str
    to: int

    def apply(self, feature: FeatureSpec) -> FeatureSpec:
        """Return the feature with the level moved."""
        _check_kind(feature, "categorical", self.action)
        _check_bin(feature, self.to)
        key = level_key(self.level)
        if key is None:
            msg = "A missing value is no level; it has a bin of its own."
            raise InvalidParameterError(msg)
        groups = [set(group) - {key} for group in feature.levels]
        groups[self.to].add(key)
        levels = tuple(tuple(sorted(group)) for group in groups if group)
        return replace(feature, levels=levels)


@dataclass(frozen=True, kw_only=True)
class PinWoE(BinEdit):
    """Fix the WoE of a bin, whatever its counts say.

    Parameters
    ----------
    feature : str
        Name of the feature.

    bin : int or str
        Position of the bin, or ``"missing"``, ``"unseen"`` or a special group's label.

    woe : float
        Weight of evidence in nats; up is safer.

    note : str, default=""
        Why.
    """

    action: ClassVar[str] = "pin_woe"
    bin: int | str
    woe: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_real("woe", self.woe)

    def position(self, feature: FeatureSpec) -> int:
        """Return the position of the bin."""
        if isinstance(self.bin, int):
            _check_bin(feature, self.bin)
            return self.bin
        named = {"missing": feature.missing_bin, "unseen": feature.unseen_bin}
        for g, group in enumerate(feature.special):
            named[group.label] = feature.n_regular + g
        if self.bin not in named:
            msg = (
                f"bin must be a position or one of {sorted(named)} of "
                f"{feature.name!r}; got {self.bin!r}.{did_you_mean(self.bin, named)}"
            )
            raise InvalidParameterError(msg)
        return named[self.bin]


_EDITS: dict[str, type[BinEdit]] = {
    edit.action: edit
    for edit in (MergeBins, SplitBin, SetEdges, SetGroups, MoveLevel, PinWoE)
}


def edit_from_dict(data: Mapping[str, Any]) -> BinEdit:
    """Return the edit that ``to_dict`` wrote.

    Parameters
    ----------
    data : mapping
        With the keys ``action``, ``feature``, ``note`` and those of the action.

    Returns
    -------
    edit : BinEdit
        The edit.

    Raises
    ------
    InvalidParameterError
        If the action or a key is unknown, or one is missing.

    Examples
    --------
    >>> from riskkit.binning import SplitBin, edit_from_dict
    >>> edit = SplitBin(feature="age", at=21.0, note="legal age")
    >>> edit_from_dict(edit.to_dict()) == edit
    True
    """
    fields = dict(data)
    action = fields.pop("action", None)
    if action not in _EDITS:
        hint = did_you_mean(action, _EDITS)
        msg = f"action must be one of {tuple(_EDITS)}; got {action!r}.{hint}"
        raise InvalidParameterError(msg)
    try:
        return _EDITS[action](**fields)
    except TypeError as error:
        msg = f"The edit {action!r} has wrong keys {sorted(fields)}."
        raise InvalidParameterError(msg) from error


def _frozen(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        return value
    items = sorted(value) if isinstance(value, set | frozenset) else value
    return tuple(_frozen(item) for item in items)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _check_bin(feature: FeatureSpec, position: int) -> None:
    if not 0 <= position < feature.n_regular:
        msg = (
            f"{feature.name!r} has the regular bins 0 to {feature.n_regular - 1}; "
            f"got {position}."
        )
        raise InvalidParameterError(msg)


def _check_kind(feature: FeatureSpec, kind: str, action: str) -> None:
    if feature.kind != kind:
        msg = f"{action!r} is for a {kind} feature; {feature.name!r} is {feature.kind}."
        raise InvalidParameterError(msg)
