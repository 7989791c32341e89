"""Bins given by people, or taken over from another model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskkit._core.params import did_you_mean
from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.binning._base import BaseBinner
from riskkit.binning._given import checked_edges, checked_groups, count_feature
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit._core.inputs import Training
    from riskkit.binning._partition import FeaturePartition

__all__ = ["ManualBinner"]


class ManualBinner(BaseBinner):
    """Count, weigh and encode features in bins that are given.

    Parameters
    ----------
    splits : dict of str to sequence, or None, default=None
        The bins of each feature: increasing interior edges for a numeric feature
        (bins are closed on the right), groups of levels for a categorical one, or the
        :class:`~riskkit.artifact.FeatureSpec` of another binner. A feature without an
        entry has one bin, and says so.

    encode : {"woe", "ordinal", "event_rate"}, default="woe"
        What :meth:`transform` emits.

    special_codes : sequence, dict or None, default=None
        As in :class:`OptimalBinner`. Not for features given by a FeatureSpec, which
        has its own.

    unseen : {"neutral", "missing", "riskiest", "error"}, default="neutral"
        WoE of levels that are in no group.

    smoothing : float, default=0.5
        Accounts of the rarer class added to every bin.

    edits : sequence of BinEdit or None, default=None
        Changes to the bins, replayed in order; see :class:`MergeBins`.

    Attributes
    ----------
    binning_tables_ : dict of str to BinningTable
        Bins, counts and evidence of each feature.

    classes_ : ndarray of shape (2,)
        The non-event and the event label, in that order.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    OptimalBinner : Finds the bins.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.binning import ManualBinner
    >>> ages, jobs = [20, 30, 40, 50] * 25, ["a", "b", "c", "d"] * 25
    >>> X = pd.DataFrame({"age": ages, "job": jobs})
    >>> y = [1, 1, 0, 0] * 10 + [0, 1, 0, 0] * 15
    >>> binner = ManualBinner({"age": [25, 45], "job": [["a", "b"], ["c", "d"]]})
    >>> binner.fit(X, y).binning_tables_["age"].frame()[["bin", "n", "n_event"]]
              bin      n  n_event
    0  (-inf, 25]   25.0     10.0
    1    (25, 45]   50.0     25.0
    2   (45, inf)   25.0      0.0
    3       Total  100.0     35.0
    """

    def __init__(
        self,
        splits: Mapping[str, Any] | None = None,
        *,
        encode: str = "woe",
        special_codes: Any = None,
        unseen: str = "neutral",
        smoothing: float = 0.5,
        edits: Sequence[Any] | None = None,
    ) -> None:
        self.splits = splits
        self.encode = encode
        self.special_codes = special_codes
        self.unseen = unseen
        self.smoothing = smoothing
        self.edits = edits

    def _find_bins(
        self,
        training: Training,
        kinds: Mapping[str, str],
        special: Mapping[str, tuple[SpecialGroup, ...]],
    ) -> dict[str, FeaturePartition]:
        splits = {} if self.splits is None else self.splits
        for name in splits:
            if name not in kinds:
                hint = did_you_mean(name, kinds)
                msg = f"splits names {name!r}, which is no feature.{hint}"
                raise InvalidParameterError(msg)
        found = {}
        for name, kind in kinds.items():
            given = splits.get(name)
            feature = _feature(name, kind, given, special[name], self.unseen)
            reason = "no splits given" if given is None else "the splits make one bin"
            found[name] = count_feature(training, feature, one_bin=reason)
        return found


def _feature(
    name: str,
    kind: str,
    given: Any,
    special: tuple[SpecialGroup, ...],
    unseen: str,
) -> FeatureSpec:
    refuse = unseen == "error"
    if isinstance(given, FeatureSpec):
        if given.kind != kind:
            msg = f"splits has {name!r} as {given.kind}; the column is {kind}."
            raise InvalidParameterError(msg)
        return replace(given, name=name, refuse_unseen=refuse)
    if kind == "numeric":
        edges = () if given is None else checked_edges(name, given)
        return FeatureSpec(name, "numeric", edges=edges, special=special)
    groups = ((),) if given is None else checked_groups(name, given)
    codes = {str(code) for group in special for code in group.codes}
    both = sorted(codes & {level for group in groups for level in group})
    if both:
        msg = f"Level {both[0]!r} of {name!r} stands in a group and as a special code."
        raise InvalidParameterError(msg)
    return FeatureSpec(
        name, "categorical", levels=groups, special=special, refuse_unseen=refuse
    )
