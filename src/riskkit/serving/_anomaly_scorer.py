"""From the artifact of a detector or a fraud model to scores, by NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from riskkit.artifact import FraudSpec
from riskkit.serving._anomaly_result import (
    AnomalyBatchResult,
    AnomalyReason,
    AnomalyResult,
)
from riskkit.serving._record import as_dict, checked_n_reasons, refuse_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.artifact import DetectorArtifact, DetectorSpec, Manifest
    from riskkit.serving._fraud import AnomalyPlan, FraudPlan

__all__ = ["AnomalyScorer"]

_BLOCK = 8192  # rows worked on at a time: intermediate tables stay small


class AnomalyScorer:
    """Scores records and tables with a detector or a fraud model that was saved.

    A scorer never changes, so any number of threads may share one. It needs NumPy,
    and no library that trains.

    Parameters
    ----------
    artifact : DetectorArtifact
        The model, as :func:`riskkit.artifact.read_detector` returns it.

    Attributes
    ----------
    features : tuple of str
        Fields that a record must have; others are ignored.

    manifest : Manifest
        Where the model comes from.

    model_id : str
        First digits of the SHA-256 of the model.

    See Also
    --------
    load_scorer : Makes one from a file.

    Notes
    -----
    One record and a table give the same bits: rows are read, compared and added one by
    one, in one order. So does the estimator that was saved, where SciPy's compiler
    rounds products as NumPy does (it does on x86-64); elsewhere distances to
    neighbours agree to a relative 1e-12. Contributions agree to the rounding of sums.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import (
    ...     DetectorArtifact, DetectorFieldSpec, DetectorMemberSpec, DetectorSpec,
    ...     MahalanobisStateSpec, Manifest, UnitColumnSpec)
    >>> from riskkit.serving import AnomalyScorer
    >>> column = UnitColumnSpec(0, "value", 50.0, 50.0, 10.0, None)
    >>> state = MahalanobisStateSpec(np.zeros(1), np.ones((1, 1)))
    >>> member = DetectorMemberSpec("detector", 0, None, state)
    >>> fields = (DetectorFieldSpec("amount", None),)
    >>> spec = DetectorSpec(fields, ((column,),), (member,), None, 9.0)
    >>> scorer = AnomalyScorer(DetectorArtifact(Manifest("detector"), spec))
    >>> result = scorer.score({"amount": 90})
    >>> result.anomaly_score, result.is_outlier, result.reasons[0].field
    (16.0, True, 'amount')
    >>> scorer.score_batch({"amount": [50.0, None, 70.0]}).anomaly_score
    array([0., 0., 4.])
    """

    __slots__ = ("_artifact", "_plan", "features", "model_id")

    features: tuple[str, ...]
    model_id: str
    _artifact: DetectorArtifact
    _plan: AnomalyPlan | FraudPlan

    def __init__(self, artifact: DetectorArtifact) -> None:
        fixed = {
            "_artifact": artifact,
            "_plan": _plan(artifact.model),
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
    def kinds(self) -> dict[str, str]:
        """Kind of each field: ``"numeric"`` or ``"categorical"``."""
        return dict(self._artifact.fields)

    def score(
        self, record: Mapping[str, object], *, n_reasons: int = 4
    ) -> AnomalyResult:
        """Score one record.

        Parameters
        ----------
        record : mapping of str to object
            A value for every field in `features`: a number, True or False for a
            numeric one, text or a number for a categorical one, and None, NaN or
            pandas' NA where nothing is known. Other fields are ignored.

        n_reasons : int, default=4
            How many reasons to name at most; 0 spares the time of finding them.

        Returns
        -------
        result : AnomalyResult
            The anomaly score, what members say, and reasons; from a fraud model the
            probability of a fraud.

        Raises
        ------
        InvalidInputError
            If a field is absent, or a number is beyond the range of a float.
        InvalidTypeError
            If the record is not a mapping, or a value is of a type that its field
            cannot have. The message names the field, never the value.
        """
        if type(record) is not dict:
            record = as_dict(record)
        n_reasons = checked_n_reasons(n_reasons)
        plan = self._plan
        try:
            codes = plan.detector.read_record(record)
        except KeyError:
            refuse_record(record, self.features)
        rows = plan.score(codes, explain=n_reasons > 0, is_record=True)
        anomaly = float(rows.anomaly[0])
        log_odds = None if rows.log_odds is None else float(rows.log_odds[0])
        rest = anomaly if log_odds is None else log_odds
        reasons: tuple[AnomalyReason, ...] = ()
        if rows.parts is not None:
            reasons = self._reasons(rows.parts[0].tolist(), n_reasons)
            rest -= sum([reason.contribution for reason in reasons])
        return AnomalyResult(
            anomaly,
            anomaly > plan.detector.threshold,
            dict(zip(plan.detector.names, rows.said[0].tolist(), strict=False)),
            reasons,
            rest,
            self.model_id,
            _probability(log_odds),
            log_odds,
        )

    def score_batch(self, X: Any, *, n_reasons: int = 0) -> AnomalyBatchResult:
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
        result : AnomalyBatchResult
            Arrays with one entry a row, the same bits as :meth:`score` gives.

        Raises
        ------
        InvalidInputError
            If columns are absent, stand twice or differ in length.
        InvalidTypeError
            If `X` is not a table with names, or a column holds what it cannot hold.
        """
        from riskkit.serving._anomaly_batch import score_anomalies
        from riskkit.serving._table import read_columns

        n_reasons = checked_n_reasons(n_reasons)
        codes = self._plan.detector.read_table(read_columns(self.features, X))
        return score_anomalies(
            self._plan, codes, self.features, n_reasons, self.model_id
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        msg = f"A scorer cannot be changed; {name!r} cannot be set. Load another one."
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> NoReturn:
        msg = f"A scorer cannot be changed; {name!r} cannot be deleted."
        raise AttributeError(msg)

    def __reduce__(self) -> tuple[type[AnomalyScorer], tuple[DetectorArtifact]]:
        # Worker processes of a pool receive scorers this way.
        return AnomalyScorer, (self._artifact,)

    def __repr__(self) -> str:
        model = self.manifest.model
        size = len(self.features)
        return f"AnomalyScorer({model}, {size} features, id {self.model_id!r})"

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import facts_html

        manifest = self.manifest
        facts = {
            "Model": f"{manifest.model} {self.model_id}",
            "Fields": ", ".join(self.features),
            "Trained on": f"{manifest.n_rows:,.0f} rows",
            "riskkit": manifest.riskkit_version,
        }
        return facts_html("AnomalyScorer", facts)

    def _reasons(self, parts: list[float], n: int) -> tuple[AnomalyReason, ...]:
        raising = sorted([(-part, k) for k, part in enumerate(parts) if part > 0])
        names = self.features
        return tuple([AnomalyReason(names[k], -part) for part, k in raising[:n]])


def _plan(spec: DetectorSpec | FraudSpec) -> AnomalyPlan | FraudPlan:
    # NumPy is loaded for models that need it.
    from riskkit.serving._fraud import AnomalyPlan, FraudPlan

    return FraudPlan(spec) if isinstance(spec, FraudSpec) else AnomalyPlan(spec)


def _probability(log_odds: float | None) -> float | None:
    from riskkit.serving._logistic import sigmoid

    return None if log_odds is None else sigmoid(log_odds)
