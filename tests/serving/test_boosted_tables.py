"""Boosted trees by tables and without them: the same bits, the same reasons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from riskkit.boosting import LGBMPDClassifier
from riskkit.export import save_artifact
from riskkit.serving import load_scorer


@pytest.fixture(scope="module")
def book():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(800, 4)).round(2), columns=["income", "age", "limit", "use"]
    )
    X["region"] = rng.choice(["north", "south", "west"], 800).astype(object)
    log_odds = X["use"] - X["income"] + (X["region"] == "west")
    y = (rng.random(800) < 1 / (1 + np.exp(1 - log_odds))).astype(int)
    X.loc[::7, "age"] = np.nan
    X.loc[::9, "region"] = None
    return X, y


@pytest.fixture(scope="module")
def path(book, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.rk"
    save_artifact(LGBMPDClassifier(n_rounds=40).fit(*book), path)
    return path


def answers(scorer, records):
    results = [scorer.score(record, n_reasons=5) for record in records]
    lost = [{r.feature: r.points_lost for r in result.reasons} for result in results]
    return [(r.pd, r.points, r.log_odds) for r in results], lost


@pytest.mark.parametrize(
    "limit",
    ["serving._trees._MOST_BYTES", "_kernels.shapley_tables._MOST_VALUES"],
)
def test_beyond_the_limits_of_tables(book, path, monkeypatch, limit):
    records = book[0].head(60).to_dict("records")
    scores, lost = answers(load_scorer(path), records)
    monkeypatch.setattr(f"riskkit.{limit}", 0)
    others, lost_otherwise = answers(load_scorer(path), records)
    assert others == scores
    for one, other in zip(lost, lost_otherwise, strict=True):
        assert other == pytest.approx(one, abs=1e-9)


def test_threads_that_ask_for_the_first_reasons_at_once(book, path):
    records = book[0].head(40).to_dict("records")
    expected = answers(load_scorer(path), records)
    fresh = load_scorer(path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: answers(fresh, records), range(8)))
    assert found == [expected] * 8
