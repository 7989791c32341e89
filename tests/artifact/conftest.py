from __future__ import annotations

import pytest

from riskkit.artifact import (
    BaselineSpec,
    CharacteristicSpec,
    CountsSpec,
    FeatureSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    Manifest,
    MasterScaleSpec,
    PDMapSpec,
    ScalingSpec,
    ScorecardSpec,
    SegmentedMapSpec,
    SegmentMap,
    SpecialGroup,
    StepMapSpec,
    write_artifact,
)


@pytest.fixture
def card():
    income = FeatureSpec(
        "income",
        "numeric",
        edges=(1000.0, 2500.5),
        special=(SpecialGroup("No hit", (-1.0,)), SpecialGroup("Odd", (-2.0, -3.5))),
    )
    purpose = FeatureSpec(
        "purpose",
        "categorical",
        levels=(("car", "büro"), ('q"uote\\', "")),
        special=(SpecialGroup("Not asked", ("N/A",)),),
        refuse_unseen=True,
    )
    return ScorecardSpec(
        (
            CharacteristicSpec(
                income,
                -0.5,
                woe=(-1.0, 0.25, 1.0, -0.5, 0.0, -0.25, 0.0),
                log_odds=(0.5, -0.125, -0.5, 0.25, 0.0, 0.125, 0.0),
                points=(-14.0, 4.0, 14.0, -7.0, 0.0, -4.0, 0.0),
                reason="Income is low",
            ),
            CharacteristicSpec(
                purpose,
                -1.0,
                woe=(0.5, -0.5, 0.125, 0.0, 0.0),
                log_odds=(-0.5, 0.5, -0.125, -0.0, -0.0),
                points=(14.0, -14.0, 4.0, 0.0, 0.0),
                reason="Purpose of the loan",
            ),
        ),
        intercept=-2.75,
        offset_points=566.0,
        scaling=ScalingSpec(20.0, 600.0, 50.0),
    )


@pytest.fixture
def baseline():
    return BaselineSpec(
        {
            "income": CountsSpec(
                (10.0, 20.5, 30.0, 1.0, 0.0, 2.0, 0.0), (1.0,) * 4 + (0.0,) * 3
            ),
            "purpose": CountsSpec(
                (40.0, 20.5, 1.0, 2.0, 0.0), (2.0, 1.0, 1.0, 0.0, 0.0)
            ),
        },
        (550.0, 580.0),
        CountsSpec((20.0, 20.5, 23.0), (2.0, 1.0, 1.0)),
    )


@pytest.fixture
def manifest():
    return Manifest(
        "scorecard",
        riskkit_version="0.1.0",
        libraries={"numpy": "2.4.6", "pandas": "3.1.1"},
        n_rows=63.5,
        n_events=4.0,
        target="default",
        classes=("paid", "defaulted"),
        window=("2003-01-01", "2003-12-31"),
        left_out={"age": "not allowed", "b": "iv below 0.02"},
        notes={"owner": "risk team", "approved": True, "limits": [1, 2.5, None]},
    )


@pytest.fixture
def pd_map():
    """Steps of every kind, and grades."""
    segments = (
        SegmentMap("branch", 40.0, 3.0, 0.25, LogOddsMapSpec(0.5, 1.5, -0.25)),
        SegmentMap("büro", 23.5, 1.0, 0.0, None),
    )
    return PDMapSpec(
        (
            StepMapSpec((-3.0, 0.5), (0.02, 0.02, 0.4), "step", "log_odds"),
            StepMapSpec((0.0, 0.25, 1.0), (0.01, 0.125, 0.9), "linear"),
            IntervalMapSpec(
                (0.05, 0.3), (0.0, 0.02, 0.1), (0.1, 0.6), (0.06, 0.25, 1.0)
            ),
            SegmentedMapSpec("channel", segments, LogOddsMapSpec(0.75, 0.75, 0.125)),
            LogOddsMapSpec(1.0, 1.0, -0.5),
        ),
        MasterScaleSpec((0.0, 0.02, 0.1, 1.0), (0.01, 0.05, 0.3), ("A", "B", "C-")),
    )


@pytest.fixture
def saved(tmp_path, card, baseline, manifest, pd_map):
    """Path of a sound artifact with every member."""
    path = tmp_path / "sound.rk"
    schema = {"columns": [{"name": "income", "type": "number"}]}
    write_artifact(
        path,
        manifest=manifest,
        model=card,
        pd_map=pd_map,
        baseline=baseline,
        schema=schema,
    )
    return path
