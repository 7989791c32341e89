"""The order of a fraud fit: held-out trees, blend, calibration, trees of all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit.artifact import LogOddsMapSpec
from riskkit.calibration import LogitPlattCalibrator, PriorCorrection
from riskkit.fraud._blend import SHARES, ScoreBlend, choose_share, share_by_rule
from riskkit.fraud._ensemble import AnomalyEnsemble
from riskkit.fraud._fraud_presets import event_multiple, fit_booster
from riskkit.fraud._label_folds import label_folds, sample_nonevents
from riskkit.fraud._lift import anomaly_lift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier
    from riskkit.fraud._detector import BaseDetector, TrainingRows
    from riskkit.fraud._fields import FieldCoder
    from riskkit.fraud._lift import AnomalyLiftResult
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "LabelledRows",
    "TrainedFraud",
    "anomaly_columns",
    "column_labels",
    "member_names",
    "rest_level",
    "train_fraud_model",
    "training_frame",
]

_RARE = "other"  # with a number behind it if a level is called that


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The rows whose label is known, coded, with what a detector thinks of them."""

    coder: FieldCoder
    codes: FloatArray
    members: pd.DataFrame
    anomaly: FloatArray
    is_event: BoolArray
    weight: FloatArray | None
    keys: NDArray[np.uint64]
    times: FloatArray | None

    @classmethod
    def of(
        cls,
        rows: TrainingRows,
        detector: BaseDetector,
        is_event: BoolArray,
        is_known: BoolArray,
        times: FloatArray | None,
    ) -> LabelledRows:
        """Keep the rows whose label is known."""
        codes = rows.codes[is_known]
        anomaly, members = anomaly_columns(detector, codes)
        return cls(
            coder=rows.coder,
            codes=codes,
            members=members,
            anomaly=anomaly,
            is_event=is_event[is_known],
            weight=None if rows.weight is None else rows.weight[is_known],
            keys=rows.keys[is_known],
            times=None if times is None else times[is_known],
        )

    @property
    def mass(self) -> FloatArray:
        """Weights, 1 where none were given."""
        return np.ones(self.is_event.size) if self.weight is None else self.weight

    @property
    def n_rows(self) -> float:
        """Rows, as a sum of weights."""
        return float(self.mass.sum())

    @property
    def n_events(self) -> float:
        """Frauds, as a sum of weights."""
        return float(self.mass[self.is_event].sum())


@dataclass(frozen=True, eq=False)
class TrainedFraud:
    """What a fit has found."""

    booster: XGBPDClassifier | LGBMPDClassifier
    blend: ScoreBlend
    curve: pd.DataFrame
    calibration: LogOddsMapSpec
    lift: AnomalyLiftResult
    is_held_out: bool


def anomaly_columns(
    detector: BaseDetector, codes: FloatArray
) -> tuple[FloatArray, pd.DataFrame]:
    """Return the score of coded rows, and the columns that trees see of it."""
    if not isinstance(detector, AnomalyEnsemble):
        score = detector._in_blocks(codes, detector._score)  # noqa: SLF001
        return score, pd.DataFrame(dict.fromkeys(member_names(detector), score))
    said = detector._in_blocks(codes, detector._said)  # noqa: SLF001
    score = detector._combined(said)  # noqa: SLF001
    return score, pd.DataFrame(said, columns=member_names(detector))


def member_names(detector: BaseDetector) -> list[str]:
    """Return the names of the columns that trees see of a detector."""
    if isinstance(detector, AnomalyEnsemble):
        return [f"anomaly: {name}" for name in detector.members_]
    return ["anomaly"]


def training_frame(
    coder: FieldCoder, codes: FloatArray, members: pd.DataFrame | None
) -> pd.DataFrame:
    """Return what trees see: the columns by name, then those of the detector."""
    columns: dict[str, Any] = {}
    for field, x in zip(coder.fields, codes.T, strict=True):
        if field.levels is None:
            columns[field.name] = x
            continue
        # The last level is that of what training did not keep.
        code = np.where(np.isnan(x), -1, np.where(x < 0, len(field.levels), x))
        columns[field.name] = pd.Categorical.from_codes(
            code.astype(np.intp),
            categories=pd.Index([*field.levels, rest_level(field.levels)]),
        )
    if members is not None:
        labels = column_labels(list(columns), list(map(str, members)))
        for label, name in zip(labels, members, strict=True):
            columns[label] = members[name].to_numpy()
    return pd.DataFrame(columns)


def rest_level(levels: Sequence[str]) -> str:
    """Return what trees call levels that training did not keep."""
    rest = _RARE
    while rest in levels:
        rest += "_"
    return rest


def column_labels(fields: Sequence[str], members: Sequence[str]) -> list[str]:
    """Return what trees call the columns of a detector beside those of the fields."""
    labels: list[str] = []
    for name in members:
        label = name
        while label in fields or label in labels:  # a field is called that
            label = f"({label})"
        labels.append(label)
    return labels


def train_fraud_model(
    rows: LabelledRows,
    *,
    booster: str,
    sees_anomalies: bool,
    blend: str | float,
    event_weight: str | float,
    population_rate: float | None,
    n_rounds: int,
    n_folds: int,
    max_held_out: int,
    seed: int,
    n_jobs: int | None,
) -> TrainedFraud:
    """Fit the trees, the blend and the calibration."""
    members = rows.members if sees_anomalies else None
    frame = training_frame(rows.coder, rows.codes, members)
    multiple = event_multiple(event_weight, rows.is_event, rows.weight)

    def grow(X: pd.DataFrame, is_event: BoolArray, weight: FloatArray | None) -> Any:
        return fit_booster(
            booster,
            X,
            is_event,
            weight,
            multiple,
            n_rounds=n_rounds,
            seed=seed,
            n_jobs=n_jobs,
        )

    model = grow(frame, rows.is_event, rows.weight)
    lift = anomaly_lift(rows.is_event, rows.anomaly)
    judged, mass = sample_nonevents(rows.keys, rows.is_event, rows.weight, max_held_out)
    folds = label_folds(
        rows.keys[judged],
        rows.is_event[judged],
        mass,
        None if rows.times is None else rows.times[judged],
        n_folds,
    )
    if folds is None:
        learned = model.decision_function(frame)
        share = share_by_rule(rows.n_events) if blend == "cv" else float(blend)
        mix = ScoreBlend.of(learned, rows.anomaly, rows.weight, share)
        level = PriorCorrection(
            target_rate=rows.n_events / rows.n_rows,
            method="central_tendency",
            scale="log_odds",
        ).fit(mix.score(learned, rows.anomaly), sample_weight=rows.weight)
        line = LogOddsMapSpec(1.0, 1.0, level.shift_, "log_odds")
        curve = _curve(np.empty(0))
    else:
        is_event, anomaly = rows.is_event[judged], rows.anomaly[judged]
        learned = _held_out(grow, frame.iloc[judged], is_event, mass, folds)
        found = np.empty(0)
        if blend == "cv":
            share, found = choose_share(learned, anomaly, is_event, mass, folds)
        else:
            share = float(blend)
        mix = ScoreBlend.of(learned, anomaly, mass, share)
        platt = LogitPlattCalibrator(scale="log_odds").fit(
            mix.score(learned, anomaly), is_event.astype(np.intp), mass
        )
        line = LogOddsMapSpec(platt.slope_, platt.slope_, platt.intercept_, "log_odds")
        curve = _curve(found)
    if population_rate is not None:
        correction = PriorCorrection(
            rows.n_events / rows.n_rows, population_rate, scale="log_odds"
        ).fit([0.0])
        line = LogOddsMapSpec(line.a, line.b, line.c + correction.shift_, "log_odds")
    return TrainedFraud(model, mix, curve, line, lift, folds is not None)


def _held_out(
    grow: Any,
    frame: pd.DataFrame,
    is_event: BoolArray,
    weight: FloatArray | None,
    folds: IntArray,
) -> FloatArray:
    """Return the score of each row by trees that have not seen its fold."""
    learned = np.empty(is_event.size)
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        part = None if weight is None else weight[~out]
        model = grow(frame[~out], is_event[~out], part)
        learned[out] = model.decision_function(frame[out])
    return learned


def _curve(found: FloatArray) -> pd.DataFrame:
    return pd.DataFrame({"share": SHARES[: found.size], "average_precision": found})
