"""Boosted models and blends: estimator, artifact, one record and a table agree."""

from __future__ import annotations

import pickle
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import Artifact, Manifest
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.calibration import IsotonicCalibrator
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scaling import PointsScaler
from riskkit.serving import Scorer, load_scorer


def loans(n_rows=600, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 70, n_rows).round()
    delays = rng.poisson(0.8, n_rows).astype(float)
    limit = rng.choice([500.0, 1000.0, 2500.5, 4000.0], n_rows)
    region = rng.choice([f"r{k}" for k in range(16)], n_rows).astype(object)
    log_odds = -1.2 + 0.8 * delays - 0.03 * (age - 40) + 0.9 * (region == "r3")
    is_event = rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))
    delays[rng.random(n_rows) < 0.1] = np.nan
    limit[rng.random(n_rows) < 0.1] = -9.0
    region[rng.random(n_rows) < 0.05] = None
    X = pd.DataFrame({"age": age, "delays": delays, "limit": limit, "region": region})
    return X, is_event.astype(int)


X, y = loans()
CODES = [-9]
MODELS = {
    "lightgbm": LGBMPDClassifier(special_codes=CODES),
    "xgboost": XGBPDClassifier(special_codes=CODES),
    "many trees": LGBMPDClassifier(n_rounds=300, learning_rate=0.01),
    "many leaves": LGBMPDClassifier(
        n_rounds=20, num_leaves=80, min_child_samples=1, min_child_weight=0.01
    ),
    "whole points": XGBPDClassifier(scaler=PointsScaler(pdo=40, rounding="integer")),
    "platt": LGBMPDClassifier(calibration="platt", monotone={"delays": 1}),
    "isotonic": XGBPDClassifier(calibration=IsotonicCalibrator(min_n_event=0)),
    "venn_abers": PDBlendClassifier("fast", calibration="venn_abers"),
    "unseen is risky": XGBPDClassifier(unseen="riskiest", special_codes=CODES),
    "standard": PDBlendClassifier(special_codes=CODES, reference_share=0.7),
    "high": PDBlendClassifier("high", special_codes=CODES, calibration="beta"),
    "forest alone": PDBlendClassifier(members=[("trees", "forest")]),
    "card alone": PDBlendClassifier(members=[("card", "scorecard")]),
}


def edge_rows(scorer):
    """Return rows at every border of the model's bins, and beyond what was seen."""
    fresh, _ = loans(100, seed=1)
    odd = [0.0, -0.0, -9.0, 1e308, -1e308, np.inf, -np.inf, np.nan, 5e-324, 2500.5]
    member = scorer._artifact.model.members[0]
    rows = [fresh]
    for feature in member.features:
        if feature.kind == "numeric":
            edges = np.array(feature.edges[:20])
            values = np.concatenate(
                [edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), odd]
            )
        else:
            values = np.array(["r0", "new", "", None, "-9"], dtype=object)
        part = fresh.iloc[np.arange(len(values)) % len(fresh)].copy()
        part[feature.name] = values
        rows.append(part)
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Give a fitted model and its scorer from a file, once for each."""
    done = {}

    def get(name):
        if name not in done:
            model = MODELS[name].fit(X, y)
            path = tmp_path_factory.mktemp("models") / "model.rk"
            save_artifact(model, path)
            done[name] = model, load_scorer(path)
        return done[name]

    return get


@pytest.mark.parametrize("name", MODELS)
def test_the_bits_of_the_estimator(served, name):
    model, scorer = served(name)
    rows = edge_rows(scorer)
    batch = scorer.score_batch(rows)
    assert np.array_equal(batch.pd, model.predict_proba(rows)[:, 1])
    assert np.array_equal(batch.log_odds, model.decision_function(rows))
    assert np.array_equal(batch.points, model.predict_points(rows))
    for k, record in enumerate(rows.to_dict("records")):
        one = scorer.score(record, n_reasons=0)
        assert (one.pd, one.points, one.log_odds) == (
            batch.pd[k],
            batch.points[k],
            batch.log_odds[k],
        )
        assert one.reasons == ()


@pytest.mark.parametrize("name", MODELS)
def test_the_reasons_of_the_estimator(served, name):
    model, scorer = served(name)
    rows = edge_rows(scorer).iloc[::5].reset_index(drop=True)
    batch = scorer.score_batch(rows, n_reasons=3)
    expected = reason_codes(model, rows, n=3)
    for k in range(batch.reasons.shape[1]):
        words = expected[f"reason_{k + 1}"]
        lost = expected[f"points_lost_{k + 1}"].fillna(0.0)
        assert batch.points_lost[:, k] == pytest.approx(lost.to_numpy(), abs=1e-9)
        # Rows of two losses that are equal but for rounding may name either first.
        gaps = np.abs(np.diff(batch.points_lost, axis=1, append=-1.0))
        clear = np.where(batch.points_lost > 0, gaps, 1.0).min(axis=1) > 1e-9
        assert clear.mean() > 0.95
        found = pd.Series(batch.reasons[:, k]).astype("str")
        assert found[clear].fillna("").equals(words[clear].astype("str").fillna(""))
    for k, record in enumerate(rows.to_dict("records")):
        reasons = scorer.score(record, n_reasons=3).reasons
        named = [r for r in batch.reasons[k] if r is not None]
        assert [reason.feature for reason in reasons] == named
        lost = [reason.points_lost for reason in reasons]
        assert lost == pytest.approx(batch.points_lost[k, : len(named)], abs=1e-9)


def test_losses_are_contributions_beyond_the_reference(served):
    model, scorer = served("high")
    found = model.predict_contributions(X.head(20))
    batch = scorer.score_batch(X.head(20), n_reasons=4)
    factor = found.scaling.pdo / np.log(2)
    losses = factor * (found.values - found.reference)  # noqa: PD011
    expected = np.sort(np.maximum(losses, 0.0), axis=1)[:, ::-1]
    assert batch.points_lost == pytest.approx(expected, abs=1e-4)


def test_rows_are_scored_by_themselves(served):
    _, scorer = served("standard")
    whole = scorer.score_batch(X, n_reasons=2)
    order = np.random.default_rng(0).permutation(len(X))[:97]
    part = scorer.score_batch(X.iloc[order], n_reasons=2)
    assert np.array_equal(part.pd, whole.pd[order])
    assert np.array_equal(part.reasons, whole.reasons[order])


def test_types_that_stand_for_the_same_value(served):
    _, scorer = served("lightgbm")
    record = {"age": 40.0, "delays": 1.0, "limit": -9.0, "region": "r3"}
    expected = scorer.score(record)
    for other in (
        {**record, "age": 40, "delays": True, "limit": -9},
        {
            **record,
            "age": np.int64(40),
            "delays": np.float32(1),
            "region": np.str_("r3"),
        },
        {**record, "age": Decimal(40), "more": object()},
        pd.Series(record, dtype=object).to_dict(),
    ):
        assert scorer.score(other) == expected


def test_what_a_record_must_not_hold(served):
    _, scorer = served("standard")
    record = {"age": 40.0, "delays": 1.0, "limit": -9.0, "region": "r3"}
    with pytest.raises(InvalidInputError, match="1 are absent: 'region'"):
        scorer.score({k: v for k, v in record.items() if k != "region"})
    with pytest.raises(InvalidTypeError, match="'age' must be a number"):
        scorer.score({**record, "age": "forty"})
    with pytest.raises(InvalidInputError, match="'age' must be a number that a float"):
        scorer.score({**record, "age": 10**400})
    with pytest.raises(InvalidTypeError, match="'region' must be text"):
        scorer.score({**record, "region": ["r3"]})
    strict = LGBMPDClassifier(unseen="error", n_rounds=5).fit(X, y)
    refusing = Scorer(Artifact(Manifest("blend"), strict.to_spec()))
    with pytest.raises(InvalidInputError, match="accepts only the levels known"):
        refusing.score({**record, "region": "new"})
    with pytest.raises(InvalidInputError, match="16 levels known"):
        refusing.score_batch(pd.DataFrame([{**record, "region": "new"}]))


def test_a_model_that_learned_nothing_gives_the_event_rate():
    useless = pd.DataFrame({"same": np.ones(len(y))})
    with pytest.warns(UserWarning, match="No feature tells"):
        model = LGBMPDClassifier().fit(useless, y)
    scorer = Scorer(Artifact(Manifest("blend"), model.to_spec()))
    one = scorer.score({})
    assert one.pd == model.predict_proba(useless)[0, 1] == pytest.approx(y.mean())
    assert one.reasons == ()
    assert scorer.features == ()


def test_a_scorer_may_go_to_another_process(served):
    _, scorer = served("standard")
    record = X.iloc[0].to_dict()
    assert pickle.loads(pickle.dumps(scorer)).score(record) == scorer.score(record)


def test_a_service_loads_numpy_and_no_library_of_trees(served, tmp_path):
    model, _ = served("high")
    save_artifact(model, tmp_path / "model.rk")
    heavy = "numpy pandas sklearn optbinning xgboost lightgbm narwhals matplotlib"
    code = (
        "import sys\n"
        "from riskkit.serving import load_scorer\n"
        f"scorer = load_scorer({str(tmp_path / 'model.rk')!r})\n"
        "result = scorer.score(dict.fromkeys(scorer.features))\n"
        "batch = scorer.score_batch({name: [None] for name in scorer.features})\n"
        "assert 0 < result.pd < 1 and result.pd == batch.pd[0]\n"
        "repr(scorer), scorer._repr_html_()\n"
        f"print(sorted(set({heavy!r}.split()) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['numpy']"
