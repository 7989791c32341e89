"""The words of a reason: templates filled with bins and points, never with values."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidParameterError
from riskkit.explain._card import unknown_characteristics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from riskkit.artifact import ScorecardSpec
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["Topic", "make_topics", "read_topics", "topic_texts"]

_FIELDS = ("name", "bin", "points_lost")


@dataclass(frozen=True)
class Topic:
    """What one reason speaks of: a characteristic, or a group of them."""

    name: str
    members: tuple[int, ...]
    text: str
    template: str | None


def read_topics(
    spec: ScorecardSpec,
    groups: Mapping[str, Sequence[str]] | None,
    texts: Mapping[str, str] | None,
) -> list[Topic]:
    """Return the topics in the order of the scorecard.

    A group stands where the first of its characteristics does.
    """
    words = [item.reason for item in spec.characteristics]
    return make_topics(spec.features, words, groups, texts, _FIELDS)


def make_topics(
    names: Sequence[str],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]] | None,
    texts: Mapping[str, str] | None,
    fields: Sequence[str],
) -> list[Topic]:
    """Return the topics of a model; templates may hold `fields`."""
    group_of = _read_groups(groups or {}, names)
    topics: list[Topic] = []
    places: dict[str, int] = {}
    for position, (name, word) in enumerate(zip(names, words, strict=True)):
        group = group_of.get(name)
        if group is None:
            topics.append(Topic(name, (position,), word, None))
        elif group in places:
            old = topics[places[group]]
            topics[places[group]] = Topic(group, (*old.members, position), group, None)
        else:
            places[group] = len(topics)
            topics.append(Topic(group, (position,), group, None))
    templates = _read_templates(texts or {}, [topic.name for topic in topics], fields)
    return [
        Topic(t.name, t.members, t.text, templates.get(t.name, t.template))
        for t in topics
    ]


def topic_texts(
    topic: Topic, spec: ScorecardSpec, bins: Sequence[CodeArray], lost: FloatArray
) -> NDArray[Any]:
    """Return the reason of each of some accounts, given their bins and losses."""
    if topic.template is None:
        return np.full(lost.size, topic.text, dtype=object)
    # Accounts in the same bins get the same words: fill the template once for each.
    stacked = np.stack([bins[j].astype(np.intp) for j in topic.members], axis=1)
    _, first, codes = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    words = [
        topic.template.format(
            name=topic.name,
            bin=_bin_text(topic, spec, stacked[row].tolist()),
            points_lost=_whole(float(lost[row])),
        )
        for row in first.tolist()
    ]
    return np.array(words, dtype=object)[codes.ravel()]


def _bin_text(topic: Topic, spec: ScorecardSpec, bins: list[int]) -> str:
    features = [spec.characteristics[j].feature for j in topic.members]
    labels = [f.labels[b] for f, b in zip(features, bins, strict=True)]
    if len(labels) == 1:
        return labels[0]
    return "; ".join(f"{f.name} {x}" for f, x in zip(features, labels, strict=True))


def _whole(points: float) -> float | int:
    return int(points) if points.is_integer() else points


def _read_groups(
    groups: Mapping[str, Sequence[str]], names: Sequence[str]
) -> dict[str, str]:
    group_of: dict[str, str] = {}
    for group, members in groups.items():
        if isinstance(members, str) or not members:
            msg = (
                "groups must map a name to a list of characteristics; group "
                f"{group!r} is {'a text' if members else 'empty'}. Write "
                "{'group': ['characteristic', ...]}."
            )
            raise InvalidParameterError(msg)
        unknown_characteristics(members, names, "groups")
        for member in members:
            if member in group_of:
                msg = (
                    "groups must not share characteristics; "
                    f"{member!r} stands in {group_of[member]!r} and {group!r}. "
                    "Leave it in one."
                )
                raise InvalidParameterError(msg)
            group_of[member] = group
    taken = [g for g in groups if g in names and group_of.get(g) != g]
    if taken:
        msg = (
            "A group must not have the name of a characteristic outside it; got "
            f"{taken[0]!r}. Choose another name."
        )
        raise InvalidParameterError(msg)
    return group_of


def _read_templates(
    texts: Mapping[str, str], topics: Sequence[str], allowed: Sequence[str]
) -> Mapping[str, str]:
    unknown = [name for name in texts if name not in topics]
    if unknown:
        msg = (
            "texts must be keyed by characteristics or groups that can be a reason; "
            f"{unknown[0]!r} is none.{did_you_mean(unknown[0], topics)}"
        )
        raise InvalidParameterError(msg)
    for name, template in texts.items():
        try:
            # An attribute or an index in a field is part of its name here.
            fields = [f for _, f, _, _ in Formatter().parse(template) if f is not None]
            other = [field for field in fields if field not in allowed]
            if not other:
                template.format(name="", bin="", points_lost=1.5)
        except (ValueError, TypeError) as error:
            msg = (
                f"The text for {name!r} must be a template such as "
                f"'{{name}} costs {{points_lost:.0f}} points'; it cannot be read: "
                f"{error}."
            )
            raise InvalidParameterError(msg) from error
        if other:
            msg = (
                f"The text for {name!r} may use the fields {tuple(allowed)}; got "
                f"{other[0]!r}. Double the braces that are meant literally."
            )
            raise InvalidParameterError(msg)
    return texts
