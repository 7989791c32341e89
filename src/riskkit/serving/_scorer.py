"""From an artifact to scores: one record by plain Python, many rows by NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from riskkit.artifact import Artifact, ScorecardSpec, open_artifact
from riskkit.serving._card import CardPlan
from riskkit.serving._golden import replay
from riskkit.serving._record import as_dict, checked_n_reasons, refuse_record
from riskkit.serving._result import BatchResult, ScoreResult

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from riskkit.artifact import BlendSpec, FeatureSpec, Manifest, PDMapSpec
    from riskkit.serving._anomaly_scorer import AnomalyScorer
    from riskkit.serving._decision import DecisionPlan
    from riskkit.serving._pd_plan import Rating
    from riskkit.serving._plan import Score
    from riskkit.serving._policies import FieldPolicy, GuardedScorer
    from riskkit.serving._shadow import ShadowEntry, ShadowScorer

__all__ = ["Scorer", "load_scorer"]


class Plan(Protocol):
    """A model laid out for records."""

    def score(self, record: dict[str, Any], n_reasons: int) -> Score:
        """Return PD, points, log-odds and reasons; KeyError if a field is absent."""


class Scorer:
    """Scores records and tables with a model that was saved.

    A scorer never changes, so any number of threads may share one. For a scorecard it
    needs the standard library alone, and NumPy when a table is scored; for boosted
    models and blends NumPy, and no library that grows trees.

    Parameters
    ----------
    artifact : Artifact
        The model, as :func:`riskkit.artifact.read_artifact` returns it.

    Attributes
    ----------
    features : tuple of str
        Fields that a record must have; others are ignored.

    manifest : Manifest
        Where the model comes from.

    model_id : str
        First digits of the SHA-256 of the model.

    strategy_id : str
        First digits of the SHA-256 of the strategy; empty without one.

    See Also
    --------
    load_scorer : Makes one from a file.

    Notes
    -----
    One record and a table give the same bits, and so does the estimator that was
    saved: all find bins in the same edges, add in the order of the characteristics,
    and calibrate by the same operations. Reasons of boosted models and blends agree to
    the rounding of sums, because a record is explained by itself. Where PDs are
    calibrated by segment, the column of segments is a field of the record; a level that
    is missing or unseen takes the calibration of all accounts.

    A strategy that was saved with the model reads the answers of the model by their
    names (``pd``, ``points``, ``log_odds``, and ``grade``, ``grade_pd``, ``pd_low``,
    ``pd_high`` where there are any), and everything else from the record: its fields
    are among `features`.

    Examples
    --------
    >>> from riskkit.artifact import (Artifact, CharacteristicSpec, FeatureSpec,
    ...     Manifest, ScalingSpec, ScorecardSpec)
    >>> from riskkit.serving import Scorer
    >>> income = CharacteristicSpec(
    ...     FeatureSpec("income", "numeric", edges=(1000.0, 2500.0)), -1.0,
    ...     woe=(-0.7, 0.0, 0.7, -0.2, 0.0), log_odds=(0.7, 0.0, -0.7, 0.2, 0.0),
    ...     points=(-20.0, 0.0, 20.0, -6.0, 0.0), reason="Income is low")
    >>> card = ScorecardSpec((income,), -2.0, 545.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> scorer = Scorer(Artifact(Manifest("scorecard"), card))
    >>> result = scorer.score({"income": 1000})
    >>> round(result.pd, 4), result.points, result.reasons[0].text
    (0.2142, 525.0, 'Income is low')
    >>> scorer.score_batch({"income": [1000.0, None, 4000.0]}).points
    array([525., 539., 565.])
    """

    __slots__ = (
        "_artifact",
        "_plan",
        "_rate",
        "_strategy",
        "features",
        "model_id",
    )

    features: tuple[str, ...]
    model_id: str
    _artifact: Artifact
    _plan: Plan
    _rate: Callable[[float, float, Mapping[str, object]], Rating] | None
    _strategy: DecisionPlan | None

    def __init__(self, artifact: Artifact) -> None:
        pd_map = artifact.pd_map
        fixed = {
            "_artifact": artifact,
            "_plan": _plan(artifact.model),
            "_rate": None if pd_map is None else _plan_rating(pd_map),
            "_strategy": _plan_decision(artifact),
            "features": tuple(artifact.fields),
            "model_id": artifact.manifest.model_id,
        }
        for name, value in fixed.items():
            object.__setattr__(self, name, value)

    @property
    def manifest(self) -> Manifest:
        """Where the model comes from."""
        return self._artifact.manifest

    @property
    def strategy_id(self) -> str:
        """First digits of the SHA-256 of the strategy; empty without one."""
        return self.manifest.strategy_id

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each field: ``"numeric"`` or ``"categorical"``."""
        return dict(self._artifact.fields)

    @property
    def reason_texts(self) -> dict[str, str]:
        """What is said of each field that costs an applicant points."""
        model = self._artifact.model
        if isinstance(model, ScorecardSpec):
            return {c.feature.name: c.reason for c in model.characteristics}
        return {name: name for name in model.names}

    def score(self, record: Mapping[str, object], *, n_reasons: int = 4) -> ScoreResult:
        """Score one record.

        Parameters
        ----------
        record : mapping of str to object
            A value for every field in `features`: a number, True or False for a
            numeric one, text or a number for a categorical one, and None, NaN or
            pandas' NA where nothing is known. Other fields are ignored.

        n_reasons : int, default=4
            How many reasons to name at most.

        Returns
        -------
        result : ScoreResult
            PD, points, log-odds and reasons; grade and interval where the model has
            them; decision, limit and price where it was saved with a strategy.

        Raises
        ------
        InvalidInputError
            If a field is absent, a number is beyond the range of a float, or a level
            is unseen that the model refuses.
        InvalidTypeError
            If the record is not a mapping, or a value is of a type that its field
            cannot have. The message names the field, never the value.
        """
        if type(record) is not dict:
            record = as_dict(record)
        if type(n_reasons) is not int or n_reasons < 0:
            n_reasons = checked_n_reasons(n_reasons)
        try:
            pd, points, log_odds, reasons = self._plan.score(record, n_reasons)
        except KeyError:
            self._refuse_record(record)
        interval = grade = grade_pd = None
        if self._rate is not None:
            try:
                pd, interval, grade, grade_pd = self._rate(pd, log_odds, record)
            except KeyError:  # the column of segments
                self._refuse_record(record)
        result = ScoreResult(
            pd, points, log_odds, reasons, self.model_id, grade, grade_pd, interval
        )
        if self._strategy is None:
            return result
        try:
            return self._strategy.decide(result, record)
        except KeyError:  # a field of the strategy
            self._refuse_record(record)

    def score_batch(self, X: Any, *, n_reasons: int = 0) -> BatchResult:
        """Score the rows of a table.

        Parameters
        ----------
        X : frame, or mapping of str to column
            A pandas, Polars or Arrow frame, or columns by name. Columns are matched by
            name; others than `features` are ignored.

        n_reasons : int, default=0
            How many reasons to name for each row.

        Returns
        -------
        result : BatchResult
            Arrays with one entry a row, the same bits as :meth:`score` gives.

        Raises
        ------
        InvalidInputError
            If columns are absent, stand twice or differ in length, or a level is
            unseen that the model refuses.
        InvalidTypeError
            If `X` is not a table with names, or a column holds what it cannot hold.
        """
        # NumPy is loaded for tables only; a service that scores records does without.
        from riskkit.serving._batch import score_table

        if type(n_reasons) is not int or n_reasons < 0:
            n_reasons = checked_n_reasons(n_reasons)
        return score_table(self._artifact, X, n_reasons, self.model_id)

    @property
    def special_codes(self) -> dict[str, frozenset[Any]]:
        """Codes with bins of their own, by field."""
        codes: dict[str, set[Any]] = {}
        for feature in _features(self._artifact.model):
            own = codes.setdefault(feature.name, set())
            own.update(code for group in feature.special for code in group.codes)
        return {name: frozenset(own) for name, own in codes.items() if own}

    def with_policies(
        self, policies: Mapping[str, FieldPolicy] | None = None
    ) -> GuardedScorer:
        """Return a scorer that flags or refuses what is odd in a record.

        Parameters
        ----------
        policies : mapping of str to FieldPolicy, optional
            Policies by field; by default those in the note ``"policies"`` that was
            saved with the model.

        Returns
        -------
        scorer : GuardedScorer
            What was flagged is in the ``warnings`` of its results.

        Raises
        ------
        InvalidParameterError
            If a policy is of no field of the model, or the note is not sound.
        InvalidTypeError
            If a policy is something else.
        """
        from riskkit.serving._policies import GuardedScorer, read_policies

        if policies is None:
            policies = read_policies(self.manifest.notes)
        return GuardedScorer(self, policies)

    def with_shadow(
        self,
        challenger: Scorer,
        *,
        log: Callable[[ShadowEntry], object] | None = None,
    ) -> ShadowScorer:
        """Return a scorer that answers as this one does and tries another one beside.

        Parameters
        ----------
        challenger : Scorer
            Who scores the same records. Its errors never reach the caller.

        log : callable or None, default=None
            Is given a :class:`ShadowEntry` for each record, such as
            :meth:`DecisionLog.append_shadow`; by default disagreements and failures go
            to a logger.

        Returns
        -------
        scorer : ShadowScorer
            Champion and challenger.

        Raises
        ------
        InvalidTypeError
            If the challenger is no scorer, or `log` cannot be called.
        """
        from riskkit.serving._shadow import ShadowScorer

        return ShadowScorer(self, challenger, log)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        msg = f"A scorer cannot be changed; {name!r} cannot be set. Load another one."
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> NoReturn:
        msg = f"A scorer cannot be changed; {name!r} cannot be deleted."
        raise AttributeError(msg)

    def __reduce__(self) -> tuple[type[Scorer], tuple[Artifact]]:
        # Worker processes of a pool receive scorers this way.
        return Scorer, (self._artifact,)

    def __repr__(self) -> str:
        model = self.manifest.model
        return f"Scorer({model}, {len(self.features)} features, id {self.model_id!r})"

    def _repr_html_(self) -> str:
        from html import escape

        manifest = self.manifest
        window = " to ".join(manifest.window) if manifest.window else "not recorded"
        rows = {
            "Model": f"{manifest.model} {self.model_id}",
            "Features": ", ".join(self.features),
            "PD": _describe(self._artifact.pd_map),
            "Strategy": _strategy_name(self._artifact),
            "Trained on": f"{manifest.n_rows:,.0f} rows, {manifest.n_events:,.0f} "
            "events",
            "Window": window,
            "riskkit": manifest.riskkit_version,
        }
        body = "".join(
            f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>"
            for k, v in rows.items()
        )
        return f"<table><tbody>{body}</tbody></table>"

    def _refuse_record(self, record: Mapping[str, object]) -> NoReturn:
        refuse_record(record, self.features)


def load_scorer(
    path: str | os.PathLike[str],
    *,
    public_key: Any = None,
    require_signature: bool = False,
) -> Scorer | AnomalyScorer:
    """Load a saved model for scoring; nothing in the file is executed.

    The golden rows that were stored with the model are scored first, and must come out
    as they did when it was saved.

    Parameters
    ----------
    path : str or path
        What :func:`riskkit.export.save_artifact` wrote.

    public_key : path, bytes or Ed25519PublicKey, optional
        Who must have signed the model, in PEM; see
        :func:`riskkit.artifact.sign_artifact`. What is not signed is then refused.

    require_signature : bool, default=False
        Whether it is an error to give no key: a setting that was forgotten must not
        open the door.

    Returns
    -------
    scorer : Scorer or AnomalyScorer
        Ready to score, and safe to share between threads. What comes from a detector
        or a fraud model is an ``AnomalyScorer``.

    Raises
    ------
    ArtifactError
        If the file is absent, damaged, unsafe, or of a later protocol; if it scores
        its golden rows in another way than when it was saved; or, with a key, if it is
        unsigned, signed by somebody else, or changed since.
    InvalidParameterError
        If the key is none, or a signature is required and no key given.
    MissingExtraError
        If a key is given and cryptography is not installed.

    See Also
    --------
    riskkit.artifact.sign_artifact : Signs one.
    riskkit.export.save_artifact : Writes what is loaded here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     Manifest, ScalingSpec, ScorecardSpec, write_artifact)
    >>> from riskkit.serving import load_scorer
    >>> card = ScorecardSpec((), -2.0, 545.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "card.rk"
    ...     manifest = write_artifact(path, manifest=Manifest("scorecard"), model=card)
    ...     scorer = load_scorer(path)
    >>> round(scorer.score({}).pd, 4)
    0.1192
    """
    opened = open_artifact(
        path, public_key=public_key, require_signature=require_signature
    )
    artifact = opened.artifact
    scorer: Scorer | AnomalyScorer
    if not isinstance(artifact, Artifact):
        from riskkit.serving._anomaly_scorer import AnomalyScorer

        scorer, exact = AnomalyScorer(artifact), False
    else:
        scorer, exact = Scorer(artifact), isinstance(artifact.model, ScorecardSpec)
    replay(scorer, opened.golden, exact=exact)
    return scorer


def _plan(spec: ScorecardSpec | BlendSpec) -> Plan:
    if isinstance(spec, ScorecardSpec):
        return CardPlan(spec)
    # NumPy is loaded for models that need it.
    from riskkit.serving._blend import BlendPlan

    return BlendPlan(spec)


def _features(spec: ScorecardSpec | BlendSpec) -> list[FeatureSpec]:
    if isinstance(spec, ScorecardSpec):
        return [item.feature for item in spec.characteristics]
    return [feature for member in spec.members for feature in member.features]


def _plan_rating(
    pd_map: PDMapSpec,
) -> Callable[[float, float, Mapping[str, object]], Rating]:
    # What an artifact does not hold is not imported: a plain card starts faster.
    from riskkit.serving._pd_plan import plan_pd_map

    return plan_pd_map(pd_map)


def _plan_decision(artifact: Artifact) -> DecisionPlan | None:
    if artifact.strategy is None:
        return None
    from riskkit.serving._decision import DecisionPlan

    return DecisionPlan(artifact.strategy, artifact.outputs)


def _strategy_name(artifact: Artifact) -> str:
    strategy = artifact.strategy
    if strategy is None:
        return "none"
    return f"{strategy.name} {artifact.manifest.strategy_id}".rstrip()


def _describe(pd_map: PDMapSpec | None) -> str:
    if pd_map is None:
        return "as the model gives it"
    steps, grades = len(pd_map.steps), pd_map.grades
    what = f"calibrated in {steps} step{'s' * (steps != 1)}" if steps else "as it is"
    return what if grades is None else f"{what}, in {len(grades.labels)} grades"
