"""From a fitted estimator to an artifact."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import riskkit
from riskkit._core.levels import level_key
from riskkit._core.window import check_window
from riskkit.artifact import Manifest, ScorecardSpec, write_artifact
from riskkit.export._chain import model_spec, read_model
from riskkit.export._save_detector import is_detector, save_detector
from riskkit.export._strategy_given import strategy_spec

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import date

__all__ = ["save_artifact"]

_LIBRARIES = ("numpy", "pandas", "scikit-learn")
_BOOSTERS = ("lightgbm", "xgboost")


def save_artifact(
    model: Any,
    path: str | os.PathLike[str],
    *,
    calibration: Any | Sequence[Any] | None = None,
    grades: Any = None,
    strategy: Any = None,
    target: str | None = None,
    window: tuple[str | date, str | date] | None = None,
    left_out: Mapping[str, str] | None = None,
    notes: Mapping[str, Any] | None = None,
    schema: Any = None,
    overwrite: bool = False,
) -> Manifest:
    """Save a fitted model as plain data that a scorer can load.

    No row of the training data is saved, and the same fit gives the same bytes. The
    scorer gives the bits of the estimator: of its ``predict_proba``, or, with steps on
    top, of ``predict`` of the last calibrator and ``assign`` of the master scale.

    Parameters
    ----------
    model : estimator
        A fitted scorecard, a model of :mod:`riskkit.boosting`, or a ``CalibratedPD``
        of one; or a detector or ``FraudClassifier`` of :mod:`riskkit.fraud`, which
        takes no `calibration` and no `grades`.

    path : str or path
        Where to. A name that ends in ``.rk`` becomes one file, a name without a
        suffix a folder with the same members.

    calibration : calibrator or sequence of calibrators, optional
        Fitted steps on top of the PD that the model gives, in their order; for
        instance a ``PriorCorrection`` to the event rate of the present book. The first
        may have been given the log-odds of a scorecard, every other one the PD of the
        step before.

    grades : MasterScale or None, default=None
        Fitted grades of the PD that results; they must reach from 0 to 1.

    strategy : Strategy, mapping, path or None, default=None
        What is decided on the scores: a :class:`riskkit.decision.Strategy`, its plain
        data, or its TOML file. It reads what the model answers by name (``points``,
        ``pd``, ``grade``), and everything else from the record.

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
        If the model, a calibrator or the master scale has not been fitted.
    InvalidTypeError
        If the model is of a kind that cannot be saved, or a step is none.
    InvalidParameterError
        If the window is not two dates in order, the master scale does not cover every
        PD, a calibrator of log-odds follows another one, or a detector is given what
        belongs on top of a PD.
    OutputError
        If the place cannot be written to, or holds something already.
    ArtifactError
        If the notes or the schema are not plain data, or the strategy reads a name
        that means two things.

    See Also
    --------
    riskkit.serving.load_scorer : Loads what is saved here.
    riskkit.calibration.CalibratedPD : Calibrates a scorecard by cross-fitting.
    riskkit.scaling.MasterScale : Grades.
    riskkit.decision.Strategy : Decides.

    Notes
    -----
    Boosted trees and forests are saved as plain arrays of nodes, which a scorer reads
    without the library that grew them. PDs and points are those of the estimator to the
    bit, and points lost to the rounding of sums in double precision.

    Detectors are saved as the arrays they learned. Two of them keep values of training
    rows: ``SubsampledKNNDetector``, also in an ensemble, its samples of rows as
    z-scores, and every detector the levels of text fields, at most 1,000 of each. Keep
    names and identifiers out of the fields of a detector.

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

    The same card for a book with 5 % events, in grades:

    >>> from riskkit.calibration import PriorCorrection
    >>> from riskkit.scaling import MasterScale
    >>> level = PriorCorrection(sample_rate=y.mean(), target_rate=0.05).fit([0.5])
    >>> scale = MasterScale([0, 0.02, 0.1, 1], labels="ABC").fit([0.01, 0.05, 0.3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     manifest = save_artifact(card, path, calibration=level, grades=scale)
    ...     scorer = load_scorer(path)
    >>> scorer.score({"x0": 0.3}).grade
    'B'

    And with what is decided on its points:

    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(bands=[
    ...     {"from": 500, "decision": "approve"}, {"to": 500, "decision": "refer"}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     manifest = save_artifact(card, path, strategy=strategy)
    ...     scorer = load_scorer(path)
    >>> result = scorer.score({"x0": 0.3})
    >>> result.decision, result.decided_by
    ('approve', 'points in [500, inf)')
    """
    if is_detector(model):
        return save_detector(
            model,
            path,
            on_top={
                "calibration": calibration,
                "grades": grades,
                "strategy": strategy,
            },
            target=target,
            window=check_window(window),
            left_out=left_out or {},
            notes=notes or {},
            schema=schema.to_dict() if hasattr(schema, "to_dict") else schema,
            overwrite=overwrite,
        )
    card, pd_map = read_model(model, calibration, grades)
    spec = model_spec(card)
    is_card = isinstance(spec, ScorecardSpec)
    described = schema.to_dict() if hasattr(schema, "to_dict") else schema
    reasons = getattr(card, "left_out_", {}) if left_out is None else left_out
    non_event, event = (str(level_key(label)) for label in card.classes_)
    manifest = Manifest(
        model="scorecard" if is_card else "blend",
        riskkit_version=riskkit.__version__,
        libraries={
            name: version(name)
            for name in (_LIBRARIES if is_card else (*_LIBRARIES, *_BOOSTERS))
        },
        n_rows=float(card.n_rows_),
        n_events=float(card.n_events_),
        target=target,
        classes=(non_event, event),
        window=check_window(window),
        left_out={str(name): str(reason) for name, reason in reasons.items()},
        notes={**_edits_of(card), **(notes or {})},
    )
    return write_artifact(
        path,
        manifest=manifest,
        model=spec,
        pd_map=pd_map,
        strategy=None if strategy is None else strategy_spec(strategy),
        baseline=getattr(card, "baseline_", None),
        schema=None if described is None else dict(described),
        overwrite=overwrite,
    )


def _edits_of(model: Any) -> dict[str, Any]:
    """Return what people changed in the bins, as a note."""
    binner = getattr(model, "binner_", None)
    tables = getattr(binner, "binning_tables_", {}).values()
    edits = [edit.to_dict() for table in tables for edit in table.edits]
    return {"edits": edits} if edits else {}
