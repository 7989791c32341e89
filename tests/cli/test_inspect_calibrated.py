"""A model file with a calibration and grades: what the command shows and writes."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import (
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
    read_artifact,
    write_artifact,
)
from riskkit.serving import load_scorer

GRADES = MasterScaleSpec((0.0, 0.1, 0.3, 1.0), (0.05, 0.2, 0.5), ("A", "B", "[red]C"))
BY_REGION = SegmentedMapSpec(
    "region",
    (
        SegmentMap("north", 400.0, 90.0, 0.75, LogOddsMapSpec(0.9, 0.9, 0.2)),
        SegmentMap("south", 380.0, 20.0, 0.0, None),
    ),
    LogOddsMapSpec(1.1, 1.1, -0.1),
)


@pytest.fixture
def rated(trained, tmp_path):
    def save(*steps, grades=GRADES):
        plain = read_artifact(trained.model)
        path = tmp_path / "rated.rk"
        write_artifact(
            path,
            manifest=plain.manifest,
            model=plain.model,
            pd_map=PDMapSpec(steps, grades),
            baseline=plain.baseline,
        )
        return path

    return SimpleNamespace(save=save, table=trained.table)


def test_inspect_shows_steps_segments_and_grades(run, rated):
    line = StepMapSpec((0.0, 0.5, 1.0), (0.02, 0.3, 0.9), "linear")
    interval = IntervalMapSpec((0.1,), (0.0, 0.05), (0.2,), (0.4, 1.0))
    level = LogOddsMapSpec(1.0, 1.0, float(np.log(0.25)))
    beta = LogOddsMapSpec(0.8, 1.2, 0.05)
    path = rated.save(BY_REGION, line, interval, beta, level)
    result = run("inspect", path)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    for part in (
        "1 by region, else log-odds times 1.1 - 0.1",
        "2 rising line through 3 PDs from 2.00% to 90.00%",
        "3 Venn-Abers, 2 lower and 2 upper ends",
        "4 0.8 ln(p) - 1.2 ln(1 - p) + 0.05",
        "5 odds of the event times 0.25",
        "north log-odds times 0.9 + 0.2 400 90 75%",
        "south the map of all 380 20 0%",
        "B 10.00% 30.00% 20.00%",
        "[red]C 30.00% 100.00% 50.00%",
    ):
        assert part in text


def test_inspect_json_holds_the_pd_map(run, rated):
    plain = json.loads(run("inspect", rated.save(BY_REGION), "--json").stdout)
    assert plain["pd_map"]["steps"][0]["column"] == "region"
    assert plain["pd_map"]["grades"]["labels"] == list(GRADES.labels)


def test_a_model_without_a_pd_map_shows_none(run, trained):
    assert "Calibration" not in run("inspect", trained.model).stdout
    assert json.loads(run("inspect", trained.model, "--json").stdout)["pd_map"] is None


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
def test_score_writes_calibrated_pds_and_grades(written, run, rated, tmp_path, name):
    path = rated.save(BY_REGION)
    out = tmp_path / name
    result = run("score", path, rated.table, "--out", out, "--reasons", "1")
    assert result.exit_code == 0, result.output
    scored = written(out)
    batch = load_scorer(path).score_batch(pd.read_parquet(rated.table))
    assert list(scored) == ["pd", "points", "grade", "grade_pd", "reason_1"]
    assert np.array_equal(scored["pd"], batch.pd)
    assert not np.array_equal(batch.pd, batch.pd_raw)
    assert scored["grade"].tolist() == batch.grade.tolist()
    assert np.array_equal(scored["grade_pd"], batch.grade_pd)


def test_score_writes_the_ends_of_intervals(run, rated, tmp_path):
    interval = IntervalMapSpec((0.1,), (0.0, 0.05), (0.2,), (0.4, 1.0))
    path = rated.save(interval, grades=None)
    out = tmp_path / "scores.csv"
    assert (
        run("score", path, rated.table, "--out", out, "--reasons", "0").exit_code == 0
    )
    scored = pd.read_csv(out)
    assert list(scored) == ["pd", "points", "pd_low", "pd_high"]
    assert (scored["pd_low"] <= scored["pd"]).all()
    assert (scored["pd"] <= scored["pd_high"]).all()


def test_the_segment_column_is_asked_for(refused, rated, tmp_path):
    path = rated.save(BY_REGION)
    pd.read_parquet(rated.table).drop(columns="region").to_csv(tmp_path / "t.csv")
    out = tmp_path / "out.csv"
    assert "'region' is missing" in refused(
        "score", path, tmp_path / "t.csv", "--out", out
    )


def test_names_of_the_scores_cannot_be_kept(refused, rated, tmp_path):
    path = rated.save(BY_REGION)
    pd.read_parquet(rated.table).assign(grade=1).to_csv(tmp_path / "t.csv")
    arguments = ("score", path, tmp_path / "t.csv", "--out", tmp_path / "out.csv")
    assert "must not name 'grade'" in refused(*arguments, "--keep", "grade")
