"""The document of a model: what it is made of, and what is known about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit import __version__
from riskkit._core.output import check_file
from riskkit._core.window import check_window
from riskkit.reporting import _document_scorecard as scorecard
from riskkit.reporting._document_calibration import calibration as describe_calibration
from riskkit.reporting._document_calibration import grades as describe_grades
from riskkit.reporting._document_data import DocumentData
from riskkit.reporting._document_fairness import fairness
from riskkit.reporting._document_given import (
    check_notes,
    check_title,
    pick_sample,
    read_samples,
)
from riskkit.reporting._document_identity import (
    data,
    exclusions,
    identity,
    purpose,
    saved_as,
    settings,
)
from riskkit.reporting._document_limits import limits, methods, rejects
from riskkit.reporting._document_model import read_model
from riskkit.reporting._document_performance import drawn, performance
from riskkit.reporting._document_points import points
from riskkit.reporting._document_reasons import reasons
from riskkit.reporting._document_render import render_document

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import ArrayLike

    from riskkit.artifact import Manifest
    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel
    from riskkit.reporting._document_result import ModelDocument

__all__ = ["compute_document", "model_document"]


def model_document(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    X: Any = None,
    y: ArrayLike | None = None,
    samples: Mapping[str, Sequence[Any]] | None = None,
    described_on: str | None = None,
    groups: Any = None,
    cutoff_points: float | None = None,
    cutoff_pd: float | None = None,
    calibration: Any = None,
    grades: Any = None,
    target: str | None = None,
    window: tuple[str | date, str | date] | None = None,
    notes: Mapping[str, str] | None = None,
    title: str = "Model document",
    overwrite: bool = False,
) -> ModelDocument:
    """Write down a model, in one offline page.

    The page holds identity, data, exclusions, characteristics with their bins, edits,
    coefficients, points, calibration, grades, performance, groups, reasons and limits:
    all that the model knows of itself, and what the samples given can tell.

    Parameters
    ----------
    model : ScorecardClassifier, ExpertScorecard, CalibratedPD or RejectInference
        A fitted model. Any other classifier with two classes gets a document without
        the sections that need a scorecard.

    path : path, default=None
        Where to save the page; None saves nothing.

    X, y : frame or array-like, and outcomes, default=None
        The rows trained on, the sample "Training" of the document.

    samples : mapping of str to (X, y) or (X, y, dates), default=None
        Other samples by the name that they shall have in the document. `y` may be None
        where outcomes are unknown; dates give the sample its window.

    described_on : str, default=None
        Sample on which calibration, grades, groups and reasons are described; None
        takes the first, that is X if it is given.

    groups : mapping of str to array-like, frame or array-like, default=None
        Groups to compare, one column an attribute, one row for each row of the sample
        `described_on`. The model never sees them.

    cutoff_points, cutoff_pd : float, default=None
        Who counts as approved when groups are compared: from these points on, or up to
        this PD.

    calibration : calibrator or sequence of calibrators, default=None
        Fitted steps on top of the PD that the model gives, as for
        :func:`riskkit.export.save_artifact`. All PDs of the document are those after
        them.

    grades : MasterScale, default=None
        Fitted grades of the PD.

    target : str, default=None
        Name of the outcome column.

    window : tuple of (str or date, str or date), default=None
        First and last date trained on.

    notes : mapping of str to str, default=None
        Sections in your own words, such as purpose, owner and intended use; printed as
        they are.

    title : str, default="Model document"
        Heading of the page.

    overwrite : bool, default=False
        Whether a file at `path` is replaced.

    Returns
    -------
    document : ModelDocument
        With ``.html``, ``.frame(name)``, ``.to_dict()`` and ``.save()``; give it to
        :func:`riskkit.export.to_excel` for the same content as a workbook.

    Raises
    ------
    InvalidTypeError, sklearn.exceptions.NotFittedError
        If `model` is no classifier with two classes, or is not fitted.
    InvalidParameterError
        If samples, groups, notes or dates are not of the form above.
    InvalidInputError, InvalidTargetError
        If a sample lacks columns, or its outcomes are not labelled as in training.
    OutputError
        If the page cannot be saved.

    See Also
    --------
    validation_report : Checks of one sample, with a verdict.
    riskkit.export.save_artifact : The model itself, as a file.

    Notes
    -----
    The page states facts and draws no conclusion about laws, rules or policies. It
    holds counts, rates, edges and levels of bins, never a row. It loads nothing, runs
    nothing, and equal input gives equal bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.reporting import model_document
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> loans = load_sba_loans()
    >>> X, y = loans.data[["GrAppv", "UrbanRural", "same_state"]], loans.target
    >>> late = loans.dates >= np.datetime64("2004-01-01")
    >>> card = ScorecardClassifier().fit(X[~late], y[~late])
    >>> document = model_document(
    ...     card,
    ...     samples={"Out of time": (X[late], y[late], loans.dates[late])},
    ...     notes={"Purpose": "An example."},
    ... )
    >>> document.frame("coefficients")["characteristic"].tolist()
    ['(intercept)', 'GrAppv', 'UrbanRural', 'same_state']
    >>> len(document.html) < 200_000
    True
    """
    if path is not None:
        check_file(path, overwrite=overwrite)  # before the work, not after it
    document = compute_document(
        model,
        X=X,
        y=y,
        samples=samples,
        described_on=described_on,
        groups=groups,
        cutoff_points=cutoff_points,
        cutoff_pd=cutoff_pd,
        calibration=calibration,
        grades=grades,
        target=target,
        window=window,
        notes=notes,
        title=title,
    )
    result = render_document(document)
    if path is not None:
        result.save(path, overwrite)
    return result


def compute_document(
    model: Any,
    *,
    X: Any = None,
    y: ArrayLike | None = None,
    samples: Mapping[str, Sequence[Any]] | None = None,
    described_on: str | None = None,
    groups: Any = None,
    cutoff_points: float | None = None,
    cutoff_pd: float | None = None,
    calibration: Any = None,
    grades: Any = None,
    target: str | None = None,
    window: tuple[str | date, str | date] | None = None,
    notes: Mapping[str, str] | None = None,
    title: str = "Model document",
) -> DocumentData:
    """Return everything that the page of :func:`model_document` will say."""
    title, said, days = check_title(title), check_notes(notes), check_window(window)
    documented = read_model(model, calibration)
    read = read_samples(documented, X, y, samples)
    chosen = pick_sample(read, described_on)
    manifest = saved_as(documented, grades)
    parts = [
        identity(documented, manifest, target),
        purpose(said),
        data(documented, read, days),
        exclusions(documented),
        *_scorecard(documented, chosen),
        describe_calibration(documented, chosen),
        describe_grades(grades, chosen),
        performance(documented, read),
        fairness(documented, chosen, groups, cutoff_points, cutoff_pd),
        reasons(documented, chosen),
        rejects(documented),
        limits(documented, read, with_groups=groups is not None),
        settings(documented),
        methods(documented),
        drawn(documented, read, chosen),
    ]
    return DocumentData(
        kind="model_document",
        title=title,
        facts=_facts(documented, manifest, days, read),
        sections=tuple(section for section, _ in parts),
        tables=tuple(table for _, tables in parts for table in tables),
        version=__version__,
    )


def _scorecard(
    documented: DocumentedModel, chosen: DocumentSample | None
) -> tuple[Part, ...]:
    if documented.card is None:
        return ()
    return (
        scorecard.characteristics(documented),
        scorecard.bins(documented),
        scorecard.edits(documented),
        scorecard.coefficients(documented),
        scorecard.steps(documented),
        points(documented, chosen),
    )


def _facts(
    documented: DocumentedModel,
    manifest: Manifest | None,
    window: tuple[str, str] | None,
    samples: Sequence[DocumentSample],
) -> tuple[tuple[str, str], ...]:
    facts = [("Model", " of ".join(type(part).__name__ for part in documented.parts))]
    if documented.card is not None:
        k = len(documented.spec_.characteristics)
        scaling = documented.spec_.scaling
        facts.append(("Scorecard", f"{k} characteristic{'s' * (k != 1)}"))
        facts.append(
            (
                "Points",
                f"{scaling.base_points:g} at {scaling.base_odds:g} : 1, "
                f"{scaling.pdo:g} double the odds",
            )
        )
        if documented.card.n_rows_:
            trained = f"{documented.card.n_rows_:,.0f} accounts"
            if documented.has_outcomes:
                trained += f", {documented.card.n_events_:,.0f} events"
            name = "Counted on" if documented.is_expert else "Trained on"
            facts.append((name, trained))
    if window is not None:
        facts.append(("Dates", f"{window[0]} to {window[1]}"))
    if samples:
        facts.append(("Samples", ", ".join(sample.name for sample in samples)))
    if manifest is not None:
        facts.append(("Model id", manifest.model_id))
    return tuple(facts)
