"""What a fitted scorecard warns of."""

import numpy as np
import pandas as pd
import pytest

from riskkit.exceptions import CollinearityWarning, ConvergenceWarning, LeakageWarning
from riskkit.scorecard import ScorecardClassifier

N = 2_000


def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N, 2)), columns=["a", "b"])
    return X, (rng.random(N) < 1 / (1 + np.exp(2 - X["a"] - X["b"]))).astype(int)


def test_a_column_that_separates_is_named():
    X, y = rows()
    X["closed"] = np.where(y == 1, "charged off", "repaid")
    with pytest.warns(LeakageWarning, match=r"every non-event: 'closed'\.") as caught:
        card = ScorecardClassifier().fit(X, y)
    assert caught[0].filename == __file__
    assert np.isfinite(list(card.coefficients_.values())).all()


def test_columns_that_separate_together():
    X, y = rows()
    rng = np.random.default_rng(1)
    first = rng.random(N) < 0.5
    X = pd.DataFrame(
        {"p": np.where(first, y, 0), "q": np.where(first, 0, y)}, dtype=float
    )
    with pytest.warns(LeakageWarning, match="Together the characteristics"):
        ScorecardClassifier().fit(X, y)


def test_separation_without_penalties_does_not_settle():
    X, y = rows()
    X["closed"] = y.astype(float)
    none = dict.fromkeys(("l2", "pooling", "optimism"), 0.0)
    with pytest.warns(LeakageWarning, match="Without l2 no finite coefficients"):
        ScorecardClassifier(**none).fit(X, y)


def test_copies_determine_one_another():
    X, y = rows()
    X["again"] = 2 * X["a"] + 1
    with pytest.warns(CollinearityWarning, match="'a', 'again'"):
        card = ScorecardClassifier().fit(X, y)
    assert card.coefficients_["a"] == pytest.approx(card.coefficients_["again"])


def test_too_few_steps():
    X, y = rows()
    with pytest.warns(ConvergenceWarning, match="max_iter=1 steps"):
        ScorecardClassifier(max_iter=1).fit(X, y)
