"""Records and tables through a detector or a fraud model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from riskkit._core.frames import Table
from riskkit._kernels.fraud_blend import FraudBlend, Told, fraud_log_odds, fraud_parts
from riskkit._kernels.tail_surprise import SurpriseMap
from riskkit.serving._blend import BlendPlan
from riskkit.serving._blend_batch import contributions, score_rows
from riskkit.serving._detector import DetectorPlan

if TYPE_CHECKING:
    from riskkit.artifact import DetectorSpec, FraudSpec, SurpriseSpec
    from riskkit.typing import FloatArray

__all__ = ["AnomalyPlan", "AnomalyRows", "FraudPlan"]


class AnomalyRows(NamedTuple):
    """Scores of rows, and what fields add to the one that is explained."""

    anomaly: FloatArray
    said: FloatArray
    log_odds: FloatArray | None
    parts: FloatArray | None  # None where nobody asked


class AnomalyPlan:
    """A detector laid out for records and tables."""

    def __init__(self, spec: DetectorSpec) -> None:
        self.detector = DetectorPlan(spec)

    def score(
        self, codes: FloatArray, *, explain: bool, is_record: bool
    ) -> AnomalyRows:
        """Return the scores of coded rows."""
        if explain:
            said, _, parts = self.detector.explained(codes)
        else:
            said, parts = self.detector.said(codes), None
        return AnomalyRows(self.detector.combined(said), said, None, parts)


class FraudPlan:
    """A fraud model laid out for records and tables."""

    def __init__(self, spec: FraudSpec) -> None:
        self.detector = DetectorPlan(spec.detector)
        self._trees = BlendPlan(spec.booster)
        self._booster = spec.booster
        self._blend = FraudBlend(
            _surprise(spec.learned),
            _surprise(spec.anomaly),
            spec.share,
            spec.line.a,
            spec.line.c,
        )
        self._names = [field.name for field in spec.detector.fields]
        self._labels = spec.anomaly_columns
        # Levels by code; then that of unseen ones, and None where it is missing.
        self._levels = [
            None if field.levels is None else (*field.levels, unseen, None)
            for field, unseen in zip(spec.detector.fields, spec.unseen, strict=True)
        ]
        place = {name: k for k, name in enumerate(self._names)}
        self._places = [place.get(name, -1) for name in spec.booster.names]

    def score(
        self, codes: FloatArray, *, explain: bool, is_record: bool
    ) -> AnomalyRows:
        """Return the scores of coded rows; a single record takes a faster way."""
        if explain:
            said, start, raised = self.detector.explained(codes)
        else:
            said = self.detector.said(codes)
        anomaly = self.detector.combined(said)
        columns = self._columns(codes, said)
        if is_record:
            record = {name: column[0] for name, column in columns.items()}
            learned = np.array([self._trees.raw(record)])
        else:
            table = Table.read(columns)
            learned = score_rows(self._booster, table, 0).log_odds
        log_odds = fraud_log_odds(self._blend, learned, anomaly)
        if not explain:
            return AnomalyRows(anomaly, said, log_odds, None)
        if is_record:
            base, added = self._trees.parts(record)
            values = np.array([added])
        else:
            base, values = contributions(self._booster, table)
        own, through = np.zeros(codes.shape), np.zeros(len(codes))
        for place, column in zip(self._places, values.T, strict=True):
            if place < 0:
                through += column
            else:
                own[:, place] += column
        told = Told(learned, base, own, through, anomaly, start, raised)
        return AnomalyRows(anomaly, said, log_odds, fraud_parts(self._blend, told)[1])

    def _columns(self, codes: FloatArray, said: FloatArray) -> dict[str, Any]:
        """Return the columns that trees read."""
        columns: dict[str, Any] = {}
        for name, levels, x in zip(self._names, self._levels, codes.T, strict=True):
            if levels is None:
                columns[name] = x
                continue
            place = np.where(x < 0, len(levels) - 2, x)
            place = np.where(np.isnan(x), len(levels) - 1, place).astype(np.intp)
            columns[name] = np.array(levels, dtype=object)[place]
        # Trees of a detector alone see its score, else what each member says.
        columns.update(zip(self._labels, said.T, strict=False))
        return columns


def _surprise(spec: SurpriseSpec) -> SurpriseMap:
    excess = np.inf if spec.excess is None else spec.excess
    return SurpriseMap(spec.knot, spec.value, spec.slope, excess, spec.is_log)
