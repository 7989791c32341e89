"""The models that `train` can fit, each with the defaults of its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.cli._job import Job
    from riskkit.typing import FloatArray

__all__ = ["KINDS", "Fitted", "fit_model"]

KINDS = {
    "scorecard": "a scorecard",
    "lightgbm": "a LightGBM model",
    "xgboost": "an XGBoost model",
    "blend": "a blend of models",
}
# The evidence of an honest characteristic seldom exceeds 0.5 (Siddiqi 2017, ch. 10);
# far beyond it, the column usually was filled after the outcome was known.
_SUSPICIOUS_IV = 2.0


@dataclass(frozen=True)
class Fitted:
    """A fitted model, the columns it reads, and how its training points spread."""

    model: Any
    names: tuple[str, ...]
    points_edges: FloatArray
    points_counts: FloatArray


def fit_model(job: Job) -> Fitted:
    """Fit the model that was asked for to the training rows."""
    fitted = _fit_card(job) if job.kind == "scorecard" else _fit_boosted(job)
    if not fitted.names:
        left_out: Mapping[str, str] = fitted.model.left_out_
        reasons = "".join(f"\n  - {n}: {why}" for n, why in left_out.items())
        msg = f"No column tells events from non-events. Left out were:{reasons}"
        raise InvalidInputError(msg)
    return fitted


def _fit_card(job: Job) -> Fitted:
    import numpy as np

    from riskkit.binning import OptimalBinner
    from riskkit.cli._console import say, show_left_out
    from riskkit.scorecard import ScorecardClassifier

    binner = OptimalBinner(special_codes=job.special_codes or None)
    train = job.split.train
    model = ScorecardClassifier(binner).fit(job.X.iloc[train], job.y[train])
    names = model.spec_.features
    if names:
        show_left_out(model.left_out_, "without a place in the scorecard")
    tables = model.binner_.binning_tables_
    loud = [name for name in names if tables[name].iv > _SUSPICIOUS_IV]
    if loud:
        say(
            f"Note: suspiciously strong evidence (IV above {_SUSPICIOUS_IV:g}): "
            f"{', '.join(loud)}. What was not known before the outcome must be left "
            "out with --exclude."
        )
    edges, points = model.baseline_.points_edges, model.baseline_.points
    return Fitted(model, names, np.asarray(edges), np.asarray(points.n))


def _fit_boosted(job: Job) -> Fitted:
    import warnings

    import numpy as np

    from riskkit._kernels.bins import assign_bins
    from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
    from riskkit.cli._console import say, show_left_out
    from riskkit.exceptions import RiskkitWarning

    kinds: dict[str, Any] = {
        "lightgbm": LGBMPDClassifier,
        "xgboost": XGBPDClassifier,
        "blend": PDBlendClassifier,
    }
    train = job.split.train
    days = None if job.split.days is None else job.split.days[train]
    X = job.X.iloc[train]
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", RiskkitWarning)
        model = kinds[job.kind](special_codes=job.special_codes or None)
        model.fit(X, job.y[train], dates=days)
    for text in dict.fromkeys(
        str(w.message) for w in heard if issubclass(w.category, RiskkitWarning)
    ):
        say(f"Note: {text}")
    names = model.to_spec().names
    if names:
        show_left_out(model.left_out_, "without a place in the model")
    points = model.predict_points(X)
    edges = np.unique(np.quantile(points, np.arange(1, 10) / 10))
    counts = np.bincount(assign_bins(points, edges), minlength=edges.size + 1)
    return Fitted(model, names, edges, counts.astype(np.float64))
