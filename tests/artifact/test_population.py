"""Populations on disk: what is written reads back, and nothing else does."""

import json
from dataclasses import replace

import pytest

from riskkit.artifact import (
    BinnedSpec,
    FeatureSpec,
    PeriodSpec,
    PopulationSpec,
    SpecialGroup,
    read_population,
    write_population,
)
from riskkit.exceptions import ArtifactError, InvalidTypeError, OutputError

INCOME = BinnedSpec(
    FeatureSpec(
        "income", "numeric", edges=(1000.0, 2500.5),
        special=(SpecialGroup("No bureau", (-9.0,)),),
    ),
    points=(10.0, 20.0, 30.0, 5.0, 15.0, 0.0),
)  # fmt: skip
STATE = BinnedSpec(FeatureSpec("state", "categorical", levels=(("CA",), ("NY", "NJ"))))
SCORE = BinnedSpec(FeatureSpec("score", "numeric", edges=(600.0,)))
N = (5.0, 3.0, 1.0, 0.0, 1.0, 0.0, 6.0, 3.0, 1.0, 0.0, 4.5, 5.0, 0.5, 0.0)
COUNTS = PeriodSpec(
    N, N, (1.0, 1.0, *[0.0] * 4, 1.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0),
    {"score": (2400.5, 3300.0, 0.0, 0.0), "pd": (0.5, 0.125, 0.0, 0.0)},
)  # fmt: skip
LATER = PeriodSpec(N, (0.0,) * 14, (0.0,) * 14)
POPULATION = PopulationSpec(
    (INCOME, STATE), SCORE, "safer", COUNTS, {"2024-01": LATER}, "card 7"
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "baseline.json"


@pytest.fixture
def document(path):
    write_population(path, POPULATION)
    return json.loads(path.read_text())


def test_what_is_written_reads_back_and_gives_the_same_bytes(path, tmp_path):
    write_population(path, POPULATION)
    assert read_population(path) == POPULATION
    again = tmp_path / "again.json"
    write_population(again, read_population(path))
    assert again.read_bytes() == path.read_bytes()
    alone = replace(POPULATION, score=None, score_direction=None, features=(STATE,),
                    reference=PeriodSpec(N[6:10], N[6:10], (0.0,) * 4), periods={},
                    model_id=None)  # fmt: skip
    write_population(path, alone, overwrite=True)
    assert read_population(path) == alone


def test_a_place_that_is_taken_is_left_alone(path):
    path.write_text("mine")
    with pytest.raises(OutputError):
        write_population(path, POPULATION)
    assert path.read_text() == "mine"


def test_nothing_and_odd_things_are_refused(path, tmp_path):
    with pytest.raises(ArtifactError, match="nothing is at"):
        read_population(path)
    with pytest.raises(ArtifactError, match="this is no file"):
        read_population(tmp_path)
    with pytest.raises(InvalidTypeError, match="path must be text or a path"):
        read_population(7)
    for raw, words in (
        (b"", "must be JSON"),
        (b"[]", "expected an object"),
        (b'{"format": "riskkit artifact"}', '"format": "riskkit population"'),
        (b'{"format": "riskkit population", "n": NaN}', "NaN"),
        (b"\xff", "UTF-8"),
    ):
        path.write_bytes(raw)
        with pytest.raises(ArtifactError, match=words):
            read_population(path)


def change(document, *steps):
    *way, last, value = steps
    place = document
    for step in way:
        place = place[step]
    place[last] = value


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (("protocol", 2), "protocol: expected 1"),
        (("extra", 1), "the unknown 'extra'"),
        (("score_direction", "up"), "score_direction: expected one of"),
        (("score", None), "null without a score"),
        (("features", 1, "name", "income"), "distinct feature names"),
        (("features", 0, "kind", "text"), "kind: expected one of"),
        (("features", 0, "edges", [3.0, 1.0]), "strictly increasing"),
        (("features", 0, "levels", [["a"]]), "no levels of a numeric"),
        (("features", 1, "edges", [1.0]), "no edges of a categorical"),
        (("features", 1, "levels", [["CA"], ["CA"]]), "distinct levels and codes"),
        (("features", 1, "levels", [["CA"], []]), "a list of 1 to"),
        (("features", 0, "points", [1.0]), "6 entries, one a bin, or none"),
        (("features", 0, "special", [{"label": "x"}]), "no 'codes'"),
        (("reference", "n", [1.0]), "a list of 14 to 14 entries"),
        (("reference", "n", 0, -1.0), "counts of at least 0"),
        (("reference", "n_event", 0, 9.0), "numbers up to those they are part of"),
        (("reference", "n_known", None), "n_known: expected a list"),
        (("reference", "sums", {"points": [1.0] * 4}), "sums out of"),
        (("reference", "sums", {"pd": [1.0] * 3}), "a list of 4 to 4"),
        (("periods", {"x" * 5000: None}), "names of at most"),
        (("model_id", 7), "model_id: expected text"),
    ],
)
def test_every_value_is_checked(document, path, steps, words):
    change(document, *steps)
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match=words):
        read_population(path)


def test_what_would_not_read_back_is_not_written(path):
    for odd in (
        replace(POPULATION, reference=replace(COUNTS, n=N[:-1])),
        replace(POPULATION, score_direction=None),
        replace(POPULATION, features=(INCOME, INCOME)),
        replace(POPULATION, reference=replace(COUNTS, n=(float("nan"), *N[1:]))),
    ):
        with pytest.raises(ArtifactError):
            write_population(path, odd)
        assert not path.exists()


def test_a_large_file_is_not_read(path, monkeypatch):
    write_population(path, POPULATION)
    monkeypatch.setattr("riskkit.artifact._population_file._MAX_FILE", 100)
    with pytest.raises(ArtifactError, match="at most 100 bytes"):
        read_population(path)
