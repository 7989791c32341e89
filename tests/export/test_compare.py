"""What differs between two saved models, entry by entry."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit.artifact import read_artifact, write_artifact
from riskkit.exceptions import ArtifactError
from riskkit.export import ArtifactDifference, compare_artifacts
from riskkit.export._differences import differences

STORED = Path(__file__).parents[1] / "data"
KINDS = ("scorecard", "strategy", "blend", "detector", "fraud")


def changed(path, name="scorecard", **parts):
    """Write a stored artifact with other parts."""
    artifact = replace(read_artifact(STORED / f"{name}_protocol5.rk"), **parts)
    write_artifact(
        path,
        manifest=artifact.manifest,
        model=artifact.model,
        pd_map=artifact.pd_map,
        baseline=artifact.baseline,
        strategy=artifact.strategy,
        schema=artifact.schema,
    )
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_equals_itself_and_its_copy(kind, tmp_path):
    path = STORED / f"{kind}_protocol5.rk"
    copy = tmp_path / "copy.rk"
    shutil.copy(path, copy)
    comparison = compare_artifacts(path, copy)
    assert comparison.is_equal
    assert len(comparison.frame()) == 0
    assert comparison.after_id in comparison._repr_html_()


def test_a_bin_that_is_worth_more_is_one_line(tmp_path):
    base = read_artifact(STORED / "scorecard_protocol5.rk")
    first, *rest = base.model.characteristics
    points = (first.points[0] + 3, *first.points[1:])
    model = replace(base.model, characteristics=(replace(first, points=points), *rest))
    path = changed(tmp_path / "new.rk", model=model)
    comparison = compare_artifacts(STORED / "scorecard_protocol5.rk", path)
    label = first.feature.labels[0]
    (found,) = comparison.differences
    assert found == ArtifactDifference(
        "model",
        f"characteristics / {first.feature.name} / bins / {label} / points",
        "changed",
        first.points[0],
        first.points[0] + 3,
    )
    assert comparison.before_id != comparison.after_id


def test_a_feature_that_is_gone_is_one_line_of_the_model(tmp_path):
    base = read_artifact(STORED / "scorecard_protocol5.rk")
    first, *rest = base.model.characteristics
    model = replace(base.model, characteristics=tuple(rest))
    path = changed(tmp_path / "new.rk", model=model, baseline=None)
    comparison = compare_artifacts(STORED / "scorecard_protocol5.rk", path)
    in_model = [d for d in comparison.differences if d.part == "model"]
    (found,) = in_model
    assert (found.kind, found.place) == (
        "removed", f"characteristics / {first.feature.name}",
    )  # fmt: skip
    assert found.before == f"{first.feature.n_bins} bins"
    back = compare_artifacts(path, STORED / "scorecard_protocol5.rk")
    assert [d.kind for d in back.differences if d.part == "model"] == ["added"]


def test_the_order_of_characteristics_is_told(tmp_path):
    base = read_artifact(STORED / "scorecard_protocol5.rk")
    model = replace(base.model, characteristics=base.model.characteristics[::-1])
    path = changed(tmp_path / "new.rk", model=model)
    found = compare_artifacts(STORED / "scorecard_protocol5.rk", path).differences
    assert {d.place for d in found if d.part == "model"} == {"characteristics / order"}


def test_calibration_strategy_and_provenance(tmp_path):
    base = read_artifact(STORED / "scorecard_protocol5.rk")
    (step,) = base.pd_map.steps
    pd_map = replace(base.pd_map, steps=(replace(step, c=step.c + 1),))
    manifest = replace(base.manifest, target="late", notes={})
    path = changed(tmp_path / "new.rk", pd_map=pd_map, manifest=manifest)
    found = {
        (d.part, d.place): (d.before, d.after)
        for d in compare_artifacts(STORED / "scorecard_protocol5.rk", path).differences
    }
    assert found == {
        ("manifest", "target"): ("bad", "late"),
        ("manifest", "notes / owner"): ("tests", None),
        ("calibration", "steps / 1 / c"): (step.c, step.c + 1),
    }
    other = compare_artifacts(
        STORED / "scorecard_protocol5.rk", STORED / "strategy_protocol5.rk"
    )
    assert ("strategy", "added") in {(d.part, d.kind) for d in other.differences}


def test_trees_are_told_by_their_hash_and_their_splits():
    comparison = compare_artifacts(
        STORED / "blend_protocol5.rk", STORED / "artifact_protocol3.rk"
    )
    parts = {d.part for d in comparison.differences}
    assert {"model", "arrays", "splits"} <= parts
    splits = {d.place: d for d in comparison.differences if d.part == "splits"}
    assert splits["lightgbm / income"].kind == "removed"
    assert splits["lightgbm / income"].before > 0
    members = [d.place for d in comparison.differences if d.kind == "added"]
    assert "members / xgboost" in members


def test_kinds_of_models_differ_in_the_first_line():
    found = compare_artifacts(
        STORED / "scorecard_protocol5.rk", STORED / "detector_protocol5.rk"
    ).to_dict()
    json.dumps(found)
    kinds = [d for d in found["differences"] if d["place"] == "model"]
    assert [(d["before"], d["after"]) for d in kinds] == [("scorecard", "detector")]


def test_a_damaged_artifact_is_refused(tmp_path):
    (tmp_path / "bad.rk").write_bytes(b"no zip")
    with pytest.raises(ArtifactError, match="is text"):
        compare_artifacts(STORED / "scorecard_protocol5.rk", tmp_path / "bad.rk")


def test_names_in_a_table_cannot_be_markup():
    found = ArtifactDifference("model", "<script>", "changed", "<b>", "x")
    from riskkit.export import ArtifactComparison

    html = ArtifactComparison("a", "b", (found,))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def same(a, b):
    return json.dumps(a) == json.dumps(b)


@given(values, values)
def test_there_are_differences_exactly_where_the_json_differs(before, after):
    def ordered(value):
        # The order of keys says nothing.
        return json.dumps(value, sort_keys=True)

    found = list(differences("x", before, after))
    assert bool(found) == (ordered(before) != ordered(after))
