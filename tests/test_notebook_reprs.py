"""What a notebook shows of results: small, well-formed, and nothing let through."""

from __future__ import annotations

import importlib
import inspect
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from riskkit._core.notebook import facts_html, rows_html
from riskkit.artifact import read_artifact
from riskkit.binning import OptimalBinner
from riskkit.decision import ABSampleSize, LimitPolicy, Strategy, ab_sample_size
from riskkit.export import save_artifact
from riskkit.fraud import AnomalyEnsemble, VelocityFeatures
from riskkit.monitoring import EarlyWarning
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import DecisionLog, load_scorer, replay_log

ODD = "<script>odd & 'quoted'</script>"
PACKAGES = [
    "metrics", "binning", "calibration", "scaling", "scorecard", "boosting", "fraud",
    "monitoring", "decision", "explain", "serving", "backtest",
]  # fmt: skip


def parse(shown: str) -> str:
    """Return the text of well-formed HTML."""
    root = ET.fromstring(f"<div>{shown.replace('&nbsp;', ' ')}</div>")
    assert root.find(".//script") is None
    assert len(shown) < 20_000
    return " ".join(root.itertext())


def test_facts_and_rows():
    text = parse(facts_html(ODD, {"a": 1234567, "b": 0.5, ODD: None, "c": ODD}))
    assert "1,234,567" in text
    assert "0.5" in text
    assert text.count(ODD) == 2
    text = parse(rows_html("t", [ODD], [[k] for k in range(30)], n_rows=30, most=4))
    assert "and 26 more" in text
    assert " 4 " not in text


@pytest.fixture(scope="module")
def book():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({ODD: rng.normal(size=800), "b": rng.normal(size=800)})
    return X, (rng.random(800) < 1 / (1 + np.exp(1.5 - X[ODD]))).astype(int)


@pytest.fixture(scope="module")
def shown(book, tmp_path_factory):
    """Return one object of each kind that is shown."""
    X, y = book
    folder = tmp_path_factory.mktemp("shown")
    card = ScorecardClassifier(OptimalBinner(), min_iv=0.0).fit(X, y)
    save_artifact(card, folder / "card.rk")
    scorer = load_scorer(folder / "card.rk")
    save_artifact(AnomalyEnsemble().fit(X), folder / "odd.rk")
    detector = load_scorer(folder / "odd.rk")
    record = X.iloc[0].to_dict()
    with DecisionLog(folder / "log", keep_records=True) as log:
        log.append(record, scorer.score(record), key=ODD)
        log_repr = repr(log)
    strategy = Strategy(
        bands=[
            {"from": 600, "decision": "approve"},
            {"to": 600, "decision": "decline", "reason": ODD},
        ]
    )
    limits = LimitPolicy([{"limit": 500.0}])
    table = {"points": [580, 600, None]}
    stream = VelocityFeatures("b", time=ODD).fit(X).stream()
    return {
        "log": log_repr,
        "stream": repr(stream),
        "result": scorer.score(record),
        "batch": scorer.score_batch(X, n_reasons=2),
        "guarded": scorer.with_policies({}),
        "shadow": scorer.with_shadow(scorer),
        "artifact": read_artifact(folder / "card.rk"),
        "manifest": scorer.manifest,
        "replay": replay_log(folder / "log", scorer),
        "detector": detector,
        "anomaly": detector.score(record, n_reasons=2),
        "anomalies": detector.score_batch(X, n_reasons=1),
        "strategy": strategy,
        "decision": strategy.decide({"points": 580}),
        "decisions": strategy.apply(table),
        "limits": limits,
        "granted": limits.apply(table),
        "warning": EarlyWarning(),
        "size": ab_sample_size(0.05, 0.01),
    }


def test_every_object_is_shown(shown):
    for name, thing in shown.items():
        if not isinstance(thing, str):
            text = parse(thing._repr_html_())
            assert text.strip(), name


def test_what_is_said(shown):
    assert "entries in 'log'" in shown["log"]
    assert "0 events" in shown["stream"]
    result = shown["result"]
    assert f"{result.pd:.4%}" in parse(result._repr_html_())
    assert "and 790 more" in parse(shown["batch"]._repr_html_())
    assert "1 of 1 decisions made again" in parse(shown["replay"]._repr_html_())
    assert ODD in parse(shown["decision"]._repr_html_())
    text = parse(shown["decisions"]._repr_html_())
    assert "3 rows decided" in text
    assert "33.3%" in text
    assert isinstance(shown["size"], ABSampleSize)


@pytest.mark.parametrize("package", PACKAGES)
def test_results_have_a_table(package):
    module = importlib.import_module(f"riskkit.{package}")
    found = [getattr(module, name) for name in module.__all__]
    for thing in found:
        if inspect.isclass(thing) and thing.__name__.endswith(
            ("Result", "Monitor", "Scorer", "Table")
        ):
            assert hasattr(thing, "_repr_html_"), thing
