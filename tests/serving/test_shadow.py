"""A challenger beside the champion: recorded, compared, and never in the way."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from riskkit.artifact import Artifact, Manifest
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.serving import DecisionLog, Scorer, ShadowScorer, read_log


@pytest.fixture
def other(card):
    return Scorer(Artifact(Manifest("scorecard"), replace(card, intercept=-1.0)))


@pytest.fixture
def record(scorer):
    return dict.fromkeys(scorer.features) | {"income": 12.5, "purpose": "car"}


class Broken:
    model_id = "broken"

    def score(self, record, *, n_reasons=4):
        raise ZeroDivisionError(str(record))


def test_the_champion_answers_and_both_are_logged(scorer, other, record):
    seen = []
    both = scorer.with_shadow(other, log=seen.append)
    assert isinstance(both, ShadowScorer)
    assert both.score(record, n_reasons=2) == scorer.score(record, n_reasons=2)
    (entry,) = seen
    assert entry.champion == scorer.score(record, n_reasons=2)
    assert entry.challenger == other.score(record, n_reasons=2)
    assert entry.pd_difference == entry.challenger.pd - entry.champion.pd > 0
    assert entry.agrees
    assert entry.to_dict()["error"] == ""
    assert both.model_id == scorer.model_id


def test_errors_of_the_challenger_never_hurt(scorer, record, caplog):
    seen = []
    assert scorer.with_shadow(Broken(), log=seen.append).score(record).pd
    assert (seen[0].challenger, seen[0].error) == (None, "ZeroDivisionError")
    assert seen[0].pd_difference is None
    assert not seen[0].agrees
    assert scorer.with_shadow(Broken()).score(record).pd
    assert "ZeroDivisionError" in caplog.text
    assert "12.5" not in caplog.text


def test_errors_of_the_log_never_hurt(scorer, other, record, caplog):
    def full(entry):
        raise OSError(28, "No space left for 12.5")

    assert scorer.with_shadow(other, log=full).score(record) == scorer.score(record)
    assert "OSError" in caplog.text
    assert "12.5" not in caplog.text


def test_what_is_wrong_for_the_champion_is_wrong(scorer, other):
    seen = []
    with pytest.raises(InvalidInputError, match="fields of the model"):
        scorer.with_shadow(other, log=seen.append).score({})
    assert seen == []


def test_disagreements_go_to_the_logger(scorer, other, record, caplog):
    class Graded:
        model_id = "graded"

        def score(self, record, *, n_reasons=4):
            return replace(other.score(record), grade="Z", model_id="graded")

    with caplog.at_level(logging.INFO, "riskkit.serving._shadow"):
        scorer.with_shadow(other).score(record)
        assert caplog.text == ""
        scorer.with_shadow(Graded()).score(record)
    assert "Challenger graded disagrees" in caplog.text


def test_tables_are_the_champions(scorer, other):
    table = {name: [None, None] for name in scorer.features}
    both = scorer.with_shadow(other, log=[].append)
    assert both.score_batch(table).pd.tolist() == scorer.score_batch(table).pd.tolist()


def test_what_is_no_scorer_is_refused(scorer, other):
    with pytest.raises(InvalidTypeError, match="challenger must be a scorer"):
        scorer.with_shadow("path.rk")
    with pytest.raises(InvalidTypeError, match="champion must be a scorer"):
        ShadowScorer(None, other)
    with pytest.raises(InvalidTypeError, match="log must be callable"):
        scorer.with_shadow(other, log="shadow.jsonl")


def test_threads_share_scorer_shadow_and_log(scorer, other, tmp_path):
    """Every thread gets the answer to its own record, and every line is whole."""
    records = [
        dict.fromkeys(scorer.features) | {"income": float(k), "code": str(k % 5)}
        for k in range(400)
    ]
    expected = [scorer.score(record) for record in records]
    path = tmp_path / "log.jsonl"
    started = threading.Barrier(8)
    with DecisionLog(path, fsync=False) as log:
        both = scorer.with_shadow(other, log=log.append_shadow)

        def work(first):
            started.wait()
            return [both.score(record) for record in records[first::8]]

        with ThreadPoolExecutor(8) as pool:
            parts = list(pool.map(work, range(8)))
    for first, part in enumerate(parts):
        assert part == expected[first::8]
    entries = list(read_log(path))
    assert len(entries) == 400
    pds = sorted(entry.answer["champion"]["pd"] for entry in entries)
    assert pds == sorted(result.pd for result in expected)
