"""What the author of a document says: checks of texts, dates and samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.reporting._periods import cut_periods
from riskkit.reporting._sample import Performance, ScoredSample, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit.reporting._document_model import DocumentedModel

__all__ = [
    "TRAINING",
    "DocumentSample",
    "check_notes",
    "check_title",
    "pick_sample",
    "read_samples",
]

TRAINING = "Training"
_TAKEN = ("measure", "unit")  # columns beside those of the samples


@dataclass(frozen=True, eq=False)
class DocumentSample:
    """Rows that the model is looked at on; without outcomes none counts as event."""

    name: str
    X: Any
    y: ArrayLike | None
    scored: ScoredSample
    window: tuple[str, str] | None
    figures: Performance

    @property
    def has_outcomes(self) -> bool:
        """Whether outcomes were given."""
        return self.y is not None

    @property
    def has_both(self) -> bool:
        """Whether there are events and non-events."""
        return 0 < self.figures.n_event < self.figures.n


def check_title(title: Any) -> str:
    """Raise unless `title` is text."""
    if not isinstance(title, str) or not title.strip():
        msg = f"title must be text that is not empty; got {title!r}."
        raise InvalidParameterError(msg)
    return title


def check_notes(notes: Any) -> tuple[tuple[str, str], ...]:
    """Return the headings and texts of the author's own sections."""
    if notes is None:
        return ()
    if not isinstance(notes, Mapping):
        msg = (
            "notes must map a heading to a text, as in {'Purpose': '...'}; got "
            f"{type(notes).__name__}."
        )
        raise InvalidParameterError(msg)
    for heading, text in notes.items():
        for value in (heading, text):
            if not isinstance(value, str) or not value.strip():
                msg = (
                    "notes must hold headings and texts that are not empty; the note "
                    f"{heading!r} does not. Leave out what is not to be said."
                )
                raise InvalidParameterError(msg)
    return tuple(notes.items())


def read_samples(
    documented: DocumentedModel,
    X: Any,
    y: ArrayLike | None,
    samples: Any,
) -> tuple[DocumentSample, ...]:
    """Score every sample; `X` with `y` comes first, as the training rows."""
    if y is not None and X is None:
        msg = "y must come with its rows; got y without X. Give X too."
        raise InvalidParameterError(msg)
    given = {} if X is None else {TRAINING: (X, y)}
    if samples is not None and not isinstance(samples, Mapping):
        msg = (
            "samples must map a name to (X, y) or (X, y, dates), as in "
            f"{{'Out of time': (X, y)}}; got {type(samples).__name__}."
        )
        raise InvalidParameterError(msg)
    for name, parts in (samples or {}).items():
        _check_name(name, given)
        if not isinstance(parts, (tuple, list)) or len(parts) not in (2, 3):
            msg = (
                f"The sample {name!r} must be (X, y) or (X, y, dates); got "
                f"{type(parts).__name__}. y may be None where outcomes are unknown."
            )
            raise InvalidParameterError(msg)
        given[name] = tuple(parts)
    return tuple(_read(documented, name, *parts) for name, parts in given.items())


def pick_sample(
    samples: Sequence[DocumentSample], name: str | None
) -> DocumentSample | None:
    """Return the sample called `name`, or the first one."""
    if name is None:
        return samples[0] if samples else None
    for sample in samples:
        if sample.name == name:
            return sample
    known = tuple(sample.name for sample in samples)
    msg = f"described_on must be one of the samples {known}; got {name!r}."
    raise InvalidParameterError(msg)


def _read(
    documented: DocumentedModel,
    name: str,
    X: Any,
    y: ArrayLike | None,
    dates: Any = None,
) -> DocumentSample:
    what = f"the sample {name!r}"
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if not n_rows:
        msg = f"The sample {name!r} must hold rows; it holds none. Leave it out."
        raise InvalidInputError(msg)
    outcomes = np.full(n_rows, documented.classes_[0]) if y is None else y
    scored = ScoredSample.read(documented, X, outcomes, what)
    window = None if dates is None else cut_periods(dates, n_rows)[1]
    return DocumentSample(name, X, y, scored, window, measure(scored))


def _check_name(name: Any, given: Mapping[str, Any]) -> None:
    if not isinstance(name, str) or not name.strip() or name in _TAKEN:
        msg = (
            f"A sample's name must be text other than {' and '.join(_TAKEN)}; got "
            f"{name!r}."
        )
        raise InvalidParameterError(msg)
    if name in given:
        msg = (
            f"Every sample must have a name of its own; {name!r} is that of X. Give "
            "another name."
        )
        raise InvalidParameterError(msg)
