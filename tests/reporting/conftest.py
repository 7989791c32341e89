"""A scorecard, and samples that differ from its training sample in known ways."""

from html.parser import HTMLParser
from types import SimpleNamespace

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import (
    BaselineSpec,
    CharacteristicSpec,
    CountsSpec,
    FeatureSpec,
    ScalingSpec,
    ScorecardSpec,
)
from riskkit.binning import OptimalBinner
from riskkit.reporting import validation_report
from riskkit.scorecard import ScorecardClassifier

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """Ids, links and headings of a page whose tags must all be closed."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.loads = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
            if name in ("src", "srcset", "action", "data", "poster"):
                self.loads.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)


def read_outline(html):
    page = Outline()
    page.feed(html)
    assert page.open == []
    return page


def make_sample(n, seed, *, shift=0.0, level=0.0, noise=0.0):
    """Draw accounts; `shift` moves them, `level` the odds, `noise` hides the risk."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=(n, 3)) + shift
    X = pd.DataFrame(risk, columns=["income", "usage", "age"])
    X["region"] = rng.choice(["north", "south <b>", "east & west"], n)
    X.loc[rng.random(n) < 0.1, "usage"] = np.nan
    strength = 1.0 - noise
    log_odds = -2 + level + strength * (risk @ [0.9, 0.6, -0.5])
    log_odds += strength * 0.5 * (X["region"] == "north")
    y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return X, y


@pytest.fixture(scope="session")
def training():
    return make_sample(6000, 1)


@pytest.fixture(scope="session")
def card(training):
    return ScorecardClassifier(OptimalBinner(max_n_bins=4)).fit(*training)


@pytest.fixture(scope="session")
def report(card, training):
    X, y = make_sample(4000, 2)
    dates = np.datetime64("2021-01-01") + np.arange(4000) // 8
    return validation_report(card, X, y, expected=training, dates=dates)


@pytest.fixture
def empty_card():
    """A scorecard that gives everyone the same, by the attributes it must have."""
    return SimpleNamespace(
        classes_=np.array([0, 1]),
        n_rows_=100.0,
        n_events_=20.0,
        spec_=ScorecardSpec((), -1.4, 500.0, ScalingSpec(20, 600, 50)),
        baseline_=BaselineSpec({}, (), CountsSpec((100.0,), (20.0,))),
        predict_proba=lambda X: np.tile([0.8, 0.2], (len(X), 1)),
        predict_points=lambda X: np.full(len(X), 500.0),
    )


@pytest.fixture
def hand_card():
    """One characteristic with two bins, worth 10 and 30 points."""
    feature = FeatureSpec("x", "numeric", edges=(0.0,))
    item = CharacteristicSpec(
        feature,
        -1.0,
        woe=(-1.0, 1.0, 0.0, 0.0),
        log_odds=(1.0, -1.0, 0.0, 0.0),
        points=(10.0, 30.0, 20.0, 20.0),
        reason="x",
    )
    pd_of = np.array([0.4, 0.1])

    def proba(X):
        p = pd_of[(np.asarray(X)[:, 0] > 0).astype(int)]
        return np.column_stack([1 - p, p])

    return SimpleNamespace(
        classes_=np.array([0, 1]),
        n_rows_=200.0,
        n_events_=50.0,
        spec_=ScorecardSpec((item,), 0.0, 0.0, ScalingSpec(20, 600, 50)),
        baseline_=BaselineSpec(
            {"x": CountsSpec((100.0, 100.0, 0.0, 0.0), (40.0, 10.0, 0.0, 0.0))},
            (20.0,),
            CountsSpec((100.0, 100.0), (40.0, 10.0)),
        ),
        predict_proba=proba,
        predict_points=lambda X: np.where(np.asarray(X)[:, 0] > 0, 30.0, 10.0),
    )


@pytest.fixture(scope="session")
def sample():
    return make_sample


@pytest.fixture(scope="session")
def outline():
    return read_outline
