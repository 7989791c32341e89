from __future__ import annotations

import random

import pytest

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    Manifest,
    ScalingSpec,
    ScorecardSpec,
    SpecialGroup,
)
from riskkit.serving import Scorer


def characteristic(feature, rng, *, whole=True):
    coefficient = -rng.uniform(0.2, 1.2)
    woe = tuple(rng.gauss(0, 0.6) for _ in range(feature.n_bins))
    log_odds = tuple(coefficient * w for w in woe)
    points = [-28.85 * term for term in log_odds]
    if whole:
        points = [float(round(p)) for p in points]
    text = f"Reason of {feature.name}"
    return CharacteristicSpec(feature, coefficient, woe, log_odds, tuple(points), text)


@pytest.fixture
def card():
    """Fourteen characteristics that meet every way in which a bin is found."""
    rng = random.Random(8)
    cents = tuple(sorted({round(rng.gauss(0, 100), 2) for _ in range(7)}))
    special = (SpecialGroup("No hit", (-1.0,)), SpecialGroup("Odd", (999.0, 0.1)))
    features = [
        FeatureSpec("income", "numeric", cents, special=special),
        FeatureSpec("debt", "numeric", (-0.1, 0.0, 0.1, 0.30000000000000004)),
        FeatureSpec("one_bin", "numeric"),
        FeatureSpec("big", "numeric", (-1e300, 9007199254740992.0, 1e300)),
        FeatureSpec("flag", "numeric", (0.0,)),
        FeatureSpec("zero_code", "numeric", (1.0,), special=special[1:]),
        FeatureSpec("purpose", "categorical", (), (("car", "home"), ("büro",), ("",))),
        FeatureSpec("code", "categorical", (), (("1", "2"), ("3", "2.5"), ("-4",))),
        FeatureSpec("truth", "categorical", (), (("True",), ("False",))),
        FeatureSpec(
            "asked",
            "categorical",
            levels=(("yes",), ("no",)),
            special=(SpecialGroup("Not asked", ("N/A", "-1")),),
        ),
        FeatureSpec("empty", "categorical"),
        *(FeatureSpec(f"n{i}", "numeric", cents[i : i + 3]) for i in range(3)),
    ]
    cards = tuple(
        characteristic(f, rng, whole=i % 3 > 0) for i, f in enumerate(features)
    )
    return ScorecardSpec(cards, -2.9, 487.3, ScalingSpec(20.0, 600.0, 50.0, "none"))


@pytest.fixture
def scorer(card):
    return Scorer(Artifact(Manifest("scorecard"), card))
