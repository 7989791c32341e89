"""From a fitted estimator to an artifact."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import riskkit
from riskkit._core.levels import level_key
from riskkit.artifact import Manifest, ScorecardSpec, write_artifact
from riskkit.exceptions import InvalidParameterError, InvalidTypeError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["save_artifact"]

_LIBRARIES = ("numpy", "pandas", "scikit-learn")


def save_artifact(
    model: Any,
    path: str | os.PathLike[str],
    *,
    target: str | None = None,
    window: tuple[str | date, str | date] | None = None,
    left_out: Mapping[str, str] | None = None,
    notes: Mapping[str, Any] | None = None,
    schema: Any = None,
    overwrite: bool = False,
) -> Manifest:
    """Save a fitted model as plain data that a scorer can load.

    No row of the training data is saved, and the same fit gives the same bytes.

    Parameters
    ----------
    model : estimator
        A fitted scorecard.

    path : str or path
        Where to. A name that ends in ``.rk`` becomes one file, a name without a
        suffix a folder with the same members.

    target : str or None, default=None
        Name of the outcome column, for the record.

    window : tuple of (str or date, str or date) or None, default=None
        First and last date trained on; text in the form ``YYYY-MM-DD``.

    left_out : mapping of str to str or None, default=None
        Columns not used, and why; by default what the model itself left out.

    notes : mapping or None, default=None
        Anything else a reader should know, as plain data. Edits of the bins are
        added under ``"edits"``.

    schema : TableSchema, mapping or None, default=None
        Description of the training table; anything with ``to_dict`` is taken.

    overwrite : bool, default=False
        Whether an artifact that is there already may be replaced.

    Returns
    -------
    manifest : Manifest
        What the artifact says about itself.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is a scorecard that has not been fitted.
    InvalidTypeError
        If the model is of a kind that cannot be saved.
    InvalidParameterError
        If the window is not two dates in order.
    OutputError
        If the place cannot be written to, or holds something already.
    ArtifactError
        If the notes or the schema are not plain data.

    See Also
    --------
    riskkit.serving.load_scorer : Loads what is saved here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from riskkit.export import save_artifact
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> from riskkit.serving import load_scorer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 1))
    >>> y = rng.random(2000) < 1 / (1 + np.exp(2 - X[:, 0]))
    >>> card = ScorecardClassifier().fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     manifest = save_artifact(card, path, target="default")
    ...     scorer = load_scorer(path)
    >>> bool(scorer.score({"x0": 0.3}).pd == card.predict_proba([[0.3]])[0, 1])
    True
    """
    spec = _spec_of(model)
    described = schema.to_dict() if hasattr(schema, "to_dict") else schema
    reasons = getattr(model, "left_out_", {}) if left_out is None else left_out
    non_event, event = (str(level_key(label)) for label in model.classes_)
    manifest = Manifest(
        model="scorecard",
        riskkit_version=riskkit.__version__,
        libraries={name: version(name) for name in _LIBRARIES},
        n_rows=float(model.n_rows_),
        n_events=float(model.n_events_),
        target=target,
        classes=(non_event, event),
        window=_check_window(window),
        left_out={str(name): str(reason) for name, reason in reasons.items()},
        notes={**_edits_of(model), **(notes or {})},
    )
    return write_artifact(
        path,
        manifest=manifest,
        model=spec,
        baseline=model.baseline_,
        schema=None if described is None else dict(described),
        overwrite=overwrite,
    )


def _spec_of(model: Any) -> ScorecardSpec:
    spec = getattr(model, "spec_", None)
    if isinstance(spec, ScorecardSpec):
        return spec
    if hasattr(model, "predict_points") and not isinstance(model, type):
        from sklearn.exceptions import NotFittedError

        msg = (
            f"This {type(model).__name__} must be fitted before it is saved; it is "
            "not. Call fit first."
        )
        raise NotFittedError(msg)
    came = "the class" if isinstance(model, type) else "an object of type"
    name = model.__name__ if isinstance(model, type) else type(model).__name__
    msg = (
        "Only fitted scorecards (riskkit.scorecard.ScorecardClassifier) can be saved; "
        f"got {came} {name}."
    )
    raise InvalidTypeError(msg)


def _edits_of(model: Any) -> dict[str, Any]:
    """Return what people changed in the bins, as a note."""
    binner = getattr(model, "binner_", None)
    tables = getattr(binner, "binning_tables_", {}).values()
    edits = [edit.to_dict() for table in tables for edit in table.edits]
    return {"edits": edits} if edits else {}


def _check_window(
    window: tuple[str | date, str | date] | None,
) -> tuple[str, str] | None:
    if window is None:
        return None
    try:
        first, last = (_day(day) for day in window)
    except (AttributeError, TypeError, ValueError):
        msg = (
            "window must be the first and the last date trained on, as dates or text "
            "like '2024-01-31'; got something else."
        )
        raise InvalidParameterError(msg) from None
    if first > last:
        msg = f"window must not end before it starts; got {first} to {last}."
        raise InvalidParameterError(msg)
    return str(first), str(last)


def _day(day: str | date) -> date:
    if isinstance(day, str):
        return date.fromisoformat(day)
    return date(day.year, day.month, day.day)
